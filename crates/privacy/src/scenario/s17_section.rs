//! S17, sensitive section: psychotherapy, HIV, substance use, minors, opened by a role that opens it in less than one of a hundred of its views.
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

#[derive(Debug, Default)]
pub(super) struct Section {
    of_role: FxHashMap<u32, u64>,
    of_role_and_section: FxHashMap<(u32, u32), u64>,
    sensitive: FxHashMap<u32, bool>,
}

impl Scenario for Section {
    fn id(&self) -> Id {
        ID
    }

    fn learn(&mut self, world: &World, seen: &Seen<'_>) {
        let role = world.role(seen.access.user);
        *self.of_role.entry(role).or_default() += 1;
        if is_marked(world, seen.access.patient) {
            *self.of_role_and_section.entry((role, NONE)).or_default() += 1;
        }
        if self.is_sensitive(world, seen.access.section) {
            *self.of_role_and_section.entry((role, seen.access.section)).or_default() += 1;
        }
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        if !seen.has_no_reason() {
            return;
        }
        let (role, section) = (world.role(seen.access.user), seen.access.section);
        let of_section = if self.is_sensitive(world, section) { self.seldom(role, section) } else { None };
        let of_mark = if is_marked(world, seen.access.patient) { self.seldom(role, NONE) } else { None };
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
                "The record is marked as sensitive; people of role {role} open such records in {percent:.2} % of their views."
            ),
            _ => format!(
                "The section \"{}\" was opened; people of role {role} open it in {percent:.2} % of their views.",
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
    /// The share of a role's views that go to a section ([`NONE`]: to marked records), in percent, when it is small.
    fn seldom(&self, role: u32, section: u32) -> Option<f64> {
        let views = self.of_role.get(&role).copied().unwrap_or(0);
        let here = self.of_role_and_section.get(&(role, section)).copied().unwrap_or(0);
        let share = number(here) / number(views.max(1));
        (views >= KNOWN_MIN && share < SHARE).then_some(share * 100.0)
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
