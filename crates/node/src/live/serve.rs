//! `cordon serve`: a configuration becomes a running node with its listeners, and goes down in order.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use cordon_api::{ApiOptions, ApiState, PartState, ServeLimits, TlsFiles, server_config};
use cordon_collect::live::http::{HttpIntake, Presented, Sender};
use cordon_collect::live::tail::{self, CheckpointFile};
use cordon_collect::live::{Limits, Reception, SourceRegistry, mllp, relp, tcp, udp};
use cordon_decode::DecodeOptions;
use cordon_model::Digest;
use cordon_policy::{Policies, Universe};
use cordon_seal::SiteKey;
use cordon_store::disk::{Disk, FileDisk};
use cordon_store::keys::{KeySource, Keys};
use cordon_store::query::{Queries, QueryOptions};
use cordon_store::state::{State, StateOptions};
use cordon_store::tables::TablesOptions;
use cordon_store::version;
use cordon_store::wal::WalOptions;
use rustls::ServerConfig;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::alarms::Alarms;
use super::clock::EventClock;
use super::control::{Control, LoadRules, LoadedRules, RuleBook, WantedRules, switches};
use super::later::History;
use super::node::{Node, NodeOptions, Opening, Parts, StartError};
use super::rules::Rules;
use crate::config::Config;
use crate::history::may_import;
use crate::sdnotify::ServiceManager;
use crate::tell::{Namer, Teller};

/// How often the node looks at its sources for silence and loss.
const ALARMS_EVERY: Duration = Duration::from_secs(5);
/// How often the tokens of senders are read again from the state.
const TOKENS_EVERY: Duration = Duration::from_secs(2);

/// What the binary brings beside the configuration.
pub struct Serving {
    /// Where everything is kept; it is there.
    pub data_dir: PathBuf,
    /// The open key ring ([`open_keys`]).
    pub keys: Arc<Keys>,
    /// How records are decoded.
    pub decode: DecodeOptions,
    /// Loads the rules.
    pub load: LoadRules,
    /// Threads that decode and judge.
    pub workers: usize,
    /// Told what a person at the terminal should know: addresses, the one-time link.
    pub say: Arc<dyn Fn(&str) + Send + Sync>,
    /// Ends the node.
    pub stop: CancellationToken,
    /// Who watches the process.
    pub manager: ServiceManager,
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}

/// The key ring of a data folder, opened as the configuration says.
///
/// # Errors
/// Key or folder cannot be read, or do not fit.
pub fn open_keys(config: &Config, data_dir: &Path) -> Result<Keys, StartError> {
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    version::check(&*disk, data_dir).map_err(|error| StartError::Store("the data folder", Box::new(error)))?;
    let source = match (&config.keys.passphrase_file, &config.keys.file) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(path).map_err(|error| StartError::Folder(path.clone(), error))?;
            KeySource::Passphrase(text.trim_end_matches(['\r', '\n']).into())
        }
        (None, Some(path)) => KeySource::File(path.clone()),
        (None, None) => KeySource::File(data_dir.join("master.key")),
    };
    Keys::open(disk, data_dir, &source).map_err(|error| StartError::Store("the keys", Box::new(error)))
}

/// Runs a node until `stop`.
///
/// # Errors
/// What keeps it from starting.
pub async fn serve(config: &Config, serving: Serving) -> Result<(), StartError> {
    let Serving { data_dir, keys, decode, load, workers, say, stop, manager } = serving;
    let LoadedRules { detector, version, statuses, texts } = first_rules(&data_dir, &load).await?;
    let running = statuses.iter().filter(|rule| rule.is_enabled).count();
    say(&format!("{running} of {} rules run", statuses.len()));
    let opening = Opening {
        rules: Arc::new(Rules::new(detector, version)),
        registry: Arc::new(SourceRegistry::new(config.site.as_str().into(), config.sources.iter().cloned())),
        keys: Arc::clone(&keys),
        hash_key: hash_key(&keys)?,
    };
    let node = Node::start(node_options(config, &data_dir, decode, workers), opening).await?;
    let (parts, tasks, tls) = (Arc::clone(&node.parts), TaskTracker::new(), tls(config, &data_dir));
    let control = Control::new(Arc::clone(&parts), load, RuleBook::new(statuses, texts));
    let history = History::new(control.clone());
    let opened = match &tls {
        Ok(tls) => {
            let doors = Doors { parts: &parts, tls, tasks: &tasks, stop: &stop, say: &*say, history: &history };
            doors.open(config, control).await
        }
        Err(error) => Err(StartError::Tls(error.to_string())),
    };
    if opened.is_ok() {
        tasks.spawn(history.run(stop.child_token()));
        run(config, &keys, &parts, &tasks, &manager, &stop).await?;
    }
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    node.stop().await;
    opened
}

/// What a node does from its start to its stop, beside listening.
async fn run(
    config: &Config,
    keys: &Keys,
    parts: &Arc<Parts>,
    tasks: &TaskTracker,
    manager: &ServiceManager,
    stop: &CancellationToken,
) -> Result<(), StartError> {
    tasks.spawn(watch_sources(Arc::clone(parts), stop.clone()));
    // settings of a running node change with a restart; the sender lives as long as the node
    let (_settings, in_force) = watch::channel(Arc::new(config.clone()));
    let site_key = keys.site_key(&config.site).map_err(|error| StartError::Store("the keys", Box::new(error)))?;
    let (stop_telling, stopping) = watch::channel(false);
    let telling = tokio::spawn(teller(parts, site_key, in_force).run(stopping));
    say_to_manager(manager.ready("running"));
    watch_street(parts, manager, stop).await;
    say_to_manager(manager.stopping());
    stop_telling.send_replace(true);
    if telling.await.is_err() {
        tracing::error!("notification ended in a fault of its own");
    }
    Ok(())
}

/// The rules that are to run, before the node does.
async fn first_rules(data_dir: &Path, load: &LoadRules) -> Result<LoadedRules, StartError> {
    let failed = |error: cordon_store::state::StateError| StartError::Store("the state", Box::new(error));
    // no other node may have the state while it is opened, which may bring it up to date
    let lock = FileDisk.lock(data_dir).map_err(|error| StartError::Folder(data_dir.to_owned(), error))?;
    let state = State::open(&data_dir.join("state.sqlite"), StateOptions::default()).await.map_err(failed)?;
    let switches = switches(&state).await.map_err(failed)?;
    state.close().await;
    drop(lock);
    let load = Arc::clone(load);
    let loaded = tokio::task::spawn_blocking(move || load(&WantedRules::Running(switches))).await;
    loaded.map_err(|fall| StartError::Rules(fall.to_string()))?.map_err(StartError::Rules)
}

fn node_options(config: &Config, data_dir: &Path, decode: DecodeOptions, workers: usize) -> NodeOptions {
    let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let clock = match &config.event_clock {
        Some(clock) => EventClock::starting_at(clock.start, clock.speed),
        None => EventClock::system(),
    };
    NodeOptions {
        data_dir: data_dir.to_owned(),
        site: config.site.as_str().into(),
        clock,
        decode,
        workers,
        intake_bytes_max: bytes(config.intake.queue_bytes_max),
        wal: WalOptions { segment_bytes: config.store.wal_segment_bytes, ..WalOptions::default() },
        tables: TablesOptions {
            flush_bytes: bytes(config.store.flush_bytes),
            flush_after: config.store.flush_every.duration(),
            ..TablesOptions::default()
        },
    }
}

/// The key of hashes that correlations count distinct values by.
fn hash_key(keys: &Keys) -> Result<[u64; 2], StartError> {
    let secret = keys.secret("correlation").map_err(|error| StartError::Store("the keys", Box::new(error)))?;
    let (first, second) = secret.split_at(16);
    let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk));
    Ok([number(first), number(second)])
}

/// TLS with the certificate of the configuration, else with the node's own.
fn tls(config: &Config, data_dir: &Path) -> Result<Arc<ServerConfig>, StartError> {
    let named = |error: cordon_api::TlsError| StartError::Tls(error.to_string());
    let files = match (&config.tls.certificate, &config.tls.key) {
        (Some(certificate), Some(key)) => TlsFiles { certificate: certificate.clone(), key: key.clone() },
        _ => {
            let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
            names.extend(config.tls.names.iter().cloned());
            TlsFiles::own(data_dir, &names, EventClock::system().now()).map_err(named)?
        }
    };
    server_config(&files).map_err(named)
}

/// Notification of this node.
fn teller(parts: &Arc<Parts>, site_key: SiteKey, settings: watch::Receiver<Arc<Config>>) -> Teller {
    let (clock, parts_of_health) = (parts.clock, Arc::clone(parts));
    let health = move || {
        let word = |state: PartState| match state {
            PartState::Ok => "ok",
            PartState::Degraded => "degraded",
            PartState::Failed => "failed",
        };
        let parts = parts_of_health.health();
        let worst = parts.iter().map(|part| part.state).max().unwrap_or(PartState::Ok);
        let named = parts.iter().map(|part| (part.name.to_owned(), word(part.state).to_owned())).collect();
        (word(worst).to_owned(), named)
    };
    Teller::new(parts.state.clone(), Namer::new(site_key), Arc::new(move || clock.now()), Arc::new(health), settings)
}

/// Until `stop`: tells the service manager that the node lives, as long as the street moves or has nothing to do.
async fn watch_street(parts: &Parts, manager: &ServiceManager, stop: &CancellationToken) {
    let Some(every) = manager.alive_every() else { return stop.cancelled().await };
    let mut before = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        let through = parts.counts.through.load(Ordering::Relaxed);
        let waits = parts.counts.retries.load(Ordering::Relaxed);
        let is_done = through >= parts.wal.durable();
        // a sink that is tried again is no reason to kill the node: the log keeps what arrives
        if is_done || before != Some((through, waits)) {
            say_to_manager(manager.alive());
        }
        before = Some((through, waits));
    }
}

fn say_to_manager(said: std::io::Result<()>) {
    if let Err(error) = said {
        tracing::warn!(error = %error, "the service manager does not listen");
    }
}

/// Where the node can be reached.
struct Doors<'d> {
    parts: &'d Arc<Parts>,
    tls: &'d Arc<ServerConfig>,
    tasks: &'d TaskTracker,
    stop: &'d CancellationToken,
    say: &'d (dyn Fn(&str) + Send + Sync),
    history: &'d Arc<History>,
}

impl Doors<'_> {
    fn reception(&self, limits: Limits) -> Reception {
        let clock = self.parts.clock;
        Reception {
            intake: self.parts.intake.clone(),
            sources: Arc::clone(&self.parts.registry),
            clock: Arc::new(move || clock.now()),
            limits,
        }
    }

    async fn tcp(&self, name: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
        let listener =
            TcpListener::bind(address).await.map_err(|error| StartError::Listen(format!("{name} {address}"), error))?;
        let address = listener.local_addr().unwrap_or(address);
        (self.say)(&format!("{name} on {address}"));
        Ok(listener)
    }

    /// Opens everything.
    async fn open(&self, config: &Config, control: Control) -> Result<(), StartError> {
        self.listeners(config).await?;
        self.api(config, control).await
    }

    /// Opens every listener of the configuration.
    async fn listeners(&self, config: &Config) -> Result<(), StartError> {
        let Self { tasks, stop, .. } = self;
        for address in &config.intake.syslog_udp {
            let socket = UdpSocket::bind(address)
                .await
                .map_err(|error| StartError::Listen(format!("syslog udp {address}"), error))?;
            (self.say)(&format!("syslog udp on {}", socket.local_addr().unwrap_or(*address)));
            tasks.spawn(udp::serve(socket, self.reception(Limits::default()), stop.child_token()));
        }
        for address in &config.intake.syslog_tcp {
            let listener = self.tcp("syslog tcp", *address).await?;
            tasks.spawn(tcp::serve(listener, None, self.reception(Limits::default()), stop.child_token()));
        }
        for address in &config.intake.syslog_tls {
            let listener = self.tcp("syslog tls", *address).await?;
            let tls = Some(Arc::clone(self.tls));
            tasks.spawn(tcp::serve(listener, tls, self.reception(Limits::default()), stop.child_token()));
        }
        for address in &config.intake.relp {
            let listener = self.tcp("relp", *address).await?;
            tasks.spawn(relp::serve(listener, None, self.reception(Limits::default()), stop.child_token()));
        }
        for address in &config.intake.mllp {
            let listener = self.tcp("mllp", *address).await?;
            tasks.spawn(mllp::serve(listener, None, self.reception(Limits::mllp()), stop.child_token()));
        }
        for address in &config.intake.http {
            self.http(*address).await?;
        }
        for pattern in &config.intake.tail {
            let file = self.parts.data_dir.join(format!("tail-{}.checkpoint", cordon_seal::digest(pattern.as_bytes())));
            let (pattern, reception, stop) = (pattern.clone(), self.reception(Limits::default()), stop.child_token());
            (self.say)(&format!("following {pattern}"));
            tasks.spawn(follow(pattern, file, reception, stop));
        }
        Ok(())
    }

    /// HTTP intake on an address of its own.
    async fn http(&self, address: SocketAddr) -> Result<(), StartError> {
        let listener = self.tcp("http intake", address).await?;
        let senders = Arc::new(RwLock::new(BTreeMap::new()));
        self.tasks.spawn(follow_tokens(Arc::clone(self.parts), Arc::clone(&senders), self.stop.child_token()));
        let clock = self.parts.clock;
        let intake = HttpIntake {
            intake: self.parts.intake.clone(),
            registry: Arc::clone(&self.parts.registry),
            senders: Arc::new(move |presented: &Presented<'_>| sender(&senders, presented)),
            clock: Arc::new(move || clock.now()),
            limits: cordon_collect::live::http::Limits::default(),
        };
        let history = intake.history_routes(Arc::<History>::clone(self.history));
        self.serve(listener, intake.router().merge(history));
        Ok(())
    }

    /// API and status page.
    async fn api(&self, config: &Config, control: Control) -> Result<(), StartError> {
        let listener = self.tcp("api", config.api.address).await?;
        let sources = self.parts.registry.all();
        let sites = sources.iter().map(|source| source.declaration.site.to_string());
        let universe = Universe {
            sites: sites.chain([config.site.clone()]).collect(),
            classes: self.parts.classes.iter().copied().chain([0]).collect(),
        };
        let policies = Policies::load(universe, &[]).map_err(|faults| StartError::Rules(format!("{faults:?}")))?;
        let queries = QueryOptions {
            memory_bytes_max: usize::try_from(config.query.memory_bytes_max).unwrap_or(usize::MAX),
            queries_max: usize::try_from(config.query.at_once_max).unwrap_or(usize::MAX),
            ..QueryOptions::spilling_to(self.parts.data_dir.join("spill"))
        };
        let queries = Queries::new(self.parts.tables.clone(), queries);
        let queries = queries.map_err(|error| StartError::Store("searches", Box::new(error)))?;
        let state =
            ApiState::new(Arc::new(control), self.parts.state.clone(), queries, policies, ApiOptions::default());
        if let Some(link) =
            cordon_api::first_link(&state).await.map_err(|error| StartError::Rules(format!("{error:?}")))?
        {
            (self.say)(&format!("the first administrator signs up once at {}/#first={link}", config.api.public_url));
        }
        self.serve(listener, cordon_api::router(state));
        Ok(())
    }

    /// Serves a router, with TLS outside loopback.
    fn serve(&self, listener: TcpListener, router: axum::Router) {
        let outside = listener.local_addr().is_ok_and(|address| !address.ip().is_loopback());
        let tls = outside.then(|| Arc::clone(self.tls));
        let stop = self.stop.child_token();
        self.tasks.spawn(async move {
            if let Err(error) = cordon_api::serve(listener, tls, router, ServeLimits::default(), stop).await {
                tracing::error!(error = %error, "an address is not served");
            }
        });
    }
}

/// Follows the files of a pattern.
async fn follow(pattern: String, checkpoints: PathBuf, reception: Reception, stop: CancellationToken) {
    if let Err(error) = tail::serve(&pattern, Arc::new(CheckpointFile(checkpoints)), reception, stop).await {
        tracing::error!(error = %error, pattern, "files are not followed: their checkpoints cannot be read");
    }
}

/// Senders by the digest of their token.
type KnownSenders = RwLock<BTreeMap<Digest, Sender>>;

fn sender(known: &KnownSenders, presented: &Presented<'_>) -> Option<Sender> {
    if let Some(certificate) = presented.certificate {
        return Some(Sender { name: certificate.into(), may_import: false });
    }
    let digest = cordon_seal::digest(presented.token?.as_bytes());
    known.read().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned()
}

/// Keeps the senders in memory as the state has them.
async fn follow_tokens(parts: Arc<Parts>, known: Arc<KnownSenders>, stop: CancellationToken) {
    loop {
        match parts.state.senders(EventClock::system().now()).await {
            Ok(senders) => {
                let sender = |source: String| Sender { may_import: may_import(&source), name: source.into() };
                let all = senders.into_iter().map(|(digest, source)| (digest, sender(source))).collect();
                *known.write().unwrap_or_else(PoisonError::into_inner) = all;
            }
            Err(error) => {
                tracing::warn!(error = %error, "the tokens of senders cannot be read; those known still hold")
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TOKENS_EVERY) => {}
        }
    }
}

/// Looks after silence and loss.
async fn watch_sources(parts: Arc<Parts>, stop: CancellationToken) {
    let mut alarms = Alarms::default();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ALARMS_EVERY) => {}
        }
        let looked = alarms.look(&parts.registry.all(), parts.started, parts.clock.now());
        if looked.found.is_empty() {
            continue;
        }
        match parts.state.record_findings(None, &looked.found).await {
            Ok(recorded) => {
                alarms.kept(looked);
                if recorded.new > 0 {
                    parts.findings.send_modify(|kept| *kept += recorded.new);
                }
            }
            Err(error) => {
                tracing::error!(error = %error, "findings about sources cannot be written; they are made again")
            }
        }
    }
}
