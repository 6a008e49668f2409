//! S5, VIP and news: the record is marked as that of a known person, or at least five people opened it within 24 hours without a reason, and more than with one.
//!
//! The second needs no list: what is in the news is seen by how many look. On a busy ward five of fifty without a reason are ordinary. Memory: those who opened a record
//! within the last 24 hours, 16 bytes each and at most 64 for a record, and the times when there were five, 16 bytes each.

use rustc_hash::FxHashMap;

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::form::DAY;
use crate::names::NONE;
use crate::world::World;

const ID: Id = Id(5);
const MARKED: u8 = 0;
const NEWS: u8 = 1;
/// So many people within 24 hours are news.
const NEWS_MIN: usize = 5;
/// Most people who are remembered for a record at a time.
const OPENERS_MAX: usize = 64;
/// Records after which those that nobody looks at any more are forgotten.
const FORGET_AFTER: usize = 1 << 16;

/// A time in which many looked.
#[derive(Clone, Copy, Debug)]
struct News {
    from: i64,
    until: i64,
    users: u32,
}

#[derive(Debug, Default)]
pub(super) struct Vip {
    /// Who opened a record within the last 24 hours, when last, and whether for a reason.
    openers: FxHashMap<u32, Vec<(u32, i64, bool)>>,
    forget_at: usize,
    news: FxHashMap<u32, Vec<News>>,
}

impl Scenario for Vip {
    fn id(&self) -> Id {
        ID
    }

    fn learn(&mut self, _world: &World, seen: &Seen<'_>) {
        let (access, at) = (seen.access, seen.access.time.at);
        if access.patient == NONE {
            return;
        }
        let openers = self.openers.entry(access.patient).or_default();
        openers.retain(|(user, last, _)| *user != access.user && at - last < DAY);
        if openers.len() == OPENERS_MAX {
            openers.remove(0);
        }
        openers.push((access.user, at, !seen.has_no_reason()));
        let without = openers.iter().filter(|(_, _, reason)| !reason);
        let users = without.clone().count();
        if seen.has_no_reason() && users >= NEWS_MIN && 2 * users > openers.len() {
            let from = without.map(|(_, first, _)| *first).next().unwrap_or(at);
            let users = u32::try_from(users).unwrap_or(u32::MAX);
            note(self.news.entry(access.patient).or_default(), News { from, until: at, users });
        }
        if self.openers.len() > self.forget_at.max(FORGET_AFTER) {
            self.openers.retain(|_, openers| openers.last().is_some_and(|(_, last, _)| at - last < DAY));
            self.forget_at = 2 * self.openers.len();
        }
    }

    fn settle(&mut self, _world: &World) {
        self.openers = FxHashMap::default();
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        if !seen.has_no_reason() {
            return;
        }
        if let Some(patient) = world.patient(seen.access.patient).filter(|patient| patient.flags.vip) {
            signs.push(Sign::at(ID, MARKED, seen.access).proven(&[patient.proof]));
        }
        let at = seen.access.time.at;
        let news = self
            .news
            .get(&seen.access.patient)
            .and_then(|all| all.iter().find(|news| news.from <= at && at <= news.until));
        if let Some(news) = news {
            let records = u32::try_from(self.news.len()).unwrap_or(u32::MAX);
            signs.push(Sign::at(ID, NEWS, seen.access).with([f64::from(news.users), f64::from(records), 0.0]));
        }
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = if level == MARKED { 0.1 } else { 0.3 };
        Weight { family: Family::Relation, base: Base::Visit, when_improper }
    }

    fn tell(&self, _world: &World, sign: &Sign) -> String {
        let [users, records, _] = sign.facts;
        match sign.level {
            MARKED => "The record is marked as that of a person of public interest.".to_owned(),
            _ => format!(
                "{users:.0} people for whom no reason is found opened this record within 24 hours; in the whole period that many opened {records:.0} of all records."
            ),
        }
    }
}

/// Notes a time with many, joined to the one before where they touch.
fn note(all: &mut Vec<News>, news: News) {
    match all.last_mut() {
        Some(last) if news.from <= last.until => {
            last.until = news.until;
            last.users = last.users.max(news.users);
        }
        _ => all.push(news),
    }
}

#[cfg(test)]
mod tests;
