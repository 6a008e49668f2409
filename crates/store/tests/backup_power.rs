//! Backups on a disk that loses power: a frozen moment is copied, copied again when it has changed, and restored. A backup that was said to be finished is there and
//! whole after any loss; one that was not is not taken for one, and the one before stays whole.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use cordon_model::{Delivery, Span, Time};
use cordon_store::backup::{self, BackupError, Frozen, Parts, check, copy, freeze_stopped, prepare, restore, thaw};
use cordon_store::disk::{self, Disk, FileDisk, read_all};
use cordon_store::evidence::{Evidence, EvidenceOptions};
use cordon_store::keys::{KeySource, Keys};
use cordon_store::state::{State, StateOptions};
use cordon_store::tables::{Tables, TablesOptions};
use cordon_store::version;
use cordon_store::wal::{Wal, WalOptions};
use cordon_testkit::crash::{CrashDisk, FailPoint};
use cordon_testkit::disk::{SimDisk, SimRandom};

/// How often the power fails; without it a sample.
const LOSSES: &str = "CORDON_CRASH_LOSSES";
/// The seed of the first folder.
const SEED: &str = "CORDON_CRASH_SEED";
/// Losses of the sample.
const SAMPLE: u64 = 30;
/// Losses of one folder: while it is backed up, and one while it is restored.
const ROUNDS: u64 = 5;
/// Largest file that is read here.
const BYTES_MAX: u64 = 64 << 20;

/// The files of a frozen moment by their paths.
type Moment = BTreeMap<String, Vec<u8>>;

fn goes_on(_: u64, _: u64) -> bool {
    true
}

/// Adds ten deliveries to the log of a store and to its evidence.
async fn grow(dir: &Path, keys: &Arc<Keys>, from: u32) {
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let options = WalOptions { segment_bytes: 900, ..WalOptions::default() };
    let (wal, _) = Wal::open(Arc::clone(&disk), &dir.join("wal"), keys, options).unwrap();
    for number in from..from + 10 {
        let text = format!("record {number}");
        let units = vec![Span { start: 0, end: text.len() }];
        let (header, bytes, received) = (Vec::new(), text.into_bytes(), Time(i64::from(number)));
        let (source, site, format) = ("ehr".into(), "main".into(), "".into());
        wal.append(vec![Delivery { source, site, received, format, header, bytes, units }]).await.unwrap();
    }
    let evidence = Evidence::open(disk, &dir.join("evidence"), Arc::clone(keys), EvidenceOptions::default()).unwrap();
    let mut reader = wal.reader(evidence.applied());
    let entries = reader.read(1 << 20).unwrap();
    evidence.append(reader.position(), evidence.block(&entries).unwrap()).unwrap();
}

/// Two moments of one store, and its master key.
async fn moments() -> ([Moment; 2], Vec<u8>) {
    let (home, key) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (dir, source) = (home.path().join("data"), KeySource::File(key.path().join("key")));
    version::check(&FileDisk, &dir).unwrap();
    let keys = Arc::new(Keys::open(Arc::new(FileDisk), &dir, &source).unwrap());
    prepare(&keys).unwrap();
    drop(Tables::open(Arc::new(FileDisk), &dir.join("tables"), TablesOptions::default()).await.unwrap());
    State::open(&dir.join("state.sqlite"), StateOptions::default()).await.unwrap().close().await;
    let mut moments = [Moment::new(), Moment::new()];
    for (number, moment) in (0..).zip(&mut moments) {
        grow(&dir, &keys, number * 10).await;
        std::fs::write(dir.join("windows"), number.to_string()).unwrap();
        let frozen = freeze_stopped(&dir, &keys).await.unwrap();
        collect(&FileDisk, &frozen.dir, "", moment);
        thaw(&FileDisk, &dir).unwrap();
    }
    (moments, std::fs::read(key.path().join("key")).unwrap())
}

/// All files below a folder.
fn collect(disk: &dyn Disk, dir: &Path, below: &str, found: &mut Moment) {
    for entry in disk.list(dir).unwrap() {
        let (path, name) = (dir.join(&entry.name), format!("{below}{}", entry.name));
        if entry.is_dir {
            collect(disk, &path, &format!("{name}/"), found);
        } else {
            found.insert(name, read_all(disk, &path, BYTES_MAX).unwrap());
        }
    }
}

fn store() -> &'static Path {
    Path::new("/store")
}

/// Where a file of a store lies that is linked into a frozen moment.
fn live(bytes: &[u8]) -> PathBuf {
    store().join("live").join(cordon_seal::digest(bytes).to_string())
}

fn is_linked(path: &str) -> bool {
    ["wal/", "evidence/", "tables/", "keys.ring"].iter().any(|part| path.starts_with(part))
}

fn put(disk: &dyn Disk, path: &Path, bytes: &[u8], is_safe: bool) -> std::io::Result<()> {
    let mut file = disk.create(path)?;
    file.append(bytes)?;
    if is_safe { file.sync() } else { Ok(()) }
}

/// A disk with the master key and the files of both moments that are linked; they are safe.
fn disk_with(seed: u64, moments: &[Moment; 2], key: &[u8]) -> SimDisk {
    let disk = SimDisk::new(seed);
    for dir in [store().join("live"), PathBuf::from("/away")] {
        disk.create_dir(&dir).unwrap();
    }
    put(&disk, &store().join("key"), key, true).unwrap();
    for (_, bytes) in moments.iter().flatten().filter(|(path, _)| is_linked(path)) {
        let path = live(bytes);
        if disk.entry(&path).is_err() {
            put(&disk, &path, bytes, true).unwrap();
        }
    }
    for dir in [Path::new("/"), store(), &store().join("live")] {
        disk.sync_dir(dir).unwrap();
    }
    disk
}

/// Freezes a moment: links, and copies that nobody syncs.
fn freeze(disk: &dyn Disk, moment: &Moment) -> std::io::Result<()> {
    let frozen = store().join("frozen");
    disk::remove_all(disk, &frozen)?;
    for (path, bytes) in moment {
        let to = frozen.join(path);
        to.parent().map_or(Ok(()), |dir| disk.create_dir(dir))?;
        if is_linked(path) {
            disk.link(&live(bytes), &to)?;
        } else {
            put(disk, &to, bytes, false)?;
        }
    }
    Ok(())
}

/// One backup of a moment; the number that was said to be finished.
fn back_up(disk: &SimDisk, moment: &Moment, to: &Path) -> Result<u64, String> {
    freeze(disk, moment).map_err(|error| error.to_string())?;
    let frozen = Frozen::find(disk, store()).map_err(|error| error.to_string())?;
    let keys = Keys::open(Arc::new(disk.clone()), &frozen.dir, &KeySource::File(store().join("key")));
    let keys = Arc::new(keys.map_err(|error| error.to_string())?);
    let copied = copy(disk, &frozen, to, &keys, Time(1), &goes_on).map_err(|error| error.to_string())?;
    Ok(copied.manifest.number)
}

/// What was restored has to be one of the moments, but for what says which moment it is.
fn is_moment(disk: &dyn Disk, dir: &Path, moment: &Moment) -> bool {
    let mut found = Moment::new();
    collect(disk, dir, "", &mut found);
    let mut moment = moment.clone();
    moment.remove("moment.json");
    found == moment
}

/// Several losses of power of one folder.
fn run(seed: u64, moments: &[Moment; 2], key: &[u8], sync_works: bool) -> Result<usize, String> {
    let (disk, mut random) = (disk_with(seed, moments, key), SimRandom::new(!seed));
    disk.refuse_links_between("/store", if seed.is_multiple_of(2) { "/away" } else { "/store" });
    if !sync_works {
        disk.switch_sync_off();
    }
    let (shared, to): (Arc<dyn Disk>, _) = (Arc::new(disk.clone()), Path::new("/away/of/backup"));
    let source = KeySource::File(store().join("key"));
    let (mut finished, mut finishes) = (0, 0);
    for _ in 1..ROUNDS {
        let [first, second] = moments;
        let moment = if random.once_in(2) { first } else { second };
        disk.power_off_after(random.below(500) as u64);
        if let Ok(number) = back_up(&disk, moment, to) {
            (finished, finishes) = (number, finishes + 1);
        }
        disk.restart();
        match check(&shared, to, &source, &goes_on) {
            Ok(whole) if whole.manifest.number >= finished => finished = whole.manifest.number,
            Ok(whole) => return Err(format!("backup {finished} was finished, {} is there", whole.manifest.number)),
            Err(BackupError::NotABackup(_)) if finished == 0 => {}
            Err(error) => return Err(format!("backup {finished} was finished: {error}")),
        }
    }
    back_up(&disk, &moments[1], to)?;
    disk.restart();
    restored(&disk, &source, to, &moments[1], &mut random)?;
    Ok(finishes)
}

/// One restore that loses power, then one that does not.
fn restored(
    disk: &SimDisk,
    source: &KeySource,
    from: &Path,
    moment: &Moment,
    random: &mut SimRandom,
) -> Result<(), String> {
    let (shared, dir): (Arc<dyn Disk>, _) = (Arc::new(disk.clone()), Path::new("/new/data"));
    disk.power_off_after(random.below(500) as u64);
    let is_done = restore(&shared, from, dir, source, &goes_on).is_ok();
    disk.restart();
    // a folder with a version counts as a store
    let version = read_all(disk, &dir.join("store.version"), BYTES_MAX).ok();
    let is_store = version.as_ref() == moment.get("store.version");
    if is_done && !is_store {
        return Err("a store that was restored is gone".to_owned());
    }
    if is_store && !is_moment(disk, dir, moment) {
        return Err("what counts as a restored store is not whole".to_owned());
    }
    disk::remove_all(disk, dir).map_err(|error| error.to_string())?;
    restore(&shared, from, dir, source, &goes_on).map_err(|error| error.to_string())?;
    if is_moment(disk, dir, moment) { Ok(()) } else { Err("what was restored is not what was backed up".to_owned()) }
}

/// Windows that were ahead of the state would hold a correlation for told whose finding the state does not have.
#[tokio::test]
async fn windows_of_correlations_are_frozen_before_the_state() {
    let (home, key) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (dir, source) = (home.path().join("data"), KeySource::File(key.path().join("key")));
    version::check(&FileDisk, &dir).unwrap();
    let keys = Arc::new(Keys::open(Arc::new(FileDisk), &dir, &source).unwrap());
    let (windows, later) = (dir.join("windows"), dir.join("windows"));
    std::fs::write(windows, "before").unwrap();
    // as a node does that goes on while the state is copied
    let at = FailPoint { name: "backup.state_copied".to_owned(), hit: 1 };
    let deed = Arc::new(move |_: &str| std::fs::write(&later, "after").unwrap());
    let disk: Arc<dyn Disk> = Arc::new(CrashDisk::new(Arc::new(FileDisk), &dir, Some(at), deed));
    let (wal, _) = Wal::open(Arc::clone(&disk), &dir.join("wal"), &keys, WalOptions::default()).unwrap();
    let options = EvidenceOptions::default();
    let evidence = Evidence::open(Arc::clone(&disk), &dir.join("evidence"), Arc::clone(&keys), options).unwrap();
    let tables = Tables::open(Arc::clone(&disk), &dir.join("tables"), TablesOptions::default()).await.unwrap();
    let state = State::open(&dir.join("state.sqlite"), StateOptions::default()).await.unwrap();
    let (wal, evidence) = (Arc::new(wal), Arc::new(evidence));
    let frozen = backup::freeze(Parts { dir: dir.clone(), keys, wal, evidence, tables, state, disk }).await.unwrap();
    assert_eq!(std::fs::read_to_string(dir.join("windows")).unwrap(), "after");
    assert_eq!(std::fs::read_to_string(frozen.dir.join("windows")).unwrap(), "before");
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn no_power_loss_takes_a_finished_backup_or_finishes_half_of_one() {
    let (moments, key) = moments().await;
    let (losses, began, mut finished) = (number(LOSSES).unwrap_or(SAMPLE), Instant::now(), 0);
    let first = number(SEED).unwrap_or(1) * 1_000_000;
    for seed in first..first + losses.div_ceil(ROUNDS) {
        finished += run(seed, &moments, &key, true).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
    }
    println!("{losses} power losses of backups in {} s; {finished} backups were finished", began.elapsed().as_secs());
    assert!(finished > 0, "no backup was ever finished");
}

#[tokio::test]
async fn backups_whose_syncs_do_nothing_fail_the_same_test() {
    let (moments, key) = moments().await;
    let failed: Vec<String> = (0..5).filter_map(|seed| run(seed, &moments, &key, false).err()).collect();
    println!("{failed:#?}");
    assert!(!failed.is_empty(), "backups that are never synced passed");
}
