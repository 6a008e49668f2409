//! `cordon import` and `cordon replay`: old logs into a running node, as history or as if they were happening now.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;
use cordon_collect::live::http::{DELIVERIES_MEDIA_TYPE, HistoryState, HistoryStatus, frame};
use cordon_model::{Delivery, Span, Time};
use cordon_node::import;
use cordon_node::replay::{Timed, timeline};
use tokio::time::Instant;

use crate::Exit;
use crate::cli::InputArgs;
use crate::client::{Client, INTAKE, NodeArgs, runtime};
use crate::inputs;
use crate::terminal::say;

/// Where frames are posted.
const PATH: &str = "/intake/v1/deliveries";
/// Where history is asked to be judged.
const HISTORY_PATH: &str = "/intake/v1/history";
/// Bytes of one request, about.
const BODY_BYTES: usize = 4 << 20;
/// How often what is due is sent.
const STEP: Duration = Duration::from_millis(200);
/// Most units of one frame.
const UNITS_MAX: usize = 4_096;

const IMPORT_EXAMPLES: &str = "\
Examples:
  cordon import --token-file import.token /var/log/archive
  cordon import --url https://cordon.hospital.example:8481 --ca node.pem old-audit.csv

The token is that of the source `import` (`cordon token --source import`). Nobody is sent messages
about findings in history. Once everything is there, the node judges correlations over all imported
history in the order of event time; the command waits for that (--no-wait: the node does it all the
same). Exit code: 0 all was taken, 2 could not run or the node refused, 3 some input could not be
read.";

/// Options of `cordon import`.
#[derive(Debug, Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) node: NodeArgs,
    #[command(flatten)]
    pub(crate) inputs: InputArgs,
    /// Do not wait until correlations over the history are judged
    #[arg(long)]
    pub(crate) no_wait: bool,
}

const REPLAY_EXAMPLES: &str = "\
Examples:
  cordon replay --speed 60 --token-file demo.token fixtures/lakeside/evening
  cordon replay --speed 1 --from 2026-03-18T19:00:00Z evening.zip

The token is that of the source `replay` (`cordon token --source replay`): what it brings is judged
and told as if it happened now. Records are sent in the order of their times; a node whose event
clock starts at the same time and runs at the same speed sees them as if live. Exit code as of
`cordon import`.";

/// Options of `cordon replay`.
#[derive(Debug, Args)]
#[command(after_help = REPLAY_EXAMPLES)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    pub(crate) node: NodeArgs,
    #[command(flatten)]
    pub(crate) inputs: InputArgs,
    /// How many times faster than it happened; 0 sends as fast as the node takes it
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    pub(crate) speed: f64,
}

/// Runs `cordon import`.
pub(crate) fn import(args: &ImportArgs) -> Result<Exit> {
    let options = inputs::street_options(&args.inputs)?;
    let sources = inputs::sources(&args.inputs)?;
    let client = Client::new(&args.node, INTAKE)?;
    let runtime = runtime()?;
    let (mut body, mut sent) = (Vec::new(), 0_usize);
    let site: Arc<str> = "".into();
    let post = |body: &mut Vec<u8>| -> Result<()> {
        let body = std::mem::take(body);
        runtime.block_on(client.post_durable(PATH, DELIVERIES_MEDIA_TYPE, body)).map(drop)
    };
    let tally = import::deliveries(sources, &options.decode, &site, |delivery| {
        sent += delivery.units.len();
        body.extend(frame(&delivery, &delivery.source, false));
        if body.len() >= BODY_BYTES { post(&mut body) } else { Ok(()) }
    })?;
    if !body.is_empty() {
        post(&mut body)?;
    }
    say(&format!("{sent} records were taken by the node and are durable"));
    if sent > 0 {
        runtime.block_on(judge_history(&client, args.no_wait))?;
    }
    Ok(if tally.input_lost() || sent == 0 { Exit::InputLost } else { Exit::Clean })
}

/// Asks the node to judge correlations over its history, and waits for it.
async fn judge_history(client: &Client, no_wait: bool) -> Result<()> {
    let mut status: HistoryStatus = client.json(client.post(HISTORY_PATH, "application/json", Vec::new())?).await?;
    if no_wait {
        return Ok(());
    }
    while matches!(status.state, HistoryState::Waiting | HistoryState::Running) {
        tokio::time::sleep(STEP).await;
        status = client.json(client.get(HISTORY_PATH)?).await?;
    }
    // a node that was started again meanwhile goes on with it and tells of it in its log
    ensure!(
        status.state != HistoryState::Failed,
        "correlations over the history could not be judged; the node's log says why"
    );
    say(&format!("correlations over the history are judged: {} new findings", status.findings));
    status.notes.iter().for_each(|note| say(note));
    Ok(())
}

/// Runs `cordon replay`.
pub(crate) fn replay(args: &ReplayArgs) -> Result<Exit> {
    ensure!(args.speed.is_finite() && args.speed >= 0.0, "--speed takes 0 or more");
    let options = inputs::street_options(&args.inputs)?;
    let sources = inputs::sources(&args.inputs)?;
    let client = Client::new(&args.node, INTAKE)?;
    let (timed, tally) = timeline(sources, &options.decode)?;
    let inside =
        |one: &Timed| options.from.is_none_or(|from| one.time >= from) && options.to.is_none_or(|to| one.time < to);
    let timed: Vec<Timed> = timed.into_iter().filter(inside).collect();
    let start = options.from.or_else(|| timed.first().map(|first| first.time)).unwrap_or_default();
    runtime()?.block_on(send(&client, &timed, start, args.speed))?;
    say(&format!("{} records were taken by the node and are durable", timed.len()));
    Ok(if tally.input_lost() || timed.is_empty() { Exit::InputLost } else { Exit::Clean })
}

/// Sends each record when it is due.
async fn send(client: &Client, timed: &[Timed], start: Time, speed: f64) -> Result<()> {
    let began = Instant::now();
    let mut rest = timed;
    while !rest.is_empty() {
        let due = if speed > 0.0 { due(start, began.elapsed().mul_f64(speed)) } else { Time(i64::MAX) };
        let ready = rest.partition_point(|one| one.time <= due).min(UNITS_MAX);
        let (now, later) = rest.split_at_checked(ready).unwrap_or((rest, &[]));
        if now.is_empty() {
            tokio::time::sleep(STEP).await;
            continue;
        }
        client.post_durable(PATH, DELIVERIES_MEDIA_TYPE, frames(now)).await?;
        rest = later;
        if speed > 0.0 {
            tokio::time::sleep(STEP).await;
        }
    }
    Ok(())
}

fn due(start: Time, passed: Duration) -> Time {
    Time(start.0.saturating_add(i64::try_from(passed.as_micros()).unwrap_or(i64::MAX)))
}

/// The records as frames: those of one source and header together, in their order.
fn frames(timed: &[Timed]) -> Vec<u8> {
    let mut by_source: BTreeMap<(&str, &[u8]), Delivery> = BTreeMap::new();
    for one in timed {
        let delivery = by_source.entry((&one.source, &one.header)).or_insert_with(|| Delivery {
            source: Arc::clone(&one.source),
            site: "".into(),
            received: one.time,
            format: one.format.into(),
            header: one.header.to_vec(),
            bytes: Vec::new(),
            units: Vec::new(),
        });
        let start = delivery.bytes.len();
        delivery.bytes.extend_from_slice(&one.bytes);
        delivery.units.push(Span { start, end: delivery.bytes.len() });
    }
    by_source.values().flat_map(|delivery| frame(delivery, &delivery.source, false)).collect()
}
