//! A program: the rules of one group of log sources with the tables that find their witnesses.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use super::grams::{Grams, Keywords};
use super::literals::{End, Ends, Exacts};
use super::route::Member;
use super::witness::{Learned, Witness, WitnessId, choose};
use crate::compile::{FieldId, Lowered, Node, NodeId, Place, Test};

/// No slot: the program does not look at the field.
pub(crate) const NO_SLOT: u16 = u16::MAX;

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
    slot_of_field: Vec<u16>,
    slot_by_name: FxHashMap<Box<str>, u16>,
    /// Witness tables by slot.
    pub(crate) slots: Vec<SlotTables>,
    /// Whether some rule asks every value of the event: then all are folded.
    pub(crate) looks_at_all: bool,
    /// Literals looked for in every value.
    pub(crate) keywords: Option<Keywords>,
    pub(crate) witnesses: Vec<Witness>,
    /// By witness: the members that look for it, each with the bit of the witness set it belongs to.
    pub(crate) members_of: Vec<Box<[(u32, u8)]>>,
    /// By member: the bits of all its witness sets.
    pub(crate) sets_of: Vec<u8>,
    /// Members without a witness.
    pub(crate) always: Vec<u32>,
    pub(crate) learned: Learned,
    /// Lists of literals on one field, decided in one pass.
    literal_sets: Arc<FxHashMap<NodeId, LiteralSet>>,
}

/// Parts of an OR from which on they are decided together when all are literals on one field.
const LITERAL_SET_MIN: usize = 6;

/// An OR whose parts are all literals on one field.
#[derive(Debug)]
pub(crate) struct LiteralSet {
    pub(crate) field: FieldId,
    pub(crate) tables: SlotTables,
}

/// The lists of literals within the expressions of the members.
fn literal_sets(set: &Lowered, members: &[Member]) -> FxHashMap<NodeId, LiteralSet> {
    let mut found = FxHashMap::default();
    let mut open: Vec<NodeId> = members.iter().map(|member| member.root).collect();
    while let Some(node) = open.pop() {
        match set.get_node(node) {
            Node::Never | Node::Predicate(_) => {}
            Node::Not(part) => open.push(*part),
            Node::All(parts) => open.extend(parts),
            Node::Any(parts) => {
                open.extend(parts);
                let literals = if parts.len() < LITERAL_SET_MIN { None } else { LiteralSet::build(set, parts) };
                found.extend(literals.map(|literals| (node, literals)));
            }
        }
    }
    found
}

impl LiteralSet {
    fn build(set: &Lowered, parts: &[NodeId]) -> Option<Self> {
        let mut literals = Vec::with_capacity(parts.len());
        let mut field = None;
        for part in parts {
            let Node::Predicate(id) = set.get_node(*part) else { return None };
            let predicate = set.get_predicate(*id)?;
            let Test::Literal { place, text, cased: false } = &predicate.test else { return None };
            if text.is_empty() || *field.get_or_insert(predicate.field?) != predicate.field? {
                return None;
            }
            literals.push((*place, text.as_bytes()));
        }
        let ids = (0u32..).map(WitnessId);
        Some(Self {
            field: field?,
            tables: SlotTables::build(literals.iter().zip(ids).map(|((place, text), id)| (*place, *text, id))),
        })
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
    fn build<'l>(literals: impl Iterator<Item = (Place, &'l [u8], WitnessId)>) -> Self {
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
            grams: Grams::build(&contains),
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
        let literal_sets =
            before.map_or_else(|| Arc::new(literal_sets(set, members)), |before| Arc::clone(&before.literal_sets));
        let mut program = Self {
            generation: before.map_or(0, |before| before.generation + 1),
            members: members.to_vec(),
            slot_of_field: Vec::new(),
            slot_by_name: FxHashMap::default(),
            slots: Vec::new(),
            looks_at_all: false,
            keywords: None,
            witnesses: Vec::new(),
            members_of: Vec::new(),
            sets_of: Vec::new(),
            always: Vec::new(),
            learned,
            literal_sets,
        };
        members.iter().for_each(|member| program.add_fields(set, member.root));
        program.choose_witnesses(set);
        program.fill_tables();
        program
    }

    pub(crate) fn slot_named(&self, name: &str) -> u16 {
        self.slot_by_name.get(name).copied().unwrap_or(NO_SLOT)
    }

    pub(crate) fn slot_of(&self, field: FieldId) -> u16 {
        self.slot_of_field.get(field.0 as usize).copied().unwrap_or(NO_SLOT)
    }

    fn add_fields(&mut self, set: &Lowered, node: NodeId) {
        match set.get_node(node) {
            Node::Never => {}
            Node::Not(part) => self.add_fields(set, *part),
            Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| self.add_fields(set, *part)),
            Node::Predicate(id) => {
                let Some(predicate) = set.get_predicate(*id) else { return };
                self.looks_at_all |= predicate.field.is_none();
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
        *slot = u16::try_from(self.slots.len()).unwrap_or(NO_SLOT);
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
        self.members_of = members_of.into_iter().map(Into::into).collect();
    }

    fn fill_tables(&mut self) {
        let mut by_slot: Vec<Vec<(Place, &[u8], WitnessId)>> = vec![Vec::new(); self.slots.len()];
        let mut keywords = Vec::new();
        for (number, witness) in (0u32..).zip(&self.witnesses) {
            let (id, text) = (WitnessId(number), witness.text.as_bytes());
            let Some(field) = witness.field else {
                keywords.push((text, id));
                continue;
            };
            let slot = self.slot_of_field.get(field.0 as usize).copied().unwrap_or(NO_SLOT);
            by_slot.get_mut(usize::from(slot)).into_iter().for_each(|list| list.push((witness.place, text, id)));
        }
        self.slots = by_slot.into_iter().map(|literals| SlotTables::build(literals.into_iter())).collect();
        self.keywords = Keywords::build(&keywords);
    }

    /// The table that decides an OR of so many parts, if it has one.
    pub(crate) fn literal_set(&self, node: NodeId, parts: usize) -> Option<&LiteralSet> {
        if parts < LITERAL_SET_MIN { None } else { self.literal_sets.get(&node) }
    }
}
