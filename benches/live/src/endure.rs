//! `live endure`: a node at full intake for a given time, and its memory all the while.
//!
//! What is read of the kernel: `VmRSS` (all resident pages), of these `RssAnon` (the node's own, which cannot be had back) and `RssFile` (pages of the program, which
//! can), and `VmHWM` (the highest `VmRSS` ever). The page cache of the files that the node writes is not in them.

use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Result, anyhow};

use crate::load::{self, Plan};
use crate::node::Node;
use crate::options::Options;
use crate::{proc, stream};

/// How often memory is read.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// The memory of a process at one moment.
#[derive(Clone, Copy)]
struct Sample {
    /// Seconds since the first.
    at: f64,
    /// MiB.
    all: f64,
    own: f64,
    program: f64,
}

pub fn endure(options: &Options) -> Result<()> {
    let kinds = stream::kinds(options)?;
    let dir: PathBuf = options.path("dir")?;
    let _ = fs::remove_dir_all(&dir);
    let node = Node::start(options, &dir)?;
    println!("ready after {:.2} s", node.ready_after);
    println!("{HEAD}");
    rest(options, &node, "at rest, nothing stored")?;
    let plan = Plan {
        address: &node.http,
        token: Some(&node.token),
        connections: options.or("connections", 4)?,
        seconds: options.or("seconds", 1_800.0)?,
        rate: options.or("rate", 0.0)?,
        seed: options.or("seed", 1)?,
    };
    let (cpu, events) = (node.cpu()?, node.metric("cordon_events_total")?);
    let (report, samples) = thread::scope(|scope| {
        let sending = scope.spawn(|| load::send(&kinds, &plan));
        let samples = watch(options, &node, || sending.is_finished());
        let report = sending.join().map_err(|_| anyhow!("the sender panicked"))?;
        anyhow::Ok((report?, samples?))
    })?;
    let behind = node.catch_up()?;
    let (cpu, events) = (node.cpu()? - cpu, node.metric("cordon_events_total")? - events);
    println!("\n{report}");
    println!("node: {events:.0} events judged, {behind:.1} s after the last was sent; {cpu:.1} s of processor time, {:.2} s per million events", cpu * 1e6 / events);
    print("under load", &samples);
    let half = samples.get(samples.len() / 2..).unwrap_or_default();
    println!("second half: {:+.0} MiB an hour of its own pages, {:+.0} of all", slope(half, |one| one.own), slope(half, |one| one.all));
    println!("highest ever: {} MiB", node.memory_mib()?.1);
    rest(options, &node, "at rest again")?;
    for (name, bytes) in node.disk()? {
        println!("  {name:20} {bytes:>14} bytes, {:>7.1} an event", bytes as f64 / events);
    }
    println!("stop in order: {:.2} s", node.stop()?);
    Ok(())
}

/// Leaves the node alone and says what it takes.
fn rest(options: &Options, node: &Node, when: &str) -> Result<()> {
    let seconds: f64 = options.or("rest-seconds", 60.0)?;
    let start = Instant::now();
    let samples = watch(options, node, || start.elapsed().as_secs_f64() >= seconds)?;
    print(when, samples.get(samples.len() / 2..).unwrap_or_default());
    Ok(())
}

const HEAD: &str = "  seconds   events/s       all MiB      own  program   open files   stored MiB";

/// Reads its memory until `ends`; prints a line now and then.
fn watch(options: &Options, node: &Node, ends: impl Fn() -> bool) -> Result<Vec<Sample>> {
    let every: f64 = options.or("every", 30.0)?;
    let (start, mut samples, mut printed, mut before) = (Instant::now(), Vec::new(), 0.0, node.metric("cordon_events_total")?);
    while !ends() {
        let at = start.elapsed().as_secs_f64();
        let sample = read(node, at)?;
        samples.push(sample);
        if at - printed >= every {
            let events = node.metric("cordon_events_total")?;
            let stored: u64 = node.disk()?.values().sum();
            let files = fs::read_dir(format!("/proc/{}/fd", node.child.id()))?.count();
            println!("{at:>9.0} {:>10.0} {:>13.0} {:>8.0} {:>8.0} {files:>12} {:>12}", (events - before) / (at - printed), sample.all, sample.own, sample.program, stored >> 20);
            (printed, before) = (at, events);
        }
        thread::sleep(SAMPLE_EVERY);
    }
    Ok(samples)
}

fn read(node: &Node, at: f64) -> Result<Sample> {
    let mib = |name| proc::status_kib(node.child.id(), name).map(|kib| kib as f64 / 1024.0);
    Ok(Sample { at, all: mib("VmRSS:")?, own: mib("RssAnon:")?, program: mib("RssFile:")? })
}

fn print(when: &str, samples: &[Sample]) {
    let all = sorted(samples, |one| one.all);
    let own = sorted(samples, |one| one.own);
    println!(
        "{when}: all {:.0} MiB in the median, {:.0} at most; its own {:.0}, {:.0}; {} samples",
        middle(&all),
        all.last().unwrap_or(&0.0),
        middle(&own),
        own.last().unwrap_or(&0.0),
        samples.len()
    );
}

fn sorted(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> Vec<f64> {
    let mut values: Vec<f64> = samples.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn middle(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// Growth in an hour: the line through the samples with the least squares.
fn slope(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> f64 {
    let count = samples.len() as f64;
    let (at, value) = (samples.iter().map(|one| one.at).sum::<f64>() / count, samples.iter().map(&of).sum::<f64>() / count);
    let (mut products, mut squares) = (0.0, 0.0);
    for one in samples {
        products += (one.at - at) * (of(one) - value);
        squares += (one.at - at).powi(2);
    }
    if squares > 0.0 { products / squares * 3_600.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_that_of_the_line_through_the_samples() {
        let sample = |at: u32, own: f64| Sample { at: f64::from(at), all: 500.0, own, program: 0.0 };
        let rising: Vec<Sample> = (0..100).map(|at| sample(at, 300.0 + f64::from(at) / 60.0)).collect();
        assert!((slope(&rising, |one| one.own) - 60.0).abs() < 1e-6);
        assert_eq!(slope(&rising, |one| one.all), 0.0);
        assert_eq!(slope(&[], |one| one.all), 0.0);
        assert_eq!(middle(&sorted(&rising, |one| one.own)), 300.0 + 50.0 / 60.0);
    }
}
