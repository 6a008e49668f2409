//! Tests of the Zeek log decoder.

use proptest::prelude::*;

use super::Zeek;
use crate::stream_check::{check_cut_everywhere, options, outside, read, read_in_steps};
use crate::{Confidence, Format};

const DNS: &str = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#open\t2026-01-02-03-04-05\n\
    #fields\tts\tuid\tid.orig_h\tquery\tanswers\tTTLs\trejected\tnote\n#types\ttime\tstring\taddr\tstring\tvector[string]\tvector[interval]\tbool\tstring\n\
    1767323045.250802\tC1\t10.0.0.1\ta\\x09b\t1.1.1.1,x\\x2cy,-\t60.0,5.5\tF\t(empty)\n#close\t2026-01-02-04-00-00\n";

#[test]
fn a_row_gives_typed_fields_under_the_headers_names() {
    let seen = read(&Zeek, DNS.as_bytes());
    let expect = [
        "ts=1767323045.250802",
        "uid=C1",
        "id.orig_h=10.0.0.1",
        "query=a\tb",
        "answers=1.1.1.1",
        "answers=x,y",
        "TTLs=60.0",
        "TTLs=5.5",
        "rejected=false",
        "note=",
    ];
    assert_eq!(seen.records, [expect]);
    assert_eq!(seen.times, ["2026-01-02T03:04:05.250802Z"]);
    assert_eq!(seen.anomalies, [[""; 0]]);
    assert_eq!(seen.sources, [["zeek//dns", "zeek/dns/"]]);
}

#[test]
fn a_header_in_the_middle_changes_the_rows_behind_it() {
    let conn = DNS.replace("#path\tdns", "#path\tconn").replace("query", "service");
    let seen = read(&Zeek, format!("{DNS}{conn}").as_bytes());
    assert_eq!((seen.records[0][3].as_str(), seen.records[1][3].as_str()), ("query=a\tb", "service=a\tb"));
    assert_eq!(seen.sources[1], ["zeek//conn", "zeek/firewall/"]);
    assert_eq!(seen.faults, []);
}

#[test]
fn rows_without_a_header_or_time_are_kept_and_named() {
    let check = |text: &str, fields: &[&str], anomalies: &[&str]| {
        let seen = read(&Zeek, text.as_bytes());
        assert_eq!(
            (&seen.records[0][..], &seen.anomalies[0][..]),
            (&fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>()[..], anomalies),
            "{text}"
        );
    };
    check("1.5\tC1\n", &["column_1=1.5", "column_2=C1"], &["zeek_missing_header", "zeek_missing_time"]);
    check("ts\tuid\n1.5\tC1\n", &["ts=1.5", "uid=C1"], &["zeek_missing_header"]);
    check("#fields\tts\tuid\nXXXXXXXXXX.XXXXXX\tC1\n", &["ts=XXXXXXXXXX.XXXXXX", "uid=C1"], &["zeek_missing_time"]);
    check("#fields\tts\tuid\n1.5\n", &["ts=1.5"], &["zeek_fewer_cells"]);
    check("#fields\tts\tuid\n1.5\tC1\tx\n", &["ts=1.5", "uid=C1", "column_3=x"], &["zeek_more_cells"]);
}

#[test]
fn backslashes_are_written_twice_and_bytes_that_are_no_text_stay_escaped() {
    let value = |text: &str| read(&Zeek, format!("#fields\tts\tpath\n1\t{text}\n").as_bytes()).records[0][1].clone();
    assert_eq!(value(r"\\\\10.0.0.12\\IPC$"), r"path=\\10.0.0.12\IPC$");
    assert_eq!(value(r"abc\x0a\xffdef"), r"path=abc\x0a\xffdef");
    assert_eq!(value(r"\xc3\xa4"), "path=\u{e4}");
    assert_eq!(value("a\\"), "path=a\\");
}

#[test]
fn only_zeek_logs_are_taken_for_zeek_logs() {
    let check = |head: &str, expect| assert_eq!(Zeek.sniff(head.as_bytes(), true), expect, "{head}");
    check(DNS, Confidence::Certain);
    check("# note\n#separator |\n", Confidence::Certain);
    check("ts\tuid\tid.orig_h\n", Confidence::Certain);
    check("# a comment\nhello\n", Confidence::No);
    check("#Software: IIS\n#Fields: date time\n", Confidence::No);
    check("time\tuser\tpatient\n", Confidence::No);
    check("", Confidence::No);
}

#[test]
fn a_source_cut_anywhere_or_arriving_in_pieces_is_read_alike() {
    check_cut_everywhere(&Zeek, DNS.as_bytes());
}

#[test]
fn every_row_of_the_outside_logs_decodes() {
    let Some(folder) = outside("zeek") else { return };
    let (mut logs, mut rows) = (0, 0);
    for test in std::fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for file in std::fs::read_dir(test.path()).unwrap().flatten() {
            let (name, bytes) = (file.path().display().to_string(), std::fs::read(file.path()).unwrap());
            logs += 1;
            let lines = || bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && line[0] != b'#');
            if lines().all(|line| line.starts_with(b"{")) {
                assert_eq!(Zeek.sniff(&bytes, true), Confidence::No, "{name}");
                continue;
            }
            let bare =
                Zeek.sniff(&bytes, true) == Confidence::Certain && !bytes.windows(7).any(|window| window == b"#fields");
            let expect = lines().count() - usize::from(bare);
            let seen = read(&Zeek, &bytes);
            assert_eq!((seen.records.len(), seen.faults.len()), (expect, 0), "{name}");
            rows += expect;
            for (row, anomalies) in seen.raw.iter().zip(&seen.anomalies) {
                let named = !anomalies.iter().any(|name| name.ends_with("_cells"));
                assert!(named, "{name}: {anomalies:?} {}", String::from_utf8_lossy(row));
                let blanked = row.starts_with(b"XXXXXXXXXX.XXXXXX") && !bare;
                assert!(!blanked || anomalies.contains(&"zeek_missing_time"), "{name}");
            }
        }
    }
    assert_eq!(logs, 152);
    eprintln!("{rows} rows of {logs} logs");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), tail in "[#a\tx\\\\,\n-]{0,60}") {
        read(&Zeek, &bytes);
        let mut log = DNS.as_bytes().to_vec();
        log.extend_from_slice(&bytes);
        log.extend_from_slice(tail.as_bytes());
        read(&Zeek, &log);
        read_in_steps(&Zeek, options(), &log, 7);
        Zeek.sniff(&log, false);
    }
}
