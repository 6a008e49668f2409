//! Five hundred people in findings, events and cases: where staff have pseudonyms, no role reads one of their names in any answer.

use cordon_model::{EventId, FindingId, FindingOrigin, IncidentId, MatchedField, Time};
use cordon_store::state::{NewFinding, Subjects};

use crate::played::{Played, request, with_token};
use crate::resources::finding;
use crate::staff::{keep_events_of, walk};
use crate::whole::operations;
use crate::{incidents, staff};

const PEOPLE: usize = 500;
const ROLES: [&str; 5] = ["analyst", "privacy_officer", "responder", "auditor", "administrator"];

/// Five hundred names that no other word contains.
fn names() -> Vec<String> {
    const PARTS: [&str; 10] = ["zor", "vex", "qui", "jam", "wol", "kaz", "fyr", "nub", "pex", "gax"];
    let name = |number: usize| {
        let part = |place: u32| PARTS[number / 10_usize.pow(place) % 10];
        format!("{}{}{}heim", part(2), part(1), part(0))
    };
    (0..PEOPLE).map(name).collect()
}

/// Sixteen bytes that only this number has.
fn bytes(number: usize) -> [u8; 16] {
    let mut bytes = [9; 16];
    bytes[..8].copy_from_slice(&(number as u64).to_le_bytes());
    bytes
}

/// A finding about each, an event of each, a case about each, told in sentences that name them.
async fn keep(played: &Played, names: &[String]) {
    let matched =
        |field: &str, value: String| MatchedField { field: field.to_owned(), value, ..MatchedField::default() };
    let found = names.iter().enumerate().map(|(number, name)| {
        let mut new = finding(1, "main");
        (new.finding.finding_id, new.finding.event_ids) = (FindingId(bytes(number)), vec![EventId(bytes(number))]);
        new.finding.matched = vec![
            matched("User", format!("LAKESIDE\\{name}")),
            matched("CommandLine", format!("C:\\Users\\{name}\\run.exe /as {}", name.to_uppercase())),
        ];
        if number % 2 == 0 {
            new.finding.origin = FindingOrigin::Correlation {
                group: vec![("user".to_owned(), name.clone())],
                window_start: Time(0),
                window_end: Time(1),
                value: "7".to_owned(),
                told: "7 events within 1h".to_owned(),
            };
        }
        let subjects = Subjects { user: Some(name.as_str().into()), ..Subjects::default() };
        NewFinding { class_uid: staff::HEALTH, subjects, ..new }
    });
    let found: Vec<NewFinding> = found.collect();
    played.kept.record_findings(None, &found).await.unwrap();
    let people: Vec<(u64, &str, &str)> =
        names.iter().enumerate().map(|(number, name)| (number as u64 + 1, name.as_str(), "LAKESIDE")).collect();
    keep_events_of(played, &people, |number| EventId(bytes(usize::try_from(number).unwrap()))).await;
    let opened = names.iter().enumerate().map(|(number, name)| (name.as_str(), number % 10 == 0));
    *played.node.opened.lock().unwrap() = Some(crate::record::record_of(opened));
    let cases: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(number, name)| cordon_model::NewIncident {
            id: IncidentId(bytes(number)),
            ..incidents::case(1, &format!("LAKESIDE\\{name}"), number % 10 == 0)
        })
        .collect();
    played.kept.record_incidents(&incidents::run(), &cases).await.unwrap();
}

/// Everything that a role reads: each route as it is asked elsewhere, and lists at their full length.
async fn everything(played: &Played, token: &str) -> Vec<(String, String)> {
    let mut answers = walk(played, token, &[]).await;
    for (method, path, _) in operations() {
        if method == "GET" && !path.contains('{') && !path.contains("/stream") {
            let path = format!("{path}?limit=500");
            let text = played.ask(with_token(request("GET", &path), token)).await.text.to_lowercase();
            answers.push((format!("GET {path}"), text));
        }
    }
    answers
}

/// How many of the names stand in the answers, and where one does.
fn named(answers: &[(String, String)], names: &[String]) -> (usize, Vec<String>) {
    let holds = |name: &&String| answers.iter().any(|(_, text)| text.contains(name.as_str()));
    let naming = |text: &str| names.iter().any(|name| text.contains(name.as_str()));
    let routes = answers.iter().filter(|(_, text)| naming(text)).map(|(route, _)| route.clone()).collect();
    (names.iter().filter(holds).count(), routes)
}

#[tokio::test]
async fn five_hundred_names_stand_in_no_answer_to_any_role() {
    let (played, names) = (Played::start().await, names());
    keep(&played, &names).await;
    let administrator = played.administrator().await;
    let mut tokens = Vec::new();
    for role in ROLES {
        tokens.push((role, played.token(&administrator, &[role], None).await));
    }
    // where staff are shown by name they are all there, so the walk can find them
    let (analyst, officer) = (&tokens[0].1, &tokens[1].1);
    assert_eq!(named(&everything(&played, analyst).await, &names).0, PEOPLE);
    assert_eq!(named(&everything(&played, officer).await, &names).0, PEOPLE);
    played.hide_staff_from_officers_too();
    for (role, token) in &tokens {
        let (count, routes) = named(&everything(&played, token).await, &names);
        assert_eq!((count, routes), (0, Vec::new()), "{role} reads names");
    }
}
