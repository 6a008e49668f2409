//! EVTX to findings: the sample files repeated, CPU time over 1, 5 and 10 times 20,000 records; the slope leaves start-up out.

use std::sync::Arc;

use anyhow::{Context, Result};
use cordon_decode::{DecodeOptions, Framed, formats};
use cordon_model::Time;

use crate::corpus::RuleText;
use crate::{cpu, ours};

/// One 64 KiB chunk and where it stood.
pub struct Chunk {
    pub offset: u64,
    pub bytes: Vec<u8>,
}

/// All chunks of the sample files.
fn chunks(files: &[Vec<u8>]) -> Result<Vec<Chunk>> {
    let options = Arc::new(DecodeOptions::new(Time(0)));
    let format = formats().iter().find(|format| format.name() == "evtx").context("no EVTX format")?;
    let mut found = Vec::new();
    for file in files {
        let (mut framer, mut at) = (format.framer(&options), 0);
        while at < file.len() {
            let next = match framer.next(&file[at..], true) {
                Framed::More => break,
                Framed::Unit { start, end, next } => {
                    found.push(Chunk { offset: (at + start) as u64, bytes: file[at + start..at + end].to_vec() });
                    next
                }
                Framed::Skip { next } | Framed::Header { next } | Framed::Fault { next, .. } => next,
            };
            at += next;
        }
    }
    Ok(found)
}

/// Prints CPU seconds per repetition and the slope.
pub fn run(rules: &[RuleText], files: &[Vec<u8>], rounds: usize) -> Result<()> {
    let chunks = chunks(files)?;
    let ours = ours::Contender::new(rules)?;
    let once = ours.find_in_chunks(&chunks, 1).0;
    let repeat = (20_000 / once.max(1)).max(1);
    println!("\nEVTX to findings, {} rules, {once} records a pass, {} bytes", rules.len(), files.iter().map(Vec::len).sum::<usize>());
    let mut medians = Vec::new();
    for times in [1, 5, 10] {
        let mut seconds: Vec<f64> = (0..rounds).map(|_| cpu(|| ours.find_in_chunks(&chunks, repeat * times))).collect();
        seconds.sort_by(f64::total_cmp);
        let median = seconds[seconds.len() / 2];
        println!("| {} records | {median:.3} s |", once * repeat * times);
        medians.push((once * repeat * times, median));
    }
    let ((first, start), (last, end)) = (medians[0], medians[2]);
    println!("slope: {:.0} events/s", (last - first) as f64 / (end - start));
    Ok(())
}
