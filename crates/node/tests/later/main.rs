//! Judging what is stored: what a backfill or an import finds against what a scan of the same records finds.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod hospital;
mod learnt;

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon_api::Progress;
use cordon_model::{Delivery, Time};
use cordon_node::live::{Generation, LookBack, Node, Purpose, Rules};
use cordon_policy::AccessScope;
use cordon_store::state::{FindingFilter, FindingRow};
use hospital::{Counts, Hospital, detector};

fn generation(hospital: &Hospital) -> Generation {
    Rules::new(detector(&hospital.decode, true), "all".into()).current()
}

fn backfill(rules: Generation) -> LookBack {
    let purpose = Purpose::Backfill { is_told: false };
    LookBack { rules, received: Time(i64::MIN)..Time(i64::MAX), purpose }
}

/// Runs it and gives its counts by name.
async fn look_back(node: &Node, asked: LookBack) -> BTreeMap<&'static str, u64> {
    node.look_back(asked, Arc::new(Progress::default())).await.unwrap().counts
}

async fn rows(node: &Node) -> Vec<FindingRow> {
    let (mut rows, mut after) = (Vec::new(), None::<String>);
    loop {
        let filter = FindingFilter::default();
        let page = node.state().findings(&AccessScope::of_the_node(), &filter, after.as_deref(), 1_000).await.unwrap();
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return rows;
        }
    }
}

async fn found(node: &Node) -> Counts {
    let mut counts = Counts::new();
    rows(node).await.iter().for_each(|row| *counts.entry(row.rule_id.clone()).or_default() += 1);
    counts
}

/// A node that stands an hour after the evening, with everything in it; half of it in evidence, half in the log.
async fn node_with(hospital: &Hospital, deliveries: &[Delivery], has_rules: bool) -> Node {
    let (first, second) = deliveries.split_at(deliveries.len() / 2);
    let node = hospital.start(hospital.began, has_rules).await;
    hospital::send(&node, first).await;
    node.stop().await;
    let node = hospital.start(hospital.end, has_rules).await;
    hospital::send(&node, second).await;
    assert!(hospital::is_settled(&node).await);
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_of_rules_that_never_ran_finds_what_a_scan_finds() {
    let hospital = Hospital::new();
    let node = node_with(&hospital, &hospital.live(), false).await;
    hospital::is_decided(&node, hospital.end).await;
    assert_eq!(found(&node).await, Counts::new());
    let counts = look_back(&node, backfill(generation(&hospital))).await;
    let (rows, expected) = (rows(&node).await, hospital.scanned());
    node.stop().await;
    let mut by_rule = Counts::new();
    rows.iter().for_each(|row| *by_rule.entry(row.rule_id.clone()).or_default() += 1);
    assert_eq!(by_rule, expected);
    assert_eq!(counts["findings_new"], expected.values().map(|count| *count as u64).sum::<u64>());
    assert!(counts["findings_of_correlations"] > 0, "{counts:?}");
    let mark = serde_json::json!({"by": "backfill", "quiet": true});
    assert!(rows.iter().all(|row| row.explanation["later"] == mark));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_of_rules_that_ran_adds_nothing() {
    let hospital = Hospital::new();
    let node = node_with(&hospital, &hospital.live(), true).await;
    let expected = hospital.scanned();
    assert_eq!(hospital::found_in_the_end(&node, &expected).await, expected, "live");
    let counts = look_back(&node, backfill(generation(&hospital))).await;
    let after = rows(&node).await;
    node.stop().await;
    let all: usize = expected.values().sum();
    assert_eq!((counts["findings_new"], counts["findings_known"], after.len()), (0, all as u64, all));
    assert!(after.iter().all(|row| row.explanation.get("later").is_none()), "those found live stay as they are");
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_history_gives_what_a_scan_gives_correlations_included() {
    let hospital = Hospital::new();
    // in the order of files, as `cordon import` sends them: correlations see them in the order of time all the same
    let node = node_with(&hospital, &hospital.imported(), true).await;
    let rules = generation(&hospital);
    let before = found(&node).await;
    let received = Time(i64::MIN)..Time(i64::MAX);
    let history = LookBack { rules, received, purpose: Purpose::History };
    let counts = look_back(&node, history.clone()).await;
    let (rows, expected) = (rows(&node).await, hospital.scanned());
    let again = look_back(&node, history).await;
    node.stop().await;
    let mut by_rule = Counts::new();
    rows.iter().for_each(|row| *by_rule.entry(row.rule_id.clone()).or_default() += 1);
    assert_eq!(by_rule, expected);
    assert!(before.values().sum::<usize>() < rows.len(), "correlations wait for the end of the import");
    assert_eq!(counts["findings_new"], counts["findings_of_correlations"]);
    assert_eq!((again["findings_new"], again["findings_known"]), (0, counts["findings_new"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn history_does_not_touch_the_windows_of_what_happens_now() {
    let hospital = Hospital::new();
    let (live, imported) = (hospital.live(), hospital.imported());
    let node = hospital.start(hospital.began, true).await;
    // both at once, one by one: what is imported is received in between
    let mixed = live.iter().zip(imported.iter().cycle()).flat_map(|(one, other)| {
        let other = Delivery { received: one.received, ..other.clone() };
        [one.clone(), other]
    });
    let mixed: Vec<Delivery> = mixed.collect();
    hospital::send(&node, &mixed).await;
    assert!(hospital::is_settled(&node).await);
    node.stop().await;
    let node = hospital.start(hospital.end, true).await;
    let correlations = hospital.correlations();
    let expected: Counts = hospital.scanned().into_iter().filter(|(rule, _)| correlations.contains(rule)).collect();
    for _ in 0..600 {
        if of(&node, &correlations).await == expected {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let found = of(&node, &correlations).await;
    node.stop().await;
    assert_eq!(found, expected);
}

async fn of(node: &Node, rules: &[String]) -> Counts {
    found(node).await.into_iter().filter(|(rule, _)| rules.contains(rule)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_of_rules_answers_what_they_find_and_keeps_nothing() {
    let hospital = Hospital::new();
    let node = node_with(&hospital, &hospital.live(), false).await;
    let test = |scope: AccessScope| LookBack {
        rules: generation(&hospital),
        received: hospital.began..hospital.end,
        purpose: Purpose::Test(scope),
    };
    let progress = || Arc::new(Progress::default());
    let node_scope = AccessScope::of_the_node();
    let whole = node.look_back(test(node_scope.clone()), progress()).await.unwrap();
    let masked = node.look_back(test(node_scope.clone().masking("user")), progress()).await.unwrap();
    let elsewhere = node_scope.narrowed_to_sites(&["elsewhere".to_owned()].into());
    let elsewhere = node.look_back(test(elsewhere), progress()).await.unwrap();
    let (kept, expected) = (found(&node).await, hospital.scanned());
    node.stop().await;
    assert_eq!(kept, Counts::new());
    let all: usize = expected.values().sum();
    assert_eq!((whole.counts["findings"], whole.matches.len()), (all as u64, all.min(100)));
    assert!(whole.events.len() <= 100 && whole.counts["events"] > 1_000, "{:?}", whole.counts);
    let values = |sentence: &str| sentence.contains(" is ");
    assert!(whole.matches.iter().any(|found| values(&found.sentence)));
    let named: Vec<_> = masked.matches.iter().filter(|found| found.sentence.split(": ").skip(1).any(values)).collect();
    assert_eq!((masked.counts["findings"], named.len()), (whole.counts["findings"], 0), "{named:?}");
    assert_eq!((elsewhere.counts["findings"], elsewhere.counts["events"]), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_is_cancelled_ends_with_what_it_has_and_says_so() {
    let hospital = Hospital::new();
    let node = node_with(&hospital, &hospital.live(), false).await;
    let progress = Arc::new(Progress::default());
    progress.cancel();
    let outcome = node.look_back(backfill(generation(&hospital)), progress).await.unwrap();
    node.stop().await;
    assert_eq!((outcome.counts["events"], outcome.counts["findings_new"]), (0, 0));
    assert_eq!(outcome.notes, ["it ended before everything was judged; correlations were not"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_received_in_the_range_is_judged() {
    let hospital = Hospital::new();
    let live = hospital.live();
    let node = node_with(&hospital, &live, false).await;
    let (from, to) = (live[live.len() / 4].received, live[live.len() * 3 / 4].received);
    let within = live.iter().filter(|delivery| from <= delivery.received && delivery.received < to).count();
    let asked = LookBack { received: from..to, ..backfill(generation(&hospital)) };
    let counts = look_back(&node, asked).await;
    node.stop().await;
    assert_eq!(counts["deliveries"], within as u64);
}
