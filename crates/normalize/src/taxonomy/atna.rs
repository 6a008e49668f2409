//! ATNA audit messages (DICOM PS3.15 A.5, RFC 3881, OpenEMR) to the taxonomy. Names: `docs/specs/decoders-health.md`.

use bumpalo::collections::Vec;
use cordon_model::{Arena, Record};

use super::codes;
use super::fill::Fill;
use super::named::Named;
use crate::PatientId;

/// Role of a patient among the objects (RFC 3881 section 5.4.2).
const ROLE_PATIENT: &str = "1";
/// Role of a user: OpenEMR names the human here.
const ROLE_USER: &str = "6";
/// Role of a query.
const ROLE_QUERY: &str = "24";
/// ParticipantObjectIDTypeCode (RFC 3881 section 5.4.4): encounter number.
const ID_ENCOUNTER: &str = "3";
/// ParticipantObjectIDTypeCode: user identifier.
const ID_USER: &str = "11";
/// ParticipantObjectIDTypeCode (DICOM PS3.16): study instance UID.
const ID_STUDY: &str = "110180";

/// Fills the taxonomy from one audit message.
pub(super) fn fill<'a>(record: &Record<'a>, fill: &mut Fill<'a, '_>) {
    let arena = fill.arena();
    let event = Named::new(record, arena);
    let event_codes = event_codes(event, arena);
    let letter = event.first("EventIdentification.EventActionCode");
    participants(event, &event_codes, letter, fill);
    objects(event, fill);
    fill.put_stated("action", codes::action(&event_codes, letter));
    fill.put_stated("operation", codes::operation(&event_codes));
    fill.put_stated("app", event.first("AuditSourceIdentification.AuditSourceID"));
    fill.put_stated("location", event.first("AuditSourceIdentification.AuditEnterpriseSiteID"));
    let purposes = || event.all(PURPOSE[0]).chain(event.all(PURPOSE[1]));
    purposes().for_each(|purpose| fill.put("purpose", purpose));
    if codes::is_break_glass(&event_codes, purposes()) {
        fill.put("btg", "true");
    }
    fill.put_stated("outcome", event.first("EventIdentification.EventOutcomeIndicator").and_then(codes::outcome));
    event_codes.iter().for_each(|code| fill.put("event_code", code));
}

/// Purpose of use: PS3.15, then RFC 3881.
const PURPOSE: [&str; 2] = ["EventIdentification.PurposeOfUse.csd-code", "EventIdentification.PurposeOfUse.code"];

/// The event's type codes, then its id. Where the id is no code (OpenEMR), its name stands in.
fn event_codes<'a>(event: Named<'a>, arena: &'a Arena) -> Vec<'a, &'a str> {
    let mut found = Vec::new_in(arena);
    for name in ["EventIdentification.EventTypeCode.csd-code", "EventIdentification.EventTypeCode.code"] {
        found.extend(event.all(name));
    }
    let code = code(event, "EventIdentification.EventID").filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
    found.extend(code.or_else(|| name_of(event, "EventIdentification.EventID")));
    found
}

/// A coded value's code: `csd-code` in PS3.15, `code` in RFC 3881.
fn code<'a>(fields: Named<'a>, name: &str) -> Option<&'a str> {
    fields.first_of(&[&format!("{name}.csd-code"), &format!("{name}.code")])
}

/// A coded value's name.
fn name_of<'a>(fields: Named<'a>, name: &str) -> Option<&'a str> {
    fields.first_of(&[&format!("{name}.originalText"), &format!("{name}.displayName")])
}

/// Who, from which machine, and which machines took part.
fn participants<'a>(event: Named<'a>, event_codes: &[&str], letter: Option<&str>, fill: &mut Fill<'a, '_>) {
    let all = || event.elements("ActiveParticipant");
    let people = || all().filter(|participant| !is_machine(*participant));
    let with_role = |role: &'static str| all().find(move |participant| role_is(*participant, &[role]));
    let human = people().find(|participant| is_requestor(*participant)).or_else(|| people().next());
    let object_user = event.elements("ParticipantObjectIdentification").find(|object| is_user(*object));
    let operation = codes::operation(event_codes);
    let client_role = if operation.is_some() { codes::SOURCE } else { codes::client_role(letter) };
    let client = all()
        .find(|participant| is_machine(*participant) && is_requestor(*participant))
        .or_else(|| with_role(client_role));
    let named = human.and_then(account).or_else(|| object_user.and_then(id));
    fill.put_stated("user", named.or_else(|| client.and_then(account)));
    if named.or_else(|| client.and_then(account)).is_some() {
        fill.put("agent_type", if named.is_some() { "human" } else { "client" });
    }
    fill.put_stated("user_name", human.and_then(|user| user.first("ActiveParticipant.UserName")));
    fill.put_stated("user_role", human.and_then(role_name));
    if human.is_some() || object_user.is_none() {
        // where the user is an object only, the participants are the machines that keep and receive the log
        network([human, client].into_iter().flatten(), fill);
        fill.put_stated("client_app", client.and_then(account));
    }
    if operation.is_some() {
        fill.put_stated("calling_ae", with_role(codes::SOURCE).and_then(ae_title));
        fill.put_stated("called_ae", with_role(codes::DESTINATION).and_then(ae_title));
        fill.put_stated("server_ip", with_role(codes::DESTINATION).and_then(address));
    }
    if matches!(codes::action(event_codes, letter), Some("export" | "disclose")) {
        fill.put_stated("recipient", with_role(codes::DESTINATION).and_then(account));
    }
}

fn role_is(participant: Named<'_>, roles: &[&str]) -> bool {
    participant.has("ActiveParticipant.RoleIDCode.csd-code", roles)
        || participant.has("ActiveParticipant.RoleIDCode.code", roles)
}

fn is_machine(participant: Named<'_>) -> bool {
    role_is(participant, &codes::MACHINE_ROLES)
}

/// Whether it asked for the event; the schema's default is that it did.
fn is_requestor(participant: Named<'_>) -> bool {
    participant.first("ActiveParticipant.UserIsRequestor") != Some("false")
}

fn account(participant: Named<'_>) -> Option<&str> {
    participant.first_of(&[
        "ActiveParticipant.UserID",
        "ActiveParticipant.AlternativeUserID",
        "ActiveParticipant.UserName",
    ])
}

fn role_name(participant: Named<'_>) -> Option<&str> {
    let role = "ActiveParticipant.RoleIDCode";
    name_of(participant, role).or_else(|| code(participant, role))
}

fn address(participant: Named<'_>) -> Option<&str> {
    participant.first("ActiveParticipant.NetworkAccessPointID").filter(|text| text.parse::<std::net::IpAddr>().is_ok())
}

/// The first address and the first machine name (type 1) on the user's side.
fn network<'a>(participants: impl Iterator<Item = Named<'a>> + Clone, fill: &mut Fill<'a, '_>) {
    fill.put_stated("client_ip", participants.clone().find_map(address));
    let named = participants.filter(|participant| address(*participant).is_none());
    let name = named
        .filter(|participant| participant.first("ActiveParticipant.NetworkAccessPointTypeCode") == Some("1"))
        .find_map(|participant| participant.first("ActiveParticipant.NetworkAccessPointID"));
    fill.put_stated("workstation", name);
}

/// The first application entity title of `AETITLES=a;b` (PS3.15 A.5.3).
fn ae_title(participant: Named<'_>) -> Option<&str> {
    let titles = participant.first("ActiveParticipant.AlternativeUserID")?.strip_prefix("AETITLES=")?;
    titles.split(';').next().map(str::trim).filter(|title| !title.is_empty())
}

fn id(object: Named<'_>) -> Option<&str> {
    object.first("ParticipantObjectIdentification.ParticipantObjectID")
}

fn role(object: Named<'_>) -> Option<&str> {
    object.first("ParticipantObjectIdentification.ParticipantObjectTypeCodeRole")
}

fn id_type(object: Named<'_>) -> Option<&str> {
    code(object, "ParticipantObjectIdentification.ParticipantObjectIDTypeCode")
}

fn is_user(object: Named<'_>) -> bool {
    role(object) == Some(ROLE_USER) && id_type(object) == Some(ID_USER)
}

/// Patients, what it was done to, the query, and what DICOM says of studies.
fn objects<'a>(event: Named<'a>, fill: &mut Fill<'a, '_>) {
    let (mut first, mut patient) = (None, None);
    for object in event.elements("ParticipantObjectIdentification") {
        let query = object.first("ParticipantObjectIdentification.ParticipantObjectQuery");
        fill.put_stated("query", query.map(|query| codes::decoded(query, fill.arena()).unwrap_or(query)));
        fill.put_stated("sensitivity", object.first("ParticipantObjectIdentification.ParticipantObjectSensitivity"));
        match (role(object), id_type(object)) {
            (Some(ROLE_PATIENT), _) => {
                patient = Some("Patient");
                put_patient(object, fill);
            }
            (_, Some(ID_ENCOUNTER)) => fill.put_stated("encounter", id(object)),
            (Some(ROLE_USER | ROLE_QUERY), _) => {}
            _ => first = first.or(Some(object)),
        }
        if id_type(object) == Some(ID_STUDY) {
            fill.put_stated("study_uid", id(object));
        }
    }
    let kind = first.and_then(|object| name_of(object, "ParticipantObjectIdentification.ParticipantObjectIDTypeCode"));
    fill.put_stated("object_type", kind.or(patient));
    fill.put_stated("object_id", first.and_then(id));
    instances(event, fill);
}

fn put_patient(object: Named<'_>, fill: &mut Fill<'_, '_>) {
    let Some(id) = id(object) else { return };
    if let Some(patient) = PatientId::from_reference(id).or_else(|| PatientId::from_cx(id)) {
        fill.put_patient(patient);
    }
}

/// SOP classes, and the number of instances over all of them (PS3.15 A.5.1, `SOPClass`).
fn instances<'a>(event: Named<'a>, fill: &mut Fill<'a, '_>) {
    let of_class = "ParticipantObjectIdentification.SOPClass";
    let described = "ParticipantObjectIdentification.ParticipantObjectDescription.SOPClass";
    let mut sum: Option<u64> = None;
    for place in [of_class, described] {
        event.all(&format!("{place}.UID")).for_each(|uid| fill.put("sop_class", uid));
        let name = format!("{place}.NumberOfInstances");
        for count in event.all(&name).filter_map(|count| count.trim().parse::<u64>().ok()) {
            sum = Some(sum.unwrap_or(0).saturating_add(count));
        }
    }
    if let Some(sum) = sum {
        fill.put("record_count", fill.arena().alloc_str(&sum.to_string()));
    }
}
