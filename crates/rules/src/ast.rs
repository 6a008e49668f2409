//! The Sigma language as read: what the YAML says, checked for form, nothing resolved yet.
//!
//! Source: Sigma specification 2.1 (rules, modifiers, correlation rules, filters).

use cordon_model::RuleCard;
use serde::{Deserialize, Serialize};

/// Where a document was read: for messages to the author.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// Path of the file as given.
    pub path: String,
    /// First line of the document within the file, from 1.
    pub line: usize,
}

/// `path:line`.
impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
    }
}

/// `logsource`: what is given must match, what is not given matches everything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct RuleLogSource {
    /// `product`.
    pub product: Option<String>,
    /// `category`.
    pub category: Option<String>,
    /// `service`.
    pub service: Option<String>,
}

/// What a document says about itself beyond what travels with findings.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Details {
    /// `taxonomy`; `None` is Sigma's own.
    pub taxonomy: Option<String>,
    /// `related`: kind (`derived` `obsolete` `merged` `renamed` `similar`) and rule id.
    pub related: Vec<(String, String)>,
    /// `references`.
    pub references: Vec<String>,
    /// `date` as written.
    pub date: Option<String>,
    /// `modified` as written.
    pub modified: Option<String>,
    /// `scope`.
    pub scope: Vec<String>,
    /// `logsource.definition`: how the source must be set up, for people.
    pub definition: Option<String>,
}

/// A detection rule.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Rule {
    /// Title, author, licence, level, tags: what travels with findings.
    pub card: RuleCard,
    /// `name`, by which correlations may refer to it.
    pub name: Option<String>,
    /// `status`.
    pub status: Option<String>,
    /// `fields`, worth showing an analyst.
    pub fields: Vec<String>,
    /// The log source.
    pub log_source: RuleLogSource,
    /// The named selections in the order of the file.
    pub selections: Vec<Selection>,
    /// The conditions; several are OR.
    pub conditions: Vec<Condition>,
    /// The rest of what it says about itself.
    pub details: Details,
    /// Where it was read.
    pub origin: Origin,
}

/// A filter: what is to be left out of the rules that it names.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// Id, title, description.
    pub card: RuleCard,
    /// The rules must be on this log source or a part of it.
    pub log_source: RuleLogSource,
    /// Which rules.
    pub targets: FilterTargets,
    /// Its own selections.
    pub selections: Vec<Selection>,
    /// Its conditions; several are OR. Joined to a rule with AND.
    pub conditions: Vec<Condition>,
    /// The rest of what it says about itself.
    pub details: Details,
    /// Where it was read.
    pub origin: Origin,
}

/// Which rules a filter is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterTargets {
    /// `rules: any`: every rule of its log source.
    Any,
    /// Ids or names.
    Named(Vec<String>),
}

impl FilterTargets {
    /// The ids and names; empty for [`FilterTargets::Any`].
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::Any => &[],
            Self::Named(names) => names,
        }
    }
}

/// A named search identifier under `detection`.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// Its name.
    pub name: String,
    /// What it asks for.
    pub detection: Detection,
}

/// What a selection asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Detection {
    /// Keys of one map: all must hold.
    All(Vec<Detection>),
    /// A list: one must hold.
    Any(Vec<Detection>),
    /// A field with its values, or keywords over the whole event.
    Item(Item),
}

/// One `field|modifiers: values` entry. Values are OR, with [`Modifier::All`] AND.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The field; `None` for keywords over the whole event.
    pub field: Option<String>,
    /// The modifiers in the order written; the parser has refused unknown ones and impossible combinations.
    pub modifiers: Vec<Modifier>,
    /// The values, at least one.
    pub values: Vec<Scalar>,
}

/// A value as YAML gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// null or nothing.
    Null,
    /// true or false.
    Bool(bool),
    /// A number in its spelling: decimal, or with `0x` or `0o` in front.
    Number(String),
    /// Text, wildcards and backslashes as written.
    Text(String),
}

/// Value modifiers of Sigma 2.1. `wide` is read as [`Modifier::Utf16le`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each name is the standard's own; see the modifiers appendix")]
pub enum Modifier {
    Contains,
    StartsWith,
    EndsWith,
    All,
    Exists,
    Cased,
    Neq,
    Windash,
    Re,
    ReIgnoreCase,
    ReMultiLine,
    ReDotAll,
    Utf16le,
    Utf16be,
    Utf16,
    Base64,
    Base64Offset,
    Lt,
    Lte,
    Gt,
    Gte,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    Cidr,
    Expand,
    FieldRef,
}

/// A condition over selections.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// `a and b`.
    And(Vec<Condition>),
    /// `a or b`.
    Or(Vec<Condition>),
    /// `not a`.
    Not(Box<Condition>),
    /// A selection by its name.
    Selection(String),
    /// `1 of ...`, `all of ...`.
    Of {
        /// `all` instead of `1`.
        all: bool,
        /// Selections by name: `them` is written as `*`; names that start with `_` do not take part in `them`.
        pattern: SelectionPattern,
    },
}

/// Which selections an `x of` speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectionPattern {
    /// `them`: all whose name does not start with `_`.
    Them,
    /// A name pattern with `*`.
    Name(String),
}

/// A correlation rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correlation {
    /// Title, author, licence, level, tags.
    pub card: RuleCard,
    /// Whether the document states a level of its own; otherwise `card` has the highest of the rules it is over.
    pub has_level: bool,
    /// `name`.
    pub name: Option<String>,
    /// Which aggregate.
    pub kind: CorrelationKind,
    /// Ids or names of the rules or correlations it is over, in order.
    pub rules: Vec<String>,
    /// `group-by`; empty means one global group.
    pub group_by: Vec<String>,
    /// `timespan` in microseconds, above 0.
    pub timespan_us: i64,
    /// The condition on the aggregate; all must hold. For the temporal kinds without a condition: as many as there are `rules`.
    pub conditions: Vec<Threshold>,
    /// Fields that `value_*` aggregates; several are a tuple (`value_count` only).
    pub value_fields: Vec<String>,
    /// Rank of `value_percentile`, 0 to 100.
    pub percentile: Option<f64>,
    /// Aliases usable in `group_by`.
    pub aliases: Vec<Alias>,
    /// Whether the referred rules also give findings of their own.
    pub generate: bool,
    /// `status`.
    pub status: Option<String>,
    /// The rest of what it says about itself.
    pub details: Details,
    /// Where it was read.
    pub origin: Origin,
}

/// The aggregates of the correlation specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each name is the standard's own; see the correlation specification")]
pub enum CorrelationKind {
    EventCount,
    ValueCount,
    Temporal,
    TemporalOrdered,
    ValueSum,
    ValueAvg,
    ValuePercentile,
    ValueMedian,
}

/// One comparison of a correlation condition.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// How to compare.
    pub operator: Operator,
    /// With what.
    pub value: f64,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the standard's own names")]
pub enum Operator {
    Lt,
    Lte,
    Gt,
    Gte,
    Eq,
    Neq,
}

/// An alias: one name for a field that the referred rules call differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// The name used in `group-by`.
    pub name: String,
    /// Rule (id or name) and its field.
    pub fields: Vec<(String, String)>,
}
