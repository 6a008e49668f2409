//! The fast path against the full scan on real records: every EVTX sample and regression log, every public rule. Both views are asked.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cordon_collect::{Limits, SourceInfo, Sources};
use cordon_decode::DecodeOptions;
use cordon_model::{Anomaly, Arena, Record, Time};
use cordon_node::{Stage, StreetOptions, walk};
use cordon_normalize::taxonomy;
use cordon_rules::parse::{Library, Options};
use cordon_rules::{Engine, Hit, Scratch, View};
use cordon_seal::SiteKey;

struct Compare {
    engine: Engine,
}

#[derive(Default)]
struct Seen {
    records: usize,
    hits: usize,
    differences: Vec<String>,
}

impl Compare {
    fn both<'a>(
        &self,
        record: &Record<'a>,
        view: View<'a>,
        arena: &'a Arena,
        scratch: &mut Scratch,
    ) -> (Vec<Hit>, Vec<Hit>) {
        let (mut fast, mut full) = (Vec::new(), Vec::new());
        self.engine.matches(record, view, arena, scratch, &mut fast);
        self.engine.evaluate_full_scan(record, view, arena, &mut full);
        (fast, full)
    }
}

impl Stage for Compare {
    type Scratch = Scratch;
    type Out = Seen;

    fn scratch(&self) -> Scratch {
        self.engine.scratch()
    }

    fn record<'a>(
        &self,
        record: &Record<'a>,
        source: &Arc<SourceInfo>,
        arena: &'a Arena,
        scratch: &mut Scratch,
        out: &mut Seen,
    ) {
        let healthcare = View::Taxonomy(taxonomy(record, &SiteKey::of_scan(), arena));
        for view in [View::Own, healthcare] {
            let (fast, full) = self.both(record, view, arena, scratch);
            out.hits += full.len();
            if fast != full {
                out.differences.push(format!("{} {}: fast {fast:?}, full {full:?}", source.id, record.raw.position));
            }
        }
        out.records += 1;
    }

    fn fault(&self, _: &Arc<SourceInfo>, _: u64, _: Anomaly, _: &mut Seen) {}
}

fn rules(folder: &Path, found: &mut Vec<(String, String)>) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            rules(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn compare(rule_folder: &Path, inputs: &[PathBuf]) -> Seen {
    let mut texts = Vec::new();
    rules(rule_folder, &mut texts);
    let library = Library::load(texts, &Options::default());
    let decode = DecodeOptions::new(Time(0));
    let (engine, refused) = Engine::compile(&library.rules, &decode.log_sources);
    assert_eq!(refused, []);
    let sources = Sources::new(inputs, Limits::default(), Time(0));
    let options = StreetOptions { decode, threads: 2, from: None, to: None, count_times: false };
    let mut all = Seen::default();
    let walked =
        walk(sources, &options, &Compare { engine }, &Default::default(), |seen: Seen| -> Result<(), String> {
            all.records += seen.records;
            all.hits += seen.hits;
            all.differences.extend(seen.differences);
            Ok(())
        });
    walked.unwrap();
    all
}

#[test]
fn the_fast_path_finds_what_the_full_scan_finds_on_every_outside_log() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !data.is_dir() {
        eprintln!("*** ../shared/data IS ABSENT: fast path and full scan were not compared on outside logs ***");
        return;
    }
    let inputs = ["evtx-attack-samples", "sigma-regression", "zeek", "hl7v2", "health"].map(|folder| data.join(folder));
    let seen = compare(&data.join("sigma"), &inputs);
    eprintln!("{} records, {} hits by the full scan, {} differences", seen.records, seen.hits, seen.differences.len());
    assert_eq!(seen.differences, Vec::<String>::new());
    assert!(seen.records > 9_000 && seen.hits > 1_000, "{} records, {} hits", seen.records, seen.hits);
}

#[test]
fn the_fast_path_finds_what_the_full_scan_finds_with_our_own_pack_on_lakesides_evening() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let seen = compare(&root.join("rules"), &[root.join("fixtures/lakeside/evening")]);
    assert_eq!(seen.differences, Vec::<String>::new());
    assert!(seen.records > 2_000 && seen.hits > 10, "{} records, {} hits", seen.records, seen.hits);
}
