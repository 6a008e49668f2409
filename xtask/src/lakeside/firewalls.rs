//! Firewalls: FortiGate at the perimeter (key=value), Cisco ASA in the data centre (`%ASA-` messages), PAN-OS before the medical devices (CSV), all in syslog.
//! Field names and order follow the vendors' log references.

use cordon_model::Time;

use super::clock;
use super::files;
use super::out::NUMBER;
use super::scene::Scene;
use super::zeek::Flow;

fn forti_head(at: Time, log_id: &str, kind: (&str, &str, &str)) -> String {
    format!(
        "<189>date={} time={} devname=\"FW01\" devid=\"FGT60FLKS0000001\" eventtime={} tz=\"+0000\" logid=\"{log_id}\" type=\"{}\" subtype=\"{}\" level=\"{}\" vd=\"root\"",
        clock::show(at, "%Y-%m-%d"),
        clock::show(at, "%H:%M:%S"),
        at.0.saturating_mul(1000),
        kind.0,
        kind.1,
        kind.2
    )
}

/// FortiGate: a session through the perimeter, closed or denied.
pub(super) fn forti_traffic(scene: &mut Scene<'_>, at: Time, flow: &Flow<'_>, accepted: bool) {
    let action = if accepted { "close" } else { "deny" };
    let (policy, sent, received) = if accepted { (12, flow.sent, flow.received) } else { (0, 0, 0) };
    let inbound = !flow.from_ip.starts_with("10.");
    let (source, target) = if inbound { ("wan1", "internal") } else { ("internal", "wan1") };
    let text = format!(
        "{} srcip={} srcport={} srcintf=\"{source}\" srcintfrole=\"{}\" dstip={} dstport={} dstintf=\"{target}\" dstintfrole=\"{}\" sessionid={} proto={} action=\"{action}\" policyid={policy} policytype=\"policy\" service=\"{}\" trandisp=\"{}\" duration={} sentbyte={sent} rcvdbyte={received} sentpkt={} rcvdpkt={} appcat=\"unscanned\"",
        forti_head(at, "0000000013", ("traffic", "forward", if accepted { "notice" } else { "warning" })),
        flow.from_ip,
        flow.from_port,
        if inbound { "wan" } else { "lan" },
        flow.to_ip,
        flow.to_port,
        if inbound { "lan" } else { "wan" },
        scene.random.below(9_000_000),
        if flow.proto == "udp" { 17 } else { 6 },
        service(flow.to_port),
        if inbound { "noop" } else { "snat" },
        flow.millis / 1000,
        sent / 900,
        received / 1300
    );
    scene.out.add(files::FORTIGATE, at, text);
}

fn service(port: u16) -> &'static str {
    match port {
        53 => "DNS",
        80 => "HTTP",
        443 => "HTTPS",
        22 => "SSH",
        23 => "TELNET",
        445 => "SMB",
        3389 => "RDP",
        123 => "NTP",
        _ => "tcp/other",
    }
}

/// What happened to an SSL VPN user.
#[derive(Clone, Copy, Debug)]
pub(super) enum Vpn {
    Refused,
    Up,
    Down,
}

/// FortiGate: SSL VPN of a user from an outside address, with the address given inside.
pub(super) fn forti_vpn(scene: &mut Scene<'_>, at: Time, user: &str, remote: &str, (given, what): (&str, Vpn)) {
    let (id, description, action, reason, level) = match what {
        Vpn::Refused => {
            ("0101039426", "SSL VPN login fail", "ssl-login-fail", "sslvpn_login_permission_denied", "alert")
        }
        Vpn::Up => ("0101039947", "SSL VPN tunnel up", "tunnel-up", "login successfully", "information"),
        Vpn::Down => ("0101039948", "SSL VPN tunnel down", "tunnel-down", "N/A", "information"),
    };
    let message = match what {
        Vpn::Refused => "SSL user failed to logged in",
        Vpn::Up => "SSL tunnel established",
        Vpn::Down => "SSL tunnel shutdown",
    };
    let tunnel = if matches!(what, Vpn::Refused) {
        String::new()
    } else {
        format!(" tunnelid={} tunnelip={given}", scene.random.below(900_000))
    };
    let text = format!(
        "{} logdesc=\"{description}\" action=\"{action}\" tunneltype=\"ssl-tunnel\"{tunnel} remip={remote} user=\"{user}\" group=\"vpn-users\" dst_host=\"N/A\" reason=\"{reason}\" msg=\"{message}\"",
        forti_head(at, id, ("event", "vpn", level)),
    );
    scene.out.add(files::FORTIGATE, at, text);
}

/// FortiGate: an administrator's login to the firewall, or a change of its configuration.
pub(super) fn forti_admin(scene: &mut Scene<'_>, at: Time, user: &str, from: &str, change: Option<&str>) {
    let text = match change {
        None => format!(
            "{} logdesc=\"Admin login successful\" sn=\"{}\" user=\"{user}\" ui=\"https({from})\" method=\"https\" srcip={from} dstip=10.20.50.1 action=\"login\" status=\"success\" reason=\"none\" profile=\"super_admin\" msg=\"Administrator {user} logged in successfully from https({from})\"",
            forti_head(at, "0100032001", ("event", "system", "information")),
            at.as_seconds()
        ),
        Some(change) => format!(
            "{} logdesc=\"Attribute configured\" user=\"{user}\" ui=\"GUI({from})\" action=\"Edit\" cfgtid={} cfgpath=\"firewall.policy\" cfgobj=\"12\" cfgattr=\"{change}\" msg=\"Edit firewall.policy 12\"",
            forti_head(at, "0100044547", ("event", "system", "information")),
            scene.random.below(90_000_000)
        ),
    };
    scene.out.add(files::FORTIGATE, at, text);
}

/// The ASA's file of a day: rotated and compressed every night.
pub(super) fn asa_file(scene: &Scene<'_>) -> String {
    format!("network/asa01-{}.log.gz", scene.date("%Y%m%d"))
}

/// ASA: a session between two networks of the data centre: built and torn down, or denied.
pub(super) fn asa_traffic(scene: &mut Scene<'_>, at: Time, flow: &Flow<'_>, accepted: bool) {
    let file = asa_file(scene);
    let stamp = |at: Time| clock::show(at, "%b %d %Y %H:%M:%S");
    let number = scene.random.below(90_000_000);
    let proto = if flow.proto == "udp" { ("UDP", 302_015, 302_016) } else { ("TCP", 302_013, 302_014) };
    let ends = (format!("{}/{}", flow.from_ip, flow.from_port), format!("{}/{}", flow.to_ip, flow.to_port));
    if !accepted {
        let text = format!(
            "<164>{}: %ASA-4-106023: Deny {} src clients:{} dst servers:{} by access-group \"clients_in\" [0x{}, 0x0]",
            stamp(at),
            proto.0.to_lowercase(),
            ends.0,
            ends.1,
            scene.random.hex(8)
        );
        scene.out.add(&file, at, text);
        return;
    }
    let text = format!(
        "<166>{}: %ASA-6-{}: Built inbound {} connection {number} for clients:{from} ({from}) to servers:{to} ({to})",
        stamp(at),
        proto.1,
        proto.0,
        from = ends.0,
        to = ends.1
    );
    scene.out.add(&file, at, text);
    let end = clock::later(at, i64::try_from(flow.millis).unwrap_or(0));
    let seconds = flow.millis / 1000;
    let text = format!(
        "<166>{}: %ASA-6-{}: Teardown {} connection {number} for clients:{} to servers:{} duration 0:{:02}:{:02} bytes {} TCP FINs",
        stamp(end),
        proto.2,
        proto.0,
        ends.0,
        ends.1,
        (seconds / 60) % 60,
        seconds % 60,
        flow.sent + flow.received
    );
    scene.out.add(&file, end, text);
}

/// ASA: somebody logged in to it and ran a command.
pub(super) fn asa_admin(scene: &mut Scene<'_>, at: Time, user: &str, from: &str, command: &str) {
    let file = asa_file(scene);
    let stamp = clock::show(at, "%b %d %Y %H:%M:%S");
    let login = format!(
        "<166>{stamp}: %ASA-6-605005: Login permitted from {from}/{} to management:10.20.50.2/ssh for user \"{user}\"",
        scene.port()
    );
    scene.out.add(&file, at, login);
    let run = format!("<165>{stamp}: %ASA-5-111008: User '{user}' executed the '{command}' command.");
    scene.out.add(&file, clock::later(at, 500), run);
}

/// PAN-OS: a session to or from the medical devices.
pub(super) fn panos_traffic(scene: &mut Scene<'_>, at: Time, flow: &Flow<'_>, accepted: bool) {
    let stamp = clock::show(at, "%Y/%m/%d %H:%M:%S");
    let (kind, action, rule) =
        if accepted { ("end", "allow", "devices-to-gateway") } else { ("drop", "deny", "interzone-default") };
    let app = match flow.to_port {
        2575..=2578 => "hl7",
        104 | 11_112 => "dicom",
        _ => "ssl",
    };
    let header = clock::show(at, "%b %d %H:%M:%S");
    let text = format!(
        "<14>{header} PA01 1,{stamp},012001000001,TRAFFIC,{kind},2561,{stamp},{},{},0.0.0.0,0.0.0.0,{rule},,,{app},vsys1,medical,servers,ethernet1/2,ethernet1/1,syslog,{stamp},{},1,{},{},0,0,0x19,{},{action},{},{},{},{},{stamp},{},any,,{NUMBER},0x0,10.0.0.0-10.255.255.255,10.0.0.0-10.255.255.255,,{},{},aged-out,0,0,0,0,,PA01,from-policy",
        flow.from_ip,
        flow.to_ip,
        scene.random.below(900_000),
        flow.from_port,
        flow.to_port,
        flow.proto,
        flow.sent + flow.received,
        flow.sent,
        flow.received,
        4 + flow.sent / 900,
        flow.millis / 1000,
        2 + flow.sent / 900,
        2 + flow.received / 1300,
    );
    scene.out.add(files::PANOS, at, text);
}
