//! Measures the event tables on real logs: `cargo run --example measure_tables -- FOLDER EVENTS LOGS...`. Rows built a second on one core, time to flush and compact,
//! bytes an event, a look-up by id and facets of one column. Figures and machine: `docs/measurements/event-tables.md`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a measurement, run by hand"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use cordon_decode::{DecodeOptions, Framed, Sink, Unit, detect_format};
use cordon_model::{Anomaly, Arena, Event, Record, Time};
use cordon_normalize::{Normalizer, Origin};
use cordon_policy::AccessScope;
use cordon_seal::{SiteKey, digest, event_id};
use cordon_store::disk::FileDisk;
use cordon_store::query::filter::Filter;
use cordon_store::query::{Queries, QueryLimits, QueryOptions, SearchRequest};
use cordon_store::tables::{RowMeta, Rows, Tables, TablesOptions};

/// 2026-11-22T06:00:00Z.
const RECEIVED: Time = Time(1_795_327_200_000_000);
/// Events of one append.
const BATCH: usize = 4_096;
/// Units of one file that are taken.
const UNITS_MAX: usize = 2_000;

struct Taker<'a, 't> {
    normalizer: &'t Normalizer,
    arena: &'a Arena,
    events: &'t mut Vec<Event<'a>>,
    json_bytes: &'t mut usize,
}

impl<'a> Sink<'a> for Taker<'a, '_> {
    fn record(&mut self, record: Record<'a>) {
        let origin = Origin { source: "measured", received: RECEIVED };
        let event = self.normalizer.normalize(&record, origin, self.arena);
        let mut json = Vec::new();
        event.ocsf.write_json(&mut json);
        *self.json_bytes += json.len();
        self.events.push(event);
    }

    fn fault(&mut self, _: u64, _: Anomaly) {}
}

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_file() {
        found.push(path.to_owned());
        return;
    }
    let mut inside: Vec<PathBuf> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    inside.sort();
    inside.iter().for_each(|path| files(path, found));
}

fn decode<'a>(bytes: &'a [u8], arena: &'a Arena, options: &Arc<DecodeOptions>, taker: &mut Taker<'a, '_>) {
    let Some(format) = detect_format(bytes, true) else { return };
    let mut framer = format.framer(options);
    let (mut at, mut units) = (0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty() && units < UNITS_MAX) {
        at += match framer.next(rest, true) {
            Framed::More => break,
            Framed::Unit { start, end, next } => {
                units += 1;
                let unit = Unit { offset: at as u64, bytes: rest.get(start..end).unwrap() };
                framer.decoder().decode(unit, arena, taker);
                next
            }
            Framed::Skip { next } | Framed::Header { next } | Framed::Fault { next, .. } => next,
        };
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap());
    let wanted: usize = arguments.next().unwrap().parse().unwrap();
    let (arena, mut paths, mut json_bytes) = (Arena::new(), Vec::new(), 0);
    arguments.for_each(|path| files(Path::new(&path), &mut paths));
    let contents: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let options = Arc::new(DecodeOptions::new(RECEIVED));
    let normalizer =
        Normalizer::new(Arc::clone(&options.log_sources), SiteKey::of_scan(), Arc::clone(&options.csv_mappings));
    let mut events = Vec::new();
    for bytes in &contents {
        let mut taker =
            Taker { normalizer: &normalizer, arena: &arena, events: &mut events, json_bytes: &mut json_bytes };
        decode(bytes, &arena, &options, &mut taker);
    }
    println!("{} events of {} files, {} B each as OCSF JSON", events.len(), paths.len(), json_bytes / events.len());

    let tables = Tables::open(Arc::new(FileDisk), &folder.join("tables"), TablesOptions::default()).await.unwrap();
    let (mut position, mut building, mut appending) = (0_u64, 0.0, 0.0);
    let start = Instant::now();
    let mut rows = Rows::new();
    let known = events.len();
    let mut last_id = cordon_model::EventId([0; 16]);
    while (position as usize) < wanted {
        let metas: Vec<_> = (0..BATCH as u64)
            .map(|at| {
                let bytes = (position + at).to_be_bytes();
                (event_id("measured", cordon_model::Position::Offset(position + at), 0, &bytes), digest(&bytes))
            })
            .collect();
        let began = Instant::now();
        for (at, (id, sha)) in metas.iter().enumerate() {
            let event = events.get_mut((position as usize + at) % known).unwrap();
            // live events come over time: a millisecond apart
            event.time = Time(RECEIVED.0 + (position as i64 + at as i64) * 1_000);
            let meta = RowMeta {
                event_id: *id,
                record_sha256: *sha,
                site: "main",
                source: "measured",
                position: position + at as u64,
                index: 0,
            };
            rows.push(event, &meta);
            last_id = *id;
        }
        let built = rows.finish();
        building += began.elapsed().as_secs_f64();
        position += BATCH as u64;
        let began = Instant::now();
        tables.append(position, built).await.unwrap();
        if tables.hot_bytes() > 96 << 20 {
            tables.flush().await.unwrap();
        }
        appending += began.elapsed().as_secs_f64();
    }
    let began = Instant::now();
    tables.flush().await.unwrap();
    appending += began.elapsed().as_secs_f64();
    report(&tables, position, (building, appending), start);
    ask(&tables, &folder, last_id, "in flushed files").await;
    let began = Instant::now();
    let joined = tables.compact(30_000).await.unwrap();
    println!("compacted {} files into {} in {:.2} s", joined.0, joined.1, began.elapsed().as_secs_f64());
    let bytes: u64 = tables.counts().iter().map(|table| table.bytes).sum();
    println!("{:.1} B an event after compaction", bytes as f64 / position as f64);
    ask(&tables, &folder, last_id, "in compacted files").await;
}

/// What was written, and how fast.
fn report(tables: &Tables, position: u64, times: (f64, f64), start: Instant) {
    let counts = tables.counts();
    let bytes: u64 = counts.iter().map(|table| table.bytes).sum();
    let files: u64 = counts.iter().map(|table| table.files).sum();
    println!("built {:.0} rows/s; append and flush {:.0} rows/s", position as f64 / times.0, position as f64 / times.1);
    println!(
        "{position} events in {files} files, {:.1} B each, {:.1} s in all",
        bytes as f64 / position as f64,
        start.elapsed().as_secs_f64()
    );
    for table in counts.iter().filter(|table| table.rows > 0) {
        println!(
            "  {:<14} {:>8} events {:>7.1} B each",
            table.family.name(),
            table.rows,
            table.bytes as f64 / table.rows as f64
        );
    }
}

async fn ask(tables: &Tables, folder: &Path, id: cordon_model::EventId, which: &str) {
    let queries = Queries::new(tables.clone(), QueryOptions::spilling_to(folder.join("spill"))).unwrap();
    let node = AccessScope::of_the_node();
    let request =
        |filter: &str| SearchRequest { filter: Filter::parse(filter).unwrap(), now: RECEIVED, from: None, until: None };
    let limits = QueryLimits::default();
    for round in ["first", "again"] {
        let began = Instant::now();
        let page = queries.search(&node, &request(&format!("event:{id}")), None, 10, limits).await.unwrap();
        println!(
            "{which}, {round}: look-up by id {:.1} ms ({} found)",
            began.elapsed().as_secs_f64() * 1e3,
            page.rows.len()
        );
        let began = Instant::now();
        let facet = queries.facet(&node, &request(""), "activity_name", 10, limits).await.unwrap();
        println!(
            "{which}, {round}: facet of all {:.1} ms ({} values)",
            began.elapsed().as_secs_f64() * 1e3,
            facet.values.len()
        );
    }
}
