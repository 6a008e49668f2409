//! The corpus: every record of evtx-attack-samples as a JSON line, flat or nested, shuffled by a seed and repeated.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Map, Value};

/// One file of rules.
pub struct RuleText {
    pub path: String,
    pub text: String,
}

/// A record in both shapes.
pub struct Record {
    pub flat: String,
    pub nested: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Flat,
    Nested,
}

fn files(root: &Path, ending: &str, found: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(root)?.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, ending, found)?;
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    Ok(())
}

/// The bytes of every EVTX sample.
pub fn evtx_files(data: &Path) -> Result<Vec<Vec<u8>>> {
    let mut paths = Vec::new();
    files(&data.join("evtx-attack-samples"), "evtx", &mut paths)?;
    paths.iter().map(|path| Ok(std::fs::read(path)?)).collect()
}

/// All rules under a folder of the outside rules.
pub fn rules(data: &Path, folder: &str) -> Result<Vec<RuleText>> {
    let mut paths = Vec::new();
    files(&data.join(folder), "yml", &mut paths)?;
    let read = |path: PathBuf| Ok(RuleText { text: std::fs::read_to_string(&path)?, path: path.display().to_string() });
    paths.into_iter().map(read).collect()
}

/// All records of the samples.
pub fn records(data: &Path) -> Result<Vec<Record>> {
    let mut paths = Vec::new();
    files(&data.join("evtx-attack-samples"), "evtx", &mut paths)?;
    let mut records = Vec::new();
    for path in paths {
        let Ok(mut parser) = evtx::EvtxParser::from_path(&path) else { continue };
        for record in parser.records_json_value().flatten() {
            records.push(Record { flat: flatten(&record.data).to_string(), nested: record.data.to_string() });
        }
    }
    Ok(records)
}

/// The record as flat exports write it: System and EventData fields at the top.
fn flatten(record: &Value) -> Value {
    let mut flat = Map::new();
    let system = &record["Event"]["System"];
    for (name, value) in system.as_object().into_iter().flatten() {
        match name.as_str() {
            "Provider" => drop(flat.insert("Provider_Name".into(), value["#attributes"]["Name"].clone())),
            "TimeCreated" => drop(flat.insert("SystemTime".into(), value["#attributes"]["SystemTime"].clone())),
            _ if value.is_object() => drop(flat.insert(name.clone(), value.get("#text").cloned().unwrap_or(Value::Null))),
            _ => drop(flat.insert(name.clone(), value.clone())),
        }
    }
    let data = [&record["Event"]["EventData"], &record["Event"]["UserData"]];
    for (name, value) in data.into_iter().filter_map(Value::as_object).flatten() {
        match value.as_object() {
            Some(inner) => inner.iter().filter(|(name, _)| *name != "#attributes").for_each(|(name, value)| drop(flat.insert(name.clone(), value.clone()))),
            None => drop(flat.insert(name.clone(), value.clone())),
        }
    }
    Value::Object(flat)
}

/// `count` lines: the records shuffled by the seed, as often as needed.
pub fn lines(records: &[Record], shape: Shape, count: usize, seed: u64) -> Vec<String> {
    let mut order: Vec<usize> = (0..records.len()).collect();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for at in (1..order.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        order.swap(at, (state % (at as u64 + 1)) as usize);
    }
    let text = |at: &usize| match shape {
        Shape::Flat => records[*at].flat.clone(),
        Shape::Nested => records[*at].nested.clone(),
    };
    order.iter().cycle().take(count).map(text).collect()
}
