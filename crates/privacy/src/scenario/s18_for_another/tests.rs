//! S18 on paper: a refusal, a workstation that somebody left, and a brother.

use crate::form::Table;
use crate::scenario::bench::{Bench, on};

const STAFF: &str = "user,surname,given,birth_date,street,house_number,postcode,department
u,Anders,Ute,1980-01-01,Elmweg,1,10115,ward 1
v,Berger,Vera,1985-02-02,Buchenweg,2,10115,ward 1
w,Clasen,Wim,1990-03-03,Ahornweg,3,10115,ward 2
";
const PATIENTS: &str = "patient,surname,given,birth_date,street,house_number,postcode
brother,Berger,Bert,1987-01-01,Buchenweg,2,10115
namesake,Berger,Bernd,1950-01-01,Lindenweg,9,10117
vera,Berger,Vera,1985-02-02,Buchenweg,2,10115
wim,Clasen,Wim,1990-03-03,Ahornweg,3,10115
";

fn hospital(rows: &[(&str, i64, &str, &str, &str)]) -> Bench {
    let mut bench = Bench::new("time,user,action,patient,workstation,outcome")
        .table(Table::Staff, STAFF)
        .table(Table::Patients, PATIENTS);
    for (user, minute, patient, workstation, outcome) in rows {
        bench.access(format_args!("{},{user},read,{patient},{workstation},{outcome}", on(1, 9, *minute)));
    }
    bench
}

#[test]
fn a_record_of_somebody_s_family_after_they_were_refused_is_told() {
    let bench = hospital(&[("v", 0, "brother", "A", "denied"), ("u", 3, "brother", "B", "success")]);
    assert_eq!(
        bench.signs(18),
        ["0 u [2]: 3.0 minutes before, v, to whom the patient is close, was refused this record."]
    );
}

#[test]
fn later_for_a_stranger_or_with_a_reason_it_is_not() {
    for rows in [
        [("v", 0, "brother", "A", "denied"), ("u", 6, "brother", "B", "success")],
        [("v", 0, "namesake", "A", "denied"), ("u", 3, "namesake", "B", "success")],
        [("v", 0, "brother", "A", "denied"), ("u", 3, "namesake", "B", "success")],
        [("v", 0, "brother", "A", "success"), ("u", 3, "brother", "B", "success")],
    ] {
        assert!(hospital(&rows).signs(18).is_empty(), "{rows:?}");
    }
    let orders = format!("patient,time,ordered_by\nbrother,{},u\n", on(1, 8, 0));
    let bench = hospital(&[("v", 0, "brother", "A", "denied"), ("u", 3, "brother", "B", "success")]);
    assert!(bench.table(Table::Orders, orders).signs(18).is_empty());
}

#[test]
fn after_somebody_left_the_workstation_their_family_and_own_record_are_told() {
    for patient in ["brother", "vera"] {
        let bench = hospital(&[
            ("v", 0, "namesake", "A", "success"),
            ("u", 2, "namesake", "A", "success"),
            ("u", 4, patient, "A", "success"),
        ]);
        let told = bench.signs(18);
        assert_eq!(
            told,
            ["1 u [3]: 4.0 minutes before, v, to whom the patient is close, was at the same workstation."]
        );
    }
}

#[test]
fn at_another_workstation_or_for_a_distant_colleague_it_is_not() {
    assert!(
        hospital(&[("v", 0, "namesake", "A", "success"), ("u", 2, "brother", "B", "success")]).signs(18).is_empty()
    );
    assert!(hospital(&[("v", 0, "namesake", "A", "success"), ("u", 2, "wim", "A", "success")]).signs(18).is_empty());
}

#[test]
fn of_a_team_mate_of_both_nothing_follows_from_who_was_there_before() {
    // anna is of ward 1, as are u and v; of w, who is not, it is told
    let staff = format!("{STAFF}anna,Anders,Anna,1991-04-04,Eschenweg,4,10115,ward 1\n");
    let patients = format!("{PATIENTS}anna,Anders,Anna,1991-04-04,Eschenweg,4,10115\n");
    let after = |user: &str| {
        let rows = [("v", 0, "namesake", "A", "success"), (user, 2, "anna", "A", "success")];
        let bench = hospital(&rows).table(Table::Staff, staff.as_str()).table(Table::Patients, patients.as_str());
        bench.who(18)
    };
    assert_eq!(after("u"), Vec::<String>::new());
    assert_eq!(after("w"), ["w:1"]);
}

#[test]
fn a_colleague_s_record_that_was_refused_is_told() {
    assert_eq!(hospital(&[("v", 0, "wim", "A", "denied"), ("u", 2, "wim", "B", "success")]).who(18), ["u:0"]);
}
