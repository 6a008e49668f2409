//! Gathers findings for the report: counts all of them, keeps some of each rule in full. Memory and the size of the report are bounded by it.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon_detect::{Detected, EventOf, Subject};
use cordon_model::{Finding, Level, MatchedField, RuleCard};

use super::attack::{Tactic, technique};
use super::record::{Original, VALUE_BYTES_MAX, cut_marked};
use super::timeline::{Timeline, add_level};

/// Most findings of one rule that are shown in full.
pub(super) const SHOWN_OF_RULE_MAX: usize = 50;
/// Most findings in full over all rules; beyond, each rule shows fewer, but at least one.
pub(super) const SHOWN_MAX: usize = 2_000;
/// Most matched fields of one finding.
const MATCHED_MAX: usize = 40;
/// Bytes of a long value kept before the place that matched.
const LEAD_BYTES: usize = 80;
/// Most different hosts, and users, that are counted by name.
pub(super) const NAMES_MAX: usize = 5_000;

/// All findings of a scan.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) tactics: BTreeMap<Tactic, BTreeMap<String, Technique>>,
    pub(super) timeline: Timeline,
    pub(super) hosts: Names,
    pub(super) users: Names,
    /// Findings shown of one rule at most.
    pub(super) shown_of_rule: usize,
    shown: usize,
}

/// Rules of one technique, by level (falling), title and id.
pub(super) type Technique = BTreeMap<(std::cmp::Reverse<Level>, String, String), OfRule>;

/// Findings of one rule.
#[derive(Debug)]
pub(super) struct OfRule {
    pub(super) rule: Arc<RuleCard>,
    pub(super) count: u64,
    pub(super) shown: Vec<Shown>,
}

/// A finding in full.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) finding: Finding,
    pub(super) subject: Subject,
    pub(super) events: Vec<EventOf>,
    pub(super) original: Option<Original>,
    /// Matched fields that are left out.
    pub(super) matched_more: usize,
}

/// Findings counted by a name: host or user.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) counts: BTreeMap<String, [u64; 5]>,
    /// Findings whose name came after [`NAMES_MAX`] others.
    pub(super) uncounted: u64,
    pub(super) nameless: u64,
}

impl Default for Gathered {
    fn default() -> Self {
        Self {
            tactics: BTreeMap::new(),
            timeline: Timeline::default(),
            hosts: Names::default(),
            users: Names::default(),
            shown_of_rule: SHOWN_OF_RULE_MAX,
            shown: 0,
        }
    }
}

impl Gathered {
    pub(super) fn add(&mut self, found: &Detected) {
        let rule = &found.finding.rule;
        self.timeline.add(found.finding.time, rule.level);
        self.hosts.add(found.subject.host.as_deref(), rule.level);
        self.users.add(found.subject.user.as_deref(), rule.level);
        let key = (std::cmp::Reverse(rule.level), rule.title.clone(), rule.id.clone());
        let of_technique = self.tactics.entry(Tactic::of(rule)).or_default().entry(technique(rule)).or_default();
        let new = || OfRule { rule: Arc::clone(rule), count: 0, shown: Vec::new() };
        let of_rule = of_technique.entry(key).or_insert_with(new);
        of_rule.count += 1;
        if of_rule.shown.len() >= self.shown_of_rule {
            return;
        }
        of_rule.shown.push(Shown::of(found));
        self.shown += 1;
        while self.shown > SHOWN_MAX && self.shown_of_rule > 1 {
            self.show_fewer();
        }
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = &OfRule> {
        self.tactics.values().flat_map(BTreeMap::values).flat_map(BTreeMap::values)
    }

    /// Findings shown in full.
    pub(super) const fn shown(&self) -> usize {
        self.shown
    }

    /// Sorts what is shown by time.
    pub(super) fn sort(&mut self) {
        let rules = self.tactics.values_mut().flat_map(BTreeMap::values_mut).flat_map(BTreeMap::values_mut);
        rules.for_each(|of_rule| of_rule.shown.sort_by_key(|shown| shown.finding.time));
    }

    fn show_fewer(&mut self) {
        self.shown_of_rule -= self.shown_of_rule.div_ceil(5);
        let keep = self.shown_of_rule.max(1);
        let rules = self.tactics.values_mut().flat_map(BTreeMap::values_mut).flat_map(BTreeMap::values_mut);
        rules.for_each(|of_rule| of_rule.shown.truncate(keep));
        self.shown_of_rule = keep;
        self.shown = self.rules().map(|of_rule| of_rule.shown.len()).sum();
    }
}

impl Names {
    fn add(&mut self, name: Option<&str>, level: Level) {
        let Some(name) = name else {
            self.nameless += 1;
            return;
        };
        let name = cut_marked(name);
        if self.counts.len() >= NAMES_MAX && !self.counts.contains_key(&name) {
            self.uncounted += 1;
            return;
        }
        add_level(self.counts.entry(name).or_default(), level, 1);
    }
}

impl Shown {
    fn of(found: &Detected) -> Self {
        let finding = &found.finding;
        let matched: Vec<MatchedField> = finding.matched.iter().take(MATCHED_MAX).map(shortened).collect();
        Self {
            matched_more: finding.matched.len() - matched.len(),
            finding: Finding { matched, ..finding.clone() },
            subject: Subject {
                host: found.subject.host.as_deref().map(cut_marked),
                user: found.subject.user.as_deref().map(cut_marked),
            },
            events: found.events.clone(),
            original: found.record.as_deref().map(Original::of),
        }
    }
}

/// A matched field whose long value is cut around the place that matched.
fn shortened(field: &MatchedField) -> MatchedField {
    let pattern = cut_marked(&field.pattern);
    if field.value.len() <= VALUE_BYTES_MAX {
        return MatchedField { pattern, ..field.clone() };
    }
    let from = field.value.floor_char_boundary(field.offset.unwrap_or(0).saturating_sub(LEAD_BYTES));
    let to = field.value.floor_char_boundary(from.saturating_add(VALUE_BYTES_MAX));
    let mark = |cut| if cut { "…" } else { "" };
    let (lead, trail) = (mark(from > 0), mark(to < field.value.len()));
    let value = format!("{lead}{}{trail}", field.value.get(from..to).unwrap_or_default());
    let offset = field.offset.map(|offset| offset - from + lead.len());
    MatchedField { value, offset, pattern, ..field.clone() }
}

#[cfg(test)]
mod tests {
    use cordon_model::{Digest, EventId, FindingId, FindingOrigin, LogSource, Position};

    use super::*;

    fn found(rule: &Arc<RuleCard>) -> Detected {
        let finding = Finding {
            finding_id: FindingId([1; 16]),
            event_ids: vec![EventId([2; 16])],
            rule: Arc::clone(rule),
            time: None,
            source_file: Arc::from("a.log"),
            position: Position::Offset(0),
            index: 0,
            log_source: LogSource::default(),
            matched: Vec::new(),
            record_sha256: Digest([3; 32]),
            origin: FindingOrigin::Event,
        };
        Detected { finding, subject: Subject::default(), record: None, events: Vec::new() }
    }

    #[test]
    fn every_rule_keeps_a_finding_however_many_there_are_and_all_are_counted() {
        let rules: Vec<Arc<RuleCard>> =
            (0..100).map(|number| Arc::new(RuleCard { id: number.to_string(), ..RuleCard::default() })).collect();
        let mut gathered = Gathered::default();
        for _ in 0..60 {
            rules.iter().for_each(|rule| gathered.add(&found(rule)));
        }
        assert!(gathered.shown() <= SHOWN_MAX, "{}", gathered.shown());
        assert!(gathered.rules().all(|of_rule| of_rule.count == 60 && !of_rule.shown.is_empty()));
        assert_eq!(gathered.hosts.nameless, 6_000);
    }

    #[test]
    fn a_long_value_is_cut_around_the_place_that_matched() {
        let value = format!("{}needle{}", "ä".repeat(900), "z".repeat(2_000));
        let field = MatchedField { field: "F".into(), value, offset: Some(1_800), length: 6, pattern: String::new() };
        let short = shortened(&field);
        assert!(short.value.len() <= VALUE_BYTES_MAX + 6);
        assert!(short.value.get(short.offset.unwrap()..).unwrap().starts_with("needle"), "{short:?}");
    }
}
