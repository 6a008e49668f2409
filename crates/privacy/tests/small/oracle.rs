//! The definitions of E1 to E6, read literally. Slow, plain, and without any idea of how the review does it.
//!
//! Where a definition leaves room: the stay in one unit is what E2's window is measured from; a discharge (E3) is the end of the whole
//! encounter; an order is a moment, so its window is [time - 72 h, time + 30 d]; a message explains from when it was sent, for 30 d; two people
//! co-treat (E5) when both have an access explained by E1 or E2 to the same three patients within 30 d of the access in question, and neither
//! is of a service that everybody shares; an episode (E6) is an encounter, from 72 h before its start to its end, and the own earlier access in
//! it is explained by E1 to E5.

use std::collections::{BTreeMap, BTreeSet};

use super::Hospital;
use super::clock::{DAY, HOUR};
use super::tables::{Access, Appointment, Encounter, Message, Order, Participant, Shift, Staff};

const BEFORE: i64 = 72 * HOUR;
const AFTER: i64 = 30 * DAY;
/// Units that everybody shares.
const SHARED: [&str; 3] = ["LAB", "PHA", "IMG"];
const QUEUES: [&str; 4] = ["coding", "billing", "HIM", "pharmacist"];

/// The tables of a hospital, found quickly.
pub(crate) struct Oracle<'a> {
    hospital: &'a Hospital,
    staff: BTreeMap<&'a str, &'a Staff>,
    encounters: BTreeMap<&'a str, Vec<&'a Encounter>>,
    participants: BTreeMap<&'a str, Vec<&'a Participant>>,
    appointments: BTreeMap<&'a str, Vec<&'a Appointment>>,
    orders: BTreeMap<&'a str, Vec<&'a Order>>,
    messages: BTreeMap<&'a str, Vec<&'a Message>>,
    shifts: BTreeMap<&'a str, Vec<&'a Shift>>,
    /// Patients that somebody treated, and when.
    treated: BTreeMap<&'a str, BTreeMap<&'a str, Vec<i64>>>,
}

fn by<'a, T>(rows: &'a [T], name: impl Fn(&'a T) -> &'a str) -> BTreeMap<&'a str, Vec<&'a T>> {
    let mut map: BTreeMap<&str, Vec<&T>> = BTreeMap::new();
    for row in rows {
        map.entry(name(row)).or_default().push(row);
    }
    map
}

fn of<'a, T>(map: &'a BTreeMap<&'a str, Vec<&'a T>>, name: &str) -> &'a [&'a T] {
    map.get(name).map_or(&[], Vec::as_slice)
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(hospital: &'a Hospital) -> Self {
        let mut oracle = Self {
            hospital,
            staff: hospital.staff.iter().map(|row| (row.user.as_str(), row)).collect(),
            encounters: by(&hospital.encounters, |row| &row.patient),
            participants: by(&hospital.participants, |row| &row.encounter),
            appointments: by(&hospital.appointments, |row| &row.patient),
            orders: by(&hospital.orders, |row| &row.patient),
            messages: by(&hospital.messages, |row| &row.patient),
            shifts: by(&hospital.shifts, |row| &row.user),
            treated: BTreeMap::new(),
        };
        let mut treated: BTreeMap<&str, BTreeMap<&str, Vec<i64>>> = BTreeMap::new();
        for access in &hospital.accesses {
            if oracle.e1(access) || oracle.e2(access) {
                treated.entry(&access.user).or_default().entry(&access.patient).or_default().push(access.time);
            }
        }
        oracle.treated = treated;
        oracle
    }

    /// Explanations of every access, in the order of the log. An access without a patient has none.
    pub(crate) fn all(&self) -> Vec<BTreeSet<&'static str>> {
        let mut seen: BTreeMap<(&str, &str), Vec<i64>> = BTreeMap::new();
        let accesses = self.hospital.accesses.iter();
        accesses.map(|access| self.one(access, seen.entry((&access.user, &access.patient)).or_default())).collect()
    }

    /// Explanations of one access; `earlier` are the times of the own explained ones before it, and grows by this one.
    fn one(&self, access: &Access, earlier: &mut Vec<i64>) -> BTreeSet<&'static str> {
        if access.patient.is_empty() {
            return BTreeSet::new();
        }
        let own = [
            ("E1", self.e1(access)),
            ("E2", self.e2(access)),
            ("E3", self.e3(access)),
            ("E4", self.e4(access)),
            ("E5", self.e5(access)),
        ];
        let mut found: BTreeSet<&'static str> = own.iter().filter(|test| test.1).map(|test| test.0).collect();
        let explained = !found.is_empty();
        if self.e6(access, earlier) {
            found.insert("E6");
        }
        if explained {
            earlier.push(access.time);
        }
        found
    }

    fn e1(&self, access: &Access) -> bool {
        let (user, time) = (&access.user, access.time);
        let during = |start: i64, end: Option<i64>| time >= start - BEFORE && end.is_none_or(|end| time <= end + AFTER);
        let ids: BTreeSet<&str> = of(&self.encounters, &access.patient).iter().map(|row| row.id.as_str()).collect();
        let cares = ids.iter().flat_map(|id| of(&self.participants, id));
        cares.into_iter().any(|row| row.user == *user && during(row.start, row.end))
            || of(&self.orders, &access.patient)
                .iter()
                .any(|row| (row.by == *user || row.performer == *user) && during(row.time, Some(row.time)))
            || of(&self.appointments, &access.patient)
                .iter()
                .any(|row| row.user == *user && row.status != "cancelled" && during(row.start, Some(row.end)))
    }

    fn e2(&self, access: &Access) -> bool {
        let time = access.time;
        let duties = of(&self.shifts, &access.user).iter().filter(|duty| (duty.start..=duty.end).contains(&time));
        let units: BTreeSet<&str> = duties.map(|duty| duty.unit.as_str()).collect();
        of(&self.encounters, &access.patient).iter().any(|stay| {
            units.contains(stay.unit.as_str())
                && time >= stay.start - DAY
                && stay.end.is_none_or(|end| time <= end + 14 * DAY)
        })
    }

    fn e3(&self, access: &Access) -> bool {
        if !self.staff.get(access.user.as_str()).is_some_and(|staff| QUEUES.contains(&staff.role.as_str())) {
            return false;
        }
        let mut ends: BTreeMap<&str, Option<i64>> = BTreeMap::new();
        for stay in of(&self.encounters, &access.patient) {
            let end = ends.entry(&stay.id).or_insert(Some(i64::MIN));
            *end = end.zip(stay.end).map(|(one, other)| one.max(other));
        }
        ends.values().flatten().any(|end| (*end..=end + 120 * DAY).contains(&access.time))
    }

    fn e4(&self, access: &Access) -> bool {
        let department = self.staff.get(access.user.as_str()).map_or("", |staff| staff.department.as_str());
        of(&self.messages, &access.patient).iter().any(|message| {
            (message.to_user == access.user || (!message.to_pool.is_empty() && message.to_pool == department))
                && (message.time..=message.time + AFTER).contains(&access.time)
        })
    }

    /// How many patients both treated around this time.
    pub(crate) fn shared(&self, one: &str, other: &str, time: i64) -> usize {
        let near = |times: &Vec<i64>| times.iter().any(|at| (at - time).abs() <= AFTER);
        let (Some(one), Some(other)) = (self.treated.get(one), self.treated.get(other)) else { return 0 };
        one.iter().filter(|(patient, times)| near(times) && other.get(*patient).is_some_and(near)).count()
    }

    fn e5(&self, access: &Access) -> bool {
        if self.staff.get(access.user.as_str()).is_some_and(|staff| SHARED.contains(&staff.unit.as_str())) {
            return false;
        }
        let ids: BTreeSet<&str> = of(&self.encounters, &access.patient).iter().map(|row| row.id.as_str()).collect();
        let team = ids
            .iter()
            .flat_map(|id| of(&self.participants, id))
            .filter(|row| access.time >= row.start - BEFORE && row.end.is_none_or(|end| access.time <= end + AFTER));
        let mut team = team.filter(|row| {
            let clinical = |staff: &&Staff| !SHARED.contains(&staff.unit.as_str());
            row.user != access.user && self.staff.get(row.user.as_str()).is_some_and(clinical)
        });
        team.any(|row| self.shared(&access.user, &row.user, access.time) >= 3)
    }

    fn e6(&self, access: &Access, earlier: &[i64]) -> bool {
        let mut spans: BTreeMap<&str, (i64, Option<i64>)> = BTreeMap::new();
        for stay in of(&self.encounters, &access.patient) {
            let span = spans.entry(&stay.id).or_insert((i64::MAX, Some(i64::MIN)));
            span.0 = span.0.min(stay.start);
            span.1 = span.1.zip(stay.end).map(|(one, other)| one.max(other));
        }
        spans.values().any(|(start, end)| {
            let within = |time: i64| time >= start - BEFORE && end.is_none_or(|end| time <= end);
            within(access.time) && earlier.iter().any(|time| within(*time))
        })
    }
}
