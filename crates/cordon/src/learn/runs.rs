//! Each bench: read, judge, print.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use cordon_learn::eval::{self, Codes, EdgeList, EdgesPlan, Report, SequenceSets, SequencesPlan, TablesPlan};
use cordon_learn::tabular::Settings;
use serde_json::Value;

use super::table::Table;
use super::{ColumnsArgs, CommonArgs, EdgesArgs, LearnFormat, PrequentialArgs, SequencesArgs, TabularArgs, files};
use crate::Exit;
use crate::rules::print;

/// Longest sequence file in bytes.
const SEQUENCE_BYTES_MAX: u64 = 64 << 20;

pub(super) fn edges(args: &EdgesArgs) -> Result<Exit> {
    let about = || args.input.display().to_string();
    let list = EdgeList::read(files::open(&args.input)?, &args.normal).with_context(about)?;
    let budget = args.budget.unwrap_or_else(|| (list.edges.len() / 1_000).max(10));
    let report =
        eval::edges(&list, &EdgesPlan { seeds: seeds(&args.common), budget }, &mut clock()).with_context(about)?;
    show(&report, &args.common)
}

pub(super) fn tabular(args: &TabularArgs) -> Result<Exit> {
    let mut codes = Codes::default();
    let train = Table::read(&args.train)?;
    let test = args.test.as_deref().map(Table::read).transpose()?;
    let test = test.map(|test| test.ordered_as(&train)).transpose()?;
    ensure!(
        args.contamination.is_none() || test.is_some() || args.part.is_empty(),
        "--part names rows of the whole table, and --contamination without --test judges half of it: give one of both"
    );
    let headers = [Some(&train), test.as_ref()].into_iter().flatten().find(|table| table.has_header());
    let train_sheet = train.sheet(headers, &args.columns, &mut codes)?;
    let test_sheet = test.as_ref().map(|test| test.sheet(headers, &args.columns, &mut codes)).transpose()?;
    let judged = test.as_ref().unwrap_or(&train);
    let parts = args.part.iter().map(|condition| judged.part(headers, condition)).collect::<Result<Vec<_>>>()?;
    let mut plan = plan(&args.columns, &args.common);
    plan.contamination = args.contamination.map(|percent| percent / 100.0);
    let mut report = eval::tables(&train_sheet, test_sheet.as_ref(), &parts, &plan, &mut clock())?;
    report.notes.push(train.counts(&args.columns, headers, &args.train)?);
    if let (Some(test), Some(path)) = (&test, &args.test) {
        report.notes.push(test.counts(&args.columns, headers, path)?);
    }
    show(&report, &args.common)
}

pub(super) fn prequential(args: &PrequentialArgs) -> Result<Exit> {
    let table = Table::read(&args.input)?;
    let headers = Some(&table).filter(|table| table.has_header());
    let sheet = table.sheet(headers, &args.columns, &mut Codes::default())?;
    let plan = plan(&args.columns, &args.common);
    let mut report = eval::prequential(&sheet, args.shuffle, &plan, &mut clock())?;
    report.notes.push(table.counts(&args.columns, headers, &args.input)?);
    show(&report, &args.common)
}

pub(super) fn sequences(args: &SequencesArgs) -> Result<Exit> {
    let mut numbers = BTreeMap::new();
    let mut read = |path: &Path| folder(path, &mut numbers);
    let sets = SequenceSets { train: read(&args.train)?, normal: read(&args.normal)?, attack: read(&args.attack)? };
    let judged = sets.normal.len() + sets.attack.len();
    let plan = SequencesPlan {
        seeds: seeds(&args.common),
        budget: args.budget.unwrap_or((judged / 100).max(10)),
        alphabet: args.alphabet,
    };
    show(&eval::sequences(&sets, &plan, &mut clock())?, &args.common)
}

/// The sequences of all files below a folder, in the order of their paths. Symbols are numbered in the order of first appearance.
fn folder(path: &Path, numbers: &mut BTreeMap<String, u32>) -> Result<Vec<Vec<u32>>> {
    let mut sequences = Vec::new();
    for file in files::below(path)? {
        let text = files::text(&file, SEQUENCE_BYTES_MAX)?;
        let mut sequence = Vec::new();
        for symbol in text.split_whitespace() {
            let next = u32::try_from(numbers.len()).context("more symbols than have numbers")?;
            sequence.push(*numbers.entry(symbol.to_owned()).or_insert(next));
        }
        if sequence.is_empty() {
            bail!("{}: no symbol in it; a sequence is a file of symbols between blanks", file.display());
        }
        sequences.push(sequence);
    }
    ensure!(!sequences.is_empty(), "{}: no file in it", path.display());
    Ok(sequences)
}

fn plan(columns: &ColumnsArgs, common: &CommonArgs) -> TablesPlan {
    TablesPlan { seeds: seeds(common), budget: columns.budget, settings: Settings::default(), contamination: None }
}

pub(super) fn seeds(common: &CommonArgs) -> Vec<u64> {
    (1..=common.seeds).collect()
}

pub(super) fn show(report: &Report, common: &CommonArgs) -> Result<Exit> {
    let text = match common.format {
        LearnFormat::Json => format!("{}\n", serde_json::to_string_pretty(&with_base_rates(report)?)?),
        LearnFormat::Table => {
            let mut out = Vec::new();
            report.write_table(&mut out)?;
            String::from_utf8_lossy(&out).into_owned()
        }
    };
    print(&text)?;
    Ok(Exit::Clean)
}

/// The report as JSON; average precision is to be read beside the base rate, so each part says its own.
fn with_base_rates(report: &Report) -> Result<Value> {
    let mut value = serde_json::to_value(report)?;
    let parts = value.get_mut("sections").and_then(Value::as_array_mut);
    for (part, section) in parts.into_iter().flatten().zip(&report.sections) {
        if let Some(part) = part.as_object_mut() {
            part.insert("base_rate".to_owned(), section.base_rate().into());
        }
    }
    Ok(value)
}

/// Processor seconds of this thread, from the kernel's table of it; seconds that passed where there is none.
pub(super) fn clock() -> impl FnMut() -> f64 {
    let start = Instant::now();
    move || {
        let table = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let nanoseconds = table.split(' ').next().and_then(|field| field.parse::<f64>().ok());
        nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
    }
}
