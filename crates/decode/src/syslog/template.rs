//! Prose to fields: rows of data (`data/syslog/*.tsv`) that say how a sentence of a program reads and which of its words are which field.
//!
//! A row is `group`, template, constants, separated by tabs. In a template `{name}` is one word, `{name*}` the shortest and `{name+}` the longest text up to what
//! follows it (the longest where the text is under an attacker's control, as user names are: what the program itself wrote then stands behind it);
//! `{}`, `{*}` and `{+}` are passed over. Text behind the template's end does not matter. Constants are `name=value` pairs between blanks, `-` for none.
//! The first row of a group that fits is taken. A value that is empty gives no field.

use std::collections::BTreeMap;

use bumpalo::collections::Vec as ArenaVec;

use super::list::FieldList;

/// Longest text that is compared, in bytes: `+` tries every end, so the cost grows with the square of it.
pub(super) const TEXT_BYTES_MAX: usize = 8192;
/// Most ends that one `+` tries.
const ENDS_MAX: usize = 64;

/// Templates by group.
#[derive(Debug, Default)]
pub(super) struct Templates {
    groups: BTreeMap<&'static str, Vec<Template>>,
}

#[derive(Debug)]
struct Template {
    start: &'static str,
    pieces: Vec<Piece>,
    constants: Vec<(&'static str, &'static str)>,
}

/// A placeholder and the literal text behind it.
#[derive(Debug)]
struct Piece {
    name: &'static str,
    reach: Reach,
    literal: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Reach {
    Word,
    Shortest,
    Longest,
}

type Values<'a> = ArenaVec<'a, (&'static str, &'a str)>;

impl Templates {
    /// Reads the rows of several texts. Lines that start with `#` are comments.
    ///
    /// # Errors
    /// The first row that is not three columns or whose template is broken.
    pub(super) fn parse(texts: &[&'static str]) -> Result<Self, &'static str> {
        let mut templates = Self::default();
        for line in texts.iter().flat_map(|text| text.lines()) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (group, template) = row(line).ok_or(line)?;
            templates.groups.entry(group).or_default().push(template);
        }
        Ok(templates)
    }

    /// Takes the fields of the first template of `group` that fits `text`; false when none does.
    pub(super) fn apply<'a>(&self, group: &str, text: &'a str, list: &mut FieldList<'a>) -> bool {
        if text.len() > TEXT_BYTES_MAX {
            return false;
        }
        let Some(templates) = self.groups.get(group) else { return false };
        let mut values: Values<'a> = ArenaVec::new_in(list.arena);
        for template in templates {
            values.clear();
            let Some(rest) = text.strip_prefix(template.start) else { continue };
            if !fits(&template.pieces, rest, &mut values) {
                continue;
            }
            for (name, value) in values.iter().filter(|(name, value)| !name.is_empty() && !value.is_empty()) {
                list.text(name, value);
            }
            for (name, value) in &template.constants {
                list.text(name, value);
            }
            return true;
        }
        false
    }
}

/// Whether the pieces fit the text; their values are added to `values`.
fn fits<'a>(pieces: &[Piece], text: &'a str, values: &mut Values<'a>) -> bool {
    let Some((piece, others)) = pieces.split_first() else { return true };
    let known = values.len();
    match piece.reach {
        _ if piece.literal.is_empty() => {
            let word = text.split(|letter: char| letter.is_ascii_whitespace()).next().unwrap_or(text);
            values.push((piece.name, if matches!(piece.reach, Reach::Word) { word } else { text }));
            true
        }
        Reach::Word | Reach::Shortest => {
            let Some((value, rest)) = text.split_once(piece.literal) else { return false };
            if matches!(piece.reach, Reach::Word) && value.contains(|letter: char| letter.is_ascii_whitespace()) {
                return false;
            }
            values.push((piece.name, value));
            fits(others, rest, values)
        }
        Reach::Longest => {
            for (at, literal) in text.rmatch_indices(piece.literal).take(ENDS_MAX) {
                let Some((value, rest)) = text.split_at_checked(at) else { continue };
                values.truncate(known);
                values.push((piece.name, value));
                if rest.strip_prefix(literal).is_some_and(|rest| fits(others, rest, values)) {
                    return true;
                }
            }
            values.truncate(known);
            false
        }
    }
}

fn row(line: &'static str) -> Option<(&'static str, Template)> {
    let (group, rest) = line.split_once('\t')?;
    let (template, constants) = rest.split_once('\t')?;
    let (start, pieces) = match template.split_once('{') {
        Some((start, rest)) => (start, pieces(rest)?),
        None => (template, Vec::new()),
    };
    let pairs = constants.split(' ').filter(|pair| !matches!(*pair, "-" | ""));
    let constants = pairs.map(|pair| pair.split_once('=')).collect::<Option<Vec<_>>>()?;
    Some((group, Template { start, pieces, constants }))
}

/// The pieces of a template behind its first `{`.
fn pieces(text: &'static str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    for part in text.split('{') {
        let (name, literal) = part.split_once('}')?;
        let (name, reach) = match (name.strip_suffix('*'), name.strip_suffix('+')) {
            (Some(name), _) => (name, Reach::Shortest),
            (_, Some(name)) => (name, Reach::Longest),
            _ => (name, Reach::Word),
        };
        pieces.push(Piece { name, reach, literal });
    }
    let inner = pieces.len().saturating_sub(1);
    let sound = pieces.iter().take(inner).all(|piece| !piece.literal.is_empty());
    sound.then_some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordon_model::{Arena, Value};

    fn check(rows: &'static str, text: &str, expect: &[(&str, &str)]) {
        let arena = Arena::new();
        let templates = Templates::parse(&[rows]).unwrap();
        let mut list = FieldList::new(&arena);
        templates.apply("g", text, &mut list);
        let seen: Vec<(&str, &str)> = list
            .finish()
            .0
            .iter()
            .map(|field| (field.name, if let Value::Text(text) = field.value { text } else { "?" }))
            .collect();
        assert_eq!(seen, expect, "{text}");
    }

    #[test]
    fn words_and_constants_become_fields() {
        check(
            "g\tFailed {how} for {user} from {ip}\toutcome=failure",
            "Failed password for x from 1.2.3.4 port 1",
            &[("how", "password"), ("user", "x"), ("ip", "1.2.3.4"), ("outcome", "failure")],
        );
    }

    #[test]
    fn the_longest_text_defeats_a_forged_name() {
        check(
            "g\tInvalid user {user+} from {ip} port {port}\t-",
            "Invalid user a from 9.9.9.9 port 1 from 1.2.3.4 port 22",
            &[("user", "a from 9.9.9.9 port 1"), ("ip", "1.2.3.4"), ("port", "22")],
        );
        check(
            "g\tby {user+} {ip} port {port}\t-",
            "by some one 1.2.3.4 port 22 [preauth]",
            &[("user", "some one"), ("ip", "1.2.3.4"), ("port", "22")],
        );
    }

    #[test]
    fn the_first_row_that_fits_is_taken_and_a_word_has_no_blank() {
        let rows = "g\tby {ip} end\tn=1\ng\tby {*} end\tn=2";
        check(rows, "by 1.2.3.4 end", &[("ip", "1.2.3.4"), ("n", "1")]);
        check(rows, "by a b end", &[("n", "2")]);
        check(rows, "by", &[]);
    }

    #[test]
    fn a_broken_row_is_refused() {
        for row in ["g\tx", "g\t{a}{b}\t-", "g\t{a\t-", "g\tx\tnovalue"] {
            assert!(Templates::parse(&[row]).is_err(), "{row}");
        }
    }
}
