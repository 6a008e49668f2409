//! Accesses outside memory: those of a node's review are kept alike.

pub(super) use cordon_node::accesses::{Intake, Kept};
