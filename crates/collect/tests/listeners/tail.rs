//! Files that grow, are rotated and outlive restarts.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use cordon_collect::live::tail::{self, CheckpointFile, Checkpoints};
use cordon_collect::live::{DropReason, Limits, NotKept};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::log::{Answers, Log, drops, until};

/// Checkpoints in memory.
#[derive(Default)]
struct Memory(Mutex<Vec<u8>>);

impl Checkpoints for Memory {
    fn load(&self) -> io::Result<Vec<u8>> {
        Ok(self.0.lock().unwrap().clone())
    }

    fn store(&self, bytes: &[u8]) -> io::Result<()> {
        *self.0.lock().unwrap() = bytes.to_vec();
        Ok(())
    }
}

/// A folder with files, and who follows them.
struct Folder {
    root: tempfile::TempDir,
    pattern: String,
    memory: Arc<Memory>,
    log: Log,
}

impl Folder {
    fn new(pattern: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let pattern = root.path().join(pattern).display().to_string();
        Self { root, pattern, memory: Arc::default(), log: Log::new(Limits::default(), []) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        append(&self.path(name), text);
    }

    fn follow(&self) -> (CancellationToken, JoinHandle<io::Result<()>>) {
        let stop = CancellationToken::new();
        let (pattern, memory) = (self.pattern.clone(), Arc::clone(&self.memory));
        let (reception, shutdown) = (self.log.reception.clone(), stop.clone());
        let served = tokio::spawn(async move { tail::serve(&pattern, memory, reception, shutdown).await });
        (stop, served)
    }
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

async fn end((stop, served): (CancellationToken, JoinHandle<io::Result<()>>)) {
    stop.cancel();
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn lines_are_followed_through_rotation_by_renaming() {
    let folder = Folder::new("app.log");
    folder.append("app.log", "one two\nthree\n");
    let following = folder.follow();
    assert_eq!(folder.log.messages(2).await, ["one two", "three"]);
    folder.append("app.log", "fo");
    folder.append("app.log", "ur\nlast of the old");
    fs::rename(folder.path("app.log"), folder.path("app.log.1")).unwrap();
    folder.append("app.log", "first of the new\n");
    folder.append("app.log.1", " file");
    let mut messages = folder.log.messages(5).await;
    messages.sort();
    assert_eq!(messages, ["first of the new", "four", "last of the old file", "one two", "three"]);
    end(following).await;
}

#[tokio::test]
async fn a_copied_and_truncated_file_loses_and_repeats_nothing_and_compressed_ones_are_not_read() {
    let folder = Folder::new("app.log*");
    folder.append("app.log", "one\ntwo\n");
    let following = folder.follow();
    folder.log.messages(2).await;
    let path = folder.path("app.log");
    // Three rotations; what is written between the last look and the copy is only in the copy.
    for round in 0..3_u64 {
        folder.append("app.log", &format!("before {round}\n"));
        fs::copy(&path, folder.path(&format!("app.log.{}", round + 1))).unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
        folder.append("app.log", &format!("after {round}\n"));
        folder.log.messages(2 * round + 4).await;
    }
    fs::write(folder.path("app.log.0.gz"), b"\x1F\x8B\x08compressed\n").unwrap();
    folder.append("app.log", "end\n");
    let mut messages = folder.log.messages(9).await;
    messages.sort();
    let expect = ["after 0", "after 1", "after 2", "before 0", "before 1", "before 2", "end", "one", "two"];
    assert_eq!(messages, expect);
    end(following).await;
}

#[tokio::test]
async fn a_restart_loses_and_repeats_nothing_also_when_files_were_rotated_meanwhile() {
    let folder = Folder::new("app.log");
    folder.append("app.log", "one\ntwo\npart");
    let following = folder.follow();
    folder.log.messages(2).await;
    end(following).await;
    folder.append("app.log", " three\nfour\n");
    end({
        let following = folder.follow();
        folder.log.messages(4).await;
        following
    })
    .await;
    folder.append("app.log", "five\n");
    fs::rename(folder.path("app.log"), folder.path("app.log.1")).unwrap();
    folder.append("app.log", "six\n");
    let following = folder.follow();
    let mut messages = folder.log.messages(6).await;
    messages.sort();
    assert_eq!(messages, ["five", "four", "one", "part three", "six", "two"]);
    end(following).await;
}

#[tokio::test]
async fn the_header_of_a_table_travels_with_its_rows_also_after_a_restart() {
    const FIRST: &str =
        "#separator \\x09\n#path\tconn\n#open\t2025\n#fields\tts\tuid\tid.orig_h\n#types\ttime\tstring\taddr\n";
    let folder = Folder::new("conn.log");
    folder.append("conn.log", FIRST);
    folder.append("conn.log", "1.0\tC1\t10.0.0.1\n");
    let following = folder.follow();
    folder.log.messages(1).await;
    end(following).await;
    folder.append("conn.log", "2.0\tC2\t10.0.0.2\n");
    let following = folder.follow();
    folder.log.messages(2).await;
    folder.append("conn.log", "#fields\tts\tuid\n3.0\tC3\n");
    folder.log.messages(3).await;
    end(following).await;
    let deliveries = folder.log.deliveries();
    let told: Vec<_> = deliveries
        .iter()
        .map(|delivery| (&*delivery.format, String::from_utf8_lossy(&delivery.header).replace("#open\t2025\n", "")))
        .collect();
    let first = FIRST.replace("#open\t2025\n", "");
    let expect = [("zeek", first.clone()), ("zeek", first), ("zeek", "#fields\tts\tuid\n".to_owned())];
    assert_eq!(told, expect);
}

#[tokio::test]
async fn what_is_not_kept_is_read_again_and_a_line_too_long_is_counted() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.log");
    let log = Log::new(Limits { message_bytes_max: 50, ..Limits::default() }, []);
    log.answers(Answers::Not(NotKept::Unwritable));
    append(&path, "<13>Dec 10 04:47:28 host one\n<13>Dec 10 04:47:28 host two\n");
    let pattern = root.path().display().to_string();
    let checkpoints = CheckpointFile(root.path().join(".checkpoint"));
    let stop = CancellationToken::new();
    let served = tokio::spawn({
        let (pattern, checkpoints, stop) = (pattern.clone(), checkpoints.clone(), stop.clone());
        let reception = log.reception.clone();
        async move { tail::serve(&pattern, Arc::new(checkpoints), reception, stop).await }
    });
    let source = log.source("file", &pattern);
    until("it was offered", || source.counts.records.load(std::sync::atomic::Ordering::Relaxed) > 0).await;
    log.answers(Answers::Kept);
    assert_eq!(log.messages(2).await.len(), 2);
    append(&path, &format!("<13>Dec 10 04:47:28 host {}\n<13>Dec 10 04:47:28 host three\n", "x".repeat(100)));
    assert_eq!(log.messages(3).await[2], "<13>Dec 10 04:47:28 host three");
    assert_eq!(drops(&source), [(DropReason::TooLong, 1)]);
    stop.cancel();
    served.await.unwrap().unwrap();
    assert!(!checkpoints.load().unwrap().is_empty());
}

#[tokio::test]
async fn checkpoints_that_cannot_be_read_stop_the_listener_before_anything_is_read_twice() {
    let folder = Folder::new("app.log");
    folder.memory.store(b"{}").unwrap();
    let (_stop, served) = folder.follow();
    assert_eq!(served.await.unwrap().unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn equal_files_of_a_drop_folder_are_read_each() {
    let folder = Folder::new("*.hl7");
    let message = "MSH|^~\\&|A|B|C|D|20251210||ADT^A01|1|P|2.5\r";
    fs::write(folder.path("m1.hl7"), message).unwrap();
    let following = folder.follow();
    fs::write(folder.path("m2.hl7"), message).unwrap();
    let first = message.trim_end();
    assert_eq!(folder.log.messages(2).await, [first, first]);
    end(following).await;
}
