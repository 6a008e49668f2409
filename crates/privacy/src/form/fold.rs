//! Texts of people as they are compared: small letters, no marks, streets without their many abbreviations.

/// Letters with marks, and what they are written as without.
const MARKS: [(&str, &str); 10] = [
    ("ä", "ae"),
    ("ö", "oe"),
    ("ü", "ue"),
    ("ß", "ss"),
    ("æ", "ae"),
    ("ø", "oe"),
    ("å", "aa"),
    ("œ", "oe"),
    ("ł", "l"),
    ("đ", "d"),
];
/// Letters whose mark is left away, and the plain letter.
const ACCENTS: [(char, &str); 16] = [
    ('a', "áàâãāăą"),
    ('c', "çćč"),
    ('d', "ď"),
    ('e', "éèêëēęě"),
    ('g', "ğĝ"),
    ('i', "íìîïīı"),
    ('n', "ñńň"),
    ('o', "óòôõōő"),
    ('r', "ř"),
    ('s', "śšşș"),
    ('t', "ťţț"),
    ('u', "úùûūůű"),
    ('y', "ýÿ"),
    ('z', "źžż"),
    ('h', "ħ"),
    ('l', "ĺľ"),
];
/// Ends of street names, and the one that stands for them.
const STREETS: [(&str, &str); 9] = [
    ("str", "strasse"),
    ("st", "street"),
    ("rd", "road"),
    ("ave", "avenue"),
    ("av", "avenue"),
    ("ln", "lane"),
    ("dr", "drive"),
    ("blvd", "boulevard"),
    ("ct", "court"),
];

/// Small letters and digits only; words divided by one blank.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            out.push(letter);
        } else if let Some((_, plain)) = MARKS.iter().find(|(mark, _)| mark.starts_with(letter)) {
            out.push_str(plain);
        } else if let Some((plain, _)) = ACCENTS.iter().find(|(_, accents)| accents.contains(letter)) {
            out.push(*plain);
        } else if letter.is_alphanumeric() {
            out.push(letter);
        } else if letter != '\'' && letter != '\u{2019}' && letter != '.' && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.trim().to_owned()
}

/// A street: folded, its last word written out.
pub(crate) fn street(text: &str) -> String {
    let folded = fold(text);
    let last = folded.rsplit(' ').next().unwrap_or_default();
    if let Some((short, long)) = STREETS.iter().find(|(short, _)| *short == last) {
        let stem = folded.strip_suffix(short).unwrap_or(&folded);
        return format!("{stem}{long}");
    }
    match folded.strip_suffix("str") {
        Some(stem) if !stem.is_empty() => format!("{stem}strasse"),
        _ => folded,
    }
}

/// A house number: its number, and the whole of it folded (`12 b` and `12B` are one door).
pub(crate) fn house(text: &str) -> (Option<u32>, String) {
    let whole: String = fold(text).split(' ').collect();
    let digits: String = whole.chars().take_while(char::is_ascii_digit).collect();
    (digits.parse().ok(), whole)
}

/// The last eight digits of a telephone number; empty when it has fewer than six.
pub(crate) fn digits(text: &str) -> String {
    let all: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    if all.len() < 6 { String::new() } else { all.iter().skip(all.len().saturating_sub(8)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_fold_alike() {
        assert_eq!(fold("Müller"), fold("MUELLER"));
        assert_eq!(fold("O'Brien"), fold("OBrien"));
        assert_eq!(fold(" Meyer-Schmidt "), "meyer schmidt");
        assert_eq!(fold("Ngô"), "ngo");
    }

    #[test]
    fn spellings_of_one_street_fold_alike() {
        assert_eq!(street("Lindenstr."), street("Lindenstraße"));
        assert_eq!(street("Elm St"), street("elm street"));
        assert_eq!(house("12 b"), (Some(12), "12b".to_owned()));
        assert_eq!(digits("+49 (30) 1234-5678"), digits("030 12345678"));
    }
}
