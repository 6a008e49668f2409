//! What analysts said of findings of learnt behaviour, brought from the state to the models: at a start before the street goes on, and whenever a verdict changes.

use cordon_api::{Forgotten, VerdictStanding as Shown, VerdictStatus};
use cordon_detect::{Behaviour, EntityKind as Learnt, Verdict, VerdictEffect, VerdictStanding};
use cordon_policy::AccessScope;
use cordon_store::state::{Entity, EntityKind, GroupId, State, StateError, TaughtRow, Verdict as Said};

use super::learnt;

/// How ids of models begin.
const LEARNT: &str = "learn.";

/// Puts the verdicts that the state holds into force.
///
/// # Errors
/// The state cannot be read; what was in force stays.
pub(super) async fn put_into_force(state: &State, learnt: &learnt::Learnt) -> Result<(), StateError> {
    let rows = state.taught(&AccessScope::of_the_node(), LEARNT).await?;
    learnt.judge_by(rows.into_iter().filter_map(verdict).collect());
    Ok(())
}

fn verdict(row: TaughtRow) -> Option<Verdict> {
    let about = row.about.as_ref().and_then(|Entity { kind, name }| Some((kind_of(*kind)?, (&**name).into())));
    Some(Verdict {
        id: row.group.group_id.0,
        detector: row.group.rule_id.into(),
        about,
        is_harmful: row.group.verdict? == Said::TruePositive,
        by: row.by.into(),
        given: row.given,
        about_until: row.about_until,
        is_taken_back: row.taken_back.is_some(),
    })
}

/// What models call an entity; none for those that they do not learn.
pub(super) const fn kind_of(kind: EntityKind) -> Option<Learnt> {
    match kind {
        EntityKind::User => Some(Learnt::Account),
        EntityKind::Host => Some(Learnt::Host),
        EntityKind::Device => Some(Learnt::Device),
        EntityKind::Patient | EntityKind::Source => None,
    }
}

/// What verdicts do, as the API shows it.
pub(super) fn effects(behaviour: &Behaviour) -> Vec<VerdictStatus> {
    behaviour.verdicts().into_iter().map(effect).collect()
}

fn effect(of: VerdictEffect) -> VerdictStatus {
    let standing = match of.standing {
        VerdictStanding::Counts => Shown::Counts,
        VerdictStanding::TakenBack => Shown::TakenBack,
        VerdictStanding::OwnAccount => Shown::OwnAccount,
        VerdictStanding::TooManyInWeek => Shown::TooManyInWeek,
        VerdictStanding::Superseded => Shown::Superseded,
        VerdictStanding::Over => Shown::Over,
        VerdictStanding::Unknown => Shown::NoModel,
    };
    VerdictStatus {
        group: GroupId(of.id),
        standing,
        entity_nats: of.entity_nats,
        house_nats: of.house_nats,
        until: of.until,
    }
}

/// What was forgotten, as the API tells of it.
pub(super) const fn forgotten(of: cordon_detect::Forgotten) -> Forgotten {
    Forgotten { first_seen: of.first_seen, days: of.days }
}
