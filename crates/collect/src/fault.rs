//! What went wrong with an input, and how a reader says so.

use std::fmt;
use std::io;
use std::sync::Arc;

use cordon_model::Anomaly;

use crate::anomaly;

/// Whether a fault cost input that was asked for. `cordon scan` ends with 3 when it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// Nothing that should have been read is missing.
    Nothing,
    /// Some of the input was not read.
    Input,
}

/// A fault of an input as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFault {
    /// Id of the source, or what stands for it where no source came about.
    pub source: Arc<str>,
    /// What is wrong.
    pub anomaly: Anomaly,
    /// Whether input is missing for it.
    pub loss: Loss,
    /// What the system said; may be empty.
    pub detail: String,
}

impl InputFault {
    pub(crate) fn new(source: &Arc<str>, anomaly: Anomaly, loss: Loss) -> Self {
        Self { source: Arc::clone(source), anomaly, loss, detail: String::new() }
    }

    pub(crate) fn from_io(source: &Arc<str>, error: &io::Error) -> Self {
        let (anomaly, detail) = match error.get_ref().and_then(|inner| inner.downcast_ref::<Broken>()) {
            Some(broken) => (broken.0, String::new()),
            None => (anomaly::UNREADABLE, error.to_string()),
        };
        Self { source: Arc::clone(source), anomaly, loss: Loss::Input, detail }
    }
}

/// An anomaly on its way through `io::Error`, from a reader deep inside to the source around it.
#[derive(Debug)]
pub(crate) struct Broken(pub(crate) Anomaly);

impl Broken {
    pub(crate) fn error(anomaly: Anomaly) -> io::Error {
        io::Error::other(Self(anomaly))
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.meaning())
    }
}

impl std::error::Error for Broken {}
