//! Canary patients: whatever a finding holds of them, no message does.

use std::sync::Arc;

use cordon_model::{FindingId, Level};
use cordon_store::state::{GroupId, Subjects, ToldRow};

use super::{at, config, namer};
use crate::config::Topic;
use crate::tell::notice::Namer;
use crate::tell::words::Words;
use crate::tell::{Planner, cef, hec};

/// What must not leave.
const CANARIES: [&str; 6] = ["Kanaria", "Vogelsang", "1961-02-03", "990077", "kanaria.v", "Canary Street"];

/// A finding in which the patient stands everywhere that a log can put her.
fn row(subjects: Subjects) -> ToldRow {
    ToldRow {
        seq: 7,
        finding_id: FindingId([1; 16]),
        group_id: GroupId([2; 16]),
        rule_id: "rule-1".to_owned(),
        title: "A record was opened without a reason".into(),
        level: Level::High,
        category: "record_access".to_owned(),
        received: at("2026-11-22T12:00:00Z"),
        site: "main".to_owned(),
        class_uid: 87_006_001,
        source: "Vogelsang Kanaria 990077".to_owned(),
        subjects,
        is_muted: false,
        is_quiet: false,
    }
}

fn subjects(user: Option<&str>, host: Option<&str>, device: Option<&str>, patient: Option<&str>) -> Subjects {
    let text = |name: Option<&str>| name.map(Arc::<str>::from);
    Subjects { user: text(user), host: text(host), device: text(device), patient_ref: text(patient) }
}

#[test]
fn no_message_of_any_kind_names_a_patient() {
    let settings = "[smtp]\nhost = \"mail.example\"\nfrom = \"c@hospital.example\"\n[[recipients]]\nname = \"privacy\"\n\
                    role = \"privacy_officer\"\nmail = [\"p@hospital.example\"]\n";
    let config = config(settings);
    let (words, namer) = (Words::new(&config), namer());
    let everyone = [
        subjects(Some("kanaria.v"), None, None, None),
        subjects(Some("Kanaria Vogelsang"), Some("Kanaria Vogelsang 1961-02-03"), None, Some("990077")),
        subjects(None, Some("Canary Street"), Some("Vogelsang, Kanaria"), None),
        subjects(None, None, Some("Kanaria Vogelsang"), None),
        subjects(None, None, None, Some("990077 Vogelsang")),
        subjects(None, None, None, None),
    ];
    for subjects in everyone {
        let notice = namer.notice(&row(subjects)).unwrap();
        assert_eq!(notice.topic, Topic::Privacy);
        let rows = Planner::new(&config, Vec::new()).take(std::slice::from_ref(&notice), notice.received);
        assert_eq!(rows.len(), 1);
        let letter = &rows[0].letter;
        let mut all = vec![words.subject(letter), words.text(letter), words.data(letter).to_string()];
        all.push(serde_json::to_string(letter).unwrap());
        all.push(cef::line(&notice, &words));
        all.push(hec::event(&notice, &words).to_string());
        all.push(rows[0].key.clone());
        all.push(format!("{notice:?}"));
        for text in all {
            assert!(text.len() > 10);
            for canary in CANARIES {
                assert!(!text.to_lowercase().contains(&canary.to_lowercase()), "{canary} in {text}");
            }
        }
    }
}

#[test]
fn muted_findings_imported_history_and_quiet_backfills_are_told_to_nobody() {
    let namer: Namer = namer();
    let muted = ToldRow { is_muted: true, ..row(Subjects::default()) };
    let old = ToldRow { source: "http/import/old.log".to_owned(), ..row(Subjects::default()) };
    assert_eq!((namer.notice(&muted), namer.notice(&old)), (None, None));
    let backfilled = |is_quiet: bool| ToldRow { is_quiet, ..row(Subjects::default()) };
    assert_eq!(namer.notice(&backfilled(true)), None);
    assert!(namer.notice(&backfilled(false)).is_some(), "whoever ran it asked for messages");
}

#[test]
fn what_is_replayed_is_told_as_if_it_happened_now() {
    let replayed = ToldRow { source: "http/replay/evening.log".to_owned(), ..row(Subjects::default()) };
    assert!(namer().notice(&replayed).is_some());
}

#[test]
fn what_a_finding_is_about_decides_who_hears_of_it() {
    let topic = |rule: &str, class_uid: i64, category: &str| {
        let (rule_id, category) = (rule.to_owned(), category.to_owned());
        let row = ToldRow { rule_id, class_uid, category, ..row(Subjects::default()) };
        namer().notice(&row).unwrap().topic
    };
    assert_eq!(topic("cordon-source-silent", 0, ""), Topic::Operations);
    assert_eq!(topic("a", 87_006_001, ""), Topic::Privacy);
    assert_eq!(topic("a", 0, "record_access"), Topic::Privacy);
    assert_eq!(topic("a", 1007, "process_creation"), Topic::Security);
}
