//! Tests of the HL7 v2 decoder: delimiters, escapes, character sets, MLLP and batch files, damaged messages.

use proptest::prelude::*;

use super::Hl7;
use crate::stream_check::{check_cut_everywhere, options, outside, read, read_in_steps};
use crate::{Confidence, Format};

const ADT: &str = "MSH|^~\\&|EPIC|LAKE|PACS|RAD|20260101093000+0100||ADT^A01^ADT_A01|C1|P|2.5.1||||||UNICODE UTF-8\r\
    EVN||20260101|||NURSE1\rPID|1||1001^^^LAKE&1.2&ISO^MR~88^^^SSA||M\u{fc}ller^Anna||19700101|F\rPV1|1|I|ICU^2^1\r";

fn fields(message: &str, from: &str) -> Vec<String> {
    let seen = read(&Hl7, message.as_bytes());
    seen.records[0].iter().filter(|line| line.starts_with(from)).cloned().collect()
}

#[test]
fn a_message_gives_fields_components_and_subcomponents() {
    let seen = read(&Hl7, ADT.as_bytes());
    let expect = [
        "MSH-1=|",
        "MSH-2=^~\\&",
        "MSH-3=EPIC",
        "MSH-3.1=EPIC",
        "MSH-4=LAKE",
        "MSH-4.1=LAKE",
        "MSH-5=PACS",
        "MSH-5.1=PACS",
        "MSH-6=RAD",
        "MSH-6.1=RAD",
        "MSH-7=20260101093000+0100",
        "MSH-7.1=20260101093000+0100",
        "MSH-9=ADT^A01^ADT_A01",
        "MSH-9.1=ADT",
        "MSH-9.2=A01",
        "MSH-9.3=ADT_A01",
        "MSH-10=C1",
        "MSH-10.1=C1",
        "MSH-11=P",
        "MSH-11.1=P",
        "MSH-12=2.5.1",
        "MSH-12.1=2.5.1",
        "MSH-18=UNICODE UTF-8",
        "MSH-18.1=UNICODE UTF-8",
        "EVN-2=20260101",
        "EVN-2.1=20260101",
        "EVN-5=NURSE1",
        "EVN-5.1=NURSE1",
        "PID-1=1",
        "PID-1.1=1",
        "PID-3=1001^^^LAKE&1.2&ISO^MR",
        "PID-3.1=1001",
        "PID-3.4=LAKE&1.2&ISO",
        "PID-3.4.1=LAKE",
        "PID-3.4.2=1.2",
        "PID-3.4.3=ISO",
        "PID-3.5=MR",
        "PID-3=88^^^SSA",
        "PID-3.1=88",
        "PID-3.4=SSA",
        "PID-5=Müller^Anna",
        "PID-5.1=Müller",
        "PID-5.2=Anna",
        "PID-7=19700101",
        "PID-7.1=19700101",
        "PID-8=F",
        "PID-8.1=F",
        "PV1-1=1",
        "PV1-1.1=1",
        "PV1-2=I",
        "PV1-2.1=I",
        "PV1-3=ICU^2^1",
        "PV1-3.1=ICU",
        "PV1-3.2=2",
        "PV1-3.3=1",
    ];
    assert_eq!(seen.records, [expect]);
    assert_eq!(seen.times, ["2026-01-01T08:30:00.000000Z"]);
    assert_eq!(seen.anomalies, [[""; 0]]);
    assert_eq!(seen.sources, [["healthcare/hl7_message/", "hl7//v2"]]);
    assert_eq!(seen.patient, [["1001^^^LAKE&1.2&ISO^MR~88^^^SSA", "Müller^Anna", "19700101"]]);
}

#[test]
fn a_message_is_read_the_same_from_mllp_batch_and_bare_streams_with_any_line_end() {
    let plain = read(&Hl7, ADT.as_bytes());
    let two = |text: String| {
        let seen = read(&Hl7, text.as_bytes());
        assert_eq!(seen.records, [plain.records[0].clone(), plain.records[0].clone()], "{text:?}");
        assert_eq!(seen.faults, [], "{text:?}");
    };
    two(format!("\u{b}{ADT}\u{1c}\r\u{b}{ADT}\u{1c}\r"));
    two(format!("FHS|^~\\&\rBHS|^~\\&\r{ADT}{ADT}BTS|2\rFTS|1\r"));
    two(format!("{ADT}{ADT}"));
    two(format!("{ADT}\r{ADT}").replace('\r', "\n"));
    two(format!("\u{feff}{ADT}{ADT}").replace('\r', "\r\n"));
}

#[test]
fn framing_faults_are_named_and_reading_goes_on() {
    let faults = |text: String| {
        let seen = read(&Hl7, text.as_bytes());
        (seen.records.len(), seen.faults.iter().map(|(_, name)| *name).collect::<Vec<_>>())
    };
    assert_eq!(faults(format!("\u{b}{ADT}\u{b}{ADT}\u{1c}\r")), (2, vec!["hl7_mllp_unclosed"]));
    assert_eq!(faults(format!("\u{b}{ADT}")), (1, vec!["hl7_mllp_unclosed"]));
    assert_eq!(faults(format!("BHS|^~\\&\r{ADT}BTS|2\r")), (1, vec!["hl7_batch_count"]));
    assert_eq!(faults(format!("junk\rmore\r{ADT}")), (1, vec!["hl7_not_a_message"]));
}

#[test]
fn a_message_over_the_limit_is_left_out_and_the_next_is_read() {
    let long = format!("MSH|^~\\&|{}\r", "x".repeat(5000));
    for step in [1, 64, 100_000] {
        let limited = crate::DecodeOptions { record_bytes_max: 1000, ..options() };
        let seen = read_in_steps(&Hl7, limited, format!("{long}{ADT}").as_bytes(), step);
        assert_eq!(seen.records.len(), 1, "step {step}");
        assert_eq!(seen.faults, [(0, "record_too_long")], "step {step}");
    }
}

#[test]
fn any_declared_delimiters_are_used() {
    let odd = ADT.replace('|', "!").replace('^', "*").replace('~', "%").replace('&', "@");
    assert_eq!(
        fields(&odd, "PID-3.4"),
        ["PID-3.4=LAKE@1.2@ISO", "PID-3.4.1=LAKE", "PID-3.4.2=1.2", "PID-3.4.3=ISO", "PID-3.4=SSA"]
    );
}

#[test]
fn escape_sequences_are_resolved_and_unknown_ones_kept() {
    let value = |text: &str| fields(&format!("MSH|^~\\&|{text}\r"), "MSH-3=").join("");
    assert_eq!(value(r"a\F\b\S\c\T\d\R\e\E\f"), r"MSH-3=a|b^c&d~e\f");
    assert_eq!(value(r"\X48C3BC\ \H\bold\N\"), "MSH-3=H\u{fc} bold");
    assert_eq!(value(r"one\.br\two\.sp2\three\.in+2\"), "MSH-3=one\ntwo\n\nthree");
    assert_eq!(value(r"C:\temp\new"), r"MSH-3=C:\temp\new");
    assert_eq!(value(r"\C2842\x\S\y"), r"MSH-3=\C2842\x\S\y".replace(r"\S\", "^"));
    let anomalies = |text: &str| read(&Hl7, format!("MSH|^~\\&|{text}|||20260101Z\r").as_bytes()).anomalies[0].clone();
    assert_eq!(anomalies(r"C:\temp\new")[0], "hl7_escape_unknown");
    assert_eq!(anomalies(r"half\r")[0], "hl7_escape_unclosed");
}

#[test]
fn two_quotation_marks_are_null() {
    assert_eq!(fields("MSH|^~\\&|\"\"|B\r", "MSH-3"), ["MSH-3!", "MSH-3.1!"]);
}

#[test]
fn character_sets_of_msh_18_are_read() {
    let check = |charset: &str, name: &[u8], expect: &str, anomaly: Option<&str>| {
        let mut message = format!("MSH|^~\\&|||||20260101+0000||ADT|1|P|2.5||||||{charset}\rPID|||||").into_bytes();
        message.extend_from_slice(name);
        message.extend_from_slice(b"^X\r");
        let seen = read(&Hl7, &message);
        let got = seen.records[0].iter().find_map(|line| line.strip_prefix("PID-5.1=")).unwrap_or("").to_owned();
        assert_eq!((got.as_str(), seen.anomalies[0].first().copied()), (expect, anomaly), "{charset}");
    };
    check("", "Zoë".as_bytes(), "Zoë", None);
    check("", b"Zo\xEB", "Zoë", Some("hl7_charset_undeclared"));
    check("8859/1", b"Zo\xEB", "Zoë", None);
    check("8859/15", b"\xA4", "€", None);
    check("8859/5", b"\xB8\xD2\xD0\xDD", "Иван", None);
    check("UNICODE UTF-8", b"Zo\xEB", "Zo\u{fffd}", Some("hl7_charset_broken"));
    check("GB 18030-2000", b"\xB8\x5E\xCD\xF5", "竈王", None);
    check("ASCII~ISO IR87", b"\x1B$B;3ED\x1B(B", "山田", None);
    check("KLINGON", b"x", "x", Some("hl7_charset_unknown"));
}

#[test]
fn times_without_zone_take_the_options_zone_and_say_so() {
    let check = |time: &str, expect: &str, anomaly: Option<&str>| {
        let seen = read(&Hl7, format!("MSH|^~\\&|||||{time}\r").as_bytes());
        assert_eq!((seen.times[0].as_str(), seen.anomalies[0].first().copied()), (expect, anomaly), "{time}");
    };
    check("20260101", "2026-01-01T00:00:00.000000Z", Some("hl7_missing_zone"));
    check("202601010930", "2026-01-01T09:30:00.000000Z", Some("hl7_missing_zone"));
    check("20260101093015.1234-0530", "2026-01-01T15:00:15.123400Z", None);
    check("202601", "-", Some("hl7_bad_time"));
    check("20261301", "-", Some("hl7_bad_time"));
    check("", "-", Some("hl7_missing_time"));
}

#[test]
fn what_identifies_a_patient_or_relative_is_named() {
    let message = "MSH|^~\\&|\rPID|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15\rNK1|1|Mother|MTH|Street\rMRG|old\r\
        OBX|1|NM|x||5\rOBX|2|TX|x||Mrs. Doe is well\rZPI|any|thing\rNTE|1||about Doe\rQPD|q|t|1001\rstray Doe\r";
    let expect = [
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "9",
        "11",
        "12",
        "13",
        "14",
        "Mother",
        "MTH",
        "Street",
        "old",
        "Mrs. Doe is well",
        "any",
        "thing",
        "about Doe",
        "1001",
        "stray Doe",
    ];
    assert_eq!(read(&Hl7, message.as_bytes()).patient, [expect]);
}

#[test]
fn a_message_with_too_many_values_is_cut_and_all_its_rest_is_masked() {
    let message = format!("MSH|^~\\&|A\rPID|||{}~LAST\r", "1~".repeat(40_000));
    let seen = read(&Hl7, message.as_bytes());
    assert_eq!(seen.records[0].len(), 65_536);
    assert!(seen.anomalies[0].contains(&"hl7_too_many_fields"));
    assert!(seen.patient[0].concat().ends_with("LAST"));
}

#[test]
fn a_query_is_an_access_to_a_record() {
    let seen = read(&Hl7, b"MSH|^~\\&|||||||QBP^Q22|1\r");
    assert_eq!(seen.sources, [["healthcare/hl7_message/", "healthcare/record_access/", "hl7//v2"]]);
}

#[test]
fn only_hl7_is_taken_for_hl7() {
    let check = |head: &str, expect| assert_eq!(Hl7.sniff(head.as_bytes(), true), expect, "{head}");
    check(ADT, Confidence::Certain);
    check("\u{b}MSH|^~\\&|", Confidence::Certain);
    check("FHS|^~\\&|x", Confidence::Certain);
    check("MSH was here", Confidence::No);
    check("MSH,FHS,x", Confidence::No);
    check("{\"MSH\":1}", Confidence::No);
    check("", Confidence::No);
}

#[test]
fn a_source_cut_anywhere_or_arriving_in_pieces_is_read_alike() {
    check_cut_everywhere(&Hl7, format!("\u{b}{ADT}\u{1c}\rBHS|^~\\&\r\n{ADT}\nBTS|7\rjunk\r{ADT}").as_bytes());
}

#[test]
fn the_outside_messages_are_read_whole() {
    let Some(folder) = outside("hl7v2") else { return };
    let adt = "MSH EVN PID PV1 OBX AL1 PRB";
    let oru = "MSH PID NTE PV1 OBR OBX";
    let files = [
        ("sample_unix.hl7", adt, "2012-09-12T01:12:30.000000Z"),
        ("sample_win.hl7", adt, "2012-09-12T01:12:30.000000Z"),
        ("ORU-multiline-short.hl7", oru, "2020-08-02T12:44:55.000000Z"),
        ("ORU-multiline-short-mixed.hl7", oru, "2020-08-02T12:44:55.000000Z"),
    ];
    for (file, segments, time) in files {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        assert_eq!(Hl7.sniff(&bytes, true), Confidence::Certain, "{file}");
        let seen = read(&Hl7, &bytes);
        assert_eq!((seen.times, seen.faults), (vec![time.to_owned()], vec![]), "{file}");
        let mut names: Vec<&str> = seen.records[0].iter().filter_map(|line| Some(line.split_once('-')?.0)).collect();
        names.dedup();
        assert_eq!(names.join(" "), segments, "{file}");
        assert!(
            seen.patient[0].iter().any(|span| span.starts_with("DOE^JOHN") || span == "Patient^Autogenerated"),
            "{file}"
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read(&Hl7, &bytes);
        let mut message = b"MSH|^~\\&|".to_vec();
        message.extend_from_slice(&bytes);
        read(&Hl7, &message);
        read_in_steps(&Hl7, options(), &message, 3);
    }

    #[test]
    fn a_value_written_with_escapes_is_read_back(value in "[a-zA-Z0-9|^~&\\\\ ]{1,30}") {
        let written: String = value.chars().map(|letter| match letter {
            '|' => "\\F\\".to_owned(), '^' => "\\S\\".to_owned(), '~' => "\\R\\".to_owned(),
            '&' => "\\T\\".to_owned(), '\\' => "\\E\\".to_owned(), other => other.to_string(),
        }).collect();
        let seen = read(&Hl7, format!("MSH|^~\\&|{written}|\r").as_bytes());
        prop_assert_eq!(&seen.records[0][2], &format!("MSH-3={value}"));
    }
}
