//! Tests of the W3C extended log decoder.

use proptest::prelude::*;

use super::W3c;
use crate::stream_check::{check_cut_everywhere, read};
use crate::{Confidence, Format};

const IIS: &str = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2025-01-02 00:00:00\r\n\
    #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) sc-status\r\n\
    2025-01-02 03:04:05 10.0.0.1 GET /owa/auth.aspx a=b+c 1.2.3.4 Mozilla/5.0+(x) 200\r\n";
const FIREWALL: &str = "#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Time Format: Local\n#Fields: date time action protocol src-ip dst-port path\n\n\
    2025-01-02 03:04:05 DROP TCP 1.2.3.4 445 -\n";

#[test]
fn rows_of_iis_have_the_names_of_sigma() {
    let seen = read(&W3c, IIS.as_bytes());
    assert_eq!(
        seen.records,
        [[
            "date=2025-01-02",
            "time=03:04:05",
            "s-ip=10.0.0.1",
            "cs-method=GET",
            "cs-uri-stem=/owa/auth.aspx",
            "cs-uri-query=a=b+c",
            "c-ip=1.2.3.4",
            "cs-user-agent=Mozilla/5.0 (x)",
            "sc-status=200",
        ]]
    );
    assert_eq!(seen.times, ["2025-01-02T03:04:05.000000Z"]);
    assert_eq!(seen.sources, [["windows/webserver/iis"]]);
    assert_eq!(seen.anomalies, [vec![""; 0]]);
}

#[test]
fn local_times_and_wrong_rows_have_names() {
    let seen = read(&W3c, FIREWALL.as_bytes());
    assert_eq!(seen.sources, [["windows/firewall/"]]);
    assert_eq!(seen.anomalies.len(), 1);
    assert_eq!(seen.anomalies[0].len(), 1, "{seen:?}");
    let short = read(&W3c, b"#Fields: date time a b\n2025-01-02 03:04:05 \"x y\"\n");
    assert_eq!(short.records, [["date=2025-01-02", "time=03:04:05", "a=x y"]]);
    assert_eq!(short.anomalies, [["w3c_wrong_columns"]]);
    let dated = read(&W3c, b"#Date: 2025-01-02 00:00:00\n#Fields: time a\n03:04:05 b\n");
    assert_eq!(dated.times, ["2025-01-02T03:04:05.000000Z"]);
}

#[test]
fn the_directive_of_columns_is_what_tells() {
    assert_eq!(W3c.sniff(IIS.as_bytes(), true), Confidence::Certain);
    assert_eq!(W3c.sniff(b"#Fields: a,b\n", true), Confidence::No);
    assert_eq!(W3c.sniff(b"#fields\tts\tuid\n", true), Confidence::No);
    assert_eq!(W3c.sniff(b"a b c", true), Confidence::No);
}

#[test]
fn cutting_and_slow_arrival_change_nothing() {
    check_cut_everywhere(&W3c, IIS.as_bytes());
    check_cut_everywhere(&W3c, FIREWALL.as_bytes());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), known in any::<bool>()) {
        let mut input = if known { IIS.as_bytes().to_vec() } else { Vec::new() };
        input.extend(bytes);
        read(&W3c, &input);
        W3c.sniff(&input, true);
    }
}
