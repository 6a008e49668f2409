//! A program: the rules of one group of log sources with the tables that find their witnesses.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use super::code::{Assembler, Code};
use super::grams::{GramCounts, Grams, Keywords};
use super::literals::{End, Ends, Exacts};
use super::route::Member;
use super::witness::{LEARN_ROUNDS, Learned, Witness, WitnessId, choose};
use crate::compile::{FieldId, Lowered, Node, NodeId, Place, Test};

/// No slot: the program does not look at the field.
pub(crate) const NO_SLOT: u32 = u32::MAX;

/// A program that is built when its first event comes and exchanged when the traffic has taught a better choice of witnesses.
#[derive(Debug)]
pub(crate) struct ProgramCell {
    members: Vec<Member>,
    built: OnceLock<RwLock<Arc<Program>>>,
}

impl ProgramCell {
    pub(crate) fn new(members: Vec<Member>) -> Self {
        Self { members, built: OnceLock::new() }
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// The program as it is now.
    pub(crate) fn current(&self, set: &Lowered) -> Arc<Program> {
        let cell = self
            .built
            .get_or_init(|| RwLock::new(Arc::new(Program::build(set, &self.members, None, Learned::default()))));
        Arc::clone(&cell.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Exchanges the program for one that knows the traffic, unless another thread already did.
    pub(crate) fn relearn(&self, set: &Lowered, known: &Program, learned: Learned) {
        let Some(cell) = self.built.get() else { return };
        let next = Arc::new(Program::build(set, &self.members, Some(known), learned));
        let mut current = cell.write().unwrap_or_else(PoisonError::into_inner);
        if current.generation == known.generation {
            *current = next;
        }
    }
}

/// The tables of a program. All numbers of rules in it count its own members.
#[derive(Debug)]
pub(crate) struct Program {
    /// How often it was exchanged.
    pub(crate) generation: u32,
    pub(crate) members: Vec<Member>,
    /// Slot by field number; [`NO_SLOT`] where the program does not look.
    slot_of_field: Vec<u32>,
    slot_by_name: FxHashMap<Box<str>, u32>,
    /// Witness tables by slot.
    pub(crate) slots: Vec<SlotTables>,
    /// Whether some rule asks every value of the event: then all are folded.
    pub(crate) looks_at_all: bool,
    /// Bytes of the shortest literal looked for in every value: a shorter value holds none.
    pub(crate) keyword_bytes_min: usize,
    /// Literals looked for in every value.
    pub(crate) keywords: Option<Keywords>,
    pub(crate) witnesses: Vec<Witness>,
    /// By witness: the members that look for it.
    members_of: Seekers,
    /// By member: the bits of all its witness sets.
    pub(crate) sets_of: Vec<u8>,
    /// Members without a witness.
    pub(crate) always: Vec<u32>,
    pub(crate) learned: Learned,
    /// What decides a member; the same whatever witnesses are chosen.
    pub(crate) code: Arc<Code>,
}

/// By witness: the members that look for it, each with the bit of the witness set it belongs to.
#[derive(Debug, Default)]
struct Seekers {
    /// By witness, and one more: where its members start.
    starts: Vec<u32>,
    members: Vec<(u32, u8)>,
}

impl Seekers {
    fn new(lists: &[Vec<(u32, u8)>]) -> Self {
        let ends = lists.iter().scan(0, |end, list| {
            *end += u32::try_from(list.len()).unwrap_or_default();
            Some(*end)
        });
        Self { starts: std::iter::once(0).chain(ends).collect(), members: lists.concat() }
    }

    #[inline]
    fn of(&self, witness: WitnessId) -> &[(u32, u8)] {
        let bounds = self.starts.get(witness.0 as usize..).and_then(<[u32]>::first_chunk);
        bounds.and_then(|[start, end]| self.members.get(*start as usize..*end as usize)).unwrap_or_default()
    }
}

/// What is looked for in the values of one field.
#[derive(Debug, Default)]
pub(crate) struct SlotTables {
    exacts: Exacts,
    prefixes: Ends,
    suffixes: Ends,
    grams: Option<Grams>,
    /// Whether anything is looked for at all.
    pub(crate) has_witness: bool,
}

impl SlotTables {
    /// Counts the grams of a value in which literals are looked for anywhere.
    pub(crate) fn count_grams(&self, value: &[u8], counts: &mut GramCounts) {
        if self.grams.is_some() {
            counts.add(value);
        }
    }

    pub(crate) fn build<'l>(literals: impl Iterator<Item = (Place, &'l [u8], WitnessId)>, seen: &GramCounts) -> Self {
        let (mut exacts, mut prefixes, mut suffixes, mut contains) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (place, text, id) in literals {
            let list = match place {
                Place::Exact => &mut exacts,
                Place::Prefix => &mut prefixes,
                Place::Suffix => &mut suffixes,
                Place::Contains => &mut contains,
            };
            list.push((text, id));
        }
        Self {
            has_witness: [&exacts, &prefixes, &suffixes, &contains].into_iter().any(|list| !list.is_empty()),
            exacts: Exacts::build(&exacts),
            prefixes: Ends::build(&prefixes, End::Start),
            suffixes: Ends::build(&suffixes, End::Tail),
            grams: Grams::build(&contains, seen),
        }
    }

    /// Whether any literal stands in the value.
    pub(crate) fn holds(&self, value: &[u8]) -> bool {
        let mut holds = false;
        self.find(value, &mut |_| holds = true);
        holds
    }

    pub(crate) fn find(&self, value: &[u8], found: &mut impl FnMut(WitnessId)) {
        self.exacts.find(value, found);
        self.prefixes.find(value, End::Start, found);
        self.suffixes.find(value, End::Tail, found);
        if let Some(grams) = &self.grams {
            grams.find(value, found);
        }
    }
}

impl Program {
    /// The program of some members, after `before` when there was one already.
    fn build(set: &Lowered, members: &[Member], before: Option<&Self>, learned: Learned) -> Self {
        let mut program = Self {
            generation: before.map_or(0, |before| before.generation + 1),
            members: members.to_vec(),
            slot_of_field: Vec::new(),
            slot_by_name: FxHashMap::default(),
            slots: Vec::new(),
            looks_at_all: false,
            keyword_bytes_min: usize::MAX,
            keywords: None,
            witnesses: Vec::new(),
            members_of: Seekers::default(),
            sets_of: Vec::new(),
            always: Vec::new(),
            learned,
            code: before.map(|before| Arc::clone(&before.code)).unwrap_or_default(),
        };
        members.iter().for_each(|member| program.add_fields(set, member.root));
        if before.is_none() {
            program.code = Arc::new(Assembler::new(set, &program.slot_of_field).assemble(members));
        }
        program.choose_witnesses(set);
        program.fill_tables();
        if program.generation >= LEARN_ROUNDS {
            program.learned = Learned::default();
        }
        program
    }

    pub(crate) fn slot_named(&self, name: &str) -> u32 {
        self.slot_by_name.get(name).copied().unwrap_or(NO_SLOT)
    }

    /// The members that look for a witness, each with the bit of the witness set it belongs to.
    #[inline]
    pub(crate) fn members_of(&self, witness: WitnessId) -> &[(u32, u8)] {
        self.members_of.of(witness)
    }

    fn add_fields(&mut self, set: &Lowered, node: NodeId) {
        match set.get_node(node) {
            Node::Never => {}
            Node::Not(part) => self.add_fields(set, *part),
            Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| self.add_fields(set, *part)),
            Node::Predicate(id) => {
                let Some(predicate) = set.get_predicate(*id) else { return };
                self.looks_at_all |= predicate.field.is_none();
                if let (None, Test::Literal { text, .. }) = (predicate.field, &predicate.test) {
                    self.keyword_bytes_min = self.keyword_bytes_min.min(text.len());
                }
                predicate.field.into_iter().for_each(|field| self.add_field(set, field));
                if let Test::FieldRef { field, .. } = &predicate.test {
                    self.add_field(set, *field);
                }
            }
        }
    }

    fn add_field(&mut self, set: &Lowered, field: FieldId) {
        let number = field.0 as usize;
        if self.slot_of_field.len() <= number {
            self.slot_of_field.resize(number + 1, NO_SLOT);
        }
        let Some(slot) = self.slot_of_field.get_mut(number).filter(|slot| **slot == NO_SLOT) else { return };
        *slot = u32::try_from(self.slots.len()).unwrap_or(NO_SLOT);
        self.slot_by_name.insert(set.field_name(field).into(), *slot);
        self.slots.push(SlotTables::default());
    }

    fn choose_witnesses(&mut self, set: &Lowered) {
        let mut ids: FxHashMap<Witness, WitnessId> = FxHashMap::default();
        let mut members_of: Vec<Vec<(u32, u8)>> = Vec::new();
        for (number, member) in (0u32..).zip(&self.members) {
            let sets = choose(set, member.root, &self.learned);
            if sets.is_empty() {
                self.always.push(number);
            }
            self.sets_of.push(if sets.len() > 1 { 0b11 } else { 0b01 });
            let witnesses = sets
                .into_iter()
                .zip([0b01, 0b10])
                .flat_map(|(set, bit)| set.into_iter().map(move |witness| (witness, bit)));
            for (witness, bit) in witnesses {
                let fresh = WitnessId(u32::try_from(ids.len()).unwrap_or(u32::MAX));
                let id = *ids.entry(witness).or_insert(fresh);
                members_of.resize_with(ids.len(), Vec::new);
                members_of.get_mut(id.0 as usize).into_iter().for_each(|members| members.push((number, bit)));
            }
        }
        let mut numbered: Vec<(WitnessId, Witness)> = ids.into_iter().map(|(witness, id)| (id, witness)).collect();
        numbered.sort_unstable();
        self.witnesses = numbered.into_iter().map(|(_, witness)| witness).collect();
        self.members_of = Seekers::new(&members_of);
    }

    fn fill_tables(&mut self) {
        let mut by_slot: Vec<Vec<(Place, &[u8], WitnessId)>> = vec![Vec::new(); self.slots.len()];
        let mut keywords = Vec::new();
        for (number, witness) in (0u32..).zip(&self.witnesses) {
            let (id, text) = (WitnessId(number), witness.text.as_bytes());
            let Some(field) = witness.field else {
                self.keyword_bytes_min = self.keyword_bytes_min.min(text.len());
                keywords.push((text, id));
                continue;
            };
            let slot = self.slot_of_field.get(field.0 as usize).copied().unwrap_or(NO_SLOT);
            by_slot.get_mut(slot as usize).into_iter().for_each(|list| list.push((witness.place, text, id)));
        }
        self.slots =
            by_slot.into_iter().map(|literals| SlotTables::build(literals.into_iter(), &self.learned.grams)).collect();
        self.keywords = Keywords::build(&keywords, &self.learned.grams);
    }
}
