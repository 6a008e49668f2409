//! Zeek logs of two sensors: the server sensor writes tab separated files with headers, the client sensor JSON lines.

use cordon_model::Time;
use serde_json::{Map, Value, json};

use super::clock;
use super::model::Host;
use super::scene::Scene;

/// One log of Zeek: its path and its columns with their types.
#[derive(Debug)]
pub(super) struct Log {
    path: &'static str,
    columns: &'static [(&'static str, &'static str)],
}

const LOGS: [Log; 5] = [
    Log {
        path: "conn",
        columns: &[
            ("ts", "time"),
            ("uid", "string"),
            ("id.orig_h", "addr"),
            ("id.orig_p", "port"),
            ("id.resp_h", "addr"),
            ("id.resp_p", "port"),
            ("proto", "enum"),
            ("service", "string"),
            ("duration", "interval"),
            ("orig_bytes", "count"),
            ("resp_bytes", "count"),
            ("conn_state", "string"),
            ("local_orig", "bool"),
            ("local_resp", "bool"),
            ("missed_bytes", "count"),
            ("history", "string"),
            ("orig_pkts", "count"),
            ("orig_ip_bytes", "count"),
            ("resp_pkts", "count"),
            ("resp_ip_bytes", "count"),
            ("tunnel_parents", "set[string]"),
        ],
    },
    Log {
        path: "dns",
        columns: &[
            ("ts", "time"),
            ("uid", "string"),
            ("id.orig_h", "addr"),
            ("id.orig_p", "port"),
            ("id.resp_h", "addr"),
            ("id.resp_p", "port"),
            ("proto", "enum"),
            ("trans_id", "count"),
            ("rtt", "interval"),
            ("query", "string"),
            ("qclass", "count"),
            ("qclass_name", "string"),
            ("qtype", "count"),
            ("qtype_name", "string"),
            ("rcode", "count"),
            ("rcode_name", "string"),
            ("AA", "bool"),
            ("TC", "bool"),
            ("RD", "bool"),
            ("RA", "bool"),
            ("Z", "count"),
            ("answers", "vector[string]"),
            ("TTLs", "vector[interval]"),
            ("rejected", "bool"),
        ],
    },
    Log {
        path: "http",
        columns: &[
            ("ts", "time"),
            ("uid", "string"),
            ("id.orig_h", "addr"),
            ("id.orig_p", "port"),
            ("id.resp_h", "addr"),
            ("id.resp_p", "port"),
            ("trans_depth", "count"),
            ("method", "string"),
            ("host", "string"),
            ("uri", "string"),
            ("referrer", "string"),
            ("version", "string"),
            ("user_agent", "string"),
            ("origin", "string"),
            ("request_body_len", "count"),
            ("response_body_len", "count"),
            ("status_code", "count"),
            ("status_msg", "string"),
            ("tags", "set[enum]"),
            ("username", "string"),
            ("resp_mime_types", "vector[string]"),
        ],
    },
    Log {
        path: "smb_files",
        columns: &[
            ("ts", "time"),
            ("uid", "string"),
            ("id.orig_h", "addr"),
            ("id.orig_p", "port"),
            ("id.resp_h", "addr"),
            ("id.resp_p", "port"),
            ("fuid", "string"),
            ("action", "enum"),
            ("path", "string"),
            ("name", "string"),
            ("size", "count"),
            ("prev_name", "string"),
            ("times.modified", "time"),
            ("times.accessed", "time"),
            ("times.created", "time"),
            ("times.changed", "time"),
        ],
    },
    Log {
        path: "rdp",
        columns: &[
            ("ts", "time"),
            ("uid", "string"),
            ("id.orig_h", "addr"),
            ("id.orig_p", "port"),
            ("id.resp_h", "addr"),
            ("id.resp_p", "port"),
            ("cookie", "string"),
            ("result", "string"),
            ("security_protocol", "string"),
            ("client_channels", "vector[string]"),
            ("keyboard_layout", "string"),
            ("client_build", "string"),
            ("client_name", "string"),
            ("cert_count", "count"),
        ],
    },
];

/// The log of a path (`conn`).
pub(super) fn log(path: &str) -> Option<&'static Log> {
    const TABLE: &[Log] = &LOGS;
    TABLE.iter().find(|log| log.path == path)
}

impl Log {
    /// The header of the tab separated form.
    pub(super) fn header(&self, open: Time) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let types: Vec<&str> = self.columns.iter().map(|(_, kind)| *kind).collect();
        format!(
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{}\n#open\t{}\n#fields\t{}\n#types\t{}\n",
            self.path,
            clock::show(open, "%Y-%m-%d-%H-%M-%S"),
            names.join("\t"),
            types.join("\t")
        )
    }

    fn tab_separated(&self, fields: &Map<String, Value>) -> String {
        let columns = self
            .columns
            .iter()
            .map(|(name, kind)| fields.get(*name).map_or_else(|| "-".to_owned(), |value| cell(value, kind)));
        columns.collect::<Vec<_>>().join("\t")
    }
}

fn cell(value: &Value, kind: &str) -> String {
    match value {
        Value::Bool(true) => "T".to_owned(),
        Value::Bool(false) => "F".to_owned(),
        Value::String(text) if text.is_empty() => "(empty)".to_owned(),
        Value::String(text) => text.replace('\t', "\\x09"),
        Value::Array(items) if items.is_empty() => "(empty)".to_owned(),
        Value::Array(items) => items.iter().map(|item| cell(item, kind)).collect::<Vec<_>>().join(","),
        Value::Number(number) if kind == "interval" => {
            number.as_f64().map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.6}"))
        }
        other => other.to_string(),
    }
}

/// One TCP or UDP flow.
#[derive(Clone, Debug)]
pub(super) struct Flow<'a> {
    pub(super) from_ip: &'a str,
    pub(super) from_port: u64,
    pub(super) to_ip: &'a str,
    pub(super) to_port: u16,
    pub(super) proto: &'static str,
    pub(super) service: &'static str,
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) millis: u64,
    uid: String,
}

impl<'a> Flow<'a> {
    /// A flow between two addresses with ordinary sizes.
    pub(super) fn new(
        scene: &mut Scene<'_>,
        from_ip: &'a str,
        to_ip: &'a str,
        to_port: u16,
        service: &'static str,
    ) -> Self {
        let udp = matches!(to_port, 53 | 67 | 123);
        Self {
            from_ip,
            from_port: scene.port(),
            to_ip,
            to_port,
            proto: if udp { "udp" } else { "tcp" },
            service,
            sent: if udp { 40 + scene.random.below(40) } else { 400 + scene.random.below(9_000) },
            received: if udp { 60 + scene.random.below(200) } else { 900 + scene.random.below(90_000) },
            millis: 2 + scene.random.below(if udp { 40 } else { 9_000 }),
            uid: format!("C{}", scene.random.hex(17)),
        }
    }

    fn id(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        for (name, value) in [
            ("uid", json!(self.uid)),
            ("id.orig_h", json!(self.from_ip)),
            ("id.orig_p", json!(self.from_port)),
            ("id.resp_h", json!(self.to_ip)),
            ("id.resp_p", json!(self.to_port)),
        ] {
            fields.insert(name.to_owned(), value);
        }
        fields
    }
}

/// Writes one record of a log: the fields of the flow's identity, then `more`.
pub(super) fn write(scene: &mut Scene<'_>, at: Time, path: &str, flow: &Flow<'_>, more: &[(&str, Value)]) {
    let Some(log) = log(path) else { return };
    let mut fields = Map::new();
    fields.insert("ts".to_owned(), Value::Null);
    fields.extend(flow.id());
    fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    if flow.from_ip.starts_with("10.20.20.") {
        fields.insert("ts".to_owned(), Value::String("\u{2}".to_owned()));
        let text = Value::Object(fields).to_string().replace("\"\\u0002\"", &clock::epoch(at));
        scene.out.add(&format!("network/zeek-clients/{path}.json"), at, text);
        return;
    }
    fields.insert("ts".to_owned(), Value::String(clock::epoch(at)));
    scene.out.add(&format!("network/zeek/{path}.log"), at, log.tab_separated(&fields));
}

/// The connection record of a flow.
pub(super) fn conn(scene: &mut Scene<'_>, at: Time, flow: &Flow<'_>) {
    let inside = |ip: &str| ip.starts_with("10.");
    let (out_packets, in_packets) = (2 + flow.sent / 900, 2 + flow.received / 1300);
    let udp = flow.proto == "udp";
    let mut fields = vec![("proto", json!(flow.proto))];
    if !flow.service.is_empty() {
        fields.push(("service", json!(flow.service)));
    }
    let thousandths = u32::try_from(flow.millis).unwrap_or(u32::MAX);
    fields.extend([
        ("duration", json!(f64::from(thousandths) / 1000.0)),
        ("orig_bytes", json!(flow.sent)),
        ("resp_bytes", json!(flow.received)),
        ("conn_state", json!("SF")),
        ("local_orig", json!(inside(flow.from_ip))),
        ("local_resp", json!(inside(flow.to_ip))),
        ("missed_bytes", json!(0)),
        ("history", json!(if udp { "Dd" } else { "ShADadFf" })),
        ("orig_pkts", json!(out_packets)),
        ("orig_ip_bytes", json!(flow.sent + 40 * out_packets)),
        ("resp_pkts", json!(in_packets)),
        ("resp_ip_bytes", json!(flow.received + 40 * in_packets)),
    ]);
    write(scene, at, "conn", flow, &fields);
}

/// A name lookup at the domain controller: connection and query.
pub(super) fn dns(scene: &mut Scene<'_>, at: Time, client_ip: &str, name: &str, answer: &str) {
    let flow = Flow::new(scene, client_ip, "10.20.10.11", 53, "dns");
    conn(scene, at, &flow);
    let fields = [
        ("proto", json!("udp")),
        ("trans_id", json!(scene.random.below(65_536))),
        ("rtt", json!(0.0011)),
        ("query", json!(name)),
        ("qclass", json!(1)),
        ("qclass_name", json!("C_INTERNET")),
        ("qtype", json!(1)),
        ("qtype_name", json!("A")),
        ("rcode", json!(0)),
        ("rcode_name", json!("NOERROR")),
        ("AA", json!(name.ends_with("lakeside.example"))),
        ("TC", json!(false)),
        ("RD", json!(true)),
        ("RA", json!(true)),
        ("Z", json!(0)),
        ("answers", json!([answer])),
        ("TTLs", json!([300.0])),
        ("rejected", json!(false)),
    ];
    write(scene, at, "dns", &flow, &fields);
}

/// A plain HTTP request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) host: &'a str,
    pub(super) uri: &'a str,
    pub(super) agent: &'a str,
    pub(super) mime: &'a str,
}

/// One HTTP request with its connection.
pub(super) fn http(scene: &mut Scene<'_>, at: Time, flow: &Flow<'_>, request: Request<'_>) {
    conn(scene, at, flow);
    let fields = [
        ("trans_depth", json!(1)),
        ("method", json!("GET")),
        ("host", json!(request.host)),
        ("uri", json!(request.uri)),
        ("version", json!("1.1")),
        ("user_agent", json!(request.agent)),
        ("request_body_len", json!(0)),
        ("response_body_len", json!(flow.received)),
        ("status_code", json!(200)),
        ("status_msg", json!("OK")),
        ("tags", json!([])),
        ("resp_mime_types", json!([request.mime])),
    ];
    write(scene, at, "http", flow, &fields);
}

/// One file action over SMB (`SMB::FILE_OPEN`, `SMB::FILE_RENAME` ...). `previous` is the old name of a rename.
pub(super) fn smb_file(
    scene: &mut Scene<'_>,
    at: Time,
    flow: &Flow<'_>,
    (action, share): (&str, &str),
    name: &str,
    previous: Option<&str>,
) {
    let mut fields = vec![
        ("action", json!(action)),
        ("path", json!(share)),
        ("name", json!(name)),
        ("size", json!(scene.random.below(900_000))),
    ];
    if let Some(previous) = previous {
        fields.push(("prev_name", json!(previous)));
    }
    write(scene, at, "smb_files", flow, &fields);
}

/// A remote desktop connection.
pub(super) fn rdp(scene: &mut Scene<'_>, at: Time, from: (&str, &str), to: &Host, account: &str) {
    let mut flow = Flow::new(scene, from.0, &to.ip, 3389, "rdp");
    (flow.millis, flow.sent, flow.received) = (1_800_000, 412_000, 9_700_000);
    conn(scene, at, &flow);
    let fields = [
        ("cookie", json!(account)),
        ("result", json!("encrypted")),
        ("security_protocol", json!("HYBRID")),
        ("client_channels", json!([])),
        ("keyboard_layout", json!("English - United Kingdom")),
        ("client_build", json!("RDP 10.12")),
        ("client_name", json!(from.1)),
        ("cert_count", json!(1)),
    ];
    write(scene, at, "rdp", &flow, &fields);
}
