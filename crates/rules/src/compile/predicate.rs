//! Predicates: one question about one field. Equal questions of different rules are the same predicate.

use std::hash::{Hash, Hasher};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::pattern::Token;
use super::regular::Regular;
use crate::ast::Operator;

/// A field name, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct FieldId(pub(crate) u32);

/// A predicate, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct PredId(pub(crate) u32);

/// A node of an expression, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct NodeId(pub(crate) u32);

/// Where a literal must stand in the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Place {
    Exact,
    Prefix,
    Suffix,
    Contains,
}

/// Numbers that the time modifiers take from a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum DatePart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// What is asked of a value. Texts are folded unless `cased`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    Regex(Box<Regular>),
    /// An address within a network.
    Cidr(#[serde(with = "in_words")] IpNet),
    /// A comparison of numbers.
    Number { operator: Operator, value: f64 },
    /// A comparison of a part of a date.
    Date { part: DatePart, operator: Operator, value: f64 },
    /// A comparison with another field of the event.
    FieldRef { field: FieldId, place: Place, cased: bool },
}

/// One question about one field; without a field it asks every value of the event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Predicate {
    pub(crate) field: Option<FieldId>,
    pub(crate) test: Test,
    /// As the rule writes it, for explanations: `|endswith: \powershell.exe`. Part of what makes it the same question, so that each rule is explained in
    /// its own words.
    pub(crate) written: Box<str>,
}

impl Predicate {
    /// Whether lowering could have made it, with so many fields: no field without a name, no empty piece where one must stand.
    pub(super) fn is_sound(&self, fields: usize) -> bool {
        let is_field = |id: FieldId| (id.0 as usize) < fields;
        self.field.is_none_or(is_field)
            && match &self.test {
                Test::Literal { place, text, .. } => *place == Place::Exact || !text.is_empty(),
                Test::Wildcard { tokens, .. } => !tokens.contains(&Token::Text(Box::default())),
                Test::FieldRef { field, .. } => is_field(*field),
                _ => true,
            }
    }

    /// What asking it costs at most, in units of one comparison of bytes.
    pub(super) fn cost(&self) -> u32 {
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

/// Equal tests hash alike; numbers count by their bits.
impl Hash for Test {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null | Self::AnyText => {}
            Self::Exists(asked) => asked.hash(state),
            Self::Literal { place, text, cased } => (place, text, cased).hash(state),
            Self::Wildcard { tokens, cased } => (tokens, cased).hash(state),
            Self::Regex(regular) => regular.pattern().hash(state),
            Self::Cidr(network) => network.hash(state),
            Self::Number { operator, value } => (operator, value.to_bits()).hash(state),
            Self::Date { part, operator, value } => (part, operator, value.to_bits()).hash(state),
            Self::FieldRef { field, place, cased } => (field, place, cased).hash(state),
        }
    }
}

impl Hash for Predicate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.field, &self.test, &self.written).hash(state);
    }
}

/// A node of an expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Node {
    Never,
    Predicate(PredId),
    Not(NodeId),
    All(Box<[NodeId]>),
    Any(Box<[NodeId]>),
}

/// Networks are kept as they are written.
mod in_words {
    use ipnet::IpNet;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(network: &IpNet, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(network)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<IpNet, D::Error> {
        <&str>::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
