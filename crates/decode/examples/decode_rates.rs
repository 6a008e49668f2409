//! Rates of decoding on one core, in processor time: EVTX files and the same records as JSON lines to fields, beside a bare sonic-rs walk of the same lines.
//! `cargo run --release -p cordon-decode --example decode_rates -- DIR` (DIR holds EVTX files, for example ../shared/data/evtx-attack-samples).

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cordon_decode::{DecodeOptions, Framed, Sink, Unit, detect_format};
use cordon_model::{Anomaly, Arena, Record, Time};
use sonic_rs::{JsonValueTrait, LazyValue};

/// Runs of each measurement; the median is printed.
const RUNS: usize = 7;

/// Bytes handed to a framer at once.
const BUFFER_BYTES: usize = 1 << 20;

#[derive(Default)]
struct Count {
    records: usize,
    fields: usize,
    faults: usize,
}

impl<'a> Sink<'a> for Count {
    fn record(&mut self, record: Record<'a>) {
        self.records += 1;
        self.fields += record.fields.len();
    }

    fn fault(&mut self, _offset: u64, _anomaly: Anomaly) {
        self.faults += 1;
    }
}

fn decode(input: &[u8], options: &Arc<DecodeOptions>, arena: &mut Arena, count: &mut Count) {
    let Some(format) = detect_format(input.get(..65_536).unwrap_or(input), input.len() <= 65_536) else { return };
    let mut framer = format.framer(options);
    let decoder = framer.decoder();
    let (mut at, mut have, mut since_reset) = (0, BUFFER_BYTES.min(input.len()), 0);
    while at < input.len() {
        let buffer = input.get(at..have).unwrap_or_default();
        let ended = have == input.len();
        if buffer.is_empty() {
            have = (have + BUFFER_BYTES).min(input.len());
            continue;
        }
        match framer.next(buffer, ended) {
            Framed::More if ended => break,
            Framed::More => have = (have + BUFFER_BYTES).min(input.len()),
            Framed::Unit { start, end, next } => {
                let bytes = buffer.get(start..end).unwrap_or_default();
                decoder.decode(Unit { offset: u64::try_from(at + start).unwrap_or(0), bytes }, arena, count);
                at += next;
                since_reset += bytes.len();
            }
            Framed::Skip { next } | Framed::Header { next } | Framed::Fault { next, .. } => at += next,
        }
        if since_reset > 256 << 10 {
            arena.reset();
            since_reset = 0;
        }
    }
}

fn bare_walk(lines: &[u8]) -> Count {
    let mut count = Count::default();
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        count.records += 1;
        count.fields += sonic_rs::to_object_iter(line).flatten().count();
    }
    count
}

/// The top-level walk of an event visits its one member; this one goes to the leaves, as a decoder must, with the same iterator.
fn walk_to_leaves(lines: &[u8]) -> Count {
    let mut count = Count::default();
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        count.records += 1;
        count.fields += sonic_rs::to_object_iter(line).flatten().map(|(_, value)| leaves(&value)).sum::<usize>();
    }
    count
}

fn leaves(value: &LazyValue<'_>) -> usize {
    if !value.is_object() {
        return 1;
    }
    sonic_rs::to_object_iter(value.as_raw_str()).flatten().map(|(_, inner)| leaves(&inner)).sum()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "evtx") {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}

/// Seconds this thread was on a processor: a busy machine does not change it much.
fn cpu_seconds() -> std::io::Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos: f64 = text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(f64::NAN);
    Ok(nanos / 1e9)
}

fn report(out: &mut dyn Write, name: &str, bytes: usize, mut run: impl FnMut() -> Count) -> std::io::Result<()> {
    let mut seconds = Vec::new();
    let mut count = Count::default();
    for _ in 0..RUNS {
        let start = cpu_seconds()?;
        count = run();
        seconds.push(cpu_seconds()? - start);
    }
    seconds.sort_by(f64::total_cmp);
    let median = seconds.get(RUNS / 2).copied().unwrap_or(f64::NAN);
    let events = f64::from(u32::try_from(count.records).unwrap_or(u32::MAX)) / median;
    let rate = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / median / 1e9;
    writeln!(
        out,
        "{name:24} {events:9.0} events/s  {rate:5.2} GB/s  {} records, {} fields, {} faults",
        count.records, count.fields, count.faults
    )
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: decode_rates DIR")?;
    let mut paths = Vec::new();
    files(Path::new(&folder), &mut paths)?;
    let contents = paths.iter().map(std::fs::read).collect::<Result<Vec<_>, _>>()?;
    let mut lines = Vec::new();
    for content in &contents {
        let mut parser = evtx::EvtxParser::from_buffer(content.clone())?;
        for record in parser.records_json() {
            lines.extend_from_slice(record?.data.as_bytes());
            lines.push(b'\n');
        }
    }
    let options = Arc::new(DecodeOptions::new(Time(0)));
    let mut out = std::io::stdout().lock();
    let mut arena = Arena::new();
    let evtx_bytes = contents.iter().map(Vec::len).sum();
    for _ in 0..2 {
        report(&mut out, "evtx to fields", evtx_bytes, || {
            let mut count = Count::default();
            contents.iter().for_each(|content| decode(content, &options, &mut arena, &mut count));
            count
        })?;
        report(&mut out, "json to fields", lines.len(), || {
            let mut count = Count::default();
            decode(&lines, &options, &mut arena, &mut count);
            count
        })?;
        report(&mut out, "bare sonic-rs walk", lines.len(), || bare_walk(&lines))?;
        report(&mut out, "sonic-rs walk to leaves", lines.len(), || walk_to_leaves(&lines))?;
    }
    Ok(())
}
