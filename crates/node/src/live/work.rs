//! Long work that the API asks of the node.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cordon_api::{ControlError, Outcome, Progress, Work};
use cordon_model::Time;
use cordon_store::wal::WalError;
use futures_util::future::BoxFuture;

use super::control::{Control, LoadedRules, WantedRules};
use super::later::{LookBack, Purpose, look_back};
use super::node::Parts;
use super::rules::Generation;

/// How often work that waits for its turn looks whether it was cancelled.
const LOOK_EVERY: Duration = Duration::from_millis(500);
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
            Work::Backfill { rules, text, received, is_told } => {
                let rules = rules_of(&control, rules, text).await?;
                judge(&control, LookBack { rules, received, purpose: Purpose::Backfill { is_told } }, progress).await
            }
            Work::JudgeHistory => {
                let wanted = WantedRules::Correlations(control.switches().await?);
                let rules = generation(control.load(wanted).await?);
                let received = Time(i64::MIN)..Time(i64::MAX);
                judge(&control, LookBack { rules, received, purpose: Purpose::History }, progress).await
            }
            Work::TestRule { text, .. } if text.is_empty() => {
                Err(ControlError::Refused("there is no rule in it".to_owned()))
            }
            Work::TestRule { text, from, to, scope } => {
                let rules = rules_of(&control, Vec::new(), text).await?;
                judge(&control, LookBack { rules, received: from..to, purpose: Purpose::Test(scope) }, progress).await
            }
        }
    })
}

/// The rules of these ids and this text; those in force when neither names one.
async fn rules_of(control: &Control, ids: Vec<String>, text: String) -> Result<Generation, ControlError> {
    if ids.is_empty() && text.is_empty() {
        return Ok(control.parts.rules.current());
    }
    let wanted = WantedRules::Chosen { ids: ids.into_iter().collect(), text };
    Ok(generation(control.load(wanted).await?))
}

fn generation(loaded: LoadedRules) -> Generation {
    Generation { number: 0, detector: Arc::new(loaded.detector), version: loaded.version }
}

/// Judges what is stored, once nobody else does.
async fn judge(control: &Control, asked: LookBack, progress: Arc<Progress>) -> Result<Outcome, ControlError> {
    let turn = loop {
        match tokio::time::timeout(LOOK_EVERY, control.looking_back.lock()).await {
            Ok(turn) => break turn,
            Err(_) if progress.is_cancelled() => return Ok(Outcome::default()),
            Err(_) => {}
        }
    };
    let outcome = look_back(Arc::clone(&control.parts), asked, progress).await;
    drop(turn);
    outcome
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
    Outcome { counts, notes, ..Outcome::default() }
}

fn add(counts: &mut BTreeMap<&'static str, u64>, name: &'static str, more: usize) {
    *counts.entry(name).or_default() += u64::try_from(more).unwrap_or_default();
}
