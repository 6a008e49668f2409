//! Cases as Incidents: rows become the events that they were made of, and a case that is known keeps its identity when it grows.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use cordon_model::{EventId, IncidentAccess, IncidentId, IncidentKind, IncidentState, NewIncident, Time, Told};
use cordon_privacy::{Case, Explained, Reason, Sentence};
use cordon_seal::incident_id;

use super::context::Proofs;
use super::gather::Gathered;
use super::ids::unmarked;

/// What scenarios are called in a title.
const SCENARIOS: [(&str, &str); 19] = [
    ("S1", "a relative"),
    ("S2", "a neighbour"),
    ("S3", "the own record"),
    ("S4", "a colleague"),
    ("S5", "a person in the public eye"),
    ("S6", "somebody who has died"),
    ("S7", "no encounter"),
    ("S8", "another department"),
    ("S9", "break-glass"),
    ("S10", "unusually many records"),
    ("S11", "a sweep"),
    ("S12", "search, then a look"),
    ("S13", "an unusual place"),
    ("S14", "an account that is shared"),
    ("S15", "before leaving"),
    ("S16", "records taken out"),
    ("S17", "a sensitive part"),
    ("S18", "an account in other hands"),
    ("S20", "a gap in the log"),
];
/// Scenarios that a title names.
const TITLE_SCENARIOS: usize = 3;

/// A case that the state has.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) id: IncidentId,
    pub(super) user: String,
    pub(super) state: IncidentState,
    pub(super) first: Time,
    pub(super) events: BTreeSet<EventId>,
}

impl Known {
    /// Whether people still work on it, or nobody has begun.
    pub(super) const fn is_open(&self) -> bool {
        !matches!(self.state, IncidentState::Decided | IncidentState::Closed)
    }
}

/// One access of a case, with what this review says of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) event: Option<EventId>,
    pub(super) time: Time,
    pub(super) patient: String,
    pub(super) action: String,
    pub(super) section: String,
    pub(super) workstation: String,
    pub(super) source: String,
    pub(super) break_glass: bool,
    /// Like `E1|E5`; empty when no reason was found.
    pub(super) explanation: String,
    /// The feed for which it cannot be judged yet, in words.
    pub(super) waits_for: Option<&'static str>,
    /// Rows that prove the explanation, as the review calls them.
    pub(super) proof: Vec<String>,
}

impl Seen {
    /// Takes in what the review says.
    pub(super) fn explain(&mut self, explained: &Explained) {
        self.explanation = explained.marks.to_string();
        self.waits_for = explained.late.map(cordon_privacy::Feed::words);
        self.proof = explained.proofs().map(|proof| proof.to_string()).collect();
    }
}

/// Reads the cells of the accesses with these numbers.
pub(super) fn seen(gathered: &Gathered, rows: &BTreeSet<u32>) -> io::Result<BTreeMap<u32, Seen>> {
    let mut out = BTreeMap::new();
    let mut sheet = csv::Reader::from_reader(gathered.accesses.sheet()?);
    let mut cells = csv::StringRecord::new();
    for row in 1..=gathered.accesses.count {
        if !sheet.read_record(&mut cells)? {
            break;
        }
        if !rows.contains(&row) {
            continue;
        }
        let cell = |place: usize| cells.get(place).unwrap_or_default().to_owned();
        let origin = gathered.accesses.origin(row)?;
        let source = origin.and_then(|origin| gathered.sources.get(usize::try_from(origin.source).ok()?));
        let one = Seen {
            event: origin.map(|origin| origin.event),
            time: Time::from_rfc3339(&cell(0)).unwrap_or_default(),
            action: cell(2),
            patient: cell(3),
            section: cell(5),
            workstation: cell(6),
            source: source.map(ToString::to_string).unwrap_or_default(),
            break_glass: cell(12) == "1",
            ..Seen::default()
        };
        out.insert(row, one);
    }
    Ok(out)
}

/// What cases of a review become.
pub(super) struct Telling<'t> {
    pub(super) site: &'t str,
    pub(super) office: &'t BTreeSet<String>,
    pub(super) now: Time,
    pub(super) proofs: &'t Proofs<'t>,
    pub(super) seen: &'t BTreeMap<u32, Seen>,
    pub(super) known: &'t [Known],
}

impl Telling<'_> {
    /// The Incident of a case; none when people have decided about all of its accesses.
    pub(super) fn incident(&self, case: &Case) -> io::Result<Option<NewIncident>> {
        let user = unmarked(&case.user).to_owned();
        let mut accesses: Vec<&Seen> = case.access_rows.iter().filter_map(|row| self.seen.get(row)).collect();
        accesses.sort_by_key(|access| (access.time, access.event));
        let (Some(first), Some(last)) = (accesses.first(), accesses.last()) else { return Ok(None) };
        let (first, last) = (first.time, last.time);
        let events: Vec<EventId> = accesses.iter().filter_map(|access| access.event).collect();
        let Some(id) = self.id(&user, &events) else { return Ok(None) };
        let mut sentences = self.sentences(&case.sentences)?;
        if let Some(opening) = sentences.first_mut() {
            // rows come in the order in which the store gives them, which a restart changes; time does not
            let kept = opening.proof.len();
            opening.proof = events.iter().map(|event| format!("event:{event}")).take(kept).collect();
        }
        Ok(Some(NewIncident {
            id,
            kind: IncidentKind::Privacy,
            site: self.site.to_owned(),
            title: title(case),
            score: case.score,
            scenarios: case.scenarios.clone(),
            patients: case.patients.clone(),
            parts: case.parts.clone(),
            sentences,
            counter_evidence: self.sentences(&case.counter_evidence)?,
            accesses: accesses.into_iter().filter_map(access).collect(),
            first,
            last,
            opened: self.now,
            is_office: self.office.contains(&user),
            user,
        }))
    }

    /// The identity of the case that is known and shares an access, else a new one. Where people have decided about such a case, what is new is another case; nothing
    /// new is none.
    fn id(&self, user: &str, events: &[EventId]) -> Option<IncidentId> {
        let shares = |known: &&Known| known.user == user && events.iter().any(|event| known.events.contains(event));
        let mut alike: Vec<&Known> = self.known.iter().filter(shares).collect();
        alike.sort_by_key(|known| (known.first, known.id));
        if let Some(open) = alike.iter().find(|known| known.is_open()) {
            return Some(open.id);
        }
        let is_decided = |event: &EventId| alike.iter().any(|known| known.events.contains(event));
        let began = events.iter().find(|event| !is_decided(event))?;
        Some(incident_id(IncidentKind::Privacy, self.site, user, *began))
    }

    fn sentences(&self, sentences: &[Sentence]) -> io::Result<Vec<Told>> {
        let told = sentences.iter().map(|sentence| {
            let proof = sentence.proof.iter().map(|proof| self.proofs.told(&proof.to_string()));
            Ok(Told { text: sentence.text.clone(), proof: proof.collect::<io::Result<Vec<_>>>()? })
        });
        told.collect()
    }

    /// Why a case is gone: what is known of its accesses now.
    pub(super) fn gone(&self, known: &Known) -> io::Result<String> {
        let of_case = |seen: &&Seen| seen.event.is_some_and(|event| known.events.contains(&event));
        let accesses: Vec<&Seen> = self.seen.values().filter(of_case).collect();
        let explained: Vec<&&Seen> = accesses.iter().filter(|access| !access.explanation.is_empty()).collect();
        let waiting: BTreeSet<&str> = accesses.iter().filter_map(|access| access.waits_for).collect();
        let mut parts = Vec::new();
        if let Some(first) = explained.first() {
            let words = words(&first.explanation);
            let proof: io::Result<Vec<String>> = first.proof.iter().map(|proof| self.proofs.told(proof)).collect();
            let (count, all, proof) = (explained.len(), accesses.len(), proof?.join(", "));
            parts.push(format!("{count} of {all} accesses have a reason now: {words} ({proof})"));
        }
        if !waiting.is_empty() {
            let feeds = waiting.into_iter().collect::<Vec<_>>().join(", ");
            parts.push(format!("some cannot be judged yet, because {feeds} did not come in full"));
        }
        if parts.is_empty() {
            parts.push("what speaks for a case has become too weak".to_owned());
        }
        Ok(parts.join("; "))
    }
}

fn access(seen: &Seen) -> Option<IncidentAccess> {
    Some(IncidentAccess {
        event_id: seen.event?,
        time: seen.time,
        patient_ref: seen.patient.clone(),
        action: seen.action.clone(),
        section: seen.section.clone(),
        source: seen.source.clone(),
        workstation: seen.workstation.clone(),
        break_glass: seen.break_glass,
        explanation: seen.explanation.clone(),
    })
}

/// The first reason of `E1|E5` in words.
fn words(explanation: &str) -> &'static str {
    let first = explanation.split('|').next().unwrap_or_default();
    Reason::ALL.into_iter().find(|reason| reason.id() == first).map_or("a reason", Reason::words)
}

/// `8 accesses to 1 record: a neighbour, search, then a look`.
fn title(case: &Case) -> String {
    let named = case.scenarios.iter().filter_map(|id| SCENARIOS.iter().find(|(known, _)| known == id));
    let named: Vec<&str> = named.map(|(_, words)| *words).take(TITLE_SCENARIOS).collect();
    let count = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let what = format!(
        "{} to {}",
        count(case.access_rows.len(), "access", "accesses"),
        count(case.patients.len(), "record", "records")
    );
    if named.is_empty() { what } else { format!("{what}: {}", named.join("; ")) }
}
