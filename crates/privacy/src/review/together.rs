//! First walk: first and last time, the reasons in the context, and who treats together in the first days.

use std::io;

use super::batch::Batch;
use super::hands::{Hands, Work};
use super::{Review, Walk};
use crate::explain::{Explained, Meetings, Notes, Shared, from_context};
use crate::form::days_before;
use crate::trail::{BATCH, Trail};
use crate::world::World;

/// Parts of a batch that are explained beside each other.
pub(super) const PARTS: usize = 4;

impl Review {
    /// First walk.
    pub(super) fn together(
        &self,
        hands: &dyn Hands,
        trail: &mut dyn Trail,
        progress: &mut impl FnMut(Walk, u64),
    ) -> io::Result<((i64, i64), Shared)> {
        let world = &self.world;
        let mut shared = Shared::new(world);
        let (mut count, mut first, mut last) = (0, None, 0);
        // one batch in each state: being read, looked up in the context, met, and what of it is noted of pairs
        let (mut read, mut looked_up, mut met) = (Batch::default(), Batch::default(), Batch::default());
        let mut notes = Notes::default();
        trail.begin();
        trail.next(&mut read.accesses)?;
        loop {
            (met, looked_up, read) = (looked_up, read, met);
            if met.accesses.is_empty() && looked_up.accesses.is_empty() && notes.iter().all(Vec::is_empty) {
                break;
            }
            first = first.or(looked_up.accesses.first().map(|access| access.time.at));
            last = looked_up.accesses.last().map_or(last, |access| access.time.at);
            count += looked_up.accesses.len() as u64;
            let until = first.unwrap_or(0) + days_before(world.settings.cotreat_days);
            let noted = std::mem::take(&mut notes);
            let mut moved = Ok(());
            let Shared { meetings, pairs } = &mut shared;
            let mut works: Vec<Work<'_>> = vec![
                Box::new(|| meet(meetings, &met, until, &mut notes)),
                Box::new(|| moved = trail.keep(&met.explained).and_then(|()| trail.next(&mut read.accesses))),
            ];
            works.extend(
                pairs
                    .iter_mut()
                    .zip(&noted)
                    .map(|(pairs, noted)| Box::new(move || noted.iter().for_each(|note| pairs.note(note))) as Work<'_>),
            );
            works.extend(look_up(world, &mut looked_up));
            hands.all(works);
            moved?;
            progress(Walk::Together, count);
        }
        Ok(((first.unwrap_or(0), last), shared))
    }
}

/// Looks for reasons in the context, part by part.
fn look_up<'a>(world: &'a World, batch: &'a mut Batch) -> impl Iterator<Item = Work<'a>> {
    let Batch { accesses, explained } = batch;
    explained.clear();
    explained.resize(accesses.len(), Explained::none(0));
    let part = BATCH.div_ceil(PARTS);
    accesses.chunks(part).zip(explained.chunks_mut(part)).map(move |(accesses, explained)| {
        Box::new(move || {
            for (access, explained) in accesses.iter().zip(explained) {
                *explained = from_context(world, access);
            }
        }) as Work<'a>
    })
}

/// Learns who opened which record, as far as it is learnt ahead.
fn meet(meetings: &mut Meetings, batch: &Batch, until: i64, notes: &mut Notes) {
    let learnt = batch.accesses.iter().zip(&batch.explained).take_while(|(access, _)| access.time.at <= until);
    for (access, explained) in learnt {
        meetings.meet(access, explained, &mut |shard, note| {
            if let Some(notes) = notes.get_mut(shard) {
                notes.push(note);
            }
        });
    }
}
