//! Tests of the evidence on a real folder; power loss is in `crates/store/tests`.

use std::collections::BTreeSet;
use std::fs;

use cordon_model::{Delivery, Span, Time};
use tempfile::TempDir;

use super::*;
use crate::disk::FileDisk;
use crate::keys::KeySource;
use crate::wal::entry;

const DAY: i64 = 86_400_000_000;

/// Deliveries as a log would give them.
#[derive(Default)]
struct Log {
    end: u64,
}

impl Log {
    fn entry(&mut self, site: &str, day: i64, text: &str) -> Entry {
        self.of("ehr", site, day, text)
    }

    fn of(&mut self, source: &str, site: &str, day: i64, text: &str) -> Entry {
        let bytes = text.as_bytes().to_vec();
        let units = bytes.split(|byte| *byte == b' ').scan(0, |start, word| {
            let unit = Span { start: *start, end: *start + word.len() };
            *start = unit.end + 1;
            Some(unit)
        });
        let units = units.collect();
        let delivery = Delivery {
            source: source.into(),
            site: site.into(),
            received: Time(day * DAY + 5),
            format: "hl7".into(),
            header: b"head".to_vec(),
            bytes,
            units,
        };
        let mut log = Vec::new();
        let at = entry::write(&delivery, &mut log) as u64;
        let offset = self.end + at;
        self.end += log.len() as u64;
        Entry { offset, end: self.end, delivery }
    }
}

struct Store {
    dir: TempDir,
    log: Log,
}

impl Store {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), log: Log::default() }
    }

    fn open(&self) -> Evidence {
        let disk: Arc<dyn Disk> = Arc::new(FileDisk);
        let source = KeySource::File(self.dir.path().join("key"));
        let keys = Arc::new(Keys::open(Arc::clone(&disk), self.dir.path(), &source).unwrap());
        Evidence::open(disk, &self.dir.path().join("evidence"), keys, EvidenceOptions::default()).unwrap()
    }

    /// One batch of a site, a day and a text each, appended.
    fn batch(&mut self, evidence: &Evidence, of: &[(&str, i64, &str)]) -> Vec<Entry> {
        let entries: Vec<_> = of.iter().map(|(site, day, text)| self.log.entry(site, *day, text)).collect();
        evidence.append(self.log.end, evidence.block(&entries).unwrap()).unwrap();
        entries
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dir.path().join("evidence")).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "evidence")).collect();
        files.sort();
        files
    }
}

fn here(entry: &Entry) -> Result<Kept, EvidenceError> {
    Ok(Kept::Here(Box::new(entry.clone())))
}

fn sound(evidence: &Evidence) -> EvidenceReport {
    let report = evidence.verify().unwrap();
    assert_eq!(report.faults, []);
    report
}

#[test]
fn what_was_appended_is_read_by_any_of_its_offsets_before_and_after_it_is_published() {
    let mut store = Store::new();
    let evidence = store.open();
    let mut entries = store.batch(&evidence, &[("a", 1, "one two"), ("b", 1, "three"), ("a", 2, "")]);
    entries.extend(store.batch(&evidence, &[("a", 2, "four")]));
    let read_all = |evidence: &Evidence| {
        for entry in &entries {
            assert_eq!(evidence.read(entry.offset), here(entry));
            for unit in &entry.delivery.units {
                assert_eq!(evidence.read(entry.offset + unit.start as u64), here(entry));
            }
        }
        assert_eq!(evidence.read(store.log.end + 1), Ok(Kept::Unknown));
    };
    read_all(&evidence);
    assert_eq!(evidence.applied(), 0);
    assert_eq!(evidence.flush(), Ok(store.log.end));
    read_all(&evidence);
    assert_eq!((evidence.bytes_waiting(), store.files().len()), (0, 1));
    drop(evidence);
    let evidence = store.open();
    assert_eq!(evidence.applied(), store.log.end);
    read_all(&evidence);
    let report = sound(&evidence);
    assert_eq!((report.blocks, report.records, report.applied), (4, 5, store.log.end));
    assert_eq!((report.applied, report.chain), evidence.head());
}

#[test]
fn what_comes_again_is_passed_over_and_what_does_not_follow_is_refused() {
    let mut store = Store::new();
    let evidence = store.open();
    let first = store.log.entry("a", 1, "one");
    evidence.append(first.end, evidence.block(std::slice::from_ref(&first)).unwrap()).unwrap();
    evidence.append(first.end, evidence.block(std::slice::from_ref(&first)).unwrap()).unwrap();
    evidence.flush().unwrap();
    evidence.append(first.end, evidence.block(std::slice::from_ref(&first)).unwrap()).unwrap();
    assert_eq!(evidence.flush(), Ok(first.end));
    assert_eq!(sound(&evidence).blocks, 1);
    let (second, third) = (store.log.entry("a", 1, "two"), store.log.entry("a", 1, "three"));
    let late = evidence.block(std::slice::from_ref(&third)).unwrap();
    assert_eq!(evidence.append(second.end, late), Err(EvidenceError::NotFromTheLog));
    assert_eq!(evidence.block(&[third, second]).unwrap_err(), EvidenceError::NotFromTheLog);
}

#[test]
fn no_word_stands_in_a_file_and_every_changed_byte_is_noticed() {
    let mut store = Store::new();
    let evidence = store.open();
    store.batch(&evidence, &[("main", 1, "CANARY PATIENT"), ("main", 2, "other")]);
    evidence.flush().unwrap();
    store.batch(&evidence, &[("main", 2, "more")]);
    evidence.flush().unwrap();
    for path in store.files() {
        let whole = fs::read(&path).unwrap();
        assert!(!whole.windows(6).any(|window| window == b"CANARY"));
        for place in 8..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 0x10;
            fs::write(&path, changed).unwrap();
            assert_ne!(evidence.verify().unwrap().faults_total, 0, "byte {place}");
        }
        fs::write(&path, whole).unwrap();
    }
    sound(&evidence);
    fs::remove_file(&store.files()[0]).unwrap();
    let faults = store.open().verify().unwrap().faults;
    assert!(matches!(faults[..], [EvidenceFault::Missing { from: 0, .. }, EvidenceFault::Chain { .. }]), "{faults:?}");
}

#[test]
fn pruning_leaves_what_is_kept_says_what_left_and_verifies() {
    let mut store = Store::new();
    let evidence = store.open();
    let first = store.batch(&evidence, &[("a", 1, "one two"), ("b", 1, "three"), ("a", 3, "stays")]);
    evidence.flush().unwrap();
    let second = store.batch(&evidence, &[("a", 2, "four"), ("b", 2, "cited")]);
    evidence.flush().unwrap();
    let head = evidence.head();
    let keep: BTreeSet<u64> = [second[1].offset].into();
    let removed = evidence.prune(Day(3), &keep, Time(77), "retention", "30 days").unwrap();
    let entry = removed.entry.unwrap();
    assert_eq!((entry.number, entry.blocks, entry.records, removed.keys), (1, 3, 4, 3));
    assert_eq!(evidence.removals(), Ok(vec![entry]));
    assert_eq!(evidence.read(first[0].offset), Ok(Kept::Removed { removal: 1 }));
    assert_eq!(evidence.read(second[0].offset), Ok(Kept::Removed { removal: 1 }));
    assert_eq!([evidence.read(first[2].offset), evidence.read(second[1].offset)], [here(&first[2]), here(&second[1])]);
    let report = sound(&evidence);
    assert_eq!((report.blocks, report.records, report.removed_records, report.removals), (2, 2, 4, 1));
    assert_eq!(evidence.head(), head, "the chain is the one of before");
    let again = evidence.prune(Day(3), &keep, Time(78), "retention", "30 days").unwrap();
    assert_eq!(again, Removed { entry: None, keys: 0 });
    evidence.prune(Day(3), &BTreeSet::new(), Time(79), "retention", "the case is closed").unwrap();
    drop(evidence);
    assert_eq!(sound(&store.open()).removals, 2);
}

#[test]
fn a_site_and_day_can_be_erased_and_its_old_files_cannot_be_read_with_the_keys_of_today() {
    let mut store = Store::new();
    let evidence = store.open();
    let entries = store.batch(&evidence, &[("a", 1, "forget"), ("b", 1, "stays")]);
    evidence.flush().unwrap();
    let file = store.files().remove(0);
    let copy = fs::read(&file).unwrap();
    let removed = evidence.erase("a", Day(1), Time(5), "officer", "request 12").unwrap();
    assert_eq!((removed.keys, removed.entry.unwrap().records), (1, 1));
    assert_eq!(evidence.read(entries[0].offset), Ok(Kept::Removed { removal: 1 }));
    assert_eq!(evidence.read(entries[1].offset), here(&entries[1]));
    sound(&evidence);
    fs::write(&file, copy).unwrap();
    assert_eq!(evidence.read(entries[0].offset), Ok(Kept::Unknown));
    let faults = evidence.verify().unwrap().faults;
    assert!(matches!(faults[..], [EvidenceFault::Key { .. }, EvidenceFault::Removal { number: 1 }]), "{faults:?}");
}

#[test]
fn a_removal_without_its_line_or_with_another_one_is_a_fault() {
    let mut store = Store::new();
    let evidence = store.open();
    store.batch(&evidence, &[("a", 1, "one"), ("a", 5, "two")]);
    evidence.flush().unwrap();
    evidence.prune(Day(3), &BTreeSet::new(), Time(1), "retention", "30 days").unwrap();
    let ledger = store.dir.path().join("evidence/removals.log");
    let line = fs::read_to_string(&ledger).unwrap();
    assert!(line.starts_with(
        r#"{"number":1,"at":1,"by":"retention","reason":"30 days","what":{"before":{"day":3}},"blocks":1,"#
    ));
    fs::write(&ledger, line.replace("30 days", "90 days")).unwrap();
    assert_eq!(evidence.verify().unwrap().faults, [EvidenceFault::Ledger { line: 1 }]);
    fs::write(&ledger, "").unwrap();
    assert_eq!(evidence.verify().unwrap().faults, [EvidenceFault::Removal { number: 1 }]);
}

#[test]
fn a_file_is_published_when_enough_waits_and_large_batches_are_several_blocks() {
    let mut store = Store::new();
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let source = KeySource::File(store.dir.path().join("key"));
    let keys = Arc::new(Keys::open(Arc::clone(&disk), store.dir.path(), &source).unwrap());
    let options = EvidenceOptions { segment_bytes: 200 };
    let evidence = Evidence::open(disk, &store.dir.path().join("evidence"), keys, options).unwrap();
    for number in 0..9 {
        store.batch(&evidence, &[("a", 1, &format!("delivery {number}"))]);
    }
    assert!(evidence.applied() > 0 && store.files().len() > 1);
    let long = "x".repeat(700 << 10);
    let entries: Vec<_> = (0..4).map(|_| store.log.entry("a", 1, &long)).collect();
    assert_eq!(evidence.block(&entries).unwrap().len(), 2);
    assert_eq!(Day(20_779).to_string(), "2026-11-22");
}

/// Offsets of everything that a walk still gives.
fn walked(walk: &mut EvidenceWalk) -> Vec<u64> {
    let mut offsets = Vec::new();
    while let Some(entries) = walk.read().unwrap() {
        offsets.extend(entries.iter().map(|entry| entry.offset));
    }
    offsets
}

#[test]
fn a_walk_gives_every_entry_of_its_days_once_and_finds_files_that_came_since() {
    let mut store = Store::new();
    let evidence = Arc::new(store.open());
    let mut first = store.batch(&evidence, &[("a", 1, "one two"), ("b", 1, "three"), ("a", 2, "four")]);
    evidence.flush().unwrap();
    let mut walk = EvidenceWalk::new(Arc::clone(&evidence), Day(i64::MIN)..=Day(i64::MAX));
    let mut found = walked(&mut walk);
    assert_eq!((found.len(), walk.position()), (3, evidence.applied()));
    first.extend(store.batch(&evidence, &[("a", 3, "five")]));
    assert!(walked(&mut walk).is_empty(), "what waits stands in the log");
    evidence.flush().unwrap();
    found.extend(walked(&mut walk));
    found.sort_unstable();
    assert_eq!(found, first.iter().map(|entry| entry.offset).collect::<Vec<_>>());
    let mut of_a_day = EvidenceWalk::new(Arc::clone(&evidence), Day(2)..=Day(2));
    assert_eq!(walked(&mut of_a_day), [first[2].offset]);
    assert_eq!((of_a_day.position(), of_a_day.passed()), (evidence.applied(), Passed::default()));
}

#[test]
fn a_walk_counts_what_left_and_what_is_damaged_and_gives_the_rest() {
    let mut store = Store::new();
    let evidence = Arc::new(store.open());
    store.batch(&evidence, &[("a", 1, "one two"), ("a", 3, "stays")]);
    evidence.flush().unwrap();
    store.batch(&evidence, &[("a", 3, "damaged")]);
    evidence.flush().unwrap();
    store.batch(&evidence, &[("a", 4, "last")]);
    evidence.flush().unwrap();
    evidence.prune(Day(3), &BTreeSet::new(), Time(1), "retention", "30 days").unwrap();
    let path = store.files().remove(1);
    let mut bytes = fs::read(&path).unwrap();
    bytes[20] ^= 1;
    fs::write(&path, bytes).unwrap();
    let mut walk = EvidenceWalk::new(Arc::clone(&evidence), Day(i64::MIN)..=Day(i64::MAX));
    assert_eq!(walked(&mut walk).len(), 2);
    assert_eq!(walk.passed(), Passed { removed: 2, damaged: 1 });
}

#[test]
fn a_loud_source_has_blocks_of_its_own_and_leaves_without_the_others() {
    let mut store = Store::new();
    let evidence = store.open();
    let mut entries: Vec<Entry> = ["ehr", "badge"].map(|source| store.log.of(source, "a", 1, "quiet")).into();
    entries.extend((0..20).map(|_| store.log.of("firewall", "a", 1, "loud loud loud")));
    entries.push(store.log.of("ehr", "a", 1, "cited"));
    evidence.append(store.log.end, evidence.block(&entries).unwrap()).unwrap();
    evidence.flush().unwrap();
    let all = |_: &BlockFacts<'_>| true;
    let counts = evidence.counts(0..=u64::MAX, &all).unwrap().remove(&("a".into(), Day(1))).unwrap();
    let own: Vec<_> = counts.own.iter().map(|(source, bytes)| (&**source, bytes.received)).collect();
    let shared: Vec<_> = counts.shared_received.iter().map(|(source, bytes)| (&**source, *bytes)).collect();
    assert_eq!((own, shared), (vec![("firewall", 280)], vec![("badge", 5), ("ehr", 10)]));
    let leaves = |block: &BlockFacts<'_>| block.sources().iter().all(|(source, _)| &**source == "firewall");
    let removed = evidence.remove_chosen((Day(1), Day(1)), &leaves, Time(7), "node", "room").unwrap();
    let entry = removed.entry.unwrap();
    assert_eq!((entry.records, removed.keys, entry.what), (60, 0, Removal::Chosen { from: 1, to: 1 }));
    assert_eq!(evidence.read(entries[22].offset), here(&entries[22]));
    assert_eq!(evidence.read(entries[5].offset), Ok(Kept::Removed { removal: 1 }));
    assert_eq!(sound(&evidence).records, 3);
    // what was received is known for ever, what is there is less
    let counts = evidence.counts(0..=u64::MAX, &all).unwrap().remove(&("a".into(), Day(1))).unwrap();
    assert_eq!(counts.own[&Arc::<str>::from("firewall")], SourceBytes { received: 280, sealed: 0 });
    assert!(counts.shared_sealed > 0);
    let removed = evidence.remove_chosen((Day(1), Day(1)), &all, Time(8), "node", "age").unwrap();
    assert_eq!((removed.entry.unwrap().records, removed.keys), (3, 1));
    drop(evidence);
    assert_eq!(sound(&store.open()).removals, 2);
}

#[test]
fn files_whose_rows_do_not_name_their_sources_are_read() {
    let mut store = Store::new();
    let evidence = store.open();
    let entries = store.batch(&evidence, &[("a", 1, "one two"), ("b", 2, "three")]);
    evidence.flush().unwrap();
    let file = store.files().remove(0);
    fs::write(&file, segment::tests::as_version_1(&fs::read(&file).unwrap())).unwrap();
    let evidence = store.open();
    assert_eq!(sound(&evidence).records, 3);
    assert_eq!(evidence.read(entries[0].offset), here(&entries[0]));
    let counts = evidence.counts(0..=u64::MAX, &|_| true).unwrap();
    assert!(counts.values().all(|counts| counts.unknown_sealed > 0 && counts.own.is_empty()), "{counts:?}");
    evidence.prune(Day(2), &BTreeSet::new(), Time(7), "node", "age").unwrap();
    assert_eq!(sound(&evidence).records, 1);
}
