//! The audit log: who did what, when, why. Append-only and chained.

use axum::extract::State;
use cordon_store::state::{AuditFilter, AuditRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::allowed::{Allowed, ReadAudit};
use crate::extract::{Json, Query};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{Limit, Moment, PageBody};

/// A row of the audit log.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct AuditBody {
    /// Its number, from 1, without gaps.
    seq: i64,
    /// Name of the user or token; `node` for the node itself.
    actor: String,
    /// Address of the peer; empty for the node itself and the command line.
    address: String,
    /// When.
    at: Moment,
    /// The deed.
    action: String,
    /// What kind of thing it was done to.
    target_kind: String,
    /// Id of the thing.
    target: String,
    /// The site it belongs to; empty for the node as a whole.
    site: String,
    /// The purpose that was stated; empty when none was asked for.
    purpose: String,
    /// What was changed.
    detail: serde_json::Value,
    /// Its link in the chain: SHA-256 in hex.
    hash: String,
}

impl From<AuditRow> for AuditBody {
    fn from(row: AuditRow) -> Self {
        Self {
            seq: row.seq,
            actor: row.by.actor.to_string(),
            address: row.by.address.to_string(),
            at: Moment(row.by.at),
            action: row.entry.action,
            target_kind: row.entry.target_kind,
            target: row.entry.target,
            site: row.entry.site,
            purpose: row.entry.purpose,
            detail: row.entry.detail,
            hash: row.hash.to_string(),
        }
    }
}

/// Which rows.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Most rows; 100 when nothing is said.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
    /// `next` of the page before.
    cursor: Option<String>,
    /// This deed.
    action: Option<String>,
    /// Done to this kind of thing.
    target_kind: Option<String>,
    /// Done to the thing of this id.
    target: Option<String>,
    /// At this time or later.
    #[param(inline)]
    from: Option<Moment>,
    /// Before this time.
    #[param(inline)]
    to: Option<Moment>,
}

/// Which rows, with who did it and to what. A body, because names of people do not belong in addresses.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditSearch {
    /// Done by the user or token of this name.
    actor: Option<String>,
    /// This deed.
    action: Option<String>,
    /// Done to this kind of thing.
    target_kind: Option<String>,
    /// Done to the thing of this id or name.
    target: Option<String>,
    /// At this time or later.
    from: Option<Moment>,
    /// Before this time.
    to: Option<Moment>,
    /// Most rows; 100 when nothing is said.
    #[serde(default)]
    #[schema(inline)]
    limit: Limit,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// That the chain holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AuditVerdict {
    /// How many rows it has.
    rows: u64,
    /// Hash of the last, in hex. Kept elsewhere, it shows later that nothing was cut off the end.
    head: String,
}

/// Lists rows, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = PageBody<AuditBody>, description = "A page")))]
pub(crate) async fn list(
    _allowed: Allowed<ReadAudit>,
    State(state): State<ApiState>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<PageBody<AuditBody>>, Problem> {
    let filter = AuditFilter {
        actor: None,
        action: query.action,
        target_kind: query.target_kind,
        target: query.target,
        from: query.from.map(|moment| moment.0),
        to: query.to.map(|moment| moment.0),
    };
    let page = state.kept().audit_rows(&filter, query.cursor.as_deref(), query.limit.0).await?;
    Ok(Json(PageBody::of(page)))
}

/// Looks for rows of one actor or about one thing, the newest first.
#[utoipa::path(post, path = "/api/v1/audit/search", tag = "audit", request_body = AuditSearch,
    responses((status = 200, body = PageBody<AuditBody>, description = "A page")))]
pub(crate) async fn search(
    _allowed: Allowed<ReadAudit>,
    State(state): State<ApiState>,
    Json(search): Json<AuditSearch>,
) -> Result<Json<PageBody<AuditBody>>, Problem> {
    let filter = AuditFilter {
        actor: search.actor,
        action: search.action,
        target_kind: search.target_kind,
        target: search.target,
        from: search.from.map(|moment| moment.0),
        to: search.to.map(|moment| moment.0),
    };
    let page = state.kept().audit_rows(&filter, search.cursor.as_deref(), search.limit.0).await?;
    Ok(Json(PageBody::of(page)))
}

/// Walks the whole chain. Answers 409 when it does not hold, naming the first row that does not fit.
#[utoipa::path(post, path = "/api/v1/audit/verify", tag = "audit",
    responses((status = 200, body = AuditVerdict, description = "It holds")))]
pub(crate) async fn verify(
    _allowed: Allowed<ReadAudit>,
    State(state): State<ApiState>,
) -> Result<Json<AuditVerdict>, Problem> {
    let verified = state.kept().verify_audit().await?;
    Ok(Json(AuditVerdict { rows: verified.rows, head: verified.head.to_string() }))
}
