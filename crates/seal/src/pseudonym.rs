//! Pseudonyms of patients: a keyed hash, so that one site can join its events on a patient and nobody else can reverse it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::mac;

/// The key under which a site makes its pseudonyms. Whoever has it can test guesses: it never leaves the site.
#[derive(Clone)]
pub struct SiteKey([u8; 32]);

/// A patient's pseudonym: HMAC-SHA-256 over assigning authority and id, cut to 128 bits, written `p-` and 32 hex digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatientRef(String);

impl SiteKey {
    /// A key of 32 bytes.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The key of `cordon scan`, which works on the user's own files and has no site: public, so its pseudonyms join but hide nothing from a guesser.
    #[must_use]
    pub const fn of_scan() -> Self {
        Self(*b"cordon scan: no site, no secret.")
    }

    /// The pseudonym of a patient. The same id under two authorities is two patients; surrounding blanks do not count.
    #[must_use]
    pub fn patient_ref(&self, authority: &str, id: &str) -> PatientRef {
        let mut parts = Vec::with_capacity(authority.len() + id.len() + 8);
        parts.extend_from_slice(&(authority.trim().len() as u64).to_be_bytes());
        parts.extend_from_slice(authority.trim().as_bytes());
        parts.extend_from_slice(id.trim().as_bytes());
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return PatientRef(String::new()); // HMAC takes a key of any length: this arm is never reached
        };
        mac.update(&parts);
        let full = mac.finalize().into_bytes();
        let mut text = String::from("p-");
        for byte in full.iter().take(16) {
            text.push_str(&format!("{byte:02x}"));
        }
        PatientRef(text)
    }

    /// A short pseudonym for a name that messages leave out, `u-` and 12 hex digits for a `user`: the first letter of the kind stands in front. The same name
    /// always has the same; 48 bits tell the names of one hospital apart.
    #[must_use]
    pub fn name_ref(&self, kind: &str, name: &str) -> String {
        let length = (kind.len() as u64).to_be_bytes();
        let full = mac(&self.0, &[b"name", &length, kind.as_bytes(), name.as_bytes()]).to_string();
        let first = kind.chars().next().unwrap_or('x');
        format!("{first}-{}", full.get(..12).unwrap_or(&full))
    }

    /// The pseudonym of an account: that of its name without a domain in front (`LAKESIDE\anna`), in small letters. So sources that write one account in their own ways
    /// give one pseudonym, and accounts of one name in two domains share theirs.
    #[must_use]
    pub fn account_ref(&self, account: &str) -> String {
        let name = account.rsplit('\\').next().unwrap_or(account);
        self.name_ref("user", &name.trim().to_lowercase())
    }
}

/// Whether a text has the form of an account's pseudonym: `u-` and 12 hex digits.
#[must_use]
pub fn is_account_ref(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.strip_prefix("u-").is_some_and(|digits| digits.len() == 12 && digits.bytes().all(is_digit))
}

impl PatientRef {
    /// The pseudonym in text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PatientRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PatientRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SiteKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_patient_has_one_pseudonym_per_site_and_authority() {
        let site = SiteKey::new([7; 32]);
        assert_eq!(site.patient_ref("LAKESIDE", "1001"), site.patient_ref(" LAKESIDE", "1001 "));
        assert_ne!(site.patient_ref("LAKESIDE", "1001"), site.patient_ref("OTHER", "1001"));
        assert_ne!(site.patient_ref("LAKESIDE", "1001"), SiteKey::new([8; 32]).patient_ref("LAKESIDE", "1001"));
        assert_ne!(site.patient_ref("AB", "C"), site.patient_ref("A", "BC"));
    }

    #[test]
    fn an_account_has_one_pseudonym_however_a_source_writes_it() {
        let site = SiteKey::new([7; 32]);
        let anna = site.account_ref("anna");
        assert!(is_account_ref(&anna), "{anna}");
        for written in ["Anna", "LAKESIDE\\anna", "lakeside\\ANNA", " anna "] {
            assert_eq!(site.account_ref(written), anna, "{written}");
        }
        assert_ne!(site.account_ref("anna@lakeside.example"), anna);
        assert_ne!(SiteKey::new([8; 32]).account_ref("anna"), anna);
        for other in ["", "u-", "anna", "u-0123456789a", "u-0123456789abc", "u-0123456789AB", "p-0123456789ab"] {
            assert!(!is_account_ref(other), "{other}");
        }
    }

    #[test]
    fn a_key_never_prints() {
        assert_eq!(format!("{:?}", SiteKey::new([7; 32])), "SiteKey(..)");
    }
}
