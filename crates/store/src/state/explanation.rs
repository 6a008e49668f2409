//! Why a finding was made, as the text that is kept with it (`docs/specs/state.md`, explanation): written straight from the finding, since a node under attack keeps
//! thousands a second.

use std::fmt::Display;

use cordon_model::{Digest, EventId, Finding, FindingOrigin, LogSource, MatchedField, Position};
use serde::{Serialize, Serializer};

use super::{EventPlace, JudgedLater, NewFinding};

/// Members stand in the order of their names.
#[derive(Serialize)]
struct Explanation<'f> {
    events: Vec<Event<'f>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    later: Option<Later>,
    log_source: Source<'f>,
    matched: Vec<Matched<'f>>,
    origin: Origin<'f>,
    record: Place<'f>,
}

#[derive(Serialize)]
struct Event<'f> {
    event_id: Shown<EventId>,
    #[serde(flatten)]
    place: Place<'f>,
}

#[derive(Clone, Copy, Serialize)]
struct Place<'f> {
    index: u32,
    position: Shown<Position>,
    sha256: Shown<Digest>,
    source: &'f str,
}

#[derive(Serialize)]
struct Later {
    by: &'static str,
    quiet: bool,
}

#[derive(Serialize)]
struct Source<'f> {
    category: &'f str,
    product: &'f str,
    service: &'f str,
}

#[derive(Serialize)]
struct Matched<'f> {
    field: &'f str,
    length: usize,
    offset: Option<usize>,
    pattern: &'f str,
    value: &'f str,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Origin<'f> {
    Event,
    Correlation { group: Vec<Named<'f>>, told: &'f str, value: &'f str, window_end: i64, window_start: i64 },
}

#[derive(Serialize)]
struct Named<'f> {
    field: &'f str,
    value: &'f str,
}

/// A number or digest as its own letters.
#[derive(Clone, Copy)]
struct Shown<T>(T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl NewFinding {
    /// The part of the explanation that is its own, as JSON; the rule's is kept once, as its card.
    pub(super) fn explanation(&self, later: Option<JudgedLater>) -> Result<String, serde_json::Error> {
        let Finding { log_source, matched, origin, .. } = &self.finding;
        let LogSource { product, category, service, .. } = log_source;
        serde_json::to_string(&Explanation {
            events: self.events_told(),
            later: later.map(|later| Later { by: later.by, quiet: later.is_quiet }),
            log_source: Source { category, product, service },
            matched: matched.iter().map(matched_told).collect(),
            origin: origin_told(origin),
            record: self.place(),
        })
    }

    fn events_told(&self) -> Vec<Event<'_>> {
        if self.events.is_empty() {
            let event = |id: &EventId| Event { event_id: Shown(*id), place: self.place() };
            return self.finding.event_ids.iter().map(event).collect();
        }
        self.events.iter().map(event_told).collect()
    }

    /// Where its (last) record stands.
    fn place(&self) -> Place<'_> {
        let Finding { source_file, position, index, record_sha256, .. } = &self.finding;
        Place { index: *index, position: Shown(*position), sha256: Shown(*record_sha256), source: source_file }
    }
}

fn event_told(at: &EventPlace) -> Event<'_> {
    let EventPlace { event_id, source, position, index, record_sha256 } = at;
    let place = Place { index: *index, position: Shown(*position), sha256: Shown(*record_sha256), source };
    Event { event_id: Shown(*event_id), place }
}

fn matched_told(matched: &MatchedField) -> Matched<'_> {
    let MatchedField { field, value, offset, length, pattern } = matched;
    Matched { field, length: *length, offset: *offset, pattern, value }
}

fn origin_told(origin: &FindingOrigin) -> Origin<'_> {
    match origin {
        FindingOrigin::Event => Origin::Event,
        FindingOrigin::Correlation { group, window_start, window_end, value, told } => {
            let group = group.iter().map(|(field, value)| Named { field, value }).collect();
            Origin::Correlation { group, told, value, window_end: window_end.0, window_start: window_start.0 }
        }
    }
}
