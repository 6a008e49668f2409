//! The write-ahead log on a disk that loses power and fails, with a ledger of what was acknowledged on the sender's side.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cordon_model::{Delivery, Span, Time};
use cordon_store::disk::{Disk, DiskFault};
use cordon_store::keys::{KeySource, Keys};
use cordon_store::wal::{Wal, WalError, WalOptions};
use cordon_testkit::disk::{Fault, SimDisk, SimRandom};

/// Power losses in one run of a seed.
const ROUNDS: usize = 4;
const OPTIONS: WalOptions =
    WalOptions { segment_bytes: 3_000, queue_bytes_max: 1 << 20, offset_min: 0, retry_pause: Duration::ZERO };

fn delivery(text: &str) -> Delivery {
    Delivery {
        source: "ehr".into(),
        site: "main".into(),
        received: Time(7),
        format: "".into(),
        header: Vec::new(),
        bytes: text.as_bytes().to_vec(),
        units: vec![Span { start: 0, end: text.len() }],
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn open(disk: &SimDisk) -> Result<Wal, WalError> {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let source = KeySource::File("/store/key".into());
    let keys = Keys::open(Arc::clone(&shared), Path::new("/store"), &source)?;
    let (wal, recovered) = Wal::open(shared, Path::new("/store/wal"), &keys, OPTIONS)?;
    match recovered.damaged.first() {
        Some(&(from, to)) => Err(WalError::Damaged { from, to }),
        None => Ok(wal),
    }
}

/// What was acknowledged, and what was tried.
#[derive(Default)]
struct Ledger {
    acknowledged: BTreeMap<u64, String>,
    tried: usize,
    cut_below: u64,
}

impl Ledger {
    /// Texts that never come twice, of 1 to 900 bytes.
    fn batch(&mut self, random: &mut SimRandom) -> Vec<String> {
        let count = 1 + random.below(5);
        let texts = (0..count).map(|place| {
            let filler = "x".repeat(random.below(900));
            format!("{}:{filler}", self.tried + place)
        });
        let texts: Vec<String> = texts.collect();
        self.tried += count;
        texts
    }

    fn acknowledge(&mut self, texts: Vec<String>, offsets: Vec<u64>) -> Result<(), String> {
        for (offset, text) in offsets.into_iter().zip(texts) {
            if self.acknowledged.last_key_value().is_some_and(|(last, _)| *last >= offset) {
                return Err(format!("offset {offset} does not rise"));
            }
            self.acknowledged.insert(offset, text);
        }
        Ok(())
    }

    /// Every acknowledged delivery above the cut is there once, at its offset; nothing is there twice.
    fn compare(&self, wal: &Wal) -> Result<(), String> {
        let found = read_all(wal)?;
        if !found.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            return Err("offsets do not rise".to_owned());
        }
        let numbers: BTreeSet<&str> = found.iter().filter_map(|(_, text)| text.split(':').next()).collect();
        if numbers.len() != found.len() {
            return Err("a delivery is there twice".to_owned());
        }
        let found: BTreeMap<u64, String> = found.into_iter().collect();
        let mut kept = self.acknowledged.range(self.cut_below..);
        match kept.find(|(offset, text)| found.get(offset) != Some(text)) {
            Some((offset, _)) => Err(format!("acknowledged delivery at {offset} is missing or changed")),
            None => Ok(()),
        }
    }
}

fn read_all(wal: &Wal) -> Result<Vec<(u64, String)>, String> {
    let mut reader = wal.reader(wal.oldest());
    let mut found = Vec::new();
    loop {
        let entries = reader.read(4_000).map_err(|error| error.to_string())?;
        if entries.is_empty() {
            return Ok(found);
        }
        found.extend(entries.into_iter().map(|one| (one.offset, String::from_utf8(one.delivery.bytes).unwrap())));
    }
}

/// Appends until the power goes off, with faults of the disk in between.
fn use_until_power_loss(disk: &SimDisk, wal: &Wal, random: &mut SimRandom, ledger: &mut Ledger) -> Result<(), String> {
    const APPENDS_MAX: usize = 500;
    for _ in 0..APPENDS_MAX {
        let fault = [Fault::Full, Fault::ReadOnly, Fault::TooManyFiles, Fault::SyncFails][random.below(4)];
        disk.fail(random.once_in(10).then_some(fault));
        let texts = ledger.batch(random);
        let deliveries = texts.iter().map(|text| delivery(text)).collect();
        match wait(wal.append(deliveries)) {
            Ok(offsets) => ledger.acknowledge(texts, offsets)?,
            Err(WalError::Disk(DiskFault::Failed(fault))) if fault.contains("power") => return Ok(()),
            Err(WalError::Disk(_)) => {}
            Err(other) => return Err(other.to_string()),
        }
        if random.once_in(12) {
            let keep = ledger.acknowledged.keys().rev().nth(random.below(40)).copied();
            let keep = keep.unwrap_or(0).max(ledger.cut_below);
            // the entry whose bytes start there ends above it and stays
            ledger.cut_below = keep;
            let _a_fault_leaves_more = wal.cut_below(keep);
        }
    }
    Err("the power never went off".to_owned())
}

/// One seed: open, use, lose power, compare, and so on. The first thing that is wrong.
fn run(seed: u64, sync_works: bool) -> Result<usize, String> {
    let disk = SimDisk::new(seed);
    if !sync_works {
        disk.switch_sync_off();
    }
    let mut random = SimRandom::new(!seed);
    let mut ledger = Ledger::default();
    for _ in 0..ROUNDS {
        disk.power_off_after(random.below(300) as u64);
        if let Ok(wal) = open(&disk) {
            use_until_power_loss(&disk, &wal, &mut random, &mut ledger)?;
        }
        disk.restart();
        let wal = open(&disk).map_err(|error| format!("does not open: {error}"))?;
        ledger.compare(&wal)?;
    }
    Ok(ledger.acknowledged.len())
}

#[test]
fn no_power_loss_loses_doubles_or_moves_what_was_acknowledged() {
    let mut acknowledged = 0;
    for seed in 0..200 {
        acknowledged += run(seed, true).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
    }
    assert!(acknowledged > 10_000, "{acknowledged} is too few to prove anything");
}

#[test]
fn with_syncs_that_do_nothing_the_same_runs_fail() {
    let wrong = (0..20).filter(|seed| run(*seed, false).is_err()).count();
    assert!(wrong > 10, "only {wrong} of 20 runs noticed that nothing was synced");
}

#[test]
fn each_fault_of_the_disk_is_named_to_everybody_who_waits_and_the_log_recovers_by_itself() {
    for (fault, expect) in [
        (Fault::Full, DiskFault::Full),
        (Fault::ReadOnly, DiskFault::ReadOnly),
        (Fault::SyncFails, DiskFault::Failed("Input/output error (os error 5)".to_owned())),
    ] {
        let disk = SimDisk::new(1);
        let wal = open(&disk).unwrap();
        let before = wait(wal.append(vec![delivery("before")])).unwrap();
        disk.fail(Some(fault));
        let answers = wait(async {
            let one = wal.enqueue(vec![delivery("one")]).await.unwrap();
            let two = wal.enqueue(vec![delivery("two"), delivery("three")]).await.unwrap();
            [one.await, two.await]
        });
        assert_eq!(answers, [Err(WalError::Disk(expect.clone())), Err(WalError::Disk(expect))]);
        disk.fail(None);
        let after = wait(wal.append(vec![delivery("after")])).unwrap();
        let entries = wal.reader(0).read(1_000).unwrap();
        let read: Vec<_> = entries.iter().map(|entry| (entry.offset, &entry.delivery.bytes[..])).collect();
        assert_eq!(read, [(before[0], &b"before"[..]), (after[0], b"after")]);
        assert!(wal.metrics().failed >= 1);
    }
}

#[test]
fn without_file_handles_the_open_segment_goes_on_and_the_next_one_waits_for_them() {
    let disk = SimDisk::new(1);
    let wal = open(&disk).unwrap();
    wait(wal.append(vec![delivery("first")])).unwrap();
    disk.fail(Some(Fault::TooManyFiles));
    let long = "x".repeat(4_000);
    wait(wal.append(vec![delivery(&long)])).unwrap();
    assert_eq!(wait(wal.append(vec![delivery("next")])), Err(WalError::Disk(DiskFault::TooManyFiles)));
    disk.fail(None);
    wait(wal.append(vec![delivery("next")])).unwrap();
    assert_eq!(wal.reader(0).read(10_000).unwrap().len(), 3);
}

#[test]
fn after_a_failure_the_disk_is_left_alone_for_a_while() {
    let disk = SimDisk::new(1);
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let keys = Keys::open(Arc::clone(&shared), Path::new("/store"), &KeySource::File("/store/key".into())).unwrap();
    let options = WalOptions { retry_pause: Duration::from_secs(3_600), ..OPTIONS };
    let (wal, _) = Wal::open(shared, Path::new("/store/wal"), &keys, options).unwrap();
    disk.fail(Some(Fault::Full));
    let first = wait(wal.append(vec![delivery("one")]));
    assert_eq!(first, Err(WalError::Disk(DiskFault::Full)));
    disk.fail(None);
    let calls = disk.calls();
    assert_eq!(wait(wal.append(vec![delivery("two")])), first);
    assert_eq!(disk.calls(), calls);
}
