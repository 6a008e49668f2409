//! The settings of a node as the command line gives them: where the file is, what the environment says, what `--set` overrides.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use cordon_node::config::{Config, Layers};

/// Where packages put the file.
const INSTALLED: &str = "/etc/cordon/cordon.toml";

/// A token for the node, which commands take from the environment; no setting.
const TOKEN: &str = "CORDON_TOKEN";

/// Options of every command that has to do with a node.
#[derive(Clone, Debug, Args)]
pub(crate) struct SettingsArgs {
    /// The file with the settings [default: /etc/cordon/cordon.toml when it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Override a setting; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

impl SettingsArgs {
    /// Reads all layers.
    ///
    /// # Errors
    /// The file cannot be read, or settings are wrong: all of them are named.
    pub(crate) fn load(&self) -> Result<Config> {
        let path = self.config.clone().unwrap_or_else(|| INSTALLED.into());
        let name = path.display().to_string();
        let text = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound && self.config.is_none() => None,
            Err(error) => return Err(error).context(name),
        };
        let environment: Vec<(String, String)> = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name != TOKEN)
            .collect();
        let flags = self.set.iter().map(|flag| override_of(flag)).collect::<Result<Vec<_>>>()?;
        let file = text.as_deref().map(|text| (name.as_str(), text));
        let layers = Layers { file, environment: &environment, flags: &flags };
        Config::load(&layers).context("the settings are not used")
    }
}

fn override_of(flag: &str) -> Result<(String, String)> {
    let Some((key, value)) = flag.split_once('=') else { bail!("--set {flag}: expected KEY=VALUE") };
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// The data folder: that of the settings, that of systemd, or that of the user.
///
/// # Errors
/// None is known.
pub(crate) fn data_dir(config: &Config) -> Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let of_service = || set("STATE_DIRECTORY").filter(|path| path.is_absolute());
    let of_user = || {
        let folder = set("XDG_DATA_HOME").filter(|path: &PathBuf| path.is_absolute());
        Some(folder.or_else(|| Some(set("HOME")?.join(".local/share")))?.join("cordon"))
    };
    let known = config.data_dir.clone().or_else(of_service).or_else(of_user);
    let folder = known.context("neither XDG_DATA_HOME nor HOME is set: say with data_dir where everything is kept")?;
    std::path::absolute(Path::new(&folder)).context(folder.display().to_string())
}
