//! The rendered files: their names and how records stand in them (line ends, counts, headers, trailers).

use cordon_model::Time;

use super::{clock, csv, zeek};

/// Linux hosts' ordinary messages, as one relay writes them octet counted (RFC 6587 section 3.4.1).
pub(super) const RELAY: &str = "linux/LOG01-relay.rfc5424";
pub(super) const SAMBA: &str = "files/FS01-samba.log";
pub(super) const FORTIGATE: &str = "network/fw01-fortigate.log";
pub(super) const PANOS: &str = "network/pa01-panos.log";
pub(super) const SURICATA: &str = "network/suricata-eve.json";
pub(super) const DNS_SERVER: &str = "network/DC01-dns-server.log";
pub(super) const DHCP: &str = "network/DC01-dhcp.log";
pub(super) const AURORA_BUNDLE: &str = "ehr/aurora-sign-in-bundle.json";
pub(super) const MERIDIAN: &str = "ehr/meridian-access.csv";
pub(super) const OPENEMR: &str = "ehr/openemr-log.csv";
pub(super) const OPENEMR_EXTENDED: &str = "ehr/openemr-extended-log.csv";
pub(super) const ATNA: &str = "imaging/pacs-atna.log";
pub(super) const HL7_BATCH: &str = "hl7/adt-batch.hl7";
pub(super) const HL7_MLLP: &str = "hl7/IE01-interfaces.mllp";
pub(super) const DEVICES: &str = "devices/DEVGW01-cef.log";
pub(super) const PORTAL: &str = "web/PORTAL01-access.log";

/// How records stand in a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Framing {
    /// One per line.
    Lines,
    /// One per line, CR LF, below a preamble.
    Crlf(&'static str),
    /// RFC 6587 octet counting: length, blank, message, nothing between messages.
    OctetCounted,
    /// HL7's minimal lower layer protocol: VT, message, FS CR.
    Mllp,
    /// An HL7 v2 batch file: FHS, BHS, messages, BTS, FTS.
    Hl7Batch,
    /// One FHIR Bundle around all.
    Bundle,
    /// Lines below a header line.
    Csv(&'static str),
    /// Zeek's tab separated form of one log.
    Zeek(&'static zeek::Log),
}

/// The framing of a file, by its name.
pub(super) fn framing(file: &str) -> Framing {
    if let Some(log) = file.strip_prefix("network/zeek/").and_then(|name| zeek::log(name.trim_end_matches(".log"))) {
        return Framing::Zeek(log);
    }
    match file {
        RELAY => Framing::OctetCounted,
        DNS_SERVER => Framing::Crlf(super::windows_services::DNS_PREAMBLE),
        DHCP => Framing::Crlf(super::windows_services::DHCP_PREAMBLE),
        AURORA_BUNDLE => Framing::Bundle,
        MERIDIAN => Framing::Csv(csv::MERIDIAN_HEADER),
        OPENEMR => Framing::Csv(csv::OPENEMR_HEADER),
        OPENEMR_EXTENDED => Framing::Csv(csv::OPENEMR_EXTENDED_HEADER),
        HL7_MLLP => Framing::Mllp,
        HL7_BATCH => Framing::Hl7Batch,
        _ => Framing::Lines,
    }
}

impl Framing {
    /// What stands before the first record, which happened at `first`.
    pub(super) fn header(self, first: Time) -> String {
        match self {
            Self::Crlf(preamble) => preamble.to_owned(),
            Self::Csv(header) => format!("{header}\n"),
            Self::Zeek(log) => log.header(first),
            Self::Bundle => "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[\n".to_owned(),
            Self::Hl7Batch => {
                let stamp = clock::show(first, "%Y%m%d%H%M%S");
                format!("FHS|^~\\&|AURORA|LKS|LKSHUB|LKS|{stamp}\rBHS|^~\\&|AURORA|LKS|LKSHUB|LKS|{stamp}\r")
            }
            Self::Lines | Self::OctetCounted | Self::Mllp => String::new(),
        }
    }

    /// What stands behind the last of `count` records, which happened at `last`.
    pub(super) fn trailer(self, count: usize, last: Time) -> String {
        match self {
            Self::Zeek(_) => format!("#close\t{}\n", clock::show(last, "%Y-%m-%d-%H-%M-%S")),
            Self::Bundle => "\n]}\n".to_owned(),
            Self::Hl7Batch => format!("BTS|{count}\rFTS|1\r"),
            _ => String::new(),
        }
    }
}
