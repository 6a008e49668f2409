//! Tests of the Windows DHCP server log decoder.

use proptest::prelude::*;

use super::WinDhcp;
use crate::stream_check::{check_cut_everywhere, options, read, read_in_steps};
use crate::{Confidence, Format};

const LOG: &str = "\t\tMicrosoft DHCP Service Activity Log\r\n\r\n\r\nEvent ID  Meaning\r\n00\tThe log was started.\r\n10\tA new IP address was leased.\r\n\r\n\
    QResult: 0: NoQuarantine, 1:Quarantine\r\n\r\n\
    ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,Probationtime, CorrelationID,Dhcid.\r\n\
    00,01/02/26,03:04:00,Started,,,,,0,6,,,\r\n10,01/02/26,03:04:05,Assign,10.0.0.5,pump7.lake.example,021A5CB4C522,,123,0,,,\r\n";

#[test]
fn a_row_gives_its_columns_by_the_header() {
    let seen = read(&WinDhcp, LOG.as_bytes());
    let expect = [
        vec!["ID=00", "Date=01/02/26", "Time=03:04:00", "Description=Started", "TransactionID=0", "QResult=6"],
        vec![
            "ID=10",
            "Date=01/02/26",
            "Time=03:04:05",
            "Description=Assign",
            "IP Address=10.0.0.5",
            "Host Name=pump7.lake.example",
            "MAC Address=021A5CB4C522",
            "TransactionID=123",
            "QResult=0",
        ],
    ];
    assert_eq!(seen.records, expect);
    assert_eq!(seen.times[1], "2026-01-02T03:04:05.000000Z");
    assert_eq!(seen.anomalies[1], ["windhcp_missing_zone"]);
    assert_eq!(seen.sources[1], [["windows//dhcp-server-audit"]].concat());
    assert_eq!(seen.faults, []);
}

#[test]
fn rows_without_a_header_or_time_are_kept_and_named() {
    let seen = read(&WinDhcp, b"10,01/02/26,03:04:05,Assign,10.0.0.5\n10,99/02/26,x,Assign\n");
    assert_eq!(seen.records[0][3..], ["Description=Assign", "IP Address=10.0.0.5"]);
    assert_eq!(seen.anomalies[0], ["windhcp_missing_header", "windhcp_missing_zone"]);
    assert_eq!((seen.times[1].as_str(), seen.anomalies[1].last().copied()), ("-", Some("windhcp_bad_time")));
}

#[test]
fn only_dhcp_audit_logs_are_taken_for_them() {
    let check = |head: &str, expect| assert_eq!(WinDhcp.sniff(head.as_bytes(), true), expect, "{head}");
    check(LOG, Confidence::Certain);
    check("ID,Date,Time,Description\n", Confidence::Certain);
    check("10,01/02/26,03:04:05,Assign,10.0.0.5\n", Confidence::No);
    check("", Confidence::No);
}

#[test]
fn a_source_cut_anywhere_or_arriving_in_pieces_is_read_alike() {
    check_cut_everywhere(&WinDhcp, LOG.as_bytes());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), tail in "[0-9,/:a\n ]{0,60}") {
        read(&WinDhcp, &bytes);
        let mut log = b"ID,Date,Time,Description\n".to_vec();
        log.extend_from_slice(tail.as_bytes());
        log.extend_from_slice(&bytes);
        read(&WinDhcp, &log);
        read_in_steps(&WinDhcp, options(), &log, 5);
    }
}
