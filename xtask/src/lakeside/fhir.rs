//! FHIR AuditEvents: R4 in the shape of IHE's BALP profiles, as the FHIR server records them, and R5 of the laboratory system. One resource per line.

use anyhow::Result;
use base64::Engine as _;
use cordon_model::Time;
use serde_json::{Value, json};

use super::clock;
use super::files;
use super::model::{Patient, Person, System};
use super::records::{Access, Verb};
use super::scene::Scene;

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const INTERACTION: &str = "http://hl7.org/fhir/restful-interaction";
const EVENT_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const OBJECT_ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const BALP_ENTITY: &str = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType";
/// Digits of a random resource id.
const ID_DIGITS: usize = 16;

/// Action letter, interaction, the client's and the server's DCM role, and the user's participation, by verb (BALP; Read and Query are opposite).
fn shape(verb: Verb) -> (&'static str, &'static str, (&'static str, &'static str), &'static str) {
    match verb {
        Verb::Read => ("R", "read", ("110152", "110153"), "IRCP"),
        Verb::Create => ("C", "create", ("110153", "110152"), "AUT"),
        Verb::Update => ("U", "update", ("110153", "110152"), "AUT"),
        Verb::Search => ("E", "search", ("110153", "110152"), "IRCP"),
        Verb::Print | Verb::Export => ("E", "operation", ("110153", "110152"), "IRCP"),
    }
}

fn role_display(code: &str) -> &'static str {
    if code == "110152" { "Destination Role ID" } else { "Source Role ID" }
}

fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({"system": system, "code": code, "display": display})
}

/// One access in R4.
pub(super) fn r4(scene: &mut Scene<'_>, at: Time, system: &System, access: &Access<'_>) -> Result<()> {
    let model = scene.model;
    let person = model.person(access.user)?;
    let server = model.host(&system.host)?;
    let (action, interaction, roles, participation) = shape(access.verb);
    let mut event = json!({
        "resourceType": "AuditEvent",
        "id": scene.random.hex(ID_DIGITS),
        "meta": {"profile": [format!("https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.Patient{}", profile(access.verb))]},
        "type": coding(EVENT_TYPE, "rest", "Restful Operation"),
        "subtype": [coding(INTERACTION, interaction, interaction)],
        "action": action,
        "recorded": clock::rfc3339_millis(at),
        "outcome": "0",
        "agent": [
            agent(roles.0, "AuroraClient", &access.workstation.ip),
            agent(roles.1, &server.name, &server.ip),
            user_agent(scene, person, participation, access.break_glass.is_some()),
        ],
        "source": {
            "site": model.site.name,
            "observer": {"display": system.name},
            "type": [coding("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server")],
        },
        "entity": entities(scene, access),
    });
    if let (Some(reason), Some(fields)) = (access.break_glass, event.as_object_mut()) {
        fields.insert(
            "purposeOfEvent".into(),
            json!([{"coding": [coding(ACT_REASON, "BTG", "break the glass")], "text": reason}]),
        );
    }
    scene.out.add(&system.file, at, event.to_string());
    Ok(())
}

fn profile(verb: Verb) -> &'static str {
    match verb {
        Verb::Read => "Read",
        Verb::Create => "Create",
        Verb::Update => "Update",
        Verb::Search | Verb::Print | Verb::Export => "Query",
    }
}

fn agent(role: &str, name: &str, address: &str) -> Value {
    json!({
        "type": {"coding": [coding(DCM, role, role_display(role))]},
        "who": {"display": name},
        "requestor": false,
        "network": {"address": address, "type": "2"},
    })
}

fn user_agent(scene: &mut Scene<'_>, person: &Person, participation: &str, emergency: bool) -> Value {
    let (purpose, display) = if emergency { ("BTG", "break the glass") } else { ("TREAT", "treatment") };
    let label = if participation == "AUT" { "author (originator)" } else { "information recipient" };
    json!({
        "type": {"coding": [coding(PARTICIPATION, participation, label)]},
        "role": [{"text": person.role}],
        "who": {
            "identifier": {"system": "urn:lakeside.example:account", "value": person.account},
            "display": format!("{} {}", person.given, person.family),
        },
        "requestor": true,
        "policy": [format!("urn:uuid:{}", scene.random.uuid())],
        "purposeOfUse": [{"coding": [coding(ACT_REASON, purpose, display)]}],
    })
}

fn patient_reference(scene: &Scene<'_>, patient: &Patient) -> Value {
    json!({
        "reference": format!("Patient/{}", patient.mrn),
        "identifier": {"system": format!("urn:oid:{}", scene.model.site.authority_oid), "value": patient.mrn},
        "display": format!("{} {}", patient.given, patient.family),
    })
}

fn entities(scene: &mut Scene<'_>, access: &Access<'_>) -> Value {
    let person = coding(ENTITY_TYPE, "1", "Person");
    let thing = coding(ENTITY_TYPE, "2", "System Object");
    let mut entities = Vec::new();
    if let Some(patient) = access.patient {
        entities.push(json!({"what": patient_reference(scene, patient), "type": person, "role": coding(OBJECT_ROLE, "1", "Patient")}));
    }
    if let Some(query) = access.query {
        let request =
            format!("GET https://fhir.lakeside.example/r4/{query} HTTP/1.1\r\nAccept: application/fhir+json\r\n");
        let query = base64::engine::general_purpose::STANDARD.encode(request);
        entities.push(json!({"type": thing, "role": coding(OBJECT_ROLE, "24", "Query"), "query": query}));
    } else {
        let what = format!("{}/{}", access.object, scene.random.hex(10));
        entities.push(
            json!({"what": {"reference": what}, "type": thing, "role": coding(OBJECT_ROLE, "4", "Domain Resource")}),
        );
    }
    if let Some(encounter) = access.encounter {
        let what = format!("Encounter/{encounter}");
        entities.push(
            json!({"what": {"reference": what}, "type": thing, "role": coding(OBJECT_ROLE, "4", "Domain Resource")}),
        );
    }
    let request = scene.random.uuid();
    let kind = coding(BALP_ENTITY, "XrequestId", "Unique ID of the request");
    entities.push(json!({"what": {"identifier": {"value": request}}, "type": kind}));
    Value::Array(entities)
}

/// R4: an emergency override starts (DCM 110127), as the record system reports it beside the accesses themselves.
pub(super) fn r4_override(scene: &mut Scene<'_>, at: Time, system: &System, access: &Access<'_>) -> Result<()> {
    let model = scene.model;
    let person = model.person(access.user)?;
    let mut user = user_agent(scene, person, "IRCP", true);
    if let Some(user) = user.as_object_mut() {
        user.insert("network".into(), json!({"address": access.workstation.ip, "type": "2"}));
    }
    let event = json!({
        "resourceType": "AuditEvent",
        "id": scene.random.hex(ID_DIGITS),
        "type": coding(DCM, "110113", "Security Alert"),
        "subtype": [coding(DCM, "110127", "Emergency Override Started")],
        "action": "E",
        "recorded": clock::rfc3339_millis(at),
        "outcome": "0",
        "purposeOfEvent": [{"coding": [coding(ACT_REASON, "BTG", "break the glass")], "text": access.break_glass}],
        "agent": [user],
        "source": {"site": model.site.name, "observer": {"display": system.name}},
        "entity": entities(scene, access),
    });
    scene.out.add(&system.file, at, event.to_string());
    Ok(())
}

/// R4 Bundle: somebody signed in to Aurora.
pub(super) fn r4_sign_in(scene: &mut Scene<'_>, at: Time, person: &Person, address: &str) {
    let id = scene.random.uuid();
    let event = json!({
        "resourceType": "AuditEvent",
        "id": id,
        "type": coding(DCM, "110114", "User Authentication"),
        "subtype": [coding(DCM, "110122", "Login")],
        "action": "E",
        "recorded": clock::rfc3339_millis(at),
        "outcome": "0",
        "agent": [{
            "type": {"coding": [coding("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "humanuser", "human user")]},
            "who": {"identifier": {"value": person.account}, "display": format!("{} {}", person.given, person.family)},
            "requestor": true,
            "network": {"address": address, "type": "2"},
        }],
        "source": {"site": scene.model.site.name, "observer": {"display": "Aurora"}},
    });
    let entry = json!({"fullUrl": format!("urn:uuid:{id}"), "resource": event});
    scene.out.add(files::AURORA_BUNDLE, at, entry.to_string());
}

/// One access in R5, which names patient and encounter outside the entities.
pub(super) fn r5(scene: &mut Scene<'_>, at: Time, system: &System, access: &Access<'_>) -> Result<()> {
    let model = scene.model;
    let person = model.person(access.user)?;
    let (action, interaction, _, participation) = shape(access.verb);
    let purpose = if access.break_glass.is_some() { "BTG" } else { "TREAT" };
    let mut event = json!({
        "resourceType": "AuditEvent",
        "id": scene.random.hex(ID_DIGITS),
        "category": [{"coding": [coding(EVENT_TYPE, "rest", "Restful Operation")]}],
        "code": {"coding": [coding(INTERACTION, interaction, interaction)]},
        "action": action,
        "severity": "informational",
        "recorded": clock::rfc3339_millis(at),
        "outcome": {"code": coding("http://hl7.org/fhir/issue-severity", "success", "Operation Successful")},
        "authorization": [{"coding": [coding(ACT_REASON, purpose, purpose)]}],
        "agent": [{
            "type": {"coding": [coding(PARTICIPATION, participation, participation)]},
            "role": [{"text": person.role}],
            "who": {
                "identifier": {"system": "urn:lakeside.example:account", "value": person.account},
                "display": format!("{} {}", person.given, person.family),
            },
            "requestor": true,
            "networkString": access.workstation.ip,
        }],
        "source": {"site": {"display": model.site.name}, "observer": {"display": system.name}},
        "entity": [{
            "what": {"reference": format!("{}/{}", access.object, scene.random.hex(10))},
            "role": coding(OBJECT_ROLE, "4", "Domain Resource"),
        }],
    });
    if let Some(fields) = event.as_object_mut() {
        if let Some(patient) = access.patient {
            fields.insert("patient".into(), patient_reference(scene, patient));
        }
        if let Some(encounter) = access.encounter {
            fields.insert("encounter".into(), json!({"reference": format!("Encounter/{encounter}")}));
        }
    }
    scene.out.add(&system.file, at, event.to_string());
    Ok(())
}
