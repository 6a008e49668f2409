//! What stream S is made of: Sysmon and Security records of the attack samples, and the logs of Lakeside, rendered for this run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use evtx::{EvtxParser, ParserSettings};
use serde_json::{Map, Value};

use crate::template::Template;

/// Lines of one kind kept as templates.
const TEMPLATES_MAX: usize = 20_000;
/// What the issue calls half of the stream.
const CHANNELS: [&str; 2] = ["Microsoft-Windows-Sysmon/Operational", "Security"];

/// One kind of log in the stream.
pub struct Kind {
    pub name: &'static str,
    /// Name of the format, as `?format=` of the intake takes it.
    pub format: &'static str,
    /// Share of the events, in thousandths.
    pub share: u64,
    /// What stands in front of each body.
    pub header: Vec<u8>,
    pub templates: Vec<Template>,
    /// Taken once in [`RARE`] events instead; empty for none.
    pub rare: Vec<Template>,
}

/// One event in so many is a rare one, where a kind has such.
pub const RARE: usize = 1_000;

/// A kind of log out of Lakeside's files.
struct Source {
    name: &'static str,
    format: &'static str,
    share: u64,
    files: &'static [&'static str],
    header_lines: usize,
}

/// Shares in thousandths: 500 Windows, 250 record accesses, 250 Zeek and syslog.
const WINDOWS_SHARE: u64 = 500;
const SOURCES: [Source; 9] = [
    Source { name: "access-csv", format: "csv", share: 205, files: &["ehr/meridian-access.csv"], header_lines: 1 },
    Source { name: "access-fhir-r4", format: "fhir_audit_event", share: 5, files: &["ehr/aurora-fhir-r4.ndjson"], header_lines: 0 },
    Source { name: "access-fhir-r5", format: "fhir_audit_event", share: 20, files: &["ehr/labrys-fhir-r5.ndjson"], header_lines: 0 },
    Source { name: "access-atna", format: "atna", share: 20, files: &["imaging/pacs-atna.log"], header_lines: 0 },
    Source { name: "zeek-json", format: "json", share: 70, files: &["network/zeek-clients/conn.json", "network/zeek-clients/dns.json", "network/zeek-clients/http.json", "network/zeek-clients/smb_files.json"], header_lines: 0 },
    Source { name: "zeek-tsv", format: "zeek", share: 70, files: &["network/zeek/conn.log"], header_lines: 8 },
    Source { name: "syslog-firewall", format: "syslog", share: 30, files: &["network/fw01-fortigate.log", "network/pa01-panos.log"], header_lines: 0 },
    Source { name: "syslog-linux", format: "syslog", share: 60, files: &["linux/CLINIC01-syslog.log", "linux/PORTAL01-syslog.log", "linux/LOG01-syslog.log", "linux/FS01-syslog.log"], header_lines: 0 },
    Source { name: "syslog-devices", format: "syslog", share: 20, files: &["devices/DEVGW01-cef.log"], header_lines: 0 },
];

/// All kinds. `data` is the folder with the outside samples, `lakeside` a rendered Lakeside. `calm` are the findings of `cordon scan --format ndjson` on
/// [`windows`]: with it, Windows records of which a rule speaks are rare. Without, they are as frequent as among the samples, every sixth.
pub fn kinds(data: &Path, lakeside: &Path, calm: Option<&Path>) -> Result<Vec<Kind>> {
    let lines = windows(data)?;
    let spoken_of = calm.map_or_else(|| Ok(BTreeSet::new()), positions)?;
    let (mut templates, mut rare, mut position) = (Vec::new(), Vec::new(), 0);
    for line in &lines {
        let list = if spoken_of.contains(&position) { &mut rare } else { &mut templates };
        list.push(Template::new(line.as_bytes()));
        position += line.len() as u64 + 1;
    }
    let mut kinds = vec![Kind { name: "windows", format: "json", share: WINDOWS_SHARE, header: Vec::new(), templates, rare }];
    for source in &SOURCES {
        kinds.push(source.read(lakeside)?);
    }
    let shares: u64 = kinds.iter().map(|kind| kind.share).sum();
    ensure!(shares == 1_000, "the shares of the kinds add up to {shares} thousandths");
    Ok(kinds)
}

impl Source {
    fn read(&self, lakeside: &Path) -> Result<Kind> {
        let mut kind = Kind { name: self.name, format: self.format, share: self.share, header: Vec::new(), templates: Vec::new(), rare: Vec::new() };
        for file in self.files {
            let bytes = fs::read(lakeside.join(file)).with_context(|| format!("{file}: is that a rendered Lakeside?"))?;
            let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
            if self.header_lines > 0 {
                kind.header = lines.iter().take(self.header_lines).flat_map(|line| [*line, b"\n"].concat()).collect();
            }
            let events = lines.iter().skip(self.header_lines).filter(|line| self.header_lines == 0 || line[0] != b'#');
            kind.templates.extend(events.take(TEMPLATES_MAX / self.files.len()).map(|line| Template::new(line)));
        }
        ensure!(!kind.templates.is_empty(), "{}: no line", self.name);
        Ok(kind)
    }
}

/// Where the records of findings stand.
fn positions(findings: &Path) -> Result<BTreeSet<u64>> {
    let text = fs::read_to_string(findings).with_context(|| findings.display().to_string())?;
    let lines = text.lines().map(serde_json::from_str::<Value>).collect::<serde_json::Result<Vec<Value>>>()?;
    let position = |finding: &Value| finding["record"]["position"].as_str().and_then(|text| text.parse().ok());
    Ok(lines.iter().filter_map(position).collect())
}

/// The Sysmon and Security records of the samples below `data`, flat, as exporters write them.
pub fn windows(data: &Path) -> Result<Vec<String>> {
    let samples = &data.join("evtx-attack-samples");
    let mut paths = Vec::new();
    evtx_files(samples, &mut paths)?;
    let mut lines = Vec::new();
    for path in paths {
        let Ok(parser) = EvtxParser::from_path(&path) else { continue };
        let mut parser = parser.with_configuration(ParserSettings::new().num_threads(1));
        for record in parser.records_json_value().flatten() {
            let flat = flatten(&record.data);
            if flat.get("Channel").and_then(Value::as_str).is_some_and(|channel| CHANNELS.contains(&channel)) {
                lines.push(Value::Object(flat).to_string());
            }
        }
    }
    ensure!(lines.len() > 1_000, "{}: holds {} Sysmon and Security records", samples.display(), lines.len());
    Ok(lines)
}

fn evtx_files(root: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(root).with_context(|| root.display().to_string())?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<_>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            evtx_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "evtx") {
            found.push(path);
        }
    }
    Ok(())
}

/// System and EventData at the top.
fn flatten(record: &Value) -> Map<String, Value> {
    let mut flat = Map::new();
    for (name, value) in record["Event"]["System"].as_object().into_iter().flatten() {
        match name.as_str() {
            "Provider" => flat.insert("Provider_Name".into(), value["#attributes"]["Name"].clone()),
            "TimeCreated" => flat.insert("SystemTime".into(), value["#attributes"]["SystemTime"].clone()),
            _ if value.is_object() => flat.insert(name.clone(), value.get("#text").cloned().unwrap_or(Value::Null)),
            _ => flat.insert(name.clone(), value.clone()),
        };
    }
    let parts = [&record["Event"]["EventData"], &record["Event"]["UserData"]];
    for (name, value) in parts.into_iter().filter_map(Value::as_object).flatten() {
        let Some(inner) = value.as_object() else {
            flat.insert(name.clone(), value.clone());
            continue;
        };
        flat.extend(inner.iter().filter(|(name, _)| *name != "#attributes").map(|(name, value)| (name.clone(), value.clone())));
    }
    flat
}
