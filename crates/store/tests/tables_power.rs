//! The event tables on a disk that loses power at any call: between a file and its commit, between the commits of two tables, within compaction and vacuum.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cordon_model::{Arena, Digest, Event, EventId, Object, Position, RawRecord, Record, SourceSet, Time, When};
use cordon_policy::AccessScope;
use cordon_store::disk::Disk;
use cordon_store::query::{Queries, QueryLimits, QueryOptions, rows_to_json};
use cordon_store::tables::{RowMeta, Rows, Tables, TablesError, TablesOptions};
use cordon_testkit::crash::{CrashDisk, FailPoint};
use cordon_testkit::disk::{Fault, SimDisk, SimRandom};

/// 2026-11-22T06:00:00Z.
const RECEIVED: Time = Time(1_795_327_200_000_000);
/// The day after: compaction then joins whatever there is.
const DAY_AFTER: i32 = 20_780;
const CLASSES: [i64; 3] = [3002, 4001, 1007];
/// Events of one batch of the log.
const BATCH: u64 = 4;
/// Power losses in one run of a seed.
const ROUNDS: usize = 4;

fn rows(positions: std::ops::Range<u64>) -> Vec<(cordon_store::tables::Family, datafusion::arrow::array::RecordBatch)> {
    let (arena, mut rows) = (Arena::new(), Rows::new());
    for position in positions {
        let class = usize::try_from(position).unwrap() % CLASSES.len();
        let record = Record {
            raw: RawRecord { position: Position::Offset(position), bytes: b"" },
            index: 0,
            format: "test",
            when: When::Missing,
            sources: SourceSet::default(),
            fields: &[],
            anomalies: &[],
            patient_spans: &[],
        };
        let event = Event {
            id: EventId([0; 16]),
            class_uid: CLASSES.get(class).copied().unwrap(),
            activity_id: 1,
            time: RECEIVED,
            received: RECEIVED,
            severity_id: 1,
            patient_refs: bumpalo::collections::Vec::new_in(&arena),
            ocsf: Object::new_in(&arena),
            record,
        };
        let event_id = EventId(u128::from(position).to_be_bytes());
        let record_sha256 = Digest([0; 32]);
        rows.push(&event, &RowMeta { event_id, record_sha256, site: "main", source: "s", position, index: 0 });
    }
    rows.finish()
}

async fn open(disk: &SimDisk) -> Result<Tables, TablesError> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    Tables::open(disk, Path::new("/store/tables"), TablesOptions::default()).await
}

/// Works until the power fails: replays from the applied offset, goes on, flushes, compacts. Gives the highest offset that was said to be applied.
async fn work(disk: &SimDisk, random: &mut SimRandom, written: u64) -> Result<u64, (u64, TablesError)> {
    let tables = open(disk).await.map_err(|error| (0, error))?;
    let mut said = tables.applied();
    let mut at = said / BATCH * BATCH;
    while at < written {
        tables.append(at + BATCH, rows(at..at + BATCH)).await.map_err(|error| (said, error))?;
        at += BATCH;
        if random.once_in(3) {
            tables.flush().await.map_err(|error| (said, error))?;
            said = tables.applied();
        }
        if random.once_in(6) {
            tables.compact(DAY_AFTER).await.map_err(|error| (said, error))?;
            tables.vacuum(Duration::ZERO).await.map_err(|error| (said, error))?;
        }
    }
    Ok(said)
}

/// Everything that is there now, by its place in the log.
async fn positions(tables: &Tables, spill: &Path) -> Vec<u64> {
    let queries = Queries::new(tables.clone(), QueryOptions::spilling_to(spill.to_owned())).unwrap();
    let limits = QueryLimits { rows_max: None, ..QueryLimits::default() };
    let sql = "SELECT position FROM events ORDER BY position";
    let mut result = queries.query(&AccessScope::of_the_node(), sql, limits).await.unwrap();
    let rows = result.collect().await.unwrap();
    rows.iter().flat_map(rows_to_json).filter_map(|row| row.get("position")?.as_u64()).collect()
}

/// A commit that is in its place when the disk fails: its folder cannot be synced and the log cannot be read until the next try.
async fn in_doubt(hit: u64) -> Result<(), String> {
    let (disk, spill) = (SimDisk::new(hit), tempfile::tempdir().unwrap());
    drop(open(&disk).await.unwrap());
    let sim = disk.clone();
    let deed = Arc::new(move |_: &str| sim.fail(Some(Fault::TooManyFiles)));
    let at = FailPoint { name: "delta:sync_dir".to_owned(), hit };
    let failing = CrashDisk::new(Arc::new(disk.clone()), Path::new("/store"), Some(at), deed);
    let tables = Tables::open(Arc::new(failing), Path::new("/store/tables"), TablesOptions::default()).await.unwrap();
    let (mut written, mut faults) = (0, 0);
    for _ in 0..6 {
        tables.append(written + BATCH, rows(written..written + BATCH)).await.unwrap();
        written += BATCH;
        let done = [
            tables.flush().await.is_ok(),
            tables.compact(DAY_AFTER).await.is_ok(),
            tables.vacuum(Duration::ZERO).await.is_ok(),
        ];
        faults += done.iter().filter(|is_done| !**is_done).count();
        disk.fail(None);
    }
    tables.flush().await.map_err(|error| error.to_string())?;
    let found = positions(&tables, spill.path()).await;
    if faults == 0 || found != (0..written).collect::<Vec<_>>() {
        return Err(format!("{faults} faults; {} of {written} events: {found:?}", found.len()));
    }
    let again = open(&disk).await.map_err(|error| error.to_string())?;
    let verified = again.verify().await.map_err(|error| error.to_string())?;
    if positions(&again, spill.path()).await != found || verified.rows != written || !verified.faults.is_empty() {
        return Err(format!("after a start: {verified:?}"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_may_stand_or_not_loses_and_doubles_nothing() {
    for hit in 1..=16 {
        assert_eq!(in_doubt(hit).await, Ok(()), "hit {hit}");
    }
}

/// One seed: several power losses, then a look at everything. What is wrong, in words.
async fn run(seed: u64, sync_works: bool) -> Result<(), String> {
    let spill = tempfile::tempdir().unwrap();
    let (disk, mut random) = (SimDisk::new(seed), SimRandom::new(seed));
    if !sync_works {
        disk.switch_sync_off();
    }
    let (mut written, mut said) = (0, 0);
    for _ in 0..ROUNDS {
        written += BATCH * (2 + random.below(6) as u64);
        disk.power_off_after(20 + random.below(600) as u64);
        let reached = match work(&disk, &mut random, written).await {
            Ok(reached) | Err((reached, _)) => reached,
        };
        said = said.max(reached);
        disk.restart();
        let tables = open(&disk).await.map_err(|error| format!("does not open: {error} {error:?}"))?;
        if tables.applied() < said {
            return Err(format!("applied fell from {said} to {}", tables.applied()));
        }
    }
    work(&disk, &mut random, written).await.map_err(|(_, error)| format!("does not work on: {error:?}"))?;
    let tables = open(&disk).await.map_err(|error| format!("does not open: {error:?}"))?;
    let from = tables.applied() / BATCH * BATCH;
    tables.append(written, rows(from..written)).await.map_err(|error| error.to_string())?;
    tables.flush().await.map_err(|error| error.to_string())?;
    let found = positions(&tables, spill.path()).await;
    if found != (0..written).collect::<Vec<_>>() {
        return Err(format!("{} of {written} events: {found:?}", found.len()));
    }
    let verified = tables.verify().await.map_err(|error| error.to_string())?;
    if verified.rows != written || !verified.faults.is_empty() {
        return Err(format!("{verified:?}"));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_there_once_after_the_power_failed_at_any_call() {
    for seed in 0..12 {
        let outcome = run(seed, true).await;
        assert_eq!(outcome, Ok(()), "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_syncs_the_same_runs_lose_events() {
    let mut failed = 0;
    for seed in 0..6 {
        failed += u32::from(run(seed, false).await.is_err());
    }
    assert!(failed > 0, "a store that never syncs passed");
}

/// A compaction that was given up may still be writing in a thread of its own when the tables are opened again within the same process.
#[tokio::test]
async fn a_half_file_that_gets_its_name_while_the_start_sweeps_does_not_stop_the_start() {
    let (sim, table) = (SimDisk::new(9), Path::new("/store/tables/identity/event_day=2026-11-22"));
    let tables = open(&sim).await.unwrap();
    tables.append(BATCH, rows(0..BATCH)).await.unwrap();
    tables.flush().await.unwrap();
    drop(tables);
    let (half, whole) = (table.join("half.parquet.unfinished"), table.join("half.parquet"));
    sim.create(&half).unwrap().append(b"PAR1").unwrap();
    let (disk, half_too, whole_too) = (sim.clone(), half.clone(), whole.clone());
    let at = Some(FailPoint { name: "tables:remove".to_owned(), hit: 1 });
    let renames = Arc::new(move |_: &str| disk.rename(&half_too, &whole_too).unwrap());
    let crash = CrashDisk::new(Arc::new(sim.clone()), Path::new("/store"), at, renames);
    Tables::open(Arc::new(crash), Path::new("/store/tables"), TablesOptions::default()).await.unwrap();
    assert!(sim.entry(&half).is_err() && sim.entry(&whole).is_ok(), "nobody renamed it meanwhile");
    open(&sim).await.unwrap();
    assert!(sim.entry(&whole).is_err(), "the next start removes it");
}
