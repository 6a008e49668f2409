//! The oracle: an expression decided by a plain walk, without index, memo or folded copies. Literals and wildcards are matched by code of its own; regular
//! expressions, networks, numbers and dates are asked of the same tests as the fast path, which have unit tests, and comparisons of two fields live here alone.

use cordon_model::{Arena, Field};

use super::tests_on_values as values;
use crate::compile::{FieldId, Lowered, Node, NodeId, Place, Predicate, Test, Token};
use crate::text::fold;

/// Whether an expression holds for an event.
pub(crate) fn holds<'a>(set: &Lowered, node: NodeId, fields: &'a [Field<'a>], arena: &'a Arena) -> bool {
    match set.get_node(node) {
        Node::Never => false,
        Node::Not(part) => !holds(set, *part, fields, arena),
        Node::All(parts) => parts.iter().all(|part| holds(set, *part, fields, arena)),
        Node::Any(parts) => parts.iter().any(|part| holds(set, *part, fields, arena)),
        Node::Predicate(id) => {
            set.get_predicate(*id).is_some_and(|predicate| predicate_holds(set, predicate, fields, arena))
        }
    }
}

/// Whether one predicate holds for an event.
pub(crate) fn predicate_holds<'a>(
    set: &Lowered,
    predicate: &Predicate,
    fields: &'a [Field<'a>],
    arena: &'a Arena,
) -> bool {
    let Some(field) = predicate.field else {
        return texts_of_all(fields, arena).any(|text| text_holds(&predicate.test, text));
    };
    match &predicate.test {
        Test::Null => named(set, field, fields).all(|field| field.value.text(arena).is_none()),
        Test::Exists(asked) => named(set, field, fields).next().is_some() == *asked,
        Test::FieldRef { field: other, place, cased } => texts(set, field, fields, arena).any(|text| {
            texts(set, *other, fields, arena).any(|other| placed(*place, *cased, text, &folded_unless(*cased, other)))
        }),
        test => texts(set, field, fields, arena).any(|text| text_holds(test, text)),
    }
}

/// The fields of an event with a name.
fn named<'e, 'a>(
    set: &'e Lowered,
    field: FieldId,
    fields: &'a [Field<'a>],
) -> impl Iterator<Item = &'a Field<'a>> + use<'e, 'a> {
    let name = set.field_name(field);
    fields.iter().filter(move |field| field.name == name)
}

fn texts<'e, 'a>(
    set: &'e Lowered,
    field: FieldId,
    fields: &'a [Field<'a>],
    arena: &'a Arena,
) -> impl Iterator<Item = &'a str> + use<'e, 'a> {
    named(set, field, fields).filter_map(|field| field.value.text(arena))
}

fn texts_of_all<'a>(fields: &'a [Field<'a>], arena: &'a Arena) -> impl Iterator<Item = &'a str> {
    fields.iter().filter_map(|field| field.value.text(arena))
}

/// A test on a text, by the slow and obvious way.
fn text_holds(test: &Test, text: &str) -> bool {
    match test {
        Test::Literal { place, text: literal, cased } => placed(*place, *cased, text, literal),
        Test::Wildcard { tokens, cased: false } => wildcard(tokens, &fold(text).chars().collect::<Vec<_>>()),
        Test::Wildcard { tokens, cased: true } => wildcard(tokens, &text.chars().collect::<Vec<_>>()),
        other => values::holds(other, text),
    }
}

/// Whether a literal, folded unless case counts, stands at its place.
fn placed(place: Place, cased: bool, text: &str, literal: &str) -> bool {
    let text = folded_unless(cased, text);
    match place {
        Place::Exact => text == literal,
        Place::Prefix => text.starts_with(literal),
        Place::Suffix => text.ends_with(literal),
        Place::Contains => text.contains(literal),
    }
}

fn folded_unless(cased: bool, text: &str) -> String {
    if cased { text.to_owned() } else { fold(text) }
}

/// The whole text against the pattern, piece by piece with backtracking; each row of the table says at which places the pieces so far can end.
fn wildcard(tokens: &[Token], text: &[char]) -> bool {
    let mut ends = vec![false; text.len() + 1];
    if let Some(start) = ends.first_mut() {
        *start = true;
    }
    for token in tokens {
        let mut next = vec![false; text.len() + 1];
        for from in (0..=text.len()).filter(|from| ends.get(*from) == Some(&true)) {
            let reached: Vec<usize> = match token {
                Token::Many => (from..=text.len()).collect(),
                Token::One => vec![from + 1],
                Token::Text(piece) => {
                    let piece: Vec<char> = piece.chars().collect();
                    text.get(from..)
                        .filter(|rest| rest.starts_with(&piece))
                        .map(|_| from + piece.len())
                        .into_iter()
                        .collect()
                }
            };
            reached.into_iter().for_each(|to| next.get_mut(to).into_iter().for_each(|end| *end = true));
        }
        ends = next;
    }
    ends.last() == Some(&true)
}
