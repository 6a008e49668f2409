//! Where a rule stands in MITRE ATT&CK, as its tags say.

use cordon_model::RuleCard;

/// Tactics in the order of an attack, as Sigma's tags write them; the two that followed `defense-evasion` stand beside it.
const TACTICS: [&str; 16] = [
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "stealth",
    "defense-impairment",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
];

/// A rule's tactic: those known in their order, then unknown ones, then none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tactic {
    order: usize,
    tag: String,
}

impl Tactic {
    /// The first tactic among the tags.
    pub(super) fn of(rule: &RuleCard) -> Self {
        let tags = || rule.tags.iter().filter_map(|tag| tag.strip_prefix("attack."));
        let place = |tag: &str| TACTICS.iter().position(|tactic| *tactic == tag);
        match tags().find_map(|tag| place(tag).map(|order| (order, tag))) {
            Some((order, tag)) => Self { order, tag: tag.to_owned() },
            None => Self { order: TACTICS.len(), tag: String::new() },
        }
    }

    /// `Credential access`.
    pub(super) fn title(&self) -> String {
        if self.tag.is_empty() {
            return "Without a tactic".to_owned();
        }
        let mut words = self.tag.replace('-', " ");
        if let Some(first) = words.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        words
    }

    /// For links within the page.
    pub(super) fn anchor(&self) -> String {
        format!("tactic-{}", if self.tag.is_empty() { "none" } else { &self.tag })
    }
}

/// The first technique among the tags, `T1059.001`; empty when there is none.
pub(super) fn technique(rule: &RuleCard) -> String {
    let number = |tag: &&str| tag.starts_with(|letter: char| letter.is_ascii_digit());
    let of_tag = |tag: &'_ String| tag.strip_prefix("attack.t").filter(number).map(|number| format!("T{number}"));
    rule.tags.iter().find_map(of_tag).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tags: &[&str], tactic: &str, expect: &str) {
        let rule = RuleCard { tags: tags.iter().map(ToString::to_string).collect(), ..RuleCard::default() };
        assert_eq!((Tactic::of(&rule).title().as_str(), technique(&rule).as_str()), (tactic, expect));
    }

    #[test]
    fn a_rule_stands_under_the_first_tactic_and_technique_of_its_tags() {
        check(&["attack.credential-access", "attack.t1003.001"], "Credential access", "T1003.001");
        check(&["cve.2026-1", "attack.t1490", "attack.impact"], "Impact", "T1490");
        check(&["attack.s0002", "attack.<b>"], "Without a tactic", "");
    }
}
