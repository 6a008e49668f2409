//! `--format ndjson`: one JSON object a line for each rule and event, or result of a correlation (`docs/specs/finding.schema.json`).

use std::io::{self, Write};

use base64::Engine as _;
use cordon_detect::Detected;
use cordon_model::{FindingOrigin, MatchedField};
use cordon_node::scan::Report;

use super::{FindingOutput, json};

/// Version of the line's shape: a new one for every change that is not an addition.
const SCHEMA_VERSION: &str = "1";

/// Writes lines as findings come.
pub(crate) struct Ndjson {
    out: Box<dyn Write>,
    line: Vec<u8>,
}

impl Ndjson {
    pub(crate) fn new(out: Box<dyn Write>) -> Self {
        Self { out, line: Vec::new() }
    }
}

impl FindingOutput for Ndjson {
    fn finding(&mut self, found: &Detected) -> io::Result<()> {
        self.line.clear();
        write_line(&mut self.line, found);
        self.out.write_all(&self.line)
    }

    fn finish(&mut self, _: &Report) -> io::Result<()> {
        self.out.flush()
    }
}

fn write_line(out: &mut Vec<u8>, found: &Detected) {
    let finding = &found.finding;
    let rule = &finding.rule;
    json::raw(out, "{\"schema_version\":\"");
    json::raw(out, SCHEMA_VERSION);
    json::raw(out, "\",\"finding_id\":\"");
    json::display(out, finding.finding_id);
    json::raw(out, "\",\"event_ids\":");
    json::list(out, finding.event_ids.iter(), |out, id| json::string(out, &id.to_string()));
    json::member(out, "rule_id", &rule.id);
    json::member(out, "rule_title", &rule.title);
    json::member(out, "rule_author", &rule.author);
    json::member(out, "rule_license", &rule.license);
    json::member(out, "rule_link", &rule.link);
    json::member(out, "level", rule.level.name());
    json::raw(out, ",\"time\":");
    match finding.time {
        Some(time) => json::string(out, &time.to_string()),
        None => json::raw(out, "null"),
    }
    json::member(out, "source_file", &finding.source_file);
    json::raw(out, ",\"record\":{\"position\":\"");
    json::display(out, finding.position);
    json::raw(out, "\",\"index\":");
    json::display(out, finding.index);
    json::raw(out, "},\"log_source\":");
    json::log_source(out, finding.log_source);
    json::raw(out, ",\"tags\":");
    json::strings(out, rule.tags.iter().map(String::as_str));
    json::raw(out, ",\"matched\":");
    json::list(out, finding.matched.iter(), matched);
    correlation(out, &finding.origin);
    json::member(out, "record_sha256", &finding.record_sha256.to_string());
    raw_record(out, found);
    json::raw(out, "}\n");
}

fn matched(out: &mut Vec<u8>, field: &MatchedField) {
    json::raw(out, "{\"field\":");
    json::string(out, &field.field);
    json::member(out, "value", &field.value);
    json::raw(out, ",\"offset\":");
    match field.offset {
        Some(offset) => json::display(out, offset),
        None => json::raw(out, "null"),
    }
    json::member(out, "pattern", &field.pattern);
    out.push(b'}');
}

/// Of a correlation what was counted; its pseudo field in `matched` says the same for readers of the first versions.
fn correlation(out: &mut Vec<u8>, origin: &FindingOrigin) {
    let FindingOrigin::Correlation { window_start, window_end, value, told, .. } = origin else { return };
    json::raw(out, ",\"correlation\":{\"counted\":");
    json::string(out, told);
    json::member(out, "value", value);
    json::member(out, "window_start", &window_start.to_string());
    json::member(out, "window_end", &window_end.to_string());
    out.push(b'}');
}

/// With `--with-raw`: the record as text, or in base64 where it is none.
fn raw_record(out: &mut Vec<u8>, found: &Detected) {
    let Some(record) = &found.record else { return };
    match str::from_utf8(&record.raw) {
        Ok(text) => json::member(out, "raw", text),
        Err(_) => json::member(out, "raw_base64", &base64::engine::general_purpose::STANDARD.encode(&record.raw)),
    }
}
