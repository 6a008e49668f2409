//! Placeholders: `%name%` in the values of items with modifier `expand` (Sigma 2.1, "Placeholders").
//!
//! In: selections and the values that the site gives for each name. Out: the same selections without `expand`. A name without values refuses the
//! rule, as the standard demands. Wildcards inside the site's values keep their meaning.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::Fault;
use super::modifiers;
use super::suggest::did_you_mean;
use crate::ast::{Detection, Item, Modifier, Scalar, Selection};

/// Most values that the placeholders of one value may multiply to.
const EXPANSIONS_MAX: usize = 10_000;

/// Name of a placeholder, without its percent signs, and the values that stand for it.
pub type Placeholders = BTreeMap<String, Vec<String>>;

/// A piece of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'v> {
    Plain(&'v str),
    Placeholder(&'v str),
}

/// Fills in the placeholders of every item with `expand`. `line` is where the document starts.
pub(crate) fn fill(selections: &mut [Selection], values: &Placeholders, line: usize) -> Result<(), Fault> {
    selections.iter_mut().try_for_each(|selection| fill_detection(&mut selection.detection, values, line))
}

/// The names of all placeholders in items with `expand`.
pub(crate) fn names(selections: &[Selection]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for selection in selections {
        collect_names(&selection.detection, &mut found);
    }
    found
}

fn collect_names(detection: &Detection, found: &mut BTreeSet<String>) {
    match detection {
        Detection::All(parts) | Detection::Any(parts) => parts.iter().for_each(|part| collect_names(part, found)),
        Detection::Item(item) if item.modifiers.contains(&Modifier::Expand) => {
            for value in &item.values {
                let Scalar::Text(text) = value else { continue };
                found.extend(pieces(text).into_iter().filter_map(|piece| match piece {
                    Piece::Placeholder(name) => Some(name.to_owned()),
                    Piece::Plain(_) => None,
                }));
            }
        }
        Detection::Item(_) => {}
    }
}

fn fill_detection(detection: &mut Detection, values: &Placeholders, line: usize) -> Result<(), Fault> {
    match detection {
        Detection::All(parts) | Detection::Any(parts) => {
            parts.iter_mut().try_for_each(|part| fill_detection(part, values, line))
        }
        Detection::Item(item) if item.modifiers.contains(&Modifier::Expand) => {
            *detection = fill_item(item, values, line)?;
            Ok(())
        }
        Detection::Item(_) => Ok(()),
    }
}

/// With `all`, each value becomes an item of its own: any of what it expands to, and all of these items.
fn fill_item(item: &Item, values: &Placeholders, line: usize) -> Result<Detection, Fault> {
    let all = item.modifiers.contains(&Modifier::All);
    let dropped = |modifier: &Modifier| *modifier == Modifier::Expand || *modifier == Modifier::All;
    let modifiers: Vec<Modifier> = item.modifiers.iter().copied().filter(|modifier| !dropped(modifier)).collect();
    let mut groups: Vec<Vec<Scalar>> = Vec::new();
    for value in &item.values {
        let expanded = match value {
            Scalar::Text(text) => expand(text, values, line)?.into_iter().map(Scalar::Text).collect(),
            other => vec![other.clone()],
        };
        match groups.last_mut() {
            Some(group) if !all => group.extend(expanded),
            _ => groups.push(expanded),
        }
    }
    let mut items = Vec::with_capacity(groups.len());
    for mut group in groups {
        modifiers::check_values(&modifiers, &mut group, &[line])?;
        items.push(Detection::Item(Item { field: item.field.clone(), modifiers: modifiers.clone(), values: group }));
    }
    Ok(if items.len() == 1 { items.remove(0) } else { Detection::All(items) })
}

fn expand(text: &str, values: &Placeholders, line: usize) -> Result<Vec<String>, Fault> {
    let mut expanded = vec![String::new()];
    for piece in pieces(text) {
        let plain;
        let options = match piece {
            Piece::Plain(text) => {
                plain = [text.to_owned()];
                plain.as_slice()
            }
            Piece::Placeholder(name) => values.get(name).filter(|found| !found.is_empty()).ok_or_else(|| {
                Fault::demanded(line, format!("placeholder `%{name}%` has no value"))
                    .meant(did_you_mean(name, values.keys().map(String::as_str)))
            })?,
        };
        if expanded.len().saturating_mul(options.len()) > EXPANSIONS_MAX {
            return Err(Fault::new(
                line,
                format!("the placeholders of `{text}` make more than {EXPANSIONS_MAX} values"),
            ));
        }
        expanded =
            expanded.iter().flat_map(|front| options.iter().map(move |option| format!("{front}{option}"))).collect();
    }
    Ok(expanded)
}

/// Cuts a value at its placeholders. `\%` is a plain percent sign; a percent sign that closes nothing is plain too.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut plain, mut plain_bytes) = (text, 0);
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let after = rest.strip_prefix(letter).unwrap_or("");
        let name = placeholder_name(rest);
        let escaped = letter == '\\' && after.starts_with(['%', '\\']);
        if let Some((name, after)) = name {
            found.extend(plain.get(..plain_bytes).filter(|text| !text.is_empty()).map(Piece::Plain));
            found.push(Piece::Placeholder(name));
            (plain, plain_bytes, rest) = (after, 0, after);
        } else if escaped && after.starts_with('%') {
            found.extend(plain.get(..plain_bytes).filter(|text| !text.is_empty()).map(Piece::Plain));
            (plain, plain_bytes, rest) = (after, 1, after.strip_prefix('%').unwrap_or(""));
        } else {
            let bytes = if escaped { 2 } else { letter.len_utf8() };
            plain_bytes += bytes;
            rest = rest.get(bytes..).unwrap_or("");
        }
    }
    found.extend(Some(plain).filter(|text| !text.is_empty()).map(Piece::Plain));
    found
}

fn placeholder_name(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('%')?.split_once('%')?;
    let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    is_name.then_some((name, after))
}
