//! Plans what happens besides the ordinary work: cases, one kind for each scenario, and look-alikes, which have the surface of a case and a reason.

mod conduct;
mod lookalike;
mod place;
mod planner;
mod proper;
mod related;
mod subject;
mod together;

use super::index::Index;
use super::options::{EhrOptions, SCENARIOS};
use super::row::{Block, Label, Tag};
use super::world::World;
use planner::Planner;

/// What was planned.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) blocks: Vec<Block>,
    pub(crate) cases: u32,
    pub(crate) lookalikes: u32,
}

/// How often one case is tried anew with other people before it is given up.
const TRIES: u32 = 400;

/// From so many cases of S5 on, some of them are one patient in the news.
const NEWS_CASES_MIN: u32 = 10;

/// Plans look-alikes, which add rows to the context, and then cases, which keep clear of all context.
pub(crate) fn plan(world: &mut World, options: &EhrOptions) -> Plan {
    let mut planner = Planner::new(world);
    let mut lookalikes = 0;
    for scenario in 1..=SCENARIOS {
        let wanted = options.plan.cases(scenario, options.staff, options.days) * options.plan.lookalikes(scenario);
        planner.tag = Tag { label: Label::Lookalike, case: 0, scenario };
        for _ in 0..wanted {
            lookalikes += u32::from((0..TRIES).any(|_| lookalike::plan(&mut planner, scenario).is_some()));
        }
    }
    let mut blocks = std::mem::take(&mut planner.blocks);
    let index = Index::new(&world.care, world.setting());
    world.index = index;
    let mut planner = Planner::new(world);
    let added = blocks.iter().filter(|block| block.tag.scenario == SCENARIOS);
    planner.spared = added.flat_map(|block| &block.visits).map(|visit| visit.encounter).collect();
    let mut cases = Vec::new();
    for scenario in 1..=SCENARIOS {
        let wanted = options.plan.cases(scenario, options.staff, options.days);
        for _ in 0..wanted {
            cases.push(scenario);
        }
    }
    planner.rng.shuffle(&mut cases);
    if options.plan.cases(5, options.staff, options.days) >= NEWS_CASES_MIN {
        subject::break_news(&mut planner);
    }
    let mut done = 0;
    for (number, scenario) in (1u32..).zip(cases) {
        planner.tag = Tag { label: Label::Case, case: number, scenario };
        done += u32::from((0..TRIES).any(|_| case(&mut planner, scenario).is_some()));
    }
    blocks.append(&mut planner.blocks);
    Plan { blocks, cases: done, lookalikes }
}

/// One case; nothing where the people drawn do not fit.
fn case(planner: &mut Planner<'_>, scenario: u8) -> Option<()> {
    match scenario {
        1 => related::family(planner),
        2 => related::neighbour(planner),
        3 => related::own_record(planner),
        4 => related::co_worker(planner),
        5 => subject::known_person(planner),
        6 => subject::deceased(planner),
        7 => subject::after_discharge(planner),
        8 => subject::other_department(planner),
        9 => conduct::break_glass(planner),
        10 => conduct::volume(planner),
        11 => conduct::sweep(planner),
        12 => conduct::search_then_look(planner),
        13 => place::odd_place(planner),
        14 => place::shared_account(planner),
        15 => place::leaver(planner),
        16 => conduct::carried_out(planner),
        17 => subject::sensitive_section(planner),
        18 => together::for_another(planner),
        19 => together::serial(planner),
        _ => together::tampering(planner),
    }
}
