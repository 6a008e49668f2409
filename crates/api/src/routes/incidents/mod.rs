//! Incidents: cases of accesses to records for which no reason was found in the data, and the work on them.

mod body;
pub(crate) mod decisions;
pub(crate) mod export;
mod printable;
pub(crate) mod requests;
pub(crate) mod work;

use axum::extract::State;
use cordon_incident::Deed;
use cordon_model::{IncidentId, IncidentState};
use cordon_store::state::{AuditEntry, IncidentFilter, IncidentShown};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use self::body::{IncidentBody, KindWord, SummaryBody};
use crate::allowed::{Act, Allowed, ReadIncidents};
use crate::extract::{Json, Path, Query};
use crate::problem::Problem;
use crate::routes::groups::OwnerWord;
use crate::state::ApiState;
use crate::wire::{Limit, PageBody, id_bytes};

/// Which cases.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct IncidentQuery {
    /// Of this kind.
    #[param(inline)]
    kind: Option<KindWord>,
    /// In one of these states, divided by commas; in all when nothing is said.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "new,triage,asked,answered", pattern = "^(new|triage|asked|answered|decided|closed|withdrawn)(,(new|triage|asked|answered|decided|closed|withdrawn))*$")]
    state: States,
    /// Whose: of whoever asks, or of nobody.
    #[param(inline)]
    owner: Option<OwnerWord>,
    /// Most rows; 100 when nothing is said.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// States divided by commas.
#[derive(Clone, Debug, Default)]
struct States(Vec<IncidentState>);

impl<'de> Deserialize<'de> for States {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let state = |name| IncidentState::from_name(name).ok_or_else(|| D::Error::custom("this is no state of a case"));
        text.split(',').map(|name| state(name.trim())).collect::<Result<_, _>>().map(Self)
    }
}

/// Lists cases, worst first: by score, then the last access.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "incidents", params(IncidentQuery),
    responses((status = 200, body = PageBody<SummaryBody>, description = "A page")))]
pub(crate) async fn list(
    allowed: Allowed<ReadIncidents>,
    State(state): State<ApiState>,
    Query(query): Query<IncidentQuery>,
) -> Result<Json<PageBody<SummaryBody>>, Problem> {
    let filter = IncidentFilter {
        kind: query.kind.map(Into::into),
        states: query.state.0,
        owner: query.owner.map(|owner| owner.of(allowed.name())),
    };
    let page = state.kept().incidents(allowed.scope(), &filter, query.cursor.as_deref(), query.limit.0).await?;
    Ok(Json(PageBody::of(page)))
}

/// Reads a case: its story, what speaks against it, its accesses, and everything that was done. The audit log has it first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}", tag = "incidents", params(("id" = String, Path, description = "Id of the case")),
    responses((status = 200, body = IncidentBody, description = "The case")))]
pub(crate) async fn read(
    allowed: Allowed<ReadIncidents>,
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<IncidentBody>, Problem> {
    let shown = state.kept().incident(allowed.scope(), incident_id(&id)?).await?;
    let found = &shown.incident.found;
    let entry = AuditEntry::new("incident_read", "incident", &found.id.to_string(), serde_json::Value::Null);
    state.kept().audit(&allowed.by(), &entry.at_site(&found.site).for_purpose(allowed.purpose())).await?;
    Ok(Json(whole(&state, &allowed, shown).await?))
}

/// Does something to a case and answers how it is then.
async fn done<A: Act>(
    state: &ApiState,
    allowed: &Allowed<A>,
    id: &str,
    revision: u64,
    deed: Deed,
) -> Result<Json<IncidentBody>, Problem> {
    let (id, now) = (incident_id(id)?, state.control().now());
    let shown = state.kept().change_incident(allowed.scope(), &allowed.by(), now, (id, revision), deed).await?;
    Ok(Json(whole(state, allowed, shown).await?))
}

/// A case with those that are like it.
async fn whole<A: Act>(state: &ApiState, allowed: &Allowed<A>, shown: IncidentShown) -> Result<IncidentBody, Problem> {
    let similar = state.kept().similar_incidents(allowed.scope(), shown.incident.found.id).await?;
    Ok(IncidentBody::new(shown, similar))
}

fn incident_id(text: &str) -> Result<IncidentId, Problem> {
    id_bytes(text).map(IncidentId).ok_or_else(Problem::not_found)
}
