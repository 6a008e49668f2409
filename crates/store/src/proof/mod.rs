//! The proof of a whole store: each part by itself, and the parts against each other.
//!
//! Comes in: a log, evidence, event tables and a state that are open, of a running node or of one that has stopped. Goes out: what was counted and what is not as it was
//! written, by the name of the part and of the file. It changes nothing and knows no format of a record. What is checked: `docs/specs/backup.md`.

mod across;
mod cited;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::disk::{FileDisk, LookDisk};
use crate::evidence::{Evidence, EvidenceOptions};
use crate::keys::Keys;
use crate::state::{SCHEMA_VERSION, State, StateOptions};
use crate::tables::{Family, Tables, TablesOptions};
use crate::wal::{Wal, WalOptions};

/// Most faults that are listed one by one; more are counted.
pub const FAULTS_MAX: usize = 100;

/// Names of the parts.
const LOG: &str = "log";
const EVIDENCE: &str = "evidence";
const TABLES: &str = "tables";
const STATE: &str = "state";
const ACROSS: &str = "across";

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The part: `log`, `evidence`, `tables`, `state`, or `across` them.
    pub part: &'static str,
    /// What, with the file or offset; holds nothing of a record.
    pub says: String,
}

/// What was counted and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Counts; each name begins with that of its part.
    pub counts: BTreeMap<&'static str, u64>,
    /// The first [`FAULTS_MAX`].
    pub faults: Vec<Fault>,
    /// How many there are.
    pub faults_total: u64,
    /// What whoever reads this should know and what is no fault.
    pub notes: Vec<String>,
    /// Whether somebody asked to end before everything was read.
    pub is_cut_short: bool,
}

/// How far a proof is, and whether it is to go on. Clones share it.
#[derive(Clone)]
pub struct Watch {
    done: Arc<AtomicU64>,
    total: Arc<AtomicU64>,
    tell: Arc<Tell>,
}

/// Told bytes read and bytes in all; says whether to go on.
type Tell = dyn Fn(u64, u64) -> bool + Send + Sync;

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("done", &self.done).finish_non_exhaustive()
    }
}

impl Watch {
    /// Told bytes read and bytes in all now and then; says whether to go on.
    pub fn new(tell: impl Fn(u64, u64) -> bool + Send + Sync + 'static) -> Self {
        Self { done: Arc::default(), total: Arc::default(), tell: Arc::new(tell) }
    }

    fn add(&self, bytes: u64) -> bool {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        (self.tell)(done, self.total.load(Ordering::Relaxed).max(done))
    }
}

/// The parts of a store that could be opened.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// The log.
    pub wal: Option<Arc<Wal>>,
    /// The evidence.
    pub evidence: Option<Arc<Evidence>>,
    /// The event tables.
    pub tables: Option<Tables>,
    /// The state.
    pub state: Option<State>,
}

impl Proof {
    /// Whether everything was read and nothing is wrong.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.faults_total == 0 && !self.is_cut_short
    }

    fn fault(&mut self, part: &'static str, says: impl Into<String>) {
        self.faults_total += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { part, says: says.into() });
        }
    }

    fn count(&mut self, name: &'static str, count: u64) {
        *self.counts.entry(name).or_default() += count;
    }
}

/// Opens the store of a node that is stopped without changing it, and proves it. What cannot be opened is a fault.
pub async fn prove_stopped(dir: &Path, keys: &Arc<Keys>, watch: &Watch) -> Proof {
    let (look, mut proof) = (LookDisk::new(Arc::new(FileDisk)), Proof::default());
    let parts = open(dir, &look, keys, &mut proof).await;
    let ends = match (&parts.evidence, &parts.wal) {
        (Some(evidence), Some(wal)) => Some((evidence.applied(), wal.durable())),
        _ => None,
    };
    if let (Some(tables), Some((evidence, end))) = (&parts.tables, ends) {
        for (sink, applied) in [("the evidence", evidence), ("the event tables", tables.applied())] {
            if applied > end {
                proof.fault(
                    LOG,
                    format!("the log ends at offset {end}, and {sink} hold what stood in it up to {applied}"),
                );
            }
        }
        swept(dir, &look, tables.applied(), &mut proof);
    }
    let state = parts.state.clone();
    prove_into(parts, watch, &mut proof).await;
    if let Some(state) = state {
        state.close().await;
    }
    proof
}

/// Proves the store of a running node.
pub async fn prove(parts: Parts, watch: &Watch) -> Proof {
    let mut proof = Proof::default();
    prove_into(parts, watch, &mut proof).await;
    proof
}

async fn open(dir: &Path, look: &LookDisk, keys: &Arc<Keys>, proof: &mut Proof) -> Parts {
    let disk = Arc::new(look.clone());
    let tables = Tables::open(disk.clone(), &dir.join("tables"), TablesOptions::default()).await;
    let (evidence_dir, wal_dir, keys) = (dir.join("evidence"), dir.join("wal"), Arc::clone(keys));
    let blocking = tokio::task::spawn_blocking(move || {
        let evidence = Evidence::open(disk.clone(), &evidence_dir, Arc::clone(&keys), EvidenceOptions::default());
        (evidence, Wal::open(disk, &wal_dir, &keys, WalOptions::default()))
    });
    let state = State::look_at(&dir.join("state.sqlite"), StateOptions::default()).await;
    let mut parts = Parts::default();
    match tables {
        Ok(tables) => parts.tables = Some(tables),
        Err(error) => proof.fault(TABLES, with_causes(&error)),
    }
    match blocking.await {
        Ok((evidence, wal)) => {
            match evidence {
                Ok(evidence) => parts.evidence = Some(Arc::new(evidence)),
                Err(error) => proof.fault(EVIDENCE, error.to_string()),
            }
            match wal {
                Ok((wal, _)) => parts.wal = Some(Arc::new(wal)),
                Err(error) => proof.fault(LOG, error.to_string()),
            }
        }
        Err(error) => proof.fault(LOG, error.to_string()),
    }
    match state {
        Ok(state) => parts.state = Some(state),
        Err(error) => proof.fault(STATE, with_causes(&error)),
    }
    parts
}

/// An error with what caused it: the sentence for people alone does not name the file.
fn with_causes(error: &dyn std::error::Error) -> String {
    let (mut says, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        says = format!("{says}: {error}");
        cause = error.source();
    }
    says.replace('\n', " ")
}

/// What opening the tables would have cleared away: leftovers of a crash are no fault, files that a lost commit named are one.
fn swept(dir: &Path, look: &LookDisk, applied: u64, proof: &mut Proof) {
    let root = dir.join("tables");
    let below = |path: &Path| path.strip_prefix(&root).ok().map(|path| path.display().to_string());
    let written: Vec<String> = look.written().iter().filter_map(|path| below(path)).collect();
    let mut leftovers: u64 = 0;
    for path in look.removed().iter().filter_map(|path| below(path)) {
        let table = path.split('/').next().unwrap_or_default();
        let is_new = written.iter().any(|path| *path == format!("{table}/_delta_log/{:020}.json", 0));
        let name = path.rsplit('/').next().and_then(|name| name.strip_suffix(".parquet"));
        let through: Option<u64> = name.and_then(|name| name.parse().ok());
        if is_new || through.is_some_and(|through| through <= applied) {
            proof.fault(TABLES, format!("{path}: no commit names this file, and a start would remove it"));
        } else {
            leftovers += 1;
        }
    }
    if leftovers > 0 {
        proof.notes.push(format!("{leftovers} files that a crash left unfinished are removed by the next start"));
    }
}

async fn prove_into(parts: Parts, watch: &Watch, proof: &mut Proof) {
    watch.total.store(bytes(&parts), Ordering::Relaxed);
    if let Some(tables) = &parts.tables {
        prove_tables(tables, watch, proof).await;
    }
    let mut citations = None;
    if let Some(state) = &parts.state {
        citations = prove_state(state, proof).await;
    }
    if proof.is_cut_short {
        return;
    }
    let dropped = match &parts.tables {
        Some(tables) => tables.dropped().await.unwrap_or_default(),
        None => None,
    };
    let (watch, citations) = (watch.clone(), citations.unwrap_or_default());
    let walked = tokio::task::spawn_blocking(move || across::walk(&parts, citations, dropped, &watch)).await;
    match walked {
        Ok(walked) => proof.join(walked),
        Err(error) => proof.fault(ACROSS, error.to_string()),
    }
}

/// Bytes that a proof reads, about.
fn bytes(parts: &Parts) -> u64 {
    let log = parts.wal.as_ref().map_or(0, |wal| wal.durable().saturating_sub(wal.oldest()));
    let evidence = parts.evidence.as_ref().and_then(|evidence| evidence.bytes().ok()).unwrap_or_default();
    let tables = parts.tables.iter().flat_map(Tables::counts).map(|table| table.bytes).sum::<u64>();
    log.saturating_add(evidence).saturating_add(tables)
}

impl Proof {
    fn join(&mut self, other: Self) {
        for (name, count) in other.counts {
            self.count(name, count);
        }
        let listed = other.faults.len() as u64;
        for fault in other.faults {
            self.fault(fault.part, fault.says);
        }
        self.faults_total += other.faults_total - listed;
        self.notes.extend(other.notes);
        self.is_cut_short |= other.is_cut_short;
    }
}

async fn prove_tables(tables: &Tables, watch: &Watch, proof: &mut Proof) {
    let watch = watch.clone();
    let verified = match tables.verify_while(Arc::new(move |bytes| watch.add(bytes))).await {
        Ok(verified) => verified,
        Err(error) => return proof.fault(TABLES, with_causes(&error)),
    };
    proof.count("tables_files", verified.files);
    proof.count("tables_hashed", verified.hashed);
    proof.count("tables_events", verified.rows);
    proof.count("tables_events_in_memory", tables.counts().iter().map(|table| table.hot_rows).sum());
    proof.count("tables_tables", Family::all().count() as u64);
    verified.faults.into_iter().for_each(|fault| proof.fault(TABLES, fault));
    proof.is_cut_short |= verified.is_cut_short;
}

/// The state by itself; gives what its findings cite, when they can be read.
async fn prove_state(state: &State, proof: &mut Proof) -> Option<cited::Citations> {
    match state.check_file().await {
        Ok(faults) => faults.into_iter().for_each(|fault| proof.fault(STATE, fault)),
        Err(error) => {
            proof.fault(STATE, with_causes(&error));
            return None;
        }
    }
    match state.schema().await {
        Ok(SCHEMA_VERSION) => {}
        Ok(found) => {
            let note = format!(
                "the state is of schema {found}, this version writes {SCHEMA_VERSION}: audit log and findings are proven once a node has started on it"
            );
            proof.notes.push(note);
            return None;
        }
        Err(error) => {
            proof.fault(STATE, with_causes(&error));
            return None;
        }
    }
    match state.verify_audit().await {
        Ok(verified) => proof.count("state_audit_rows", verified.rows),
        Err(error) => proof.fault(STATE, with_causes(&error)),
    }
    match cited::gather(state).await {
        Ok(citations) => {
            proof.count("state_findings", citations.findings);
            Some(citations)
        }
        Err(error) => {
            proof.fault(STATE, with_causes(&error));
            None
        }
    }
}
