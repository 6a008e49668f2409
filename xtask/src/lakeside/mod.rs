//! Lakeside: renders the hospital of `fixtures/lakeside/` into the logs that its systems would have written. Comes in: the model, a seed, days. Goes out: files, the
//! same bytes for the same input. It knows nothing of rules and detectors, and no detector reads the model.

mod acts;
mod atna;
mod clock;
mod context;
mod csv;
mod devices;
mod fhir;
mod files;
mod firewalls;
mod hl7;
mod linux;
mod model;
mod nights;
mod out;
mod quiet;
mod random;
mod records;
mod scene;
mod story;
mod suricata;
#[cfg(test)]
mod tests;
mod web;
mod windows;
mod windows_other;
mod windows_security;
mod windows_services;
mod windows_sysmon;
mod zeek;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use cordon_model::Time;
use jiff::civil::Date;

use clock::SECOND;
use model::Model;
use out::Out;
use random::Random;
use scene::Scene;

/// Most days of one rendering; all of it is held in memory.
const DAYS_MAX: i64 = 14;
/// Events of a quiet day when none are stated.
const EVENTS_PER_DAY: u64 = 100_000;
/// First day when none is stated: a Monday, two days before the story.
const START: Date = jiff::civil::date(2026, 3, 16);
/// How the chore is called.
pub(crate) const USAGE: &str = "cargo xtask lakeside --out DIR [--context DIR] [--days N] [--seed S] [--start YYYY-MM-DD] [--story evening|none] [--events-per-day N] [--hours FROM-UNTIL]";

/// What to render.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    days: i64,
    seed: u64,
    start: Date,
    story: bool,
    events_per_day: u64,
    /// First hour and the hour before which writing ends, every day.
    hours: (i64, i64),
    out: PathBuf,
    /// Where the exports of the offices go; none are written without it.
    context: Option<PathBuf>,
}

impl Options {
    /// Reads the command line behind `lakeside`.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            days: 1,
            seed: 1,
            start: START,
            story: false,
            events_per_day: EVENTS_PER_DAY,
            hours: (0, 24),
            out: PathBuf::new(),
            context: None,
        };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let value = rest.next().with_context(|| format!("{name} needs a value\n{USAGE}"))?;
            options.set(name, value).with_context(|| format!("{name} {value}\n{USAGE}"))?;
        }
        ensure!(!options.out.as_os_str().is_empty(), "--out is missing\n{USAGE}");
        ensure!((1..=DAYS_MAX).contains(&options.days), "--days is 1 to {DAYS_MAX}");
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "--days" => self.days = value.parse()?,
            "--seed" => self.seed = value.parse()?,
            "--start" => self.start = value.parse()?,
            "--story" => self.story = value == "evening",
            "--events-per-day" => self.events_per_day = value.parse()?,
            "--hours" => {
                let (from, until) = value.split_once('-').context("hours are FROM-UNTIL")?;
                self.hours = (from.parse()?, until.parse()?);
            }
            "--out" => self.out = value.into(),
            "--context" => self.context = Some(value.into()),
            _ => bail!("unknown option"),
        }
        Ok(())
    }
}

/// The folder of the model in the repository.
fn model_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/lakeside")
}

/// Renders and writes the files, and says on `report` what was written.
pub(crate) fn run(options: &Options, report: &mut dyn Write) -> Result<()> {
    let model = Model::read(&model_folder())?;
    let rendered = render(&model, options)?;
    if let Some(folder) = &options.context {
        for (file, bytes) in context::files(&model, options.start, options.days)? {
            write(&folder.join(file), &bytes)?;
        }
    }
    for (file, bytes) in &rendered.files {
        write(&options.out.join(file), bytes)?;
        writeln!(report, "{:>9} events {:>11} bytes  {file}", rendered.counts.get(file).unwrap_or(&0), bytes.len())?;
    }
    let events: usize = rendered.counts.values().sum();
    let bytes: usize = rendered.files.values().map(Vec::len).sum();
    writeln!(report, "{events:>9} events {bytes:>11} bytes in {} files", rendered.files.len())?;
    if options.story {
        model.story.report(&rendered.files, report)?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("could not write {}", path.display()))
}

/// Files by name, and the number of events in each.
struct Rendered {
    files: BTreeMap<String, Vec<u8>>,
    counts: BTreeMap<String, usize>,
}

fn render(model: &Model, options: &Options) -> Result<Rendered> {
    let out = play(model, options)?;
    let counts = out.counts();
    Ok(Rendered { files: out.finish()?, counts })
}

/// Plays all days on one stage.
fn play(model: &Model, options: &Options) -> Result<Out> {
    let from = clock::midnight(options.start)?;
    let until = Time(from.0 + options.days * 86_400 * SECOND);
    let random = Random::stream(options.seed, "scene", 0);
    let mut scene = Scene { model, out: Out::new(from, until, options.hours), random, midnight: from, weekday: 0 };
    let mut told = false;
    for day in 0..options.days {
        let date = options.start.checked_add(jiff::Span::new().days(day))?;
        scene.midnight = clock::midnight(date)?;
        scene.weekday = i64::from(date.weekday().to_monday_zero_offset());
        quiet::day(&mut scene, options.seed, options.events_per_day)?;
        nights::day(&mut scene, options.seed)?;
        if options.story && date == model.story.date {
            model.story.play(&mut scene, options.seed)?;
            told = true;
        }
    }
    ensure!(told || !options.story, "the story is dated {}, which is not among the days", model.story.date);
    Ok(scene.out)
}
