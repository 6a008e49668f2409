//! S17, sensitive section: psychotherapy, HIV, substance use, minors, opened by a role that opens it in less than one of a hundred of its views, in the user's department too.
//!
//! A section is sensitive by the words of its name (settings), and every section of a patient is whose record is marked so.

use rustc_hash::FxHashMap;

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight, number};
use crate::form::{Proof, fold};
use crate::names::NONE;
use crate::settings::Settings;
use crate::world::World;

const ID: Id = Id(17);
const SECTION: u8 = 0;
const MARKED: u8 = 1;
/// Share of a role's views below which a section is not its business.
const SHARE: f64 = 0.01;
/// Views of a role from which its habits are known.
const KNOWN_MIN: u64 = 100;
/// Share of a user's own views that is their work.
const HABIT_SHARE: f64 = 0.1;

/// Whose views are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who {
    User(u32),
    /// Role and department.
    Team(u32, u32),
    Role(u32),
    All,
}

#[derive(Debug, Default)]
pub(super) struct Section {
    views: FxHashMap<Who, u64>,
    /// Views of sensitive sections, and of marked records ([`NONE`]).
    of_section: FxHashMap<(Who, u32), u64>,
    sensitive: FxHashMap<u32, bool>,
}

impl Scenario for Section {
    fn id(&self) -> Id {
        ID
    }

    fn learn(&mut self, world: &World, seen: &Seen<'_>) {
        let user = seen.access.user;
        let is_sensitive = self.is_sensitive(world, seen.access.section);
        let is_marked = is_marked(world, seen.access.patient);
        let team = Who::Team(world.role(user), world.department(user));
        for who in [Who::User(user), team, Who::Role(world.role(user)), Who::All] {
            *self.views.entry(who).or_default() += 1;
            if is_sensitive {
                *self.of_section.entry((who, seen.access.section)).or_default() += 1;
            }
            if is_marked {
                *self.of_section.entry((who, NONE)).or_default() += 1;
            }
        }
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        if !seen.has_no_reason() {
            return;
        }
        let (user, section) = (seen.access.user, seen.access.section);
        let team = (world.role(user), world.department(user));
        let of_section = if self.is_sensitive(world, section) { self.seldom(team, user, section) } else { None };
        let of_mark = if is_marked(world, seen.access.patient) { self.seldom(team, user, NONE) } else { None };
        signs.extend(
            of_section.map(|percent| Sign::at(ID, SECTION, seen.access).with([percent, 0.0, 0.0]).about(section)),
        );
        let proof = world.patient(seen.access.patient).map_or(Proof::NONE, |patient| patient.proof);
        signs.extend(
            of_mark.map(|percent| Sign::at(ID, MARKED, seen.access).with([percent, 0.0, 0.0]).proven(&[proof])),
        );
    }

    fn weight(&self, _level: u8) -> Weight {
        Weight { family: Family::Act, base: Base::Visit, when_improper: 0.15 }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let [percent, ..] = sign.facts;
        let role = world.employee(sign.user).map_or(NONE, |employee| employee.role);
        let role = world.text(role);
        match sign.level {
            MARKED => format!(
                "The record is marked as sensitive; colleagues of role {role} open such records in {percent:.2} % of their views."
            ),
            _ => format!(
                "The section \"{}\" was opened; colleagues of role {role} open it in {percent:.2} % of their views.",
                world.text(sign.other)
            ),
        }
    }
}

/// Whether a record is marked as sensitive as a whole.
fn is_marked(world: &World, patient: u32) -> bool {
    world.patient(patient).is_some_and(|patient| patient.flags.sensitive)
}

impl Section {
    /// The share of the views of a user's peers that go to a section ([`NONE`]: to marked records), in percent, when it is small. Peers are the others of the role; where these
    /// are too few, all others, unless it is much of what the user does. It is not seldom where those of the role in the user's own department open it.
    fn seldom(&self, (role, department): (u32, u32), user: u32, section: u32) -> Option<f64> {
        let of = |who: Who| self.views.get(&who).copied().unwrap_or_default();
        let here = |who: Who| self.of_section.get(&(who, section)).copied().unwrap_or_default();
        let own = (of(Who::User(user)), here(Who::User(user)));
        let less_own = |who: Who| (of(who).saturating_sub(own.0), here(who).saturating_sub(own.1));
        let share = |(views, here): (u64, u64)| number(here) / number(views.max(1));
        let peers = less_own(Who::Role(role));
        let team = less_own(Who::Team(role, department));
        if team.0 >= KNOWN_MIN && share(team) >= SHARE {
            return None;
        }
        let (peers, is_habit) =
            if peers.0 >= KNOWN_MIN { (peers, false) } else { (less_own(Who::All), share(own) >= HABIT_SHARE) };
        (peers.0 >= KNOWN_MIN && share(peers) < SHARE && !is_habit).then(|| share(peers) * 100.0)
    }

    fn is_sensitive(&mut self, world: &World, section: u32) -> bool {
        if section == NONE {
            return false;
        }
        *self
            .sensitive
            .entry(section)
            .or_insert_with(|| Settings::holds(&fold(world.texts.text(section)), &world.settings.sensitive_words))
    }
}
