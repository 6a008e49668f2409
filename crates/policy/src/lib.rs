//! Who may see and do what. One decision per request gives an [`AccessScope`], which the store applies beneath every query.

mod scope;

pub use scope::{AccessScope, Grant};
