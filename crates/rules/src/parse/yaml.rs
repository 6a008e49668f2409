//! YAML into a small tree that remembers the line of everything: one text in, documents out.
//!
//! Each document is read apart, so that a broken one spares its neighbours. Scalars keep their spelling and whether they were quoted; what they
//! mean is decided here by the core schema of YAML 1.2.2 section 10.3. It knows nothing of Sigma.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::fault::Fault;
use crate::ast::Scalar;

/// Deepest nesting of lists and maps in one document, aliases followed.
pub(crate) const DEPTH_MAX: usize = 64;
/// Most nodes in one document, aliases followed: no document grows by its aliases beyond this.
pub(crate) const NODES_MAX: usize = 200_000;
/// So long a scalar counts as a further node, so that aliases cannot multiply a long text either.
const SCALAR_BYTES_PER_NODE: usize = 256;

/// A value with the line on which it starts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node<'t> {
    pub(crate) line: usize,
    pub(crate) content: Content<'t>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content<'t> {
    /// Unquoted: may be a number, a boolean or null.
    Plain(Cow<'t, str>),
    /// Quoted, a block, or tagged as text.
    Text(Cow<'t, str>),
    List(Vec<Node<'t>>),
    Map(Vec<Entry<'t>>),
}

/// A key with its value; the line is that of the key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry<'t> {
    pub(crate) key: Cow<'t, str>,
    pub(crate) line: usize,
    pub(crate) value: Node<'t>,
}

impl Node<'_> {
    /// The value of a scalar; `None` for lists and maps.
    pub(crate) fn scalar(&self) -> Option<Scalar> {
        match &self.content {
            Content::Plain(text) => Some(resolve(text)),
            Content::Text(text) => Some(Scalar::Text(text.to_string())),
            Content::List(_) | Content::Map(_) => None,
        }
    }

    /// The spelling of a scalar; `None` for null, lists and maps.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Plain(text) if is_null(text) => None,
            Content::Plain(text) | Content::Text(text) => Some(text),
            Content::List(_) | Content::Map(_) => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.content, Content::Plain(text) if is_null(text))
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn resolve(text: &str) -> Scalar {
    match text {
        _ if is_null(text) => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        _ if is_number(text) => Scalar::Number(text.to_owned()),
        _ => Scalar::Text(text.to_owned()),
    }
}

/// The number forms of the core schema, without infinities and not-a-number, which no log holds.
fn is_number(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'-' | b'+'))
        && unsigned.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Cuts a text at its document markers (`---`, `...` at the start of a line) into documents with the number of their first line.
///
/// A marker at the start of a line ends a document wherever it stands (YAML 1.2.2 section 9.1.2), so no parsing is needed to find them.
pub(crate) fn split(text: &str) -> Vec<(usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    let (mut rest, mut first_line, mut line, mut bytes) = (text, 1, 1, 0);
    for row in text.split_inclusive('\n') {
        if is_marker(row, "---") || is_marker(row, "...") {
            let (document, after) = rest.split_at_checked(bytes).unwrap_or((rest, ""));
            documents.push((first_line, document));
            (rest, first_line, bytes) = (after, line, 0);
        }
        bytes += row.len();
        line += 1;
    }
    documents.push((first_line, rest));
    documents.retain(|(_, document)| document.lines().any(is_content));
    documents
}

fn is_marker(row: &str, marker: &str) -> bool {
    row.strip_prefix(marker).is_some_and(|after| after.is_empty() || after.starts_with(char::is_whitespace))
}

fn is_content(row: &str) -> bool {
    let row = row.strip_prefix("---").or_else(|| row.strip_prefix("...")).unwrap_or(row).trim_start();
    !row.is_empty() && !row.starts_with(['#', '%'])
}

/// Reads one document of [`split`].
pub(crate) fn read(first_line: usize, text: &str) -> Result<Node<'_>, Fault> {
    let text = text.strip_prefix("...").unwrap_or(text);
    let mut builder = Builder { first_line, ..Builder::default() };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let line = builder.line_of(error.marker().line());
            Fault::new(line, format!("not valid YAML: {}", error.info()))
        })?;
        builder.take(event, span.start.line())?;
    }
    builder.root.ok_or_else(|| Fault::new(first_line, "the document is empty"))
}

/// A list or map whose end has not come yet.
#[derive(Debug)]
struct Open<'t> {
    node: Node<'t>,
    key: Option<(Cow<'t, str>, usize)>,
    anchor: usize,
    /// Levels below this node so far.
    height: usize,
    /// Nodes in it so far.
    nodes: usize,
}

/// A finished node that an alias may ask for.
#[derive(Debug)]
struct Anchored<'t> {
    node: Node<'t>,
    height: usize,
    nodes: usize,
}

#[derive(Debug, Default)]
struct Builder<'t> {
    first_line: usize,
    open: Vec<Open<'t>>,
    anchors: BTreeMap<usize, Anchored<'t>>,
    nodes: usize,
    root: Option<Node<'t>>,
}

impl<'t> Builder<'t> {
    fn line_of(&self, line: usize) -> usize {
        self.first_line + line.saturating_sub(1)
    }

    fn take(&mut self, event: Event<'t>, line: usize) -> Result<(), Fault> {
        let line = self.line_of(line);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let text_bytes = text.len();
                let content = scalar_content(text, style, tag.as_deref(), line)?;
                let nodes = 1 + text_bytes / SCALAR_BYTES_PER_NODE;
                self.place(Anchored { node: Node { line, content }, height: 0, nodes }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), line)?;
                self.open(Node { line, content: Content::List(Vec::new()) }, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), line)?;
                self.open(Node { line, content: Content::Map(Vec::new()) }, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor, line),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    fn open(&mut self, node: Node<'t>, anchor: usize) -> Result<(), Fault> {
        if self.open.len() >= DEPTH_MAX {
            return Err(Fault::new(node.line, format!("nested more than {DEPTH_MAX} levels deep")));
        }
        self.open.push(Open { node, key: None, anchor, height: 0, nodes: 1 });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some(mut open) = self.open.pop() else { return Ok(()) };
        if let Content::Map(entries) = &mut open.node.content {
            merge(entries)?;
            refuse_repeated_keys(entries)?;
        }
        self.place(Anchored { node: open.node, height: open.height + 1, nodes: open.nodes }, open.anchor)
    }

    fn alias(&mut self, anchor: usize, line: usize) -> Result<(), Fault> {
        let known_nodes = self.anchors.get(&anchor).map_or(0, |known| known.nodes);
        self.count(known_nodes, line)?;
        let Some(known) = self.anchors.get(&anchor) else {
            return Err(Fault::new(line, "an alias stands within its own anchor"));
        };
        if self.open.len() + known.height > DEPTH_MAX {
            return Err(Fault::new(
                line,
                format!("nested more than {DEPTH_MAX} levels deep, with its aliases followed"),
            ));
        }
        let copy = Anchored { node: known.node.clone(), height: known.height, nodes: known.nodes };
        self.place(copy, 0)
    }

    fn count(&mut self, nodes: usize, line: usize) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > NODES_MAX {
            return Err(Fault::new(line, format!("more than {NODES_MAX} values, with its aliases followed")));
        }
        Ok(())
    }

    /// Puts a finished node where it belongs: into the open list or map, or at the root.
    fn place(&mut self, done: Anchored<'t>, anchor: usize) -> Result<(), Fault> {
        let line = done.node.line;
        self.count(1, line)?;
        if anchor != 0 {
            self.count(done.nodes, line)?;
            let copy = Anchored { node: done.node.clone(), height: done.height, nodes: done.nodes };
            self.anchors.insert(anchor, copy);
        }
        let Some(parent) = self.open.last_mut() else {
            self.root.get_or_insert(done.node);
            return Ok(());
        };
        parent.height = parent.height.max(done.height);
        parent.nodes += done.nodes;
        match (&mut parent.node.content, parent.key.take()) {
            (Content::Map(entries), Some((key, line))) => entries.push(Entry { key, line, value: done.node }),
            (Content::Map(_), None) => parent.key = Some((key_text(done.node)?, line)),
            (Content::List(items), _) => items.push(done.node),
            (Content::Plain(_) | Content::Text(_), _) => {}
        }
        Ok(())
    }
}

fn key_text(node: Node<'_>) -> Result<Cow<'_, str>, Fault> {
    match node.content {
        Content::Plain(text) | Content::Text(text) => Ok(text),
        Content::List(_) | Content::Map(_) => Err(Fault::new(node.line, "a key must be a word, not a list or a map")),
    }
}

fn scalar_content<'t>(
    text: Cow<'t, str>,
    style: ScalarStyle,
    tag: Option<&Tag>,
    line: usize,
) -> Result<Content<'t>, Fault> {
    let as_text = tag.is_some_and(|tag| tag.suffix == "str" || tag.handle.is_empty() && tag.suffix == "!");
    if !as_text {
        refuse_tag(tag, line)?;
    }
    Ok(if style == ScalarStyle::Plain && !as_text { Content::Plain(text) } else { Content::Text(text) })
}

fn refuse_tag(tag: Option<&Tag>, line: usize) -> Result<(), Fault> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema() => Err(Fault::new(line, format!("unknown YAML tag `{tag}`"))),
        _ => Ok(()),
    }
}

/// Takes over the entries of the maps under `<<` (YAML 1.1 merge keys): a key that the map has itself wins.
fn merge(entries: &mut Vec<Entry<'_>>) -> Result<(), Fault> {
    let Some(at) = entries.iter().position(|entry| entry.key == "<<") else { return Ok(()) };
    let merged = entries.remove(at);
    let maps = match merged.value.content {
        Content::List(items) => items,
        _ => vec![merged.value],
    };
    let mut own: BTreeSet<String> = entries.iter().map(|entry| entry.key.to_string()).collect();
    for map in maps {
        let Content::Map(others) = map.content else {
            return Err(Fault::new(map.line, "`<<` takes over maps only"));
        };
        entries.extend(others.into_iter().filter(|other| own.insert(other.key.to_string())));
    }
    Ok(())
}

fn refuse_repeated_keys(entries: &[Entry<'_>]) -> Result<(), Fault> {
    let mut seen = BTreeSet::new();
    match entries.iter().find(|entry| !seen.insert(entry.key.as_ref())) {
        Some(entry) => Err(Fault::new(entry.line, format!("`{}` stands twice in the same map", entry.key))),
        None => Ok(()),
    }
}
