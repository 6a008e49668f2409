//! Lakeside's evening as it arrives live and as it is imported, its rules, and nodes to bring it to.

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
use cordon_node::import;
use cordon_node::live::{EventClock, Node, NodeOptions, Opening, Pace, Rules};
use cordon_node::replay::{Timed, timeline};
use cordon_node::{Progress, StreetOptions};
use cordon_rules::Engine;
use cordon_rules::correlate::Plan;
use cordon_rules::parse::{Library, Options};
use cordon_seal::SiteKey;
use cordon_store::disk::FileDisk;
use cordon_store::keys::{KeySource, Keys};
use cordon_store::tables::TablesOptions;
use cordon_store::wal::WalOptions;
use tempfile::TempDir;

/// Findings by rule.
pub(crate) type Counts = BTreeMap<String, usize>;

const HOUR_US: i64 = 3_600_000_000;

/// The evening, and a folder for one node.
pub(crate) struct Hospital {
    pub(crate) decode: DecodeOptions,
    pub(crate) began: Time,
    /// An hour after the last event.
    pub(crate) end: Time,
    timed: Vec<Timed>,
    folder: TempDir,
}

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

fn library() -> Library {
    let mut files = Vec::new();
    rule_files(&root().join("rules/healthcare"), &mut files);
    rule_files(&root().join("rules/base"), &mut files);
    Library::load(files, &Options::default())
}

/// The rules of the pack, or none.
pub(crate) fn detector(decode: &DecodeOptions, has_rules: bool) -> Detector {
    let library = if has_rules { library() } else { Library::default() };
    let (engine, _) = Engine::compile(&library.rules, &decode.log_sources);
    let numbers: BTreeMap<&str, u32> = library.rules.iter().map(|rule| rule.card.id.as_str()).zip(0..).collect();
    let (plan, _) = Plan::new(&library.correlations, &|id| Some((*numbers.get(id)?, id.to_owned())));
    let options = DetectOptions::new(decode, SiteKey::of_scan());
    Detector::new(engine, Arc::new(plan), &library.correlations, options)
}

fn evening() -> Sources {
    Sources::new(&[root().join("fixtures/lakeside/evening")], Limits::default(), Time(0))
}

impl Hospital {
    pub(crate) fn new() -> Self {
        let decode = DecodeOptions::new(Time::from_rfc3339("2026-03-18T23:59:00Z").unwrap());
        let (timed, _) = timeline(evening(), &decode).unwrap();
        let (began, last) = (timed.first().unwrap().time, timed.last().unwrap().time);
        Self { decode, began, end: Time(last.0 + HOUR_US), timed, folder: tempfile::tempdir().unwrap() }
    }

    /// Each record by itself, in the order of time, received when it happened.
    pub(crate) fn live(&self) -> Vec<Delivery> {
        let delivery = |one: &Timed| Delivery {
            source: Arc::clone(&one.source),
            site: "main".into(),
            received: one.time,
            format: one.format.into(),
            header: one.header.to_vec(),
            units: vec![Span { start: 0, end: one.bytes.len() }],
            bytes: one.bytes.clone(),
        };
        self.timed.iter().map(delivery).collect()
    }

    /// As `cordon import` brings it: file after file, received an hour after the evening.
    pub(crate) fn imported(&self) -> Vec<Delivery> {
        let (site, mut all) = ("main".into(), Vec::new());
        let read = import::deliveries(evening(), &self.decode, &site, |delivery| {
            let source = format!("http/import/{}", delivery.source).into();
            all.push(Delivery { source, received: self.end, ..delivery });
            Ok::<(), ()>(())
        });
        assert!(!read.unwrap().input_lost());
        all
    }

    /// What a scan of the same files finds.
    pub(crate) fn scanned(&self) -> Counts {
        let decode = self.decode.clone();
        let options = StreetOptions { decode, threads: 2, from: None, to: None, count_times: false };
        let mut counts = Counts::new();
        cordon_node::scan::scan(evening(), &options, &detector(&self.decode, true), &Progress::default(), |found| {
            *counts.entry(found.finding.rule.id.clone()).or_default() += 1;
            Ok(())
        })
        .unwrap();
        counts
    }

    /// Ids of all correlations of the pack.
    pub(crate) fn correlations(&self) -> Vec<String> {
        library().correlations.into_iter().map(|over| over.card.id).collect()
    }

    /// A node whose event clock stands still at `now`, and whose learnt behaviour says nothing.
    pub(crate) async fn start(&self, now: Time, has_rules: bool) -> Node {
        self.start_with(now, has_rules, 0.0).await
    }

    /// The same without rules, asked for so many findings of learnt behaviour a week.
    pub(crate) async fn start_asking(&self, now: Time, alerts_per_week: f64) -> Node {
        self.start_with(now, false, alerts_per_week).await
    }

    async fn start_with(&self, now: Time, has_rules: bool, alerts_per_week: f64) -> Node {
        let folder = self.folder.path();
        let keys = Keys::open(Arc::new(FileDisk), folder, &KeySource::File(folder.join("key"))).unwrap();
        let options = NodeOptions {
            data_dir: folder.to_owned(),
            site: "main".into(),
            clock: EventClock::starting_at(now, 0.0),
            decode: self.decode.clone(),
            workers: 2,
            intake_bytes_max: 64 << 20,
            windows_bytes_max: 64 << 20,
            learnt_bytes_max: 16 << 20,
            alerts_per_week,
            work_orders: Vec::new(),
            wal: WalOptions::default(),
            wal_bytes_max: 4 << 30,
            tables: TablesOptions::default(),
            disk: Arc::new(FileDisk),
            pace: Pace::default(),
        };
        let opening = Opening {
            rules: Arc::new(Rules::new(detector(&self.decode, has_rules), "test".into())),
            registry: Arc::new(SourceRegistry::new("main".into(), [])),
            keys: Arc::new(keys),
            hash_key: [1, 2],
        };
        Node::start(options, opening).await.unwrap()
    }
}

pub(crate) async fn send(node: &Node, deliveries: &[Delivery]) {
    let mut answers = Vec::new();
    for delivery in deliveries {
        answers.push(node.intake().enqueue(delivery.clone()).await.unwrap());
    }
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
}

pub(crate) async fn is_settled(node: &Node) -> bool {
    node.settled(Duration::from_secs(60)).await
}

/// Waits until the street has decided everything up to ten minutes before `now`.
pub(crate) async fn is_decided(node: &Node, now: Time) {
    let is_decided = || node.counts().decided.load(Ordering::Relaxed) > now.0 - HOUR_US / 6;
    for _ in 0..600 {
        if is_decided() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(is_decided(), "correlations stand still");
}

/// Waits until the findings are those expected, at most a minute; then gives what was found.
pub(crate) async fn found_in_the_end(node: &Node, expected: &Counts) -> Counts {
    for _ in 0..600 {
        if super::found(node).await == *expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    super::found(node).await
}
