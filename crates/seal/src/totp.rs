//! One-time codes by time: TOTP (RFC 6238) with SHA-1, 30 s and six digits, which is what every authenticator speaks.
//!
//! Comes in: 20 random bytes, a code and the time. Goes out: which step the code belongs to. That no step is taken twice is for the caller to keep.

use ring::hmac;

/// Seconds of a step.
const STEP_SECONDS: u64 = 30;
/// Clocks may be apart by so many steps.
const STEPS_APART: u64 = 1;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The secret that a person's authenticator shares with the node. Prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret(pub [u8; 20]);

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret")
    }
}

impl TotpSecret {
    /// As people type it into an authenticator: Base32 (RFC 4648 section 6), 32 letters.
    #[must_use]
    pub fn to_base32(&self) -> String {
        let mut text = String::with_capacity(32);
        let (mut bits, mut count) = (0_u32, 0_u32);
        for byte in self.0 {
            bits = (bits << 8) | u32::from(byte);
            count += 8;
            while count >= 5 {
                count -= 5;
                let letter = usize::try_from((bits >> count) & 31).ok().and_then(|place| ALPHABET.get(place));
                text.push(letter.map_or('A', |letter| char::from(*letter)));
            }
        }
        text
    }

    /// The step whose code this is, when it is one of now or one step apart; `seconds` since 1970. Accept a step only when it is later than the last accepted one.
    #[must_use]
    pub fn step_of(&self, code: &str, seconds: u64) -> Option<u64> {
        let now = seconds / STEP_SECONDS;
        let mut found = None;
        for step in now.saturating_sub(STEPS_APART)..=now.saturating_add(STEPS_APART) {
            if same(self.code(step).as_bytes(), code.as_bytes()) {
                found = Some(step);
            }
        }
        found
    }

    /// The code of a step (RFC 4226 section 5.3).
    fn code(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let bytes = tag.as_ref();
        let offset = usize::from(bytes.last().map_or(0, |last| last & 15));
        let four = bytes.get(offset..).and_then(|rest| rest.first_chunk::<4>()).copied().unwrap_or_default();
        format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
    }

    /// The code of a moment, for programs that sign in as a person would; `seconds` since 1970.
    #[must_use]
    pub fn code_at(&self, seconds: u64) -> String {
        self.code(seconds / STEP_SECONDS)
    }
}

/// Compares without stopping at the first difference.
fn same(ours: &[u8], theirs: &[u8]) -> bool {
    let differs = ours.iter().zip(theirs).fold(0, |differs, (one, other)| differs | (one ^ other));
    ours.len() == theirs.len() && differs == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, SHA-1, the last six of eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = TotpSecret(*b"12345678901234567890");
        let published = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, code) in published {
            assert_eq!(secret.code_at(seconds), code);
            assert_eq!(secret.step_of(code, seconds), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_holds_one_step_before_and_after() {
        let secret = TotpSecret(*b"12345678901234567890");
        let code = secret.code_at(3_000);
        let steps = [2_969, 2_970, 3_000, 3_059, 3_060].map(|seconds| secret.step_of(&code, seconds));
        assert_eq!(steps, [None, Some(100), Some(100), Some(100), None]);
        assert_eq!(secret.step_of("", 3_000), None);
        assert_eq!(secret.step_of(code.get(..5).unwrap(), 3_000), None);
    }

    #[test]
    fn a_secret_is_shown_in_base32_and_never_printed() {
        let secret = TotpSecret(*b"12345678901234567890");
        assert_eq!(secret.to_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(format!("{secret:?}"), "TotpSecret");
    }
}
