//! Two places between which nobody gets in time: points on the globe more than 900 km/h apart, or two buildings within two minutes.
//!
//! Buildings are near when at least three other people are that quick between them, and points of the globe between which others jump as well are exits of one network: both are
//! learnt. Memory: 56 bytes for each user, 24 for each pair of places.

use rustc_hash::FxHashMap;

use super::super::{Sign, of_user};
use super::site::{Site, kilometres};
use super::{ID, SPEED, WALK};
use crate::form::{Access, MINUTE};
use crate::names::NONE;

/// Two buildings within this time are too quick.
const WALK_WITHIN: i64 = 2 * MINUTE;
const SPEED_MAX_KMH: f64 = 900.0;
/// Nearer than this, points of the globe are not told apart: that is how exact addresses are.
const APART_MIN_KM: f64 = 100.0;
/// So many people who are as quick make it ordinary.
const OTHERS_MIN: usize = 3;
/// Most pairs of places that are remembered; further ones are not learnt.
const PAIRS_MAX: usize = 1 << 18;

/// The last place of a user on site, and the last on the globe.
#[derive(Debug, Default)]
struct Last {
    building: Option<(u32, Before)>,
    globe: Option<((f64, f64, f64), Before)>,
}

#[derive(Clone, Copy, Debug)]
struct Before {
    at: i64,
    row: u32,
    workstation: u32,
    location: u32,
}

/// A jump from one place to another that is too quick.
struct Jump {
    level: u8,
    facts: [f64; 3],
    places: (u32, u32),
    before: Before,
}

#[derive(Debug, Default)]
pub(super) struct Travel {
    last: Vec<Last>,
    /// Who is as quick, up to [`OTHERS_MIN`] and one more, by pair of places.
    quick: FxHashMap<(u8, u32, u32), [u32; OTHERS_MIN + 1]>,
}

impl Travel {
    pub(super) fn learn(&mut self, site: Site, access: &Access) {
        let Some(jump) = self.jump(site, access) else { return };
        let key = (jump.level, jump.places.0, jump.places.1);
        if self.quick.len() == PAIRS_MAX && !self.quick.contains_key(&key) {
            return;
        }
        let users = self.quick.entry(key).or_insert([NONE; OTHERS_MIN + 1]);
        if !users.contains(&access.user)
            && let Some(free) = users.iter_mut().find(|user| **user == NONE)
        {
            *free = access.user;
        }
    }

    pub(super) fn settle(&mut self) {
        self.last = Vec::new();
    }

    pub(super) fn judge(&mut self, site: Site, access: &Access, signs: &mut Vec<Sign>) {
        let Some(jump) = self.jump(site, access) else { return };
        let users = self.quick.get(&(jump.level, jump.places.0, jump.places.1));
        let others =
            users.map_or(0, |users| users.iter().filter(|user| **user != NONE && **user != access.user).count());
        if others < OTHERS_MIN {
            let mut sign = Sign::at(ID, jump.level, access).with(jump.facts).about(jump.before.location);
            sign.rows.insert(0, jump.before.row);
            signs.push(sign);
        }
    }

    /// Goes to a place; the jump, if it was too quick.
    fn jump(&mut self, site: Site, access: &Access) -> Option<Jump> {
        let now =
            Before { at: access.time.at, row: access.row, workstation: access.workstation, location: access.location };
        match site {
            Site::Unknown => None,
            Site::Building(building) => {
                let last = of_user(&mut self.last, access.user)?;
                let (other, before) = last.building.replace((building, now)).filter(|(other, _)| *other != building)?;
                let quick = now.at - before.at <= WALK_WITHIN && now.workstation != before.workstation;
                let facts = [f64::from(i32::try_from((now.at - before.at) / 1_000).unwrap_or(0)), 0.0, 0.0];
                quick.then_some(Jump { level: WALK, facts, places: (other.min(building), other.max(building)), before })
            }
            Site::Globe { latitude, longitude, off_km } => {
                let last = of_user(&mut self.last, access.user)?;
                let (other, before) = last.globe.replace(((latitude, longitude, off_km), now))?;
                if before.location == now.location {
                    return None;
                }
                let apart = kilometres((latitude, longitude), (other.0, other.1)) - off_km - other.2;
                let minutes =
                    f64::from(i32::try_from((now.at - before.at).max(1_000) / 1_000).unwrap_or(i32::MAX)) / 60.0;
                let speed = apart / (minutes / 60.0);
                let places = (before.location.min(now.location), before.location.max(now.location));
                (apart >= APART_MIN_KM && speed > SPEED_MAX_KMH).then_some(Jump {
                    level: SPEED,
                    facts: [apart, minutes, speed],
                    places,
                    before,
                })
            }
        }
    }
}
