//! Jobs: rule tests, backfills, imports, proofs of the store; with progress as a stream.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use cordon_store::state::AuditEntry;
use futures_util::Stream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::allowed::{Act, Allowed, ReadJobs, RunBackfill, RunImport, RunVerify, StopJobs, TestRules};
use crate::control::{Outcome, Work};
use crate::extract::{Json, Path};
use crate::jobs::{Job, JobKind, JobState};
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use crate::wire::{Moment, PageBody, SseEvent};

/// How often the progress of a job is sent.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// What a job does.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobKind)]
pub(crate) enum KindWord {
    TestRule,
    Backfill,
    Import,
    Verify,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobWord {
    Running,
    Done,
    Cancelled,
    Failed,
}

/// A named count.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NamedCount {
    name: String,
    count: u64,
}

/// Long work of the node.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobBody {
    /// Its number since the start of the node.
    id: u64,
    /// What it does.
    kind: KindWord,
    /// Who started it.
    owner: String,
    /// When it was started.
    started: Moment,
    /// How far it is.
    state: JobWord,
    /// How much is done, in a unit of its own.
    done: u64,
    /// Of how much; 0 when unknown.
    total: u64,
    /// What it came to, once it has ended.
    counts: Vec<NamedCount>,
    /// Sentences for a person.
    notes: Vec<String>,
    /// Ids of events that matched, at most 100.
    events: Vec<String>,
}

impl From<&Job> for JobBody {
    fn from(job: &Job) -> Self {
        let state = job.state.borrow().clone();
        let (done, total) = job.progress.read();
        let (word, outcome) = match state {
            JobState::Running => (JobWord::Running, Outcome::default()),
            JobState::Done(outcome) => (JobWord::Done, outcome),
            JobState::Cancelled(outcome) => (JobWord::Cancelled, outcome),
            JobState::Failed(reason) => (JobWord::Failed, Outcome { notes: vec![reason], ..Outcome::default() }),
        };
        let count = |(name, count): (&'static str, u64)| NamedCount { name: name.to_owned(), count };
        Self {
            id: job.id,
            kind: match job.kind {
                JobKind::TestRule => KindWord::TestRule,
                JobKind::Backfill => KindWord::Backfill,
                JobKind::Import => KindWord::Import,
                JobKind::Verify => KindWord::Verify,
            },
            owner: job.owner.clone(),
            started: Moment(job.started),
            state: word,
            done,
            total,
            counts: outcome.counts.into_iter().map(count).collect(),
            notes: outcome.notes,
            events: outcome.events.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The text of rules, to be tried on stored events. Nothing is kept.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleTest {
    /// Sigma in YAML, one or more rules.
    text: String,
    /// Events received at this time or later.
    from: Moment,
    /// Events received before this time.
    to: Moment,
}

/// Rules to be run over stored events.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backfill {
    /// Ids of rules.
    #[schema(min_items = 1)]
    rules: Vec<String>,
    /// Events received at this time or later.
    from: Moment,
    /// Events received before this time.
    to: Moment,
}

/// Files to be read as history.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    /// Path below the node's import folder.
    path: String,
    /// The source that the records belong to; named after the file when left out.
    #[serde(default)]
    source: String,
    /// The site that they belong to.
    site: String,
}

/// Tries the text of a rule on stored events. Gives a job; its outcome names how many events matched and the first 100.
#[utoipa::path(post, path = "/api/v1/rules/test", tag = "jobs", request_body = RuleTest,
    responses((status = 202, body = JobBody, description = "The job")))]
pub(crate) async fn test_rule(
    allowed: Allowed<TestRules>,
    State(state): State<ApiState>,
    Json(test): Json<RuleTest>,
) -> Result<Response, Problem> {
    in_order(test.from, test.to)?;
    let work = Work::TestRule { text: test.text, from: test.from.0, to: test.to.0, scope: allowed.scope().clone() };
    start(&state, &allowed, work, serde_json::Value::Null).await
}

/// Runs loaded rules over stored events and keeps what they find. What was found already stays as it is.
#[utoipa::path(post, path = "/api/v1/jobs/backfill", tag = "jobs", request_body = Backfill,
    responses((status = 202, body = JobBody, description = "The job")))]
pub(crate) async fn backfill(
    allowed: Allowed<RunBackfill>,
    State(state): State<ApiState>,
    Json(backfill): Json<Backfill>,
) -> Result<Response, Problem> {
    in_order(backfill.from, backfill.to)?;
    if backfill.rules.is_empty() {
        return Err(Problem::new(ProblemKind::BadRequest, "name at least one rule"));
    }
    let known = state.control().rules();
    if let Some(odd) = backfill.rules.iter().find(|id| !known.iter().any(|rule| rule.id == **id)) {
        return Err(Problem::new(ProblemKind::Unprocessable, format!("there is no rule {odd}")));
    }
    let detail = serde_json::json!({"rules": backfill.rules, "from": backfill.from, "to": backfill.to});
    let work = Work::Backfill { rules: backfill.rules, from: backfill.from.0, to: backfill.to.0 };
    start(&state, &allowed, work, detail).await
}

/// Reads files from the node's import folder as history.
#[utoipa::path(post, path = "/api/v1/jobs/import", tag = "jobs", request_body = Import,
    responses((status = 202, body = JobBody, description = "The job")))]
pub(crate) async fn import(
    allowed: Allowed<RunImport>,
    State(state): State<ApiState>,
    Json(import): Json<Import>,
) -> Result<Response, Problem> {
    let is_below =
        std::path::Path::new(&import.path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if import.path.is_empty() || !is_below || import.path.contains('\0') {
        return Err(Problem::new(ProblemKind::Unprocessable, "a path below the import folder, without .."));
    }
    if !allowed.scope().admits_site(&import.site) {
        return Err(Problem::new(ProblemKind::Forbidden, "this site is not yours"));
    }
    let detail = serde_json::json!({"path": import.path, "source": import.source, "site": import.site});
    let work = Work::Import { path: import.path, source: import.source, site: import.site };
    start(&state, &allowed, work, detail).await
}

/// Proves the store: counts, hashes, chains.
#[utoipa::path(post, path = "/api/v1/jobs/verify", tag = "jobs",
    responses((status = 202, body = JobBody, description = "The job")))]
pub(crate) async fn verify(allowed: Allowed<RunVerify>, State(state): State<ApiState>) -> Result<Response, Problem> {
    start(&state, &allowed, Work::Verify, serde_json::Value::Null).await
}

/// Lists one's own jobs since the start of the node, the newest first.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs",
    responses((status = 200, body = PageBody<JobBody>, description = "All, at most 256")))]
pub(crate) async fn list(allowed: Allowed<ReadJobs>, State(state): State<ApiState>) -> Json<PageBody<JobBody>> {
    let jobs = state.jobs().all();
    let own = jobs.iter().filter(|job| job.owner == allowed.name());
    Json(PageBody::whole(own.map(|job| JobBody::from(&**job)).collect()))
}

/// Reads a job.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs", params(("id" = u64, Path, description = "Number of the job")),
    responses((status = 200, body = JobBody, description = "The job")))]
pub(crate) async fn read(
    allowed: Allowed<ReadJobs>,
    State(state): State<ApiState>,
    Path(id): Path<u64>,
) -> Result<Json<JobBody>, Problem> {
    Ok(Json(JobBody::from(&*own_job(&state, &allowed, id)?)))
}

/// Asks a job to end. It ends within about a second, with what it has.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", params(("id" = u64, Path, description = "Number of the job")),
    responses((status = 202, body = JobBody, description = "Asked")))]
pub(crate) async fn cancel(
    allowed: Allowed<StopJobs>,
    State(state): State<ApiState>,
    Path(id): Path<u64>,
) -> Result<Response, Problem> {
    let job = own_job(&state, &allowed, id)?;
    job.progress.cancel();
    Ok((StatusCode::ACCEPTED, Json(JobBody::from(&*job))).into_response())
}

/// Follows a job: an event `progress` twice a second, and `ended` at its end.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/progress", tag = "jobs", params(("id" = u64, Path, description = "Number of the job")),
    responses((status = 200, body = SseEvent, content_type = "text/event-stream", description = "Events whose data is a Job")))]
pub(crate) async fn progress(
    allowed: Allowed<ReadJobs>,
    State(state): State<ApiState>,
    Path(id): Path<u64>,
) -> Result<Response, Problem> {
    let job = own_job(&state, &allowed, id)?;
    Ok(Sse::new(follow(job)).keep_alive(KeepAlive::default()).into_response())
}

/// The events of one job. Ends with the job.
fn follow(job: Arc<Job>) -> impl Stream<Item = Result<Event, Infallible>> {
    futures_util::stream::unfold(Some(job), |job| async move {
        let job = job?;
        let mut state = job.state.clone();
        let ended = state.wait_for(|state| *state != JobState::Running);
        let has_ended = tokio::time::timeout(PROGRESS_EVERY, ended).await.is_ok();
        let data = serde_json::to_string(&JobBody::from(&*job)).unwrap_or_default();
        let event = Event::default().event(if has_ended { "ended" } else { "progress" }).data(data);
        Some((Ok(event), (!has_ended).then_some(job)))
    })
}

async fn start<A: Act>(
    state: &ApiState,
    allowed: &Allowed<A>,
    work: Work,
    detail: serde_json::Value,
) -> Result<Response, Problem> {
    let kind = match JobKind::from(&work) {
        JobKind::TestRule => "rule_tested",
        JobKind::Backfill => "backfill_started",
        JobKind::Import => "import_started",
        JobKind::Verify => "verify_started",
    };
    state.kept().audit(&allowed.by(), &AuditEntry::new(kind, "job", "", detail)).await?;
    let job = state.jobs().start(state.control(), work, allowed.name(), crate::state::real_now())?;
    Ok((StatusCode::ACCEPTED, Json(JobBody::from(&*job))).into_response())
}

fn own_job<A: Act>(state: &ApiState, allowed: &Allowed<A>, id: u64) -> Result<Arc<Job>, Problem> {
    state.jobs().job(id).filter(|job| job.owner == allowed.name()).ok_or_else(Problem::not_found)
}

fn in_order(from: Moment, to: Moment) -> Result<(), Problem> {
    if from < to { Ok(()) } else { Err(Problem::new(ProblemKind::Unprocessable, "`from` lies before `to`")) }
}
