//! Payloads of devices and of other decoders.

use super::{check, check_sources, one, payload};
use crate::stream_check::{check_cut_everywhere, outside, read};
use crate::syslog::Syslog;

/// All samples of this file: each is cut at every byte and put into steps.
const SAMPLES: [&str; 14] =
    [CEF, LEEF, FORTIGATE, ASA, IOS, PANOS, SAMBA, HOSTD, VPXD, SHELL, SYSMON, JSON, OPENEMR, NETFILTER];

const CEF: &str = "<134>Jan  2 03:04:05 gw CEF:0|BD|Alaris\\|Gateway|9.1|100|Pump \\\\ login|5|src=10.0.0.1 suser=a b msg=one\\=1\\ntwo cs1=ICU cs1Label=unit rt=1735787045678";
const LEEF: &str =
    "<13>Jan  2 03:04:05 h LEEF:2.0|IBM|QRadar|1.0|login|^|src=1.2.3.4^usrName=eve^devTime=1735787045000";
const FORTIGATE: &str = "<189>date=2025-01-02 time=03:04:05 devname=\"FG1\" devid=\"FG100\" eventtime=1735787045678000000 tz=\"+0100\" logid=\"0100044547\" type=\"event\" subtype=\"system\" action=\"Add\" cfgpath=\"system.admin\" msg=\"Add \\\"x\\\"\"";
const ASA: &str = "<166>Jan 02 2025 03:04:05 fw1 : %ASA-6-302013: Built outbound TCP connection 9 for outside:1.2.3.4/443 (1.2.3.4/443) to inside:10.0.0.5/50000 (5.6.7.8/50000)";
const IOS: &str = "172.16.5.10 6705: Feb 17 13:40:03.673: %PARSER-5-CFGLOG_LOGGEDCMD: User:admin  logged command:no access-session port-control";
const PANOS: &str = "<14>Jan  2 03:04:05 pa1 1,2025/01/02 03:04:05,0011,TRAFFIC,end,2561,2025/01/02 03:04:05,10.0.0.1,8.8.8.8,,,\"a, \"\"b\"\"\",,,dns,vsys1,trust,untrust,e1,e2,log,,77,1,5353,53,0,0,0x0,udp,allow";
const SAMBA: &str =
    "Jan  2 03:04:05 fs smbd_audit[7]: LAKE\\eve|10.0.0.9|ws7|records|renameat|ok|/srv/a.txt|/srv/a.locked";
const HOSTD: &str = "2025-01-02T03:04:05.678Z In(166) Hostd[2099]: [Originator@6876 sub=Vimsvc.ha-eventmgr opID=ab user=root] Event 12 : User root@10.0.0.7 logged in as VMware-client/6.5.0";
const VPXD: &str = "<14>1 2025-01-02T03:04:05.678Z vc vpxd 55 - - Event [12] [1-1] [2025-01-02T03:04:05Z] [vim.event.UserLoginSessionEvent] [info] [LAKE\\a] [DC] [12] [User LAKE\\a@10.0.0.7 logged in as JAX-WS]";
const SHELL: &str = "2025-01-02T03:04:05Z esx1 shell[2101]: [root]: esxcli vm process kill --type=force";
const SYSMON: &str = "Jan  2 03:04:05 h sysmon: <Event><System><Provider Name=\"Linux-Sysmon\" Guid=\"{x}\"/><EventID>1</EventID><TimeCreated SystemTime=\"2025-01-02T03:04:05.678Z\"/><Channel>Linux-Sysmon/Operational</Channel><Computer>h</Computer></System><EventData><Data Name=\"Image\">/bin/sh</Data><Data Name=\"CommandLine\">sh -c &quot;a &amp; b&quot;</Data></EventData></Event>";
const JSON: &str = "<13>1 2025-01-02T03:04:05Z h app 1 - - @cee: {\"a\":{\"b\":1},\"c\":\"x\\ny\"}";
const OPENEMR: &str = "<13>2025-01-02T03:04:05+00:00 emr\n<?xml version=\"1.0\" encoding=\"ASCII\"?>\n <AuditMessage><EventIdentification EventActionCode=\"R\" EventDateTime=\"2025-01-02T03:04:06Z\" EventOutcomeIndicator=\"0\"><EventID code=\"eventIDcode\" displayName=\"Patient Record\"/></EventIdentification></AuditMessage>";
const NETFILTER: &str = "Jan  2 03:04:05 h kernel: [  12.5] [UFW BLOCK] IN=eth0 OUT= SRC=1.2.3.4 DST=10.0.0.1 LEN=60 PROTO=TCP SPT=5 DPT=22 SYN URGP=0";

fn time_of(input: &str) -> String {
    read(&Syslog, input.as_bytes()).times[0].clone()
}

#[test]
fn cef_gives_header_extension_and_labels() {
    check(
        CEF,
        &[
            "cefVersion=0",
            "deviceVendor=BD",
            "deviceProduct=Alaris|Gateway",
            "deviceVersion=9.1",
            "deviceEventClassId=100",
            "name=Pump \\ login",
            "deviceSeverity=5",
            "src=10.0.0.1",
            "suser=a b",
            "msg=one=1\ntwo",
            "cs1=ICU",
            "cs1Label=unit",
            "rt=1735787045678",
            "unit=ICU",
        ],
    );
    assert_eq!(time_of(CEF), "2025-01-02T03:04:05.678000Z");
    check_sources(CEF, &["bd/medical_device/infusion"]);
    assert!(one(CEF)[2..4].iter().any(|field| field == "severity=info"));
    check_sources("CEF:0|Unknown|x|1|1|n|1|", &[]);
    let cut = read(&Syslog, b"CEF:0|BD|x");
    assert_eq!(cut.anomalies[0], ["syslog_bad_payload", "syslog_missing_time"]);
}

#[test]
fn an_equals_sign_inside_a_cef_value_starts_no_key() {
    let fields = payload("CEF:0|V|P|1|9|n|1|request=http://x/?a=b&c=d e act=deny");
    assert_eq!(fields[7..], ["request=http://x/?a=b&c=d e", "act=deny"]);
}

#[test]
fn leef_names_its_own_separator() {
    check(
        LEEF,
        &[
            "leefVersion=2.0",
            "deviceVendor=IBM",
            "deviceProduct=QRadar",
            "deviceVersion=1.0",
            "deviceEventClassId=login",
            "src=1.2.3.4",
            "usrName=eve",
            "devTime=1735787045000",
        ],
    );
    check(
        "LEEF:1.0|V|P|1|9|a=1 2\tb=3",
        &[
            "leefVersion=1.0",
            "deviceVendor=V",
            "deviceProduct=P",
            "deviceVersion=1",
            "deviceEventClassId=9",
            "a=1 2",
            "b=3",
        ],
    );
}

#[test]
fn fortigate_lines_carry_fortinets_names() {
    let fields = payload(FORTIGATE);
    for field in ["hostname=FG1", "type=event", "action=Add", "cfgpath=system.admin", "msg=Add \"x\""] {
        assert!(fields.iter().any(|known| known == field), "{field}: {fields:?}");
    }
    assert_eq!(time_of(FORTIGATE), "2025-01-02T03:04:05.678000Z");
    check_sources(FORTIGATE, &["fortigate//event"]);
    let traffic = "date=2025-01-02 time=03:04:05 tz=\"+0100\" devid=\"F\" logid=\"1\" type=\"traffic\" dstport=23 action=\"accept\"";
    assert_eq!(time_of(traffic), "2025-01-02T02:04:05.000000Z");
    check_sources(traffic, &["fortigate/firewall/traffic"]);
    assert!(payload(traffic).contains(&"dst_port=23".to_owned()));
}

#[test]
fn cisco_messages_are_found_in_any_header() {
    check(
        ASA,
        &[
            "cisco_facility=ASA",
            "cisco_severity=6",
            "message_id=302013",
            "protocol=TCP",
            "connection=9",
            "dst_interface=outside",
            "dst_ip=1.2.3.4",
            "dst_port=443",
            "src_interface=inside",
            "src_ip=10.0.0.5",
            "src_port=50000",
            "direction=outbound",
            "action=built",
            "outcome=allowed",
        ],
    );
    check_sources(ASA, &["cisco/firewall/asa"]);
    assert_eq!(
        one(IOS),
        [
            "hostname=172.16.5.10",
            "message=%PARSER-5-CFGLOG_LOGGEDCMD: User:admin  logged command:no access-session port-control",
            "cisco_facility=PARSER",
            "cisco_severity=5",
            "cisco_mnemonic=CFGLOG_LOGGEDCMD",
            "user=admin",
            "command=no access-session port-control",
            "action=run",
        ]
    );
    assert_eq!(time_of(IOS), "2025-02-17T13:40:03.673000Z");
    check_sources(IOS, &["cisco//aaa", "cisco//syslog"]);
    let relayed = "<189>45: sw1: 000123: *Jan  2 03:04:05.678 UTC: %IP-TCP-3-BADAUTH: Invalid MD5 digest from 1.1.1.1(179) to 2.2.2.2(646)";
    assert_eq!(one(relayed)[0], "hostname=sw1");
    assert_eq!(read(&Syslog, relayed.as_bytes()).anomalies[0], ["syslog_missing_year"]);
    check_sources(relayed, &["cisco//bgp", "cisco//ldp", "cisco//syslog"]);
    check(
        "%ASA-4-106023: Deny tcp src outside:1.2.3.4/1 dst inside:10.0.0.1/22 by access-group \"out_in\" [0x0, 0x0]",
        &[
            "cisco_facility=ASA",
            "cisco_severity=4",
            "message_id=106023",
            "protocol=tcp",
            "src_interface=outside",
            "src_ip=1.2.3.4",
            "src_port=1",
            "dst_interface=inside",
            "dst_ip=10.0.0.1",
            "dst_port=22",
            "access_list=out_in",
            "action=deny",
            "outcome=blocked",
        ],
    );
}

#[test]
fn panos_columns_have_their_names() {
    let fields = payload(PANOS);
    for field in ["type=TRAFFIC", "src=10.0.0.1", "rule=a, \"b\"", "app=dns", "dport=53", "dst_port=53", "action=allow"]
    {
        assert!(fields.iter().any(|known| known == field), "{field}: {fields:?}");
    }
    assert_eq!(time_of(PANOS), "2025-01-02T03:04:05.000000Z");
    check_sources(PANOS, &["paloalto/firewall/traffic"]);
    let config = "1,2025/01/02 03:04:05,1,CONFIG,0,0,2025/01/02 03:04:05,10.0.0.1,,set,admin,Web,Succeeded,mgt-config users eve,123,0x0";
    let fields = payload(config);
    assert!(
        fields.ends_with(&["path=mgt-config users eve".into(), "seqno=123".into(), "actionflags=0x0".into()]),
        "{fields:?}"
    );
}

#[test]
fn samba_audits_tell_share_operation_and_both_paths() {
    check(
        SAMBA,
        &[
            "user=LAKE\\eve",
            "src_ip=10.0.0.9",
            "machine=ws7",
            "share=records",
            "operation=renameat",
            "result=ok",
            "outcome=success",
            "path=/srv/a.txt",
            "new_path=/srv/a.locked",
        ],
    );
    check(
        "Jan  2 03:04:05 fs smbd_audit: eve|10.0.0.9|open|fail (Permission denied)|w|/srv/b",
        &[
            "user=eve",
            "src_ip=10.0.0.9",
            "operation=open",
            "result=fail (Permission denied)",
            "outcome=failure",
            "args=w",
            "path=/srv/b",
        ],
    );
    check_sources(SAMBA, &["linux//syslog", "samba//full_audit"]);
}

#[test]
fn vmware_programs_are_read() {
    assert_eq!(one(HOSTD)[..4], ["program=Hostd", "pid=2099", "level=In(166)", &one(HOSTD)[3]]);
    check(
        HOSTD,
        &[
            "sub=Vimsvc.ha-eventmgr",
            "opID=ab",
            "session_user=root",
            "event_number=12",
            "description=User root@10.0.0.7 logged in as VMware-client/6.5.0",
            "user=root",
            "src_ip=10.0.0.7",
            "client=VMware-client/6.5.0",
            "action=login",
            "outcome=success",
        ],
    );
    check_sources(HOSTD, &["esxi//hostd", "vmware//esxi"]);
    let fields = payload(VPXD);
    for field in ["event_type=vim.event.UserLoginSessionEvent", "user=LAKE\\a", "src_ip=10.0.0.7", "action=login"] {
        assert!(fields.iter().any(|known| known == field), "{field}: {fields:?}");
    }
    check_sources(VPXD, &["vmware//vcenter"]);
    check(SHELL, &["user=root", "command=esxcli vm process kill --type=force", "action=run"]);
    check_sources(SHELL, &["esxi//shell", "vmware//esxi"]);
    check(
        "2025-01-02T03:04:05Z esx1 vobd:  [UserLevelCorrelator] 12us: [esx.audit.ssh.session.opened] SSH session was opened for 'root@10.0.0.7'.",
        &[
            "event_type=esx.audit.ssh.session.opened",
            "user=root",
            "src_ip=10.0.0.7",
            "action=session_opened",
            "outcome=success",
        ],
    );
}

#[test]
fn sysmon_for_linux_has_the_names_of_sysmon() {
    check(
        SYSMON,
        &[
            "Provider_Name=Linux-Sysmon",
            "EventID=1",
            "Channel=Linux-Sysmon/Operational",
            "Computer=h",
            "Image=/bin/sh",
            "CommandLine=sh -c \"a & b\"",
        ],
    );
    assert_eq!(time_of(SYSMON), "2025-01-02T03:04:05.678000Z");
    check_sources(SYSMON, &["linux//sysmon", "linux/process_creation/sysmon"]);
}

#[test]
fn json_inside_a_message_gives_its_fields() {
    check(JSON, &["a.b=1", "c=x\ny"]);
    assert_eq!(time_of(JSON), "2025-01-02T03:04:05.000000Z");
    let broken = read(&Syslog, b"<13>1 2025-01-02T03:04:05Z h app 1 - - {not json}");
    assert_eq!(broken.records.len(), 1);
    assert!(!broken.anomalies[0].is_empty());
}

#[test]
fn an_audit_message_of_openemr_is_one_unit_without_its_text() {
    let two = format!("{OPENEMR}\n<13>Jan  2 03:04:05 h a: next\n");
    let seen = read(&Syslog, two.as_bytes());
    assert_eq!(seen.records.len(), 2, "{seen:?}");
    assert!(seen.records[0].contains(&"hostname=emr".to_owned()));
    assert!(!seen.records[0].iter().any(|field| field.starts_with("message=")));
    assert!(seen.records[0].iter().any(|field| field.ends_with("EventActionCode=R")), "{:?}", seen.records[0]);
    assert_eq!(seen.times[0], "2025-01-02T03:04:06.000000Z");
}

#[test]
fn packets_of_the_kernel_are_read() {
    let fields = payload(NETFILTER);
    assert_eq!(fields.first().map(String::as_str), Some("log_prefix=[UFW BLOCK]"));
    for field in ["src_ip=1.2.3.4", "DST=10.0.0.1", "dst_port=22", "action=deny"] {
        assert!(fields.iter().any(|known| known == field), "{field}: {fields:?}");
    }
    check_sources(NETFILTER, &["linux/firewall/netfilter"]);
}

#[test]
fn cut_payloads_never_panic() {
    for sample in SAMPLES {
        check_cut_everywhere(&Syslog, format!("{sample}\n").as_bytes());
    }
}

#[test]
fn the_cisco_sample_of_the_public_rules_is_understood() {
    let Some(folder) = outside("sigma-regression/rules/cisco/aaa/cisco_cli_dot1x_disabled") else { return };
    let bytes = std::fs::read(folder.join("ef0ff092-a24a-4fbc-beea-06c08d53e085.raw")).unwrap();
    let seen = read(&Syslog, &bytes);
    assert_eq!(seen.sources[0], ["cisco//aaa", "cisco//syslog"]);
}
