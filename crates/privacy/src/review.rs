//! The review: explains every access, lets every scenario look at it, and makes cases of what is left.
//!
//! Three walks over the accesses in order of time. The first finds the reasons in the context and learns who treats together with whom, from the first 30 days
//! (`together`). The second finds the other reasons and lets the scenarios learn what is usual (`explaining`). The third lets them judge (`judging`). Nothing is kept of an
//! ordinary access but its reasons and counts. Each walk goes in batches, and while one batch is looked at the next is read: who does what stands in `hands`.

mod batch;
mod explaining;
mod hands;
mod judging;
mod tally;
#[cfg(test)]
mod tests;
mod together;

use std::io::{self, Read};

use serde::Serialize;

pub use self::hands::{Hands, OneHand, Work};
use self::judging::Judged;
use crate::case::{Case, Evidence, cases};
use crate::explain::Shared;
use crate::feed::Silence;
use crate::form::{Access, AccessNames, AccessReader, RowFault, SheetFault};
use crate::scenario::{Scenario, Seen, all};
use crate::score::Weights;
use crate::template::{self, Mined, Sample};
use crate::trail::Trail;
use crate::world::{Context, World};

/// A review with its context.
pub struct Review {
    world: World,
    scenarios: Vec<Box<dyn Scenario>>,
}

impl std::fmt::Debug for Review {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Review").finish_non_exhaustive()
    }
}

/// What a review found.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// Cases, best first.
    pub cases: Vec<Case>,
    /// How many of them somebody has the time to look at, if that is known.
    pub budget: Option<usize>,
    /// Counts of accesses.
    pub counts: Counts,
    /// Stretches in which a feed said too little.
    pub silences: Vec<Silence>,
}

impl Found {
    /// The best cases, as many as the budget has.
    pub fn within_budget(&self) -> &[Case] {
        self.budget.and_then(|most| self.cases.get(..most)).unwrap_or(&self.cases)
    }
}

/// Counts of accesses, by what was found of them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Counts {
    /// All that were read.
    pub accesses: u64,
    /// Those with a reason.
    pub explained: u64,
    /// By reason, E1 to E6, D and T; an access may have several.
    pub by_reason: [u64; 8],
    /// Those that cannot be judged yet, because a feed was silent.
    pub late: u64,
    /// Those that are about no record: searches, lists.
    pub about_nobody: u64,
    /// Those without a reason found in the data.
    pub no_reason: u64,
    /// Users with at least one access.
    pub users: u64,
    /// People in the staff list.
    pub staff: u64,
    /// Users at a record on a day, without a reason.
    pub visits_without_reason: u64,
    /// Days between the first and the last access, at least one.
    pub days: f64,
}

impl Counts {
    /// Cases that a budget has for the days and staff of the data, at least one; `budget` is a day's, for each 10,000 staff.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 1, and what is beyond the range is all of them"
    )]
    fn cases_of(&self, budget: f64) -> usize {
        let staff = f64::from(u32::try_from(self.staff.max(1)).unwrap_or(u32::MAX));
        (budget * self.days * staff / 10_000.0).ceil().max(1.0) as usize
    }
}

/// Which walk a review is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Who treats together with whom.
    Together,
    /// Why each record was opened.
    Explaining,
    /// What is left.
    Judging,
}

impl Review {
    /// A review in this context.
    pub fn new(context: Context) -> Self {
        Self { world: context.finish(), scenarios: all() }
    }

    /// The next access of a file: an access, or what is wrong with its row.
    ///
    /// # Errors
    /// When the bytes do not come.
    pub fn read<R: Read>(
        &mut self,
        reader: &mut AccessReader<R>,
    ) -> Result<Option<Result<Access, RowFault>>, SheetFault> {
        let world = &mut self.world;
        let names =
            &mut AccessNames { users: &mut world.users, patients: &mut world.patient_ids, texts: &mut world.texts };
        reader.next(names)
    }

    /// Reviews accesses with one hand. `progress` hears of every walk and how many accesses it has seen.
    ///
    /// # Errors
    /// When accesses that are kept outside memory cannot be read or written.
    pub fn run(&mut self, trail: &mut dyn Trail, progress: impl FnMut(Walk, u64)) -> io::Result<Found> {
        self.run_with(&OneHand, trail, progress)
    }

    /// The same with these hands: what is found does not depend on them.
    ///
    /// # Errors
    /// As [`Review::run`].
    pub fn run_with(
        &mut self,
        hands: &dyn Hands,
        trail: &mut dyn Trail,
        mut progress: impl FnMut(Walk, u64),
    ) -> io::Result<Found> {
        let mut shared = self.begin(hands, trail, &mut progress)?;
        let span = self.world.span;
        let tally = self.explain(hands, trail, &mut shared, &mut progress)?;
        drop(shared);
        let world = &self.world;
        hands.all(self.scenarios.iter_mut().map(|scenario| Box::new(|| scenario.settle(world)) as Work<'_>).collect());
        let Judged { signs, bare } = self.judge(hands, trail, &mut progress)?;
        let (visits, user_days) = (tally.visits(&self.world), tally.user_days(&self.world));
        let visit_count = visits.all();
        let weights = Weights::measure(&self.world, &self.scenarios, &signs, visits, user_days);
        let staff = self.world.employees.iter().flatten().count() as u64;
        let counts = Counts { staff, ..tally.counts(span) };
        let budget = self.world.settings.budget.map(|budget| counts.cases_of(budget));
        let evidence = Evidence { signs: &signs, bare: &bare };
        let cases = cases(&self.world, &self.scenarios, &evidence, &weights, visit_count, budget);
        Ok(Found { cases, budget, counts, silences: self.world.silences.clone() })
    }

    /// Mines templates from the accesses that [`Review::run`] went through and the trail kept: paths from people to patients that explain accesses without a reason, much
    /// more often than by chance. They explain nothing until their ids stand in [`crate::Settings::templates`]. `progress` hears how many accesses were seen.
    ///
    /// # Errors
    /// When accesses that are kept outside memory cannot be read.
    pub fn templates(&mut self, trail: &mut dyn Trail, mut progress: impl FnMut(u64)) -> io::Result<Mined> {
        let mut sample = Sample::new();
        let mut count = 0;
        trail.walk_explained(&mut |access, explained| {
            sample.see(&Seen { access, explained });
            count += 1;
            progress(count);
        })?;
        Ok(template::mine(&self.world, &sample))
    }

    /// Approved templates that explain nothing here, and why: their ids cannot be read, or they name what is nowhere in the data.
    pub fn refused_templates(&self) -> &[(String, &'static str)] {
        &self.world.approved.refused
    }

    /// What a review knows beside the accesses.
    pub(crate) const fn world(&self) -> &World {
        &self.world
    }

    /// First walk, and what follows from it: the period, and where feeds were silent in it. The trail keeps the reasons in the context.
    pub(crate) fn begin(
        &mut self,
        hands: &dyn Hands,
        trail: &mut dyn Trail,
        progress: &mut impl FnMut(Walk, u64),
    ) -> io::Result<Shared> {
        let (span, shared) = self.together(hands, trail, progress)?;
        self.world.span = span;
        self.world.silences = self.world.feeds.silences(span.0, span.1);
        Ok(shared)
    }
}
