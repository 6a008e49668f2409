//! Why a rule matches an event, or why not: the rule as written is walked beside its condition, and each question that decided is kept with what it saw.
//!
//! In: one rule, the log sources of an event and its fields in each view. Out: a [`Why`]. Slow and plain, for people; it decides by the oracle.

use std::collections::BTreeMap;

use cordon_model::{Arena, Field, LogSource, MatchedField};

use super::{explain, full_scan, route};
use crate::ast::{Condition, Detection, Item, Modifier, Rule, SelectionPattern};
use crate::compile::{Interner, Lowering, Mapping, NodeId, mapping, written};

/// Most unmet questions that are told of one event.
const UNMET_MAX: usize = 64;

/// What a rule says about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It matches, by these fields.
    Matches(Vec<MatchedField>),
    /// It is never shown the event: none of the event's log sources is what the rule asks for.
    OtherLogSource,
    /// It does not match, because of these parts of its condition.
    Fails(Vec<FailedPart>),
}

/// A part of a condition that decided against the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedPart {
    /// Name of the selection, or the `x of` as written when it speaks of none.
    pub selection: String,
    /// What is wrong with it.
    pub failure: Failure,
}

/// How a part of a condition failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It must hold and does not: these questions got no.
    Unmet(Vec<Unmet>),
    /// It must not hold and does, by these fields.
    Excludes(Vec<MatchedField>),
    /// It speaks of no selection.
    Empty,
}

/// A question that got no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// The field by the source's name; `None` for keywords over the whole event.
    pub field: Option<String>,
    /// The modifiers as written, `|contains|all`; empty without any.
    pub modifiers: String,
    /// The values, of which one would do.
    pub values: Vec<String>,
    /// What the event has in the field: nothing when it is absent, `None` where it has no value. Always empty for keywords.
    pub seen: Vec<Option<String>>,
}

/// Explains one rule on one event. `own` and `taxonomy` are the fields of the event in the two views.
///
/// # Errors
/// Why the rule cannot be compiled.
pub fn why<'a>(
    rule: &Rule,
    sources: &[LogSource],
    own: &'a [Field<'a>],
    taxonomy: &'a [Field<'a>],
    arena: &'a Arena,
) -> Result<Why, String> {
    let mut answer = Why::OtherLogSource;
    for (is_taxonomy, fields) in [(false, own), (true, taxonomy)] {
        // The same choice as in routing: of several sources the one with the lowest mapping.
        let reached = sources.iter().filter(|source| source.is_taxonomy() == is_taxonomy);
        let reached = reached.filter(|source| route::covers(&rule.log_source, source));
        let Some(source) = reached.min_by_key(|source| source.mapping) else { continue };
        let view = Inquiry::new(rule, mapping(source.mapping), fields, arena)?.answer()?;
        if matches!(view, Why::Matches(_)) {
            return Ok(view);
        }
        if answer == Why::OtherLogSource {
            answer = view;
        }
    }
    Ok(answer)
}

struct Inquiry<'r, 'a> {
    rule: &'r Rule,
    mapping: Mapping,
    fields: &'a [Field<'a>],
    arena: &'a Arena,
    set: Interner,
    /// The whole rule.
    root: NodeId,
    selections: BTreeMap<&'r str, NodeId>,
    failed: Vec<FailedPart>,
    unmet_left: usize,
}

impl<'r, 'a> Inquiry<'r, 'a> {
    fn new(rule: &'r Rule, mapping: Mapping, fields: &'a [Field<'a>], arena: &'a Arena) -> Result<Self, String> {
        let mut set = Interner::default();
        let mut lowering = Lowering { set: &mut set, mapping: &mapping };
        let root = lowering.rule(rule)?;
        let mut selections = BTreeMap::new();
        for selection in &rule.selections {
            selections.insert(selection.name.as_str(), lowering.detection(&selection.detection)?);
        }
        let failed = Vec::new();
        Ok(Self { rule, mapping, fields, arena, set, root, selections, failed, unmet_left: UNMET_MAX })
    }

    fn answer(mut self) -> Result<Why, String> {
        if self.holds(self.root) {
            return Ok(Why::Matches(explain::matched(self.set.so_far(), self.root, self.fields, self.arena)));
        }
        for condition in &self.rule.conditions {
            self.blame(condition, true)?;
        }
        Ok(Why::Fails(self.failed))
    }

    fn holds(&self, node: NodeId) -> bool {
        full_scan::holds(self.set.so_far(), node, self.fields, self.arena)
    }

    /// Whether a condition holds. Its depth is bounded by the parser.
    fn condition_holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::And(parts) => parts.iter().all(|part| self.condition_holds(part)),
            Condition::Or(parts) => parts.iter().any(|part| self.condition_holds(part)),
            Condition::Not(part) => !self.condition_holds(part),
            Condition::Selection(name) => self.selection_holds(name),
            Condition::Of { all, pattern } => {
                let names = self.names(pattern);
                let mut hold = names.iter().map(|name| self.selection_holds(name));
                if *all { !names.is_empty() && hold.all(|holds| holds) } else { hold.any(|holds| holds) }
            }
        }
    }

    fn selection_holds(&self, name: &str) -> bool {
        self.selections.get(name).is_some_and(|node| self.holds(*node))
    }

    fn names(&self, pattern: &SelectionPattern) -> Vec<&'r str> {
        let names = self.rule.selections.iter().map(|selection| selection.name.as_str());
        names.filter(|name| pattern.matches(name)).collect()
    }

    /// Keeps the parts because of which a condition is not what is wanted of it.
    fn blame(&mut self, condition: &'r Condition, wanted: bool) -> Result<(), String> {
        if self.condition_holds(condition) == wanted {
            return Ok(());
        }
        match condition {
            Condition::And(parts) | Condition::Or(parts) => parts.iter().try_for_each(|part| self.blame(part, wanted)),
            Condition::Not(part) => self.blame(part, !wanted),
            Condition::Selection(name) => self.blame_selection(name, wanted),
            Condition::Of { all, pattern } => {
                let names = self.names(pattern);
                if names.is_empty() {
                    self.failed.push(empty(*all, pattern));
                }
                names.into_iter().try_for_each(|name| self.blame_selection(name, wanted))
            }
        }
    }

    fn blame_selection(&mut self, name: &str, wanted: bool) -> Result<(), String> {
        let known = self.failed.iter().any(|part| part.selection == name);
        if known || self.selection_holds(name) == wanted {
            return Ok(());
        }
        let rule = self.rule;
        let Some(selection) = rule.selections.iter().find(|selection| selection.name == name) else { return Ok(()) };
        let failure = if wanted {
            let mut unmet = Vec::new();
            self.unmet(&selection.detection, &mut unmet)?;
            Failure::Unmet(unmet)
        } else {
            let node = self.selections.get(name).copied().unwrap_or(self.root);
            Failure::Excludes(explain::matched(self.set.so_far(), node, self.fields, self.arena))
        };
        self.failed.push(FailedPart { selection: name.to_owned(), failure });
        Ok(())
    }

    /// The questions because of which a detection does not hold.
    fn unmet(&mut self, detection: &Detection, out: &mut Vec<Unmet>) -> Result<(), String> {
        let node = self.lowering().detection(detection)?;
        if self.holds(node) {
            return Ok(());
        }
        match detection {
            Detection::All(parts) | Detection::Any(parts) => parts.iter().try_for_each(|part| self.unmet(part, out)),
            Detection::Item(item) => self.unmet_item(item, out),
        }
    }

    fn unmet_item(&mut self, item: &Item, out: &mut Vec<Unmet>) -> Result<(), String> {
        let each = item.modifiers.contains(&Modifier::All);
        let mut values = Vec::new();
        for value in &item.values {
            let node = self.lowering().value(item, value)?;
            if !each || !self.holds(node) {
                values.push(written(&[], value));
            }
        }
        let together = if each { values.into_iter().map(|value| vec![value]).collect() } else { vec![values] };
        for values in together {
            let Some(left) = self.unmet_left.checked_sub(1) else { return Ok(()) };
            self.unmet_left = left;
            let field = item.field.as_deref().map(|field| self.mapping.source_field(field).to_owned());
            let seen = field.as_deref().map_or_else(Vec::new, |name| self.seen(name));
            let modifiers = item.modifiers.iter().map(|modifier| format!("|{}", modifier.name())).collect();
            out.push(Unmet { field, modifiers, values, seen });
        }
        Ok(())
    }

    fn seen(&self, name: &str) -> Vec<Option<String>> {
        let of_name = self.fields.iter().filter(|field| field.name == name);
        of_name.map(|field| field.value.text(self.arena).map(str::to_owned)).collect()
    }

    fn lowering(&mut self) -> Lowering<'_> {
        Lowering { set: &mut self.set, mapping: &self.mapping }
    }
}

fn empty(all: bool, pattern: &SelectionPattern) -> FailedPart {
    let quantifier = if all { "all" } else { "1" };
    FailedPart { selection: format!("{quantifier} of {pattern}"), failure: Failure::Empty }
}

#[cfg(test)]
mod tests {
    use cordon_model::Value;

    use super::*;
    use crate::parse::{Document, documents};

    const RULE: &str = r"
title: x
logsource: {category: process_creation}
detection:
    tool:
        Image|endswith: ['\a.exe', '\b.exe']
        CommandLine|contains|all: [one, two]
    filter_path:
        Image|startswith: 'C:\Program'
    filter_user:
        User: null
    condition: tool and not 1 of filter_*
";

    fn check(event: &[(&str, &str)], expect: &Why) {
        let Some(Ok(Document::Rule(rule))) = documents("r.yml", RULE).pop() else { panic!("a rule") };
        let fields: Vec<Field<'_>> =
            event.iter().map(|(name, value)| Field { name, value: Value::Text(value) }).collect();
        let source = LogSource { category: "process_creation", ..LogSource::default() };
        assert_eq!(why(&rule, &[source], &fields, &[], &Arena::new()).as_ref(), Ok(expect));
        assert_eq!(why(&rule, &[LogSource::default()], &fields, &[], &Arena::new()), Ok(Why::OtherLogSource));
    }

    fn part(selection: &str, failure: Failure) -> FailedPart {
        FailedPart { selection: selection.to_owned(), failure }
    }

    fn unmet(field: &str, modifiers: &str, values: &[&str], seen: &[&str]) -> Unmet {
        Unmet {
            field: Some(field.to_owned()),
            modifiers: modifiers.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            seen: seen.iter().map(|value| Some((*value).to_owned())).collect(),
        }
    }

    #[test]
    fn questions_that_got_no_are_told_with_what_the_event_has() {
        let image = unmet("Image", "|endswith", &[r"\a.exe", r"\b.exe"], &["c.exe"]);
        let words = unmet("CommandLine", "|contains|all", &["two"], &["one"]);
        let tool = part("tool", Failure::Unmet(vec![image, words]));
        check(&[("Image", "c.exe"), ("CommandLine", "one"), ("User", "anna")], &Why::Fails(vec![tool]));
    }

    #[test]
    fn a_filter_that_holds_is_told_with_its_fields_and_an_absent_field_is_seen_as_nothing() {
        let matched = |field: &str, value: &str, offset, pattern: &str| MatchedField {
            field: field.to_owned(),
            value: value.to_owned(),
            offset,
            length: offset.map_or(0, |_: usize| r"C:\Program".len()),
            pattern: pattern.to_owned(),
        };
        let image = r"C:\Program Files\a.exe";
        let words = unmet("CommandLine", "|contains|all", &["one"], &[]);
        let other = unmet("CommandLine", "|contains|all", &["two"], &[]);
        let parts = vec![
            part("tool", Failure::Unmet(vec![words, other])),
            part("filter_path", Failure::Excludes(vec![matched("Image", image, Some(0), r"|startswith: C:\Program")])),
            part("filter_user", Failure::Excludes(vec![matched("User", "", None, "null")])),
        ];
        check(&[("Image", image)], &Why::Fails(parts));
    }
}
