//! The table on terminals of several widths.

use std::cell::RefCell;
use std::rc::Rc;

use cordon_model::{Digest, EventId, FindingId, LogSource, Position, Time};

use super::*;

/// Keeps what is written to it for the test.
#[derive(Clone, Default)]
struct Paper(Rc<RefCell<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn table(width: usize, found: &[Detected]) -> String {
    let paper = Paper::default();
    let mut table = Table::new(Box::new(paper.clone()), Look::of_width(width), Level::Informational);
    found.iter().for_each(|found| table.finding(found).unwrap());
    let mut report = Report::default();
    found.iter().for_each(|_| report.findings[3] += 1);
    table.finish(&report).unwrap();
    let bytes = paper.0.borrow().clone();
    String::from_utf8(bytes).unwrap()
}

fn field(field: &str, value: &str) -> MatchedField {
    MatchedField { field: field.into(), value: value.into(), offset: Some(0), ..MatchedField::default() }
}

fn found(title: &str, host: &str, user: &str, matched: Vec<MatchedField>, origin: FindingOrigin) -> Detected {
    let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    let rule = RuleCard {
        title: title.into(),
        author: "A. Tester".into(),
        level: Level::High,
        tags: vec!["attack.impact".into(), "attack.t1486".into()],
        ..RuleCard::default()
    };
    Detected {
        finding: Finding {
            finding_id: FindingId([0; 16]),
            event_ids: vec![EventId([0; 16])],
            rule: Arc::new(rule),
            time: Some(Time(0)),
            source_file: "windows/fileserver.jsonl".into(),
            position: Position::Offset(35_208),
            index: 0,
            log_source: LogSource::default(),
            matched,
            record_sha256: Digest([0; 32]),
            origin,
        },
        subject: Subject { host: named(host), user: named(user) },
        record: None,
        events: Vec::new(),
    }
}

/// A correlation over twenty paths, and a rule with a long title and more fields than have room.
fn two() -> [Detected; 2] {
    let group = vec![("user".to_owned(), "anna".to_owned()), ("src_ip".to_owned(), "10.20.10.61".to_owned())];
    let mut matched: Vec<MatchedField> = group.iter().map(|(name, value)| field(name, value)).collect();
    matched.push(field("path", "20"));
    let told = "20 different values of path within 2m".to_owned();
    let origin =
        FindingOrigin::Correlation { group, window_start: Time(0), window_end: Time(0), value: "20".to_owned(), told };
    let fields = vec![
        field("Image", r"C:\Windows\System32\rundll32.exe"),
        field("CommandLine", &"x".repeat(90)),
        field("ParentImage", r"C:\Windows\explorer.exe"),
    ];
    let title = "Library Loaded From A Place That Anybody Can Write To By A Program Of The System";
    [
        found("Many Files Renamed", "", "anna", matched, origin),
        found(title, "ws1.lakeside.example", r"LAKESIDE\anna", fields, FindingOrigin::Event),
    ]
}

#[test]
fn eighty_columns_hold_who_what_and_where_and_count_the_rest() {
    let expect = r"▲ high      Library Loaded From A Place That Anybody Can Write To By A Program …
  1 finding · by A. Tester · T1486
  1970-01-01 00:00:00  ws1.lakeside.example  LAKESIDE\anna
    Image=C:\Windows\System32\rundll3…  +2 more  windows/fileserver.jsonl:35208

▲ high      Many Files Renamed
  1 finding · by A. Tester · T1486
  1970-01-01 00:00:00  anna  windows/fileserver.jsonl:35208
    20 different values of path within 2m  src_ip=10.20.10.61

▲ 2 high
";
    assert_eq!(table(80, &two()), expect);
}

#[test]
fn two_hundred_columns_are_not_filled_for_their_own_sake() {
    let wide = table(200, &two());
    let correlation = "  1970-01-01 00:00:00  anna  20 different values of path within 2m  src_ip=10.20.10.61  windows/fileserver.jsonl:35208";
    assert!(wide.lines().any(|line| line == correlation), "{wide}");
}

#[test]
fn the_earliest_findings_of_a_rule_are_shown_whatever_order_they_are_read_in() {
    let at = |seconds: Option<i64>| {
        let mut one = found("Rule", &format!("ws{}", seconds.unwrap_or(0)), "", Vec::new(), FindingOrigin::Event);
        one.finding.time = seconds.map(|seconds| Time(seconds * 1_000_000));
        one
    };
    let text = table(100, &[None, Some(9), Some(3), Some(8), Some(1), Some(7), Some(2)].map(at));
    let hosts: Vec<&str> =
        text.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with("ws"))).collect();
    assert_eq!(hosts, ["ws1", "ws2", "ws3", "ws7", "ws8"]);
    let undated = table(100, &[None, Some(9)].map(at));
    assert!(undated.find("ws9") < undated.find("no time stated"), "{undated}");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in 60..=200 {
        for line in table(width, &two()).lines() {
            assert!(chars(line) <= width, "{width}: {line}");
        }
    }
}
