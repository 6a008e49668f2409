//! `unmapped`: the source's other fields under their own names. Sources that tell of patients give only the fields that `data/ocsf/unmapped.tsv` names.

use std::collections::BTreeMap;

use cordon_model::{LogSource, Node, Object, Value};

use super::maps::Source;
use super::rows::rows;

/// Most fields that stand under `unmapped`; a record with more (generic JSON) keeps the others in its own form alone.
const FIELDS_MAX: usize = 2_000;

/// By closed source: names, or beginnings of names, of fields that may stand there.
#[derive(Debug)]
pub(super) struct Unmapped(BTreeMap<&'static str, Vec<(&'static str, bool)>>);

impl Unmapped {
    /// Reads the table.
    pub(super) fn read() -> Self {
        let mut open: BTreeMap<&'static str, Vec<_>> = BTreeMap::new();
        for [closed, name] in rows::<2>(include_str!("../../data/ocsf/unmapped.tsv")) {
            let start = name.strip_suffix('*');
            open.entry(closed).or_default().push((start.unwrap_or(name), start.is_some()));
        }
        Self(open)
    }

    /// What no map took of a record, or `None` when nothing is left. A name that repeats is a list.
    pub(super) fn of<'a>(&self, source: &Source<'_, 'a>, sources: &[LogSource]) -> Option<Object<'a>> {
        let allowed = closed(source, sources).map(|name| self.0.get(name).map_or(&[][..], Vec::as_slice));
        let fields = source.record.fields.iter().zip(&source.marks.all).zip(&source.used).filter(|(_, used)| !**used);
        let mut names = Names::default();
        let mut values: Vec<Vec<Node<'a>>> = Vec::new();
        for ((field, mark), _) in fields.take(FIELDS_MAX) {
            if allowed.is_some_and(|allowed| !is_allowed(field.name, allowed)) {
                continue;
            }
            let Some(node) = value(field.value, source) else { continue };
            match values.get_mut(names.place(*mark, field.name)) {
                Some(same) => same.push(node),
                None => values.push(vec![node]),
            }
        }
        let mut rest = Object::new_in(source.arena);
        for (name, mut several) in names.names.into_iter().zip(values) {
            let node = match several.len() {
                1 => several.pop(),
                _ => {
                    let mut list = bumpalo::collections::Vec::new_in(source.arena);
                    list.extend(several);
                    Some(Node::List(list))
                }
            };
            let Some(node) = node else { continue };
            match source.shown.mask {
                // masked names can be alike
                Some(_) => drop(rest.put(source.shown.name(name, source.arena), node)),
                None => rest.push(name, node),
            }
        }
        (!rest.is_empty()).then_some(rest)
    }
}

/// Names in the order in which they came first. A record has a few dozen: their marks are looked through one by one.
#[derive(Debug, Default)]
struct Names<'a> {
    marks: Vec<u32>,
    names: Vec<&'a str>,
}

impl<'a> Names<'a> {
    /// Which of the names it is; one that is new becomes the last.
    fn place(&mut self, mark: u32, name: &'a str) -> usize {
        let alike = self.marks.iter().zip(&self.names).position(|(known, of)| *known == mark && *of == name);
        alike.unwrap_or_else(|| {
            self.marks.push(mark);
            self.names.push(name);
            self.names.len() - 1
        })
    }
}

/// The name under which a record's source is closed; `None` for one that tells of no patient by its nature.
fn closed(source: &Source<'_, '_>, sources: &[LogSource]) -> Option<&'static str> {
    let record = source.record;
    if sources.iter().any(LogSource::is_taxonomy) {
        return Some(if record.format == "syslog" { "medical_device" } else { record.format });
    }
    match record.format {
        "hl7" | "fhir_audit_event" | "atna" => Some(record.format),
        // a FHIR resource other than an AuditEvent: nothing but the patient's data
        "json" if record.value("resourceType").is_some() => Some("fhir_resource"),
        _ => None,
    }
}

fn is_allowed(name: &str, allowed: &[(&str, bool)]) -> bool {
    allowed.iter().any(|(known, is_start)| if *is_start { name.starts_with(known) } else { name == *known })
}

fn value<'a>(value: Value<'a>, source: &Source<'_, 'a>) -> Option<Node<'a>> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => Node::Bool(value),
        Value::Number(text) if is_json_number(text) && source.shown.text(text, source.arena) == text => {
            Node::Number(text)
        }
        other => {
            let text = other.text(source.arena).filter(|text| !text.is_empty())?;
            Node::Text(source.shown.text(text, source.arena))
        }
    })
}

/// RFC 8259 section 6.
fn is_json_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let leads = whole.len() > 1 && whole.starts_with('0');
    digits(whole) && !leads && digits(fraction) && digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_numbers_when_json_can_write_them() {
        for (text, expect) in [
            ("0", true),
            ("-1.50", true),
            ("1e5", true),
            ("1E-5", true),
            ("01", false),
            ("1.", false),
            (".5", false),
            ("0x1", false),
            ("", false),
            ("NaN", false),
        ] {
            assert_eq!(is_json_number(text), expect, "{text}");
        }
    }
}
