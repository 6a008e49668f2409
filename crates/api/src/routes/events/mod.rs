//! Events: searches, counts, exports, single events and their own bytes. What is searched for travels in bodies, never in addresses.

pub(crate) mod count;
pub(crate) mod export;
mod named;
pub(crate) mod one;
pub(crate) mod search;

use cordon_model::Time;
use cordon_store::query::filter::{Filter, FilterError};
use cordon_store::query::{QueryError, SearchRequest};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use crate::wire::Moment;

/// Which events, in the filter language for people: `user:jdoe action:export last:24h` (`docs/specs/query.md`).
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sought {
    /// The filter; every event when it is empty.
    pub(crate) filter: String,
    /// Only events at or after this time.
    pub(crate) from: Option<Moment>,
    /// Only events before this time.
    pub(crate) until: Option<Moment>,
}

impl Sought {
    pub(crate) fn request(&self, state: &ApiState) -> Result<SearchRequest, Problem> {
        Ok(SearchRequest {
            filter: Filter::parse(&self.filter)?,
            now: state.control().now(),
            from: self.from.map(|moment| moment.0),
            until: self.until.map(|moment| moment.0),
        })
    }

    /// The stretch of time that is asked about: the last day when nothing is said.
    pub(crate) fn stretch(&self, state: &ApiState) -> Result<(Time, Time), Problem> {
        const DAY: i64 = 86_400 * 1_000_000;
        let until = self.until.map_or_else(|| state.control().now(), |moment| moment.0);
        let from = self.from.map_or(Time(until.0.saturating_sub(DAY)), |moment| moment.0);
        if from < until {
            return Ok((from, until));
        }
        Err(Problem::new(ProblemKind::Unprocessable, "`from` lies before `until`"))
    }
}

impl From<FilterError> for Problem {
    fn from(fault: FilterError) -> Self {
        let hint = fault.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
        let detail = format!("the filter at byte {}: {}{hint}", fault.at.start, fault.message);
        Self::new(ProblemKind::Unprocessable, detail)
    }
}

/// A fault of a query can repeat parts of it: it goes to who asked, never into the log.
impl From<QueryError> for Problem {
    fn from(fault: QueryError) -> Self {
        match fault {
            QueryError::Busy => Self::new(ProblemKind::Unavailable, fault.to_string()).retry_after(5),
            QueryError::TooMuchMemory | QueryError::TimedOut { .. } => {
                Self::new(ProblemKind::Unavailable, fault.to_string()).retry_after(30)
            }
            QueryError::NotUnderstood { .. }
            | QueryError::NotAQuestion { .. }
            | QueryError::TooLong
            | QueryError::Failed { .. } => Self::new(ProblemKind::Unprocessable, fault.to_string()),
        }
    }
}
