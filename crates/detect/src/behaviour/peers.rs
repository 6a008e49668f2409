//! Peers: entities of the same kind and role, and what is normal among them. Distributions belong here and not to entities, so that these stay small.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use cordon_learn::Damaged;
use cordon_stats::{Ranks, codec};

use super::clock::Moment;
use super::profile::{FEATURES, Feature, Profile, THINGS, Thing, finite};
use super::report::EntityKind;
use super::surprise::Rate;

/// Most groups; accounts of further roles go with those whose role is not stated.
const GROUPS_MAX: usize = 64;

/// Most bytes of a role's name that are kept.
const ROLE_BYTES_MAX: usize = 48;

/// How much of what peers did is left after a day.
const DAILY: f64 = 0.97;

/// Groups that are always there, in this order.
const FIXED: [&str; 4] = ["accounts without a stated role", "accounts of machines", "machines", "devices"];

/// What is normal among the entities of one group.
#[derive(Clone, Debug, Default)]
struct Group {
    name: String,
    rates: [Rate; THINGS],
    hours: Vec<f64>,
    ranks: Vec<Ranks>,
    /// By feature: the running hour or day, and how many members did more than usual in it.
    busy: [(u32, u32); FEATURES.len()],
}

/// All groups.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    groups: Vec<Group>,
}

impl Group {
    fn named(name: &str) -> Self {
        let ranks = vec![Ranks::default(); FEATURES.len()];
        Self {
            name: name.to_owned(),
            rates: [Rate::default(); THINGS],
            hours: vec![0.0; 48],
            ranks,
            busy: [(0, 0); FEATURES.len()],
        }
    }

    fn merge(&mut self, other: &Self) {
        for (rate, others) in self.rates.iter_mut().zip(&other.rates) {
            (rate.tries, rate.news) = (rate.tries + others.tries, rate.news + others.news);
        }
        self.hours.iter_mut().zip(&other.hours).for_each(|(hour, others)| *hour += others);
        self.ranks.iter_mut().zip(&other.ranks).for_each(|(ranks, others)| ranks.merge(others));
        for ((since, members), (other_since, others)) in self.busy.iter_mut().zip(other.busy) {
            match other_since.cmp(since) {
                Ordering::Greater => (*since, *members) = (other_since, others),
                Ordering::Equal => *members = members.saturating_add(others),
                Ordering::Less => {}
            }
        }
    }
}

impl Peers {
    pub(super) fn new() -> Self {
        Self { groups: FIXED.iter().map(|name| Group::named(name)).collect() }
    }

    /// The group of an entity: of its role where one is stated, by its kind else. Accounts whose name ends with `$` are those of machines in a Windows domain.
    pub(super) fn group_of(&mut self, kind: EntityKind, name: &str, role: Option<&str>) -> u8 {
        match (kind, role) {
            (EntityKind::Host, _) => 2,
            (EntityKind::Account, _) if name.ends_with('$') => 1,
            (EntityKind::Account, Some(role)) => self.of_role(role, 0),
            (EntityKind::Device, Some(role)) => self.of_role(role, 3),
            (EntityKind::Account, None) => 0,
            (EntityKind::Device, None) => 3,
        }
    }

    fn of_role(&mut self, role: &str, else_in: u8) -> u8 {
        let role = role.get(..ROLE_BYTES_MAX).unwrap_or(role);
        let place = self.groups.iter().position(|group| group.name == role).unwrap_or_else(|| {
            if self.groups.len() < GROUPS_MAX {
                self.groups.push(Group::named(role));
                self.groups.len() - 1
            } else {
                usize::from(else_in)
            }
        });
        u8::try_from(place).unwrap_or(else_in)
    }

    fn of(&self, group: u8) -> Option<&Group> {
        self.groups.get(usize::from(group))
    }

    /// What the group is called.
    pub(super) fn name(&self, group: u8) -> &str {
        self.of(group).map_or("", |group| &group.name)
    }

    /// How often something of a kind is new to its members.
    pub(super) fn rate(&self, group: u8, thing: Thing) -> Rate {
        self.of(group).and_then(|group| group.rates.get(thing as usize)).copied().unwrap_or_default()
    }

    /// Learns what a member's try added.
    pub(super) fn tried(&mut self, group: u8, thing: Thing, added: Rate) {
        let rates = self.groups.get_mut(usize::from(group)).and_then(|group| group.rates.get_mut(thing as usize));
        if let Some(rate) = rates {
            rate.tries += added.tries;
            rate.news += added.news;
        }
    }

    /// The share of its members' active hours that fall into an hour, and the largest share of any; one part in 24 each while little is known.
    pub(super) fn hour_share(&self, group: u8, of_week: usize) -> (f64, f64) {
        let Some(group) = self.of(group) else { return (1.0 / 24.0, 1.0 / 24.0) };
        let half = if of_week < 24 { group.hours.get(..24) } else { group.hours.get(24..) }.unwrap_or_default();
        let all: f64 = half.iter().sum();
        let share = |count: f64| (count + 1.0) / (all + 24.0);
        let most = half.iter().copied().fold(0.0, f64::max);
        (share(half.get(of_week % 24).copied().unwrap_or(0.0)), share(most))
    }

    /// Learns that a member was active.
    pub(super) fn is_active(&mut self, group: u8, at: Moment) {
        let hour = self.groups.get_mut(usize::from(group)).and_then(|group| group.hours.get_mut(at.of_week));
        hour.into_iter().for_each(|hour| *hour += 1.0);
    }

    /// How many values of its members reach this one, and how many there are.
    pub(super) fn reached(&self, group: u8, feature: Feature, value: f64) -> (f64, f64) {
        let ranks = self.of(group).and_then(|group| group.ranks.get(feature as usize));
        ranks.map_or((0.0, 0.0), |ranks| (ranks.tails(value).right, ranks.total()))
    }

    /// What 99 of 100 of its members' values do not pass; none before there are twenty.
    pub(super) fn most(&self, group: u8, feature: Feature) -> Option<f64> {
        let ranks = self.of(group).and_then(|group| group.ranks.get(feature as usize))?;
        if ranks.total() >= 20.0 { ranks.at(0.99) } else { None }
    }

    /// How many members did more than usual in an hour or day; one more from now on where `adds`.
    pub(super) fn busy(&mut self, group: u8, feature: Feature, period: u32, adds: bool) -> u32 {
        let busy = self.groups.get_mut(usize::from(group)).and_then(|group| group.busy.get_mut(feature as usize));
        let Some((since, members)) = busy else { return 0 };
        if period > *since {
            (*since, *members) = (period, 0);
        }
        *members = members.saturating_add(u32::from(adds));
        if period == *since { *members } else { 0 }
    }

    /// Learns a value of a member.
    pub(super) fn learn(&mut self, who: &Profile, feature: Feature, value: f64) {
        let ranks = self.groups.get_mut(usize::from(who.group)).and_then(|group| group.ranks.get_mut(feature as usize));
        ranks.into_iter().for_each(|ranks| ranks.insert(value));
    }

    /// A day has gone by.
    pub(super) fn age(&mut self) {
        for group in &mut self.groups {
            group.rates.iter_mut().for_each(|rate| (rate.tries, rate.news) = (rate.tries * DAILY, rate.news * DAILY));
            group.hours.iter_mut().for_each(|hour| *hour *= DAILY);
            group.ranks.iter_mut().for_each(|ranks| ranks.age(DAILY));
        }
    }

    /// Takes in other groups; gives the new number of each of the own and of each of the others. Groups of one name are one. Roles stand in the order of their names;
    /// of more than there is room for those stay whose members were active most, the others' go with those without a stated role.
    pub(super) fn merge(&mut self, other: Self) -> (Vec<u8>, Vec<u8>) {
        let names = self.merged_names(&other);
        let mut merged: Vec<Group> =
            FIXED.iter().copied().chain(names.iter().map(String::as_str)).map(Group::named).collect();
        let mut take = |groups: Vec<Group>| -> Vec<u8> {
            let mut numbers = Vec::with_capacity(groups.len());
            for group in groups {
                let place = merged.iter().position(|known| known.name == group.name).unwrap_or(0);
                merged.get_mut(place).into_iter().for_each(|known| known.merge(&group));
                numbers.push(u8::try_from(place).unwrap_or(0));
            }
            numbers
        };
        let (own, others) = (take(std::mem::take(&mut self.groups)), take(other.groups));
        self.groups = merged;
        (own, others)
    }

    /// The names of the roles that have a group after merging, in their order.
    fn merged_names(&self, other: &Self) -> Vec<String> {
        let roles = |peers: &Self| -> Vec<(String, f64)> {
            let active = |group: &Group| (group.name.clone(), group.hours.iter().sum());
            peers.groups.iter().skip(FIXED.len()).map(active).collect()
        };
        let mut all: BTreeMap<String, f64> = BTreeMap::new();
        for (name, active) in roles(self).into_iter().chain(roles(other)) {
            *all.entry(name).or_default() += active;
        }
        let mut by_active: Vec<(String, f64)> = all.into_iter().collect();
        by_active.sort_by(|one, two| two.1.total_cmp(&one.1).then_with(|| one.0.cmp(&two.0)));
        by_active.truncate(GROUPS_MAX - FIXED.len());
        let mut names: Vec<String> = by_active.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }

    /// Whether an entity that two say is in different groups is in the first of these: a role goes before none, then the names decide.
    pub(super) fn goes_before(&self, group: u8, other: u8) -> bool {
        let rank = |group: u8| (usize::from(group) < FIXED.len(), self.name(group));
        rank(group) < rank(other)
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let of = |group: &Group| size_of::<Group>() + 48 * 8 + group.ranks.iter().map(Ranks::bytes).sum::<usize>();
        self.groups.iter().map(of).sum()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        codec::put_len(out, self.groups.len());
        for group in &self.groups {
            codec::put_bytes(out, group.name.as_bytes());
            let rates = group.rates.iter().flat_map(|rate| [rate.tries, rate.news]);
            rates.chain(group.hours.iter().copied()).for_each(|number| codec::put_u64(out, number.to_bits()));
            group.ranks.iter().for_each(|ranks| ranks.write(out));
            group.busy.iter().for_each(|(since, members)| {
                codec::put_u64(out, u64::from(*since));
                codec::put_u64(out, u64::from(*members));
            });
        }
    }

    pub(super) fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let len = codec::take_len(from, 500).filter(|len| *len <= GROUPS_MAX).ok_or(Damaged("a number of groups"))?;
        let mut groups = Vec::with_capacity(len);
        for _ in 0..len {
            let name = codec::take_bytes(from).and_then(|name| str::from_utf8(name).ok());
            let mut group = Group::named(name.ok_or(Damaged("the name of a group"))?);
            for rate in &mut group.rates {
                *rate = Rate { tries: finite(from)?, news: finite(from)? };
            }
            for hour in &mut group.hours {
                *hour = finite(from)?;
            }
            for ranks in &mut group.ranks {
                *ranks = Ranks::read(from).ok_or(Damaged("the values of a group"))?;
            }
            for (since, members) in &mut group.busy {
                let whole = |from: &mut &[u8]| codec::take_u64(from).and_then(|number| u32::try_from(number).ok());
                let busy = whole(from).zip(whole(from));
                (*since, *members) = busy.ok_or(Damaged("a number of members"))?;
            }
            groups.push(group);
        }
        Ok(Self { groups })
    }
}
