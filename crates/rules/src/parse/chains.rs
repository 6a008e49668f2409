//! Correlations joined to what they are over: references to ids, circles refused, each after those it is over.
//!
//! In: the rules of a library and its correlations as read. Out: correlations in the library, or refusals.

use std::collections::{BTreeMap, BTreeSet};

use cordon_model::Level;

use super::fault::Fault;
use super::library::{Library, Sourced, about};
use super::suggest::did_you_mean;
use crate::ast::Correlation;

/// What ids and names stand for.
#[derive(Debug, Default)]
struct Index {
    /// Id -> level.
    ids: BTreeMap<String, Level>,
    /// Name -> ids, more than one when it is ambiguous.
    names: BTreeMap<String, BTreeSet<String>>,
    /// Ids and titles of what was refused.
    refused: BTreeSet<String>,
}

impl Index {
    fn add(&mut self, id: &str, name: Option<&str>, level: Level) {
        self.ids.insert(id.to_owned(), level);
        if let Some(name) = name {
            self.names.entry(name.to_owned()).or_default().insert(id.to_owned());
        }
    }

    /// The id that a reference means, or what is wrong with it.
    fn id_of(&self, reference: &str) -> Result<String, (String, Option<&str>)> {
        if self.ids.contains_key(reference) {
            return Ok(reference.to_owned());
        }
        let named = self.names.get(reference);
        match named.and_then(|ids| ids.first()) {
            Some(id) if named.is_some_and(|ids| ids.len() == 1) => Ok(id.clone()),
            Some(_) => Err((format!("several rules have the name `{reference}`"), None)),
            None if self.refused.contains(reference) => {
                Err((format!("rule `{reference}`, which it is over, was refused itself"), None))
            }
            None => {
                let known = self.names.keys().chain(self.ids.keys());
                Err((format!("there is no rule `{reference}`"), did_you_mean(reference, known.map(String::as_str))))
            }
        }
    }
}

/// Resolves `correlations` and puts them into `library`, or their refusals.
pub(crate) fn resolve(library: &mut Library, correlations: Vec<Sourced<Correlation>>) {
    let mut index = Index::default();
    for rule in &library.rules {
        index.add(&rule.card.id, rule.name.as_deref(), rule.card.level);
    }
    for Sourced { document, .. } in &correlations {
        index.add(&document.card.id, document.name.as_deref(), document.card.level);
    }
    index.refused = library.refusals.iter().filter_map(|refusal| refusal.rule_id.clone()).collect();
    let mut waiting = Vec::new();
    for mut correlation in correlations {
        match link(&mut correlation, &index) {
            Ok(()) => waiting.push(correlation),
            Err(fault) => refuse(library, &mut index, &correlation, fault),
        }
    }
    order(library, &mut index, waiting);
}

/// Turns the references of a correlation into ids.
fn link(correlation: &mut Sourced<Correlation>, index: &Index) -> Result<(), Fault> {
    let first_line = correlation.document.origin.line;
    let mut ids: Vec<(String, String)> = Vec::new();
    for reference in &correlation.document.rules {
        let line = correlation.line_of(first_line, reference);
        let id = index.id_of(reference).map_err(|(reason, near)| Fault::new(line, reason).meant(near))?;
        if ids.iter().any(|(_, known)| *known == id) {
            return Err(Fault::new(line, format!("the correlation names rule `{reference}` twice")));
        }
        ids.push((reference.clone(), id));
    }
    let id_of = |reference: &String| ids.iter().find(|(known, _)| known == reference).map(|(_, id)| id.clone());
    for (rule, _) in correlation.document.aliases.iter_mut().flat_map(|alias| &mut alias.fields) {
        if let Some(id) = id_of(rule) {
            *rule = id;
        }
    }
    correlation.document.rules = ids.into_iter().map(|(_, id)| id).collect();
    Ok(())
}

/// Takes each correlation after those it is over; those that are never reached go in a circle.
fn order(library: &mut Library, index: &mut Index, waiting: Vec<Sourced<Correlation>>) {
    let place: BTreeMap<&str, usize> =
        waiting.iter().enumerate().map(|(at, found)| (found.document.card.id.as_str(), at)).collect();
    let mut over: Vec<usize> = Vec::with_capacity(waiting.len());
    let mut dependents: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, found) in waiting.iter().enumerate() {
        let needed = found.document.rules.iter().filter_map(|id| place.get(id.as_str()));
        over.push(needed.clone().count());
        for other in needed {
            dependents.entry(*other).or_default().push(at);
        }
    }
    let mut ready: BTreeSet<usize> =
        over.iter().enumerate().filter(|(_, open)| **open == 0).map(|(at, _)| at).collect();
    let mut slots: Vec<Option<Sourced<Correlation>>> = waiting.into_iter().map(Some).collect();
    while let Some(at) = ready.pop_first() {
        if let Some(found) = slots.get_mut(at).and_then(Option::take) {
            settle(library, index, found);
        }
        for next in dependents.remove(&at).unwrap_or_default() {
            let Some(open) = over.get_mut(next) else { continue };
            *open = open.saturating_sub(1);
            if *open == 0 {
                ready.insert(next);
            }
        }
    }
    refuse_circles(library, index, &slots.into_iter().flatten().collect::<Vec<_>>());
}

fn settle(library: &mut Library, index: &mut Index, mut found: Sourced<Correlation>) {
    let refused = found.document.rules.iter().find(|id| !index.ids.contains_key(*id));
    if let Some(id) = refused {
        let fault = Fault::new(
            found.line_of(found.document.origin.line, id),
            format!("rule `{id}`, which it is over, was refused itself"),
        );
        return refuse(library, index, &found, fault);
    }
    settle_level(&mut found.document, index);
    library.correlations.push(found.document);
}

fn refuse_circles(library: &mut Library, index: &mut Index, left: &[Sourced<Correlation>]) {
    let open: BTreeSet<&str> = left.iter().map(|found| found.document.card.id.as_str()).collect();
    for found in left {
        let through = found.document.rules.iter().find(|id| open.contains(id.as_str())).map_or("", String::as_str);
        let line = found.line_of(found.document.origin.line, "correlation:");
        let fault = Fault::new(line, format!("the correlation goes in a circle through `{through}`"));
        refuse(library, index, found, fault);
    }
}

fn settle_level(correlation: &mut Correlation, index: &mut Index) {
    if !correlation.has_level {
        let levels = correlation.rules.iter().filter_map(|id| index.ids.get(id)).copied();
        correlation.card.level = levels.max().unwrap_or_default();
    }
    index.ids.insert(correlation.card.id.clone(), correlation.card.level);
}

fn refuse(library: &mut Library, index: &mut Index, correlation: &Sourced<Correlation>, fault: Fault) {
    let Correlation { card, origin, .. } = &correlation.document;
    index.ids.remove(&card.id);
    index.refused.insert(card.id.clone());
    library.refusals.push(fault.refusal_of(&about(&origin.path, card)));
}
