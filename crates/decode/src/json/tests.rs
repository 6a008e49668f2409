//! Framing, names and faults of JSON, on small inputs and on the outside samples.

use proptest::prelude::*;

use super::Json;
use super::shape::{JSON_SHAPES, Shapes, shapes};
use crate::stream_check::{Seen, check_cut_everywhere, options, outside, read, read_in_steps};
use crate::{Confidence, Format};

fn values(input: &str) -> Vec<String> {
    read(&Json, input.as_bytes()).raw.iter().map(|raw| String::from_utf8_lossy(raw).into_owned()).collect()
}

fn check_units(input: &str, expect: &[&str]) {
    assert_eq!(values(input), expect, "{input}");
    assert_eq!(read(&Json, input.as_bytes()).faults, [], "{input}");
    check_cut_everywhere(&Json, input.as_bytes());
}

fn check_faults(input: &str, faults: &[&str], records: usize) {
    let seen = read(&Json, input.as_bytes());
    let names: Vec<&str> = seen.faults.iter().map(|(_, name)| *name).collect();
    assert_eq!((names.as_slice(), seen.records.len()), (faults, records), "{input}");
    check_cut_everywhere(&Json, input.as_bytes());
}

fn check_fields(input: &str, expect: &[&str]) -> Seen {
    let seen = read(&Json, input.as_bytes());
    assert_eq!(seen.records, [expect.to_vec()], "{input}");
    assert_eq!(seen.faults, [], "{input}");
    seen
}

#[test]
fn lines_pretty_values_arrays_and_envelopes_give_one_unit_per_object() {
    check_units("{\"a\":1}\r\n\n{\"a\":2} \n{\"a\":3}", &[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#]);
    check_units(
        "{\n  \"a\": {}\n}\n{\n  \"b\": [\n    {}\n  ]\n}\n",
        &["{\n  \"a\": {}\n}", "{\n  \"b\": [\n    {}\n  ]\n}"],
    );
    check_units("{ \"a\": {}\n, \"b\": 1 }\n", &["{ \"a\": {}\n, \"b\": 1 }"]);
    check_units("[{\"a\":1},\n {\"a\":2}]\n{\"a\":3}", &[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#]);
    check_units(
        "\u{feff}{\"Records\": [ {\"a\":1},{\"a\":2}], \"x\": {}}\n{\"a\":3}\n",
        &[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#],
    );
    check_units("{\"@odata.context\":\"u\", \"value\":[{\"a\":1}],\"@odata.nextLink\":\"v\"}", &[r#"{"a":1}"#]);
    check_units("{\"value\":[1,2]}\n{\"value\":\"x\"}\n", &[r#"{"value":[1,2]}"#, r#"{"value":"x"}"#]);
    check_units("{}{}\n", &["{}", "{}"]);
    check_units("[]\n[ ]", &[]);
    check_units("[]", &[]);
}

#[test]
fn what_is_broken_is_named_and_reading_resumes_at_the_next_value() {
    check_faults("{\"a\":1}\n{\"a\" 2}\n{\"a\":3}\n", &["json_malformed"], 2);
    check_faults("{\"a\":1,\"b\":\n{\"a\":2}\n{\"a\":3}\n", &["json_malformed"], 2);
    check_faults("{\n \"a\": {\n  \"b\": x?\n }\n}\n{\"a\":3}\n", &["json_malformed"], 1);
    check_faults("[\n  {\"a\":1},\n  {\"a\":tru!},\n  {\"a\":3}\n]\n{\"a\":4}", &["json_malformed"], 3);
    check_faults("not json\n{\"a\":1}\n", &["json_malformed"], 1);
    check_faults("{\"a\":1}\n{\"a\":{\"b\":", &["json_truncated"], 1);
    check_faults("[", &["json_truncated"], 0);
    check_faults("[[[[ \n", &["json_truncated"], 0);
    check_faults("{\"a\":1}[ \n ", &["json_truncated"], 1);
    check_faults("[1,\"x\",[{}],{\"a\":1}]", &["json_not_an_object"; 3], 1);
    check_faults("{\"a\":1} x\n{\"a\":2}", &["json_malformed"], 2);
    check_faults(&format!("{{\"a\":{}1{}}}\n{{}}\n", "[".repeat(64), "]".repeat(64)), &["json_too_deep"], 1);
}

#[test]
fn an_array_cut_off_between_two_elements_is_truncated_wherever_it_ends() {
    let long_blank = format!("[{{\"a\":1}},{}", " ".repeat(3000));
    for (input, records) in [
        ("[{\"a\":1}", 1),
        ("[{\"a\":1},", 1),
        ("[{\"a\":1} , \n ", 1),
        ("[{\"a\":1},\n{\"a\":2}\n", 2),
        ("{\"Records\":[{\"a\":1}", 1),
        ("{\"Records\":[{\"a\":1},\n", 1),
        ("{\"Records\":[{\"a\":1},{\"a\":2}]", 2),
        ("{\"Records\":[{\"a\":1}]\n ", 1),
        ("{\"Records\":[{\"a\":1}],\"x\":", 1),
        ("{\"a\":0}\n[{\"a\":1},", 2),
    ] {
        check_faults(input, &["json_truncated"], records);
    }
    let seen = read(&Json, long_blank.as_bytes());
    assert_eq!((seen.faults.len(), seen.records.len()), (1, 1));
}

#[test]
fn a_value_over_the_limit_is_one_fault() {
    let input = "{\"a\":\"0123456789\"}\n{\"a\":1}\n[\n{\"a\":\"0123456789\"},\n{\"a\":1}]";
    for step in 1..60 {
        let mut small = options();
        small.record_bytes_max = 12;
        let seen = read_in_steps(&Json, small, input.as_bytes(), step);
        assert_eq!(seen.faults.iter().map(|(_, name)| *name).collect::<Vec<_>>(), ["record_too_long"; 2], "{step}");
        assert_eq!(seen.records.len(), 2, "{step}");
    }
}

#[test]
fn nested_fields_have_dotted_names_and_arrays_repeat_them() {
    check_fields(
        r#"{"a":{"b":[1,{"c":"x\\y"},[true]],"d":null},"e":[],"f\u0041":-1.50e3}"#,
        &["a.b=1", "a.b.c=x\\y", "a.b=true", "a.d!", "e!", "fA=-1.50e3"],
    );
}

const SYSMON: [&str; 7] = [
    "Provider_Name=Microsoft-Windows-Sysmon",
    "EventID=1",
    "Level=4",
    "Channel=Microsoft-Windows-Sysmon/Operational",
    "Computer=ws1",
    "Image=C:\\a.exe",
    "ProcessId=7",
];

fn check_windows(input: &str, extra: &[&str], time: &str) {
    let seen = read(&Json, input.as_bytes());
    let fields = &seen.records[0];
    for expect in SYSMON.iter().chain(extra) {
        assert!(fields.iter().any(|field| field == expect), "{expect} is not in {fields:?}");
    }
    assert_eq!(seen.times, [time], "{input}");
    assert_eq!(seen.sources, [["windows//sysmon", "windows/process_creation/sysmon"]], "{input}");
}

#[test]
fn windows_events_of_every_shipper_have_the_same_flat_names() {
    let time = "2025-11-27T07:40:10.165324Z";
    check_windows(
        r##"{"Event":{"#attributes":{"xmlns":"u"},"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon","Guid":"{G}"}},
        "EventID":{"#attributes":{"Qualifiers":0},"#text":1},"Level":4,"TimeCreated":{"#attributes":{"SystemTime":"2025-11-27T07:40:10.165324Z"}},
        "Correlation":null,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws1"},
        "EventData":{"#attributes":{"Name":"N"},"Image":"C:\\a.exe","ProcessId":7,"Data":{"#text":["a","b"]}}}}"##,
        &["Provider_Guid={G}", "EventID_Qualifiers=0", "EventData_Name=N", "Data=a", "Data=b"],
        time,
    );
    check_windows(
        r##"{"System":{"Provider_attributes":{"Name":"Microsoft-Windows-Sysmon"},"EventID":{"Value":1},"Level":4,
        "TimeCreated":{"SystemTime":1764229210.165324},"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws1"},
        "EventData":{"Data":[{"@Name":"Image","#text":"C:\\a.exe"},{"#attributes":{"Name":"ProcessId"},"#text":"7"},{"@Name":"None"}]}}"##,
        &["None!"],
        time,
    );
    check_windows(
        r##"{"@timestamp":"2025-11-27T07:40:10.165324Z","log":{"level":"information"},"winlog":{"channel":"Microsoft-Windows-Sysmon/Operational",
        "event_id":"1","provider_name":"Microsoft-Windows-Sysmon","computer_name":"ws1","level":4,"process":{"pid":5},
        "event_data":{"Image":"C:\\a.exe","ProcessId":"7"}}}"##,
        &["log.level=information", "winlog.process.pid=5"],
        time,
    );
    check_windows(
        r##"{"EventTime":"2025-11-27 07:40:10.165324","Hostname":"ws1","EventID":1,"SourceName":"Microsoft-Windows-Sysmon","Level":4,
        "Channel":"Microsoft-Windows-Sysmon/Operational","Image":"C:\\a.exe","ProcessId":"7"}"##,
        &[],
        time,
    );
    check_windows(
        r##"{"TimeCreated":"\/Date(1764229210165)\/","MachineName":"ws1","Id":1,"ProviderName":"Microsoft-Windows-Sysmon","Level":4,
        "LogName":"Microsoft-Windows-Sysmon/Operational","Image":"C:\\a.exe","ProcessId":7}"##,
        &[],
        "2025-11-27T07:40:10.165000Z",
    );
}

#[test]
fn user_data_is_flat_below_its_one_element() {
    let seen = read(
        &Json,
        br##"{"Event":{"System":{"EventID":1102,"Channel":"Security"},"UserData":{"LogFileCleared":{"#attributes":{"xmlns":"u"},"SubjectUserName":"bob","BackupPath":null}}}}"##,
    );
    assert_eq!(seen.records, [["EventID=1102", "Channel=Security", "SubjectUserName=bob", "BackupPath!"]]);
}

#[test]
fn an_unknown_channel_is_still_windows_and_other_json_named_event_is_not() {
    let seen = read(&Json, br#"{"Event":{"System":{"EventID":5,"Channel":"Vendor/Unheard"},"EventData":{"a":1}}}"#);
    assert_eq!(seen.sources, [["windows//"]]);
    check_fields(
        r#"{"Event":{"System":{"a":1},"EventData":{"b":2}},"winlog.x":3}"#,
        &["Event.System.a=1", "Event.EventData.b=2", "winlog.x=3"],
    );
}

#[test]
fn invalid_utf8_is_replaced_and_named() {
    let seen = read(&Json, b"{\"a\":\"x\xFFy\"}\n");
    assert_eq!(seen.records, [["a=x\u{fffd}y"]]);
    assert_eq!(seen.anomalies, [["json_invalid_utf8"]]);
}

#[test]
fn fields_and_names_are_bounded() {
    let many = format!("{{\"a\":[{}1]}}", "1,".repeat(20_000));
    let seen = read(&Json, many.as_bytes());
    assert_eq!((seen.records[0].len(), seen.anomalies[0].as_slice()), (16_384, &["json_too_many_fields"][..]));
    let long = format!("{{\"{0}\":{{\"{0}\":1}}}}", "n".repeat(600));
    assert_eq!(read(&Json, long.as_bytes()).anomalies, [["json_name_too_long"]]);
}

#[test]
fn json_is_recognised_by_its_first_bytes() {
    for (head, expect) in [
        ("{\"a\":1}\n", Confidence::Likely),
        ("\u{feff} [ {\"a\"", Confidence::Likely),
        ("{a}", Confidence::No),
        ("[12/Dec/2025] GET", Confidence::No),
        ("<34>1 - -", Confidence::No),
    ] {
        assert_eq!(Json.sniff(head.as_bytes(), true), expect, "{head}");
    }
}

#[test]
fn the_built_in_shapes_are_sound() {
    Shapes::parse(JSON_SHAPES).unwrap();
    assert!(shapes().names().count() > 0);
    assert_eq!(Shapes::parse("a\tb\n").unwrap_err(), "line 1: not three columns");
}

#[test]
fn every_regression_log_in_json_is_read_whole() {
    let Some(folder) = outside("sigma-regression") else { return };
    let (mut files, mut records) = (0, 0);
    for path in files_below(&folder, "json") {
        let seen = read(&Json, &std::fs::read(&path).unwrap());
        assert_eq!(seen.faults, [], "{}", path.display());
        assert!(seen.times.iter().all(|time| time != "-"), "{}", path.display());
        assert!(seen.sources.iter().all(|sources| !sources.is_empty()), "{}", path.display());
        assert!(seen.anomalies.iter().all(Vec::is_empty), "{}", path.display());
        files += 1;
        records += seen.records.len();
    }
    assert_eq!((files, records), (132, 142));
}

/// The files below a folder that end in `extension`, sorted.
pub(crate) fn files_below(folder: &std::path::Path, extension: &str) -> Vec<std::path::PathBuf> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_steps_change_nothing(input in "[\\[\\]{}:,\"a1 \\n\\\\]{0,60}", step in 1usize..9) {
        let whole = read(&Json, input.as_bytes());
        prop_assert_eq!(read_in_steps(&Json, options(), input.as_bytes(), step), whole);
    }

    #[test]
    fn any_value_comes_back_field_by_field(keys in prop::collection::vec(("[a-z]{1,4}", "\\PC{0,12}"), 0..8)) {
        let object: serde_json::Map<String, serde_json::Value> = keys.iter().map(|(key, text)| (key.clone(), text.clone().into())).collect();
        let expect: Vec<String> = object.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap())).collect();
        let text = serde_json::to_string_pretty(&object).unwrap();
        prop_assert_eq!(read(&Json, text.as_bytes()).records, [expect]);
    }
}

#[test]
fn a_time_that_cannot_be_read_is_named_and_one_that_is_not_there_is_not() {
    let check = |input: &str, names: &[&str]| {
        let seen = read(&Json, input.as_bytes());
        assert_eq!(seen.anomalies, [names], "{input}");
        assert_eq!(seen.times, ["-"], "{input}");
    };
    check(r#"{"ts":"XXXXXXXXXX.XXXXXX","uid":"C"}"#, &["json_time_unreadable"]);
    check(r#"{"@timestamp":"2026-02-03T25:00:00Z"}"#, &["json_time_unreadable"]);
    check(r#"{"time":{"a":1}}"#, &[]);
    check(r#"{"time":""}"#, &[]);
    check(r#"{"time":null}"#, &[]);
    check(r#"{"a":1}"#, &[]);
}

#[test]
fn nothing_but_brackets_is_json() {
    for text in ["[", "[[[[", " [ \n", "[]", "[ ]\n", "[[]]"] {
        assert_eq!(Json.sniff(text.as_bytes(), true), Confidence::Likely, "{text:?}");
    }
    for text in ["", "]", "[x]", "[core:error]", "[1]"] {
        assert_eq!(Json.sniff(text.as_bytes(), true), Confidence::No, "{text:?}");
    }
}
