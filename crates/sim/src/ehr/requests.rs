//! What treatment asks of others: orders to laboratory, imaging and pharmacy, consults, referrals, tickets, and lists for research.

use super::care::{Encounter, Kind, Maker, Message, Order, Task, reason};
use super::hospital::{Role, known};
use super::people::NONE;
use crate::clock::{DAY, HOUR, Time};
use crate::rng::mix;

/// Orders from this many days before the simulated ones are kept.
const ORDER_DAYS_BEFORE: i64 = 25;
/// Share of orders given by phone, which no file has.
const BY_PHONE: f64 = 0.02;
/// Share of orders that name nobody who carried them out.
const NOBODY_NAMED: f64 = 0.05;

/// Kinds of orders with their department and how often each is given, of 100.
const ORDERS: [(&str, &str, u32); 7] = [
    ("laboratory", known::LABORATORY, 42),
    ("medication", known::PHARMACY, 26),
    ("imaging", known::IMAGING, 16),
    ("physiotherapy", known::PHYSIOTHERAPY, 8),
    ("diet", known::DIETETICS, 3),
    ("histology", known::PATHOLOGY, 3),
    ("microbiology", known::LABORATORY, 2),
];

/// Adds everything that encounters ask of others.
pub(crate) fn add(maker: &mut Maker<'_>) {
    let departments: Vec<u32> = ORDERS.iter().map(|order| maker.set.hospital.department(order.1)).collect();
    for number in 0..maker.care.encounters.len() {
        let encounter = *maker.care.encounters.at(number);
        orders(maker, number, &encounter, &departments);
        if encounter.kind == Kind::Inpatient && encounter.end > maker.set.clock.local(-10, 0) {
            consult(maker, number, &encounter);
            referral(maker, number, &encounter);
        }
    }
    tickets(maker);
}

fn orders(maker: &mut Maker<'_>, number: u32, encounter: &Encounter, departments: &[u32]) {
    let mean_hours = match encounter.kind {
        Kind::Inpatient => 9.0,
        Kind::Emergency => 1.4,
        Kind::Outpatient | Kind::DaySurgery => 0.9,
    };
    let from = maker.set.clock.local(-ORDER_DAYS_BEFORE, 0);
    let mut time = encounter.start.max(from) + maker.rng.wait(mean_hours * 1800.0);
    while time < encounter.end.min(maker.end()) && encounter.end > from {
        order(maker, number, time, departments);
        time += maker.rng.wait(mean_hours * 3600.0) + 60;
    }
}

fn order(maker: &mut Maker<'_>, number: u32, time: Time, departments: &[u32]) {
    let encounter = *maker.care.encounters.at(number);
    let mut draw = maker.rng.below(100);
    let mut chosen = None;
    for (kind, department) in ORDERS.iter().zip(departments) {
        chosen = Some((kind.0, *department));
        if draw < kind.2 {
            break;
        }
        draw -= kind.2;
    }
    let Some((kind, department)) = chosen else { return };
    let done = time + maker.rng.between(300, 5 * HOUR);
    let performer = on_duty(maker, department, done, encounter.unit);
    let phone = maker.rng.chance(BY_PHONE);
    let named = !maker.rng.chance(NOBODY_NAMED);
    let from = encounter.start;
    if !phone {
        let performer = if named { performer } else { NONE };
        let by = if encounter.attending == NONE { performer } else { encounter.attending };
        maker.care.order(Order {
            patient: encounter.patient,
            encounter: number,
            by,
            performer,
            department,
            time,
            kind,
        });
    }
    let reasons = if phone || !named { 0 } else { reason::E1 };
    maker.duty(number, performer, (time.max(from), done + 6 * HOUR), reasons, 4);
}

/// Somebody of a department at work then; therapists who look after the unit before others.
fn on_duty(maker: &mut Maker<'_>, department: u32, time: Time, for_unit: u32) -> u32 {
    let hospital = maker.set.hospital;
    let Some(unit) = maker.rng.pick(&hospital.departments.at(department).units).copied() else { return NONE };
    let looks_after = |user: u32| mix(u64::from(user)) % u64::from(hospital.units.len()) == u64::from(for_unit);
    for later in [0, 6 * HOUR, 14 * HOUR, 40 * HOUR, 64 * HOUR] {
        let user = maker.somebody(unit, time + later, |role| role != Role::Student);
        if user == NONE {
            continue;
        }
        if !maker.set.people.staff.at(user).role.is_allied() {
            return user;
        }
        let others = (0..40).map(|_| maker.somebody(unit, time + later, |role| role.is_allied())).collect::<Vec<_>>();
        return others.into_iter().find(|other| looks_after(*other)).unwrap_or(user);
    }
    NONE
}

/// A physician of another department is asked to look at the patient.
fn consult(maker: &mut Maker<'_>, number: u32, encounter: &Encounter) {
    if !maker.rng.chance(0.4) {
        return;
    }
    let hospital = maker.set.hospital;
    let department = maker.rng.below(hospital.departments.len());
    let Some(unit) = hospital.beds(department).filter(|_| department != encounter.department) else { return };
    let time = maker.rng.between(encounter.start, encounter.end);
    let user = maker.somebody(unit, time + 2 * HOUR, Role::is_medical);
    if user == NONE {
        return;
    }
    let span = (time, (time + 4 * DAY).min(encounter.end));
    let (to_user, to_pool) = if maker.rng.chance(0.6) { (NONE, department) } else { (user, NONE) };
    maker.care.message(Message { time, from: encounter.attending, to_user, to_pool, patient: encounter.patient });
    let mut reasons = reason::E4;
    if to_pool == NONE || maker.rng.chance(0.6) {
        maker.care.join(number, user, "consultant", span);
        reasons |= reason::E1;
    }
    maker.duty(number, user, (time, span.1 + HOUR), reasons, 6);
}

/// Social work, physiotherapy or diet through a pool.
fn referral(maker: &mut Maker<'_>, number: u32, encounter: &Encounter) {
    for (pool, share) in
        [(known::SOCIAL, 0.16), (known::PHYSIOTHERAPY, 0.1), (known::DIETETICS, 0.05), (known::PHARMACY, 0.2)]
    {
        if !maker.rng.chance(share) {
            continue;
        }
        let to_pool = maker.set.hospital.department(pool);
        let time = maker.rng.between(encounter.start, encounter.end);
        let user = on_duty(maker, to_pool, time + 4 * HOUR, encounter.unit);
        maker.care.message(Message {
            time,
            from: encounter.attending,
            to_user: NONE,
            to_pool,
            patient: encounter.patient,
        });
        maker.duty(number, user, (time, encounter.end + DAY), reason::E4, 4);
    }
}

/// Tickets to the help desk, requests for copies, and patients listed for approved studies.
fn tickets(maker: &mut Maker<'_>) {
    for (pool, a_day, days) in [(known::IT, 4, 2), (known::RESEARCH, 4, 10), (known::RECORDS, 2, 5)] {
        let to_pool = maker.set.hospital.department(pool);
        let crew: Vec<u32> = maker
            .set
            .hospital
            .departments
            .at(to_pool)
            .units
            .iter()
            .flat_map(|unit| maker.set.roster.crew(*unit))
            .copied()
            .collect();
        let many = crate::rng::index(crew.len()) * a_day;
        for day in (-3..maker.set.days).filter(|day| !maker.set.clock.weekend(*day)) {
            for _ in 0..many {
                ticket(maker, (to_pool, &crew), day, days);
            }
        }
    }
}

/// One message to a pool about somebody who is or was here lately.
fn ticket(maker: &mut Maker<'_>, (to_pool, crew): (u32, &[u32]), day: i64, days: i64) {
    let Some(user) = maker.rng.pick(crew).copied() else { return };
    let number = maker.rng.below(maker.care.encounters.len());
    let encounter = *maker.care.encounters.at(number);
    let time = maker.set.clock.local(day, 8 * HOUR + maker.rng.between(0, 8 * HOUR));
    if encounter.start >= time || time >= encounter.end + 20 * DAY {
        return;
    }
    let patient = encounter.patient;
    maker.care.message(Message { time, from: encounter.attending, to_user: NONE, to_pool, patient });
    let (from, to, reasons) = (time, time + days * DAY, reason::E4);
    maker.care.task(Task { user, patient, encounter: number, from, to, reasons, weight: 3 });
}
