//! Lowering: the language as read becomes predicates over fields, shared by all rules, and one expression per rule.
//!
//! Comes in: [`crate::ast::Rule`]s. Goes out: a [`Lowered`] set, which knows no log source table and no event.

mod encode;
mod interned;
mod lower;
mod mapping;
mod pattern;
mod predicate;
mod regular;
mod required;

pub(crate) use interned::{Interner, Lowered};
pub(crate) use lower::{Lowering, written};
pub(crate) use mapping::{Mapping, mapping};
pub(crate) use pattern::Token;
pub(crate) use predicate::{DatePart, FieldId, Node, NodeId, Place, PredId, Predicate, Test};
