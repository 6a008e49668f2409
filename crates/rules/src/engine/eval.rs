//! Lazy evaluation of the few candidates: an expression is decided left to right, and each predicate at most once per event.

use cordon_model::{Arena, Field};

use super::full_scan;
use super::program::{NO_SLOT, Program};
use super::scratch::Event;
use super::tests_on_values::{holds, holds_folded, is_folded};
use crate::compile::{FieldId, Lowered, Node, NodeId, Place, PredId, Predicate, Test};

/// Results of predicates, each stamped with the event it belongs to: nothing is cleared between events.
#[derive(Debug)]
pub(crate) struct Memo {
    /// Stamp times two, plus one when the predicate holds.
    results: Vec<u32>,
    stamp: u32,
}

impl Memo {
    pub(crate) fn new(predicates: usize) -> Self {
        Self { results: vec![0; predicates], stamp: 0 }
    }

    /// After 2^31 events the stamps start again, with all results forgotten; returns whether they did.
    pub(crate) fn next_event(&mut self) -> bool {
        self.stamp = (self.stamp + 1) & (u32::MAX >> 1);
        let starts_again = self.stamp == 0;
        if starts_again {
            self.results.fill(0);
            self.stamp = 1;
        }
        starts_again
    }

    pub(crate) fn stamp(&self) -> u32 {
        self.stamp
    }

    fn known(&self, id: PredId) -> Option<bool> {
        let result = *self.results.get(id.0 as usize)?;
        (result >> 1 == self.stamp).then_some(result & 1 == 1)
    }

    fn keep(&mut self, id: PredId, holds: bool) {
        if let Some(result) = self.results.get_mut(id.0 as usize) {
            *result = self.stamp << 1 | u32::from(holds);
        }
    }
}

/// Decides expressions for one event.
pub(crate) struct Evaluator<'e, 'a> {
    pub(crate) set: &'e Lowered,
    pub(crate) program: &'e Program,
    pub(crate) fields: &'a [Field<'a>],
    pub(crate) arena: &'a Arena,
    pub(crate) event: &'e mut Event,
    pub(crate) memo: &'e mut Memo,
}

impl Evaluator<'_, '_> {
    pub(crate) fn holds(&mut self, node: NodeId) -> bool {
        let set = self.set;
        match set.get_node(node) {
            Node::Never => false,
            Node::Not(part) => !self.holds(*part),
            Node::All(parts) => parts.iter().all(|part| self.holds(*part)),
            Node::Any(parts) => match self.program.literal_set(node, parts.len()) {
                Some(set) => self.any_value(set.field, |evaluator, place| {
                    evaluator.event.folded(place, evaluator.fields).is_some_and(|bytes| set.tables.holds(bytes))
                }),
                None => parts.iter().any(|part| self.holds(*part)),
            },
            Node::Predicate(id) => self.predicate(*id),
        }
    }

    fn predicate(&mut self, id: PredId) -> bool {
        if let Some(known) = self.memo.known(id) {
            return known;
        }
        let set = self.set;
        let result = set.get_predicate(id).is_some_and(|predicate| self.decide(id, predicate));
        self.memo.keep(id, result);
        result
    }

    fn decide(&mut self, id: PredId, predicate: &Predicate) -> bool {
        let set = self.set;
        let Some(field) = predicate.field else { return self.keyword(id, predicate) };
        match &predicate.test {
            Test::Literal { place: Place::Contains, cased: false, .. } => self.any_value(field, |evaluator, place| {
                let bytes = evaluator.event.folded(place, evaluator.fields);
                bytes.zip(set.finder(id)).is_some_and(|(bytes, finder)| finder.find(bytes).is_some())
            }),
            Test::FieldRef { .. } => full_scan::predicate_holds(self.set, predicate, self.fields, self.arena),
            Test::Exists(asked) => self.first(field).is_some() == *asked,
            Test::Null => !self.any_value(field, |evaluator, place| evaluator.text(place).is_some()),
            test if is_folded(test) => self.any_value(field, |evaluator, place| {
                evaluator.event.folded(place, evaluator.fields).is_some_and(|bytes| holds_folded(test, bytes))
            }),
            test => self.any_value(field, |evaluator, place| {
                evaluator.may_hold(id, place) && evaluator.text(place).is_some_and(|text| holds(test, text))
            }),
        }
    }

    /// Whether a value holds one of the literals without which a regular expression cannot match.
    fn may_hold(&mut self, id: PredId, place: usize) -> bool {
        let required = self.set.required(id);
        if required.is_empty() || self.event.is_odd {
            return true;
        }
        let bytes = self.event.folded(place, self.fields);
        bytes.is_some_and(|bytes| required.iter().any(|literal| literal.find(bytes).is_some())) || self.event.is_odd
    }

    /// A question to every value of the event: the folded texts stand one behind the other, each closed by a byte that no literal holds.
    fn keyword(&self, id: PredId, predicate: &Predicate) -> bool {
        match (&predicate.test, self.set.finder(id)) {
            (Test::Literal { cased: false, .. }, Some(finder)) if self.program.looks_at_all => {
                finder.find(&self.event.folded).is_some()
            }
            _ => full_scan::predicate_holds(self.set, predicate, self.fields, self.arena),
        }
    }

    fn first(&self, field: FieldId) -> Option<usize> {
        let slot = self.program.slot_of(field);
        (slot != NO_SLOT).then(|| self.event.first(slot)).flatten()
    }

    fn any_value(&mut self, field: FieldId, mut asks: impl FnMut(&mut Self, usize) -> bool) -> bool {
        let mut place = self.first(field);
        while let Some(at) = place {
            if asks(self, at) {
                return true;
            }
            place = self.event.next(at);
        }
        false
    }
}

impl<'a> Evaluator<'_, 'a> {
    fn text(&self, place: usize) -> Option<&'a str> {
        let value = self.event.values.get(place)?;
        self.fields.get(value.field as usize)?.value.text(self.arena)
    }
}
