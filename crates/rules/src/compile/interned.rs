//! The tables that all rules share: fields, predicates and nodes, each kept once.
//!
//! [`Interner`] numbers them while rules are lowered and is dropped then; [`Lowered`] is what remains.

use std::collections::hash_map::Entry;
use std::hash::{BuildHasher as _, Hash};
use std::sync::OnceLock;

use memchr::memmem::Finder;
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::{Deserialize, Serialize};

use super::predicate::{FieldId, Node, NodeId, Place, PredId, Predicate, Test};

/// Deepest expression that is read back. Lists and conditions of rules are nested at most 64 deep each.
const DEPTH_MAX: usize = 512;
/// Most questions of one expression that is read back, shared ones counted each time: a rule file of the largest size has fewer.
const QUESTIONS_MAX: u32 = 1 << 22;

/// Fields, predicates and nodes by their numbers. A node comes after its parts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Lowered {
    fields: Vec<Box<str>>,
    predicates: Vec<Predicate>,
    nodes: Vec<Node>,
    /// Searchers by predicate, for literals that may stand anywhere; each built when it is first asked for.
    #[serde(skip)]
    finders: Vec<OnceLock<Box<Finder<'static>>>>,
}

impl Lowered {
    /// Tables that were kept: `None` when they are none that lowering makes. What is sound here neither loops, nor recurses deeper than
    /// [`DEPTH_MAX`], nor asks more than [`QUESTIONS_MAX`].
    pub(crate) fn checked(mut self) -> Option<Self> {
        self.finders.resize_with(self.predicates.len(), OnceLock::new);
        let are_sound = self.predicates.iter().all(|predicate| predicate.is_sound(self.fields.len()));
        (are_sound && self.nodes_are_sound()).then_some(self)
    }

    /// Whether each node comes after its parts and stays within the bounds.
    fn nodes_are_sound(&self) -> bool {
        let mut extents = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let extent = match node {
                Node::Never => Some(Extent::LEAF),
                Node::Predicate(id) => self.get_predicate(*id).map(|_| Extent::LEAF),
                Node::Not(part) => Extent::over(&extents, std::slice::from_ref(part)),
                Node::All(parts) | Node::Any(parts) => Extent::over(&extents, parts),
            };
            match extent {
                Some(extent) if extent.depth <= DEPTH_MAX && extent.questions <= QUESTIONS_MAX => extents.push(extent),
                _ => return false,
            }
        }
        true
    }

    /// Whether there is a node of this number.
    pub(crate) fn has_node(&self, id: NodeId) -> bool {
        self.nodes.get(id.0 as usize).is_some()
    }

    pub(crate) fn field_name(&self, id: FieldId) -> &str {
        self.fields.get(id.0 as usize).map_or("", AsRef::as_ref)
    }

    pub(crate) fn get_predicate(&self, id: PredId) -> Option<&Predicate> {
        self.predicates.get(id.0 as usize)
    }

    /// The searcher of a predicate on a literal that may stand anywhere.
    pub(crate) fn finder(&self, id: PredId) -> Option<&Finder<'static>> {
        let Test::Literal { place: Place::Contains, text, .. } = &self.get_predicate(id)?.test else { return None };
        let cell = self.finders.get(id.0 as usize)?;
        Some(cell.get_or_init(|| Box::new(Finder::new(text.as_bytes()).into_owned())))
    }

    /// Folded literals of which the regular expression of a predicate needs one; empty when it needs none.
    pub(crate) fn required(&self, id: PredId) -> &[Finder<'static>] {
        match self.get_predicate(id).map(|predicate| &predicate.test) {
            Some(Test::Regex(regular)) => regular.required(),
            _ => &[],
        }
    }

    pub(crate) fn get_node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.0 as usize).unwrap_or(&Node::Never)
    }

    pub(crate) fn predicate_count(&self) -> usize {
        self.predicates.len()
    }
}

/// How far an expression reaches.
struct Extent {
    depth: usize,
    /// Questions below it, shared ones counted each time.
    questions: u32,
}

impl Extent {
    const LEAF: Self = Self { depth: 0, questions: 1 };

    /// Of an expression over parts, all of which must be known already.
    fn over(known: &[Self], parts: &[NodeId]) -> Option<Self> {
        let mut all = Self::LEAF;
        for part in parts {
            let below = known.get(part.0 as usize)?;
            all.depth = all.depth.max(below.depth + 1);
            all.questions = all.questions.saturating_add(below.questions);
        }
        Some(all)
    }
}

/// Numbers fields, predicates and nodes as they come: equal ones get one number.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    lowered: Lowered,
    field_ids: FxHashMap<Box<str>, FieldId>,
    predicate_ids: Numbers,
    node_ids: Numbers,
    /// By node: what deciding it costs at most, in units of one comparison of bytes.
    costs: Vec<u32>,
}

impl Interner {
    /// What was numbered so far.
    pub(crate) const fn so_far(&self) -> &Lowered {
        &self.lowered
    }

    /// What was numbered, without what numbering needed.
    pub(crate) fn finish(self) -> Lowered {
        let mut lowered = self.lowered;
        lowered.fields.shrink_to_fit();
        lowered.predicates.shrink_to_fit();
        lowered.nodes.shrink_to_fit();
        lowered.finders.shrink_to_fit();
        lowered
    }

    pub(super) fn field(&mut self, name: &str) -> FieldId {
        if let Some(known) = self.field_ids.get(name) {
            return *known;
        }
        let id = FieldId(number(self.lowered.fields.len()));
        self.lowered.fields.push(name.into());
        self.field_ids.insert(name.into(), id);
        id
    }

    pub(super) fn predicate(&mut self, predicate: Predicate) -> PredId {
        let id = self.predicate_ids.of(predicate, &mut self.lowered.predicates);
        self.lowered.finders.resize_with(self.lowered.predicates.len(), OnceLock::new);
        PredId(id)
    }

    pub(super) fn node(&mut self, node: Node) -> NodeId {
        let id = NodeId(self.node_ids.of(node, &mut self.lowered.nodes));
        if self.costs.len() < self.lowered.nodes.len() {
            self.costs.push(self.cost_of(self.lowered.get_node(id)));
        }
        id
    }

    /// What deciding an expression costs at most, in units of one comparison of bytes.
    pub(super) fn cost(&self, node: NodeId) -> u32 {
        self.costs.get(node.0 as usize).copied().unwrap_or(0)
    }

    fn cost_of(&self, node: &Node) -> u32 {
        match node {
            Node::Never => 0,
            Node::Not(part) => self.cost(*part),
            Node::All(parts) | Node::Any(parts) => {
                parts.iter().fold(0, |sum: u32, part| sum.saturating_add(self.cost(*part)))
            }
            Node::Predicate(id) => self.lowered.get_predicate(*id).map_or(0, Predicate::cost),
        }
    }
}

/// Numbers stay far below this: a rule set of 4 G predicates does not fit in memory.
fn number(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// Places in a table by hash; the things themselves stand in the table only.
#[derive(Debug, Default)]
struct Numbers(FxHashMap<u64, u32>);

impl Numbers {
    /// The place of an equal thing in the table, else of this one, put at its end. Different things of one hash take the next free ones.
    fn of<T: Hash + PartialEq>(&mut self, thing: T, table: &mut Vec<T>) -> u32 {
        let mut hash = FxBuildHasher.hash_one(&thing);
        loop {
            match self.0.entry(hash) {
                Entry::Vacant(free) => {
                    let place = *free.insert(number(table.len()));
                    table.push(thing);
                    return place;
                }
                Entry::Occupied(taken) if table.get(*taken.get() as usize) == Some(&thing) => return *taken.get(),
                Entry::Occupied(_) => hash = hash.wrapping_add(1),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of one hash.
    #[derive(Debug, PartialEq)]
    struct Alike(u8);

    impl Hash for Alike {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            state.write_u8(0);
        }
    }

    #[test]
    fn equal_things_get_one_number_and_different_ones_of_one_hash_do_not() {
        let (mut numbers, mut table) = (Numbers::default(), Vec::new());
        let given: Vec<u32> = [7, 8, 7, 9, 8].map(|thing| numbers.of(Alike(thing), &mut table)).into();
        assert_eq!(given, [0, 1, 0, 2, 1]);
        assert_eq!(table, [Alike(7), Alike(8), Alike(9)]);
    }
}
