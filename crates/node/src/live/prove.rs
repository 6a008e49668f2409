//! The proof of the store of a running node, as a job of the API.

use std::sync::Arc;

use cordon_api::{ControlError, Outcome, Progress};
use cordon_store::proof::{self, Proof, Watch};

use super::control::Control;

/// Most sentences of an outcome.
const NOTES_MAX: usize = 100;

/// Reads everything that the node keeps and compares it.
pub(super) async fn prove(control: Control, progress: Arc<Progress>) -> Result<Outcome, ControlError> {
    let parts = &control.parts;
    let parts = proof::Parts {
        wal: Some(Arc::clone(&parts.wal)),
        evidence: Some(Arc::clone(&parts.evidence)),
        tables: Some(parts.tables.clone()),
        state: Some(parts.state.clone()),
    };
    let watch = Watch::new(move |done, total| {
        progress.set(done, total);
        !progress.is_cancelled()
    });
    Ok(outcome(proof::prove(parts, &watch).await))
}

/// Each fault is a sentence that begins with its part; what is no fault begins with `note`.
fn outcome(proof: Proof) -> Outcome {
    let mut counts = proof.counts;
    counts.insert("faults", proof.faults_total);
    let faults = proof.faults.into_iter().map(|fault| format!("{}: {}", fault.part, fault.says));
    let notes = faults.chain(proof.notes.into_iter().map(|note| format!("note: {note}"))).take(NOTES_MAX);
    Outcome { counts, notes: notes.collect(), ..Outcome::default() }
}
