//! A reader of FHIR Shorthand (FSH, HL7's language for FHIR content), as far as instances of AuditEvent need it: `* path = value` with slices, soft indices,
//! codes, references and long texts. Comes in: the text of an `.fsh` file. Goes out: the AuditEvents as FHIR R4 JSON. It knows no profile: what a profile fixes
//! and an instance does not state stays out.

use serde_json::{Map, Value, json};

/// One AuditEvent of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Name of the instance.
    pub name: String,
    /// Profile that it is an instance of.
    pub profile: String,
    /// The resource in FHIR R4 JSON.
    pub resource: Value,
}

/// A line that the reader does not understand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FshError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl std::fmt::Display for FshError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for FshError {}

/// Core resources that stand beside the AuditEvents in such files.
const OTHER_RESOURCES: [&str; 9] = [
    "Patient",
    "Device",
    "Organization",
    "DocumentReference",
    "Binary",
    "List",
    "Practitioner",
    "Consent",
    "MeasureReport",
];
/// Code system names that the files use without defining them.
const SYSTEMS: [(&str, &str); 1] = [("DCM", "http://dicom.nema.org/resources/ontology/DCM")];
/// Elements of AuditEvent R4 that hold many.
const ARRAYS: [&str; 9] = [
    "subtype",
    "agent",
    "entity",
    "source.type",
    "meta.security",
    "agent.policy",
    "agent.role",
    "agent.purposeOfUse",
    "purposeOfEvent",
];
/// Elements of data type `code`.
const CODES: [&str; 3] = ["action", "outcome", "agent.network.type"];
/// Elements of data type CodeableConcept.
const CONCEPTS: [&str; 4] = ["agent.type", "agent.role", "agent.purposeOfUse", "purposeOfEvent"];

/// The AuditEvents of a file, in order.
///
/// # Errors
/// The first rule of an AuditEvent that is not `* path = value`, or whose path does not fit the earlier ones.
pub fn audit_events(text: &str) -> Result<Vec<Instance>, FshError> {
    let mut lines = text.lines().enumerate();
    let mut found: Vec<Builder> = Vec::new();
    while let Some((number, line)) = lines.next() {
        let fault = |reason| FshError { line: number + 1, reason };
        let (keyword, rest) = line.split_once(':').unwrap_or_default();
        match keyword {
            "Instance" => found.push(Builder::new(rest.trim())),
            "InstanceOf" => {
                found.last_mut().ok_or(fault("InstanceOf without Instance"))?.profile = rest.trim().to_owned()
            }
            _ if line.ends_with("\"\"\"") && line.matches("\"\"\"").count() == 1 => {
                let within = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "\"\"\"");
                let long: Vec<&str> = within.collect();
                if let (Some(rule), Some(builder)) = (line.strip_prefix("* "), found.last_mut()) {
                    let (path, _) = rule.split_once(" = ").ok_or(fault("no ` = ` in the rule"))?;
                    builder.set(path, Value::String(long.join("\n"))).map_err(fault)?;
                }
            }
            _ => {
                if let (Some(rule), Some(builder)) = (line.strip_prefix("* "), found.last_mut()) {
                    builder.rule(rule).map_err(fault)?;
                }
            }
        }
    }
    let events = found.into_iter().filter(|builder| !OTHER_RESOURCES.contains(&builder.profile.as_str()));
    Ok(events.map(Builder::finish).collect())
}

/// Where the soft indices of one array stand.
struct Cursor {
    path: String,
    slices: Vec<String>,
    current: Option<usize>,
}

struct Builder {
    name: String,
    profile: String,
    root: Value,
    cursors: Vec<Cursor>,
}

impl Builder {
    fn new(name: &str) -> Self {
        let root = json!({"resourceType": "AuditEvent", "id": name});
        Self { name: name.to_owned(), profile: String::new(), root, cursors: Vec::new() }
    }

    fn finish(self) -> Instance {
        Instance { name: self.name, profile: self.profile, resource: self.root }
    }

    /// `path = value`, perhaps with a comment behind.
    fn rule(&mut self, rule: &str) -> Result<(), &'static str> {
        let (path, value) = rule.split_once(" = ").ok_or("no ` = ` in the rule")?;
        let plain: String = without_indices(path);
        let value = value_of(&plain, value.split(" //").next().unwrap_or_default().trim())?;
        self.set(path, value)
    }

    fn set(&mut self, path: &str, value: Value) -> Result<(), &'static str> {
        let mut plain = String::new();
        let mut steps = Vec::new();
        for segment in path.trim().split('.') {
            let (name, index) = match segment.split_once('[') {
                Some((name, index)) => (name, Some(index.trim_end_matches(']'))),
                None => (segment, None),
            };
            if !plain.is_empty() {
                plain.push('.');
            }
            plain.push_str(name);
            let place = if ARRAYS.contains(&plain.as_str()) { Some(self.index(&plain, index)?) } else { None };
            steps.push((name.to_owned(), place));
        }
        let mut target = &mut self.root;
        for (name, place) in steps {
            target = child(target, &name, place)?;
        }
        *target = value;
        Ok(())
    }

    /// The index that `[+]`, `[=]`, `[2]`, `[slice]` or nothing stands for.
    fn index(&mut self, path: &str, written: Option<&str>) -> Result<usize, &'static str> {
        let at = self.cursors.iter().position(|cursor| cursor.path == path).unwrap_or_else(|| {
            self.cursors.push(Cursor { path: path.to_owned(), slices: Vec::new(), current: None });
            self.cursors.len() - 1
        });
        let cursor = self.cursors.get_mut(at).ok_or("no such array")?;
        let index = match written {
            None => 0,
            Some("+") => cursor.current.map_or(0, |current| current + 1),
            Some("=") => cursor.current.ok_or("[=] before any index")?,
            Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => number.parse().map_err(|_| "index")?,
            Some(slice) => cursor.slices.iter().position(|known| known == slice).unwrap_or_else(|| {
                cursor.slices.push(slice.to_owned());
                cursor.slices.len() - 1
            }),
        };
        cursor.current = Some(index);
        Ok(index)
    }
}

/// The place of `name` in an object, or of an element in its array; made when it is not there yet.
fn child<'v>(target: &'v mut Value, name: &str, place: Option<usize>) -> Result<&'v mut Value, &'static str> {
    if target.is_null() {
        *target = Value::Object(Map::new());
    }
    let member = target.as_object_mut().ok_or("a value has parts")?.entry(name).or_insert(Value::Null);
    let Some(place) = place else { return Ok(member) };
    if member.is_null() {
        *member = Value::Array(Vec::new());
    }
    let elements = member.as_array_mut().ok_or("an array is expected")?;
    if place > elements.len() {
        return Err("an index leaves a gap");
    }
    if place == elements.len() {
        elements.push(Value::Null);
    }
    elements.get_mut(place).ok_or("an index leaves a gap")
}

fn without_indices(path: &str) -> String {
    let names = path.trim().split('.').map(|segment| segment.split('[').next().unwrap_or_default());
    names.collect::<Vec<_>>().join(".")
}

/// A value in the data type of its element.
fn value_of(path: &str, written: &str) -> Result<Value, &'static str> {
    if let Some(text) = written.strip_prefix('"') {
        return Ok(Value::String(text.strip_suffix('"').ok_or("a text does not end")?.replace("\\\"", "\"")));
    }
    if let Some(reference) = written.strip_prefix("Reference(") {
        return Ok(json!({"reference": reference.trim_end_matches(')')}));
    }
    if let Some((system, rest)) = written.split_once('#') {
        return Ok(coded(path, system, rest));
    }
    Ok(match written {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        other => Value::String(other.to_owned()),
    })
}

/// `system#code "display"` as code, Coding or CodeableConcept.
fn coded(path: &str, system: &str, rest: &str) -> Value {
    let (code, display) = rest.split_once(" \"").unwrap_or((rest, ""));
    if CODES.contains(&path) {
        return Value::String(code.trim().to_owned());
    }
    let mut coding = Map::new();
    let system = SYSTEMS.iter().find(|(name, _)| *name == system).map_or(system, |(_, url)| *url);
    for (name, text) in [("system", system), ("code", code.trim()), ("display", display.trim_end_matches('"'))] {
        if !text.is_empty() {
            coding.insert(name.to_owned(), Value::String(text.to_owned()));
        }
    }
    if CONCEPTS.contains(&path) { json!({"coding": [coding]}) } else { Value::Object(coding) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_becomes_the_resource_that_its_rules_describe() {
        let text = "// a comment\nInstance: one\nInstanceOf: PatientRead\nTitle: \"t\"\nDescription: \"\"\"\n* not = a rule\n\"\"\"\n\
            * action = #R\n* subtype[anyRead] = http://x#read \"read\"\n//* severity = #no\n* recorded = 2020-01-02T03:04:05Z\n\
            * agent[server].type = DCM#110153 \"Source\"\n* agent[user].who.display = \"Ann \\\"A\\\"\" // said so\n\
            * agent[user].requestor = true\n* agent[user].policy = \"p\"\n* agent[2].who = Reference(Device/d)\n* agent[=].requestor = false\n\
            * agent[+].requestor = false\n* entity[+].description = \"\"\"\nGET x\nHost: y\n\"\"\"\n\
            Instance: two\nInstanceOf: Patient\n* name[+].family = \"Doe\"\n";
        let expect = json!({
            "resourceType": "AuditEvent", "id": "one", "action": "R",
            "subtype": [{"system": "http://x", "code": "read", "display": "read"}],
            "recorded": "2020-01-02T03:04:05Z",
            "agent": [
                {"type": {"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110153", "display": "Source"}]}},
                {"who": {"display": "Ann \"A\""}, "requestor": true, "policy": ["p"]},
                {"who": {"reference": "Device/d"}, "requestor": false},
                {"requestor": false}
            ],
            "entity": [{"description": "GET x\nHost: y"}]
        });
        let found = audit_events(text).unwrap();
        assert_eq!(found, [Instance { name: "one".to_owned(), profile: "PatientRead".to_owned(), resource: expect }]);
    }

    #[test]
    fn a_rule_that_does_not_fit_is_refused_with_its_line() {
        let refused = |rule: &str| audit_events(&format!("Instance: a\nInstanceOf: Read\n{rule}\n")).unwrap_err();
        assert_eq!(refused("* agent[=].requestor = true"), FshError { line: 3, reason: "[=] before any index" });
        assert_eq!(refused("* agent[2].requestor = true").reason, "an index leaves a gap");
        assert_eq!(refused("* insert Rules").reason, "no ` = ` in the rule");
    }
}
