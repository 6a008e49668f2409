//! The `correlation` section: which rules, how grouped, within what time, over what threshold (Sigma 2.1, correlation specification).
//!
//! In: the YAML map. Out: [`Correlation`] whose references are still ids or names as written.

use super::fault::Fault;
use super::header::{self, find, map_of, missing, text_of, texts_of};
use super::suggest::did_you_mean;
use super::yaml::{Content, Entry};
use crate::ast::{Alias, Correlation, CorrelationKind, Operator, Origin, Threshold};

const KINDS: [(&str, CorrelationKind); 8] = [
    ("event_count", CorrelationKind::EventCount),
    ("value_count", CorrelationKind::ValueCount),
    ("temporal", CorrelationKind::Temporal),
    ("temporal_ordered", CorrelationKind::TemporalOrdered),
    ("value_sum", CorrelationKind::ValueSum),
    ("value_avg", CorrelationKind::ValueAvg),
    ("value_percentile", CorrelationKind::ValuePercentile),
    ("value_median", CorrelationKind::ValueMedian),
];
const OPERATORS: [(&str, Operator); 6] = [
    ("lt", Operator::Lt),
    ("lte", Operator::Lte),
    ("gt", Operator::Gt),
    ("gte", Operator::Gte),
    ("eq", Operator::Eq),
    ("neq", Operator::Neq),
];
/// Units of `timespan` in microseconds.
const UNITS: [(char, i64); 4] = [('s', 1_000_000), ('m', 60_000_000), ('h', 3_600_000_000), ('d', 86_400_000_000)];
const SECTION_KEYS: [&str; 7] = ["type", "rules", "group-by", "timespan", "condition", "aliases", "generate"];

impl CorrelationKind {
    /// Sigma's word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// Whether it counts which rules matched, instead of events or values.
    #[must_use]
    pub fn is_temporal(self) -> bool {
        matches!(self, Self::Temporal | Self::TemporalOrdered)
    }

    /// Whether it looks at the values of `condition.field`.
    #[must_use]
    pub fn has_field(self) -> bool {
        !self.is_temporal() && self != Self::EventCount
    }
}

impl Operator {
    /// Sigma's word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        OPERATORS.iter().find(|(_, operator)| *operator == self).map_or("", |(name, _)| name)
    }
}

/// Reads a document that has a `correlation`. Without a level it gets that of the rules it is over, later.
pub(crate) fn read(map: &[Entry<'_>], origin: Origin, warnings: &mut Vec<Fault>) -> Result<Correlation, Fault> {
    let header = header::read(map, origin.line, warnings)?;
    let entry = find(map, "correlation").ok_or_else(|| missing(map, origin.line, "correlation"))?;
    let section = map_of(entry)?;
    warn_of_unknown_keys(section, warnings);
    let kind = kind(section, entry.line)?;
    let rules = texts_of(section, "rules")?;
    if rules.is_empty() {
        return Err(missing(section, entry.line, "rules"));
    }
    let parts = condition(section, entry.line, kind, warnings)?;
    let correlation = Correlation {
        card: header.card,
        has_level: header.has_level,
        name: header.name,
        kind,
        group_by: texts_of(section, "group-by")?,
        timespan_us: timespan(section, entry.line)?,
        conditions: parts.thresholds,
        value_fields: parts.fields,
        percentile: parts.percentile,
        aliases: aliases(section, &rules)?,
        rules,
        // Some rule sets write `generate` at the top of the document, as the standard's schema has it.
        generate: flag(section, "generate")? || flag(map, "generate")?,
        status: header.status,
        details: header.details,
        origin,
    };
    warn_of_oddities(&correlation, entry.line, warnings);
    Ok(correlation)
}

fn warn_of_unknown_keys(section: &[Entry<'_>], warnings: &mut Vec<Fault>) {
    for entry in section.iter().filter(|entry| !SECTION_KEYS.contains(&entry.key.as_ref())) {
        let fault = Fault::new(entry.line, format!("`correlation` has no key `{}`", entry.key));
        warnings.push(fault.meant(did_you_mean(&entry.key, SECTION_KEYS)));
    }
}

fn kind(section: &[Entry<'_>], line: usize) -> Result<CorrelationKind, Fault> {
    let word = text_of(section, "type")?.ok_or_else(|| missing(section, line, "type"))?;
    let line = find(section, "type").map_or(line, |entry| entry.line);
    KINDS.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind).ok_or_else(|| {
        let near = did_you_mean(word, KINDS.iter().map(|(name, _)| *name));
        Fault::new(line, format!("unknown correlation type `{word}`")).meant(near)
    })
}

fn timespan(section: &[Entry<'_>], line: usize) -> Result<i64, Fault> {
    let text = text_of(section, "timespan")?.ok_or_else(|| missing(section, line, "timespan"))?;
    let line = find(section, "timespan").map_or(line, |entry| entry.line);
    let wrong = || {
        Fault::new(line, format!("`{text}` is not a time span"))
            .hint("write a number and s, m, h or d, for example `90m`; a week is `7d`")
    };
    let mut chars = text.chars();
    let unit = chars.next_back().ok_or_else(wrong)?;
    let (_, unit_us) = UNITS.iter().find(|(letter, _)| *letter == unit).ok_or_else(wrong)?;
    let digits = chars.as_str();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let span = digits.parse::<i64>().ok().and_then(|count| count.checked_mul(*unit_us));
    span.filter(|span| *span > 0).ok_or_else(wrong)
}

#[derive(Debug, Default)]
struct ConditionParts {
    thresholds: Vec<Threshold>,
    fields: Vec<String>,
    percentile: Option<f64>,
}

fn condition(
    section: &[Entry<'_>],
    line: usize,
    kind: CorrelationKind,
    warnings: &mut Vec<Fault>,
) -> Result<ConditionParts, Fault> {
    let Some(entry) = find(section, "condition") else {
        let optional = kind.is_temporal();
        return if optional { Ok(ConditionParts::default()) } else { Err(missing(section, line, "condition")) };
    };
    let Content::Map(inner) = &entry.value.content else {
        return Err(Fault::new(entry.line, "the condition of a correlation must be a map")
            .hint("write for example `condition:` and below it `gte: 10`"));
    };
    let mut parts = ConditionParts { fields: texts_of(inner, "field")?, ..ConditionParts::default() };
    for part in inner.iter().filter(|part| part.key != "field") {
        condition_part(part, &mut parts)?;
    }
    if parts.thresholds.is_empty() && !kind.is_temporal() {
        return Err(Fault::new(entry.line, "the condition compares with nothing")
            .hint("add `gt`, `gte`, `lt`, `lte`, `eq` or `neq`"));
    }
    check_fields(kind, &parts, entry.line, warnings)?;
    Ok(parts)
}

fn condition_part(part: &Entry<'_>, parts: &mut ConditionParts) -> Result<(), Fault> {
    let operator = OPERATORS.iter().find(|(name, _)| *name == part.key);
    if operator.is_none() && part.key != "percentile" {
        let known = OPERATORS.iter().map(|(name, _)| *name).chain(["field", "percentile"]);
        return Err(
            Fault::new(part.line, format!("unknown comparison `{}`", part.key)).meant(did_you_mean(&part.key, known))
        );
    }
    let number = part.value.text().and_then(|text| text.parse::<f64>().ok()).filter(|number| number.is_finite());
    let Some(value) = number else {
        return Err(Fault::new(part.line, format!("`{}` needs a number", part.key)));
    };
    match operator {
        Some((_, operator)) => parts.thresholds.push(Threshold { operator: *operator, value }),
        None if (0.0..=100.0).contains(&value) => parts.percentile = Some(value),
        None => return Err(Fault::new(part.line, "`percentile` must be 0 to 100")),
    }
    Ok(())
}

fn check_fields(
    kind: CorrelationKind,
    parts: &ConditionParts,
    line: usize,
    warnings: &mut Vec<Fault>,
) -> Result<(), Fault> {
    let name = kind.name();
    if kind.has_field() && parts.fields.is_empty() {
        return Err(Fault::new(line, format!("`{name}` needs `field` in its condition")));
    }
    if kind.has_field() && kind != CorrelationKind::ValueCount && parts.fields.len() > 1 {
        return Err(Fault::new(line, format!("`{name}` takes one field, not {}", parts.fields.len())));
    }
    if !kind.has_field() && !parts.fields.is_empty() {
        warnings.push(Fault::new(line, format!("`field` has no effect on `{name}`")));
    }
    if kind != CorrelationKind::ValuePercentile && parts.percentile.is_some() {
        warnings.push(Fault::new(line, format!("`percentile` has no effect on `{name}`")));
    }
    Ok(())
}

fn aliases(section: &[Entry<'_>], rules: &[String]) -> Result<Vec<Alias>, Fault> {
    let Some(entry) = find(section, "aliases") else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for alias in map_of(entry)? {
        let mut fields = Vec::new();
        for pair in map_of(alias)? {
            let Some(field) = pair.value.text() else {
                return Err(Fault::new(pair.line, format!("alias `{}` needs the name of a field", alias.key)));
            };
            if !rules.iter().any(|rule| *rule == pair.key) {
                let reason = format!("alias `{}` names `{}`, which is not under `rules`", alias.key, pair.key);
                let near = did_you_mean(&pair.key, rules.iter().map(String::as_str));
                return Err(Fault::new(pair.line, reason).meant(near));
            }
            fields.push((pair.key.to_string(), field.to_owned()));
        }
        found.push(Alias { name: alias.key.to_string(), fields });
    }
    Ok(found)
}

fn flag(map: &[Entry<'_>], key: &str) -> Result<bool, Fault> {
    match text_of(map, key)? {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => {
            let line = find(map, key).map_or(1, |entry| entry.line);
            Err(Fault::new(line, format!("`{key}` must be true or false, not `{other}`")))
        }
    }
}

fn warn_of_oddities(correlation: &Correlation, line: usize, warnings: &mut Vec<Fault>) {
    for alias in &correlation.aliases {
        if !correlation.group_by.contains(&alias.name) {
            warnings.push(Fault::new(line, format!("alias `{}` is not used in `group-by`", alias.name)));
        }
    }
    if correlation.kind.is_temporal() && correlation.rules.len() < 2 {
        warnings.push(Fault::new(
            line,
            format!("`{}` over one rule fires with each of its matches", correlation.kind.name()),
        ));
    }
    if !can_hold(&correlation.conditions) {
        warnings.push(Fault::new(line, "no number meets all comparisons of the condition"));
    }
}

/// Whether some number meets all comparisons, looking at their edges and between them.
fn can_hold(thresholds: &[Threshold]) -> bool {
    let probes = thresholds.iter().flat_map(|threshold| [-0.5, 0.0, 0.5].map(|step| threshold.value + step));
    thresholds.is_empty() || probes.into_iter().any(|value| thresholds.iter().all(|threshold| threshold.holds(value)))
}

impl Threshold {
    /// Whether `value` meets this comparison. Equality is exact: counts are whole numbers.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        let order = value.partial_cmp(&self.value);
        match (self.operator, order) {
            (_, None) => false,
            (Operator::Lt, Some(order)) => order.is_lt(),
            (Operator::Lte, Some(order)) => order.is_le(),
            (Operator::Gt, Some(order)) => order.is_gt(),
            (Operator::Gte, Some(order)) => order.is_ge(),
            (Operator::Eq, Some(order)) => order.is_eq(),
            (Operator::Neq, Some(order)) => order.is_ne(),
        }
    }
}
