//! How many findings of learnt behaviour a week are asked for: what a person chose while the node runs, until the number in the configuration changes.

use cordon_store::state::{By, State, StateError};
use serde_json::json;

/// Name of the setting that holds the choice, with the configured number that it stands against.
const CHOSEN: &str = "alerts_per_week";

/// The number in force where the configuration says `configured`.
///
/// # Errors
/// The state cannot be read.
pub(super) async fn in_force(state: &State, configured: u64) -> Result<f64, StateError> {
    let kept = state.setting(CHOSEN).await?.map(|setting| setting.value).unwrap_or_default();
    let chosen = kept.get("chosen").and_then(serde_json::Value::as_f64).filter(|chosen| chosen.is_finite());
    let holds = kept.get("configured").and_then(serde_json::Value::as_u64) == Some(configured);
    Ok(chosen.filter(|_| holds).unwrap_or_else(|| number(configured)))
}

/// Keeps the choice of a person.
///
/// # Errors
/// The state cannot be written.
pub(super) async fn choose(state: &State, by: &By, configured: u64, chosen: f64) -> Result<(), StateError> {
    state.set_setting(by, CHOSEN, &json!({"chosen": chosen, "configured": configured}), None).await.map(drop)
}

/// The configured number as detectors count.
pub(super) fn number(configured: u64) -> f64 {
    f64::from(u32::try_from(configured).unwrap_or(u32::MAX))
}
