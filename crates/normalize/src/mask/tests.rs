//! Tests of the mask: no word of a patient survives, however it comes back.

use cordon_model::{Position, RawRecord, SourceSet, When};
use proptest::prelude::*;

use super::*;

fn mask_of(raw: &str, patients: &[&str]) -> Mask {
    let spans: Vec<Span> = patients
        .iter()
        .map(|patient| {
            let start = raw.find(patient).unwrap();
            Span { start, end: start + patient.len() }
        })
        .collect();
    mask_of_bytes(raw.as_bytes(), &spans)
}

fn mask_of_bytes(bytes: &[u8], spans: &[Span]) -> Mask {
    let record = Record {
        raw: RawRecord { position: Position::Offset(0), bytes },
        index: 0,
        format: "test",
        when: When::Missing,
        sources: SourceSet::default(),
        fields: &[],
        anomalies: &[],
        patient_spans: spans,
    };
    Mask::of(&record).unwrap_or_default()
}

fn check(patient: &str, text: &str, expect: &str) {
    assert_eq!(mask_of(patient, &[patient]).text(text), expect);
}

#[test]
fn a_name_in_another_character_set_is_hidden_in_its_decoded_form() {
    let latin1 = b"M\xfcller^Z\xf6rblatt";
    let mask = mask_of_bytes(latin1, &[Span { start: 0, end: latin1.len() }]);
    assert_eq!(mask.text("Müller, ZÖRBLATT and Anna"), "[patient], [patient] and Anna");
}

#[test]
fn a_patients_words_are_hidden_wherever_and_however_they_come_back() {
    check(r"\X5A6F72\blatt^Q", "Zorblatt", "[patient]");
    check(r"Zor\H\blatt^Q", "zorblatt", "[patient]");
    check("İZorblatt^Q", "seen: İZORBLATT", "seen: [patient]");
    check("Müller^Anna", "user anna mÜLLER, room 3", "user [patient] [patient], room 3");
    check("Müller^Anna", "x=Müller^Anna;", "x=[patient];");
    check(r"M\u00fcller", "Müller", "[patient]");
    check("O&apos;Neil", "o'neil was here", "[patient] was here");
    check("name%3DM%C3%BCller", "müller", "[patient]");
    check("UGF0aWVudD9uYW1lPVBlcmVncmlu", "Patient?name=Peregrin", "[patient]"); // base64 of the text
    check("4711", "mrn=4711, order 47110", "mrn=[patient], order [patient]0");
}

#[test]
fn words_of_a_request_that_name_nobody_stay_in_the_rest_of_the_record() {
    let request = "R0VUIGh0dHBzOi8vZmhpci5sYWtlc2lkZS5leGFtcGxlL3I0L09ic2VydmF0aW9uP3BhdGllbnQ9NzAwMjU3Jl9jb3VudD01MCBIVFRQLzEuMQ0KQWNjZXB0OiBhcHBsaWNhdGlvbi9maGlyK2pzb24NCg==";
    check(
        request,
        "Encounter of 700257 at http://hl7.org/fhir, Application Server",
        "Encounter of [patient] at http://hl7.org/fhir, Application Server",
    );
    check(request, request, "[patient]");
    check("GET /Patient?name=Peregrin&_count=50 HTTP/1.1", "Peregrin, 50 Accept", "[patient], 50 Accept");
}

#[test]
fn a_patients_words_are_hidden_in_every_encoding() {
    let hidden = |text: &str| check("Peregrin Tookington", text, "x=[patient] y");
    check("Tookington", "x=VG9va2luZ3Rvbg== y", "x=[patient]== y"); // base64
    hidden("x=cGVyZWdyaW4 y"); // base64 of peregrin, not padded
    check("Tookington", "x=VABvAG8AawBpAG4AZwB0AG8AbgA= y", "x=[patient]= y"); // base64 of UTF-16
    hidden("x=546f6f6b696e67746f6e y"); // hexadecimal
    hidden("x=%54ookington y");
    hidden("x=%2554ookington y");
    hidden("x=&#84;ookington y");
    hidden("x=&#x54;ook&#105;ngton y");
    hidden(r"x=\u0054ookington y");
    hidden(r"x=\\u0054ookington y");
    hidden(r"x=\\\\\\\\\\\\\\\\u0054ooking\\\\\\\\u0074on y");
    hidden("x=TOOKINGTON y");
    check("Peregrin", "xperegrin2 and =?peregrin?=", "x[patient]2 and =?[patient]?=");
    check("Müller", "M%C3%BCller, M%FCller, M&uuml;ller, M=C3=BCller", "[patient], [patient], [patient], [patient]");
    check("Müller", "Mueller Muller MÜLLER", "[patient] [patient] [patient]");
    check("Müller", "Mu\u{308}ller", "[patient]");
    check("Mu\u{308}ller", "Müller MÜLLER", "[patient] [patient]");
    check("Groß", "GROSS gross", "[patient] [patient]");
}

#[test]
fn a_patients_numbers_are_hidden_however_they_are_parted() {
    check(
        "1963-03-06",
        "19630306, 06031963, 03061963, 06.03.1963, 1963/3/7",
        "[patient], [patient], [patient], [patient].[patient].[patient], [patient]/3/7",
    );
    check("19630306", "1963-03-06", "[patient]");
    check("555-0199", "5550199 or 555 0199", "[patient] or [patient] [patient]");
}

#[test]
fn what_the_patient_shares_with_others_stays() {
    check("pippin@mail.example", "Pippin@mail.example, kim@mail.example", "[patient], kim@mail.example");
    check("https://ehr.example/fhir/Patient/1001", "https://ehr.example/fhir/Patient/1001", "[patient]");
    check("https://ehr.example/fhir/Patient/1001", "ehr.example: Patient 1001", "ehr.example: Patient [patient]");
    check("Took", "user=nurse.kim dXNlcm5hbWU= 68656c6c6f", "user=nurse.kim dXNlcm5hbWU= 68656c6c6f");
}

#[test]
fn many_patients_of_one_record_are_hidden_as_one_is() {
    let names: Vec<String> = (0..200).map(|number| format!("Tookington{number}")).collect();
    let raw = names.join(" ");
    let mask = mask_of(&raw, &names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(mask.text("a tookington199 xTookington7y b"), "a [patient] x[patient]y b");
}

#[test]
fn bytes_that_are_no_text_are_withheld_as_a_whole() {
    let mask = mask_of("Took", &["Took"]);
    assert_eq!(mask.bytes(b"T\0o\0o\0k\0"), b"[patient]");
}

#[test]
fn short_words_hide_only_whole_words() {
    check("M", "M or Mx", "[patient] or Mx");
    check("7", "7 of 77", "[patient] of 77");
}

#[test]
fn a_record_loses_its_spans_and_their_echoes() {
    let raw = r#"{"name":"Peregrin Took","note":"took was seen","n":1}"#;
    let mask = mask_of(raw, &["Peregrin Took"]);
    let out = mask.bytes(raw.as_bytes());
    assert_eq!(String::from_utf8(out).unwrap(), r#"{"name":"[patient]","note":"[patient] was seen","n":1}"#);
}

#[test]
fn a_record_without_patients_has_no_mask() {
    assert_eq!(mask_of("abc", &[]).text("abc"), "abc");
    assert_eq!(Mask::default().text("abc"), "abc");
}

proptest! {
    #[test]
    fn no_word_of_a_patient_survives(patient in "[A-Za-zäÄß0-9]{2,8}[ ^&%\\\\]?[A-Za-z0-9]{2,8}", before in ".{0,12}", after in ".{0,12}") {
        let mask = mask_of(&patient, &[&patient]);
        for sep in ["", " ", "="] {
            let masked = mask.text(&format!("{before}{sep}{patient}{sep}{after}")).into_owned();
            prop_assert!(!masked.contains(&patient) || MASKED.contains(&patient.to_lowercase()), "{masked}");
        }
    }
}
