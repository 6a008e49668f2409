//! Records to OCSF 1.8 events (`docs/specs/ocsf.md`). A Record and where it came from go in; an Event with class, activity and typed attributes comes out.
//!
//! The mapping is data (`data/ocsf/`): routes choose the class, maps fill it, fills put what the class must not lack. What no map took stands under `unmapped`,
//! but never what names a patient. It knows no rule, no output and no clock.

mod catalogue;
mod enums;
mod kinds;
mod maps;
mod metadata;
mod place;
mod routes;
mod rows;
#[cfg(test)]
mod tests;
mod unmapped;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use cordon_decode::csv::Mapping;
use cordon_model::{Arena, Event, EventId, Field, LogSource, LogSourceTable, Node, Object, Record, SourceSet, Time};
use cordon_seal::SiteKey;
use jiff::tz::TimeZone;

use crate::{Known, taxonomy_mapped};
use catalogue::{Catalogue, Class};
use kinds::Shown;
use maps::{Maps, Marks, Source};
use routes::Route;
use unmapped::Unmapped;

/// The version of OCSF that events are written in.
pub const OCSF_VERSION: &str = "1.8.0";

/// Captions of OCSF's severities by id.
const SEVERITIES: [&str; 7] = ["Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal"];

/// Where a record came from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'s> {
    /// Source id: in `scan` the path relative to the PATH given.
    pub source: &'s str,
    /// When it was received.
    pub received: Time,
}

/// Makes events of records. Built once, shared by threads.
pub struct Normalizer {
    table: Arc<LogSourceTable>,
    key: SiteKey,
    csv_mappings: Arc<Vec<Mapping>>,
    catalogue: Catalogue,
    maps: Maps,
    routes: Vec<Route>,
    /// The routes that the records of a set of log sources can take, in order.
    by_set: BTreeMap<SourceSet, Vec<usize>>,
    products: metadata::Products,
    unmapped: Unmapped,
    masks_accounts: bool,
}

impl fmt::Debug for Normalizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Normalizer").field("routes", &self.routes.len()).finish_non_exhaustive()
    }
}

impl Normalizer {
    /// For records whose log sources are numbered by `table` and whose tables were decoded with `csv_mappings`; patients get the pseudonyms of `key`.
    #[must_use]
    pub fn new(table: Arc<LogSourceTable>, key: SiteKey, csv_mappings: Arc<Vec<Mapping>>) -> Self {
        let routes = routes::read();
        let routes_of = |sources: &[LogSource]| -> Vec<usize> {
            routes.iter().enumerate().filter(|(_, route)| route.is_for(sources)).map(|(place, _)| place).collect()
        };
        let by_set = table.sets().map(|(set, sources)| (set, routes_of(sources))).collect();
        Self {
            table,
            key,
            csv_mappings,
            catalogue: Catalogue::read(),
            maps: maps::read(),
            by_set,
            routes,
            products: metadata::products(),
            unmapped: Unmapped::read(),
            masks_accounts: false,
        }
    }

    /// The same, but accounts that hold a patient's words are masked like any text, whoever's they are (`--mask`).
    #[must_use]
    pub fn masking_accounts(self) -> Self {
        Self { masks_accounts: true, ..self }
    }

    /// `class_uid` of every class that an event can have.
    #[must_use]
    pub fn classes(&self) -> BTreeSet<i64> {
        self.catalogue.uids().collect()
    }

    /// The event of a record.
    #[must_use]
    pub fn normalize<'a>(&self, record: &Record<'a>, origin: Origin<'_>, arena: &'a Arena) -> Event<'a> {
        self.normalize_known(record, origin, &Known::of(record, origin.source), arena)
    }

    /// The same, with what somebody found out about the record before.
    #[must_use]
    pub fn normalize_known<'a>(
        &self,
        record: &Record<'a>,
        origin: Origin<'_>,
        known: &Known<'a>,
        arena: &'a Arena,
    ) -> Event<'a> {
        let sources = self.table.sources(record.sources);
        let is_healthcare = sources.iter().any(LogSource::is_taxonomy);
        let taxonomy = match known.taxonomy {
            Some(taxonomy) if is_healthcare => taxonomy,
            None if is_healthcare => taxonomy_mapped(record, &self.key, &self.csv_mappings, &TimeZone::UTC, arena),
            _ => &[],
        };
        let route = self.route(record, taxonomy, arena);
        let mut source = Source {
            record,
            marks: Marks::of(record.fields),
            taxonomy,
            shown: Shown { mask: known.mask.as_ref(), accounts: self.masks_accounts },
            used: vec![false; record.fields.len()],
            arena,
        };
        let mut filled = Object::new_in(arena);
        for map in route.into_iter().flat_map(|route| &route.maps).filter_map(|name| self.maps.get(name)) {
            map.iter().for_each(|mapped| mapped.apply(&mut source, &mut filled));
        }
        let (class, activity) = route.map_or(("base_event", 0), |route| (route.class, route.activity));
        let Some(class) = self.catalogue.class(class) else { return empty(record, origin, known, arena) };
        self.catalogue.complete(class.name, &mut filled, arena);
        let mut event = self.head(class, activity, filled, &source, (origin, known.id));
        if let Some(rest) = self.unmapped.of(&source, sources) {
            event.ocsf.push("unmapped", Node::Object(rest));
        }
        event
    }

    fn route<'a>(&self, record: &Record<'a>, taxonomy: &[Field<'a>], arena: &'a Arena) -> Option<&Route> {
        let places = self.by_set.get(&record.sources)?;
        let mut routes = places.iter().filter_map(|place| self.routes.get(*place));
        routes.find(|route| route.fits(record, taxonomy, arena))
    }

    /// The attributes that every event has, in front of what the maps filled.
    fn head<'a>(
        &self,
        class: &Class,
        activity_id: i64,
        mut filled: Object<'a>,
        source: &Source<'_, 'a>,
        (origin, id): (Origin<'_>, EventId),
    ) -> Event<'a> {
        let (record, arena) = (source.record, source.arena);
        let time = record.when.resolve();
        let severity_id = match filled.take("severity_id") {
            Some(Node::Integer(id)) => id,
            _ => 0,
        };
        let severity = filled.take("severity").unwrap_or(Node::Text(caption(severity_id)));
        let metadata = self.metadata(class, &mut filled, source, origin, id);
        let mut ocsf = Object::new_in(arena);
        ocsf.push("activity_id", Node::Integer(activity_id));
        ocsf.push("activity_name", Node::Text(class.activity(activity_id)));
        ocsf.push("category_uid", Node::Integer(class.category_uid));
        ocsf.push("category_name", Node::Text(class.category));
        ocsf.push("class_uid", Node::Integer(class.uid));
        ocsf.push("class_name", Node::Text(class.caption));
        ocsf.push("type_uid", Node::Integer(class.uid * 100 + activity_id));
        ocsf.push("severity_id", Node::Integer(severity_id));
        ocsf.push("severity", severity);
        ocsf.push("time", Node::Integer(time.unwrap_or(origin.received).as_millis()));
        ocsf.push("metadata", Node::Object(metadata));
        for (name, node) in filled.into_members() {
            ocsf.put(name, node);
        }
        let refs = source.taxonomy.iter().filter(|field| field.name == "patient_ref");
        let mut patient_refs = bumpalo::collections::Vec::new_in(arena);
        patient_refs.extend(refs.filter_map(|field| field.value.text(arena)));
        Event {
            id,
            class_uid: class.uid,
            activity_id,
            time: time.unwrap_or(origin.received),
            received: origin.received,
            severity_id,
            patient_refs,
            ocsf,
            record: *record,
        }
    }
}

fn caption(severity_id: i64) -> &'static str {
    usize::try_from(severity_id).ok().and_then(|id| SEVERITIES.get(id)).copied().unwrap_or("Other")
}

/// An event of which only the envelope is known: no class of that name is in the catalogue, which a test rules out.
fn empty<'a>(record: &Record<'a>, origin: Origin<'_>, known: &Known<'a>, arena: &'a Arena) -> Event<'a> {
    Event {
        id: known.id,
        class_uid: 0,
        activity_id: 0,
        time: record.when.resolve().unwrap_or(origin.received),
        received: origin.received,
        severity_id: 0,
        patient_refs: bumpalo::collections::Vec::new_in(arena),
        ocsf: Object::new_in(arena),
        record: *record,
    }
}
