//! S15, leaver and dormant account: an access after the end of the employment; or a first use after a long idle time that is followed by a volume (S10) or a sweep (S11) within
//! a day.
//!
//! Idle is 90 days without an access. Data are often shorter: then an account counts as idle that belongs to somebody employed for 90 days at least, but had neither an access
//! nor a shift since the data begin, which is a week at least. An end given as a day means that day on the wall, and a shift that began before it is worked to its end.
//! Memory: 16 bytes for each user, and what of S10 and S11 is not looked at yet.

use super::gather::{Gather, PART, Said};
use super::{Base, Family, Id, Scenario, Seen, Sign, Weight, of_user, s10_volume, s11_sweep};
use crate::form::{Access, DAY, HOUR, days_before};
use crate::world::{OPEN, World};

pub(super) const ID: Id = Id(15);
const LEFT: u8 = 0;
const DORMANT: u8 = 1;
/// Days without an access after which an account is dormant.
const IDLE_DAYS: u32 = 90;
/// Days at the beginning of the data without an access that say as much, of somebody who was there before.
const UNSEEN_DAYS: u32 = 7;
/// How long after the return a volume belongs to it.
const SOON: i64 = DAY;

#[derive(Debug, Default)]
struct Account {
    /// Last access; none before the first.
    last: Option<i64>,
    /// When it came back after how many days, if it did.
    back: Option<(i64, f64)>,
    /// Accesses after the end of the employment, of one day.
    after_end: Option<(i64, f64, Gather)>,
}

#[derive(Debug, Default)]
pub(super) struct Leaver {
    accounts: Vec<Account>,
    looked_at: usize,
}

impl Scenario for Leaver {
    fn id(&self) -> Id {
        ID
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        self.look(signs);
        let access = seen.access;
        let Some(account) = of_user(&mut self.accounts, access.user) else { return };
        if let Some(days) = idle_days(world, access, account.last) {
            account.back = Some((access.time.at, days));
        }
        account.last = Some(access.time.at);
        let day = access.time.day();
        if account.after_end.as_ref().is_some_and(|(known, ..)| *known != day) {
            give(world, account.after_end.take(), signs);
        }
        if let Some(days) = days_after_end(world, access) {
            account.after_end.get_or_insert_with(|| (day, days, Gather::at(access))).2.add(seen);
        }
    }

    fn end(&mut self, world: &World, signs: &mut Vec<Sign>) {
        self.look(signs);
        for account in &mut self.accounts {
            give(world, account.after_end.take(), signs);
        }
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = match level {
            // hardly ever ordinary, however few days a small hospital has to show it
            LEFT => 0.5,
            DORMANT => 0.2,
            _ => 0.0,
        };
        Weight { family: Family::Volume, base: Base::UserDay, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let (user, [days, hours, _]) = (world.name_of(sign.user), sign.facts);
        match (sign.level, hours >= 0.0) {
            (DORMANT, true) => format!(
                "The account of {user} was idle for {days:.0} days or longer; {hours:.0} hours after its return came what is told of its volume."
            ),
            _ => format!("The employment of {user} had ended {days:.0} days before."),
        }
    }
}

impl Leaver {
    /// Looks at the signs of S10 and S11 that came since; those of an account that has just come back become signs of its return.
    fn look(&mut self, signs: &mut Vec<Sign>) {
        let mut found = Vec::new();
        for sign in signs.iter().skip(self.looked_at) {
            let is_much = [s10_volume::ID, s11_sweep::ID].contains(&sign.scenario) && sign.level != PART;
            if !is_much {
                continue;
            }
            let back = self.accounts.get(sign.user as usize).and_then(|account| account.back);
            // a day's volume begins with its first access, which may be the return itself
            if let Some((at, days)) = back.filter(|(at, _)| sign.time.at >= *at && sign.time.at - at <= SOON) {
                let hours = f64::from(i32::try_from((sign.time.at - at) / HOUR).unwrap_or(i32::MAX));
                found.push(Sign {
                    scenario: ID,
                    level: DORMANT,
                    facts: [days, hours, 0.0],
                    proofs: Vec::new(),
                    ..sign.clone()
                });
            }
        }
        signs.extend(found);
        self.looked_at = signs.len();
    }
}

fn give(world: &World, after_end: Option<(i64, f64, Gather)>, signs: &mut Vec<Sign>) {
    let Some((_, days, gather)) = after_end else { return };
    let proofs = world.employee(gather.user).map(|employee| employee.proof).into_iter().collect();
    gather
        .give(&Said { scenario: ID, level: LEFT, facts: [days, -1.0, 0.0], other: crate::names::NONE, proofs }, signs);
}

/// Days since the employment ended; none while it lasts, or while a shift that began before lasts.
fn days_after_end(world: &World, access: &Access) -> Option<f64> {
    let employee = world.employee(access.user).filter(|employee| employee.until != OPEN)?;
    // a day was read as if its clock were that of UTC: compare it with the clock on the wall
    let is_day = employee.until.rem_euclid(DAY) == 0;
    let at = if is_day { access.time.wall() } else { access.time.at };
    let begun_before = || world.shift_at(access.user, access.time.at).is_some_and(|shift| shift.start < employee.until);
    if at < employee.until || begun_before() {
        return None;
    }
    Some(days(at - employee.until))
}

/// How many days the account was idle before this access, when that is long enough.
fn idle_days(world: &World, access: &Access, last: Option<i64>) -> Option<f64> {
    let at = access.time.at;
    if let Some(last) = last {
        return (at - last >= days_before(IDLE_DAYS)).then(|| days(at - last));
    }
    let began = world.span.0;
    let observed = at - began;
    if observed < days_before(UNSEEN_DAYS) {
        return None;
    }
    let employee = world.employee(access.user)?;
    let was_there =
        employee.from != i64::MIN && at - employee.from.max(at - days_before(3_650)) >= days_before(IDLE_DAYS);
    let worked = world.shifts.of_number(access.user).iter().any(|shift| shift.end >= began && shift.end <= at);
    (was_there && !worked).then(|| days(observed))
}

fn days(span: i64) -> f64 {
    f64::from(i32::try_from(span / DAY).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests;
