//! Lakeside's logs as deliveries, the files of its offices, and nodes to bring them to.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cordon_api::{ControlError, Outcome, Progress};
use cordon_collect::live::SourceRegistry;
use cordon_collect::{Limits, Sources};
use cordon_decode::DecodeOptions;
use cordon_detect::{DetectOptions, Detector};
use cordon_model::{Delivery, Incident, Span, Time};
use cordon_node::config::{Privacy, Span as Length};
use cordon_node::live::{AccessReview, EventClock, Node, NodeOptions, Opening, Pace, Rules};
use cordon_node::replay::timeline;
use cordon_policy::AccessScope;
use cordon_rules::Engine;
use cordon_rules::correlate::Plan;
use cordon_seal::SiteKey;
use cordon_store::disk::FileDisk;
use cordon_store::keys::{KeySource, Keys};
use cordon_store::state::IncidentFilter;
use cordon_store::tables::TablesOptions;
use cordon_store::wal::WalOptions;
use jiff::tz::TimeZone;
use tempfile::TempDir;

/// The site of the node.
pub(crate) const SITE: &str = "main";

/// What a part of the logs is about.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// Audit trails of record systems.
    Records,
    /// That of the image archive.
    Images,
    /// Messages of the interface engine.
    Messages,
}

impl Part {
    pub(crate) const ALL: [Self; 3] = [Self::Records, Self::Images, Self::Messages];

    const fn folder(self) -> &'static str {
        match self {
            Self::Records => "ehr",
            Self::Images => "imaging",
            Self::Messages => "hl7",
        }
    }
}

/// The hospital, and a folder for one node.
pub(crate) struct Hospital {
    pub(crate) decode: DecodeOptions,
    pub(crate) folder: Arc<TempDir>,
    /// People, roster and patients.
    pub(crate) context: Option<PathBuf>,
    /// Accounts of the privacy office.
    pub(crate) office: Vec<String>,
}

fn lakeside(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/lakeside").join(folder)
}

/// When everything is over.
fn end() -> Time {
    Time::from_rfc3339("2026-03-20T00:00:00Z").unwrap()
}

impl Hospital {
    pub(crate) fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self { decode: DecodeOptions::new(end()), folder, context: Some(lakeside("context")), office: Vec::new() }
    }

    /// Records of the evening, the hours before it and the day after it, each by itself, in the order of time, received when it happened.
    pub(crate) fn deliveries(&self, parts: &[Part]) -> Vec<Delivery> {
        self.of(&["around/2026-03-18", "evening", "around/2026-03-19"], parts)
    }

    /// The same without the evening.
    pub(crate) fn quiet(&self) -> Vec<Delivery> {
        self.of(&["around/2026-03-18", "around/2026-03-19"], &Part::ALL)
    }

    fn of(&self, folders: &[&str], parts: &[Part]) -> Vec<Delivery> {
        let mut all = Vec::new();
        for folder in folders {
            let paths: Vec<PathBuf> = parts.iter().map(|part| lakeside(folder).join(part.folder())).collect();
            let (timed, _) = timeline(Sources::new(&paths, Limits::default(), Time(0)), &self.decode).unwrap();
            all.extend(timed.iter().map(|one| Delivery {
                source: format!("{folder}/{}", one.source).into(),
                site: SITE.into(),
                received: one.time,
                format: one.format.into(),
                header: one.header.to_vec(),
                units: vec![Span { start: 0, end: one.bytes.len() }],
                bytes: one.bytes.clone(),
            }));
        }
        all.sort_by_key(|delivery| delivery.received);
        all
    }

    /// A message of the interface engine that comes when everything is over.
    pub(crate) fn message(&self, text: &str) -> Delivery {
        self.late("hl7", text)
    }

    /// A record of this format that comes when everything is over.
    pub(crate) fn late(&self, format: &str, text: &str) -> Delivery {
        Delivery {
            source: "late".into(),
            site: SITE.into(),
            received: end(),
            format: format.into(),
            header: Vec::new(),
            units: vec![Span { start: 0, end: text.len() }],
            bytes: text.as_bytes().to_vec(),
        }
    }

    pub(crate) fn access_review(&self, node: &Node) -> AccessReview {
        let settings = Privacy {
            context_dir: self.context.clone(),
            review_every: Length(21_600),
            days: 30,
            forget_after_days: 90,
            office: self.office.clone(),
            budget: None,
            authorities: Vec::new(),
        };
        node.access_review(SITE, TimeZone::UTC, Arc::new(move || settings.clone()))
    }

    pub(crate) async fn review(&self, node: &Node) -> Result<Outcome, ControlError> {
        self.access_review(node).review(Arc::new(Progress::default())).await
    }

    /// A node whose event clock stands still when everything is over.
    pub(crate) async fn start(&self) -> Node {
        let folder = self.folder.path();
        let keys = Keys::open(Arc::new(FileDisk), folder, &KeySource::File(folder.join("key"))).unwrap();
        let options = NodeOptions {
            data_dir: folder.to_owned(),
            site: SITE.into(),
            clock: EventClock::starting_at(end(), 0.0),
            decode: self.decode.clone(),
            workers: 2,
            intake_bytes_max: 64 << 20,
            windows_bytes_max: 64 << 20,
            wal: WalOptions::default(),
            wal_bytes_max: 4 << 30,
            tables: TablesOptions::default(),
            disk: Arc::new(FileDisk),
            pace: Pace::default(),
            alerts_per_week: 0.0,
            work_orders: Vec::new(),
            learnt_bytes_max: 16 << 20,
        };
        let (engine, _) = Engine::compile(&[], &self.decode.log_sources);
        let (plan, _) = Plan::new(&[], &|_| None);
        let detector = Detector::new(engine, Arc::new(plan), &[], DetectOptions::new(&self.decode, SiteKey::of_scan()));
        let opening = Opening {
            rules: Arc::new(Rules::new(detector, "test".into())),
            registry: Arc::new(SourceRegistry::new(SITE.into(), [])),
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
    assert!(node.settled(Duration::from_secs(120)).await);
}

/// All cases, as the node has them.
pub(crate) async fn incidents(node: &Node) -> Vec<Incident> {
    let scope = AccessScope::of_the_node();
    let page = node.state().incidents(&scope, &IncidentFilter::default(), None, 1_000).await.unwrap();
    let mut all = Vec::new();
    for row in page.rows {
        all.push(node.state().incident(&scope, row.id).await.unwrap().incident);
    }
    all
}
