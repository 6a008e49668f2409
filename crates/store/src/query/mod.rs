//! Questions about stored events (`docs/specs/query.md`): SQL and the short filter language, over memory and files at one moment.
//!
//! Every question comes with an [`cordon_policy::AccessScope`], which is laid beneath the query: no SQL sees a row or a value that the scope does not admit. Queries
//! run on threads of their own, in bounded memory with a folder to spill to, for a bounded time. Nobody here decides who may see what.

mod accounts;
mod engine;
mod error;
mod facts;
pub mod filter;
mod guard;
mod held;
mod json;
mod scan;
mod schema;
mod scoped;
mod search;
#[cfg(test)]
mod staff_tests;
mod stream;
#[cfg(test)]
mod tests;

pub use accounts::shown_columns;
pub use engine::{Queries, QueryOptions};
pub use error::QueryError;
pub use held::HeldRow;
pub use json::rows_to_json;
pub use search::{Bucket, Facet, FacetValue, SearchCursor, SearchPage, SearchRequest};
pub use stream::{QueryLimits, QueryResult};
