//! The expressions of a program as one flat table of steps: each asks one question of the values of one slot and names the step to go to on yes and on no.
//! AND, OR and NOT are nothing but where these lead, so deciding a rule walks forward through neighbouring memory.

use rustc_hash::FxHashMap;

use super::grams::GramCounts;
use super::program::SlotTables;
use super::route::Member;
use super::witness::WitnessId;
use crate::compile::{FieldId, Lowered, Node, NodeId, Place, PredId, Test};

/// Parts of an OR from which on they are decided together when all are literals on one field.
const LITERAL_SET_MIN: usize = 6;

/// Where a rule that matches leads.
pub(crate) const ACCEPT: u32 = u32::MAX;

/// Where a rule that does not match leads. No table has as many steps: numbers from here on are no steps.
pub(crate) const REJECT: u32 = u32::MAX - 1;

/// One question and where its answers lead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) ask: Ask,
    /// The slot whose values are asked; of no meaning for [`Ask::Other`].
    pub(crate) slot: u32,
    pub(crate) yes: u32,
    pub(crate) no: u32,
}

/// What is asked of the values of a slot: whether one of them is as said.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    /// The folded value is this text.
    Equals(Text),
    /// The folded value starts with this text.
    Starts(Text),
    /// The folded value ends with this text.
    Ends(Text),
    /// The folded value holds the literal of this predicate.
    Contains(PredId),
    /// One of a list of literals stands at its place.
    AnyOf(u32),
    /// There is a value, be it null.
    Present,
    /// There is a value that is not null.
    HasText,
    /// Every other predicate.
    Other(PredId),
}

/// A text among [`Code::texts`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    start: u32,
    length: u32,
}

/// The steps of all members of a program.
#[derive(Debug, Default)]
pub(crate) struct Code {
    steps: Vec<Step>,
    /// By member: its first step, or [`ACCEPT`] or [`REJECT`].
    starts: Vec<u32>,
    texts: Vec<u8>,
    sets: Vec<SlotTables>,
}

impl Code {
    /// The step at a place; `None` where the way ends.
    #[inline]
    pub(crate) fn step(&self, at: u32) -> Option<&Step> {
        self.steps.get(at as usize)
    }

    /// Where a member begins.
    pub(crate) fn start(&self, member: u32) -> u32 {
        self.starts.get(member as usize).copied().unwrap_or(REJECT)
    }

    #[inline]
    pub(crate) fn text(&self, text: Text) -> &[u8] {
        let start = text.start as usize;
        self.texts.get(start..start + text.length as usize).unwrap_or_default()
    }

    pub(crate) fn set(&self, number: u32) -> Option<&SlotTables> {
        self.sets.get(number as usize)
    }
}

/// Builds a [`Code`] from behind: where an answer leads is always there already.
pub(crate) struct Assembler<'s> {
    set: &'s Lowered,
    /// Slot by field number.
    slots: &'s [u32],
    code: Code,
    set_of: FxHashMap<NodeId, Option<(u32, FieldId)>>,
    text_of: FxHashMap<&'s str, Text>,
}

impl<'s> Assembler<'s> {
    pub(crate) fn new(set: &'s Lowered, slots: &'s [u32]) -> Self {
        Self { set, slots, code: Code::default(), set_of: FxHashMap::default(), text_of: FxHashMap::default() }
    }

    pub(crate) fn assemble(mut self, members: &[Member]) -> Code {
        for member in members {
            let start = self.node(member.root, ACCEPT, REJECT);
            self.code.starts.push(start);
        }
        // built from behind, run from the front
        self.code.steps.reverse();
        let count = number(self.code.steps.len());
        let turned = |at: u32| if at < count { count - 1 - at } else { at };
        for step in &mut self.code.steps {
            (step.yes, step.no) = (turned(step.yes), turned(step.no));
        }
        self.code.starts.iter_mut().for_each(|start| *start = turned(*start));
        self.code
    }

    /// The first step of an expression that goes on to `yes` or `no`.
    fn node(&mut self, node: NodeId, yes: u32, no: u32) -> u32 {
        let set = self.set;
        match set.get_node(node) {
            Node::Never => no,
            Node::Not(part) => self.node(*part, no, yes),
            Node::All(parts) => parts.iter().rev().fold(yes, |yes, part| self.node(*part, yes, no)),
            Node::Any(parts) => match self.literal_set(node, parts) {
                Some((number, field)) => self.push(Ask::AnyOf(number), self.slot(field), yes, no),
                None => parts.iter().rev().fold(no, |no, part| self.node(*part, yes, no)),
            },
            Node::Predicate(id) => self.predicate(*id, yes, no),
        }
    }

    fn predicate(&mut self, id: PredId, yes: u32, no: u32) -> u32 {
        let set = self.set;
        let Some(predicate) = set.get_predicate(id) else { return no };
        let Some(field) = predicate.field else { return self.push(Ask::Other(id), 0, yes, no) };
        let slot = self.slot(field);
        match &predicate.test {
            Test::Literal { place, text, cased: false } => {
                let ask = match place {
                    Place::Exact => Ask::Equals(self.text(text)),
                    Place::Prefix => Ask::Starts(self.text(text)),
                    Place::Suffix => Ask::Ends(self.text(text)),
                    Place::Contains => Ask::Contains(id),
                };
                self.push(ask, slot, yes, no)
            }
            Test::Exists(true) => self.push(Ask::Present, slot, yes, no),
            Test::Exists(false) => self.push(Ask::Present, slot, no, yes),
            Test::Null => self.push(Ask::HasText, slot, no, yes),
            _ => self.push(Ask::Other(id), slot, yes, no),
        }
    }

    fn push(&mut self, ask: Ask, slot: u32, yes: u32, no: u32) -> u32 {
        let at = number(self.code.steps.len());
        self.code.steps.push(Step { ask, slot, yes, no });
        at
    }

    fn slot(&self, field: FieldId) -> u32 {
        self.slots.get(field.0 as usize).copied().unwrap_or_default()
    }

    fn text(&mut self, text: &'s str) -> Text {
        let code = &mut self.code;
        *self.text_of.entry(text).or_insert_with(|| {
            let start = number(code.texts.len());
            code.texts.extend_from_slice(text.as_bytes());
            Text { start, length: number(text.len()) }
        })
    }

    /// The number of the table that decides an OR, and its field, when all its parts are literals on one field and they are many.
    fn literal_set(&mut self, node: NodeId, parts: &[NodeId]) -> Option<(u32, FieldId)> {
        if parts.len() < LITERAL_SET_MIN {
            return None;
        }
        if let Some(known) = self.set_of.get(&node) {
            return *known;
        }
        let built = literals(self.set, parts).map(|(field, literals)| {
            let numbered = literals.into_iter().zip((0u32..).map(WitnessId));
            let texts = numbered.map(|((place, text), id)| (place, text.as_bytes(), id));
            self.code.sets.push(SlotTables::build(texts, &GramCounts::default()));
            (number(self.code.sets.len() - 1), field)
        });
        self.set_of.insert(node, built);
        built
    }
}

/// The literals of an OR, when it has nothing but literals on one field.
fn literals<'s>(set: &'s Lowered, parts: &[NodeId]) -> Option<(FieldId, Vec<(Place, &'s str)>)> {
    let mut literals = Vec::with_capacity(parts.len());
    let mut field = None;
    for part in parts {
        let Node::Predicate(id) = set.get_node(*part) else { return None };
        let predicate = set.get_predicate(*id)?;
        let Test::Literal { place, text, cased: false } = &predicate.test else { return None };
        if text.is_empty() || *field.get_or_insert(predicate.field?) != predicate.field? {
            return None;
        }
        literals.push((*place, &**text));
    }
    Some((field?, literals))
}

/// Steps and texts stay far below this: a program of 4 G steps does not fit in memory.
fn number(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(REJECT)
}
