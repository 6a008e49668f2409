//! ATNA audit messages of the image archive: DICOM PS3.15 A.5 XML inside RFC 5424 syslog, one message per line.

use anyhow::Result;
use cordon_model::Time;

use super::clock;
use super::files;
use super::model::{AeTitle, Patient};
use super::records::{Access, Verb};
use super::scene::Scene;

/// A DICOM event: its id with meaning, the action letter and the outcome (0 success, 4 minor, 8 serious failure).
#[derive(Clone, Copy, Debug)]
struct Event {
    id: (&'static str, &'static str),
    kind: Option<(&'static str, &'static str)>,
    action: char,
    outcome: u8,
}

impl Event {
    const fn new(id: &'static str, meaning: &'static str, action: char) -> Self {
        Self { id: (id, meaning), kind: None, action, outcome: 0 }
    }
}

/// Someone or something that took part.
#[derive(Clone, Debug)]
struct Participant {
    user: String,
    alternative: String,
    requestor: bool,
    role: Option<(&'static str, &'static str)>,
    address: String,
}

const SOURCE: (&str, &str) = ("110153", "Source");
const DESTINATION: (&str, &str) = ("110152", "Destination");

fn code(element: &str, code: (&str, &str)) -> String {
    format!("<{element} csd-code=\"{}\" codeSystemName=\"DCM\" originalText=\"{}\"/>", code.0, code.1)
}

fn write(scene: &mut Scene<'_>, at: Time, event: Event, participants: &[Participant], objects: &str) {
    let kind = event.kind.map_or(String::new(), |kind| code("EventTypeCode", kind));
    let mut people = String::new();
    for one in participants {
        let alternative = if one.alternative.is_empty() {
            String::new()
        } else {
            format!(" AlternativeUserID=\"{}\"", one.alternative)
        };
        let role = one.role.map_or(String::new(), |role| code("RoleIDCode", role));
        people.push_str(&format!(
            "<ActiveParticipant UserID=\"{}\"{alternative} UserIsRequestor=\"{}\" NetworkAccessPointID=\"{}\" NetworkAccessPointTypeCode=\"2\">{role}</ActiveParticipant>",
            one.user, one.requestor, one.address
        ));
    }
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><AuditMessage><EventIdentification EventActionCode=\"{}\" EventDateTime=\"{}\" EventOutcomeIndicator=\"{}\">{}{kind}</EventIdentification>{people}<AuditSourceIdentification AuditSourceID=\"LKS_PACS\" AuditEnterpriseSiteID=\"{}\"><AuditSourceTypeCode csd-code=\"4\"/></AuditSourceIdentification>{objects}</AuditMessage>",
        event.action,
        clock::rfc3339_millis(at),
        event.outcome,
        code("EventID", event.id),
        scene.model.site.facility
    );
    let text = format!(
        "<85>1 {} pacs01.{} archive {} DICOM+RFC3881 - \u{feff}{xml}",
        clock::rfc3339_millis(at),
        scene.model.site.domain,
        4000 + scene.random.below(200)
    );
    scene.out.add(files::ATNA, at, text);
}

fn patient_object(scene: &Scene<'_>, patient: &Patient) -> String {
    format!(
        "<ParticipantObjectIdentification ParticipantObjectID=\"{}^^^{}&amp;{}&amp;ISO\" ParticipantObjectTypeCode=\"1\" ParticipantObjectTypeCodeRole=\"1\"><ParticipantObjectIDTypeCode csd-code=\"2\" codeSystemName=\"RFC-3881\" originalText=\"Patient Number\"/><ParticipantObjectName>{}^{}</ParticipantObjectName></ParticipantObjectIdentification>",
        patient.mrn,
        scene.model.site.assigning_authority,
        scene.model.site.authority_oid,
        patient.family,
        patient.given
    )
}

fn study_object(scene: &mut Scene<'_>, instances: u64) -> String {
    let uid =
        format!("1.2.826.0.1.3680043.8.498.{}{}", 10 + scene.random.below(80), scene.random.below(1_000_000_000_000));
    format!(
        "<ParticipantObjectIdentification ParticipantObjectID=\"{uid}\" ParticipantObjectTypeCode=\"2\" ParticipantObjectTypeCodeRole=\"3\"><ParticipantObjectIDTypeCode csd-code=\"110180\" codeSystemName=\"DCM\" originalText=\"Study Instance UID\"/><ParticipantObjectDescription><SOPClass UID=\"1.2.840.10008.5.1.4.1.1.2\" NumberOfInstances=\"{instances}\"/></ParticipantObjectDescription></ParticipantObjectIdentification>"
    )
}

fn person(account: &str, address: &str) -> Participant {
    Participant {
        user: account.into(),
        alternative: String::new(),
        requestor: true,
        role: None,
        address: address.into(),
    }
}

fn application(title: &str, address: &str, role: (&'static str, &'static str), requestor: bool) -> Participant {
    Participant {
        user: title.into(),
        alternative: format!("AETITLES={title}"),
        requestor,
        role: Some(role),
        address: address.into(),
    }
}

/// DICOM Instances Accessed: somebody opened (or changed) a study at a workstation.
pub(super) fn instances_accessed(scene: &mut Scene<'_>, at: Time, access: &Access<'_>) -> Result<()> {
    let action = match access.verb {
        Verb::Create => 'C',
        Verb::Update => 'U',
        _ => 'R',
    };
    let instances = 1 + scene.random.below(400);
    let mut objects = study_object(scene, instances);
    if let Some(patient) = access.patient {
        objects.push_str(&patient_object(scene, patient));
    }
    let who = [person(access.user, &access.workstation.ip)];
    write(scene, at, Event::new("110103", "DICOM Instances Accessed", action), &who, &objects);
    Ok(())
}

/// DICOM Instances Transferred: from one application entity to another.
pub(super) fn transferred(
    scene: &mut Scene<'_>,
    at: Time,
    from: &AeTitle,
    to: (&str, &str),
    patient: &Patient,
    instances: u64,
) {
    let objects = study_object(scene, instances) + &patient_object(scene, patient);
    let requestor = from.kind != "archive";
    let who = [application(&from.title, &from.ip, SOURCE, requestor), application(to.0, to.1, DESTINATION, !requestor)];
    let action = if requestor { 'C' } else { 'R' };
    write(scene, at, Event::new("110104", "DICOM Instances Transferred", action), &who, &objects);
}

/// A refused transfer to a destination that the archive does not know.
pub(super) fn transfer_refused(scene: &mut Scene<'_>, at: Time, to: (&str, &str)) -> Result<()> {
    let archive = scene.model.ae("LKS_PACS")?;
    let event = Event { outcome: 8, ..Event::new("110102", "Begin Transferring DICOM Instances", 'E') };
    let objects = study_object(scene, 0);
    let who = [application(&archive.title, &archive.ip, SOURCE, false), application(to.0, to.1, DESTINATION, true)];
    write(scene, at, event, &who, &objects);
    Ok(())
}

/// Query: a C-FIND of `calling` with the stated keys.
pub(super) fn query(scene: &mut Scene<'_>, at: Time, calling: (&str, &str), keys: &str) -> Result<()> {
    use base64::Engine as _;
    let archive = scene.model.ae("LKS_PACS")?;
    let objects = format!(
        "<ParticipantObjectIdentification ParticipantObjectID=\"1.2.840.10008.5.1.4.1.2.2.1\" ParticipantObjectTypeCode=\"2\" ParticipantObjectTypeCodeRole=\"3\"><ParticipantObjectIDTypeCode csd-code=\"110181\" codeSystemName=\"DCM\" originalText=\"SOP Class UID\"/><ParticipantObjectQuery>{}</ParticipantObjectQuery><ParticipantObjectDetail type=\"TransferSyntax\" value=\"MS4yLjg0MC4xMDAwOC4xLjI=\"/></ParticipantObjectIdentification>",
        base64::engine::general_purpose::STANDARD.encode(keys)
    );
    let who =
        [application(calling.0, calling.1, SOURCE, true), application(&archive.title, &archive.ip, DESTINATION, false)];
    write(scene, at, Event::new("110112", "Query", 'E'), &who, &objects);
    Ok(())
}

/// User Authentication at the archive: in or out, refused when `good` is false.
pub(super) fn authentication(
    scene: &mut Scene<'_>,
    at: Time,
    account: &str,
    address: &str,
    (login, good): (bool, bool),
) {
    let kind = if login { ("110122", "Login") } else { ("110123", "Logout") };
    let outcome = if good { 0 } else { 4 };
    let event = Event { kind: Some(kind), outcome, ..Event::new("110114", "User Authentication", 'E') };
    write(scene, at, event, &[person(account, address)], "");
}
