//! The access review from the command line: what it writes, what it survives, and what it says to whoever named the wrong file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{Ran, run_in};

const STAFF: &str = "user,role,department\nanna,nurse,Ward <b>1</b>\nbert,physician,Surgery\n";
const PATIENTS: &str = "patient,person_id,surname\n1,P1,Löwe\n2,P1,Löwe\n3,P3,Berg\n";
const ENCOUNTERS: &str = "encounter,patient,start,end\ne1,1,2026-03-01T08:00:00+01:00,2026-03-02T08:00:00+01:00\n\
    e2,2,2026-03-01T08:00:00+01:00,2026-03-02T08:00:00+01:00\ne3,3,2026-03-02T08:00:00+01:00,2026-03-01T08:00:00+01:00\n";
const PARTICIPANTS: &str = "encounter,user\ne1,anna\ne2,anna\n";
const ACCESSES: &str = "time,user,action,patient,section,object,purpose,workstation\n\
    2026-03-01T09:00:00+01:00,anna,read,1,Löwe's notes,,TREAT,WS1\n\
    2026-03-01T10:00:00+01:00,bert,read,2,<script>alert(1)</script>,,,@SUM(1)\n\
    yesterday,bert,read,2,notes,,,WS1\n\
    2026-03-01T11:00:00+01:00,bert,disclose,2,\"letters, two\",\"=HYPERLINK(\"\"http://x\"\")\",PUBHLTH,WS1\n\
    2026-03-02T11:00:00+01:00,bert,disclose,2,\"letters, two\",\"=HYPERLINK(\"\"http://x\"\")\",PUBHLTH,WS1\n\
    2026-03-02T12:00:00+01:00,anna,disclose,1,letters,practice,TREAT,WS1\n\
    2026-03-02T13:00:00+01:00,anna,search,,,\"name:BERG, \",,WS1\n";

/// A hospital of three records, written by hand.
fn ward() -> TempDir {
    let dir = TempDir::new().unwrap();
    let files = [
        ("staff.csv", STAFF),
        ("patients.csv", PATIENTS),
        ("encounters.csv", ENCOUNTERS),
        ("participants.csv", PARTICIPANTS),
        ("accesses.csv", ACCESSES),
    ];
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

/// A simulated hospital, made once.
fn hospital() -> &'static Path {
    static HOSPITAL: OnceLock<TempDir> = OnceLock::new();
    let dir = HOSPITAL.get_or_init(|| {
        let dir = TempDir::new().unwrap();
        let made = cordon(dir.path(), "sim ehr --staff 200 --patients 6000 --days 4 --seed 7 --out .");
        assert_eq!(made.code, Some(0), "{}", made.err);
        dir
    });
    dir.path()
}

fn cordon(dir: &Path, line: &str) -> Ran {
    let args: Vec<&str> = line.split(' ').collect();
    run_in(dir, &args, b"")
}

/// `cordon privacy review` with more options; where it wrote.
fn review(accesses: &Path, context: &Path, out: &Path, more: &[&str]) -> Ran {
    let paths = [accesses, context, out].map(|path| path.to_str().unwrap());
    let mut args = vec!["privacy", "review", "--accesses", paths[0], "--context", paths[1], "--out", paths[2]];
    args.extend_from_slice(more);
    run_in(Path::new("."), &args, b"")
}

fn text(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).unwrap()
}

fn lines(dir: &Path, name: &str) -> Vec<Value> {
    text(dir, name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The bytes of each file of a folder.
fn all(dir: &Path) -> Vec<(String, Vec<u8>)> {
    names(dir).into_iter().map(|name| (name.clone(), fs::read(dir.join(name)).unwrap())).collect()
}

fn names(dir: &Path) -> Vec<String> {
    let names: BTreeSet<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.into_iter().collect()
}

/// Rows of a file of which no cell is quoted over a line end: the first line, and the others.
fn rows(dir: &Path, name: &str) -> (String, Vec<String>) {
    let text = text(dir, name);
    let mut lines = text.lines().map(str::to_owned);
    (lines.next().unwrap(), lines.collect())
}

/// A copy of a hospital, its accesses not among it.
fn copy(of: &Path) -> TempDir {
    let dir = TempDir::new().unwrap();
    let files = names(of).into_iter().filter(|name| of.join(name).is_file());
    for name in files.filter(|name| name != "accesses.csv" && name != "labels.csv") {
        fs::copy(of.join(&name), dir.path().join(&name)).unwrap();
    }
    dir
}

#[test]
fn a_review_explains_each_row_and_names_those_that_it_could_not_use() {
    let ward = ward();
    let out = ward.path().join("review");
    let ran = review(&ward.path().join("accesses.csv"), ward.path(), &out, &[]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert_eq!(
        names(&out),
        ["cases.ndjson", "explanations.csv", "faults.csv", "records.index", "summary.json", "withheld.csv"],
        "nothing half-written stays"
    );
    assert_eq!(
        text(&out, "explanations.csv"),
        "row,explanation,proof\n1,E1,participants.csv:1;encounters.csv:1;participants.csv:2;encounters.csv:2\n2,,\n4,,\n5,,\n\
         6,E1|E6,participants.csv:1;encounters.csv:1;participants.csv:2;encounters.csv:2;accesses.csv:1\n7,,\n"
    );
    assert_eq!(
        text(&out, "faults.csv"),
        "file,row,reason\nencounters.csv,3,the end is before the start\n\
         accesses.csv,3,the time is not ISO 8601 (like 2026-03-18T21:14:03+01:00)\n"
    );
    assert_eq!(text(&out, "withheld.csv"), "row,feed\n");
    let summary: Value = serde_json::from_str(&text(&out, "summary.json")).unwrap();
    assert_eq!(
        ["accesses", "explained", "no_reason_found", "about_no_record", "rows_not_used"].map(|key| &summary[key]),
        [6, 2, 3, 1, 2]
    );
    assert!(ran.err.contains("2 rows could not be used; all are in faults.csv"), "{}", ran.err);
    assert!(ran.err.contains("encounters.csv: row 3: the end is before the start"), "{}", ran.err);
    assert!(ran.err.contains("shifts.csv is not in"), "{}", ran.err);
    assert!(!ran.err.contains("declared.csv"), "not every hospital declares something: {}", ran.err);
}

#[test]
fn what_is_named_wrongly_is_said_before_any_work_and_nothing_is_written() {
    let ward = ward();
    let settings = [
        ("misspelt.toml", "care_befor_hours = 3\n"),
        ("share.toml", "case_score_min = 7.0\n"),
        ("word.toml", "records_words = [\"Coding\"]\n"),
        ("all.toml", "records_words = [\"\"]\n"),
        ("support.toml", "template_support_min = 2.0\n"),
        ("lift.toml", "template_lift_min = 0.5\n"),
        ("users.toml", "template_users_min = 1\n"),
        ("one.toml", "template_user_share_max = 0.0\n"),
    ];
    for (name, text) in settings {
        fs::write(ward.path().join(name), text).unwrap();
    }
    fs::create_dir(ward.path().join("empty")).unwrap();
    fs::write(ward.path().join("tabs.csv"), ACCESSES.replace(',', "\t")).unwrap();
    let before = names(ward.path());
    let given = |accesses: &str, context: &str, more: &str, says: &str| {
        let line = format!("privacy review --accesses {accesses} --context {context} --out review{more}");
        let ran = cordon(ward.path(), &line);
        assert_eq!(ran.code, Some(2), "{line}: {}", ran.err);
        assert!(ran.err.contains(says), "{line}: {}", ran.err);
        assert_eq!(names(ward.path()), before, "{line}");
    };
    given("none.csv", ".", "", "--accesses none.csv");
    given("empty", ".", "", "name the file in it");
    given("staff.csv", ".", "", "has no column \"time\"");
    given("tabs.csv", ".", "", "has no column \"time\"");
    given("accesses.csv", "none", "", "--context none: there is no such folder");
    given("accesses.csv", "empty", "", "without staff.csv, patients.csv, encounters.csv");
    given("accesses.csv", ".", " --settings misspelt.toml", "care_befor_hours");
    given("accesses.csv", ".", " --settings share.toml", "case_score_min must be between 0 and 1");
    given("accesses.csv", ".", " --settings support.toml", "template_support_min must be between 0 and 1");
    given("accesses.csv", ".", " --settings lift.toml", "template_lift_min must be above 1");
    given("accesses.csv", ".", " --settings users.toml", "template_users_min must be at least 2");
    given("accesses.csv", ".", " --settings one.toml", "template_user_share_max must be above 0");
    given("accesses.csv", ".", " --settings word.toml", "small letters");
    given("accesses.csv", ".", " --settings all.toml", "for everything");
    given("accesses.csv", ".", " --previous empty", "name the folder of an earlier review");
    for budget in ["0", "-1", "nan", "inf", "many"] {
        given("accesses.csv", ".", &format!(" --budget {budget}"), "above 0");
    }
    let ran = cordon(ward.path(), "privacy review --accesses accesses.csv --context . --out staff.csv");
    assert!(ran.err.contains("--out staff.csv: name a folder"), "{}", ran.err);
}

/// The same values, as spreadsheets divide them where a comma is the decimal point.
fn divided_by_semicolons(text: &str) -> String {
    let mut quoted = false;
    let divided = text.chars().map(|letter| {
        quoted ^= letter == '"';
        if letter == ',' && !quoted { ';' } else { letter }
    });
    divided.collect()
}

#[test]
fn the_shape_of_a_file_changes_nothing() {
    let ward = ward();
    let turned: Vec<String> = ACCESSES
        .lines()
        .map(|line| {
            // the columns time, user, action, patient hold no comma of their own
            let cells: Vec<&str> = line.splitn(5, ',').collect();
            format!("\"x, \"\"y\"\"\",{},{},{},{},{}", cells[3], cells[2], cells[1], cells[0], cells[4])
        })
        .collect();
    let windows: Vec<u8> = ACCESSES.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let shapes: [(&str, Vec<u8>); 7] = [
        ("plain", ACCESSES.as_bytes().to_vec()),
        ("windows-1252", windows),
        ("carriage returns", ACCESSES.replace('\n', "\r\n").into_bytes()),
        ("byte order mark", format!("\u{feff}{ACCESSES}").into_bytes()),
        ("semicolons", divided_by_semicolons(ACCESSES).into_bytes()),
        ("utf-16", format!("\u{feff}{ACCESSES}").encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("other columns", turned.join("\n").replacen("\"x, \"\"y\"\"\"", "more", 1).into_bytes()),
    ];
    let written = shapes.map(|(shape, bytes)| {
        let (accesses, out) = (ward.path().join("shape.csv"), ward.path().join(shape));
        fs::write(&accesses, bytes).unwrap();
        assert_eq!(review(&accesses, ward.path(), &out, &[]).code, Some(3), "{shape}");
        let record = cordon(ward.path(), "privacy record 1 --accesses shape.csv --context . --format json");
        let paths = [&accesses, ward.path(), &out];
        assert_eq!(record_of("1", paths, true, &["--format", "json"]).out, record.out, "{shape}");
        let mut files = all(&out);
        // places in the file are its own
        files.retain(|(name, _)| name != "records.index");
        (shape, files, record.out)
    });
    for (shape, files, record) in &written[1..] {
        assert_eq!((files, record), (&written[0].1, &written[0].2), "{shape}");
    }
}

#[test]
fn accesses_out_of_order_and_a_second_run_make_the_same_review() {
    let (hospital, dir) = (hospital(), TempDir::new().unwrap());
    let (plain, again, turned) = (dir.path().join("plain"), dir.path().join("again"), dir.path().join("turned"));
    assert_eq!(review(&hospital.join("accesses.csv"), hospital, &plain, &[]).code, Some(3));
    assert_eq!(review(&hospital.join("accesses.csv"), hospital, &again, &[]).code, Some(3));
    assert!(all(&plain) == all(&again), "the same bytes");
    let (first, accesses) = rows(hospital, "accesses.csv");
    let count = accesses.len();
    // row r of the original is at turned place (r * 7919) mod count; the two must share no divisor
    let places: Vec<usize> = (0..count).map(|row| row * 7_919 % count).collect();
    assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), count);
    let mut mixed = vec![String::new(); count];
    for (row, place) in places.iter().enumerate() {
        mixed[*place].clone_from(&accesses[row]);
    }
    let file = dir.path().join("mixed.csv");
    fs::write(&file, format!("{first}\n{}\n", mixed.join("\n"))).unwrap();
    assert_eq!(review(&file, hospital, &turned, &[]).code, Some(3));
    let (_, in_order) = rows(&plain, "explanations.csv");
    let (_, mixed) = rows(&turned, "explanations.csv");
    let reason = |line: &str| line.split(',').nth(1).unwrap().to_owned();
    for (row, place) in places.iter().enumerate() {
        assert!(mixed[*place].starts_with(&format!("{},", place + 1)), "a line for each access, in order of rows");
        assert_eq!(reason(&mixed[*place]), reason(&in_order[row]), "row {}", row + 1);
    }
    let told = |dir: &Path| -> Vec<(String, f64)> {
        let cases = lines(dir, "cases.ndjson");
        cases.iter().map(|case| (case["case_id"].to_string(), case["score"].as_f64().unwrap())).collect()
    };
    let (one, other) = (told(&plain), told(&turned));
    assert_eq!(
        one.iter().map(|case| &case.0).collect::<Vec<_>>(),
        other.iter().map(|case| &case.0).collect::<Vec<_>>()
    );
    assert!(one.iter().zip(&other).all(|(one, other)| (one.1 - other.1).abs() < 1e-9));
    assert!(!one.is_empty());
}

/// Leaves out the rows whose cell in `column` begins with one of `days`.
fn without_days(dir: &Path, name: &str, column: &str, days: &[&str]) {
    let (first, rows) = rows(dir, name);
    let place = first.split(',').position(|name| name == column).unwrap();
    let kept: Vec<String> = rows
        .into_iter()
        .filter(|row| row.split(',').nth(place).is_none_or(|cell| days.iter().all(|day| !cell.starts_with(day))))
        .collect();
    fs::write(dir.join(name), format!("{first}\n{}\n", kept.join("\n"))).unwrap();
}

#[test]
fn late_rows_withhold_judgement_and_then_withdraw_cases() {
    let (hospital, dir) = (hospital(), TempDir::new().unwrap());
    let accesses = hospital.join("accesses.csv");
    let late = copy(hospital);
    let days = ["2026-03-03", "2026-03-04"];
    without_days(late.path(), "encounters.csv", "start", &days);
    without_days(late.path(), "orders.csv", "time", &days);
    let out = dir.path().join("review");
    assert_eq!(review(&accesses, late.path(), &out, &[]).code, Some(3));
    let early = lines(&out, "cases.ndjson");
    let withheld = rows(&out, "withheld.csv").1.len();
    assert!(withheld > 100, "while the feeds are silent nothing is said: {withheld}");
    // into the folder of the earlier review itself
    let ran = review(&accesses, hospital, &out, &["--previous", out.to_str().unwrap()]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert_eq!(rows(&out, "withheld.csv").1.len(), 0);
    let ids = |cases: &[Value]| -> BTreeSet<String> {
        cases.iter().map(|case| case["case_id"].as_str().unwrap().to_owned()).collect()
    };
    let withdrawn = lines(&out, "withdrawn.ndjson");
    let gone: BTreeSet<String> = ids(&early).difference(&ids(&lines(&out, "cases.ndjson"))).cloned().collect();
    assert!(!gone.is_empty());
    assert_eq!(ids(&withdrawn), gone, "each case that is gone is told, and no other");
    let explanations = rows(&out, "explanations.csv").1;
    for case in &withdrawn {
        let accesses = case["accesses"].as_array().unwrap();
        assert!(!accesses.is_empty(), "{case}");
        for access in accesses {
            let line = format!(
                "{},{},{}",
                access["row"],
                access["explanation"].as_str().unwrap(),
                access["proof"].as_str().unwrap()
            );
            assert!(explanations.contains(&line), "{line}");
        }
    }
}

#[test]
fn a_case_is_withdrawn_when_a_late_row_explains_it() {
    let hospital = hospital();
    let (accesses, dir) = (hospital.join("accesses.csv"), TempDir::new().unwrap());
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    assert_eq!(review(&accesses, hospital, &first, &[]).code, Some(3));
    // cases of one record whose accesses all lack a reason: an order of the user's that came late gives them one
    let explanations = rows(&first, "explanations.csv").1;
    let bare = |row: &Value| explanations.contains(&format!("{row},,"));
    let mut cases = lines(&first, "cases.ndjson");
    cases.retain(|case| {
        let (patients, rows) = (case["patients"].as_array().unwrap(), case["access_rows"].as_array().unwrap());
        patients.len() == 1 && rows.iter().all(bare)
    });
    let complete = copy(hospital);
    let (columns, mut orders) = rows(hospital, "orders.csv");
    let on_time = orders.len();
    for case in &cases {
        let cells = columns.split(',').map(|column| match column {
            "order" => "late",
            "patient" => case["patients"][0].as_str().unwrap(),
            "ordered_by" => case["user"].as_str().unwrap(),
            "time" => "2026-03-02T00:00:00+01:00",
            _ => "",
        });
        orders.push(cells.collect::<Vec<_>>().join(","));
    }
    fs::write(complete.path().join("orders.csv"), format!("{columns}\n{}\n", orders.join("\n"))).unwrap();
    let ran = review(&accesses, complete.path(), &second, &["--previous", first.to_str().unwrap()]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.out.contains("gone: withdrawn.ndjson says why"), "{}", ran.out);
    let withdrawn = lines(&second, "withdrawn.ndjson");
    let mut told = 0;
    for (place, case) in cases.iter().enumerate() {
        // one's own record stays a case, with or without a reason
        let Some(gone) = withdrawn.iter().find(|gone| gone["case_id"] == case["case_id"]) else { continue };
        let count = case["access_rows"].as_array().unwrap().len();
        assert_eq!(gone["text"], format!("withdrawn: {count} of {count} accesses have a reason now"));
        let proof = format!("orders.csv:{}", on_time + place + 1);
        for access in gone["accesses"].as_array().unwrap() {
            assert!(access["explanation"].as_str().unwrap().starts_with("E1"), "{access}");
            assert!(access["proof"].as_str().unwrap().contains(&proof), "{access}");
        }
        told += 1;
    }
    assert!(told > 0, "none of {} cases was withdrawn", cases.len());
}

#[test]
fn an_earlier_review_of_other_accesses_is_refused_and_the_folder_left_as_it_was() {
    let ward = ward();
    let out = ward.path().join("review");
    assert_eq!(review(&ward.path().join("accesses.csv"), ward.path(), &out, &[]).code, Some(3));
    let before = all(&out);
    let shorter: Vec<&str> = ACCESSES.lines().take(3).collect();
    fs::write(ward.path().join("shorter.csv"), shorter.join("\n")).unwrap();
    let ran = review(&ward.path().join("shorter.csv"), ward.path(), &out, &["--previous", out.to_str().unwrap()]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("review of other accesses (6, now 2)"), "{}", ran.err);
    assert!(all(&out) == before);
}

#[test]
fn a_review_that_is_killed_leaves_the_earlier_one_and_no_half_file() {
    let ward = ward();
    let out = ward.path().join("review");
    assert_eq!(review(&ward.path().join("accesses.csv"), ward.path(), &out, &[]).code, Some(3));
    let before = all(&out);
    let pipe = ward.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let paths: [&PathBuf; 2] = [&pipe, &out];
    let mut child = Command::new(env!("CARGO_BIN_EXE_cordon"))
        .args(["privacy", "review", "--context", ".", "--accesses"])
        .arg(paths[0])
        .arg("--out")
        .arg(paths[1])
        .current_dir(ward.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // the pipe opens when the review does, and holds it in the middle of its reading
    let mut writer = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    std::io::Write::write_all(&mut writer, ACCESSES.as_bytes()).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(all(&out) == before);
}

#[test]
fn a_record_is_told_over_all_ids_of_the_person() {
    let ward = ward();
    let record =
        |options: &str| cordon(ward.path(), &format!("privacy record {options} --accesses accesses.csv --context ."));
    let ran = record("1");
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert_eq!(
        ran.out,
        "Record of patient 1, 2 (ids of one person): 5 accesses, 3 of them without a reason in the data\n\
         2026-03-01T09:00:00+01:00  anna (nurse, Ward <b>1</b>) read \"Löwe's notes\", for TREAT\n    takes part in the patient's care  [E1: participants.csv:1, encounters.csv:1, participants.csv:2, encounters.csv:2]\n\
         2026-03-01T10:00:00+01:00  bert (physician, Surgery) read \"<script>alert(1)</script>\"\n    no reason found in the data\n\
         2026-03-01T11:00:00+01:00  bert (physician, Surgery) disclose \"letters, two\": =HYPERLINK(\"http://x\"), for PUBHLTH\n    no reason found in the data\n\
         2026-03-02T11:00:00+01:00  bert (physician, Surgery) disclose \"letters, two\": =HYPERLINK(\"http://x\"), for PUBHLTH\n    no reason found in the data\n\
         2026-03-02T12:00:00+01:00  anna (nurse, Ward <b>1</b>) disclose \"letters\": practice, for TREAT\n    takes part in the patient's care  [E1|E6: participants.csv:1, encounters.csv:1, participants.csv:2, encounters.csv:2, accesses.csv:1]\n"
    );
    let part = record("2 --from 2026-03-01T10:30:00+01:00 --to 2026-03-01T23:00:00+01:00");
    assert!(part.out.starts_with("Record of patient 2, 1 (ids of one person): 1 access, 1 of them"), "{}", part.out);
    let unknown = record("4711");
    assert_eq!((unknown.code, unknown.out.as_str()), (Some(2), ""));
    assert!(unknown.err.contains("names patient \"4711\": write the id as it stands in the files"), "{}", unknown.err);
    let turned = record("1 --from 2026-03-02T00:00:00+01:00 --to 2026-03-01T00:00:00+01:00");
    assert!(turned.err.contains("--to is before --from"), "{}", turned.err);
    let plain = record("1 --from 2026-03-02");
    assert!(plain.err.contains("has no offset from UTC (like +01:00 or Z)"), "{}", plain.err);
}

#[test]
fn what_a_record_holds_is_neither_formula_nor_markup_where_it_is_opened() {
    let ward = ward();
    let record =
        |options: &str| cordon(ward.path(), &format!("privacy record 1 {options} --accesses accesses.csv --context ."));
    let csv = record("--format csv").out;
    assert_eq!(
        csv.lines().nth(2).unwrap(),
        "2026-03-01T10:00:00+01:00,bert,physician,Surgery,read,<script>alert(1)</script>,,,,'@SUM(1),,no reason found in the data,,"
    );
    let page = record("--format html").out;
    assert!(page.contains("default-src 'none'"), "{page}");
    assert!(page.contains(
        "<tr class=\"bare\"><td>2026-03-01 10:00:00+01:00</td><td>bert</td><td>physician, Surgery</td>\
         <td>read &quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot;</td><td>@SUM(1)</td><td>no reason found in the data</td><td></td></tr>"
    ));
    assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    assert_eq!(page.matches("<tr").count(), 6, "a head and five accesses");
    assert_eq!(
        record("--disclosures --format csv").out,
        "first,last,times,recipient,what,purpose,rows\n\
         2026-03-01T11:00:00+01:00,2026-03-02T11:00:00+01:00,2,\"'=HYPERLINK(\"\"http://x\"\")\",\"letters, two\",PUBHLTH,4;5\n"
    );
    assert_eq!(
        record("--disclosures").out,
        "1 disclosure to account for\n2026-03-01T11:00:00+01:00 (2 times, last 2026-03-02T11:00:00+01:00)  to =HYPERLINK(\"http://x\"): letters, two, for PUBHLTH\n"
    );
}

/// `cordon privacy record` with accesses, context and the folder of a review, which is looked up or not.
fn record_of(patient: &str, [accesses, context, review]: [&Path; 3], looked_up: bool, more: &[&str]) -> Ran {
    let [accesses, context, review] = [accesses, context, review].map(|path| path.to_str().unwrap());
    let mut args = vec!["privacy", "record", patient, "--accesses", accesses, "--context", context];
    if looked_up {
        args.extend(["--review", review]);
    }
    args.extend_from_slice(more);
    run_in(Path::new("."), &args, b"")
}

/// Whether a record is told alike from the review and from everything, and what it says.
fn told_alike(patient: &str, paths: [&Path; 3], more: &[&str]) -> Ran {
    let (all, looked_up) = (record_of(patient, paths, false, more), record_of(patient, paths, true, more));
    assert_eq!((looked_up.code, &looked_up.out), (all.code, &all.out), "{patient} {more:?}: {}", looked_up.err);
    looked_up
}

const SHAPES: [&[&str]; 8] = [
    &[],
    &["--format", "json"],
    &["--format", "csv"],
    &["--format", "html"],
    &["--disclosures"],
    &["--disclosures", "--format", "json"],
    &["--disclosures", "--format", "csv"],
    &["--disclosures", "--format", "html"],
];

#[test]
fn a_record_from_a_review_is_the_record_from_everything_in_every_format() {
    let ward = ward();
    let (accesses, out) = (ward.path().join("accesses.csv"), ward.path().join("review"));
    assert_eq!(review(&accesses, ward.path(), &out, &[]).code, Some(3));
    let paths = [&*accesses, ward.path(), &*out];
    let periods: [&[&str]; 3] = [
        &[],
        &["--from", "2026-03-01T10:30:00+01:00"],
        &["--from", "2026-03-01T10:00:00+01:00", "--to", "2026-03-01T11:00:00+01:00"],
    ];
    for patient in ["1", "2", "3"] {
        for more in SHAPES.iter().flat_map(|shape| periods.map(|period| [*shape, period].concat())) {
            let ran = told_alike(patient, paths, &more);
            assert_eq!(ran.code, Some(3), "rows could not be used: {}", ran.err);
        }
    }
    let ran = record_of("1", paths, true, &[]);
    assert!(ran.out.starts_with("Record of patient 1, 2 (ids of one person): 5 accesses, 3 of them"), "{}", ran.out);
    assert!(ran.err.contains("2 rows could not be used in the review"), "{}", ran.err);
    assert!(ran.err.contains("faults.csv says why"), "{}", ran.err);
    let unknown = record_of("4711", paths, true, &[]);
    assert_eq!((unknown.code, unknown.out.as_str()), (Some(2), ""));
    assert!(unknown.err.contains("names patient \"4711\": write the id as it stands in the files"), "{}", unknown.err);
}

#[test]
fn records_of_a_simulated_hospital_with_silent_feeds_are_told_alike_from_a_review() {
    let (hospital, dir) = (hospital(), TempDir::new().unwrap());
    let late = copy(hospital);
    without_days(late.path(), "encounters.csv", "start", &["2026-03-03", "2026-03-04"]);
    without_days(late.path(), "orders.csv", "time", &["2026-03-03", "2026-03-04"]);
    let (accesses, out) = (hospital.join("accesses.csv"), dir.path().join("review"));
    assert_eq!(review(&accesses, late.path(), &out, &[]).code, Some(3));
    let paths = [&*accesses, late.path(), &*out];
    // those with most accesses, and some by turns
    let mut counts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for row in rows(hospital, "accesses.csv").1 {
        *counts.entry(row.split(',').nth(2).unwrap().to_owned()).or_default() += 1;
    }
    counts.remove("");
    let mut most: Vec<(usize, String)> = counts.into_iter().map(|(patient, count)| (count, patient)).collect();
    most.sort_by(|one, other| other.cmp(one));
    let spread = most.iter().step_by(most.len() / 6);
    let patients: Vec<&String> = most.iter().take(4).chain(spread).map(|(_, patient)| patient).collect();
    let mut out = String::new();
    for patient in patients {
        out.push_str(&told_alike(patient, paths, &["--format", "json"]).out);
        let period = ["--from", "2026-03-03T12:00:00+01:00", "--to", "2026-03-04T12:00:00+01:00", "--format", "csv"];
        told_alike(patient, paths, &period);
    }
    for word in ["E1", "E2", "E5", "E6", "cannot be judged yet", "no reason found in the data", "usual"] {
        assert!(out.contains(word), "none of the records says {word}");
    }
}

#[test]
fn odd_ids_and_cells_over_several_lines_are_found_again() {
    let ward = ward();
    let odd = "\"4,\"\"x\"\"\ny\"";
    let mut text = ACCESSES.to_owned();
    for minute in 10..50 {
        // an empty line counts for nothing, a cell may have line ends
        text.push_str(&format!("\n2026-03-02T14:{minute}:00+01:00,bert,read,{odd},\"a\n\nb\",,,WS1\n"));
        text.push_str(&format!("2026-03-02T15:{minute}:00+01:00,anna,read,löwe;x,notes,,,WS1\n"));
    }
    let windows: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let shapes = [
        text.clone().into_bytes(),
        windows,
        text.replace('\n', "\r\n").into_bytes(),
        format!("\u{feff}{}", divided_by_semicolons(&text).replace("löwe;x", "\"löwe;x\"")).into_bytes(),
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect(),
    ];
    for (shape, bytes) in shapes.into_iter().enumerate() {
        let (accesses, out) = (ward.path().join("odd.csv"), ward.path().join(format!("review {shape}")));
        fs::write(&accesses, bytes).unwrap();
        assert_eq!(review(&accesses, ward.path(), &out, &[]).code, Some(3), "{shape}");
        let line_end = if shape == 2 { "\r\n" } else { "\n" };
        for patient in [&*format!("4,\"x\"{line_end}y"), "löwe;x"] {
            let ran = told_alike(patient, [&accesses, ward.path(), &out], &["--format", "json"]);
            assert_eq!(ran.out.matches("\"row\"").count(), 40, "{shape}: {patient}");
        }
    }
}

#[test]
fn a_review_that_does_not_belong_to_the_files_is_refused_with_what_to_do() {
    let ward = ward();
    let path = |name: &str| ward.path().join(name);
    assert_eq!(review(&path("accesses.csv"), ward.path(), &path("review"), &[]).code, Some(3));
    fs::write(path("longer.csv"), format!("{ACCESSES}2026-03-03T12:00:00+01:00,anna,read,3,notes,,,WS1\n")).unwrap();
    assert_eq!(review(&path("longer.csv"), ward.path(), &path("longer"), &[]).code, Some(3));
    let refused = |accesses: &str, context: &Path, dir: &str, says: &str| {
        let ran = record_of("1", [&path(accesses), context, &path(dir)], true, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{says}: {}", ran.err);
        assert!(ran.err.contains(says) && ran.err.contains("review"), "{says}: {}", ran.err);
    };
    let here = ward.path();
    refused("longer.csv", here, "review", "longer.csv is not the file that the review was made of, or it has changed");
    refused("accesses.csv", here, "longer", "accesses.csv is not the file that the review was made of");
    refused("accesses.csv", here, "none", "holds no finished review");
    // one letter of the context, and a file more
    let other = copy(here);
    fs::write(other.path().join("patients.csv"), PATIENTS.replace("P3", "P1")).unwrap();
    refused("accesses.csv", other.path(), "review", "patients.csv is not the file that the review was made of");
    fs::write(other.path().join("patients.csv"), PATIENTS).unwrap();
    fs::write(other.path().join("declared.csv"), "kind,start,end\n").unwrap();
    refused("accesses.csv", other.path(), "review", "declared.csv is not the file that the review was made of");
    // a review of which something is missing, damaged, or of another run
    let index = fs::read(path("review/records.index")).unwrap();
    for end in [0, 3, 11, 12, 4_096, index.len() / 2, index.len() - 1] {
        fs::write(path("review/records.index"), &index[..end]).unwrap();
        refused("accesses.csv", here, "review", "records.index is damaged or cut short");
    }
    fs::write(path("review/records.index"), ACCESSES.repeat(20)).unwrap();
    refused("accesses.csv", here, "review", "records.index is no index that this version reads");
    fs::copy(path("longer/records.index"), path("review/records.index")).unwrap();
    refused("accesses.csv", here, "review", "explanations.csv is not the file that the review was made of");
    fs::remove_file(path("review/records.index")).unwrap();
    fs::write(path("review/records.index.part"), &index).unwrap();
    refused("accesses.csv", here, "review", "has no records.index");
    fs::write(path("review/records.index"), &index).unwrap();
    assert_eq!(record_of("1", [&path("accesses.csv"), here, &path("review")], true, &[]).code, Some(3));
    let explanations = text(&path("review"), "explanations.csv");
    fs::write(path("review/explanations.csv"), explanations.replace("1,E1,", "1,E2,")).unwrap();
    refused("accesses.csv", here, "review", "explanations.csv is not the file");
    fs::remove_file(path("review/summary.json")).unwrap();
    refused("accesses.csv", here, "review", "holds no finished review");
    let both = record_of("1", [&path("accesses.csv"), here, &path("longer")], true, &["--settings", "words.toml"]);
    assert_eq!(both.code, Some(2));
    assert!(both.err.contains("cannot be used with"), "a review has its own settings: {}", both.err);
}

#[test]
fn accesses_that_come_through_a_pipe_are_reviewed_without_an_index_and_that_is_said() {
    let ward = ward();
    let line = "privacy review --accesses /dev/stdin --context . --out review";
    let ran = run_in(ward.path(), &line.split(' ').collect::<Vec<_>>(), ACCESSES.as_bytes());
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.err.contains("no records.index is written"), "{}", ran.err);
    assert!(!names(&ward.path().join("review")).contains(&"records.index".to_owned()));
    let paths = ["accesses.csv", "", "review"].map(|name| ward.path().join(name));
    let ran = record_of("1", paths.each_ref().map(PathBuf::as_path), true, &[]);
    assert!(ran.code == Some(2) && ran.err.contains("has no records.index"), "{}", ran.err);
}

#[test]
fn a_review_is_the_same_byte_for_byte_with_one_thread_and_with_several() {
    let (dir, hospital) = (TempDir::new().unwrap(), hospital());
    let reviewed = |threads: &str| {
        let out = dir.path().join(threads);
        let ran = review(&hospital.join("accesses.csv"), hospital, &out, &["--threads", threads]);
        assert!(matches!(ran.code, Some(1 | 3)), "{}", ran.err);
        all(&out)
    };
    let one = reviewed("1");
    assert!(one.iter().any(|(name, bytes)| name == "cases.ndjson" && !bytes.is_empty()));
    for threads in ["2", "5"] {
        let other = reviewed(threads);
        assert_eq!(one.len(), other.len(), "{threads} threads");
        for ((name, bytes), of_other) in one.iter().zip(&other) {
            assert!((name, bytes) == (&of_other.0, &of_other.1), "{name} with {threads} threads");
        }
    }
}
