//! Conditions: `selection and not 1 of filter_*` into a tree, and back into text.
//!
//! Binding, weakest first: `or`, `and`, `not`, `x of`, parentheses (Sigma 2.1, "Condition"). It knows the names of the selections but not what
//! they ask for.

use std::collections::BTreeSet;
use std::fmt;

use super::fault::Fault;
use super::join::spell_out;
use super::suggest::did_you_mean;
use crate::ast::{Condition, Selection, SelectionPattern};

/// Longest condition, in bytes.
const CONDITION_BYTES_MAX: usize = 65_536;
/// Deepest nesting of `not` and parentheses.
const CONDITION_DEPTH_MAX: usize = 64;

/// Reads one condition that stands on `line`.
pub(crate) fn parse(text: &str, line: usize) -> Result<Condition, Fault> {
    if text.len() > CONDITION_BYTES_MAX {
        return Err(Fault::new(line, format!("the condition is longer than {CONDITION_BYTES_MAX} bytes")));
    }
    let mut reader = Reader { tokens: tokens(text), at: 0, line };
    if reader.tokens.is_empty() {
        return Err(Fault::new(line, "the condition is empty"));
    }
    let condition = reader.or(0)?;
    match reader.peek() {
        None => Ok(condition),
        Some("|") => Err(Fault::new(line, "aggregations behind `|` are no longer part of Sigma")
            .hint("write a correlation rule instead")),
        Some(token) => Err(Fault::new(line, format!("`{token}` is not expected here in the condition"))
            .hint("`and` or `or` may be missing before it")),
    }
}

fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for word in text.split_whitespace() {
        let mut rest = word;
        while !rest.is_empty() {
            let single = rest.starts_with(['(', ')', '|']);
            let bytes = if single { 1 } else { rest.find(['(', ')', '|']).unwrap_or(rest.len()) };
            let Some((token, after)) = rest.split_at_checked(bytes) else { break };
            found.push(token);
            rest = after;
        }
    }
    found
}

#[derive(Debug)]
struct Reader<'t> {
    tokens: Vec<&'t str>,
    at: usize,
    line: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t str> {
        self.tokens.get(self.at).copied()
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn or(&mut self, depth: usize) -> Result<Condition, Fault> {
        let first = self.and(depth)?;
        let mut branches = vec![first];
        while self.take_word("or") {
            branches.push(self.and(depth)?);
        }
        Ok(one_or(branches, Condition::Or))
    }

    fn and(&mut self, depth: usize) -> Result<Condition, Fault> {
        let first = self.not(depth)?;
        let mut branches = vec![first];
        while self.take_word("and") {
            branches.push(self.not(depth)?);
        }
        Ok(one_or(branches, Condition::And))
    }

    fn not(&mut self, depth: usize) -> Result<Condition, Fault> {
        if depth > CONDITION_DEPTH_MAX {
            return Err(Fault::new(
                self.line,
                format!("the condition is nested more than {CONDITION_DEPTH_MAX} levels deep"),
            ));
        }
        if self.take_word("not") {
            return Ok(Condition::Not(Box::new(self.not(depth + 1)?)));
        }
        self.operand(depth)
    }

    fn operand(&mut self, depth: usize) -> Result<Condition, Fault> {
        let Some(token) = self.peek() else {
            return Err(Fault::new(self.line, "the condition ends where a selection is expected"));
        };
        self.at += 1;
        match token {
            "(" => {
                let inner = self.or(depth + 1)?;
                if self.peek() != Some(")") {
                    return Err(Fault::new(self.line, "a `(` in the condition is not closed"));
                }
                self.at += 1;
                Ok(inner)
            }
            ")" | "|" => Err(Fault::new(self.line, format!("`{token}` stands where a selection is expected"))),
            _ if is_keyword(token) => {
                Err(Fault::new(self.line, format!("`{token}` stands where a selection is expected")))
            }
            _ if self.take_word("of") => self.of(token),
            _ if token.contains('*') => Err(Fault::new(self.line, format!("`{token}` needs a number before it"))
                .hint(format!("write `1 of {token}` or `all of {token}`"))),
            _ => Ok(Condition::Selection(token.to_owned())),
        }
    }

    fn of(&mut self, count: &str) -> Result<Condition, Fault> {
        let all = match count.to_ascii_lowercase().as_str() {
            "1" | "any" => false,
            "all" => true,
            _ => {
                return Err(Fault::new(self.line, format!("`{count} of` is not part of Sigma"))
                    .hint("only `1 of` and `all of` are"));
            }
        };
        let target = self.peek().filter(|token| !matches!(*token, "(" | ")" | "|") && !is_keyword(token));
        let Some(target) = target else {
            return Err(Fault::new(self.line, format!("`{count} of` needs `them` or a name pattern")));
        };
        self.at += 1;
        let pattern = match target {
            "them" => SelectionPattern::Them,
            name => SelectionPattern::Name(name.to_owned()),
        };
        Ok(Condition::Of { all, pattern })
    }
}

fn is_keyword(token: &str) -> bool {
    ["and", "or", "not"].iter().any(|word| token.eq_ignore_ascii_case(word))
}

fn one_or(mut branches: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    if branches.len() > 1 {
        return join(branches);
    }
    branches.pop().unwrap_or(Condition::Or(Vec::new()))
}

impl SelectionPattern {
    /// Whether a selection of this name takes part.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Them => !name.starts_with('_'),
            Self::Name(pattern) => star_match(pattern, name),
        }
    }
}

impl fmt::Display for SelectionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Them => f.write_str("them"),
            Self::Name(pattern) => f.write_str(pattern),
        }
    }
}

/// `*` stands for any number of characters, everything else for itself.
pub(crate) fn star_match(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Checks that every name and pattern of the conditions means a selection; returns the names of those that nothing uses.
pub(crate) fn check_names<'s>(
    conditions: &[Condition],
    selections: &'s [Selection],
    line: usize,
) -> Result<Vec<&'s str>, Fault> {
    let mut used = BTreeSet::new();
    for condition in conditions {
        mark_used(condition, selections, line, &mut used)?;
    }
    Ok(selections.iter().map(|selection| selection.name.as_str()).filter(|name| !used.contains(name)).collect())
}

fn mark_used<'s>(
    condition: &Condition,
    selections: &'s [Selection],
    line: usize,
    used: &mut BTreeSet<&'s str>,
) -> Result<(), Fault> {
    let names = || selections.iter().map(|selection| selection.name.as_str());
    match condition {
        Condition::And(branches) | Condition::Or(branches) => {
            branches.iter().try_for_each(|branch| mark_used(branch, selections, line, used))
        }
        Condition::Not(inner) => mark_used(inner, selections, line, used),
        Condition::Selection(name) => match names().find(|known| known == name) {
            Some(known) => {
                used.insert(known);
                Ok(())
            }
            None => Err(Fault::new(line, format!("the condition names `{name}`, which is no selection of this rule"))
                .meant(did_you_mean(name, names()))),
        },
        Condition::Of { pattern, .. } => {
            let meant: Vec<&str> = names().filter(|name| pattern.matches(name)).collect();
            used.extend(&meant);
            if meant.is_empty() {
                return Err(Fault::new(line, format!("no selection of this rule matches `of {pattern}`"))
                    .meant(nearest_pattern(pattern, names())));
            }
            Ok(())
        }
    }
}

fn nearest_pattern<'s>(pattern: &SelectionPattern, names: impl Iterator<Item = &'s str>) -> Option<&'s str> {
    match pattern {
        SelectionPattern::Them => None,
        SelectionPattern::Name(pattern) => did_you_mean(pattern, names),
    }
}

/// Selections that are no more.
#[derive(Debug, Default)]
pub(crate) struct SelectionsDropped(BTreeSet<String>);

impl SelectionsDropped {
    pub(crate) fn add(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }

    /// Takes them out of the conditions, as pySigma does: what is joined with `and` or `or` to one stays as it is without it.
    pub(crate) fn leave(&self, conditions: &mut Vec<Condition>, selections: &[Selection]) {
        if self.0.is_empty() {
            return;
        }
        for condition in conditions.iter_mut() {
            spell_out(condition, selections, "");
        }
        *conditions = std::mem::take(conditions).into_iter().filter_map(|condition| self.without(condition)).collect();
    }

    fn without(&self, condition: Condition) -> Option<Condition> {
        let kept = |branches: Vec<Condition>| -> Vec<Condition> {
            branches.into_iter().filter_map(|branch| self.without(branch)).collect()
        };
        let (branches, join): (_, fn(Vec<Condition>) -> Condition) = match condition {
            Condition::And(branches) => (kept(branches), Condition::And),
            Condition::Or(branches) => (kept(branches), Condition::Or),
            Condition::Not(inner) => return self.without(*inner).map(|inner| Condition::Not(Box::new(inner))),
            Condition::Selection(name) if self.0.contains(&name) => return None,
            other => return Some(other),
        };
        (!branches.is_empty()).then(|| one_or(branches, join))
    }
}

/// The condition as Sigma writes it; reading it again gives the same tree.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(branches) => print_joined(f, branches, " and "),
            Self::Or(branches) => print_joined(f, branches, " or "),
            Self::Not(inner) => {
                f.write_str("not ")?;
                print_operand(f, inner)
            }
            Self::Selection(name) => f.write_str(name),
            Self::Of { all, pattern } => write!(f, "{} of {pattern}", if *all { "all" } else { "1" }),
        }
    }
}

fn print_joined(f: &mut fmt::Formatter<'_>, branches: &[Condition], word: &str) -> fmt::Result {
    for (number, branch) in branches.iter().enumerate() {
        if number > 0 {
            f.write_str(word)?;
        }
        match branch {
            Condition::And(_) if word == " or " => write!(f, "{branch}")?,
            _ => print_operand(f, branch)?,
        }
    }
    Ok(())
}

fn print_operand(f: &mut fmt::Formatter<'_>, condition: &Condition) -> fmt::Result {
    match condition {
        Condition::And(_) | Condition::Or(_) => write!(f, "({condition})"),
        Condition::Not(_) | Condition::Selection(_) | Condition::Of { .. } => write!(f, "{condition}"),
    }
}
