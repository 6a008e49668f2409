//! Sources: what is heard and awaited, with counts, drops and silence.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::allowed::{Allowed, ReadSources};
use crate::control::SourceStatus;
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{Moment, PageBody};

/// A source, and what was counted of it since it is known.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Source)]
pub(crate) struct SourceBody {
    /// Its id.
    id: String,
    /// Its site.
    site: String,
    /// The listener that it comes through.
    listener: String,
    /// Who it is on that listener.
    sender: String,
    /// Name of the format; empty when it is recognised by the bytes.
    format: String,
    /// Whether it stands in the configuration; else it was adopted.
    is_declared: bool,
    /// Whether care depends on it: then it never waits for Cordon.
    is_care: bool,
    /// Whether it has been silent for longer than it may be.
    is_silent: bool,
    /// Most RawRecords a second, 0 for no limit.
    events_per_second_max: u32,
    /// A silence of so many seconds is a finding; 0 for never.
    silence_seconds: u32,
    /// RawRecords received.
    records: u64,
    /// Their bytes.
    bytes: u64,
    /// When the last was received.
    #[schema(required = true)]
    received_last: Option<Moment>,
    /// Time of the latest event.
    #[schema(required = true)]
    event_last: Option<Moment>,
    /// How far its events lie behind their receipt, in seconds; null when unknown.
    #[schema(required = true)]
    lag_seconds: Option<i64>,
    /// RawRecords that were not kept, by reason.
    drops: BTreeMap<String, u64>,
}

impl From<SourceStatus> for SourceBody {
    fn from(source: SourceStatus) -> Self {
        let lag = source.received_last.zip(source.event_last);
        Self {
            id: source.id,
            site: source.site,
            listener: source.listener,
            sender: source.sender,
            format: source.format,
            is_declared: source.is_declared,
            is_care: source.is_care,
            is_silent: source.is_silent,
            events_per_second_max: source.events_per_second_max,
            silence_seconds: source.silence_seconds,
            records: source.records,
            bytes: source.bytes,
            received_last: source.received_last.map(Moment),
            event_last: source.event_last.map(Moment),
            lag_seconds: lag.map(|(received, event)| received.as_seconds().saturating_sub(event.as_seconds())),
            drops: source.drops,
        }
    }
}

/// Lists the sources of the sites that may be seen, by id.
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources",
    responses((status = 200, body = PageBody<SourceBody>, description = "All")))]
pub(crate) async fn list(
    allowed: Allowed<ReadSources>,
    State(state): State<ApiState>,
) -> Result<Json<PageBody<SourceBody>>, Problem> {
    let seen = state.control().sources().into_iter().filter(|source| allowed.scope().admits_site(&source.site));
    Ok(Json(PageBody::whole(seen.map(Into::into).collect())))
}

/// Reads a source. Its id may hold slashes: `syslog_udp/10.0.0.2` is asked for as `syslog_udp%2F10.0.0.2`.
#[utoipa::path(get, path = "/api/v1/sources/{id}", tag = "sources", params(("id" = String, Path, description = "Id of the source")),
    responses((status = 200, body = SourceBody, description = "The source")))]
pub(crate) async fn read(
    allowed: Allowed<ReadSources>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<SourceBody>, Problem> {
    let seen = |source: &SourceStatus| source.id == id && allowed.scope().admits_site(&source.site);
    let source = state.control().sources().into_iter().find(seen).ok_or_else(Problem::not_found)?;
    Ok(Json(source.into()))
}
