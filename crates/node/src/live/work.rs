//! Long work that the API asks of the node.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon_api::{ControlError, Outcome, Progress, Work};
use cordon_store::wal::WalError;
use futures_util::future::BoxFuture;

use super::control::Control;
use super::node::Parts;

/// Bytes of the log that are read between two looks at whether to go on.
const STEP_BYTES: usize = 8 << 20;

/// Does the work; what this node cannot do is refused with the reason.
pub(super) fn run(
    control: Control,
    work: Work,
    progress: Arc<Progress>,
) -> BoxFuture<'static, Result<Outcome, ControlError>> {
    Box::pin(async move {
        match work {
            Work::Verify => verify(control, progress).await,
            Work::TestRule { .. } | Work::Backfill { .. } | Work::Import { .. } => {
                Err(ControlError::Unavailable("this version of the node does not do that".to_owned()))
            }
        }
    })
}

/// Reads the whole log and the chain of the audit.
async fn verify(control: Control, progress: Arc<Progress>) -> Result<Outcome, ControlError> {
    let parts = Arc::clone(&control.parts);
    let read = tokio::task::spawn_blocking(move || read_log(&parts, &progress)).await;
    let mut outcome = read.map_err(|fall| ControlError::Failed(fall.to_string()))?;
    match control.parts.state.verify_audit().await {
        Ok(verified) => {
            outcome.counts.insert("audit_rows", verified.rows);
        }
        Err(error) => outcome.notes.push(format!("the audit log: {error}")),
    }
    Ok(outcome)
}

fn read_log(parts: &Parts, progress: &Progress) -> Outcome {
    let (mut counts, mut notes) = (BTreeMap::from([("deliveries", 0), ("raw_records", 0), ("damaged", 0)]), Vec::new());
    let mut reader = parts.wal.reader(parts.wal.oldest());
    let end = parts.wal.durable();
    while reader.position() < end && !progress.is_cancelled() {
        progress.set(reader.position(), end);
        match reader.read(STEP_BYTES) {
            Ok(entries) if entries.is_empty() => break,
            Ok(entries) => {
                let records: usize = entries.iter().map(|entry| entry.delivery.units.len()).sum();
                add(&mut counts, "deliveries", entries.len());
                add(&mut counts, "raw_records", records);
            }
            Err(error) => {
                add(&mut counts, "damaged", 1);
                notes.push(error.to_string());
                if !matches!(error, WalError::Damaged { .. }) {
                    break;
                }
            }
        }
    }
    Outcome { counts, notes, events: Vec::new() }
}

fn add(counts: &mut BTreeMap<&'static str, u64>, name: &'static str, more: usize) {
    *counts.entry(name).or_default() += u64::try_from(more).unwrap_or_default();
}
