//! What the API may ask of the running node: room `api` declares it, this is the node's answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use cordon_api::{
    ControlError, DecisionStatus, DiskStanding, EntityBehaviour, Family, Forgotten, LetterStatus, Live, ModelStatus,
    NodeControl, NodeHealth, NotificationStatus, OpenedRecord, Outcome, PartState, Progress, RecordPlace, Reloaded,
    ReviewStanding, RuleStatus, SourceStatus, TestedWay, VerdictStatus, Work,
};
use cordon_collect::live::LiveSource;
use cordon_detect::Detector;
use cordon_model::Time;
use cordon_store::state::{By, Entity, LetterState, State, StateError};
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, broadcast, watch};

use super::node::Parts;
use super::privacy::AccessReview;
use super::reload::Settings;
use super::{behaviour, budget, metrics, notification, taught};
use crate::tell::TellHandle;

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

impl fmt::Debug for LoadedRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedRules").field("rules", &self.statuses.len()).finish_non_exhaustive()
    }
}

/// Which rules are loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedRules {
    /// All that run: those of the profile, but for what a person has switched.
    Running(Switches),
    /// Of those that run the correlations, with what they stand on.
    Correlations(Switches),
    /// Chosen ones, whether they run or not, with what they stand on.
    Chosen {
        /// Ids of rules that the node has.
        ids: BTreeSet<String>,
        /// The text of further rules; all of it is wanted, and it goes before rules of the same ids. Empty for none.
        text: String,
    },
}

/// What a person has switched, against the profile: ids of rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// These do not run.
    pub off: BTreeSet<String>,
    /// These run, also when the profile leaves them off.
    pub on: BTreeSet<String>,
}

/// Loads rules.
pub type LoadRules = Arc<dyn Fn(&WantedRules) -> Result<LoadedRules, String> + Send + Sync>;

/// What is shown of the rules in force.
#[derive(Debug, Default)]
pub(super) struct RuleBook {
    pub(super) statuses: Vec<Arc<RuleStatus>>,
    pub(super) texts: BTreeMap<String, Arc<str>>,
}

/// Name of the setting that holds the ids of rules that were switched off.
const RULES_OFF: &str = "rules_off";
/// Name of the setting that holds the ids of rules that were switched on.
const RULES_ON: &str = "rules_on";

/// The node's answers. Clones share it.
#[derive(Clone)]
pub(super) struct Control {
    pub(super) parts: Arc<Parts>,
    pub(super) load: LoadRules,
    book: Arc<RwLock<RuleBook>>,
    /// Held by whoever judges stored events: one at a time.
    pub(super) looking_back: Arc<Mutex<()>>,
    pub(super) reviews: AccessReview,
    pub(super) settings: Arc<Settings>,
    tell: TellHandle,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}

impl RuleBook {
    /// What is shown of loaded rules.
    pub(super) fn new(statuses: Vec<RuleStatus>, texts: BTreeMap<String, Arc<str>>) -> Self {
        Self { statuses: statuses.into_iter().map(Arc::new).collect(), texts }
    }
}

/// What was switched, as the state keeps it.
pub(super) async fn switches(state: &State) -> Result<Switches, StateError> {
    Ok(Switches { off: ids(state, RULES_OFF).await?, on: ids(state, RULES_ON).await? })
}

async fn ids(state: &State, setting: &str) -> Result<BTreeSet<String>, StateError> {
    let kept = state.setting(setting).await?;
    Ok(kept.and_then(|setting| serde_json::from_value(setting.value).ok()).unwrap_or_default())
}

impl Switches {
    /// These, with one more choice.
    fn with(mut self, id: &str, is_enabled: bool) -> Self {
        let (to, from) = if is_enabled { (&mut self.on, &mut self.off) } else { (&mut self.off, &mut self.on) };
        from.remove(id);
        to.insert(id.to_owned());
        self
    }
}

impl Control {
    /// Over the parts of a node and the rules it was started with.
    pub(super) fn new(
        parts: Arc<Parts>,
        load: LoadRules,
        book: RuleBook,
        settings: Arc<Settings>,
        tell: TellHandle,
    ) -> Self {
        let in_force = settings.follow();
        let (site, zone) = (in_force.borrow().site.clone(), in_force.borrow().time_zone.clone());
        let privacy = Arc::new(move || in_force.borrow().privacy.clone());
        let reviews = AccessReview::new(Arc::clone(&parts), site, zone, privacy);
        let book = Arc::new(RwLock::new(book));
        Self { parts, load, book, looking_back: Arc::default(), reviews, settings, tell }
    }

    fn book(&self) -> RwLockReadGuard<'_, RuleBook> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a person has switched.
    pub(super) async fn switches(&self) -> Result<Switches, ControlError> {
        switches(&self.parts.state).await.map_err(failed)
    }

    async fn keep_switches(&self, switches: &Switches) -> Result<(), ControlError> {
        let by = By::node(self.parts.clock.now());
        for (name, ids) in [(RULES_OFF, &switches.off), (RULES_ON, &switches.on)] {
            let value = serde_json::to_value(ids).map_err(failed)?;
            self.parts.state.set_setting(&by, name, &value, None).await.map_err(failed)?;
        }
        Ok(())
    }

    /// Loads rules, without putting them into force.
    pub(super) async fn load(&self, wanted: WantedRules) -> Result<LoadedRules, ControlError> {
        let load = Arc::clone(&self.load);
        let loaded = tokio::task::spawn_blocking(move || load(&wanted)).await.map_err(failed)?;
        loaded.map_err(ControlError::Refused)
    }

    /// Loads the rules that are to run and puts them into force; how many run.
    pub(super) async fn reload(&self, switches: Switches) -> Result<usize, ControlError> {
        let loaded = self.load(WantedRules::Running(switches)).await;
        Ok(self.put_rules(loaded.map_err(failed)?))
    }

    /// Puts loaded rules into force; how many run.
    pub(super) fn put_rules(&self, loaded: LoadedRules) -> usize {
        let LoadedRules { detector, version, statuses, texts } = loaded;
        let running = statuses.iter().filter(|rule| rule.is_enabled).count();
        self.parts.rules.replace(detector, version);
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = RuleBook::new(statuses, texts);
        running
    }
}

pub(super) fn failed(error: impl fmt::Display) -> ControlError {
    ControlError::Failed(error.to_string())
}

fn status(source: &LiveSource, silent: &BTreeSet<Arc<str>>) -> SourceStatus {
    let (known, counts) = (&source.declaration, &source.counts);
    let time = |micros: i64| (micros > 0).then_some(Time(micros));
    let drops = counts.drops().filter(|(_, count)| *count > 0);
    SourceStatus {
        id: known.id.to_string(),
        site: known.site.to_string(),
        listener: known.listener.to_string(),
        sender: known.sender.to_string(),
        format: known.format.to_string(),
        is_declared: source.declared,
        is_care: known.care,
        is_silent: silent.contains(&known.id),
        events_per_second_max: known.events_per_second_max,
        silence_seconds: known.silence_seconds,
        records: counts.records.load(Ordering::Relaxed),
        bytes: counts.bytes.load(Ordering::Relaxed),
        received_last: time(counts.received_last.load(Ordering::Relaxed)),
        event_last: time(counts.event_last.load(Ordering::Relaxed)),
        drops: drops.map(|(reason, count)| (reason.name().to_owned(), count)).collect(),
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

    fn disk(&self) -> Option<DiskStanding> {
        self.parts.room.told()
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
        let (this, id) = (self.clone(), id.to_owned());
        Box::pin(async move {
            let switches = this.switches().await?.with(&id, is_enabled);
            this.keep_switches(&switches).await?;
            this.reload(switches).await?;
            let status = this.rules().into_iter().find(|rule| rule.id == id);
            match status.filter(|status| is_enabled && !status.is_enabled) {
                Some(status) => {
                    Err(ControlError::Refused(format!("it is on now and cannot run: {}", status.off_reason)))
                }
                None => Ok(()),
            }
        })
    }

    fn reload_rules(&self) -> BoxFuture<'static, Result<usize, ControlError>> {
        let this = self.clone();
        Box::pin(async move {
            let switches = this.switches().await?;
            this.reload(switches).await
        })
    }

    fn sender_site(&self, sender: &str) -> String {
        let all = self.parts.registry.all();
        let of = |source: &&Arc<LiveSource>| {
            let known = &source.declaration;
            *known.listener == *"http" && *known.sender == *sender
        };
        all.iter().find(of).map_or(self.parts.registry.site(), |source| &source.declaration.site).to_string()
    }

    fn reload_settings(&self) -> BoxFuture<'static, Result<Reloaded, ControlError>> {
        let this = self.clone();
        Box::pin(async move { this.reload_all().await })
    }

    fn notification(&self) -> NotificationStatus {
        notification::status(&self.tell)
    }

    fn letters(&self, state: LetterState, limit: u32) -> BoxFuture<'static, Result<Vec<LetterStatus>, ControlError>> {
        Box::pin(notification::letters(self.tell.clone(), state, limit))
    }

    fn put_letter_back(&self, key: &str) -> BoxFuture<'static, Result<(), ControlError>> {
        Box::pin(notification::put_back(self.tell.clone(), key.to_owned(), self.parts.clock.now()))
    }

    fn test_notification(&self, group: &str) -> BoxFuture<'static, Result<Vec<TestedWay>, ControlError>> {
        Box::pin(notification::test(self.tell.clone(), group.to_owned(), self.parts.clock.now()))
    }

    fn run(&self, work: Work, progress: Arc<Progress>) -> BoxFuture<'static, Result<Outcome, ControlError>> {
        super::work::run(self.clone(), work, progress)
    }

    fn review(&self) -> ReviewStanding {
        self.reviews.standing()
    }

    fn opened(
        &self,
        patient_ref: String,
        period: Range<Time>,
    ) -> BoxFuture<'static, Result<Option<OpenedRecord>, ControlError>> {
        let reviews = self.reviews.clone();
        Box::pin(async move { reviews.opened(&patient_ref, period).await })
    }

    fn decision_effects(&self) -> BoxFuture<'static, Result<Vec<DecisionStatus>, ControlError>> {
        let reviews = self.reviews.clone();
        Box::pin(async move { reviews.decisions().await })
    }

    fn models(&self) -> Vec<ModelStatus> {
        self.parts.learnt.with(behaviour::models)
    }

    fn ask_alerts(&self, alerts_per_week: u32) -> BoxFuture<'static, Result<u32, ControlError>> {
        let this = self.clone();
        Box::pin(async move {
            let configured = this.settings.follow().borrow().learn.alerts_per_week;
            let (by, chosen) = (By::node(this.parts.clock.now()), f64::from(alerts_per_week));
            budget::choose(&this.parts.state, &by, configured, chosen).await.map_err(failed)?;
            this.parts.learnt.ask(chosen);
            Ok(alerts_per_week)
        })
    }

    fn verdict_effects(&self) -> Vec<VerdictStatus> {
        self.parts.learnt.with(taught::effects)
    }

    fn verdicts_changed(&self) -> BoxFuture<'static, Result<(), ControlError>> {
        let parts = Arc::clone(&self.parts);
        Box::pin(async move { taught::put_into_force(&parts.state, &parts.learnt).await.map_err(failed) })
    }

    fn forget(&self, entity: Entity) -> BoxFuture<'static, Result<Option<Forgotten>, ControlError>> {
        let parts = Arc::clone(&self.parts);
        let work =
            tokio::task::spawn_blocking(move || super::learnt::forget_for_good(&parts.learnt, &*parts.disk, &entity));
        Box::pin(async move { work.await.map_err(failed)?.map_err(failed) })
    }

    fn behaviour_of(&self, entity: Entity) -> BoxFuture<'static, Result<Option<EntityBehaviour>, ControlError>> {
        let told = self.parts.learnt.with(|learnt| behaviour::entity(learnt, &entity));
        Box::pin(std::future::ready(Ok(told)))
    }

    fn is_frozen(&self) -> bool {
        super::freeze::is_frozen(&self.parts)
    }

    fn check_setting(&self, name: &str, _: &serde_json::Value) -> Result<(), ControlError> {
        Err(ControlError::Refused(format!(
            "{name} is no setting of this node; those of the configuration file are changed there"
        )))
    }

    fn record(&self, place: RecordPlace, is_revealed: bool) -> BoxFuture<'static, Result<Vec<u8>, ControlError>> {
        let parts = Arc::clone(&self.parts);
        let work = tokio::task::spawn_blocking(move || super::record::read(&parts, &place, is_revealed));
        Box::pin(async move { work.await.unwrap_or_else(|fall| Err(ControlError::Failed(fall.to_string()))) })
    }

    fn findings_kept(&self) -> watch::Receiver<u64> {
        self.parts.findings.subscribe()
    }

    fn live_events(&self) -> broadcast::Receiver<Arc<Live>> {
        self.parts.events.subscribe()
    }
}
