//! Column names: compared without case, blanks and punctuation (`Patient ID` = `patient_id` = `PatientID`).

/// A column by its names in rising order of doubt (`a|b`), or several joined by a blank (`date+time`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Vec<Vec<Name>>);

/// A folded name, and its mark.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    folded: String,
    mark: u64,
}

/// The cells of one row with the marks of their names: a mapping asks for some dozen names, each of every cell.
#[derive(Clone, Debug)]
pub struct Row<'t>(Vec<(u64, &'t str, &'t str)>);

impl<'t> Row<'t> {
    /// A row by its names and texts, in order.
    #[must_use]
    pub fn new(cells: &[(&'t str, &'t str)]) -> Self {
        Self(cells.iter().map(|(name, text)| (mark(name), *name, *text)).collect())
    }
}

impl Columns {
    /// Reads `a|b|c+d`.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let name = |name: &str| Name { folded: folded(name), mark: mark(name) };
        let names: Vec<Vec<Name>> = text.split('|').map(|joined| joined.split('+').map(name).collect()).collect();
        if names.iter().flatten().any(|name| name.folded.is_empty()) {
            return Err("no column name between two bars");
        }
        Ok(Self(names))
    }

    /// For each name that the header has: the places of its columns.
    pub(super) fn places<'c>(&'c self, header: &'c [String]) -> impl Iterator<Item = Vec<usize>> + 'c {
        let place = |name: &Name| header.iter().position(|known| *known == name.folded);
        self.0.iter().filter_map(move |joined| joined.iter().map(place).collect())
    }

    /// Whether one of its names is this folded one.
    pub(super) fn names(&self, column: &str) -> bool {
        self.0.iter().flatten().any(|name| name.folded == column)
    }

    /// The text of the first name that has one.
    #[must_use]
    pub fn text<'t>(&self, row: &Row<'t>) -> Option<&'t str> {
        let single = self.0.iter().filter_map(|joined| joined.first().filter(|_| joined.len() == 1));
        let cells = single.flat_map(|name| {
            row.0.iter().filter(|(mark, known, _)| *mark == name.mark && is_folded(known, &name.folded))
        });
        cells.map(|(_, _, text)| *text).find(|text| !text.trim().is_empty())
    }
}

/// A number by which names can be told apart without reading them: FNV-1a of the folded name.
fn mark(name: &str) -> u64 {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    let byte = |mark: u64, byte: u8| (mark ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    if name.is_ascii() {
        let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
        return letters.fold(MARK_START, |mark, letter| byte(mark, letter.to_ascii_lowercase()));
    }
    let mut bytes = [0; 4];
    letters
        .flat_map(char::to_lowercase)
        .fold(MARK_START, |mark, letter| letter.encode_utf8(&mut bytes).bytes().fold(mark, byte))
}

const MARK_START: u64 = 0xcbf2_9ce4_8422_2325;

/// A name in lower case with only its letters and digits.
pub(super) fn folded(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The same for a pattern, whose stars stay.
pub(super) fn folded_pattern(pattern: &str) -> String {
    pattern.split('*').map(folded).collect::<Vec<String>>().join("*")
}

fn is_folded(name: &str, expect: &str) -> bool {
    if name.is_ascii() {
        let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
        return letters.map(|byte| byte.to_ascii_lowercase()).eq(expect.bytes());
    }
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).eq(expect.chars())
}

/// Whether a lower-case text matches a pattern in which `*` stands for any run of characters.
pub(super) fn matches_pattern(pattern: &str, text: &str) -> bool {
    if !pattern.contains('*') {
        return pattern == text; // most
    }
    let mut parts = pattern.split('*');
    let Some(rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    let mut rest = rest;
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_by_their_letters_and_digits() {
        let columns = Columns::parse("Patient ID|MRN").unwrap();
        assert_eq!(columns.text(&Row::new(&[("x", "1"), ("patient_id", " "), ("mrn", "7")])), Some("7"));
        assert_eq!(columns.text(&Row::new(&[("PatientID", "9"), ("mrn", "7")])), Some("9"));
        assert_eq!(columns.text(&Row::new(&[("patients", "9")])), None);
        let columns = Columns::parse("Größe").unwrap();
        assert_eq!(columns.text(&Row::new(&[("grösse", "8"), ("GRÖ-ßE", "9")])), Some("9"));
    }

    #[test]
    fn stars_stand_for_any_run() {
        for (pattern, text, expect) in [
            ("*", "", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("a*b*c", "axbyc", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("**", "x", true),
        ] {
            assert_eq!(matches_pattern(pattern, text), expect, "{pattern} {text}");
        }
    }
}
