//! Holds the renderer to its word: same seed same bytes, every story step in the logs, order of time, well-formed files, and the committed evening.

use std::collections::BTreeMap;
use std::io::Read as _;

use super::*;

/// What README.md states for the committed evening.
const EVENING: [&str; 12] = [
    "--days",
    "1",
    "--seed",
    "318",
    "--start",
    "2026-03-18",
    "--story",
    "evening",
    "--events-per-day",
    "7500",
    "--hours",
    "18-22",
];

fn options(arguments: &[&str]) -> Options {
    let mut all: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
    all.extend(["--out".to_owned(), "unused".to_owned()]);
    Options::parse(&all).unwrap()
}

fn rendered(arguments: &[&str]) -> BTreeMap<String, Vec<u8>> {
    render(&Model::read(&model_folder()).unwrap(), &options(arguments)).unwrap().files
}

/// The text of a file, unpacked if it is packed.
fn text(file: &str, bytes: &[u8]) -> String {
    let mut text = String::new();
    if file.ends_with(".gz") {
        flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    } else if file.ends_with(".zip") {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        archive.by_index(0).unwrap().read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes.to_vec()).unwrap();
    }
    text
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_gives_others() {
    let small = |seed| rendered(&["--seed", seed, "--events-per-day", "1500"]);
    let (one, again, other) = (small("5"), small("5"), small("6"));
    assert!(one == again);
    assert!(one.keys().eq(again.keys()));
    assert!(one != other);
}

#[test]
fn every_step_of_the_story_stands_in_the_logs() {
    let model = Model::read(&model_folder()).unwrap();
    let files = rendered(&EVENING);
    for step in &model.story.step {
        for evidence in &step.evidence {
            assert!(evidence.stands_in(&files), "{}: {} is not in {}", step.label(), evidence.contains, evidence.file);
        }
    }
}

#[test]
fn a_quiet_day_holds_nothing_of_the_story() {
    for (file, bytes) in rendered(&["--seed", "2", "--start", "2026-03-18", "--events-per-day", "3000"]) {
        let text = text(&file, &bytes);
        let tools = ["203.0.113.177", ".lkd", "FINDSCU", "comsvcs.dll", "delete shadows", "DownloadString", "PSEXESVC"];
        let neighbour = ["Patient/700100", ",700100,", "700100^^^"];
        for sign in tools.into_iter().chain(neighbour) {
            assert!(!text.contains(sign), "{sign} in {file}");
        }
    }
}

#[test]
fn a_quiet_day_holds_100_000_events_in_all_formats() {
    let model = Model::read(&model_folder()).unwrap();
    let counts = play(&model, &options(&["--seed", "2026", "--start", "2026-03-17"])).unwrap().counts();
    let total: usize = counts.values().sum();
    assert!((100_000..125_000).contains(&total), "{total}");
    let day = ["network/asa01-20260317.log.gz", "web/CLINIC01-access-20260317.log.zip", "virtual/ESX01.log"];
    let systems = model.network.systems.iter().map(|system| system.file.as_str());
    let files = [
        files::RELAY,
        files::SAMBA,
        files::FORTIGATE,
        files::PANOS,
        files::SURICATA,
        files::DNS_SERVER,
        files::DHCP,
        files::AURORA_BUNDLE,
        files::OPENEMR_EXTENDED,
        files::HL7_BATCH,
        files::HL7_MLLP,
        files::DEVICES,
        files::PORTAL,
    ];
    for file in files.into_iter().chain(day).chain(systems) {
        assert!(counts.get(file).is_some_and(|count| *count > 2), "{file}: {:?}", counts.get(file));
    }
}

#[test]
fn the_committed_evening_is_what_its_command_renders() {
    let folder = model_folder().join("evening");
    let files = rendered(&EVENING);
    for (file, bytes) in &files {
        let kept = std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(kept == *bytes, "{file} differs: render it again with the command of fixtures/lakeside/README.md");
    }
    let mut kept = 0;
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { kept += 1 }
        }
    }
    assert_eq!(kept, files.len(), "the folder holds files that are not rendered");
}

#[test]
fn the_committed_context_is_what_the_command_of_the_evening_renders() {
    let folder = model_folder().join("context");
    let options = options(&EVENING);
    let files = context::files(&Model::read(&model_folder()).unwrap(), options.start, options.days).unwrap();
    for (file, bytes) in &files {
        let kept = std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(kept == *bytes, "{file} differs: render it again with the command of fixtures/lakeside/README.md");
        let text = String::from_utf8(bytes.clone()).unwrap();
        check_columns(file, &text, ',', "");
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), files.len(), "the folder holds files that are not rendered");
    let staff = String::from_utf8(files["staff.csv"].clone()).unwrap();
    assert!(staff.contains("\nm.linnet,E1001,Linnet,Mara,Heron Row,14,LK2 7HN,"), "{staff}");
    let patients = String::from_utf8(files["patients.csv"].clone()).unwrap();
    let ids = patients.lines().filter(|line| line.contains(",MPI700100,Ferrin,Tobias,"));
    let ids: Vec<&str> = ids.map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(ids, ["2.16.840.1.113883.19.5|700100", "|700100", "|1"]);
}

#[test]
fn the_committed_days_around_the_evening_are_what_their_commands_render() {
    for (day, hours) in [("2026-03-18", "0-18"), ("2026-03-19", "0-24")] {
        let folder = model_folder().join("around").join(day);
        let arguments = ["--seed", "318", "--start", day, "--events-per-day", "7500", "--hours", hours];
        let files = rendered(&arguments);
        let clinical = |file: &&String| ["ehr/", "hl7/", "imaging/"].iter().any(|part| file.starts_with(part));
        for file in files.keys().filter(clinical) {
            let packed =
                std::fs::read(folder.join(format!("{file}.gz"))).unwrap_or_else(|error| panic!("{file}: {error}"));
            let kept = text("kept.gz", &packed);
            assert!(
                kept.as_bytes() == files[file],
                "{day}/{file} differs: render it again as fixtures/lakeside/README.md says"
            );
        }
    }
}

#[test]
fn times_never_go_back_within_a_file() {
    for (file, bytes) in rendered(&EVENING) {
        let text = text(&file, &bytes);
        let times: Vec<String> = text.lines().filter_map(|line| time_of(&file, line)).collect();
        assert!(times.is_sorted(), "{file} goes back in time");
        let readable = file.starts_with("windows/") || file.starts_with("ehr/") || file.starts_with("network/zeek");
        assert!(!readable || !times.is_empty(), "no times were read from {file}");
    }
}

/// The time of a line in a spelling that sorts, for the formats that write one.
fn time_of(file: &str, line: &str) -> Option<String> {
    let after = |key: &str, length: usize| line.split_once(key)?.1.get(..length).map(str::to_owned);
    match file {
        _ if file.starts_with("windows/EHRAPP01") => after("\"@timestamp\":\"", 24),
        _ if file.starts_with("windows/") => after("\"SystemTime\":\"", 27),
        _ if file.starts_with("network/zeek/") => {
            line.split('\t').next().filter(|text| !text.starts_with('#')).map(str::to_owned)
        }
        _ if file.starts_with("network/zeek-clients/") => after("\"ts\":", 17),
        _ if file.ends_with("json") && file.starts_with("ehr/") => after("\"recorded\":\"", 24),
        files::MERIDIAN => line.get(..19).filter(|text| text.starts_with("20")).map(str::to_owned),
        files::OPENEMR | files::OPENEMR_EXTENDED => {
            line.split(',').nth(1).filter(|text| text.starts_with("20")).map(str::to_owned)
        }
        files::SAMBA | files::ATNA => line.split(' ').nth(1).map(str::to_owned),
        files::SURICATA => after("\"timestamp\":\"", 26),
        _ => None,
    }
}

#[test]
fn every_file_is_well_formed() {
    let files = rendered(&EVENING);
    for (file, bytes) in &files {
        let text = text(file, bytes);
        assert!(!text.contains(out::NUMBER) && !text.contains('\u{2}'), "{file} holds a place that was not filled");
        match file.as_str() {
            files::AURORA_BUNDLE => drop(serde_json::from_str::<serde_json::Value>(&text).unwrap()),
            files::RELAY => check_octet_counts(&text),
            files::ATNA => text.lines().for_each(check_xml),
            files::HL7_MLLP => check_mllp(&text),
            files::HL7_BATCH => check_hl7(text.trim_end_matches('\r')),
            _ if file.contains("json") => {
                text.lines().for_each(|line| drop(serde_json::from_str::<serde_json::Value>(line).unwrap()))
            }
            _ if file.starts_with("network/zeek/") => check_columns(file, &text, '\t', "#fields\t"),
            _ if file.ends_with(".csv") => check_columns(file, &text, ',', ""),
            _ => assert!(text.ends_with('\n'), "{file}"),
        }
    }
}

fn check_octet_counts(mut rest: &str) {
    while !rest.is_empty() {
        let (count, after) = rest.split_once(' ').unwrap();
        let (frame, next) = after.split_at(count.parse().unwrap());
        assert!(frame.starts_with('<'), "{frame}");
        rest = next;
    }
}

fn check_xml(line: &str) {
    let (_, xml) = line.split_once('\u{feff}').unwrap();
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
}

fn check_mllp(text: &str) {
    let frames = text.strip_suffix("\u{1c}\r").unwrap().split("\u{1c}\r");
    for frame in frames {
        check_hl7(frame.strip_prefix('\u{b}').unwrap().trim_end_matches('\r'));
    }
}

fn check_hl7(text: &str) {
    for segment in text.split('\r') {
        let (name, _) = segment.split_once('|').unwrap_or_else(|| panic!("{segment}"));
        assert!(
            name.len() == 3 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()),
            "{segment}"
        );
        let head = matches!(name, "MSH" | "FHS" | "BHS");
        assert!(!head || segment.get(3..8) == Some("|^~\\&"), "{segment}");
    }
}

/// Every row has as many columns as the header; commas inside quotes are no separators.
fn check_columns(file: &str, text: &str, separator: char, header: &str) {
    let columns = |line: &str| {
        let mut inside = false;
        line.chars()
            .filter(|&letter| {
                inside ^= letter == '"' && separator == ',';
                letter == separator && !inside
            })
            .count()
    };
    let expect = columns(text.lines().find_map(|line| line.strip_prefix(header)).unwrap());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        assert_eq!(columns(line), expect, "{file}: {line}");
    }
}

#[test]
fn an_option_that_is_unknown_or_senseless_is_refused() {
    let parse = |arguments: &[&str]| {
        let all: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        Options::parse(&all).unwrap_err().to_string()
    };
    assert!(parse(&["--days", "0", "--out", "x"]).contains("1 to 14"));
    assert!(parse(&["--dyas", "1"]).contains("--dyas"));
    assert!(parse(&["--seed", "1"]).contains("--out is missing"));
}

#[test]
fn a_story_outside_the_days_is_an_error() {
    let model = Model::read(&model_folder()).unwrap();
    let late = options(&["--start", "2026-03-19", "--story", "evening", "--events-per-day", "10"]);
    assert!(play(&model, &late).unwrap_err().to_string().contains("2026-03-18"));
}
