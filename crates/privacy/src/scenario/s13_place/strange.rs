//! A workstation or a network that is new to the user and that no peer of their role or department uses.
//!
//! New is what the user had never used before that day; in the first week of a user everything is, so there only what they never came back to. A peer's use counts whenever
//! it was: a peer who begins there next week makes it a place of work. Networks are the first 24 bits of private IPv4 addresses, 16 of others, 48 of IPv6. From outside the
//! house only public networks count: everybody's own computer is new once, and the way in gives another private address each time.
//! Memory: 32 bytes for each user, role and department at each workstation and network.

use std::net::IpAddr;

use rustc_hash::FxHashMap;

use super::super::gather::{Gather, Said};
use super::super::{Seen, Sign, of_user};
use super::{ID, NETWORK, WORKSTATION};
use crate::form::Access;
use crate::names::NONE;
use crate::world::World;

/// Days with accesses from which a user's places are known.
const KNOWN_DAYS: u32 = 5;
/// The first days of a user, in which everything is new.
const FIRST_DAYS: i64 = 7;

/// Who uses a place: a user, a role, a department.
const BY_USER: u64 = 0;
const BY_ROLE: u64 = 1 << 32;
const BY_DEPARTMENT: u64 = 2 << 32;

/// The use of a place by one user, role or department.
#[derive(Clone, Copy, Debug)]
struct Use {
    first_day: i64,
    user: u32,
    /// Whether there were several days (of a user) or several users (of a role or department).
    several: bool,
}

/// Where a user is, and since when they are known.
#[derive(Debug)]
struct Now {
    day: i64,
    workstation: u32,
    ip: u32,
    first_day: i64,
    days: u32,
    places: [u32; 2],
    strange: [Option<(u32, Gather)>; 2],
    is_strange: [bool; 2],
}

impl Default for Now {
    fn default() -> Self {
        Self {
            day: i64::MIN,
            workstation: NONE,
            ip: NONE,
            first_day: i64::MIN,
            days: 0,
            places: [0; 2],
            strange: [None, None],
            is_strange: [false; 2],
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Strange {
    uses: FxHashMap<(u64, u64), Use>,
    networks: FxHashMap<(u32, bool), u64>,
    now: Vec<Now>,
}

impl Strange {
    pub(super) fn learn(&mut self, world: &World, access: &Access, away: bool) {
        let Some(now) = of_user(&mut self.now, access.user) else { return };
        let day = access.time.day();
        if !now.moves_to(day, access) {
            return;
        }
        let uses = &mut self.uses;
        for (place, count) in places(&mut self.networks, world, access, away).into_iter().zip(&mut now.places) {
            let Some(place) = place else { continue };
            *count += u32::from(used_by_user(uses, place, access.user, day));
            for by in groups(world, access.user) {
                let used = uses.entry((place, by)).or_insert(Use { first_day: day, user: access.user, several: false });
                used.several |= used.user != access.user;
            }
        }
    }

    pub(super) fn settle(&mut self) {
        for now in &mut self.now {
            (now.day, now.workstation, now.ip) = (i64::MIN, NONE, NONE);
        }
    }

    pub(super) fn judge(&mut self, world: &World, seen: &Seen<'_>, away: bool, signs: &mut Vec<Sign>) {
        let access = seen.access;
        let Some(now) = self.now.get_mut(access.user as usize) else { return };
        let day = access.time.day();
        let another_day = now.day != day;
        if another_day {
            for (kind, strange) in now.strange.iter_mut().enumerate() {
                give(strange.take(), kind, now.places.get(kind).copied().unwrap_or(0), signs);
            }
        }
        if now.arrives_at(day, access) {
            let places = places(&mut self.networks, world, access, away);
            for (is_strange, place) in now.is_strange.iter_mut().zip(places) {
                *is_strange = place
                    .is_some_and(|place| is_new(&self.uses, world, access.user, place, day, (now.first_day, now.days)));
            }
        }
        for (kind, text) in [access.workstation, access.ip].into_iter().enumerate() {
            if now.is_strange.get(kind) != Some(&true) {
                continue;
            }
            let used = now.places.get(kind).copied().unwrap_or(0);
            let Some(strange) = now.strange.get_mut(kind) else { continue };
            if strange.as_ref().is_some_and(|(known, _)| *known != text) {
                give(strange.take(), kind, used, signs);
            }
            strange.get_or_insert_with(|| (text, Gather::at(access))).1.add(seen);
        }
    }

    pub(super) fn end(&mut self, signs: &mut Vec<Sign>) {
        for now in &mut self.now {
            for (kind, strange) in now.strange.iter_mut().enumerate() {
                give(strange.take(), kind, now.places.get(kind).copied().unwrap_or(0), signs);
            }
        }
    }
}

impl Now {
    /// Goes to a day and a place; whether either is another one. Counts days.
    fn moves_to(&mut self, day: i64, access: &Access) -> bool {
        if self.first_day == i64::MIN {
            self.first_day = day;
        }
        self.days += u32::from(self.day != day);
        self.arrives_at(day, access)
    }

    fn arrives_at(&mut self, day: i64, access: &Access) -> bool {
        let there = (day, access.workstation, access.ip);
        let moves = (self.day, self.workstation, self.ip) != there;
        (self.day, self.workstation, self.ip) = there;
        moves
    }
}

/// Notes that a user is at a place on a day; whether for the first time.
fn used_by_user(uses: &mut FxHashMap<(u64, u64), Use>, place: u64, user: u32, day: i64) -> bool {
    let known = uses.len();
    let used = uses.entry((place, BY_USER | u64::from(user))).or_insert(Use { first_day: day, user, several: false });
    used.several |= used.first_day != day;
    uses.len() > known
}

/// Role and department of a user as keys, where they are known.
fn groups(world: &World, user: u32) -> impl Iterator<Item = u64> {
    let known = [(BY_ROLE, world.role(user)), (BY_DEPARTMENT, world.department(user))]
        .into_iter()
        .filter(|(_, group)| *group != NONE);
    known.map(|(by, group)| by | u64::from(group))
}

fn give(strange: Option<(u32, Gather)>, kind: usize, places: u32, signs: &mut Vec<Sign>) {
    let Some((text, gather)) = strange else { return };
    let (level, kind) = if kind == 0 { (WORKSTATION, 0.0) } else { (NETWORK, 1.0) };
    let facts = [kind, f64::from(places.saturating_sub(1)), 0.0];
    gather.give(&Said { scenario: ID, level, facts, other: text, proofs: Vec::new() }, signs);
}

/// Whether a place is new to a user on a day, and strange to their peers.
fn is_new(
    uses: &FxHashMap<(u64, u64), Use>,
    world: &World,
    user: u32,
    place: u64,
    day: i64,
    (first_day, days): (i64, u32),
) -> bool {
    if days < KNOWN_DAYS {
        return false;
    }
    let Some(own) = uses.get(&(place, BY_USER | u64::from(user))) else { return false };
    let in_first_days = day - first_day < FIRST_DAYS;
    if own.first_day != day || (in_first_days && own.several) {
        return false;
    }
    // of somebody whom the staff list does not know no peer is known either
    let mut groups = groups(world, user).peekable();
    groups.peek().is_some() && groups.all(|group| uses.get(&(place, group)).is_none_or(|used| !used.several))
}

/// Workstation and network of an access as keys; from outside the house only the network.
fn places(networks: &mut FxHashMap<(u32, bool), u64>, world: &World, access: &Access, away: bool) -> [Option<u64>; 2] {
    const UNREADABLE: u64 = u64::MAX;
    let workstation = (access.workstation != NONE && !away).then_some(u64::from(access.workstation));
    let network = (access.ip != NONE).then(|| {
        let text = world.texts.text(access.ip);
        *networks.entry((access.ip, away)).or_insert_with(|| network(text, away).unwrap_or(UNREADABLE))
    });
    [workstation, network.filter(|network| *network != UNREADABLE)]
}

/// The network of an address. Workstations have keys below 2^32, networks above.
fn network(text: &str, away: bool) -> Option<u64> {
    let address = text.parse::<IpAddr>().ok()?.to_canonical();
    Some(match address {
        IpAddr::V4(address) => {
            if address.is_private() && away {
                return None;
            }
            let bits = if address.is_private() { 24 } else { 16 };
            1 << 33 | u64::from(address.to_bits() >> (32 - bits)) | u64::from(bits == 24) << 32
        }
        IpAddr::V6(address) => {
            let [one, two, three, ..] = address.segments();
            1 << 62 | u64::from(one) << 32 | u64::from(two) << 16 | u64::from(three)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_share_it() {
        let here = |text| network(text, false);
        assert_eq!(here("10.1.2.3"), here("10.1.2.200"));
        assert_ne!(here("10.1.2.3"), here("10.1.3.3"));
        assert_eq!(network("10.1.2.3", true), None);
        assert_eq!(here("203.0.113.9"), here("203.0.7.7"));
        assert_eq!(here("2001:db8:1::5"), here("2001:db8:1:ffff::9"));
        assert_eq!(here("::ffff:10.1.2.3"), here("10.1.2.9"));
        assert_eq!(here("ward-3"), None);
    }
}
