//! The fields that rules, correlations and filters share: title, id, author, level and the like.
//!
//! In: the top map of a document. Out: the [`RuleCard`] and [`Details`]. Fields for people only (description, references, dates) never stop a rule;
//! fields that decide what happens to a finding (title, level, status) do.

use std::borrow::Cow;

use cordon_model::{Level, RuleCard};

use super::fault::Fault;
use super::suggest::did_you_mean;
use super::yaml::{Content, Entry, Node};
use crate::ast::{Details, RuleLogSource};

/// Keys that the standard gives a meaning to, at the top of any document.
const KNOWN_KEYS: [&str; 22] = [
    "title",
    "id",
    "name",
    "related",
    "taxonomy",
    "status",
    "description",
    "license",
    "author",
    "references",
    "date",
    "modified",
    "tags",
    "scope",
    "logsource",
    "detection",
    "fields",
    "falsepositives",
    "level",
    "correlation",
    "filter",
    "generate",
];
const STATUSES: [&str; 5] = ["stable", "test", "experimental", "deprecated", "unsupported"];
/// Longest title of the standard, in characters.
const TITLE_CHARS_MAX: usize = 256;

/// What [`read`] finds.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) card: RuleCard,
    pub(crate) name: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) details: Details,
    /// Whether the document states a level.
    pub(crate) has_level: bool,
}

/// The entry of a key.
pub(crate) fn find<'n, 't>(map: &'n [Entry<'t>], key: &str) -> Option<&'n Entry<'t>> {
    map.iter().find(|entry| entry.key == key)
}

/// The entries of a map, or a refusal that names it.
pub(crate) fn map_of<'n, 't>(entry: &'n Entry<'t>) -> Result<&'n [Entry<'t>], Fault> {
    match &entry.value.content {
        Content::Map(entries) => Ok(entries),
        _ => Err(Fault::new(entry.line, format!("`{}` must be a map of keys and values", entry.key))),
    }
}

/// The text of a key that must be one; `None` when absent or null.
pub(crate) fn text_of<'n>(map: &'n [Entry<'_>], key: &str) -> Result<Option<&'n str>, Fault> {
    let Some(entry) = find(map, key) else { return Ok(None) };
    match entry.value.text() {
        Some(text) => Ok(Some(text)),
        None if entry.value.is_null() => Ok(None),
        None => Err(Fault::new(entry.line, format!("`{key}` must be text"))),
    }
}

/// The texts of a key that must be a list of texts or one text.
pub(crate) fn texts_of(map: &[Entry<'_>], key: &str) -> Result<Vec<String>, Fault> {
    let Some(entry) = find(map, key) else { return Ok(Vec::new()) };
    let nodes = match &entry.value.content {
        Content::List(items) => items.as_slice(),
        _ if entry.value.is_null() => &[],
        _ => std::slice::from_ref(&entry.value),
    };
    let mut found = Vec::with_capacity(nodes.len());
    for node in nodes {
        let Some(text) = node.text() else {
            return Err(Fault::new(node.line, format!("`{key}` must be text or a list of texts")));
        };
        found.push(text.to_owned());
    }
    Ok(found)
}

/// A missing key, with the key that may have been meant by it.
pub(crate) fn missing(map: &[Entry<'_>], line: usize, key: &str) -> Fault {
    let keys = map.iter().map(|entry| entry.key.as_ref()).filter(|other| !KNOWN_KEYS.contains(other));
    let fault = Fault::new(line, format!("`{key}` is missing"));
    match did_you_mean(key, keys) {
        Some(near) => fault.hint(format!("`{near}` may be a slip of the pen for it")),
        None => fault,
    }
}

/// Reads the shared fields of a document that starts on `line`.
pub(crate) fn read(map: &[Entry<'_>], line: usize, warnings: &mut Vec<Fault>) -> Result<Header, Fault> {
    warn_of_slips(map, warnings);
    let name = text_of(map, "name")?.map(str::to_owned);
    let id = text_of(map, "id")?.map(str::to_owned);
    let title = title(map, line, id.as_deref().or(name.as_deref()), warnings)?;
    let details = details(map, warnings);
    let level = level(map)?;
    let card = RuleCard {
        id: id.or_else(|| name.clone()).unwrap_or_else(|| title.clone()),
        title,
        author: lenient_texts(map, "author", warnings).join(", "),
        license: lenient_text(map, "license", warnings).unwrap_or_default(),
        link: details.references.first().cloned().unwrap_or_default(),
        level: level.unwrap_or_default(),
        tags: lenient_texts(map, "tags", warnings),
        description: lenient_text(map, "description", warnings).unwrap_or_default(),
        false_positives: lenient_texts(map, "falsepositives", warnings),
    };
    Ok(Header { card, name, status: status(map, warnings)?, details, has_level: level.is_some() })
}

fn title(map: &[Entry<'_>], line: usize, other: Option<&str>, warnings: &mut Vec<Fault>) -> Result<String, Fault> {
    let Some(title) = text_of(map, "title")?.filter(|title| !title.trim().is_empty()) else {
        let fault = missing(map, line, "title");
        let Some(other) = other else { return Err(fault) };
        warnings.push(fault);
        return Ok(other.to_owned());
    };
    if title.chars().count() > TITLE_CHARS_MAX {
        let line = find(map, "title").map_or(line, |entry| entry.line);
        warnings.push(Fault::new(line, format!("the title is longer than {TITLE_CHARS_MAX} characters")));
    }
    Ok(title.to_owned())
}

fn level(map: &[Entry<'_>]) -> Result<Option<Level>, Fault> {
    let Some(entry) = find(map, "level") else { return Ok(None) };
    let Some(text) = text_of(map, "level")? else { return Ok(None) };
    match Level::from_name(text) {
        Some(level) => Ok(Some(level)),
        None => Err(Fault::new(entry.line, format!("unknown level `{text}`"))
            .meant(did_you_mean(text, Level::ALL.iter().map(|level| level.name())))),
    }
}

fn status(map: &[Entry<'_>], warnings: &mut Vec<Fault>) -> Result<Option<String>, Fault> {
    let Some(entry) = find(map, "status") else { return Ok(None) };
    let Some(text) = text_of(map, "status")? else { return Ok(None) };
    if !STATUSES.contains(&text) {
        let fault = Fault::new(entry.line, format!("unknown status `{text}`"));
        return Err(fault.meant(did_you_mean(text, STATUSES)));
    }
    if text == "unsupported" {
        warnings.push(Fault::new(entry.line, "its author says that this rule cannot be used in its present state"));
    }
    Ok(Some(text.to_owned()))
}

fn details(map: &[Entry<'_>], warnings: &mut Vec<Fault>) -> Details {
    let mut references = lenient_texts(map, "references", warnings);
    if references.is_empty() {
        references = lenient_texts(map, "reference", warnings);
    }
    Details {
        taxonomy: lenient_text(map, "taxonomy", warnings),
        related: related(map, warnings),
        references,
        date: lenient_text(map, "date", warnings),
        modified: lenient_text(map, "modified", warnings),
        scope: lenient_texts(map, "scope", warnings),
        definition: None,
    }
}

fn related(map: &[Entry<'_>], warnings: &mut Vec<Fault>) -> Vec<(String, String)> {
    let Some(entry) = find(map, "related") else { return Vec::new() };
    let Content::List(items) = &entry.value.content else {
        warnings.push(Fault::new(entry.line, "`related` must be a list of `id` and `type`"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in items {
        let pair = |key: &str| match &item.content {
            Content::Map(entries) => find(entries, key).and_then(|entry| entry.value.text()).map(str::to_owned),
            _ => None,
        };
        match (pair("type"), pair("id")) {
            (Some(kind), Some(id)) => found.push((kind, id)),
            _ => warnings.push(Fault::new(item.line, "an entry of `related` needs `id` and `type`")),
        }
    }
    found
}

/// A text for people: another form gives a warning.
fn lenient_text(map: &[Entry<'_>], key: &str, warnings: &mut Vec<Fault>) -> Option<String> {
    text_of(map, key)
        .unwrap_or_else(|fault| {
            warnings.push(fault);
            None
        })
        .map(str::to_owned)
}

/// A list of texts for people: an entry of another form gives a warning and is left out.
pub(crate) fn lenient_texts(map: &[Entry<'_>], key: &str, warnings: &mut Vec<Fault>) -> Vec<String> {
    let Some(entry) = find(map, key) else { return Vec::new() };
    let nodes: Vec<&Node<'_>> = match &entry.value.content {
        Content::List(items) => items.iter().collect(),
        _ => vec![&entry.value],
    };
    let mut found = Vec::new();
    for node in nodes {
        match node.text() {
            Some(text) => found.push(text.to_owned()),
            None if node.is_null() => {}
            None => warnings.push(Fault::new(node.line, format!("an entry of `{key}` is not text"))),
        }
    }
    found
}

/// Own keys are allowed, but one that is nearly a known key is more likely a slip.
fn warn_of_slips(map: &[Entry<'_>], warnings: &mut Vec<Fault>) {
    for entry in map.iter().filter(|entry| !KNOWN_KEYS.contains(&entry.key.as_ref())) {
        let absent = KNOWN_KEYS.into_iter().filter(|key| find(map, key).is_none());
        if let Some(near) = did_you_mean(&entry.key, absent) {
            warnings.push(Fault::new(entry.line, format!("unknown key `{}`", entry.key)).meant(Some(near)));
        }
    }
}

/// Reads `logsource`; its definition goes into `details`.
pub(crate) fn log_source(
    map: &[Entry<'_>],
    line: usize,
    details: &mut Details,
    warnings: &mut Vec<Fault>,
) -> Result<RuleLogSource, Fault> {
    let entry = find(map, "logsource").ok_or_else(|| missing(map, line, "logsource"))?;
    let inner = map_of(entry)?;
    details.definition = lenient_text(inner, "definition", warnings);
    let mut word = |key: &str| -> Result<Option<String>, Fault> {
        let Some(text) = text_of(inner, key)? else { return Ok(None) };
        let lower = lower(text);
        if lower != text {
            let line = find(inner, key).map_or(entry.line, |entry| entry.line);
            warnings.push(Fault::new(
                line,
                format!("log source `{text}` is read as `{lower}`: the standard writes lower case"),
            ));
        }
        Ok(Some(lower.into_owned()))
    };
    let source = RuleLogSource { product: word("product")?, category: word("category")?, service: word("service")? };
    if source == RuleLogSource::default() {
        let fault = Fault::new(entry.line, "`logsource` names no product, category or service");
        let keys = ["product", "category", "service"];
        let near = inner.iter().find_map(|entry| did_you_mean(&entry.key, keys));
        return Err(fault.meant(near));
    }
    Ok(source)
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_uppercase) { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) }
}
