//! `cordon doctor`: what is wrong, in plain words. A node that runs is asked how it is.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::Args;
use cordon_node::config::Config;
use cordon_node::doctor::{Check, Live, Verdict, checks, look};
use cordon_policy::Role;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Exit;
use crate::client::{NodeArgs, runtime};
use crate::local_node::{self, Holder, RunningNode};
use crate::rules::print;
use crate::settings::{SettingsArgs, data_dir};
use crate::terminal::{plain, say};

/// Part of the node whose state is about messages to people.
const NOTIFICATION: &str = "notification";
/// Gauges of `/metrics` that say how far the log is and what is below it.
const DURABLE: &str = "cordon_wal_durable_offset";
const BEHIND: [(&str, &str); 2] =
    [("cordon_tables_applied_offset", "tables"), ("cordon_evidence_applied_offset", "evidence")];

/// Options of `cordon doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Exit code: 0 nothing needs a person now, 1 something does, 2 could not look.")]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    #[command(flatten)]
    pub(crate) node: NodeArgs,
}

/// Runs `cordon doctor`.
pub(crate) fn run(args: &DoctorArgs) -> Result<Exit> {
    let config = args.settings.load()?;
    let dir = data_dir(&config)?;
    let runs = args.node.url.is_some() || matches!(local_node::take(&dir), Ok(Holder::Node));
    let live = runs.then(|| ask(&config, &dir, &args.node)).transpose().unwrap_or_else(|error| {
        say(&format!("a node runs and was not asked: {error:#}"));
        None
    });
    let found = checks(&look(&config, &dir, live));
    print(&found.iter().map(line).collect::<String>())?;
    let must_act = found.iter().any(|check| check.verdict == Verdict::Act);
    Ok(if must_act { Exit::Findings } else { Exit::Clean })
}

fn line(check: &Check) -> String {
    let word = match check.verdict {
        Verdict::Well => "well",
        Verdict::Look => "look",
        Verdict::Act => "ACT",
    };
    let advice = if check.advice.is_empty() { String::new() } else { format!("\n      {}", plain(&check.advice)) };
    format!("{word:<5} {}: {}{advice}\n", check.name, plain(&check.says))
}

#[derive(Deserialize)]
struct Health {
    version: String,
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    name: String,
    state: String,
    detail: String,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
struct Source {
    id: String,
    is_silent: bool,
    drops: BTreeMap<String, u64>,
}

/// What the running node says of itself.
fn ask(config: &Config, dir: &Path, args: &NodeArgs) -> Result<Live> {
    runtime()?.block_on(async {
        let node = RunningNode::of(config, dir, args, Role::Auditor).await?;
        let answers = answers(&node).await;
        node.leave().await?;
        let (health, sources, metrics) = answers?;
        Ok(live(health, sources, &metrics))
    })
}

async fn answers(node: &RunningNode) -> Result<(Health, Page<Source>, String)> {
    let health = read(&node.get("/api/v1/health").await?)?;
    let sources = read(&node.get("/api/v1/sources").await?)?;
    // behind a proxy or from elsewhere they are not shown: then nothing is said of sinks
    let metrics = node.get("/metrics").await.unwrap_or_default();
    Ok((health, sources, String::from_utf8_lossy(&metrics).into_owned()))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).context("the answer of the node")
}

fn live(health: Health, sources: Page<Source>, metrics: &str) -> Live {
    let messages = health.parts.into_iter().find(|part| part.name == NOTIFICATION && part.state != "ok");
    let losses = sources.items.iter().flat_map(|source| {
        let of = source.id.clone();
        source.drops.iter().map(move |(reason, count)| (of.clone(), reason.clone(), *count))
    });
    let silent = sources.items.iter().filter(|source| source.is_silent).map(|source| source.id.clone());
    Live {
        version: health.version,
        silent: silent.collect(),
        losses: losses.collect(),
        sinks: sinks(metrics),
        messages: messages.map(|part| part.detail),
        waiting: Vec::new(),
    }
}

/// How far each sink is behind the log, bytes.
fn sinks(metrics: &str) -> Vec<(String, u64)> {
    let gauge = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.trim().parse::<f64>().ok())
    };
    let Some(durable) = gauge(DURABLE) else { return Vec::new() };
    let behind = |(name, sink): (&str, &str)| {
        let bytes = (durable - gauge(name)?).max(0.0);
        // offsets are whole and far below 2^53
        Some((sink.to_owned(), format!("{bytes:.0}").parse().ok()?))
    };
    BEHIND.into_iter().filter_map(behind).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_node_answers_is_what_is_judged() {
        let health = json!({"version": "1", "is_ready": true, "parts": [
            {"name": "notification", "state": "degraded", "detail": "3 messages were given up"},
            {"name": "wal", "state": "ok", "detail": ""},
        ]});
        let sources = json!({"next": null, "items": [
            {"id": "ehr", "is_silent": true, "drops": {}},
            {"id": "fw", "is_silent": false, "drops": {"overload": 7}},
        ]});
        let metrics = "# HELP x y\ncordon_wal_durable_offset 5000\ncordon_tables_applied_offset 1000\n";
        let read = |value: serde_json::Value| value.to_string().into_bytes();
        let live = live(super::read(&read(health)).unwrap(), super::read(&read(sources)).unwrap(), metrics);
        let expect = Live {
            version: "1".to_owned(),
            silent: vec!["ehr".to_owned()],
            losses: vec![("fw".to_owned(), "overload".to_owned(), 7)],
            sinks: vec![("tables".to_owned(), 4_000)],
            messages: Some("3 messages were given up".to_owned()),
            waiting: Vec::new(),
        };
        assert_eq!(live, expect);
    }
}
