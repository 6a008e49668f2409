//! Anomalies: named faults of the input, found while decoding. An anomaly never stops a scan and can become a Finding.

use std::fmt;

/// A named fault of the input. Two anomalies are the same when their names are.
///
/// Formats declare theirs as constants:
///
/// ```
/// use cordon_model::Anomaly;
/// pub const MISSING_YEAR: Anomaly = Anomaly::new("syslog_missing_year", "the time had no year; the year of receipt was taken");
/// assert_eq!(MISSING_YEAR.name(), "syslog_missing_year");
/// ```
#[derive(Clone, Copy)]
pub struct Anomaly {
    name: &'static str,
    meaning: &'static str,
    loses_input: bool,
}

impl Anomaly {
    /// A fault with its name (`format_fault`, snake case) and what it means for the reader, in one sentence.
    #[must_use]
    pub const fn new(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, loses_input: false }
    }

    /// The same fault as one that left bytes without a record: who reads on must know that something is missing.
    #[must_use]
    pub const fn losing_input(self) -> Self {
        Self { loses_input: true, ..self }
    }

    /// Whether bytes were left without a record.
    #[must_use]
    pub const fn loses_input(self) -> bool {
        self.loses_input
    }

    /// The name, stable between releases.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What was wrong and what was done about it.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        self.meaning
    }
}

impl PartialEq for Anomaly {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Anomaly {}

impl fmt::Debug for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
