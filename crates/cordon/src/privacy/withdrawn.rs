//! Cases of an earlier review that are none any more: late context has explained them, and that is said.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use cordon_privacy::Case;
use serde_json::{Value, json};

use super::told;

/// Writes `withdrawn.ndjson`: each earlier case that is gone, with what is known of its accesses now.
pub(super) fn write(previous: &Path, out: &Path, cases: &[Case]) -> Result<()> {
    let path = previous.join("cases.ndjson");
    let file = File::open(&path).with_context(|| format!("{}", path.display()))?;
    let mut gone = Vec::new();
    let mut rows: BTreeMap<u64, (String, String)> = BTreeMap::new();
    for line in BufReader::new(file).lines() {
        let case: Value = serde_json::from_str(&line?).with_context(|| format!("{}", path.display()))?;
        if cases.iter().any(|now| Some(now.case_id.as_str()) == case["case_id"].as_str()) {
            continue;
        }
        for row in case["access_rows"].as_array().into_iter().flatten().filter_map(Value::as_u64) {
            rows.insert(row, Default::default());
        }
        gone.push(case);
    }
    look_up(out, &mut rows)?;
    told::file(out, "withdrawn.ndjson", |to| {
        for case in &gone {
            serde_json::to_writer(&mut *to, &withdrawn(case, &rows))?;
            to.write_all(b"\n")?;
        }
        Ok(())
    })
}

/// Finds what the new explanations say of rows.
fn look_up(out: &Path, rows: &mut BTreeMap<u64, (String, String)>) -> Result<()> {
    let path = out.join("explanations.csv");
    let file = BufReader::new(File::open(&path).with_context(|| format!("{}", path.display()))?);
    for line in file.lines().skip(1) {
        let line = line?;
        let mut cells = line.splitn(3, ',');
        let row = cells.next().and_then(|row| row.parse().ok());
        if let Some(found) = row.and_then(|row: u64| rows.get_mut(&row)) {
            *found = (cells.next().unwrap_or_default().to_owned(), cells.next().unwrap_or_default().to_owned());
        }
    }
    Ok(())
}

fn withdrawn(case: &Value, rows: &BTreeMap<u64, (String, String)>) -> Value {
    let own = case["access_rows"].as_array().into_iter().flatten().filter_map(Value::as_u64);
    let now: Vec<Value> = own
        .filter_map(|row| {
            rows.get(&row).map(|(explanation, proof)| json!({"row": row, "explanation": explanation, "proof": proof}))
        })
        .collect();
    let explained = now.iter().filter(|row| row["explanation"] != "").count();
    let text = format!("withdrawn: {explained} of {} accesses have a reason now", now.len());
    json!({"case_id": case["case_id"], "user": case["user"], "text": text, "accesses": now})
}
