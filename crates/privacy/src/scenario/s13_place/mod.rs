//! S13, time and place: away from every shift; at a workstation or in a network that neither the user nor a peer uses; at two places between which nobody gets in time.
//!
//! One file for each: `roster`, `strange`, `far`, `travel`. Of time it is said for accesses without a reason, and once a day for the others when they are far from every shift; of
//! place it is said whether or not there is a reason.

mod far;
mod roster;
mod site;
mod strange;
#[cfg(test)]
mod tests;
mod travel;

use super::gather::PART;
use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::world::World;

const ID: Id = Id(13);
const OFF_SHIFT: u8 = 0;
const FAR_OFF_SHIFT: u8 = 1;
const WORKSTATION: u8 = 2;
const NETWORK: u8 = 3;
const SPEED: u8 = 4;
const WALK: u8 = 5;
const FAR: u8 = 6;

#[derive(Debug, Default)]
pub(super) struct Place {
    roster: roster::Roster,
    strange: strange::Strange,
    far: far::Far,
    travel: travel::Travel,
    sites: site::Sites,
}

impl Scenario for Place {
    fn id(&self) -> Id {
        ID
    }

    fn learn(&mut self, world: &World, seen: &Seen<'_>) {
        self.roster.learn(world, seen);
        self.strange.learn(world, seen.access, self.sites.is_away(world, seen.access));
        let site = self.sites.of(world, seen.access);
        self.far.learn(site, seen.access);
        self.travel.learn(site, seen.access);
    }

    fn settle(&mut self, world: &World) {
        self.roster.settle(world);
        self.strange.settle();
        self.travel.settle();
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        self.roster.judge(world, seen, signs);
        self.strange.judge(world, seen, self.sites.is_away(world, seen.access), signs);
        let site = self.sites.of(world, seen.access);
        self.far.judge(site, seen, signs);
        self.travel.judge(site, seen.access, signs);
    }

    fn end(&mut self, _world: &World, signs: &mut Vec<Sign>) {
        self.strange.end(signs);
        self.far.end(signs);
    }

    fn weight(&self, level: u8) -> Weight {
        let (base, when_improper) = match level {
            OFF_SHIFT => (Base::Visit, 0.15),
            FAR_OFF_SHIFT => (Base::UserDay, 0.05),
            WORKSTATION | NETWORK | WALK => (Base::UserDay, 0.15),
            PART => (Base::UserDay, 0.0),
            // hardly ever ordinary, however few days a small hospital has to show it
            _ => (Base::UserDay, 0.3),
        };
        Weight { family: Family::Place, base, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let (user, [one, other, third]) = (world.name_of(sign.user), sign.facts);
        match sign.level {
            OFF_SHIFT | FAR_OFF_SHIFT => {
                format!("{user} was not on shift: the nearest shift in the roster was {one:.1} hours away.")
            }
            SPEED => format!("Between two accesses of {user} lie {one:.0} km and {other:.0} minutes: {third:.0} km/h."),
            FAR => format!(
                "{one:.0} accesses of {user} came from a place on the globe where nobody else works from, and {user} on this day only."
            ),
            WALK => format!(
                "{user} was in two buildings within {one:.0} seconds ({}); hardly anybody else is that quick between them.",
                world.text(sign.other)
            ),
            _ => {
                let what = if one < 1.0 { "workstation" } else { "network" };
                let peers = format!(
                    "{user} had used {other:.0} others before, colleagues of the same role or department never used this one"
                );
                format!("The {what} ({}) was new for {user}: {peers}.", world.text(sign.other))
            }
        }
    }
}
