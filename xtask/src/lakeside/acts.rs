//! Things that happen in more than one log at once: a flow past its firewall and sensors, a logon with its tickets, a VPN login, a file on a share, a record opened.

use anyhow::Result;
use cordon_model::Time;

use super::clock::later;
use super::firewalls::{self, Vpn};
use super::linux;
use super::model::{Host, Person};
use super::records::{self, Access};
use super::scene::{Account, Scene};
use super::suricata;
use super::windows_security::{self as security, Logon};
use super::zeek::{self, Flow};

/// A connection as the sensors and the firewall on its way see it.
pub(super) fn flow(scene: &mut Scene<'_>, at: Time, flow: &Flow<'_>) {
    zeek::conn(scene, at, flow);
    firewall(scene, at, flow, true);
}

/// The firewall on the way of a flow: the perimeter's for the outside, the device firewall for medical devices, the data centre's for clients and VPN users.
pub(super) fn firewall(scene: &mut Scene<'_>, at: Time, flow: &Flow<'_>, accepted: bool) {
    let outside = |ip: &str| !ip.starts_with("10.");
    let medical = |ip: &str| ip.starts_with("10.20.40.") || ip.starts_with("10.20.30.");
    let ends = [flow.from_ip, flow.to_ip];
    if ends.iter().any(|ip| outside(ip)) {
        firewalls::forti_traffic(scene, at, flow, accepted);
    } else if ends.iter().any(|ip| medical(ip)) {
        firewalls::panos_traffic(scene, at, flow, accepted);
    } else if !flow.from_ip.starts_with("10.20.10.") {
        firewalls::asa_traffic(scene, at, flow, accepted);
    }
}

/// A person logs on at a workstation, with the tickets that this takes. Gives the logon for the logoff.
pub(super) fn logon<'a>(
    scene: &mut Scene<'_>,
    at: Time,
    person: &Person,
    host: &'a Host,
    kind: u32,
) -> Result<(Logon<'a>, String)> {
    let account = scene.account(&person.account);
    security::tickets(scene, at, &account, &host.ip, &format!("{}$", host.name))?;
    let logon = Logon { account, host, source_name: &host.name, source_ip: "127.0.0.1", kind, admin: false };
    let id = security::logon(scene, later(at, 30), &logon);
    Ok((logon, id))
}

/// A network logon of an account from one host on another.
pub(super) fn network_logon(scene: &mut Scene<'_>, at: Time, account: &Account, from: &Host, to: &Host) -> Result<()> {
    security::tickets(scene, at, account, &from.ip, &format!("{}$", to.name))?;
    let admin = account.name.starts_with("adm.") || account.name == "svc-backup";
    let logon = Logon { account: account.clone(), host: to, source_name: "-", source_ip: &from.ip, kind: 3, admin };
    let id = security::logon(scene, later(at, 12), &logon);
    let stay = scene.random.between(2_000, 90_000);
    security::logoff(scene, later(at, stay), &logon, &id);
    Ok(())
}

/// Remote desktop: the sensor's and the firewall's record, the tickets and the logon.
pub(super) fn remote_desktop(
    scene: &mut Scene<'_>,
    at: Time,
    account: &Account,
    from: (&str, &str),
    to: &Host,
) -> Result<()> {
    zeek::rdp(scene, at, from, to, &account.name);
    let flow = Flow::new(scene, from.0, &to.ip, 3389, "rdp");
    firewall(scene, at, &flow, true);
    security::tickets(scene, later(at, 300), account, from.0, &format!("TERMSRV/{}", to.name))?;
    let admin = account.name.starts_with("adm.");
    let logon = Logon { account: account.clone(), host: to, source_name: from.1, source_ip: from.0, kind: 10, admin };
    security::logon(scene, later(at, 900), &logon);
    Ok(())
}

/// A VPN session of some minutes from an outside address.
pub(super) fn vpn(scene: &mut Scene<'_>, at: Time, user: &str, remote: &str, (given, minutes): (&str, i64)) {
    let flow = Flow::new(scene, remote, "203.0.113.1", 443, "ssl");
    firewalls::forti_traffic(scene, later(at, -400), &flow, true);
    firewalls::forti_vpn(scene, at, user, remote, (given, Vpn::Up));
    firewalls::forti_vpn(scene, later(at, minutes * 60_000), user, remote, (given, Vpn::Down));
}

/// A file of a share is opened, read or written from a workstation.
pub(super) fn share_file(
    scene: &mut Scene<'_>,
    at: Time,
    user: &str,
    from: &Host,
    name: &str,
    write: bool,
) -> Result<()> {
    let server = scene.host("FS01")?;
    let flow = Flow::new(scene, &from.ip, &server.ip, 445, "gssapi,smb");
    zeek::smb_file(scene, at, &flow, ("SMB::FILE_OPEN", "\\\\FS01\\units"), &name.replace('/', "\\"), None);
    let path = format!("/srv/units/{name}");
    linux::samba(scene, at, (user, from), "units", ("openat", &[if write { "w" } else { "r" }, &path]));
    if write {
        linux::samba(scene, later(at, 420), (user, from), "units", ("pwrite_recv", &[&path]));
    }
    linux::samba(scene, later(at, 600), (user, from), "units", ("close", &[&path]));
    Ok(())
}

/// A record is opened or changed in a system: its audit trail, and the flow from the workstation.
pub(super) fn record(scene: &mut Scene<'_>, at: Time, system: &str, access: &Access<'_>) -> Result<()> {
    let system = scene.model.system(system)?;
    let server = scene.host(&system.host)?;
    records::access(scene, at, system, access)?;
    if scene.random.chance(25) {
        let port = if system.kind == "atna" { 11_112 } else { 443 };
        let service = if system.kind == "atna" { "" } else { "ssl" };
        let seen = Flow::new(scene, &access.workstation.ip, &server.ip, port, service);
        flow(scene, later(at, -30), &seen);
    }
    Ok(())
}

/// A flow to the outside as Suricata sees it too.
pub(super) fn outside(scene: &mut Scene<'_>, at: Time, seen: &Flow<'_>, name: &str) {
    flow(scene, at, seen);
    suricata::tls(scene, later(at, 20), seen, name);
    let duration = i64::try_from(seen.millis).unwrap_or(0);
    suricata::flow(scene, later(at, duration), seen);
}
