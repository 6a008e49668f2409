//! Long work that the API asks of the node.

use std::sync::Arc;
use std::time::Duration;

use cordon_api::{ControlError, Outcome, Progress, Work};
use cordon_model::Time;
use futures_util::future::BoxFuture;

use super::control::{Control, LoadedRules, WantedRules};
use super::later::{LookBack, Purpose, look_back};
use super::rules::Generation;

/// How often work that waits for its turn looks whether it was cancelled.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Does the work; what this node cannot do is refused with the reason.
pub(super) fn run(
    control: Control,
    work: Work,
    progress: Arc<Progress>,
) -> BoxFuture<'static, Result<Outcome, ControlError>> {
    Box::pin(async move {
        match work {
            Work::Verify => super::prove::prove(control, progress).await,
            Work::Freeze => super::freeze::freeze(control).await,
            Work::Thaw => super::freeze::thaw(control).await,
            Work::Backfill { rules, text, received, is_told } => {
                let rules = rules_of(&control, rules, text).await?;
                judge(&control, LookBack { rules, received, purpose: Purpose::Backfill { is_told } }, progress).await
            }
            Work::ReviewAccesses => control.reviews.review(progress).await,
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
