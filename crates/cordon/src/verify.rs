//! `cordon verify`: proves the store of a node, by reading it when the node is stopped, by asking the node when it runs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use cordon_node::config::Config;
use cordon_policy::Role;
use cordon_store::disk::FileDisk;
use cordon_store::proof::{self, Proof, Watch};
use cordon_store::version;
use serde_json::{Value, json};

use crate::Exit;
use crate::client::{Job, NodeArgs, runtime};
use crate::local_node::{self, Holder, RunningNode};
use crate::progress::Counter;
use crate::rules::print;
use crate::settings::{SettingsArgs, data_dir};
use crate::terminal::{plain, thousands};

const EXAMPLES: &str = "\
Examples:
  cordon verify
  cordon verify --data-dir /var/lib/cordon --format json
  cordon verify --config /etc/cordon/cordon.toml --no-progress

Reads the log, the evidence, the event tables and the state from end to end, works out their counts,
hashes and chains anew, and compares them with each other. Changes nothing. A running node is asked
to do it and goes on working; a token is needed only when the state cannot be written
(docs/specs/backup.md). Exit code: 0 the store is whole, 1 something is not as it was written,
2 could not be proven.";

/// Parts of a store, in the order in which they are shown.
const PARTS: [&str; 5] = ["log", "evidence", "tables", "state", "across"];

/// Options of `cordon verify`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    #[command(flatten)]
    pub(crate) node: NodeArgs,
    /// The folder of the store [default: that of the settings]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = VerifyFormat::Table)]
    pub(crate) format: VerifyFormat,
    /// Show no progress
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// How `cordon verify` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerifyFormat {
    /// For people: each part in a line, faults below
    Table,
    /// One JSON object
    Json,
}

/// What was found, however it was.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    is_running: bool,
    counts: BTreeMap<String, u64>,
    /// Part and sentence.
    faults: Vec<(String, String)>,
    faults_total: u64,
    notes: Vec<String>,
    is_cut_short: bool,
}

/// Runs the command.
pub(crate) fn run(args: &VerifyArgs) -> Result<Exit> {
    let config = args.settings.load()?;
    let dir = args.data_dir.clone().map_or_else(|| data_dir(&config), Ok)?;
    let counter = Arc::new(Counter::new(args.no_progress));
    let found = if args.node.url.is_some() {
        asked(&config, &dir, args, &counter)?
    } else {
        match local_node::take(&dir)? {
            Holder::Us(_lock) => read(&config, &dir, &counter)?,
            Holder::Node => asked(&config, &dir, args, &counter)?,
        }
    };
    counter.finish();
    match args.format {
        VerifyFormat::Table => print(&table(&found))?,
        VerifyFormat::Json => print(&format!("{:#}\n", machine(&found, &dir)))?,
    }
    Ok(match (found.faults_total, found.is_cut_short) {
        (0, false) => Exit::Clean,
        (0, true) => Exit::CouldNotRun,
        _ => Exit::Findings,
    })
}

/// Reads the store of a node that is stopped.
fn read(config: &Config, dir: &Path, counter: &Arc<Counter>) -> Result<Found> {
    version::check(&FileDisk, dir)?;
    let keys = local_node::keys(config, dir)?;
    let counter = Arc::clone(counter);
    let watch = Watch::new(move |done, total| {
        counter.set(done, total);
        true
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime")?;
    Ok(runtime.block_on(proof::prove_stopped(dir, &keys, &watch)).into())
}

/// Asks a running node.
fn asked(config: &Config, dir: &Path, args: &VerifyArgs, counter: &Counter) -> Result<Found> {
    runtime()?.block_on(async {
        let node = RunningNode::of(config, dir, &args.node, Role::Auditor).await?;
        let job = node.job("/api/v1/jobs/verify", Value::Null, &|done, total| counter.set(done, total)).await;
        node.leave().await?;
        Ok(Found::from(&job?))
    })
}

impl From<Proof> for Found {
    fn from(proof: Proof) -> Self {
        Self {
            is_running: false,
            counts: proof.counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
            faults: proof.faults.into_iter().map(|fault| (fault.part.to_owned(), fault.says)).collect(),
            faults_total: proof.faults_total,
            notes: proof.notes,
            is_cut_short: proof.is_cut_short,
        }
    }
}

impl From<&Job> for Found {
    fn from(job: &Job) -> Self {
        let mut counts: BTreeMap<String, u64> = job.counts().map(|(name, count)| (name.to_owned(), count)).collect();
        let faults_total = counts.remove("faults").unwrap_or_default();
        let mut found = Self { is_running: true, counts, faults_total, ..Self::default() };
        found.is_cut_short = job.state != "done";
        for note in &job.notes {
            match note.split_once(": ").filter(|(part, _)| PARTS.contains(part)) {
                Some((part, says)) => found.faults.push((part.to_owned(), says.to_owned())),
                None => found.notes.push(note.strip_prefix("note: ").unwrap_or(note).to_owned()),
            }
        }
        found
    }
}

impl Found {
    fn counts_of<'f>(&'f self, part: &'f str) -> impl Iterator<Item = (&'f str, u64)> {
        self.counts.iter().filter_map(move |(name, count)| Some((name.strip_prefix(part)?.strip_prefix('_')?, *count)))
    }

    fn faults_of<'f>(&'f self, part: &'f str) -> impl Iterator<Item = &'f str> {
        self.faults.iter().filter(move |(of, _)| of == part).map(|(_, says)| says.as_str())
    }
}

fn table(found: &Found) -> String {
    let mut out = String::new();
    for part in PARTS {
        let faults: Vec<&str> = found.faults_of(part).collect();
        let word = if faults.is_empty() { "whole" } else { "DAMAGED" };
        let counts = found.counts_of(part).filter(|(_, count)| *count > 0);
        let counts: Vec<String> =
            counts.map(|(name, count)| format!("{} {}", name.replace('_', " "), thousands(count))).collect();
        let _never_fails = writeln!(out, "{part:<9} {word:<8} {}", counts.join(", "));
        faults.iter().for_each(|fault| out.push_str(&format!("          {}\n", plain(fault))));
    }
    found.notes.iter().for_each(|note| out.push_str(&format!("note      {}\n", plain(note))));
    out.push_str(&match (found.faults_total, found.is_cut_short) {
        (0, false) => "The store is whole.\n".to_owned(),
        (0, true) => "Ended before everything was read.\n".to_owned(),
        (faults, _) => {
            let listed = found.faults.len() as u64;
            let more = if faults > listed { format!(", the first {listed} are listed") } else { String::new() };
            format!("{} faults{more}. What to do: docs/running.md, a damaged store.\n", thousands(faults))
        }
    });
    out
}

fn machine(found: &Found, dir: &Path) -> Value {
    let part = |part: &&str| {
        let counts: serde_json::Map<String, Value> =
            found.counts_of(part).map(|(name, count)| (name.to_owned(), count.into())).collect();
        json!({ "part": part, "counts": counts, "faults": found.faults_of(part).collect::<Vec<_>>() })
    };
    json!({
        "whole": found.faults_total == 0 && !found.is_cut_short,
        "data_dir": dir.display().to_string(),
        "asked_the_node": found.is_running,
        "parts": PARTS.iter().map(part).collect::<Vec<_>>(),
        "faults_total": found.faults_total,
        "ended_early": found.is_cut_short,
        "notes": found.notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_answers_reads_like_what_is_read_directly() {
        let job: Job = serde_json::from_value(json!({
            "id": 1, "state": "done", "done": 1, "total": 1,
            "counts": [{"name": "evidence_files", "count": 1200}, {"name": "faults", "count": 2}],
            "notes": ["evidence: the block at offset 3 is damaged", "log: gone", "note: three leftovers"],
        }))
        .unwrap();
        let found = Found::from(&job);
        let expect = "\
log       DAMAGED  \n          gone
evidence  DAMAGED  files 1,200\n          the block at offset 3 is damaged
tables    whole    \nstate     whole    \nacross    whole    
note      three leftovers
2 faults. What to do: docs/running.md, a damaged store.\n";
        assert_eq!(table(&found), expect);
        let said = machine(&found, Path::new("/d"));
        assert_eq!(
            said["parts"][1],
            json!({"part": "evidence", "counts": {"files": 1200}, "faults": ["the block at offset 3 is damaged"]})
        );
        assert_eq!((&said["whole"], &said["faults_total"]), (&json!(false), &json!(2)));
    }
}
