//! A hospital on paper: dietitians look after patients for whom a diet was ordered, which no other rule knows; clerks open whatever comes.

use std::fmt::Write as _;

use crate::explain::{Explained, Reason};
use crate::form::{AccessReader, DAY, HOUR, Moment, Table};
use crate::scenario::Seen;
use crate::template::sample::Sample;
use crate::{Context, Found, InMemory, Mined, Review, Settings};

const DAYS: i64 = 20;
const PATIENTS: i64 = 600;
const DIETITIANS: i64 = 8;
const CLERKS: i64 = 40;

/// Noon of a day in January 2026, some hours later.
fn on(day: i64, hours: i64) -> String {
    Moment { at: 1_767_265_200_000 + day * DAY + hours * HOUR, offset_minutes: 60 }.text()
}

/// What is written down of the hospital, and who opened what.
struct Hospital {
    settings: Settings,
    orders: String,
    accesses: String,
}

impl Hospital {
    /// Every dietitian opens a record each day, for which a diet was ordered the day before; every clerk three of any.
    fn at_work(dietitians: i64) -> Self {
        let mut out = Self::empty();
        for day in 1..DAYS {
            for number in 0..DIETITIANS {
                let patient = (day * 31 + number * 7) % PATIENTS;
                let _ = writeln!(out.orders, "p{patient},{},boss,boss,oncology,diet", on(day - 1, 0));
                out.opens(day, &format!("d{}", number % dietitians), patient);
            }
            for number in 0..CLERKS * 3 {
                out.opens(day, &format!("c{}", number % CLERKS), (day * 97 + number * number * 11) % PATIENTS);
            }
        }
        out
    }

    fn empty() -> Self {
        Self {
            settings: Settings::default(),
            orders: "patient,time,ordered_by,performed_by,department,kind\n".to_owned(),
            accesses: "time,user,action,patient\n".to_owned(),
        }
    }

    fn opens(&mut self, day: i64, user: &str, patient: i64) {
        let _ = writeln!(self.accesses, "{},{user},read,p{patient}", on(day, 1));
    }

    fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.settings);
        self
    }

    fn approving(self, ids: &[&str]) -> Self {
        self.set(|settings| settings.templates = ids.iter().map(|id| (*id).to_owned()).collect())
    }

    fn review(&self) -> (Review, InMemory, Found) {
        let mut staff = "user,role,department\nboss,physician,oncology\n".to_owned();
        (0..DIETITIANS).for_each(|number| writeln!(staff, "d{number},Dietitian,Kitchen {}", number % 2).unwrap());
        (0..CLERKS).for_each(|number| writeln!(staff, "c{number},clerk,office {}", number % 2).unwrap());
        let mut patients = "patient\n".to_owned();
        let mut encounters = "encounter,patient,start,end,department,unit\n".to_owned();
        for number in 0..PATIENTS {
            let _ = writeln!(patients, "p{number}");
            let _ = writeln!(encounters, "e{number},p{number},{},{},general,ward", on(-9, 0), on(40, 0));
        }
        let mut context = Context::new(self.settings.clone());
        let tables = [
            (Table::Staff, &staff),
            (Table::Patients, &patients),
            (Table::Encounters, &encounters),
            (Table::Orders, &self.orders),
        ];
        for (table, text) in tables {
            context.read(table, text.as_bytes(), |fault| panic!("{fault:?}")).unwrap();
        }
        let mut review = Review::new(context);
        let mut reader = AccessReader::open(self.accesses.as_bytes()).unwrap();
        let mut accesses = Vec::new();
        while let Some(access) = review.read(&mut reader).unwrap() {
            accesses.push(access.unwrap_or_else(|fault| panic!("{fault:?}")));
        }
        let mut trail = InMemory::of(accesses);
        let found = review.run(&mut trail, |_, _| ()).unwrap();
        (review, trail, found)
    }

    fn mined(&self) -> Mined {
        let (mut review, mut trail, _) = self.review();
        review.templates(&mut trail, |_| ()).unwrap()
    }

    fn ids(&self) -> Vec<String> {
        self.mined().templates.into_iter().map(|template| template.id).collect()
    }

    /// What was found of each access, as in the lines of a review.
    fn lines(&self) -> Vec<String> {
        let (_, trail, _) = self.review();
        let line = |explained: &Explained| {
            let proofs: Vec<String> = explained.proofs().map(|proof| proof.to_string()).collect();
            format!("{}: {}", explained.marks, proofs.join(";"))
        };
        trail.explained().iter().map(line).collect()
    }
}

const DIET: &str = "role=dietitian & order.kind=diet @3d";

#[test]
fn work_that_no_rule_knows_is_proposed_with_its_support_and_its_control() {
    let mined = Hospital::at_work(DIETITIANS).mined();
    let ids: Vec<&str> = mined.templates.iter().map(|template| template.id.as_str()).collect();
    assert_eq!(ids, ["role=dietitian & order.department=oncology @3d", DIET]);
    let diet = &mined.templates[1];
    let accesses = (DAYS - 1) * (DIETITIANS + CLERKS * 3);
    assert_eq!((mined.accesses, mined.looked_at), (accesses as u64, accesses as u64));
    assert_eq!((diet.explains, diet.users, diet.examples.len()), (((DAYS - 1) * DIETITIANS) as u64, 8, 3));
    assert!((diet.support - 8.0 / 128.0).abs() < 1e-9, "{diet:?}");
    assert!(diet.lift > 5.0 && diet.control < diet.support / 5.0, "{diet:?}");
    let head = "People of role dietitian open records of patients with an order of kind diet within 3 days: 6.2 % of accesses without a reason, by 8 people, ";
    assert!(diet.text.starts_with(head), "{}", diet.text);
}

#[test]
fn what_explains_other_patients_as_well_is_not_proposed_however_much_it_explains() {
    let everywhere = |id: &String| id.contains("stay.department=general");
    let hospital = Hospital::at_work(DIETITIANS);
    assert!(!hospital.ids().iter().any(everywhere));
    let any_lift = hospital.set(|settings| settings.template_lift_min = 0.0);
    let mined = any_lift.mined();
    let clerks =
        mined.templates.iter().find(|template| template.id.starts_with("role=clerk & stay.department")).unwrap();
    assert!(clerks.support > 0.5 && clerks.lift < 1.1, "{clerks:?}");
}

#[test]
fn the_habit_of_a_few_people_is_no_template() {
    assert_eq!(Hospital::at_work(5).ids().len(), 2);
    assert!(Hospital::at_work(4).ids().is_empty());
    let one_opens_most = Hospital::at_work(5).set(|settings| settings.template_user_share_max = 0.2);
    assert!(one_opens_most.ids().is_empty(), "of 8 rows a day the first three open two each");
}

#[test]
fn a_template_below_the_support_asked_for_is_not_proposed() {
    let asked = |share| Hospital::at_work(DIETITIANS).set(|settings| settings.template_support_min = share).ids();
    assert_eq!((asked(0.06).len(), asked(0.07).len()), (2, 0));
}

/// A diet is ordered for patient 7 on day 5.
fn one_order() -> Hospital {
    let mut hospital = Hospital::empty();
    let _ = writeln!(hospital.orders, "p7,{},boss,boss,oncology,Diet", on(5, 0));
    for (day, user) in [(1, "d1"), (3, "d1"), (5, "d1"), (5, "c1"), (8, "d1"), (9, "d1")] {
        hospital.opens(day, user, 7);
    }
    hospital.opens(5, "d1", 8);
    hospital
}

#[test]
fn a_template_that_nobody_approved_explains_nothing() {
    assert_eq!(one_order().lines(), [": "; 7]);
}

#[test]
fn an_approved_template_explains_its_people_in_its_window_with_the_row_that_ties() {
    let approved = one_order().approving(&["role=Dietitian & order.department=Oncology & order.kind=diet @4d"]);
    let (reason, none) = ("T: orders.csv:1;staff.csv:3", ": ");
    assert_eq!(approved.lines(), [none, reason, reason, none, reason, none, none]);
    let shorter = one_order().approving(&["role=dietitian & order.kind=diet @1d"]);
    assert_eq!(shorter.lines().iter().filter(|line| *line == reason).count(), 1);
}

#[test]
fn a_template_explains_no_later_access_of_the_episode() {
    let (_, trail, found) = one_order().approving(&[DIET]).review();
    let marks: Vec<_> = trail.explained().iter().map(|explained| explained.marks.has(Reason::Episode)).collect();
    assert_eq!(marks, [false; 7]);
    assert_eq!(found.counts.by_reason, [0, 0, 0, 0, 0, 0, 0, 2]);
}

#[test]
fn ids_that_cannot_be_used_are_told_and_explain_nothing() {
    let ids = [
        "role=dietitian & order.kind=diet",
        "role=dietitian & order.kind=diet @0d",
        "role=dietitian & order.kind=diet @91d",
        "role=dietitian & order.kind=surgery @3d",
        "order.kind=diet @3d",
        "role=dietitian @3d",
        "role=dietitian & role=clerk & order.kind=diet @3d",
        "role=dietitian & order.kind=diet & stay.department=general @3d",
        "",
    ];
    let hospital = one_order().approving(&ids);
    let (review, ..) = hospital.review();
    let refused: Vec<&str> = review.refused_templates().iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(refused, ids);
    assert_eq!(hospital.lines(), [": "; 7]);
}

#[test]
fn what_is_mined_is_what_explains_once_it_is_approved() {
    let hospital = Hospital::at_work(DIETITIANS);
    for template in hospital.mined().templates {
        let approved = Hospital::at_work(DIETITIANS).approving(&[&template.id]);
        let (review, _, found) = approved.review();
        assert!(review.refused_templates().is_empty());
        let [.., by_template] = found.counts.by_reason;
        assert_eq!(by_template, template.explains, "{}", template.id);
        assert!(!approved.ids().contains(&template.id), "it explains nothing more");
    }
}

#[test]
fn mining_twice_says_the_same() {
    let any = |hospital: Hospital| hospital.set(|settings| settings.template_lift_min = 0.0).mined();
    let (one, other) = (any(Hospital::at_work(DIETITIANS)), any(Hospital::at_work(DIETITIANS)));
    assert!(one.templates.len() > 5);
    assert_eq!(one, other);
}

#[test]
fn beyond_the_room_a_fixed_part_of_the_accesses_is_looked_at() {
    let (_, trail, _) = Hospital::at_work(DIETITIANS).review();
    let sampled = |room: usize| {
        let mut sample = Sample::with_room(room);
        let mut trail = InMemory::of(trail.accesses().to_vec());
        let see = &mut |access: &crate::Access| {
            sample.see(&Seen { access, explained: &Explained::none(access.row) });
        };
        crate::Trail::walk(&mut trail, see).unwrap();
        (sample.records(), sample.looks().iter().map(|look| look.row).collect::<Vec<_>>())
    };
    let (records, few) = sampled(300);
    let (_, all) = sampled(usize::MAX);
    assert_eq!((records, all.len()), (2_432, 2_432));
    assert!((150..=300).contains(&few.len()), "{}", few.len());
    assert_eq!(sampled(300).1, few);
    assert!(few.iter().all(|row| all.contains(row)));
}

#[test]
fn chance_is_another_patient_of_another_user_of_the_same_day() {
    let (_, trail, _) = Hospital::at_work(DIETITIANS).review();
    let mut sample = Sample::new();
    for access in trail.accesses() {
        sample.see(&Seen { access, explained: &Explained::none(access.row) });
    }
    let day = |at: i64| at.div_euclid(DAY);
    for (look, other) in sample.with_others(|_| true) {
        let other = other.unwrap();
        assert_ne!(other, look.patient);
        let opened = |seen: &&super::sample::Look| {
            seen.patient == other && seen.user != look.user && day(seen.at) == day(look.at)
        };
        assert!(sample.looks().iter().any(|seen| opened(&seen)));
    }
}
