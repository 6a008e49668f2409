//! The plan: correlations with their references, aliases and fields resolved, in an order in which each comes after those it is over.
//!
//! In: `ast::Correlation`s and a way to find rules by id or name. Out: which fields to extract per rule, what feeds what, what was refused and why.

use std::collections::BTreeMap;

use cordon_stats::{codec, sip64};

use super::condition::Conditions;
use super::fault::{CorrelationError, check};
use crate::ast::{Correlation, CorrelationKind};

/// Resolved correlations, immutable and shared by correlators.
#[derive(Debug)]
pub struct Plan {
    /// By number of the base rule.
    pub(super) bases: Vec<Source>,
    /// In topological order: a node comes after those it is over.
    pub(super) nodes: Vec<Node>,
    stands_alone: Vec<bool>,
}

/// Something that raises events for correlations: a base rule or a correlation.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Of a base rule: its id.
    pub(super) id: String,
    /// The fields its events must bring along.
    pub(super) wanted: Vec<String>,
    pub(super) feeds: Vec<Feed>,
    used: bool,
    generated: bool,
}

/// Where the events of a source go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Feed {
    pub(super) node: usize,
    pub(super) edge: usize,
}

/// One correlation.
#[derive(Debug)]
pub(super) struct Node {
    /// Its index as the caller gave it.
    pub(super) correlation: u32,
    pub(super) id: String,
    /// Hash of all that its groups depend on: what it says itself, and the ids of its rules down the chain. Numbers of rules and other correlations have no part in it.
    pub(super) identity: u64,
    pub(super) kind: CorrelationKind,
    pub(super) span: i64,
    pub(super) conditions: Conditions,
    /// Whether the condition is asked when a window closes instead of at each event.
    pub(super) at_close: bool,
    pub(super) percentile: f64,
    pub(super) group_by: Vec<String>,
    pub(super) edges: Vec<Edge>,
    pub(super) source: Source,
    /// How many places `rules` has; for `temporal` how many different rules.
    pub(super) places: usize,
    depth: usize,
}

/// What a node takes from the events of one of its rules. Slots are places among the wanted fields of that rule.
#[derive(Debug)]
pub(super) struct Edge {
    referent: Referent,
    /// At which places of `rules` it stands, descending.
    pub(super) places: Vec<usize>,
    pub(super) group: Vec<u16>,
    pub(super) values: Vec<u16>,
    /// Where the node's own wanted fields come from.
    pub(super) outputs: Vec<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Referent {
    Base(u32),
    /// Index as the caller gave it.
    Correlation(usize),
}

/// Finds a base rule by id or name: its number, by which matches are reported, and its id, by which state is kept.
pub type Resolve<'a> = &'a dyn Fn(&str) -> Option<(u32, String)>;

impl Plan {
    /// Most correlations that stand on one another.
    pub const CHAIN_MAX: usize = 16;
    /// Most rules of a `temporal` or `temporal_ordered` correlation.
    pub const TEMPORAL_RULES_MAX: usize = 32;

    /// Resolves correlations. `resolve` finds a base rule by id or name; correlations find each other by `card.id` and `name`, and before base rules.
    /// Refused ones come back by index with the reason; the others work without them.
    #[must_use]
    pub fn new(correlations: &[Correlation], resolve: Resolve<'_>) -> (Self, Vec<(usize, CorrelationError)>) {
        let names = Names::new(correlations, resolve);
        let mut refused = BTreeMap::new();
        let nodes = order(correlations, &names, &mut refused);
        let mut plan = Self { bases: Vec::new(), nodes, stands_alone: vec![false; correlations.len()] };
        plan.resolve_fields(correlations, &names);
        plan.connect(correlations);
        plan.name_bases(correlations, &names);
        plan.identify(correlations, &names);
        (plan, refused.into_iter().collect())
    }

    /// The fields that the caller must extract for a match of this base rule, aliases resolved.
    #[must_use]
    pub fn wanted_fields(&self, rule: u32) -> &[String] {
        self.base(rule).map_or(&[], |source| &source.wanted)
    }

    /// Whether matches of this base rule feed any correlation.
    #[must_use]
    pub fn uses(&self, rule: u32) -> bool {
        self.base(rule).is_some_and(|source| source.used)
    }

    /// Whether a base rule gives findings of its own: when no correlation refers to it, or one that does says `generate: true`.
    #[must_use]
    pub fn rule_stands_alone(&self, rule: u32) -> bool {
        self.base(rule).is_none_or(Source::stands_alone)
    }

    /// The same for a correlation, by its index; `false` for a refused one.
    #[must_use]
    pub fn correlation_stands_alone(&self, correlation: usize) -> bool {
        self.stands_alone.get(correlation).copied().unwrap_or(false)
    }

    pub(super) fn base(&self, rule: u32) -> Option<&Source> {
        self.bases.get(usize::try_from(rule).ok()?)
    }

    /// From the correlations that nothing is over downwards, so that what a node must bring along is complete when its rules are asked for it.
    fn resolve_fields(&mut self, correlations: &[Correlation], names: &Names<'_>) {
        for at in (0..self.nodes.len()).rev() {
            let (below, from) = self.nodes.split_at_mut(at);
            let Some(node) = from.first_mut() else { continue };
            let Some(correlation) = correlations.get(index(node.correlation)) else { continue };
            for edge in &mut node.edges {
                let source = source_of(edge.referent, &mut self.bases, below);
                edge.ask(source, &node.source.wanted, correlation, names);
            }
        }
    }

    fn connect(&mut self, correlations: &[Correlation]) {
        for at in 0..self.nodes.len() {
            let (below, from) = self.nodes.split_at_mut(at);
            let Some(node) = from.first_mut() else { continue };
            let generate = correlations.get(index(node.correlation)).is_some_and(|correlation| correlation.generate);
            for (edge, referent) in node.edges.iter().map(|edge| edge.referent).enumerate() {
                let source = source_of(referent, &mut self.bases, below);
                source.into_iter().for_each(|source| source.serve(Feed { node: at, edge }, generate));
            }
        }
        for node in &self.nodes {
            if let Some(alone) = self.stands_alone.get_mut(index(node.correlation)) {
                *alone = node.source.stands_alone();
            }
        }
    }

    /// Base rules get the ids by which a snapshot names them.
    fn name_bases(&mut self, correlations: &[Correlation], names: &Names<'_>) {
        let of = |node: &Node| correlations.get(index(node.correlation));
        for name in self.nodes.iter().filter_map(of).flat_map(|correlation| &correlation.rules) {
            let base = names.base(name);
            if let Some((source, id)) = base.and_then(|(rule, id)| Some((self.bases.get_mut(index(rule))?, id))) {
                source.id = id;
            }
        }
    }

    /// Gives every node its identity, those below first.
    fn identify(&mut self, correlations: &[Correlation], names: &Names<'_>) {
        for at in 0..self.nodes.len() {
            let Some(node) = self.nodes.get(at) else { continue };
            let Some(correlation) = correlations.get(index(node.correlation)) else { continue };
            let mut bytes = Vec::new();
            definition(&mut bytes, correlation);
            for edge in &node.edges {
                self.put_referent(&mut bytes, edge.referent);
                edge.places.iter().for_each(|place| codec::put_len(&mut bytes, *place));
                let fields = correlation.group_by.iter().chain(&correlation.value_fields);
                let meant = fields.map(|name| names.field_of(correlation, name, edge.referent));
                meant.for_each(|field| codec::put_bytes(&mut bytes, field.as_bytes()));
            }
            let identity = sip64([0, 0], &bytes);
            self.nodes.get_mut(at).into_iter().for_each(|node| node.identity = identity);
        }
    }

    fn put_referent(&self, bytes: &mut Vec<u8>, referent: Referent) {
        match referent {
            Referent::Base(rule) => {
                codec::put_bytes(bytes, b"rule");
                codec::put_bytes(bytes, self.base(rule).map_or(&[][..], |source| source.id.as_bytes()));
            }
            Referent::Correlation(below) => {
                let node = self.nodes.iter().find(|node| index(node.correlation) == below);
                codec::put_bytes(bytes, b"correlation");
                codec::put_u64(bytes, node.map_or(0, |node| node.identity));
            }
        }
    }
}

/// What a correlation says of itself, but for its rules.
fn definition(bytes: &mut Vec<u8>, correlation: &Correlation) {
    codec::put_bytes(bytes, correlation.card.id.as_bytes());
    codec::put_bytes(bytes, correlation.kind.name().as_bytes());
    codec::put_i64(bytes, correlation.timespan_us);
    codec::put_len(bytes, correlation.conditions.len());
    for threshold in &correlation.conditions {
        codec::put_bytes(bytes, threshold.operator.name().as_bytes());
        codec::put_u64(bytes, threshold.value.to_bits());
    }
    codec::put_u64(bytes, correlation.percentile.map_or(u64::MAX, f64::to_bits));
    for names in [&correlation.group_by, &correlation.value_fields] {
        codec::put_len(bytes, names.len());
        names.iter().for_each(|name| codec::put_bytes(bytes, name.as_bytes()));
    }
}

impl Source {
    fn want(&mut self, name: &str) -> u16 {
        let slot = self.wanted.iter().position(|wanted| wanted == name).unwrap_or_else(|| {
            self.wanted.push(name.to_owned());
            self.wanted.len() - 1
        });
        u16::try_from(slot).unwrap_or(u16::MAX)
    }

    fn serve(&mut self, feed: Feed, generate: bool) {
        self.used = true;
        self.generated |= generate;
        self.feeds.push(feed);
    }

    fn stands_alone(&self) -> bool {
        self.generated || !self.used
    }
}

/// The source behind a reference; the sources of base rules grow as they are asked for.
fn source_of<'a>(referent: Referent, bases: &'a mut Vec<Source>, nodes: &'a mut [Node]) -> Option<&'a mut Source> {
    match referent {
        Referent::Base(rule) => {
            let rule = index(rule);
            if bases.len() <= rule {
                bases.resize_with(rule + 1, Source::default);
            }
            bases.get_mut(rule)
        }
        Referent::Correlation(at) => {
            nodes.iter_mut().find(|node| index(node.correlation) == at).map(|node| &mut node.source)
        }
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What ids and names mean.
struct Names<'a> {
    correlations: BTreeMap<&'a str, usize>,
    resolve: Resolve<'a>,
}

impl<'a> Names<'a> {
    fn new(correlations: &'a [Correlation], resolve: Resolve<'a>) -> Self {
        let mut names = BTreeMap::new();
        for (at, correlation) in correlations.iter().enumerate() {
            for name in correlation.name.iter().chain([&correlation.card.id]) {
                names.entry(name.as_str()).or_insert(at);
            }
        }
        Self { correlations: names, resolve }
    }

    fn referent(&self, name: &str) -> Option<Referent> {
        let correlation = self.correlations.get(name).map(|at| Referent::Correlation(*at));
        correlation.or_else(|| self.base(name).map(|(rule, _)| Referent::Base(rule)))
    }

    /// Number and id of a base rule; `None` for the name of a correlation, which comes first.
    fn base(&self, name: &str) -> Option<(u32, String)> {
        if self.correlations.contains_key(name) { None } else { (self.resolve)(name) }
    }

    /// The field that `name` of a correlation means in the events of one of its rules: its alias for that rule, else the name itself.
    fn field_of<'n>(&self, correlation: &'n Correlation, name: &'n str, rule: Referent) -> &'n str {
        let alias = correlation.aliases.iter().find(|alias| alias.name == name);
        let field = alias.and_then(|alias| alias.fields.iter().find(|(of, _)| self.referent(of) == Some(rule)));
        field.map_or(name, |(_, field)| field)
    }
}

/// Puts the correlations into an order in which each comes after those it is over; what cannot be placed is refused.
fn order(
    correlations: &[Correlation],
    names: &Names<'_>,
    refused: &mut BTreeMap<usize, CorrelationError>,
) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut waiting: Vec<usize> = (0..correlations.len()).collect();
    loop {
        let before = waiting.len();
        waiting.retain(|at| {
            let Some(correlation) = correlations.get(*at) else { return false };
            match place(*at, correlation, names, &nodes) {
                Ok(Some(node)) => nodes.push(node),
                Ok(None) => return true,
                Err(error) => {
                    refused.insert(*at, error);
                }
            }
            false
        });
        if waiting.len() == before {
            break;
        }
    }
    for at in waiting {
        let names_of = correlations.get(at).map_or(&[][..], |correlation| &correlation.rules);
        let stuck = names_of.iter().find(|name| matches!(names.referent(name), Some(Referent::Correlation(_))));
        refused.insert(at, CorrelationError::RefusedOrCircular(stuck.cloned().unwrap_or_default()));
    }
    nodes
}

/// The node of a correlation, or `None` while one that it is over has no place yet.
fn place(
    at: usize,
    correlation: &Correlation,
    names: &Names<'_>,
    nodes: &[Node],
) -> Result<Option<Node>, CorrelationError> {
    check(correlation)?;
    let mut depth = 1;
    let mut edges: Vec<Edge> = Vec::new();
    for (place, name) in correlation.rules.iter().enumerate() {
        let referent = names.referent(name).ok_or_else(|| CorrelationError::UnknownRule(name.clone()))?;
        if let Referent::Correlation(below) = referent {
            let Some(node) = nodes.iter().find(|node| index(node.correlation) == below) else { return Ok(None) };
            depth = depth.max(node.depth + 1);
        }
        match edges.iter_mut().find(|edge| edge.referent == referent) {
            Some(edge) => edge.places.insert(0, place),
            None => edges.push(Edge::new(referent, place)),
        }
    }
    if depth > Plan::CHAIN_MAX {
        return Err(CorrelationError::ChainTooDeep);
    }
    Ok(Some(Node::new(at, correlation, edges, depth)))
}

impl Edge {
    /// Looks up, and asks the source for, what the node needs of the events of this rule: groups, values and what those above want.
    fn ask(&mut self, source: Option<&mut Source>, above: &[String], correlation: &Correlation, names: &Names<'_>) {
        let Some(source) = source else { return };
        let rule = self.referent;
        let mut slots = |wanted: &[String]| -> Vec<u16> {
            wanted.iter().map(|name| source.want(names.field_of(correlation, name, rule))).collect()
        };
        self.group = slots(&correlation.group_by);
        self.values = slots(&correlation.value_fields);
        self.outputs = slots(above);
    }

    fn new(referent: Referent, place: usize) -> Self {
        Self { referent, places: vec![place], group: Vec::new(), values: Vec::new(), outputs: Vec::new() }
    }
}

impl Node {
    fn new(at: usize, correlation: &Correlation, mut edges: Vec<Edge>, depth: usize) -> Self {
        let mut places = correlation.rules.len();
        if correlation.kind == CorrelationKind::Temporal {
            places = edges.len();
            for (place, edge) in edges.iter_mut().enumerate() {
                edge.places = vec![place];
            }
        }
        let conditions = Conditions::new(&correlation.conditions, places);
        let settles_at_close = matches!(
            correlation.kind,
            CorrelationKind::ValueAvg | CorrelationKind::ValuePercentile | CorrelationKind::ValueMedian
        );
        Self {
            correlation: u32::try_from(at).unwrap_or(u32::MAX),
            id: correlation.card.id.clone(),
            identity: 0,
            kind: correlation.kind,
            span: correlation.timespan_us,
            at_close: settles_at_close || !conditions.only_lower_bounds(),
            conditions,
            percentile: correlation
                .percentile
                .filter(|_| correlation.kind == CorrelationKind::ValuePercentile)
                .unwrap_or(50.0),
            group_by: correlation.group_by.clone(),
            edges,
            source: Source::default(),
            places,
            depth,
        }
    }
}
