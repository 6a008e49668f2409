//! Checking passwords off the runtime, a bounded number at a time.

use std::sync::Arc;
use std::time::Duration;

use cordon_seal::PasswordHash;
use tokio::sync::Semaphore;

use super::secret::random;
use crate::problem::{Problem, ProblemKind};

/// Passwords that are hashed at a time: each takes 64 MiB.
const AT_A_TIME_MAX: usize = 2;
/// Who waits longer for a turn is sent away.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Letters of a password, by Unicode scalar (NIST SP 800-63B section 5.1.1 asks for at least 8 and to allow 64).
pub(crate) const LETTERS_MIN: usize = 12;
/// Most letters of a password.
pub(crate) const LETTERS_MAX: usize = 256;

/// Where passwords are hashed and checked.
#[derive(Debug)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME_MAX)) }
    }
}

impl Passwords {
    /// Hashes a new password.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Problem> {
        if !(LETTERS_MIN..=LETTERS_MAX).contains(&password.chars().count()) {
            let detail = format!("a password has {LETTERS_MIN} to {LETTERS_MAX} letters");
            return Err(Problem::new(ProblemKind::Unprocessable, detail));
        }
        let (password, salt) = (password.to_owned(), random::<16>()?);
        let hash = self.in_turn(move || PasswordHash::of(&password, salt)).await?;
        hash.map(|hash| hash.to_text()).ok_or_else(|| Problem::internal(&"argon2id has no memory"))
    }

    /// Whether a password fits what was kept. Without an account (`kept` is `None`) it takes as long and is wrong.
    pub(crate) async fn fits(&self, kept: Option<String>, password: &str) -> Result<bool, Problem> {
        if password.chars().count() > LETTERS_MAX {
            return Ok(false);
        }
        let password = password.to_owned();
        self.in_turn(move || {
            let Some(kept) = kept.and_then(|kept| PasswordHash::from_text(&kept)) else {
                let _same_effort = PasswordHash::of(&password, [0; 16]);
                return false;
            };
            kept.fits(&password)
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let turn = tokio::time::timeout(WAIT_MAX, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(Problem::new(ProblemKind::Unavailable, "too many sign in at once; try again").retry_after(10));
        };
        let worked = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        worked.await.map_err(|fault| Problem::internal(&fault))
    }
}
