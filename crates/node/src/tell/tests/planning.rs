//! Who is told of what, and when.

use cordon_model::{Level, Time};

use super::{SECOND, at, config, notice};
use crate::config::Config;
use crate::tell::{LetterKind, Notice, Planner, Row};

const ANALYSTS: &str = "
[smtp]
host = \"mail.example\"
from = \"cordon@hospital.example\"
[[recipients]]
name = \"analysts\"
role = \"analyst\"
mail = [\"a@hospital.example\"]
level_min = \"medium\"
";

/// Noon, 22 November 2026.
fn noon() -> Time {
    at("2026-11-22T12:00:00Z")
}

fn after(seconds: i64) -> Time {
    Time(noon().0 + seconds * SECOND)
}

/// Takes each finding at its time of receipt, as a node that keeps up does; gives what stands in the outbox at the end, by time.
fn plan(config: &Config, notices: &[Notice]) -> Vec<Row> {
    let mut planner = Planner::new(config, Vec::new());
    let mut rows = std::collections::BTreeMap::new();
    for notice in notices {
        for row in planner.take(std::slice::from_ref(notice), notice.received) {
            rows.insert(row.key.clone(), row);
        }
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    rows.sort_by_key(|row| row.next_attempt);
    rows
}

fn told(rows: &[Row]) -> Vec<String> {
    let told = rows.iter().map(|row| {
        let seconds = (row.next_attempt.0 - noon().0) / SECOND;
        let letter = &row.letter;
        let kind = if letter.kind == LetterKind::News { "news" } else { "more" };
        let entity = &letter.entity.name;
        format!("{seconds} s: {kind} to {} about {entity}: {} {}", row.channel, letter.count, letter.level.name())
    });
    told.collect()
}

#[test]
fn however_many_findings_about_one_host_give_one_message_and_one_digest() {
    let many = |number: i64| notice(number, &format!("rule-{}", number % 3), Level::High, "ws1", after(number / 100));
    let notices: Vec<Notice> = (0..10_000).map(many).collect();
    let expect = [
        "30 s: news to mail:a@hospital.example about ws1: 3000 high",
        "14430 s: more to mail:a@hospital.example about ws1: 7000 high",
    ];
    assert_eq!(told(&plan(&config(ANALYSTS), &notices)), expect);
}

#[test]
fn each_host_has_its_own_message_and_low_levels_have_none() {
    let notices = [
        notice(1, "a", Level::High, "ws1", after(0)),
        notice(2, "a", Level::Medium, "ws2", after(1)),
        notice(3, "a", Level::Low, "ws3", after(2)),
    ];
    let expect = [
        "30 s: news to mail:a@hospital.example about ws1: 1 high",
        "31 s: news to mail:a@hospital.example about ws2: 1 medium",
    ];
    assert_eq!(told(&plan(&config(ANALYSTS), &notices)), expect);
}

#[test]
fn what_is_worse_than_told_is_told_at_once_and_then_no_more() {
    let notices = [
        notice(1, "a", Level::Medium, "ws1", after(0)),
        notice(2, "b", Level::Medium, "ws1", after(100)),
        notice(3, "c", Level::Critical, "ws1", after(200)),
        notice(4, "c", Level::Critical, "ws1", after(300)),
        notice(5, "c", Level::Critical, "ws1", after(400)),
    ];
    let expect = [
        "30 s: news to mail:a@hospital.example about ws1: 1 medium",
        "230 s: more to mail:a@hospital.example about ws1: 2 critical",
        "14430 s: more to mail:a@hospital.example about ws1: 2 critical",
    ];
    assert_eq!(told(&plan(&config(ANALYSTS), &notices)), expect);
}

#[test]
fn after_the_end_of_a_conversation_a_new_one_begins() {
    let notices = [notice(1, "a", Level::High, "ws1", after(0)), notice(2, "a", Level::High, "ws1", after(14_431))];
    let expect = [
        "30 s: news to mail:a@hospital.example about ws1: 1 high",
        "14461 s: news to mail:a@hospital.example about ws1: 1 high",
    ];
    assert_eq!(told(&plan(&config(ANALYSTS), &notices)), expect);
}

#[test]
fn in_quiet_hours_messages_wait_for_the_morning_unless_they_are_critical() {
    // Noon UTC is 13:00 in Berlin; quiet hours last until 14:30 there, that is 5,400 s later.
    let text = format!("time_zone = \"Europe/Berlin\"\n{ANALYSTS}quiet_hours = \"13:00-14:30\"\n");
    let notices = [
        notice(1, "a", Level::High, "ws1", after(0)),
        notice(2, "a", Level::High, "ws1", after(2_000)),
        notice(3, "a", Level::Critical, "ws2", after(10)),
        notice(4, "a", Level::High, "ws3", after(100)),
        notice(5, "a", Level::Critical, "ws3", after(3_000)),
    ];
    let expect = [
        "40 s: news to mail:a@hospital.example about ws2: 1 critical",
        "3030 s: news to mail:a@hospital.example about ws3: 2 critical",
        "5400 s: news to mail:a@hospital.example about ws1: 2 high",
    ];
    assert_eq!(told(&plan(&config(&text), &notices)), expect);
}

#[test]
fn in_a_maintenance_window_nobody_is_told_of_its_hosts() {
    // 22 November 2026 is a Sunday.
    let window = "[[maintenance]]\nname = \"m\"\nreason = \"updates\"\nwhen = \"sun 12:00-13:00\"\nhosts = [\"WS1\"]\n";
    let text = format!("{ANALYSTS}{window}");
    let notices = [
        notice(1, "a", Level::High, "ws1", after(0)),
        notice(2, "a", Level::High, "ws2", after(0)),
        notice(3, "a", Level::High, "ws1", after(3_600)),
    ];
    let expect = [
        "30 s: news to mail:a@hospital.example about ws2: 1 high",
        "3630 s: news to mail:a@hospital.example about ws1: 1 high",
    ];
    assert_eq!(told(&plan(&config(&text), &notices)), expect);
}

#[test]
fn every_way_to_every_group_that_wants_it_gets_a_row_of_its_own() {
    let more = "webhooks = [\"chat\"]\n[[recipients]]\nname = \"privacy\"\nrole = \"privacy_officer\"\nmail = [\"p@hospital.example\"]\n\
                [[webhooks]]\nname = \"chat\"\nurl = \"https://chat.example\"\nsecret_file = \"s\"\n";
    let text = format!("{ANALYSTS}{more}");
    let rows = plan(&config(&text), &[notice(1, "a", Level::High, "ws1", after(0))]);
    let channels: Vec<&str> = rows.iter().map(|row| row.channel.as_str()).collect();
    assert_eq!(rows.len(), 2);
    assert!(channels.contains(&"mail:a@hospital.example") && channels.contains(&"webhook:chat"));
    assert_ne!(rows[0].key, rows[1].key);
}

#[test]
fn a_restart_at_any_moment_changes_no_message() {
    let config = config(ANALYSTS);
    let levels = [Level::Medium, Level::High, Level::Medium, Level::Critical];
    let make = |number: i64| {
        let level = levels[usize::try_from(number / 7 % 4).unwrap()];
        notice(number, "a", level, if number % 3 == 0 { "ws1" } else { "ws2" }, after(number * 20))
    };
    let notices: Vec<Notice> = (0..1_500).map(make).collect();
    let whole = plan(&config, &notices);
    let mut rows: std::collections::BTreeMap<String, Row> = std::collections::BTreeMap::new();
    for notice in &notices {
        let now = notice.received;
        let open = rows.values().filter(|row| now.0 < row.letter.ends.max(row.letter.due)).cloned().collect();
        for row in Planner::new(&config, open).take(std::slice::from_ref(notice), now) {
            rows.insert(row.key.clone(), row);
        }
    }
    let mut restarted: Vec<Row> = rows.into_values().collect();
    restarted.sort_by_key(|row| row.next_attempt);
    assert_eq!(told(&restarted), told(&whole));
    assert!(whole.len() > 10, "{}", whole.len());
}

#[test]
fn more_conversations_than_the_bound_are_told_together() {
    let mut planner = Planner::new(&config(ANALYSTS), Vec::new());
    let many = |number: i64| notice(number, "a", Level::High, &format!("h{number}"), after(0));
    let notices: Vec<Notice> = (0..10_050).map(many).collect();
    let rows = planner.take(&notices, after(0));
    assert_eq!(rows.len(), 10_001);
    let several = rows.iter().find(|row| row.letter.entity.kind == "several").unwrap();
    assert_eq!(several.letter.count, 50);
    assert_eq!(planner.counts().together, 50);
}
