//! What is going on: open groups that belong together.

use axum::extract::State;
use cordon_model::Level;
use cordon_store::state::Story;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::GroupBody;
use crate::allowed::{Allowed, ReadFindings};
use crate::extract::{Json, Query};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{EntityBody, LevelWord};

/// Stories of one answer.
const STORIES_MAX: usize = 20;
/// Entities that are named of a story.
const ENTITIES_MAX: usize = 8;

/// Which groups are joined.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StoriesAsked {
    /// At least this bad; `medium` when nothing is said.
    #[param(inline)]
    level_min: Option<LevelWord>,
}

/// Open groups that share an account of a person, a machine or a device, also over others of them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Story)]
pub(crate) struct StoryBody {
    /// Its groups.
    groups: u64,
    /// Their findings.
    findings: u64,
    /// Whom and what it is about, those of most groups first; at most 8.
    entities: Vec<EntityBody>,
    /// How many it is about.
    entities_total: u64,
    /// The group with the earliest finding.
    began: GroupBody,
    /// The worst group; of several the latest.
    worst: GroupBody,
    /// The group with the latest finding.
    latest: GroupBody,
}

/// What is going on.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Stories)]
pub(crate) struct StoriesBody {
    /// The worst first, of these the one that began first; at most 20.
    items: Vec<StoryBody>,
    /// How many there are.
    total: u64,
    /// Whether more than 200 groups are open: then the worst 200 were looked at.
    is_cut: bool,
}

impl From<Story> for StoryBody {
    fn from(story: Story) -> Self {
        let total = story.entities.len();
        Self {
            groups: story.groups,
            findings: story.findings,
            entities: story.entities.into_iter().take(ENTITIES_MAX).map(Into::into).collect(),
            entities_total: u64::try_from(total).unwrap_or(u64::MAX),
            began: story.began.into(),
            worst: story.worst.into(),
            latest: story.latest.into(),
        }
    }
}

/// Joins the groups that are open or acknowledged into stories: those that share an account, a machine or a device. Patients, accounts of machines and machines that more
/// than four persons use join nothing.
#[utoipa::path(get, path = "/api/v1/finding-groups/stories", tag = "findings", params(StoriesAsked),
    responses((status = 200, body = StoriesBody, description = "The stories")))]
pub(crate) async fn stories(
    allowed: Allowed<ReadFindings>,
    State(state): State<ApiState>,
    Query(asked): Query<StoriesAsked>,
) -> Result<Json<StoriesBody>, Problem> {
    let level_min = asked.level_min.map_or(Level::Medium, Into::into);
    let told = state.kept().stories(allowed.scope(), level_min, state.control().now()).await?;
    let total = u64::try_from(told.stories.len()).unwrap_or(u64::MAX);
    let items = told.stories.into_iter().take(STORIES_MAX).map(Into::into).collect();
    Ok(Json(StoriesBody { items, total, is_cut: told.is_cut }))
}
