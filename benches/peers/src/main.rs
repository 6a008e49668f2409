//! Cordon against its peers and against the physical limit, in one run: CPU time of one thread, paired rounds, match sets compared first.
//!
//! `cargo run --release -- [--data DIR] [--events N] [--rounds N] [--without-peer] [--differences] [--spin TIMES]`; results are printed as a table in Markdown.

mod corpus;
mod differences;
mod evtx_slope;
mod ours;
mod peer;
mod scaling;
mod walk;

use std::path::PathBuf;

use anyhow::{Context, Result};

/// What to run.
pub struct Options {
    data: PathBuf,
    events: usize,
    rounds: usize,
    peer: bool,
    differences: bool,
    /// Does nothing but the way to findings, so often: for a profiler.
    spin: usize,
}

fn options() -> Result<Options> {
    let mut options = Options { data: PathBuf::from("../../../shared/data"), events: 200_000, rounds: 5, peer: true, differences: false, spin: 0 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} needs a value"));
        match word.as_str() {
            "--data" => options.data = value()?.into(),
            "--events" => options.events = value()?.parse()?,
            "--rounds" => options.rounds = value()?.parse()?,
            "--without-peer" => options.peer = false,
            "--differences" => options.differences = true,
            "--spin" => options.spin = value()?.parse()?,
            other => anyhow::bail!("unknown option {other}"),
        }
    }
    Ok(options)
}

/// CPU seconds of each round of one contender.
struct Series {
    name: &'static str,
    seconds: Vec<f64>,
}

impl Series {
    fn median(&self) -> f64 {
        let mut sorted = self.seconds.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

fn main() -> Result<()> {
    let options = options()?;
    let rules = corpus::rules(&options.data, "sigma/rules/windows")?;
    let records = corpus::records(&options.data)?;
    println!("corpus: {} records of evtx-attack-samples, {} Windows rules", records.len(), rules.len());
    if options.differences {
        return differences::list(&rules, &records);
    }
    if options.spin > 0 {
        let (contender, lines) = (ours::Contender::new(&rules)?, corpus::lines(&records, corpus::Shape::Flat, options.events, 1));
        for _ in 0..options.spin {
            println!("decode {:.3} s, to findings {:.3} s", cpu(|| contender.decode(&lines)), cpu(|| contender.find(&lines)));
        }
        return Ok(());
    }
    for shape in [corpus::Shape::Flat, corpus::Shape::Nested] {
        for seed in 1..=2 {
            run(&options, &rules, &records, shape, seed)?;
        }
    }
    scaling::run(&rules, &corpus::lines(&records, corpus::Shape::Flat, options.events, 1), options.rounds)?;
    // the two rules that need values for their placeholders are left to the checker
    let all: Vec<_> = corpus::rules(&options.data, "sigma")?.into_iter().filter(|rule| !rule.text.contains("|expand")).collect();
    evtx_slope::run(&all, &corpus::evtx_files(&options.data)?, options.rounds)
}

fn run(options: &Options, rules: &[corpus::RuleText], records: &[corpus::Record], shape: corpus::Shape, seed: u64) -> Result<()> {
    let lines = corpus::lines(records, shape, options.events, seed);
    let bytes: usize = lines.iter().map(String::len).sum();
    let ours = ours::Contender::new(rules)?;
    let peer = (options.peer && shape == corpus::Shape::Flat).then(|| peer::Contender::new(rules)).transpose()?;
    let sources = ours.log_sources(&lines);
    let mut top = series("walk, top level (sonic-rs checked lazy)");
    let (mut walk, mut decode, mut findings, mut theirs) =
        (series("walk, to the leaves (sonic-rs checked lazy)"), series("decode only"), series("cordon: to findings"), series("rsigma-eval 0.23"));
    for round in 0..options.rounds {
        top.seconds.push(cpu(|| walk::top(&lines)));
        walk.seconds.push(cpu(|| walk::walk(&lines)));
        decode.seconds.push(cpu(|| ours.decode(&lines)));
        findings.seconds.push(cpu(|| ours.find(&lines)));
        if let Some(peer) = peer.as_ref().filter(|_| round < 2) {
            theirs.seconds.push(cpu(|| peer.find(&lines, &sources)));
        }
    }
    println!("\n{shape:?} seed {seed}: {} lines, {bytes} bytes, {} matches", lines.len(), ours.find(&lines));
    for series in [&top, &walk, &decode, &findings, &theirs].into_iter().filter(|series| !series.seconds.is_empty()) {
        let seconds = series.median();
        let rate = lines.len() as f64 / seconds;
        println!("| {} | {:.3} s | {:.0} ev/s | {:.3} GB/s | {:.1} % of the top-level walk |", series.name, seconds, rate, bytes as f64 / seconds / 1e9, 100.0 * top.median() / seconds);
    }
    Ok(())
}

fn series(name: &'static str) -> Series {
    Series { name, seconds: Vec::new() }
}

fn cpu<T>(work: impl FnOnce() -> T) -> f64 {
    let start = cpu_time::ThreadTime::now();
    std::hint::black_box(work());
    start.elapsed().as_secs_f64()
}
