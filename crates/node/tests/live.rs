//! The live street against a scan of the same records: what is found must be the same, also when the node is stopped in between.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cordon_collect::live::SourceRegistry;
use cordon_collect::{Limits, Sources};
use cordon_decode::DecodeOptions;
use cordon_detect::{DetectOptions, Detector};
use cordon_model::{Delivery, Span, Time};
use cordon_node::live::{EventClock, Node, NodeOptions, Opening, Pace, Rules};
use cordon_node::replay::{Timed, timeline};
use cordon_node::{Progress, StreetOptions};
use cordon_policy::AccessScope;
use cordon_rules::Engine;
use cordon_rules::correlate::Plan;
use cordon_rules::parse::{Library, Options};
use cordon_seal::SiteKey;
use cordon_store::disk::FileDisk;
use cordon_store::keys::{KeySource, Keys};
use cordon_store::state::FindingFilter;
use cordon_store::tables::TablesOptions;
use cordon_store::wal::WalOptions;

/// Findings by rule.
type Counts = BTreeMap<String, usize>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rule_files(folder: &Path, found: &mut Vec<(String, String)>) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            rule_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn detector(decode: &DecodeOptions) -> Detector {
    let mut files = Vec::new();
    rule_files(&root().join("rules/healthcare"), &mut files);
    rule_files(&root().join("rules/base"), &mut files);
    let library = Library::load(files, &Options::default());
    let (engine, _) = Engine::compile(&library.rules, &decode.log_sources);
    let numbers: BTreeMap<String, u32> = library
        .rules
        .iter()
        .zip(0..)
        .flat_map(|(rule, number)| {
            rule.name.iter().cloned().chain([rule.card.id.clone()]).map(move |name| (name, number))
        })
        .collect();
    let (plan, _) = Plan::new(&library.correlations, &|name| {
        let number = *numbers.get(name)?;
        Some((number, library.rules.get(number as usize)?.card.id.clone()))
    });
    let options = DetectOptions::new(decode, SiteKey::of_scan());
    Detector::new(engine, Arc::new(plan), &library.correlations, options)
}

fn evening() -> Sources {
    Sources::new(&[root().join("fixtures/lakeside/evening")], Limits::default(), Time(0))
}

fn scanned(decode: &DecodeOptions) -> Counts {
    let options = StreetOptions { decode: decode.clone(), threads: 2, from: None, to: None, count_times: false };
    let mut counts = Counts::new();
    cordon_node::scan::scan(evening(), &options, &detector(decode), &Progress::default(), |found| {
        *counts.entry(found.finding.rule.id.clone()).or_default() += 1;
        Ok(())
    })
    .unwrap();
    counts
}

fn deliveries(timed: &[Timed]) -> Vec<Delivery> {
    let delivery = |one: &Timed| Delivery {
        source: Arc::clone(&one.source),
        site: "main".into(),
        received: one.time,
        format: one.format.into(),
        header: one.header.to_vec(),
        units: vec![Span { start: 0, end: one.bytes.len() }],
        bytes: one.bytes.clone(),
    };
    timed.iter().map(delivery).collect()
}

/// With an event clock that stands still at `now`: the records were received when they happened, so a clock that ran on would call every source silent.
async fn start(folder: &Path, decode: &DecodeOptions, now: Time) -> Node {
    start_with(folder, decode, now, TablesOptions::default()).await
}

async fn start_with(folder: &Path, decode: &DecodeOptions, now: Time, tables: TablesOptions) -> Node {
    let log = WalOptions::default();
    start_bounded(folder, decode, now, tables, log, 4 << 30).await
}

async fn start_bounded(
    folder: &Path,
    decode: &DecodeOptions,
    now: Time,
    tables: TablesOptions,
    wal: WalOptions,
    wal_bytes_max: u64,
) -> Node {
    let keys = Keys::open(Arc::new(FileDisk), folder, &KeySource::File(folder.join("key"))).unwrap();
    let options = NodeOptions {
        data_dir: folder.to_owned(),
        site: "main".into(),
        clock: EventClock::starting_at(now, 0.0),
        decode: decode.clone(),
        workers: 2,
        intake_bytes_max: 64 << 20,
        windows_bytes_max: 64 << 20,
        learnt_bytes_max: 16 << 20,
        alerts_per_week: 0.0,
        work_orders: Vec::new(),
        wal,
        wal_bytes_max,
        tables,
        disk: Arc::new(FileDisk),
        pace: Pace::default(),
    };
    let opening = Opening {
        rules: Arc::new(Rules::new(detector(decode), "test".into())),
        registry: Arc::new(SourceRegistry::new("main".into(), [])),
        keys: Arc::new(keys),
        hash_key: [1, 2],
    };
    Node::start(options, opening).await.unwrap()
}

async fn send(node: &Node, deliveries: &[Delivery]) {
    let mut answers = Vec::new();
    for delivery in deliveries {
        answers.push(node.intake().enqueue(delivery.clone()).await.unwrap());
    }
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
}

async fn found(node: &Node) -> Counts {
    let (mut counts, mut after) = (Counts::new(), None::<String>);
    loop {
        let filter = FindingFilter::default();
        let page = node.state().findings(&AccessScope::of_the_node(), &filter, after.as_deref(), 1_000).await.unwrap();
        page.rows.iter().for_each(|row| *counts.entry(row.rule_id.clone()).or_default() += 1);
        after = page.next;
        if after.is_none() {
            return counts;
        }
    }
}

/// Waits until the findings are those expected, at most a minute; then gives what was found.
async fn found_in_the_end(node: &Node, expected: &Counts) -> Counts {
    for _ in 0..600 {
        if found(node).await == *expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    found(node).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_live_street_finds_what_a_scan_finds_also_over_restarts() {
    let Evening { decode, all, start: began, end } = Evening::new();
    let folder = tempfile::tempdir().unwrap();
    let mut events = 0;
    for part in all.chunks(all.len().div_ceil(3)) {
        let node = start(folder.path(), &decode, began).await;
        send(&node, part).await;
        assert!(node.settled(Duration::from_secs(60)).await);
        events += node.counts().events.load(Ordering::Relaxed);
        node.stop().await;
    }
    let node = start(folder.path(), &decode, end).await;
    let expected = scanned(&decode);
    let live = found_in_the_end(&node, &expected).await;
    node.stop().await;
    assert!(usize::try_from(events).unwrap() >= all.len(), "{events} events of {} records", all.len());
    assert_eq!(live, expected);
}

/// Rows of all event tables.
fn rows(node: &Node) -> u64 {
    node.tables().counts().iter().map(|table| table.rows + table.hot_rows).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sink_could_not_take_before_the_node_stopped_is_taken_after_the_next_start() {
    let Evening { decode, all, start: began, end } = Evening::new();
    let folder = tempfile::tempdir().unwrap();
    let (tables, away) = (folder.path().join("tables"), folder.path().join("away"));
    // every batch has to be written to files before the next is taken
    let no_memory = TablesOptions { hot_bytes_max: 1, flush_bytes: 1, ..TablesOptions::default() };
    let (first, second) = all.split_at(all.len() / 2);
    let node = start_with(folder.path(), &decode, began, no_memory).await;
    send(&node, first).await;
    assert!(node.settled(Duration::from_secs(60)).await);
    std::fs::rename(&tables, &away).unwrap();
    std::fs::write(&tables, "no folder").unwrap();
    send(&node, second).await;
    let is_refused = || node.counts().retries.load(Ordering::Relaxed) > 0;
    for _ in 0..600 {
        if is_refused() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(is_refused(), "the tables took what they had no folder for");
    node.stop().await;
    std::fs::remove_file(&tables).unwrap();
    std::fs::rename(&away, &tables).unwrap();
    let node = start(folder.path(), &decode, began).await;
    assert!(node.settled(Duration::from_secs(60)).await);
    let kept = rows(&node);
    node.stop().await;
    let node = start(folder.path(), &decode, end).await;
    let expected = scanned(&decode);
    let live = found_in_the_end(&node, &expected).await;
    node.stop().await;
    assert_eq!((kept, live), (expected_rows(&decode), expected));
}

/// Bytes of the files of the log.
fn log_bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder.join("wal")).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_largest_size_the_log_is_worked_off_and_senders_wait_and_lose_nothing() {
    let Evening { decode, all, start: began, .. } = Evening::new();
    let folder = tempfile::tempdir().unwrap();
    let (segment, bound) = (64 << 10, 256 << 10);
    let wal = WalOptions { segment_bytes: segment, ..WalOptions::default() };
    // left to themselves, tables and evidence would keep all of it in memory and the log all of it on disk
    let node = start_bounded(folder.path(), &decode, began, TablesOptions::default(), wal, bound).await;
    let mut largest = 0;
    for part in all.chunks(200) {
        send(&node, part).await;
        largest = largest.max(log_bytes(folder.path()));
    }
    let sent: usize = all.iter().map(|delivery| delivery.bytes.len()).sum();
    let sent = u64::try_from(sent).unwrap();
    assert!(sent > 3 * bound, "{sent} bytes do not reach the bound");
    assert!(largest < sent / 2 && largest > bound / 2, "{largest} of {sent} bytes lay in the log");
    assert!(node.settled(Duration::from_secs(60)).await);
    let kept = rows(&node);
    node.stop().await;
    assert_eq!(kept, expected_rows(&decode));
}

/// What the event tables hold of the evening: its events, and the records that gave none.
fn expected_rows(decode: &DecodeOptions) -> u64 {
    let options = StreetOptions { decode: decode.clone(), threads: 1, from: None, to: None, count_times: false };
    let tally = cordon_node::scan::scan(evening(), &options, &detector(decode), &Progress::default(), |_| Ok(()))
        .unwrap()
        .tally;
    tally.events
}

/// Lakeside's evening as deliveries in the order of time.
struct Evening {
    decode: DecodeOptions,
    all: Vec<Delivery>,
    start: Time,
    /// An hour after the last event.
    end: Time,
}

impl Evening {
    fn new() -> Self {
        let decode = DecodeOptions::new(Time::from_rfc3339("2026-03-18T23:59:00Z").unwrap());
        let (timed, _) = timeline(evening(), &decode).unwrap();
        let (start, last) = (timed.first().unwrap().time, timed.last().unwrap().time);
        Self { decode, all: deliveries(&timed), start, end: Time(last.0 + 3_600_000_000) }
    }
}
