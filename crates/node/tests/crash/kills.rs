//! `kill -9` at named points under load. A sample runs with all tests; `scripts/crash.sh` runs the whole suite.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordon_store::disk::FileDisk;
use cordon_testkit::disk::SimRandom;

use super::ledger::Ledger;
use super::look::look;
use super::process::{Process, Senders};

/// How many processes are killed; without it a sample.
const KILLS: &str = "CORDON_CRASH_KILLS";
/// The seed of the order and of the moments.
const SEED: &str = "CORDON_CRASH_SEED";
/// Kills of the sample.
const SAMPLE: usize = 8;
/// Each point is to be hit so often in the whole suite.
const HITS_MIN: usize = 5;
/// A point that was not come to for so long under load is tried again later.
const LIFE_MAX: Duration = Duration::from_secs(30);
/// Tries of one kill.
const TRIES_MAX: usize = 4;
/// The node goes on for so long after the last kill.
const GOES_ON: Duration = Duration::from_secs(2);
/// Then it is left alone for so long, so that windows of correlations can close behind the last event.
const CALM: Duration = Duration::from_secs(14);

/// A point, and up to which of the times it is come to a process may be killed.
type Point = (&'static str, u64);

/// Points of a first start, in the order in which they can be had in one folder.
const BIRTH: [Point; 6] = [
    ("store:rename", 1),
    ("keys:append", 1),
    ("keys:rename", 1),
    ("state.migrating", 1),
    ("state.migrated", 1),
    ("delta:rename_new", 8),
];

/// Points of a node at work.
const LIFE: [Point; 32] = [
    ("intake.durable", 40),
    ("wal.frame_written", 40),
    ("wal.synced", 40),
    ("wal.segment_begun", 4),
    ("wal.segment_removed", 2),
    ("wal:append", 40),
    ("wal:sync", 40),
    ("wal:create", 4),
    ("keeper.findings_recorded", 40),
    ("keeper.evidence_taken", 40),
    ("keeper.windows_replaced", 6),
    ("windows:append", 6),
    ("windows:sync", 6),
    ("windows:rename", 6),
    ("evidence.file_written", 3),
    ("evidence.renamed", 3),
    ("evidence:append", 9),
    ("evidence:sync", 3),
    ("evidence:rename", 3),
    ("tables.files_written", 5),
    ("tables.committed", 5),
    ("tables.applied_kept", 5),
    ("tables.files_joined", 1),
    ("tables.join_committed", 1),
    ("tables.file_cleared", 6),
    ("tables:append", 8),
    ("tables:sync", 8),
    ("tables:rename", 8),
    ("tables:remove", 3),
    ("delta:append", 6),
    ("delta:sync", 6),
    ("delta:rename_new", 6),
];

/// One kill that is to be done.
#[derive(Clone, Copy, Debug)]
struct Kill {
    point: &'static str,
    hit: u64,
}

/// What became of the suite.
#[derive(Debug, Default)]
struct Done {
    hits: BTreeMap<&'static str, usize>,
    /// Points that were not come to in one life; the process was killed all the same.
    missed: BTreeMap<&'static str, usize>,
    acknowledged: usize,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Kills of one folder: some at its birth, the others at work, in an order of the seed.
fn plan(random: &mut SimRandom, birth: &[Point], life: &[Point]) -> Vec<Kill> {
    let mut at = |point: &Point| Kill { point: point.0, hit: 1 + random.next() % point.1 };
    let mut kills: Vec<Kill> = birth.iter().map(&mut at).collect();
    let mut later: Vec<Kill> = life.iter().map(&mut at).collect();
    for place in (1..later.len()).rev() {
        later.swap(place, random.below(place + 1));
    }
    kills.append(&mut later);
    kills
}

/// The folders of a suite with the kills of each.
fn folders(random: &mut SimRandom, kills: usize) -> Vec<Vec<Kill>> {
    if kills <= SAMPLE {
        let life: Vec<Point> = (0..SAMPLE - 2).map(|_| LIFE[random.below(LIFE.len())]).collect();
        return vec![plan(random, &[BIRTH[2], BIRTH[3]], &life)];
    }
    let mut folders: Vec<Vec<Kill>> = (0..HITS_MIN).map(|_| plan(random, &BIRTH, &LIFE)).collect();
    let left = kills.saturating_sub(folders.iter().map(Vec::len).sum());
    let more: Vec<Point> = (0..left).map(|_| LIFE[random.below(LIFE.len())]).collect();
    let last = folders.last_mut().unwrap();
    last.extend(plan(random, &[], &more));
    folders
}

/// One life: starts the node, loads it until it dies at the point; whether it did. A node that does not come to it is killed after a while.
fn live_and_die(folder: &Path, kill: Kill, round: &str, ledger: &mut Ledger) -> bool {
    let point = format!("{}#{}", kill.point, kill.hit);
    let mut node = Process::start(folder, Some(&point));
    if let Some(address) = node.address() {
        let senders = Senders::start(address, round);
        if !node.ends_within(LIFE_MAX) {
            node.kill();
        }
        ledger.join(senders.stop());
    }
    let lines = node.lines();
    let died_there = lines.iter().any(|line| line.ends_with(&format!("point {}", kill.point)));
    let was_killed = died_there || lines.iter().any(|line| line.contains("http intake on"));
    assert!(was_killed, "the node did not start: {lines:?}");
    died_there
}

/// All kills of a folder, then a look at what is there.
async fn kill_again_and_again(number: usize, kills: Vec<Kill>, random: &mut SimRandom, done: &mut Done) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("data");
    let (mut ledger, mut lives) = (Ledger::default(), 0);
    for mut kill in kills {
        for tried in 1..=TRIES_MAX {
            lives += 1;
            let began = Instant::now();
            let round = format!("{number}x{lives}x");
            let hit = live_and_die(&folder, kill, &round, &mut ledger);
            let took = began.elapsed().as_millis();
            println!(
                "folder {number} life {lives}: {}#{} {} in {took} ms",
                kill.point,
                kill.hit,
                if hit { "hit" } else { "MISSED" }
            );
            if hit {
                *done.hits.entry(kill.point).or_default() += 1;
                break;
            }
            *done.missed.entry(kill.point).or_default() += 1;
            assert!(tried < TRIES_MAX, "{} was not come to in {tried} lives", kill.point);
            kill.hit = 1 + random.next() % kill.hit;
        }
    }
    let node = Process::start(&folder, None);
    let senders = Senders::start(node.address().unwrap(), &format!("{number}end"));
    std::thread::sleep(GOES_ON);
    ledger.join(senders.stop());
    std::thread::sleep(CALM);
    assert!(node.stop(Duration::from_secs(60)), "the node did not stop in order");
    let wrong = look(Arc::new(FileDisk), &folder, &ledger).await.unwrap();
    if !wrong.is_empty() {
        let kept = home.keep();
        panic!("{wrong:#?}\nthe folder stays: {}", kept.display());
    }
    done.acknowledged += ledger.acknowledged.len();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_at_any_point_keeps_what_it_acknowledged_once() {
    let kills = number(KILLS).map_or(SAMPLE, |kills| usize::try_from(kills).unwrap());
    let seed = number(SEED).unwrap_or(1);
    println!("seed {seed}");
    let mut random = SimRandom::new(seed);
    let (began, mut done) = (Instant::now(), Done::default());
    for (number, kills) in folders(&mut random, kills).into_iter().enumerate() {
        kill_again_and_again(number, kills, &mut random, &mut done).await;
    }
    let all: usize = done.hits.values().sum();
    println!("{all} kills in {} s, {} batches acknowledged", began.elapsed().as_secs(), done.acknowledged);
    done.hits.iter().for_each(|(point, hits)| println!("{hits:4}  {point}"));
    println!("not come to in one life: {:?}", done.missed);
    assert!(all >= kills && done.acknowledged > kills, "{all} of {kills} kills");
    if kills > SAMPLE {
        let points = BIRTH.iter().chain(&LIFE).map(|(name, _)| *name);
        let rare: Vec<_> = points.filter(|point| done.hits.get(point).is_none_or(|hits| *hits < HITS_MIN)).collect();
        assert!(rare.is_empty(), "hit too rarely: {rare:?}");
    }
}
