//! What stands around the list of groups: how many there are, over time, and the values among which one can choose.

use axum::extract::State;
use cordon_store::state::{GroupFacet, GroupFacetValue, GroupField};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asked::GroupsAsked;
use crate::allowed::{Allowed, ReadFindings};
use crate::extract::{Json, Parted};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{Buckets, LevelCellBody, Moment};

/// Into how many stretches of time.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Stretches {
    /// Into how many stretches of time at most, 60 when nothing is said.
    #[serde(default)]
    #[param(inline)]
    buckets: Buckets,
}

/// Groups counted as a whole, over time and by field.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = GroupSummary)]
pub(crate) struct SummaryBody {
    /// Groups.
    total: u64,
    /// Their findings.
    findings: u64,
    /// Where the histogram begins: what was asked for, else the earliest of the groups' latest findings; now when there is none.
    from: Moment,
    /// Where it ends: what was asked for, else the latest of them; now when there is none.
    until: Moment,
    /// Length of a stretch.
    #[schema(minimum = 1)]
    seconds: i64,
    /// The groups by the time of their latest finding and by level: by stretch, then level, both rising; none that is 0.
    histogram: Vec<LevelCellBody>,
    /// The values of each field.
    facets: Vec<FacetBody>,
}

/// A field that groups are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GroupField)]
enum FieldWord {
    Level,
    State,
    Rule,
    Site,
    ClassUid,
    EntityKind,
}

/// The values of a field among the groups, without what was asked of that field itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = GroupFacet)]
struct FacetBody {
    /// The field; the parameter of its name asks for one value of it.
    field: FieldWord,
    /// Its most frequent values, at most 20, the most frequent first.
    values: Vec<ValueBody>,
}

/// A value of a field.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = GroupFacetValue)]
struct ValueBody {
    /// The value.
    value: String,
    /// Of a rule its title; else the value.
    label: String,
    /// Groups that have it.
    count: u64,
}

impl From<GroupField> for FieldWord {
    fn from(field: GroupField) -> Self {
        match field {
            GroupField::Level => Self::Level,
            GroupField::State => Self::State,
            GroupField::Rule => Self::Rule,
            GroupField::Site => Self::Site,
            GroupField::ClassUid => Self::ClassUid,
            GroupField::EntityKind => Self::EntityKind,
        }
    }
}

impl From<GroupFacet> for FacetBody {
    fn from(facet: GroupFacet) -> Self {
        let value = |GroupFacetValue { value, label, count }: GroupFacetValue| ValueBody { value, label, count };
        Self { field: facet.field.into(), values: facet.values.into_iter().map(value).collect() }
    }
}

/// Counts groups: as a whole, over time, and by the values of each field.
#[utoipa::path(get, path = "/api/v1/finding-groups/summary", tag = "findings", params(GroupsAsked, Stretches),
    responses((status = 200, body = SummaryBody, description = "The counts, all of one moment")))]
pub(crate) async fn summary(
    allowed: Allowed<ReadFindings>,
    State(state): State<ApiState>,
    Parted(asked, stretches): Parted<GroupsAsked, Stretches>,
) -> Result<Json<SummaryBody>, Problem> {
    let (filter, now) = (asked.filter(&state, allowed.name()), state.control().now());
    let summary = state.kept().group_summary(allowed.scope(), &filter, stretches.buckets.0).await?;
    Ok(Json(SummaryBody {
        total: summary.total,
        findings: summary.findings,
        from: Moment(summary.from.unwrap_or(now)),
        until: Moment(summary.until.unwrap_or(now)),
        seconds: summary.over_time.seconds,
        histogram: summary.over_time.cells.into_iter().map(Into::into).collect(),
        facets: summary.facets.into_iter().map(Into::into).collect(),
    }))
}
