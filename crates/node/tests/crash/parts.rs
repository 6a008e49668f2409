//! What every test here needs: rules, records with a marker each, and the street of a node on any disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cordon_collect::live::SourceRegistry;
use cordon_decode::DecodeOptions;
use cordon_detect::{DetectOptions, Detector};
use cordon_model::{Delivery, Span, Time};
use cordon_node::live::{EventClock, Node, NodeOptions, Opening, Pace, Rules, StartError};
use cordon_rules::Engine;
use cordon_rules::correlate::Plan;
use cordon_rules::parse::{Library, Options};
use cordon_seal::SiteKey;
use cordon_store::disk::Disk;
use cordon_store::keys::{KeySource, Keys};
use cordon_store::tables::TablesOptions;
use cordon_store::wal::WalOptions;

/// Records of one batch; a correlation counts them by the batch's name.
pub(crate) const BATCH: usize = 10;
/// Rule that finds every record.
pub(crate) const ONE: &str = "11111111-2c3e-4a53-8d56-6c9fb6a0c001";
/// Rule that the correlation counts; it gives no findings of its own.
const BASE: &str = "11111111-2c3e-4a53-8d56-6c9fb6a0c002";
/// Correlation that finds every whole batch.
pub(crate) const ALL: &str = "11111111-2c3e-4a53-8d56-6c9fb6a0c003";
/// Records are dated so far ahead that no delay of the machine makes them late for their correlation.
const AHEAD_US: i64 = 10_000_000;

const RULES: &str = "
title: One refused
id: 11111111-2c3e-4a53-8d56-6c9fb6a0c001
author: Cordon project
logsource: {product: linux, service: sshd}
detection: {selection: {action: login, outcome: failure}, condition: selection}
level: low
---
title: One of a batch refused
id: 11111111-2c3e-4a53-8d56-6c9fb6a0c002
name: one_of_batch
author: Cordon project
logsource: {product: linux, service: sshd}
detection: {selection: {action: login, outcome: failure}, condition: selection}
level: informational
---
title: A whole batch refused
id: 11111111-2c3e-4a53-8d56-6c9fb6a0c003
author: Cordon project
correlation: {type: event_count, rules: [one_of_batch], group-by: [hostname], timespan: 10m, condition: {gte: 10}}
level: medium
";

pub(crate) fn decode() -> DecodeOptions {
    DecodeOptions::new(EventClock::system().now())
}

pub(crate) fn detector(decode: &DecodeOptions) -> Detector {
    let library = Library::load(vec![("rules.yml".to_owned(), RULES.to_owned())], &Options::default());
    let (engine, refused) = Engine::compile(&library.rules, &decode.log_sources);
    assert!(refused.is_empty() && library.refusals.is_empty(), "{refused:?} {:?}", library.refusals);
    let numbers: BTreeMap<&str, u32> =
        library.rules.iter().zip(0..).map(|(rule, number)| (rule.card.id.as_str(), number)).collect();
    let (plan, refused) = Plan::new(&library.correlations, &|id| Some((*numbers.get(id)?, BASE.to_owned())));
    assert!(refused.is_empty(), "{refused:?}");
    let options = DetectOptions::new(decode, SiteKey::of_scan());
    Detector::new(engine, Arc::new(plan), &library.correlations, options)
}

/// A refused login; `marker` is the user, `host` the machine.
pub(crate) fn line(marker: &str, host: &str, time: Time) -> String {
    format!("<86>1 {time} {host} sshd 811 - - Failed password for {marker} from 192.0.2.7 port 50000 ssh2")
}

/// The lines of a batch, dated a little ahead of `now`, and their markers.
pub(crate) fn batch(host: &str, now: Time) -> (String, Vec<String>) {
    let markers: Vec<String> = (0..BATCH).map(|number| format!("{host}n{number}")).collect();
    let lines = markers.iter().map(|marker| line(marker, host, Time(now.0 + AHEAD_US)) + "\n");
    (lines.collect(), markers)
}

/// Lines as a listener hands them over.
pub(crate) fn delivery(source: &str, lines: &str, received: Time) -> Delivery {
    let mut units = Vec::new();
    let mut start = 0;
    for line in lines.split_inclusive('\n') {
        units.push(Span { start, end: start + line.trim_end().len() });
        start += line.len();
    }
    Delivery {
        source: source.into(),
        site: "main".into(),
        received,
        format: "syslog".into(),
        header: Vec::new(),
        bytes: lines.as_bytes().to_vec(),
        units,
    }
}

/// Everything often, so that much can be interrupted within a second.
pub(crate) const HASTE: Pace = Pace {
    batch_bytes: 1 << 20,
    snapshot_every: Duration::from_millis(150),
    evidence_bytes_max: 16 << 10,
    evidence_every: Duration::from_millis(300),
    tidy_every: Duration::from_millis(400),
    vacuum_spares: Duration::ZERO,
    retry_after: Duration::from_millis(20),
};

pub(crate) fn hasty_wal() -> WalOptions {
    WalOptions { segment_bytes: 24 << 10, ..WalOptions::default() }
}

pub(crate) fn hasty_tables() -> TablesOptions {
    TablesOptions { flush_bytes: 1 << 20, flush_after: Duration::from_millis(100), ..TablesOptions::default() }
}

/// A node that a test starts again and again.
pub(crate) struct Street {
    pub(crate) data_dir: PathBuf,
    pub(crate) clock: EventClock,
    pub(crate) tables: TablesOptions,
    pub(crate) wal: WalOptions,
    pub(crate) pace: Pace,
}

impl Street {
    pub(crate) fn hasty(data_dir: &Path) -> Self {
        let clock = EventClock::system();
        Self { data_dir: data_dir.to_owned(), clock, tables: hasty_tables(), wal: hasty_wal(), pace: HASTE }
    }

    /// Starts it with everything but the state on `disk`.
    pub(crate) async fn start(&self, disk: Arc<dyn Disk>) -> Result<Node, StartError> {
        let source = KeySource::File(self.data_dir.join("master.key"));
        let keys = Keys::open(Arc::clone(&disk), &self.data_dir, &source)
            .map_err(|error| StartError::Store("the keys", Box::new(error)))?;
        let decode = decode();
        let opening = Opening {
            rules: Arc::new(Rules::new(detector(&decode), "test".into())),
            registry: Arc::new(SourceRegistry::new("main".into(), [])),
            keys: Arc::new(keys),
            hash_key: [1, 2],
        };
        let options = NodeOptions {
            data_dir: self.data_dir.clone(),
            site: "main".into(),
            clock: self.clock,
            decode,
            workers: 2,
            intake_bytes_max: 64 << 20,
            windows_bytes_max: 64 << 20,
            learnt_bytes_max: 16 << 20,
            alerts_per_week: 0.0,
            work_orders: Vec::new(),
            wal: self.wal,
            wal_bytes_max: 1 << 30,
            tables: self.tables,
            disk,
            pace: self.pace,
        };
        Node::start(options, opening).await
    }
}
