//! Predicates: one question about one field. Equal questions of different rules are the same predicate.

use std::fmt::Write as _;

use ipnet::IpNet;
use memchr::memmem::Finder;
use regex::Regex;
use rustc_hash::FxHashMap;

use super::pattern::Token;
use super::required::required_literals;
use crate::ast::Operator;

/// A field name, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FieldId(pub(crate) u32);

/// A predicate, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PredId(pub(crate) u32);

/// A node of an expression, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) u32);

/// Where a literal must stand in the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    Exact,
    Prefix,
    Suffix,
    Contains,
}

/// Numbers that the time modifiers take from a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum DatePart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// What is asked of a value. Texts are folded unless `cased`.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// The field is absent or has no value.
    Null,
    /// The field is present (or not), whatever its value.
    Exists(bool),
    /// The field has some text: a bare `*`.
    AnyText,
    /// A literal at a place.
    Literal { place: Place, text: Box<str>, cased: bool },
    /// A pattern with inner wildcards, anchored at both ends.
    Wildcard { tokens: Box<[Token]>, cased: bool },
    /// A regular expression, found anywhere.
    Regex(Box<Regex>),
    /// An address within a network.
    Cidr(IpNet),
    /// A comparison of numbers.
    Number { operator: Operator, value: f64 },
    /// A comparison of a part of a date.
    Date { part: DatePart, operator: Operator, value: f64 },
    /// A comparison with another field of the event.
    FieldRef { field: FieldId, place: Place, cased: bool },
}

/// One question about one field; without a field it asks every value of the event.
#[derive(Clone, Debug)]
pub(crate) struct Predicate {
    pub(crate) field: Option<FieldId>,
    pub(crate) test: Test,
    /// As the rule writes it, for explanations: `|endswith: \powershell.exe`.
    pub(crate) written: Box<str>,
}

impl Predicate {
    fn cost(&self) -> u32 {
        let once = match &self.test {
            Test::Null | Test::Exists(_) | Test::AnyText => 1,
            Test::Literal { place: Place::Contains, .. } => 4,
            Test::Literal { .. } => 1,
            Test::Number { .. } => 3,
            Test::Wildcard { .. } | Test::Cidr(_) => 10,
            Test::Regex(_) | Test::Date { .. } | Test::FieldRef { .. } => 40,
        };
        if self.field.is_some() { once } else { once * 8 }
    }
}

impl Test {
    /// The searchers that deciding the test needs.
    fn finders(&self) -> Finders {
        let finder = |text: &str| Finder::new(text.as_bytes()).into_owned();
        match self {
            Self::Literal { place: Place::Contains, text, .. } => {
                Finders { literal: Some(Box::new(finder(text))), required: Box::default() }
            }
            Self::Regex(regex) => Finders {
                literal: None,
                required: required_literals(regex.as_str()).iter().map(|text| finder(text)).collect(),
            },
            _ => Finders::default(),
        }
    }
}

/// Searchers for one predicate.
#[derive(Debug, Default)]
struct Finders {
    /// The literal that may stand anywhere.
    literal: Option<Box<Finder<'static>>>,
    /// Folded literals of which a regular expression needs one; empty when it needs none.
    required: Box<[Finder<'static>]>,
}

/// A node of an expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    Never,
    Predicate(PredId),
    Not(NodeId),
    All(Box<[NodeId]>),
    Any(Box<[NodeId]>),
}

/// Fields, predicates and nodes, each kept once.
#[derive(Debug, Default)]
pub(crate) struct Interned {
    fields: Vec<Box<str>>,
    field_ids: FxHashMap<Box<str>, FieldId>,
    predicates: Vec<Predicate>,
    /// Searchers by predicate, built once.
    finders: Vec<Finders>,
    predicate_ids: FxHashMap<String, PredId>,
    nodes: Vec<Node>,
    node_ids: FxHashMap<Node, NodeId>,
}

/// Numbers stay far below this: a rule set of 4 G predicates does not fit in memory.
fn number(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl Interned {
    pub(crate) fn field(&mut self, name: &str) -> FieldId {
        if let Some(known) = self.field_ids.get(name) {
            return *known;
        }
        let id = FieldId(number(self.fields.len()));
        self.fields.push(name.into());
        self.field_ids.insert(name.into(), id);
        id
    }

    pub(crate) fn predicate(&mut self, predicate: Predicate) -> PredId {
        let key = predicate_key(&predicate);
        if let Some(known) = self.predicate_ids.get(&key) {
            return *known;
        }
        let id = PredId(number(self.predicates.len()));
        self.finders.push(predicate.test.finders());
        self.predicates.push(predicate);
        self.predicate_ids.insert(key, id);
        id
    }

    pub(crate) fn node(&mut self, node: Node) -> NodeId {
        if let Some(known) = self.node_ids.get(&node) {
            return *known;
        }
        let id = NodeId(number(self.nodes.len()));
        self.nodes.push(node.clone());
        self.node_ids.insert(node, id);
        id
    }

    pub(crate) fn field_name(&self, id: FieldId) -> &str {
        self.fields.get(id.0 as usize).map_or("", AsRef::as_ref)
    }

    pub(crate) fn get_predicate(&self, id: PredId) -> Option<&Predicate> {
        self.predicates.get(id.0 as usize)
    }

    /// The searcher of a predicate on a literal that may stand anywhere.
    pub(crate) fn finder(&self, id: PredId) -> Option<&Finder<'static>> {
        self.finders.get(id.0 as usize)?.literal.as_deref()
    }

    /// Folded literals of which the regular expression of a predicate needs one; empty when it needs none.
    pub(crate) fn required(&self, id: PredId) -> &[Finder<'static>] {
        self.finders.get(id.0 as usize).map_or(&[], |finders| &finders.required)
    }

    pub(crate) fn get_node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.0 as usize).unwrap_or(&Node::Never)
    }

    /// What deciding an expression costs at most, in units of one comparison of bytes.
    pub(crate) fn cost(&self, node: NodeId) -> u32 {
        match self.get_node(node) {
            Node::Never => 0,
            Node::Not(part) => self.cost(*part),
            Node::All(parts) | Node::Any(parts) => {
                parts.iter().fold(0, |sum: u32, part| sum.saturating_add(self.cost(*part)))
            }
            Node::Predicate(id) => self.get_predicate(*id).map_or(0, Predicate::cost),
        }
    }

    pub(crate) fn predicate_count(&self) -> usize {
        self.predicates.len()
    }
}

/// Everything that makes two predicates the same question. The spelling counts too, so that each rule is explained in its own words.
fn predicate_key(predicate: &Predicate) -> String {
    let mut key = String::with_capacity(64);
    match &predicate.test {
        Test::Regex(regex) => drop(write!(key, "{:?} re {}", predicate.field, regex.as_str())),
        test => drop(write!(key, "{:?} {test:?}", predicate.field)),
    }
    key.push('\0');
    key.push_str(&predicate.written);
    key
}
