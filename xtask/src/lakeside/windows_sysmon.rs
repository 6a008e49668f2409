//! Sysmon events: processes, connections, modules, process access, files, registry, names. Field names and order follow Sysmon's manifest (schema 4.90).

use anyhow::Result;
use cordon_model::Time;
use serde_json::json;

use super::clock::{self, later};
use super::model::Host;
use super::random::{Random, fnv1a};
use super::scene::{Account, Scene};
use super::windows::{Data, Kind, event};
use super::windows_security;

/// One process: what ran, as whom, from which parent.
#[derive(Clone, Debug)]
pub(super) struct Run<'a> {
    pub(super) account: Account,
    pub(super) image: &'a str,
    pub(super) command: &'a str,
    pub(super) parent: &'a str,
    pub(super) parent_command: &'a str,
    pub(super) pid: u64,
    pub(super) parent_pid: u64,
    pub(super) elevated: bool,
}

impl<'a> Run<'a> {
    /// A process with fresh process numbers, elevated unless an ordinary user started it.
    pub(super) fn new(
        scene: &mut Scene<'_>,
        account: Account,
        (image, command): (&'a str, &'a str),
        (parent, parent_command): (&'a str, &'a str),
    ) -> Self {
        let pid = 4 * (300 + scene.random.below(3000));
        let parent_pid = 4 * (120 + scene.random.below(1200));
        let elevated = account.name == "SYSTEM" || account.name.starts_with("adm.") || account.name.starts_with("svc-");
        Self { account, image, command, parent, parent_command, pid, parent_pid, elevated }
    }
}

/// Digests that an executable of that name always has here.
pub(super) fn hashes(image: &str) -> String {
    let mut random = Random::stream(fnv1a(&image.to_lowercase()), "hashes", 0);
    format!(
        "SHA1={},MD5={},SHA256={},IMPHASH={}",
        random.hex(40).to_uppercase(),
        random.hex(32).to_uppercase(),
        random.hex(64).to_uppercase(),
        random.hex(32).to_uppercase()
    )
}

fn guid(host: &Host, at: Time, pid: u64) -> String {
    let machine = fnv1a(&host.name) >> 32;
    let seconds = at.as_seconds();
    format!(
        "{machine:08X}-{:04X}-{:04X}-{:04X}-{:012X}",
        (seconds >> 16) & 0xffff,
        seconds & 0xffff,
        pid & 0xffff,
        pid << 8
    )
}

fn utc(at: Time) -> String {
    clock::show(at, "%Y-%m-%d %H:%M:%S.%3f")
}

/// Sysmon 1, and 4688 where the host audits process creation (all servers do).
pub(super) fn process(scene: &mut Scene<'_>, at: Time, host: &Host, run: &Run<'_>) {
    let folder = run.image.rsplit_once('\\').map_or("C:\\", |(folder, _)| folder);
    let mut data: Data = vec![
        ("RuleName", json!("-")),
        ("UtcTime", json!(utc(at))),
        ("ProcessGuid", json!(guid(host, at, run.pid))),
        ("ProcessId", json!(run.pid)),
        ("Image", json!(run.image)),
    ];
    data.extend(version_fields(scene, run.image));
    data.extend([
        ("CommandLine", json!(run.command)),
        (
            "CurrentDirectory",
            json!(if run.elevated { "C:\\Windows\\system32\\".to_owned() } else { format!("{folder}\\") }),
        ),
        ("User", json!(run.account.full())),
        ("LogonGuid", json!(guid(host, later(at, -60_000), 0x3e7))),
        (
            "LogonId",
            json!(if run.account.name == "SYSTEM" { "0x3e7".to_owned() } else { format!("0x{}", scene.random.hex(7)) }),
        ),
        ("TerminalSessionId", json!(i32::from(run.account.name != "SYSTEM"))),
        ("IntegrityLevel", json!(integrity(run))),
        ("Hashes", json!(hashes(run.image))),
        ("ParentProcessGuid", json!(guid(host, later(at, -90_000), run.parent_pid))),
        ("ParentProcessId", json!(run.parent_pid)),
        ("ParentImage", json!(run.parent)),
        ("ParentCommandLine", json!(run.parent_command)),
        ("ParentUser", json!(run.account.full())),
    ]);
    event(scene, at, host, Kind::sysmon(1, 5), data);
    if host.role != "workstation" {
        windows_security::process(scene, later(at, 2), host, run);
    }
}

fn integrity(run: &Run<'_>) -> &'static str {
    match (run.account.name.as_str(), run.elevated) {
        ("SYSTEM", _) => "System",
        (_, true) => "High",
        (_, false) => "Medium",
    }
}

fn version_fields(scene: &Scene<'_>, image: &str) -> Data {
    let Some(binary) = scene.model.binary(image) else {
        return ["FileVersion", "Description", "Product", "Company", "OriginalFileName"]
            .map(|name| (name, json!("-")))
            .into();
    };
    vec![
        ("FileVersion", json!("10.0.20348.2400 (WinBuild.160101.0800)")),
        ("Description", json!(binary.description)),
        ("Product", json!(binary.product)),
        ("Company", json!(binary.company)),
        ("OriginalFileName", json!(binary.original)),
    ]
}

fn head(scene: &mut Scene<'_>, at: Time, host: &Host, image: &str) -> Data {
    let pid = 4 * (300 + scene.random.below(3000));
    vec![
        ("RuleName", json!("-")),
        ("UtcTime", json!(utc(at))),
        ("ProcessGuid", json!(guid(host, at, pid))),
        ("ProcessId", json!(pid)),
        ("Image", json!(image)),
    ]
}

/// Sysmon 3: `image` on `host` opened a TCP connection.
pub(super) fn connection(
    scene: &mut Scene<'_>,
    at: Time,
    host: &Host,
    (account, image): (&Account, &str),
    (target_ip, target_name, port): (&str, &str, u16),
) {
    let source_port = scene.port();
    let mut data = head(scene, at, host, image);
    data.extend([
        ("User", json!(account.full())),
        ("Protocol", json!("tcp")),
        ("Initiated", json!("true")),
        ("SourceIsIpv6", json!("false")),
        ("SourceIp", json!(host.ip)),
        ("SourceHostname", json!(format!("{}.{}", host.name, scene.model.site.domain))),
        ("SourcePort", json!(source_port)),
        ("SourcePortName", json!("-")),
        ("DestinationIsIpv6", json!("false")),
        ("DestinationIp", json!(target_ip)),
        ("DestinationHostname", json!(target_name)),
        ("DestinationPort", json!(port)),
        ("DestinationPortName", json!("-")),
    ]);
    event(scene, at, host, Kind::sysmon(3, 5), data);
}

/// Sysmon 7: `image` loaded a library of Windows.
pub(super) fn image_load(
    scene: &mut Scene<'_>,
    at: Time,
    host: &Host,
    (account, image): (&Account, &str),
    library: &str,
) {
    let file = library.rsplit('\\').next().unwrap_or(library).to_owned();
    let mut data = head(scene, at, host, image);
    data.extend([
        ("ImageLoaded", json!(library)),
        ("FileVersion", json!("10.0.20348.2400 (WinBuild.160101.0800)")),
        ("Description", json!(file)),
        ("Product", json!("Microsoft® Windows® Operating System")),
        ("Company", json!("Microsoft Corporation")),
        ("OriginalFileName", json!(file)),
        ("Hashes", json!(hashes(library))),
        ("Signed", json!("true")),
        ("Signature", json!("Microsoft Windows")),
        ("SignatureStatus", json!("Valid")),
        ("User", json!(account.full())),
    ]);
    event(scene, at, host, Kind::sysmon(7, 3), data);
}

/// Sysmon 10: `source` opened `target` with an access mask, over a call trace.
pub(super) fn process_access(
    scene: &mut Scene<'_>,
    at: Time,
    host: &Host,
    (account, source): (&Account, &str),
    target: &str,
    (access, trace): (&str, &str),
) {
    let (source_pid, target_pid) = (4 * (300 + scene.random.below(3000)), 4 * (160 + scene.random.below(60)));
    let data = vec![
        ("RuleName", json!("-")),
        ("UtcTime", json!(utc(at))),
        ("SourceProcessGUID", json!(guid(host, at, source_pid))),
        ("SourceProcessId", json!(source_pid)),
        ("SourceThreadId", json!(source_pid + 8)),
        ("SourceImage", json!(source)),
        ("TargetProcessGUID", json!(guid(host, later(at, -7_200_000), target_pid))),
        ("TargetProcessId", json!(target_pid)),
        ("TargetImage", json!(target)),
        ("GrantedAccess", json!(access)),
        ("CallTrace", json!(trace)),
        ("SourceUser", json!(account.full())),
        ("TargetUser", json!("NT AUTHORITY\\SYSTEM")),
    ];
    event(scene, at, host, Kind::sysmon(10, 3), data);
}

/// Sysmon 11: `image` created a file.
pub(super) fn file_created(
    scene: &mut Scene<'_>,
    at: Time,
    host: &Host,
    (account, image): (&Account, &str),
    file: &str,
) {
    let mut data = head(scene, at, host, image);
    data.extend([
        ("TargetFilename", json!(file)),
        ("CreationUtcTime", json!(utc(at))),
        ("User", json!(account.full())),
    ]);
    event(scene, at, host, Kind::sysmon(11, 2), data);
}

/// Sysmon 12 (key created) and 13 (value set).
pub(super) fn registry(
    scene: &mut Scene<'_>,
    at: Time,
    host: &Host,
    (account, image): (&Account, &str),
    set: (&str, Option<&str>),
) {
    let (target, details) = set;
    let kind = if details.is_some() { Kind::sysmon(13, 2) } else { Kind::sysmon(12, 2) };
    let what = if details.is_some() { "SetValue" } else { "CreateKey" };
    let mut data = head(scene, at, host, image);
    data.insert(1, ("EventType", json!(what)));
    data.push(("TargetObject", json!(target)));
    data.extend(details.map(|details| ("Details", json!(details))));
    data.push(("User", json!(account.full())));
    event(scene, at, host, kind, data);
}

/// Sysmon 22: `image` asked for a name.
pub(super) fn dns_query(
    scene: &mut Scene<'_>,
    at: Time,
    host: &Host,
    (account, image): (&Account, &str),
    answer: (&str, &str),
) {
    let mut data = head(scene, at, host, image);
    data.insert(4, ("QueryName", json!(answer.0)));
    data.insert(5, ("QueryStatus", json!("0")));
    data.insert(6, ("QueryResults", json!(format!("::ffff:{};", answer.1))));
    data.push(("User", json!(account.full())));
    event(scene, at, host, Kind::sysmon(22, 5), data);
}

/// One of the programs that the model lets run on a host, with what usually goes with it. `user` is who sits there.
pub(super) fn ordinary_program(scene: &mut Scene<'_>, at: Time, host: &Host, user: &Account) -> Result<()> {
    let fits = |program: &&super::model::Program| {
        let here = program.on.iter().any(|role| role == "*" || *role == host.role);
        here && (program.run_as != "user" || user.name != "SYSTEM")
    };
    let programs: Vec<&super::model::Program> = scene.model.programs.iter().filter(fits).collect();
    let program = *scene.random.weighted(&programs, |program| program.weight)?;
    let account = match program.run_as.as_str() {
        "user" => user.clone(),
        "admin" => scene.account("adm.okafor"),
        "system" => Account::system(),
        "network" => Account { name: "NETWORK SERVICE".into(), sid: "S-1-5-20".into(), ..Account::system() },
        service => scene.account(service),
    };
    let number = scene.random.between(100, 9999).to_string();
    let command = program.command.replace("{n}", &number).replace("{user}", &user.name);
    let parent = (program.parent.as_str(), program.parent_command.as_str());
    let run = Run::new(scene, account.clone(), (&program.image, &command), parent);
    process(scene, at, host, &run);
    aftermath(scene, at, host, (&account, &program.image));
    Ok(())
}

/// Programs that open connections; the others stay on their machine.
const NETWORKED: [&str; 8] = [
    "AuroraClient.exe",
    "Hyperview.exe",
    "msedge.exe",
    "OUTLOOK.EXE",
    "svchost.exe",
    "w3wp.exe",
    "java.exe",
    "Veeam.Backup.Manager.exe",
];

/// What a program does in its first second, as far as Sysmon reports it.
fn aftermath(scene: &mut Scene<'_>, at: Time, host: &Host, by: (&Account, &str)) {
    let soon = later(at, scene.random.between(40, 900));
    let file = by.1.rsplit('\\').next().unwrap_or(by.1);
    let networked = NETWORKED.contains(&file);
    let key = format!("HKU\\{}\\SOFTWARE\\Lakeside\\{file}\\Start", by.0.sid);
    match scene.random.below(10) {
        0 => image_load(scene, soon, host, by, "C:\\Windows\\System32\\combase.dll"),
        1 => image_load(scene, soon, host, by, "C:\\Windows\\System32\\bcryptprimitives.dll"),
        2 => {
            let name = format!("C:\\Users\\{}\\AppData\\Local\\Temp\\~{}.tmp", by.0.name, scene.random.hex(6));
            file_created(scene, soon, host, by, &name);
        }
        3 => registry(scene, soon, host, by, (&format!("{key}\\Last"), Some("QWORD (0x01dcb701-0xa2b47a00)"))),
        4 => registry(scene, soon, host, by, (&key, None)),
        5 | 8 if networked => connection(scene, soon, host, by, ("10.20.10.21", "EHRAPP01.lakeside.example", 443)),
        6 => {
            let access =
                ("0x1000", "C:\\Windows\\SYSTEM32\\ntdll.dll+9f8a4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e");
            process_access(scene, soon, host, by, "C:\\Windows\\System32\\svchost.exe", access);
        }
        7 | 9 if networked => dns_query(scene, soon, host, by, ("aurora.lakeside.example", "10.20.10.21")),
        _ => {}
    }
}
