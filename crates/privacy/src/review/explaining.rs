//! Second walk: the reasons that need a memory of earlier accesses, and what is usual.

use std::io;

use super::batch::Batch;
use super::hands::{Hands, Work};
use super::tally::Tally;
use super::together::PARTS;
use super::{Review, Walk};
use crate::explain::{Absent, Episodes, Shared};
use crate::feed::{Feed, late};
use crate::form::days_before;
use crate::names::NONE;
use crate::template;
use crate::trail::{BATCH, Trail};
use crate::world::World;

/// Whether all of a batch is of the days of which it was learnt ahead who treats together.
fn is_learnt(batch: &Batch, until: i64) -> bool {
    batch.accesses.last().is_none_or(|access| access.time.at <= until)
}

/// What is remembered of earlier accesses.
#[derive(Default)]
struct Memory {
    episodes: Episodes,
    absent: Absent,
}

impl Review {
    /// Second walk; its counts.
    pub(super) fn explain(
        &mut self,
        hands: &dyn Hands,
        trail: &mut dyn Trail,
        shared: &mut Shared,
        progress: &mut impl FnMut(Walk, u64),
    ) -> io::Result<Tally> {
        let (world, scenarios) = (&self.world, &mut self.scenarios);
        let until = world.span.0 + days_before(world.settings.cotreat_days);
        let (mut tally, mut memory, mut count) = (Tally::default(), Memory::default(), 0);
        // one batch in each state: being read, asked who treats together, put in order with what was before, learnt from
        let (mut read, mut asked, mut ordered, mut done) =
            (Batch::default(), Batch::default(), Batch::default(), Batch::default());
        trail.begin();
        read.read(trail)?;
        loop {
            (done, ordered, asked, read) = (ordered, asked, read, done);
            if asked.accesses.is_empty() && ordered.accesses.is_empty() && done.accesses.is_empty() {
                return Ok(tally);
            }
            count += done.accesses.len() as u64;
            let mut moved = Ok(());
            let mut works: Vec<Work<'_>> = Vec::new();
            let (memory, done, tally) = (&mut memory, &done, &mut tally);
            if is_learnt(&ordered, until) {
                works.push(Box::new(|| remember(world, memory, &mut ordered, None)));
                let asked_is_learnt = is_learnt(&asked, until);
                works.extend(asked_is_learnt.then(|| ask(world, shared, &mut asked)).into_iter().flatten());
            } else {
                // INVARIANT: what comes later is not of the days learnt ahead either, so that nobody asks `shared` meanwhile.
                works.push(Box::new(|| remember(world, memory, &mut ordered, Some((shared, until)))));
            }
            works.push(Box::new(|| moved = trail.keep(&done.explained).and_then(|()| read.read(trail))));
            works.extend(scenarios.iter_mut().map(|scenario| {
                Box::new(move || done.each().for_each(|seen| scenario.learn(world, &seen))) as Work<'_>
            }));
            works.push(Box::new(move || done.each().for_each(|seen| tally.see(&seen))));
            hands.all(works);
            moved?;
            progress(Walk::Explaining, count);
        }
    }
}

/// Looks for people who treat together, part by part.
fn ask<'a>(world: &'a World, shared: &'a Shared, batch: &'a mut Batch) -> impl Iterator<Item = Work<'a>> {
    let part = BATCH.div_ceil(PARTS);
    batch.accesses.chunks(part).zip(batch.explained.chunks_mut(part)).map(move |(accesses, explained)| {
        Box::new(move || {
            for (access, explained) in accesses.iter().zip(explained) {
                shared.explain(world, access, explained);
            }
        }) as Work<'a>
    })
}

/// Explains accesses by earlier ones. With `shared`, also by those who treat together, which is learnt from the accesses behind its time.
fn remember(world: &World, memory: &mut Memory, batch: &mut Batch, mut shared: Option<(&mut Shared, i64)>) {
    for (access, explained) in batch.accesses.iter().zip(&mut batch.explained) {
        if let Some((shared, until)) = &mut shared {
            if access.time.at > *until {
                shared.learn(access, explained);
            }
            shared.explain(world, access, explained);
        }
        memory.episodes.explain(world, access, explained);
        template::explain(world, access, explained);
        let never_came = memory.absent.could_explain(world, access);
        if explained.marks.is_empty() && access.patient != NONE {
            explained.late = late(world, access.user, access.time.at).or(never_came.then_some(Feed::Admissions));
        }
    }
}
