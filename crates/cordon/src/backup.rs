//! `cordon backup` and `cordon restore`: a store to another folder, and a store again out of that folder.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use cordon_node::config::Config;
use cordon_node::live;
use cordon_policy::Role;
use cordon_store::backup::{self, Copied, Frozen, Restored};
use cordon_store::disk::{Disk, FileDisk};
use cordon_store::keys::{KeySource, Keys};
use cordon_store::version;
use serde_json::Value;

use crate::client::{NodeArgs, runtime};
use crate::local_node::{self, Holder, RunningNode};
use crate::progress::Counter;
use crate::settings::{SettingsArgs, data_dir};
use crate::terminal::{bytes, say, thousands};
use crate::{Exit, inputs};

const BACKUP_EXAMPLES: &str = "\
Examples:
  cordon backup /mnt/backup/cordon
  cordon backup --config /etc/cordon/cordon.toml --no-progress /mnt/backup/cordon

Runs on the machine of the node, while the node runs or is stopped. The moment is frozen within seconds;
copying then disturbs nobody. A further backup into the same folder copies only what is new, and one
that was broken off is continued. THE MASTER KEY (keys.file, or the passphrase) IS NOT IN THE BACKUP:
keep it elsewhere; without it nobody can restore anything. On the same file system files are links, which
protect from deletion and not from a broken disk. One backup of a store is made at a time. Exit code:
0 backed up, 2 not; then the backup before is still whole.";

const RESTORE_EXAMPLES: &str = "\
Examples:
  cordon restore /mnt/backup/cordon --data-dir /var/lib/cordon --key-file /safe/master.key
  cordon restore --check /mnt/backup/cordon --key-file /safe/master.key

Every byte is checked before the folder counts as a store: a backup that was altered, is not finished or
was made by a newer version is refused with the name of the file. `cordon verify` then proves the store.
Exit code: 0 restored (with --check: whole), 2 not; nothing is left behind then.";

/// Options of `cordon backup`.
#[derive(Debug, Args)]
#[command(after_help = BACKUP_EXAMPLES)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    #[command(flatten)]
    pub(crate) node: NodeArgs,
    /// The folder of the backup; made when it is not there
    #[arg(value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// The folder of the store [default: that of the settings]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Show no progress
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// Options of `cordon restore`.
#[derive(Debug, Args)]
#[command(after_help = RESTORE_EXAMPLES)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// The folder of the backup
    #[arg(value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// The folder for the store, empty or not there yet [default: that of the settings]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// File with the master key [default: keys.file of the settings]
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    pub(crate) key_file: Option<PathBuf>,
    /// File with the passphrase [default: keys.passphrase_file of the settings]
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Check every byte of the backup and write nothing
    #[arg(long)]
    pub(crate) check: bool,
    /// Show no progress
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// Runs `cordon backup`.
pub(crate) fn backup(args: &BackupArgs) -> Result<Exit> {
    let config = args.settings.load()?;
    let dir = args.data_dir.clone().map_or_else(|| data_dir(&config), Ok)?;
    let (dir, to) = (real(&dir)?, real(&args.to)?);
    ensure!(!to.starts_with(&dir), "{} lies within the store: a backup belongs elsewhere", to.display());
    let holder = local_node::take(&dir)?;
    let _one_at_a_time = backup::begin(&dir)?;
    version::check(&FileDisk, &dir)?;
    let frozen = match &holder {
        Holder::Us(_) => {
            let keys = local_node::keys(&config, &dir)?;
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime")?;
            runtime.block_on(backup::freeze_stopped(&dir, &keys))?
        }
        Holder::Node => freeze_running(&config, &dir, args)?,
    };
    let frozen = frozen.without(keys_within(&config, &dir));
    let copied = copy(&config, &dir, &frozen, &to, args.no_progress);
    let thawed = match &holder {
        Holder::Us(_) => backup::thaw(&FileDisk, &dir).map_err(Into::into),
        Holder::Node => thaw_running(&config, &dir, args),
    };
    tell(&copied?, &to);
    if let Err(error) = thawed {
        say(&format!(
            "the frozen moment could not be given up and holds disk until the next backup or start of the node: {error:#}"
        ));
    }
    Ok(Exit::Clean)
}

/// A path without links, of something that may not be there yet.
fn real(path: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(path).with_context(|| path.display().to_string())?;
    for there in absolute.ancestors() {
        if let (Ok(real), Ok(rest)) = (fs::canonicalize(there), absolute.strip_prefix(there)) {
            return Ok(if rest.as_os_str().is_empty() { real } else { real.join(rest) });
        }
    }
    Ok(absolute)
}

fn freeze_running(config: &Config, dir: &Path, args: &BackupArgs) -> Result<Frozen> {
    runtime()?.block_on(async {
        let node = RunningNode::of(config, dir, &args.node, Role::Administrator).await?;
        let frozen = freeze_anew(&node).await;
        node.leave().await?;
        frozen
    })?;
    Ok(Frozen::find(&FileDisk, dir)?)
}

/// Has the node freeze a moment; one that a backup left which was killed is given up before.
async fn freeze_anew(node: &RunningNode) -> Result<()> {
    for path in ["/api/v1/jobs/thaw", "/api/v1/jobs/freeze"] {
        let job = node.job(path, Value::Null, &|_, _| {}).await?;
        ensure!(job.state == "done", "the node ended the work: {}", job.notes.join("; "));
    }
    Ok(())
}

fn thaw_running(config: &Config, dir: &Path, args: &BackupArgs) -> Result<()> {
    runtime()?.block_on(async {
        let node = RunningNode::of(config, dir, &args.node, Role::Administrator).await?;
        let job = node.job("/api/v1/jobs/thaw", Value::Null, &|_, _| {}).await;
        node.leave().await?;
        job.map(drop)
    })
}

/// Key files that lie in the data folder, as paths below it.
fn keys_within(config: &Config, dir: &Path) -> Vec<PathBuf> {
    let files = [&config.keys.file, &config.keys.passphrase_file].into_iter().flatten();
    files.filter_map(|file| Some(file.strip_prefix(dir).ok()?.to_owned())).collect()
}

fn copy(config: &Config, dir: &Path, frozen: &Frozen, to: &Path, hidden: bool) -> Result<Copied> {
    // the ring of that moment, opened by the key of the store
    let source = live::key_source(config, dir)?;
    let keys = Arc::new(Keys::open(Arc::new(FileDisk), &frozen.dir, &source)?);
    let counter = Arc::new(Counter::new(hidden));
    let shown = Arc::clone(&counter);
    let tell = move |done, total| {
        shown.set(done, total);
        true
    };
    let copied = backup::copy(&FileDisk, frozen, to, &keys, inputs::now(), &tell);
    counter.finish();
    copied.map_err(Into::into)
}

fn tell(copied: &Copied, to: &Path) {
    let (files, new_bytes) = copied.new;
    let count = |files: u64| thousands(files);
    if copied.is_continued {
        say("a backup that had been broken off was continued");
    }
    let all: u64 = copied.manifest.files.iter().map(|stored| stored.bytes).sum();
    say(&format!(
        "backup {} in {}: {} files, {}; new {} files, {} ({} of them linked); {} no longer needed were removed",
        copied.manifest.number,
        to.display(),
        count(copied.manifest.files.len() as u64),
        bytes(all),
        count(files),
        bytes(new_bytes),
        count(copied.linked),
        count(copied.removed),
    ));
    say(
        "THE MASTER KEY IS NOT IN IT: keep the key file or the passphrase elsewhere, or nobody can restore this backup",
    );
}

/// Runs `cordon restore`.
pub(crate) fn restore(args: &RestoreArgs) -> Result<Exit> {
    let config = args.settings.load()?;
    let key = key(&config, args)?;
    let counter = Arc::new(Counter::new(args.no_progress));
    let shown = Arc::clone(&counter);
    let tell = move |done, total| {
        shown.set(done, total);
        true
    };
    let dir = match args.check {
        true => None,
        false => Some(args.data_dir.clone().map_or_else(|| data_dir(&config), Ok)?),
    };
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let restored = match &dir {
        Some(dir) => backup::restore(&disk, &args.from, dir, &key, &tell),
        None => backup::check(&disk, &args.from, &key, &tell),
    };
    counter.finish();
    let Restored { manifest, bytes: all } = restored?;
    let files = thousands(manifest.files.len() as u64);
    let at = cordon_model::Time(manifest.at);
    let Some(dir) = dir else {
        say(&format!("backup {} of {at} is whole: {files} files, {}", manifest.number, bytes(all)));
        return Ok(Exit::Clean);
    };
    put_key(&config, args, &dir)?;
    say(&format!("backup {} of {at} is restored to {}: {files} files, {}", manifest.number, dir.display(), bytes(all)));
    say("prove it with `cordon verify`, then start the node: it judges what had not been judged");
    Ok(Exit::Clean)
}

/// What opens the backup.
fn key(config: &Config, args: &RestoreArgs) -> Result<KeySource> {
    if let Some(path) = &args.key_file {
        return Ok(KeySource::File(path.clone()));
    }
    if let Some(path) = &args.passphrase_file {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        return Ok(KeySource::Passphrase(text.trim_end_matches(['\r', '\n']).into()));
    }
    ensure!(
        config.keys.file.is_some() || config.keys.passphrase_file.is_some(),
        "the master key is in no backup: say with --key-file or --passphrase-file where it is"
    );
    Ok(live::key_source(config, Path::new(""))?)
}

/// A node that finds its key in its data folder finds it there again.
fn put_key(config: &Config, args: &RestoreArgs, dir: &Path) -> Result<()> {
    use std::io::Write as _;
    let (Some(from), None, None) = (&args.key_file, &config.keys.file, &config.keys.passphrase_file) else {
        return Ok(());
    };
    let (to, key) = (dir.join("master.key"), fs::read(from).with_context(|| from.display().to_string())?);
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to);
    file.and_then(|mut file| file.write_all(&key).and_then(|()| file.sync_all()))
        .with_context(|| to.display().to_string())?;
    say(&format!("the settings name no key file, so the key was put where the node looks for it: {}", to.display()));
    Ok(())
}
