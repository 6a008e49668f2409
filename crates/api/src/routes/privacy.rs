//! The review of record accesses: how the last ones went, and what is missing for the next. Who opened one record: `record`.

pub(crate) mod record;

use std::collections::BTreeMap;

use axum::extract::State;
use cordon_store::state::{ReviewRow, ReviewSilence};
use serde::Serialize;
use utoipa::ToSchema;

use crate::allowed::{Allowed, ReadIncidents};
use crate::extract::Json;
use crate::learnt::ReviewStanding;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::Moment;

/// How many reviews are shown.
const RUNS: u32 = 30;

/// A stretch in which a feed was silent or late.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ReviewSilence)]
pub(crate) struct SilenceBody {
    /// The feed.
    feed: String,
    /// From when.
    from: Moment,
    /// Until when.
    until: Moment,
    /// What was missing, in words.
    words: String,
}

/// A review that was carried out.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Review)]
pub(crate) struct ReviewBody {
    /// When.
    ran: Moment,
    /// The accesses from this time on.
    from: Moment,
    /// The accesses before this time.
    until: Moment,
    /// Accesses that were looked at.
    accesses: u64,
    /// Those with a reason.
    explained: u64,
    /// Those for which no reason was found in the data.
    unexplained: u64,
    /// Those that cannot be judged yet.
    withheld: u64,
    /// How many each reason explains; an access with two reasons counts twice.
    by_reason: BTreeMap<String, u64>,
    /// Stretches in which a feed was silent or late.
    silences: Vec<SilenceBody>,
    /// Cases that it found.
    cases: u64,
    /// Cases that it withdrew.
    withdrawn: u64,
    /// How long it took, in milliseconds.
    took_ms: u64,
}

/// How the review of record accesses stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PrivacyStatus {
    /// The site.
    site: String,
    /// The last review.
    #[schema(required = true)]
    last: Option<ReviewBody>,
    /// The last 30 reviews, the newest first.
    runs: Vec<ReviewBody>,
    /// When it runs next; null when it does not run by itself.
    #[schema(required = true)]
    next: Option<Moment>,
    /// Whether it can run.
    is_set_up: bool,
    /// What is missing, in sentences.
    missing: Vec<String>,
}

impl From<ReviewSilence> for SilenceBody {
    fn from(silence: ReviewSilence) -> Self {
        let ReviewSilence { feed, from, until, words } = silence;
        Self { feed, from: Moment(from), until: Moment(until), words }
    }
}

impl From<ReviewRow> for ReviewBody {
    fn from(row: ReviewRow) -> Self {
        let ReviewRow { run, withdrawn } = row;
        Self {
            ran: Moment(run.ran),
            from: Moment(run.from),
            until: Moment(run.until),
            accesses: run.accesses,
            explained: run.explained,
            unexplained: run.unexplained,
            withheld: run.withheld,
            by_reason: run.by_reason,
            silences: run.silences.into_iter().map(Into::into).collect(),
            cases: run.cases,
            withdrawn,
            took_ms: run.took_ms,
        }
    }
}

/// Says how the last reviews of record accesses went, when the next one is, and what is missing for it.
#[utoipa::path(get, path = "/api/v1/privacy/status", tag = "incidents",
    responses((status = 200, body = PrivacyStatus, description = "How it stands")))]
pub(crate) async fn status(
    allowed: Allowed<ReadIncidents>,
    State(state): State<ApiState>,
) -> Result<Json<PrivacyStatus>, Problem> {
    let ReviewStanding { site, next, is_set_up, missing } = state.control().review();
    let is_own = allowed.scope().admits_site(&site);
    let runs = if is_own { state.kept().reviews(&site, RUNS).await? } else { Vec::new() };
    let runs: Vec<ReviewBody> = runs.into_iter().map(Into::into).collect();
    Ok(Json(PrivacyStatus { site, last: runs.first().cloned(), runs, next: next.map(Moment), is_set_up, missing }))
}
