//! Settings of a running node: what is in force, and how others take its place. Everything that can fail is done first; then all of it is put into force, or none.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use cordon_api::{ApiState, ControlError, Reloaded};
use cordon_detect::WorkOrder;
use cordon_policy::Policies;
use cordon_store::query::{Queries, QueryOptions};
use cordon_store::state::{AuditEntry, By};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::budget;
use super::clock::EventClock;
use super::control::{Control, LoadedRules, WantedRules, switches};
use super::node::{Parts, StartError};
use super::policies;
use super::tls::{Certificates, Loaded};
use super::work_orders;
use crate::config::{Changed, Config, diff, taken_over};
use crate::memory::{self, Shares, size};
use crate::oidc;

/// Reads all layers of settings; in a refusal every fault with its line.
pub type ReadSettings = Arc<dyn Fn() -> Result<Config, String> + Send + Sync>;

/// Puts settings into force where the node does not reach, or says why not.
pub type AdoptSettings = Arc<dyn Fn(&Config) -> Result<(), String> + Send + Sync>;

/// How settings are read again, and what the binary itself does with them.
#[derive(Clone)]
pub struct Reloading {
    /// Reads all layers again.
    pub read: ReadSettings,
    /// Puts into force what the binary holds: the level of its log, where rules are.
    pub adopt: AdoptSettings,
    /// Told when whoever runs the node asks for a reload (SIGHUP).
    pub asked: Arc<Notify>,
}

impl fmt::Debug for Reloading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloading").finish_non_exhaustive()
    }
}

/// The settings of a running node.
#[derive(Debug)]
pub(super) struct Settings {
    in_force: watch::Sender<Arc<Config>>,
    reloading: Reloading,
    pub(super) tls: Certificates,
    data_dir: PathBuf,
    /// Sites that the node once had sources of.
    sites: BTreeSet<String>,
    api: Mutex<Option<Told>>,
    /// One reload at a time.
    turn: tokio::sync::Mutex<()>,
}

/// Who follows the settings: the API, and where it is reached.
#[derive(Debug)]
struct Told {
    api: ApiState,
    url: String,
}

/// What a reload is made of, read and checked.
struct Prepared {
    config: Config,
    certificates: Loaded,
    policies: Policies,
    queries: Option<Queries>,
    rules: LoadedRules,
    work_orders: Vec<WorkOrder>,
}

impl Settings {
    pub(super) fn new(
        config: &Config,
        reloading: Reloading,
        tls: Certificates,
        data_dir: PathBuf,
        sites: BTreeSet<String>,
    ) -> Self {
        let in_force = watch::channel(Arc::new(config.clone())).0;
        Self { in_force, reloading, tls, data_dir, sites, api: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// The settings in force, now and from now on.
    pub(super) fn follow(&self) -> watch::Receiver<Arc<Config>> {
        self.in_force.subscribe()
    }

    /// Policies for these settings. Blocks.
    pub(super) fn policies(&self, parts: &Parts, config: &Config) -> Result<Policies, String> {
        let universe = policies::universe(parts, config, &self.sites);
        let policies = policies::load(universe, config.access.policies.as_deref())?;
        Ok(policies.with_staff_names(config.access.staff_names))
    }

    /// The API, which is reached at this address, follows from now on.
    pub(super) fn tell(&self, api: ApiState, url: String) {
        api.set_provider(oidc::provider(&self.in_force.borrow(), &url));
        *self.api.lock().unwrap_or_else(PoisonError::into_inner) = Some(Told { api, url });
    }

    /// The node ends: what holds its parts is let go.
    pub(super) fn forget(&self) {
        *self.api.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Everything but the rules, which it gives back.
    fn put_into_force(&self, parts: &Parts, prepared: Prepared, sources_changed: bool) -> LoadedRules {
        let Prepared { config, certificates, policies, queries, rules, work_orders: _ } = prepared;
        self.tls.replace(certificates);
        if sources_changed {
            parts.registry.declare(config.sources.iter().cloned());
        }
        let other_provider = self.in_force.borrow().oidc != config.oidc;
        if let Some(Told { api, url }) = &*self.api.lock().unwrap_or_else(PoisonError::into_inner) {
            api.set_policies(policies);
            if other_provider {
                api.set_provider(oidc::provider(&config, url));
            }
            if let Some(queries) = queries {
                api.set_searches(queries, config.query.time_max.duration());
            }
        }
        self.in_force.send_replace(Arc::new(config));
        rules
    }
}

/// Where searches are answered under these settings.
///
/// # Errors
/// The folder to spill to or the threads cannot be made.
pub(super) fn queries(parts: &Parts, config: &Config) -> Result<Queries, StartError> {
    let options = QueryOptions {
        memory_bytes_max: size(Shares::of(config, memory::allowed()).searches),
        queries_max: usize::try_from(config.query.at_once_max).unwrap_or(usize::MAX),
        accounts: parts.state.accounts().clone(),
        ..QueryOptions::spilling_to(parts.data_dir.join("spill"))
    };
    Queries::new(parts.tables.clone(), options).map_err(|error| StartError::Store("searches", Box::new(error)))
}

fn refused(error: impl fmt::Display) -> ControlError {
    ControlError::Refused(error.to_string())
}

impl Control {
    /// Reads the settings again, and the rules, and puts into force what a running node can take over.
    ///
    /// # Errors
    /// What is wrong, with file and line where there are any. Everything stays as it was then.
    pub(super) async fn reload_all(&self) -> Result<Reloaded, ControlError> {
        let settings = Arc::clone(&self.settings);
        let _turn = settings.turn.lock().await;
        let before = Arc::clone(&settings.in_force.borrow());
        let read = Arc::clone(&settings.reloading.read);
        let wanted = tokio::task::spawn_blocking(move || read()).await.map_err(refused)?.map_err(refused)?;
        let changes = diff(&before, &wanted);
        let taken = taken_over(&before, &wanted);
        let sources_changed = taken.sources != before.sources;
        let mut prepared = match self.prepare(taken, &before).await {
            Ok(prepared) => prepared,
            Err(error) => {
                // the old ones were in force until now, so they can be again
                let _stays = (settings.reloading.adopt)(&before);
                return Err(error);
            }
        };
        let budget = budget::in_force(&self.parts.state, prepared.config.learn.alerts_per_week).await;
        self.parts.learnt.ask(budget.map_err(refused)?);
        self.parts.learnt.declare_work(std::mem::take(&mut prepared.work_orders));
        let rules = self.put_rules(settings.put_into_force(&self.parts, prepared, sources_changed));
        let keys = |changed: &[Changed]| changed.iter().map(|changed| changed.key.clone()).collect();
        Ok(Reloaded { changed: keys(&changes.reload), restart: keys(&changes.restart), rules })
    }

    /// Does everything that can fail.
    async fn prepare(&self, config: Config, before: &Config) -> Result<Prepared, ControlError> {
        let (settings, parts, load) = (Arc::clone(&self.settings), Arc::clone(&self.parts), Arc::clone(&self.load));
        let switches = switches(&self.parts.state).await.map_err(refused)?;
        let other_searches = config.query != before.query;
        let work = tokio::task::spawn_blocking(move || {
            let certificates = Loaded::read(&config, &settings.data_dir).map_err(refused)?;
            let policies = settings.policies(&parts, &config).map_err(refused)?;
            let queries = other_searches.then(|| queries(&parts, &config)).transpose().map_err(refused)?;
            let work_orders = work_orders::load(config.learn.work_orders.as_deref()).map_err(refused)?;
            (settings.reloading.adopt)(&config).map_err(refused)?;
            let rules = load(&WantedRules::Running(switches)).map_err(refused)?;
            Ok(Prepared { config, certificates, policies, queries, rules, work_orders })
        });
        work.await.map_err(refused)?
    }

    /// Reloads because whoever runs the node asks for it, and says in the log what came of it.
    async fn reload_as_asked(&self) {
        match self.reload_all().await {
            Ok(reloaded) => {
                tell_reloaded(&reloaded);
                self.audit_reload(&reloaded).await;
            }
            Err(error) => tell_refused(&error),
        }
    }

    async fn audit_reload(&self, reloaded: &Reloaded) {
        let detail = serde_json::json!({"changed": reloaded.changed, "needs_restart": reloaded.restart});
        let entry = AuditEntry::new("settings_reloaded", "settings", "", detail);
        let by = By::node(EventClock::system().now());
        if let Err(error) = self.parts.state.audit(&by, &entry).await {
            tracing::error!(error = %error, "the reload was not written to the audit log");
        }
    }
}

fn tell_refused(error: &ControlError) {
    for fault in error.to_string().lines() {
        tracing::error!(fault, "the settings were not taken over; those in force stay");
    }
}

fn tell_reloaded(reloaded: &Reloaded) {
    let Reloaded { changed, restart, rules } = reloaded;
    tracing::info!(changed = changed.join(", "), rules, "settings and rules were reloaded");
    if !restart.is_empty() {
        tracing::warn!(settings = restart.join(", "), "these settings changed and wait for the next start");
    }
}

/// Reloads whenever whoever runs the node asks for it, until `stop`.
pub(super) async fn reload_when_asked(control: Control, stop: CancellationToken) {
    let asked = Arc::clone(&control.settings.reloading.asked);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = asked.notified() => control.reload_as_asked().await,
        }
    }
}
