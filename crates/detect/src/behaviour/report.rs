//! What the detectors of behaviour say about themselves and about an entity, and what they find.

use std::sync::Arc;

use cordon_model::Time;

use crate::Detected;

/// A finding of learnt behaviour, with what its row says beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noticed {
    /// The finding and its subject.
    pub detected: Detected,
    /// Site of the event that made it.
    pub site: Arc<str>,
    /// OCSF class of that event; 0 when it was the silence.
    pub class_uid: i64,
    /// When that event was received.
    pub received: Time,
    /// The device that it is about.
    pub device: Option<String>,
    /// Pseudonym of the patient that the event was about.
    pub patient_ref: Option<String>,
}

/// How one detector is.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelState {
    /// Id of its findings' rule, such as `learn.account.sign_in`.
    pub id: &'static str,
    /// Title of its findings.
    pub title: &'static str,
    /// What it learns, a sentence.
    pub learns: &'static str,
    /// What it is there to find, a sentence.
    pub detects: &'static str,
    /// Entities of which it had something to say, however little, at least once.
    pub entities: u64,
    /// Bytes that it holds beside what all detectors share; what they share stands in the first.
    pub bytes: u64,
    /// Observations that it judged.
    pub observations: u64,
    /// Findings of it, since it learns.
    pub findings: u64,
    /// Alerts per week asked of it: its share of all.
    pub asked_per_week: f64,
    /// Alerts per week that it gave, over the time judged; none before a day was judged.
    pub obtained_per_week: Option<f64>,
    /// How far the mean score of lately lies above that of the past, in standard deviations of a single score; none in the first fifty scores.
    pub drift: Option<f64>,
    /// Whether enough scores are known for the threshold to follow them.
    pub is_warm: bool,
    /// The score, in nats, above which it speaks.
    pub threshold: f64,
    /// Time of the first event that it learnt from; none before.
    pub since: Option<Time>,
}

/// What kind of thing an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    /// An account of a person, a service or a machine.
    Account,
    /// A machine, by name or address.
    Host,
    /// A medical device, an application entity of imaging or a sender of messages.
    Device,
}

/// What is normal for an entity, and what it does now.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityNow {
    /// What kind.
    pub kind: EntityKind,
    /// Its name as it was asked for.
    pub name: String,
    /// Time of the first event of it.
    pub first_seen: Time,
    /// Time of the latest event of it.
    pub last_seen: Time,
    /// Weak signs that add up, in nats, halved every day.
    pub risk: f64,
    /// The risk above which there is a finding.
    pub risk_threshold: f64,
    /// Hours of the day at which it was active, by the site's clock: for each the share of its active days, workdays first (24), then Saturdays and Sundays (24).
    pub hours: Vec<f64>,
    /// Peers that it is compared with; empty when there are none.
    pub peers: String,
    /// What is measured of it.
    pub features: Vec<FeatureNow>,
}

/// One number about an entity.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureNow {
    /// Name, such as `records_per_hour`.
    pub name: &'static str,
    /// What it is, for people: `records opened in an hour`.
    pub words: &'static str,
    /// Unit: `records`, `bytes`, `patients`, `addresses` ...
    pub unit: &'static str,
    /// What is usual for the entity itself.
    pub usual: Option<f64>,
    /// What 99 of 100 of its peers' values do not pass.
    pub peers: Option<f64>,
    /// In the hour or day that is running.
    pub now: Option<f64>,
}
