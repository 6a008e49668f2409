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
    found_in(&format!("{}\n{}", ran.out, ran.err))
}

fn found_in(text: &str) -> Vec<&'static str> {
    let readings = readings(text);
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

/// The documents of the corpus.
fn documents() -> Vec<(String, String)> {
    let corpus = shared("corpus.tsv");
    let rows = corpus.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|row| row.split('\t').next()).map(|name| (name.to_owned(), shared(name))).collect()
}

const HEAD: &str = "<134>1 2026-03-04T21:14:05Z ehr app - - - ";

/// A text in the carriers that log shippers and programs make of it, one record a line.
fn carried(name: &str, text: &str) -> String {
    let beats = serde_json::json!({ "@timestamp": "2026-03-04T21:14:05Z", "message": text, "log": { "file": { "path": "/x" } } });
    let escaped = beats.to_string().replace("uillfeather", r"\u0075illfeather").replace("Zephyrine", r"\u005aephyrine");
    let mut records = vec![
        beats.to_string(),
        escaped.replace('<', r"\u003c"),
        serde_json::json!({ "message": beats.to_string() }).to_string(),
        serde_json::json!({ "message": format!("{HEAD}{text}") }).to_string(),
        serde_json::json!({ "message": format!("{HEAD}{beats}") }).to_string(),
    ];
    // what stands behind JSON on a line of a log is prose
    if name != "two.json" {
        records.push(
            serde_json::json!({ "a": { "payload": format!("2026-03-04 21:14:05 INFO received {text}") } }).to_string(),
        );
    }
    records.join("\n") + "\n"
}

/// The same behind a header of syslog.
fn in_syslog(name: &str, text: &str) -> String {
    let beats = serde_json::json!({ "message": text });
    let is_line = !text.contains('\n') && name != "two.json";
    let own = if is_line { format!("{HEAD}{text}\n{HEAD}at 3 got {text}\n") } else { String::new() };
    format!("{HEAD}{beats}\n{own}")
}

/// Places at which a document is cut: within each of the patient's names and numbers, and evenly over all of it.
fn cuts(text: &str) -> Vec<usize> {
    let lower = text.to_ascii_lowercase();
    let within = CANARIES
        .iter()
        .flat_map(|canary| lower.match_indices(canary).map(|(at, _)| at + canary.len()).collect::<Vec<_>>());
    let evenly = (1..6).map(|part| text.len() * part / 6);
    let mut all: Vec<usize> = within.chain(evenly).filter(|at| text.is_char_boundary(*at)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What is shown of the patient in the files, in any form of output; `name` says what they are.
fn shown(name: &str, bench: &Bench) -> Vec<String> {
    bench.rule("any.yml", &shared("rules.yml"));
    let outputs = [
        events(bench, &["--format", "record", "--mask"]),
        events(bench, &["--format", "ocsf", "--mask"]),
        bench.scan(&["--format", "ndjson", "--with-raw", "--mask"]),
    ];
    assert!(!outputs[0].out.is_empty() && outputs[2].code != Some(2), "{name}: {}", outputs[2].err);
    let lines = outputs.iter().flat_map(|ran| ran.out.lines());
    lines.filter(|line| !found_in(line).is_empty()).take(2).map(|line| format!("{name}: {line}")).collect()
}

#[test]
fn no_canary_leaves_a_text_inside_a_carrier() {
    let mut leaks = Vec::new();
    for (name, text) in documents() {
        let bench = Bench::new();
        bench.log("carried.json", carried(&name, &text)).log("carried.log", in_syslog(&name, &text));
        leaks.extend(shown(&name, &bench));
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn no_canary_leaves_a_document_that_is_cut_off() {
    let mut leaks = Vec::new();
    for (name, text) in documents() {
        let bench = Bench::new();
        // what stands in front of what says that there is a patient: the free text of an application, a custom field of CEF without its label
        let marks = [("app.json", "\"mrn"), ("cef.log", "cs1Label=Patient Name")];
        let mark = marks.iter().find(|(of, _)| *of == name).map_or("", |(_, mark)| mark);
        let from = text.find(mark).unwrap() + mark.len();
        for at in cuts(&text).into_iter().filter(|at| *at > from) {
            let (cut, _) = text.split_at(at);
            bench
                .log(&format!("{at}-{name}"), cut)
                .log(&format!("{at}.json"), carried(&name, cut))
                .log(&format!("{at}.log"), in_syslog(&name, cut));
        }
        leaks.extend(shown(&name, &bench));
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn no_canary_leaves_the_rest_of_a_document_whose_start_is_missing() {
    let mut leaks = Vec::new();
    for (name, text) in documents() {
        let is_told = name.starts_with("r4")
            || name.starts_with("r5")
            || name.ends_with(".hl7")
            || text.contains("<AuditMessage");
        let bench = Bench::new();
        for at in cuts(&text).into_iter().filter(|at| *at < text.len() * 3 / 4) {
            let (_, rest) = text.split_at(at);
            bench.log(&format!("{at}.json"), carried(&name, rest)).log(&format!("{at}.log"), in_syslog(&name, rest));
        }
        if is_told {
            leaks.extend(shown(&name, &bench));
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}
