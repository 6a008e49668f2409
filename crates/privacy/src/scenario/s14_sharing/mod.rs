//! S14, account sharing: one account at work at two workstations at a time, or work that fits another role far better than its user.
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
/// Work that its user and their role hardly ever do.
const FOREIGN: u8 = 2;
/// The same, with the two workstations in different places: they are not two rooms of one ward.
const APART: u8 = 3;

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

    fn weight(&self, _level: u8) -> Weight {
        Weight { family: Family::Place, base: Base::UserDay, when_improper: 0.1 }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let (user, [one, other, _]) = (world.name_of(sign.user), sign.facts);
        match sign.level {
            OVERLAP | APART => format!(
                "The account of {user} was in use at two workstations at a time: it went back and forth between them twice within {one:.0} seconds ({}); {other:.0} others did so between these two.",
                world.text(sign.other)
            ),
            _ => format!(
                "{one:.0} steps from section to section in one go are not {user}'s: each fits the role {} {other:.1} times as well as what {user} does otherwise.",
                world.text(sign.other)
            ),
        }
    }
}
