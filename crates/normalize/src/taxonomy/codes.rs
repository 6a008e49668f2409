//! Code tables that FHIR AuditEvents and ATNA messages share: DICOM PS3.16 (CID 400-403, DCM), RFC 3881 section 5, FHIR's restful interactions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordon_model::Arena;

/// Roles of machines among the participants: application, destination, source, media (DCM, CID 402), and FHIR's custodian of the data. Every other role is
/// taken for a human's; the application launcher (110151) is whoever started it.
pub(super) const MACHINE_ROLES: [&str; 6] = ["110150", "110152", "110153", "110154", "110155", "custodian"];

/// DCM: the application.
pub(super) const APPLICATION: &str = "110150";
/// DCM: where data goes.
pub(super) const DESTINATION: &str = "110152";
/// DCM: where data comes from.
pub(super) const SOURCE: &str = "110153";

/// Event codes that say more than the action letter does.
const ACTION_OF_CODE: &[(&str, &str)] = &[
    ("110122", "login"),
    ("110123", "logout"),
    ("Login", "login"),
    ("Logout", "logout"),
    ("110112", "search"),
    ("search", "search"),
    ("search-type", "search"),
    ("search-system", "search"),
    ("disclose", "disclose"),
    ("110106", "export"),
];

/// EventActionCode (RFC 3881 section 5.1.2) and `AuditEvent.action`.
const ACTION_OF_LETTER: &[(&str, &str)] =
    &[("C", "create"), ("R", "read"), ("U", "update"), ("D", "delete"), ("E", "execute")];

/// EventOutcomeIndicator (RFC 3881 section 5.1.4), and the severities that R5 allows in its place.
const OUTCOME: &[(&str, &str)] = &[
    ("0", "success"),
    ("4", "minor_failure"),
    ("8", "serious_failure"),
    ("12", "major_failure"),
    ("success", "success"),
    ("information", "success"),
    ("warning", "minor_failure"),
    ("error", "serious_failure"),
    ("fatal", "major_failure"),
];

/// DCM event ids (CID 400) that tell of a DICOM operation.
const OPERATION: &[(&str, &str)] = &[
    ("110102", "store"),
    ("110104", "store"),
    ("110105", "delete"),
    ("110106", "export"),
    ("110107", "import"),
    ("110112", "find"),
];

/// DCM: emergency override started.
const OVERRIDE_STARTED: &str = "110127";

fn word(table: &[(&str, &'static str)], code: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == code).map(|(_, word)| *word)
}

/// What was done, from the event's codes (the most specific first) and its action letter.
pub(super) fn action(codes: &[&str], letter: Option<&str>) -> Option<&'static str> {
    let of_code = codes.iter().find_map(|code| word(ACTION_OF_CODE, code));
    of_code.or_else(|| word(ACTION_OF_LETTER, letter?))
}

/// How it ended.
pub(super) fn outcome(code: &str) -> Option<&'static str> {
    word(OUTCOME, code)
}

/// Which DICOM operation the event's codes tell of.
pub(super) fn operation(codes: &[&str]) -> Option<&'static str> {
    codes.iter().find_map(|code| word(OPERATION, code))
}

/// Which machine role is the user's side: it depends on what was done, since data flows to the reader and from the writer, and a query flows to the server
/// (IHE BALP, Read and Query are opposite).
pub(super) fn client_role(letter: Option<&str>) -> &'static str {
    if letter == Some("R") { DESTINATION } else { SOURCE }
}

/// Whether the emergency override was used: its event code, or purpose of use `BTG`.
pub(super) fn is_break_glass(codes: &[&str], mut purposes: impl Iterator<Item = impl AsRef<str>>) -> bool {
    codes.contains(&OVERRIDE_STARTED) || purposes.any(|purpose| purpose.as_ref() == "BTG")
}

/// Base64 with blanks as text; `None` when it is not base64.
pub(super) fn decoded<'a>(text: &str, arena: &'a Arena) -> Option<&'a str> {
    let compact: String = text.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(compact).ok()?;
    Some(arena.alloc_str(&String::from_utf8_lossy(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_more_than_the_letter() {
        assert_eq!(action(&["search-type", "rest"], Some("E")), Some("search"));
        assert_eq!(action(&["disclose", "110106"], Some("R")), Some("disclose"));
        assert_eq!(action(&["read", "rest"], Some("R")), Some("read"));
        assert_eq!(action(&["vread"], None), None);
    }
}
