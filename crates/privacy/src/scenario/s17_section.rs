//! S17, sensitive section: psychotherapy, HIV, substance use, minors, opened by a role that opens it in less than one of a hundred of its views.
//!
//! A section is sensitive by the words of its name (settings), and every section of a patient is whose record is marked so.

use rustc_hash::FxHashMap;

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::form::fold;
use crate::names::NONE;
use crate::settings::Settings;
use crate::world::World;

const ID: Id = Id(17);
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
        if self.is_sensitive(world, seen.access.section) {
            *self.of_role_and_section.entry((role, seen.access.section)).or_default() += 1;
        }
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        if !seen.has_no_reason() || !self.is_sensitive(world, seen.access.section) {
            return;
        }
        let role = world.role(seen.access.user);
        let views = self.of_role.get(&role).copied().unwrap_or(0);
        let here = self.of_role_and_section.get(&(role, seen.access.section)).copied().unwrap_or(0);
        let share = count(here) / count(views.max(1));
        if views >= KNOWN_MIN && share < SHARE {
            signs.push(Sign::at(ID, 0, seen.access).with([share * 100.0, 0.0, 0.0]).about(seen.access.section));
        }
    }

    fn weight(&self, _level: u8) -> Weight {
        Weight { family: Family::Act, base: Base::Visit, when_improper: 0.15 }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let [percent, ..] = sign.facts;
        let role = world.employee(sign.user).map_or(NONE, |employee| employee.role);
        format!("The section \"{}\" was opened; people of role {} open it in {percent:.2} % of their views.", world.text(sign.other), world.text(role))
    }
}

impl Section {
    fn is_sensitive(&mut self, world: &World, section: u32) -> bool {
        if section == NONE {
            return false;
        }
        *self.sensitive.entry(section).or_insert_with(|| Settings::holds(&fold(world.texts.text(section)), &world.settings.sensitive_words))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn count(of: u64) -> f64 {
    of as f64
}
