//! Who assigned which id to a patient: the two parts that a pseudonym is made of, read alike from every source.
//!
//! Comes in: an id as FHIR, HL7 v2, ATNA or a table writes it. Goes out: assigning authority and id (`docs/specs/healthcare-taxonomy.md`, patients). It does
//! not know which authorities name the same registry.

/// A patient's id and who assigned it. The authority is empty when the source states none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatientId<'t> {
    /// Assigning authority: an OID, a URI or a namespace.
    pub authority: &'t str,
    /// The id within it.
    pub id: &'t str,
}

impl<'t> PatientId<'t> {
    /// An id with the parts of its assigning authority (HL7 v2 data type HD): the universal id counts where there is one, else the namespace.
    /// `None` when there is no id.
    #[must_use]
    pub fn from_hd(id: &'t str, namespace: &'t str, universal_id: &'t str) -> Option<Self> {
        let universal_id = bare_oid(universal_id);
        let authority = if universal_id.is_empty() { bare_oid(namespace) } else { universal_id };
        Some(Self { authority, id: stated(id)? })
    }

    /// An id in HL7 v2's data type CX with the usual delimiters, as ATNA carries it: `1001^^^LAKESIDE&1.2.3&ISO^MR`, or the id alone.
    #[must_use]
    pub fn from_cx(text: &'t str) -> Option<Self> {
        let mut components = text.split('^');
        let id = components.next().unwrap_or_default();
        let mut authority = components.nth(2).unwrap_or_default().split('&');
        Self::from_hd(id, authority.next().unwrap_or_default(), authority.next().unwrap_or_default())
    }

    /// A FHIR Identifier. A system `urn:oid:1.2.3` is the authority `1.2.3`, as HL7 v2 writes it.
    #[must_use]
    pub fn from_identifier(system: &'t str, value: &'t str) -> Option<Self> {
        Some(Self { authority: bare_oid(system), id: stated(value)? })
    }

    /// A FHIR reference to a Patient: `Patient/123`, the same behind a server's address or with a version, or `Patient?identifier=system|value`.
    /// `None` when it points elsewhere. A server's address is a place and no authority: client and server write it differently.
    #[must_use]
    pub fn from_reference(reference: &'t str) -> Option<Self> {
        if let Some((_, identifier)) = reference.split_once("Patient?identifier=") {
            let (system, value) = identifier.split_once('|').unwrap_or(("", identifier));
            return Self::from_identifier(system, value.split('&').next().unwrap_or_default());
        }
        let at = reference.rfind("Patient/")?;
        let (before, rest) = reference.split_at_checked(at)?;
        if !before.is_empty() && !before.ends_with('/') {
            return None;
        }
        let id = rest.strip_prefix("Patient/")?.split(['/', '?', '#']).next().unwrap_or_default();
        Some(Self { authority: "", id: stated(id)? })
    }
}

fn stated(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// The authority without the `urn:oid:` that FHIR puts in front of an OID.
fn bare_oid(authority: &str) -> &str {
    let authority = authority.trim();
    let bare = authority.split_at_checked(8).filter(|(prefix, _)| prefix.eq_ignore_ascii_case("urn:oid:"));
    bare.map_or(authority, |(_, oid)| oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "compared with what the readers return")]
    fn id<'t>(authority: &'t str, id: &'t str) -> Option<PatientId<'t>> {
        Some(PatientId { authority, id })
    }

    #[test]
    fn one_stated_id_reads_alike_from_every_source() {
        for read in [
            PatientId::from_cx("1001^^^LAKESIDE&1.2.3&ISO^MR"),
            PatientId::from_cx("1001^^^&1.2.3&ISO"),
            PatientId::from_hd("1001", "LAKESIDE", "1.2.3"),
            PatientId::from_identifier("urn:oid:1.2.3", " 1001 "),
            PatientId::from_reference("Patient?identifier=urn:oid:1.2.3|1001"),
        ] {
            assert_eq!(read, id("1.2.3", "1001"));
        }
        for read in [
            PatientId::from_cx("1001"),
            PatientId::from_hd("1001", "", ""),
            PatientId::from_identifier("", "1001"),
            PatientId::from_reference("Patient/1001"),
            PatientId::from_reference("https://ehr.example/fhir/Patient/1001/_history/2"),
        ] {
            assert_eq!(read, id("", "1001"));
        }
        assert_eq!(PatientId::from_cx("1001^^^LAKESIDE"), id("LAKESIDE", "1001"));
    }

    #[test]
    fn nothing_is_read_where_no_patient_is_named() {
        assert_eq!(PatientId::from_reference("Practitioner/7"), None);
        assert_eq!(PatientId::from_reference("OutPatient/7"), None);
        assert_eq!(PatientId::from_reference("Patient/"), None);
        assert_eq!(PatientId::from_cx("^^^LAKESIDE"), None);
        assert_eq!(PatientId::from_identifier("urn:oid:1.2.3", " "), None);
    }
}
