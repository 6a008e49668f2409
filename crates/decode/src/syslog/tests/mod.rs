//! Tests of the syslog decoder: framing, headers, times, payloads, damaged messages.

mod devices;

use proptest::prelude::*;

use super::Syslog;
use crate::stream_check::{Seen, check_cut_everywhere, options, outside, read, read_in_steps};
use crate::{Confidence, Format};

/// The one record of an input, as `name=value` lines.
pub(super) fn one(input: &str) -> Vec<String> {
    let seen = read(&Syslog, input.as_bytes());
    assert_eq!(seen.records.len(), 1, "{input}: {seen:?}");
    seen.records[0].clone()
}

/// The fields behind `message`: what the payload gave.
pub(super) fn payload(input: &str) -> Vec<String> {
    let fields = one(input);
    let at = fields.iter().position(|field| field.starts_with("message=")).unwrap();
    fields[at + 1..].to_vec()
}

pub(super) fn check(input: &str, expect: &[&str]) {
    assert_eq!(payload(input), expect, "{input}");
}

pub(super) fn check_sources(input: &str, expect: &[&str]) {
    assert_eq!(read(&Syslog, input.as_bytes()).sources[0], expect, "{input}");
}

#[test]
fn an_rfc_3164_message_gives_its_header() {
    let input = "<38>Dec 10 06:55:46 lab sshd[24200]: Server listening on 0.0.0.0 port 22.";
    let seen = read(&Syslog, input.as_bytes());
    assert_eq!(
        seen,
        Seen {
            records: vec![vec![
                "hostname=lab".into(),
                "program=sshd".into(),
                "pid=24200".into(),
                "facility=auth".into(),
                "severity=info".into(),
                "message=Server listening on 0.0.0.0 port 22.".into()
            ]],
            times: vec!["2025-12-10T06:55:46.000000Z".into()],
            sources: vec![vec!["linux//auth".into(), "linux//sshd".into(), "linux//syslog".into()]],
            anomalies: vec![vec!["syslog_missing_year", "syslog_missing_zone"]],
            patient: vec![vec![]],
            raw: vec![input.as_bytes().to_vec()],
            faults: vec![],
        }
    );
}

#[test]
fn an_rfc_5424_message_gives_its_structured_data() {
    let input = "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog 77 ID47 \
        [exampleSDID@32473 iut=\"3\" eventSource=\"A\\\"pp\\]\\\\l\\x\"][x@1] \u{feff}An application event";
    let seen = read(&Syslog, input.as_bytes());
    assert_eq!(
        seen.records[0],
        [
            "exampleSDID@32473.iut=3",
            "exampleSDID@32473.eventSource=A\"pp]\\l\\x",
            "hostname=mymachine.example.com",
            "program=evntslog",
            "pid=77",
            "facility=local4",
            "severity=notice",
            "msgid=ID47",
            "message=An application event",
        ]
    );
    assert_eq!(seen.times, ["2003-10-11T22:14:15.003000Z"]);
    assert_eq!(seen.anomalies, [vec![""; 0]]);
    assert_eq!(one("<34>1 - - - - - -"), ["facility=auth", "severity=crit", "message="]);
}

#[test]
fn files_without_priority_are_read() {
    assert_eq!(
        one("2025-01-02T03:04:05.678+01:00 host app[12]: hello"),
        ["hostname=host", "program=app", "pid=12", "message=hello"]
    );
    assert_eq!(
        one("Jun  9 06:06:20 combo syslogd 1.4.1: restart."),
        ["hostname=combo", "message=syslogd 1.4.1: restart."]
    );
    assert_eq!(
        one("Jun  9 06:06:20 combo kernel: [  1.5] x"),
        ["hostname=combo", "program=kernel", "message=[  1.5] x"]
    );
    assert_eq!(one("Jun  9 06:06:20 combo postfix/smtpd[1]: x")[1], "program=postfix/smtpd");
}

#[test]
fn faults_of_the_header_have_names() {
    let anomalies = |input: &str| read(&Syslog, input.as_bytes()).anomalies[0].clone();
    assert_eq!(anomalies("<200>Jun  9 06:06:20 h a: x")[0], "syslog_bad_priority");
    assert_eq!(anomalies("just a line"), ["syslog_no_header", "syslog_missing_time"]);
    assert_eq!(anomalies("<13>1 2025-01-01T00:00:00Z h a 1 m [bad x=1] m"), ["syslog_bad_structured_data"]);
    assert_eq!(anomalies("<13>1 2025-01-01T00:00:00Z h"), ["syslog_short_header"]);
    assert_eq!(anomalies("<13>1 yesterday h a 1 m - x"), ["syslog_missing_time"]);
    assert_eq!(read(&Syslog, b"<13>Jun  9 06:06:20 h a: caf\xe9").anomalies[0][0], "syslog_invalid_utf8");
}

#[test]
fn messages_are_framed_by_octet_count_or_by_line() {
    let framed = |input: &[u8]| {
        let seen = read(&Syslog, input);
        let raw: Vec<String> = seen.raw.iter().map(|raw| String::from_utf8_lossy(raw).into_owned()).collect();
        (raw, seen.faults)
    };
    let two = b"16 <13>one\ntwo\nabc\n<13>three\r\n";
    assert_eq!(framed(two), (vec!["<13>one\ntwo\nabc".into(), "<13>three".into()], vec![]));
    let cut = b"99 <13>one\n<14>two";
    let expect = vec![(0, "syslog_octet_count_truncated")];
    assert_eq!(framed(cut), (vec!["<13>one".into(), "<14>two".into()], expect));
    let mut small = options();
    small.record_bytes_max = 20;
    let seen = read_in_steps(&Syslog, small, b"99 <13>one\n<14>two\n", 7);
    assert_eq!((seen.records.len(), seen.faults), (2, vec![(0, "syslog_octet_count_too_large")]));
}

#[test]
fn lines_that_start_with_a_blank_belong_to_the_message_before() {
    let seen = read(&Syslog, b"Jun  9 06:06:20 h app: one\n\tat two\n  three\nJun  9 06:06:21 h app: four\n");
    assert_eq!(seen.records.len(), 2);
    assert_eq!(seen.records[0][2], "message=one\n\tat two\n  three");
}

#[test]
fn sshd_tells_who_from_where_and_how_it_ended() {
    let log = |text: &str| format!("Dec 10 06:55:46 lab sshd[1]: {text}");
    check(
        &log("Failed password for invalid user webmaster from 173.234.31.186 port 38926 ssh2"),
        &[
            "auth_method=password",
            "user=webmaster",
            "src_ip=173.234.31.186",
            "src_port=38926",
            "action=login",
            "outcome=failure",
            "reason=invalid_user",
        ],
    );
    check(
        &log("Accepted publickey for root from 2001:db8::1 port 22 ssh2: RSA SHA256:abc"),
        &["auth_method=publickey", "user=root", "src_ip=2001:db8::1", "src_port=22", "action=login", "outcome=success"],
    );
    check(
        &log("message repeated 5 times: [ Failed password for root from 5.36.59.76 port 42393 ssh2]"),
        &[
            "count=5",
            "auth_method=password",
            "user=root",
            "src_ip=5.36.59.76",
            "src_port=42393",
            "action=login",
            "outcome=failure",
        ],
    );
    check(
        &log("PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=1.2.3.4  user=root"),
        &[
            "uid=0",
            "euid=0",
            "tty=ssh",
            "rhost=1.2.3.4",
            "src_ip=1.2.3.4",
            "user=root",
            "count=2",
            "action=login",
            "outcome=failure",
        ],
    );
}

#[test]
fn pam_is_read_in_both_of_its_forms() {
    check(
        "Jun 14 15:16:01 c sshd(pam_unix)[1]: authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost=h.example ",
        &[
            "uid=0",
            "euid=0",
            "tty=NODEVssh",
            "rhost=h.example",
            "src_host=h.example",
            "action=login",
            "outcome=failure",
        ],
    );
    check(
        "Jun 14 15:16:01 c CRON[1]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
        &[
            "pam_module=pam_unix",
            "pam_service=cron",
            "pam_type=session",
            "user=root",
            "uid=0",
            "by_uid=0",
            "action=session_opened",
            "outcome=success",
        ],
    );
}

#[test]
fn sudo_gives_its_own_names_and_the_common_ones() {
    check(
        "Jun 14 15:16:01 c sudo:    alice : TTY=pts/0 ; PWD=/home/a ; USER=root ; COMMAND=/bin/sh -c a ; b",
        &[
            "user=alice",
            "TTY=pts/0",
            "tty=pts/0",
            "PWD=/home/a",
            "pwd=/home/a",
            "USER=root",
            "target_user=root",
            "COMMAND=/bin/sh -c a ; b",
            "command=/bin/sh -c a ; b",
            "outcome=success",
        ],
    );
    check(
        "Jun 14 15:16:01 c sudo: eve : user NOT in sudoers ; TTY=pts/0 ; USER=root ; COMMAND=/bin/sh",
        &[
            "user=eve",
            "reason=user NOT in sudoers",
            "TTY=pts/0",
            "tty=pts/0",
            "USER=root",
            "target_user=root",
            "COMMAND=/bin/sh",
            "command=/bin/sh",
            "outcome=failure",
        ],
    );
}

#[test]
fn cron_su_and_accounts_are_read() {
    check(
        "Jun 14 15:16:01 c CRON[1]: (root) CMD (test -x /x && (a; b))",
        &["user=root", "command=test -x /x && (a; b)", "action=run"],
    );
    check("Jun 14 15:16:01 c crontab[1]: (eve) BEGIN EDIT (eve)", &["user=eve", "action=BEGIN EDIT", "object=eve"]);
    check(
        "Jun 14 15:16:01 c su[1]: FAILED SU (to root) eve on pts/1",
        &["target_user=root", "user=eve", "tty=pts/1", "action=su", "outcome=failure"],
    );
    check(
        "Dec 21 16:42:19 t useradd[1337]: new user: name=b1, UID=1000, GID=0, home=/root, shell=/bin/bash, from=/dev/pts/0",
        &[
            "target_user=b1",
            "target_uid=1000",
            "target_gid=0",
            "home=/root",
            "shell=/bin/bash",
            "tty=/dev/pts/0",
            "action=user_add",
            "outcome=success",
        ],
    );
    check(
        "Dec 21 16:42:19 t usermod[7]: add 'eve' to group 'sudo'",
        &["target_user=eve", "target_group=sudo", "action=group_member_add", "outcome=success"],
    );
}

const AUDIT: &str = "node=web1 type=SYSCALL msg=audit(1735787045.678:12): arch=c000003e syscall=59 success=yes a0=55 comm=\"id\" exe=\"/usr/bin/id\" key=6162\u{1d}SYSCALL=execve UID=\"root\"\n\
    node=web1 type=EXECVE msg=audit(1735787045.678:12): argc=3 a0=\"id\" a1=2D6C2078 a2[0]=6162 a2[1]=6364\n\
    node=web1 type=PATH msg=audit(1735787045.678:12): item=0 name=(null) nametype=NORMAL\n\
    node=web1 type=PROCTITLE msg=audit(1735787045.678:12): proctitle=6964002D6C\n\
    node=web1 type=USER_LOGIN msg=audit(1735787046.1:13): pid=1 msg='op=login acct=\"root\" addr=1.2.3.4 res=failed'\n";

#[test]
fn audit_lines_of_one_serial_are_one_record() {
    let seen = read(&Syslog, AUDIT.as_bytes());
    assert_eq!(seen.times, ["2025-01-02T03:04:05.678000Z", "2025-01-02T03:04:06.100000Z"]);
    assert_eq!(seen.sources, [vec!["linux//auditd", "linux/process_creation/auditd"], vec!["linux//auditd"]]);
    let behind = |fields: &[String]| {
        let at = fields.iter().position(|field| field.starts_with("serial=")).unwrap();
        fields[at..].to_vec()
    };
    assert_eq!(
        behind(&seen.records[0]),
        [
            "serial=12",
            "node=web1",
            "hostname=web1",
            "type=SYSCALL",
            "arch=c000003e",
            "syscall=59",
            "success=yes",
            "a0=55",
            "comm=id",
            "exe=/usr/bin/id",
            "key=ab",
            "SYSCALL=execve",
            "UID=root",
            "type=EXECVE",
            "argc=3",
            "a0=id",
            "a1=-l x",
            "a2=abcd",
            "type=PATH",
            "item=0",
            "name!",
            "nametype=NORMAL",
            "type=PROCTITLE",
            "proctitle=id -l",
            "Image=/usr/bin/id",
            "CommandLine=id -l x abcd",
            "User=root",
        ]
    );
    assert_eq!(
        behind(&seen.records[1]),
        [
            "serial=13",
            "node=web1",
            "hostname=web1",
            "type=USER_LOGIN",
            "pid=1",
            "op=login",
            "acct=root",
            "addr=1.2.3.4",
            "res=failed",
        ]
    );
}

#[test]
fn audit_events_inside_syslog_are_read_and_numbers_named() {
    let input = "Jun 14 15:16:01 h kernel: audit: type=1300 audit(1735787045.678:12): arch=c000003e syscall=103 a0=5 exe=\"/bin/dmesg\"";
    check(
        input,
        &["serial=12", "type=SYSCALL", "arch=c000003e", "syscall=103", "a0=5", "exe=/bin/dmesg", "SYSCALL=syslog"],
    );
    check_sources(input, &["linux//auditd"]);
}

#[test]
fn connects_and_created_files_have_the_names_of_their_categories() {
    let event = |lines: &[&str]| -> String {
        lines.iter().map(|line| line.replace('@', "msg=audit(1735787045.678:12):") + "\n").collect()
    };
    let connect = event(&[
        "type=SYSCALL @ arch=c000003e syscall=42 pid=7 exe=\"/bin/nc\"",
        "type=SOCKADDR @ saddr=020001BBC0000207000000000000000",
    ]);
    let common = |input: &str| {
        let fields = one(input);
        let at = fields.iter().position(|field| field.starts_with("Image=")).unwrap();
        fields[at..].to_vec()
    };
    assert_eq!(
        common(&connect),
        ["Image=/bin/nc", "ProcessId=7", "DestinationIp=192.0.2.7", "DestinationPort=443", "Initiated=true"]
    );
    check_sources(&connect, &["linux//auditd", "linux/network_connection/auditd"]);
    let create = event(&[
        "type=SYSCALL @ arch=c000003e syscall=257 exe=\"/bin/touch\"",
        "type=CWD @ cwd=\"/etc/cron.d\"",
        "type=PATH @ item=0 name=\"/etc\" nametype=PARENT",
        "type=PATH @ item=1 name=\"./evil\" nametype=CREATE",
    ]);
    assert_eq!(
        common(&create),
        ["Image=/bin/touch", "CurrentDirectory=/etc/cron.d", "TargetFilename=/etc/cron.d/evil"]
    );
    check_sources(&create, &["linux//auditd", "linux/file_event/auditd"]);
}

#[test]
fn an_audit_event_without_end_is_cut_at_its_bound() {
    let line = "type=PATH msg=audit(1.0:1): item=0\n";
    let seen = read(&Syslog, line.repeat(200).as_bytes());
    assert_eq!(seen.records.len(), 4);
    assert!(seen.anomalies[0].contains(&"auditd_event_too_long"));
}

#[test]
fn programs_have_the_log_sources_of_sigma() {
    check_sources("Jun 14 15:16:01 h /usr/sbin/CRON[1]: x", &["linux//cron", "linux//syslog"]);
    check_sources("Jun 14 15:16:01 h sudo: x", &["linux//auth", "linux//sudo", "linux//syslog"]);
    check_sources("Jun 14 15:16:01 h whatever[2]: x", &["linux//syslog"]);
    check_sources("Jun 14 15:16:01 h sshd-session[2]: x", &["linux//auth", "linux//sshd", "linux//syslog"]);
}

#[test]
fn syslog_is_recognised_by_its_content() {
    let sniff = |text: &str| Syslog.sniff(text.as_bytes(), true);
    assert_eq!(sniff("<13>hello"), Confidence::Certain);
    assert_eq!(sniff("20 <13>hello"), Confidence::Certain);
    assert_eq!(sniff(AUDIT), Confidence::Certain);
    assert_eq!(sniff("Jun 14 15:16:01 h a: b\n"), Confidence::Likely);
    assert_eq!(sniff("2025-01-02T03:04:05Z host app[1]: x"), Confidence::Likely);
    for other in
        ["", "2025-01-02T03:04:05Z INFO something", "{\"a\":1}", "<?xml version='1.0'?>", "a,b,c\n1,2,3", "hello world"]
    {
        assert_eq!(sniff(other), Confidence::No, "{other}");
    }
}

#[test]
fn cutting_and_slow_arrival_change_nothing() {
    check_cut_everywhere(&Syslog, AUDIT.as_bytes());
    let mixed = "16 <13>one\ntwo\nabc\n<13>Jun  9 06:06:20 h sudo: a : USER=b ; COMMAND=c\n x\n\
        <165>1 2003-10-11T22:14:15.003Z m e - I [a@1 b=\"c\\\"\"] \u{feff}d\n";
    check_cut_everywhere(&Syslog, mixed.as_bytes());
}

#[test]
fn every_line_of_the_public_samples_is_understood() {
    let Some(folder) = outside("learning/loghub") else { return };
    for (name, dated) in [("Linux/Linux_2k.log", 2000), ("OpenSSH/OpenSSH_2k.log", 2000)] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        assert_eq!(Syslog.sniff(&bytes[..4096], false), Confidence::Likely, "{name}");
        let seen = read(&Syslog, &bytes);
        assert_eq!(seen.records.len(), dated, "{name}");
        assert_eq!(seen.times.iter().filter(|time| *time != "-").count(), dated);
        let known = seen
            .records
            .iter()
            .filter(|record| record.iter().any(|f| f.starts_with("src_ip=") || f.starts_with("src_host=")));
        eprintln!("{name}: {} of {dated} name a remote end", known.count());
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read(&Syslog, &bytes);
        Syslog.sniff(&bytes, true);
    }

    #[test]
    fn arbitrary_messages_keep_their_text(text in "[ -~]{0,80}") {
        let input = format!("<13>1 2025-01-01T00:00:00Z h a 1 m - {text}");
        let seen = read(&Syslog, input.as_bytes());
        let expect = format!("message={text}");
        prop_assert!(seen.records[0].contains(&expect));
    }
}
