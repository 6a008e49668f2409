//! The test bench of scenarios: tables and accesses as text go in, the signs of one scenario come out as text.

use std::fmt::Write as _;

use crate::explain::{Episodes, Explained, Shared, from_context};
use crate::feed::late;
use crate::form::{Access, AccessNames, AccessReader, Moment, Table, days_before};
use crate::names::NONE;
use crate::scenario::gather::PART;
use crate::scenario::{Id, Scenario, Seen, Sign, all};
use crate::settings::Settings;
use crate::world::{Context, World};

/// A small hospital on paper.
pub(crate) struct Bench {
    settings: Settings,
    tables: Vec<(Table, String)>,
    accesses: String,
}

/// A time on the wall in Berlin's winter: minutes after Monday 2026-01-05 00:00.
pub(crate) fn clock(minutes: i64) -> String {
    Moment { at: 1_767_567_600_000 + minutes * 60_000, offset_minutes: 60 }.text()
}

/// The same with a day and an hour.
pub(crate) fn on(day: i64, hour: i64, minute: i64) -> String {
    clock((day * 24 + hour) * 60 + minute)
}

impl Bench {
    /// With accesses under these columns and nothing else yet.
    pub(crate) fn new(columns: &str) -> Self {
        Self { settings: Settings::default(), tables: Vec::new(), accesses: format!("{columns}\n") }
    }

    /// With other settings.
    pub(super) fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.settings);
        self
    }

    /// With a table: its first line and its rows.
    pub(crate) fn table(mut self, table: Table, text: impl Into<String>) -> Self {
        self.tables.push((table, text.into()));
        self
    }

    /// With so many staff of a role and department, `u1` and so on.
    pub(super) fn staff(self, count: usize, role: &str, department: &str) -> Self {
        let rows = (1..=count).map(|number| format!("u{number},{role},{department},2020-01-01\n"));
        let text = std::iter::once("user,role,department,employed_from\n".to_owned()).chain(rows).collect::<String>();
        self.table(Table::Staff, text)
    }

    /// One more access.
    pub(crate) fn access(&mut self, row: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.accesses, "{row}");
    }

    /// Several, as lines.
    pub(super) fn lines(mut self, rows: &str) -> Self {
        for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
            self.access(format_args!("{row}"));
        }
        self
    }

    /// The world and its accesses in order of time.
    pub(crate) fn read(&self) -> (World, Vec<Access>) {
        let mut context = Context::new(self.settings.clone());
        for (table, text) in &self.tables {
            context.read(*table, text.as_bytes(), |fault| panic!("{fault:?}")).unwrap();
        }
        let mut world = context.finish();
        let mut reader = AccessReader::open(self.accesses.as_bytes()).unwrap();
        let mut accesses = Vec::new();
        let mut names =
            AccessNames { users: &mut world.users, patients: &mut world.patient_ids, texts: &mut world.texts };
        while let Some(access) = reader.next(&mut names).unwrap() {
            accesses.push(access.unwrap_or_else(|fault| panic!("{fault:?}")));
        }
        accesses.sort_by_key(|access| (access.time.at, access.row));
        (world, accesses)
    }

    /// The signs of a scenario without their parts: `level user rows: sentence`.
    pub(super) fn signs(&self, scenario: u8) -> Vec<String> {
        let (world, scenarios, signs) = self.run();
        let own = scenarios.iter().find(|own| own.id() == Id(scenario)).unwrap();
        let signs = signs.iter().filter(|sign| sign.scenario == Id(scenario) && sign.level != PART);
        signs
            .map(|sign| {
                format!("{} {} {}: {}", sign.level, world.name_of(sign.user), rows(&sign.rows), own.tell(&world, sign))
            })
            .collect()
    }

    /// How many signs of each level a scenario gives to each user: `user:level`, in order and without repeats.
    pub(super) fn who(&self, scenario: u8) -> Vec<String> {
        let (world, _, signs) = self.run();
        let signs = signs.iter().filter(|sign| sign.scenario == Id(scenario) && sign.level != PART);
        let mut who: Vec<String> = signs.map(|sign| format!("{}:{}", world.name_of(sign.user), sign.level)).collect();
        who.sort();
        who.dedup();
        who
    }

    /// Walks as a review does.
    pub(super) fn run(&self) -> (World, Vec<Box<dyn Scenario>>, Vec<Sign>) {
        let (mut world, accesses) = self.read();
        let explained = explain(&mut world, &accesses);
        let mut scenarios = all();
        let signs = walk(&world, &mut scenarios, &accesses, &explained);
        (world, scenarios, signs)
    }
}

/// Explains accesses in order of time, as a review does.
pub(super) fn explain(world: &mut World, accesses: &[Access]) -> Vec<Explained> {
    world.span = (accesses.first().map_or(0, |first| first.time.at), accesses.last().map_or(0, |last| last.time.at));
    world.silences = world.feeds.silences(world.span.0, world.span.1);
    let mut shared = Shared::new(world);
    for access in
        accesses.iter().filter(|access| access.time.at - world.span.0 <= days_before(world.settings.cotreat_days))
    {
        shared.learn(access, &from_context(world, access));
    }
    let mut episodes = Episodes::default();
    let explain = |access: &Access| {
        let mut explained = from_context(world, access);
        shared.explain(world, access, &mut explained);
        episodes.explain(world, access, &mut explained);
        if explained.marks.is_empty() && access.patient != NONE {
            explained.late = late(world, access.user, access.time.at);
        }
        explained
    };
    accesses.iter().map(explain).collect()
}

/// Both walks of scenarios.
pub(super) fn walk(
    world: &World,
    scenarios: &mut [Box<dyn Scenario>],
    accesses: &[Access],
    explained: &[Explained],
) -> Vec<Sign> {
    let mut signs = Vec::new();
    for (access, explained) in accesses.iter().zip(explained) {
        scenarios.iter_mut().for_each(|scenario| scenario.learn(world, &Seen { access, explained }));
    }
    scenarios.iter_mut().for_each(|scenario| scenario.settle(world));
    for (access, explained) in accesses.iter().zip(explained) {
        scenarios.iter_mut().for_each(|scenario| scenario.judge(world, &Seen { access, explained }, &mut signs));
    }
    scenarios.iter_mut().for_each(|scenario| scenario.end(world, &mut signs));
    signs
}

/// Rows, many of them as first, last and count.
fn rows(rows: &[u32]) -> String {
    match rows {
        [first, .., last] if rows.len() > 4 => format!("[{first}..{last}, {}]", rows.len()),
        few => format!("{few:?}"),
    }
}
