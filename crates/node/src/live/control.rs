//! What the API may ask of the running node: room `api` declares it, this is the node's answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};

use cordon_api::{
    ControlError, LiveEvent, LiveFinding, NodeControl, NodeHealth, Outcome, Part, PartState, Progress, RuleStatus,
    SourceStatus, Work,
};
use cordon_api::Family;
use cordon_collect::live::{LiveSource, SourceDeclaration, SourceRegistry, silent_sources};
use cordon_detect::Detector;
use cordon_model::Time;
use cordon_store::state::State;
use futures_util::future::BoxFuture;
use tokio::sync::broadcast;

use super::clock::EventClock;
use super::metrics;
use super::node::Parts;
use super::rules::Rules;

/// Rules as they were loaded, with what the API shows of them.
pub struct LoadedRules {
    /// What judges.
    pub detector: Detector,
    /// What they are made of, as a digest.
    pub version: Arc<str>,
    /// One status for each rule that was read, by id.
    pub statuses: Vec<RuleStatus>,
    /// The text of each rule's file, by rule id.
    pub texts: BTreeMap<String, Arc<str>>,
}

/// Loads all rules but those switched off.
pub type LoadRules = Arc<dyn Fn(&BTreeSet<String>) -> Result<LoadedRules, String> + Send + Sync>;

/// What is shown of the rules in force.
#[derive(Debug, Default)]
pub(super) struct RuleBook {
    pub(super) statuses: Vec<Arc<RuleStatus>>,
    pub(super) texts: BTreeMap<String, Arc<str>>,
}

/// Name of the setting that holds the ids of rules that were switched off.
const RULES_OFF: &str = "rules_off";

/// The node's answers.
pub(super) struct Control {
    pub(super) parts: Arc<Parts>,
    pub(super) load: LoadRules,
    pub(super) book: RwLock<RuleBook>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}

impl NodeControl for Control {
    fn now(&self) -> Time {
        self.parts.clock.now()
    }

    fn health(&self) -> NodeHealth {
        let parts = self.parts.health();
        let is_ready = parts.iter().all(|part| part.state < PartState::Failed);
        NodeHealth { version: env!("CARGO_PKG_VERSION").to_owned(), started: self.parts.started, is_ready, parts }
    }

    fn sources(&self) -> Vec<SourceStatus> {
        let sources = self.parts.registry.all();
        let silent: BTreeSet<Arc<str>> = self.parts.silent().into_iter().collect();
        let mut statuses: Vec<SourceStatus> = sources.iter().map(|source| status(source, &silent)).collect();
        statuses.sort_by(|one, other| one.id.cmp(&other.id));
        statuses
    }

    fn metrics(&self) -> Vec<Family> {
        metrics::families(&self.parts)
    }

    fn rules(&self) -> Vec<Arc<RuleStatus>> {
        self.book().statuses.clone()
    }

    fn rule_text(&self, id: &str) -> Option<Arc<str>> {
        self.book().texts.get(id).cloned()
    }

    fn switch_rule(&self, id: &str, is_enabled: bool) -> BoxFuture<'static, Result<(), ControlError>> {
        if !self.book().statuses.iter().any(|rule| rule.id == id) {
            let unknown = ControlError::Unknown(format!("rule {id}"));
            return Box::pin(std::future::ready(Err(unknown)));
        }
        let (this, id) = (self.again(), id.to_owned());
        Box::pin(async move {
            let mut off = this.rules_off().await?;
            if is_enabled { off.remove(&id) } else { off.insert(id) };
            this.keep_rules_off(&off).await?;
            this.reload(off).await.map(|_| ())
        })
    }

    fn reload_rules(&self) -> BoxFuture<'static, Result<usize, ControlError>> {
        let this = self.again();
        Box::pin(async move {
            let off = this.rules_off().await?;
            this.reload(off).await
        })
    }

    fn run(&self, work: Work, progress: Arc<Progress>) -> BoxFuture<'static, Result<Outcome, ControlError>> {
        super::work::run(self.again(), work, progress)
    }

    fn live_findings(&self) -> broadcast::Receiver<Arc<LiveFinding>> {
        self.parts.findings.subscribe()
    }

    fn live_events(&self) -> broadcast::Receiver<Arc<LiveEvent>> {
        self.parts.events.subscribe()
    }
}
