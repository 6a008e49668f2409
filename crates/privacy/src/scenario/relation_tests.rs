//! Who the patient is to the user, and whether there is a need: S1 to S4, S6 to S9, S12, S17 and what speaks for the user.

use crate::form::Table;
use crate::scenario::bench::{Bench, on};

const STAFF: &str =
    "user,surname,given,birth_date,street,house_number,postcode,phone,role,department,manager,employed_to
u,Berger,Ute,1980-01-01,Elmstr.,12,10115,030 1234567,nurse,ward 1,boss,
boss,Amann,Bo,1970-01-01,Weg,1,10117,,chief,ward 1,,
far,Diehl,Fay,1971-01-01,Weg,2,10117,,clerk,office,,
gone,Ernst,Gil,1972-01-01,Weg,3,10117,,clerk,office,,2026-01-01
h,Faber,Hal,1973-01-01,Weg,4,10117,,coder,health information,,
path,Glas,Pat,1974-01-01,Weg,5,10117,,physician,pathology,,
";

fn hospital(patients: &str) -> Bench {
    let patients =
        format!("patient,surname,given,birth_date,death_time,street,house_number,postcode,phone,flags\n{patients}");
    Bench::new("time,user,action,patient,object,section,break_glass,purpose")
        .table(Table::Staff, STAFF)
        .table(Table::Patients, patients)
}

/// What a scenario says when `user` reads the record of `p`.
fn reads(user: &str, patient: &str, scenario: u8) -> Vec<String> {
    hospital(patient).lines(&format!("{},{user},read,p,,,,", on(3, 9, 0))).signs(scenario)
}

fn ordered_by(user: &str) -> String {
    format!("patient,time,ordered_by\np,{},{user}\n", on(2, 9, 0))
}

const BROTHER: &str = "p,Berger,Bo,1985-01-01,,Elmstraße,12,10115,,\n";

#[test]
fn s1_one_household_and_one_surname_are_family() {
    assert_eq!(reads("u", BROTHER, 1), ["0 u [1]: u and the patient have one surname and live in one household."]);
    assert_eq!(reads("u", "p,Berger-Stein,Bo,1985-01-01,,Elmstr,12,10115,,\n", 1).len(), 1, "a part of the surname");
}

#[test]
fn s1_a_namesake_elsewhere_and_a_lodger_are_not() {
    assert!(reads("u", "p,Berger,Bo,1985-01-01,,Elmstr.,13,10115,,\n", 1).is_empty());
    assert!(reads("u", "p,Diehl,Bo,1985-01-01,,Elmstr.,12,10115,,\n", 1).is_empty());
    assert!(reads("u", "p,Berger,Ute,1980-01-01,,Elmstr.,12,10115,,\n", 1).is_empty(), "the user themself is S3");
}

#[test]
fn s1_a_contact_needs_more_than_the_name() {
    let with = |contact: &str| {
        let bench = hospital("p,Diehl,Bo,1985-01-01,,,,,,\n")
            .table(Table::Contacts, format!("patient,relation,surname,given,phone,birth_date\n{contact}\n"));
        bench.lines(&format!("{},u,read,p,,,,", on(3, 9, 0))).signs(1)
    };
    assert_eq!(
        with("p,sister,BERGER,Ute,+49 30 1234567,"),
        ["1 u [1]: u is named in the patient's record as a contact (sister)."]
    );
    assert_eq!(with("p,sister,Berger,Ute,,1980-01-01").len(), 1);
    assert!(with("p,sister,Berger,Ute,,").is_empty());
    assert!(with("p,sister,Berger,Ute,030 7654321,1981-01-01").is_empty());
}

#[test]
fn s1_a_relative_who_treats_has_a_reason() {
    let bench = hospital(BROTHER).table(Table::Orders, ordered_by("u")).lines(&format!("{},u,read,p,,,,", on(3, 9, 0)));
    assert!(bench.signs(1).is_empty());
}

#[test]
fn s2_ten_numbers_away_are_neighbours_and_eleven_are_not() {
    let at = |number: &str, postcode: &str| {
        reads("u", &format!("p,Diehl,Bo,1985-01-01,,Elmstraße,{number},{postcode},,\n"), 2)
    };
    assert_eq!(at("22", "10115"), ["0 u [1]: u lives in the patient's street, 10 house numbers away."]);
    assert_eq!(at("12b", "10115"), ["0 u [1]: u and the patient live at one house number, behind different doors."]);
    assert!(
        at("23", "10115").is_empty()
            && at("22", "10117").is_empty()
            && at("12", "10115").is_empty()
            && at("", "10115").is_empty()
    );
}

#[test]
fn s3_the_own_record_is_told_even_with_a_reason() {
    let own = "p,Berger,Ute,1980-01-01,,,,,,\n";
    assert_eq!(reads("u", own, 3), ["0 u [1]: u opened their own record."]);
    let bench = hospital(own).table(Table::Orders, ordered_by("u")).lines(&format!("{},u,read,p,,,,", on(3, 9, 0)));
    assert_eq!(bench.signs(3).len(), 1);
    assert!(reads("u", "p,Berger,Ute,1980-01-02,,,,,,\n", 3).is_empty(), "a namesake with another birthday");
}

#[test]
fn s4_a_colleague_is_told_and_a_close_one_weighs_more() {
    let record = |name: &str| format!("p,{name},,,,,,employee\n");
    assert_eq!(reads("u", &record("Diehl,Fay,1971-01-01"), 4), ["0 u [1]: The patient works here, like u."]);
    assert_eq!(
        reads("u", &record("Amann,Bo,1970-01-01"), 4),
        ["1 u [1]: The patient works here, close to u: boss."],
        "who leads the user"
    );
    assert_eq!(reads("u", &record("Ernst,Gil,1972-01-01"), 4).len(), 1, "who left a week ago");
    assert!(reads("u", "p,Unbekannt,Una,1971-01-01,,,,,,\n", 4).is_empty());
}

#[test]
fn s6_thirty_days_after_death_only_those_whose_work_it_is() {
    let died = |day: &str| format!("p,Diehl,Bo,1950-01-01,{day},,,,,\n");
    assert_eq!(reads("u", &died("2025-11-01"), 6), ["0 u [1]: The patient had died 67 days before."]);
    assert!(reads("u", &died("2025-12-20"), 6).is_empty());
    assert!(reads("h", &died("2025-11-01"), 6).is_empty(), "coding");
    assert!(reads("path", &died("2025-11-01"), 6).is_empty(), "pathology");
}

#[test]
fn s7_long_after_discharge_without_an_appointment() {
    let with = |end: &str, user: &str, appointment: &str| {
        let stays = format!("encounter,patient,start,end\ne,p,2025-10-01T08:00:00+01:00,{end}\n");
        let bench = hospital("p,Diehl,Bo,1950-01-01,,,,,,\n")
            .table(Table::Encounters, stays)
            .table(Table::Appointments, format!("patient,start\n{appointment}"));
        bench.lines(&format!("{},{user},read,p,,,,", on(3, 9, 0))).signs(7)
    };
    let october = "2025-10-09T08:00:00+01:00";
    assert_eq!(
        with(october, "u", ""),
        ["0 u [1]: The patient's last stay or visit had ended 91 days before, and no appointment lay ahead."]
    );
    assert!(with("2025-12-20T08:00:00+01:00", "u", "").is_empty());
    assert!(with(october, "h", "").is_empty(), "records staff work later");
    assert!(with(october, "u", "p,2026-01-20T08:00:00+01:00\n").is_empty());
}

#[test]
fn s8_a_department_that_never_has_to_do_with_the_patient_s() {
    let mut bench = hospital("p,Diehl,Bo,1950-01-01,,,,,,\n");
    let mut encounters = format!("encounter,patient,start,end,department,unit\nx,p,{},,office ward,O\n", on(0, 0, 0));
    let mut orders = "patient,time,ordered_by\n".to_owned();
    for number in 0..500 {
        let (user, department) = if number % 2 == 0 { ("u", "ward 1") } else { ("far", "office ward") };
        encounters.push_str(&format!("e{number},q{number},{},,{department},U\n", on(0, 0, 0)));
        orders.push_str(&format!("q{number},{},{user}\n", on(1, 0, 0)));
        bench.access(format_args!("{},{user},read,q{number},,,,", on(2, 8, number % 60)));
    }
    let bench = bench.table(Table::Encounters, encounters).table(Table::Orders, orders);
    let bench = bench.lines(&format!("{},u,read,p,,,,\n{},far,read,p,,,,", on(3, 9, 0), on(3, 9, 1)));
    let told = bench.signs(8);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains(" u [501]: ward 1 ") && told[0].ends_with("ever has to do with patients of office ward."),
        "{told:?}"
    );
}

/// Break-glass by `u` at the record of `p`, two days before the end of the data.
fn glass(purpose: &str, orders: &str) -> Vec<String> {
    let bench =
        hospital("p,Diehl,Bo,1950-01-01,,,,,,\n").table(Table::Orders, format!("patient,time,ordered_by\n{orders}"));
    bench.lines(&format!("{},u,read,p,,,1,{purpose}\n{},far,read,p,,,,", on(3, 9, 0), on(5, 9, 0))).signs(9)
}

#[test]
fn s9_break_glass_without_care_or_without_a_reason_given_is_told() {
    assert_eq!(
        glass("collapsed in the corridor", ""),
        ["0 u [1]: u used break-glass, and took no part in the patient's care on that day or the next."]
    );
    assert_eq!(glass("", "").len(), 2);
}

#[test]
fn s9_proper_break_glass_is_none() {
    assert!(glass("collapsed in the corridor", &format!("p,{},u\n", on(3, 9, 40))).is_empty());
}

#[test]
fn s9_a_phrase_of_one_person_is_told_and_a_choice_from_a_list_is_not() {
    let by = |users: [&str; 4]| {
        let rows: String = users
            .iter()
            .zip(0..)
            .map(|(user, number)| format!("{},{user},read,q{number},,,1,emergency\n", on(3, 9, number)))
            .collect();
        hospital("").lines(&rows).signs(9)
    };
    assert_eq!(by(["u", "u", "u", "u"]).len(), 2, "from the third patient on");
    assert!(by(["u", "u", "u", "far"]).len() == 1);
    assert!(by(["u", "far", "h", "u"]).is_empty());
}

#[test]
fn s12_a_name_is_searched_and_the_record_only_looked_at() {
    let with = |rows: &[(&str, i64)]| {
        let rows: String = rows.iter().map(|(what, minute)| format!("{},u,{what}\n", on(3, 9, *minute))).collect();
        hospital("p,Diehl,Bo,1950-01-01,,,,,,\n").lines(&rows).signs(12)
    };
    let search = ("search,,\"name:DIEHL, BO\",,,", 0);
    assert_eq!(
        with(&[search, ("read,p,,,,", 1)]),
        ["0 u [2]: u looked somebody up by name, opened this record within a minute and wrote nothing into it."]
    );
    assert!(with(&[search, ("read,p,,,,", 2)]).is_empty(), "two minutes later");
    assert!(with(&[search, ("read,p,,,,", 1), ("update,p,,,,", 9)]).is_empty(), "something was written");
    assert!(with(&[("search,,Encounter?date=today,,,", 0), ("read,p,,,,", 1)]).is_empty(), "no name");
}

#[test]
fn s17_a_sensitive_section_or_record_that_the_role_seldom_opens() {
    let mut bench = hospital("p,Diehl,Bo,1950-01-01,,,,,,\nmarked,Diehl,Bea,1951-01-01,,,,,,sensitive\n");
    bench = bench.table(Table::Staff, "user,role,department\nu2,nurse,ward 2\n");
    for number in 0..300 {
        bench.access(format_args!("{},u2,read,q{number},,notes,,", on(2, 8, number % 60)));
        bench.access(format_args!("{},path,read,q{number},,psychotherapy,,", on(2, 9, number % 60)));
    }
    let rows =
        [("u", "p", "psychotherapy"), ("path", "p", "psychotherapy"), ("u", "p", "notes"), ("u", "marked", "notes")];
    let rows: String = rows
        .iter()
        .map(|(user, patient, section)| format!("{},{user},read,{patient},,{section},,\n", on(3, 9, 0)))
        .collect();
    assert_eq!(
        bench.lines(&rows).signs(17),
        [
            "0 u [601]: The section \"psychotherapy\" was opened; colleagues of role nurse open it in 0.00 % of their views.",
            "1 u [604]: The record is marked as sensitive; colleagues of role nurse open such records in 0.00 % of their views.",
        ]
    );
}

#[test]
fn what_speaks_for_the_user_is_told() {
    let shifts = format!("user,start,end,unit\nu,{},{},W1\n", on(3, 6, 0), on(3, 14, 0));
    let stays = format!("encounter,patient,start,end\ne,p,{},{}\n", on(1, 6, 0), on(2, 14, 0));
    let bench = hospital("p,Diehl,Bo,1950-01-01,,,,,,\n").table(Table::Shifts, shifts).table(Table::Encounters, stays);
    let bench = bench.lines(&format!("{},u,update,p,,,,\n{},far,read,p,,,,", on(3, 9, 0), on(3, 9, 1)));
    assert_eq!(
        bench.signs(0),
        [
            "0 u [1]: u was on shift in W1 at the time.",
            "1 u [1]: u wrote into the record, as those do who care for a patient."
        ]
    );
}

#[test]
fn a_merged_record_has_the_reasons_of_all_its_ids() {
    let patients = "patient,person_id\nold,P1\nnew,P1\nother,P2\n";
    let stays = format!("encounter,patient,start,end\ne,old,{},{}\n", on(1, 6, 0), on(2, 14, 0));
    let mut bench = Bench::new("time,user,action,patient").table(Table::Staff, "user,role\nu,nurse\n");
    bench = bench.table(Table::Patients, patients).table(Table::Encounters, stays);
    bench = bench.table(Table::Participants, "encounter,user\ne,u\n");
    let bench = bench.lines(&format!("{},u,read,new\n{},u,read,other", on(2, 9, 0), on(2, 9, 1)));
    let (world, accesses) = bench.read();
    let marks: Vec<String> =
        accesses.iter().map(|access| crate::explain::from_context(&world, access).marks.to_string()).collect();
    assert_eq!(marks, ["E1", ""]);
}
