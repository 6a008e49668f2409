//! Small hospitals in memory, looked at as a reader of the files would.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::rc::Rc;

use jiff::civil::Date;

use super::*;

type Shared = Rc<RefCell<BTreeMap<String, Vec<u8>>>>;

struct Memory(Shared, String);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().entry(self.1.clone()).or_default().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The smallest hospital that has every scenario.
pub(crate) fn small(seed: u64) -> EhrOptions {
    EhrOptions {
        staff: 200,
        patients: 6000,
        days: 3,
        seed,
        start: Date::constant(2026, 3, 2),
        accesses_per_staff_day: 100.0,
        plan: CasePlan::default(),
    }
}

/// What a simulation made, and its files by name.
pub(crate) fn files(options: &EhrOptions) -> (Made, BTreeMap<String, Vec<u8>>) {
    let shared = Shared::default();
    let handle = shared.clone();
    let mut create =
        move |name: &str| -> std::io::Result<Box<dyn Write>> { Ok(Box::new(Memory(handle.clone(), name.to_owned()))) };
    let made = simulate(options, &mut create, &mut |_| {}).unwrap();
    let files = shared.borrow().clone();
    (made, files)
}

type Rows = Vec<BTreeMap<String, String>>;

fn rows(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Rows {
    csv::Reader::from_reader(files[name].as_slice()).deserialize().map(Result::unwrap).collect()
}

/// The label of each access row: its own line, or `legit` where it has none.
fn labels(files: &BTreeMap<String, Vec<u8>>) -> Vec<BTreeMap<String, String>> {
    let accesses = rows(files, "accesses.csv").len();
    let mut labels = vec![BTreeMap::from([("label".to_owned(), "legit".to_owned())]); accesses];
    for line in rows(files, "labels.csv") {
        let row: usize = line["row"].parse().unwrap();
        labels[row - 1] = line;
    }
    labels
}

#[test]
fn the_same_options_give_the_same_bytes_and_another_seed_others() {
    let (first, again, other) = (files(&small(1)), files(&small(1)), files(&small(2)));
    assert_eq!(first, again);
    assert_ne!(first.1["accesses.csv"], other.1["accesses.csv"]);
}

#[test]
fn the_files_are_those_of_the_contract_with_its_headers() {
    let (_, files) = files(&small(3));
    let mut expect: BTreeMap<&str, &str> = context::HEADERS.into_iter().collect();
    expect.insert("accesses.csv", access::ACCESSES);
    expect.insert("labels.csv", access::LABELS);
    assert_eq!(files.keys().map(String::as_str).collect::<Vec<_>>(), expect.keys().copied().collect::<Vec<_>>());
    for (name, header) in expect {
        let text = std::str::from_utf8(&files[name]).unwrap();
        assert_eq!(text.lines().next(), Some(header), "{name}");
        assert!(text.lines().count() > 3, "{name} is empty");
    }
}

#[test]
fn rows_point_at_people_and_encounters_that_exist() {
    let (_, files) = files(&small(4));
    let column =
        |name: &str, column: &str| rows(&files, name).iter().map(|row| row[column].clone()).collect::<BTreeSet<_>>();
    let (users, patients) = (column("staff.csv", "user"), column("patients.csv", "patient"));
    let encounters = column("encounters.csv", "encounter");
    let check = |known: &BTreeSet<String>, name: &str, of: &str| {
        for value in column(name, of) {
            assert!(value.is_empty() || known.contains(&value), "{name}: {of} {value} is unknown");
        }
    };
    for (name, of) in [
        ("accesses.csv", "user"),
        ("shifts.csv", "user"),
        ("participants.csv", "user"),
        ("appointments.csv", "user"),
        ("orders.csv", "ordered_by"),
        ("orders.csv", "performed_by"),
        ("messages.csv", "from_user"),
        ("staff.csv", "manager"),
    ] {
        check(&users, name, of);
    }
    for name in ["accesses.csv", "contacts.csv", "encounters.csv", "appointments.csv", "orders.csv", "messages.csv"] {
        check(&patients, name, "patient");
    }
    for name in ["accesses.csv", "participants.csv", "orders.csv"] {
        check(&encounters, name, "encounter");
    }
}

#[test]
fn nothing_ends_before_it_begins() {
    let before = |row: &BTreeMap<String, String>| {
        let time = |name: &str| row[name].parse::<jiff::Timestamp>().ok();
        time("end").zip(time("start")).is_some_and(|(end, start)| end < start)
    };
    for seed in [1, 2, 3, 5] {
        let (_, files) = files(&small(seed));
        for name in ["encounters.csv", "participants.csv", "appointments.csv", "shifts.csv"] {
            assert_eq!(rows(&files, name).into_iter().find(before), None, "{name}, seed {seed}");
        }
    }
}

#[test]
fn accesses_are_in_order_of_time_and_inside_the_days_asked_for() {
    let (made, files) = files(&small(5));
    let times: Vec<String> = rows(&files, "accesses.csv").into_iter().map(|row| row["time"].clone()).collect();
    assert_eq!(times.len(), usize::try_from(made.rows).unwrap());
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]));
    assert!(times[0].as_str() >= "2026-03-02T00:00:00+01:00" && times[times.len() - 1].as_str() < "2026-03-05");
}

#[test]
fn two_to_six_percent_cannot_be_proven_and_one_percent_has_no_reason() {
    for seed in [6, 7, 8] {
        let (_, files) = files(&small(seed));
        let labels = labels(&files);
        let count = |wanted: &str| labels.iter().filter(|line| line["label"] == wanted).count() as f64;
        let all = labels.len() as f64;
        let legit = count("legit") + count("unprovable") + count("none") + count("lookalike");
        let unprovable = count("unprovable") / legit;
        assert!((0.02..=0.06).contains(&unprovable), "seed {seed}: {unprovable}");
        assert!(count("none") / all >= 0.01, "seed {seed}: {}", count("none") / all);
    }
}

#[test]
fn every_scenario_has_its_case_of_one_user_and_ten_lookalikes() {
    for seed in [9, 10] {
        let options = small(seed);
        let (made, files) = files(&options);
        assert_eq!((made.cases, made.lookalikes), (20, 200), "seed {seed}");
        let users: Vec<String> = rows(&files, "accesses.csv").into_iter().map(|row| row["user"].clone()).collect();
        let mut cases: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut lookalikes: BTreeSet<String> = BTreeSet::new();
        for (line, user) in labels(&files).iter().zip(users) {
            match line["label"].as_str() {
                "case" => drop(cases.entry(line["scenario"].clone()).or_default().insert(user)),
                "lookalike" => drop(lookalikes.insert(line["scenario"].clone())),
                _ => {}
            }
        }
        assert_eq!((cases.len(), lookalikes.len()), (20, 20), "seed {seed}");
        assert!(cases.values().all(|users| users.len() == 1), "seed {seed}: {cases:?}");
    }
}

#[test]
fn the_plan_decides_how_many_cases_there_are() {
    let plan = CasePlan::from_toml("cases = 0\nlookalikes = 3\n[scenario.S2]\ncases = 1500\n").unwrap();
    let (made, files) = files(&EhrOptions { plan, ..small(11) });
    assert_eq!((made.cases, made.lookalikes), (3, 9));
    let scenarios: BTreeSet<String> =
        labels(&files).into_iter().filter_map(|line| line.get("scenario").cloned()).collect();
    assert_eq!(scenarios, BTreeSet::from([String::new(), "S2".to_owned()]));
}

#[test]
fn options_out_of_range_are_refused_by_name() {
    let refuse = |options: EhrOptions| {
        simulate(&options, &mut |_| Ok(Box::new(std::io::sink())), &mut |_| {}).unwrap_err().to_string()
    };
    assert!(refuse(EhrOptions { staff: 5, ..small(1) }).contains("staff"));
    assert!(refuse(EhrOptions { patients: 500, ..small(1) }).contains("patients"));
    assert!(refuse(EhrOptions { days: 0, ..small(1) }).contains("days"));
}
