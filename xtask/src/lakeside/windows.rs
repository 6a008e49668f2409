//! Windows events in the two JSON shapes that the hospital collects: what `evtx_dump` prints, and what winlogbeat ships (ECS). One file per host.
//! What the events say comes from `windows_security`, `windows_sysmon` and `windows_other`.

use cordon_model::Time;
use serde_json::{Map, Value, json};

use super::clock;
use super::model::Host;
use super::out::NUMBER;
use super::scene::Scene;

/// Fields of one event in the order of its template.
pub(super) type Data = Vec<(&'static str, Value)>;

/// What is the same in every event of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) channel: &'static str,
    pub(super) provider: &'static str,
    pub(super) guid: &'static str,
    pub(super) id: u32,
    pub(super) version: u32,
    pub(super) level: u32,
    pub(super) task: u32,
    pub(super) keywords: &'static str,
}

impl Kind {
    /// A Security event: audit success, task as the event's subcategory.
    pub(super) const fn security(id: u32, version: u32, task: u32) -> Self {
        Self {
            channel: "Security",
            provider: "Microsoft-Windows-Security-Auditing",
            guid: "54849625-5478-4994-A5BA-3E3B0328C30D",
            id,
            version,
            level: 0,
            task,
            keywords: "0x8020000000000000",
        }
    }

    /// A Security event of a failure.
    pub(super) const fn security_failure(id: u32, version: u32, task: u32) -> Self {
        Self { keywords: "0x8010000000000000", ..Self::security(id, version, task) }
    }

    /// A Sysmon event; its task is its number.
    pub(super) const fn sysmon(id: u32, version: u32) -> Self {
        Self {
            channel: "Microsoft-Windows-Sysmon/Operational",
            provider: "Microsoft-Windows-Sysmon",
            guid: "5770385F-C22A-43E0-BF4C-06F5698FFBD9",
            id,
            version,
            level: 4,
            task: id,
            keywords: "0x8000000000000000",
        }
    }

    /// An event of another provider.
    pub(super) const fn other(channel: &'static str, provider: &'static str, guid: &'static str, id: u32) -> Self {
        Self { channel, provider, guid, id, version: 0, level: 4, task: 0, keywords: "0x8000000000000000" }
    }
}

/// The file of a host's events.
pub(super) fn file(host: &Host) -> String {
    format!("windows/{}.jsonl", host.name)
}

/// Writes one event of a host.
pub(super) fn event(scene: &mut Scene<'_>, at: Time, host: &Host, kind: Kind, data: Data) {
    write(scene, at, host, kind, "EventData", object(data));
}

/// Writes one event whose fields stand in `UserData` under a name of their own.
pub(super) fn user_data_event(scene: &mut Scene<'_>, at: Time, host: &Host, kind: Kind, name: &str, data: Data) {
    let mut outer = Map::new();
    outer.insert(name.to_owned(), object(data));
    write(scene, at, host, kind, "UserData", Value::Object(outer));
}

fn write(scene: &mut Scene<'_>, at: Time, host: &Host, kind: Kind, section: &str, data: Value) {
    let computer = format!("{}.{}", host.name, scene.model.site.domain);
    let (process, thread) = (4 * (100 + scene.random.below(900)), 4 * (200 + scene.random.below(2000)));
    let value = if host.shape.as_deref() == Some("ecs") {
        ecs(at, kind, &computer, host, (process, thread), data)
    } else {
        evtx_dump(at, kind, &computer, (process, thread), (section, data))
    };
    // The record number is known when the file is complete; it stands unquoted in the JSON text.
    let text = value.to_string().replace("\"\\u0001\"", NUMBER);
    scene.out.add(&file(host), at, text);
}

fn evtx_dump(at: Time, kind: Kind, computer: &str, ids: (u64, u64), (section, data): (&str, Value)) -> Value {
    json!({"Event": {
        "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
        "System": {
            "Provider": {"#attributes": {"Name": kind.provider, "Guid": kind.guid}},
            "EventID": kind.id,
            "Version": kind.version,
            "Level": kind.level,
            "Task": kind.task,
            "Opcode": 0,
            "Keywords": kind.keywords,
            "TimeCreated": {"#attributes": {"SystemTime": clock::rfc3339(at)}},
            "EventRecordID": NUMBER,
            "Correlation": null,
            "Execution": {"#attributes": {"ProcessID": ids.0, "ThreadID": ids.1}},
            "Channel": kind.channel,
            "Computer": computer,
            "Security": if kind.channel == "Security" { Value::Null } else { json!({"#attributes": {"UserID": "S-1-5-18"}}) },
        },
        section: data,
    }})
}

fn ecs(at: Time, kind: Kind, computer: &str, host: &Host, ids: (u64, u64), data: Value) -> Value {
    json!({
        "@timestamp": clock::rfc3339_millis(at),
        "ecs": {"version": "8.0.0"},
        "agent": {"type": "winlogbeat", "version": "8.12.2", "hostname": host.name},
        "host": {"name": computer, "ip": [host.ip], "os": {"family": "windows", "platform": "windows"}},
        "event": {"code": kind.id.to_string(), "kind": "event", "provider": kind.provider},
        "log": {"level": "information"},
        "winlog": {
            "api": "wineventlog",
            "channel": kind.channel,
            "provider_name": kind.provider,
            "provider_guid": format!("{{{}}}", kind.guid),
            "event_id": kind.id.to_string(),
            "version": kind.version,
            "task": kind.task.to_string(),
            "computer_name": computer,
            "record_id": NUMBER,
            "process": {"pid": ids.0, "thread": {"id": ids.1}},
            "event_data": data,
        },
    })
}

fn object(data: Data) -> Value {
    Value::Object(data.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
