//! OCSF's schema as its repository has it, and whether an event meets it: required attributes, types, enumerations, constraints, nothing unknown.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// Extensions below the schema that are read with it, and the uid in front of their classes.
const NATIVE: [(&str, i64); 1] = [("windows", 2)];

/// Attributes of one class or object by name; each holds what OCSF writes of it.
type Attributes = BTreeMap<String, Map<String, Value>>;

/// A schema with its extensions.
#[derive(Debug, Default)]
pub struct Schema {
    dictionary: BTreeMap<String, Map<String, Value>>,
    types: BTreeMap<String, Map<String, Value>>,
    events: BTreeMap<String, Definition>,
    objects: BTreeMap<String, Definition>,
    class_names: BTreeMap<i64, String>,
    class_attributes: BTreeMap<String, Attributes>,
    object_attributes: BTreeMap<String, Attributes>,
}

#[derive(Debug, Clone)]
struct Definition {
    json: Value,
    root: PathBuf,
    extension: i64,
}

impl Schema {
    /// Reads the schema below `root` (with `dictionary.json`, `events`, `objects`, `profiles`, `extensions`) and further extensions.
    ///
    /// # Errors
    /// A file that cannot be read or is not what the schema's layout says.
    pub fn read(root: &Path, extensions: &[&Path]) -> Result<Self, String> {
        let mut schema = Self::default();
        schema.folder(root, 0)?;
        for (name, uid) in NATIVE {
            schema.folder(&root.join("extensions").join(name), uid)?;
        }
        for extension in extensions {
            let uid =
                at(&json(&extension.join("extension.json"))?, "uid").as_i64().ok_or("an extension without a uid")?;
            schema.folder(extension, uid)?;
        }
        schema.resolve_all(root)?;
        Ok(schema)
    }

    fn folder(&mut self, folder: &Path, extension: i64) -> Result<(), String> {
        let dictionary = json(&folder.join("dictionary.json"))?;
        take_objects(at(&dictionary, "attributes"), &mut self.dictionary);
        take_objects(at(at(&dictionary, "types"), "attributes"), &mut self.types);
        for path in json_files(&folder.join("events")) {
            define(&mut self.events, &path, folder, extension)?;
        }
        for path in json_files(&folder.join("objects")) {
            define(&mut self.objects, &path, folder, extension)?;
        }
        Ok(())
    }

    fn resolve_all(&mut self, root: &Path) -> Result<(), String> {
        for (name, event) in &self.events {
            let attributes = resolve(&self.events, name, root)?;
            let category = enumerated(&attributes, "category_uid");
            if let Some(uid) = at(&event.json, "uid").as_i64().or((name == "base_event").then_some(0)) {
                let category = category_of(&self.events, name).unwrap_or(category);
                self.class_names.insert(event.extension * 100_000 + category * 1000 + uid, name.clone());
            }
            self.class_attributes.insert(name.clone(), attributes);
        }
        for name in self.objects.keys() {
            self.object_attributes.insert(name.clone(), resolve(&self.objects, name, root)?);
        }
        Ok(())
    }

    /// What an event breaks, one line each; empty when it meets the schema.
    #[must_use]
    pub fn check(&self, event: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        let Some(name) = at(event, "class_uid").as_i64().and_then(|uid| self.class_names.get(&uid)) else {
            return vec![format!("class_uid {} is of no class", at(event, "class_uid"))];
        };
        let profiles: Vec<&str> =
            at(at(event, "metadata"), "profiles").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut check = Check { schema: self, profiles, faults: &mut faults };
        let Some(attributes) = self.class_attributes.get(name) else { return vec![format!("{name} is not resolved")] };
        check.object(attributes, event, name);
        check.constraints(&self.events, name, event, name);
        check.envelope(attributes, event);
        faults
    }
}

struct Check<'s, 'f> {
    schema: &'s Schema,
    profiles: Vec<&'s str>,
    faults: &'f mut Vec<String>,
}

impl Check<'_, '_> {
    fn fault(&mut self, path: &str, what: impl std::fmt::Display) {
        self.faults.push(format!("{path}: {what}"));
    }

    fn object(&mut self, attributes: &Attributes, object: &Value, path: &str) {
        let Some(members) = object.as_object() else { return self.fault(path, "is no object") };
        for (name, attribute) in attributes {
            let applies = self.applies(attribute);
            if applies
                && attribute.get("requirement").is_some_and(|word| word == "required")
                && !members.contains_key(name)
            {
                self.fault(path, format_args!("lacks {name}"));
            }
        }
        for (name, value) in members {
            let path = format!("{path}.{name}");
            match attributes.get(name) {
                None => self.fault(&path, "is not known"),
                Some(attribute) if !self.applies(attribute) => {
                    self.fault(&path, "belongs to a profile that the event does not name");
                }
                // which class and category it is the uid itself says: [`Check::envelope`]
                Some(_) if ["class_uid", "category_uid"].contains(&name.as_str()) => {}
                Some(attribute) => self.attribute(name, attribute, value, &path),
            }
        }
    }

    /// Whether an attribute is of the class itself or of a profile that the event names.
    fn applies(&self, attribute: &Map<String, Value>) -> bool {
        attribute.get("profile").and_then(Value::as_str).is_none_or(|profile| self.profiles.contains(&profile))
    }

    fn attribute(&mut self, name: &str, own: &Map<String, Value>, value: &Value, path: &str) {
        let Some(general) = self.schema.dictionary.get(name) else {
            return self.fault(path, "is not in the dictionary");
        };
        let kind = own.get("type").or_else(|| general.get("type")).and_then(Value::as_str).unwrap_or("string_t");
        if general.get("is_array").and_then(Value::as_bool).unwrap_or_default() {
            let Some(items) = value.as_array() else { return self.fault(path, "is no list") };
            for (place, item) in items.iter().enumerate() {
                self.value(kind, [own, general], item, &format!("{path}[{place}]"));
            }
        } else {
            self.value(kind, [own, general], value, path);
        }
    }

    fn value(&mut self, kind: &str, descriptions: [&Map<String, Value>; 2], value: &Value, path: &str) {
        if let Some(attributes) = self.schema.object_attributes.get(kind) {
            if kind != "object" {
                self.object(attributes, value, path);
                let schema = self.schema;
                self.constraints(&schema.objects, kind, value, path);
            } else if !value.is_object() {
                self.fault(path, "is no object");
            }
            return;
        }
        if let Err(what) = self.schema.scalar(kind, value) {
            self.fault(path, format_args!("{value} {what}"));
        }
        let known = |text: &str| {
            descriptions.iter().any(|one| one.get("enum").is_some_and(|values| values.get(text).is_some()))
        };
        let listed = descriptions.iter().any(|one| one.contains_key("enum"));
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if listed && !known(&text) {
            self.fault(path, format_args!("{value} is not in the enumeration"));
        }
    }

    fn constraints(&mut self, of: &BTreeMap<String, Definition>, name: &str, object: &Value, path: &str) {
        let mut next = of.get(name);
        let constraints = loop {
            let Some(definition) = next else { return };
            if let Some(constraints) = at(&definition.json, "constraints").as_object() {
                break constraints;
            }
            next = at(&definition.json, "extends").as_str().and_then(|name| of.get(name));
        };
        for (rule, names) in constraints {
            let there = names
                .as_array()
                .into_iter()
                .flatten()
                .filter(|name| object.get(name.as_str().unwrap_or_default()).is_some());
            let there = there.count();
            // `just_one` is broken by two; that there is one at all the sources do not always state
            let broken = if rule == "just_one" { there > 1 } else { there == 0 };
            if broken {
                self.fault(path, format_args!("breaks {rule} {names}"));
            }
        }
    }

    /// What holds between the attributes of the envelope.
    fn envelope(&mut self, attributes: &Attributes, event: &Value) {
        let number = |name: &str| at(event, name).as_i64().unwrap_or(-1);
        if number("type_uid") != number("class_uid") * 100 + number("activity_id") {
            self.fault("type_uid", "is not class_uid * 100 + activity_id");
        }
        if number("category_uid") != number("class_uid") % 100_000 / 1000 {
            self.fault("category_uid", "is not that of the class");
        }
        let activity = at(event, "activity_id").to_string();
        let caption = attributes
            .get("activity_id")
            .and_then(|attribute| attribute.get("enum"))
            .map_or(&Value::Null, |values| at(at(values, &activity), "caption"));
        if caption != at(event, "activity_name") {
            self.fault("activity_name", format_args!("{} is not {caption}", at(event, "activity_name")));
        }
    }
}

impl Schema {
    /// Whether a value is of a scalar type of the dictionary.
    fn scalar(&self, kind: &str, value: &Value) -> Result<(), String> {
        let description = self.types.get(kind).ok_or_else(|| format!("has the unknown type {kind}"))?;
        let base = description.get("type").and_then(Value::as_str).unwrap_or(kind);
        let holds = match base {
            "boolean_t" => value.is_boolean(),
            "integer_t" | "long_t" => value.is_i64() || value.is_u64(),
            "float_t" => value.is_number(),
            "json_t" => true,
            _ => value.is_string(),
        };
        if !holds {
            return Err(format!("is no {kind}"));
        }
        if let (Some(range), Some(number)) = (description.get("range").and_then(Value::as_array), value.as_i64()) {
            let bound = |place: usize| range.get(place).and_then(Value::as_i64).unwrap_or_default();
            if !(bound(0)..=bound(1)).contains(&number) {
                return Err(format!("is outside {range:?}"));
            }
        }
        let Some(text) = value.as_str() else { return Ok(()) };
        let is_form = match kind {
            "ip_t" => text.parse::<std::net::IpAddr>().is_ok(),
            "mac_t" => {
                text.len() == 17 && text.split(':').all(|pair| pair.len() == 2 && u8::from_str_radix(pair, 16).is_ok())
            }
            _ => true,
        };
        if is_form { Ok(()) } else { Err(format!("is no {kind}")) }
    }
}

/// A member of a JSON object; null where there is none.
fn at<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(&Value::Null)
}

fn json(path: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            found.extend(json_files(&path));
        } else if path.extension().is_some_and(|end| end == "json") {
            found.push(path);
        }
    }
    found
}

fn take_objects(from: &Value, into: &mut BTreeMap<String, Map<String, Value>>) {
    for (name, value) in from.as_object().into_iter().flatten() {
        if let Some(object) = value.as_object() {
            into.entry(name.clone()).or_insert_with(|| object.clone());
        }
    }
}

/// Takes the definition in a file: a new one, or an extension's additions to one of the same name.
fn define(into: &mut BTreeMap<String, Definition>, path: &Path, folder: &Path, extension: i64) -> Result<(), String> {
    let json = json(path)?;
    let own = at(&json, "name").as_str().map(str::to_owned);
    let patches = own.is_none();
    let Some(name) = own.or_else(|| at(&json, "extends").as_str().map(str::to_owned)) else { return Ok(()) };
    match into.get_mut(&name).filter(|_| patches || extension != 0) {
        Some(known) => add_attributes(&mut known.json, &json),
        None => drop(into.insert(name, Definition { json, root: folder.to_owned(), extension })),
    }
    Ok(())
}

/// A definition of an extension that adds to one of the same name.
fn add_attributes(known: &mut Value, more: &Value) {
    let (Some(known), Some(more)) =
        (known.get_mut("attributes").and_then(Value::as_object_mut), at(more, "attributes").as_object())
    else {
        return;
    };
    for (name, value) in more {
        if !name.starts_with('$') {
            known.insert(name.clone(), value.clone());
        }
    }
}

/// The attributes of a class or object with those of what it extends and of the profiles that it includes.
fn resolve(of: &BTreeMap<String, Definition>, name: &str, root: &Path) -> Result<Attributes, String> {
    let Some(definition) = of.get(name) else { return Ok(Attributes::new()) };
    let parent = at(&definition.json, "extends").as_str().filter(|parent| *parent != name);
    let mut attributes = parent.map_or_else(|| Ok(Attributes::new()), |parent| resolve(of, parent, root))?;
    let own = included(at(&definition.json, "attributes"), &definition.root, root)?;
    for (name, attribute) in own {
        merge(attributes.entry(name).or_default(), attribute);
    }
    Ok(attributes)
}

fn included(attributes: &Value, folder: &Path, root: &Path) -> Result<Attributes, String> {
    let mut found = Attributes::new();
    let includes = at(attributes, "$include");
    let names = includes.as_array().map_or_else(
        || includes.as_str().into_iter().collect(),
        |all| all.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
    );
    for name in names {
        let places = [folder.join(name), root.join(name), root.join("extensions/linux").join(name)];
        let Some(path) = places.iter().find(|path| path.exists()) else { return Err(format!("{name} is nowhere")) };
        let profile = json(path)?;
        for (attribute, mut value) in included(at(&profile, "attributes"), folder, root)? {
            if at(&profile, "meta") == "profile" {
                value.entry("profile").or_insert_with(|| at(&profile, "name").clone());
            }
            merge(found.entry(attribute).or_default(), value);
        }
    }
    for (name, value) in attributes.as_object().into_iter().flatten() {
        if let Some(value) = value.as_object().filter(|_| name != "$include") {
            merge(found.entry(name.clone()).or_default(), value.clone());
        }
    }
    Ok(found)
}

fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key).and_then(Value::as_object_mut), &value) {
            (Some(known), Value::Object(more)) if key == "enum" => known.extend(more.clone()),
            _ => drop(into.insert(key, value)),
        }
    }
}

fn enumerated(attributes: &Attributes, name: &str) -> i64 {
    let values = attributes.get(name).and_then(|attribute| attribute.get("enum")).and_then(Value::as_object);
    values.and_then(|values| values.keys().find_map(|key| key.parse().ok())).unwrap_or_default()
}

/// The uid of the category that a class is in, by the name that it or an ancestor gives.
fn category_of(events: &BTreeMap<String, Definition>, name: &str) -> Option<i64> {
    const CATEGORIES: [&str; 9] = [
        "other",
        "system",
        "findings",
        "iam",
        "network",
        "discovery",
        "application",
        "remediation",
        "unmanned_systems",
    ];
    let definition = events.get(name)?;
    match at(&definition.json, "category").as_str() {
        Some(category) => {
            CATEGORIES.iter().position(|known| *known == category).and_then(|uid| i64::try_from(uid).ok())
        }
        None => category_of(events, at(&definition.json, "extends").as_str()?),
    }
}
