//! Tests of the log on a real folder; power loss and faults of the disk are in `crates/store/tests`.

use std::fs;
use std::path::PathBuf;

use cordon_model::{Span, Time};
use tempfile::TempDir;

use super::*;
use crate::disk::FileDisk;
use crate::keys::KeySource;

fn delivery(text: &str) -> Delivery {
    let bytes = text.as_bytes().to_vec();
    let units = vec![Span { start: 0, end: bytes.len() }];
    Delivery {
        source: "ehr".into(),
        site: "main".into(),
        received: Time(7),
        format: "".into(),
        header: Vec::new(),
        bytes,
        units,
    }
}

struct Store(TempDir);

impl Store {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open_with(&self, options: WalOptions) -> Result<(Wal, Recovered), WalError> {
        let disk: Arc<dyn Disk> = Arc::new(FileDisk);
        let keys = Keys::open(Arc::clone(&disk), self.0.path(), &KeySource::File(self.0.path().join("key"))).unwrap();
        Wal::open(disk, &self.0.path().join("wal"), &keys, options)
    }

    fn open(&self) -> (Wal, Recovered) {
        self.open_with(WalOptions::default()).unwrap()
    }

    fn segments(&self) -> Vec<PathBuf> {
        let mut paths: Vec<_> =
            fs::read_dir(self.0.path().join("wal")).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    /// One log of so many segments, each from an opening of its own, with these texts.
    fn filled(parts: &[&[&str]]) -> (Self, Vec<u64>) {
        let store = Self::new();
        let mut offsets = Vec::new();
        for texts in parts {
            let (wal, _) = store.open();
            texts.iter().for_each(|text| offsets.extend(append(&wal, &[text]).unwrap()));
        }
        (store, offsets)
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn append(wal: &Wal, texts: &[&str]) -> Result<Vec<u64>, WalError> {
    wait(wal.append(texts.iter().map(|text| delivery(text)).collect()))
}

/// What a reader gives: the text and offset of entries, or a fault.
fn read(wal: &Wal, from: u64) -> Vec<Result<(String, u64), WalError>> {
    let mut reader = wal.reader(from);
    let mut out = Vec::new();
    loop {
        match reader.read(1) {
            Ok(entries) if entries.is_empty() => return out,
            Ok(entries) => out.extend(
                entries.into_iter().map(|one| Ok((String::from_utf8(one.delivery.bytes).unwrap(), one.offset))),
            ),
            Err(fault @ WalError::Damaged { .. }) => out.push(Err(fault)),
            Err(fault) => {
                out.push(Err(fault));
                return out;
            }
        }
    }
}

fn texts(wal: &Wal, from: u64) -> Vec<String> {
    read(wal, from).into_iter().map(|one| one.unwrap().0).collect()
}

#[test]
fn what_was_appended_is_read_back_at_its_offset_also_after_reopening() {
    let store = Store::new();
    let (wal, recovered) = store.open();
    assert_eq!(recovered, Recovered::default());
    let mut offsets = append(&wal, &["one", "two"]).unwrap();
    offsets.extend(append(&wal, &["", "three"]).unwrap());
    assert!(offsets.windows(2).all(|pair| pair[0] < pair[1]), "{offsets:?}");
    let expect: Vec<_> =
        ["one", "two", "", "three"].iter().zip(&offsets).map(|(text, at)| Ok(((*text).to_owned(), *at))).collect();
    assert_eq!(read(&wal, 0), expect);
    let end = wal.durable();
    drop(wal);
    let (wal, recovered) = store.open();
    assert_eq!(recovered, Recovered { end, segments: 1, ..Recovered::default() });
    assert_eq!(read(&wal, 0), expect);
    assert_eq!(append(&wal, &["four"]).unwrap().len(), 1);
    assert_eq!(texts(&wal, 0), ["one", "two", "", "three", "four"]);
    assert_eq!(store.segments().len(), 2, "a new run begins a new segment");
}

#[test]
fn reading_starts_at_the_end_of_any_entry() {
    let store = Store::new();
    let (wal, _) = store.open();
    append(&wal, &["a", "b", "c"]).unwrap();
    append(&wal, &["d"]).unwrap();
    let ends: Vec<u64> = wal.reader(0).read(usize::MAX).unwrap().iter().map(|entry| entry.end).collect();
    let after = |place: usize| texts(&wal, ends[place]).concat();
    assert_eq!([after(0), after(1), after(2), after(3)], ["bcd", "cd", "d", ""]);
}

#[test]
fn the_last_segment_cut_anywhere_gives_every_whole_frame_and_takes_new_ones() {
    let (store, _) = Store::filled(&[&["zero"], &["one", "two", "three"]]);
    let last = store.segments().pop().unwrap();
    let whole = fs::read(&last).unwrap();
    for length in 0..whole.len() {
        for path in store.segments() {
            if path > last {
                fs::remove_file(path).unwrap();
            }
        }
        fs::write(&last, &whole[..length]).unwrap();
        let (wal, recovered) = store.open();
        assert_eq!(recovered.damaged, [], "cut at {length}");
        let mut found = texts(&wal, 0);
        append(&wal, &["new"]).unwrap();
        found.push("new".to_owned());
        assert_eq!(texts(&wal, 0), found, "cut at {length}");
        let kept = ["zero", "one", "two", "three"].iter().zip(&found).take_while(|(a, b)| a == b).count();
        assert_eq!(kept, found.len() - 1, "cut at {length}");
        assert_eq!(found[0], "zero");
        drop(wal);
        if length % 16 == 0 {
            assert_eq!(texts(&store.open().0, 0), found, "cut at {length}, opened again");
        }
    }
}

#[test]
fn damage_before_whole_frames_is_told_and_what_follows_is_read() {
    for part in [0, 1] {
        let (store, offsets) = Store::filled(&[&["one", "two", "three"][..], &["four"]][..=part]);
        let first = store.segments().remove(0);
        let mut bytes = fs::read(&first).unwrap();
        let frame = (bytes.len() - 92) / 3; // the last is longer by two letters
        bytes[92 + frame + 20] ^= 1;
        fs::write(&first, &bytes).unwrap();
        let (wal, recovered) = store.open();
        let mut reader = wal.reader(0);
        let one = reader.read(1).unwrap().remove(0);
        let Err(WalError::Damaged { from, to }) = reader.read(1) else { panic!("the damage is not told") };
        assert_eq!(from, one.end);
        assert!(from < offsets[1] && offsets[1] < to && to < offsets[2]);
        let rest: Vec<_> = reader.read(100).unwrap().into_iter().map(|entry| entry.offset).collect();
        assert_eq!(rest, offsets[2..]);
        // of the last segment it is known at once
        assert_eq!(recovered.damaged, if part == 0 { vec![(from, to)] } else { vec![] });
    }
}

#[test]
fn a_segment_with_a_damaged_header_or_without_its_end_is_told() {
    let (store, offsets) = Store::filled(&[&["one"], &["two"], &["three"]]);
    let second = store.segments().remove(1);
    let whole = fs::read(&second).unwrap();
    let mut changed = whole.clone();
    changed[30] ^= 1;
    let (wal, _) = store.open();
    let entries = wal.reader(0).read(100).unwrap();
    drop(wal);
    let expect = [
        Ok(("one".to_owned(), offsets[0])),
        Err(WalError::Damaged { from: entries[0].end, to: entries[1].end }),
        Ok(("three".to_owned(), offsets[2])),
    ];
    for bytes in [&changed[..], &whole[..whole.len() - 1]] {
        fs::write(&second, bytes).unwrap();
        assert_eq!(read(&store.open().0, 0), expect);
    }
    fs::remove_file(&second).unwrap();
    let (wal, _) = store.open();
    assert_eq!(read(&wal, 0), expect, "a missing segment");
    let report = WalReport {
        oldest: 0,
        end: wal.durable(),
        deliveries: 2,
        records: 2,
        bytes: 8,
        damaged: vec![(entries[0].end, entries[1].end)],
    };
    assert_eq!(wal.verify(), Ok(report));
}

#[test]
fn segments_roll_over_and_are_cut_below_an_offset() {
    let store = Store::new();
    let options = WalOptions { segment_bytes: 200, ..WalOptions::default() };
    let (wal, _) = store.open_with(options).unwrap();
    for number in 0..10 {
        append(&wal, &[&format!("delivery {number}")]).unwrap();
    }
    assert_eq!(wal.metrics().segments, 5);
    let entries = wal.reader(0).read(usize::MAX).unwrap();
    let slow = &mut wal.reader(0);
    assert_eq!(wal.cut_below(entries[4].end), Ok(2));
    assert_eq!(wal.cut_below(entries[4].end), Ok(0));
    assert_eq!(wal.oldest(), entries[3].end);
    assert_eq!(texts(&wal, entries[4].end).len(), 5);
    assert_eq!(slow.read(1), Err(WalError::Cut { oldest: entries[3].end }));
    assert_eq!(wal.cut_below(u64::MAX), Ok(2), "the one that is written to stays");
    let end = wal.durable();
    drop(wal);
    let (wal, recovered) = store.open_with(options).unwrap();
    assert_eq!((recovered.end, recovered.oldest), (end, entries[7].end));
    assert!(append(&wal, &["more"]).unwrap()[0] > entries[9].offset);
}

#[test]
fn the_log_goes_on_above_what_sinks_have_even_when_it_was_lost() {
    let store = Store::new();
    let options = WalOptions { offset_min: 5_000, ..WalOptions::default() };
    let (wal, recovered) = store.open_with(options).unwrap();
    assert_eq!((recovered.end, recovered.oldest), (5_000, 5_000));
    assert!(append(&wal, &["x"]).unwrap()[0] > 5_000);
    assert_eq!(texts(&wal, 5_000), ["x"]);
    assert_eq!(read(&wal, 0), [Err(WalError::Cut { oldest: 5_000 })]);
}

#[test]
fn no_word_of_a_delivery_stands_in_a_file() {
    let (store, _) = Store::filled(&[&["CANARY-PATIENT"]]);
    let (wal, _) = store.open();
    assert_eq!(texts(&wal, 0), ["CANARY-PATIENT"]);
    for path in store.segments() {
        let bytes = fs::read(path).unwrap();
        assert!(
            !bytes.windows(6).any(|window| window == b"CANARY") && !bytes.windows(4).any(|window| window == b"main")
        );
    }
}

#[test]
fn another_ring_or_a_newer_format_is_refused_and_nothing_is_touched() {
    let (store, _) = Store::filled(&[&["one"]]);
    let segment = store.segments().remove(0);
    let whole = fs::read(&segment).unwrap();
    let ring = fs::read(store.0.path().join("keys.ring")).unwrap();
    fs::remove_file(store.0.path().join("keys.ring")).unwrap();
    assert_eq!(store.open_with(WalOptions::default()).unwrap_err(), WalError::OtherKeys(1));
    fs::write(store.0.path().join("keys.ring"), ring).unwrap();
    let mut newer = whole.clone();
    newer[9] = 2;
    fs::write(&segment, &newer).unwrap();
    assert_eq!(store.open_with(WalOptions::default()).unwrap_err(), WalError::TooNew(1));
    assert_eq!(fs::read(&segment).unwrap(), newer);
}

#[test]
fn what_is_beyond_the_bounds_is_refused() {
    let store = Store::new();
    let (wal, _) = store.open();
    let mut crooked = delivery("abc");
    crooked.units[0].end = 4;
    assert_eq!(wait(wal.append(vec![crooked])), Err(WalError::Unsound));
    let mut long = delivery("");
    long.bytes = vec![0; Delivery::BYTES_MAX];
    assert_eq!(wait(wal.append(vec![long.clone(), long.clone()])), Err(WalError::TooMuch));
    assert_eq!(wait(wal.append(Vec::new())), Ok(Vec::new()));
    let offset = wait(wal.append(vec![long.clone()])).unwrap()[0];
    let entry = wal.reader(0).read(1).unwrap().remove(0);
    assert_eq!((entry.offset, entry.delivery), (offset, long));
}

#[test]
fn many_appends_at_once_share_a_sync_and_readers_wake_up() {
    let store = Store::new();
    let (wal, _) = store.open();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let mut answers = Vec::new();
        for number in 0..500 {
            answers.push(wal.enqueue(vec![delivery(&number.to_string())]).await.unwrap());
        }
        let mut reader = wal.reader(0);
        let mut seen = Vec::new();
        while seen.len() < 500 {
            reader.wait().await.unwrap();
            seen.extend(reader.read(1 << 20).unwrap().into_iter().map(|entry| entry.offset));
        }
        let mut offsets = Vec::new();
        for answer in answers {
            offsets.extend(answer.await.unwrap());
        }
        assert_eq!(seen, offsets);
        assert!(wal.wait_beyond(offsets[499]).await.is_ok());
    });
    let metrics = wal.metrics();
    assert_eq!(metrics.appended, 500);
    assert!((1..=500).contains(&metrics.fsyncs));
    let mut reader = wal.reader(wal.durable());
    drop(wal);
    assert_eq!(runtime.block_on(reader.wait()), Err(WalError::Closed));
}
