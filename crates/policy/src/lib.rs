//! Who may see and do what. One decision per request gives an [`AccessScope`], which the store applies beneath every query.
//!
//! Comes in: who asks (roles, sites), for what, for which purpose. Goes out: denied, or allowed with a scope. Policies are Cedar, validated against a schema;
//! what no policy permits is denied. It does not know who signed in how, nor any query. The whole table: `docs/specs/access.md`.

mod decide;
mod load;
mod scope;
mod unlock;
mod words;

pub use decide::{Asked, Decision, Policies, Principal, StaffNames, Universe, is_health};
pub use load::PolicyFault;
pub use scope::{AccessScope, Grant, OFFICE_CASES, STAFF_CASES};
pub use unlock::{Party, UNLOCK_MAX, Unlock, UnlockFault, check_unlock};
pub use words::{Action, Purpose, Role, Target};
