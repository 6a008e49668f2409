//! The stream: bodies of one kind each, in an order that keeps the shares of events, the same for a seed.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;

use crate::fresh::Fresh;
use crate::material::{self, Kind, RARE};
use crate::options::Options;

/// Bytes of a body at least.
pub const BODY_BYTES: usize = 256 << 10;

pub struct Stream<'k> {
    kinds: &'k [Kind],
    fresh: Fresh,
    /// Events given of each kind, and in all.
    given: Vec<u64>,
    total: u64,
}

/// What a body holds.
#[derive(Clone, Copy)]
pub struct Body<'k> {
    pub kind: &'k Kind,
    pub events: u64,
}

impl<'k> Stream<'k> {
    pub fn new(kinds: &'k [Kind], seed: u64) -> Self {
        Self { kinds, fresh: Fresh::new(seed), given: vec![0; kinds.len()], total: 0 }
    }

    /// Writes the next body into `to`.
    pub fn next(&mut self, bytes: usize, to: &mut Vec<u8>) -> Body<'k> {
        let behind = |at: usize| i128::from(self.kinds[at].share * self.total) - i128::from(self.given[at] * 1_000);
        let at = (0..self.kinds.len()).max_by_key(|at| (behind(*at), self.kinds[*at].share)).unwrap_or(0);
        let kind = &self.kinds[at];
        self.fresh.now();
        to.clear();
        to.extend_from_slice(&kind.header);
        let mut events = 0;
        while to.len() < bytes {
            let is_rare = !kind.rare.is_empty() && self.fresh.random.below(RARE) == 0;
            let templates = if is_rare { &kind.rare } else { &kind.templates };
            let template = self.fresh.random.below(templates.len());
            templates[template].write(&mut self.fresh, to);
            to.push(b'\n');
            events += 1;
        }
        self.given[at] += events;
        self.total += events;
        Body { kind, events }
    }
}

/// The kinds that the options name.
pub fn kinds(options: &Options) -> Result<Vec<Kind>> {
    let calm = options.text("calm").map(Path::new);
    material::kinds(&options.path("data")?, &options.path("lakeside")?, calm)
}

/// Writes the Windows records of the samples as they are, for a scan that tells which of them rules speak of.
pub fn windows(options: &Options) -> Result<()> {
    let mut lines = material::windows(&options.path("data")?)?.join("\n");
    lines.push('\n');
    Ok(fs::write(options.path("out")?, lines)?)
}

/// Writes S into files, one for each kind, and says what it consists of.
pub fn sample(options: &Options) -> Result<()> {
    let (kinds, out) = (kinds(options)?, options.path("out")?);
    let events: u64 = options.or("events", 200_000)?;
    let mut stream = Stream::new(&kinds, options.or("seed", 1)?);
    fs::create_dir_all(&out)?;
    let mut files: Vec<(File, u64, u64)> = Vec::new();
    for kind in &kinds {
        let mut file = File::create(out.join(format!("{}.{}.log", kind.name, kind.format)))?;
        file.write_all(&kind.header)?;
        files.push((file, 0, 0));
    }
    let mut body = Vec::new();
    while stream.total < events {
        let made = stream.next(8 << 10, &mut body);
        let at = kinds.iter().position(|kind| kind.name == made.kind.name).unwrap_or(0);
        let lines = &body[made.kind.header.len()..];
        files[at].0.write_all(lines)?;
        files[at].1 += made.events;
        files[at].2 += lines.len() as u64 - made.events;
    }
    let (count, bytes) = files.iter().fold((0, 0), |(count, bytes), file| (count + file.1, bytes + file.2));
    for (kind, (_, of_kind, of_bytes)) in kinds.iter().zip(&files) {
        let lengths: usize = kind.templates.iter().map(|template| template.len()).sum();
        println!(
            "{:16} {:5.1} % of events, mean {:5} B, made of {} lines (mean {} B)",
            kind.name,
            *of_kind as f64 * 100.0 / count as f64,
            of_bytes / (*of_kind).max(1),
            kind.templates.len(),
            lengths / kind.templates.len(),
        );
    }
    println!("S: {count} events, mean {} B", bytes / count.max(1));
    Ok(())
}
