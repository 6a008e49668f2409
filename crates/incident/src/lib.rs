//! Room `incident`: what may be done with an Incident, by whom and when.
//!
//! In comes an Incident (`cordon_model::Incident`) with a [`Deed`], whoever does it and the time; out goes the Incident as it is then, with an entry of its custody for
//! each thing that was done, or the reason why it may not be. It keeps nothing, knows no role (room `policy` does) and no clock. Definitions: `docs/specs/incidents.md`.

mod apply;
mod custody;
mod deadlines;
mod deed;
mod evidence;
mod requests;
#[cfg(test)]
mod tests;
mod work;

pub use apply::apply;
pub use custody::{ChainBroken, verify_custody};
pub use deadlines::{Deadline, deadlines, due, is_deletable};
pub use deed::{AssessmentGiven, Deed, Doer, Refused};
pub use evidence::{evidence_digest, open};

/// Most letters of a text: a comment, a request, a reply, a reason, the words of a factor.
pub const TEXT_LETTERS_MAX: usize = 4_000;
/// Most letters of the title of a task.
pub const TITLE_LETTERS_MAX: usize = 300;
/// Most tasks, and most requests, of one Incident.
pub const TASKS_MAX: usize = 100;
/// Most comments of one Incident.
pub const COMMENTS_MAX: usize = 1_000;
/// Most entries of custody of one Incident. Beyond, nothing is done to it any more.
pub const CUSTODY_MAX: usize = 10_000;
