//! An engine to be kept and read back: what compiling gave, without what each start makes of it anew (routes, programs, searchers).
//!
//! An image belongs to the log source table that it was compiled for; the caller keeps them together. What is read back is checked, so that an image
//! from anywhere makes no engine that panics, loops or recurses without bound; whether it finds what its rules say is the caller's to know.

use std::collections::BTreeSet;
use std::sync::Arc;

use cordon_model::{LogSourceTable, RuleCard};
use serde::{Deserialize, Serialize};

use super::program::ProgramCell;
use super::{Compiled, Engine, route};
use crate::ast::RuleLogSource;
use crate::compile::{Lowered, NodeId};

/// What is kept of an engine. It borrows the engine that it is made of and the bytes that it is read from.
#[derive(Debug, Serialize)]
pub struct Image<'e> {
    set: &'e Lowered,
    rules: &'e [Compiled],
}

/// An image as read, not yet checked.
#[derive(Debug, Deserialize)]
pub struct ReadImage<'b> {
    set: Lowered,
    #[serde(borrow)]
    rules: Vec<ReadRule<'b>>,
}

/// A rule of an image as read.
#[derive(Debug, Deserialize)]
struct ReadRule<'b> {
    card: RuleCard,
    log_source: RuleLogSource,
    #[serde(borrow)]
    roots: Vec<(&'b str, NodeId)>,
}

impl Engine {
    /// What is kept of it.
    #[must_use]
    pub fn image(&self) -> Image<'_> {
        Image { set: &self.set, rules: &self.rules }
    }

    /// The engine of an image, for the table that it was compiled for; `None` when no compiled rules look like that.
    #[must_use]
    pub fn of_image(image: ReadImage<'_>, table: &LogSourceTable) -> Option<Self> {
        let set = image.set.checked()?;
        let sources = table.sets().flat_map(|(_, sources)| sources);
        let mappings: BTreeSet<&'static str> = sources.map(|source| source.mapping).chain([""]).collect();
        let root = |(name, node): (&str, NodeId)| {
            let mapping = *mappings.get(name)?;
            set.has_node(node).then_some((mapping, node))
        };
        let rule = |rule: ReadRule<'_>| {
            let roots = rule.roots.into_iter().map(root).collect::<Option<Vec<_>>>()?;
            Some(Compiled { card: Arc::new(rule.card), log_source: rule.log_source, roots })
        };
        let rules = image.rules.into_iter().map(rule).collect::<Option<Vec<Compiled>>>()?;
        Some(Self::assembled(set, rules, table))
    }

    /// Finds the ways to the rules.
    pub(super) fn assembled(set: Lowered, rules: Vec<Compiled>, table: &LogSourceTable) -> Self {
        let (routes, members) = route::routes(&rules, table);
        let programs = members.into_iter().map(ProgramCell::new).collect();
        Self { set, rules, routes, programs }
    }
}

#[cfg(test)]
mod tests {
    use cordon_model::{Arena, Field, Position, RawRecord, Record, SourceSet, Value, When};

    use super::super::{Hit, View};
    use super::*;
    use crate::ast::Rule;
    use crate::compile::{Node, PredId, Predicate};
    use crate::parse::{Document, documents};

    const TABLE: &str =
        "k\tany\t-\twindows\tprocess_creation\tsysmon\t-\nk\taudit\t-\twindows\tprocess_creation\t-\twindows_4688\n";

    /// One rule of every kind of test.
    const RULES: &str = r"
title: a
logsource: {category: process_creation}
detection:
    image: {Image|endswith: ['\a.exe', '\b?.exe']}
    line: {CommandLine|contains|all: [one, two]}
    words: [key, word]
    condition: (image and not line) or words
---
title: b
author: somebody
logsource: {product: windows}
detection:
    re: {Line|re|i: '^x.*(foo|bar)$'}
    net: {Address|cidr: [10.0.0.0/8, 'fe80::/10']}
    more: {Count|gt: 3, When|hour: 5, User: null, Host|exists: true, Any: '*', Image|fieldref: Line}
    condition: 1 of them
";

    fn engine() -> (Engine, LogSourceTable) {
        let table = LogSourceTable::parse(&[TABLE]).unwrap();
        let rules: Vec<Rule> = documents("r.yml", RULES)
            .into_iter()
            .map(|document| match document {
                Ok(Document::Rule(rule)) => *rule,
                other => panic!("{other:?}"),
            })
            .collect();
        let (engine, refused) = Engine::compile(&rules, &table);
        assert_eq!(refused, []);
        (engine, table)
    }

    fn hits(engine: &Engine, fields: &[Field<'_>], sources: SourceSet) -> (Vec<Hit>, Vec<String>) {
        let raw = RawRecord { position: Position::Offset(0), bytes: b"" };
        let (when, patient_spans) = (When::Missing, &[][..]);
        let record = Record { raw, index: 0, format: "test", when, sources, fields, anomalies: &[], patient_spans };
        let arena = Arena::new();
        let mut hits = Vec::new();
        engine.matches(&record, View::Own, &arena, &mut engine.scratch(), &mut hits);
        let words = hits.iter().map(|hit| format!("{:?}", engine.explain(*hit, &record, View::Own, &arena))).collect();
        (hits, words)
    }

    fn read(bytes: &[u8], table: &LogSourceTable) -> Option<Engine> {
        Engine::of_image(postcard::from_bytes(bytes).ok()?, table)
    }

    #[test]
    fn an_engine_read_back_finds_and_explains_alike() {
        let (engine, table) = engine();
        let again = read(&postcard::to_extend(&engine.image(), Vec::new()).unwrap(), &table).unwrap();
        let events: [&[(&str, &str)]; 7] = [
            &[("Image", r"C:\a.exe"), ("CommandLine", "two")],
            &[("NewProcessName", r"C:\b1.exe")],
            &[("Image", r"C:\a.exe"), ("CommandLine", "one two")],
            &[("x", "a KEY and a word")],
            &[("Line", "X and BAR")],
            &[("Address", "10.1.2.3")],
            &[
                ("Count", "4"),
                ("When", "2026-01-31T05:00:00Z"),
                ("Host", "h"),
                ("Any", "x"),
                ("Image", "q"),
                ("Line", "q"),
            ],
        ];
        let mut found = 0;
        for event in events {
            let fields: Vec<Field<'_>> =
                event.iter().map(|(name, value)| Field { name, value: Value::Text(value) }).collect();
            for key in ["any", "audit"] {
                let sources = table.lookup("k", key, None);
                let expect = hits(&engine, &fields, sources);
                assert_eq!(hits(&again, &fields, sources), expect, "{event:?}");
                found += expect.0.len();
            }
        }
        assert_eq!(found, 9);
        let cards = |engine: &Engine| (0..2).map(|rule| engine.card(rule).cloned()).collect::<Vec<_>>();
        assert_eq!(cards(&again), cards(&engine));
    }

    #[test]
    fn an_image_cut_anywhere_or_with_any_byte_changed_gives_an_engine_or_none_and_never_panics() {
        let (engine, table) = engine();
        let bytes = postcard::to_extend(&engine.image(), Vec::new()).unwrap();
        for cut in 0..bytes.len() {
            assert!(read(&bytes[..cut], &table).is_none(), "cut at {cut}");
        }
        let fields = [Field { name: "Line", value: Value::Text("X and BAR") }];
        for (place, change) in (0..bytes.len()).flat_map(|place| [0x01, 0x80, 0xFF].map(|change| (place, change))) {
            let mut bytes = bytes.clone();
            bytes[place] ^= change;
            if let Some(engine) = read(&bytes, &table) {
                hits(&engine, &fields, table.lookup("k", "any", None));
            }
        }
    }

    #[test]
    fn expressions_that_loop_or_double_without_end_are_no_engine() {
        let table = LogSourceTable::parse(&[TABLE]).unwrap();
        let check = |nodes: Vec<Node>, expect: bool| {
            let set = (Vec::<String>::new(), Vec::<Predicate>::new(), nodes);
            let bytes = postcard::to_extend(&(set, Vec::<u8>::new()), Vec::new()).unwrap();
            assert_eq!(read(&bytes, &table).is_some(), expect);
        };
        let double = |number| Node::All([NodeId(number), NodeId(number)].into());
        check(vec![Node::Never, Node::Not(NodeId(0))], true);
        check(vec![Node::Not(NodeId(0))], false);
        check(vec![Node::Not(NodeId(1)), Node::Never], false);
        check(vec![Node::Predicate(PredId(0))], false);
        check([Node::Never].into_iter().chain((0..20).map(double)).collect(), true);
        check([Node::Never].into_iter().chain((0..40).map(double)).collect(), false);
        check([Node::Never].into_iter().chain((0..2000).map(|number| Node::Not(NodeId(number)))).collect(), false);
    }
}
