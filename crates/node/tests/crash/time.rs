//! Clocks that lie: the node's own is set forward and back by a day, a source dates its events 1970 and 2099.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cordon_model::Time;
use cordon_node::live::{EventClock, Node};
use cordon_store::disk::FileDisk;

use super::ledger::Ledger;
use super::look::look;
use super::parts::{Street, delivery, line};
use super::power::{clock, decide, send, settle};

const DAY_US: i64 = 86_400_000_000;

/// A clock that is set by so much while the node works, and set right again later.
async fn check(jump: i64) {
    let home = tempfile::tempdir().unwrap();
    let (clock, moved) = clock();
    let street = Street { clock, ..Street::hasty(home.path()) };
    let mut ledger = Ledger::default();
    let node = street.start(Arc::new(FileDisk)).await.unwrap();
    for (name, by) in [("before", 0), ("wrong", jump), ("right", -jump), ("again", 0)] {
        moved.fetch_add(by, Ordering::Relaxed);
        for number in 0..10 {
            let source = if number % 2 == 0 { "a" } else { "b" };
            assert!(send(&node, clock, source, format!("{name}{number}"), &mut ledger).await);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        // every source falls silent: time goes on by the clock alone
        decide(&node, moved, &ledger).await;
    }
    let days: BTreeSet<i32> = node.tables().days().into_iter().map(|counts| counts.day).collect();
    node.stop().await;
    assert!(days.len() <= 3, "{days:?}");
    let wrong = look(Arc::new(FileDisk), home.path(), &ledger).await;
    assert_eq!(wrong, Ok(Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_a_day_ahead_loses_nothing_and_blinds_no_correlation() {
    check(DAY_US).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_a_day_behind_loses_nothing_and_blinds_no_correlation() {
    check(-DAY_US).await;
}

/// A batch of the hostile source, dated so.
async fn lie(node: &Node, clock: EventClock, host: &str, dated: &str, ledger: &mut Ledger) {
    let markers: Vec<String> = (0..10).map(|number| format!("{host}n{number}")).collect();
    let time = Time::from_rfc3339(dated).unwrap();
    let lines: String = markers.iter().map(|marker| line(marker, host, time) + "\n").collect();
    node.intake().submit(delivery("hostile", &lines, clock.now())).await.unwrap();
    ledger.lies.insert(host.to_owned());
    ledger.add(host.to_owned(), markers, true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_with_dates_in_1970_and_2099_blinds_neither_others_nor_itself() {
    let home = tempfile::tempdir().unwrap();
    let (clock, moved) = clock();
    let street = Street { clock, ..Street::hasty(home.path()) };
    let mut ledger = Ledger::default();
    let node = street.start(Arc::new(FileDisk)).await.unwrap();
    for number in 0..20 {
        lie(&node, clock, &format!("old{number}"), "1970-01-01T00:00:01Z", &mut ledger).await;
        lie(&node, clock, &format!("new{number}"), "2099-12-31T23:59:59Z", &mut ledger).await;
        assert!(send(&node, clock, "honest", format!("honest{number}"), &mut ledger).await);
        // in between it says the truth
        assert!(send(&node, clock, "hostile", format!("true{number}"), &mut ledger).await);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    settle(&node).await;
    // half a minute later it is still lying, and everything that was due has been said
    moved.fetch_add(30_000_000, Ordering::Relaxed);
    let mut found = 0;
    for number in 0..200 {
        lie(&node, clock, &format!("later{number}"), "1970-01-01T00:00:01Z", &mut ledger).await;
        lie(&node, clock, &format!("ahead{number}"), "2099-12-31T23:59:59Z", &mut ledger).await;
        let hosts = super::look::findings(node.state(), super::parts::ALL).await;
        found = hosts.keys().filter(|host| !ledger.lies.contains(*host)).count();
        if found >= 40 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(found, 40, "correlations wait for a source that lies");
    decide(&node, moved, &ledger).await;
    let days: BTreeSet<i32> = node.tables().days().into_iter().map(|counts| counts.day).collect();
    node.stop().await;
    assert!(days.len() <= 2, "{days:?}");
    let wrong = look(Arc::new(FileDisk), home.path(), &ledger).await;
    assert_eq!(wrong, Ok(Vec::new()));
}
