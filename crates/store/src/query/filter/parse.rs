//! Words to a tree: `or` binds least, then side by side or `and`, then `-` and `not`.

use std::ops::Range;

use super::fields::{self, TIMES};
use super::words::{Placed, Word, words};
use super::{Filter, FilterError, Moment, Node, Sign, Value, spans};

pub(super) fn parse(text: &str) -> Result<Filter, FilterError> {
    let words = words(text)?;
    let mut parser = Parser { words: &words, at: 0, end: text.len(), conditions: 0 };
    let root = if words.is_empty() { Node::All(Vec::new()) } else { parser.any(0)? };
    match parser.peek() {
        None => Ok(Filter { root }),
        Some((_, at)) => Err(FilterError::new(at.clone(), "there is nothing that this closes")),
    }
}

struct Parser<'w> {
    words: &'w [Placed],
    at: usize,
    end: usize,
    conditions: usize,
}

impl<'w> Parser<'w> {
    fn peek(&self) -> Option<&'w Placed> {
        self.words.get(self.at)
    }

    fn is_word(&self, name: &str) -> bool {
        matches!(self.peek(), Some((Word::Bare(word), _)) if word.eq_ignore_ascii_case(name))
            && !matches!(self.words.get(self.at + 1), Some((Word::Sign(_), _)))
    }

    fn missing(&self, what: &str) -> FilterError {
        FilterError::new(self.end..self.end, what)
    }

    fn any(&mut self, depth: usize) -> Result<Node, FilterError> {
        let mut parts = vec![self.all(depth)?];
        while self.is_word("or") {
            self.at += 1;
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Node::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Node, FilterError> {
        let mut parts = vec![self.part(depth)?];
        loop {
            if self.is_word("and") {
                self.at += 1;
            } else if self.is_word("or") || matches!(self.peek(), None | Some((Word::Close, _))) {
                return Ok(one_or(parts, Node::All));
            }
            parts.push(self.part(depth)?);
        }
    }

    fn part(&mut self, depth: usize) -> Result<Node, FilterError> {
        let Some((word, at)) = self.peek() else { return Err(self.missing("something is missing here")) };
        if depth > Filter::DEPTH_MAX {
            return Err(FilterError::new(at.clone(), format!("a filter nests at most {} deep", Filter::DEPTH_MAX)));
        }
        let is_not = self.is_word("not");
        self.at += 1;
        match word {
            _ if is_not => Ok(Node::Not(Box::new(self.part(depth + 1)?))),
            Word::Minus => Ok(Node::Not(Box::new(self.part(depth + 1)?))),
            Word::Open => self.group(at, depth),
            Word::Quoted(text) => self.counted(at, Node::Anywhere(text.clone())),
            Word::Bare(text) => match self.peek() {
                Some((Word::Sign(sign), _)) => {
                    self.at += 1;
                    let node = self.field(text, at, *sign)?;
                    self.counted(at, node)
                }
                _ => self.counted(at, Node::Anywhere(text.clone())),
            },
            Word::Close => Err(FilterError::new(at.clone(), "something is missing before this")),
            Word::Sign(_) => Err(FilterError::new(at.clone(), "a field is missing before this")),
        }
    }

    fn counted(&mut self, at: &Range<usize>, node: Node) -> Result<Node, FilterError> {
        self.conditions += 1;
        if self.conditions > Filter::CONDITIONS_MAX {
            let message = format!("a filter has at most {} conditions", Filter::CONDITIONS_MAX);
            return Err(FilterError::new(at.clone(), message));
        }
        Ok(node)
    }

    fn group(&mut self, open: &Range<usize>, depth: usize) -> Result<Node, FilterError> {
        let node = self.any(depth + 1)?;
        match self.peek() {
            Some((Word::Close, _)) => {
                self.at += 1;
                Ok(node)
            }
            _ => Err(FilterError::new(open.clone(), "this parenthesis is never closed")),
        }
    }

    fn field(&mut self, name: &str, at: &Range<usize>, sign: Sign) -> Result<Node, FilterError> {
        let name = name.to_ascii_lowercase();
        if TIMES.contains(&name.as_str()) {
            let value = self.value()?;
            return moment(&name, sign, &value);
        }
        let Some(field) = fields::find(&name) else {
            let error = FilterError::new(at.clone(), format!("there is no field `{name}`"));
            return Err(error.hinting(fields::nearest(&name)));
        };
        let values = self.values()?;
        super::compile::check(&field, sign, &values)?;
        Ok(Node::Field { field, sign, values })
    }

    /// One value, or several in parentheses: `host:(a or b)`, `host:(a b)`.
    fn values(&mut self) -> Result<Vec<Value>, FilterError> {
        let Some((Word::Open, open)) = self.peek() else { return Ok(vec![self.value()?]) };
        self.at += 1;
        let mut values = Vec::new();
        loop {
            match self.peek() {
                Some((Word::Close, _)) if !values.is_empty() => {
                    self.at += 1;
                    return Ok(values);
                }
                None => return Err(FilterError::new(open.clone(), "this parenthesis is never closed")),
                _ if self.is_word("or") && !values.is_empty() => self.at += 1,
                Some((_, at)) => {
                    let value = self.value()?;
                    values.push(value);
                    self.counted(at, Node::All(Vec::new()))?;
                }
            }
        }
    }

    fn value(&mut self) -> Result<Value, FilterError> {
        let value = match self.peek() {
            Some((Word::Bare(text), at)) => Value { text: text.clone(), is_quoted: false, at: at.clone() },
            Some((Word::Quoted(text), at)) => Value { text: text.clone(), is_quoted: true, at: at.clone() },
            Some((_, at)) => {
                return Err(FilterError::new(
                    at.clone(),
                    "a value belongs here; put it in quotes if it has such letters",
                ));
            }
            None => return Err(self.missing("a value is missing here")),
        };
        self.at += 1;
        Ok(value)
    }
}

fn one_or(mut parts: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Node {
    match parts.len() {
        1 => parts.pop().unwrap_or_else(|| several(Vec::new())),
        _ => several(parts),
    }
}

/// `last:24h`, `since:2026-11-22`, `until:2d`, `time>=2026-11-22T06:00`.
fn moment(name: &str, sign: Sign, value: &Value) -> Result<Node, FilterError> {
    let sign = match (name, sign) {
        ("last" | "since", Sign::Has | Sign::Is) => Sign::AtLeast,
        ("until", Sign::Has | Sign::Is) => Sign::Below,
        ("time", Sign::Above | Sign::AtLeast | Sign::Below | Sign::AtMost) => sign,
        _ => {
            return Err(FilterError::new(value.at.clone(), format!("`{name}` is not compared like this")).hinting(
                Some("write `last:24h`, `since:2026-11-22`, `until:2026-11-23` or `time>=2026-11-22T06:00`".to_owned()),
            ));
        }
    };
    let ago = spans::length(&value.text).map(Moment::Before);
    let at = || spans::moment(&value.text).map(Moment::At).filter(|_| name != "last");
    match ago.or_else(at) {
        Some(moment) => Ok(Node::Time { sign, moment }),
        None => {
            let hint = if name == "last" {
                "write a length as 15m, 24h or 7d"
            } else {
                "write a time as 2026-11-22 or 2026-11-22T06:00, or a length as 24h"
            };
            let error = FilterError::new(value.at.clone(), format!("`{}` is no time", value.text));
            Err(error.hinting(Some(hint.to_owned())))
        }
    }
}
