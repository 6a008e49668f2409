//! Processing pipelines as pySigma has them: rules rewritten for a site's field names, log sources and placeholders, before they are compiled.
//!
//! In: a pipeline's YAML, and rules. Out: the same rules with other names and conditions. Transformations that concern query languages have no
//! meaning here; one that is not known refuses the pipeline, because a rule that is only half rewritten misses silently.

mod apply;
mod read;

use regex::Regex;

use super::Warning;
use super::fault::{About, Fault, Refusal};
use super::placeholders::Placeholders;
use crate::ast::{Detection, RuleLogSource};

pub(crate) use apply::Applied;

/// A processing pipeline.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Its name; empty when it states none.
    pub name: String,
    /// Pipelines run in rising order of this.
    pub priority: i64,
    /// Values for placeholders.
    vars: Placeholders,
    steps: Vec<Step>,
}

/// A transformation with the conditions under which it takes place.
#[derive(Clone, Debug)]
struct Step {
    kind: StepKind,
    rule_tests: Tests<RuleTest>,
    field_tests: Tests<FieldTest>,
}

/// Conditions joined by AND or OR, the whole perhaps negated. None at all hold.
#[derive(Clone, Debug)]
struct Tests<T> {
    tests: Vec<T>,
    any: bool,
    negated: bool,
}

impl<T> Tests<T> {
    fn hold(&self, holds: impl Fn(&T) -> bool) -> bool {
        if self.tests.is_empty() {
            return true;
        }
        let met = if self.any { self.tests.iter().any(holds) } else { self.tests.iter().all(holds) };
        met != self.negated
    }
}

#[derive(Clone, Debug)]
enum RuleTest {
    LogSource(RuleLogSource),
    ContainsField(String),
    Tag(String),
    IsRule,
    IsCorrelation,
}

#[derive(Clone, Debug)]
enum FieldTest {
    Include(Vec<String>),
    Exclude(Vec<String>),
}

#[derive(Clone, Debug)]
enum StepKind {
    /// Field -> its new names; several are OR.
    FieldNameMapping(Vec<(String, Vec<String>)>),
    FieldNamePrefix(String),
    FieldNameSuffix(String),
    ChangeLogSource(RuleLogSource),
    AddCondition {
        detection: Detection,
        negated: bool,
    },
    DropDetectionItem,
    ReplaceString {
        regex: Regex,
        replacement: String,
    },
    ValuePlaceholders(Names),
    WildcardPlaceholders(Names),
    RuleFailure(String),
}

/// `include` or `exclude`; neither means all.
#[derive(Clone, Debug, Default)]
struct Names {
    include: Vec<String>,
    exclude: Vec<String>,
}

impl Names {
    fn hold(&self, name: &str) -> bool {
        let listed = |names: &[String]| names.iter().any(|known| known == name);
        (self.include.is_empty() || listed(&self.include)) && !listed(&self.exclude)
    }
}

impl Pipeline {
    /// Reads a pipeline from the text of a file.
    ///
    /// # Errors
    /// The first thing in it that is wrong or not known.
    pub fn parse(path: &str, text: &str, warnings: &mut Vec<Warning>) -> Result<Self, Box<Refusal>> {
        let about = About { path, id: None, title: None };
        let mut odd = Vec::new();
        let pipeline = match super::yaml::split(text).as_slice() {
            [(line, document)] => super::yaml::read(*line, document).and_then(|root| read::read(&root, &mut odd)),
            _ => Err(Fault::new(1, "a pipeline is one document")),
        };
        warnings.extend(odd.into_iter().map(|fault| fault.warning(&about)));
        pipeline.map_err(|fault| fault.refusal(&about))
    }

    /// Values that any of its steps gives to placeholders.
    pub(crate) fn vars(&self) -> &Placeholders {
        &self.vars
    }
}
