//! `cordon query`: asks a running node for events, in the filter language or in SQL.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};

use crate::Exit;
use crate::client::{API, Client, NodeArgs, accepted, runtime};
use crate::output::quiet_pipe;

const EXAMPLES: &str = "\
Examples:
  cordon query 'user:jdoe action:export last:24h'
  cordon query --limit 20 --token-file analyst.token 'src_ip:10.0.0.0/8 severity>=high'
  cordon query --sql 'SELECT class_uid, count(*) AS events FROM events GROUP BY class_uid'

Prints one JSON object per line. The language: docs/specs/query.md. A token: `cordon token --role
analyst`. Exit code: 0 answered, 2 could not run or the node refused.";

/// Options of `cordon query`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct QueryArgs {
    #[command(flatten)]
    pub(crate) node: NodeArgs,
    /// The filter; with --sql one SELECT
    #[arg(value_name = "FILTER", default_value = "")]
    pub(crate) question: String,
    /// The question is SQL
    #[arg(long)]
    pub(crate) sql: bool,
    /// Most rows, 1 to 1,000
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) limit: u16,
}

/// Runs the command.
pub(crate) fn run(args: &QueryArgs) -> Result<Exit> {
    let client = Client::new(&args.node, API)?;
    let (path, body, rows) = if args.sql {
        ("/api/v1/events/sql", json!({ "sql": args.question, "limit": args.limit }), "rows")
    } else {
        ("/api/v1/events/search", json!({ "filter": args.question, "limit": args.limit }), "items")
    };
    let answer: Value = runtime()?.block_on(async {
        let sent = client.post(path, "application/json", body.to_string().into_bytes())?.send().await;
        let answer = accepted(sent.context("the node cannot be reached")?).await?;
        serde_json::from_slice(&answer.bytes().await?).context("the answer of the node")
    })?;
    let mut rows = answer.get(rows).and_then(Value::as_array).into_iter().flatten();
    let mut out = io::stdout().lock();
    quiet_pipe(rows.try_for_each(|row| writeln!(out, "{row}")))?;
    Ok(Exit::Clean)
}
