//! Column names: compared without case, blanks and punctuation (`Patient ID` = `patient_id` = `PatientID`).

/// A column by its names in rising order of doubt (`a|b`), or several joined by a blank (`date+time`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Vec<Vec<String>>);

impl Columns {
    /// Reads `a|b|c+d`.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let one = |name: &str| name.split('+').map(folded).collect::<Vec<String>>();
        let names: Vec<Vec<String>> = text.split('|').map(one).collect();
        if names.iter().flatten().any(String::is_empty) {
            return Err("no column name between two bars");
        }
        Ok(Self(names))
    }

    /// For each name that the header has: the places of its columns.
    pub(super) fn places<'c>(&'c self, header: &'c [String]) -> impl Iterator<Item = Vec<usize>> + 'c {
        let place = |name: &String| header.iter().position(|known| known == name);
        self.0.iter().filter_map(move |joined| joined.iter().map(place).collect())
    }

    /// Whether one of its names is this folded one.
    pub(super) fn names(&self, column: &str) -> bool {
        self.0.iter().flatten().any(|name| name == column)
    }

    /// The text of the first name that has one, among fields as a record has them.
    pub fn text<'t>(&self, fields: &[(&'t str, &'t str)]) -> Option<&'t str> {
        let single = self.0.iter().filter_map(|joined| joined.first().filter(|_| joined.len() == 1));
        single
            .flat_map(|name| fields.iter().filter(move |(known, _)| is_folded(known, name)))
            .map(|(_, text)| *text)
            .find(|text| !text.trim().is_empty())
    }
}

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
        let first = name.bytes().next().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
        if name.len() < expect.len() || first.is_some_and(|first| expect.bytes().next() != Some(first)) {
            return false;
        }
        let mut rest = expect.as_bytes();
        for byte in name.bytes().filter(u8::is_ascii_alphanumeric) {
            match rest.split_first() {
                Some((first, behind)) if *first == byte.to_ascii_lowercase() => rest = behind,
                _ => return false,
            }
        }
        return rest.is_empty();
    }
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).eq(expect.chars())
}

/// Whether a lower-case text matches a pattern in which `*` stands for any run of characters.
pub(super) fn matches_pattern(pattern: &str, text: &str) -> bool {
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
        assert_eq!(columns.text(&[("x", "1"), ("patient_id", " "), ("mrn", "7")]), Some("7"));
        assert_eq!(columns.text(&[("PatientID", "9"), ("mrn", "7")]), Some("9"));
        assert_eq!(columns.text(&[("patients", "9")]), None);
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
