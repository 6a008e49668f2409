//! Which log sources the records of each program belong to: one small record for each, as it is written in the wild.

use crate::json::Json;
use crate::stream_check::read;

fn check(input: &str, expect: &[&str], time: &str) {
    let seen = read(&Json, input.as_bytes());
    assert_eq!(seen.faults, [], "{input}");
    let sources: Vec<&str> = seen.sources[0].iter().map(String::as_str).collect();
    assert_eq!(sources, expect, "{input}");
    assert_eq!(seen.times[0], time, "{input}");
}

const T: &str = "2025-12-10T04:47:28.000000Z";

#[test]
fn cloud_records_are_recognised() {
    check(
        r#"{"Records":[{"eventVersion":"1.08","userIdentity":{"type":"Root"},"eventTime":"2025-12-10T04:47:28Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1"}]}"#,
        &["aws//cloudtrail"],
        T,
    );
    check(
        r#"{"time":"2025-12-10T04:47:28Z","category":"Administrative","operationName":"MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE"}"#,
        &["azure//activitylogs"],
        T,
    );
    check(
        r#"{"eventTimestamp":"2025-12-10T04:47:28Z","operationName":{"value":"x"},"resourceId":"/s"}"#,
        &["azure//activitylogs"],
        T,
    );
    check(
        r#"{"activityDateTime":"2025-12-10T04:47:28Z","activityDisplayName":"Add user","loggedByService":"Core Directory"}"#,
        &["azure//auditlogs"],
        T,
    );
    check(
        r#"{"activityDateTime":"2025-12-10T04:47:28Z","activityDisplayName":"Add member","loggedByService":"PIM"}"#,
        &["azure//pim"],
        T,
    );
    check(r#"{"time":"2025-12-10T04:47:28Z","category":"SignInLogs","resultType":"50126"}"#, &["azure//signinlogs"], T);
    check(
        r#"{"activityDateTime":"2025-12-10T04:47:28Z","riskEventType":"anonymizedIPAddress","riskDetail":"none"}"#,
        &["azure//pim", "azure//riskdetection"],
        T,
    );
    check(
        r#"{"timestamp":"2025-12-10T04:47:28Z","protoPayload":{"serviceName":"storage.googleapis.com","methodName":"x"}}"#,
        &["gcp//gcp.audit"],
        T,
    );
    check(
        r#"{"timestamp":"2025-12-10T04:47:28Z","protoPayload":{"serviceName":"login.googleapis.com","methodName":"x"}}"#,
        &["gcp//gcp.audit", "gcp//google_workspace.login"],
        T,
    );
    check(
        r#"{"kind":"admin#reports#activity","id":{"time":"2025-12-10T04:47:28Z","applicationName":"admin"},"events":[{"name":"X"}]}"#,
        &["gcp//google_workspace.admin"],
        T,
    );
    check(
        r#"{"CreationTime":"2025-12-10T04:47:28","RecordType":2,"Operation":"New-InboxRule","Workload":"Exchange","UserId":"a"}"#,
        &["m365//audit", "m365//exchange"],
        T,
    );
}

#[test]
fn records_of_online_services_are_recognised() {
    check(
        r#"{"published":"2025-12-10T04:47:28Z","eventType":"user.session.start","displayMessage":"m","uuid":"u","outcome":{"result":"SUCCESS"}}"#,
        &["okta//okta"],
        T,
    );
    check(
        r#"{"@timestamp":1765342048000,"action":"repo.destroy","actor":"a","_document_id":"d","org":"o"}"#,
        &["github//audit"],
        T,
    );
    check(
        r#"{"timestamp":"2025-12-10T04:47:28Z","auditType":{"category":"Projects","action":"Project deleted"}}"#,
        &["bitbucket//audit"],
        T,
    );
    check(
        r#"{"created_at":"2025-12-10T04:47:28Z","event_type_id":8,"account_id":1}"#,
        &["onelogin//onelogin.events"],
        T,
    );
    check(
        r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"i","verb":"create","stageTimestamp":"2025-12-10T04:47:28Z"}"#,
        &["kubernetes//audit", "kubernetes/application/audit"],
        T,
    );
    check(
        r#"{"event_type":"authentication","factor":"duo_push","txid":"t","access_device":{"ip":"1.2.3.4"},"timestamp":1765342048}"#,
        &["cisco//duo"],
        T,
    );
}

#[test]
fn network_sensors_are_recognised() {
    let eve = |kind: &str| {
        format!(
            r#"{{"timestamp":"2025-12-10T04:47:28.000000+0000","flow_id":1,"event_type":"{kind}","src_ip":"10.0.0.1"}}"#
        )
    };
    check(&eve("alert"), &["suricata//alert"], T);
    check(&eve("dns"), &["suricata//dns", "suricata/dns/"], T);
    check(
        r#"{"seconds":1765342048,"action":"allow","msg":"m","gid":1,"sid":2,"rev":3,"priority":1}"#,
        &["snort//alert"],
        T,
    );
    check(r#"{"_path":"dns","ts":1765342048.0,"query":"a.example"}"#, &["zeek//dns", "zeek/dns/"], T);
    check(
        r#"{"ts":1765342048.0,"id.orig_h":"10.0.0.1","query":"a.example","qtype":1}"#,
        &["zeek//dns", "zeek/dns/"],
        T,
    );
    check(
        r#"{"ts":1765342048.0,"id.orig_h":"10.0.0.1","action":"SMB::FILE_OPEN","name":"a"}"#,
        &["zeek//smb_files"],
        T,
    );
    check(r#"{"_path":"unheard","ts":1765342048.0}"#, &["zeek//"], T);
    check(
        r#"{"dst_host":"10.0.0.1","dst_port":22,"logtype":4002,"node_id":"n","utc_time":"2025-12-10 04:47:28.000000"}"#,
        &["opencanary/application/"],
        T,
    );
}

#[test]
fn application_logs_are_recognised() {
    check(
        r#"{"asctime":"2025-12-10 04:47:28","levelname":"ERROR","name":"django.security","message":"m"}"#,
        &["django/application/", "python/application/"],
        T,
    );
    check(
        r#"{"@timestamp":"2025-12-10T04:47:28Z","logger_name":"o.s.X","thread_name":"main","level":"ERROR"}"#,
        &["jvm/application/", "spring/application/", "velocity/application/"],
        T,
    );
    check(r#"{"level":50,"time":1765342048000,"pid":1,"hostname":"h","msg":"m"}"#, &["nodejs/application/"], T);
    check(
        r#"{"timestamp":"2025-12-10 04:47:28.000 UTC","error_severity":"ERROR","backend_type":"client backend"}"#,
        &["postgresql/database/", "sql/application/"],
        T,
    );
    check(r#"{"@timestamp":"2025-12-10T04:47:28Z","whatever":1}"#, &[], T);
}

#[test]
fn sysmon_for_linux_is_linux() {
    check(
        r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"Linux-Sysmon"}},"EventID":1,"TimeCreated":{"#attributes":{"SystemTime":"2025-12-10T04:47:28Z"}},"Channel":"Linux-Sysmon/Operational"},"EventData":{"Image":"/bin/sh"}}}"##,
        &["linux//sysmon", "linux/process_creation/sysmon"],
        T,
    );
}
