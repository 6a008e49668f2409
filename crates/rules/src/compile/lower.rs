//! From the language to expressions: selections and conditions become nodes over shared predicates.

use rustc_hash::FxHashMap;

use super::encode;
use super::interned::Interner;
use super::mapping::Mapping;
use super::pattern::{Token, text_test, tokens};
use super::predicate::{DatePart, Node, NodeId, Place, Predicate, Test};
use super::regular::Regular;
use crate::ast::{Condition, Detection, Item, Modifier, Operator, Rule, Scalar, SelectionPattern};

/// Lowers rules into one set.
pub(crate) struct Lowering<'s> {
    pub(crate) set: &'s mut Interner,
    pub(crate) mapping: &'s Mapping,
}

impl Lowering<'_> {
    /// The expression of a rule: its conditions, any of which makes it match.
    ///
    /// # Errors
    /// What cannot be lowered, in the operator's words.
    pub(crate) fn rule(&mut self, rule: &Rule) -> Result<NodeId, String> {
        let mut selections: FxHashMap<&str, NodeId> = FxHashMap::default();
        for selection in &rule.selections {
            let node = self
                .detection(&selection.detection)
                .map_err(|reason| format!("selection {}: {reason}", selection.name))?;
            selections.insert(&selection.name, node);
        }
        let order: Vec<&str> = rule.selections.iter().map(|selection| selection.name.as_str()).collect();
        let names = Names { nodes: &selections, order: &order };
        let conditions =
            rule.conditions.iter().map(|condition| self.condition(condition, &names)).collect::<Result<_, _>>()?;
        Ok(self.any(conditions))
    }

    fn condition(&mut self, condition: &Condition, names: &Names<'_>) -> Result<NodeId, String> {
        Ok(match condition {
            Condition::And(parts) => {
                let parts = self.conditions(parts, names)?;
                self.all(parts)
            }
            Condition::Or(parts) => {
                let parts = self.conditions(parts, names)?;
                self.any(parts)
            }
            Condition::Not(part) => {
                let part = self.condition(part, names)?;
                self.set.node(Node::Not(part))
            }
            Condition::Selection(name) => names
                .nodes
                .get(name.as_str())
                .copied()
                .ok_or_else(|| format!("the condition names {name}, which is not there"))?,
            Condition::Of { all, pattern } => {
                let parts = names.select(pattern);
                if *all { self.all(parts) } else { self.any(parts) }
            }
        })
    }

    fn conditions(&mut self, parts: &[Condition], names: &Names<'_>) -> Result<Vec<NodeId>, String> {
        parts.iter().map(|part| self.condition(part, names)).collect()
    }

    /// The expression of a selection or of a part of one.
    pub(crate) fn detection(&mut self, detection: &Detection) -> Result<NodeId, String> {
        Ok(match detection {
            Detection::All(parts) => {
                let parts = parts.iter().map(|part| self.detection(part)).collect::<Result<_, _>>()?;
                self.all(parts)
            }
            Detection::Any(parts) => {
                let parts = parts.iter().map(|part| self.detection(part)).collect::<Result<_, _>>()?;
                self.any(parts)
            }
            Detection::Item(item) => self.item(item)?,
        })
    }

    fn item(&mut self, item: &Item) -> Result<NodeId, String> {
        let values = item.values.iter().map(|value| self.value(item, value)).collect::<Result<_, _>>()?;
        let node = if item.modifiers.contains(&Modifier::All) { self.all(values) } else { self.any(values) };
        Ok(if item.modifiers.contains(&Modifier::Neq) { self.set.node(Node::Not(node)) } else { node })
    }

    /// The expression of one value of an item.
    pub(crate) fn value(&mut self, item: &Item, value: &Scalar) -> Result<NodeId, String> {
        let tests = self.tests(item, value)?;
        let field = item.field.as_deref().map(|field| self.set.field(self.mapping.source_field(field)));
        let written = written(&item.modifiers, value);
        let predicates = tests.into_iter().map(|test| Predicate { field, test, written: written.as_str().into() });
        let nodes = predicates.map(|predicate| Node::Predicate(self.set.predicate(predicate))).collect::<Vec<_>>();
        let nodes = nodes.into_iter().map(|node| self.set.node(node)).collect();
        Ok(self.any(nodes))
    }

    /// The tests of which one must hold for a value.
    fn tests(&mut self, item: &Item, value: &Scalar) -> Result<Vec<Test>, String> {
        let has = |modifier| item.modifiers.contains(&modifier);
        if has(Modifier::Exists) {
            return Ok(vec![Test::Exists(scalar_text(value) != "false")]);
        }
        if *value == Scalar::Null {
            return Ok(vec![Test::Null]);
        }
        let text = scalar_text(value);
        if has(Modifier::Re) {
            return Ok(vec![regex_test(&item.modifiers, &text)?]);
        }
        if has(Modifier::Cidr) {
            return Ok(vec![Test::Cidr(network(&text)?)]);
        }
        if has(Modifier::FieldRef) {
            let field = self.set.field(self.mapping.source_field(&text));
            return Ok(vec![Test::FieldRef { field, place: place(item), cased: has(Modifier::Cased) }]);
        }
        if let Some(test) = number_test(&item.modifiers, &text)? {
            return Ok(vec![test]);
        }
        Ok(text_tests(item, &text))
    }

    /// All parts, the cheap ones first: most candidates fail at the first part that is looked at.
    fn all(&mut self, parts: Vec<NodeId>) -> NodeId {
        let mut flat = self.flat(parts, |node| if let Node::All(parts) = node { Some(parts) } else { None });
        flat.sort_by_key(|part| self.set.cost(*part));
        self.joined(flat, Node::All)
    }

    fn any(&mut self, parts: Vec<NodeId>) -> NodeId {
        let flat = self.flat(parts, |node| if let Node::Any(parts) = node { Some(parts) } else { None });
        self.joined(flat, Node::Any)
    }

    /// The parts with those of the same kind spread out.
    fn flat(&self, parts: Vec<NodeId>, inner: impl Fn(&Node) -> Option<&Box<[NodeId]>>) -> Vec<NodeId> {
        let spread = |part: &NodeId| inner(self.set.so_far().get_node(*part));
        if !parts.iter().any(|part| spread(part).is_some()) {
            return parts;
        }
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match spread(&part) {
                Some(parts) => flat.extend_from_slice(parts),
                None => flat.push(part),
            }
        }
        flat
    }

    fn joined(&mut self, parts: Vec<NodeId>, join: impl Fn(Box<[NodeId]>) -> Node) -> NodeId {
        match parts.as_slice() {
            [single] => *single,
            [] => self.set.node(Node::Never),
            _ => self.set.node(join(parts.into())),
        }
    }
}

/// The selections of a rule by name and in order.
struct Names<'n> {
    nodes: &'n FxHashMap<&'n str, NodeId>,
    order: &'n [&'n str],
}

impl Names<'_> {
    fn select(&self, pattern: &SelectionPattern) -> Vec<NodeId> {
        let wanted = |name: &&&str| match pattern {
            SelectionPattern::Them => !name.starts_with('_'),
            SelectionPattern::Name(pattern) => name_matches(pattern, name),
        };
        self.order.iter().filter(wanted).filter_map(|name| self.nodes.get(*name).copied()).collect()
    }
}

/// Whether a selection's name fits a pattern with `*`.
pub(crate) fn name_matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((front, rest)) => {
            let Some(after) = name.strip_prefix(front) else { return false };
            if !rest.contains('*') {
                return after.ends_with(rest);
            }
            after
                .char_indices()
                .map(|(at, _)| at)
                .chain([after.len()])
                .any(|at| after.get(at..).is_some_and(|tail| name_matches(rest, tail)))
        }
    }
}

fn scalar_text(value: &Scalar) -> String {
    match value {
        Scalar::Null => String::new(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Number(text) | Scalar::Text(text) => text.clone(),
    }
}

/// A value with its modifiers as the rule writes it.
pub(crate) fn written(modifiers: &[Modifier], value: &Scalar) -> String {
    let text = if *value == Scalar::Null { "null".to_owned() } else { scalar_text(value) };
    if modifiers.is_empty() {
        return text;
    }
    let names = modifiers.iter().map(|modifier| format!("|{}", modifier.name()));
    format!("{}: {text}", names.collect::<String>())
}

fn place(item: &Item) -> Place {
    let placed = item.modifiers.iter().find_map(|modifier| match modifier {
        Modifier::Contains => Some(Place::Contains),
        Modifier::StartsWith => Some(Place::Prefix),
        Modifier::EndsWith => Some(Place::Suffix),
        _ => None,
    });
    placed.unwrap_or(if item.field.is_none() { Place::Contains } else { Place::Exact })
}

fn regex_test(modifiers: &[Modifier], pattern: &str) -> Result<Test, String> {
    let regular = Regular::new(pattern, modifiers)
        .map_err(|error| format!("the regular expression cannot be used: {}", last_line(&error.to_string())))?;
    Ok(Test::Regex(Box::new(regular)))
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim().to_owned()
}

fn network(text: &str) -> Result<ipnet::IpNet, String> {
    let single = || text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from);
    text.parse().or_else(|_| single()).map_err(|_| format!("{text} is not a network in CIDR notation"))
}

/// The comparison that numeric and time modifiers ask for, if there are any.
fn number_test(modifiers: &[Modifier], text: &str) -> Result<Option<Test>, String> {
    let operator = modifiers.iter().find_map(|modifier| match modifier {
        Modifier::Lt => Some(Operator::Lt),
        Modifier::Lte => Some(Operator::Lte),
        Modifier::Gt => Some(Operator::Gt),
        Modifier::Gte => Some(Operator::Gte),
        _ => None,
    });
    let part = modifiers.iter().find_map(|modifier| match modifier {
        Modifier::Minute => Some(DatePart::Minute),
        Modifier::Hour => Some(DatePart::Hour),
        Modifier::Day => Some(DatePart::Day),
        Modifier::Week => Some(DatePart::Week),
        Modifier::Month => Some(DatePart::Month),
        Modifier::Year => Some(DatePart::Year),
        _ => None,
    });
    if operator.is_none() && part.is_none() {
        return Ok(None);
    }
    let value = text.trim().parse().map_err(|_| format!("{text} is not a number"))?;
    Ok(Some(match (part, operator) {
        (Some(part), operator) => Test::Date { part, operator: operator.unwrap_or(Operator::Eq), value },
        (None, operator) => Test::Number { operator: operator.unwrap_or(Operator::Eq), value },
    }))
}

/// The texts of which one must stand at the item's place.
fn text_tests(item: &Item, written: &str) -> Vec<Test> {
    let cased = item.modifiers.contains(&Modifier::Cased);
    let place = place(item);
    let mut texts = vec![written.to_owned()];
    let mut bytes: Option<Vec<u8>> = None;
    for modifier in &item.modifiers {
        let plain = || bytes.clone().unwrap_or_else(|| plain_text(written).into_bytes());
        match modifier {
            Modifier::Windash => texts = texts.iter().flat_map(|text| encode::windash(text)).collect(),
            Modifier::Utf16le => bytes = Some(encode::utf16le(&plain_text(written))),
            Modifier::Utf16be => bytes = Some(encode::utf16be(&plain_text(written))),
            Modifier::Utf16 => bytes = Some(encode::utf16_with_mark(&plain_text(written))),
            Modifier::Base64 => bytes = Some(encode::base64(&plain()).into_bytes()),
            Modifier::Base64Offset => {
                let forms = encode::base64_offsets(&plain());
                return forms.into_iter().map(|form| text_test(vec![Token::Text(form.into())], place, cased)).collect();
            }
            _ => {}
        }
    }
    match bytes {
        Some(bytes) => vec![text_test(vec![Token::Text(String::from_utf8_lossy(&bytes).into())], place, cased)],
        None => texts.iter().map(|text| text_test(tokens(text), place, cased)).collect(),
    }
}

/// A value without wildcards, its escapes resolved: what encodings encode.
fn plain_text(written: &str) -> String {
    let letter = |token: Token| match token {
        Token::Text(text) => text.into_string(),
        Token::Many => "*".to_owned(),
        Token::One => "?".to_owned(),
    };
    tokens(written).into_iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selection_names_match_patterns_with_stars() {
        assert!(name_matches("sel_*", "sel_a"));
        assert!(name_matches("*_a", "sel_a"));
        assert!(name_matches("s*_*", "sel_a"));
        assert!(!name_matches("sel_*", "filter_a"));
        assert!(!name_matches("sel", "sel_a"));
    }
}
