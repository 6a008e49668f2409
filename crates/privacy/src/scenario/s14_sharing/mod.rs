//! S14, account sharing: one account at work at two workstations at a time, or sections opened in an order that is not the user's own.
//!
//! The first is in `overlap`, the second in `profile`. How somebody types is never looked at.

mod overlap;
mod profile;
#[cfg(test)]
mod tests;

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::world::World;

const ID: Id = Id(14);
const OVERLAP: u8 = 0;
const PROFILE: u8 = 1;

#[derive(Debug, Default)]
pub(super) struct Sharing {
    overlap: overlap::Overlap,
    profile: profile::Profile,
}

impl Scenario for Sharing {
    fn id(&self) -> Id {
        ID
    }

    fn learn(&mut self, world: &World, seen: &Seen<'_>) {
        self.overlap.learn(world, seen.access);
        self.profile.learn(seen.access);
    }

    fn settle(&mut self, world: &World) {
        self.overlap.settle();
        self.profile.settle(world);
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        self.overlap.judge(world, seen.access, signs);
        self.profile.judge(world, seen.access, signs);
    }

    fn end(&mut self, world: &World, signs: &mut Vec<Sign>) {
        self.profile.end(world, signs);
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = if level == OVERLAP { 0.2 } else { 0.03 };
        Weight { family: Family::Place, base: Base::UserDay, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let (user, [one, other, third]) = (world.name_of(sign.user), sign.facts);
        match sign.level {
            OVERLAP => format!(
                "The account of {user} was in use at two workstations at a time: it went back and forth between them twice within {one:.0} seconds ({}); {other:.0} others did so between these two.",
                world.text(sign.other)
            ),
            _ => format!(
                "Of {one:.0} steps from section to section on this day {other:.0} % are ones that {user} takes in less than one of a hundred on other days; usual {third:.0} %."
            ),
        }
    }
}
