//! Tests of the Windows DNS server log decoder.

use proptest::prelude::*;

use super::WinDns;
use crate::stream_check::{check_cut_everywhere, options, read, read_in_steps};
use crate::{Confidence, DecodeOptions, Format};

const LOG: &str = "DNS Server log file creation at 1/2/2026 3:00:00 AM\r\nLog file wrap at 1/2/2026 3:00:00 AM\r\n\r\nMessage logging key:\r\n\tField #\r\n\r\n\
    1/2/2026 3:04:05 PM 0E48 PACKET  00000000028F9BB0 UDP Rcv 10.0.0.9        0002   Q [0001   D   NOERROR] A      (3)www(7)example(3)com(0)\r\n\r\n\
    1/2/2026 3:04:06 PM 0E48 PACKET  00000000028F9BB0 UDP Snd 10.0.0.9        0002 R Q [8385 A DR NXDOMAIN] TXT    (1)x(0)\r\n\
    UDP response info at 00000000028F9BB0\r\n  Socket = 512\r\n\r\n\
    1/2/2026 3:04:07 PM 0E48 EVENT   The DNS server has started.\r\n";

#[test]
fn packets_and_events_are_read_with_their_details() {
    let seen = read(&WinDns, LOG.as_bytes());
    let expect = [
        vec![
            "ThreadId=0E48",
            "Context=PACKET",
            "InternalPacketIdentifier=00000000028F9BB0",
            "Protocol=UDP",
            "Direction=Rcv",
            "RemoteIP=10.0.0.9",
            "Xid=0002",
            "QueryResponse=Q",
            "Opcode=Q",
            "FlagsHex=0001",
            "FlagsCharCodes=D",
            "ResponseCode=NOERROR",
            "QuestionType=A",
            "QuestionName=www.example.com",
        ],
        vec![
            "ThreadId=0E48",
            "Context=PACKET",
            "InternalPacketIdentifier=00000000028F9BB0",
            "Protocol=UDP",
            "Direction=Snd",
            "RemoteIP=10.0.0.9",
            "Xid=0002",
            "QueryResponse=R",
            "Opcode=Q",
            "FlagsHex=8385",
            "FlagsCharCodes=ADR",
            "ResponseCode=NXDOMAIN",
            "QuestionType=TXT",
            "QuestionName=x",
            "Details=UDP response info at 00000000028F9BB0\r\n  Socket = 512",
        ],
        vec!["ThreadId=0E48", "Context=EVENT", "message=The DNS server has started."],
    ];
    assert_eq!(seen.records, expect);
    assert_eq!(seen.times[0], "2026-01-02T15:04:05.000000Z");
    assert_eq!(seen.anomalies[0], ["windns_missing_zone"]);
    assert_eq!(seen.sources[0], ["windows//dns-server-debug", "windows/dns/dns-server-debug"]);
    assert_eq!(seen.sources[2], ["windows//dns-server-debug"]);
    assert_eq!(seen.faults, []);
}

#[test]
fn dates_of_other_countries_are_read_and_doubt_is_said() {
    let check = |date: &str, expect: &str, anomalies: &[&str]| {
        let seen = read(&WinDns, format!("{date} 0E48 EVENT x\n").as_bytes());
        assert_eq!((seen.times[0].as_str(), &seen.anomalies[0][..]), (expect, anomalies), "{date}");
    };
    check("02.01.2026 15:04:05", "2026-01-02T15:04:05.000000Z", &["windns_missing_zone"]);
    check("2026-01-02 15:04:05", "2026-01-02T15:04:05.000000Z", &["windns_missing_zone"]);
    check("02/01/2026 15:04:05", "2026-01-02T15:04:05.000000Z", &["windns_date_order", "windns_missing_zone"]);
    check("13/01/2026 15:04:05", "2026-01-13T15:04:05.000000Z", &["windns_missing_zone"]);
    check("99/99/2026 15:04:05", "-", &["windns_bad_time"]);
}

#[test]
fn a_packet_that_does_not_fit_is_kept_and_named() {
    let seen = read(&WinDns, b"1/2/2026 3:04:05 PM 0E48 PACKET 00000000028F9BB0 UDP\n");
    assert_eq!(seen.records, [["ThreadId=0E48", "Context=PACKET", "message=00000000028F9BB0 UDP"]]);
    assert_eq!(seen.anomalies, [["windns_missing_zone", "windns_bad_packet"]]);
}

#[test]
fn an_entry_over_the_limit_is_left_out_and_the_next_is_read() {
    let input =
        format!("1/2/2026 3:04:05 PM 0E48 EVENT x\n{}1/2/2026 3:04:06 PM 0E48 EVENT y\n", "detail\n".repeat(500));
    for step in [64, 100_000] {
        let limited = DecodeOptions { record_bytes_max: 1000, ..options() };
        let seen = read_in_steps(&WinDns, limited, input.as_bytes(), step);
        assert_eq!((seen.records.len(), &seen.faults[..]), (1, &[(0, "record_too_long")][..]), "step {step}");
    }
}

#[test]
fn only_dns_debug_logs_are_taken_for_them() {
    let check = |head: &str, expect| assert_eq!(WinDns.sniff(head.as_bytes(), true), expect, "{head}");
    check(LOG, Confidence::Certain);
    check(LOG.split_once("\r\n\r\n1/2").unwrap().1.split_once("\r\n").unwrap().1, Confidence::Certain);
    check("1/2/2026 3:04:05 PM something else\n", Confidence::No);
    check("a PACKET [x]\n", Confidence::No);
    check("", Confidence::No);
}

#[test]
fn a_source_cut_anywhere_or_arriving_in_pieces_is_read_alike() {
    check_cut_everywhere(&WinDns, LOG.as_bytes());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), tail in "[0-9/. \n\\[\\]()QRa]{0,80}") {
        read(&WinDns, &bytes);
        let mut log = b"1/2/2026 3:04:05 PM 0E48 PACKET 1 UDP Rcv ".to_vec();
        log.extend_from_slice(tail.as_bytes());
        log.extend_from_slice(&bytes);
        read(&WinDns, &log);
        read_in_steps(&WinDns, options(), &log, 13);
    }
}
