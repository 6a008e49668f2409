//! What the parser says to the author of a rule: refusals, which stop a document, and warnings, which do not.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a document was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RefusalKind {
    /// The document is wrong and its author can put it right.
    Broken,
    /// The document is right, and the standard demands to refuse it here: a placeholder has no value, a taxonomy is not known.
    DemandedByStandard,
    /// The document is right by itself, and another that was read before has its id.
    IdTaken,
}

/// A document that is not loaded, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Path of the file as given.
    pub path: String,
    /// Line of the offending text, from 1.
    pub line: usize,
    /// Whether it is the author's fault.
    pub kind: RefusalKind,
    /// What is wrong, in the operator's words.
    pub reason: String,
    /// What was probably meant.
    pub hint: Option<String>,
    /// Id of the rule where it states one.
    pub rule_id: Option<String>,
    /// Title of the rule where it states one.
    pub rule_title: Option<String>,
}

impl Refusal {
    /// A file that no document can be read from.
    #[must_use]
    pub const fn of_file(path: String, reason: String) -> Self {
        Self { path, line: 1, kind: RefusalKind::Broken, reason, hint: None, rule_id: None, rule_title: None }
    }
}

/// Something about a loaded document that its author should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Path of the file as given.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// What is odd, in the operator's words.
    pub reason: String,
    /// What was probably meant.
    pub hint: Option<String>,
    /// Id of the rule where it states one.
    pub rule_id: Option<String>,
    /// Title of the rule where it states one.
    pub rule_title: Option<String>,
}

/// `path:line: reason (hint)`.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(f, &self.path, self.line, &self.reason, self.hint.as_deref())
    }
}

impl std::error::Error for Refusal {}

/// `path:line: reason (hint)`.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(f, &self.path, self.line, &self.reason, self.hint.as_deref())
    }
}

fn print(f: &mut fmt::Formatter<'_>, path: &str, line: usize, reason: &str, hint: Option<&str>) -> fmt::Result {
    write!(f, "{path}:{line}: {reason}")?;
    hint.map_or(Ok(()), |hint| write!(f, " ({hint})"))
}

/// A fault within one document, before it is known which document that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) kind: RefusalKind,
    pub(crate) reason: String,
    pub(crate) hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(line: usize, reason: impl Into<String>) -> Self {
        Self { line, kind: RefusalKind::Broken, reason: reason.into(), hint: None }
    }

    pub(crate) fn demanded(line: usize, reason: impl Into<String>) -> Self {
        Self { kind: RefusalKind::DemandedByStandard, ..Self::new(line, reason) }
    }

    pub(crate) fn taken(line: usize, reason: impl Into<String>) -> Self {
        Self { kind: RefusalKind::IdTaken, ..Self::new(line, reason) }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Adds `did you mean x` when there is a near word.
    pub(crate) fn meant(self, near: Option<&str>) -> Self {
        match near {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self,
        }
    }

    pub(crate) fn refusal(self, about: &About<'_>) -> Box<Refusal> {
        Box::new(self.refusal_of(about))
    }

    pub(crate) fn refusal_of(self, about: &About<'_>) -> Refusal {
        Refusal {
            path: about.path.to_owned(),
            line: self.line,
            kind: self.kind,
            reason: self.reason,
            hint: self.hint,
            rule_id: about.id.map(str::to_owned),
            rule_title: about.title.map(str::to_owned),
        }
    }

    pub(crate) fn warning(self, about: &About<'_>) -> Warning {
        Warning {
            path: about.path.to_owned(),
            line: self.line,
            reason: self.reason,
            hint: self.hint,
            rule_id: about.id.map(str::to_owned),
            rule_title: about.title.map(str::to_owned),
        }
    }
}

/// The document that a fault is in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    pub(crate) path: &'a str,
    pub(crate) id: Option<&'a str>,
    pub(crate) title: Option<&'a str>,
}
