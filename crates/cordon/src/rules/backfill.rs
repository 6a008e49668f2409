//! `cordon rules backfill`: asks a running node to run rules over what it has stored, follows the work and says what came of it.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cordon_model::Time;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};

use super::args::{BackfillArgs, Format};
use crate::client::{API, Client, Job, runtime};
use crate::terminal::{counted, plain, stderr_is_terminal, thousands};
use crate::{Exit, inputs};

/// How often the work is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Largest file of rules.
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// Runs the command.
pub(super) fn run(args: &BackfillArgs) -> Result<Exit> {
    let client = Client::new(&args.node, API)?;
    let asked = asked(args)?;
    let answer = runtime()?.block_on(follow(&client, &asked))?;
    let job = read(&answer)?.unless_failed()?;
    match args.format {
        Format::Json => super::print_json(&answer)?,
        Format::Text => super::print(&told(&job))?,
    }
    let is_whole = job.state == "done" && job.count("parts_damaged") == 0;
    Ok(if is_whole { Exit::Clean } else { Exit::InputLost })
}

/// The request.
fn asked(args: &BackfillArgs) -> Result<Value> {
    let (mut ids, mut texts) = (Vec::new(), Vec::new());
    for rule in &args.rule {
        let path = Path::new(rule);
        if !path.is_file() {
            ids.push(rule);
            continue;
        }
        let named = || format!("--rule {rule}");
        ensure!(fs::metadata(path).with_context(named)?.len() <= TEXT_BYTES_MAX, "--rule {rule}: larger than 1 MiB");
        texts.push(fs::read_to_string(path).with_context(named)?);
    }
    let time = |text: &Option<String>, option: &str| match text {
        Some(text) => {
            let time: Time = inputs::moment(text, &TimeZone::UTC).with_context(|| format!("{option} {text}"))?;
            Ok::<_, anyhow::Error>(Some(time.to_string()))
        }
        None => Ok(None),
    };
    let (from, to) = (time(&args.from, "--from")?, time(&args.to, "--to")?);
    Ok(json!({"rules": ids, "text": texts.join("\n---\n"), "from": from, "to": to, "tell": args.tell}))
}

/// Starts the work and looks at it until it has ended. Ctrl-C cancels it.
async fn follow(client: &Client, asked: &Value) -> Result<Value> {
    let post = client.post("/api/v1/jobs/backfill", "application/json", asked.to_string().into_bytes())?;
    let mut answer: Value = client.json(post).await?;
    let mut is_cancelled = false;
    loop {
        let job = read(&answer)?;
        if !job.is_running() {
            break;
        }
        show(&job);
        let (look, cancel) = (format!("/api/v1/jobs/{}", job.id), format!("/api/v1/jobs/{}/cancel", job.id));
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = tokio::signal::ctrl_c(), if !is_cancelled => {
                is_cancelled = true;
                client.json::<Value>(client.post(&cancel, "application/json", Vec::new())?).await?;
            }
        }
        answer = client.json(client.get(&look)?).await?;
    }
    if stderr_is_terminal() {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
    Ok(answer)
}

fn read(answer: &Value) -> Result<Job> {
    Job::deserialize(answer).context("the answer of the node")
}

/// How far it is, for a person who waits.
fn show(job: &Job) {
    if stderr_is_terminal() && job.total > 0 {
        // standard error may be closed; there is nowhere else to say it
        let _ = write!(io::stderr(), "\r{:3} % of what is stored", job.done.saturating_mul(100) / job.total);
    }
}

/// What came of it, in sentences.
fn told(job: &Job) -> String {
    let new = counted(job.count("findings_new"), "new finding", "new findings");
    let (known, events) = (thousands(job.count("findings_known")), thousands(job.count("events")));
    let milliseconds = job.count("milliseconds");
    let (seconds, tenths) = (milliseconds / 1_000, milliseconds % 1_000 / 100);
    let mut text = format!("{new}, {known} known already; {events} events in {seconds}.{tenths} s\n");
    if job.state == "cancelled" {
        text.push_str("it was cancelled; what was found until then is kept\n");
    }
    job.notes.iter().for_each(|note| text.push_str(&format!("{}\n", plain(note))));
    text
}
