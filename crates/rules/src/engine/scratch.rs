//! Working memory of one thread: the values of the event at hand, candidates, memo. Nothing in it outlives an event but capacity and what was learned.

use std::sync::Arc;

use cordon_model::{Arena, Field, Value};

use super::Hit;
use super::eval::{Evaluator, Memo};
use super::grams::GramCounts;
use super::program::{NO_SLOT, Program, ProgramCell};
use super::witness::{LEARN_ROUNDS, Learned, WitnessId};
use crate::compile::Lowered;
use crate::text::fold_in_place;

/// Events of a program after which its witnesses are chosen anew: rounds double, and there are few, so that the choice settles.
const LEARN_EVENTS_FIRST: u32 = 2_048;

/// Events of a round whose values are looked at closely, gram by gram: they are enough to tell common from rare.
const GRAM_EVENTS: u32 = 1_024;

/// No value.
const NONE: u32 = u32::MAX;

/// Working memory for one thread.
#[derive(Debug)]
pub struct Scratch {
    event: Event,
    memo: Memo,
    candidates: Vec<u32>,
    states: Vec<Option<State>>,
    counters: Counters,
}

/// What one thread's matching came to: the work behind the speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Events that a program looked at.
    pub events: u64,
    /// Rules evaluated because a witness was seen, or because they have none.
    pub candidates: u64,
    /// Of these, rules without a witness.
    pub always_evaluated: u64,
}

/// The values of the event at hand that the program looks at.
#[derive(Debug, Default)]
pub(crate) struct Event {
    /// By slot: the first and the last of its values.
    by_slot: Vec<(u32, u32)>,
    pub(crate) values: Vec<SlotValue>,
    /// Folded texts, one behind the other.
    pub(crate) folded: Vec<u8>,
    /// Some value holds a letter that folding cannot vouch for: every member is a candidate.
    pub(crate) is_odd: bool,
}

/// One value of a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotValue {
    slot: u32,
    /// Place of the field in the event.
    pub(crate) field: u32,
    /// The next value of the same slot.
    next: u32,
    /// Where its folded text stands; `None` until somebody asks.
    pub(crate) folded: Option<(u32, u32)>,
}

/// What a thread keeps per program.
#[derive(Debug)]
struct State {
    program: Arc<Program>,
    /// Slots of the fields of the last event, in its order: events of one kind look alike.
    shape: Vec<(String, u32)>,
    /// By member: an event, and the bits of the witness sets seen in it.
    seen: Vec<(u32, u8)>,
    /// By witness: hits in this round.
    witness_hits: Vec<u32>,
    events: u32,
    /// Grams of this round's values, on top of those of the rounds before; `None` when all has been learned.
    grams: Option<GramCounts>,
}

impl State {
    fn new(program: Arc<Program>) -> Self {
        let (members, witnesses) = (program.members.len(), program.witnesses.len());
        let grams = (program.generation < LEARN_ROUNDS).then(|| program.learned.grams.clone());
        Self {
            program,
            shape: Vec::new(),
            seen: vec![(0, 0); members],
            witness_hits: vec![0; witnesses],
            events: 0,
            grams,
        }
    }
}

impl Scratch {
    pub(crate) fn new(predicates: usize, programs: usize) -> Self {
        let states = (0..programs).map(|_| None).collect();
        Self {
            event: Event::default(),
            memo: Memo::new(predicates),
            candidates: Vec::new(),
            states,
            counters: Counters::default(),
        }
    }

    /// What was done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    pub(crate) fn run<'a>(
        &mut self,
        set: &Lowered,
        cell: &ProgramCell,
        number: usize,
        fields: &'a [Field<'a>],
        arena: &'a Arena,
        hits: &mut Vec<Hit>,
    ) {
        let Some(place) = self.states.get_mut(number) else { return };
        let mut state = place.take().unwrap_or_else(|| State::new(cell.current(set)));
        if self.memo.next_event() {
            state.seen.fill((0, 0));
            self.states.iter_mut().flatten().for_each(|state| state.seen.fill((0, 0)));
        }
        self.event.load(&mut state, fields);
        self.find_candidates(&mut state, fields);
        self.counters.events += 1;
        self.counters.candidates += self.candidates.len() as u64;
        self.counters.always_evaluated += state.program.always.len() as u64;
        self.evaluate(set, &state.program, fields, arena, hits);
        state = learn(state, set, cell);
        if let Some(place) = self.states.get_mut(number) {
            *place = Some(state);
        }
    }

    fn find_candidates(&mut self, state: &mut State, fields: &[Field<'_>]) {
        let State { program, seen, witness_hits, grams, events, .. } = state;
        let mut grams = grams.as_mut().filter(|_| *events < GRAM_EVENTS);
        let (candidates, stamp) = (&mut self.candidates, self.memo.stamp());
        candidates.clear();
        candidates.extend_from_slice(&program.always);
        let mut found = |id: WitnessId| {
            witness_hits.get_mut(id.0 as usize).into_iter().for_each(|hits| *hits += 1);
            for (member, bit) in program.members_of(id) {
                let place = *member as usize;
                let complete = seen
                    .get_mut(place)
                    .zip(program.sets_of.get(place))
                    .is_some_and(|(seen, sets)| note(seen, stamp, *bit, *sets));
                candidates.extend(complete.then_some(*member));
            }
        };
        for at in 0..self.event.values.len() {
            let Some(tables) = self.event.values.get(at).and_then(|value| program.slots.get(value.slot as usize))
            else {
                continue;
            };
            if tables.has_witness
                && let Some(folded) = self.event.folded(at, fields)
            {
                tables.find(folded, &mut found);
                grams.iter_mut().for_each(|counts| tables.count_grams(folded, counts));
            }
        }
        if let Some(keywords) = &program.keywords {
            keywords.find(&self.event.folded, &mut found);
        }
        if self.event.is_odd {
            candidates.clear();
            candidates.extend(0..u32::try_from(program.members.len()).unwrap_or(u32::MAX));
        }
    }

    fn evaluate<'a>(
        &mut self,
        set: &Lowered,
        program: &Program,
        fields: &'a [Field<'a>],
        arena: &'a Arena,
        hits: &mut Vec<Hit>,
    ) {
        let from = hits.len();
        let mut evaluator = Evaluator { set, program, fields, arena, event: &mut self.event, memo: &mut self.memo };
        for candidate in &self.candidates {
            let Some(member) = program.members.get(*candidate as usize) else { continue };
            if evaluator.holds(*candidate) {
                hits.push(Hit { rule: member.rule, source: member.source });
            }
        }
        hits.get_mut(from..).unwrap_or_default().sort_unstable();
    }
}

impl Event {
    /// Finds the fields that the program looks at; where it asks every value, all that could answer are folded at once.
    fn load(&mut self, state: &mut State, fields: &[Field<'_>]) {
        self.values.clear();
        self.folded.clear();
        self.is_odd = false;
        self.by_slot.clear();
        self.by_slot.resize(state.program.slots.len(), (NONE, NONE));
        let keyword_bytes_min = if state.program.looks_at_all { state.program.keyword_bytes_min } else { usize::MAX };
        for (at, field) in fields.iter().enumerate() {
            let slot = slot_in_shape(&mut state.shape, &state.program, at, field.name);
            let written = if may_reach(field.value, keyword_bytes_min) { self.write(field) } else { None };
            if slot != NO_SLOT {
                self.push(slot, at, written);
            }
        }
        self.is_odd = fold_in_place(&mut self.folded);
    }

    /// Puts the text of a field behind the others, closed by a zero byte; `None` when it is null.
    fn write(&mut self, field: &Field<'_>) -> Option<(u32, u32)> {
        let start = u32::try_from(self.folded.len()).ok()?;
        if !field.value.write_text(&mut self.folded) {
            return None;
        }
        let end = u32::try_from(self.folded.len()).ok()?;
        self.folded.push(0);
        Some((start, end))
    }

    fn push(&mut self, slot: u32, field: usize, folded: Option<(u32, u32)>) {
        let (Ok(field), Ok(place)) = (u32::try_from(field), u32::try_from(self.values.len())) else { return };
        self.values.push(SlotValue { slot, field, next: NONE, folded });
        let Some((first, last)) = self.by_slot.get_mut(slot as usize) else { return };
        if *first == NONE {
            *first = place;
        }
        let before = std::mem::replace(last, place);
        if let Some(before) = self.values.get_mut(before as usize) {
            before.next = place;
        }
    }

    /// The place of the first value of a slot, `None` when the event has none.
    pub(crate) fn first(&self, slot: u32) -> Option<usize> {
        let (first, _) = *self.by_slot.get(slot as usize)?;
        (first != NONE).then_some(first as usize)
    }

    /// The place of the next value of the same slot.
    pub(crate) fn next(&self, place: usize) -> Option<usize> {
        let next = self.values.get(place)?.next;
        (next != NONE).then_some(next as usize)
    }

    /// The folded text of a value; `None` when it is null.
    pub(crate) fn folded(&mut self, place: usize, fields: &[Field<'_>]) -> Option<&[u8]> {
        let value = *self.values.get(place)?;
        let range = match value.folded {
            Some(known) => known,
            None => {
                let fresh = self.write(fields.get(value.field as usize)?)?;
                self.is_odd |= fold_in_place(self.folded.get_mut(fresh.0 as usize..)?);
                self.values.get_mut(place)?.folded = Some(fresh);
                fresh
            }
        };
        self.folded.get(range.0 as usize..range.1 as usize)
    }
}

/// Whether a value can have so many bytes. What escapes stand for is not counted.
#[inline]
fn may_reach(value: Value<'_>, bytes: usize) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Escaped(_) => bytes < usize::MAX,
        Value::Number(text) | Value::Text(text) => text.len() >= bytes,
    }
}

/// Notes that a witness set of a member was seen in the event `stamp`; whether this was the last one missing.
fn note(seen: &mut (u32, u8), stamp: u32, bit: u8, sets: u8) -> bool {
    let before = if seen.0 == stamp { seen.1 } else { 0 };
    *seen = (stamp, before | bit);
    before != sets && before | bit == sets
}

/// The slot of the field at a place: as in the last event when the name is the same, else by name.
fn slot_in_shape(shape: &mut Vec<(String, u32)>, program: &Program, at: usize, name: &str) -> u32 {
    match shape.get_mut(at) {
        Some((known, slot)) if is_same(known.as_bytes(), name.as_bytes()) => *slot,
        Some((known, slot)) => {
            known.clear();
            known.push_str(name);
            *slot = program.slot_named(name);
            *slot
        }
        None => {
            let slot = program.slot_named(name);
            shape.push((name.to_owned(), slot));
            slot
        }
    }
}

/// Whether two names are equal. Names of fields have some ten bytes: two overlapping words decide most of them, where a call to compare memory costs more.
#[inline]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match (a.first_chunk::<8>().zip(a.last_chunk::<8>()), b.first_chunk::<8>().zip(b.last_chunk::<8>())) {
        (Some(ends), Some(others)) => ends == others && (a.len() <= 16 || a == b),
        _ => a.iter().zip(b).all(|(a, b)| a == b),
    }
}

/// Counts the event and, at the end of a round, has the witnesses chosen anew by what was seen.
fn learn(mut state: State, set: &Lowered, cell: &ProgramCell) -> State {
    state.events += 1;
    let round = state.program.generation;
    if state.grams.is_none() || state.events < LEARN_EVENTS_FIRST << round {
        return state;
    }
    let mut learned =
        Learned { hits: state.program.learned.hits.clone(), grams: state.grams.take().unwrap_or_default() };
    for (witness, hits) in state.program.witnesses.iter().zip(&state.witness_hits) {
        learned.add(witness, *hits, state.events);
    }
    cell.relearn(set, &state.program, learned);
    State::new(cell.current(set))
}
