//! Event tables as an older version left them: without one of today's columns. A start of the node adds it, table by table.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use cordon_store::disk::{Disk, read_all};
use serde_json::Value;

/// A column that every table has, and that may be empty.
const COLUMN: &str = "disposition_id";
/// Largest entry of a log.
const BYTES_MAX: u64 = 64 << 20;

/// The entries of the log of one table, in order.
fn entries(disk: &dyn Disk, log: &Path) -> io::Result<Vec<PathBuf>> {
    let listed = match disk.list(log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let is_entry = |name: &str| name.len() == 25 && name.ends_with(".json");
    Ok(listed.into_iter().filter(|entry| is_entry(&entry.name)).map(|entry| log.join(entry.name)).collect())
}

/// What the log says last about the columns of its table.
fn metadata(disk: &dyn Disk, entries: &[PathBuf]) -> io::Result<Option<Value>> {
    for path in entries.iter().rev() {
        let text = read_all(disk, path, BYTES_MAX)?;
        let mut lines = text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        if let Some(mut action) = lines.find(|action| action.get("metaData").is_some()) {
            return Ok(Some(action["metaData"].take()));
        }
    }
    Ok(None)
}

fn schema(metadata: &Value) -> Value {
    serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap()
}

fn logs(disk: &dyn Disk, data_dir: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let tables = data_dir.join("tables");
    let listed = match disk.list(&tables) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let folders = listed.into_iter().filter(|entry| entry.is_dir);
    Ok(folders.map(|entry| (entry.name.clone(), tables.join(entry.name).join("_delta_log"))).collect())
}

/// Makes the tables of a stopped node older by a column, for sure. In how many tables.
pub(crate) fn age(disk: &dyn Disk, data_dir: &Path) -> io::Result<usize> {
    let mut aged = 0;
    for (_, log) in logs(disk, data_dir)? {
        let entries = entries(disk, &log)?;
        let Some(mut metadata) = metadata(disk, &entries)? else { continue };
        let mut schema = schema(&metadata);
        let fields = schema["fields"].as_array_mut().unwrap();
        let count = fields.len();
        fields.retain(|field| field["name"] != COLUMN);
        if fields.len() == count {
            continue;
        }
        metadata["schemaString"] = schema.to_string().into();
        let last = entries.last().and_then(|path| path.file_stem()?.to_str()?.parse::<u64>().ok()).unwrap();
        let path = log.join(format!("{:020}.json", last + 1));
        let mut file = disk.create(&path)?;
        file.append(serde_json::json!({"metaData": metadata}).to_string().as_bytes())?;
        file.sync()?;
        disk.sync_dir(&log)?;
        aged += 1;
    }
    Ok(aged)
}

/// The columns of every table, by the logs.
fn columns(disk: &dyn Disk, data_dir: &Path) -> io::Result<BTreeMap<String, BTreeSet<String>>> {
    let mut found = BTreeMap::new();
    for (table, log) in logs(disk, data_dir)? {
        let Some(metadata) = metadata(disk, &entries(disk, &log)?)? else { continue };
        let schema = schema(&metadata);
        let names = schema["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap().to_owned());
        found.insert(table, names.collect());
    }
    Ok(found)
}

/// Names the tables that lack the column.
pub(crate) fn check_columns(disk: &dyn Disk, data_dir: &Path, wrong: &mut Vec<String>) -> io::Result<()> {
    let columns = columns(disk, data_dir)?;
    let without: Vec<&String> =
        columns.iter().filter(|(_, names)| !names.contains(COLUMN)).map(|(name, _)| name).collect();
    if !without.is_empty() || columns.is_empty() {
        wrong.push(format!("of {} tables these lack the column that was added: {without:?}", columns.len()));
    }
    Ok(())
}
