//! Jobs: rule tests, backfills, judging imported history, proofs of the store; with progress as a stream.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use cordon_model::Time;
use cordon_store::state::AuditEntry;
use futures_util::Stream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::allowed::{
    Act, Allowed, ReadJobs, RunBackfill, RunBackup, RunImport, RunVerify, StopJobs, TestRules, WorkIncidents,
};
use crate::control::{Outcome, TestMatch, Work};
use crate::extract::{Json, Path};
use crate::jobs::{Job, JobKind, JobState};
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use crate::wire::{Moment, PageBody, SseEvent};

/// Most rules that one backfill names.
const RULES_MAX: usize = 10_000;
/// Why another moment is not frozen.
const FROZEN: &str = "a moment is frozen already, for a backup that has not ended: wait for it, or give that moment up with POST /api/v1/jobs/thaw";
/// How often the progress of a job is sent.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// What a job does.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobKind)]
pub(crate) enum KindWord {
    TestRule,
    Backfill,
    JudgeHistory,
    ReviewAccesses,
    Verify,
    Freeze,
    Thaw,
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
    /// Of a rule test what was found, at most 100.
    matches: Vec<MatchBody>,
}

/// What a rule under test says about stored events.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RuleMatch)]
pub(crate) struct MatchBody {
    /// Id of the rule.
    rule: String,
    /// Ids of the events: one, or of a correlation those that it names.
    events: Vec<String>,
    /// Event time; null when the record states none.
    #[schema(required = true)]
    time: Option<Moment>,
    /// When it was received.
    received: Moment,
    /// Id of the source.
    source: String,
    /// What matched, in a sentence.
    sentence: String,
}

impl From<TestMatch> for MatchBody {
    fn from(found: TestMatch) -> Self {
        let TestMatch { rule, events, time, received, source, sentence } = found;
        let events = events.iter().map(ToString::to_string).collect();
        Self { rule, events, time: time.map(Moment), received: Moment(received), source, sentence }
    }
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
                JobKind::JudgeHistory => KindWord::JudgeHistory,
                JobKind::ReviewAccesses => KindWord::ReviewAccesses,
                JobKind::Verify => KindWord::Verify,
                JobKind::Freeze => KindWord::Freeze,
                JobKind::Thaw => KindWord::Thaw,
            },
            owner: job.owner.clone(),
            started: Moment(job.started),
            state: word,
            done,
            total,
            counts: outcome.counts.into_iter().map(count).collect(),
            notes: outcome.notes,
            events: outcome.events.iter().map(ToString::to_string).collect(),
            matches: outcome.matches.into_iter().map(MatchBody::from).collect(),
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
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Backfill {
    /// Ids of rules that the node has, whether they run or not. Without any and without `text`: all that run.
    #[schema(max_items = 10_000)]
    rules: Vec<String>,
    /// Sigma in YAML: further rules. They need ids and go before rules of the same ids.
    text: String,
    /// Events received at this time or later; from the first on when left out.
    from: Option<Moment>,
    /// Events received before this time; up to now when left out.
    to: Option<Moment>,
    /// Send messages about what is found, as of live findings.
    tell: bool,
}

/// Tries the text of rules on stored events that one may read. Gives a job that ends within about two minutes; its outcome says how many events were looked at, how much was
/// found, and the first 100 with a sentence each. Nothing is kept.
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

/// Runs rules over stored events and keeps what they find, marked as found by a backfill. What was found already stays as it is.
#[utoipa::path(post, path = "/api/v1/jobs/backfill", tag = "jobs", request_body = Backfill,
    responses((status = 202, body = JobBody, description = "The job")))]
pub(crate) async fn backfill(
    allowed: Allowed<RunBackfill>,
    State(state): State<ApiState>,
    Json(backfill): Json<Backfill>,
) -> Result<Response, Problem> {
    let Backfill { rules, text, from, to, tell } = backfill;
    let text_sha256 = cordon_seal::digest(text.as_bytes()).to_string();
    let detail = serde_json::json!({"rules": rules, "text_sha256": text_sha256, "from": from, "to": to, "tell": tell});
    let (from, to) = (from.unwrap_or(Moment(Time(i64::MIN))), to.unwrap_or(Moment(Time(i64::MAX))));
    in_order(from, to)?;
    if rules.len() > RULES_MAX {
        return Err(Problem::new(ProblemKind::Unprocessable, format!("at most {RULES_MAX} rules")));
    }
    let known = state.control().rules();
    let known: BTreeSet<&str> = known.iter().map(|rule| rule.id.as_str()).collect();
    if let Some(odd) = rules.iter().find(|id| !known.contains(id.as_str())) {
        return Err(Problem::new(ProblemKind::Unprocessable, format!("there is no rule {odd}")));
    }
    let work = Work::Backfill { rules, text, received: from.0..to.0, is_told: tell };
    start(&state, &allowed, work, detail).await
}

/// Judges correlations over everything that was imported as history, in the order of event time. `cordon import` asks for it by itself at its end.
#[utoipa::path(post, path = "/api/v1/jobs/history", tag = "jobs",
    responses((status = 202, body = JobBody, description = "The job")))]
pub(crate) async fn judge_history(
    allowed: Allowed<RunImport>,
    State(state): State<ApiState>,
) -> Result<Response, Problem> {
    start(&state, &allowed, Work::JudgeHistory, serde_json::Value::Null).await
}

/// Proves the store: counts, hashes, chains.
#[utoipa::path(post, path = "/api/v1/jobs/verify", tag = "jobs",
    responses((status = 202, body = JobBody, description = "The job")))]
pub(crate) async fn verify(allowed: Allowed<RunVerify>, State(state): State<ApiState>) -> Result<Response, Problem> {
    start(&state, &allowed, Work::Verify, serde_json::Value::Null).await
}

/// Freezes a moment of the store in the folder `frozen` of the data folder, within seconds and beside everything else. `cordon backup` on the node's machine copies it from
/// there. One moment at a time: 409 as long as one is frozen, until it is given up by `/api/v1/jobs/thaw` or the node starts again.
#[utoipa::path(post, path = "/api/v1/jobs/freeze", tag = "jobs",
    responses((status = 202, body = JobBody, description = "The job; its counts name offsets of the log")))]
pub(crate) async fn freeze(allowed: Allowed<RunBackup>, State(state): State<ApiState>) -> Result<Response, Problem> {
    if state.control().is_frozen() {
        return Err(Problem::new(ProblemKind::Conflict, FROZEN));
    }
    start(&state, &allowed, Work::Freeze, serde_json::Value::Null).await
}

/// Gives up the frozen moment, and with it the disk that it holds. A backup that is being copied from it fails; the one before it stays whole.
#[utoipa::path(post, path = "/api/v1/jobs/thaw", tag = "jobs",
    responses((status = 202, body = JobBody, description = "The job")))]
pub(crate) async fn thaw(allowed: Allowed<RunBackup>, State(state): State<ApiState>) -> Result<Response, Problem> {
    start(&state, &allowed, Work::Thaw, serde_json::Value::Null).await
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

/// Reviews accesses to records now, as it is done by itself from time to time. One review at a time.
#[utoipa::path(post, path = "/api/v1/privacy/reviews", tag = "incidents",
    responses((status = 202, body = JobBody, description = "The job")))]
pub(crate) async fn review(
    allowed: Allowed<WorkIncidents>,
    State(state): State<ApiState>,
) -> Result<Response, Problem> {
    start(&state, &allowed, Work::ReviewAccesses, serde_json::Value::Null).await
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
        JobKind::JudgeHistory => "history_judged",
        JobKind::ReviewAccesses => "review_started",
        JobKind::Verify => "verify_started",
        JobKind::Freeze => "backup_started",
        JobKind::Thaw => "backup_ended",
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
