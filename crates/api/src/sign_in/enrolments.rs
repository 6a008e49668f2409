//! Second factors that wait to be confirmed: in memory only, a bounded number.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cordon_seal::TotpSecret;

/// Secrets that wait; for a further one all are forgotten, and whoever was about to confirm asks again.
const WAITING_MAX: usize = 1_024;

/// Secrets that wait to be confirmed, by the name of the user.
#[derive(Debug, Default)]
pub(crate) struct Enrolments {
    waiting: Mutex<BTreeMap<String, TotpSecret>>,
}

impl Enrolments {
    /// Puts the secret of a user in place of an earlier one.
    pub(crate) fn put(&self, name: &str, secret: TotpSecret) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING_MAX {
            waiting.clear();
            tracing::warn!("too many second factors wait to be confirmed; all were forgotten");
        }
        waiting.insert(name.to_owned(), secret);
    }

    /// The secret of a user.
    pub(crate) fn get(&self, name: &str) -> Option<TotpSecret> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Takes the secret of a user away.
    pub(crate) fn forget(&self, name: &str) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}
