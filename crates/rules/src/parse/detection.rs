//! The `detection` and `filter` sections: named selections of maps, lists and keywords.
//!
//! In: a YAML map. Out: selections and conditions whose names are known to fit. What the fields mean, and whether an event has them, is not known here.

use super::condition;
use super::fault::Fault;
use super::modifiers;
use super::yaml::{Content, Entry, Node};
use crate::ast::{Condition, Detection, Item, Modifier, Scalar, Selection};

/// Reads the selections of a section: every entry whose key is not in `reserved`.
pub(crate) fn selections(
    section: &[Entry<'_>],
    reserved: &[&str],
    warnings: &mut Vec<Fault>,
) -> Result<Vec<Selection>, Fault> {
    let mut found = Vec::new();
    for entry in section.iter().filter(|entry| !reserved.contains(&entry.key.as_ref())) {
        if entry.key.is_empty() || entry.key.contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')')) {
            return Err(Fault::new(entry.line, format!("`{}` cannot be the name of a selection", entry.key))
                .hint("use letters, digits, `_` and `-`"));
        }
        if entry.key.contains('|') {
            warnings.push(
                Fault::new(entry.line, format!("the modifier in the name of selection `{}` has no effect", entry.key))
                    .hint("write it behind the field"),
            );
        }
        let detection = detection(&entry.value, entry.line, &entry.key, warnings)?;
        found.push(Selection { name: entry.key.to_string(), detection });
    }
    Ok(found)
}

/// Reads `condition`, one or a list, and checks it against the selections. Selections that nothing names give a warning.
pub(crate) fn conditions(
    entry: &Entry<'_>,
    selections: &[Selection],
    section: &[Entry<'_>],
    warnings: &mut Vec<Fault>,
) -> Result<Vec<Condition>, Fault> {
    let nodes = match &entry.value.content {
        Content::List(items) => items.as_slice(),
        _ => std::slice::from_ref(&entry.value),
    };
    let mut found = Vec::new();
    for node in nodes {
        let Some(text) = node.text() else {
            return Err(Fault::new(node.line, "`condition` must be text or a list of texts"));
        };
        found.push(condition::parse(text, node.line)?);
    }
    if found.is_empty() {
        return Err(Fault::new(entry.line, "`condition` is an empty list"));
    }
    for unused in condition::check_names(&found, selections, entry.value.line)? {
        let line = section.iter().find(|entry| entry.key == unused).map_or(entry.line, |entry| entry.line);
        warnings.push(Fault::new(line, format!("selection `{unused}` is not used by the condition")));
    }
    Ok(found)
}

pub(crate) fn detection(
    node: &Node<'_>,
    line: usize,
    name: &str,
    warnings: &mut Vec<Fault>,
) -> Result<Detection, Fault> {
    match &node.content {
        Content::Map(entries) if entries.is_empty() => Err(Fault::new(line, format!("`{name}` is an empty map"))),
        Content::Map(entries) => {
            let mut parts = Vec::with_capacity(entries.len());
            for entry in entries {
                parts.push(Detection::Item(item(entry, warnings)?));
            }
            Ok(Detection::All(parts))
        }
        Content::List(items) if items.is_empty() => Err(Fault::new(line, format!("`{name}` is an empty list"))),
        Content::List(items) if items.iter().all(|item| item.scalar().is_some()) => {
            keywords(items).map(Detection::Item)
        }
        Content::List(items) => {
            let mut parts = Vec::with_capacity(items.len());
            for item in items {
                parts.push(detection(item, item.line, name, warnings)?);
            }
            Ok(Detection::Any(parts))
        }
        Content::Plain(_) | Content::Text(_) => keywords(std::slice::from_ref(node)).map(Detection::Item),
    }
}

fn keywords(nodes: &[Node<'_>]) -> Result<Item, Fault> {
    let mut values = Vec::with_capacity(nodes.len());
    for node in nodes {
        values.push(keyword(node.scalar().unwrap_or(Scalar::Null), node.line)?);
    }
    Ok(Item { field: None, modifiers: Vec::new(), values })
}

fn keyword(value: Scalar, line: usize) -> Result<Scalar, Fault> {
    match value {
        Scalar::Null => Err(Fault::new(line, "a keyword cannot be null").hint("null needs a field: `Field: null`")),
        Scalar::Bool(true) => Ok(Scalar::Text("true".to_owned())),
        Scalar::Bool(false) => Ok(Scalar::Text("false".to_owned())),
        value @ (Scalar::Number(_) | Scalar::Text(_)) => Ok(value),
    }
}

/// Modifiers that make no sense on keywords: they speak of one field.
const FIELD_ONLY: [Modifier; 14] = [
    Modifier::Exists,
    Modifier::FieldRef,
    Modifier::Lt,
    Modifier::Lte,
    Modifier::Gt,
    Modifier::Gte,
    Modifier::Neq,
    Modifier::Cidr,
    Modifier::Minute,
    Modifier::Hour,
    Modifier::Day,
    Modifier::Week,
    Modifier::Month,
    Modifier::Year,
];

fn item(entry: &Entry<'_>, warnings: &mut Vec<Fault>) -> Result<Item, Fault> {
    let mut words = entry.key.split('|');
    let field = words.next().filter(|field| !field.is_empty()).map(str::to_owned);
    let words: Vec<&str> = words.collect();
    let modifiers = modifiers::parse(&words, entry.line)?;
    let (mut values, lines) = values(entry)?;
    if field.is_none() {
        if let Some(modifier) = modifiers.iter().find(|modifier| FIELD_ONLY.contains(modifier)) {
            return Err(Fault::new(entry.line, format!("modifier `{}` needs a field before it", modifier.name())));
        }
        for value in &mut values {
            *value = keyword(std::mem::replace(value, Scalar::Null), entry.line)?;
        }
    }
    if values.len() > 1 && values.contains(&Scalar::Null) {
        warnings.push(
            Fault::new(entry.line, format!("`{}` has null in a list, which the standard does not allow", entry.key))
                .hint("make null a selection of its own"),
        );
    }
    modifiers::check_values(&modifiers, &mut values, &lines)?;
    Ok(Item { field, modifiers, values })
}

fn values(entry: &Entry<'_>) -> Result<(Vec<Scalar>, Vec<usize>), Fault> {
    let nodes = match &entry.value.content {
        Content::List(items) if items.is_empty() => {
            return Err(Fault::new(entry.line, format!("`{}` has no values", entry.key)));
        }
        Content::List(items) => items.as_slice(),
        _ => std::slice::from_ref(&entry.value),
    };
    let mut values = Vec::with_capacity(nodes.len());
    let mut lines = Vec::with_capacity(nodes.len());
    for node in nodes {
        let Some(value) = node.scalar() else {
            return Err(Fault::new(node.line, format!("a value of `{}` is a list or a map", entry.key))
                .hint("values are texts, numbers, true, false or null"));
        };
        values.push(value);
        lines.push(node.line);
    }
    Ok((values, lines))
}
