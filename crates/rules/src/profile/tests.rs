//! Profiles: what is refused, what is left off with which reason, and what of a chain goes along.

use super::*;
use crate::parse::Options;

const HEAD: &str = "schema_version = 1\nname = 'p'\ntitle = 't'\nabout = 'a'\n";

const SET: &str = "
[[set]]
names = ['outside']
level_min = { level = 'medium', reason = 'too much' }
status_min = { status = 'test', reason = 'untried' }
tags_off = [{ tag = 'detection.threat-hunting', reason = 'hunting' }]
";

fn profile(text: &str) -> Result<Profile, ProfileError> {
    Profile::parse(&format!("{HEAD}{text}"))
}

fn rule(id: &str, level: &str, status: &str, tag: &str) -> String {
    format!(
        "title: {id}\nid: {id}\nstatus: {status}\nlevel: {level}\ntags: [{tag}]\n\
         logsource: {{product: windows}}\ndetection: {{sel: {{A: b}}, condition: sel}}\n"
    )
}

fn over(id: &str, level: &str, rules: &str, generate: bool) -> String {
    format!(
        "title: {id}\nid: {id}\nstatus: test\nlevel: {level}\ncorrelation: {{type: event_count, rules: [{rules}], \
         group-by: [A], timespan: 1m, condition: {{gte: 2}}, generate: {generate}}}\n"
    )
}

/// Applies a profile to documents of the sets `outside` and `own`; what stays, and what left with the reason.
fn check(profile: &Profile, outside: &[String], own: &[String], stays: &[&str], left: &[&str]) -> Applied {
    let files = [("outside", outside), ("own", own)].map(|(set, documents)| (set.to_owned(), documents.join("---\n")));
    let mut library = Library::load(files.to_vec(), &Options::default());
    assert_eq!(library.refusals, []);
    let applied = profile.apply(&mut library, &|origin| if origin.path == "own" { "own" } else { "outside" });
    let rules = library.rules.iter().map(|rule| rule.card.id.as_str());
    let kept: Vec<&str> = rules.chain(library.correlations.iter().map(|over| over.card.id.as_str())).collect();
    assert_eq!(kept, stays);
    let told = |off: &LeftOff| format!("{} {} {}", off.id, off.because.name(), off.reason);
    assert_eq!(applied.left_off.iter().map(told).collect::<Vec<_>>(), left);
    applied
}

#[test]
fn each_rule_left_off_has_its_reason_and_a_set_that_is_not_named_stays_whole() {
    let text = format!(
        "{SET}[[off]]\nid = 'noisy'\ntitle = 'noisy'\nbecause = 'measured'\nreason = 'fires daily'\n\
         [[off]]\nid = 'absent'\ntitle = 'x'\nbecause = 'author'\nreason = 'x'\n"
    );
    let outside = [
        rule("good", "medium", "stable", "attack.t1059"),
        rule("noisy", "critical", "stable", "attack.t1059"),
        rule("quiet", "low", "stable", "attack.t1059"),
        rule("new", "high", "experimental", "attack.t1059"),
        rule("hunt", "high", "test", "detection.threat-hunting"),
    ];
    let own = [rule("ours", "informational", "experimental", "detection.threat-hunting")];
    let left = [
        "hunt bounds tag detection.threat-hunting: hunting",
        "new bounds status experimental is below test: untried",
        "noisy measured fires daily",
        "quiet bounds level low is below medium: too much",
    ];
    let applied = check(&profile(&text).unwrap(), &outside, &own, &["good", "ours"], &left);
    assert_eq!(applied.not_found, ["absent"]);
}

#[test]
fn a_rule_that_only_feeds_goes_with_its_correlations_and_stays_with_them() {
    let outside = [
        rule("below", "low", "test", "attack.t1110"),
        rule("alone", "high", "test", "attack.t1110"),
        rule("shown", "high", "test", "attack.t1110"),
        over("kept", "high", "below", false),
        over("cut", "low", "alone", false),
        over("cut-too", "low", "shown", true),
        over("step", "low", "below", false),
        over("top", "high", "step", false),
    ];
    let left = [
        "alone bounds it only feeds correlations, and all of them are off",
        "cut bounds level low is below medium: too much",
        "cut-too bounds level low is below medium: too much",
    ];
    let stays = ["below", "shown", "kept", "step", "top"];
    check(&profile(SET).unwrap(), &outside, &[], &stays, &left);
}

#[test]
fn a_faulty_profile_is_refused_by_name() {
    let refused = |text: &str| profile(text).map(|_| ()).unwrap_err();
    let off = |reason: &str| format!("[[off]]\nid = 'a'\ntitle = 't'\nbecause = 'author'\nreason = '{reason}'\n");
    assert_eq!(refused(&off(" ")), ProfileError::NoReason("a".to_owned()));
    assert_eq!(refused(&off("x").repeat(2)), ProfileError::Twice("a".to_owned()));
    assert_eq!(refused(&SET.repeat(2)), ProfileError::SetTwice("outside".to_owned()));
    assert!(matches!(refused("unknown = 1"), ProfileError::Form(text) if text.contains("unknown")));
    assert!(
        matches!(refused(&SET.replace("medium", "loud")), ProfileError::Form(text) if text.contains("loud is not a level"))
    );
    assert!(matches!(refused(&off("x").replace("author", "bounds")), ProfileError::Form(_)));
    let newer = HEAD.replace("= 1", "= 2");
    assert_eq!(Profile::parse(&newer).map(|_| ()).unwrap_err(), ProfileError::Version(2));
}
