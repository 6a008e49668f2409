//! Lazy evaluation of the few candidates: a walk through the steps of the rule; costly predicates are decided at most once per event.

use cordon_model::{Arena, Field};

use super::code::{ACCEPT, Ask, Step};
use super::full_scan;
use super::program::Program;
use super::scratch::Event;
use super::tests_on_values::{holds, holds_folded, is_folded};
use crate::compile::{Lowered, PredId, Predicate, Test};

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
    /// Whether a member of the program holds.
    pub(crate) fn holds(&mut self, member: u32) -> bool {
        let program = self.program;
        let mut at = program.code.start(member);
        while let Some(step) = program.code.step(at) {
            at = if self.answer(step) { step.yes } else { step.no };
        }
        at == ACCEPT
    }

    fn answer(&mut self, step: &Step) -> bool {
        let (set, code) = (self.set, &self.program.code);
        match step.ask {
            Ask::Equals(text) => self.any_folded(step.slot, |value| value == code.text(text)),
            Ask::Starts(text) => self.any_folded(step.slot, |value| value.starts_with(code.text(text))),
            Ask::Ends(text) => self.any_folded(step.slot, |value| value.ends_with(code.text(text))),
            Ask::Contains(id) => {
                self.any_folded(step.slot, |value| set.finder(id).is_some_and(|finder| finder.find(value).is_some()))
            }
            Ask::AnyOf(number) => {
                self.any_folded(step.slot, |value| code.set(number).is_some_and(|literals| literals.holds(value)))
            }
            Ask::Present => self.event.first(step.slot).is_some(),
            Ask::HasText => self.any_value(step.slot, |evaluator, place| evaluator.text(place).is_some()),
            Ask::Other(id) => self.predicate(id, step.slot),
        }
    }

    fn predicate(&mut self, id: PredId, slot: u32) -> bool {
        if let Some(known) = self.memo.known(id) {
            return known;
        }
        let set = self.set;
        let result = set.get_predicate(id).is_some_and(|predicate| self.decide(id, predicate, slot));
        self.memo.keep(id, result);
        result
    }

    fn decide(&mut self, id: PredId, predicate: &Predicate, slot: u32) -> bool {
        if predicate.field.is_none() {
            return self.keyword(id, predicate);
        }
        match &predicate.test {
            Test::FieldRef { .. } => full_scan::predicate_holds(self.set, predicate, self.fields, self.arena),
            test if is_folded(test) => self.any_folded(slot, |value| holds_folded(test, value)),
            test => self.any_value(slot, |evaluator, place| {
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

    /// A question to every value of the event: the folded texts stand one behind the other, each closed by a zero byte. A literal that is empty, or holds
    /// such a byte itself, could be found where no value has it.
    fn keyword(&self, id: PredId, predicate: &Predicate) -> bool {
        match (&predicate.test, self.set.finder(id)) {
            (Test::Literal { cased: false, text, .. }, Some(finder))
                if self.program.looks_at_all && !text.is_empty() && !text.contains('\0') =>
            {
                finder.find(&self.event.folded).is_some()
            }
            _ => full_scan::predicate_holds(self.set, predicate, self.fields, self.arena),
        }
    }

    #[inline]
    fn any_folded(&mut self, slot: u32, asks: impl Fn(&[u8]) -> bool) -> bool {
        self.any_value(slot, |evaluator, place| evaluator.event.folded(place, evaluator.fields).is_some_and(&asks))
    }

    #[inline]
    fn any_value(&mut self, slot: u32, mut asks: impl FnMut(&mut Self, usize) -> bool) -> bool {
        let mut place = self.event.first(slot);
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
