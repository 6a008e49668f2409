//! Why a rule matched: the predicates that hold on the way to its result, with the field, the value and the place of the pattern in it.

use cordon_model::{Arena, Field, MatchedField};

use super::full_scan;
use super::tests_on_values::{self as values, is_folded};
use crate::compile::{FieldId, Lowered, Node, NodeId, Place, PredId, Predicate, Test, Token};
use crate::text::{fold, fold_in_place};

/// Most matched fields of one finding.
const MATCHED_MAX: usize = 64;

/// The fields that made an expression hold, each once, cheap questions first. Parts under a `not` explain nothing and give nothing.
pub(crate) fn matched<'a>(set: &Lowered, root: NodeId, fields: &'a [Field<'a>], arena: &'a Arena) -> Vec<MatchedField> {
    let mut walk = Walk { set, fields, arena, named: Vec::new(), folded: vec![None; fields.len()], found: Vec::new() };
    if !walk.holds(root) {
        return Vec::new();
    }
    let mut unique: Vec<MatchedField> = Vec::with_capacity(walk.found.len().min(MATCHED_MAX));
    for one in walk.found {
        if unique.len() < MATCHED_MAX && !unique.contains(&one) {
            unique.push(one);
        }
    }
    unique
}

/// One walk over an expression that decides and explains it at once.
struct Walk<'s, 'a> {
    set: &'s Lowered,
    fields: &'a [Field<'a>],
    arena: &'a Arena,
    /// Where the fields of a name stand, for the names asked so far: lists of a hundred values ask for one name.
    named: Vec<(FieldId, Vec<usize>)>,
    /// Folded texts of the fields asked so far.
    folded: Vec<Option<Vec<u8>>>,
    found: Vec<MatchedField>,
}

impl<'a> Walk<'_, 'a> {
    /// Whether an expression holds; what explains it is added to `found`, and nothing when it does not hold.
    fn holds(&mut self, node: NodeId) -> bool {
        let mark = self.found.len();
        let set = self.set;
        let holds = match set.get_node(node) {
            Node::Never => false,
            Node::Not(part) => {
                let inner = self.holds(*part);
                self.found.truncate(mark);
                !inner
            }
            Node::All(parts) => parts.iter().all(|part| self.holds(*part)),
            // every part that holds explains: none is left out
            Node::Any(parts) => parts.iter().filter(|part| self.holds(**part)).count() > 0,
            Node::Predicate(id) => set.get_predicate(*id).is_some_and(|predicate| self.predicate(*id, predicate)),
        };
        if !holds {
            self.found.truncate(mark);
        }
        holds
    }

    fn predicate(&mut self, id: PredId, predicate: &Predicate) -> bool {
        if matches!(predicate.test, Test::Null | Test::Exists(_) | Test::FieldRef { .. }) {
            let name = predicate.field.map(|field| self.set.field_name(field));
            let holds = full_scan::predicate_holds(self.set, predicate, self.fields, self.arena);
            let first = self.fields.iter().find(|field| Some(field.name) == name);
            let value = first.and_then(|field| field.value.text(self.arena)).unwrap_or_default();
            self.found.extend(holds.then(|| explained(predicate, name.unwrap_or_default(), value)));
            return holds;
        }
        let holding = match predicate.field {
            Some(field) => {
                let named = self.place_of(field);
                let count = self.named.get(named).map_or(0, |(_, places)| places.len());
                (0..count).find_map(|nth| {
                    let at = *self.named.get(named)?.1.get(nth)?;
                    self.value_holds(id, predicate, at).then_some(at)
                })
            }
            None => (0..self.fields.len()).find(|at| self.value_holds(id, predicate, *at)),
        };
        let Some(field) = holding.and_then(|at| self.fields.get(at)) else { return false };
        self.found.push(explained(predicate, field.name, field.value.text(self.arena).unwrap_or_default()));
        true
    }

    /// Which of the names asked so far this one is.
    fn place_of(&mut self, field: FieldId) -> usize {
        let known = self.named.iter().position(|(known, _)| *known == field);
        known.unwrap_or_else(|| {
            let name = self.set.field_name(field);
            let alike = self.fields.iter().enumerate().filter(|(_, field)| field.name == name);
            self.named.push((field, alike.map(|(at, _)| at).collect()));
            self.named.len() - 1
        })
    }

    fn value_holds(&mut self, id: PredId, predicate: &Predicate, at: usize) -> bool {
        let Some(text) = self.fields.get(at).and_then(|field| field.value.text(self.arena)) else { return false };
        if !is_folded(&predicate.test) {
            return values::holds(&predicate.test, text);
        }
        let Some(place) = self.folded.get_mut(at) else { return false };
        let bytes = place.get_or_insert_with(|| {
            let mut bytes = text.as_bytes().to_vec();
            fold_in_place(&mut bytes);
            bytes
        });
        match self.set.finder(id) {
            Some(finder) => finder.find(bytes).is_some(),
            None => values::holds_folded(&predicate.test, bytes),
        }
    }
}

fn explained(predicate: &Predicate, field: &str, value: &str) -> MatchedField {
    let place = place(&predicate.test, value);
    MatchedField {
        field: field.to_owned(),
        value: value.to_owned(),
        offset: place.map(|(offset, _)| offset),
        length: place.map_or(0, |(_, length)| length),
        pattern: predicate.written.to_string(),
    }
}

/// Byte offset of the pattern in the value, and the bytes it accounts for there; of a wildcard its first text.
fn place(test: &Test, value: &str) -> Option<(usize, usize)> {
    match test {
        Test::Literal { place: Place::Exact, .. } => Some((0, value.len())),
        Test::Literal { place: Place::Prefix, text, .. } => Some((0, text.len())),
        Test::Literal { place: Place::Suffix, text, .. } => Some((value.len().checked_sub(text.len())?, text.len())),
        Test::Literal { place: Place::Contains, text, cased } => Some((find(value, text, *cased)?, text.len())),
        Test::Wildcard { tokens, cased } => {
            let text = first_text(tokens)?;
            Some((find(value, text, *cased)?, text.len()))
        }
        Test::Regex(regex) => regex.find(value).map(|found| (found.start(), found.len())),
        Test::Cidr(_) => values::address(value).map(|_| (0, value.len())),
        _ => None,
    }
}

fn find(value: &str, text: &str, cased: bool) -> Option<usize> {
    if cased { value.find(text) } else { fold(value).find(text) }
}

fn first_text(tokens: &[Token]) -> Option<&str> {
    tokens.iter().find_map(|token| match token {
        Token::Text(text) => Some(text.as_ref()),
        _ => None,
    })
}
