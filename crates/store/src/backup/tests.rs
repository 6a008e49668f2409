//! Backups of a small store on a real folder, taken apart in every way.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cordon_model::Time;
use tempfile::TempDir;

use super::*;
use crate::disk::FileDisk;
use crate::evidence::{Day, Evidence, EvidenceOptions};
use crate::keys::{KeyError, KeySource, Keys};
use crate::proof::tests::{Made, made};
use crate::proof::{Watch, prove_stopped};
use crate::state::{State, StateOptions};
use crate::tables::tests::RECEIVED;
use crate::tables::{Tables, TablesOptions};
use crate::wal::{Wal, WalOptions};

fn goes_on(_: u64, _: u64) -> bool {
    true
}

fn disk() -> Arc<dyn Disk> {
    Arc::new(FileDisk)
}

async fn backed_up(made: &Made, to: &Path, tell: &Tell) -> Result<Copied, BackupError> {
    let dir = made.dir.path();
    let frozen = freeze_stopped(dir, &made.keys()).await.unwrap();
    assert_eq!(Frozen::find(&FileDisk, dir).unwrap(), frozen);
    let frozen = frozen.without(vec!["secret".into()]);
    let keys = Arc::new(Keys::open(Arc::new(FileDisk), &frozen.dir, &made.source()).unwrap());
    let copied = copy(&FileDisk, &frozen, to, &keys, Time(7), tell);
    thaw(&FileDisk, dir).unwrap();
    copied
}

/// All files below a folder with their bytes, but those that a store has and a backup leaves out.
fn content(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                open.push(path);
            } else if !["lock", "secret", "state.sqlite", "state.sqlite-wal", "state.sqlite-shm"]
                .contains(&name.as_str())
            {
                found.push((name, fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn objects(to: &Path) -> BTreeSet<PathBuf> {
    fs::read_dir(to.join("files")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn what_is_restored_is_the_store_and_is_whole() {
    let (made, away) = (made().await, tempfile::tempdir().unwrap());
    fs::create_dir_all(made.dir.path().join("rules/set")).unwrap();
    fs::write(made.dir.path().join("rules/set/rule.yml"), "title: one").unwrap();
    fs::write(made.dir.path().join("windows"), vec![3; 3 << 20]).unwrap();
    fs::write(made.dir.path().join("secret"), "the master key").unwrap();
    let (to, new) = (away.path().join("backup"), away.path().join("new"));
    let copied = backed_up(&made, &to, &goes_on).await.unwrap();
    assert_eq!((copied.known, copied.is_continued, copied.manifest.number), (0, false, 1));
    assert!(!made.dir.path().join(FROZEN).exists());
    let restored = restore(&disk(), &to, &new, &made.source(), &goes_on).unwrap();
    assert_eq!(restored.manifest, copied.manifest);
    assert_eq!(content(&new), content(made.dir.path()));
    let keys = Arc::new(Keys::open(Arc::new(FileDisk), &new, &made.source()).unwrap());
    let proof = prove_stopped(&new, &keys, &Watch::new(|_, _| true)).await;
    assert!(proof.is_whole(), "{:#?}", proof.faults);
    assert_eq!(proof.counts.get("across_rows"), Some(&90));
    let state = State::open(&new.join("state.sqlite"), StateOptions::default()).await.unwrap();
    assert_eq!(state.verify_audit().await.unwrap().rows, 1);
    state.close().await;
}

#[tokio::test]
async fn nothing_that_is_plain_in_the_store_and_secret_is_plain_in_the_backup() {
    let (made, away) = (made().await, tempfile::tempdir().unwrap());
    fs::write(made.dir.path().join("node.key.pem"), "PRIVATE KEY of the node").unwrap();
    fs::write(made.dir.path().join("master.key"), "the master key itself").unwrap();
    fs::write(made.dir.path().join("secret"), "the master key elsewhere").unwrap();
    backed_up(&made, away.path(), &goes_on).await.unwrap();
    for words in ["PRIVATE KEY of the node", "the master key", "SQLite format 3", "anna"] {
        let holds = |bytes: &[u8]| bytes.windows(words.len()).any(|piece| piece == words.as_bytes());
        assert!(content(away.path()).iter().all(|(_, bytes)| !holds(bytes)), "{words}");
    }
}

#[tokio::test]
async fn a_second_backup_copies_only_what_is_new_and_forgets_what_left() {
    let (made, away) = (made().await, tempfile::tempdir().unwrap());
    let first = backed_up(&made, away.path(), &goes_on).await.unwrap();
    let second = backed_up(&made, away.path(), &goes_on).await.unwrap();
    // the state is sealed anew; the version and the segment that is written to are copied, and are what they were
    assert_eq!((second.manifest.number, second.new.0), (2, 3), "{:?}", second.new);
    assert_eq!(second.known + 3, first.new.0);
    assert_eq!(objects(away.path()).len(), second.manifest.files.len());

    let evidence =
        Evidence::open(Arc::new(FileDisk), &made.dir.path().join("evidence"), made.keys(), EvidenceOptions::default());
    let day = Day(Day::of(RECEIVED).0 + 1);
    evidence.unwrap().prune(day, &BTreeSet::new(), RECEIVED, "retention", "older than a day").unwrap();
    let third = backed_up(&made, away.path(), &goes_on).await.unwrap();
    // the evidence file without its block, the ledger, the ring without the key; and the two as above
    assert_eq!((third.new.0, third.removed), (6, 3), "{third:?}");
    let new = tempfile::tempdir().unwrap();
    restore(&disk(), away.path(), new.path(), &made.source(), &goes_on).unwrap();
    assert_eq!(content(new.path()), content(made.dir.path()));
}

#[tokio::test]
async fn a_backup_that_was_broken_off_is_no_backup_and_is_continued() {
    let (made, away) = (made().await, tempfile::tempdir().unwrap());
    let calls = std::sync::atomic::AtomicU64::new(0);
    let ends = move |_: u64, _: u64| calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 12;
    assert!(matches!(backed_up(&made, away.path(), &ends).await, Err(BackupError::Ended)));
    let there = objects(away.path()).len() as u64;
    assert!(there > 3, "{there}");
    let refused = check(&disk(), away.path(), &made.source(), &goes_on);
    assert!(matches!(refused, Err(BackupError::NotABackup(_))), "{refused:?}");
    // as a process that was killed leaves it: a line that is not whole, a file on its way
    fs::remove_file(away.path().join("files/part")).unwrap();
    fs::write(away.path().join("files/part"), "half").unwrap();
    let mut begun = fs::OpenOptions::new().append(true).open(away.path().join("begun")).unwrap();
    io::Write::write_all(&mut begun, b"{\"path\":\"evid\xff").unwrap();
    let copied = backed_up(&made, away.path(), &goes_on).await.unwrap();
    assert!(copied.is_continued && copied.known + 4 >= there, "{copied:?}");
    check(&disk(), away.path(), &made.source(), &goes_on).unwrap();
    assert!(!away.path().join("begun").exists());

    // and one broken off later leaves the one before as it is
    let calls = std::sync::atomic::AtomicU64::new(0);
    let ends = move |_: u64, _: u64| calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 2;
    assert!(backed_up(&made, away.path(), &ends).await.is_err());
    assert_eq!(check(&disk(), away.path(), &made.source(), &goes_on).unwrap().manifest, copied.manifest);
}

#[tokio::test]
async fn a_backup_that_was_altered_is_refused_with_the_name_of_the_file() {
    let (made, away) = (made().await, tempfile::tempdir().unwrap());
    let manifest = backed_up(&made, away.path(), &goes_on).await.unwrap().manifest;
    let whole = check(&disk(), away.path(), &made.source(), &goes_on).unwrap();
    assert_eq!(whole.manifest, manifest);
    for stored in &manifest.files {
        let object = away.path().join("files").join(&stored.sha256);
        let bytes = fs::read(&object).unwrap();
        // links share their bytes with the store: the altered file is another one
        let alter = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut altered = bytes.clone();
            change(&mut altered);
            fs::remove_file(&object).unwrap();
            fs::write(&object, altered).unwrap();
            let new = TempDir::new().unwrap();
            let refused = restore(&disk(), away.path(), new.path(), &made.source(), &goes_on).unwrap_err();
            assert_eq!(fs::read_dir(new.path()).unwrap().count(), 0, "{refused}");
            let said = refused.to_string();
            assert!(said.starts_with(&format!("{} (in the backup files/", stored.path)), "{said}");
        };
        alter(&|bytes| bytes[0] ^= 1);
        alter(&|bytes| bytes.truncate(bytes.len() - 1));
        fs::remove_file(&object).unwrap();
        let refused = check(&disk(), away.path(), &made.source(), &goes_on).unwrap_err().to_string();
        assert!(refused.contains(&stored.path) && refused.contains("is missing"), "{refused}");
        fs::write(&object, bytes).unwrap();
    }
    let path = away.path().join("manifest");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"number\":1", "\"number\":9", 1)).unwrap();
    let refused = check(&disk(), away.path(), &made.source(), &goes_on);
    assert!(matches!(refused, Err(BackupError::ManifestAltered)), "{refused:?}");
    fs::write(&path, text.replacen("{\"format\":1", "{\"format\":2", 1)).unwrap();
    let refused = check(&disk(), away.path(), &made.source(), &goes_on);
    assert!(matches!(refused, Err(BackupError::TooNew { found: 2, known: 1 })), "{refused:?}");
}

#[tokio::test]
async fn a_backup_of_a_newer_store_is_refused_before_anything_is_written() {
    let (made, away, new) = (made().await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let manifest = backed_up(&made, away.path(), &goes_on).await.unwrap().manifest;
    let mut newer = manifest;
    newer.store += 1;
    newer.publish(&FileDisk, away.path(), &made.keys()).unwrap();
    let refused = restore(&disk(), away.path(), &new.path().join("data"), &made.source(), &goes_on);
    assert!(matches!(refused, Err(BackupError::TooNew { .. })), "{refused:?}");
    assert!(!new.path().join("data").exists());
}

#[tokio::test]
async fn nothing_is_restored_over_something_or_without_the_master_key() {
    let (made, away, new) = (made().await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    backed_up(&made, away.path(), &goes_on).await.unwrap();
    fs::write(new.path().join("mine"), "x").unwrap();
    let refused = restore(&disk(), away.path(), new.path(), &made.source(), &goes_on);
    assert!(matches!(refused, Err(BackupError::NotEmpty(_))), "{refused:?}");
    fs::remove_file(new.path().join("mine")).unwrap();
    let other = new.path().join("../no-such-key");
    let refused = restore(&disk(), away.path(), new.path(), &KeySource::File(other), &goes_on);
    assert!(matches!(refused, Err(BackupError::Keys(KeyError::KeyFileMissing(_)))), "{refused:?}");
    let wrong = tempfile::NamedTempFile::new().unwrap();
    fs::write(wrong.path(), [9; 32]).unwrap();
    let refused = restore(&disk(), away.path(), new.path(), &KeySource::File(wrong.path().to_owned()), &goes_on);
    assert!(matches!(refused, Err(BackupError::Keys(KeyError::Vault(_)))), "{refused:?}");
    let passphrase = KeySource::Passphrase("a passphrase".into());
    let refused = restore(&disk(), away.path(), new.path(), &passphrase, &goes_on);
    assert!(matches!(refused, Err(BackupError::Keys(KeyError::OtherUnlock("a key file")))), "{refused:?}");
    assert_eq!(fs::read_dir(new.path()).unwrap().count(), 0);
    let nowhere = restore(&disk(), new.path(), &new.path().join("x"), &made.source(), &goes_on);
    assert!(matches!(nowhere, Err(BackupError::NotABackup(_))), "{nowhere:?}");
}

#[tokio::test]
async fn two_backups_into_one_folder_do_not_cross() {
    let (made, away) = (made().await, tempfile::tempdir().unwrap());
    fs::create_dir(away.path().join("files")).unwrap();
    let _other = take(&FileDisk, away.path()).unwrap();
    let refused = backed_up(&made, away.path(), &goes_on).await;
    assert!(matches!(refused, Err(BackupError::Busy(_))), "{refused:?}");
}

#[tokio::test]
async fn a_folder_that_holds_something_else_is_left_as_it_is() {
    let (made, away) = (made().await, tempfile::tempdir().unwrap());
    for (name, is_refused) in [("lost+found/x", false), ("lock", false), ("files/mine.txt", true), ("letter", true)] {
        let to = away.path().join(name.replace('/', "-"));
        fs::create_dir_all(to.join(name).parent().unwrap()).unwrap();
        fs::write(to.join(name), "mine").unwrap();
        let before = content(&to);
        let copied = backed_up(&made, &to, &goes_on).await;
        if is_refused {
            assert!(matches!(copied, Err(BackupError::Foreign(_))), "{name}: {copied:?}");
            assert_eq!(content(&to), before);
        } else {
            copied.unwrap();
        }
    }
    // something of another program beside the files of a backup is not removed
    let to = away.path().join("lock");
    fs::write(to.join("files/readme"), "mine").unwrap();
    assert_eq!(backed_up(&made, &to, &goes_on).await.unwrap().manifest.number, 2);
    assert_eq!(fs::read_to_string(to.join("files/readme")).unwrap(), "mine");
}

#[tokio::test]
async fn the_backup_of_another_store_is_left_as_it_is() {
    let (one, other, away) = (made().await, made().await, tempfile::tempdir().unwrap());
    let copied = backed_up(&one, away.path(), &goes_on).await.unwrap();
    let refused = backed_up(&other, away.path(), &goes_on).await;
    assert!(matches!(refused, Err(BackupError::OtherStore(_))), "{refused:?}");
    assert_eq!(check(&disk(), away.path(), &one.source(), &goes_on).unwrap().manifest, copied.manifest);
}

#[tokio::test]
async fn a_moment_that_is_given_up_while_it_is_copied_makes_no_backup() {
    let (made, away) = (made().await, tempfile::tempdir().unwrap());
    let dir = made.dir.path();
    let first = backed_up(&made, away.path(), &goes_on).await.unwrap();
    // as a node does that is started, and as one does that is asked for another moment
    let given_up = |frozen: &Path| drop(fs::remove_dir_all(frozen));
    let frozen_again = |frozen: &Path| {
        let mark = r#"{"id":"other","moment":{"acknowledged":0,"log_from":0,"log_through":0,"tables":0,"evidence":0}}"#;
        fs::write(frozen.join("moment.json"), mark).unwrap();
    };
    let ways: [fn(&Path); 2] = [given_up, frozen_again];
    for way in ways {
        let frozen = freeze_stopped(dir, &made.keys()).await.unwrap();
        let keys = Arc::new(Keys::open(Arc::new(FileDisk), &frozen.dir, &made.source()).unwrap());
        let frozen_dir = frozen.dir.clone();
        let gives_up = move |_: u64, _: u64| {
            way(&frozen_dir);
            true
        };
        let refused = copy(&FileDisk, &frozen, away.path(), &keys, Time(7), &gives_up);
        assert!(matches!(refused, Err(BackupError::Thawed)), "{refused:?}");
        assert_eq!(check(&disk(), away.path(), &made.source(), &goes_on).unwrap().manifest, first.manifest);
        let none = Frozen::find(&FileDisk, away.path());
        assert!(matches!(none, Err(BackupError::Thawed)), "{none:?}");
        thaw(&FileDisk, dir).unwrap();
    }
}

#[tokio::test]
async fn one_moment_is_frozen_at_a_time_and_one_backup_is_made() {
    let made = made().await;
    let dir = made.dir.path();
    let frozen = freeze_stopped(dir, &made.keys()).await.unwrap();
    let state = State::open(&dir.join("state.sqlite"), StateOptions::default()).await.unwrap();
    let evidence = Evidence::open(disk(), &dir.join("evidence"), made.keys(), EvidenceOptions::default()).unwrap();
    let (wal, _) = Wal::open(disk(), &dir.join("wal"), &made.keys(), WalOptions::default()).unwrap();
    let tables = Tables::open(disk(), &dir.join("tables"), TablesOptions::default()).await.unwrap();
    let (wal, evidence) = (Arc::new(wal), Arc::new(evidence));
    let parts = Parts { dir: dir.to_owned(), keys: made.keys(), wal, evidence, tables, state, disk: disk() };
    let refused = freeze(parts.clone()).await;
    assert!(matches!(refused, Err(FreezeError::Frozen)), "{refused:?}");
    assert_eq!(Frozen::find(&FileDisk, dir).unwrap(), frozen);
    thaw(&FileDisk, dir).unwrap();
    let again = freeze(parts.clone()).await.unwrap();
    assert_ne!(again, frozen);
    thaw(&FileDisk, dir).unwrap();
    parts.state.close().await;

    let running = begin(dir).unwrap();
    let refused = begin(dir).unwrap_err().to_string();
    assert_eq!(
        refused,
        format!("another backup of {} is being made: wait until it has ended, or end it", dir.display())
    );
    drop(running);
    begin(dir).unwrap();
}

#[test]
fn a_sealed_file_opens_in_pieces_of_any_length_and_not_when_it_was_cut() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::open(Arc::new(FileDisk), dir.path(), &KeySource::File(dir.path().join("key"))).unwrap();
    for length in [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 5] {
        let plain: Vec<u8> = (0..=250).cycle().take(length).collect();
        let (mut sealer, mut sealed) = seal::Sealer::new(&keys).unwrap();
        let mut pieces: Vec<&[u8]> = plain.chunks(PIECE_BYTES).collect();
        if pieces.last().is_none_or(|last| last.len() == PIECE_BYTES) {
            pieces.push(&[]);
        }
        pieces.into_iter().for_each(|piece| sealed.extend(sealer.seal(piece).unwrap()));
        let open = |sealed: &[u8], step: usize| {
            let (mut opener, mut out) = (seal::Opener::new(&keys), Vec::new());
            sealed.chunks(step).try_for_each(|piece| opener.open(piece, &mut out))?;
            opener.finish(&mut out).map(|()| out)
        };
        assert_eq!(open(&sealed, 70_001), Some(plain.clone()));
        assert_eq!(open(&sealed, sealed.len()), Some(plain));
        assert_eq!(open(&sealed[..sealed.len() - 1], 70_001), None);
        assert_eq!(open(&sealed[..sealed.len() - 16], 70_001).filter(|out| out.len() >= length), None);
    }
}
