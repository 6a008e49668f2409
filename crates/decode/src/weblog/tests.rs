//! Tests of the web server log decoder.

use proptest::prelude::*;

use super::WebLog;
use crate::stream_check::{Seen, check_cut_everywhere, options, read, read_in_steps};
use crate::{Confidence, Format};

const COMBINED: &str = "10.0.0.9 - ann [02/Jan/2026:03:04:05 +0100] \"GET /a/b.php?x=1&y=%20 HTTP/1.1\" 200 512 \"https://h/\" \"curl/8 \\\"x\\\"\"\n";

fn check(line: &str, fields: &[&str], time: &str, anomalies: &[&str]) -> Seen {
    let seen = read(&WebLog, line.as_bytes());
    assert_eq!(seen.records, [fields], "{line}");
    assert_eq!((seen.times[0].as_str(), &seen.anomalies[0][..]), (time, anomalies), "{line}");
    seen
}

#[test]
fn an_access_line_gives_the_names_of_category_webserver() {
    let fields = [
        "c-ip=10.0.0.9",
        "cs-username=ann",
        "cs-method=GET",
        "cs-uri=/a/b.php?x=1&y=%20",
        "c-uri=/a/b.php?x=1&y=%20",
        "cs-uri-stem=/a/b.php",
        "cs-uri-query=x=1&y=%20",
        "cs-uri-query=/a/b.php?x=1&y=%20",
        "cs-version=HTTP/1.1",
        "sc-status=200",
        "sc-bytes=512",
        "cs-referer=https://h/",
        "cs-user-agent=curl/8 \"x\"",
    ];
    let seen = check(COMBINED, &fields, "2026-01-02T02:04:05.000000Z", &[]);
    assert_eq!(seen.sources, [["/webserver/"]]);
}

#[test]
fn common_and_virtual_host_lines_are_read() {
    let time = "2026-01-02T03:04:05.000000Z";
    check(
        "10.0.0.9 - - [02/Jan/2026:03:04:05 +0000] \"GET / HTTP/1.0\" 304 -\n",
        &[
            "c-ip=10.0.0.9",
            "cs-method=GET",
            "cs-uri=/",
            "c-uri=/",
            "cs-uri-stem=/",
            "cs-uri-query=/",
            "cs-version=HTTP/1.0",
            "sc-status=304",
        ],
        time,
        &[],
    );
    check(
        "ehr.example:443 ::1 - - [02/Jan/2026:03:04:05 +0000] \"GET / HTTP/1.0\" 304 0 \"-\" \"-\" 12ms\n",
        &[
            "cs-host=ehr.example",
            "s-port=443",
            "c-ip=::1",
            "cs-method=GET",
            "cs-uri=/",
            "c-uri=/",
            "cs-uri-stem=/",
            "cs-uri-query=/",
            "cs-version=HTTP/1.0",
            "sc-status=304",
            "sc-bytes=0",
            "extra=12ms",
        ],
        time,
        &[],
    );
}

#[test]
fn error_lines_of_both_servers_are_read() {
    let apache = check(
        "[Fri Jan 02 03:04:05.250802 2026] [core:error] [pid 12:tid 3] [client 10.0.0.9:555] AH1: it [x] broke\n",
        &["module=core", "level=error", "pid=12", "c-ip=10.0.0.9", "message=AH1: it [x] broke"],
        "2026-01-02T03:04:05.250802Z",
        &["weblog_missing_zone"],
    );
    assert_eq!(apache.sources, [["apache//apache", "apache//error"]]);
    let nginx = check(
        "2026/01/02 03:04:05 [alert] 7#7: *1 worker process 9 exited, client: 10.0.0.9, server: h\n",
        &["level=alert", "pid=7", "c-ip=10.0.0.9", "message=*1 worker process 9 exited, client: 10.0.0.9, server: h"],
        "2026-01-02T03:04:05.000000Z",
        &["weblog_missing_zone"],
    );
    assert_eq!(nginx.sources, [["nginx//error", "nginx//nginx"]]);
}

#[test]
fn lines_that_do_not_fit_are_kept_and_named() {
    let garbage = "10.0.0.9 - - [02/Jan/2026:03:04:05 +0000] \"\\x16\\x03\\x01\" 400 0\n";
    check(
        garbage,
        &["c-ip=10.0.0.9", "cs-uri=\u{16}\u{3}\u{1}", "sc-status=400", "sc-bytes=0"],
        "2026-01-02T03:04:05.000000Z",
        &["weblog_bad_request"],
    );
    check("something else\n", &["message=something else"], "-", &["weblog_unreadable"]);
    let bad_time = "10.0.0.9 - - [99/Jan/2026:03:04:05 +0000] \"-\" 408 0\n";
    check(bad_time, &["c-ip=10.0.0.9", "sc-status=408", "sc-bytes=0"], "-", &["weblog_bad_time"]);
}

#[test]
fn a_target_that_tells_of_a_patient_is_named() {
    let line = COMBINED.replace("/a/b.php", "/fhir/Patient/1001");
    assert_eq!(read(&WebLog, line.as_bytes()).patient, [["GET /fhir/Patient/1001?x=1&y=%20 HTTP/1.1"]]);
    assert_eq!(read(&WebLog, COMBINED.as_bytes()).patient, [[""; 0]]);
}

#[test]
fn only_web_logs_are_taken_for_web_logs() {
    let check = |head: &str, expect| assert_eq!(WebLog.sniff(head.as_bytes(), true), expect, "{head}");
    check(COMBINED, Confidence::Likely);
    check("[Fri Jan 02 03:04:05 2026] [notice] started\n", Confidence::Likely);
    check("Jan  2 03:04:05 host sshd[1]: Failed password\n", Confidence::No);
    check("[1, 2, 3]\n", Confidence::No);
    check("[1] [2] x\n", Confidence::No);
    check("2026/01/02 03:04:05 hello [error] x: y\n", Confidence::No);
    check("", Confidence::No);
}

#[test]
fn a_source_cut_anywhere_or_arriving_in_pieces_is_read_alike() {
    check_cut_everywhere(&WebLog, format!("{COMBINED}\r\n[Fri Jan 02 03:04:05 2026] [notice] started\r\nx").as_bytes());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), tail in "[\\[\\]\" a:/0-9\\\\x.-]{0,80}") {
        read(&WebLog, &bytes);
        read(&WebLog, tail.as_bytes());
        let mut line = b"10.0.0.9 - - [02/Jan/2026:03:04:05 +0000] \"".to_vec();
        line.extend_from_slice(tail.as_bytes());
        line.extend_from_slice(&bytes);
        read(&WebLog, &line);
        read_in_steps(&WebLog, options(), &line, 9);
        WebLog.sniff(&line, false);
    }
}
