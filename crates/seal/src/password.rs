//! Passwords: Argon2id (RFC 9106), kept as the usual text `$argon2id$v=19$m=..,t=..,p=..$salt$hash`.
//!
//! Comes in: a password and, for a new one, 16 random bytes. Goes out: the text to keep, or whether a password fits. Takes 64 MiB and some 100 ms, so
//! callers bound how many run at a time. It knows nothing of who signs in.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Memory in KiB, passes, lanes: the second recommended choice of RFC 9106 section 4.
const COST: (u32, u32, u32) = (64 << 10, 3, 4);
/// A kept text may ask for at most this much, so that a damaged row cannot take the memory of the node.
const COST_MAX: (u32, u32, u32) = (1 << 20, 16, 16);
const HASH_BYTES: usize = 32;

/// A password that was hashed. Prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    cost: (u32, u32, u32),
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash")
    }
}

impl PasswordHash {
    /// Hashes a new password with a salt that was never used before. `None` only when memory is short or the password is longer than 4 GiB.
    #[must_use]
    pub fn of(password: &str, salt: [u8; 16]) -> Option<Self> {
        let hash = hash(password, &salt, COST)?;
        Some(Self { cost: COST, salt: salt.to_vec(), hash })
    }

    /// Whether a password is the one that was hashed. Takes as long for a wrong one.
    #[must_use]
    pub fn fits(&self, password: &str) -> bool {
        let Some(other) = hash(password, &self.salt, self.cost) else { return false };
        let mut differs = u8::from(other.len() != self.hash.len());
        for (ours, theirs) in self.hash.iter().zip(&other) {
            differs |= ours ^ theirs;
        }
        differs == 0
    }

    /// The text to keep.
    #[must_use]
    pub fn to_text(&self) -> String {
        let (memory, passes, lanes) = self.cost;
        let (salt, hash) = (STANDARD_NO_PAD.encode(&self.salt), STANDARD_NO_PAD.encode(&self.hash));
        format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")
    }

    /// Reads a kept text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
        let (cost, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let mut numbers = cost.split(',');
        let mut number = |name: &str, max: u32| -> Option<u32> {
            let value: u32 = numbers.next()?.strip_prefix(name)?.parse().ok()?;
            (value <= max).then_some(value)
        };
        let cost = (number("m=", COST_MAX.0)?, number("t=", COST_MAX.1)?, number("p=", COST_MAX.2)?);
        let (salt, hash) = (STANDARD_NO_PAD.decode(salt).ok()?, STANDARD_NO_PAD.decode(hash).ok()?);
        (parts.next().is_none() && hash.len() == HASH_BYTES).then_some(Self { cost, salt, hash })
    }
}

fn hash(password: &str, salt: &[u8], (memory, passes, lanes): (u32, u32, u32)) -> Option<Vec<u8>> {
    let params = Params::new(memory, passes, lanes, Some(HASH_BYTES)).ok()?;
    let mut out = vec![0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut out)
        .ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by Python's argon2-cffi 25.1: `PasswordHasher(time_cost=2, memory_cost=1024, parallelism=1, hash_len=32).hash("patient safety", salt=b"0123456789abcdef")`.
    const OF_ANOTHER_MAKER: &str =
        "$argon2id$v=19$m=1024,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$hit13gIDic4tYBg7jtbD175/mtjqz/onwNtNEJ3EtAM";

    #[test]
    fn only_the_same_password_fits_also_after_keeping() {
        let kept = PasswordHash::of("correct horse", [7; 16]).unwrap();
        let read = PasswordHash::from_text(&kept.to_text()).unwrap();
        assert!(read.fits("correct horse"));
        assert!(!read.fits("correct horse ") && !read.fits(""));
        assert!(kept.to_text().starts_with("$argon2id$v=19$m=65536,t=3,p=4$"));
        assert_eq!(format!("{kept:?}"), "PasswordHash");
    }

    #[test]
    fn what_another_maker_hashed_is_read() {
        let read = PasswordHash::from_text(OF_ANOTHER_MAKER).unwrap();
        assert!(read.fits("patient safety") && !read.fits("patient safet"));
    }

    #[test]
    fn a_damaged_text_is_no_hash() {
        let whole = PasswordHash::of("x", [1; 16]).unwrap().to_text();
        for end in 0..whole.len() {
            assert_eq!(PasswordHash::from_text(whole.get(..end).unwrap()), None, "{end}");
        }
        assert_eq!(PasswordHash::from_text(&whole.replace("m=65536", "m=4294967295")), None);
        assert_eq!(PasswordHash::from_text(&format!("{whole}$more")), None);
    }
}
