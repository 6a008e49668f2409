//! `--mask`, proven: one invented patient, written into every format that names patients, in many spellings, and looked for in everything that comes out.

use std::path::Path;

use base64::Engine as _;

use crate::common::{Bench, Ran};

/// What identifies the patient Zephyrine Quillfeather, as it must not come out, in lower case.
const CANARIES: [&str; 11] = [
    "quillfeather",
    "zephyrine",
    "77310942",
    "1957-11",
    "19571123",
    "23.11.1957",
    "8173-26",
    "555817326",
    "wobblegate",
    "zq@mailbox.example",
    "snorkelhaven",
];
/// Members of staff, who are what access is judged by.
const STAFF: &str = "nurse.kim";

/// The documents and rules, which the tests of a running node share (`tests/live/test_canaries.py`).
fn shared(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/canary");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// Every text that the output can be read as: as it is, and with each encoding undone, twice over.
fn readings(out: &str) -> Vec<String> {
    let mut all = vec![out.to_owned()];
    let mut last = all.clone();
    for _ in 0..2 {
        last = last.iter().flat_map(|text| [unescaped(text), percent(text), tokens(text)]).collect();
        all.extend(last.iter().cloned());
    }
    all.iter().map(|text| text.to_lowercase()).collect()
}

/// JSON escapes and entities of XML, numbers only.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let number = |start: &str, end: &str, radix| {
            let (digits, after) = rest.strip_prefix(start)?.split_at_checked(rest.strip_prefix(start)?.find(end)?)?;
            Some((char::from_u32(u32::from_str_radix(digits, radix).ok()?)?, after.strip_prefix(end)?))
        };
        let escape = rest
            .strip_prefix("\\u")
            .and_then(|rest| rest.split_at_checked(4))
            .and_then(|(digits, after)| Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, after)));
        let (letter, after) = escape
            .or_else(|| number("&#x", ";", 16))
            .or_else(|| number("&#", ";", 10))
            .unwrap_or((letter, rest.get(letter.len_utf8()..).unwrap()));
        out.push(letter);
        rest = after;
    }
    out
}

fn percent(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| byte == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(code) => (out.push(code), rest = after.get(2..).unwrap()).1,
            None => (out.push(byte), rest = after).1,
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What reads as base64 or hexadecimal, decoded.
fn tokens(text: &str) -> String {
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD;
    let mut out = String::new();
    for token in text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"+/".contains(letter)) {
        let hex: Option<Vec<u8>> = token
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        for bytes in hex.into_iter().chain(base64.decode(token)) {
            out.push_str(&String::from_utf8_lossy(&bytes));
            out.push('\n');
        }
    }
    out
}

fn found(ran: &Ran) -> Vec<&'static str> {
    let readings = readings(&format!("{}\n{}", ran.out, ran.err));
    CANARIES.into_iter().filter(|canary| readings.iter().any(|reading| reading.contains(canary))).collect()
}

fn events(bench: &Bench, options: &[&str]) -> Ran {
    bench.run("events", &[], options, &["logs"], b"")
}

/// The open outputs hold the canaries, or the test would prove nothing; no masked output does, and the member of staff stays.
fn check(name: &str, log: &str, canaries_min: usize, has_rule: bool) {
    let bench = Bench::new();
    bench.rule("any.yml", &shared("rules.yml")).log(name, log);
    let open = events(&bench, &["--format", "record"]);
    assert!(found(&open).len() >= canaries_min, "{name}: {:?}: {}", found(&open), open.out);
    for format in ["record", "ocsf"] {
        let masked = events(&bench, &["--format", format, "--mask", "--stats"]);
        assert_eq!(found(&masked), [""; 0], "{name}, events {format}: {}", masked.out);
        let has_staff = format == "ocsf" || name == "receipt.hl7" || masked.out.contains(STAFF);
        assert!(has_staff && !masked.out.is_empty(), "{name}, events {format}: {}", masked.out);
    }
    for format in ["table", "ndjson", "csv", "html", "ocsf"] {
        let raw = ["--format", format, "--with-raw"];
        let open = bench.scan(&raw);
        let masked = bench.scan(&[&raw[..], &["--mask", "--stats"]].concat());
        assert_eq!(found(&masked), [""; 0], "{name}, scan {format}: {}", masked.out);
        if has_rule {
            // 3: one file goes on with what cannot be read
            assert!(
                open.code == masked.code && matches!(open.code, Some(1 | 3)),
                "{name}, scan {format}: {}",
                open.err
            );
            let shows_all = !matches!(format, "table");
            assert!(!shows_all || found(&open).len() >= canaries_min, "{name}, scan {format}: {:?}", found(&open));
            assert!(!shows_all || masked.out.contains(STAFF), "{name}, scan {format}: {}", masked.out);
        }
    }
}

#[test]
fn no_canary_leaves_with_mask_in_any_format_or_encoding() {
    let corpus = shared("corpus.tsv");
    let rows = corpus.lines().filter(|line| !line.starts_with('#'));
    let mut checked = 0;
    for row in rows.map(|row| row.split('\t').collect::<Vec<_>>()) {
        check(row[0], &shared(row[0]), row[1].parse().unwrap(), row[2] == "yes");
        checked += 1;
    }
    assert_eq!(checked, 25);
}
