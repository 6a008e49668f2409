//! Windows events beyond Security and Sysmon: PowerShell script blocks, service control, Defender, printing, the System log.

use cordon_model::Time;
use serde_json::json;

use super::clock;
use super::model::Host;
use super::scene::{Account, Scene};
use super::windows::{Kind, event, user_data_event};

const DEFENDER: &str = "Microsoft-Windows-Windows Defender";
const DEFENDER_GUID: &str = "11CD958A-C507-4EF3-B3F2-5FD9DFBD2C78";
const DEFENDER_CHANNEL: &str = "Microsoft-Windows-Windows Defender/Operational";
const SERVICES_GUID: &str = "555908D1-A6D7-4695-8E1E-26931D2012F4";

/// 4104: the text of a script block.
pub(super) fn script_block(scene: &mut Scene<'_>, at: Time, host: &Host, text: &str, path: &str) {
    let guid = "A0C1853B-5C40-4B15-8766-3CF1C58F985A";
    let kind = Kind {
        level: 5,
        task: 2,
        version: 1,
        keywords: "0x0",
        ..Kind::other("Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell", guid, 4104)
    };
    let data = vec![
        ("MessageNumber", json!(1)),
        ("MessageTotal", json!(1)),
        ("ScriptBlockText", json!(text)),
        ("ScriptBlockId", json!(scene.random.uuid())),
        ("Path", json!(path)),
    ];
    event(scene, at, host, kind, data);
}

/// 7045: a service was installed.
pub(super) fn service_installed(
    scene: &mut Scene<'_>,
    at: Time,
    host: &Host,
    (name, image): (&str, &str),
    start: &str,
) {
    let kind = Kind::other("System", "Service Control Manager", SERVICES_GUID, 7045);
    let data = vec![
        ("ServiceName", json!(name)),
        ("ImagePath", json!(image)),
        ("ServiceType", json!("user mode service")),
        ("StartType", json!(start)),
        ("AccountName", json!("LocalSystem")),
    ];
    event(scene, at, host, kind, data);
}

/// 7036: a service went to a state (`running`, `stopped`).
pub(super) fn service_state(scene: &mut Scene<'_>, at: Time, host: &Host, name: &str, state: &str) {
    let kind = Kind::other("System", "Service Control Manager", SERVICES_GUID, 7036);
    event(
        scene,
        at,
        host,
        kind,
        vec![("param1", json!(name)), ("param2", json!(state)), ("Binary", json!("460053004300"))],
    );
}

/// 104: a log other than Security was cleared.
pub(super) fn system_log_cleared(scene: &mut Scene<'_>, at: Time, host: &Host, by: &Account, log: &str) {
    let kind = Kind {
        task: 104,
        ..Kind::other("System", "Microsoft-Windows-Eventlog", "FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148", 104)
    };
    let data = vec![
        ("SubjectUserName", json!(by.name)),
        ("SubjectDomainName", json!(by.domain)),
        ("Channel", json!(log)),
        ("BackupPath", json!("")),
    ];
    user_data_event(scene, at, host, kind, "LogFileCleared", data);
}

/// Defender: 2000 signatures updated, 1000 and 1001 scan started and finished, 5001 real-time protection off.
pub(super) fn defender(scene: &mut Scene<'_>, at: Time, host: &Host, id: u32) {
    let kind = Kind::other(DEFENDER_CHANNEL, DEFENDER, DEFENDER_GUID, id);
    let mut data =
        vec![("Product Name", json!("Microsoft Defender Antivirus")), ("Product Version", json!("4.18.26020.3"))];
    match id {
        2000 => data.extend([
            ("Current security intelligence Version", json!("1.445.233.0")),
            ("Previous security intelligence Version", json!("1.445.210.0")),
            ("Domain", json!("NT AUTHORITY")),
            ("User", json!("SYSTEM")),
            ("SID", json!("S-1-5-18")),
        ]),
        1000 | 1001 => data.extend([
            ("Scan ID", json!(format!("{{{}}}", scene.random.uuid().to_uppercase()))),
            ("Scan Type", json!("Antimalware")),
            ("Scan Parameters", json!("Quick Scan")),
            ("Domain", json!("NT AUTHORITY")),
            ("User", json!("SYSTEM")),
        ]),
        _ => {}
    }
    event(scene, at, host, kind, data);
}

/// Defender 5007: a setting changed from an old to a new value.
pub(super) fn defender_setting(scene: &mut Scene<'_>, at: Time, host: &Host, old: &str, new: &str) {
    let data = vec![
        ("Product Name", json!("Microsoft Defender Antivirus")),
        ("Product Version", json!("4.18.26020.3")),
        ("Old Value", json!(old)),
        ("New Value", json!(new)),
    ];
    event(scene, at, host, Kind::other(DEFENDER_CHANNEL, DEFENDER, DEFENDER_GUID, 5007), data);
}

/// PrintService 307: a document was printed.
pub(super) fn printed(scene: &mut Scene<'_>, at: Time, server: &Host, user: &str, from: &Host, document: (&str, u64)) {
    let guid = "747EF6FD-E535-4D16-B510-42C90F6873A1";
    let kind = Kind {
        task: 26,
        ..Kind::other("Microsoft-Windows-PrintService/Operational", "Microsoft-Windows-PrintService", guid, 307)
    };
    let unit = from.unit.as_deref().unwrap_or("IT");
    let data = vec![
        ("Param1", json!(scene.random.between(10, 900).to_string())),
        ("Param2", json!(document.0)),
        ("Param3", json!(user)),
        ("Param4", json!(format!("\\\\{}", from.name))),
        ("Param5", json!(format!("PRN-{unit}"))),
        ("Param6", json!(format!("PRN-{unit}.lakeside.example"))),
        ("Param7", json!((40_000 * document.1).to_string())),
        ("Param8", json!(document.1.to_string())),
    ];
    user_data_event(scene, at, server, kind, "DocumentPrinted", data);
}

/// Security state of a machine at its start: 6005 in the System log.
pub(super) fn log_service_started(scene: &mut Scene<'_>, at: Time, host: &Host) {
    let kind = Kind::other("System", "EventLog", "FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148", 6005);
    event(scene, at, host, kind, vec![("Binary", json!(clock::show(at, "%Y%m%d%H%M%S")))]);
}
