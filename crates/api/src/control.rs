//! What only the running node knows and can do, behind one small trait that room `node` implements.
//!
//! Everything here is answered from memory at once or returns a future; nothing blocks. Types are plain values of this room, so that neither side knows the other's insides.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use cordon_model::{EventId, Level, Time};
use cordon_policy::AccessScope;
use cordon_store::state::{Entity, LetterState};
use futures_util::future::BoxFuture;
use tokio::sync::{broadcast, watch};

use crate::learnt::{DecisionStatus, EntityBehaviour, Forgotten, ModelStatus, ReviewStanding, VerdictStatus};
use crate::metrics::Family;
use crate::opened::OpenedRecord;

/// The node, as the API sees it.
pub trait NodeControl: Send + Sync + fmt::Debug {
    /// "Now" of the event clock: what searches and lists mean by now. Sessions and TLS use the real one.
    fn now(&self) -> Time;

    /// How each part of the node is, worst first.
    fn health(&self) -> NodeHealth;

    /// How full the disk is and how far it reaches; `None` until the node has looked at it for the first time.
    fn disk(&self) -> Option<DiskStanding>;

    /// All sources with their counts, by id.
    fn sources(&self) -> Vec<SourceStatus>;

    /// What the node counts, for `/metrics`. Names start with `cordon_`, units last; labels hold nothing of a patient or a person.
    fn metrics(&self) -> Vec<Family>;

    /// All rules that were read, by id.
    fn rules(&self) -> Vec<Arc<RuleStatus>>;

    /// The text of a rule as it was read; `None` when there is no such rule.
    fn rule_text(&self, id: &str) -> Option<Arc<str>>;

    /// Switches a rule on or off, for good: the node keeps it and later loads of rules follow it.
    fn switch_rule(&self, id: &str, is_enabled: bool) -> BoxFuture<'static, Result<(), ControlError>>;

    /// Whether the node knows a setting of this name and can use this value; the sentence of a refusal says why not.
    ///
    /// # Errors
    /// It does not, or cannot.
    fn check_setting(&self, name: &str, value: &serde_json::Value) -> Result<(), ControlError>;

    /// The site of what a sender over HTTP with this name brings.
    fn sender_site(&self, sender: &str) -> String;

    /// Reads the settings again, and the rules, and puts into force what a running node can take over. When anything is wrong, all stays as it is.
    fn reload_settings(&self) -> BoxFuture<'static, Result<Reloaded, ControlError>>;

    /// How notification is.
    fn notification(&self) -> NotificationStatus;

    /// Letters that stand so, the newest first.
    fn letters(&self, state: LetterState, limit: u32) -> BoxFuture<'static, Result<Vec<LetterStatus>, ControlError>>;

    /// Puts a letter that was given up back, to be tried again at once.
    fn put_letter_back(&self, key: &str) -> BoxFuture<'static, Result<(), ControlError>>;

    /// Sends a test message to every receiver of a group and says what became of each.
    fn test_notification(&self, group: &str) -> BoxFuture<'static, Result<Vec<TestedWay>, ControlError>>;

    /// Reads the rules again. Windows keep their state. Gives the number of rules that are on now.
    fn reload_rules(&self) -> BoxFuture<'static, Result<usize, ControlError>>;

    /// Does long work and reports how far it is. Ends early, with what it has, once [`Progress::is_cancelled`].
    fn run(&self, work: Work, progress: Arc<Progress>) -> BoxFuture<'static, Result<Outcome, ControlError>>;

    /// Whether a moment of the store is frozen for a backup, or on its way to be or to be given up.
    fn is_frozen(&self) -> bool;

    /// The RawRecord of an event in its own bytes, out of the evidence or, while it is not there yet, the log. What names a patient is masked unless `is_revealed`;
    /// whoever asks has decided and audited that.
    fn record(&self, place: RecordPlace, is_revealed: bool) -> BoxFuture<'static, Result<Vec<u8>, ControlError>>;

    /// Changes whenever findings were kept: who follows along then reads them from the state. The number itself means nothing.
    fn findings_kept(&self) -> watch::Receiver<u64>;

    /// Events from now on. The node makes them only while somebody listens (`Sender::receiver_count`). Who reads too slowly is told how many were missed.
    fn live_events(&self) -> broadcast::Receiver<Arc<Live>>;

    /// How the review of record accesses is set up. A node without one says what is missing.
    fn review(&self) -> ReviewStanding {
        ReviewStanding::default()
    }

    /// Who opened the record of a patient, by pseudonym, in a period, as the last review of accesses says; `None` when it knew nobody of that pseudonym. Accounts are
    /// told by their names.
    fn opened(
        &self,
        _patient_ref: String,
        _period: Range<Time>,
    ) -> BoxFuture<'static, Result<Option<OpenedRecord>, ControlError>> {
        Box::pin(async { Err(ControlError::Refused("this node reviews no accesses".to_owned())) })
    }

    /// What verdicts on cases do to later reviews of accesses.
    fn decision_effects(&self) -> BoxFuture<'static, Result<Vec<DecisionStatus>, ControlError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// The models of learnt behaviour, in the order in which they are shown.
    fn models(&self) -> Vec<ModelStatus> {
        Vec::new()
    }

    /// Asks all models together for so many alerts a week, for good. Gives what is in force then.
    fn ask_alerts(&self, _alerts_per_week: u32) -> BoxFuture<'static, Result<u32, ControlError>> {
        Box::pin(async { Err(ControlError::Unavailable("this node learns no behaviour".to_owned())) })
    }

    /// What verdicts on findings of learnt behaviour do to later scores, as it is in force.
    fn verdict_effects(&self) -> Vec<VerdictStatus> {
        Vec::new()
    }

    /// A verdict on a finding of learnt behaviour was given, changed or taken back: from now on scores go by what the state holds.
    fn verdicts_changed(&self) -> BoxFuture<'static, Result<(), ControlError>> {
        Box::pin(async { Ok(()) })
    }

    /// Forgets what was learnt of a user, host or device, for good before it answers; `None` when nothing was. Names are those of the sources.
    fn forget(&self, _entity: Entity) -> BoxFuture<'static, Result<Option<Forgotten>, ControlError>> {
        Box::pin(async { Err(ControlError::Unavailable("this node learns no behaviour".to_owned())) })
    }

    /// How an entity behaves beside its own normal and that of its peers; `None` when nothing was learnt of it. Names are those of the sources.
    fn behaviour_of(&self, _entity: Entity) -> BoxFuture<'static, Result<Option<EntityBehaviour>, ControlError>> {
        Box::pin(async { Ok(None) })
    }
}

/// How a part of the node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartState {
    /// It does what it should.
    Ok,
    /// It works with a limit that a person should know.
    Degraded,
    /// It does not work; the node is not ready.
    Failed,
}

/// One part of the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name, for example `wal`, `tables`, `state`, `detection`, `notification`.
    pub name: &'static str,
    /// How it is.
    pub state: PartState,
    /// What a person should know, in one sentence; empty when all is well.
    pub detail: String,
}

/// How the node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeHealth {
    /// Version of the binary.
    pub version: String,
    /// When the node started, by the real clock.
    pub started: Time,
    /// Whether it takes and answers requests: recovery is over and nothing failed.
    pub is_ready: bool,
    /// All parts.
    pub parts: Vec<Part>,
}

/// How full the disk is, as the last round of retention found it (`docs/specs/retention.md`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskStanding {
    /// Bytes that what is kept may take.
    pub budget: u64,
    /// Bytes kept by what they are: classes of data (`health`, `identity`, `system`, `network`, `application`, `other`), `evidence`, and `node` for what it needs itself.
    pub kept: Vec<(&'static str, u64)>,
    /// Bytes that minimum ages, holds or findings keep.
    pub protected: u64,
    /// Age of the oldest day of which anything is left, in days.
    pub days_kept: u64,
    /// Full days until the budget is full at the pace of the last week; `None` while no full day was received.
    pub days_left: Option<u64>,
    /// Whether the budget is full and the oldest days leave in turn.
    pub is_turning: bool,
    /// Bytes free on the file system.
    pub free: u64,
    /// Free bytes below which senders have to wait.
    pub reserve: u64,
    /// Bytes that retention made free since the start of the node.
    pub removed: u64,
}

/// A source, and what was counted of it since it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceStatus {
    /// Its id.
    pub id: String,
    /// Its site.
    pub site: String,
    /// The listener that it comes through.
    pub listener: String,
    /// Who it is on that listener.
    pub sender: String,
    /// Name of the format; empty when it is recognised by the bytes.
    pub format: String,
    /// Whether it stands in the configuration; else it was adopted.
    pub is_declared: bool,
    /// Whether care depends on it.
    pub is_care: bool,
    /// Whether it has been silent for longer than it may be.
    pub is_silent: bool,
    /// Most RawRecords a second, 0 for no limit.
    pub events_per_second_max: u32,
    /// A silence of so many seconds is a finding; 0 for never.
    pub silence_seconds: u32,
    /// RawRecords received.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the last was received.
    pub received_last: Option<Time>,
    /// Time of the latest event.
    pub event_last: Option<Time>,
    /// RawRecords that were not kept, by reason (`DropReason::name`), reasons with a count only.
    pub drops: BTreeMap<String, u64>,
}

/// What became of reading the settings again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Keys of settings that changed and are in force now.
    pub changed: Vec<String>,
    /// Keys of settings that changed and wait for the next start.
    pub restart: Vec<String>,
    /// Rules that run now.
    pub rules: usize,
}

/// How notification is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotificationStatus {
    /// Names of the groups that are told.
    pub groups: Vec<String>,
    /// Letters that wait.
    pub waiting: u64,
    /// Of these, letters that were tried and not taken.
    pub failing: u64,
    /// Letters that were given up.
    pub dead: u64,
    /// Letters taken by receivers since the start of the node.
    pub sent: u64,
    /// Tries that failed since the start of the node.
    pub failed: u64,
    /// Ways that are set up wrongly: name and reason.
    pub faults: Vec<(String, String)>,
    /// SIEMs by name.
    pub siems: Vec<(String, SiemStatus)>,
    /// Why the last sign of life was not taken; empty when it was, or when none is sent.
    pub heartbeat_error: String,
    /// Why letters can be neither planned nor sent; empty when they can.
    pub outbox_error: String,
}

/// How a SIEM follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiemStatus {
    /// Number of the last finding that it has for certain.
    pub confirmed: i64,
    /// Findings sent since the start of the node.
    pub sent: u64,
    /// Why the last try failed; empty when it did not.
    pub error: String,
}

/// A letter for one receiver, without what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterStatus {
    /// Its key; it says nothing of receiver or letter.
    pub key: String,
    /// The way to the receiver: `mail:ADDRESS` or `webhook:NAME`.
    pub channel: String,
    /// Name of the group of recipients.
    pub group: String,
    /// Why it was written: `news`, `more` or `test`.
    pub kind: &'static str,
    /// The worst level of what it tells.
    pub level: Level,
    /// How many findings it tells of.
    pub count: u64,
    /// Times it was tried.
    pub attempts: u32,
    /// When it is tried next, or was tried last.
    pub next_attempt: Time,
    /// What the last try said; empty when there was none.
    pub error: String,
}

/// What became of a test message on one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestedWay {
    /// The way to the receiver: `mail:ADDRESS` or `webhook:NAME`.
    pub channel: String,
    /// Why it was not taken; empty when it was.
    pub error: String,
}

/// A rule, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleStatus {
    /// Its id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Level.
    pub level: Level,
    /// Author as the rule states it; may be empty.
    pub author: String,
    /// Licence.
    pub license: String,
    /// Where it can be read.
    pub link: String,
    /// Description, may be empty.
    pub description: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Known harmless causes.
    pub false_positives: Vec<String>,
    /// The log source it is about, for example `windows/process_creation`.
    pub log_source: String,
    /// Whether it is a correlation.
    pub is_correlation: bool,
    /// Whether it runs.
    pub is_enabled: bool,
    /// Why it does not run; empty when it does.
    pub off_reason: String,
    /// Findings since the start of the node.
    pub findings: u64,
}

/// Where the record of an event stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    /// The event.
    pub event: EventId,
    /// Its site.
    pub site: String,
    /// Its source.
    pub source: String,
    /// When it was received.
    pub received: Time,
    /// Offset in the write-ahead log.
    pub position: u64,
    /// Which of the records of the RawRecord.
    pub index: u32,
}

/// Long work that the node does.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Runs the text of a rule over stored events and keeps nothing.
    TestRule {
        /// YAML of one or more rules.
        text: String,
        /// From this time of receipt on.
        from: Time,
        /// Until before this time of receipt.
        to: Time,
        /// What whoever asks may read.
        scope: AccessScope,
    },
    /// Runs rules over stored events; findings are kept, those already there stay as they are.
    Backfill {
        /// Ids of rules that were read, whether they run or not. Without any and without `text`: all that run.
        rules: Vec<String>,
        /// YAML of further rules; empty for none.
        text: String,
        /// Times of receipt.
        received: Range<Time>,
        /// Whether people are sent messages about what is found.
        is_told: bool,
    },
    /// Judges correlations over everything that was imported as history.
    JudgeHistory,
    /// Reviews accesses to records as far as the settings reach back, and keeps what it finds as cases.
    ReviewAccesses,
    /// Proves the store: counts, hashes, chains.
    Verify,
    /// Freezes a moment of the store beside its data, from which `cordon backup` copies.
    Freeze,
    /// Gives up the frozen moment.
    Thaw,
}

/// What long work came to.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Named counts, for example `events`, `matches`, `findings`.
    pub counts: BTreeMap<&'static str, u64>,
    /// Sentences for a person, at most 100.
    pub notes: Vec<String>,
    /// Events that matched, at most 100.
    pub events: Vec<EventId>,
    /// Of a test what was found, at most 100.
    pub matches: Vec<TestMatch>,
}

/// What a rule under test says about stored events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestMatch {
    /// Id of the rule.
    pub rule: String,
    /// The events: one, or of a correlation those that it names.
    pub events: Vec<EventId>,
    /// When it happened; of a correlation the end of its window. `None` when the event states no time.
    pub time: Option<Time>,
    /// When the event was received; of a correlation the time of the test.
    pub received: Time,
    /// Id of the source of the (last) event.
    pub source: String,
    /// What matched, in a sentence, without what whoever asks may not see.
    pub sentence: String,
}

/// Why the node did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// There is no such rule, path or thing.
    #[error("there is no {0}")]
    Unknown(String),
    /// What was given cannot be used; the sentence says why and holds nothing of a patient.
    #[error("{0}")]
    Refused(String),
    /// It cannot be done now.
    #[error("not possible now: {0}")]
    Unavailable(String),
    /// The node failed; the reason is for its log.
    #[error("{0}")]
    Failed(String),
}

/// How far long work is. The worker writes, the API reads.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
}

impl Progress {
    /// Says how much of how much is done, in the worker's own unit; a total of 0 is unknown.
    pub fn set(&self, done: u64, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(done, Ordering::Relaxed);
    }

    /// How much is done, and of how much.
    #[must_use]
    pub fn read(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Asks the worker to end.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the worker is asked to end; it looks at least once a second.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// What follows along with what is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Live {
    /// An event.
    Event(LiveEvent),
    /// So many events were not made ready for who listens: more is kept than can be shown.
    Missed(u64),
}

/// An event that has just been kept.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveEvent {
    /// Its id.
    pub id: EventId,
    /// Event time.
    pub time: Time,
    /// When it was received.
    pub received: Time,
    /// Id of the source.
    pub source: String,
    /// Its site.
    pub site: String,
    /// OCSF class.
    pub class_uid: i64,
    /// Columns of its event table that have a value, without the ones above. Those that a scope masks are left out before they are sent.
    pub columns: serde_json::Map<String, serde_json::Value>,
}
