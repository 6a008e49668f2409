//! A frozen moment of the running node's store, for `cordon backup`: as a job of the API.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon_api::{ControlError, Outcome};
use cordon_store::backup::{self, Frozen};

use super::control::Control;

/// Freezes the store.
pub(super) async fn freeze(control: Control) -> Result<Outcome, ControlError> {
    let parts = &control.parts;
    let frozen = backup::freeze(backup::Parts {
        dir: parts.data_dir.clone(),
        keys: Arc::clone(&parts.keys),
        wal: Arc::clone(&parts.wal),
        evidence: Arc::clone(&parts.evidence),
        tables: parts.tables.clone(),
        state: parts.state.clone(),
    });
    let Frozen { moment, .. } = frozen.await.map_err(|error| ControlError::Unavailable(error.to_string()))?;
    tracing::info!(?moment, "a moment of the store is frozen for a backup");
    let counts = BTreeMap::from([
        ("acknowledged", moment.acknowledged),
        ("log_from", moment.log_from),
        ("log_through", moment.log_through),
        ("tables", moment.tables),
        ("evidence", moment.evidence),
    ]);
    Ok(Outcome { counts, ..Outcome::default() })
}

/// Gives up what was frozen.
pub(super) async fn thaw(control: Control) -> Result<Outcome, ControlError> {
    let dir = control.parts.data_dir.clone();
    let thawed = tokio::task::spawn_blocking(move || backup::thaw(&dir)).await;
    match thawed {
        Ok(Ok(())) => Ok(Outcome::default()),
        Ok(Err(error)) => Err(ControlError::Unavailable(error.to_string())),
        Err(fall) => Err(ControlError::Failed(fall.to_string())),
    }
}
