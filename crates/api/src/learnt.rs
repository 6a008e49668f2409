//! Learnt behaviour and the review of record accesses, as the node tells of them: plain values of this room.

use cordon_model::{IncidentId, Time};
use cordon_store::state::GroupId;

/// How the review of record accesses is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewStanding {
    /// The site that it is about.
    pub site: String,
    /// When it runs next, by the event clock; `None` when it does not run by itself.
    pub next: Option<Time>,
    /// Whether it can run.
    pub is_set_up: bool,
    /// What is missing for it, or for a part of what it could say: sentences for a person.
    pub missing: Vec<String>,
}

/// A model of learnt behaviour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelStatus {
    /// Its id, as findings name it: `learn.user.sign_in`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it learns, in a sentence.
    pub learns: String,
    /// What it detects, in a sentence.
    pub detects: String,
    /// Entities that it knows.
    pub entities: u64,
    /// Bytes that it takes in memory.
    pub bytes: u64,
    /// What it has seen.
    pub observations: u64,
    /// Alerts a week that it was asked for.
    pub asked_per_week: f64,
    /// Alerts a week that it gave; `None` while it has not judged long enough.
    pub obtained_per_week: Option<f64>,
    /// How far its world has moved, 0 for not at all to 1; `None` while it cannot tell.
    pub drift: Option<f64>,
    /// Whether it has seen enough to speak.
    pub is_warm: bool,
    /// Since when it learns.
    pub since: Option<Time>,
    /// Findings since the start of the node.
    pub findings: u64,
}

/// Why a verdict on a finding of learnt behaviour counts in later scores, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictStanding {
    /// It counts.
    Counts,
    /// It was taken back.
    TakenBack,
    /// It is about the account of who gave it.
    OwnAccount,
    /// Whoever gave it had given too many within a week.
    TooManyInWeek,
    /// Whoever gave it has given later ones about the same.
    Superseded,
    /// It is too old.
    Over,
    /// No model of this node has this name.
    NoModel,
}

/// What a verdict does to later scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VerdictStatus {
    /// The group that it stands at.
    pub group: GroupId,
    /// Whether it counts.
    pub standing: VerdictStanding,
    /// What all counting verdicts on this entity add to its scores with this model now, in nats; less than 0 when they take off.
    pub entity_nats: f64,
    /// What all counting verdicts on this model add to everybody's scores with it now, in nats.
    pub house_nats: f64,
    /// Until when it counts, by the clock of the events.
    pub until: Time,
}

/// Why a verdict on a case counts in later reviews of accesses, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionStanding {
    /// It counts.
    Counts,
    /// It was taken back.
    TakenBack,
    /// Whoever gave it has given enough later ones about the same scenario.
    Superseded,
    /// It is too old.
    Over,
}

/// What a verdict on a case does to later reviews of accesses.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionStatus {
    /// The case.
    pub case: IncidentId,
    /// The scenario that it counts for: the one that weighs most in the case.
    pub scenario: String,
    /// Whether it counts.
    pub standing: DecisionStanding,
    /// How much of it counts: 1 when it is given, less with time, 0 when it does not count.
    pub weight: f64,
    /// What all counting verdicts together add to cases of this scenario now, in nats; less than 0 when they take off.
    pub scenario_nats: f64,
    /// Until when it counts, by the clock of the events.
    pub until: Time,
}

/// What was forgotten of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// When it was first seen.
    pub first_seen: Time,
    /// Days on which it was active.
    pub days: u16,
}

/// How an entity behaves beside its own normal and that of its peers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntityBehaviour {
    /// Its risk now, in nats; it decays.
    pub risk: f64,
    /// When it was first seen.
    pub first_seen: Option<Time>,
    /// What is known of it.
    pub features: Vec<BehaviourFeature>,
    /// What was odd about it lately, the newest first.
    pub recent: Vec<BehaviourNote>,
}

/// One thing that is measured of an entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BehaviourFeature {
    /// Its name.
    pub name: String,
    /// What it is, in words.
    pub words: String,
    /// Its unit; empty for a plain count.
    pub unit: String,
    /// Now; `None` when there was nothing of it in the hour or day that runs.
    pub now: Option<f64>,
    /// What is usual for the entity itself; `None` while that is not known.
    pub usual: Option<f64>,
    /// What is usual for its peers; `None` while that is not known.
    pub peers: Option<f64>,
}

/// Something odd about an entity.
#[derive(Clone, Debug, PartialEq)]
pub struct BehaviourNote {
    /// When.
    pub time: Time,
    /// What, in one line.
    pub title: String,
    /// How odd, in nats.
    pub score: f64,
}
