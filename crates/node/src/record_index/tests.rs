//! The index of a whole review, made and read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use cordon_privacy::{AccessReader, Context, Review, Settings, Table};
use tempfile::TempDir;

use super::*;
use crate::accesses::Intake;

const STAFF: &str = "user,role,department\nu0,nurse,Ward\nu1,physician,Surgery\n";
/// Two ids are one person.
const PATIENTS: &str = "patient,person_id\np1,A\np2,A\np3,C\nnever opened,D\n";
const ORDERS: &str = "patient,time,ordered_by\np0,2026-03-01T08:00:00+01:00,u0\n";
const ALL: (i64, i64) = (i64::MIN, i64::MAX);

/// Rows by turns of eight patients and three users; every eleventh row is none.
fn accesses(rows: usize) -> String {
    let mut out = "time,user,action,patient,section\n".to_owned();
    for row in 1..=rows {
        let time = if row % 11 == 0 { "yesterday".to_owned() } else { time(row) };
        let cells =
            format!("{time},u{},read,p{},\"section {row},\n{}\"\n", row % 3, patient(row), "x".repeat(row % 90));
        out.push_str(&cells);
    }
    out
}

fn patient(row: usize) -> usize {
    (row * 5 + row / 8) % 8
}

fn time(row: usize) -> String {
    format!("2026-03-{:02}T{:02}:{:02}:{:02}+01:00", 1 + row / 86_400, row / 3_600 % 24, row / 60 % 60, row % 60)
}

/// A review of accesses, with so many rows in memory at a time.
fn reviewed(accesses: &str, pairs_max: usize) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    for (name, text) in
        [("accesses.csv", accesses), ("staff.csv", STAFF), ("patients.csv", PATIENTS), ("orders.csv", ORDERS)]
    {
        fs::write(path(name), text).unwrap();
    }
    let mut context = Context::new(Settings::default());
    for table in [Table::Staff, Table::Patients, Table::Orders] {
        context.read(table, File::open(path(table.file())).unwrap(), |_| {}).unwrap();
    }
    let mut about = About::files(&path("accesses.csv"), dir.path()).unwrap().unwrap();
    let mut review = Review::new(context);
    let mut reader = AccessReader::open(File::open(path("accesses.csv")).unwrap()).unwrap();
    let mut gather = Gather::holding(dir.path(), reader.next_at(), pairs_max).unwrap();
    let (mut intake, mut faults) = (Intake::new(dir.path()), 0);
    while let Some(read) = review.read(&mut reader).unwrap() {
        gather.see(reader.row_bytes(), reader.next_at(), read.as_ref().ok()).unwrap();
        read.map_or_else(|_| faults += 1, |access| intake.push(access).unwrap());
    }
    let mut kept = intake.finish().unwrap();
    let found = review.run(kept.trail(), |_, _| {}).unwrap();
    let begun = |name: &str| BufWriter::new(File::create(path(name)).unwrap());
    let mut index = IndexWriter::begin(gather, begun(FILE)).unwrap();
    let mut lines = Lines::begin(begun(EXPLANATIONS), begun(WITHHELD)).unwrap();
    kept.each_explained(|explained| lines.write(explained, Some(&mut index))).unwrap();
    let (explanations, withheld, ends) = lines.finish();
    drop((explanations, withheld));
    fs::write(path(SUMMARY), "{}").unwrap();
    let written = [EXPLANATIONS, WITHHELD, SUMMARY].map(|name| (name, path(name)));
    about
        .add(&review, &found.silences, faults, &written.each_ref().map(|(name, path)| (*name, path.as_path())))
        .unwrap();
    index.finish(&review, &about, ends).unwrap().into_inner().unwrap();
    dir
}

fn look_up(dir: &Path, patient: &str) -> Result<Option<cordon_privacy::Record>, IndexFault> {
    let index = RecordIndex::open(dir)?;
    index.check(&dir.join("accesses.csv"), dir)?;
    index.record(&dir.join("accesses.csv"), patient, ALL)
}

/// Rows about each patient, as they were made.
fn rows_by_patient(rows: usize) -> BTreeMap<String, Vec<u32>> {
    let mut out: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for row in (1..=rows).filter(|row| row % 11 != 0) {
        out.entry(format!("p{}", patient(row))).or_default().push(u32::try_from(row).unwrap());
    }
    out
}

#[test]
fn every_row_of_every_patient_is_found_however_few_are_held_in_memory() {
    // two pages of places and a bit
    let rows = 17_000;
    let text = accesses(rows);
    let whole = reviewed(&text, usize::MAX);
    let index = fs::read(whole.path().join(FILE)).unwrap();
    assert!(index.len() < 6 * rows, "{} bytes", index.len());
    let parts = reviewed(&text, 700);
    assert!(fs::read(parts.path().join(FILE)).unwrap() == index, "the same bytes from one run and from many");
    let mut by_patient = rows_by_patient(rows);
    let both = [by_patient["p1"].clone(), by_patient["p2"].clone()].concat();
    for (patient, expected) in &mut by_patient {
        if patient == "p1" || patient == "p2" {
            expected.clone_from(&both);
            expected.sort_unstable();
        }
        let record = look_up(parts.path(), patient).unwrap().unwrap();
        let found: Vec<u32> = record.accesses.iter().map(|access| access.row).collect();
        assert_eq!(found, *expected, "{patient}");
        for access in &record.accesses {
            let row = access.row as usize;
            assert_eq!(access.section, format!("section {row},\n{}", "x".repeat(row % 90)).trim());
            assert_eq!((access.user.as_str(), access.time.as_str()), (&*format!("u{}", row % 3), &*time(row)));
            let role = ["nurse", "physician", "unknown"][row % 3];
            assert_eq!(access.role, role);
            let explained = patient == "p0" && access.user == "u0";
            assert_eq!(access.explanation.starts_with("E1"), explained, "{access:?}");
            let words = match (explained, access.user.as_str()) {
                (true, _) => "takes part in the patient's care",
                (false, "u2") => "cannot be judged yet: the staff list did not come in full",
                (false, _) => "no reason found in the data",
            };
            assert_eq!(access.words, words);
        }
    }
}

#[test]
fn ids_of_one_person_are_one_record_and_one_that_nobody_opened_is_empty() {
    let dir = reviewed(&accesses(300), 40);
    let record = |patient: &str| look_up(dir.path(), patient).unwrap();
    let (one, other) = (record("p1").unwrap(), record("p2").unwrap());
    assert_eq!((one.patients.join(" "), other.patients.join(" ")), ("p1 p2".to_owned(), "p2 p1".to_owned()));
    assert_eq!(one.accesses, other.accesses);
    let rows = rows_by_patient(300);
    assert_eq!(one.accesses.len(), rows["p1"].len() + rows["p2"].len());
    assert_eq!(record("never opened").unwrap().accesses, []);
    for nobody in ["", "p", "p1 ", "zzz", "\u{0}"] {
        assert!(record(nobody).is_none(), "{nobody}");
    }
}

#[test]
fn a_review_of_nothing_and_one_that_ends_at_a_place_can_be_looked_up() {
    for rows in [0, 1, 31, 32, 33, 64, 8_128, 8_129] {
        let dir = reviewed(&accesses(rows), 50);
        let found = look_up(dir.path(), "p4").unwrap().map_or(0, |record| record.accesses.len());
        assert_eq!(found, rows_by_patient(rows).get("p4").map_or(0, Vec::len), "{rows}");
    }
}

#[test]
fn an_index_with_a_damaged_or_missing_byte_gives_the_right_answer_or_none() {
    let dir = reviewed(&accesses(100), 1_000);
    let path = dir.path().join(FILE);
    let (whole, right) = (fs::read(&path).unwrap(), look_up(dir.path(), "p1").unwrap().unwrap().accesses);
    let zeros = 12..4096;
    let mut refused = 0;
    for place in (0..whole.len()).filter(|place| !zeros.contains(place)) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x11;
        fs::write(&path, &damaged).unwrap();
        match look_up(dir.path(), "p1") {
            Ok(record) => assert_eq!(record.unwrap().accesses, right, "byte {place}"),
            Err(IndexFault::Damaged { .. } | IndexFault::Version { .. }) => refused += 1,
            Err(fault) => panic!("byte {place}: {fault}"),
        }
    }
    assert!(refused * 2 > whole.len() - zeros.len(), "{refused} of {}", whole.len());
    for end in 0..whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        assert!(matches!(look_up(dir.path(), "p1"), Err(IndexFault::Damaged { .. })), "cut at {end}");
    }
    let mut newer = whole;
    newer[8] += 1;
    fs::write(&path, &newer).unwrap();
    assert!(look_up(dir.path(), "p1").unwrap_err().to_string().contains("no index that this version reads"));
}

#[test]
fn a_row_that_was_changed_in_the_middle_of_a_long_file_is_refused_and_others_are_told() {
    let text = accesses(5_000);
    let dir = reviewed(&text, 1_000);
    // neither the length nor the ends of the file say that a row in its middle is another patient's now
    let row = |user: usize| (2_500..).find(|row| patient(*row) == 0 && row % 3 == user && row % 11 != 0).unwrap();
    let (bare, explained) = (row(2), row(0));
    let changed = text.replacen(&format!("p0,\"section {bare},"), &format!("p5,\"section {bare},"), 1);
    assert!(changed != text && changed.len() == text.len());
    fs::write(dir.path().join("accesses.csv"), changed).unwrap();
    let fault = look_up(dir.path(), "p0").unwrap_err().to_string();
    assert!(fault.contains("has changed since the review"), "{fault}");
    fs::write(dir.path().join("accesses.csv"), &text).unwrap();
    assert!(look_up(dir.path(), "p0").is_ok());
    let explanations = fs::read_to_string(dir.path().join(EXPLANATIONS)).unwrap();
    let faults = [
        (format!("\n{bare},"), format!("\n{},", bare + 1), "has changed"),
        (format!("\n{explained},E1"), format!("\n{explained},E9"), "no such explanation"),
    ];
    for (from, to, says) in faults {
        let changed = explanations.replacen(&from, &to, 1);
        assert!(changed != explanations, "{from}");
        // the file is too short for its middle to be anything but one of its ends, so only the rows themselves are looked at here
        fs::write(dir.path().join(EXPLANATIONS), changed).unwrap();
        let index = RecordIndex::open(dir.path()).unwrap();
        let fault = index.record(&dir.path().join("accesses.csv"), "p0", ALL).unwrap_err();
        let text = std::error::Error::source(&fault).map_or_else(|| fault.to_string(), ToString::to_string);
        assert!(text.contains(says), "{text}");
        assert!(index.check(&dir.path().join("accesses.csv"), dir.path()).is_err());
    }
}
