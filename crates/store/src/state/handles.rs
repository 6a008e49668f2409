//! Handles: texts that leave the node sealed and come back, for addresses that must not say whom they are about. Nothing is kept for one.
//!
//! ```text
//! made i64 | length u16 | text | zeros up to a multiple of 64 bytes          numbers big endian; sealed by `cordon_seal::TextKey`
//! ```

use std::time::Duration;

use cordon_model::Time;
use cordon_seal::{TextKey, VaultError};

use super::{State, StateError};

/// Most bytes of a text.
const TEXT_BYTES_MAX: usize = 4_000;
/// Texts are filled up to a multiple of so many bytes with what stands before them: how long a short one is does not show.
const STEP_BYTES: usize = 64;
/// A handle opens for so long.
const OPEN_MAX: Duration = Duration::from_secs(90 * 86_400);
/// What the key is derived for.
const PURPOSE: &str = "handles";
/// Why a handle does not open. It does not say which: all of them mean the same to who asks.
const NOT_OURS: StateError = StateError::NotFound("handle");

impl State {
    /// Seals a text of 1 to 4,000 bytes. Who has the bytes and not the node learns nothing of it but its length in steps of 64 bytes. The same text gives other bytes
    /// every time. `at` is now, by the real clock.
    ///
    /// # Errors
    /// The text is empty or too long, the state was opened without its key, or there is no randomness.
    pub fn seal_handle(&self, text: &str, at: Time) -> Result<Vec<u8>, StateError> {
        let length =
            u16::try_from(text.len()).ok().filter(|length| (1..=TEXT_BYTES_MAX).contains(&usize::from(*length)));
        let length = length.ok_or(StateError::Refused("a text to be sealed has 1 to 4,000 bytes"))?;
        let mut plain = at.0.to_be_bytes().to_vec();
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(text.as_bytes());
        plain.resize(plain.len().next_multiple_of(STEP_BYTES), 0);
        let mut drawn = [0; TextKey::DRAWN_BYTES];
        getrandom::fill(&mut drawn).map_err(|_| StateError::NoRandomness)?;
        let sealed = self.handle_key()?.seal(drawn, &plain);
        sealed.map_err(|_: VaultError| StateError::Refused("the text cannot be sealed"))
    }

    /// The text of a handle that this node sealed less than 90 days from `at`.
    ///
    /// # Errors
    /// [`StateError::NotFound`] when another node sealed it, it was changed, or it is too old; or the state was opened without its key.
    pub fn open_handle(&self, sealed: &[u8], at: Time) -> Result<String, StateError> {
        let plain = self.handle_key()?.open(sealed).map_err(|_| NOT_OURS)?;
        let (made, text) = read(&plain).ok_or(NOT_OURS)?;
        // a clock that was set back must not close what was made before: so it counts in both directions
        if u128::from(made.0.abs_diff(at.0)) > OPEN_MAX.as_micros() {
            return Err(NOT_OURS);
        }
        Ok(text.to_owned())
    }

    fn handle_key(&self) -> Result<TextKey, StateError> {
        let secret = self.options.secrets.as_ref();
        let secret = secret.ok_or(StateError::Refused("a handle needs the node's key for its state"))?;
        Ok(TextKey::derived(&secret.0, PURPOSE))
    }
}

/// When a handle was made, and its text.
fn read(plain: &[u8]) -> Option<(Time, &str)> {
    let (made, rest) = plain.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let text = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    Some((Time(i64::from_be_bytes(*made)), std::str::from_utf8(text).ok()?))
}
