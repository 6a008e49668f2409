//! Retention over a real node folder: weeks of events under an event clock that a test sets, a small budget, and what has to be there afterwards.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cordon_collect::live::{NotKept, SourceRegistry};
use cordon_decode::DecodeOptions;
use cordon_detect::{DetectOptions, Detector};
use cordon_model::{Delivery, Span, Time};
use cordon_node::config::{Retention as Settings, SourceShare};
use cordon_node::live::{EventClock, Left, Node, NodeOptions, Opening, Pace, Retention, Rules};
use cordon_policy::AccessScope;
use cordon_rules::Engine;
use cordon_rules::correlate::Plan;
use cordon_rules::parse::{Library, Options};
use cordon_seal::SiteKey;
use cordon_store::disk::FileDisk;
use cordon_store::evidence::Kept;
use cordon_store::keys::{KeySource, Keys};
use cordon_store::query::{Queries, QueryOptions, filter::Filter};
use cordon_store::state::{AuditFilter, By, FindingFilter, NewHold};
use cordon_store::tables::TablesOptions;
use cordon_store::wal::WalOptions;

/// 2026-10-01.
const FIRST: i64 = 20_727;
const DAY_US: i64 = 86_400_000_000;

const RULE: &str = "title: Cited
id: 77777777-7777-4777-8777-777777777777
level: high
logsource: {product: linux, service: syslog}
detection:
  words: ['*CITED*']
  condition: words
";

fn detector(decode: &DecodeOptions) -> Detector {
    let library = Library::load(vec![("cited.yml".to_owned(), RULE.to_owned())], &Options::default());
    let (engine, _) = Engine::compile(&library.rules, &decode.log_sources);
    let (plan, _) = Plan::new(&library.correlations, &|_| None);
    let options = DetectOptions::new(decode, SiteKey::of_scan());
    Detector::new(engine, Arc::new(plan), &library.correlations, options)
}

/// A node whose clock stands at noon of a day.
async fn start(folder: &Path, day: i64) -> Node {
    let decode = DecodeOptions::new(Time(0));
    let keys = Keys::open(Arc::new(FileDisk), folder, &KeySource::File(folder.join("key"))).unwrap();
    let options = NodeOptions {
        data_dir: folder.to_owned(),
        site: "main".into(),
        clock: EventClock::starting_at(Time(day * DAY_US + DAY_US / 2), 0.0),
        decode: decode.clone(),
        workers: 1,
        intake_bytes_max: 64 << 20,
        windows_bytes_max: 64 << 20,
        learnt_bytes_max: 16 << 20,
        alerts_per_week: 0.0,
        work_orders: Vec::new(),
        wal: WalOptions::default(),
        wal_bytes_max: u64::MAX,
        disk: Arc::new(FileDisk),
        pace: Pace::default(),
        tables: TablesOptions::default(),
    };
    let opening = Opening {
        rules: Arc::new(Rules::new(detector(&decode), "test".into())),
        registry: Arc::new(SourceRegistry::new("main".into(), [])),
        keys: Arc::new(keys),
        hash_key: [1, 2],
    };
    Node::start(options, opening).await.unwrap()
}

/// Settings that a test changes between rounds.
type Shared = Arc<Mutex<Settings>>;

fn settings() -> Shared {
    let settings =
        Settings { bytes_max: None, days_max: 400, cited_days_min: 2_190, classes: Vec::new(), sources: Vec::new() };
    Arc::new(Mutex::new(settings))
}

fn retention(node: &Node, settings: &Shared) -> Retention {
    let settings = Arc::clone(settings);
    node.retention("main".into(), Arc::new(move || settings.lock().unwrap().clone())).unwrap()
}

/// `count` lines of one source on one day; the first of them as `first` says. Text that does not compress, so that bytes go with events.
fn lines(source: &str, day: i64, count: i64, first: &str) -> Delivery {
    let mut bytes = Vec::new();
    let mut units = Vec::new();
    for number in 0..count {
        let at = Time(day * DAY_US + number * 1_000_000);
        let what = if number == 0 { first.to_owned() } else { format!("{source} app") };
        let text: String = (0..6).map(|part| noise(&format!("{source} {first}"), day, number * 8 + part)).collect();
        let start = bytes.len();
        bytes.extend_from_slice(format!("<14>1 {at} {what} - - - {text}").as_bytes());
        units.push(Span { start, end: bytes.len() });
        bytes.push(b'\n');
    }
    Delivery {
        source: source.into(),
        site: "main".into(),
        received: Time(day * DAY_US + 40_000_000),
        format: "syslog".into(),
        header: Vec::new(),
        bytes,
        units,
    }
}

fn noise(source: &str, day: i64, number: i64) -> String {
    let digest = cordon_seal::digest(format!("{source} {day} {number}").as_bytes());
    digest.to_string()
}

async fn send(node: &Node, deliveries: Vec<Delivery>) {
    for delivery in deliveries {
        node.intake().enqueue(delivery).await.unwrap().await.unwrap().unwrap();
    }
    assert!(node.settled(Duration::from_secs(300)).await);
}

/// Stops and starts again: everything is in files then, and the log is cut.
async fn again(node: Node, folder: &Path, day: i64) -> Node {
    node.stop().await;
    start(folder, day).await
}

/// Offsets of the events of a filter on a day.
async fn offsets(node: &Node, filter: &str, day: i64) -> Vec<u64> {
    let spill = tempfile::tempdir().unwrap();
    let queries = Queries::new(node.tables().clone(), QueryOptions::spilling_to(spill.path().to_owned())).unwrap();
    let (filter, day) = (Filter::parse(filter).unwrap(), i32::try_from(day).unwrap());
    let rows = queries.held(&filter, Time(0), None, day, 100_000, Duration::from_secs(300)).await.unwrap().unwrap();
    let mut offsets: Vec<u64> = rows.into_iter().map(|row| row.position).collect();
    offsets.sort_unstable();
    offsets
}

/// Events by source and day, counted from the first.
async fn events(node: &Node) -> BTreeMap<(String, i64), u64> {
    let mut events = BTreeMap::new();
    for of in node.tables().sources().await.unwrap() {
        *events.entry((of.source.to_string(), i64::from(of.day) - FIRST)).or_default() += of.rows;
    }
    events
}

async fn sound(node: &Node) {
    let evidence = Arc::clone(node.evidence());
    let report = tokio::task::spawn_blocking(move || evidence.verify().unwrap()).await.unwrap();
    assert_eq!(report.faults, []);
    assert_eq!(node.tables().verify().await.unwrap().faults, Vec::<String>::new());
    node.state().verify_audit().await.unwrap();
}

fn is_here(node: &Node, offset: u64) -> bool {
    matches!(node.evidence().read(offset).unwrap(), Kept::Here(_))
}

/// Rounds until nothing leaves any more: files keep some bytes however few rows stay in them, so one round can free less than it planned.
async fn settle(looking: &mut Retention) -> Vec<Left> {
    let mut rounds = Vec::new();
    loop {
        let left = looking.round().await.unwrap();
        if left == Left::default() {
            return rounds;
        }
        rounds.push(left);
        assert!(rounds.len() < 10, "{rounds:?}");
    }
}

/// A budget of so much of the data beside what the node itself needs.
fn budget(node: &Node, settings: &Shared, percent: u64) {
    let standing = node.room().standing();
    settings.lock().unwrap().bytes_max = Some(standing.other + (standing.bytes - standing.other) * percent / 100);
}

/// Weeks of two sources: some days have a line that a rule finds, one has a line of a ward that will be held.
async fn send_weeks(node: &Node, days: i64) {
    for day in 0..days {
        let first = match day {
            2 => "ward-7 app",
            0..6 => "ehr CITED",
            _ => "ehr app",
        };
        let ehr = lines("ehr", FIRST + day, 100, first);
        let badge = lines("badge", FIRST + day, 100, "badge app");
        send(node, vec![ehr, badge]).await;
    }
}

async fn hold_ward(node: &Node, today: i64) {
    let review = Time((FIRST + 900) * DAY_US);
    let hold = NewHold {
        site: None,
        query: "host:ward-7".to_owned(),
        reason: "a case".to_owned(),
        owner: "legal".to_owned(),
        review,
    };
    node.state().add_hold(&By::node(Time(today * DAY_US)), &hold).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn old_days_leave_and_what_is_cited_or_held_stays_and_verifies_also_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let (days, settings) = (21, settings());
    let node = start(folder.path(), FIRST + days).await;
    send_weeks(&node, days).await;
    hold_ward(&node, FIRST + days).await;
    let node = again(again(node, folder.path(), FIRST + days).await, folder.path(), FIRST + days).await;
    let held = offsets(&node, "host:ward-7", FIRST + 2).await;
    let cited = node.state().cited(0..u64::MAX, Time(0)).await.unwrap().unwrap();
    assert_eq!((held.len(), cited.len()), (1, 5));
    let others: Vec<u64> = offsets(&node, "host:badge", FIRST + 1).await;

    let mut looking = retention(&node, &settings);
    assert_eq!(looking.round().await.unwrap(), Left::default());
    budget(&node, &settings, 60);
    let rounds = settle(&mut looking).await;
    assert!(rounds[0].events > 500 && rounds[0].records > 500 && rounds[0].bytes > 0, "{rounds:?}");
    let standing = node.room().standing();
    assert!(standing.bytes <= standing.budget && standing.is_turning && standing.short == 0, "{standing:?}");
    let kept = events(&node).await;
    assert_eq!((kept.get(&("ehr".to_owned(), 0)), kept.get(&("badge".to_owned(), 0))), (Some(&1), None));
    assert_eq!(kept.get(&("ehr".to_owned(), days - 1)), Some(&100));
    assert!(held.iter().chain(cited.keys()).all(|offset| is_here(&node, *offset)));
    assert_eq!(offsets(&node, "host:ward-7", FIRST + 2).await, held);
    assert!(others.iter().all(|offset| matches!(node.evidence().read(*offset).unwrap(), Kept::Removed { .. })));
    sound(&node).await;
    assert_eq!(looking.round().await.unwrap(), Left::default(), "nothing is done twice");
    let audit = AuditFilter { action: Some("data_removed".to_owned()), ..AuditFilter::default() };
    assert_eq!(node.state().audit_rows(&audit, None, 10).await.unwrap().rows.len(), rounds.len());

    let node = again(node, folder.path(), FIRST + days + 2).await;
    let mut looking = retention(&node, &settings);
    assert_eq!(looking.round().await.unwrap(), Left::default(), "a restart changes nothing");
    send(&node, (0..2).map(|day| lines("badge", FIRST + days + day, 60, "badge app")).collect()).await;
    let node = again(node, folder.path(), FIRST + days + 2).await;
    // by age: everything older than a week
    settings.lock().unwrap().days_max = 7;
    let mut looking = retention(&node, &settings);
    assert!(settle(&mut looking).await[0].events > 0);
    let kept: BTreeSet<i64> =
        events(&node).await.into_iter().filter(|(_, rows)| *rows > 1).map(|((_, day), _)| day).collect();
    assert_eq!(kept, (days - 5..days + 2).collect());
    assert!(held.iter().chain(cited.keys()).all(|offset| is_here(&node, *offset)));
    sound(&node).await;

    // once the hold is released and nothing is cited any more, the rest leaves too
    let hold = node.state().holds(false).await.unwrap()[0].hold_id;
    node.state().end_hold(&By::node(Time((FIRST + days) * DAY_US)), hold).await.unwrap();
    settings.lock().unwrap().cited_days_min = 0;
    assert!(settle(&mut looking).await[0].events > 0);
    assert!(!is_here(&node, held[0]));
    let first = events(&node).await.into_keys().map(|(_, day)| day).min();
    assert_eq!(first, Some(days - 5));
    let findings =
        node.state().findings(&AccessScope::of_the_node(), &FindingFilter::default(), None, 100).await.unwrap();
    assert!(findings.rows.iter().filter(|row| !row.rule_id.starts_with("cordon-")).count() < 8, "older ones left too");
    sound(&node).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_at_100_times_its_usual_volume_loses_its_own_and_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let (days, settings) = (10, settings());
    let node = start(folder.path(), FIRST + days).await;
    for day in 0..days - 1 {
        let of = ["ehr", "badge", "firewall"].map(|source| lines(source, FIRST + day, 20, "host app"));
        send(&node, of.into()).await;
    }
    let node = again(node, folder.path(), FIRST + days).await;
    retention(&node, &settings).round().await.unwrap();
    let usual = node.room().standing();
    // the flood: others send as always in between
    let (mut flood, day) = (Vec::new(), FIRST + days - 1);
    for part in 0..20 {
        flood.push(lines("firewall", day, 100, &format!("flood-{part} app")));
        flood.extend(["ehr", "badge"].map(|source| lines(source, day, 1, &format!("{source}-{part} app"))));
    }
    send(&node, flood).await;
    let node = again(again(node, folder.path(), FIRST + days).await, folder.path(), FIRST + days).await;
    let before = events(&node).await;
    let evidence = |node: &Node| {
        let counts = node.evidence().counts(0..=u64::MAX, &|_| true).unwrap();
        counts
            .values()
            .flat_map(|of| of.own.iter())
            .map(|(source, of)| (source.to_string(), of.sealed))
            .collect::<Vec<_>>()
    };
    let sealed_before = evidence(&node);
    // the state has grown with the flood and cannot leave: the budget is for the data
    let mut looking = retention(&node, &settings);
    looking.round().await.unwrap();
    let other = node.room().standing().other;
    settings.lock().unwrap().bytes_max = Some(other + (usual.bytes - usual.other) * 130 / 100);
    let left = settle(&mut looking).await;
    let standing = node.room().standing();
    assert!(left[0].events >= 2_000 && left[0].records >= 2_000, "{left:?}");
    assert!(standing.bytes <= standing.budget && standing.short == 0, "{standing:?}");
    let of_others = |events: &BTreeMap<(String, i64), u64>| -> Vec<((String, i64), u64)> {
        events.iter().filter(|((source, _), _)| source != "firewall").map(|(of, rows)| (of.clone(), *rows)).collect()
    };
    assert_eq!(of_others(&events(&node).await), of_others(&before));
    let sealed_of_others = |all: &[(String, u64)]| -> u64 {
        all.iter().filter(|(source, _)| source != "firewall").map(|(_, sealed)| sealed).sum()
    };
    assert_eq!(sealed_of_others(&evidence(&node)), sealed_of_others(&sealed_before));
    sound(&node).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_only_protected_data_is_left_intake_goes_on_above_the_budget_and_a_person_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings();
    let node = start(folder.path(), FIRST + 6).await;
    for day in 0..6 {
        send(&node, vec![lines("ehr", FIRST + day, 40, "ehr app")]).await;
    }
    let node = again(node, folder.path(), FIRST + 6).await;
    let mut looking = retention(&node, &settings);
    looking.round().await.unwrap();
    budget(&node, &settings, 150);
    looking.round().await.unwrap();
    let told = async || {
        let all = FindingFilter::default();
        let found = node.state().findings(&AccessScope::of_the_node(), &all, None, 100).await.unwrap();
        found.rows.into_iter().map(|row| row.rule_id).collect::<Vec<_>>()
    };
    assert_eq!(told().await, ["cordon-disk-fills"], "the alarm comes before");
    assert!(node.room().standing().days_left.is_some_and(|days| days < 7));
    settings.lock().unwrap().sources =
        vec![SourceShare { source: "ehr".to_owned(), share_percent_max: 100, days_min: 4 }];
    budget(&node, &settings, 20);
    assert!(settle(&mut looking).await[0].events > 0);
    let standing = node.room().standing();
    assert!(standing.short > 0 && standing.protected > 0, "{standing:?}");
    let days: Vec<i64> = events(&node).await.into_keys().map(|(_, day)| day).collect();
    assert_eq!(days, [3, 4, 5], "younger than four days");
    assert_eq!(told().await, ["cordon-disk-protected", "cordon-disk-fills"]);
    send(&node, vec![lines("ehr", FIRST + 6, 40, "ehr app")]).await;
    looking.round().await.unwrap();
    assert_eq!(told().await.len(), 2, "told once");
    // at the reserve of the file system senders that can wait do, and it goes on by itself
    node.room().note_free(1, 1 << 20);
    let refused = node.intake().enqueue(lines("ehr", FIRST + 6, 1, "ehr app")).await.unwrap().await.unwrap();
    assert_eq!(refused, Err(NotKept::Unwritable));
    node.room().note_free(1 << 30, 1 << 20);
    send(&node, vec![lines("ehr", FIRST + 6, 1, "ehr app")]).await;
    sound(&node).await;
    node.stop().await;
}
