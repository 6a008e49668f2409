//! Third walk: signs, and the rows without a reason.

use std::io;
use std::iter::Peekable;

use rustc_hash::FxHashSet;

use super::batch::Batch;
use super::hands::{Hands, Work};
use super::{Review, Walk};
use crate::scenario::{Id, Scenario, Seen, Sign, group};
use crate::trail::Trail;
use crate::world::World;

/// What the third walk gives.
pub(super) struct Judged {
    /// In the order in which they were given: by access, then by scenario.
    pub signs: Vec<Sign>,
    pub bare: FxHashSet<u32>,
}

/// Scenarios that look at each other's signs, and the signs they gave.
#[derive(Default)]
struct Group<'a> {
    scenarios: Vec<&'a mut Box<dyn Scenario>>,
    signs: Vec<Sign>,
    /// For each sign, the number of the access in the walk at which it was given.
    given_at: Vec<u32>,
}

impl Review {
    /// Third walk.
    pub(super) fn judge(
        &mut self,
        hands: &dyn Hands,
        trail: &mut dyn Trail,
        progress: &mut impl FnMut(Walk, u64),
    ) -> io::Result<Judged> {
        let world = &self.world;
        let mut groups = groups(&mut self.scenarios);
        let mut bare = FxHashSet::default();
        let (mut read, mut judged) = (Batch::default(), Batch::default());
        let mut count = 0_u32;
        trail.begin();
        read.read(trail)?;
        loop {
            (judged, read) = (read, judged);
            let judged = &judged;
            if judged.accesses.is_empty() {
                break;
            }
            let mut moved = Ok(());
            let mut works: Vec<Work<'_>> = vec![
                Box::new(|| moved = read.read(trail)),
                Box::new(|| {
                    let seen = judged.each().filter(Seen::has_no_reason);
                    bare.extend(seen.map(|seen| seen.access.row));
                }),
            ];
            works.extend(
                groups.iter_mut().map(|group| Box::new(move || group.judge(world, count, judged.each())) as Work<'_>),
            );
            hands.all(works);
            moved?;
            count = count.saturating_add(u32::try_from(judged.accesses.len()).unwrap_or(u32::MAX));
            progress(Walk::Judging, u64::from(count));
        }
        for group in &mut groups {
            group.end(world);
        }
        Ok(Judged { signs: joined(groups), bare })
    }
}

/// Scenarios apart, but for those that look at each other's signs.
fn groups(scenarios: &mut [Box<dyn Scenario>]) -> Vec<Group<'_>> {
    let mut groups: Vec<(Id, Group<'_>)> = Vec::new();
    for scenario in scenarios {
        let id = group(scenario.id());
        match groups.iter_mut().find(|(known, _)| *known == id) {
            Some((_, group)) => group.scenarios.push(scenario),
            None => groups.push((id, Group { scenarios: vec![scenario], ..Group::default() })),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

impl Group<'_> {
    fn judge<'a>(&mut self, world: &World, from: u32, accesses: impl Iterator<Item = Seen<'a>>) {
        for (number, seen) in (from..).zip(accesses) {
            for scenario in &mut self.scenarios {
                scenario.judge(world, &seen, &mut self.signs);
            }
            self.given_at.resize(self.signs.len(), number);
        }
    }

    fn end(&mut self, world: &World) {
        for scenario in &mut self.scenarios {
            scenario.end(world, &mut self.signs);
        }
        self.given_at.resize(self.signs.len(), u32::MAX);
    }
}

/// The signs of all groups in the order in which one hand gives them.
fn joined(groups: Vec<Group<'_>>) -> Vec<Sign> {
    let count = groups.iter().map(|group| group.signs.len()).sum();
    let mut heads: Vec<Peekable<_>> =
        groups.into_iter().map(|group| group.given_at.into_iter().zip(group.signs).peekable()).collect();
    let mut out = Vec::with_capacity(count);
    loop {
        let next = heads
            .iter_mut()
            .enumerate()
            .filter_map(|(place, head)| head.peek().map(|(at, sign)| (*at, sign.scenario, place)))
            .min();
        let Some((_, _, place)) = next else { return out };
        out.extend(heads.get_mut(place).and_then(Iterator::next).map(|(_, sign)| sign));
    }
}
