//! Learnt behaviour through a whole node: imported weeks warm it up, a stolen account is told, and nothing is told twice over a restart.

use cordon_model::{Delivery, Span, Time};
use cordon_node::live::{LookBack, Node, Purpose};
use cordon_policy::AccessScope;
use cordon_store::state::{By, FindingRow, GroupChange, Verdict};

use super::hospital::{Hospital, is_decided, is_settled, send};
use super::{look_back, rows};

const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 1_440 * MINUTE_US;
/// Weeks that are imported.
const DAYS: i64 = 28;

/// Signing in to the VPN, as the firewall of Lakeside writes it.
fn line(at: Time, account: &str, address: &str) -> String {
    let (seconds, written) = (at.as_seconds(), at.to_string());
    let (date, time) = written.split_once('T').unwrap();
    let time = time.split('.').next().unwrap();
    format!(
        "<189>date={date} time={time} devname=\"FW01\" devid=\"FGT60FLKS0000001\" eventtime={seconds}000000000 tz=\"+0000\" logid=\"0101039424\" \
         type=\"event\" subtype=\"vpn\" level=\"information\" vd=\"root\" logdesc=\"SSL VPN tunnel up\" action=\"tunnel-up\" \
         tunneltype=\"ssl-tunnel\" remip={address} user=\"{account}\" group=\"vpn-users\" msg=\"SSL tunnel established\"\n"
    )
}

/// One file of these lines, received at `received`.
fn delivery(source: &str, lines: &[String], received: Time) -> Delivery {
    let (mut units, mut bytes) = (Vec::new(), Vec::new());
    for line in lines {
        let start = bytes.len();
        bytes.extend_from_slice(line.as_bytes());
        units.push(Span { start, end: bytes.len() });
    }
    Delivery {
        source: source.into(),
        site: "main".into(),
        received,
        format: "syslog".into(),
        header: Vec::new(),
        units,
        bytes,
    }
}

/// What forty people and a vendor did on four weeks of mornings before `end`, each from an address of their own.
fn weeks(end: Time) -> Vec<String> {
    let mut lines = Vec::new();
    for day in 1..=DAYS {
        let morning = Time(end.0 - end.0.rem_euclid(DAY_US) - day * DAY_US + 8 * 60 * MINUTE_US);
        for person in 0..40 {
            let at = Time(morning.0 + (person * 3 + day % 5) * MINUTE_US);
            lines.push((at, line(at, &format!("p.{person}"), &format!("198.51.100.{}", 10 + person))));
        }
        let at = Time(morning.0 + (130 + day % 7) * MINUTE_US);
        lines.push((at, line(at, "vendor.calder", "192.0.2.44")));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

async fn learnt(node: &Node) -> Vec<FindingRow> {
    rows(node).await.into_iter().filter(|row| row.rule_id.starts_with("learn.")).collect()
}

/// Sends one sign-in as it happens and waits until it is judged.
async fn signs_in(node: &Node, at: Time, account: &str, address: &str) {
    send(node, &[delivery("fw01", &[line(at, account, address)], at)]).await;
    assert!(is_settled(node).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_account_is_told_after_imported_weeks_and_once_only_over_restarts() {
    let hospital = Hospital::new();
    let evening = Time::from_rfc3339("2026-03-18T18:53:31Z").unwrap();
    let node = hospital.start_asking(evening, 20.0).await;
    send(&node, &[delivery("http/import/fw01", &weeks(evening), evening)]).await;
    assert!(is_settled(&node).await);
    let rules = super::generation(&hospital);
    let history = LookBack { rules, received: Time(i64::MIN)..Time(i64::MAX), purpose: Purpose::History };
    let counts = look_back(&node, history.clone()).await;
    assert_eq!(counts["observations_learnt"], u64::try_from(DAYS * 41).unwrap());
    assert_eq!(look_back(&node, history).await["observations_learnt"], 0, "history is learnt once");
    assert!(learnt(&node).await.is_empty(), "nobody is told about what is history");

    // as every day, and then from where it never was, in the evening
    signs_in(&node, Time(evening.0 - 1_000_000), "p.3", "198.51.100.13").await;
    signs_in(&node, evening, "vendor.calder", "203.0.113.177").await;
    let told = learnt(&node).await;
    let stolen: Vec<&FindingRow> =
        told.iter().filter(|row| row.subjects.user.as_deref() == Some("vendor.calder")).collect();
    assert_eq!(stolen.len(), 1, "{told:?}");
    assert_eq!(stolen[0].rule_id, "learn.account.sign_in");
    let explanation = stolen[0].explanation.to_string();
    assert!(explanation.contains("203.0.113.177"), "{explanation}");
    node.stop().await;

    let node = hospital.start_asking(Time(evening.0 + DAY_US), 20.0).await;
    is_decided(&node, Time(evening.0)).await;
    assert_eq!(learnt(&node).await.len(), told.len(), "a restart tells nothing again");
    let next = Time(evening.0 + DAY_US);
    signs_in(&node, next, "p.7", "203.0.113.9").await;
    let again = learnt(&node).await;
    assert!(again.iter().any(|row| row.subjects.user.as_deref() == Some("p.7")), "what was learnt survives: {again:?}");
    // somebody calls both harmless: that is a part of the score of who does the same once the node goes on
    for row in &again {
        let change = GroupChange { verdict: Some(Some(Verdict::Benign)), ..GroupChange::default() };
        let by = By { actor: "anna".into(), address: "".into(), at: next };
        node.state().change_group(&AccessScope::of_the_node(), &by, row.group_id, None, &change).await.unwrap();
    }
    node.stop().await;
    let node = hospital.start_asking(Time(next.0 + DAY_US), 40.0).await;
    let later = Time(next.0 + DAY_US);
    signs_in(&node, later, "p.9", "203.0.113.10").await;
    let all = learnt(&node).await;
    let told = all.iter().find(|row| row.time == Some(later)).unwrap();
    let explanation = told.explanation.to_string();
    assert!(
        explanation.contains("such findings of others called harmless") && explanation.contains("takes off 0.09"),
        "{explanation}"
    );
    node.stop().await;
}
