//! One account at two workstations at a time: A, B, A, B within minutes.
//!
//! Going from room to room is A, then B. A session that moves along (a badge, a virtual desktop: settings) is at one place whatever its workstation is called. Two workstations
//! between which three others go back and forth as well stand on one desk. Two in different places are told apart from two of one ward. Memory: 64 bytes for each user, 24 for each pair of workstations, of which there are at most
//! [`PAIRS_MAX`].

use rustc_hash::FxHashMap;

use super::super::{Sign, of_user};
use super::{APART, ID, OVERLAP};
use crate::form::{Access, MINUTE, fold};
use crate::names::NONE;
use crate::settings::Settings;
use crate::world::World;

/// All four within this time.
const WITHIN: i64 = 5 * MINUTE;
/// A change of the workstation within this time is quicker than a walk: within one unit, and to another.
const WALK_IN_UNIT: i64 = 30_000;
const WALK: i64 = 2 * MINUTE;
const OTHERS_MIN: usize = 3;
const PAIRS_MAX: usize = 1 << 17;

/// When a user came to a workstation.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    workstation: u32,
    location: u32,
    at: i64,
    /// When they left the one before.
    left: i64,
    row: u32,
}

/// The last arrivals of a user, the latest last, and their last access.
#[derive(Debug, Default)]
struct Path {
    arrivals: [Option<Arrival>; 4],
    last_at: i64,
}

#[derive(Debug, Default)]
pub(super) struct Overlap {
    paths: Vec<Path>,
    roams: FxHashMap<u32, bool>,
    /// Who else goes back and forth between two workstations.
    pairs: FxHashMap<(u32, u32), [u32; OTHERS_MIN + 1]>,
}

impl Overlap {
    pub(super) fn learn(&mut self, world: &World, access: &Access) {
        let Some([.., one, other]) = self.overlapping(world, access) else { return };
        let key = pair(one.workstation, other.workstation);
        if self.pairs.len() == PAIRS_MAX && !self.pairs.contains_key(&key) {
            return;
        }
        let users = self.pairs.entry(key).or_insert([NONE; OTHERS_MIN + 1]);
        if !users.contains(&access.user)
            && let Some(free) = users.iter_mut().find(|user| **user == NONE)
        {
            *free = access.user;
        }
    }

    pub(super) fn settle(&mut self) {
        self.paths = Vec::new();
    }

    pub(super) fn judge(&mut self, world: &World, access: &Access, signs: &mut Vec<Sign>) {
        let Some(arrivals) = self.overlapping(world, access) else { return };
        let [first, .., one, other] = arrivals;
        let users = self.pairs.get(&pair(one.workstation, other.workstation));
        let others =
            users.map_or(0, |users| users.iter().filter(|user| **user != NONE && **user != access.user).count());
        if others >= OTHERS_MIN {
            return;
        }
        let seconds = f64::from(i32::try_from((other.at - first.at) / 1_000).unwrap_or(0));
        let others = f64::from(u32::try_from(others).unwrap_or(0));
        let is_apart = one.location != NONE && other.location != NONE && one.location != other.location;
        let level = if is_apart { APART } else { OVERLAP };
        let mut sign = Sign::at(ID, level, access).with([seconds, others, 0.0]).about(one.workstation);
        sign.rows = arrivals.iter().map(|arrival| arrival.row).collect();
        signs.push(sign);
    }

    /// Takes in an access; the four arrivals, if it is the last of an overlap.
    fn overlapping(&mut self, world: &World, access: &Access) -> Option<[Arrival; 4]> {
        let at = access.time.at;
        let path = of_user(&mut self.paths, access.user)?;
        let left = std::mem::replace(&mut path.last_at, at);
        let [.., last] = path.arrivals;
        if access.workstation == NONE || last.is_some_and(|last| last.workstation == access.workstation) {
            return None;
        }
        let roams = self.roams.entry(access.workstation);
        let roams = roams.or_insert_with(|| {
            roams_by_name(world.texts.text(access.workstation), &world.settings.roaming_workstations)
        });
        if *roams {
            return None;
        }
        let arrival = Arrival { workstation: access.workstation, location: access.location, at, left, row: access.row };
        let [_, second, third, fourth] = path.arrivals;
        path.arrivals = [second, third, fourth, Some(arrival)];
        let four = [second?, third?, fourth?, arrival];
        is_overlap(&four).then_some(four)
    }
}

fn is_overlap(four: &[Arrival; 4]) -> bool {
    let [one, two, three, last] = four;
    let alternates = one.workstation == three.workstation && two.workstation == last.workstation;
    let in_unit = one.location != NONE && one.location == two.location;
    let walk = if in_unit { WALK_IN_UNIT } else { WALK };
    let too_quick = [two, three, last].into_iter().filter(|arrival| arrival.at - arrival.left < walk).count();
    alternates && last.at - one.at <= WITHIN && too_quick >= 2
}

fn pair(one: u32, other: u32) -> (u32, u32) {
    (one.min(other), one.max(other))
}

/// Whether a session moves with its user there: by the beginning of the workstation's name, or of one of its words.
fn roams_by_name(workstation: &str, words: &[String]) -> bool {
    let folded = fold(workstation);
    words.iter().any(|word| folded.starts_with(word.as_str())) || Settings::holds(&folded, words)
}
