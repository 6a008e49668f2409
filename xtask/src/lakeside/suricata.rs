//! Suricata's EVE JSON: flows, requests, names, TLS, and alerts.

use cordon_model::Time;
use serde_json::{Value, json};

use super::clock;
use super::files;
use super::scene::Scene;
use super::zeek::{Flow, Request};

fn write(scene: &mut Scene<'_>, at: Time, flow: &Flow<'_>, kind: &str, more: Value) {
    let flow_id = scene.random.below(2_000_000_000_000_000);
    let mut record = json!({
        "timestamp": clock::show(at, "%Y-%m-%dT%H:%M:%S.%6f+0000"),
        "flow_id": flow_id,
        "in_iface": "eth1",
        "event_type": kind,
        "src_ip": flow.from_ip,
        "src_port": flow.from_port,
        "dest_ip": flow.to_ip,
        "dest_port": flow.to_port,
        "proto": flow.proto.to_uppercase(),
    });
    if let (Some(record), Value::Object(more)) = (record.as_object_mut(), more) {
        record.extend(more);
    }
    scene.out.add(files::SURICATA, at, record.to_string());
}

/// A finished flow.
pub(super) fn flow(scene: &mut Scene<'_>, at: Time, flow: &Flow<'_>) {
    let more = json!({
        "app_proto": if flow.service.is_empty() { "failed" } else { flow.service },
        "flow": {
            "pkts_toserver": 2 + flow.sent / 900, "pkts_toclient": 2 + flow.received / 1300,
            "bytes_toserver": flow.sent, "bytes_toclient": flow.received,
            "start": clock::show(at, "%Y-%m-%dT%H:%M:%S.%6f+0000"),
            "age": flow.millis / 1000, "state": "closed", "reason": "timeout", "alerted": false,
        },
    });
    write(scene, at, flow, "flow", more);
}

/// A TLS handshake.
pub(super) fn tls(scene: &mut Scene<'_>, at: Time, flow: &Flow<'_>, name: &str) {
    let more = json!({"tls": {"sni": name, "version": "TLS 1.3", "ja3": {"hash": scene.random.hex(32)}}});
    write(scene, at, flow, "tls", more);
}

/// A plain HTTP request.
pub(super) fn http(scene: &mut Scene<'_>, at: Time, flow: &Flow<'_>, request: Request<'_>) {
    let more = json!({
        "tx_id": 0,
        "http": {
            "hostname": request.host, "url": request.uri, "http_user_agent": request.agent, "http_content_type": request.mime,
            "http_method": "GET", "protocol": "HTTP/1.1", "status": 200, "length": flow.received,
        },
    });
    write(scene, at, flow, "http", more);
}

/// An alert: severity 1 is the worst. The signatures are this hospital's own (ids from 1000001, the range for local rules).
pub(super) fn alert(
    scene: &mut Scene<'_>,
    at: Time,
    flow: &Flow<'_>,
    (id, severity): (u32, u32),
    signature: &str,
    category: &str,
) {
    let more = json!({"alert": {
        "action": "allowed", "gid": 1, "signature_id": id, "rev": 1, "signature": signature, "category": category, "severity": severity,
    }});
    write(scene, at, flow, "alert", more);
}
