//! Quiet days: the routines of the hospital, each with its share of the events and its hours. What is done once at a set time stands in `nights`.

use anyhow::Result;
use cordon_model::Time;

use super::acts;
use super::clock::{SECOND, later};
use super::devices::{self, Happening};
use super::firewalls;
use super::linux;
use super::model::Host;
use super::random::Random;
use super::records::{Access, Verb};
use super::scene::{Account, Scene};
use super::suricata;
use super::web::{self, Hit};
use super::windows_other;
use super::windows_security as security;
use super::windows_services as services;
use super::windows_sysmon as sysmon;
use super::zeek::{self, Flow, Request};
use super::{atna, fhir, hl7};

/// Something that happens again and again.
struct Routine {
    name: &'static str,
    /// Share of the day's events, in thousandths.
    share: u64,
    /// Events that one run writes, on average (measured).
    events: u64,
    /// Weights of the hours 0 to 23.
    hours: [u64; 24],
    run: fn(&mut Scene<'_>, Time) -> Result<()>,
}

const OFFICE: [u64; 24] = [1, 1, 1, 1, 1, 1, 2, 5, 9, 10, 10, 9, 7, 8, 9, 9, 7, 4, 2, 2, 2, 1, 1, 1];
const CLINICAL: [u64; 24] = [3, 2, 2, 2, 2, 3, 6, 8, 9, 9, 9, 8, 7, 7, 8, 7, 6, 6, 6, 5, 5, 5, 4, 3];
const FLAT: [u64; 24] = [4; 24];

const ROUTINES: [Routine; 24] = [
    Routine { name: "programs", share: 250, events: 2, hours: CLINICAL, run: program },
    Routine { name: "server programs", share: 90, events: 3, hours: FLAT, run: server_program },
    Routine { name: "sessions", share: 35, events: 6, hours: CLINICAL, run: session },
    Routine { name: "network logons", share: 45, events: 4, hours: FLAT, run: network_logon },
    Routine { name: "names", share: 100, events: 4, hours: CLINICAL, run: name_lookup },
    Routine { name: "web", share: 60, events: 5, hours: OFFICE, run: browse },
    Routine { name: "inside flows", share: 60, events: 2, hours: CLINICAL, run: inside_flow },
    Routine { name: "shares", share: 60, events: 4, hours: OFFICE, run: share },
    Routine { name: "charts", share: 105, events: 1, hours: CLINICAL, run: chart },
    Routine { name: "imaging", share: 20, events: 2, hours: OFFICE, run: imaging },
    Routine { name: "orders and results", share: 25, events: 2, hours: CLINICAL, run: order_and_result },
    Routine { name: "admission messages", share: 10, events: 2, hours: CLINICAL, run: admission },
    Routine { name: "clinic queries", share: 3, events: 1, hours: OFFICE, run: clinic_query },
    Routine { name: "devices", share: 25, events: 1, hours: CLINICAL, run: device },
    Routine { name: "device flows", share: 15, events: 2, hours: FLAT, run: device_flow },
    Routine { name: "portal", share: 30, events: 1, hours: CLINICAL, run: portal },
    Routine { name: "clinic web", share: 10, events: 1, hours: OFFICE, run: clinic_web },
    Routine { name: "internet noise", share: 30, events: 1, hours: FLAT, run: internet_noise },
    Routine { name: "linux jobs", share: 15, events: 1, hours: FLAT, run: linux_job },
    Routine { name: "linux administration", share: 4, events: 6, hours: OFFICE, run: linux_admin },
    Routine { name: "leases", share: 6, events: 1, hours: OFFICE, run: lease },
    Routine { name: "wrong passwords", share: 3, events: 2, hours: CLINICAL, run: wrong_password },
    Routine { name: "printing", share: 5, events: 1, hours: CLINICAL, run: print },
    Routine { name: "sign-ins", share: 4, events: 1, hours: CLINICAL, run: sign_in },
];

/// Writes the routines of the scene's day; `events` is the day's aim.
pub(super) fn day(scene: &mut Scene<'_>, seed: u64, events: u64) -> Result<()> {
    for routine in &ROUTINES {
        let day = scene.midnight.as_seconds() / 86_400;
        scene.random = Random::stream(seed, routine.name, day);
        let runs = events * routine.share / 1000 / routine.events;
        let hours: Vec<(i64, u64)> = (0..24).zip(routine.hours).collect();
        for _ in 0..runs {
            let (hour, _) = *scene.random.weighted(&hours, |(_, weight)| *weight)?;
            let at = Time(scene.midnight.0 + hour * 3600 * SECOND + scene.random.between(0, 3600 * SECOND));
            (routine.run)(scene, at)?;
        }
    }
    Ok(())
}

fn program(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let person = scene.on_shift(at, |_| true)?;
    let host = scene.workstation(person)?;
    let user = scene.account(&person.account);
    sysmon::ordinary_program(scene, at, host, &user)
}

fn server_program(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let host = scene.any_host(|host| host.os == "windows" && host.role != "workstation")?;
    sysmon::ordinary_program(scene, at, host, &Account::system())
}

fn session(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let person = scene.on_shift(at, |_| true)?;
    let host = scene.workstation(person)?;
    let kind = if scene.random.chance(60) { 7 } else { 2 };
    let (logon, id) = acts::logon(scene, at, person, host, kind)?;
    if scene.random.chance(20) {
        security::ntlm_check(scene, later(at, 10), &logon.account, &host.name, true)?;
    }
    let stay = scene.random.between(300_000, 5_400_000);
    security::logoff(scene, later(at, stay), &logon, &id);
    Ok(())
}

fn network_logon(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let to = scene.any_host(|host| host.os == "windows" && host.role != "workstation")?;
    if scene.random.chance(70) {
        let from = scene.any_host(|host| host.os == "windows")?;
        let machine = scene.account(&format!("{}$", from.name));
        return acts::network_logon(scene, at, &machine, from, to);
    }
    let service = scene.random.pick(&scene.model.network.service_accounts)?;
    let from = scene.host(&service.host)?;
    let account = scene.account(&service.account);
    acts::network_logon(scene, at, &account, from, to)
}

const NAMES: [(&str, &str); 12] = [
    ("aurora.lakeside.example", "10.20.10.21"),
    ("fs01.lakeside.example", "10.20.10.72"),
    ("dc01.lakeside.example", "10.20.10.11"),
    ("wsus01.lakeside.example", "10.20.10.42"),
    ("pacs01.lakeside.example", "10.20.30.11"),
    ("mail.provider.example", "198.51.100.25"),
    ("updates.vendor.example", "198.51.100.80"),
    ("login.identity.example", "198.51.100.81"),
    ("telemetry.vendor.example", "198.51.100.82"),
    ("formulary.pharmacy.example", "198.51.100.90"),
    ("guidelines.medicine.example", "198.51.100.91"),
    ("time.provider.example", "198.51.100.123"),
];

fn any_client<'m>(scene: &mut Scene<'m>) -> Result<&'m Host> {
    scene.any_host(|host| matches!(host.os.as_str(), "windows" | "linux") && host.zone != "management")
}

fn name_lookup(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let host = any_client(scene)?;
    let (name, address) = *scene.random.pick(&NAMES)?;
    zeek::dns(scene, at, &host.ip, name, address);
    services::dns_lookup(scene, at, &host.ip, name, "A");
    Ok(())
}

const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36 Edg/134.0.0.0";

fn browse(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let host = any_client(scene)?;
    let (name, address) = *scene.random.pick(NAMES.get(5..).unwrap_or(&NAMES))?;
    let secure = Flow::new(scene, &host.ip, address, 443, "ssl");
    acts::outside(scene, at, &secure, name);
    if scene.random.chance(35) {
        let plain = Flow::new(scene, &host.ip, address, 80, "http");
        let uri = format!("/pki/crl-{}.crl", scene.random.below(400));
        let request =
            Request { host: name, uri: &uri, agent: "Microsoft-CryptoAPI/10.0", mime: "application/pkix-crl" };
        zeek::http(scene, later(at, 200), &plain, request);
        suricata::http(scene, later(at, 210), &plain, request);
        acts::firewall(scene, later(at, 200), &plain, true);
    }
    Ok(())
}

fn inside_flow(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let from = any_client(scene)?;
    let to = scene.any_host(|host| matches!(host.zone.as_str(), "servers" | "imaging"))?;
    let (port, service) = *scene.random.pick(&[
        (443, "ssl"),
        (445, "gssapi,smb"),
        (88, "krb_tcp"),
        (389, "ldap_tcp"),
        (135, "dce_rpc"),
        (1433, ""),
    ])?;
    let flow = Flow::new(scene, &from.ip, &to.ip, port, service);
    acts::flow(scene, at, &flow);
    if scene.random.chance(3) {
        let refused = Flow::new(scene, &from.ip, &to.ip, 9100, "");
        acts::firewall(scene, later(at, 50), &refused, false);
    }
    Ok(())
}

fn share(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let person = scene.on_shift(at, |_| true)?;
    let host = scene.workstation(person)?;
    let kind =
        *scene.random.pick(&["rota.xlsx", "handover.docx", "leaflet.pdf", "stock.xlsx", "minutes.docx", "scan.pdf"])?;
    let name = format!("{}/{}-{kind}", person.unit.to_lowercase(), scene.random.below(900));
    if scene.random.chance(4) {
        let new = name.replacen('/', "/final-", 1);
        let (old, new) = (format!("/srv/units/{name}"), format!("/srv/units/{new}"));
        linux::samba(scene, at, (&person.account, host), "units", ("renameat", &[&old, &new]));
    }
    let write = scene.random.chance(40);
    acts::share_file(scene, at, &person.account, host, &name, write)
}

/// Which system somebody works in, and which part of the chart they open.
fn place_of_work(scene: &mut Scene<'_>, role: &str) -> Result<(&'static str, &'static str)> {
    let object = *scene.random.pick(&[
        "Patient",
        "Observation",
        "MedicationRequest",
        "Encounter",
        "DocumentReference",
        "Condition",
    ])?;
    let choices: &[&'static str] = match role {
        "laboratory" => &["Labrys", "Labrys", "Labrys", "Aurora"],
        "radiologist" | "radiographer" => &["LKS_PACS", "LKS_PACS", "Aurora"],
        "billing" | "him" | "privacy" => &["Meridian"],
        "registration" => &["Aurora", "Meridian"],
        _ => &["Aurora", "Aurora", "Aurora", "Meridian", "Labrys"],
    };
    Ok((*scene.random.pick(choices)?, object))
}

fn chart(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let clinical = [
        "nurse",
        "physician",
        "radiologist",
        "radiographer",
        "laboratory",
        "pharmacist",
        "registration",
        "billing",
        "him",
    ];
    let person = scene.on_shift(at, |person| clinical.contains(&person.role.as_str()))?;
    let bedside = matches!(person.role.as_str(), "nurse" | "physician");
    let unit = bedside.then_some(person.unit.as_str());
    let found = scene.present_patient(at, unit).or_else(|_| scene.present_patient(at, None));
    let Ok((patient, encounter)) = found else { return Ok(()) };
    let host = scene.workstation(person)?;
    let (mut system, object) = place_of_work(scene, &person.role)?;
    if person.unit == "OPD" && scene.random.chance(70) {
        system = "OpenEMR clinic";
    }
    let mut access = Access { encounter: Some(&encounter.id), ..Access::read(&person.account, patient, object, host) };
    let query = format!("{object}?patient={}&_count=50", patient.mrn);
    match scene.random.below(20) {
        0 | 1 => access.verb = Verb::Create,
        2..=4 => access.verb = Verb::Update,
        5..=8 => (access.verb, access.query) = (Verb::Search, Some(query.as_str())),
        9 if system == "Meridian" => access.verb = Verb::Print,
        _ => {}
    }
    if system == "OpenEMR clinic" {
        access.query = Some(&patient.family);
    }
    acts::record(scene, at, system, &access)
}

fn imaging(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let model = scene.model;
    let modalities: Vec<_> = model.network.ae_titles.iter().filter(|ae| ae.kind == "modality").collect();
    let modality = *scene.random.pick(&modalities)?;
    let archive = model.ae("LKS_PACS")?;
    let Ok((patient, _)) = scene.present_patient(at, None) else { return Ok(()) };
    let keys = format!("(0008,0052)=STUDY (0010,0020)={} (0010,0010)= (0020,000D)=", patient.mrn);
    atna::query(scene, at, (&modality.title, &modality.ip), &keys)?;
    let instances = 20 + scene.random.below(600);
    atna::transferred(scene, later(at, 240_000), modality, (&archive.title, &archive.ip), patient, instances);
    let flow = Flow::new(scene, &modality.ip, &archive.ip, archive.port, "");
    acts::flow(scene, later(at, 1000), &flow);
    let what = format!("{} study of {instances} images stored", modality.modality.as_deref().unwrap_or("OT"));
    linux_engine_note(scene, later(at, 250_000), &what)
}

fn linux_engine_note(scene: &mut Scene<'_>, at: Time, what: &str) -> Result<()> {
    let engine = scene.host("IE01")?;
    linux::message(scene, at, engine, linux::ENGINE, &format!("channel imaging: {what}"));
    Ok(())
}

fn order_and_result(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let Ok(present) = scene.present_patient(at, None) else { return Ok(()) };
    let number = 26_000_000 + scene.random.below(70_000_000);
    hl7::order(scene, at, present, number)?;
    let wait = scene.random.between(600_000, 5_400_000);
    hl7::result(scene, later(at, wait), present, number)
}

fn admission(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let Ok(present) = scene.present_patient(at, None) else { return Ok(()) };
    let trigger = *scene.random.pick(&["A08", "A08", "A08", "A02", "A04", "A01", "A03"])?;
    hl7::adt(scene, at, trigger, present, hl7::Way::Mllp)
}

fn clinic_query(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let Ok((patient, _)) = scene.present_patient(at, Some("OPD")) else { return Ok(()) };
    hl7::demographic_query(scene, at, patient)
}

fn device(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let device = scene.random.pick(&scene.model.network.devices)?;
    let nurse = scene.on_shift(at, |person| person.role == "nurse" && person.unit == device.unit)?;
    let quiet = Happening { event: "alarm", severity: 4, user: "", from: "", detail: "" };
    let happening = match scene.random.below(10) {
        0..=3 => Happening { detail: "limit alarm raised", ..quiet },
        4 | 5 => Happening {
            event: "alarm_silenced",
            severity: 3,
            user: &nurse.account,
            detail: "silenced for 120 s",
            ..quiet
        },
        6 | 7 => Happening { event: "connect", severity: 1, detail: "associated with gateway", ..quiet },
        8 => Happening { event: "login", severity: 2, user: &nurse.account, detail: "badge accepted", ..quiet },
        _ => Happening { event: "self_test", severity: 1, detail: "self test passed", ..quiet },
    };
    devices::report(scene, at, device, happening);
    Ok(())
}

fn device_flow(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let device = scene.random.pick(&scene.model.network.devices)?;
    let gateway = scene.host("DEVGW01")?;
    let flow = Flow::new(scene, &device.ip, &gateway.ip, 24_105, "");
    acts::flow(scene, at, &flow);
    Ok(())
}

fn portal(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let client = format!("198.51.100.{}", 130 + scene.random.below(120));
    let path = *scene.random.pick(&[
        "/",
        "/login",
        "/appointments",
        "/results",
        "/messages",
        "/assets/app.css",
        "/assets/app.js",
        "/favicon.ico",
    ])?;
    let status = if scene.random.chance(4) { 404 } else { 200 };
    let bytes = 300 + scene.random.below(60_000);
    web::portal(scene, at, Hit { client: &client, user: "-", method: "GET", path, status, bytes, agent: AGENT });
    Ok(())
}

fn clinic_web(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let person = scene.on_shift(at, |person| person.unit == "OPD")?;
    let host = scene.workstation(person)?;
    let path = *scene.random.pick(&[
        "/openemr/interface/main/tabs/main.php",
        "/openemr/interface/patient_file/summary/demographics.php",
        "/openemr/interface/main/calendar/index.php",
        "/openemr/apis/default/fhir/Patient?_count=20",
    ])?;
    let bytes = 900 + scene.random.below(90_000);
    web::clinic(scene, at, Hit { client: &host.ip, user: "-", method: "GET", path, status: 200, bytes, agent: AGENT });
    Ok(())
}

/// What the internet throws at every address: probes of the perimeter, refused.
fn internet_noise(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let from = format!("198.51.100.{}", 1 + scene.random.below(120));
    let port = *scene.random.pick(&[22, 23, 445, 3389, 80, 8080, 5900, 104])?;
    let flow = Flow::new(scene, &from, "203.0.113.1", port, "");
    firewalls::forti_traffic(scene, at, &flow, false);
    if scene.random.chance(3) {
        suricata::alert(scene, at, &flow, (1_000_101, 3), "LKS SCAN inbound probe of a closed port", "Misc activity");
    }
    Ok(())
}

fn linux_job(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let host = scene.any_host(|host| host.os == "linux")?;
    match scene.random.below(5) {
        0..=2 => linux::cron(scene, at, host, "test -x /usr/sbin/anacron || run-parts /etc/cron.hourly"),
        3 => linux::message(scene, at, host, linux::SYSTEMD, "Started Daily apt download activities."),
        _ => {
            linux::audit_exec(scene, at, host, ("/usr/bin/find", 0), &["find", "/var/tmp", "-mtime", "+14", "-delete"])
        }
    }
    Ok(())
}

fn linux_admin(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let host = scene.any_host(|host| host.os == "linux")?;
    let user = *scene.random.pick(&["adm.okafor", "adm.selby"])?;
    let minutes = scene.random.between(2, 15);
    linux::ssh_session(scene, at, host, user, "10.20.20.32", minutes);
    let command = *scene.random.pick(&[
        "/usr/bin/systemctl status lks-engine",
        "/usr/bin/apt-get update",
        "/usr/bin/journalctl -u sshd",
        "/usr/bin/less /var/log/syslog",
    ])?;
    linux::sudo(scene, later(at, 30_000), host, user, command);
    let args: Vec<&str> = command.split(' ').collect();
    let exe = args.first().copied().unwrap_or(command);
    linux::audit_exec(scene, later(at, 30_010), host, (exe, 1004), &args);
    if scene.random.chance(15) {
        linux::ssh_refused(scene, later(at, -9_000), host, user, "10.20.20.32");
    }
    Ok(())
}

fn lease(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let host = scene.any_host(|host| host.role == "workstation")?;
    let id = *scene.random.pick(&[11, 11, 11, 11, 10, 12])?;
    services::lease(scene, at, host, id);
    Ok(())
}

fn wrong_password(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let person = scene.on_shift(at, |_| true)?;
    let host = scene.workstation(person)?;
    let account = scene.account(&person.account);
    let logon = security::Logon {
        account: account.clone(),
        host,
        source_name: &host.name,
        source_ip: "127.0.0.1",
        kind: 2,
        admin: false,
    };
    security::logon_failed(scene, at, &logon);
    security::ntlm_check(scene, at, &account, &host.name, false)
}

fn print(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let person = scene.on_shift(at, |person| matches!(person.role.as_str(), "nurse" | "physician" | "registration"))?;
    let host = scene.workstation(person)?;
    let server = scene.host("PRT01")?;
    let pages = 1 + scene.random.below(6);
    windows_other::printed(scene, at, server, &person.account, host, ("Aurora - discharge letter", pages));
    Ok(())
}

fn sign_in(scene: &mut Scene<'_>, at: Time) -> Result<()> {
    let person = scene.on_shift(at, |_| true)?;
    let host = scene.workstation(person)?;
    if person.unit == "RAD" {
        atna::authentication(scene, at, &person.account, &host.ip, (true, true));
    } else {
        fhir::r4_sign_in(scene, at, person, &host.ip);
    }
    Ok(())
}
