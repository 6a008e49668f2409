//! Processing pipelines: what they make of rules and correlations.

use crate::ast::{Detection, Item, Scalar};
use crate::parse::{Library, Options, Pipeline};

const RULE: &str = "title: r
id: r1
tags: [attack.t1033]
logsource: {product: windows, category: process_creation}
detection:
    sel: {Image|endswith: '\\who.exe', User: adm}
    other: {User: x}
    condition: sel and not 1 of other*
fields: [Image, Pid]
";

fn load(pipelines: &[&str], rule: &str) -> Library {
    let parse = |text: &&str| Pipeline::parse("p.yml", text, &mut Vec::new()).unwrap();
    let options = Options { pipelines: pipelines.iter().map(parse).collect(), ..Options::default() };
    Library::load([("r.yml".to_owned(), rule.to_owned())], &options)
}

fn print(detection: &Detection) -> String {
    let joined = |parts: &[Detection], word: &str| parts.iter().map(print).collect::<Vec<_>>().join(word);
    match detection {
        Detection::All(parts) => format!("({})", joined(parts, " & ")),
        Detection::Any(parts) => format!("({})", joined(parts, " | ")),
        Detection::Item(Item { field, modifiers, values }) => {
            let names: String = modifiers.iter().map(|modifier| format!("|{}", modifier.name())).collect();
            let values: Vec<String> = values
                .iter()
                .map(|value| match value {
                    Scalar::Text(text) | Scalar::Number(text) => text.clone(),
                    other => format!("{other:?}"),
                })
                .collect();
            format!("{}{names}={}", field.as_deref().unwrap_or(""), values.join(","))
        }
    }
}

/// Condition, selections and fields of the only rule.
fn check(steps: &str, rule: &str, expect: &[&str]) {
    let steps: String = steps.lines().map(|row| format!("  {row}\n")).collect();
    let library = load(&[&format!("name: p\nvars: {{tld: [org, net]}}\ntransformations:\n{steps}")], rule);
    assert_eq!(library.refusals, []);
    let rule = &library.rules[0];
    let mut said = vec![rule.conditions[0].to_string()];
    said.extend(rule.selections.iter().map(|selection| format!("{}: {}", selection.name, print(&selection.detection))));
    said.push(rule.fields.join(" "));
    assert_eq!(said, expect, "{steps}");
}

const WHO: &str = "sel: (Image|endswith=\\who.exe & User=adm)";

#[test]
fn fields_are_mapped_one_to_one_and_one_to_many() {
    check(
        "- type: field_name_mapping\n  mapping: {Image: NewProcessName, User: [SubjectUser, TargetUser]}",
        RULE,
        &[
            "sel and not 1 of other*",
            "sel: (NewProcessName|endswith=\\who.exe & (SubjectUser=adm | TargetUser=adm))",
            "other: ((SubjectUser=x | TargetUser=x))",
            "NewProcessName Pid",
        ],
    );
    check(
        "- type: field_name_prefix\n  prefix: winlog.\n  field_name_conditions:\n    - {type: exclude_fields, fields: [User]}",
        RULE,
        &[
            "sel and not 1 of other*",
            "sel: (winlog.Image|endswith=\\who.exe & User=adm)",
            "other: (User=x)",
            "winlog.Image winlog.Pid",
        ],
    );
    check(
        "- type: field_name_suffix\n  suffix: .k\n  field_name_conditions:\n    - {type: include_fields, fields: [Image]}",
        &RULE.replace("User: x", "A|fieldref: Image"),
        &[
            "sel and not 1 of other*",
            "sel: (Image.k|endswith=\\who.exe & User=adm)",
            "other: (A|fieldref=Image.k)",
            "Image.k Pid",
        ],
    );
}

#[test]
fn conditions_are_added_beside_everything_the_rule_says() {
    check(
        "- type: change_logsource\n  product: windows\n  service: sysmon\n- type: add_condition\n  conditions: {EventID: [1, 4688]}\n  \
         rule_conditions:\n    - {type: logsource, service: sysmon}",
        RULE,
        &[
            "(sel and not other) and _filter_1_added",
            WHO,
            "other: (User=x)",
            "_filter_1_added: (EventID=1,4688)",
            "Image Pid",
        ],
    );
    check(
        "- type: add_condition\n  negated: true\n  conditions: {Host: lab}",
        RULE,
        &[
            "(sel and not other) and not _filter_1_added",
            WHO,
            "other: (User=x)",
            "_filter_1_added: (Host=lab)",
            "Image Pid",
        ],
    );
}

#[test]
fn dropped_items_leave_selections_and_conditions() {
    let drop = "- type: drop_detection_item\n  field_name_conditions:\n    - {type: include_fields, fields: [User]}";
    check(drop, RULE, &["sel", "sel: (Image|endswith=\\who.exe)", "Image Pid"]);
    let library = load(&["name: p\ntransformations:\n  - type: drop_detection_item\n"], RULE);
    assert_eq!(library.refusals[0].to_string(), "r.yml:1: pipeline p drops all that the rule asks for");
}

#[test]
fn strings_are_replaced_by_pythons_rules() {
    check(
        "- type: replace_string\n  regex: '^(\\w)(dm)'\n  replacement: '\\2$\\1'",
        RULE,
        &["sel and not 1 of other*", "sel: (Image|endswith=\\who.exe & User=dm$a)", "other: (User=x)", "Image Pid"],
    );
}

#[test]
fn placeholders_take_a_pipelines_values_or_a_star() {
    let rule = RULE.replace("User: x", "User|expand: 'a.%tld%.%rest%'");
    check(
        "- type: value_placeholders\n  include: [tld]\n- type: wildcard_placeholders",
        &rule,
        &["sel and not 1 of other*", WHO, "other: (User=a.org.*,a.net.*)", "Image Pid"],
    );
    let library = load(&["name: p\nvars: {rest: [x]}\ntransformations:\n  - type: value_placeholders\n"], &rule);
    assert_eq!(library.refusals[0].to_string(), "r.yml:7: placeholder `%tld%` has no value");
}

#[test]
fn rule_conditions_are_joined_and_negated_as_written() {
    let step = |conditions: &str| format!("- type: field_name_prefix\n  prefix: p.\n{conditions}");
    let plain = ["sel and not 1 of other*", WHO, "other: (User=x)", "Image Pid"];
    let done = [
        "sel and not 1 of other*",
        "sel: (p.Image|endswith=\\who.exe & p.User=adm)",
        "other: (p.User=x)",
        "p.Image p.Pid",
    ];
    let tests = "  rule_conditions:\n    - {type: logsource, product: linux}\n    - {type: tag, tag: attack.t1033}\n    - {type: contains_field, field: User}";
    check(&step(tests), RULE, &plain);
    check(&step(&format!("{tests}\n  rule_cond_op: or")), RULE, &done);
    check(&step(&format!("{tests}\n  rule_cond_not: true")), RULE, &done);
    check(&step("  rule_conditions: [{type: is_sigma_correlation_rule}]"), RULE, &plain);
}

#[test]
fn pipelines_run_in_rising_priority() {
    let late = "name: late\npriority: 20\ntransformations:\n  - {type: field_name_prefix, prefix: b.}\n";
    let early = "name: early\npriority: 10\ntransformations:\n  - {type: field_name_mapping, mapping: {Image: a}}\n";
    let library = load(&[late, early], RULE);
    assert_eq!(library.rules[0].fields, ["b.a", "b.Pid"]);
}

#[test]
fn correlations_group_by_the_new_names() {
    let text = format!(
        "{RULE}---\ntitle: c\nname: c\ncorrelation:\n    type: value_count\n    rules: [r1]\n    group-by: [who, Image]\n    timespan: 1m\n    \
         condition: {{field: User, gte: 2}}\n    aliases: {{who: {{r1: User}}}}\n"
    );
    let pipeline = "transformations:\n  - type: field_name_mapping\n    mapping: {Image: i, User: u, who: wrong}\n    rule_conditions:\n      - {type: logsource, product: windows}\n";
    let library = load(&[pipeline], &text);
    let found = &library.correlations[0];
    assert_eq!((found.group_by.join(" "), found.value_fields.join(" ")), ("who i".to_owned(), "u".to_owned()));
    assert_eq!(found.aliases[0].fields, [("r1".to_owned(), "u".to_owned())]);
    let other = load(&[&pipeline.replace("windows", "linux")], &text);
    assert_eq!(other.correlations[0].group_by, ["who", "Image"]);
}

fn check_refused(text: &str, expect: &str) {
    assert_eq!(Pipeline::parse("p.yml", text, &mut Vec::new()).unwrap_err().to_string(), format!("p.yml:{expect}"));
}

#[test]
fn what_is_not_known_in_a_pipeline_refuses_it() {
    check_refused("- a\n", "1: a pipeline must be a map of keys and values");
    check_refused(
        "transformations:\n  - type: field_name_maping\n",
        "2: transformation `field_name_maping` is not supported (did you mean `field_name_mapping`?)",
    );
    check_refused("transformations:\n  - type: field_name_prefix\n", "2: `prefix` is missing");
    check_refused(
        "transformations:\n  - type: rule_failure\n    message: x\n    rule_cond_expr: a\n",
        "4: `rule_cond_expr` is not supported",
    );
    check_refused(
        "transformations:\n  - type: rule_failure\n    message: x\n    rule_conditions:\n      - {type: strange}\n",
        "5: rule condition `strange` is not supported",
    );
    let library = load(&["name: p\ntransformations:\n  - {type: rule_failure, message: no such log}\n"], RULE);
    assert_eq!(library.refusals[0].to_string(), "r.yml:1: pipeline p refuses it: no such log");
    let among_rules = load(&[], "name: p\ntransformations: []\n");
    assert_eq!(
        among_rules.refusals[0].to_string(),
        "r.yml:2: a processing pipeline stands among the rules (give it as a pipeline: it is not applied from here)"
    );
}
