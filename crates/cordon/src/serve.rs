//! `cordon serve`: the configuration is read, then the node runs until it is told to stop.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use cordon_decode::DecodeOptions;
use cordon_detect::DetectOptions;
use cordon_model::Level;
use cordon_node::config::{Config, Layers, LogForm};
use cordon_node::live::{self, Serving};
use cordon_seal::SiteKey;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::serve_rules::NodeRules;
use crate::{Exit, inputs};

/// Where the configuration lies when nothing else is said.
const CONFIG: &str = "/etc/cordon/cordon.toml";
/// Largest configuration file, bytes.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

const EXAMPLES: &str = "\
Examples:
  cordon serve
  cordon serve --config /etc/cordon/cordon.toml
  cordon serve --data-dir /tmp/cordon --set intake.http=[\"127.0.0.1:8481\"]

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

/// Where settings come from.
#[derive(Debug, Args)]
pub(crate) struct SettingsArgs {
    /// Configuration file [default: /etc/cordon/cordon.toml when it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// A setting, overruling file and environment; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Where everything is kept [default: XDG_STATE_HOME/cordon]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

impl SettingsArgs {
    /// Reads all layers.
    ///
    /// # Errors
    /// A file that cannot be read, a setting that is refused: every one is named.
    pub(crate) fn load(&self) -> Result<Config> {
        let path = match &self.config {
            Some(path) => Some(path.clone()),
            None => Some(PathBuf::from(CONFIG)).filter(|path| path.exists()),
        };
        let text = path.as_deref().map(read).transpose()?;
        let name = path.map(|path| path.display().to_string());
        let environment: Vec<(String, String)> = std::env::vars().collect();
        let mut flags = Vec::new();
        for set in &self.set {
            let (key, value) = set.split_once('=').ok_or_else(|| anyhow!("--set {set}: write KEY=VALUE"))?;
            flags.push((key.to_owned(), value.to_owned()));
        }
        let file = name.as_deref().zip(text.as_deref());
        Config::load(&Layers { file, environment: &environment, flags: &flags }).map_err(|faults| anyhow!("{faults}"))
    }

    /// The data folder: the option, the setting, else one of the user.
    ///
    /// # Errors
    /// None is stated and the user has no home.
    pub(crate) fn folder(&self, config: &Config) -> Result<PathBuf> {
        let stated = self.data_dir.clone().or_else(|| config.data_dir.clone());
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let of_service = || set("STATE_DIRECTORY");
        let of_user = || Some(set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?.join("cordon"));
        match stated.or_else(of_service).or_else(of_user) {
            Some(folder) => std::path::absolute(&folder).with_context(|| folder.display().to_string()),
            None => bail!("say where to keep things: --data-dir or the setting data_dir"),
        }
    }
}

fn read(path: &Path) -> Result<String> {
    let named = || format!("--config {}", path.display());
    let bytes = fs::metadata(path).with_context(named)?.len();
    if bytes > CONFIG_BYTES_MAX {
        bail!("{}: larger than a configuration can be", path.display());
    }
    fs::read_to_string(path).with_context(named)
}

/// Runs the command.
pub(crate) fn run(args: &ServeArgs) -> Result<Exit> {
    let config = args.settings.load()?;
    let data_dir = args.settings.folder(&config)?;
    log(&config);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let decode = DecodeOptions { timezone: config.time_zone.clone(), ..DecodeOptions::new(inputs::now()) };
    fs::create_dir_all(&data_dir).with_context(|| data_dir.display().to_string())?;
    let site_key = live::open_keys(&config, &data_dir)?.site_key(&config.site)?;
    let rules = node_rules(&config, &data_dir, &decode, site_key);
    let stop = CancellationToken::new();
    let serving = Serving {
        data_dir,
        decode,
        load: Arc::new(move |off| rules.load(off).map_err(|error| format!("{error:#}"))),
        workers: args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        say: Arc::new(|text: &str| {
            // standard output may be closed; the log has it too
            let _ = writeln!(io::stdout(), "{text}");
            tracing::info!("{text}");
        }),
        stop: stop.clone(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime")?;
    runtime.block_on(async {
        tokio::spawn(signals(stop));
        live::serve(&config, serving).await
    })?;
    Ok(Exit::Clean)
}

fn node_rules(config: &Config, data_dir: &Path, decode: &DecodeOptions, site_key: SiteKey) -> NodeRules {
    let options = DetectOptions {
        level_min: Level::Informational,
        mask: true,
        keep_record: false,
        site_key,
        csv_mappings: Arc::clone(&decode.csv_mappings),
        timezone: decode.timezone.clone(),
    };
    NodeRules {
        folders: config.rules.folders.clone(),
        data_dir: Some(data_dir.to_owned()),
        table: Arc::clone(&decode.log_sources),
        options,
    }
}

/// Ends the node in order when the terminal or the service manager asks for it.
async fn signals(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping");
    stop.cancel();
}

fn log(config: &Config) {
    let filter = EnvFilter::try_new(format!("{},datafusion=warn,deltalake=warn,sqlx=warn", config.log.level));
    let logs = tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let logs = logs.with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new("info")));
    let set = match config.log.form {
        LogForm::Json => logs.json().try_init(),
        LogForm::Text => logs.try_init(),
    };
    drop(set);
}
