//! A frozen moment of the running node's store, for `cordon backup`: as a job of the API.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon_api::{ControlError, Outcome};
use cordon_store::backup::{self, FROZEN, FreezeError, Frozen};

use super::control::Control;
use super::node::Parts;

/// Whether a moment is frozen, or on its way to be or to be given up.
pub(super) fn is_frozen(parts: &Parts) -> bool {
    parts.data_dir.join(FROZEN).exists()
}

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
        disk: Arc::clone(&parts.disk),
    });
    let Frozen { moment, .. } = frozen.await.map_err(|error| match error {
        FreezeError::Frozen => ControlError::Refused(error.to_string()),
        error => ControlError::Unavailable(error.to_string()),
    })?;
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
    let (disk, dir) = (Arc::clone(&control.parts.disk), control.parts.data_dir.clone());
    let thawed = tokio::task::spawn_blocking(move || backup::thaw(&*disk, &dir)).await;
    match thawed {
        Ok(Ok(())) => Ok(Outcome::default()),
        Ok(Err(error)) => Err(ControlError::Unavailable(error.to_string())),
        Err(fall) => Err(ControlError::Failed(fall.to_string())),
    }
}
