//! What a body of FHIR holds: one AuditEvent, one resource of care ([`CARE`]), or a Bundle with its entries.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::live::http::members::{Members, elements, is_object};

/// Resources that say who is in whose care, and who is who: the context of the access review. They are taken in JSON.
pub const CARE: [&str; 10] = [
    "Appointment",
    "CareTeam",
    "DiagnosticReport",
    "Encounter",
    "Location",
    "MedicationRequest",
    "Patient",
    "Practitioner",
    "Procedure",
    "ServiceRequest",
];

/// How a resource is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `application/fhir+json`.
    Json,
    /// `application/fhir+xml`.
    Xml,
}

/// Why a body holds nothing that can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Faulty {
    /// Not well-formed.
    Malformed,
    /// Another resource than the route takes.
    OtherResource,
    /// A Bundle that brings nothing new: neither batch nor transaction, nor the word of a subscription.
    OtherBundle,
    /// More entries than a request may bring.
    TooMany,
}

/// What an entry of a Bundle holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// An AuditEvent: in JSON its bytes, in XML nothing, since the Bundle is kept as one record there.
    AuditEvent(&'a [u8]),
    /// A resource of [`CARE`], of this type.
    Care(&'static str, &'a [u8]),
    /// Another resource, or none.
    Other,
}

/// A Bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle<'a> {
    /// Whether all of it is kept or nothing.
    pub is_transaction: bool,
    /// Its entries.
    pub entries: Vec<Entry<'a>>,
}

/// Levels that the elements of a resource may nest.
const DEPTH_MAX: usize = 64;

impl Syntax {
    /// Whether a body is one AuditEvent.
    ///
    /// # Errors
    /// Why not.
    pub fn audit_event(self, body: &[u8]) -> Result<(), Faulty> {
        let is_one = match self {
            Self::Json if !is_object(body) => return Err(Faulty::Malformed),
            Self::Json => is_audit_event(body),
            Self::Xml => xml(body, 0)?.root == "AuditEvent",
        };
        if is_one { Ok(()) } else { Err(Faulty::OtherResource) }
    }

    /// Whether a body is one resource of [`CARE`] of this type.
    ///
    /// # Errors
    /// Why not.
    pub fn care(self, kind: &str, body: &[u8]) -> Result<&'static str, Faulty> {
        match self {
            Self::Json if !is_object(body) => Err(Faulty::Malformed),
            Self::Json => care(body).filter(|known| *known == kind).ok_or(Faulty::OtherResource),
            Self::Xml => Err(Faulty::OtherResource),
        }
    }

    /// The Bundle that a body is.
    ///
    /// # Errors
    /// Why it is none that can be taken.
    pub fn bundle(self, body: &[u8], entries_max: usize) -> Result<Bundle<'_>, Faulty> {
        let (is_bundle, kind, entries) = match self {
            Self::Json if !is_object(body) => return Err(Faulty::Malformed),
            Self::Json => {
                let kind = Members::value(body, "type").and_then(|kind| serde_json::from_slice(kind).ok());
                (resource_type(body) == Some(b"\"Bundle\""), kind, json_entries(body, entries_max)?)
            }
            Self::Xml => {
                let seen = xml(body, entries_max)?;
                (seen.root == "Bundle", seen.kind, seen.entries)
            }
        };
        if !is_bundle {
            return Err(Faulty::OtherResource);
        }
        match kind.as_deref() {
            // what a server sends to whoever subscribed: R5 and its backport, R4B
            Some("batch" | "subscription-notification" | "history") => Ok(Bundle { is_transaction: false, entries }),
            Some("transaction") => Ok(Bundle { is_transaction: true, entries }),
            _ => Err(Faulty::OtherBundle),
        }
    }
}

fn resource_type(object: &[u8]) -> Option<&[u8]> {
    Members::value(object, "resourceType")
}

fn is_audit_event(object: &[u8]) -> bool {
    resource_type(object) == Some(b"\"AuditEvent\"")
}

/// Which of [`CARE`] an object is.
fn care(object: &[u8]) -> Option<&'static str> {
    let kind = resource_type(object)?;
    let kind = kind.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    CARE.into_iter().find(|known| known.as_bytes() == kind)
}

fn json_entries(body: &[u8], entries_max: usize) -> Result<Vec<Entry<'_>>, Faulty> {
    let Some(entries) = Members::value(body, "entry") else { return Ok(Vec::new()) };
    if entries.first() != Some(&b'[') {
        return Err(Faulty::Malformed);
    }
    let mut seen = Vec::new();
    for entry in elements(entries) {
        if seen.len() >= entries_max {
            return Err(Faulty::TooMany);
        }
        let resource = Some(entry).filter(|entry| entry.first() == Some(&b'{'));
        let resource = resource.and_then(|entry| Members::value(entry, "resource"));
        let resource = resource.filter(|resource| resource.first() == Some(&b'{'));
        seen.push(match resource {
            Some(resource) if is_audit_event(resource) => Entry::AuditEvent(resource),
            Some(resource) => care(resource).map_or(Entry::Other, |kind| Entry::Care(kind, resource)),
            None => Entry::Other,
        });
    }
    Ok(seen)
}

/// What was seen of a document.
#[derive(Debug, Default)]
struct Xml {
    root: String,
    /// `Bundle.type`.
    kind: Option<String>,
    entries: Vec<Entry<'static>>,
}

/// Walks over a document: its root, and of a Bundle the type and what each entry holds.
fn xml(body: &[u8], entries_max: usize) -> Result<Xml, Faulty> {
    let mut reader = Reader::from_reader(body);
    let mut seen = Xml::default();
    let mut path: Vec<String> = Vec::new();
    let mut ended = false;
    loop {
        match reader.read_event().map_err(|_| Faulty::Malformed)? {
            Event::Start(tag) => {
                let name = tag.local_name().as_ref().to_owned();
                seen.element(&path, &name, &tag, entries_max, ended)?;
                path.push(name);
                if path.len() > DEPTH_MAX {
                    return Err(Faulty::Malformed);
                }
            }
            Event::Empty(tag) => {
                seen.element(&path, tag.local_name().as_ref(), &tag, entries_max, ended)?;
                ended |= path.is_empty();
            }
            Event::End(_) => {
                path.pop();
                ended |= path.is_empty();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if ended && path.is_empty() { Ok(seen) } else { Err(Faulty::Malformed) }
}

impl Xml {
    /// An element that starts below `path`.
    fn element(
        &mut self,
        path: &[String],
        name: &str,
        tag: &quick_xml::events::BytesStart<'_>,
        entries_max: usize,
        ended: bool,
    ) -> Result<(), Faulty> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (path.as_slice(), name) {
            ([], _) if ended => return Err(Faulty::Malformed),
            ([], _) => name.clone_into(&mut self.root),
            (["Bundle"], "type") => self.kind = value_of(tag),
            (["Bundle"], "entry") if self.entries.len() >= entries_max => return Err(Faulty::TooMany),
            (["Bundle"], "entry") => self.entries.push(Entry::Other),
            (["Bundle", "entry", "resource"], "AuditEvent") => {
                self.entries.last_mut().into_iter().for_each(|entry| *entry = Entry::AuditEvent(b""));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The `value` of an element.
fn value_of(tag: &quick_xml::events::BytesStart<'_>) -> Option<String> {
    let attribute = tag.attributes().flatten().find(|attribute| attribute.key.as_ref() == "value")?;
    Some(attribute.value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(syntax: Syntax, body: &str, expect: Result<(bool, &[&str]), Faulty>) {
        let seen = syntax.bundle(body.as_bytes(), 3).map(|bundle| {
            let entries = bundle.entries.iter().map(|entry| match entry {
                Entry::AuditEvent(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Entry::Care(kind, _) => (*kind).to_owned(),
                Entry::Other => "other".to_owned(),
            });
            (bundle.is_transaction, entries.collect::<Vec<_>>())
        });
        let expect = expect.map(|(kind, entries)| (kind, entries.iter().map(|entry| (*entry).to_owned()).collect()));
        assert_eq!(seen, expect, "{body}");
    }

    const EVENT: &str = r#"{"resourceType":"AuditEvent","action":"R"}"#;

    fn json(kind: &str, entries: &str) -> String {
        format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{entries}]}}"#)
    }

    #[test]
    fn the_entries_of_a_bundle_are_told_apart() {
        let entries = format!(
            r#"{{"resource":{EVENT},"request":{{}}}},{{"resource":{{"resourceType":"Observation"}}}},{{"resource":{{"resourceType":"Patient"}}}}"#
        );
        check(Syntax::Json, &json("batch", &entries), Ok((false, &[EVENT, "other", "Patient"])));
        check(Syntax::Json, &json("history", "{}"), Ok((false, &["other"])));
        check(Syntax::Json, &json("transaction", ""), Ok((true, &[])));
        check(Syntax::Json, &json("collection", ""), Err(Faulty::OtherBundle));
        check(Syntax::Json, EVENT, Err(Faulty::OtherResource));
        check(Syntax::Json, "{\"resourceType\":", Err(Faulty::Malformed));
        check(Syntax::Json, &json("batch", "{},{},{},{}"), Err(Faulty::TooMany));
        let entry = "<entry><resource><AuditEvent><contained><AuditEvent/></contained></AuditEvent></resource></entry>";
        let other = "<entry><resource><Patient/></resource></entry>";
        let bundle =
            |inside: &str| format!("<?xml version=\"1.0\"?><Bundle xmlns=\"http://hl7.org/fhir\">{inside}</Bundle>");
        check(Syntax::Xml, &bundle(&format!("<type value=\"batch\"/>{entry}{other}")), Ok((false, &["", "other"])));
        check(Syntax::Xml, &bundle(&format!("<type value=\"transaction\"></type>{entry}")), Ok((true, &[""])));
        check(Syntax::Xml, &bundle(&"<entry/>".repeat(4)), Err(Faulty::TooMany));
        check(Syntax::Xml, "<AuditEvent/>", Err(Faulty::OtherResource));
        check(Syntax::Xml, "<Bundle><entry></Bundle>", Err(Faulty::Malformed));
        check(Syntax::Xml, "<Bundle/><Bundle/>", Err(Faulty::Malformed));
        check(Syntax::Xml, "", Err(Faulty::Malformed));
    }

    #[test]
    fn one_audit_event_is_known_in_both_syntaxes() {
        assert_eq!(Syntax::Json.audit_event(EVENT.as_bytes()), Ok(()));
        assert_eq!(
            Syntax::Xml.audit_event(b"<AuditEvent xmlns=\"http://hl7.org/fhir\"><id value=\"1\"/></AuditEvent>"),
            Ok(())
        );
        assert_eq!(Syntax::Json.audit_event(b"{\"resourceType\":\"Patient\"}"), Err(Faulty::OtherResource));
        assert_eq!(Syntax::Xml.audit_event(b"<Patient/>"), Err(Faulty::OtherResource));
        assert_eq!(Syntax::Json.audit_event(b"<AuditEvent/>"), Err(Faulty::Malformed));
        assert_eq!(Syntax::Xml.audit_event(&b"<a>".repeat(65)), Err(Faulty::Malformed));
    }

    #[test]
    fn a_resource_of_care_is_known_by_its_type_and_taken_in_json() {
        let body = br#"{"id":"1","resourceType":"Encounter"}"#;
        assert_eq!(Syntax::Json.care("Encounter", body), Ok("Encounter"));
        assert_eq!(Syntax::Json.care("Patient", body), Err(Faulty::OtherResource));
        assert_eq!(Syntax::Json.care("Observation", br#"{"resourceType":"Observation"}"#), Err(Faulty::OtherResource));
        assert_eq!(Syntax::Json.care("Encounter", b"[]"), Err(Faulty::Malformed));
        assert_eq!(Syntax::Xml.care("Encounter", b"<Encounter/>"), Err(Faulty::OtherResource));
    }

    #[test]
    fn a_bundle_cut_anywhere_is_refused() {
        let whole = json("batch", &format!(r#"{{"resource":{EVENT}}}"#));
        for end in 0..whole.len() {
            assert_eq!(Syntax::Json.bundle(&whole.as_bytes()[..end], 3), Err(Faulty::Malformed), "cut at {end}");
        }
        let whole = b"<Bundle><type value=\"batch\"/><entry><resource><AuditEvent/></resource></entry></Bundle>";
        for end in 0..whole.len() {
            assert!(Syntax::Xml.bundle(&whole[..end], 3).is_err(), "cut at {end}");
        }
    }
}
