//! `kill -9` at named points under load. A sample runs with all tests; `scripts/crash.sh` runs the whole suite.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordon_store::disk::FileDisk;
use cordon_testkit::disk::SimRandom;

use super::backups::Backups;
use super::columns::{age, check_columns};
use super::ledger::Ledger;
use super::look::look;
use super::process::{Process, Senders};

/// How many processes are killed; without it a sample.
const KILLS: &str = "CORDON_CRASH_KILLS";
/// The seed of the order and of the moments.
const SEED: &str = "CORDON_CRASH_SEED";
/// Kills of the sample.
const SAMPLE: usize = 10;
/// Folders that are worked on at a time: much of a life is waiting.
const AT_ONCE: usize = 2;
/// Each point is to be hit so often in the whole suite.
const HITS_MIN: usize = 5;
/// A point that was not come to for so long under load is tried again later.
pub(crate) const LIFE_MAX: Duration = Duration::from_secs(30);
/// Tries of one kill.
const TRIES_MAX: usize = 4;
/// The node goes on for so long after the last kill.
const GOES_ON: Duration = Duration::from_secs(2);
/// Between two batches of one sender.
const BETWEEN: Duration = Duration::from_millis(15);
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
const LIFE: [Point; 33] = [
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
    ("keeper.learnt_replaced", 6),
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

/// Points of a start on tables that an older version left, without one of today's columns: one for each table.
const COLUMNS: [Point; 4] =
    [("tables.columns_missing", 8), ("tables.columns_added", 8), ("delta:append", 8), ("delta:rename_new", 8)];

/// Points of a node that freezes a moment for a backup, and gives it up.
const FREEZING: [Point; 7] = [
    ("backup.freezing", 1),
    ("backup.state_copied", 1),
    ("backup.others_copied", 1),
    ("backup.tables_linked", 1),
    ("backup.evidence_linked", 1),
    ("backup.frozen", 1),
    ("backup.thawing", 1),
];

/// Points of what copies a frozen moment.
const COPYING: [Point; 12] = [
    ("backup.begun", 1),
    ("backup.file_linked", 20),
    ("backup.file_copied", 20),
    ("backup.file_sealed", 3),
    ("backup.file_noted", 20),
    ("files:append", 20),
    ("files:rename", 20),
    ("backup.files_safe", 1),
    ("manifest:rename", 1),
    ("backup.manifest_written", 1),
    ("backup.file_cleared", 1),
    ("backup.finished", 1),
];

/// In what a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    /// The node at work, or at its first start.
    Life,
    /// The node at a start on older tables.
    Columns,
    /// The node while a backup is made.
    Freezing,
    /// What copies.
    Copying,
}

/// One kill that is to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kill {
    within: Within,
    pub(crate) point: &'static str,
    pub(crate) hit: u64,
}

/// What became of the suite.
#[derive(Debug, Default)]
struct Done {
    hits: BTreeMap<&'static str, usize>,
    /// Points that were not come to in one life; the process was killed all the same.
    missed: BTreeMap<&'static str, usize>,
    acknowledged: usize,
}

impl Done {
    fn join(&mut self, other: Self) {
        for (point, hits) in other.hits {
            *self.hits.entry(point).or_default() += hits;
        }
        for (point, missed) in other.missed {
            *self.missed.entry(point).or_default() += missed;
        }
        self.acknowledged += other.acknowledged;
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Kills at these points, each at a time of the seed.
fn kills(random: &mut SimRandom, within: Within, points: &[Point]) -> Vec<Kill> {
    points.iter().map(|(point, most)| Kill { within, point, hit: 1 + random.next() % most }).collect()
}

/// In an order of the seed.
fn shuffled(random: &mut SimRandom, mut kills: Vec<Kill>) -> Vec<Kill> {
    for place in (1..kills.len()).rev() {
        kills.swap(place, random.below(place + 1));
    }
    kills
}

/// So many points of a list, by the seed.
fn some(random: &mut SimRandom, points: &[Point], count: usize) -> Vec<Point> {
    (0..count).map(|_| points[random.below(points.len())]).collect()
}

/// Kills of one folder: some at its birth, the others at work, in an order of the seed.
fn life(random: &mut SimRandom, birth: &[Point], life: &[Point], columns: &[Point]) -> Vec<Kill> {
    let mut later = kills(random, Within::Life, life);
    later.extend(kills(random, Within::Columns, columns));
    let mut all = kills(random, Within::Life, birth);
    all.extend(shuffled(random, later));
    all
}

/// Kills of a folder that is backed up.
fn backups(random: &mut SimRandom, freezing: &[Point], copying: &[Point]) -> Vec<Kill> {
    let mut all = kills(random, Within::Freezing, freezing);
    all.extend(kills(random, Within::Copying, copying));
    shuffled(random, all)
}

/// The folders of a suite with the kills of each.
fn folders(random: &mut SimRandom, kills: usize) -> Vec<Vec<Kill>> {
    if kills <= SAMPLE {
        let at_work = some(random, &LIFE, SAMPLE - 4);
        let column = some(random, &COLUMNS[..2], 1);
        let (freezing, copying) = (some(random, &FREEZING, 1), some(random, &COPYING, 1));
        return vec![life(random, &[BIRTH[3]], &at_work, &column), backups(random, &freezing, &copying)];
    }
    let mut folders = Vec::new();
    for _ in 0..HITS_MIN {
        folders.push(life(random, &BIRTH, &LIFE, &COLUMNS));
        folders.push(backups(random, &FREEZING, &COPYING));
    }
    let planned: usize = folders.iter().map(Vec::len).sum();
    let more = some(random, &LIFE, kills.saturating_sub(planned));
    folders[0].extend(life(random, &[], &more, &[]));
    folders
}

/// One life: starts the node, loads it until it dies at the point; whether it did. A node that does not come to it is killed after a while.
fn live_and_die(folder: &Path, kill: Kill, round: &str, ledger: &mut Ledger) -> bool {
    if kill.within == Within::Columns {
        age(&FileDisk, folder).unwrap();
    }
    let point = format!("{}#{}", kill.point, kill.hit);
    let mut node = Process::start(folder, Some(&point));
    if let Some(address) = node.address() {
        let senders = Senders::start(address, round, BETWEEN);
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
async fn kill_again_and_again(number: usize, kills: Vec<Kill>, mut random: SimRandom) -> Done {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("data");
    let mut backups = Backups::new(home.path());
    let is_backed_up = kills.iter().any(|kill| [Within::Freezing, Within::Copying].contains(&kill.within));
    let (mut done, mut ledger, mut lives) = (Done::default(), Ledger::default(), 0);
    for mut kill in kills {
        for tried in 1..=TRIES_MAX {
            lives += 1;
            let began = Instant::now();
            let round = format!("{number}x{lives}x");
            let hit = match kill.within {
                Within::Life | Within::Columns => live_and_die(&folder, kill, &round, &mut ledger),
                Within::Freezing => backups.kill_node(kill, &round, &mut ledger),
                Within::Copying => backups.kill_copy(kill, &round, &mut ledger).await,
            };
            let took = began.elapsed().as_millis();
            let word = if hit { "hit" } else { "MISSED" };
            println!("folder {number} life {lives}: {}#{} {word} in {took} ms", kill.point, kill.hit);
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
    let senders = Senders::start(node.address().unwrap(), &format!("{number}end"), BETWEEN);
    std::thread::sleep(GOES_ON);
    ledger.join(senders.stop());
    if is_backed_up {
        backups.end(&node, &ledger).await;
    }
    std::thread::sleep(CALM);
    assert!(node.stop(Duration::from_secs(60)), "the node did not stop in order");
    let mut wrong = Vec::new();
    check_columns(&FileDisk, &folder, &mut wrong).unwrap();
    wrong.extend(look(Arc::new(FileDisk), &folder, &ledger).await.unwrap());
    if !wrong.is_empty() {
        let kept = home.keep();
        panic!("{wrong:#?}\nthe folder stays: {}", kept.display());
    }
    done.acknowledged += ledger.acknowledged.len();
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
async fn a_node_that_is_killed_at_any_point_keeps_what_it_acknowledged_once() {
    let kills = number(KILLS).map_or(SAMPLE, |kills| usize::try_from(kills).unwrap());
    let seed = number(SEED).unwrap_or(1);
    println!("seed {seed}");
    let mut random = SimRandom::new(seed);
    let (began, mut done, mut running) = (Instant::now(), Done::default(), tokio::task::JoinSet::new());
    for (number, kills) in folders(&mut random, kills).into_iter().enumerate() {
        if running.len() >= AT_ONCE {
            done.join(running.join_next().await.unwrap().unwrap());
        }
        running.spawn(kill_again_and_again(number, kills, SimRandom::new(random.next())));
    }
    while let Some(folder) = running.join_next().await {
        done.join(folder.unwrap());
    }
    let all: usize = done.hits.values().sum();
    println!("{all} kills in {} s, {} batches acknowledged", began.elapsed().as_secs(), done.acknowledged);
    done.hits.iter().for_each(|(point, hits)| println!("{hits:4}  {point}"));
    println!("not come to in one life: {:?}", done.missed);
    assert!(all >= kills && done.acknowledged > kills, "{all} of {kills} kills");
    if kills > SAMPLE {
        let lists: [&[Point]; 5] = [&BIRTH, &LIFE, &COLUMNS, &FREEZING, &COPYING];
        let points = lists.into_iter().flatten().map(|(name, _)| *name);
        let rare: Vec<_> = points.filter(|point| done.hits.get(point).is_none_or(|hits| *hits < HITS_MIN)).collect();
        assert!(rare.is_empty(), "hit too rarely: {rare:?}");
    }
}
