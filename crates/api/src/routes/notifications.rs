//! Notification: how it is, what waits and what was given up, and the test button. What a letter says is for its receivers: here it has a kind, a level and a fate.

use axum::extract::State;
use axum::http::StatusCode;
use cordon_store::state::{AuditEntry, LetterState};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::allowed::{Allowed, ChangeNotifications, ReadNotifications, TestNotifications};
use crate::control::{LetterStatus, NotificationStatus, TestedWay};
use crate::extract::{Json, Path, Query};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{LevelWord, Limit, Moment, PageBody};

/// How notification is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Notification)]
pub(crate) struct NotificationBody {
    /// Names of the groups that are told; each can be tested.
    groups: Vec<String>,
    /// Letters that wait.
    waiting: u64,
    /// Of these, letters that were tried and not taken.
    failing: u64,
    /// Letters that were given up.
    dead: u64,
    /// Letters taken by receivers since the start of the node.
    sent: u64,
    /// Tries that failed since the start of the node.
    failed: u64,
    /// Ways that are set up wrongly.
    faults: Vec<WayFault>,
    /// SIEMs that follow.
    siems: Vec<SiemBody>,
    /// Why the last sign of life was not taken; empty when it was, or when none is sent.
    heartbeat_error: String,
    /// Why letters can be neither planned nor sent; empty when they can.
    outbox_error: String,
}

/// A way that is set up wrongly.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WayFault {
    /// Its name.
    name: String,
    /// What is wrong.
    reason: String,
}

/// How a SIEM follows.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Siem)]
pub(crate) struct SiemBody {
    /// Its name.
    name: String,
    /// Number of the last finding that it has for certain.
    confirmed: i64,
    /// Findings sent since the start of the node.
    sent: u64,
    /// Why the last try failed; empty when it did not.
    error: String,
}

impl From<NotificationStatus> for NotificationBody {
    fn from(status: NotificationStatus) -> Self {
        let siem = |(name, siem): (String, crate::control::SiemStatus)| SiemBody {
            name,
            confirmed: siem.confirmed,
            sent: siem.sent,
            error: siem.error,
        };
        Self {
            groups: status.groups,
            waiting: status.waiting,
            failing: status.failing,
            dead: status.dead,
            sent: status.sent,
            failed: status.failed,
            faults: status.faults.into_iter().map(|(name, reason)| WayFault { name, reason }).collect(),
            siems: status.siems.into_iter().map(siem).collect(),
            heartbeat_error: status.heartbeat_error,
            outbox_error: status.outbox_error,
        }
    }
}

/// Where a letter stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LetterState)]
pub(crate) enum LetterWord {
    /// It waits to be sent, or to be sent again.
    Waiting,
    /// A receiver has taken it.
    Sent,
    /// It was tried for as long as the settings say: a person has to look.
    #[default]
    Dead,
}

impl From<LetterWord> for LetterState {
    fn from(word: LetterWord) -> Self {
        match word {
            LetterWord::Waiting => Self::Waiting,
            LetterWord::Sent => Self::Sent,
            LetterWord::Dead => Self::Dead,
        }
    }
}

/// Which letters.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LetterQuery {
    /// Where they stand; `dead` when left out.
    #[serde(default)]
    #[param(inline, required = false)]
    state: LetterWord,
    /// Most letters, 1 to 1,000; 100 when left out.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Limit,
}

/// A letter for one receiver, without what it says.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Letter)]
pub(crate) struct LetterBody {
    /// Its key.
    key: String,
    /// The way: `mail:ADDRESS` or `webhook:NAME`.
    channel: String,
    /// The group of recipients.
    group: String,
    /// Why it was written: `news`, `more` or `test`.
    kind: &'static str,
    /// The worst level of what it tells.
    level: LevelWord,
    /// How many findings it tells of.
    count: u64,
    /// Where it stands.
    state: LetterWord,
    /// Times it was tried.
    attempts: u32,
    /// When it is tried next, or was tried last.
    next_attempt: Moment,
    /// What the last try said; empty when there was none.
    error: String,
}

fn body(letter: LetterStatus, state: LetterWord) -> LetterBody {
    LetterBody {
        key: letter.key,
        channel: letter.channel,
        group: letter.group,
        kind: letter.kind,
        level: letter.level.into(),
        count: letter.count,
        state,
        attempts: letter.attempts,
        next_attempt: Moment(letter.next_attempt),
        error: letter.error,
    }
}

/// Whom to test.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestGiven {
    /// Name of a group of recipients.
    group: String,
}

/// What became of a test on one way.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TestedBody {
    /// The way: `mail:ADDRESS` or `webhook:NAME`.
    channel: String,
    /// Whether the receiver has taken it.
    is_sent: bool,
    /// Why not; empty when it was.
    error: String,
}

impl From<TestedWay> for TestedBody {
    fn from(way: TestedWay) -> Self {
        Self { channel: way.channel, is_sent: way.error.is_empty(), error: way.error }
    }
}

/// Says how notification is.
#[utoipa::path(get, path = "/api/v1/notifications", tag = "notifications",
    responses((status = 200, body = NotificationBody, description = "How it is")))]
pub(crate) async fn status(
    _allowed: Allowed<ReadNotifications>,
    State(state): State<ApiState>,
) -> Json<NotificationBody> {
    Json(state.control().notification().into())
}

/// Lists letters that were given up, wait or were sent, the newest first.
#[utoipa::path(get, path = "/api/v1/notifications/letters", tag = "notifications", params(LetterQuery),
    responses((status = 200, body = PageBody<LetterBody>, description = "The newest")))]
pub(crate) async fn letters(
    _allowed: Allowed<ReadNotifications>,
    State(state): State<ApiState>,
    Query(query): Query<LetterQuery>,
) -> Result<Json<PageBody<LetterBody>>, Problem> {
    let letters = state.control().letters(query.state.into(), query.limit.0).await?;
    Ok(Json(PageBody::whole(letters.into_iter().map(|letter| body(letter, query.state)).collect())))
}

/// Puts a letter that was given up back, to be tried again at once.
#[utoipa::path(post, path = "/api/v1/notifications/letters/{key}/put-back", tag = "notifications",
    params(("key" = String, Path, description = "Key of the letter")),
    responses((status = 204, description = "It waits again")))]
pub(crate) async fn put_back(
    allowed: Allowed<ChangeNotifications>,
    State(state): State<ApiState>,
    Path(key): Path<String>,
) -> Result<StatusCode, Problem> {
    state.control().put_letter_back(&key).await?;
    let entry = AuditEntry::new("letter_put_back", "letter", &key, serde_json::Value::Null);
    state.kept().audit(&allowed.by(), &entry).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a test message to every receiver of a group, at once and past quiet hours, and says what became of each.
#[utoipa::path(post, path = "/api/v1/notifications/test", tag = "notifications", request_body = TestGiven,
    responses((status = 200, body = PageBody<TestedBody>, description = "What became of each")))]
pub(crate) async fn test(
    allowed: Allowed<TestNotifications>,
    State(state): State<ApiState>,
    Json(given): Json<TestGiven>,
) -> Result<Json<PageBody<TestedBody>>, Problem> {
    let ways = state.control().test_notification(&given.group).await?;
    let failed = ways.iter().filter(|way| !way.error.is_empty()).count();
    let detail = json!({"ways": ways.len(), "failed": failed});
    state
        .kept()
        .audit(&allowed.by(), &AuditEntry::new("notification_tested", "recipients", &given.group, detail))
        .await?;
    Ok(Json(PageBody::whole(ways.into_iter().map(Into::into).collect())))
}
