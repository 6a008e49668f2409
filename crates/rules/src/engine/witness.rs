//! Witnesses: for each rule a set of literals of which at least one must stand in an event that matches. Only witnesses are looked for.
//!
//! A positive predicate gives its literal. OR gives the union, and nothing when one child gives nothing. AND gives the set of the child with the fewest expected
//! hits. NOT, null, presence and a bare `*` give nothing. A rule without a witness is always evaluated.

use rustc_hash::FxHashMap;

use crate::compile::{FieldId, Lowered, Node, NodeId, Place, Predicate, Test, Token, required_literals};
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

/// Folded literals of three bytes or more of which one must stand in any text that the pattern matches.
fn of_regex(pattern: &str) -> Option<Vec<String>> {
    let texts = required_literals(pattern);
    (!texts.is_empty() && texts.iter().all(|text| text.len() >= 3)).then_some(texts)
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
