//! The review: explains every access, lets every scenario look at it, and makes cases of what is left.
//!
//! Three walks over the accesses in order of time. The first learns who treats together with whom, from the first 30 days. The second explains each access and lets the
//! scenarios learn what is usual. The third lets them judge. Nothing is kept of an ordinary access but counts.

use std::io::{self, Read};

use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::case::{Case, Evidence, cases};
use crate::explain::{Absent, Episodes, Reason, Shared, from_context};
use crate::feed::{Feed, Silence, late};
use crate::form::{Access, AccessNames, AccessReader, RowFault, SheetFault, days_before};
use crate::names::NONE;
use crate::scenario::{Scenario, Seen, Sign, all};
use crate::score::{Spread, Weights};
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
    /// Counts of accesses.
    pub counts: Counts,
    /// Stretches in which a feed said too little.
    pub silences: Vec<Silence>,
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

    /// Reviews accesses. `progress` hears of every walk and how many accesses it has seen.
    ///
    /// # Errors
    /// When accesses that are kept outside memory cannot be read or written.
    pub fn run(&mut self, trail: &mut dyn Trail, mut progress: impl FnMut(Walk, u64)) -> io::Result<Found> {
        let mut shared = self.begin(trail, &mut progress)?;
        let span = self.world.span;
        let mut tally = Tally::default();
        self.explain(trail, &mut shared, &mut tally, &mut progress)?;
        drop(shared);
        for scenario in &mut self.scenarios {
            scenario.settle(&self.world);
        }
        let (signs, bare) = self.judge(trail, &mut progress)?;
        let (visits, user_days) = (tally.visits(&self.world), tally.user_days(&self.world));
        let visit_count = visits.all();
        let weights = Weights::measure(&self.world, &self.scenarios, &signs, visits, user_days);
        let cases =
            cases(&self.world, &self.scenarios, &Evidence { signs: &signs, bare: &bare }, &weights, visit_count);
        let staff = self.world.employees.iter().flatten().count() as u64;
        Ok(Found { cases, counts: Counts { staff, ..tally.counts(span) }, silences: self.world.silences.clone() })
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

    /// First walk, and what follows from it: the period, and where feeds were silent in it.
    pub(crate) fn begin(&mut self, trail: &mut dyn Trail, progress: &mut impl FnMut(Walk, u64)) -> io::Result<Shared> {
        let (span, shared) = self.together(trail, progress)?;
        self.world.span = span;
        self.world.silences = self.world.feeds.silences(span.0, span.1);
        Ok(shared)
    }

    /// First walk: first and last time, and who treats together in the first days.
    fn together(
        &self,
        trail: &mut dyn Trail,
        progress: &mut impl FnMut(Walk, u64),
    ) -> io::Result<((i64, i64), Shared)> {
        let mut shared = Shared::new(&self.world);
        let mut span: Option<(i64, i64)> = None;
        let mut count = 0;
        trail.walk(&mut |access| {
            count += 1;
            progress(Walk::Together, count);
            let (first, last) = span.get_or_insert((access.time.at, access.time.at));
            *last = access.time.at;
            if access.time.at - *first <= days_before(self.world.settings.cotreat_days) {
                shared.learn(access, &from_context(&self.world, access));
            }
        })?;
        Ok((span.unwrap_or((0, 0)), shared))
    }

    /// Second walk: reasons, and what is usual.
    fn explain(
        &mut self,
        trail: &mut dyn Trail,
        shared: &mut Shared,
        tally: &mut Tally,
        progress: &mut impl FnMut(Walk, u64),
    ) -> io::Result<()> {
        let (world, scenarios) = (&self.world, &mut self.scenarios);
        let learnt_until = world.span.0 + days_before(world.settings.cotreat_days);
        let mut episodes = Episodes::default();
        let mut absent = Absent::default();
        trail.explain(&mut |access| {
            let mut explained = from_context(world, access);
            if access.time.at > learnt_until {
                shared.learn(access, &explained);
            }
            shared.explain(world, access, &mut explained);
            episodes.explain(world, access, &mut explained);
            template::explain(world, access, &mut explained);
            let never_came = absent.could_explain(world, access);
            if explained.marks.is_empty() && access.patient != NONE {
                explained.late = late(world, access.user, access.time.at).or(never_came.then_some(Feed::Admissions));
            }
            let seen = Seen { access, explained: &explained };
            for scenario in scenarios.iter_mut() {
                scenario.learn(world, &seen);
            }
            tally.see(&seen);
            progress(Walk::Explaining, tally.counts.accesses);
            explained
        })
    }

    /// Third walk: signs, and the rows without a reason.
    fn judge(
        &mut self,
        trail: &mut dyn Trail,
        progress: &mut impl FnMut(Walk, u64),
    ) -> io::Result<(Vec<Sign>, FxHashSet<u32>)> {
        let (world, scenarios) = (&self.world, &mut self.scenarios);
        let (mut signs, mut bare) = (Vec::new(), FxHashSet::default());
        let mut count = 0;
        trail.walk_explained(&mut |access, explained| {
            let seen = Seen { access, explained };
            for scenario in scenarios.iter_mut() {
                scenario.judge(world, &seen, &mut signs);
            }
            if seen.has_no_reason() {
                bare.insert(access.row);
            }
            count += 1;
            progress(Walk::Judging, count);
        })?;
        for scenario in scenarios.iter_mut() {
            scenario.end(world, &mut signs);
        }
        Ok((signs, bare))
    }
}

/// Counts while walking.
#[derive(Default)]
struct Tally {
    counts: Counts,
    users: FxHashSet<u32>,
    visits: FxHashSet<(u32, u32, i64)>,
    user_days: FxHashSet<(u32, i64)>,
}

impl Tally {
    fn see(&mut self, seen: &Seen<'_>) {
        let (access, explained) = (seen.access, seen.explained);
        self.counts.accesses += 1;
        self.users.insert(access.user);
        self.user_days.insert((access.user, access.time.day()));
        for (count, reason) in self.counts.by_reason.iter_mut().zip(Reason::ALL) {
            *count += u64::from(explained.marks.has(reason));
        }
        match () {
            () if access.patient == NONE => self.counts.about_nobody += 1,
            () if !explained.marks.is_empty() => self.counts.explained += 1,
            () if explained.late.is_some() => self.counts.late += 1,
            () => {
                self.counts.no_reason += 1;
                self.visits.insert((access.user, access.patient, access.time.day()));
            }
        }
    }

    fn visits(&self, world: &World) -> Spread {
        self.visits.iter().fold(Spread::default(), |mut spread, (user, _, _)| {
            spread.add(world, *user);
            spread
        })
    }

    fn user_days(&self, world: &World) -> Spread {
        self.user_days.iter().fold(Spread::default(), |mut spread, (user, _)| {
            spread.add(world, *user);
            spread
        })
    }

    fn counts(self, span: (i64, i64)) -> Counts {
        let day = f64::from(i32::try_from(crate::form::DAY).unwrap_or(i32::MAX));
        let length = f64::from(i32::try_from((span.1 - span.0) / 1_000).unwrap_or(i32::MAX)) * 1_000.0;
        Counts {
            users: self.users.len() as u64,
            visits_without_reason: self.visits.len() as u64,
            days: (length / day).max(1.0),
            ..self.counts
        }
    }
}
