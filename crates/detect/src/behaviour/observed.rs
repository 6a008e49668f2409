//! What one event says about who did what: little, owned, made by workers in parallel.

use std::net::IpAddr;
use std::sync::Arc;

use cordon_model::{Event, Node, Object, Time};

use super::report::EntityKind;
use crate::EventKey;

/// OCSF class of sign-ins.
const AUTHENTICATION: i64 = 3_002;
const PROCESS: i64 = 1_007;
const NETWORK: i64 = 4_001;
const HTTP: i64 = 4_002;
const RDP: i64 = 4_005;
const SMB: i64 = 4_006;
const SSH: i64 = 4_007;
const FTP: i64 = 4_008;
const HEALTH_RECORD: i64 = 87_006_001;
const DICOM: i64 = 87_006_002;
const HL7: i64 = 87_006_003;
const MEDICAL_DEVICE: i64 = 87_006_004;

/// Longest name of an account, a machine or a program that is kept, in bytes; of a longer one the beginning.
const NAME_BYTES_MAX: usize = 128;

/// Most patients of one event that are counted one by one.
const PATIENTS_MAX: usize = 64;

/// How somebody signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// At the machine itself, or unlocking it.
    Console,
    /// With a desktop or a shell from afar.
    Remote,
    /// Into the house: a VPN or an administrator's page of a firewall.
    Gateway,
    /// Into an application.
    Application,
    /// To a service of a machine, or a ticket for it: programs do this on their own.
    Network,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Signed in.
    SignIn(Way),
    /// Tried to, and was refused.
    Refused(Way),
    /// Opened or changed a record.
    Opened,
    /// Searched among patients.
    Searched,
    /// Took data out: printed, exported, disclosed.
    TakenOut,
    /// Ran a program.
    Ran,
    /// Spoke over the network.
    Flow,
    /// A device reported, or a machine sent a message or images.
    Reported,
}

/// What one event says about who did what.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// When it happened.
    pub time: Time,
    /// When it was received.
    pub received: Time,
    /// Id of the source.
    pub source: Arc<str>,
    /// Site of the source.
    pub site: Arc<str>,
    /// OCSF class.
    pub class_uid: i64,
    /// The event.
    pub event: EventKey,
    /// What was done.
    pub deed: Deed,
    /// The account, without its domain, in lower case.
    pub user: Option<Box<str>>,
    /// Role of the account's holder, where stated.
    pub role: Option<Box<str>>,
    /// The machine on which it was done, or that spoke, without its domain, in capitals.
    pub host: Option<Box<str>>,
    /// The machine from which it was done.
    pub from_host: Option<Box<str>>,
    /// The address from which it was done, or that spoke.
    pub address: Option<IpAddr>,
    /// The device, application entity or sender.
    pub device: Option<Box<str>>,
    /// Whom it spoke with, by name: a called application entity, a receiver of messages.
    pub peer: Option<Box<str>>,
    /// Whom it spoke with.
    pub peer_address: Option<IpAddr>,
    /// On which port; 0 when unknown.
    pub port: u16,
    /// What was spoken or which program was run; empty when unknown.
    pub what: Box<str>,
    /// Bytes sent; 0 when unknown.
    pub bytes_out: u64,
    /// Records that were touched at once: 1 where nothing is stated.
    pub records: u32,
    /// Numbers of the patients' pseudonyms, at most 64.
    pub patients: Box<[u64]>,
    /// Pseudonym of the first patient.
    pub patient_ref: Option<Box<str>>,
}

impl Observed {
    /// What an event says; nothing when it is of a kind that no detector looks at. `key` says where it stands.
    #[must_use]
    pub fn of(event: &Event<'_>, key: &EventKey, source: &Arc<str>, site: &Arc<str>) -> Option<Self> {
        let deed = deed(event)?;
        let ocsf = &event.ocsf;
        let (from, to) = (object(ocsf, "src_endpoint"), object(ocsf, "dst_endpoint"));
        let (user, actor) = (object(ocsf, "user"), object(ocsf, "actor"));
        let acting = actor.and_then(|actor| object(actor, "user"));
        let whose = if matches!(deed, Deed::SignIn(_) | Deed::Refused(_)) { user.or(acting) } else { acting.or(user) };
        let device = object(ocsf, "device").and_then(|device| text(device, "hostname"));
        let (machine, speaker) = parties(event.class_uid, ocsf, from, to);
        let observed = Self {
            time: event.time,
            received: event.received,
            source: Arc::clone(source),
            site: Arc::clone(site),
            class_uid: event.class_uid,
            event: key.clone(),
            deed,
            user: whose.and_then(|user| text(user, "name")).and_then(account),
            role: whose.and_then(|user| text(user, "type")).and_then(|role| short(role, false)),
            host: machine.or(device).and_then(machine_name),
            from_host: from.and_then(|from| text(from, "hostname")).and_then(machine_name),
            address: from.and_then(|from| text(from, "ip")).and_then(|ip| ip.parse().ok()),
            device: speaker.0.and_then(|name| short(name, false)),
            peer: speaker.1.and_then(|name| short(name, false)),
            peer_address: to.and_then(|to| text(to, "ip")).and_then(|ip| ip.parse().ok()),
            port: to.and_then(|to| integer(to, "port")).and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
            what: what(event.class_uid, ocsf, actor),
            bytes_out: bytes_out(ocsf),
            records: integer(ocsf, "record_count").and_then(|count| u32::try_from(count).ok()).unwrap_or(1).max(1),
            patients: event.patient_refs.iter().take(PATIENTS_MAX).map(|patient| number(patient)).collect(),
            patient_ref: event.patient_refs.first().and_then(|patient| short(patient, false)),
        };
        observed.says_something().then_some(observed)
    }

    fn says_something(&self) -> bool {
        match self.deed {
            Deed::Flow => self.address.is_some() && self.peer_address.is_some(),
            Deed::Reported => self.device.is_some(),
            _ => self.user.is_some(),
        }
    }
}

/// What was done, by class and activity; none for what is not looked at.
fn deed(event: &Event<'_>) -> Option<Deed> {
    let ocsf = &event.ocsf;
    let is_failed = integer(ocsf, "status_id") == Some(2);
    Some(match (event.class_uid, event.activity_id) {
        (AUTHENTICATION, 2 | 5) => return None,
        (AUTHENTICATION, _) if is_failed => Deed::Refused(way(ocsf, event.activity_id)),
        (AUTHENTICATION, _) => Deed::SignIn(way(ocsf, event.activity_id)),
        (RDP, _) if object(ocsf, "user").is_some() => Deed::SignIn(Way::Remote),
        (HEALTH_RECORD, 5) => Deed::Searched,
        (HEALTH_RECORD, 6..=8) => Deed::TakenOut,
        (HEALTH_RECORD, 10) if is_failed => Deed::Refused(Way::Application),
        (HEALTH_RECORD, 10) => Deed::SignIn(Way::Application),
        (HEALTH_RECORD, 11) => return None,
        (HEALTH_RECORD, _) => Deed::Opened,
        (DICOM, 8) => Deed::TakenOut,
        (DICOM | HL7 | MEDICAL_DEVICE, _) => Deed::Reported,
        (NETWORK, 5) => return None,
        (NETWORK | HTTP | RDP | SSH | FTP, _) => Deed::Flow,
        (SMB, _) if object(ocsf, "dst_endpoint").is_some_and(|to| to.get("ip").is_some()) => Deed::Flow,
        (PROCESS, 1) => Deed::Ran,
        _ => return None,
    })
}

/// How a sign-in was made: Windows' logon types by OCSF's numbers, else by who wrote it.
fn way(ocsf: &Object<'_>, activity: i64) -> Way {
    match integer(ocsf, "logon_type_id") {
        Some(2 | 7 | 11 | 13) => Way::Console,
        Some(10 | 12) => Way::Remote,
        Some(_) => Way::Network,
        None if activity == 3 || activity == 4 => Way::Network,
        None => {
            let from = object(ocsf, "src_endpoint").and_then(|from| text(from, "ip"));
            let is_firewall = object(ocsf, "device").and_then(|device| integer(device, "type_id")) == Some(9);
            match from {
                Some(_) if is_firewall => Way::Gateway,
                Some(_) => Way::Remote,
                None => Way::Network,
            }
        }
    }
}

/// The machine that acted or was acted on; and of devices their name and the name of whom they spoke with.
fn parties<'o>(
    class: i64,
    ocsf: &'o Object<'_>,
    from: Option<&'o Object<'_>>,
    to: Option<&'o Object<'_>>,
) -> (Option<&'o str>, (Option<&'o str>, Option<&'o str>)) {
    let (none, named) = ((None, None), |end: Option<&'o Object<'_>>, name| end.and_then(|end| text(end, name)));
    match class {
        AUTHENTICATION => (named(to, "hostname"), none),
        RDP | SSH => (named(to, "hostname").or_else(|| named(to, "ip")), none),
        NETWORK | HTTP | SMB | FTP => (named(from, "hostname"), none),
        HEALTH_RECORD => (named(from, "hostname"), none),
        DICOM => {
            let dicom = object(ocsf, "dicom");
            (None, (named(dicom, "calling_ae").or_else(|| named(from, "ip")), named(dicom, "called_ae")))
        }
        HL7 => {
            let message = object(ocsf, "hl7_message");
            (None, (named(message, "sending_application"), named(message, "receiving_application")))
        }
        MEDICAL_DEVICE => (None, (named(object(ocsf, "medical_device"), "uid"), None)),
        _ => (None, none),
    }
}

/// The protocol spoken or the program run.
fn what(class: i64, ocsf: &Object<'_>, actor: Option<&Object<'_>>) -> Box<str> {
    let of = |object: Option<&Object<'_>>, name| object.and_then(|object| text(object, name)).map(str::to_owned);
    let found = match class {
        PROCESS => of(object(ocsf, "process").or(actor.and_then(|actor| object(actor, "process"))), "name"),
        HL7 => of(object(ocsf, "hl7_message"), "type"),
        RDP => Some("rdp".to_owned()),
        SSH => Some("ssh".to_owned()),
        SMB => Some("smb".to_owned()),
        HTTP => Some("http".to_owned()),
        FTP => Some("ftp".to_owned()),
        DICOM | NETWORK => text(ocsf, "app_name").map(str::to_owned),
        _ => None,
    };
    found.and_then(|name| short(&name, true)).unwrap_or_default()
}

fn bytes_out(ocsf: &Object<'_>) -> u64 {
    let sent = object(ocsf, "traffic").and_then(|traffic| integer(traffic, "bytes_out"));
    sent.and_then(|sent| u64::try_from(sent).ok()).unwrap_or(0)
}

/// The account behind `DOMAIN\name` and `name@realm`, in lower case.
fn account(name: &str) -> Option<Box<str>> {
    let name = name.rsplit('\\').next().unwrap_or(name);
    let name = name.split('@').next().filter(|part| !part.is_empty()).unwrap_or(name);
    short(name, true)
}

/// The machine's own name of a full one, in capitals; addresses stay.
fn machine_name(name: &str) -> Option<Box<str>> {
    let bare = if name.parse::<IpAddr>().is_ok() { name } else { name.split('.').next().unwrap_or(name) };
    short(bare, false).map(|name| name.to_ascii_uppercase().into_boxed_str())
}

/// A name asked for, as events would have it.
pub(super) fn name_of(kind: EntityKind, name: &str) -> Option<Box<str>> {
    match kind {
        EntityKind::Account => account(name),
        // the network knows machines by address, in the form in which addresses are written out
        EntityKind::Host => {
            name.parse::<IpAddr>().map_or_else(|_| machine_name(name), |address| Some(address.to_string().into()))
        }
        EntityKind::Device => short(name, false),
    }
}

/// A name of at most 128 bytes; none for texts that name nobody.
fn short(name: &str, is_lower: bool) -> Option<Box<str>> {
    let name = name.trim();
    if matches!(name, "" | "-" | "(null)" | "unset" | "?") {
        return None;
    }
    let end = (0..=NAME_BYTES_MAX.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    let name = name.get(..end).unwrap_or_default();
    Some(if is_lower { name.to_lowercase().into_boxed_str() } else { name.into() })
}

/// The number of a pseudonym: its first sixteen hex digits; it is a keyed hash already.
fn number(patient_ref: &str) -> u64 {
    let digits = patient_ref.strip_prefix("p-").unwrap_or(patient_ref);
    digits
        .bytes()
        .filter_map(|digit| char::from(digit).to_digit(16))
        .take(16)
        .fold(0, |all, one| (all << 4) | u64::from(one))
}

fn object<'o, 'a>(of: &'o Object<'a>, name: &str) -> Option<&'o Object<'a>> {
    match of.get(name) {
        Some(Node::Object(object)) => Some(object),
        _ => None,
    }
}

fn text<'o>(of: &'o Object<'_>, name: &str) -> Option<&'o str> {
    match of.get(name) {
        Some(Node::Text(text)) => Some(text),
        _ => None,
    }
}

fn integer(of: &Object<'_>, name: &str) -> Option<i64> {
    match of.get(name) {
        Some(Node::Integer(number)) => Some(*number),
        _ => None,
    }
}
