//! What the API shows of learnt behaviour: the detectors one by one, and one entity's normal beside what it does now.

use cordon_api::{BehaviourFeature, EntityBehaviour, ModelStatus};
use cordon_detect::{Behaviour, EntityNow, FeatureNow, ModelState};
use cordon_store::state::Entity;

use super::taught::kind_of;

/// A shift of so many standard deviations counts as a wholly different world.
const DRIFT_WHOLE: f64 = 6.0;

/// All detectors.
pub(super) fn models(behaviour: &Behaviour) -> Vec<ModelStatus> {
    behaviour.models().into_iter().map(model).collect()
}

fn model(of: ModelState) -> ModelStatus {
    ModelStatus {
        id: of.id.to_owned(),
        title: of.title.to_owned(),
        learns: of.learns.to_owned(),
        detects: of.detects.to_owned(),
        entities: of.entities,
        bytes: of.bytes,
        observations: of.observations,
        asked_per_week: of.asked_per_week,
        obtained_per_week: of.obtained_per_week,
        drift: of.drift.map(|shift| (shift.abs() / DRIFT_WHOLE).min(1.0)),
        is_warm: of.is_warm,
        since: of.since,
        findings: of.findings,
    }
}

/// One entity; `None` when nothing was learnt of it, or of its kind.
pub(super) fn entity(behaviour: &Behaviour, entity: &Entity) -> Option<EntityBehaviour> {
    let kind = kind_of(entity.kind)?;
    let EntityNow { first_seen, risk, features, .. } = behaviour.entity(kind, &entity.name)?;
    let features = features.into_iter().map(feature).collect();
    Some(EntityBehaviour { risk, first_seen: Some(first_seen), features, recent: Vec::new() })
}

fn feature(of: FeatureNow) -> BehaviourFeature {
    BehaviourFeature {
        name: of.name.to_owned(),
        words: of.words.to_owned(),
        unit: of.unit.to_owned(),
        now: of.now,
        usual: of.usual,
        peers: of.peers,
    }
}
