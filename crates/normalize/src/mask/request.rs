//! What of an HTTP request is about somebody. FHIR audit records carry the request that was made: its method, its headers, the kind of resource and how the answer is
//! paged say nothing of a patient, and the same words stand all over the record.

use std::borrow::Cow;

/// Methods that records are asked for by (RFC 9110 section 9, RFC 5789).
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
/// Headers that say in which form somebody wants the answer.
const FORM_HEADERS: [&str; 6] =
    ["accept", "accept-charset", "accept-encoding", "content-type", "content-length", "host"];
/// Parameters that say how the answer is given, not what is asked for (FHIR R4, search, section 3.1.1.5.1).
const RESULT_PARAMETERS: [&str; 12] = [
    "_sort",
    "_count",
    "_include",
    "_revinclude",
    "_summary",
    "_total",
    "_elements",
    "_contained",
    "_containedType",
    "_format",
    "_pretty",
    "_since",
];
/// Parts of addresses of FHIR servers that name a version or a kind of resource: those that audit records of care name.
const KINDS: [&str; 52] = [
    "fhir",
    "r4",
    "r4b",
    "r5",
    "stu3",
    "dstu2",
    "baseR4",
    "metadata",
    "_search",
    "_history",
    "AllergyIntolerance",
    "Appointment",
    "AuditEvent",
    "Binary",
    "Bundle",
    "CarePlan",
    "CareTeam",
    "Claim",
    "Communication",
    "Composition",
    "Condition",
    "Consent",
    "Coverage",
    "Device",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "EpisodeOfCare",
    "ExplanationOfBenefit",
    "FamilyMemberHistory",
    "Goal",
    "Group",
    "ImagingStudy",
    "Immunization",
    "Location",
    "Media",
    "Medication",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "Questionnaire",
    "QuestionnaireResponse",
    "RelatedPerson",
    "ServiceRequest",
    "Specimen",
];

/// The parts of a request that could name somebody, with blanks between them; the text itself when it is no request (RFC 9112 section 3).
pub(super) fn about_somebody(text: &str) -> Cow<'_, str> {
    let mut lines = text.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target, version, more) = (first.next(), first.next(), first.next(), first.next());
    let is_request = method.is_some_and(|method| METHODS.contains(&method))
        && version.is_none_or(|version| version.starts_with("HTTP/"))
        && more.is_none();
    let Some(target) = target.filter(|_| is_request) else { return Cow::Borrowed(text) };
    let behind_host = target
        .split_once("://")
        .map_or(target, |(_, rest)| rest.find(['/', '?']).and_then(|path| rest.get(path..)).unwrap_or_default());
    let (path, query) = behind_host.split_once('?').unwrap_or((behind_host, ""));
    let segments = path.split('/').filter(|segment| !KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(segment)));
    let values = query.split('&').map(value_of);
    let headers = lines.filter(|line| {
        !line
            .split_once(':')
            .is_some_and(|(name, _)| FORM_HEADERS.iter().any(|form| form.eq_ignore_ascii_case(name.trim())))
    });
    Cow::Owned(segments.chain(values).chain(headers).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
}

/// What a parameter asks for. A parameter without a value is taken for one.
fn value_of(parameter: &str) -> &str {
    match parameter.split_once('=') {
        Some((name, _)) if RESULT_PARAMETERS.contains(&name) => "",
        Some((_, value)) => value,
        None => parameter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_request_only_what_could_name_somebody_counts() {
        let check = |text: &str, expect: &str| assert_eq!(about_somebody(text), expect);
        check(
            "GET https://fhir.lakeside.example/r4/Observation?patient=700257&_count=50 HTTP/1.1\r\nAccept: application/fhir+json\r\n",
            "700257",
        );
        check("GET /fhir/Patient/tookington/_history/2 HTTP/2", "tookington 2");
        check("GET Patient?name=Peregrin&birthdate=1980-01-02&_format=json", "Peregrin 1980-01-02");
        check(
            "POST https://host/Patient/_search HTTP/1.1\nX-Who: Jane Doe\nHost: host\n\nname=Doe",
            "X-Who: Jane Doe name=Doe",
        );
        check("GET /chart/Tookington?Peregrin HTTP/1.1", "chart Tookington Peregrin");
        check("GET https://host?name=Doe HTTP/1.1", "Doe");
        check("GET https://host", "");
    }

    #[test]
    fn what_is_no_request_is_left_as_it_is() {
        for text in [
            "",
            "GET",
            "Get well soon, Jane",
            "Jane Doe",
            "https://host/Patient/1?_count=5",
            "GET well soon",
            "GET /Patient/1 HTTP/1.1 Jane Doe",
            "name=Doe&_count=5",
        ] {
            assert_eq!(about_somebody(text), text);
        }
    }
}
