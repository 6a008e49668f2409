//! Many files joined: identities, references, circles, placeholders, taxonomies, licences.

use std::collections::{BTreeMap, BTreeSet};

use cordon_model::Level;

use super::RULE;
use crate::ast::{Detection, Item, Modifier, Scalar};
use crate::parse::{Library, LogSourceWords, Options, RefusalKind};

fn load_with(files: &[(&str, &str)], options: &Options) -> Library {
    Library::load(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())), options)
}

fn load(files: &[(&str, &str)]) -> Library {
    load_with(files, &Options::default())
}

fn said<T: ToString>(notes: &[T]) -> Vec<String> {
    notes.iter().map(ToString::to_string).collect()
}

fn named(name: &str, level: &str) -> String {
    format!(
        "title: {name}\nname: {name}\nlogsource:\n    product: p\ndetection:\n    s:\n        a: {name}\n    condition: s\nlevel: {level}\n"
    )
}

fn over(name: &str, rules: &str) -> String {
    format!(
        "title: {name}\nname: {name}\ncorrelation:\n    type: event_count\n    rules: [{rules}]\n    timespan: 1m\n    condition:\n        gte: 2\n"
    )
}

#[test]
fn the_order_of_the_files_does_not_matter() {
    let files = [("b.yml", named("b", "low")), ("a.yml", named("a", "high")), ("c.yml", over("c", "b, a"))];
    let mut turned = files.clone();
    turned.reverse();
    let [one, two] = [files, turned]
        .map(|files| Library::load(files.map(|(path, text)| (path.to_owned(), text)), &Options::default()));
    assert_eq!((one.rules, &one.correlations), (two.rules, &two.correlations));
    assert_eq!(one.correlations[0].card.level, Level::High);
}

#[test]
fn correlations_refer_by_id_or_name_and_come_after_what_they_are_over() {
    let text =
        [over("top", "middle, second"), over("middle", "929a690e-bef0-4204-a928-ef5e620d6fcc"), named("second", "low")]
            .join("---\n");
    let library = load(&[("a.yml", &text), ("r.yml", RULE)]);
    assert_eq!(said(&library.refusals), Vec::<String>::new());
    let names: Vec<&str> = library.correlations.iter().map(|found| found.card.id.as_str()).collect();
    assert_eq!(names, ["middle", "top"]);
    assert_eq!(library.correlations[0].rules, ["929a690e-bef0-4204-a928-ef5e620d6fcc"]);
    assert_eq!(library.correlations[1].rules, ["middle", "second"]);
    assert_eq!(library.correlations[1].card.level, Level::High);
}

#[test]
fn aliases_follow_their_rules_to_ids() {
    let text = format!(
        "{RULE}name: by_name\n---\ntitle: c\ncorrelation:\n    type: temporal\n    rules: [by_name, other]\n    timespan: 1m\n    \
         group-by: [who]\n    aliases:\n        who:\n            by_name: User\n            other: Account\n---\n{}",
        named("other", "low")
    );
    let library = load(&[("a.yml", &text)]);
    let alias = &library.correlations[0].aliases[0];
    let pair = |rule: &str, field: &str| (rule.to_owned(), field.to_owned());
    assert_eq!(alias.fields, [pair("929a690e-bef0-4204-a928-ef5e620d6fcc", "User"), pair("other", "Account")]);
}

fn check_refusals(text: &str, expect: &[&str]) {
    let library = load(&[("a.yml", text)]);
    assert_eq!(said(&library.refusals), expect);
}

#[test]
fn references_that_lead_nowhere_or_in_a_circle_are_refused() {
    check_refusals(
        &[named("failed_login", "low"), over("c", "failed_logn")].join("---\n"),
        &["a.yml:15: there is no rule `failed_logn` (did you mean `failed_login`?)"],
    );
    check_refusals(
        &[over("a", "b"), over("b", "a"), over("c", "b")].join("---\n"),
        &[
            "a.yml:3: the correlation goes in a circle through `b`",
            "a.yml:12: the correlation goes in a circle through `a`",
            "a.yml:21: the correlation goes in a circle through `b`",
        ],
    );
    check_refusals(
        &[over("top", "middle"), over("middle", "missing")].join("---\n"),
        &["a.yml:5: rule `middle`, which it is over, was refused itself", "a.yml:14: there is no rule `missing`"],
    );
    check_refusals(
        &[
            named("same", "low"),
            named("same", "low").replace("title: same", "title: x\nid: 5"),
            over("c", "same, same"),
        ]
        .join("---\n"),
        &["a.yml:26: the correlation names rule `same` twice"],
    );
}

#[test]
fn an_id_belongs_to_the_first_rule_that_takes_it() {
    let other = RULE.replace("title: Whoami", "title: Other");
    let library = load(&[("a.yml", RULE), ("b.yml", &other), ("c.yml", RULE)]);
    assert_eq!(library.rules.len(), 1);
    let id = "929a690e-bef0-4204-a928-ef5e620d6fcc";
    assert_eq!(said(&library.refusals), [format!("b.yml:1: the id `{id}` is already taken by the rule at a.yml:1")]);
    assert_eq!(library.refusals[0].kind, RefusalKind::IdTaken);
    assert_eq!(said(&library.warnings), ["c.yml:1: the same rule was already read from a.yml:1"]);
    assert_eq!(library.repeated, 1);
    let more = over("c", id).replace("gte: 2", "gte: 3");
    let c = over("c", id);
    let library = load(&[("a.yml", RULE), ("b.yml", &c), ("c.yml", &c), ("d.yml", &more)]);
    assert_eq!(library.correlations.len(), 1);
    assert_eq!(said(&library.warnings), ["c.yml:1: the same rule was already read from b.yml:1"]);
    assert_eq!(said(&library.refusals), ["d.yml:1: the id `c` is already taken by the rule at b.yml:1"]);
}

#[test]
fn a_foreign_taxonomy_is_refused_unless_it_is_mapped() {
    let text = RULE.replace("status: test", "taxonomy: ecs");
    let library = load(&[("a.yml", &text)]);
    let hint = "give a field mapping for it, or write the rule in Sigma's own names";
    assert_eq!(said(&library.refusals), [format!("a.yml:3: taxonomy `ecs` is not known ({hint})")]);
    assert_eq!(library.refusals[0].kind, RefusalKind::DemandedByStandard);
    let options = Options { taxonomies: BTreeSet::from(["ecs".to_owned()]), ..Options::default() };
    assert_eq!(load_with(&[("a.yml", &text)], &options).rules.len(), 1);
}

#[test]
fn licence_and_link_of_the_set_travel_with_its_rules() {
    let options =
        Options { license: "DRL-1.1".to_owned(), link: "https://example.org/set".to_owned(), ..Options::default() };
    let card = |text: &str| load_with(&[("a.yml", text)], &options).rules.remove(0).card;
    assert_eq!((card(RULE).license.as_str(), card(RULE).link.as_str()), ("DRL-1.1", "https://example.org/set"));
    assert_eq!(card(&format!("{RULE}license: MIT\n")).license, "MIT");
}

#[test]
fn words_that_no_decoder_feeds_give_a_warning() {
    let words = |word: &str| BTreeSet::from([word.to_owned()]);
    let log_source_words =
        LogSourceWords { products: words("windows"), categories: words("process_creation"), services: BTreeSet::new() };
    let options = Options { log_source_words, ..Options::default() };
    let library = load_with(&[("a.yml", &RULE.replace("process_creation", "proces_creation"))], &options);
    assert_eq!(
        said(&library.warnings),
        ["a.yml:1: no decoder feeds category `proces_creation` (did you mean `process_creation`?)"]
    );
    assert_eq!(load_with(&[("a.yml", RULE)], &options).warnings, []);
}

fn placeholders() -> Options {
    let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let placeholders =
        BTreeMap::from([("Servers".to_owned(), values(&["srv*", "db1"])), ("tld".to_owned(), values(&["org", "net"]))]);
    Options { placeholders, ..Options::default() }
}

fn expanding(key: &str, value: &str) -> String {
    super::with_detection(&format!("s:\n    {key}: {value}\ncondition: s"))
}

fn check_expanded(key: &str, value: &str, modifiers: &[Modifier], expect: &[&[&str]]) {
    let library = load_with(&[("a.yml", &expanding(key, value))], &placeholders());
    assert_eq!(said(&library.refusals), Vec::<String>::new());
    let item = |values: &&[&str]| {
        let values = values.iter().map(|value| Scalar::Text((*value).to_owned())).collect();
        Detection::Item(Item { field: Some("f".to_owned()), modifiers: modifiers.to_vec(), values })
    };
    let mut items: Vec<Detection> = expect.iter().map(item).collect();
    let inner = if items.len() == 1 { items.remove(0) } else { Detection::All(items) };
    assert_eq!(library.rules[0].selections[0].detection, Detection::All(vec![inner]));
}

#[test]
fn placeholders_become_the_values_of_the_site() {
    check_expanded("f|expand", "'%Servers%'", &[], &[&["srv*", "db1"]]);
    check_expanded("f|expand", "[x, '%Servers%']", &[], &[&["x", "srv*", "db1"]]);
    check_expanded(
        "f|endswith|expand",
        r"'\%Servers%.%tld%'",
        &[Modifier::EndsWith],
        &[&["%Servers%.org", "%Servers%.net"]],
    );
    check_expanded("f|expand", r"'\\%Servers%'", &[], &[&[r"\\srv*", r"\\db1"]]);
    check_expanded("f|expand", r"'\%plain%tld%'", &[], &[&["%plainorg", "%plainnet"]]);
    check_expanded("f|expand", "'%Servers%.%tld%'", &[], &[&["srv*.org", "srv*.net", "db1.org", "db1.net"]]);
    check_expanded("f|expand", "'100 % of %tld'", &[], &[&["100 % of %tld"]]);
    check_expanded("f|contains|all|expand", "['%tld%', x]", &[Modifier::Contains], &[&["org", "net"], &["x"]]);
    check_expanded("f|re|expand", "'a\\.%tld%$'", &[Modifier::Re], &[&["a\\.org$", "a\\.net$"]]);
}

#[test]
fn a_percent_sign_without_expand_is_plain() {
    let library = load(&[("a.yml", &expanding("f", "'%Servers%'"))]);
    assert_eq!(library.rules.len(), 1);
}

#[test]
fn a_placeholder_without_values_refuses_the_rule_as_the_standard_demands() {
    let library = load_with(&[("a.yml", &expanding("f|expand", "'%Server%'"))], &placeholders());
    assert_eq!(said(&library.refusals), ["a.yml:11: placeholder `%Server%` has no value (did you mean `Servers`?)"]);
    assert_eq!(library.refusals[0].kind, RefusalKind::DemandedByStandard);
    let many = expanding("f|expand", &format!("'{}'", "%tld%".repeat(30)));
    assert_eq!(load_with(&[("a.yml", &many)], &placeholders()).refusals[0].kind, RefusalKind::Broken);
}

#[test]
fn values_of_placeholders_are_checked_like_written_ones() {
    let library = load_with(&[("a.yml", &expanding("f|cidr|expand", "'%Servers%'"))], &placeholders());
    assert_eq!(
        said(&library.refusals),
        ["a.yml:1: `srv*` is not an IP network (write for example `10.0.0.0/8` or `fe80::/10`)"]
    );
}
