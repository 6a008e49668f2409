//! S16, what leaves the house: prints, exports, disclosures and bulk requests beyond what is usual for the role; and images sent to a destination that nobody knows.
//!
//! Bulk requests are FHIR `$everything`, `$export`, `_count` of 1,000 and more, and DICOM C-MOVE. A day counts against the days of peers (`super::habit`), those without any
//! included. A bulk request of the whole house (`$export`, `_count`) is told at once when fewer than two peers ever make one. What has a reason (an export that was ordered, a
//! research project that was written to) weighs little. Memory: one entry for each distinct request, 4 bytes for each of the accesses of a user's day up to 1,000.

use rustc_hash::FxHashMap;

use super::gather::{Gather, Said};
use super::habit::{Habits, Limit};
use super::{Base, Family, Id, Scenario, Seen, Sign, Weight, of_user};
use crate::explain::Reason;
use crate::form::{Access, Action};
use crate::names::NONE;
use crate::world::World;

const ID: Id = Id(16);
const MANY: u8 = 0;
const MANY_WITH_REASONS: u8 = 1;
const BULK: u8 = 2;
const DESTINATION: u8 = 3;
/// So many on a day are never many.
const DAY_MIN: u32 = 10;
/// `_count` from which a request is one for everything.
const COUNT_MIN: u64 = 1_000;
/// A destination is known when so many others use it, or others so often, or the user on so many days.
const OTHERS_MIN: usize = 2;
const OTHER_USES_MIN: u32 = 5;
const OWN_DAYS_MIN: u32 = 10;

/// What a request takes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Nothing,
    /// One record.
    Record,
    /// Many records at once.
    Bulk,
    /// Images, to a destination (its number among the texts of destinations).
    Move(u32),
}

/// The day of a user that is going on.
#[derive(Debug, Default)]
struct Today {
    day: i64,
    slot: u8,
    count: u32,
    is_open: bool,
    taken: Option<Gather>,
}

/// Who uses a destination or makes bulk requests.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    times: u32,
    days: u32,
    last_day: i64,
}

#[derive(Debug)]
pub(super) struct Exfiltration {
    requests: FxHashMap<u32, Request>,
    destinations: FxHashMap<String, u32>,
    today: Vec<Today>,
    habits: Habits,
    /// By destination, its users in order.
    moves: FxHashMap<u32, std::collections::BTreeMap<u32, Use>>,
    /// By role, who makes bulk requests: the first three.
    bulk: FxHashMap<u32, Vec<u32>>,
}

impl Default for Exfiltration {
    fn default() -> Self {
        Self {
            requests: FxHashMap::default(),
            destinations: FxHashMap::default(),
            today: Vec::new(),
            habits: Habits::by(|_| 0),
            moves: FxHashMap::default(),
            bulk: FxHashMap::default(),
        }
    }
}

impl Scenario for Exfiltration {
    fn id(&self) -> Id {
        ID
    }

    fn learn(&mut self, world: &World, seen: &Seen<'_>) {
        let access = seen.access;
        let request = self.request(world, access);
        let Some(today) = of_user(&mut self.today, access.user) else { return };
        let day = access.time.day();
        if today.day != day || !today.is_open {
            if today.is_open {
                self.habits.learn(access.user, today.slot, today.count);
            }
            *today = Today { day, slot: weekday(access), is_open: true, ..Today::default() };
        }
        today.count = today.count.saturating_add(u32::from(request != Request::Nothing));
        match request {
            Request::Move(destination) => {
                let used = self.moves.entry(destination).or_default().entry(access.user).or_default();
                used.times = used.times.saturating_add(1);
                used.days += u32::from(used.days == 0 || used.last_day != day);
                used.last_day = day;
            }
            Request::Bulk => {
                let users = self.bulk.entry(world.role(access.user)).or_default();
                if users.len() <= OTHERS_MIN && !users.contains(&access.user) {
                    users.push(access.user);
                }
            }
            _ => {}
        }
    }

    fn settle(&mut self, world: &World) {
        for (user, today) in self.today.iter().enumerate().filter(|(_, today)| today.is_open) {
            self.habits.learn(u32::try_from(user).unwrap_or(NONE), today.slot, today.count);
        }
        self.today = Vec::new();
        self.habits.settle(world);
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        let access = seen.access;
        let request = self.request(world, access);
        if request == Request::Nothing {
            return;
        }
        let Some(today) = of_user(&mut self.today, access.user) else { return };
        let day = access.time.day();
        if today.day != day {
            give(world, &self.habits, today, signs);
            (today.day, today.slot) = (day, weekday(access));
        }
        if !seen.explained.marks.has(Reason::Declared) {
            today.taken.get_or_insert_with(|| Gather::at(access)).add(seen);
        }
        let sign = match request {
            Request::Bulk if seen.explained.marks.is_empty() && seen.explained.late.is_none() => {
                self.bulk(world, access)
            }
            Request::Move(destination) => self.unknown(world, access, destination),
            _ => None,
        };
        signs.extend(sign);
    }

    fn end(&mut self, world: &World, signs: &mut Vec<Sign>) {
        for today in &mut self.today {
            give(world, &self.habits, today, signs);
        }
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = match level {
            MANY => 0.2,
            MANY_WITH_REASONS => 0.01,
            BULK | DESTINATION => 0.2,
            _ => 0.0,
        };
        Weight { family: Family::Act, base: Base::UserDay, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let (user, [one, other, third]) = (world.name_of(sign.user), sign.facts);
        match sign.level {
            BULK => format!(
                "{user} asked for many records at once ({}); {one:.0} others of the same role do so.",
                world.text(sign.other)
            ),
            DESTINATION => format!(
                "Images were sent to a destination that is not known ({}): {one:.0} times by {user}, {other:.0} times by {third:.0} others.",
                world.text(sign.other)
            ),
            _ => format!("{user}: {one:.0} prints, exports and disclosures on one day; {}.", Limit::words(sign.facts)),
        }
    }
}

impl Exfiltration {
    /// What a request takes out. The text of each object is read once.
    fn request(&mut self, world: &World, access: &Access) -> Request {
        let plain = if access.action.takes_out() { Request::Record } else { Request::Nothing };
        let may_tell = access.action.takes_out() || matches!(access.action, Action::Read | Action::Search);
        if access.object == NONE || !may_tell {
            return plain;
        }
        let known = self.requests.get(&access.object).copied();
        let request = known.unwrap_or_else(|| {
            let request = request(world.texts.text(access.object), &mut self.destinations);
            self.requests.insert(access.object, request);
            request
        });
        if request == Request::Nothing { plain } else { request }
    }

    fn bulk(&self, world: &World, access: &Access) -> Option<Sign> {
        let others = self
            .bulk
            .get(&world.role(access.user))
            .map_or(0, |users| users.iter().filter(|user| **user != access.user).count());
        let sign = Sign::at(ID, BULK, access)
            .with([f64::from(u32::try_from(others).unwrap_or(0)), 0.0, 0.0])
            .about(access.object);
        (others < OTHERS_MIN).then_some(sign)
    }

    fn unknown(&self, world: &World, access: &Access, destination: u32) -> Option<Sign> {
        let is_listed = |known: &String| self.destinations.get(&known.to_ascii_uppercase()) == Some(&destination);
        let users = self.moves.get(&destination)?;
        let own = users.get(&access.user).copied().unwrap_or_default();
        let others = users.len() - usize::from(users.contains_key(&access.user));
        let by_others = users
            .iter()
            .filter(|(user, _)| **user != access.user)
            .map(|(_, used)| used.times)
            .fold(0, u32::saturating_add);
        let is_known = if world.settings.known_destinations.is_empty() {
            others >= OTHERS_MIN || by_others >= OTHER_USES_MIN || own.days >= OWN_DAYS_MIN
        } else {
            world.settings.known_destinations.iter().any(is_listed)
        };
        let facts = [f64::from(own.times), f64::from(by_others), f64::from(u32::try_from(others).unwrap_or(0))];
        (!is_known).then(|| Sign::at(ID, DESTINATION, access).with(facts).about(access.object))
    }
}

fn weekday(access: &Access) -> u8 {
    access.time.hour_of_week() / 24
}

/// Tells a day that is over, if it was much.
fn give(world: &World, habits: &Habits, today: &mut Today, signs: &mut Vec<Sign>) {
    let Some(mut taken) = today.taken.take() else { return };
    if taken.count < DAY_MIN || taken.waits_for_a_feed() {
        return;
    }
    let Some(limit) = habits.limit(world, taken.user, today.slot).filter(|limit| f64::from(taken.count) > limit.value)
    else {
        return;
    };
    // what leaves without a patient (a list, a whole group) can have no reason in the data
    let about_nobody = taken.members.iter().filter(|member| member.patient == NONE).count();
    let without = taken.is_mostly_without_reason() || about_nobody * 2 > taken.members.len();
    let facts = limit.facts(taken.count);
    if without {
        taken.only_without_reason();
    }
    let level = if without { MANY } else { MANY_WITH_REASONS };
    taken.give(&Said { scenario: ID, level, facts, other: NONE, proofs: Vec::new() }, signs);
}

/// Reads the object of an access: what a request asks for.
fn request(object: &str, destinations: &mut FxHashMap<String, u32>) -> Request {
    let upper = object.to_ascii_uppercase();
    if upper.contains("C-MOVE") {
        let name = upper.split_once("DEST=").map_or("", |(_, rest)| rest).trim();
        let name = name.split([' ', ';', ',']).next().unwrap_or_default().trim_matches('"');
        let next = u32::try_from(destinations.len()).unwrap_or(NONE);
        return Request::Move(*destinations.entry(name.to_owned()).or_insert(next));
    }
    if upper.contains("$EXPORT") || counts_up_to(&upper).is_some_and(|count| count >= COUNT_MIN) {
        return Request::Bulk;
    }
    if upper.contains("$EVERYTHING") { Request::Record } else { Request::Nothing }
}

/// The number behind `_count=`.
fn counts_up_to(upper: &str) -> Option<u64> {
    let (_, rest) = upper.split_once("_COUNT=")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let digits = rest.get(..digits).filter(|digits| !digits.is_empty())?;
    Some(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
