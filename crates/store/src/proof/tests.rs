//! A small store on a real folder, proven whole, and then with each of its parts damaged.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cordon_model::{Arena, Delivery, Digest, Event, Position, Span, Time};
use tempfile::TempDir;

use super::*;
use crate::evidence::Day;
use crate::keys::KeySource;
use crate::state::tests::{by, finding};
use crate::state::{AuditEntry, NewFinding};
use crate::tables::tests::{RECEIVED, event, meta};
use crate::tables::{RowMeta, Rows};

const DAY_US: i64 = 86_400_000_000;

/// A store as a node leaves it when it stops.
pub(crate) struct Made {
    pub(crate) dir: TempDir,
    key: TempDir,
}

impl Made {
    pub(crate) fn source(&self) -> KeySource {
        KeySource::File(self.key.path().join("key"))
    }

    pub(crate) fn keys(&self) -> Arc<Keys> {
        Arc::new(Keys::open(Arc::new(FileDisk), self.dir.path(), &self.source()).unwrap())
    }

    pub(crate) async fn proven(&self) -> Proof {
        prove_stopped(self.dir.path(), &self.keys(), &Watch::new(|_, _| true)).await
    }

    /// The same store once more, to be damaged.
    fn copied(&self) -> Self {
        let (dir, key) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        copy(self.dir.path(), dir.path());
        copy(self.key.path(), key.path());
        Self { dir, key }
    }

    fn files(&self, folder: &str, ending: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![self.dir.path().join(folder)];
        while let Some(folder) = open.pop() {
            let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|entry| entry.is_dir());
            open.extend(folders);
            found.extend(files.into_iter().filter(|file| file.to_str().unwrap().ends_with(ending)));
        }
        found.sort();
        found
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Three records of one source.
fn delivery(number: i64) -> Delivery {
    let bytes = format!("first-{number} second-{number} third-{number}").into_bytes();
    let mut start = 0;
    let units = bytes.split(|byte| *byte == b' ').map(|word| {
        let unit = Span { start, end: start + word.len() };
        start = unit.end + 1;
        unit
    });
    Delivery {
        source: "ehr".into(),
        site: "main".into(),
        received: Time(RECEIVED.0 + number / 10 * DAY_US),
        format: "".into(),
        header: Vec::new(),
        units: units.collect(),
        bytes,
    }
}

/// Thirty deliveries over three days; evidence has a file for each of the first two days, the log begins with the third.
pub(crate) async fn made() -> Made {
    let made = Made { dir: tempfile::tempdir().unwrap(), key: tempfile::tempdir().unwrap() };
    let (dir, keys, disk) = (made.dir.path(), made.keys(), Arc::new(FileDisk));
    crate::version::check(&FileDisk, &dir.join("new")).unwrap();
    fs::rename(dir.join("new/store.version"), dir.join("store.version")).unwrap();
    fs::remove_dir(dir.join("new")).unwrap();
    let options = WalOptions { segment_bytes: 400, ..WalOptions::default() };
    let (wal, _) = Wal::open(disk.clone(), &dir.join("wal"), &keys, options).unwrap();
    let evidence =
        Evidence::open(disk.clone(), &dir.join("evidence"), Arc::clone(&keys), EvidenceOptions::default()).unwrap();
    let tables = Tables::open(disk, &dir.join("tables"), TablesOptions::default()).await.unwrap();
    let state = State::open(&dir.join("state.sqlite"), StateOptions::default()).await.unwrap();
    for number in 0..30 {
        wal.append(vec![delivery(number)]).await.unwrap();
    }
    let (mut reader, arena) = (wal.reader(0), Arena::new());
    for day in 0..3_u32 {
        let mut entries = Vec::new();
        while entries.len() < 10 {
            entries.extend(reader.read(1).unwrap());
        }
        let through = reader.position();
        let (mut rows, mut cited) = (Rows::new(), Vec::new());
        let raws = entries.iter().flat_map(|entry| entry.delivery.raw_records(entry.offset));
        for (place, raw) in raws.enumerate() {
            let Position::Offset(position) = raw.position else { continue };
            let received = entries[place / 3].delivery.received;
            rows.push(&Event { received, ..event(3002, &arena, |_| {}) }, &RowMeta { source: "ehr", ..meta(position) });
            cited.push(position);
        }
        let found: NewFinding = cites(day, cited[7]);
        state.record_findings(Some(("findings", through)), &[found]).await.unwrap();
        tables.append(through, rows.finish()).await.unwrap();
        tables.flush().await.unwrap();
        evidence.append(through, evidence.block(&entries).unwrap()).unwrap();
        if day < 2 {
            evidence.flush().unwrap();
        }
        if day == 1 {
            wal.cut_below(through).unwrap();
        }
    }
    state.audit(&by(1), &AuditEntry::new("tried", "test", "", serde_json::Value::Null)).await.unwrap();
    state.close().await;
    made
}

fn cites(number: u32, position: u64) -> NewFinding {
    let mut found = finding(number, "rule", "anna", RECEIVED.0);
    found.finding.position = Position::Offset(position);
    found.finding.record_sha256 = Digest([1; 32]);
    found
}

fn said(proof: &Proof) -> Vec<String> {
    proof.faults.iter().map(|fault| format!("{}: {}", fault.part, fault.says)).collect()
}

#[tokio::test]
async fn a_store_that_is_whole_is_proven_and_stays_as_it_is() {
    let made = made().await;
    let before = made.files("", "");
    let proof = made.proven().await;
    assert_eq!((said(&proof), proof.is_whole()), (Vec::new(), true));
    let count = |name| proof.counts.get(name).copied().unwrap_or_default();
    assert_eq!(
        ["across_records", "across_rows", "tables_events", "tables_hashed", "evidence_files", "evidence_records"]
            .map(count),
        [90, 90, 90, 3, 2, 60]
    );
    assert_eq!(["across_places_cited", "state_findings", "state_audit_rows"].map(count), [3, 3, 1]);
    assert!(count("log_records") >= 30 && count("log_segments") > 1, "{:?}", proof.counts);
    let of_reading = |path: &PathBuf| !path.to_str().unwrap().contains("state.sqlite-");
    assert_eq!(made.files("", "").into_iter().filter(of_reading).collect::<Vec<_>>(), before);
}

#[tokio::test]
async fn a_store_of_which_something_left_in_order_is_whole() {
    let made = made().await;
    let (keys, disk) = (made.keys(), Arc::new(FileDisk));
    let first = Day::of(RECEIVED);
    let evidence =
        Evidence::open(disk.clone(), &made.dir.path().join("evidence"), keys, EvidenceOptions::default()).unwrap();
    let kept = evidence.prune(Day(first.0 + 1), &BTreeSet::new(), RECEIVED, "retention", "older than a day").unwrap();
    assert_eq!(kept.entry.map(|entry| entry.records), Some(30));
    let proof = made.proven().await;
    assert_eq!(said(&proof), Vec::<String>::new());
    assert_eq!(proof.counts.get("across_rows_of_removed_evidence"), Some(&30));
    let tables = Tables::open(disk, &made.dir.path().join("tables"), TablesOptions::default()).await.unwrap();
    let family = Family::of_class(3002);
    assert_eq!(tables.drop_day(family, i32::try_from(first.0 + 1).unwrap()).await.unwrap(), 30);
    let proof = made.proven().await;
    assert_eq!(said(&proof), Vec::<String>::new());
    assert_eq!(proof.counts.get("across_rows"), Some(&60));
}

/// Changes one byte.
fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at.min(bytes.len() - 1);
    bytes[at] ^= 0x41;
    fs::write(path, bytes).unwrap();
}

async fn damaged(made: &Made, damage: impl FnOnce(&Made), part: &str, words: &str) {
    let copy = made.copied();
    damage(&copy);
    let proof = copy.proven().await;
    let is_it = |fault: &Fault| fault.part == part && fault.says.contains(words);
    assert!(!proof.is_whole() && proof.faults.iter().any(is_it), "{part}, {words}: {:#?}", said(&proof));
}

#[tokio::test]
async fn what_is_changed_or_taken_away_is_named_with_its_file() {
    let made = made().await;
    let remove = |path: &Path| fs::remove_file(path).unwrap();
    let log = |made: &Made| made.files("wal", ".wal");
    let evidence = |made: &Made| made.files("evidence", ".evidence");
    let parquet = |made: &Made| made.files("tables/identity", ".parquet");
    let commits = |made: &Made| made.files("tables/identity/_delta_log", ".json");
    let middle = |path: &Path| usize::try_from(fs::metadata(path).unwrap().len() / 2).unwrap();

    damaged(&made, |made| flip(&log(made)[1], 150), "log", "are damaged and cannot be read").await;
    damaged(&made, |made| remove(&log(made)[1]), "log", "are damaged and cannot be read").await;
    let to_the_last = |made: &Made| log(made).iter().rev().skip(1).for_each(|path| remove(path));
    damaged(&made, to_the_last, "across", "are neither in the evidence nor in the log").await;
    damaged(&made, |made| log(made).iter().rev().take(2).for_each(|path| remove(path)), "log", "the log ends at").await;

    let name = evidence(&made)[0].file_name().unwrap().to_str().unwrap().to_owned();
    damaged(&made, |made| flip(&evidence(made)[0], 100), "evidence", &format!("{name}: the block at")).await;
    damaged(&made, |made| flip(&evidence(made)[0], usize::MAX), "evidence", &format!("{name}: the footer")).await;
    damaged(&made, |made| remove(&evidence(made)[0]), "evidence", "no file holds the offsets 0 to").await;
    damaged(&made, |made| remove(&evidence(made)[1]), "across", "are neither in the evidence nor in the log").await;

    let name = parquet(&made)[1].file_name().unwrap().to_str().unwrap().to_owned();
    damaged(
        &made,
        |made| flip(&parquet(made)[1], middle(&parquet(made)[1])),
        "tables",
        &format!("{name}: its bytes are not those that were written"),
    )
    .await;
    damaged(&made, |made| remove(&parquet(made)[1]), "tables", &name).await;
    damaged(&made, |made| remove(commits(made).last().unwrap()), "tables", "no commit names this file").await;
    damaged(&made, |made| remove(&commits(made)[1]), "tables", "identity").await;
    damaged(&made, |made| commits(made).iter().for_each(|path| remove(path)), "tables", "no commit names this file")
        .await;

    damaged(&made, |made| flip(&made.dir.path().join("state.sqlite"), 105), "state", "").await;
    damaged(&made, |made| remove(&made.dir.path().join("state.sqlite")), "state", "state.sqlite").await;
}

#[tokio::test]
async fn a_ledger_that_was_changed_is_named() {
    let made = made().await;
    let evidence =
        Evidence::open(Arc::new(FileDisk), &made.dir.path().join("evidence"), made.keys(), EvidenceOptions::default());
    let day = Day(Day::of(RECEIVED).0 + 1);
    evidence.unwrap().prune(day, &BTreeSet::new(), RECEIVED, "retention", "older than a day").unwrap();
    let ledger = |made: &Made| made.dir.path().join("evidence/removals.log");
    damaged(&made, |made| flip(&ledger(made), 30), "evidence", "the ledger of removals is damaged at line 1").await;
    damaged(&made, |made| fs::remove_file(ledger(made)).unwrap(), "evidence", "what left by removal 1").await;
}

#[tokio::test]
async fn an_audit_log_that_was_changed_is_named() {
    let made = made().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(made.dir.path().join("state.sqlite"));
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let triggers: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
            .fetch_all(&pool)
            .await
            .unwrap();
    for trigger in triggers {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP TRIGGER {trigger}"))).execute(&pool).await.unwrap();
    }
    sqlx::raw_sql("UPDATE audit SET actor = 'nobody'").execute(&pool).await.unwrap();
    pool.close().await;
    assert_eq!(
        said(&made.proven().await),
        ["state: row 1 of the audit log was changed, or one before it was taken out"]
    );
}

#[tokio::test]
async fn parts_that_do_not_agree_are_named() {
    let made = made().await;
    let state = State::open(&made.dir.path().join("state.sqlite"), StateOptions::default()).await.unwrap();
    // 3 is before the first record, where its delivery says what it is
    state.record_findings(None, &[cites(77, 3)]).await.unwrap();
    state.close().await;
    let tables =
        Tables::open(Arc::new(FileDisk), &made.dir.path().join("tables"), TablesOptions::default()).await.unwrap();
    let (arena, mut rows) = (Arena::new(), Rows::new());
    let behind = tables.applied();
    for position in [behind, behind + 1] {
        rows.push(&event(4001, &arena, |_| {}), &RowMeta { source: "ehr", ..meta(position) });
        rows.push(&event(4001, &arena, |_| {}), &RowMeta { source: "ehr", ..meta(position) });
    }
    tables.append(behind + 10, rows.finish()).await.unwrap();
    tables.flush().await.unwrap();
    let said = said(&made.proven().await);
    for words in [
        "across: findings cite 1 records that are neither in the evidence nor in the log, the first at offset 3",
        "across: the table network has 4 events of records that are neither",
        "across: 2 events stand in the tables twice, the first at offset",
        "log: the log ends at offset",
    ] {
        assert!(said.iter().any(|fault| fault.starts_with(words)), "{words}: {said:#?}");
    }
    assert_eq!(said.len(), 4, "{said:#?}");
}

#[tokio::test]
async fn records_without_an_event_are_named_unless_their_day_was_dropped() {
    let made = made().await;
    // a log of the table that does not know of the last file, as if its commit had never been
    let last = made.files("tables/identity", ".parquet").pop().unwrap();
    fs::remove_file(made.files("tables/identity/_delta_log", ".json").pop().unwrap()).unwrap();
    fs::remove_file(last).unwrap();
    let said = said(&made.proven().await);
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].starts_with("across: 30 records have no event in any table, the first at offset"), "{said:#?}");
}

#[tokio::test]
async fn a_proof_that_is_ended_early_says_so_and_is_not_whole() {
    let made = made().await;
    let proof = prove_stopped(made.dir.path(), &made.keys(), &Watch::new(|done, _| done < 2_000)).await;
    assert_eq!((proof.is_cut_short, proof.is_whole(), proof.faults_total), (true, false, 0));
}
