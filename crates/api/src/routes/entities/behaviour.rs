//! How an entity behaves beside its own normal and that of its peers. Of a person only who looks into staff is told.

use axum::extract::State;
use cordon_store::state::{Entity, EntityKind};
use serde::Serialize;
use utoipa::ToSchema;

use crate::allowed::{Allowed, ReadEntities, ReadStaffBehaviour};
use crate::extract::Json;
use crate::learnt::{BehaviourFeature, BehaviourNote, EntityBehaviour};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::wire::{EntityBody, EntityGiven, Moment};

/// Most names of sources that stand behind one entity and are looked at: one person is written in a few ways.
const NAMES_MAX: usize = 20;

/// How an entity behaves.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = EntityBehaviour)]
pub(crate) struct BehaviourBody {
    /// The entity.
    entity: EntityBody,
    /// Its risk now, in nats; it decays.
    risk: f64,
    /// When it was first seen.
    #[schema(required = true)]
    first_seen: Option<Moment>,
    /// What is measured of it.
    features: Vec<FeatureBody>,
    /// What was odd about it lately, the newest first.
    recent: Vec<NoteBody>,
}

/// One thing that is measured of an entity.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BehaviourFeature)]
pub(crate) struct FeatureBody {
    /// Its name.
    name: String,
    /// What it is, in words.
    words: String,
    /// Its unit; empty for a plain count.
    unit: String,
    /// Now; null when there was nothing of it in the hour or day that runs.
    #[schema(required = true)]
    now: Option<f64>,
    /// What is usual for the entity itself; null while that is not known.
    #[schema(required = true)]
    usual: Option<f64>,
    /// What is usual for its peers; null while that is not known.
    #[schema(required = true)]
    peers: Option<f64>,
}

/// Something odd about an entity.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BehaviourNote)]
pub(crate) struct NoteBody {
    /// When.
    time: Moment,
    /// What, in one line.
    title: String,
    /// How odd, in nats.
    score: f64,
}

/// Reads how an entity behaves beside its own normal and that of its peers. Of people only privacy officers are told. A body, because names of people do not belong in
/// addresses.
#[utoipa::path(post, path = "/api/v1/entities/behaviour", tag = "entities", request_body = EntityGiven,
    responses((status = 200, body = BehaviourBody, description = "How it behaves; without features when nothing is learnt of it")))]
pub(crate) async fn read(
    allowed: Allowed<ReadEntities>,
    State(state): State<ApiState>,
    Json(given): Json<EntityGiven>,
) -> Result<Json<BehaviourBody>, Problem> {
    let entity = Entity::from(given);
    if entity.kind == EntityKind::User {
        allowed.also::<ReadStaffBehaviour>(&state).await?;
    }
    let names = state.kept().names_behind(allowed.scope(), &entity).await?;
    for name in names.iter().take(NAMES_MAX) {
        let asked = Entity { kind: entity.kind, name: name.as_str().into() };
        if let Some(behaviour) = state.control().behaviour_of(asked).await? {
            return Ok(Json(shown(&state, &allowed, &entity, &names, behaviour)));
        }
    }
    // nothing is learnt of most entities: that is no fault
    Ok(Json(shown(&state, &allowed, &entity, &names, EntityBehaviour::default())))
}

/// The texts without the names that whoever asks may not see.
fn shown(
    state: &ApiState,
    allowed: &Allowed<ReadEntities>,
    entity: &Entity,
    names: &[String],
    behaviour: EntityBehaviour,
) -> BehaviourBody {
    let accounts = state.kept().accounts();
    let is_user = entity.kind == EntityKind::User;
    let hidden = names.iter().map(String::as_str).filter(|_| is_user);
    let within = accounts.within(allowed.scope(), hidden);
    let text = |text: String| within.as_ref().map_or_else(|| text.clone(), |within| within.text(&text).into_owned());
    let feature = |feature: BehaviourFeature| FeatureBody {
        name: feature.name,
        words: text(feature.words),
        unit: feature.unit,
        now: feature.now,
        usual: feature.usual,
        peers: feature.peers,
    };
    let note = |note: BehaviourNote| NoteBody { time: Moment(note.time), title: text(note.title), score: note.score };
    BehaviourBody {
        entity: entity.clone().into(),
        risk: behaviour.risk,
        first_seen: behaviour.first_seen.map(Moment),
        features: behaviour.features.into_iter().map(feature).collect(),
        recent: behaviour.recent.into_iter().map(note).collect(),
    }
}
