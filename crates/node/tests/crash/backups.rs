//! `kill -9` within backups under load: of the node while it freezes a moment or gives it up, and of the process that copies. What lies in the folder afterwards is no
//! backup and says so, or the one before, or the new one; the next backup into it succeeds, and what is restored of it holds everything that was acknowledged before.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cordon_model::Time;
use cordon_node::live::EventClock;
use cordon_store::backup::{BackupError, Frozen, begin, check, copy, restore};
use cordon_store::disk::{Disk, FileDisk};
use cordon_store::keys::{KeySource, Keys};
use cordon_testkit::crash::{CrashDisk, die};
use serde_json::Value;

use super::child::{FOLDER, POINT, fail_point, say};
use super::kills::{Kill, LIFE_MAX};
use super::ledger::Ledger;
use super::look::look;
use super::parts::Street;
use super::power::{clock, decide};
use super::process::{Process, Senders, request};

/// Names the folder of the backup to a child.
const TO: &str = "CORDON_TEST_BACKUP_TO";
/// Names the address of the node's API to a child.
const API: &str = "CORDON_TEST_BACKUP_API";
/// Set when nothing can be linked.
const APART: &str = "CORDON_TEST_BACKUP_APART";
/// How long an answer of the API may take.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// How long a whole backup may take.
const BACKUP_MAX: Duration = Duration::from_secs(120);
/// Between two batches of one sender.
const BETWEEN: Duration = Duration::from_millis(60);

/// The child that backs up a running node, as `cordon backup` does, over a disk that kills its process at a named point of the folder of the backup. Without a folder there
/// is nothing to do.
#[test]
fn backup_that_runs_until_it_is_killed() {
    let Some(to) = std::env::var_os(TO).map(PathBuf::from) else { return };
    let folder = std::env::var_os(FOLDER).map(PathBuf::from).unwrap();
    let api: SocketAddr = std::env::var(API).unwrap().parse().unwrap();
    match back_up(&folder, &to, api) {
        Ok(number) => say(&format!("backed up {number}")),
        Err(error) => say(&format!("not backed up: {error}")),
    }
}

fn back_up(folder: &Path, to: &Path, api: SocketAddr) -> Result<u64, String> {
    let text = |error: BackupError| error.to_string();
    let _one_at_a_time = begin(folder).map_err(text)?;
    job(api, "thaw")?;
    job(api, "freeze")?;
    let frozen = Frozen::find(&FileDisk, folder).map_err(text)?.without(vec!["master.key".into()]);
    let source = KeySource::File(folder.join("master.key"));
    let keys = Arc::new(Keys::open(Arc::new(FileDisk), &frozen.dir, &source).map_err(|error| error.to_string())?);
    let deed = Arc::new(|name: &str| {
        say(&format!("point {name}"));
        die();
    });
    let disk = CrashDisk::new(Arc::new(FileDisk), to, fail_point(), deed);
    let disk = if std::env::var_os(APART).is_some() { disk.without_links() } else { disk };
    let now: Time = EventClock::system().now();
    let copied = copy(&disk, &frozen, to, &keys, now, &|_, _| true);
    // whether the moment is given up now or by the next start says nothing of the backup
    let _thawed = job(api, "thaw");
    Ok(copied.map_err(text)?.manifest.number)
}

/// Does a job of the node and waits for its end.
fn job(api: SocketAddr, what: &str) -> Result<(), String> {
    let fault = |error: std::io::Error| error.to_string();
    let mut answer = request(api, "POST", &format!("/api/v1/jobs/{what}"), "api", "null", ANSWER_MAX).map_err(fault)?;
    loop {
        let (status, body) = answer;
        let body: Value = serde_json::from_str(&body).map_err(|error| format!("{status}: {error}: {body}"))?;
        match body["state"].as_str() {
            Some("running") => {}
            Some("done") => return Ok(()),
            _ => return Err(format!("{what}: {status} {body}")),
        }
        std::thread::sleep(Duration::from_millis(20));
        let path = format!("/api/v1/jobs/{}", body["id"]);
        answer = request(api, "GET", &path, "api", "", ANSWER_MAX).map_err(fault)?;
    }
}

/// A folder of a node and the folders of its backups.
pub(crate) struct Backups {
    home: PathBuf,
    /// The folder that is backed up into again and again, and the number of the last backup that was finished there.
    to: PathBuf,
    number: u64,
    made: usize,
}

/// A backup on its way.
fn start(folder: &Path, to: &Path, api: SocketAddr, point: Option<&str>, is_linked: bool) -> Process {
    Process::start_other("backups::backup_that_runs_until_it_is_killed", |command| {
        command.env(FOLDER, folder).env(POINT, point.unwrap_or_default()).env(TO, to).env(API, api.to_string());
        if !is_linked {
            command.env(APART, "1");
        }
    })
}

/// Waits for the end of a backup; the number of the one that it said to be finished, or what it said else.
fn ended(mut backup: Process) -> Result<u64, String> {
    if !backup.ends_within(BACKUP_MAX) {
        backup.kill();
    }
    let lines = backup.lines();
    let said =
        lines.iter().find_map(|line| line.split_once("backed up ").filter(|(before, _)| !before.ends_with("not ")));
    said.and_then(|(_, number)| number.parse().ok()).ok_or_else(|| lines.join("; "))
}

impl Backups {
    pub(crate) fn new(home: &Path) -> Self {
        Self { home: home.to_owned(), to: home.join("backup"), number: 0, made: 0 }
    }

    fn folder(&self) -> PathBuf {
        self.home.join("data")
    }

    fn key(&self) -> KeySource {
        KeySource::File(self.folder().join("master.key"))
    }

    /// What lies in a folder after a kill, of which `before` was finished before and `said` was said to be finished by the one that was killed.
    fn look_at(&self, to: &Path, before: u64, said: Option<u64>) -> u64 {
        let disk: Arc<dyn Disk> = Arc::new(FileDisk);
        match check(&disk, to, &self.key(), &|_, _| true) {
            Ok(whole) => {
                let number = whole.manifest.number;
                assert!(number == before || number == before + 1, "backup {number} after {before}");
                assert!(said.is_none_or(|said| said == number), "{said:?} was said, {number} is there");
                number
            }
            Err(error @ BackupError::NotABackup(_)) if before == 0 && said.is_none() => {
                let refused = error.to_string();
                assert!(refused.ends_with("run `cordon backup` on it again"), "{refused}");
                0
            }
            Err(error) => panic!("after backup {before}: {error}"),
        }
    }

    /// Kills the node within a backup; whether it came to the point.
    pub(crate) fn kill_node(&mut self, kill: Kill, round: &str, ledger: &mut Ledger) -> bool {
        let point = format!("{}#{}", kill.point, kill.hit);
        let mut node = Process::start(&self.folder(), Some(&point));
        let (address, api) = (node.address().unwrap(), node.api().unwrap());
        let senders = Senders::start(address, round, BETWEEN);
        let said = ended(start(&self.folder(), &self.to, api, None, true));
        if !node.ends_within(LIFE_MAX / 10) {
            node.kill();
        }
        ledger.join(senders.stop());
        self.number = self.look_at(&self.to, self.number, said.ok());
        node.lines().iter().any(|line| line.ends_with(&format!("point {}", kill.point)))
    }

    /// Kills what copies; whether it came to the point. A further backup into the same folder then succeeds, and is restored and looked at.
    pub(crate) async fn kill_copy(&mut self, kill: Kill, round: &str, ledger: &mut Ledger) -> bool {
        let is_linked = !kill.point.ends_with("copied") && kill.point != "files:append";
        // in turns into an empty folder and onto the backup before, where little is new and something is cleared
        self.made += 1;
        let is_fresh = !is_linked || kill.point != "backup.file_cleared" && self.made.is_multiple_of(2);
        let (to, before) =
            if is_fresh { (self.home.join(format!("fresh{}", self.made)), 0) } else { (self.to.clone(), self.number) };
        let mut node = Process::start(&self.folder(), None);
        let (address, api) = (node.address().unwrap(), node.api().unwrap());
        let senders = Senders::start(address, round, BETWEEN);
        let hit = if is_fresh { kill.hit } else { kill.hit.min(2) };
        let point = format!("{}#{hit}", kill.point);
        let killed = start(&self.folder(), &to, api, Some(&point), is_linked);
        assert!(killed.ends_within(BACKUP_MAX), "a backup did not end");
        let lines = killed.lines();
        let is_hit = lines.iter().any(|line| line.ends_with(&format!("point {}", kill.point)));
        let now = self.look_at(&to, before, None);

        let mut then = ledger.clone();
        then.join(senders.so_far());
        let number = ended(start(&self.folder(), &to, api, None, is_linked)).unwrap_or_else(|said| panic!("{said}"));
        assert_eq!(self.look_at(&to, now, Some(number)), number);
        if !is_fresh {
            self.number = number;
        }
        ledger.join(senders.stop());
        node.kill();
        node.lines();
        // what was sent while it was made may be in it or not
        then.sent.extend(ledger.sent.clone());
        self.restore_and_look(&to, &then).await;
        if is_fresh {
            fs::remove_dir_all(&to).unwrap();
        }
        is_hit
    }

    /// A node that starts on what is restored of a backup has everything once.
    async fn restore_and_look(&self, from: &Path, ledger: &Ledger) {
        let restored = self.home.join("restored");
        let disk: Arc<dyn Disk> = Arc::new(FileDisk);
        restore(&disk, from, &restored, &self.key(), &|_, _| true).unwrap();
        assert!(!restored.join("master.key").exists() && !restored.join("moment.json").exists());
        fs::copy(self.folder().join("master.key"), restored.join("master.key")).unwrap();
        let (clock, moved) = clock();
        let street = Street { clock, ..Street::hasty(&restored) };
        let node = street.start(Arc::clone(&disk)).await.unwrap();
        decide(&node, moved, ledger).await;
        node.stop().await;
        let wrong = look(disk, &restored, ledger).await;
        assert_eq!(wrong, Ok(Vec::new()), "restored from {}", from.display());
        fs::remove_dir_all(&restored).unwrap();
    }

    /// A last backup without any kill.
    pub(crate) async fn end(&mut self, node: &Process, ledger: &Ledger) {
        let number = ended(start(&self.folder(), &self.to, node.api().unwrap(), None, true));
        assert_eq!(number, Ok(self.number + 1));
        self.restore_and_look(&self.to.clone(), ledger).await;
    }
}
