//! A look at everything that a stopped node keeps, against the ledger of its senders.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cordon_policy::AccessScope;
use cordon_store::disk::Disk;
use cordon_store::evidence::{Evidence, EvidenceOptions, Kept};
use cordon_store::keys::{KeySource, Keys};
use cordon_store::query::{Queries, QueryLimits, QueryOptions, rows_to_json};
use cordon_store::state::{FindingFilter, State, StateOptions};
use cordon_store::tables::{Tables, TablesOptions};
use cordon_store::wal::{Wal, WalOptions};

use super::ledger::Ledger;
use super::parts::{ALL, ONE};

/// One event of the event tables.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) host: String,
    pub(crate) marker: String,
    pub(crate) position: u64,
}

/// Every event, from files and memory.
pub(crate) async fn rows(tables: &Tables) -> Result<Vec<Row>, String> {
    let spill = tempfile::tempdir().unwrap();
    let queries = Queries::new(tables.clone(), QueryOptions::spilling_to(spill.path().to_owned())).unwrap();
    let limits = QueryLimits { rows_max: None, time_max: Duration::from_secs(60) };
    let sql = "SELECT device_hostname, user_name, position FROM events";
    let mut result =
        queries.query(&AccessScope::of_the_node(), sql, limits).await.map_err(|error| error.to_string())?;
    let batches = result.collect().await.map_err(|error| error.to_string())?;
    let row = |row: serde_json::Map<String, serde_json::Value>| {
        let text = |name: &str| row.get(name).and_then(|text| text.as_str()).unwrap_or_default().to_owned();
        let position = row.get("position").and_then(serde_json::Value::as_u64).unwrap_or(u64::MAX);
        Row { host: text("device_hostname"), marker: text("user_name"), position }
    };
    let mut rows: Vec<Row> = batches.iter().flat_map(rows_to_json).map(row).collect();
    rows.sort();
    Ok(rows)
}

/// Findings by rule and by what they are about, with how many there are.
pub(crate) async fn findings(state: &State, rule_id: &str) -> BTreeMap<String, usize> {
    let (mut found, mut after) = (BTreeMap::new(), None::<String>);
    let filter = FindingFilter { rule_id: Some(rule_id.to_owned()), ..FindingFilter::default() };
    loop {
        let page = state.findings(&AccessScope::of_the_node(), &filter, after.as_deref(), 1_000).await.unwrap();
        for row in &page.rows {
            let about = if rule_id == ONE { &row.subjects.user } else { &row.subjects.host };
            *found.entry(about.as_deref().unwrap_or_default().to_owned()).or_default() += 1;
        }
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// Names what is wrong with the events: every acknowledged one is there, none twice, none that nobody sent.
pub(crate) fn compare(rows: &[Row], ledger: &Ledger, wrong: &mut Vec<String>) {
    let (mut seen, mut twice) = (BTreeSet::new(), 0);
    for row in rows {
        twice += usize::from(!seen.insert(row.marker.as_str()));
    }
    if twice > 0 {
        wrong.push(format!("{twice} events are there twice"));
    }
    let acknowledged = ledger.acknowledged.iter().filter_map(|host| ledger.sent.get(host)).flatten();
    let missing: Vec<&String> = acknowledged.filter(|marker| !seen.contains(marker.as_str())).collect();
    if !missing.is_empty() {
        wrong.push(format!("{} acknowledged events are missing, the first is {}", missing.len(), missing[0]));
    }
    let sent: BTreeSet<&String> = ledger.sent.values().flatten().collect();
    let strange = rows.iter().filter(|row| !sent.contains(&row.marker)).count();
    if strange > 0 {
        wrong.push(format!("{strange} events were never sent"));
    }
}

/// Everything that is wrong with a data folder of a stopped node, in words. `state` lies in `data_dir` on the disk of the machine, everything else on `disk`.
pub(crate) async fn look(disk: Arc<dyn Disk>, data_dir: &Path, ledger: &Ledger) -> Result<Vec<String>, String> {
    let mut wrong = Vec::new();
    let text = |what: &'static str| move |error: &dyn std::fmt::Debug| format!("{what} does not open: {error:?}");
    let tables = Tables::open(Arc::clone(&disk), &data_dir.join("tables"), TablesOptions::default()).await;
    let tables = tables.map_err(|error| text("event tables")(&error))?;
    let rows = rows(&tables).await?;
    compare(&rows, ledger, &mut wrong);
    let verified = tables.verify().await.map_err(|error| text("event tables")(&error))?;
    if !verified.faults.is_empty() || verified.rows != rows.len() as u64 {
        wrong.push(format!("event tables: {} rows were queried; {verified:?}", rows.len()));
    }
    let keys = Keys::open(Arc::clone(&disk), data_dir, &KeySource::File(data_dir.join("master.key")));
    let keys = Arc::new(keys.map_err(|error| text("keys")(&error))?);
    let (evidence_dir, of_evidence) = (data_dir.join("evidence"), Arc::clone(&keys));
    let evidence = Evidence::open(Arc::clone(&disk), &evidence_dir, of_evidence, EvidenceOptions::default());
    look_at_evidence(&evidence.map_err(|error| text("evidence")(&error))?, &rows, &mut wrong);
    let (wal, _) =
        Wal::open(disk, &data_dir.join("wal"), &keys, WalOptions::default()).map_err(|error| text("log")(&error))?;
    let report = wal.verify().map_err(|error| text("log")(&error))?;
    if !report.damaged.is_empty() {
        wrong.push(format!("log: {report:?}"));
    }
    let state = State::open(&data_dir.join("state.sqlite"), StateOptions::default()).await;
    let state = state.map_err(|error| text("state")(&error))?;
    look_at_findings(&state, &rows, ledger, &mut wrong).await;
    if let Err(error) = state.verify_audit().await {
        wrong.push(format!("audit: {error}"));
    }
    state.close().await;
    Ok(wrong)
}

/// Each event once: as many records as rows, and every delivery holds the records whose rows say that they stand there.
fn look_at_evidence(evidence: &Evidence, rows: &[Row], wrong: &mut Vec<String>) {
    match evidence.verify() {
        Ok(report) if report.faults.is_empty() && report.records == rows.len() as u64 => {}
        other => wrong.push(format!("evidence of {} events: {other:?}", rows.len())),
    }
    let mut by_host: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    rows.iter().for_each(|row| by_host.entry(&row.host).or_default().push(row));
    for (host, rows) in by_host {
        let first = rows.iter().map(|row| row.position).min().unwrap_or_default();
        let Ok(Kept::Here(entry)) = evidence.read(first) else {
            wrong.push(format!("evidence of {host} is not there"));
            continue;
        };
        let holds = |row: &&Row| {
            let start = usize::try_from(row.position.checked_sub(entry.offset)?).ok()?;
            let line = entry.delivery.bytes.get(start..)?;
            let line = line.split(|byte| *byte == b'\n').next()?;
            let word = format!("for {} from", row.marker);
            String::from_utf8_lossy(line).contains(&word).then_some(())
        };
        if !rows.iter().all(|row| holds(row).is_some()) {
            wrong.push(format!("evidence of {host} is not what its rows say"));
        }
    }
}

/// Each event was found once, and each acknowledged batch once.
async fn look_at_findings(state: &State, rows: &[Row], ledger: &Ledger, wrong: &mut Vec<String>) {
    let expected: BTreeMap<String, usize> = rows.iter().map(|row| (row.marker.clone(), 1)).collect();
    let found = findings(state, ONE).await;
    if found != expected {
        let missing = expected.keys().find(|marker| !found.contains_key(*marker));
        let other = found.iter().find(|(marker, count)| expected.get(*marker) != Some(*count));
        wrong.push(format!("{} events, {} found; missing: {missing:?}; odd: {other:?}", expected.len(), found.len()));
    }
    let found = findings(state, ALL).await;
    let unseen: Vec<&String> = ledger.decidable().filter(|host| !found.contains_key(*host)).collect();
    let odd: Vec<_> = found.iter().filter(|(host, count)| **count != 1 || !ledger.sent.contains_key(*host)).collect();
    if !unseen.is_empty() || !odd.is_empty() {
        wrong.push(format!("batches found: {}; not found: {unseen:?}; odd: {odd:?}", found.len()));
    }
}
