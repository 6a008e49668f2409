//! Witnesses: for each rule a set of literals of which at least one must stand in an event that matches. Only witnesses are looked for.
//!
//! A positive predicate gives its literal. OR gives the union, and nothing when one child gives nothing. AND gives the set of the child with the fewest expected
//! hits. NOT, null, presence and a bare `*` give nothing. A rule without a witness is always evaluated.

use regex_syntax::hir::{Class, Hir, HirKind};
use rustc_hash::FxHashMap;

use crate::compile::{FieldId, Lowered, Node, NodeId, Place, Predicate, Test, Token};
use crate::text::fold;

/// A witness, by its number within a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WitnessId(pub(crate) u32);

/// A folded literal that must stand at a place of a field; without a field, in any value of the event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Witness {
    pub(crate) field: Option<FieldId>,
    pub(crate) place: Place,
    pub(crate) text: Box<str>,
}

/// Most literals of one rule's set; a rule that would need more is always evaluated.
const SET_MAX: usize = 5_000;

/// Expected hits per event of witnesses that the traffic has shown; others are estimated.
pub(crate) type Learned = FxHashMap<Witness, f32>;

/// The cheapest witness set of an expression, or `None` when it has none.
pub(crate) fn choose(set: &Lowered, node: NodeId, learned: &Learned) -> Option<Vec<Witness>> {
    candidates(set, node, learned).map(|found| found.witnesses)
}

struct Found {
    cost: f32,
    witnesses: Vec<Witness>,
}

fn candidates(set: &Lowered, node: NodeId, learned: &Learned) -> Option<Found> {
    match set.get_node(node) {
        Node::Never => Some(Found { cost: 0.0, witnesses: Vec::new() }),
        Node::Not(_) => None,
        Node::All(parts) => {
            parts.iter().filter_map(|part| candidates(set, *part, learned)).min_by(|a, b| a.cost.total_cmp(&b.cost))
        }
        Node::Any(parts) => {
            let mut union = Found { cost: 0.0, witnesses: Vec::new() };
            for part in parts {
                let found = candidates(set, *part, learned)?;
                union.cost += found.cost;
                union.witnesses.extend(found.witnesses);
                if union.witnesses.len() > SET_MAX {
                    return None;
                }
            }
            Some(union)
        }
        Node::Predicate(id) => of_predicate(set.get_predicate(*id)?, learned),
    }
}

fn of_predicate(predicate: &Predicate, learned: &Learned) -> Option<Found> {
    let field = predicate.field;
    let single = |place, text: &str| one(Witness { field, place, text: text.into() }, learned);
    match &predicate.test {
        Test::Literal { place, text, cased } => {
            let folded = if *cased { fold(text) } else { text.to_string() };
            (*place == Place::Exact || !folded.is_empty()).then(|| single(*place, &folded))
        }
        Test::Wildcard { tokens, .. } => of_tokens(tokens).map(|(place, text)| single(place, &fold(&text))),
        Test::Regex(regex) => {
            let texts = of_regex(regex.as_str())?;
            let found: Vec<Found> = texts.iter().map(|text| single(Place::Contains, text)).collect();
            Some(Found {
                cost: found.iter().map(|one| one.cost).sum(),
                witnesses: found.into_iter().flat_map(|one| one.witnesses).collect(),
            })
        }
        _ => None,
    }
}

fn one(witness: Witness, learned: &Learned) -> Found {
    let cost = learned.get(&witness).copied().unwrap_or_else(|| estimate(&witness));
    Found { cost, witnesses: vec![witness] }
}

/// Expected hits per event before any traffic was seen: longer is rarer, places are narrower than anywhere, and short numbers (event ids) are common.
fn estimate(witness: &Witness) -> f32 {
    let length = witness.text.len().min(40);
    let base: f32 = match witness.place {
        Place::Exact if length <= 5 => 0.3,
        Place::Exact => 0.05,
        Place::Prefix => 0.2,
        Place::Suffix => 0.3,
        Place::Contains => 0.5,
    };
    let surprise: f32 = if witness.place == Place::Exact { 0.95 } else { 0.8 };
    let scan = match (witness.field, witness.place) {
        (None, _) => 1.0,
        (_, Place::Contains) if length < 4 => 0.2,
        (_, Place::Contains) => 0.002,
        _ => 0.0,
    };
    base * surprise.powi(i32::try_from(length).unwrap_or(40)) + scan
}

/// The longest literal of a pattern with wildcards, and where it stands.
fn of_tokens(tokens: &[Token]) -> Option<(Place, Box<str>)> {
    let last = tokens.len().checked_sub(1)?;
    let texts = tokens.iter().enumerate().filter_map(|(at, token)| match token {
        Token::Text(text) if at == 0 => Some((Place::Prefix, text.clone())),
        Token::Text(text) if at == last => Some((Place::Suffix, text.clone())),
        Token::Text(text) => Some((Place::Contains, text.clone())),
        _ => None,
    });
    texts.max_by_key(|(_, text)| text.len())
}

/// Folded literals of which one must stand in any text that the pattern matches; `None` when there is no such literal of three bytes or more.
fn of_regex(pattern: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::ParserBuilder::new().build().parse(pattern).ok()?;
    let mut texts = required(&hir)?;
    texts.sort_unstable();
    texts.dedup();
    (texts.len() <= 64 && texts.iter().all(|text| text.len() >= 3)).then_some(texts)
}

fn required(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(literal) => ascii(&literal.0).map(|text| vec![fold(text)]),
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Alternation(parts) => {
            parts.iter().map(required).collect::<Option<Vec<_>>>().map(|found| found.concat())
        }
        HirKind::Concat(parts) => of_concat(parts),
        HirKind::Class(class) => one_letter(class).map(|letter| vec![letter.to_string()]),
        _ => None,
    }
}

/// The best of a sequence: runs of single letters and literals join to one text.
fn of_concat(parts: &[Hir]) -> Option<Vec<String>> {
    let mut best: Option<Vec<String>> = None;
    let mut run = String::new();
    for part in parts {
        match part.kind() {
            HirKind::Literal(literal) if ascii(&literal.0).is_some() => {
                run.push_str(&fold(ascii(&literal.0).unwrap_or_default()))
            }
            HirKind::Class(class) if one_letter(class).is_some() => run.extend(one_letter(class)),
            HirKind::Look(_) => {}
            _ => {
                keep_better(&mut best, Some(vec![std::mem::take(&mut run)]));
                keep_better(&mut best, required(part));
            }
        }
    }
    keep_better(&mut best, Some(vec![run]));
    best
}

/// Letters beyond ASCII have more case relations than one-to-one folding knows: they give no witness.
fn ascii(literal: &[u8]) -> Option<&str> {
    std::str::from_utf8(literal).ok().filter(|text| text.is_ascii())
}

fn keep_better(best: &mut Option<Vec<String>>, other: Option<Vec<String>>) {
    let shortest = |texts: &Vec<String>| texts.iter().map(String::len).min().unwrap_or(0);
    let Some(other) = other.filter(|texts| shortest(texts) > 0) else { return };
    let is_better = best.as_ref().is_none_or(|best| shortest(&other) > shortest(best));
    if is_better {
        *best = Some(other);
    }
}

/// The letter of a class whose members all fold to it, such as `[Pp]`.
fn one_letter(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else { return None };
    let mut folded = None;
    let letters = class.iter().flat_map(|range| range.start()..=range.end());
    for letter in letters.take(5) {
        let one = crate::text::fold_char(letter);
        if folded.is_some_and(|known| known != one) {
            return None;
        }
        folded = Some(one);
    }
    folded.filter(char::is_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regex_gives_the_literals_it_cannot_match_without() {
        assert_eq!(of_regex(r"\\Temp\\[a-z]{4}\.exe$"), Some(vec![r"\temp\".to_owned()]));
        assert_eq!(of_regex(r"(?i)foo.*barbaz"), Some(vec!["barbaz".to_owned()]));
        assert_eq!(of_regex(r"(abcd|efgh)x?"), Some(vec!["abcd".to_owned(), "efgh".to_owned()]));
        assert_eq!(of_regex(r"[0-9]+"), None);
        assert_eq!(of_regex(r"(abcd|[0-9])"), None);
        assert_eq!(of_regex(r"(abc)*"), None);
    }
}
