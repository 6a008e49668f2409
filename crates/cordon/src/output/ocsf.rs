//! `--format ocsf`: one OCSF 1.8 Detection Finding (class 2004) a line (`docs/specs/ocsf.md`, findings).

use std::io::{self, Write};
use std::net::IpAddr;

use base64::Engine as _;
use cordon_detect::Detected;
use cordon_model::{Arena, Finding, FindingOrigin, Level, LogSource, MatchedField, Node, Object, RuleCard, Time};
use cordon_node::scan::Report;
use cordon_normalize::OCSF_VERSION;

use super::FindingOutput;

/// Sigma's names of ATT&CK tactics and their ids (attack.mitre.org, Enterprise).
const TACTICS: [(&str, &str); 14] = [
    ("reconnaissance", "TA0043"),
    ("resource-development", "TA0042"),
    ("initial-access", "TA0001"),
    ("execution", "TA0002"),
    ("persistence", "TA0003"),
    ("privilege-escalation", "TA0004"),
    ("defense-evasion", "TA0005"),
    ("credential-access", "TA0006"),
    ("discovery", "TA0007"),
    ("lateral-movement", "TA0008"),
    ("collection", "TA0009"),
    ("exfiltration", "TA0010"),
    ("command-and-control", "TA0011"),
    ("impact", "TA0040"),
];

/// Writes lines as findings come.
pub(crate) struct Ocsf {
    out: Box<dyn Write>,
    line: Vec<u8>,
    arena: Arena,
    /// `time` of a finding whose event names none.
    now: Time,
}

impl Ocsf {
    pub(crate) fn new(out: Box<dyn Write>, now: Time) -> Self {
        Self { out, line: Vec::new(), arena: Arena::new(), now }
    }
}

impl FindingOutput for Ocsf {
    fn finding(&mut self, found: &Detected) -> io::Result<()> {
        self.line.clear();
        Line { arena: &self.arena, now: self.now }.event(found).write_json(&mut self.line);
        self.line.push(b'\n');
        self.arena.reset();
        self.out.write_all(&self.line)
    }

    fn finish(&mut self, _: &Report) -> io::Result<()> {
        self.out.flush()
    }
}

/// Builds one line.
struct Line<'a> {
    arena: &'a Arena,
    now: Time,
}

impl<'a> Line<'a> {
    fn event(&self, found: &'a Detected) -> Object<'a> {
        let finding = &found.finding;
        let rule = &*finding.rule;
        let (severity_id, severity) = severity(rule.level);
        let mut event = self.object();
        event.push("activity_id", Node::Integer(1));
        event.push("activity_name", Node::Text("Create"));
        event.push("category_uid", Node::Integer(2));
        event.push("category_name", Node::Text("Findings"));
        event.push("class_uid", Node::Integer(2004));
        event.push("class_name", Node::Text("Detection Finding"));
        event.push("type_uid", Node::Integer(200_401));
        event.push("severity_id", Node::Integer(severity_id));
        event.push("severity", Node::Text(severity));
        event.push("status_id", Node::Integer(1));
        event.push("status", Node::Text("New"));
        event.push("time", Node::Integer(finding.time.unwrap_or(self.now).as_millis()));
        event.push(
            "message",
            match &finding.origin {
                FindingOrigin::Event => Node::Text(&rule.title),
                FindingOrigin::Correlation { told, .. } => self.text(format_args!("{}: {told}", rule.title)),
            },
        );
        event.push("metadata", Node::Object(self.metadata(finding)));
        event.push("finding_info", Node::Object(self.finding_info(finding)));
        event.push("evidences", self.list([Node::Object(self.evidence(found))]));
        self.raw(found, &mut event);
        event.push("unmapped", Node::Object(self.unmapped(rule)));
        event
    }

    fn metadata(&self, finding: &'a Finding) -> Object<'a> {
        let mut product = self.object();
        product.push("name", Node::Text("Cordon"));
        product.push("version", Node::Text(env!("CARGO_PKG_VERSION")));
        let mut metadata = self.object();
        metadata.push("version", Node::Text(OCSF_VERSION));
        metadata.push("uid", self.text(finding.finding_id));
        metadata.push("product", Node::Object(product));
        metadata.push("log_name", self.text(log_name(finding.log_source)));
        metadata.push("log_source", Node::Text(&finding.source_file));
        if finding.time.is_none() {
            let mut tag = self.object();
            tag.push("name", Node::Text("anomaly"));
            tag.push("value", Node::Text("time_of_scan"));
            metadata.push("tags", self.list([Node::Object(tag)]));
        }
        metadata
    }

    fn finding_info(&self, finding: &'a Finding) -> Object<'a> {
        let rule = &*finding.rule;
        let kind = match finding.origin {
            FindingOrigin::Event => "Sigma rule",
            FindingOrigin::Correlation { .. } => "Sigma correlation",
        };
        let mut analytic = self.object();
        analytic.push("uid", Node::Text(&rule.id));
        analytic.push("name", Node::Text(&rule.title));
        analytic.push("type_id", Node::Integer(1));
        analytic.push("type", Node::Text("Rule"));
        analytic.push("category", Node::Text(kind));
        put_stated(&mut analytic, "desc", &rule.description);
        let mut info = self.object();
        info.push("uid", self.text(finding.finding_id));
        info.push("title", Node::Text(&rule.title));
        put_stated(&mut info, "desc", &rule.description);
        put_stated(&mut info, "src_url", &rule.link);
        info.push("types", self.list([Node::Text(kind)]));
        info.push("analytic", Node::Object(analytic));
        let attacks: Vec<Node<'a>> = rule.tags.iter().filter_map(|tag| self.attack(tag)).collect();
        if !attacks.is_empty() {
            info.push("attacks", self.list(attacks));
        }
        if let FindingOrigin::Correlation { window_start, window_end, .. } = &finding.origin {
            info.push("first_seen_time", Node::Integer(window_start.as_millis()));
            info.push("last_seen_time", Node::Integer(window_end.as_millis()));
        }
        info.push(
            "related_events",
            self.list(finding.event_ids.iter().map(|id| {
                let mut event = self.object();
                event.push("uid", self.text(id));
                Node::Object(event)
            })),
        );
        info
    }

    /// `attack.t1059.001` or `attack.execution`; other tags are no attack.
    fn attack(&self, tag: &str) -> Option<Node<'a>> {
        let word = tag.strip_prefix("attack.")?.replace('_', "-").to_lowercase();
        let mut attack = self.object();
        if let Some((name, id)) = TACTICS.iter().find(|(name, _)| *name == word) {
            attack.push("tactic", self.named(id, Some(name)));
            return Some(Node::Object(attack));
        }
        let number = word.strip_prefix('t').filter(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))?;
        let technique = number.split('.').next().unwrap_or(number);
        attack.push("technique", self.named(&format!("T{technique}"), None));
        if number != technique {
            attack.push("sub_technique", self.named(&format!("T{number}"), None));
        }
        Some(Node::Object(attack))
    }

    fn named(&self, uid: &str, name: Option<&'static str>) -> Node<'a> {
        let mut named = self.object();
        named.push("uid", Node::Text(self.arena.alloc_str(uid)));
        if let Some(name) = name {
            named.push("name", Node::Text(name));
        }
        Node::Object(named)
    }

    /// What matched, and in which record.
    fn evidence(&self, found: &'a Detected) -> Object<'a> {
        let finding = &found.finding;
        let mut record = self.object();
        record.push("source_file", Node::Text(&finding.source_file));
        record.push("position", self.text(finding.position));
        record.push("index", Node::Integer(i64::from(finding.index)));
        record.push("sha256", self.text(finding.record_sha256));
        let mut data = self.object();
        data.push("matched", self.list(finding.matched.iter().map(|field| self.matched(field))));
        data.push("record", Node::Object(record));
        let mut evidence = self.object();
        evidence.push("data", Node::Object(data));
        if let Some(host) = &found.subject.host {
            let mut device = self.object();
            let is_address = host.parse::<IpAddr>().is_ok();
            device.push(if is_address { "ip" } else { "hostname" }, Node::Text(host));
            device.push("type_id", Node::Integer(0));
            evidence.push("device", Node::Object(device));
        }
        if let Some(user) = &found.subject.user {
            let mut named = self.object();
            named.push("name", Node::Text(user));
            evidence.push("user", Node::Object(named));
        }
        evidence
    }

    fn matched(&self, field: &'a MatchedField) -> Node<'a> {
        let mut matched = self.object();
        matched.push("field", Node::Text(&field.field));
        matched.push("value", Node::Text(&field.value));
        if let Some(offset) = field.offset.and_then(|offset| i64::try_from(offset).ok()) {
            matched.push("offset", Node::Integer(offset));
        }
        matched.push("pattern", Node::Text(&field.pattern));
        Node::Object(matched)
    }

    /// With `--with-raw`: the record as text, or in base64 where it is none, and its hash.
    fn raw(&self, found: &'a Detected, event: &mut Object<'a>) {
        let Some(record) = &found.record else { return };
        match str::from_utf8(&record.raw) {
            Ok(text) => event.push("raw_data", Node::Text(text)),
            Err(_) => {
                event.push("raw_data", self.text(base64::engine::general_purpose::STANDARD.encode(&record.raw)));
            }
        }
        let mut hash = self.object();
        hash.push("algorithm_id", Node::Integer(3));
        hash.push("algorithm", Node::Text("SHA-256"));
        hash.push("value", self.text(found.finding.record_sha256));
        event.push("raw_data_hash", Node::Object(hash));
    }

    /// What the licences of rules demand to stay with a finding, and what OCSF has no place for.
    fn unmapped(&self, rule: &'a RuleCard) -> Object<'a> {
        let mut unmapped = self.object();
        unmapped.push("rule_author", Node::Text(&rule.author));
        unmapped.push("rule_license", Node::Text(&rule.license));
        unmapped.push("rule_link", Node::Text(&rule.link));
        unmapped.push("level", Node::Text(rule.level.name()));
        unmapped.push("tags", self.list(rule.tags.iter().map(|tag| Node::Text(tag))));
        let causes = rule.false_positives.iter().map(|cause| Node::Text(cause));
        unmapped.push("false_positives", self.list(causes));
        unmapped
    }

    fn object(&self) -> Object<'a> {
        Object::new_in(self.arena)
    }

    fn text(&self, value: impl std::fmt::Display) -> Node<'a> {
        Node::Text(self.arena.alloc_str(&value.to_string()))
    }

    fn list(&self, nodes: impl IntoIterator<Item = Node<'a>>) -> Node<'a> {
        Node::list_in(nodes, self.arena)
    }
}

fn put_stated<'a>(object: &mut Object<'a>, name: &'static str, text: &'a str) {
    if !text.is_empty() {
        object.push(name, Node::Text(text));
    }
}

/// OCSF's id and caption of a level.
const fn severity(level: Level) -> (i64, &'static str) {
    match level {
        Level::Informational => (1, "Informational"),
        Level::Low => (2, "Low"),
        Level::Medium => (3, "Medium"),
        Level::High => (4, "High"),
        Level::Critical => (5, "Critical"),
    }
}

/// `windows/process_creation/sysmon`, with a dash for what the source does not have.
fn log_name(source: LogSource) -> String {
    let word = |word: &'static str| if word.is_empty() { "-" } else { word };
    format!("{}/{}/{}", word(source.product), word(source.category), word(source.service))
}
