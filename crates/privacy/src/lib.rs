//! Room `privacy`: the review of record accesses.
//!
//! In come accesses and their context (who works here, who is treated here, who takes part in what). Each access is explained if anything in the context explains it;
//! what stays without a reason is looked at by twenty scenarios, and what hangs together becomes a case of sentences with their proof. "No reason found in the data" is all
//! that is ever said of an access: the data may lack the reason, and where a feed was silent nothing is said at all.
//!
//! The room opens no file and asks no clock. Definitions and the file contract: `docs/specs/access-review.md`.

mod case;
mod explain;
mod feed;
mod form;
mod names;
mod record;
mod review;
mod scenario;
mod score;
mod settings;
mod template;
mod trail;
mod world;

pub use case::{Case, Sentence};
pub use explain::{Explained, Marks, Reason};
pub use feed::{Feed, Silence};
pub use form::{Access, AccessLayout, AccessReader, Action, Moment, Outcome, Proof, RowFault, SheetFault, Table};
pub use record::{Disclosure, Picked, Record, RecordAccess, RecordId, Said, SaidFault, StaffMember};
pub use review::{Counts, Found, Hands, OneHand, Review, Walk, Work};
pub use score::Taught;
pub use settings::Settings;
pub use template::{Mined, Template};
pub use trail::{BATCH, InMemory, Trail};
pub use world::{Context, Ids};
