//! Live streams: findings and events as they are kept, for whoever may read them, until the session ends.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use cordon_policy::AccessScope;
use cordon_store::accounts::Accounts;
use cordon_store::query::shown_columns;
use cordon_store::state::{FindingFilter, FindingRow};
use futures_util::{Stream, StreamExt as _};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};

use super::findings::FindingBody;
use crate::allowed::{Allowed, ReadFindings, SearchEvents, Still};
use crate::control::{Live, LiveEvent};
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use crate::wire::{Moment, Row, SseEvent};

/// Whether who listens may still listen is asked this often.
const STILL_EVERY: Duration = Duration::from_secs(30);
/// Findings that are read at a time.
const ROWS: u32 = 100;

/// Where to go on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes a header that `since` reads")]
pub(crate) struct LastEventId {
    /// Number of the last finding that was received; a browser sends it by itself. Without it: from now on.
    #[param(rename = "Last-Event-ID", required = false, pattern = "^[0-9]{1,18}$")]
    last_event_id: Option<String>,
}

/// An event as it is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LiveEventBody {
    /// Its id.
    id: String,
    /// Event time.
    time: Moment,
    /// When it was received.
    received: Moment,
    /// Id of the source.
    source: String,
    /// Its site.
    site: String,
    /// OCSF class.
    class_uid: i64,
    /// Columns of its event table that have a value and may be seen.
    columns: Row,
}

/// Follows findings: an event `finding` for each, whose data is a Finding and whose id lets a cut stream go on without a gap.
#[utoipa::path(get, path = "/api/v1/stream/findings", tag = "stream", params(LastEventId),
    responses((status = 200, body = SseEvent, content_type = "text/event-stream", description = "Events whose data is a Finding")))]
pub(crate) async fn findings(
    allowed: Allowed<ReadFindings>,
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let place = place(&state)?;
    let kept = state.control().findings_kept();
    let since = since(&state, allowed.scope(), &headers).await?;
    let (scope, still, longest) = (allowed.scope().clone(), allowed.still(&state), state.options().stream_max);
    let follow = FindingStream {
        state,
        scope,
        still,
        kept,
        since,
        waiting: VecDeque::new(),
        asked: Instant::now(),
        _place: place,
    };
    Ok(sse(futures_util::stream::unfold(follow, FindingStream::next), longest))
}

/// Follows events: an event `event` for each, and `missed` with a number when the reader is too slow.
#[utoipa::path(get, path = "/api/v1/stream/events", tag = "stream",
    responses((status = 200, body = SseEvent, content_type = "text/event-stream", description = "Events whose data is a LiveEvent")))]
pub(crate) async fn events(allowed: Allowed<SearchEvents>, State(state): State<ApiState>) -> Result<Response, Problem> {
    let place = place(&state)?;
    let follow = EventStream {
        scope: allowed.scope().clone(),
        still: allowed.still(&state),
        events: state.control().live_events(),
        accounts: state.kept().accounts().clone(),
        _place: place,
    };
    Ok(sse(futures_util::stream::unfold(follow, EventStream::next), state.options().stream_max))
}

/// Sends a stream for so long at most; a browser then opens it again by itself.
fn sse(stream: impl Stream<Item = Result<Event, Infallible>> + Send + 'static, longest: Duration) -> Response {
    let stream = stream.take_until(Box::pin(tokio::time::sleep(longest)));
    Sse::new(stream).keep_alive(KeepAlive::default()).into_response()
}

fn place(state: &ApiState) -> Result<OwnedSemaphorePermit, Problem> {
    let none = |_| Problem::new(ProblemKind::Unavailable, "too many streams are open").retry_after(30);
    Arc::clone(state.streams()).try_acquire_owned().map_err(none)
}

/// The number of the last finding that whoever asks has: what the browser says, else the newest there is.
async fn since(state: &ApiState, scope: &AccessScope, headers: &HeaderMap) -> Result<i64, Problem> {
    if let Some(value) = headers.get("last-event-id") {
        let number = value.to_str().ok().and_then(|text| text.parse().ok()).filter(|number| *number >= 0);
        return number.ok_or_else(|| Problem::new(ProblemKind::BadRequest, "Last-Event-ID is the number of a finding"));
    }
    let newest = state.kept().findings(scope, &FindingFilter::default(), None, 1).await?;
    Ok(newest.rows.first().map_or(0, |row| row.seq))
}

struct FindingStream {
    state: ApiState,
    scope: AccessScope,
    still: Still,
    kept: watch::Receiver<u64>,
    since: i64,
    waiting: VecDeque<FindingRow>,
    asked: Instant,
    _place: OwnedSemaphorePermit,
}

impl FindingStream {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(row) = self.waiting.pop_front() {
                self.since = row.seq;
                let event = Event::default().event("finding").id(row.seq.to_string());
                let data = serde_json::to_string(&FindingBody::from(row)).unwrap_or_default();
                return Some((Ok(event.data(data)), self));
            }
            // findings that come without a pause must not keep anybody from being asked
            if self.asked.elapsed() >= STILL_EVERY {
                self.scope = self.still.scope().await?;
                self.asked = Instant::now();
            }
            self.kept.mark_unchanged();
            let rows = self.state.kept().findings_after(&self.scope, self.since, ROWS).await;
            let rows = rows.inspect_err(|fault| tracing::warn!(%fault, "a stream of findings ends")).ok()?;
            self.waiting.extend(rows);
            if self.waiting.is_empty()
                && tokio::time::timeout(STILL_EVERY, self.kept.changed()).await.is_ok_and(|kept| kept.is_err())
            {
                return None; // the node ends
            }
        }
    }
}

struct EventStream {
    scope: AccessScope,
    still: Still,
    events: broadcast::Receiver<Arc<Live>>,
    accounts: Accounts,
    _place: OwnedSemaphorePermit,
}

impl EventStream {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        let mut asked = Instant::now();
        loop {
            let is_due = asked.elapsed() >= STILL_EVERY;
            if is_due {
                self.scope = self.still.scope().await?;
            }
            asked = if is_due { Instant::now() } else { asked };
            let Ok(received) = tokio::time::timeout(STILL_EVERY, self.events.recv()).await else { continue };
            let event = match received.as_deref() {
                Ok(Live::Event(event)) if self.scope.admits(&event.site, event.class_uid) => {
                    shown(event, &self.scope, &self.accounts)
                }
                Ok(Live::Event(_)) => continue,
                Ok(Live::Missed(missed)) | Err(broadcast::error::RecvError::Lagged(missed)) => {
                    Event::default().event("missed").data(missed.to_string())
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            };
            return Some((Ok(event), self));
        }
    }
}

fn shown(event: &LiveEvent, scope: &AccessScope, accounts: &Accounts) -> Event {
    let columns = shown_columns(&event.columns, scope, accounts);
    let body = LiveEventBody {
        id: event.id.to_string(),
        time: Moment(event.time),
        received: Moment(event.received),
        source: event.source.clone(),
        site: event.site.clone(),
        class_uid: event.class_uid,
        columns: Row(columns),
    };
    Event::default().event("event").id(body.id.clone()).data(serde_json::to_string(&body).unwrap_or_default())
}
