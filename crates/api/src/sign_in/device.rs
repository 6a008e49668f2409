//! The cookie of a device that an account has signed in from: a guesser who slows the account down does not slow this device.
//!
//! It holds a drawn number and a digest over it, the name and the hash of the password, which only the node knows. Nothing is kept for it, and a new password ends it.

use cordon_seal::PartsDigest;

use super::secret::{Secret, same};
use crate::people::Person;
use crate::problem::Problem;

/// The value for a person.
pub(crate) fn of(person: &Person) -> Result<String, Problem> {
    let drawn = Secret::draw("")?;
    Ok(format!("{}.{}", drawn.text(), proof(drawn.text(), person)))
}

/// Whether a value was made for this person.
pub(crate) fn is_of(value: &str, person: &Person) -> bool {
    value.split_once('.').is_some_and(|(drawn, shown)| same(shown, &proof(drawn, person)))
}

fn proof(drawn: &str, person: &Person) -> String {
    let mut digest = PartsDigest::default();
    for part in ["known device", drawn, &person.name, person.password.as_deref().unwrap_or_default()] {
        digest.part(part.as_bytes());
    }
    digest.finish().to_string()
}
