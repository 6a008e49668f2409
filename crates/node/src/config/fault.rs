//! What is wrong with a setting, in words that say where it stands and what to write instead. Values are not repeated: one may be a password in the wrong place.

use std::fmt;

use super::Origin;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands.
    pub origin: Origin,
    /// The full key, for example `api.address`; empty when the text as a whole cannot be read.
    pub key: String,
    /// What is wrong and what is expected.
    pub says: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            return write!(f, "{}: {}", self.origin, self.says);
        }
        write!(f, "{}: `{}` {}", self.origin, self.key, self.says)
    }
}

/// Everything that is wrong with the settings, one per line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(
    /// In the order in which they were found: file, environment, flags, then what contradicts itself.
    pub Vec<Fault>,
);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}
