//! Applying pipelines: rules and correlations rewritten in place.

use std::collections::BTreeMap;

use super::super::condition::SelectionsDropped;
use super::super::fault::Fault;
use super::super::join;
use super::super::placeholders::{self, Placeholders};
use super::{FieldTest, Names, Pipeline, RuleTest, Step, StepKind};
use crate::ast::{Condition, Correlation, Detection, Item, Modifier, Rule, Scalar, Selection};

/// Which steps took place on a rule, over all pipelines in their order.
pub(crate) type Applied = Vec<bool>;

impl Pipeline {
    /// Rewrites a rule with pipelines that are sorted by priority, and fills in its placeholders.
    pub(crate) fn apply_all(pipelines: &[Self], rule: &mut Rule, values: &Placeholders) -> Result<Applied, Fault> {
        let mut applied = Applied::new();
        let mut values = values.clone();
        let steps = pipelines.iter().flat_map(|pipeline| pipeline.steps.iter().map(move |step| (pipeline, step)));
        for (pipeline, step) in steps {
            let meant = step.rule_tests.hold(|test| test.holds_for(rule));
            applied.push(meant);
            if meant {
                step.apply(rule, pipeline, &mut values)?;
            }
        }
        placeholders::fill(&mut rule.selections, &values, rule.origin.line)?;
        Ok(applied)
    }

    /// Renames the fields of a correlation by the steps that took place on any of its rules.
    pub(crate) fn apply_to_correlation(
        pipelines: &[Self],
        correlation: &mut Correlation,
        rules: &BTreeMap<String, Applied>,
    ) -> Applied {
        let mut applied = Applied::new();
        for (number, step) in pipelines.iter().flat_map(|pipeline| &pipeline.steps).enumerate() {
            let on_rule = |id: &String| rules.get(id).and_then(|applied| applied.get(number)).copied().unwrap_or(false);
            let meant = correlation.rules.iter().any(on_rule);
            applied.push(meant);
            if meant {
                step.rename_in_correlation(correlation);
            }
        }
        applied
    }
}

impl RuleTest {
    fn holds_for(&self, rule: &Rule) -> bool {
        match self {
            Self::LogSource(source) => join::covers(source, &rule.log_source),
            Self::ContainsField(field) => {
                rule.selections.iter().any(|selection| has_field(&selection.detection, field))
            }
            Self::Tag(tag) => rule.card.tags.contains(tag),
            Self::IsRule => true,
            Self::IsCorrelation => false,
        }
    }
}

fn has_field(detection: &Detection, field: &str) -> bool {
    match detection {
        Detection::All(parts) | Detection::Any(parts) => parts.iter().any(|part| has_field(part, field)),
        Detection::Item(item) => item.field.as_deref() == Some(field),
    }
}

impl FieldTest {
    fn holds_for(&self, field: Option<&str>) -> bool {
        let listed = |fields: &[String]| field.is_some_and(|field| fields.iter().any(|known| known == field));
        match self {
            Self::Include(fields) => listed(fields),
            Self::Exclude(fields) => !listed(fields),
        }
    }
}

impl Step {
    fn apply(&self, rule: &mut Rule, pipeline: &Pipeline, values: &mut Placeholders) -> Result<(), Fault> {
        match &self.kind {
            StepKind::ChangeLogSource(source) => rule.log_source = source.clone(),
            StepKind::AddCondition { detection, negated } => add_condition(rule, detection, *negated),
            StepKind::ValuePlaceholders(names) => {
                let meant = pipeline.vars.iter().filter(|(name, _)| names.hold(name));
                values.extend(meant.map(|(name, found)| (name.clone(), found.clone())));
            }
            StepKind::WildcardPlaceholders(names) => wildcards(rule, names, values),
            StepKind::RuleFailure(message) => {
                return Err(Fault::new(rule.origin.line, format!("pipeline {} refuses it: {message}", pipeline.name)));
            }
            StepKind::FieldNameMapping(_)
            | StepKind::FieldNamePrefix(_)
            | StepKind::FieldNameSuffix(_)
            | StepKind::DropDetectionItem
            | StepKind::ReplaceString { .. } => return self.rewrite(rule, &pipeline.name),
        }
        Ok(())
    }

    /// Rewrites every item; selections of which nothing is left leave the conditions.
    fn rewrite(&self, rule: &mut Rule, pipeline: &str) -> Result<(), Fault> {
        let mut dropped = SelectionsDropped::default();
        let mut kept = Vec::with_capacity(rule.selections.len());
        for selection in &rule.selections {
            match self.detection(selection.detection.clone()) {
                Some(detection) => kept.push(Selection { name: selection.name.clone(), detection }),
                None => dropped.add(&selection.name),
            }
        }
        dropped.leave(&mut rule.conditions, &rule.selections);
        rule.selections = kept;
        if rule.conditions.is_empty() {
            return Err(Fault::new(rule.origin.line, format!("pipeline {pipeline} drops all that the rule asks for")));
        }
        rule.fields = rule.fields.iter().flat_map(|field| self.names_of(field)).collect();
        Ok(())
    }

    fn detection(&self, detection: Detection) -> Option<Detection> {
        match detection {
            Detection::All(parts) => self.parts(parts).map(Detection::All),
            Detection::Any(parts) => self.parts(parts).map(Detection::Any),
            Detection::Item(item) => self.item(item),
        }
    }

    fn parts(&self, parts: Vec<Detection>) -> Option<Vec<Detection>> {
        let parts: Vec<Detection> = parts.into_iter().filter_map(|part| self.detection(part)).collect();
        (!parts.is_empty()).then_some(parts)
    }

    fn item(&self, mut item: Item) -> Option<Detection> {
        if item.modifiers.contains(&Modifier::FieldRef) {
            item.values = item.values.iter().flat_map(|value| self.field_ref(value)).collect();
        }
        let meant = self.field_tests.hold(|test| test.holds_for(item.field.as_deref()));
        match &self.kind {
            StepKind::DropDetectionItem if meant => return None,
            StepKind::ReplaceString { regex, replacement } if meant => {
                replace_texts(&mut item, |text| regex.replace_all(text, replacement.as_str()).into_owned());
            }
            _ => {}
        }
        let Some(field) = &item.field else { return Some(Detection::Item(item)) };
        let names = self.names_of(field);
        let mut items: Vec<Detection> =
            names.into_iter().map(|name| Detection::Item(Item { field: Some(name), ..item.clone() })).collect();
        Some(if items.len() == 1 { items.remove(0) } else { Detection::Any(items) })
    }

    fn field_ref(&self, value: &Scalar) -> Vec<Scalar> {
        match value {
            Scalar::Text(field) => self.names_of(field).into_iter().map(Scalar::Text).collect(),
            other => vec![other.clone()],
        }
    }

    /// What a field is called after this step.
    fn names_of(&self, field: &str) -> Vec<String> {
        let same = || vec![field.to_owned()];
        if !self.field_tests.hold(|test| test.holds_for(Some(field))) {
            return same();
        }
        match &self.kind {
            StepKind::FieldNameMapping(mapping) => {
                mapping.iter().find(|(from, _)| from == field).map_or_else(same, |(_, to)| to.clone())
            }
            StepKind::FieldNamePrefix(prefix) => vec![format!("{prefix}{field}")],
            StepKind::FieldNameSuffix(suffix) => vec![format!("{field}{suffix}")],
            _ => same(),
        }
    }

    /// A correlation groups and counts by one name, so only the first of several is taken. Aliases keep their own names.
    fn rename_in_correlation(&self, correlation: &mut Correlation) {
        let first = |field: &str| self.names_of(field).into_iter().next().unwrap_or_default();
        let Correlation { group_by, aliases, value_fields, .. } = correlation;
        for field in group_by.iter_mut().filter(|field| !aliases.iter().any(|alias| alias.name == **field)) {
            *field = first(field);
        }
        for field in value_fields {
            *field = first(field);
        }
        for (_, field) in aliases.iter_mut().flat_map(|alias| &mut alias.fields) {
            *field = first(field);
        }
    }
}

/// Values that are compared as text: not regular expressions, networks or names of fields.
fn replace_texts(item: &mut Item, replace: impl Fn(&str) -> String) {
    let other = [Modifier::Re, Modifier::Cidr, Modifier::FieldRef];
    if item.modifiers.iter().any(|modifier| other.contains(modifier)) {
        return;
    }
    for value in &mut item.values {
        if let Scalar::Text(text) = value {
            *text = replace(text);
        }
    }
}

fn add_condition(rule: &mut Rule, detection: &Detection, negated: bool) {
    let name = "added".to_owned();
    let asked = Condition::Selection(name.clone());
    let condition = if negated { Condition::Not(Box::new(asked)) } else { asked };
    join::join_selections(rule, &[Selection { name, detection: detection.clone() }], &[condition]);
}

fn wildcards(rule: &Rule, names: &Names, values: &mut Placeholders) {
    for name in placeholders::names(&rule.selections) {
        if names.hold(&name) {
            values.entry(name).or_insert_with(|| vec!["*".to_owned()]);
        }
    }
}
