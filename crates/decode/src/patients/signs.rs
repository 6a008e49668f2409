//! What shows that a text holds a payload of health care, or a piece of one: segments of HL7 v2, elements of FHIR, ATNA and CDA, tags of DICOM.
//!
//! Comes in: bytes or a text. Goes out: whether it may hold one, and whether it does. The evidence is structural (a segment at the start of a line, the tag of an
//! element): the word `AuditEvent` in a sentence or a path is none. `docs/specs/patient-names.md` has the list.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

/// What has to stand around a sign for it to be evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    /// Nothing in front of it on its line: a segment of HL7 v2.
    LineStart,
    /// A carriage return in front of it: a segment whose name logs use as well.
    BehindReturn,
    /// No letter or digit in front of it: the first segment of a message, wherever a program put it.
    Word,
    /// `<`, `</` or either with a prefix in front of it: the name of an element.
    Element,
    /// A quotation mark in front of it: a name of JSON.
    Quote,
    /// `xmlns="http://` in front of it.
    Namespace,
    /// Anything.
    Anything,
    /// Nothing makes it evidence: a payload of another kind starts here, which its reader has to look at.
    Payload,
    /// No letter, digit or `+` in front of it: the start of a document in base64.
    Base64,
}

/// The signs. None of them holds a character that JSON or XML would write as an escape, so they are met in raw bytes as well.
const SIGNS: [(&str, Around); 52] = [
    ("MSH|", Around::Word),
    ("EVN|", Around::LineStart),
    ("PID|", Around::LineStart),
    ("PD1|", Around::LineStart),
    ("NK1|", Around::LineStart),
    ("PV1|", Around::LineStart),
    ("PV2|", Around::LineStart),
    ("MRG|", Around::LineStart),
    ("GT1|", Around::LineStart),
    ("IN1|", Around::LineStart),
    ("IN2|", Around::LineStart),
    ("ORC|", Around::LineStart),
    ("OBR|", Around::LineStart),
    ("OBX|", Around::LineStart),
    ("NTE|", Around::LineStart),
    ("AL1|", Around::LineStart),
    ("DG1|", Around::LineStart),
    ("MSA|", Around::LineStart),
    ("ERR|", Around::BehindReturn),
    ("QRD|", Around::LineStart),
    ("QPD|", Around::LineStart),
    ("AuditMessage", Around::Element),
    ("AuditEvent", Around::Element),
    ("ParticipantObject", Around::Anything),
    ("ClinicalDocument", Around::Element),
    ("urn:hl7-org", Around::Anything),
    ("hl7.org/fhir", Around::Namespace),
    ("display value", Around::Element),
    ("reference value", Around::Element),
    ("identifier value", Around::Element),
    ("family value", Around::Element),
    ("given value", Around::Element),
    ("birthDate value", Around::Element),
    ("resourceType", Around::Quote),
    ("reference", Around::Quote),
    ("display", Around::Quote),
    ("family", Around::Quote),
    ("given", Around::Quote),
    ("valueString", Around::Quote),
    ("valueReference", Around::Quote),
    ("valueHumanName", Around::Quote),
    ("birthDate", Around::Quote),
    ("00100010", Around::Quote),
    ("00100020", Around::Quote),
    ("00100030", Around::Quote),
    ("(0010,00", Around::Anything),
    ("CEF:", Around::Payload),
    ("LEEF:", Around::Payload),
    // `MSH|`, `<?xml `, `<Audit`, `{"resourceType"`
    ("TVNIf", Around::Base64),
    ("PD94bWwg", Around::Base64),
    ("PEF1ZGl0", Around::Base64),
    ("eyJyZXNvdXJjZVR5cGUi", Around::Base64),
];

/// All signs at once; `None` only where the list cannot be built, which a test rules out.
static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(SIGNS.map(|(sign, _)| sign));
    builder.ok()
});

/// Whether a payload may be found in texts of these bytes. A quick look: most records of systems pass it.
pub(super) fn may_stand_in(bytes: &[u8]) -> bool {
    FINDER.as_ref().is_none_or(|finder| finder.is_match(bytes))
}

/// Whether a message of HL7 v2 has segments that no line end parts: to its reader they are one, and their fields anybody's.
pub(crate) fn is_unparted(message: &str) -> bool {
    !message.trim_end().contains(['\r', '\n']) && segments(message) > 1
}

/// Whether bytes are a message of HL7 v2 and nothing in front of it.
pub(super) fn is_message(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    bytes.strip_prefix(b"\x0b").unwrap_or(bytes).starts_with(b"MSH")
}

/// Where evidence of a payload of health care first stands in a text.
pub(super) fn evidence(text: &str) -> Option<usize> {
    let finder = FINDER.as_ref()?;
    let mut found = finder.find_iter(text);
    found.find(|hit| is_evidence(text, hit.start(), hit.pattern().as_usize())).map(|hit| hit.start())
}

/// How many segments of HL7 v2 seem to begin in a text, at the start of a line or not.
fn segments(text: &str) -> usize {
    let around = |place: usize| SIGNS.get(place).map(|(_, around)| *around);
    let Some(finder) = FINDER.as_ref() else { return 0 };
    let is_segment = |place: usize| matches!(around(place), Some(Around::LineStart | Around::Word));
    finder.find_iter(text).filter(|hit| is_segment(hit.pattern().as_usize())).count()
}

/// Whether a message of CEF or LEEF may begin somewhere in a text.
pub(super) fn has_cef(text: &str) -> bool {
    let Some(finder) = FINDER.as_ref() else { return false };
    let is_payload = |place: usize| SIGNS.get(place).is_some_and(|(_, around)| *around == Around::Payload);
    finder.find_iter(text).any(|hit| is_payload(hit.pattern().as_usize()))
}

fn is_evidence(text: &str, start: usize, sign: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    match SIGNS.get(sign).map(|(_, around)| *around) {
        Some(Around::LineStart) => starts_line(before),
        Some(Around::BehindReturn) => before.ends_with('\r') || before.ends_with(r"\r"),
        Some(Around::Word) => !before.ends_with(char::is_alphanumeric),
        Some(Around::Element) => starts_element(before),
        Some(Around::Quote) => before.ends_with(['"', '\'']),
        Some(Around::Namespace) => {
            let name = before.strip_suffix("http://").and_then(|before| before.strip_suffix(['"', '\'']));
            name.is_some_and(|name| name.ends_with("xmlns="))
        }
        Some(Around::Anything) => true,
        Some(Around::Base64) => {
            !before.ends_with(|letter: char| letter.is_ascii_alphanumeric() || "+/".contains(letter))
        }
        Some(Around::Payload) | None => false,
    }
}

/// What stands in front of a line besides a line end: line ends written out by programs (`#015` is rsyslog's), quotation marks, and what logs put before a text.
const LINE_STARTS: [&str; 11] = ["\u{b}", ">", "\"", "'", r"\r", r"\n", "#015", "#012", r"\x0d", ": ", "] "];

/// Whether a line starts behind this text.
fn starts_line(before: &str) -> bool {
    before.is_empty() || before.ends_with(['\r', '\n']) || LINE_STARTS.iter().any(|end| before.ends_with(end))
}

/// Whether a tag starts behind this text: `<`, `</`, and a prefix of a name space behind either.
fn starts_element(before: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    let before = before.strip_suffix(':').map_or(before, |prefixed| prefixed.trim_end_matches(is_name));
    before.ends_with('<') || before.ends_with("</")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: bool) {
        assert_eq!(evidence(text).is_some(), expect, "{text}");
        assert!(!expect || may_stand_in(text.as_bytes()), "{text}");
    }

    #[test]
    fn pieces_of_payloads_are_evidence() {
        check("MSH|^~\\&|LAB", true);
        check("feather^Zephyrine||19571123|F\rPV1|1|I", true);
        check(r"feather^Zephyrine||19571123|F\rPV1|1|I", true);
        check("received: MSH|^~\\&|LAB", true);
        check("ther\"/></what></entity></AuditEvent>", true);
        check("<atna:AuditMessage>", true);
        check("Name=\"Quill\"/></ParticipantObjectIdentification>", true);
        check("ine\"/><family value=\"Quill\"/>", true);
        check("<x xmlns=\"http://hl7.org/fhir\"/>", true);
        check(r#"","resourceType":"Patient"}"#, true);
        check("(0010,0010) PN [Quillfeather^Zephyrine]", true);
        check("data=TVNIfF5+XCZ8TEFC", true);
    }

    #[test]
    fn words_of_health_care_in_sentences_and_paths_are_none() {
        check("POST /fhir/AuditEvent 201 from 10.0.0.1", false);
        check("resource http://hl7.org/fhir/StructureDefinition/Patient is unknown", false);
        check("the PID| of a process", false);
        check("unknown resourceType Foo; AuditMessage was sent; a reference value", false);
        check("sshd[1]: Failed password for root from 10.0.0.1 port 22", false);
        check("CEF:0|Acme|EHR|1|7|Chart opened|3|", false);
        check(r"C:\Windows\System32\cmd.exe /c echo a^|b || c", false);
        check("", false);
    }
}
