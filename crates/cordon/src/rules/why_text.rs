//! An explanation in words and in JSON.

use cordon_detect::Detected;
use cordon_model::{FindingOrigin, LogSourceTable, MatchedField, SourceSet};
use cordon_node::Explained;
use cordon_rules::ast::{Rule, RuleLogSource};
use cordon_rules::{FailedPart, Failure, Unmet, Why};
use serde_json::{Value, json};

use crate::terminal::{counted_of, plain};

/// Longest value printed, in characters.
const VALUE_CHARS_MAX: usize = 200;
/// Most values of one question that are printed.
const VALUES_MAX: usize = 8;

/// What the rules say about an event; rules that are not shown it say nothing.
pub(super) fn event(event: &Explained, rules: &[Rule]) -> String {
    let mut text = String::new();
    let time = event.time.map_or_else(String::new, |time| format!(", {time}"));
    let part = if event.index > 0 { format!("#{}", event.index) } else { String::new() };
    line(&mut text, 0, &format!("{}:{}{part}{time}", event.source, event.position));
    for (rule, answer) in rules.iter().zip(&event.answers) {
        let title = &rule.card.title;
        match answer {
            Err(reason) => line(&mut text, 1, &format!("cannot be compiled: {title}: {reason}")),
            Ok(Why::OtherLogSource) => {}
            Ok(Why::Matches(fields)) => {
                line(&mut text, 1, &format!("matches: {title}"));
                fields.iter().for_each(|field| line(&mut text, 2, &matched(field)));
            }
            Ok(Why::Fails(parts)) => {
                line(&mut text, 1, &format!("does not match: {title}"));
                parts.iter().for_each(|part| failed(&mut text, part));
            }
        }
    }
    text
}

/// A line without anything that could command the terminal.
fn line(text: &mut String, depth: usize, words: &str) {
    text.push_str(&"  ".repeat(depth));
    text.push_str(&plain(words));
    text.push('\n');
}

fn matched(found: &MatchedField) -> String {
    let field = if found.field.is_empty() { "the event" } else { &found.field };
    let place = found.offset.map_or_else(String::new, |offset| format!(" at byte {offset}"));
    format!("{field} has `{}`: `{}`{place}", short(&found.value), short(&found.pattern))
}

fn failed(text: &mut String, part: &FailedPart) {
    let name = &part.selection;
    match &part.failure {
        Failure::Empty => line(text, 2, &format!("`{name}` speaks of no selection")),
        Failure::Unmet(questions) => {
            line(text, 2, &format!("`{name}` must hold and does not"));
            questions.iter().for_each(|question| line(text, 3, &unmet(question)));
        }
        Failure::Excludes(fields) => {
            line(text, 2, &format!("`{name}` must not hold and does"));
            fields.iter().for_each(|field| line(text, 3, &matched(field)));
        }
    }
}

fn unmet(question: &Unmet) -> String {
    let shown: Vec<String> =
        question.values.iter().take(VALUES_MAX).map(|value| format!("`{}`", short(value))).collect();
    let more = question.values.len().saturating_sub(VALUES_MAX);
    let more = if more > 0 { format!(" or {more} more") } else { String::new() };
    let asked = format!("{}{more}", shown.join(" or "));
    let Some(field) = &question.field else {
        return format!("{}: {asked} stands nowhere in the event", keyword(&question.modifiers));
    };
    let seen: Vec<String> = question.seen.iter().take(VALUES_MAX).map(seen).collect();
    let seen = if seen.is_empty() { "does not have the field".to_owned() } else { format!("has {}", seen.join(", ")) };
    format!("{field}{}: {asked}; the event {seen}", question.modifiers)
}

fn keyword(modifiers: &str) -> String {
    if modifiers.is_empty() { "keyword".to_owned() } else { format!("keyword {modifiers}") }
}

fn seen(value: &Option<String>) -> String {
    value.as_ref().map_or_else(|| "no value".to_owned(), |value| format!("`{}`", short(value)))
}

fn short(value: &str) -> String {
    match value.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}

/// What a correlation gave.
pub(super) fn correlation(title: &str, found: &[Detected]) -> String {
    let mut text = String::new();
    if found.is_empty() {
        line(&mut text, 0, &format!("correlation {title}: gives no finding over the whole file"));
    }
    for one in found {
        let time = one.finding.time.map_or_else(String::new, |time| format!(" at {time}"));
        let events = counted_of(one.finding.event_ids.len(), "event", "events");
        line(&mut text, 0, &format!("correlation {title}: finding over {events}{time}"));
        if let FindingOrigin::Correlation { group, told, .. } = &one.finding.origin {
            line(&mut text, 1, told);
            group.iter().for_each(|(field, value)| line(&mut text, 1, &format!("{field} is `{}`", short(value))));
        }
    }
    text
}

/// The log sources of an event.
pub(super) fn log_sources(set: SourceSet, table: &LogSourceTable) -> String {
    let sources = table.sources(set).iter();
    let named: Vec<String> = sources.map(|source| words([source.product, source.category, source.service])).collect();
    if named.is_empty() { "none that is known".to_owned() } else { named.join(" and ") }
}

/// The log source that a rule asks for.
pub(super) fn rule_source(source: &RuleLogSource) -> String {
    words([&source.product, &source.category, &source.service].map(|part| part.as_deref().unwrap_or_default()))
}

/// `windows/process_creation/-`.
fn words(parts: [&str; 3]) -> String {
    parts.map(|part| if part.is_empty() { "-" } else { part }).join("/")
}

/// An event with its answers.
pub(super) fn json(event: &Explained, rules: &[Rule], table: &LogSourceTable) -> Value {
    let answers = rules.iter().zip(&event.answers);
    let answers = answers.map(|(rule, answer)| json!({"rule_id": rule.card.id, "why": answer_json(answer)}));
    json!({
        "schema_version": "1",
        "source": &*event.source,
        "position": event.position.to_string(),
        "index": event.index,
        "time": event.time.map(|time| time.to_string()),
        "log_sources": table.sources(event.log_sources).iter().map(|source| words([source.product, source.category, source.service])).collect::<Vec<String>>(),
        "rules": answers.collect::<Vec<Value>>(),
    })
}

fn answer_json(answer: &Result<Why, String>) -> Value {
    match answer {
        Err(reason) => json!({"answer": "cannot_be_compiled", "reason": reason}),
        Ok(Why::OtherLogSource) => json!({"answer": "other_log_source"}),
        Ok(Why::Matches(fields)) => json!({"answer": "matches", "matched": matched_json(fields)}),
        Ok(Why::Fails(parts)) => {
            json!({"answer": "fails", "failed": parts.iter().map(part_json).collect::<Vec<Value>>()})
        }
    }
}

fn part_json(part: &FailedPart) -> Value {
    let name = &part.selection;
    match &part.failure {
        Failure::Empty => json!({"selection": name, "failure": "empty"}),
        Failure::Excludes(fields) => json!({"selection": name, "failure": "excludes", "matched": matched_json(fields)}),
        Failure::Unmet(questions) => {
            let question = |one: &Unmet| json!({"field": one.field, "modifiers": one.modifiers, "values": one.values, "seen": one.seen});
            json!({"selection": name, "failure": "unmet", "unmet": questions.iter().map(question).collect::<Vec<Value>>()})
        }
    }
}

fn matched_json(fields: &[MatchedField]) -> Vec<Value> {
    let one = |found: &MatchedField| json!({"field": found.field, "value": found.value, "offset": found.offset, "length": found.length, "pattern": found.pattern});
    fields.iter().map(one).collect()
}
