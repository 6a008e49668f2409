//! `cordon learn forget`: a person has left, or wants to be forgotten; what a running node learnt of them goes.

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use cordon_policy::Role;
use serde::Deserialize;
use serde_json::json;

use crate::Exit;
use crate::client::{NodeArgs, runtime};
use crate::local_node::{self, Holder, RunningNode};
use crate::rules::print;
use crate::settings::{SettingsArgs, data_dir};

const EXAMPLES: &str = "\
Examples:
  cordon learn forget --kind user --name j.reyes --reason 'left on 1 March, asked for it'
  cordon learn forget --kind device --name PUMP-3 --reason 'given back to the maker'

Afterwards the account, machine or device is as never seen: nothing is told of its first day. What it
added to its peers' normal cannot be taken out again; events, findings, cases and backups stay, each
for its own time. It stands in the audit log. Exit code: 0 done, 2 could not be done.";

/// Options of `cordon learn forget`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ForgetArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    node: NodeArgs,
    /// What it is
    #[arg(long, value_enum)]
    kind: ForgetKind,
    /// Its name as logs write it, with or without domain; of a user also the pseudonym
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Why, in 10 to 500 letters, without anybody's name: it stays in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What can be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ForgetKind {
    /// An account
    User,
    /// A machine
    Host,
    /// A medical device, an application entity of imaging or a sender of messages
    Device,
}

#[derive(Debug, Deserialize)]
struct Forgotten {
    was_known: bool,
    days: u16,
}

/// Runs the command.
pub(super) fn run(args: &ForgetArgs) -> Result<Exit> {
    let config = args.settings.load()?;
    let dir = data_dir(&config)?;
    if args.node.url.is_none() {
        let is_running = matches!(local_node::take(&dir)?, Holder::Node);
        ensure!(is_running, "the node does not run: start it and ask again, so that nothing is learnt meanwhile");
    }
    let kind = match args.kind {
        ForgetKind::User => "user",
        ForgetKind::Host => "host",
        ForgetKind::Device => "device",
    };
    let body = json!({"entity": {"kind": kind, "name": args.name}, "reason": args.reason});
    let forgotten: Forgotten = runtime()?.block_on(async {
        let node = RunningNode::of(&config, &dir, &args.node, Role::PrivacyOfficer).await?;
        let answer = node.post("/api/v1/models/forget", body).await;
        node.leave().await?;
        serde_json::from_slice(&answer?).context("the answer of the node")
    })?;
    print(&match forgotten {
        Forgotten { was_known: true, days } => format!("Forgotten: what was learnt on {days} days.\n"),
        Forgotten { was_known: false, .. } => "Nothing was learnt of it.\n".to_owned(),
    })?;
    Ok(Exit::Clean)
}
