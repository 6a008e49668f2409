//! Loss of power for the whole street: log, evidence, event tables, keys and windows lie together on one simulated disk that loses, tears and reorders what was not
//! synced. The state is SQLite, which does its own file work: it lies on the disk of the machine and keeps what it committed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use cordon_node::live::{EventClock, Node};
use cordon_store::disk::Disk as _;
use cordon_testkit::disk::{SimDisk, SimRandom};

use super::columns::{age, check_columns};
use super::ledger::Ledger;
use super::look::look;
use super::parts::{Street, batch, delivery};

/// How often the power fails; without it a sample.
const LOSSES: &str = "CORDON_CRASH_LOSSES";
/// The seed of the first folder.
const SEED: &str = "CORDON_CRASH_SEED";
/// Power losses of the sample.
const SAMPLE: usize = 12;
/// Power losses of one folder.
const ROUNDS: usize = 4;
/// Batches of one round.
const BATCHES: usize = 30;
/// How long an answer may take when the power is off: then nobody answers.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// What is due in the end is due within this time.
const END_MAX: Duration = Duration::from_secs(60);

/// A disk that holds the data folder, for sure.
pub(crate) fn disk(seed: u64, data_dir: &Path) -> SimDisk {
    let disk = SimDisk::new(seed);
    disk.create_dir(data_dir).unwrap();
    data_dir.ancestors().for_each(|folder| disk.sync_dir(folder).unwrap());
    disk
}

/// Sends a batch and waits for the answer.
pub(crate) async fn send(node: &Node, clock: EventClock, source: &str, host: String, ledger: &mut Ledger) -> bool {
    let now = clock.now();
    let (lines, markers) = batch(&host, now);
    let intake = node.intake();
    let answer = tokio::time::timeout(ANSWER_MAX, intake.submit(delivery(source, &lines, now))).await;
    let is_kept = matches!(answer, Ok(Ok(())));
    ledger.add(host, markers, is_kept);
    is_kept
}

/// Waits until everything that is durable is judged and written down.
pub(crate) async fn settle(node: &Node) {
    assert!(node.settled(END_MAX).await, "what is durable was not judged");
}

/// Moves the clock on by a minute and waits until correlations that wait for it have been decided: a tick has gone down the street.
pub(crate) async fn decide(node: &Node, moved: &AtomicI64, ledger: &Ledger) {
    settle(node).await;
    moved.fetch_add(60_000_000, Ordering::Relaxed);
    let until = Instant::now() + END_MAX;
    let due = || async { super::look::findings(node.state(), super::parts::ALL).await };
    while Instant::now() < until {
        let found = due().await;
        if ledger.decidable().all(|host| found.contains_key(host)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A clock that a test moves.
pub(crate) fn clock() -> (EventClock, &'static AtomicI64) {
    let moved: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(0)));
    (EventClock::moved_by(moved), moved)
}

/// One folder: several losses, then a look at everything. How many batches were acknowledged, or what is wrong.
async fn run(seed: u64, sync_works: bool) -> Result<usize, String> {
    let home = tempfile::tempdir().unwrap();
    let (disk, mut random) = (disk(seed, home.path()), SimRandom::new(!seed));
    if !sync_works {
        disk.switch_sync_off();
    }
    let (clock, moved) = clock();
    let street = Street { clock, ..Street::hasty(home.path()) };
    let mut ledger = Ledger::default();
    for round in 0..ROUNDS {
        // now and then an older version had the store, whose tables lack a column: the start adds it, and the power may fail meanwhile
        let is_aged = random.once_in(2) && age(&disk, home.path()).map_err(|error| error.to_string())? > 0;
        disk.power_off_after(100 + random.below(if is_aged { 900 } else { 4_000 }) as u64);
        if let Ok(node) = street.start(Arc::new(disk.plugged())).await {
            let mut sent = (0..BATCHES).zip(["a", "b"].into_iter().cycle());
            while let Some((number, source)) = sent.next()
                && send(&node, clock, source, format!("h{round}x{number}"), &mut ledger).await
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            node.stop().await;
        }
        disk.restart();
    }
    let node = street.start(Arc::new(disk.plugged())).await.map_err(|error| format!("does not start: {error}"))?;
    for number in 0..5 {
        if !send(&node, clock, "a", format!("end{number}"), &mut ledger).await {
            return Err("does not go on".to_owned());
        }
    }
    decide(&node, moved, &ledger).await;
    node.stop().await;
    let mut wrong = Vec::new();
    check_columns(&disk, home.path(), &mut wrong).map_err(|error| error.to_string())?;
    wrong.extend(look(Arc::new(disk.plugged()), home.path(), &ledger).await?);
    if wrong.is_empty() { Ok(ledger.acknowledged.len()) } else { Err(wrong.join("; ")) }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_power_loss_takes_or_doubles_what_the_node_acknowledged() {
    let losses = std::env::var(LOSSES).ok().and_then(|losses| losses.parse().ok()).unwrap_or(SAMPLE);
    let (began, mut acknowledged) = (Instant::now(), 0);
    let first = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or(1) * 1_000_000;
    println!("folders of the seeds from {first}");
    for seed in first..first + losses.div_ceil(ROUNDS) as u64 {
        acknowledged += run(seed, true).await.unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
    }
    println!("{losses} power losses in {} s, {acknowledged} batches acknowledged", began.elapsed().as_secs());
    assert!(acknowledged > losses, "{acknowledged} batches are too few to prove anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_syncs_do_nothing_fails_the_same_test() {
    let mut failed = Vec::new();
    for seed in 0..3 {
        failed.extend(run(seed, false).await.err());
    }
    println!("{failed:#?}");
    assert!(!failed.is_empty(), "a node that never syncs passed");
}
