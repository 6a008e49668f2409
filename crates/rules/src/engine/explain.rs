//! Why a rule matched: the predicates that hold on the way to its result, with the field, the value and the place of the pattern in it.

use cordon_model::{Arena, Field, MatchedField};

use super::full_scan::{self, holds};
use super::tests_on_values as values;
use crate::compile::{Lowered, Node, NodeId, Place, Predicate, Test, Token};
use crate::text::fold;

/// Most matched fields of one finding.
const MATCHED_MAX: usize = 64;

/// The fields that made an expression hold, in the order of the rule, each once. Parts under a `not` explain nothing and give nothing.
pub(crate) fn matched<'a>(set: &Lowered, root: NodeId, fields: &'a [Field<'a>], arena: &'a Arena) -> Vec<MatchedField> {
    let mut found = Vec::new();
    collect(set, root, fields, arena, &mut found);
    let mut unique: Vec<MatchedField> = Vec::with_capacity(found.len());
    for one in found {
        if !unique.contains(&one) {
            unique.push(one);
        }
    }
    unique.truncate(MATCHED_MAX);
    unique
}

fn collect<'a>(set: &Lowered, node: NodeId, fields: &'a [Field<'a>], arena: &'a Arena, found: &mut Vec<MatchedField>) {
    if found.len() > MATCHED_MAX || !holds(set, node, fields, arena) {
        return;
    }
    match set.get_node(node) {
        Node::Never | Node::Not(_) => {}
        Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| collect(set, *part, fields, arena, found)),
        Node::Predicate(id) => set
            .get_predicate(*id)
            .into_iter()
            .for_each(|predicate| found.extend(explain(set, predicate, fields, arena))),
    }
}

/// The first value for which a predicate holds.
fn explain<'a>(
    set: &Lowered,
    predicate: &Predicate,
    fields: &'a [Field<'a>],
    arena: &'a Arena,
) -> Option<MatchedField> {
    let pattern = predicate.written.to_string();
    let name = predicate.field.map(|field| set.field_name(field));
    let mut of_field = fields.iter().filter(|field| name.is_none_or(|name| field.name == name));
    if matches!(predicate.test, Test::Null | Test::Exists(_)) {
        let value = of_field.next().and_then(|field| field.value.text(arena)).unwrap_or_default();
        return Some(MatchedField {
            field: name.unwrap_or_default().to_owned(),
            value: value.to_owned(),
            offset: None,
            pattern,
        });
    }
    let deciding =
        of_field.find(|field| full_scan::predicate_holds(set, predicate, std::slice::from_ref(field), arena));
    // a comparison of two fields holds for neither alone
    let field = deciding.or_else(|| fields.iter().find(|field| Some(field.name) == name))?;
    let value = field.value.text(arena)?;
    Some(MatchedField {
        field: field.name.to_owned(),
        value: value.to_owned(),
        offset: offset(&predicate.test, value),
        pattern,
    })
}

/// Byte offset of the pattern in the value.
fn offset(test: &Test, value: &str) -> Option<usize> {
    match test {
        Test::Literal { place: Place::Exact | Place::Prefix, .. } => Some(0),
        Test::Literal { place: Place::Suffix, text, .. } => value.len().checked_sub(text.len()),
        Test::Literal { place: Place::Contains, text, cased: true } => value.find(text.as_ref()),
        Test::Literal { place: Place::Contains, text, cased: false } => fold(value).find(text.as_ref()),
        Test::Wildcard { tokens, cased } => {
            first_text(tokens).and_then(|text| if *cased { value.find(text) } else { fold(value).find(text) })
        }
        Test::Regex(regex) => regex.find(value).map(|found| found.start()),
        Test::Cidr(_) => values::address(value).map(|_| 0),
        _ => None,
    }
}

fn first_text(tokens: &[Token]) -> Option<&str> {
    tokens.iter().find_map(|token| match token {
        Token::Text(text) => Some(text.as_ref()),
        _ => None,
    })
}
