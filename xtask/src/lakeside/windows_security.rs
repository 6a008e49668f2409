//! Events of the Security channel: logons, tickets, accounts, services, tasks. Field names and order follow Microsoft's event templates.

use anyhow::Result;
use cordon_model::Time;
use serde_json::json;

use super::clock::later;
use super::model::Host;
use super::scene::{Account, Scene};
use super::windows::{Data, Kind, event, user_data_event};

/// Extended rights of directory replication: get changes, get all changes.
pub(super) const REPLICATION: [&str; 2] =
    ["1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2"];

/// A logon: who, where, from where, and how (2 interactive, 3 network, 5 service, 7 unlock, 10 remote desktop).
#[derive(Clone, Debug)]
pub(super) struct Logon<'a> {
    pub(super) account: Account,
    pub(super) host: &'a Host,
    pub(super) source_name: &'a str,
    pub(super) source_ip: &'a str,
    pub(super) kind: u32,
    pub(super) admin: bool,
}

fn subject(account: &Account, logon_id: &str) -> Data {
    vec![
        ("SubjectUserSid", json!(account.sid)),
        ("SubjectUserName", json!(account.name)),
        ("SubjectDomainName", json!(account.domain)),
        ("SubjectLogonId", json!(logon_id)),
    ]
}

fn machine(scene: &Scene<'_>, host: &Host) -> Account {
    scene.account(&format!("{}$", host.name))
}

/// 4624, with 4672 for an administrator. Gives the logon id.
pub(super) fn logon(scene: &mut Scene<'_>, at: Time, logon: &Logon<'_>) -> String {
    let id = format!("0x{}", scene.random.hex(7));
    let network = logon.kind == 3;
    let (process, package) = match logon.kind {
        3 => ("-", "Kerberos"),
        5 => ("C:\\Windows\\System32\\services.exe", "Negotiate"),
        _ => ("C:\\Windows\\System32\\svchost.exe", "Negotiate"),
    };
    let by = if network {
        Account { name: "-".into(), domain: "-".into(), sid: "S-1-0-0".into() }
    } else {
        machine(scene, logon.host)
    };
    let mut data = subject(&by, if network { "0x0" } else { "0x3e7" });
    let port = if logon.source_ip == "-" { "-".to_owned() } else { scene.port().to_string() };
    data.extend([
        ("TargetUserSid", json!(logon.account.sid)),
        ("TargetUserName", json!(logon.account.name)),
        ("TargetDomainName", json!(logon.account.domain)),
        ("TargetLogonId", json!(id)),
        ("LogonType", json!(logon.kind)),
        ("LogonProcessName", json!(if network { "Kerberos" } else { "User32 " })),
        ("AuthenticationPackageName", json!(package)),
        ("WorkstationName", json!(logon.source_name)),
        ("LogonGuid", json!(scene.random.uuid().to_uppercase())),
        ("TransmittedServices", json!("-")),
        ("LmPackageName", json!("-")),
        ("KeyLength", json!(0)),
        ("ProcessId", json!(if network { "0x0".to_owned() } else { format!("0x{:x}", 500 + scene.random.below(900)) })),
        ("ProcessName", json!(process)),
        ("IpAddress", json!(logon.source_ip)),
        ("IpPort", json!(port)),
        ("ImpersonationLevel", json!("%%1833")),
        ("RestrictedAdminMode", json!("-")),
        ("TargetOutboundUserName", json!("-")),
        ("TargetOutboundDomainName", json!("-")),
        ("VirtualAccount", json!("%%1843")),
        ("TargetLinkedLogonId", json!("0x0")),
        ("ElevatedToken", json!(if logon.admin { "%%1842" } else { "%%1843" })),
    ]);
    event(scene, at, logon.host, Kind::security(4624, 2, 12544), data);
    if logon.admin {
        let mut data = subject(&logon.account, &id);
        data.push(("PrivilegeList", json!("SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeDebugPrivilege")));
        event(scene, later(at, 1), logon.host, Kind::security(4672, 0, 12548), data);
    }
    id
}

/// 4634.
pub(super) fn logoff(scene: &mut Scene<'_>, at: Time, logon: &Logon<'_>, id: &str) {
    let data = vec![
        ("TargetUserSid", json!(logon.account.sid)),
        ("TargetUserName", json!(logon.account.name)),
        ("TargetDomainName", json!(logon.account.domain)),
        ("TargetLogonId", json!(id)),
        ("LogonType", json!(logon.kind)),
    ];
    event(scene, at, logon.host, Kind::security(4634, 0, 12545), data);
}

/// 4625: a wrong password (`0xc000006a`).
pub(super) fn logon_failed(scene: &mut Scene<'_>, at: Time, logon: &Logon<'_>) {
    let by = machine(scene, logon.host);
    let mut data = subject(&by, "0x3e7");
    data.extend([
        ("TargetUserSid", json!("S-1-0-0")),
        ("TargetUserName", json!(logon.account.name)),
        ("TargetDomainName", json!(logon.account.domain)),
        ("Status", json!("0xc000006d")),
        ("FailureReason", json!("%%2313")),
        ("SubStatus", json!("0xc000006a")),
        ("LogonType", json!(logon.kind)),
        ("LogonProcessName", json!("User32 ")),
        ("AuthenticationPackageName", json!("Negotiate")),
        ("WorkstationName", json!(logon.source_name)),
        ("TransmittedServices", json!("-")),
        ("LmPackageName", json!("-")),
        ("KeyLength", json!(0)),
        ("ProcessId", json!("0x2f0")),
        ("ProcessName", json!("C:\\Windows\\System32\\svchost.exe")),
        ("IpAddress", json!(logon.source_ip)),
        ("IpPort", json!("0")),
    ]);
    event(scene, at, logon.host, Kind::security_failure(4625, 0, 12544), data);
}

/// 4768 and 4769 on a domain controller: a ticket granting ticket, and a service ticket for `service`.
pub(super) fn tickets(
    scene: &mut Scene<'_>,
    at: Time,
    account: &Account,
    source_ip: &str,
    service: &str,
) -> Result<()> {
    let controller = scene.any_host(|host| host.role == "domain_controller")?;
    let realm = scene.model.site.domain.to_uppercase();
    let port = scene.port().to_string();
    let address = format!("::ffff:{source_ip}");
    let data = vec![
        ("TargetUserName", json!(account.name)),
        ("TargetDomainName", json!(account.domain)),
        ("TargetSid", json!(account.sid)),
        ("ServiceName", json!("krbtgt")),
        ("ServiceSid", json!(format!("{}-502", scene.model.site.domain_sid))),
        ("TicketOptions", json!("0x40810010")),
        ("Status", json!("0x0")),
        ("TicketEncryptionType", json!("0x12")),
        ("PreAuthType", json!("2")),
        ("IpAddress", json!(address)),
        ("IpPort", json!(port)),
        ("CertIssuerName", json!("")),
        ("CertSerialNumber", json!("")),
        ("CertThumbprint", json!("")),
    ];
    event(scene, at, controller, Kind::security(4768, 0, 14339), data);
    let data = vec![
        ("TargetUserName", json!(format!("{}@{realm}", account.name))),
        ("TargetDomainName", json!(realm)),
        ("ServiceName", json!(service)),
        ("ServiceSid", json!(scene.model.sid(service))),
        ("TicketOptions", json!("0x40810000")),
        ("TicketEncryptionType", json!("0x12")),
        ("IpAddress", json!(address)),
        ("IpPort", json!(port)),
        ("Status", json!("0x0")),
        ("LogonGuid", json!(scene.random.uuid().to_uppercase())),
        ("TransmittedServices", json!("-")),
    ];
    event(scene, later(at, 4), controller, Kind::security(4769, 0, 14337), data);
    Ok(())
}

/// 4776: a domain controller checked an NTLM password.
pub(super) fn ntlm_check(
    scene: &mut Scene<'_>,
    at: Time,
    account: &Account,
    workstation: &str,
    good: bool,
) -> Result<()> {
    let controller = scene.any_host(|host| host.role == "domain_controller")?;
    let data = vec![
        ("PackageName", json!("MICROSOFT_AUTHENTICATION_PACKAGE_V1_0")),
        ("TargetUserName", json!(account.name)),
        ("Workstation", json!(workstation)),
        ("Status", json!(if good { "0x0" } else { "0xc000006a" })),
    ];
    let kind = if good { Kind::security(4776, 0, 14336) } else { Kind::security_failure(4776, 0, 14336) };
    event(scene, at, controller, kind, data);
    Ok(())
}

/// 4688: a process on a host that audits process creation.
pub(super) fn process(scene: &mut Scene<'_>, at: Time, host: &Host, run: &super::windows_sysmon::Run<'_>) {
    let mut data = subject(&run.account, "0x3e7");
    data.extend([
        ("NewProcessId", json!(format!("0x{:x}", run.pid))),
        ("NewProcessName", json!(run.image)),
        ("TokenElevationType", json!(if run.elevated { "%%1937" } else { "%%1938" })),
        ("ProcessId", json!(format!("0x{:x}", run.parent_pid))),
        ("CommandLine", json!(run.command)),
        ("TargetUserSid", json!("S-1-0-0")),
        ("TargetUserName", json!("-")),
        ("TargetDomainName", json!("-")),
        ("TargetLogonId", json!("0x0")),
        ("ParentProcessName", json!(run.parent)),
        ("MandatoryLabel", json!(if run.elevated { "S-1-16-12288" } else { "S-1-16-8192" })),
    ]);
    event(scene, at, host, Kind::security(4688, 2, 13312), data);
}

/// What an administrator did to an account: created 4720, password reset 4724, disabled 4725.
pub(super) fn account_change(scene: &mut Scene<'_>, at: Time, host: &Host, id: u32, by: &Account, target: &Account) {
    let mut data = vec![
        ("TargetUserName", json!(target.name)),
        ("TargetDomainName", json!(target.domain)),
        ("TargetSid", json!(target.sid)),
    ];
    let logon_id = format!("0x{}", scene.random.hex(7));
    data.extend(subject(by, &logon_id));
    if id == 4720 {
        data.extend([
            ("PrivilegeList", json!("-")),
            ("SamAccountName", json!(target.name)),
            ("DisplayName", json!(target.name)),
            ("UserPrincipalName", json!(format!("{}@{}", target.name, scene.model.site.domain))),
            ("PasswordLastSet", json!("%%1794")),
            ("AccountExpires", json!("%%1794")),
            ("PrimaryGroupId", json!("513")),
            ("OldUacValue", json!("0x0")),
            ("NewUacValue", json!("0x15")),
            ("UserAccountControl", json!("\r\n\t\t%%2080\r\n\t\t%%2082\r\n\t\t%%2084")),
        ]);
    }
    event(scene, at, host, Kind::security(id, 0, 13824), data);
}

/// 4732 (local) group membership: `target` was added to `group`.
pub(super) fn group_add(
    scene: &mut Scene<'_>,
    at: Time,
    host: &Host,
    by: &Account,
    target: &Account,
    group: (&str, &str),
) {
    let mut data = vec![
        ("MemberName", json!(format!("CN={},OU=Staff,DC=lakeside,DC=example", target.name))),
        ("MemberSid", json!(target.sid)),
        ("TargetUserName", json!(group.0)),
        ("TargetDomainName", json!("Builtin")),
        ("TargetSid", json!(group.1)),
    ];
    data.extend(subject(by, "0x5f2a11"));
    data.push(("PrivilegeList", json!("-")));
    event(scene, at, host, Kind::security(4732, 0, 13826), data);
}

/// 4698: a scheduled task was created.
pub(super) fn task_created(scene: &mut Scene<'_>, at: Time, host: &Host, by: &Account, task: (&str, &str)) {
    let mut data = subject(by, "0x3e7");
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\"><Actions Context=\"Author\"><Exec><Command>{}</Command></Exec></Actions></Task>",
        task.1
    );
    data.extend([
        ("TaskName", json!(task.0)),
        ("TaskContent", json!(content)),
        ("ClientProcessStartKey", json!("4503599627371121")),
        ("ClientProcessId", json!("1820")),
        ("ParentProcessId", json!("792")),
        ("RpcCallClientLocality", json!("0")),
        ("FQDN", json!(format!("{}.{}", host.name, scene.model.site.domain))),
    ]);
    event(scene, at, host, Kind::security(4698, 1, 12804), data);
}

/// 4662: an object of the directory was accessed with the extended rights stated as GUIDs.
pub(super) fn directory_access(scene: &mut Scene<'_>, at: Time, host: &Host, by: &Account, rights: &[&str]) {
    let mut data = subject(by, "0x8c14e2");
    let rights: Vec<String> = rights.iter().map(|right| format!("{{{right}}}")).collect();
    let properties =
        format!("%%7688\r\n\t\t{}\r\n\t{{19195a5b-6da0-11d0-afd3-00c04fd930c9}}\r\n", rights.join("\r\n\t\t"));
    data.extend([
        ("ObjectServer", json!("DS")),
        ("ObjectType", json!("%{19195a5b-6da0-11d0-afd3-00c04fd930c9}")),
        ("ObjectName", json!("%{c7f1a5a2-54d4-4a6b-8f6c-2f5f4f1d8e11}")),
        ("OperationType", json!("Object Access")),
        ("HandleId", json!("0x0")),
        ("AccessList", json!("%%7688\r\n\t\t\t\t")),
        ("AccessMask", json!("0x100")),
        ("Properties", json!(properties)),
        ("AdditionalInfo", json!("-")),
        ("AdditionalInfo2", json!("")),
    ]);
    event(scene, at, host, Kind::security(4662, 0, 14080), data);
}

/// 5145: a file of a share was opened.
pub(super) fn share_access(
    scene: &mut Scene<'_>,
    at: Time,
    host: &Host,
    by: &Account,
    source_ip: &str,
    file: (&str, &str),
) {
    let mut data = subject(by, "0x7d11b0");
    data.extend([
        ("ObjectType", json!("File")),
        ("IpAddress", json!(source_ip)),
        ("IpPort", json!(scene.port().to_string())),
        ("ShareName", json!(format!("\\\\*\\{}", file.0))),
        ("ShareLocalPath", json!("\\??\\C:\\Windows")),
        ("RelativeTargetName", json!(file.1)),
        ("AccessMask", json!("0x2")),
        ("AccessList", json!("%%4417\r\n\t\t\t\t")),
        ("AccessReason", json!("-")),
    ]);
    event(scene, at, host, Kind::security(5145, 0, 12811), data);
}

/// 1102: the Security log was cleared.
pub(super) fn log_cleared(scene: &mut Scene<'_>, at: Time, host: &Host, by: &Account) {
    let kind = Kind {
        provider: "Microsoft-Windows-Eventlog",
        guid: "FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148",
        level: 4,
        keywords: "0x4020000000000000",
        ..Kind::security(1102, 1, 104)
    };
    let mut data = subject(by, "0x9b41c7");
    data.extend([("ClientProcessId", json!("6120")), ("ClientProcessStartKey", json!("5629499534214100"))]);
    user_data_event(scene, at, host, kind, "LogFileCleared", data);
}
