//! `cordon serve`: the configuration is read, then the node runs until it is told to stop.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, Result};
use clap::Args;
use cordon_decode::DecodeOptions;
use cordon_detect::DetectOptions;
use cordon_node::config::{Config, Faults, LogForm};
use cordon_node::live::{self, Pace, Reloading, Serving};
use cordon_node::sdnotify::ServiceManager;
use cordon_seal::SiteKey;
use cordon_store::disk::{Disk, FileDisk};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::reload::Handle;

use crate::profile::Chosen;
use crate::serve_rules::NodeRules;
use crate::settings::{self, SettingsArgs};
use crate::{Exit, inputs, own_memory};

const EXAMPLES: &str = "\
Examples:
  cordon serve
  cordon serve --config /etc/cordon/cordon.toml
  cordon serve --set data_dir=/tmp/cordon --set site=east

Settings: docs/configuration.md. A file is overruled by variables (CORDON_API__ADDRESS is
api.address), these by --set. Exit code: 0 stopped when asked to, 2 could not run.";

/// Options of `cordon serve`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// Threads that decode and judge [default: one per processor]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

/// Runs the command.
pub(crate) fn run(args: &ServeArgs) -> Result<Exit> {
    let told = own_memory::keep_small();
    let config = args.settings.load()?;
    let data_dir = settings::data_dir(&config)?;
    let level = log(&config);
    if let Err(error) = told {
        tracing::warn!(error = %error, "the node cannot start itself again to tell its allocator to keep nothing: it takes more memory");
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let decode = DecodeOptions { timezone: config.time_zone.clone(), ..DecodeOptions::new(inputs::now()) };
    // what it holds is for the user alone that runs the node
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&data_dir);
    made.with_context(|| data_dir.display().to_string())?;
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let keys = Arc::new(live::open_keys(&config, &data_dir, Arc::clone(&disk))?);
    let rules = node_rules(&config, &data_dir, &decode, keys.site_key(&config.site)?)?;
    let rules = Arc::new(RwLock::new(rules));
    let (stop, asked) = (CancellationToken::new(), Arc::new(Notify::new()));
    let reloading = reloading(args.settings.clone(), Arc::clone(&rules), level, Arc::clone(&asked));
    let serving = Serving {
        data_dir,
        disk,
        pace: Pace::default(),
        keys,
        decode,
        load: Arc::new(move |wanted| {
            let rules = rules.read().unwrap_or_else(PoisonError::into_inner);
            rules.load(wanted).map_err(|error| format!("{error:#}"))
        }),
        workers: args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        say: Arc::new(|text: &str| {
            // standard output may be closed; the log has it too
            let _ = writeln!(io::stdout(), "{text}");
            tracing::info!("{text}");
        }),
        stop: stop.clone(),
        manager: ServiceManager::new(|name| std::env::var(name).ok(), std::process::id()).context("NOTIFY_SOCKET")?,
        reloading,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime")?;
    runtime.block_on(async {
        tokio::spawn(signals(stop, asked));
        live::serve(&config, serving).await
    })?;
    Ok(Exit::Clean)
}

fn node_rules(config: &Config, data_dir: &Path, decode: &DecodeOptions, site_key: SiteKey) -> Result<NodeRules> {
    Ok(NodeRules {
        has_packs: config.rules.packs,
        profile: chosen(config)?,
        folders: config.rules.folders.clone(),
        data_dir: Some(data_dir.to_owned()),
        table: Arc::clone(&decode.log_sources),
        options: DetectOptions::new(decode, site_key),
    })
}

/// How settings are read again: level of the log and place of the rules follow them.
fn reloading(settings: SettingsArgs, rules: Arc<RwLock<NodeRules>>, level: SetLevel, asked: Arc<Notify>) -> Reloading {
    let adopt = move |config: &Config| {
        let profile = chosen(config).map_err(|error| format!("{error:#}"))?;
        level(&config.log.level)?;
        let mut rules = rules.write().unwrap_or_else(PoisonError::into_inner);
        (rules.profile, rules.folders) = (profile, config.rules.folders.clone());
        Ok(())
    };
    let read = move || {
        let said = |error: anyhow::Error| match error.downcast_ref::<Faults>() {
            Some(faults) => faults.to_string(),
            None => format!("{error:#}"),
        };
        settings.load().map_err(said)
    };
    Reloading { read: Arc::new(read), adopt: Arc::new(adopt), asked }
}

/// The profile that the settings choose.
fn chosen(config: &Config) -> Result<Option<Chosen>> {
    match config.rules.profile.as_str() {
        "" => Ok(None),
        name => Chosen::of(name).map(Some).context("rules.profile"),
    }
}

/// Ends the node in order, or has its settings read again, when the terminal or the service manager asks for it.
async fn signals(stop: CancellationToken, asked: Arc<Notify>) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    let Ok(mut hang_up) = signal(SignalKind::hangup()) else { return };
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
            _ = hang_up.recv() => asked.notify_one(),
        }
    }
    tracing::info!("stopping");
    stop.cancel();
}

/// Changes the level of the log.
type SetLevel = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// The least important lines that are written of every room, and of libraries that say much.
fn filter(level: &str) -> EnvFilter {
    let libraries = "buoyant_kernel=warn,datafusion=warn,deltalake=warn,deltalake_core=warn,sqlx=warn";
    EnvFilter::try_new(format!("{level},{libraries}")).unwrap_or_else(|_| EnvFilter::new("info"))
}

fn follow<S: 'static>(handle: Handle<EnvFilter, S>) -> SetLevel {
    Arc::new(move |level| handle.reload(filter(level)).map_err(|error| format!("log.level: {error}")))
}

/// Starts the log; gives what changes its level.
fn log(config: &Config) -> SetLevel {
    let logs = tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let filter = filter(&config.log.level);
    match config.log.form {
        LogForm::Json => {
            let logs = logs.json().with_env_filter(filter).with_filter_reloading();
            let level = follow(logs.reload_handle());
            drop(logs.try_init());
            level
        }
        LogForm::Text => {
            let logs = logs.with_env_filter(filter).with_filter_reloading();
            let level = follow(logs.reload_handle());
            drop(logs.try_init());
            level
        }
    }
}
