//! The file of who opened which record, without a review.

use cordon_model::EventId;
use cordon_store::disk::FileDisk;
use cordon_store::keys::KeySource;
use tempfile::TempDir;

use super::sorted::Sorting;
use super::*;

struct Kept {
    dir: TempDir,
    records: Records,
}

fn records() -> Kept {
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let keys = Keys::open(Arc::clone(&disk), dir.path(), &KeySource::File(dir.path().join("key"))).unwrap();
    let records = Records::new(disk, Arc::new(keys), dir.path(), "main");
    Kept { dir, records }
}

fn opened(at: i64, user: &str) -> Opened {
    Opened {
        time: Time(at),
        event: Some(EventId([u8::try_from(at.rem_euclid(250)).unwrap() + 1; 16])),
        user: user.to_owned(),
        action: "read".to_owned(),
        explanation: "E1|E5".to_owned(),
        waits_for: "the roster".to_owned(),
        break_glass: at % 2 == 0,
        is_denied: at % 3 == 0,
        proof: vec!["shifts.csv:4".to_owned(), "event:00".to_owned()],
        ..Opened::default()
    }
}

fn about(ran: i64) -> About {
    About { site: "main".to_owned(), ran, from: 0, until: ran, silences: Vec::new() }
}

fn sorting(kept: &Kept, held_max: usize) -> Sorting {
    Sorting::new(kept.dir.path(), held_max)
}

fn everything() -> Range<Time> {
    Time(i64::MIN)..Time(i64::MAX)
}

fn read(kept: &Kept, patient: u128) -> Record {
    kept.records.read(patient, &everything()).unwrap().unwrap()
}

fn pseudonym(number: u128) -> String {
    format!("p-{number:032x}")
}

#[test]
fn all_accesses_to_one_record_are_read_in_order_of_time_however_little_is_held_in_memory() {
    let mut told = Vec::new();
    for held_max in [300, 5_000, 1 << 20] {
        let kept = records();
        let mut sorting = sorting(&kept, held_max);
        // 40 patients of 100 accesses each, in no order; those of one patient fill more than a block
        for step in 0..4_000_i64 {
            let (patient, at) = (u128::try_from(step * 7 % 40).unwrap(), step * 31 % 4_000 - 50);
            let long = Opened { workstation: "w".repeat(400), ..opened(at, "anna") };
            sorting.push(&entry::access(patient << 100, &long)).unwrap();
        }
        kept.records.replace(&about(5_000), sorting.finish().unwrap()).unwrap();
        for patient in 0..40_u128 {
            let record = read(&kept, patient << 100);
            let times: Vec<i64> = record.accesses.iter().map(|opened| opened.time.0).collect();
            assert_eq!((times.len(), times.is_sorted()), (100, true), "{patient}");
            assert_eq!(record.patients, [pseudonym(patient << 100)]);
            told.push((held_max, patient, times));
        }
        let one = &read(&kept, 0).accesses[1];
        assert_eq!(one.workstation.len(), 300, "a text is cut");
        assert_eq!(Opened { workstation: String::new(), ..one.clone() }, opened(one.time.0, "anna"));
    }
    let of = |held_max: usize| {
        told.iter().filter(move |(held, ..)| *held == held_max).map(|(_, patient, times)| (patient, times))
    };
    assert!(of(300).eq(of(1 << 20)) && of(5_000).eq(of(1 << 20)));
}

#[test]
fn every_pseudonym_of_a_person_leads_to_one_record_also_when_nobody_opened_it() {
    let kept = records();
    let mut sorting = sorting(&kept, 1 << 20);
    for (one, first) in [(7, 7), (3, 7), (9, 7), (20, 20)] {
        sorting.push(&entry::name(first, one)).unwrap();
        if one != first {
            sorting.push(&entry::stands_for(one, first)).unwrap();
        }
    }
    sorting.push(&entry::access(7, &opened(1, "anna"))).unwrap();
    sorting.push(&entry::access(8, &opened(2, "ben"))).unwrap();
    kept.records.replace(&about(10), sorting.finish().unwrap()).unwrap();
    for one in [3, 7, 9] {
        let record = read(&kept, one);
        assert_eq!(record.patients, [3, 7, 9].map(pseudonym));
        assert_eq!(record.accesses, [opened(1, "anna")]);
    }
    let (nobody, unknown, unlisted) = (read(&kept, 20), read(&kept, 21), read(&kept, 8));
    assert_eq!((nobody.patients.len(), nobody.accesses.len()), (1, 0), "known, and opened by nobody");
    assert!(unknown.patients.is_empty() && unknown.accesses.is_empty());
    assert_eq!((unlisted.patients, unlisted.accesses.len()), (vec![pseudonym(8)], 1), "in no index of patients");
}

#[test]
fn a_period_is_kept_to_and_of_too_many_accesses_the_latest_are_given() {
    let kept = records();
    let mut sorting = sorting(&kept, 1 << 20);
    (0..50).for_each(|at| sorting.push(&entry::access(1, &opened(at, "anna"))).unwrap());
    kept.records.replace(&about(100), sorting.finish().unwrap()).unwrap();
    let part = kept.records.read(1, &(Time(10)..Time(20))).unwrap().unwrap();
    assert_eq!((part.accesses.len(), part.accesses[0].time, part.left_out), (10, Time(10), 0));
    let few = file::read(&kept.records.place(), 1, &everything(), 8).unwrap().unwrap();
    assert_eq!((few.accesses.len(), few.accesses[0].time, few.left_out), (8, Time(42), 42));
}

#[test]
fn a_review_takes_the_place_of_the_one_before_and_what_it_does_not_have_is_gone() {
    let kept = records();
    assert!(kept.records.read(1, &everything()).unwrap().is_none(), "no review yet");
    for (ran, patient) in [(10, 1), (20, 2)] {
        let mut sorting = sorting(&kept, 1 << 20);
        sorting.push(&entry::access(patient, &opened(ran, "anna"))).unwrap();
        kept.records.replace(&about(ran), sorting.finish().unwrap()).unwrap();
    }
    assert!(read(&kept, 1).patients.is_empty());
    assert_eq!((read(&kept, 2).accesses.len(), read(&kept, 2).about.ran()), (1, Time(20)));
    kept.records.remove().unwrap();
    kept.records.remove().unwrap();
    assert!(kept.records.read(2, &everything()).unwrap().is_none());
}

#[test]
fn a_file_that_is_cut_or_changed_is_never_believed_and_names_nobody_in_clear() {
    let kept = records();
    let mut sorting = sorting(&kept, 1 << 20);
    (0..30).for_each(|at| sorting.push(&entry::access(1, &opened(at, "m.linnet"))).unwrap());
    kept.records.replace(&about(100), sorting.finish().unwrap()).unwrap();
    let path = kept.dir.path().join(FOLDER).join(FILE);
    let whole = std::fs::read(&path).unwrap();
    assert!(!whole.windows(6).any(|part| part == b"linnet"));
    for length in (0..whole.len()).step_by(7) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let read = kept.records.read(1, &everything());
        assert!(matches!(read, Err(RecordsFault::Damaged)), "{length} of {}: {read:?}", whole.len());
    }
    for place in (0..whole.len()).step_by(11) {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        assert!(kept.records.read(1, &everything()).is_err(), "byte {place}");
    }
    let elsewhere = Records { site: "north".into(), ..kept.records.clone() };
    std::fs::write(&path, &whole).unwrap();
    assert!(elsewhere.read(1, &everything()).is_err(), "of another site");
    assert_eq!(read(&kept, 1).accesses.len(), 30);
}
