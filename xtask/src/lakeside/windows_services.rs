//! Text logs of Windows servers: the DNS server's debug log and the DHCP server's audit log.

use cordon_model::Time;

use super::clock;
use super::files;
use super::model::Host;
use super::scene::Scene;

/// What stands above the first line of the DNS debug log.
pub(super) const DNS_PREAMBLE: &str = "DNS Server log file creation at 3/1/2026 12:00:00 AM\nLog file wrap at 3/1/2026 12:00:00 AM\n\nMessage logging key (for packets - other items use a subset of these fields):\n\tField #  Information         Values\n\t-------  -----------         ------\n\t   1     Date\n\t   2     Time\n\t   3     Thread ID\n\t   4     Context\n\t   5     Internal packet identifier\n\t   6     UDP/TCP indicator\n\t   7     Send/Receive indicator\n\t   8     Remote IP\n\t   9     Xid (hex)\n\t  10     Query/Response      R = Response\n\t                             blank = Query\n\t  11     Opcode              Q = Standard Query\n\t                             N = Notify\n\t                             U = Update\n\t                             ? = Unknown\n\t  12     [ Flags (hex)\n\t  13     Flags (char codes)  A = Authoritative Answer\n\t                             T = Truncated Response\n\t                             D = Recursion Desired\n\t                             R = Recursion Available\n\t  14     ResponseCode ]\n\t  15     Question Type\n\t  16     Question Name\n\n";

/// What stands above the first line of the DHCP audit log.
pub(super) const DHCP_PREAMBLE: &str = "\t\tMicrosoft DHCP Service Activity Log\n\n\nEvent ID  Meaning\n00\tThe log was started.\n01\tThe log was stopped.\n02\tThe log was temporarily paused due to low disk space.\n10\tA new IP address was leased to a client.\n11\tA lease was renewed by a client.\n12\tA lease was released by a client.\n13\tAn IP address was found to be in use on the network.\n14\tA lease request could not be satisfied because the scope's address pool was exhausted.\n15\tA lease was denied.\n24\tIP address cleanup operation has began.\n25\tIP address cleanup statistics.\n30\tDNS update request to the named DNS server.\n31\tDNS update failed.\n32\tDNS update successful.\n\nID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,Probationtime, CorrelationID,Dhcid,VendorClass(Hex),VendorClass(ASCII),UserClass(Hex),UserClass(ASCII),RelayAgentInformation,DnsRegError.\n";

/// A query of a client and the answer, in the debug log's spelling of names: `(3)www(7)example(3)com(0)`.
pub(super) fn dns_lookup(scene: &mut Scene<'_>, at: Time, client_ip: &str, name: &str, kind: &str) {
    let labels: String = name.split('.').map(|label| format!("({}){label}", label.len())).collect();
    let xid = scene.random.hex(4);
    let context = scene.random.hex(8).to_uppercase();
    let when = clock::show(at, "%-m/%-d/%Y %-I:%M:%S %p");
    for (way, flags) in [("Rcv", "  Q [0001   D   NOERROR]"), ("Snd", "R Q [8081   DR  NOERROR]")] {
        let text = format!(
            "{when} 0D1C PACKET  000001D2{context} UDP {way} {client_ip:<15} {xid} {flags} {kind:<6} {labels}(0)"
        );
        scene.out.add(files::DNS_SERVER, at, text);
    }
}

/// A lease: 10 new, 11 renewed, 12 released.
pub(super) fn lease(scene: &mut Scene<'_>, at: Time, host: &Host, id: u32) {
    let what = match id {
        10 => "Assign",
        11 => "Renew",
        _ => "Release",
    };
    let text = format!(
        "{id},{},{what},{},{}.{},{},,{},0,,,,0x4D53465420352E30,MSFT 5.0,,,,0",
        clock::show(at, "%m/%d/%y,%H:%M:%S"),
        host.ip,
        host.name,
        scene.model.site.domain,
        host.mac.replace(':', "").to_uppercase(),
        scene.random.below(u64::from(u32::MAX)),
    );
    scene.out.add(files::DHCP, at, text);
}
