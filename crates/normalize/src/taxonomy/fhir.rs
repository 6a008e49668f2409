//! FHIR AuditEvent, R4 to R6 and BALP, to the taxonomy. Names: `docs/specs/decoders-health.md`.

use bumpalo::collections::Vec;
use cordon_model::{Arena, Record, Time};

use super::codes;
use super::fill::Fill;
use super::named::Named;
use crate::PatientId;

/// Where the event's codes stand, the most specific first: R4, R5, then R6.
const EVENT_CODES: [&str; 6] = [
    "subtype.code",
    "code.coding.code",
    "subtype.coding.code",
    "type.code",
    "type.coding.code",
    "category.coding.code",
];
/// Where purposes of use stand.
const PURPOSES: [&str; 4] = [
    "purposeOfEvent.coding.code",
    "agent.purposeOfUse.coding.code",
    "authorization.coding.code",
    "agent.authorization.coding.code",
];
/// Role of a patient among the entities (object-role).
const ROLE_PATIENT: &str = "1";
/// Role of a query.
const ROLE_QUERY: &str = "24";
/// BALP: the entity that carries the request's id.
const REQUEST_ID: &str = "XrequestId";

/// Fills the taxonomy from one AuditEvent.
pub(super) fn fill<'a>(record: &Record<'a>, fill: &mut Fill<'a, '_>) {
    let arena = fill.arena();
    let event = Named::new(record, arena);
    let mut event_codes = Vec::new_in(arena);
    event_codes.extend(EVENT_CODES.iter().flat_map(|name| event.all(name)));
    let letter = event.first("action");
    agents(event, letter, fill);
    for entity in event.elements("entity").filter(|entity| is_patient(*entity)) {
        put_patient(entity, "entity.what", fill);
    }
    put_patient(event, "patient", fill);
    for name in ["entity.securityLabel.code", "entity.securityLabel.coding.code"] {
        event.all(name).for_each(|code| fill.put("sensitivity", code));
    }
    fill.put_stated("action", codes::action(&event_codes, letter));
    fill.put_stated("operation", codes::operation(&event_codes));
    object(event, fill);
    fill.put_stated("encounter", encounter(event));
    fill.put_stated("app", who(event, "source.observer"));
    for name in PURPOSES {
        event.all(name).for_each(|code| fill.put("purpose", code));
    }
    if codes::is_break_glass(&event_codes, PURPOSES.iter().flat_map(|name| event.all(name))) {
        fill.put("btg", "true");
    }
    fill.put_stated("reason", event.first_of(&["purposeOfEvent.text", "authorization.text"]));
    fill.put_stated("outcome", event.first_of(&["outcome", "outcome.code.code"]).and_then(codes::outcome));
    event_codes.iter().for_each(|code| fill.put("event_code", code));
    fill.put_stated("duration_ms", duration_ms(event, arena));
    recipient(event, &event_codes, letter, fill);
}

/// Who, from which machine, through which program.
fn agents<'a>(event: Named<'a>, letter: Option<&str>, fill: &mut Fill<'a, '_>) {
    let all = || event.elements("agent");
    let human = human(event);
    let with_role = |role: &'static str| all().find(move |agent| role_is(*agent, &[role]));
    let client = with_role(codes::APPLICATION)
        .or_else(|| with_role(codes::client_role(letter)))
        .or_else(|| all().find(|agent| is_machine(*agent) && agent.first("agent.requestor") == Some("true")));
    let named = human.filter(|agent| account(*agent).is_some());
    let patient =
        human.filter(|agent| refers_to(*agent, &["Patient"])).and_then(|agent| patient_of(agent, "agent.who"));
    let user = patient.map(|patient| fill.pseudonym(patient)).or_else(|| named.or(client).and_then(account));
    fill.put_stated("user", user);
    if patient.is_none() {
        fill.put_stated("user_name", named.and_then(|agent| agent.first_of(&["agent.name", "agent.who.display"])));
    }
    fill.put_stated("user_role", named.and_then(role_name));
    if user.is_some() {
        fill.put("agent_type", if named.is_some() || patient.is_some() { "human" } else { "client" });
    }
    fill.put_stated("client_app", client.and_then(account));
    fill.put_stated("token_id", human.and_then(|agent| agent.first("agent.policy")));
    let user_side = [human, client, with_role(codes::client_role(letter))];
    network(user_side.into_iter().flatten(), fill);
    fill.put_stated("location", human.and_then(|agent| who(agent, "agent.location")).or_else(|| site(event)));
}

/// The agent that stands for a human: the requestor that is no machine, else one that FHIR or its reference calls a person.
fn human(event: Named<'_>) -> Option<Named<'_>> {
    let people = || event.elements("agent").filter(|agent| !is_machine(*agent));
    people()
        .find(|agent| agent.first("agent.requestor") == Some("true"))
        .or_else(|| people().find(|agent| role_is(*agent, &["humanuser"]) || refers_to_person(*agent)))
        .or_else(|| people().next())
}

fn role_is(agent: Named<'_>, roles: &[&str]) -> bool {
    agent.has("agent.type.coding.code", roles)
}

fn is_machine(agent: Named<'_>) -> bool {
    role_is(agent, &codes::MACHINE_ROLES)
        || agent.first("agent.who.reference").is_some_and(|reference| type_and_id(reference).0 == Some("Device"))
}

fn refers_to_person(agent: Named<'_>) -> bool {
    refers_to(agent, &["Practitioner", "PractitionerRole", "RelatedPerson", "Person", "Patient"])
}

/// Whether the agent is of one of these resource types.
fn refers_to(agent: Named<'_>, types: &[&str]) -> bool {
    let kind = agent.first("agent.who.type");
    let kind = kind.or_else(|| agent.first("agent.who.reference").and_then(|reference| type_and_id(reference).0));
    kind.is_some_and(|kind| types.contains(&kind))
}

/// The account, in the source's word. A patient who uses the record has none here: the pseudonym stands in.
fn account(agent: Named<'_>) -> Option<&str> {
    if refers_to(agent, &["Patient"]) {
        return None;
    }
    agent.first_of(&[
        "agent.who.identifier.value",
        "agent.altId",
        "agent.who.reference",
        "agent.who.display",
        "agent.name",
    ])
}

fn role_name(agent: Named<'_>) -> Option<&str> {
    agent.first_of(&["agent.role.text", "agent.role.coding.display", "agent.role.coding.code"])
}

/// The first address and the first machine name on the user's side. A URI is a server's.
fn network<'a>(agents: impl Iterator<Item = Named<'a>>, fill: &mut Fill<'a, '_>) {
    let (mut address, mut name) = (None, None);
    for agent in agents {
        let Some(text) = agent.first_of(&["agent.network.address", "agent.networkString"]) else { continue };
        if text.parse::<std::net::IpAddr>().is_ok() {
            address = address.or(Some(text));
        } else if agent.first("agent.network.type").is_none_or(|kind| kind == "1") && !text.contains("://") {
            name = name.or(Some(text));
        }
    }
    fill.put_stated("client_ip", address);
    fill.put_stated("workstation", name);
}

fn site(event: Named<'_>) -> Option<&str> {
    event.first("source.site").or_else(|| who(event, "source.site"))
}

/// A Reference in words: its display, identifier or target.
fn who<'a>(fields: Named<'a>, name: &str) -> Option<&'a str> {
    [".display", ".identifier.value", ".reference"].into_iter().find_map(|part| fields.first(&format!("{name}{part}")))
}

fn is_patient(entity: Named<'_>) -> bool {
    entity.first("entity.role.code") == Some(ROLE_PATIENT)
        || entity.has("entity.role.coding.code", &[ROLE_PATIENT])
        || entity.first("entity.what.type") == Some("Patient")
        || entity.first("entity.what.reference").is_some_and(|text| PatientId::from_reference(text).is_some())
}

fn put_patient(fields: Named<'_>, name: &str, fill: &mut Fill<'_, '_>) {
    if let Some(patient) = patient_of(fields, name) {
        fill.put_patient(patient);
    }
}

/// The patient that a Reference names: by identifier where it has one, since that is what other systems state too.
fn patient_of<'a>(fields: Named<'a>, name: &str) -> Option<PatientId<'a>> {
    let part = |part: &str| fields.first(&format!("{name}.{part}"));
    let system = part("identifier.system").unwrap_or_default();
    let by_identifier = part("identifier.value").and_then(|value| PatientId::from_identifier(system, value));
    by_identifier.or_else(|| part("reference").and_then(PatientId::from_reference))
}

/// What it was done to, the query and the request's id.
fn object<'a>(event: Named<'a>, fill: &mut Fill<'a, '_>) {
    let mut queried = None;
    let mut object = None;
    let mut patient = None;
    for entity in event.elements("entity") {
        if entity.has("entity.type.code", &[REQUEST_ID]) || entity.has("entity.type.coding.code", &[REQUEST_ID]) {
            fill.put_stated("request_id", entity.first_of(&["entity.what.identifier.value", "entity.what.reference"]));
        } else if let Some(query) = entity.first("entity.query").and_then(|text| codes::decoded(text, fill.arena())) {
            fill.put("query", query);
            queried = queried.or_else(|| queried_type(query));
        } else if entity.has("entity.role.code", &[ROLE_PATIENT]) {
            patient = Some("Patient");
        } else if !entity.has("entity.role.code", &[ROLE_QUERY]) {
            object = object.or(Some(entity));
        }
    }
    let (kind, id) = object.map_or((None, None), kind_and_id);
    fill.put_stated("object_type", kind.or(queried).or(patient));
    fill.put_stated("object_id", id);
    if event.has("entity.what.identifier.system", &["urn:dicom:uid"]) {
        fill.put_stated("study_uid", id.map(|id| id.strip_prefix("urn:oid:").unwrap_or(id)));
    }
}

/// Type and id of an entity. A patient's id is never given: it is in `patient_ref`.
fn kind_and_id(entity: Named<'_>) -> (Option<&str>, Option<&str>) {
    let (kind, id) = entity.first("entity.what.reference").map_or((None, None), type_and_id);
    let kind = entity.first("entity.what.type").or(kind).or_else(|| entity.first("entity.type.display"));
    let id = entity.first("entity.what.identifier.value").or(id);
    (kind, id.filter(|_| !is_patient(entity)))
}

/// `List` and `ex-list` of `List/ex-list`, behind any server address and before any version.
fn type_and_id(reference: &str) -> (Option<&str>, Option<&str>) {
    if reference.contains("Patient?") {
        return (Some("Patient"), None);
    }
    let path = reference.split(['?', '#']).next().unwrap_or_default();
    let path = path.split("/_history").next().unwrap_or_default();
    let Some((before, id)) = path.rsplit_once('/') else { return (None, None) };
    let kind = before.rsplit('/').next().filter(|kind| kind.starts_with(|letter: char| letter.is_ascii_uppercase()));
    (kind, kind.and(Some(id)))
}

/// The resource type that a request asks for: the last part of its path that starts with a capital letter.
fn queried_type(request: &str) -> Option<&str> {
    let target = request.split_ascii_whitespace().nth(1)?;
    let path = target.split('?').next()?;
    path.rsplit('/').find(|part| part.starts_with(|letter: char| letter.is_ascii_uppercase()))
}

fn encounter(event: Named<'_>) -> Option<&str> {
    let references = event.all("encounter.reference").chain(event.all("entity.what.reference"));
    references.map(type_and_id).find(|(kind, _)| *kind == Some("Encounter")).and_then(|(_, id)| id)
}

/// R4 `period`, R5 `occurredPeriod`: how long it took.
fn duration_ms<'a>(event: Named<'a>, arena: &'a Arena) -> Option<&'a str> {
    let start = Time::from_rfc3339(event.first_of(&["period.start", "occurredPeriod.start"])?)?;
    let end = Time::from_rfc3339(event.first_of(&["period.end", "occurredPeriod.end"])?)?;
    let millis = end.as_millis().checked_sub(start.as_millis())?;
    (millis >= 0).then(|| -> &'a str { arena.alloc_str(&millis.to_string()) })
}

/// Who received an export or a disclosure: the destination.
fn recipient<'a>(event: Named<'a>, event_codes: &[&str], letter: Option<&str>, fill: &mut Fill<'a, '_>) {
    if matches!(codes::action(event_codes, letter), Some("export" | "disclose")) {
        let destination = event.elements("agent").find(|agent| role_is(*agent, &[codes::DESTINATION]));
        fill.put_stated("recipient", destination.and_then(account));
    }
}
