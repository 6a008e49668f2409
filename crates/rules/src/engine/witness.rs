//! Witnesses: for each rule a set of literals of which at least one must stand in an event that matches. Only witnesses are looked for.
//!
//! Where that set is common, a second one must be seen as well. A positive predicate gives its literal. OR gives the union, and nothing when one child gives nothing. AND gives the set of the child with the fewest expected
//! hits. NOT, null, presence and a bare `*` give nothing. A rule without a witness is always evaluated.

use rustc_hash::FxHashMap;

use super::grams::GramCounts;
use crate::compile::{FieldId, Lowered, Node, NodeId, Place, PredId, Test, Token};
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

/// What the traffic has taught.
#[derive(Clone, Debug, Default)]
pub(crate) struct Learned {
    /// Expected hits per event of witnesses that were seen; others are estimated.
    pub(crate) hits: FxHashMap<Witness, f32>,
    /// Grams of the values in which witnesses are looked for.
    pub(crate) grams: GramCounts,
}

/// Expected hits per event above which one witness set is not enough: a second one that must also be seen keeps the rule from being looked at in vain.
const SECOND_SET_ABOVE: f32 = 0.002;

/// Expected hits per event up to which a second set is worth looking for.
const SECOND_SET_UP_TO: f32 = 0.3;

/// Rounds of learning: the witnesses of a program are chosen anew at the end of each.
pub(crate) const LEARN_ROUNDS: u32 = 5;

impl Learned {
    /// Takes in how often a witness stood in so many events.
    pub(crate) fn add(&mut self, witness: &Witness, hits: u32, events: u32) {
        if hits > 0 || estimate(witness) > SECOND_SET_ABOVE {
            // what never stood yet may stand in the next event: half a hit
            let rate = f64::from(hits).max(0.5) / f64::from(events.max(1));
            #[expect(clippy::cast_possible_truncation, reason = "a rate needs no more than f32")]
            self.hits.insert(witness.clone(), rate as f32);
        }
    }
}

/// One or two witness sets, all of which must be seen before the expression can hold; none when it has no witness.
pub(crate) fn choose(set: &Lowered, root: NodeId, learned: &Learned) -> Vec<Vec<Witness>> {
    let Node::All(parts) = set.get_node(root) else {
        return candidates(set, root, learned).map(|found| found.witnesses).into_iter().collect();
    };
    let mut found: Vec<Found> = parts.iter().filter_map(|part| candidates(set, *part, learned)).collect();
    found.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let is_common = found.first().is_some_and(|first| first.cost > SECOND_SET_ABOVE);
    found.truncate(if is_common { 2 } else { 1 });
    // one that was never looked for is worth a round: its estimate may be far too high
    let helps = |(place, found): &(usize, Found)| *place == 0 || found.cost <= SECOND_SET_UP_TO || !found.is_known;
    found.into_iter().enumerate().filter(helps).map(|(_, found)| found.witnesses).collect()
}

struct Found {
    cost: f32,
    /// The cost was learned, not estimated.
    is_known: bool,
    witnesses: Vec<Witness>,
}

fn candidates(set: &Lowered, node: NodeId, learned: &Learned) -> Option<Found> {
    match set.get_node(node) {
        Node::Never => Some(Found { cost: 0.0, is_known: true, witnesses: Vec::new() }),
        Node::Not(_) => None,
        Node::All(parts) => {
            parts.iter().filter_map(|part| candidates(set, *part, learned)).min_by(|a, b| a.cost.total_cmp(&b.cost))
        }
        Node::Any(parts) => {
            let mut union = Found { cost: 0.0, is_known: true, witnesses: Vec::new() };
            for part in parts {
                let found = candidates(set, *part, learned)?;
                union.cost += found.cost;
                union.is_known &= found.is_known;
                union.witnesses.extend(found.witnesses);
                if union.witnesses.len() > SET_MAX {
                    return None;
                }
            }
            Some(union)
        }
        Node::Predicate(id) => of_predicate(set, *id, learned),
    }
}

fn of_predicate(set: &Lowered, id: PredId, learned: &Learned) -> Option<Found> {
    let predicate = set.get_predicate(id)?;
    let field = predicate.field;
    let single = |place, text: &str| one(Witness { field, place, text: text.into() }, learned);
    match &predicate.test {
        Test::Literal { place, text, cased } => {
            let folded = if *cased { fold(text) } else { text.to_string() };
            (*place == Place::Exact || !folded.is_empty()).then(|| single(*place, &folded))
        }
        Test::Wildcard { tokens, .. } => of_tokens(tokens).map(|(place, text)| single(place, &fold(&text))),
        Test::Regex(regular) => {
            let texts = of_regex(regular.literals())?;
            let found: Vec<Found> = texts.iter().map(|text| single(Place::Contains, text)).collect();
            Some(Found {
                cost: found.iter().map(|one| one.cost).sum(),
                is_known: found.iter().all(|one| one.is_known),
                witnesses: found.into_iter().flat_map(|one| one.witnesses).collect(),
            })
        }
        _ => None,
    }
}

fn one(witness: Witness, learned: &Learned) -> Found {
    let known = learned.hits.get(&witness).copied();
    let cost = known.unwrap_or_else(|| estimate(&witness));
    Found { cost, is_known: known.is_some() || cost <= SECOND_SET_ABOVE, witnesses: vec![witness] }
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

/// Literals that a regular expression needs, as long as each is long enough to be looked for.
fn of_regex(required: &[Box<str>]) -> Option<&[Box<str>]> {
    (!required.is_empty() && required.iter().all(|text| text.len() >= 3)).then_some(required)
}
