//! S8, department mismatch: the user's department hardly ever has to do with the departments that the patient was in.
//!
//! Learnt from accesses with a reason: how often each department of users opens records of patients of each department. A pair mismatches when it comes together less
//! often than by chance (pointwise mutual information below 0) and is not among the 50 that come together most, or makes less than one in 500 of the user's side.

use rustc_hash::FxHashMap;

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight, number};
use crate::explain::Reason;
use crate::names::NONE;
use crate::settings::Settings;
use crate::world::World;

const ID: Id = Id(8);
const SELDOM: u8 = 0;
/// All departments where the patient was are ones whose records deserve more care, such as psychiatry.
const SENSITIVE: u8 = 1;
/// They were never seen together, where chance alone would have brought them together.
const NEVER: u8 = 2;
/// So often.
const BY_CHANCE_MIN: f64 = 20.0;
const TOP: usize = 50;
/// Accesses of a department from which its habits are known.
const KNOWN_MIN: u64 = 200;
/// Share of a department's accesses below which a pair is no habit.
const HABIT_SHARE: f64 = 0.002;

#[derive(Debug, Default)]
pub(super) struct Department {
    pairs: FxHashMap<(u32, u32), u64>,
    of_users: FxHashMap<u32, u64>,
    of_patients: FxHashMap<u32, u64>,
    all: u64,
    /// Departments of patients that a department of users has to do with most.
    top: FxHashMap<u32, Vec<u32>>,
    /// Departments whose records deserve more care, by the words of their names.
    sensitive: FxHashMap<u32, bool>,
}

impl Scenario for Department {
    fn id(&self) -> Id {
        ID
    }

    fn learn(&mut self, world: &World, seen: &Seen<'_>) {
        if !seen.explained.marks.has(Reason::Care) && !seen.explained.marks.has(Reason::Unit) {
            return;
        }
        let own = world.department(seen.access.user);
        let Some(theirs) = current(world, seen) else { return };
        if own == NONE {
            return;
        }
        *self.pairs.entry((own, theirs)).or_default() += 1;
    }

    fn settle(&mut self, _world: &World) {
        let mut pairs: Vec<_> =
            self.pairs.iter().map(|((own, theirs), count)| (*own, std::cmp::Reverse(*count), *theirs)).collect();
        pairs.sort_unstable();
        for (own, count, theirs) in pairs {
            *self.of_users.entry(own).or_default() += count.0;
            *self.of_patients.entry(theirs).or_default() += count.0;
            self.all += count.0;
            let top = self.top.entry(own).or_default();
            if top.len() < TOP {
                top.push(theirs);
            }
        }
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        if !seen.has_no_reason() {
            return;
        }
        let own = world.department(seen.access.user);
        let stays = world.stays.of_number(seen.access.patient);
        let theirs: Vec<u32> =
            stays.iter().map(|stay| world.fold_of(stay.department)).filter(|department| *department != NONE).collect();
        if own == NONE || theirs.is_empty() || self.of_users.get(&own).is_none_or(|count| *count < KNOWN_MIN) {
            return;
        }
        if theirs.iter().all(|theirs| self.mismatch(own, *theirs)) {
            let proofs: Vec<_> = stays.iter().rev().take(1).map(|stay| stay.proof).collect();
            let about = theirs.last().copied().unwrap_or(NONE);
            let never = theirs.iter().all(|theirs| self.is_never(own, *theirs));
            let level = if never { NEVER } else { SELDOM };
            signs.push(Sign::at(ID, level, seen.access).proven(&proofs).about(about));
            if theirs.iter().all(|theirs| self.is_sensitive(world, *theirs)) {
                signs.push(Sign::at(ID, SENSITIVE, seen.access).proven(&proofs).about(about));
            }
        }
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = match level {
            SENSITIVE => 0.1,
            NEVER => 0.2,
            _ => 0.3,
        };
        Weight { family: Family::Need, base: Base::Visit, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let own = world.employee(sign.user).map_or(NONE, |employee| employee.department);
        let more = if sign.level == SENSITIVE { ", whose records deserve more care" } else { "" };
        let seldom = if sign.level == NEVER { "never" } else { "hardly ever" };
        format!("{} {seldom} has to do with patients of {}{more}.", world.text(own), world.text(sign.other))
    }
}

impl Department {
    fn is_sensitive(&mut self, world: &World, department: u32) -> bool {
        let words = &world.settings.sensitive_words;
        *self.sensitive.entry(department).or_insert_with(|| Settings::holds(world.texts.text(department), words))
    }

    fn together(&self, own: u32, theirs: u32) -> u64 {
        self.pairs.get(&(own, theirs)).copied().unwrap_or(0)
    }

    /// How often they would come together if departments did not matter.
    fn by_chance(&self, own: u32, theirs: u32) -> f64 {
        let (users, patients) =
            (self.of_users.get(&own).copied().unwrap_or(0), self.of_patients.get(&theirs).copied().unwrap_or(0));
        number(users) * number(patients) / number(self.all).max(1.0)
    }

    fn is_never(&self, own: u32, theirs: u32) -> bool {
        self.together(own, theirs) == 0 && self.by_chance(own, theirs) >= BY_CHANCE_MIN
    }

    fn mismatch(&self, own: u32, theirs: u32) -> bool {
        let (together, by_chance) = (self.together(own, theirs), self.by_chance(own, theirs));
        let users = self.of_users.get(&own).copied().unwrap_or(0);
        let among_top = self.top.get(&own).is_some_and(|top| top.contains(&theirs));
        number(together) < by_chance && (!among_top || number(together) < HABIT_SHARE * number(users))
    }
}

/// The department where the patient is, or was last.
fn current(world: &World, seen: &Seen<'_>) -> Option<u32> {
    let at = seen.access.time.at;
    let stays = world.stays.of_number(seen.access.patient);
    let begun = stays.partition_point(|stay| stay.start <= at);
    let stay = begun.checked_sub(1).and_then(|place| stays.get(place)).or_else(|| stays.first())?;
    Some(world.fold_of(stay.department)).filter(|department| *department != NONE)
}
