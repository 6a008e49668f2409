//! Evidence fed from the write-ahead log, on a disk that loses power and fails, with prunings in between.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cordon_model::{Delivery, Span, Time};
use cordon_store::disk::Disk;
use cordon_store::evidence::{Day, Evidence, EvidenceError, EvidenceOptions, Kept};
use cordon_store::keys::{KeySource, Keys};
use cordon_store::wal::{Wal, WalOptions};
use cordon_testkit::disk::{Fault, SimDisk, SimRandom};

const ROUNDS: i64 = 4;
const DAY_MICROS: i64 = 86_400_000_000;

fn delivery(text: &str, site: &str, day: i64) -> Delivery {
    Delivery {
        source: "ehr".into(),
        site: site.into(),
        received: Time(day * DAY_MICROS),
        format: "".into(),
        header: Vec::new(),
        bytes: text.as_bytes().to_vec(),
        units: vec![Span { start: 0, end: text.len() }],
    }
}

struct Store {
    wal: Wal,
    evidence: Evidence,
}

fn open(disk: &SimDisk) -> Result<Store, String> {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let (dir, source) = (Path::new("/store"), KeySource::File("/store/key".into()));
    let keys = Arc::new(Keys::open(Arc::clone(&shared), dir, &source).map_err(|error| error.to_string())?);
    let options = EvidenceOptions { segment_bytes: 2_000 };
    let evidence = Evidence::open(Arc::clone(&shared), &dir.join("evidence"), Arc::clone(&keys), options);
    let evidence = evidence.map_err(|error| error.to_string())?;
    let options = WalOptions {
        segment_bytes: 3_000,
        retry_pause: Duration::ZERO,
        offset_min: evidence.applied(),
        ..WalOptions::default()
    };
    let (wal, _) = Wal::open(shared, &dir.join("wal"), &keys, options).map_err(|error| error.to_string())?;
    Ok(Store { wal, evidence })
}

impl Store {
    /// Feeds the evidence from its applied offset to the end of the log, as the node does.
    fn feed(&self) -> Result<(), String> {
        let mut reader = self.wal.reader(self.evidence.applied());
        loop {
            let entries = reader.read(600).map_err(|error| error.to_string())?;
            if entries.is_empty() {
                return Ok(());
            }
            let blocks = self.evidence.block(&entries).map_err(|error| error.to_string())?;
            self.evidence.append(reader.position(), blocks).map_err(|error| error.to_string())?;
        }
    }
}

/// What was acknowledged: text by offset, and the day of receipt.
type Ledger = BTreeMap<u64, (String, i64)>;

fn use_store(disk: &SimDisk, store: &Store, random: &mut SimRandom, ledger: &mut Ledger, day: i64, pruned: &mut i64) {
    const STEPS: usize = 40;
    for step in 0..STEPS {
        disk.fail(random.once_in(8).then_some(if random.once_in(2) { Fault::Full } else { Fault::SyncFails }));
        let text = format!("{day}-{step}-{}", "x".repeat(random.below(400)));
        let site = if random.once_in(3) { "b" } else { "a" };
        let append = store.wal.append(vec![delivery(&text, site, day)]);
        if let Ok(offsets) = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(append) {
            ledger.extend(offsets.into_iter().map(|offset| (offset, (text.clone(), day))));
        }
        match random.below(10) {
            0..4 => drop(store.feed()),
            4 => drop(store.evidence.flush().map(|applied| store.wal.cut_below(applied))),
            5 if random.once_in(6) => {
                *pruned = (*pruned).max(day);
                let before = Day(day);
                drop(store.evidence.prune(before, &BTreeSet::new(), Time(1), "retention", "old"));
            }
            _ => {}
        }
    }
}

fn compare(store: &Store, ledger: &Ledger, pruned: i64) -> Result<(), String> {
    store.feed()?;
    store.evidence.flush().map_err(|error| error.to_string())?;
    let report = store.evidence.verify().map_err(|error| error.to_string())?;
    if let Some(fault) = report.faults.first() {
        return Err(fault.to_string());
    }
    for (offset, (text, day)) in ledger {
        match store.evidence.read(*offset) {
            Ok(Kept::Here(entry)) if entry.delivery.bytes == text.as_bytes() => {}
            Ok(Kept::Removed { .. }) if *day < pruned => {}
            other => return Err(format!("acknowledged delivery at {offset}: {other:?}")),
        }
    }
    Ok(())
}

fn run(seed: u64, sync_works: bool) -> Result<usize, String> {
    let disk = SimDisk::new(seed);
    if !sync_works {
        disk.switch_sync_off();
    }
    let mut random = SimRandom::new(!seed);
    let (mut ledger, mut pruned) = (Ledger::new(), 0);
    for day in 1..=ROUNDS {
        disk.power_off_after(random.below(600) as u64);
        if let Ok(store) = open(&disk) {
            use_store(&disk, &store, &mut random, &mut ledger, day, &mut pruned);
        }
        disk.restart();
        let store = open(&disk).map_err(|error| format!("does not open: {error}"))?;
        compare(&store, &ledger, pruned)?;
    }
    Ok(ledger.len())
}

#[test]
fn evidence_holds_everything_acknowledged_and_verifies_after_any_power_loss() {
    let mut acknowledged = 0;
    for seed in 0..100 {
        acknowledged += run(seed, true).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
    }
    assert!(acknowledged > 2_000, "{acknowledged} is too few to prove anything");
}

#[test]
fn with_syncs_that_do_nothing_the_same_runs_fail() {
    let wrong = (0..20).filter(|seed| run(*seed, false).is_err()).count();
    assert!(wrong > 10, "only {wrong} of 20 runs noticed that nothing was synced");
}

#[test]
fn on_a_full_disk_blocks_wait_and_are_published_once_there_is_room() {
    let disk = SimDisk::new(1);
    let store = open(&disk).unwrap();
    let append = |text: &str| {
        let append = store.wal.append(vec![delivery(text, "a", 1)]);
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(append).unwrap()
    };
    let offset = append("kept").pop().unwrap();
    store.feed().unwrap();
    disk.fail(Some(Fault::Full));
    assert!(matches!(store.evidence.flush(), Err(EvidenceError::Disk(_))));
    assert_eq!(store.evidence.applied(), 0);
    disk.fail(None);
    assert_eq!(store.evidence.flush(), Ok(store.wal.durable()));
    assert!(matches!(store.evidence.read(offset), Ok(Kept::Here(_))));
    assert_eq!(store.evidence.verify().unwrap().faults, []);
}
