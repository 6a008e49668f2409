//! S5, VIP and news: the record is marked as that of a known person; or at least five people opened it within 24 hours without a reason, more than with one and many more than on
//! its other days; or such people came from at least four departments.
//!
//! The last two need no list: what is in the news is seen by how many look, and from where. Only strangers count: people of whose department nobody had a reason in that time. Some
//! records always have many, so the count is held against that of the record's other days by the tail of a Poisson distribution, and where there are few of them against all records.
//! That several of one department come says little about the house (they may share what no file knows), nor does a department that everybody shares. Memory: those who opened a
//! record within the last 24 hours, 24 bytes each and at most 64 for a record; 16 bytes for each record; and the times when there were five, with who they were.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight, number};
use crate::form::DAY;
use crate::names::NONE;
use crate::world::World;

const ID: Id = Id(5);
const MARKED: u8 = 0;
const NEWS: u8 = 1;
/// They come from so many departments.
const FROM_ALL_OVER: u8 = 2;
const DEPARTMENTS_MIN: usize = 4;
/// How seldom as many strangers come by chance at least, in nats: one record's day in 1,000 where they are most of those who came, one in 100,000 otherwise.
const NEWS_NATS: f64 = 6.9;
const FROM_ALL_OVER_NATS: f64 = 11.5;
/// Days of all records that a record's own are joined with.
const LEAN_DAYS: f64 = 2.0;
/// Where no other record is known, one stranger in so many days is expected.
const FEW_DAYS: f64 = 10.0;
/// So many people within 24 hours are news.
const NEWS_MIN: u32 = 5;
/// Most people who are remembered for a record at a time.
const OPENERS_MAX: usize = 64;
/// Records after which those that nobody looks at any more are forgotten.
const FORGET_AFTER: usize = 1 << 16;

/// A time in which many looked: how many within 24 hours, and who they all were.
#[derive(Debug)]
struct News {
    from: i64,
    until: i64,
    users: u32,
    who: FxHashSet<u32>,
    level: u8,
    /// How many are usual for the record.
    expected: f64,
}

/// How often strangers open a record: days on which anybody did, and strangers on all of them.
#[derive(Clone, Copy, Debug, Default)]
struct Usual {
    last_day: i64,
    days: u32,
    strangers: u32,
}

impl Usual {
    /// How many strangers come to the record within 24 hours, but for `users` of them; `elsewhere` is what others have on a day.
    fn expected(self, users: u32, elsewhere: f64) -> f64 {
        let on_other_days = f64::from(self.strangers.saturating_sub(users));
        (on_other_days + LEAN_DAYS * elsewhere) / (f64::from(self.days.saturating_sub(1)) + LEAN_DAYS)
    }
}

impl News {
    fn is_seldom(&self) -> bool {
        surprise(self.users, self.expected) >= if self.level == NEWS { NEWS_NATS } else { FROM_ALL_OVER_NATS }
    }
}

/// Somebody who opened a record.
#[derive(Clone, Copy, Debug)]
struct Opener {
    user: u32,
    department: u32,
    last: i64,
    with_reason: bool,
    /// Works for all departments.
    shared: bool,
}

#[derive(Debug, Default)]
pub(super) struct Vip {
    /// Who opened a record within the last 24 hours, when last, and whether for a reason.
    openers: FxHashMap<u32, Vec<Opener>>,
    forget_at: usize,
    news: FxHashMap<u32, Vec<News>>,
    usual: FxHashMap<u32, Usual>,
}

impl Scenario for Vip {
    fn id(&self) -> Id {
        ID
    }

    fn learn(&mut self, world: &World, seen: &Seen<'_>) {
        let (access, at) = (seen.access, seen.access.time.at);
        if access.patient == NONE {
            return;
        }
        let openers = self.openers.entry(access.patient).or_default();
        let is_new = openers.iter().all(|opener| opener.user != access.user || at - opener.last >= DAY);
        openers.retain(|opener| opener.user != access.user && at - opener.last < DAY);
        if openers.len() == OPENERS_MAX {
            openers.remove(0);
        }
        let department = world.department(access.user);
        let shared = world.duty(access.user).shared;
        openers.push(Opener { user: access.user, department, last: at, with_reason: !seen.has_no_reason(), shared });
        let usual = self.usual.entry(access.patient).or_default();
        let day = access.time.day() + 1;
        usual.days += u32::from(usual.last_day != day);
        usual.last_day = day;
        if !seen.has_no_reason() {
            return;
        }
        let strangers: Vec<Opener> = openers.iter().filter(|opener| is_stranger(opener, openers)).copied().collect();
        usual.strangers += u32::from(is_new && strangers.last().is_some_and(|last| last.user == access.user));
        let users = u32::try_from(strangers.len()).unwrap_or(u32::MAX);
        let from_all_over = departments(&strangers) >= DEPARTMENTS_MIN;
        let is_news = from_all_over || 2 * strangers.len() > openers.len();
        if let (true, Some(first)) = (users >= NEWS_MIN && is_news, strangers.first()) {
            let who = strangers.iter().map(|stranger| stranger.user).collect();
            let level = if from_all_over { FROM_ALL_OVER } else { NEWS };
            note(
                self.news.entry(access.patient).or_default(),
                News { from: first.last, until: at, users, who, level, expected: 0.0 },
            );
        }
        if self.openers.len() > self.forget_at.max(FORGET_AFTER) {
            self.openers.retain(|_, openers| openers.last().is_some_and(|opener| at - opener.last < DAY));
            self.forget_at = 2 * self.openers.len();
        }
    }

    fn settle(&mut self, _world: &World) {
        self.openers = FxHashMap::default();
        let usual = std::mem::take(&mut self.usual);
        let of_all = |of: fn(&Usual) -> u32| usual.values().map(|usual| u64::from(of(usual))).sum::<u64>();
        let (all_strangers, all_days) = (of_all(|usual| usual.strangers), of_all(|usual| usual.days));
        self.news.retain(|patient, all| {
            let own = usual.get(patient).copied().unwrap_or_default();
            let others = number(all_strangers - u64::from(own.strangers)) + 1.0;
            let elsewhere = others / (number(all_days - u64::from(own.days)) + FEW_DAYS);
            all.iter_mut().for_each(|news| news.expected = own.expected(news.users, elsewhere));
            all.retain(News::is_seldom);
            !all.is_empty()
        });
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        if !seen.has_no_reason() {
            return;
        }
        if let Some(patient) = world.patient(seen.access.patient).filter(|patient| patient.flags.vip) {
            signs.push(Sign::at(ID, MARKED, seen.access).proven(&[patient.proof]));
        }
        let at = seen.access.time.at;
        let is_one = |news: &&News| news.from <= at && at <= news.until && news.who.contains(&seen.access.user);
        let news = self.news.get(&seen.access.patient).and_then(|all| all.iter().find(is_one));
        if let Some(news) = news {
            signs.push(Sign::at(ID, news.level, seen.access).with([f64::from(news.users), news.expected, 0.0]));
        }
    }

    fn weight(&self, _level: u8) -> Weight {
        Weight { family: Family::Relation, base: Base::Visit, when_improper: 0.1 }
    }

    fn tell(&self, _world: &World, sign: &Sign) -> String {
        let [users, expected, _] = sign.facts;
        let from = if sign.level == FROM_ALL_OVER { " from all over the house" } else { "" };
        match sign.level {
            MARKED => "The record is marked as that of a person of public interest.".to_owned(),
            _ => format!(
                "{users:.0} people{from} for whom no reason is found opened this record within 24 hours; {expected:.1} are usual for it."
            ),
        }
    }
}

/// From how many departments people come, those left out that everybody shares.
fn departments(people: &[Opener]) -> usize {
    let own = people.iter().filter(|one| !one.shared && one.department != NONE).map(|one| one.department);
    own.collect::<FxHashSet<u32>>().len()
}

/// How seldom so many come where so many are expected: minus the logarithm of the upper tail of a Poisson distribution, in nats; nothing for no more than are expected.
fn surprise(count: u32, expected: f64) -> f64 {
    if f64::from(count) <= expected {
        return 0.0;
    }
    let next = |term: f64, number: u32| term * expected / f64::from(number);
    let mut term = (1..=count).fold(libm::exp(-expected), next);
    let mut tail = 0.0;
    for number in count + 1.. {
        tail += term;
        term = next(term, number);
        if term <= tail * f64::EPSILON {
            break;
        }
    }
    -libm::log(tail.clamp(f64::MIN_POSITIVE, 1.0))
}

/// Whether somebody is one of whose department nobody had a reason.
fn is_stranger(one: &Opener, openers: &[Opener]) -> bool {
    let is_colleague =
        |other: &&Opener| other.with_reason && other.department != NONE && other.department == one.department;
    !one.with_reason && !openers.iter().any(|other| is_colleague(&other))
}

/// Notes a time with many, joined to the one before where they touch.
fn note(all: &mut Vec<News>, news: News) {
    match all.last_mut() {
        Some(last) if news.from <= last.until => {
            last.until = news.until;
            last.users = last.users.max(news.users);
            last.who.extend(news.who);
            last.level = last.level.max(news.level);
        }
        _ => all.push(news),
    }
}

#[cfg(test)]
mod tests;
