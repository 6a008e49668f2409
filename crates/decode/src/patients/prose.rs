//! What a text says of a patient by itself: `patient_id=47`, `"mrn": "47"`, `<patientName>Doe<`, `/Patient/47`, `Patient?family=Doe`, `MRN 47`.
//!
//! Comes in: a value of a record. Goes out: the parts of it that identify. It takes a text by its marks and does not understand its language.

use super::names::{Says, says};

/// Most parts of one text; of a text with more all of it identifies.
const PARTS_MAX: usize = 256;
/// Longest name of a value.
const NAME_BYTES_MAX: usize = 64;
/// Paths below which the next part is a person's id; in lower case.
const COLLECTIONS: [&str; 4] = ["patient", "patients", "relatedperson", "person"];
/// Words before a number or a name in prose.
const PROSE: [&str; 5] = ["patient", "pt", "mrn", "ssn", "dob"];
/// Segments of HL7 v2 that are a patient's or a relative's as a whole.
const SEGMENTS: [&str; 7] = ["PID", "NK1", "MRG", "GT1", "IN1", "IN2", "PD1"];
/// What may stand between such a word and the number.
const BETWEEN: [&str; 8] = ["id", "no", "nr", "number", "name", "named", "mrn", "is"];

/// Parts of `text` that identify a patient.
pub(super) fn parts(text: &str) -> Vec<&str> {
    if !text.bytes().any(may_follow_a_name) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((start, end)) = run(text, at) {
        at = end;
        if end - start <= NAME_BYTES_MAX {
            at = look(text, start, end, &mut found).max(end);
        }
        if found.len() > PARTS_MAX {
            return vec![text];
        }
    }
    let tells_of_patient = found.iter().any(|(says, _)| *says == Says::Patient);
    found.retain(|(_, part)| tells_of_patient && !part.is_empty());
    found.into_iter().map(|(_, part)| part).collect()
}

/// Whether something is read behind a name that this byte ends ([`look`]).
const fn may_follow_a_name(byte: u8) -> bool {
    matches!(byte, b'/' | b'?' | b'|' | b'>' | b' ' | b'#' | b'=' | b':' | b'"' | b'\'' | b'\\')
}

/// The next run of characters that names are made of, from `at` on.
fn run(text: &str, at: usize) -> Option<(usize, usize)> {
    let is_name = |byte: &u8| NAME_BYTES.get(usize::from(*byte)).is_none_or(|is_name| *is_name);
    let rest = text.as_bytes().get(at..)?;
    let start = at + rest.iter().position(is_name)?;
    let length = text.as_bytes().get(start..)?.iter().take_while(|byte| is_name(byte)).count();
    Some((start, start + length))
}

/// Whether names are made of a byte of ASCII; all others are parts of letters.
static NAME_BYTES: [bool; 128] = {
    let mut table = [false; 128];
    let (mut places, mut byte) = (table.as_mut_slice(), 0_u8);
    while let [place, behind @ ..] = places {
        *place = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        (places, byte) = (behind, byte + 1);
    }
    table
};

/// Looks at the name in `start..end` and what follows it; returns how far it looked.
fn look<'t>(text: &'t str, start: usize, end: usize, found: &mut Vec<(Says, &'t str)>) -> usize {
    let (name, rest) = (text.get(start..end).unwrap_or_default(), text.get(end..).unwrap_or_default());
    let is_collection = || COLLECTIONS.iter().any(|known| name.eq_ignore_ascii_case(known));
    let Some(first) = rest.bytes().next().filter(|byte| may_follow_a_name(*byte)) else { return end };
    let found_value = match first {
        b'/' if is_collection() => id(name, rest.get(1..).unwrap_or_default()),
        b'?' if is_collection() => return end + query(rest.get(1..).unwrap_or_default(), found),
        // behind a line end written as an escape its letter stands in front
        b'|' if SEGMENTS.iter().any(|segment| name.ends_with(segment)) => {
            Some((Says::Patient, segment(rest.get(1..).unwrap_or_default())))
        }
        b'>' if text.get(..start).is_some_and(|before| before.ends_with('<')) => {
            said(name, rest.get(1..), |value| value.split('<').next())
        }
        b' ' | b'#' if PROSE.iter().any(|known| name.eq_ignore_ascii_case(known)) => {
            in_prose(rest).map(|value| (Says::Patient, value)).or_else(|| said(name, assigned(rest), value))
        }
        b'=' | b':' | b'"' | b'\'' | b'\\' | b' ' => said(name, assigned(rest), value),
        _ => None,
    };
    let Some((says, value)) = found_value else { return end };
    found.push((says, value));
    let offset = value.as_ptr().addr().saturating_sub(text.as_ptr().addr());
    offset + value.len()
}

/// A value whose name says that it identifies: what `value` reads of the text behind the name.
fn said<'t>(name: &str, behind: Option<&'t str>, value: fn(&'t str) -> Option<&'t str>) -> Option<(Says, &'t str)> {
    let behind = behind?;
    let says = Some(says(name)).filter(|says| *says > Says::Nothing)?;
    Some((says, value(behind)?))
}

/// A person's id as a part of a path. Parts of other interfaces (`/patients/search`) are words, ids have digits.
fn id<'t>(name: &str, rest: &'t str) -> Option<(Says, &'t str)> {
    let is_end = |letter: char| !letter.is_alphanumeric() && !"-.|:_%".contains(letter);
    let id = rest.split(is_end).next().filter(|id| !id.is_empty() && !id.starts_with('_'))?;
    let is_fhir = name.starts_with(|letter: char| letter.is_ascii_uppercase());
    (is_fhir || id.contains(|letter: char| letter.is_ascii_digit())).then_some((Says::Patient, id))
}

/// A segment of HL7 v2 up to its end, which can be written as an escape.
fn segment(rest: &str) -> &str {
    let ends = ["\r", "\n", "\\r", "\\n"].into_iter().filter_map(|end| rest.find(end)).min();
    rest.get(..ends.unwrap_or(rest.len())).unwrap_or(rest)
}

/// All values of a search for patients; returns its length.
fn query<'t>(rest: &'t str, found: &mut Vec<(Says, &'t str)>) -> usize {
    let end = rest.find(|letter: char| letter.is_whitespace() || "\"'<>".contains(letter)).unwrap_or(rest.len());
    let query = rest.get(..end).unwrap_or_default();
    let values = query.split('&').filter_map(|pair| pair.split_once('='));
    found.extend(values.take(PARTS_MAX).map(|(_, value)| (Says::Patient, value)));
    end + 1
}

/// What stands behind `=` or `:`, perhaps with the quotation marks of the name before it.
fn assigned(rest: &str) -> Option<&str> {
    let is_mark = |byte: u8| matches!(byte, b'"' | b'\'' | b'\\' | b' ');
    let sign = rest.bytes().position(|byte| !is_mark(byte))?;
    rest.get(sign..)?.strip_prefix(['=', ':'])
}

/// The value that stands there, perhaps in quotation marks.
fn value(assigned: &str) -> Option<&str> {
    let value = assigned.trim_start_matches(['=', '>', ' ']);
    let bare = value.trim_start_matches('\\');
    match bare.chars().next()? {
        quote @ ('"' | '\'') => Some(quoted(bare.get(1..)?, quote, value.len() - bare.len())),
        // what is nested has names of its own
        '{' => Some(""),
        '[' => bare.get(1..)?.split([']', '{']).next(),
        _ => words(value),
    }
}

/// What stands within quotation marks: up to the next one that has no more backslashes in front of it than the first had.
fn quoted(inside: &str, quote: char, backslashes: usize) -> &str {
    let before = |end: usize| inside.get(..end).unwrap_or_default();
    let is_end = |end: &usize| before(*end).len() - before(*end).trim_end_matches('\\').len() <= backslashes;
    let end = inside.match_indices(quote).map(|(end, _)| end).find(is_end);
    before(end.unwrap_or(inside.len())).trim_end_matches('\\')
}

/// A value without quotation marks: its first word, and those behind it that begin like names.
fn words(value: &str) -> Option<&str> {
    let is_end = |letter: char| letter.is_whitespace() || "&;,|)]}>\"'<".contains(letter);
    let mut end = value.find(is_end).unwrap_or(value.len());
    for _ in 0..WORDS_MAX {
        let rest = value.get(end..)?;
        let next = rest.trim_start_matches([',', ' ']);
        let gap = rest.len() - next.len();
        let length = next.find(is_end).unwrap_or(next.len());
        let word = next.get(..length)?;
        let is_name = word.starts_with(char::is_uppercase) && !word.contains(['=', ':']);
        if !(1..=2).contains(&gap) || !is_name {
            break;
        }
        end += gap + length;
    }
    value.get(..end)
}

/// Most further words of a name.
const WORDS_MAX: usize = 4;

/// `MRN 4711`, `patient id #4711`, `patient name Jane Doe`: the number or the name.
fn in_prose(rest: &str) -> Option<&str> {
    let mut rest = rest;
    let mut is_name = false;
    for _ in 0..WORDS_MAX {
        rest = rest.trim_start_matches([' ', '#', ':', '=']);
        let length = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '-').unwrap_or(rest.len());
        let word = rest.get(..length)?;
        if !BETWEEN.iter().any(|known| word.eq_ignore_ascii_case(known)) {
            let is_number = word.len() > 1 && word.contains(|letter: char| letter.is_ascii_digit());
            let is_named = is_name && word.starts_with(char::is_uppercase);
            return if is_number { Some(word) } else { words(rest).filter(|_| is_named) };
        }
        is_name |= word.to_ascii_lowercase().starts_with("name");
        rest = rest.get(length..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: &[&str]) {
        assert_eq!(parts(text), expect, "{text}");
    }

    #[test]
    fn pairs_of_name_and_value_identify_by_the_name() {
        check("user=kim patient_id=4711 action=read", &["4711"]);
        check("patient_name=Jane Doe action=read", &["Jane Doe"]);
        check("Patient: Doe, Jane (ward 3)", &["Doe, Jane"]);
        check(r#"got {"user": "kim", "patientName": "Doe, Jane", "phone": "555"}"#, &["Doe, Jane", "555"]);
        check(r#"got {"patient": {"name": "Doe", "names": ["Jane", "J."]}, "ok": 1}"#, &["Doe", r#""Jane", "J.""#]);
        check(r#"{\"mrn\":\"4711\",\"ok\":true}"#, &["4711"]);
        check(r#"patient_name="Doe, \"Jane\"" unit="3""#, &[r#"Doe, \"Jane\""#]);
        check("GET /x?mrn=4711&unit=3 HTTP/1.1", &["4711"]);
        check("<req><patientName>Jane Doe</patientName><b>x</b></req>", &["Jane Doe"]);
        check("update t set last_name='Doe' where mrn = '4711'", &["Doe", "4711"]);
    }

    #[test]
    fn paths_and_searches_identify_by_their_place() {
        check("GET /fhir/Patient/4711/_history/2", &["4711"]);
        check("GET /fhir/Patient?family=Doe&birthdate=1963-03-06 HTTP/1.1", &["Doe", "1963-03-06"]);
        check("/api/patients/4711?x=1", &["4711"]);
        check("/api/patients/search and Patient/_search", &[]);
    }

    #[test]
    fn numbers_and_names_behind_a_patients_word_identify() {
        check("opened chart of patient 4711 by kim", &["4711"]);
        check("MRN 4711, patient id #4712, patient name Jane Doe was seen", &["4711", "4712", "Jane Doe"]);
        check("the patient is well; patient care unit", &[]);
    }

    #[test]
    fn segments_of_hl7_within_a_text_identify_as_a_whole() {
        check("got MSH|^~\\&|LAB PID|1||47^^^L||Doe^Jane", &["1||47^^^L||Doe^Jane"]);
        check(r"MSH|^~\\&|LAB\rPID|1||47||Doe\rOBR|1", &["1||47||Doe"]);
    }

    #[test]
    fn texts_of_no_patient_give_nothing() {
        check("user=kim email=kim@lake.example name=x", &[]);
        check(r"C:\Windows\System32\cmd.exe /c echo name=1", &[]);
        check("sshd[1]: Failed password for root from 10.0.0.1 port 22", &[]);
        check("", &[]);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics_and_gives_its_own_parts(text in r#"(patient|mrn|Patient|[=:/?<>"' \\#]|[a-zA-Zäß0-9&,]{1,3}){0,12}"#) {
            for part in parts(&text) {
                prop_assert!(text.contains(part));
            }
        }
    }
}
