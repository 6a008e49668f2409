//! The body of a `_bulk`, item by item (Elasticsearch reference, "Bulk API"): an action on one line, its document on the next.

use std::sync::Arc;

use crate::live::http::members::is_object;
use serde::Deserialize;

/// Longest `_id` in bytes, as Elasticsearch has it.
const ID_BYTES_MAX: usize = 512;
/// Longest line that may be an action.
const ACTION_BYTES_MAX: usize = 16 << 10;

/// What an item asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Keep the document; its id may exist.
    Index,
    /// Keep the document; its id may not exist.
    Create,
    /// Not done here.
    Update,
    /// Not done here.
    Delete,
}

impl Operation {
    /// Its name in the body and in the answer.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// The line in front of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What is asked for.
    pub operation: Operation,
    /// `_index`, when the line names one.
    pub index: Option<String>,
    /// `_id`, when the line names one.
    pub id: Option<String>,
}

/// Why an item is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The line is no action; the line behind it, which may be its document, is not kept either.
    Action,
    /// Update and delete: what is kept is never changed.
    Operation,
    /// The document is no JSON object.
    Document,
    /// The document is longer than a record may be.
    TooLong,
    /// Neither line nor path name an index.
    NoIndex,
    /// `_id` has more than 512 bytes.
    LongId,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// Its action; that of a broken line is an `index` without names.
    pub action: Arc<Action>,
    /// The document as it was sent, or what is wrong.
    pub document: Result<&'a [u8], Fault>,
}

/// Walks over the items of a body. Every line belongs to one item; blank lines in front of an action to none.
#[derive(Debug)]
pub struct Items<'a> {
    rest: &'a [u8],
    has_index: bool,
    record_bytes_max: usize,
    /// The action line read last, and what it says: senders repeat one line for all documents.
    last: Option<(&'a [u8], Arc<Action>)>,
}

impl<'a> Items<'a> {
    /// The items of `body`; `has_index` when the path names one.
    #[must_use]
    pub const fn new(body: &'a [u8], has_index: bool, record_bytes_max: usize) -> Self {
        Self { rest: body, has_index, record_bytes_max, last: None }
    }

    fn line(&mut self) -> Option<&'a [u8]> {
        let (line, rest) = line_of(self.rest)?;
        self.rest = rest;
        Some(line)
    }

    fn action(&mut self, line: &'a [u8]) -> Option<Arc<Action>> {
        if let Some((known, action)) = &self.last
            && *known == line
        {
            return Some(Arc::clone(action));
        }
        let action = Arc::new(action_of(line)?);
        self.last = Some((line, Arc::clone(&action)));
        Some(action)
    }

    /// A line that is no action. The next line is taken for its document unless it is an action itself.
    fn broken(&mut self) -> Item<'a> {
        let next = line_of(self.rest).map(|(line, rest)| (action_of(line).is_none(), rest));
        if let Some((true, rest)) = next {
            self.rest = rest;
        }
        let action = Arc::new(Action { operation: Operation::Index, index: None, id: None });
        Item { action, document: Err(Fault::Action) }
    }

    fn document(&mut self, action: &Action) -> Result<&'a [u8], Fault> {
        if action.operation == Operation::Delete {
            return Err(Fault::Operation);
        }
        let line = self.line().unwrap_or_default();
        let long_id = action.id.as_ref().is_some_and(|id| id.len() > ID_BYTES_MAX);
        match action.operation {
            Operation::Update => Err(Fault::Operation),
            _ if long_id => Err(Fault::LongId),
            _ if action.index.is_none() && !self.has_index => Err(Fault::NoIndex),
            _ if line.len() > self.record_bytes_max => Err(Fault::TooLong),
            _ if !is_object(line) => Err(Fault::Document),
            _ => Ok(line),
        }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        let mut line = self.line()?;
        while line.is_empty() {
            line = self.line()?;
        }
        let Some(action) = self.action(line) else { return Some(self.broken()) };
        let document = self.document(&action);
        Some(Item { action, document })
    }
}

/// The first line without its end, blanks around it left out, and what follows.
fn line_of(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    if rest.is_empty() {
        return None;
    }
    let (line, rest) = match memchr::memchr(b'\n', rest) {
        Some(end) => (rest.get(..end)?, rest.get(end + 1..)?),
        None => (rest, &[][..]),
    };
    Some((line.trim_ascii(), rest))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    index: Option<Names>,
    create: Option<Names>,
    update: Option<Names>,
    delete: Option<Names>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Names {
    #[serde(rename = "_index")]
    index: Option<String>,
    #[serde(rename = "_id")]
    id: Option<Id>,
}

/// An id may be written as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(serde_json::Number),
}

fn action_of(line: &[u8]) -> Option<Action> {
    if line.len() > ACTION_BYTES_MAX {
        return None;
    }
    let Line { index, create, update, delete } = serde_json::from_slice(line).ok()?;
    let all = [
        (Operation::Index, index),
        (Operation::Create, create),
        (Operation::Update, update),
        (Operation::Delete, delete),
    ];
    let mut stated = all.into_iter().filter_map(|(operation, names)| Some((operation, names?)));
    let (operation, Names { index, id }) = stated.next()?;
    if stated.next().is_some() {
        return None;
    }
    let id = id.map(|id| match id {
        Id::Text(text) => text,
        Id::Number(number) => number.to_string(),
    });
    Some(Action { operation, index, id })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each item as `operation index id document-or-fault`.
    fn check(body: &str, expect: &[&str]) {
        let items = Items::new(body.as_bytes(), false, 64).map(|item| {
            let document = match item.document {
                Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Err(fault) => format!("{fault:?}"),
            };
            let Action { operation, index, id } = &*item.action;
            let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
            format!("{} {} {} {document}", operation.name(), or_none(index), or_none(id))
        });
        assert_eq!(items.collect::<Vec<_>>(), expect, "{body}");
    }

    #[test]
    fn documents_stand_behind_their_actions() {
        check(
            "{\"create\":{\"_index\":\"logs\"}}\n{\"a\":1}\n{\"create\":{\"_index\":\"logs\"}}\r\n{\"a\":2}\r\n\n{\"index\":{\"_index\":\"x\",\"_id\":7}}\n{\"a\":3}",
            &["create logs - {\"a\":1}", "create logs - {\"a\":2}", "index x 7 {\"a\":3}"],
        );
        check("", &[]);
        check("\n\n", &[]);
    }

    #[test]
    fn update_and_delete_are_items_that_fail() {
        check(
            "{\"delete\":{\"_index\":\"x\",\"_id\":\"1\"}}\n{\"update\":{\"_index\":\"x\",\"_id\":\"2\"}}\n{\"doc\":{}}\n{\"index\":{\"_index\":\"x\"}}\n{}\n",
            &["delete x 1 Operation", "update x 2 Operation", "index x - {}"],
        );
    }

    #[test]
    fn a_broken_line_fails_its_item_only() {
        check(
            "{\"index\":{\"_index\":\"x\"}}\n{\"a\":\n{\"index\":{\"_index\":\"x\"}}\n{\"a\":2}\n",
            &["index x - Document", "index x - {\"a\":2}"],
        );
        check(
            "{\"indx\":{}}\n{\"a\":1}\n{\"index\":{\"_index\":\"x\"}}\n{\"a\":2}\n",
            &["index - - Action", "index x - {\"a\":2}"],
        );
        check("oh\n{\"index\":{\"_index\":\"x\"}}\n{\"a\":2}\n", &["index - - Action", "index x - {\"a\":2}"]);
        check("{\"index\":{\"_index\":\"x\"}}\n", &["index x - Document"]);
        check("{\"index\":{\"_index\":\"x\"}}\n[1]\n", &["index x - Document"]);
        check("{\"index\":{}}\n{}\n", &["index - - NoIndex"]);
        let long = format!("{{\"index\":{{\"_index\":\"x\"}}}}\n{{\"a\":\"{}\"}}\n", "b".repeat(64));
        check(&long, &["index x - TooLong"]);
        let long = format!("{{\"index\":{{\"_index\":\"x\",\"_id\":\"{0}\"}}}}\n{{}}\n", "b".repeat(513));
        check(&long, &[&format!("index x {} LongId", "b".repeat(513))]);
    }

    #[test]
    fn a_body_cut_at_every_byte_gives_no_more_items_than_the_whole() {
        let body = "{\"create\":{\"_index\":\"logs\"}}\n{\"a\":1}\n{\"delete\":{\"_id\":\"1\"}}\nxx\n{\"a\":1}\n";
        let whole = Items::new(body.as_bytes(), true, 64).count();
        for end in 0..body.len() {
            assert!(Items::new(&body.as_bytes()[..end], true, 64).count() <= whole, "cut at {end}");
        }
    }
}
