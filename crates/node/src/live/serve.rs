//! `cordon serve`: a configuration becomes a running node with its listeners, and goes down in order.

use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cordon_api::{ApiOptions, ApiState, PartState, ServeLimits};
use cordon_collect::live::http::{self, HttpIntake, Presented};
use cordon_collect::live::tail::{self, CheckpointFile};
use cordon_collect::live::{Limits, Reception, SourceRegistry, mllp, relp, tcp, udp};
use cordon_decode::DecodeOptions;
use cordon_seal::SiteKey;
use cordon_store::disk::Disk;
use cordon_store::keys::{KeySource, Keys};
use cordon_store::state::{State, StateOptions};
use cordon_store::tables::TablesOptions;
use cordon_store::version;
use cordon_store::wal::WalOptions;
use rustls::ServerConfig;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::budget;
use super::clock::EventClock;
use super::control::{Control, LoadRules, LoadedRules, RuleBook, WantedRules, switches};
use super::later::History;
use super::node::{Node, NodeOptions, Opening, Parts, StartError};
use super::pace::Pace;
use super::reload::{Reloading, Settings, queries, reload_when_asked};
use super::retention::Retention;
use super::rules::Rules;
use super::senders::{KnownSenders, follow_tokens, with_sender};
use super::sources::{Recalled, SourceWatch, recall};
use super::tls::{Certificates, Loaded};
use super::work_orders;
use crate::config::Config;
use crate::memory::{self, Shares, size};
use crate::sdnotify::ServiceManager;
use crate::tell::{Namer, Teller};

/// What the binary brings beside the configuration.
pub struct Serving {
    /// Where everything is kept; it is there.
    pub data_dir: PathBuf,
    /// Where everything but the state is kept, and whose folders these are.
    pub disk: Arc<dyn Disk>,
    /// How often the node writes down, tidies and tries again.
    pub pace: Pace,
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
    /// How settings are read again.
    pub reloading: Reloading,
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
pub fn open_keys(config: &Config, data_dir: &Path, disk: Arc<dyn Disk>) -> Result<Keys, StartError> {
    version::check(&*disk, data_dir).map_err(|error| StartError::Store("the data folder", Box::new(error)))?;
    let source = key_source(config, data_dir)?;
    Keys::open(disk, data_dir, &source).map_err(|error| StartError::Store("the keys", Box::new(error)))
}

/// What unlocks the key ring of a data folder, as the configuration says.
///
/// # Errors
/// The file with the passphrase cannot be read.
pub fn key_source(config: &Config, data_dir: &Path) -> Result<KeySource, StartError> {
    Ok(match (&config.keys.passphrase_file, &config.keys.file) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(path).map_err(|error| StartError::Folder(path.clone(), error))?;
            KeySource::Passphrase(text.trim_end_matches(['\r', '\n']).into())
        }
        (None, Some(path)) => KeySource::File(path.clone()),
        (None, None) => KeySource::File(data_dir.join("master.key")),
    })
}

/// Runs a node until `stop`.
///
/// # Errors
/// What keeps it from starting.
pub async fn serve(config: &Config, serving: Serving) -> Result<(), StartError> {
    let Serving { data_dir, disk, pace, keys, decode, load, workers, say, stop, manager, reloading } = serving;
    let options = node_options(config, &data_dir, decode, workers, (Arc::clone(&disk), pace));
    let registry = Arc::new(SourceRegistry::new(config.site.as_str().into(), config.sources.iter().cloned()));
    let before = Before { config, data_dir: &data_dir, clock: options.clock, disk: &*disk };
    let (rules, recalled, alerts_per_week) = before_start(before, &load, &registry).await?;
    let work_orders = work_orders_at_start(config).await;
    let options = NodeOptions { alerts_per_week, work_orders, ..options };
    let LoadedRules { detector, version, statuses, texts } = rules;
    let running = statuses.iter().filter(|rule| rule.is_enabled).count();
    say(&format!("{running} of {} rules run", statuses.len()));
    let opening = Opening {
        rules: Arc::new(Rules::new(detector, version)),
        registry,
        keys: Arc::clone(&keys),
        hash_key: hash_key(&keys)?,
    };
    let site_key = keys.site_key(&config.site).map_err(|error| StartError::Store("the keys", Box::new(error)))?;
    let tls = Certificates::new(Loaded::read(config, &data_dir)?)?;
    let node = Node::start(options, opening).await?;
    let (parts, tasks) = (Arc::clone(&node.parts), TaskTracker::new());
    let settings = Arc::new(Settings::new(config, reloading, tls, data_dir, recalled.sites));
    let teller = teller(&parts, site_key, settings.follow());
    let tell = parts.health.tell.get_or_init(|| teller.handle()).clone();
    let control = Control::new(Arc::clone(&parts), load, RuleBook::new(statuses, texts), Arc::clone(&settings), tell);
    let history = History::new(control.clone());
    let doors = Doors { parts: &parts, settings: &settings, tasks: &tasks, stop: &stop, say: &*say, history: &history };
    let opened = doors.open(config, &control).await;
    let watching = tasks.spawn(SourceWatch::new(Arc::clone(&parts), recalled.alarms).run(stop.clone()));
    if opened.is_ok() {
        tasks.spawn(history.run(stop.child_token()));
        tasks.spawn(control.reviews.clone().run(stop.child_token()));
        tasks.spawn(reload_when_asked(control.clone(), stop.clone()));
        keep_room(&parts, config, settings.follow(), &tasks, &stop);
        run(&parts, teller, &manager, &stop).await;
    }
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    if let Ok(mut sources) = watching.await {
        sources.note().await;
    }
    settings.forget();
    node.stop().await;
    opened
}

/// What a node does from its start to its stop, beside listening.
async fn run(parts: &Arc<Parts>, teller: Teller, manager: &ServiceManager, stop: &CancellationToken) {
    let (stop_telling, stopping) = watch::channel(false);
    let telling = tokio::spawn(teller.run(stopping));
    say_to_manager(manager.ready("running"));
    watch_street(parts, manager, stop).await;
    say_to_manager(manager.stopping());
    stop_telling.send_replace(true);
    if telling.await.is_err() {
        tracing::error!("notification ended in a fault of its own");
    }
}

/// What the state is asked with before the node runs.
struct Before<'s> {
    config: &'s Config,
    data_dir: &'s Path,
    clock: EventClock,
    disk: &'s dyn Disk,
}

/// What the state has to say before the node runs: the rules without those that were switched off, the sources that are known, and how many findings a week are asked of
/// learnt behaviour.
async fn before_start(
    before: Before<'_>,
    load: &LoadRules,
    registry: &SourceRegistry,
) -> Result<(LoadedRules, Recalled, f64), StartError> {
    let Before { config, data_dir, clock, disk } = before;
    let failed = |error: cordon_store::state::StateError| StartError::Store("the state", Box::new(error));
    // no other node may have the state while it is opened, which may bring it up to date
    let lock = disk.lock(data_dir).map_err(|error| StartError::Folder(data_dir.to_owned(), error))?;
    let state = State::open_on(&data_dir.join("state.sqlite"), StateOptions::default(), disk).await.map_err(failed)?;
    let switches = switches(&state).await.map_err(failed)?;
    let recalled = recall(&state, registry, clock.now()).await.map_err(failed)?;
    let alerts_per_week = budget::in_force(&state, config.learn.alerts_per_week).await.map_err(failed)?;
    state.close().await;
    drop(lock);
    let load = Arc::clone(load);
    let loaded = tokio::task::spawn_blocking(move || load(&WantedRules::Running(switches))).await;
    let loaded = loaded.map_err(|fall| StartError::Rules(fall.to_string()))?.map_err(StartError::Rules)?;
    Ok((loaded, recalled, alerts_per_week))
}

/// The work orders; none when their file cannot be read, for a node that does not start watches nothing.
async fn work_orders_at_start(config: &Config) -> Vec<cordon_detect::WorkOrder> {
    let path = config.learn.work_orders.clone();
    let read = tokio::task::spawn_blocking(move || work_orders::load(path.as_deref())).await;
    read.unwrap_or_else(|fall| Err(fall.to_string())).unwrap_or_else(|error| {
        tracing::error!(error, "no work order is in force: devices under work will be told of");
        Vec::new()
    })
}

fn node_options(
    config: &Config,
    data_dir: &Path,
    decode: DecodeOptions,
    workers: usize,
    (disk, pace): (Arc<dyn Disk>, Pace),
) -> NodeOptions {
    let shares = Shares::of(config, memory::allowed());
    tracing::info!(?shares, "memory is shared out, in bytes");
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
        intake_bytes_max: size(shares.queue),
        wal_bytes_max: config.store.wal_bytes_max,
        wal: WalOptions { segment_bytes: config.store.wal_segment_bytes, ..WalOptions::default() },
        tables: TablesOptions {
            hot_bytes_max: size(shares.events),
            flush_bytes: size(shares.flush),
            flush_after: config.store.flush_every.duration(),
        },
        windows_bytes_max: size(shares.windows),
        learnt_bytes_max: size(shares.learnt),
        alerts_per_week: budget::number(config.learn.alerts_per_week),
        work_orders: Vec::new(),
        disk,
        pace: Pace { batch_bytes: size(shares.batch), ..pace },
    }
}

/// What bodies over HTTP may hold on each address.
fn http_limits(config: &Config) -> http::Limits {
    let (shares, addresses) = (Shares::of(config, memory::allowed()), config.intake.http.len().max(1));
    http::Limits {
        held_bytes_max: size(shares.bodies) / addresses,
        body_bytes_max: size(shares.body) / addresses,
        ..http::Limits::default()
    }
}

/// The key of hashes that correlations count distinct values by.
fn hash_key(keys: &Keys) -> Result<[u64; 2], StartError> {
    let secret = keys.secret("correlation").map_err(|error| StartError::Store("the keys", Box::new(error)))?;
    let (first, second) = secret.split_at(16);
    let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk));
    Ok([number(first), number(second)])
}

/// Starts retention, by the settings in force.
fn keep_room(
    parts: &Arc<Parts>,
    config: &Config,
    in_force: watch::Receiver<Arc<Config>>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) {
    let settings = Arc::new(move || in_force.borrow().retention.clone());
    match Retention::new(Arc::clone(parts), config.site.as_str().into(), settings) {
        Ok(retention) => drop(tasks.spawn(retention.run(stop.child_token()))),
        Err(error) => tracing::error!(error = %error, "retention does not run: nothing leaves"),
    }
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
    settings: &'d Settings,
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
    async fn open(&self, config: &Config, control: &Control) -> Result<(), StartError> {
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
            let tls = Some(self.settings.tls.senders());
            tasks.spawn(tcp::serve(listener, tls, self.reception(Limits::default()), stop.child_token()));
        }
        for address in &config.intake.relp {
            let listener = self.tcp("relp", *address).await?;
            tasks.spawn(relp::serve(listener, None, self.reception(Limits::default()), stop.child_token()));
        }
        for address in &config.intake.relp_tls {
            let listener = self.tcp("relp over tls", *address).await?;
            let tls = Some(self.settings.tls.senders());
            tasks.spawn(relp::serve(listener, tls, self.reception(Limits::default()), stop.child_token()));
        }
        for address in &config.intake.mllp {
            let listener = self.tcp("mllp", *address).await?;
            tasks.spawn(mllp::serve(listener, None, self.reception(Limits::mllp()), stop.child_token()));
        }
        for address in &config.intake.mllp_tls {
            let listener = self.tcp("mllp over tls", *address).await?;
            let tls = Some(self.settings.tls.senders());
            tasks.spawn(mllp::serve(listener, tls, self.reception(Limits::mllp()), stop.child_token()));
        }
        for address in &config.intake.http {
            self.http(*address, http_limits(config)).await?;
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
    async fn http(&self, address: SocketAddr, limits: http::Limits) -> Result<(), StartError> {
        let listener = self.tcp("http intake", address).await?;
        let senders = Arc::new(KnownSenders::default());
        self.tasks.spawn(follow_tokens(self.parts.state.clone(), Arc::clone(&senders), self.stop.child_token()));
        let clock = self.parts.clock;
        let intake = HttpIntake {
            intake: self.parts.intake.clone(),
            registry: Arc::clone(&self.parts.registry),
            senders: Arc::new(move |presented: &Presented<'_>| senders.sender(presented)),
            clock: Arc::new(move || clock.now()),
            limits,
        };
        let history = intake.history_routes(Arc::<History>::clone(self.history));
        let router = intake.router().merge(history).layer(axum::middleware::map_request(with_sender));
        self.serve(listener, self.settings.tls.http_senders(), router);
        Ok(())
    }

    /// API and status page.
    async fn api(&self, config: &Config, control: &Control) -> Result<(), StartError> {
        let listener = self.tcp("api", config.api.address).await?;
        let url = config.api.url_at(listener.local_addr().unwrap_or(config.api.address));
        let policies = self.settings.policies(self.parts, config).map_err(StartError::Policies)?;
        let options = ApiOptions {
            search_max: config.query.time_max.duration(),
            first_link_valid: config.admin.link_valid.duration(),
            ..ApiOptions::default()
        };
        let (control, queries) = (Arc::new(control.clone()), queries(self.parts, config)?);
        let state = ApiState::new(control, self.parts.state.clone(), queries, policies, options);
        if let Some(link) =
            cordon_api::first_link(&state).await.map_err(|error| StartError::Rules(format!("{error:?}")))?
        {
            let link = format!("{url}/#first={link}");
            (self.say)(&format!("the first administrator signs up once at {link}"));
            if let Some(path) = &config.admin.link_file {
                write_link(path, &link).map_err(|error| StartError::Folder(path.clone(), error))?;
            }
        }
        self.settings.tell(state.clone(), url);
        self.serve(listener, self.settings.tls.people(), cordon_api::router(state));
        Ok(())
    }

    /// Serves a router, with TLS outside loopback.
    fn serve(&self, listener: TcpListener, tls: Arc<ServerConfig>, router: axum::Router) {
        let outside = listener.local_addr().is_ok_and(|address| !address.ip().is_loopback());
        let tls = outside.then_some(tls);
        let stop = self.stop.child_token();
        self.tasks.spawn(async move {
            if let Err(error) = cordon_api::serve(listener, tls, router, ServeLimits::default(), stop).await {
                tracing::error!(error = %error, "an address is not served");
            }
        });
    }
}

/// Writes the one-time link to a file that its owner alone can read.
fn write_link(path: &Path, link: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // one that is there may be readable for others
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = options.write(true).create_new(true).open(path)?;
    writeln!(file, "{link}")?;
    file.sync_all()
}

/// Follows the files of a pattern.
async fn follow(pattern: String, checkpoints: PathBuf, reception: Reception, stop: CancellationToken) {
    if let Err(error) = tail::serve(&pattern, Arc::new(CheckpointFile(checkpoints)), reception, stop).await {
        tracing::error!(error = %error, pattern, "files are not followed: their checkpoints cannot be read");
    }
}
