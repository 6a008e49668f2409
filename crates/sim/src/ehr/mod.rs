//! A simulated hospital: builds the world, plans cases and look-alikes, walks through the month, and writes the files.

mod access;
mod care;
mod cases;
mod chart;
mod context;
mod hospital;
mod ids;
mod index;
mod names;
mod options;
mod people;
mod requests;
mod roster;
mod row;
mod visit;
mod walk;
mod world;

#[cfg(test)]
pub(crate) mod tests;

pub use context::CreateFile;
pub use options::{CasePlan, EhrOptions, SCENARIOS, SimError};

use access::AccessWriter;
use care::{Maker, Setting};
use context::ContextWriter;
use hospital::Hospital;
use ids::Ids;
use index::Index;
use people::People;
use roster::Roster;
use walk::Walker;
use world::World;

use crate::clock::Clock;

/// Where a simulation stands.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Days done.
    pub day: i64,
    /// Days asked for.
    pub days: i64,
    /// Rows of accesses.csv so far.
    pub rows: u64,
}

/// What a simulation made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Rows of accesses.csv.
    pub rows: u64,
    /// Cases.
    pub cases: u32,
    /// Look-alikes.
    pub lookalikes: u32,
}

/// Simulates and writes the ten files of the contract and labels.csv through `create`.
///
/// # Errors
/// `SimError::Option` where an option is out of range, `SimError::File` where a file cannot be created or written.
pub fn simulate(
    options: &EhrOptions,
    create: &mut CreateFile<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Made, SimError> {
    options.check()?;
    let mut world = build(options);
    let plan = cases::plan(&mut world, options);
    let ids = Ids::new(&world);
    ContextWriter::new(&world, &ids).write(create)?;
    let mut writer = AccessWriter::new(&world, &ids, create)?;
    let mut walker = Walker::new(&world, options.accesses_per_staff_day, plan.blocks);
    for day in -roster::DAYS_BEFORE..options.days {
        for row in walker.day(day).iter().filter(|row| row.time >= world.begin() && row.time < world.end()) {
            writer.row(row)?;
        }
        progress(Progress { day: day + 1, days: options.days, rows: writer.rows });
    }
    writer.flush()?;
    Ok(Made { rows: writer.rows, cases: plan.cases, lookalikes: plan.lookalikes })
}

fn build(options: &EhrOptions) -> World {
    let clock = Clock::new(options.start);
    let mut hospital = Hospital::new(options.staff);
    let leavers = 2 * options.plan.cases(15, options.staff, options.days) + options.staff / 150 + 2;
    let people = People::new(options.seed, &clock, options.days, &mut hospital, (options.patients, leavers));
    let roster = Roster::new(options.seed, &clock, options.days, &hospital, &people);
    let setting = Setting {
        clock: &clock,
        hospital: &hospital,
        people: &people,
        roster: &roster,
        days: options.days,
        seed: options.seed,
    };
    let care = Maker::new(setting).run();
    let index = Index::new(&care, setting);
    World { clock, hospital, people, roster, care, index, days: options.days, seed: options.seed }
}
