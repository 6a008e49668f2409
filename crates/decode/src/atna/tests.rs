//! Tests of the ATNA decoder: audit messages of DICOM and RFC 3881, damaged ones, patient spans.

use proptest::prelude::*;

use super::Atna;
use crate::stream_check::{Seen, check_cut_everywhere, options, read, read_in_steps};
use crate::{Confidence, DecodeOptions, Format, detect_format};

const PS315: &[u8] = include_bytes!("../../../../fixtures/one-access/ps315.xml");
const OPENEMR: &[u8] = include_bytes!("../../../../fixtures/one-access/openemr.xml");

/// A source in steps of `step` bytes, with a record limit.
fn run(input: &[u8], step: usize, record_bytes_max: usize) -> Seen {
    read_in_steps(&Atna, DecodeOptions { record_bytes_max, ..options() }, input, step)
}

fn whole(input: &[u8]) -> Seen {
    read(&Atna, input)
}

#[test]
fn a_message_gives_its_own_names_and_marks_each_repeated_part() {
    let input = br#"<AuditMessage><EventIdentification EventActionCode="R" EventDateTime="2026-01-02T03:04:05Z">
        <EventID csd-code="110110" codeSystemName="DCM"/><EventOutcomeDescription>a &amp; b</EventOutcomeDescription></EventIdentification>
        <ActiveParticipant UserID="x"/><ActiveParticipant UserID="y"><RoleIDCode csd-code="110153"/></ActiveParticipant>
        <AuditSourceIdentification AuditSourceID="s"/></AuditMessage>"#;
    let expect = "EventIdentification.EventActionCode=R
EventIdentification.EventDateTime=2026-01-02T03:04:05Z
EventIdentification.EventID.csd-code=110110
EventIdentification.EventID.codeSystemName=DCM
EventIdentification.EventOutcomeDescription=a & b
ActiveParticipant=0
ActiveParticipant.UserID=x
ActiveParticipant=1
ActiveParticipant.UserID=y
ActiveParticipant.RoleIDCode.csd-code=110153
AuditSourceIdentification.AuditSourceID=s";
    let seen = whole(input);
    assert_eq!(seen.records, [expect.lines().collect::<Vec<_>>()]);
    assert_eq!((seen.anomalies, seen.faults), (vec![vec![]], vec![]));
    assert_eq!(seen.times, ["2026-01-02T03:04:05.000000Z"]);
    assert_eq!(seen.sources, [["atna//auditmessage", "healthcare/record_access/"]]);
}

#[test]
fn patient_spans_are_the_patients_id_and_name_and_no_other_object() {
    assert_eq!(whole(PS315).patient, [["1001", "Doe^Jane"]]);
    assert_eq!(whole(OPENEMR).patient, [["1001"]]);
    let query =
        br#"<AuditMessage><ParticipantObjectIdentification ParticipantObjectID="q" ParticipantObjectTypeCodeRole="24">
        <ParticipantObjectQuery>R0VU</ParticipantObjectQuery></ParticipantObjectIdentification></AuditMessage>"#;
    assert_eq!(whole(query).patient, [["R0VU"]]);
    let study = br#"<AuditMessage><ParticipantObjectIdentification ParticipantObjectID="1.2.3" ParticipantObjectTypeCodeRole="3" ParticipantObjectName="CT of Doe">
        <ParticipantObjectDetail type="PatientName" value="RG9lXkphbmU="/></ParticipantObjectIdentification>
        <ParticipantObjectIdentification ParticipantObjectID="kim" ParticipantObjectTypeCodeRole="6"><ParticipantObjectName>Kim</ParticipantObjectName>
        <ParticipantObjectDetail type="MSH-10" value="TTE="/></ParticipantObjectIdentification></AuditMessage>"#;
    assert_eq!(whole(study).patient, [["CT of Doe", "RG9lXkphbmU="]]);
}

#[test]
fn openemrs_header_line_and_literal_event_id_are_read() {
    assert_eq!(Atna.sniff(OPENEMR, true), Confidence::Certain);
    let seen = whole(OPENEMR);
    assert_eq!(seen.records.len(), 1);
    assert_eq!(seen.anomalies, [["atna_event_id_not_a_code"]]);
    assert_eq!(seen.sources, [["atna//auditmessage", "healthcare/record_access/"]]);
    assert_eq!(seen.raw[0].first(), Some(&b'<'));
    assert!(seen.raw[0].starts_with(b"<13>") && seen.raw[0].ends_with(b"</AuditMessage>"));
}

#[test]
fn messages_that_follow_each_other_are_the_same_however_the_bytes_arrive() {
    let mut input = Vec::new();
    for part in [PS315, OPENEMR, b"\xEF\xBB\xBF", PS315] {
        input.extend_from_slice(part);
    }
    let expect = whole(&input);
    assert_eq!((expect.records.len(), &expect.faults), (3, &vec![]));
    for step in [1, 2, 7, 64, 1000] {
        assert_eq!(run(&input, step, DecodeOptions::RECORD_BYTES_MAX), expect, "step {step}");
    }
}

#[test]
fn a_message_that_was_cut_off_ends_where_the_next_begins() {
    let input = br#"<AuditMessage><ActiveParticipant UserID="lost"/>
<?xml version="1.0"?><AuditMessage><ActiveParticipant UserID="a"/><ActiveParticipant UserID="b"
<AuditMessage><ActiveParticipant UserID="c"/></AuditMessage>"#;
    for step in [1, 5, 1000] {
        let seen = run(input, step, DecodeOptions::RECORD_BYTES_MAX);
        assert_eq!(seen.records.len(), 3, "step {step}");
        assert_eq!(seen.records[0], ["ActiveParticipant=0", "ActiveParticipant.UserID=lost"]);
        assert_eq!(seen.records[2], ["ActiveParticipant=0", "ActiveParticipant.UserID=c"]);
        let broken = seen.anomalies.iter().map(|names| names.contains(&"xml_broken")).collect::<Vec<_>>();
        assert_eq!(broken, [true, true, false]);
    }
}

#[test]
fn hostile_documents_give_named_faults() {
    let check = |input: &[u8], expect: &str| {
        let seen = whole(input);
        let mut named = seen.faults.iter().map(|(_, name)| *name).chain(seen.anomalies.iter().flatten().copied());
        assert!(named.any(|name| name == expect), "{expect} for {}", String::from_utf8_lossy(input));
    };
    check(br#"<!DOCTYPE x [<!ENTITY a "aaaa">]><AuditMessage/>"#, "xml_doctype");
    check(b"<Other/>", "atna_not_an_audit_message");
    check(b"no xml at all", "xml_no_document");
    check(br#"<AuditMessage><A B="&bomb;"/></AuditMessage>"#, "xml_unknown_entity");
    check(b"<AuditMessage><A B=\"M\xFCller\"/></AuditMessage>", "xml_not_utf8");
    check(b"<AuditMessage><A></B></AuditMessage>", "xml_broken");
    check(
        br#"<AuditMessage><EventIdentification EventDateTime="2026-01-02T03:04:05"/></AuditMessage>"#,
        "time_without_zone",
    );
    check(b"<AuditMessage/>", "atna_part_missing");
    let deep = format!("<AuditMessage>{}", "<a>".repeat(100));
    check(deep.as_bytes(), "xml_broken");
    let deep = format!("<AuditMessage>{}{}</AuditMessage>", "<a b='c'>".repeat(100), "</a>".repeat(100));
    check(deep.as_bytes(), "document_too_deep");
    let wide = format!("<AuditMessage>{}</AuditMessage>", "<a b='c'/>".repeat(5000));
    check(wide.as_bytes(), "document_too_many_fields");
}

#[test]
fn unescaped_ampersands_are_kept_as_written() {
    let seen = whole(br#"<AuditMessage><A B="Smith & Sons"/><C>x & y</C></AuditMessage>"#);
    assert_eq!(seen.records, [["A.B=Smith & Sons", "C=x & y"]]);
}

#[test]
fn spans_of_latin_1_text_count_raw_bytes() {
    let input = b"<AuditMessage><X Y=\"\xFC\xFC\"/><ParticipantObjectIdentification ParticipantObjectID=\"M\xFCller\" ParticipantObjectTypeCodeRole=\"1\"/></AuditMessage>";
    let seen = whole(input);
    assert_eq!(seen.patient, [[String::from_utf8_lossy(b"M\xFCller")]]);
    assert!(seen.records[0].contains(&"ParticipantObjectIdentification.ParticipantObjectID=Müller".to_owned()));
}

#[test]
fn a_message_over_the_limit_is_one_fault_and_reading_resumes() {
    let long = format!(
        "<AuditMessage><A B=\"{}\"/></AuditMessage>\n<AuditMessage><C D=\"e\"/></AuditMessage>",
        "x".repeat(500)
    );
    for step in [1, 10, 100, 5000] {
        let seen = run(long.as_bytes(), step, 200);
        assert_eq!(seen.faults, [(0, "record_too_long")], "step {step}");
        assert_eq!(seen.records, [["C.D=e"]], "step {step}");
    }
}

#[test]
fn a_message_cut_at_every_byte_never_panics_and_steps_change_nothing() {
    check_cut_everywhere(&Atna, PS315);
    check_cut_everywhere(&Atna, OPENEMR);
}

#[test]
fn audit_messages_are_recognised_by_content() {
    let name = |head: &[u8]| detect_format(head, true).map(Format::name);
    assert_eq!(name(PS315), Some("atna"));
    assert_eq!(name(b"<?xml version='1.0'?><!-- c --><ns:AuditMessage a='b'>"), Some("atna"));
    assert_eq!(Atna.sniff(b"<AuditEvent/>", true), Confidence::No);
    assert_eq!(Atna.sniff(b"<13>Jan  1 00:00:00 host app: text\n", true), Confidence::No);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(input in proptest::collection::vec(any::<u8>(), 0..400), step in 1usize..50) {
        run(&input, step, 100);
    }

    #[test]
    fn arbitrary_markup_never_panics(input in "(<[/?!]?(AuditMessage|A|ParticipantObjectIdentification|xml )?|>|/>| B='|\"|&|;|[a-z]| ){0,60}") {
        run(input.as_bytes(), 3, DecodeOptions::RECORD_BYTES_MAX);
    }
}
