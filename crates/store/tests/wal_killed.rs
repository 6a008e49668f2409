//! A writer that is killed with SIGKILL in the middle of its work; the ledger of what it acknowledged lies with the parent.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use cordon_model::{Delivery, Span, Time};
use cordon_store::disk::{Disk, FileDisk};
use cordon_store::keys::{KeySource, Keys};
use cordon_store::wal::{Wal, WalOptions};

/// Names the folder of the log to a child.
const FOLDER: &str = "CORDON_TEST_WAL_FOLDER";
/// Names the round, so that no two deliveries are alike.
const ROUND: &str = "CORDON_TEST_WAL_ROUND";
/// Begins the lines by which the child acknowledges.
const KEPT: &str = "kept ";

fn open(dir: &Path) -> Wal {
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let keys = Keys::open(Arc::clone(&disk), dir, &KeySource::File(dir.join("key"))).unwrap();
    let options = WalOptions { segment_bytes: 20_000, ..WalOptions::default() };
    let (wal, recovered) = Wal::open(disk, &dir.join("wal"), &keys, options).unwrap();
    assert_eq!(recovered.damaged, []);
    wal
}

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

/// The child: with the folder given it appends until it is killed and says what is safe, one line each. Without, there is nothing to do.
#[test]
fn child_that_appends_until_it_is_killed() {
    const IN_FLIGHT: usize = 16;
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let round = std::env::var(ROUND).unwrap();
    let wal = open(Path::new(&folder));
    let mut out = std::io::stdout();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        for number in 0_u64.. {
            let texts: Vec<String> = (0..IN_FLIGHT).map(|place| format!("{round}-{number}-{place}")).collect();
            let mut answers = Vec::new();
            for text in &texts {
                answers.push(wal.enqueue(vec![delivery(text)]).await.unwrap());
            }
            for (answer, text) in answers.into_iter().zip(&texts) {
                let offset = answer.await.unwrap()[0];
                writeln!(out, "{KEPT}{offset} {text}").unwrap();
            }
        }
    });
}

/// Starts the child, kills it after so many lines; what it acknowledged.
fn acknowledged(dir: &Path, round: usize, lines: usize) -> Vec<(u64, String)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_appends_until_it_is_killed", "--nocapture"])
        .env(FOLDER, dir)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut kept = Vec::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    loop {
        line.clear();
        if output.read_line(&mut line).unwrap() == 0 {
            break;
        }
        // a line that was cut off acknowledges nothing
        let Some(text) = line.strip_prefix(KEPT).and_then(|line| line.strip_suffix('\n')) else { continue };
        let (offset, text) = text.split_once(' ').unwrap();
        kept.push((offset.parse().unwrap(), text.to_owned()));
        if kept.len() == lines {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(kept.len() >= lines, "the child ended by itself");
    kept
}

#[test]
fn what_a_killed_writer_acknowledged_is_there_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Vec::new();
    for (round, lines) in [1, 17, 200, 333, 64].into_iter().enumerate() {
        ledger.extend(acknowledged(dir.path(), round, lines));
        let wal = open(dir.path());
        let mut reader = wal.reader(0);
        let mut found = Vec::new();
        loop {
            let entries = reader.read(1 << 16).unwrap();
            if entries.is_empty() {
                break;
            }
            let texts = entries.into_iter().map(|one| (one.offset, String::from_utf8(one.delivery.bytes).unwrap()));
            found.extend(texts);
        }
        assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let mut texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
        texts.sort_unstable();
        assert!(texts.windows(2).all(|pair| pair[0] != pair[1]), "nothing is there twice");
        let missing: Vec<_> = ledger.iter().filter(|kept| found.binary_search(kept).is_err()).collect();
        assert!(missing.is_empty(), "round {round}: {missing:?}");
    }
}
