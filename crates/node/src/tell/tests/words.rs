//! What messages say, whole.

use cordon_model::Level;

use super::{at, config, namer, notice};
use crate::tell::words::Words;
use crate::tell::{Planner, cef, syslog};

const SETTINGS: &str = "
time_zone = \"Europe/Berlin\"
[api]
public_url = \"https://cordon.hospital.example/\"
[smtp]
host = \"mail.example\"
from = \"cordon@hospital.example\"
[[recipients]]
name = \"analysts\"
role = \"analyst\"
mail = [\"a@hospital.example\"]
";

#[test]
fn a_mail_says_what_was_found_where_and_when_one_hears_again() {
    let config = config(SETTINGS);
    let notices = [
        notice(1, "a", Level::High, "ws1", at("2026-11-22T12:00:00Z")),
        notice(2, "b", Level::Critical, "ws1", at("2026-11-22T12:00:07Z")),
        notice(3, "a", Level::High, "ws1", at("2026-11-22T12:00:09Z")),
    ];
    let rows = Planner::new(&config, Vec::new()).take(&notices, at("2026-11-22T12:00:10Z"));
    let (words, letter) = (Words::new(&config), &rows[0].letter);
    assert_eq!(words.subject(letter), "[Cordon main] critical: 3 findings on host ws1");
    let expect = "host ws1: 3 findings, the worst is critical.
Received from 2026-11-22 13:00:00 CET to 2026-11-22 13:00:09 CET.

       1 x critical      Title of b
       2 x high          Title of a

https://cordon.hospital.example/#group=group-ws1

You are told as \"analysts\". Before 2026-11-22 17:00:40 CET you hear of this again only if it gets worse.
Whom it is about in clear is shown in the console alone.
";
    assert_eq!(words.text(letter), expect);
    let expect = r#"{"type":"findings.news","timestamp":"2026-11-22T12:00:09.000000Z","data":{"to":"analysts","site":"main","entity":{"kind":"host","name":"ws1"},"level":"critical","count":3,"rules":[{"id":"b","title":"Title of b","level":"critical","count":1},{"id":"a","title":"Title of a","level":"high","count":2}],"count_further":0,"first":"2026-11-22T12:00:00.000000Z","last":"2026-11-22T12:00:09.000000Z","link":"https://cordon.hospital.example/#group=group-ws1"}}"#;
    assert_eq!(words.data(letter).to_string(), expect);
}

#[test]
fn a_finding_as_cef_in_syslog_is_escaped() {
    let mut notice = notice(1, "a|b", Level::High, "ws1", at("2026-11-22T12:00:00Z"));
    notice.title = "Odd \\ title | with = signs\nand lines".to_owned();
    notice.patient_ref = Some("p-00".to_owned());
    let line = cef::line(&notice, &Words::new(&config(SETTINGS)));
    let expect = format!(
        "CEF:0|Cordon|Cordon|{}|a\\|b|Odd \\\\ title \\| with = signs and lines|8|rt=1795348800000 externalId=01010101-0101-0101-0101-010101010101 \
         cat=security dvchost=ws1 cs1Label=entity cs1=host ws1 cs2Label=patientRef cs2=p-00 cs3Label=site cs3=main cs4Label=link \
         cs4=https://cordon.hospital.example/#group\\=group-ws1",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(line, expect);
    let message = syslog::message(notice.level, notice.received, "main", "CEF");
    assert_eq!(message, "<107>1 2026-11-22T12:00:00.000000Z main cordon - finding - CEF");
}

#[test]
fn only_names_that_look_like_machines_are_shown() {
    let namer = namer();
    let shown = |kind: &str, name: &str| namer.shown(kind, name).name;
    assert_eq!(shown("host", "ws-rad-07.hospital.example"), "ws-rad-07.hospital.example");
    assert_eq!(shown("source", "syslog_udp/10.0.0.1"), "syslog_udp/10.0.0.1");
    assert_eq!(shown("patient", "p-0123456789abcdef0123456789abcdef"), "p-0123456789abcdef0123456789abcdef");
    for (kind, name) in
        [("host", "Anna Muster"), ("device", "M\u{fc}ller"), ("patient", "4711"), ("host", ""), ("user", "jdoe")]
    {
        let pseudonym = shown(kind, name);
        assert!(pseudonym.len() == 14 && pseudonym.chars().next() == kind.chars().next(), "{pseudonym}");
        assert_eq!(pseudonym, shown(kind, name));
    }
    assert_ne!(shown("user", "jdoe"), shown("user", "jroe"));
}
