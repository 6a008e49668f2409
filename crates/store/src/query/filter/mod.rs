//! The short filter language for people: `user:jdoe action:export last:24h "free text" -host:ws1 severity>=high src_ip:10.0.0.0/8 (a or b)`.
//!
//! Text goes in, an expression over the columns of `events` comes out; values stay values, so nothing that is typed becomes a part of the query. What does not read is
//! refused with its place and what may have been meant. It knows no table and no clock: the present is given to it.

mod compile;
mod fields;
mod parse;
mod spans;
#[cfg(test)]
mod tests;
mod words;

use std::ops::Range;

pub use fields::{FieldHelp, fields};

/// A filter that reads, ready to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    pub(super) root: Node,
}

/// Why a filter does not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// Bytes of the filter that it is about.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What may have been meant.
    pub hint: Option<String>,
}

/// One part of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    /// A text anywhere in the event.
    Anywhere(String),
    Field {
        field: fields::Field,
        sign: Sign,
        values: Vec<Value>,
    },
    /// `last`, `since`, `until`: microseconds, `Ok` since 1970 and `Err` before now.
    Time {
        sign: Sign,
        moment: Moment,
    },
}

/// A moment of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Microseconds since 1970.
    At(i64),
    /// Microseconds before the present.
    Before(i64),
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) is_quoted: bool,
    pub(super) at: Range<usize>,
}

/// What stands between a field and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// `:`, as people mean it: any case, `*` for anything.
    Has,
    /// `=`, exactly.
    Is,
    IsNot,
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Filter {
    /// Longest filter, in bytes.
    pub const BYTES_MAX: usize = 8 << 10;
    /// Most conditions of a filter.
    pub const CONDITIONS_MAX: usize = 256;
    /// Deepest nesting of parentheses and negations.
    pub const DEPTH_MAX: usize = 24;

    /// Reads a filter. An empty one admits every event.
    ///
    /// # Errors
    /// The first place that does not read.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse(text)
    }
}

impl FilterError {
    fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), hint: None }
    }

    fn hinting(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }
}
