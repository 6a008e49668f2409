//! Walks what is stored and makes rows of the file contract of it: accesses of every record that tells of one, and context of messages and FHIR resources.
//!
//! Nothing is kept in memory but visits, appointments, FHIR resources (which name each other in any order) and the ids of the last requests: rows go to temporary files in the
//! data folder (`rows`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordon_api::{ControlError, Progress};
use cordon_decode::Sink;
use cordon_model::{Anomaly, Arena, Delivery, EventId, Field, Record, Time};
use cordon_normalize::{Access, taxonomy_mapped};
use cordon_privacy::Table;
use cordon_seal::event_id;
use cordon_store::evidence::Passed;
use cordon_store::wal::Entry;
use jiff::tz::TimeZone;

use super::super::decoders::Decoders;
use super::super::later::{Pace, Step, Stored};
use super::super::node::Parts;
use super::fhir::{self, Resources};
use super::ids::{SiteIds, marked};
use super::messages::{Messages, Tables};
use super::moment::written;
use super::persons::Persons;
use super::rows::{Origin, Rows, Written};

/// An arena that a hostile record has blown up beyond this is given back.
const ARENA_KEEP_BYTES: usize = 8 << 20;
/// How long is waited before the street is asked again how far it is.
const WAIT: Duration = Duration::from_millis(50);
/// Requests within which the other record of one access is looked for: client and server tell of it close together.
const REQUESTS_MAX: usize = 1 << 20;
/// Patients of one event that are taken: a list of more is no look at a record.
const PATIENTS_MAX: usize = 1_000;
/// Characters of a request that are kept.
const OBJECT_CHARS_MAX: usize = 300;

/// What was gathered.
pub(super) struct Gathered {
    pub(super) accesses: Written,
    /// Tables of the context made of messages.
    pub(super) context: Vec<Written>,
    /// Ids of the sources, by their numbers.
    pub(super) sources: Vec<Arc<str>>,
    /// Ids of patients that messages say are one person.
    pub(super) merges: Vec<(String, String)>,
    pub(super) counts: Counts,
    /// What should have been there and could not be read.
    pub(super) missing: Passed,
}

/// Counts of a walk.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) deliveries: u64,
    pub(super) messages: u64,
    /// Records of an access that another record had told of.
    pub(super) told_twice: u64,
    /// Accesses of programs, without a person.
    pub(super) by_programs: u64,
    pub(super) undated: u64,
    /// Messages and rows for which there was no room.
    pub(super) left_out: u64,
}

/// What is to be gathered.
pub(super) struct Wanted<'w> {
    pub(super) site: Arc<str>,
    /// When accesses happened.
    pub(super) happened: Range<Time>,
    pub(super) zone: TimeZone,
    pub(super) ids: &'w SiteIds,
    pub(super) persons: &'w Persons,
    /// Where temporary files may be.
    pub(super) dir: &'w Path,
}

/// Walks everything that was received since accesses of the range can have been. `None` when it was cancelled.
pub(super) fn gather(
    parts: &Arc<Parts>,
    wanted: &Wanted<'_>,
    progress: &Progress,
    is_over: &dyn Fn() -> bool,
) -> Result<Option<Gathered>, ControlError> {
    // nothing is received before it happened, give or take a clock
    let mut stored = Stored::new(parts, wanted.happened.start..Time(i64::MAX));
    let mut gather = Gather::new(parts, wanted).map_err(no_room)?;
    let mut pace = Pace::new(parts);
    while !is_over() {
        let began = Instant::now();
        match stored.next()? {
            Step::End => {
                let missing = stored.missing();
                return gather.finish(missing).map(Some).map_err(no_room);
            }
            Step::Wait => std::thread::sleep(WAIT),
            Step::Entries(entries) => {
                gather.entries(&entries).map_err(no_room)?;
                progress.set(stored.position(), stored.end());
                pace.rest(began.elapsed(), is_over);
            }
        }
    }
    Ok(None)
}

/// Temporary files cannot be written.
pub(super) fn no_room(error: impl std::fmt::Display) -> ControlError {
    ControlError::Unavailable(format!("temporary files of the review: {error}"))
}

struct Gather<'p> {
    parts: &'p Parts,
    wanted: &'p Wanted<'p>,
    decoders: Decoders,
    arena: Arena,
    taker: Taker<'p>,
}

/// Where rows go.
struct Taker<'p> {
    wanted: &'p Wanted<'p>,
    accesses: Rows,
    encounters: Rows,
    participants: Rows,
    appointments: Rows,
    messages: Messages,
    resources: Resources,
    requests: Requests,
    numbers: BTreeMap<Arc<str>, u32>,
    sources: Vec<Arc<str>>,
    counts: Counts,
    /// The first row that could not be written ends the walk.
    failed: Option<io::Error>,
}

impl<'p> Gather<'p> {
    fn new(parts: &'p Parts, wanted: &'p Wanted<'p>) -> io::Result<Self> {
        let rows = |table| Rows::new(table, wanted.dir);
        let taker = Taker {
            wanted,
            accesses: rows(Table::Accesses)?,
            encounters: rows(Table::Encounters)?,
            participants: rows(Table::Participants)?,
            appointments: rows(Table::Appointments)?,
            messages: Messages::new(rows(Table::Orders)?, wanted.zone.clone()),
            resources: Resources::default(),
            requests: Requests::default(),
            numbers: BTreeMap::new(),
            sources: Vec::new(),
            counts: Counts::default(),
            failed: None,
        };
        Ok(Self { parts, wanted, decoders: Decoders::new(parts.decode.clone()), arena: Arena::new(), taker })
    }

    fn entries(&mut self, entries: &[Entry]) -> io::Result<()> {
        let Self { parts, wanted, decoders, arena, taker } = self;
        for entry in entries.iter().filter(|entry| entry.delivery.site == wanted.site) {
            taker.counts.deliveries += 1;
            decoders.decode(&entry.delivery, entry.offset, arena, &mut |unit, arena| {
                let source = taker.number(&entry.delivery.source);
                unit.run(arena, &mut UnitSink { parts, delivery: &entry.delivery, source, arena, taker });
            });
            if arena.allocated_bytes() > ARENA_KEEP_BYTES {
                *arena = Arena::new();
            }
            if let Some(error) = taker.failed.take() {
                return Err(error);
            }
        }
        Ok(())
    }

    fn finish(self, missing: Passed) -> io::Result<Gathered> {
        let Taker {
            accesses,
            mut encounters,
            mut participants,
            mut appointments,
            mut messages,
            mut resources,
            sources,
            mut counts,
            wanted,
            ..
        } = self.taker;
        counts.messages = messages.count + resources.count;
        let tables =
            Tables { encounters: &mut encounters, participants: &mut participants, appointments: &mut appointments };
        let mut merges = messages.merges();
        merges.append(&mut resources.merges);
        let (mut orders, mut left_out) = messages.write(tables)?;
        let mut tables = fhir::Tables {
            encounters: &mut encounters,
            participants: &mut participants,
            appointments: &mut appointments,
            orders: &mut orders,
        };
        left_out += resources.write(&mut tables, wanted.ids, &wanted.zone)?;
        let context = [encounters, participants, appointments, orders]
            .into_iter()
            .map(Rows::finish)
            .collect::<Result<Vec<_>, _>>()?;
        let accesses = accesses.finish()?;
        counts.left_out = left_out + accesses.left_out + context.iter().map(|table| table.left_out).sum::<u64>();
        Ok(Gathered { accesses, context, sources, merges, counts, missing })
    }
}

/// Takes the records of one unit.
struct UnitSink<'w, 'p, 'a> {
    parts: &'w Parts,
    delivery: &'w Delivery,
    source: u32,
    arena: &'a Arena,
    taker: &'w mut Taker<'p>,
}

impl<'a> Sink<'a> for UnitSink<'_, '_, 'a> {
    fn record(&mut self, record: Record<'a>) {
        let resource = Some("resourceType").filter(|_| record.format == "json").and_then(|name| record.value(name));
        if resource.and_then(|kind| kind.text(self.arena)).is_some_and(Resources::knows) {
            self.resource(&record);
            return;
        }
        let sources = self.parts.decode.log_sources.sources(record.sources);
        let is_access = sources.iter().any(|source| source.category == "record_access");
        let is_message = sources.iter().any(|source| source.category == "hl7_message");
        if !(is_access || is_message) || self.taker.failed.is_some() {
            return;
        }
        let raw = record.raw;
        let event = event_id(&self.delivery.source, raw.position, record.index, raw.bytes);
        let origin = Origin { event, source: self.source };
        let (key, mappings) = (self.taker.wanted.ids.key(), &self.parts.decode.csv_mappings);
        let fields = taxonomy_mapped(&record, key, mappings, &TimeZone::UTC, self.arena);
        let mut taken = Ok(());
        if is_access {
            taken = self.taker.access(&Access::new(&record, fields), origin);
        }
        if is_message && taken.is_ok() {
            taken = self.taker.message(&record, fields, origin, self.arena);
        }
        self.taker.failed = taken.err();
    }

    /// Was counted when it arrived.
    fn fault(&mut self, _: u64, _: Anomaly) {}
}

impl UnitSink<'_, '_, '_> {
    fn resource(&mut self, record: &Record<'_>) {
        let raw = record.raw;
        let event = event_id(&self.delivery.source, raw.position, record.index, raw.bytes);
        let wanted = self.taker.wanted;
        let first = |text: String| wanted.persons.first(&text).unwrap_or(text);
        let said = fhir::Said {
            bytes: raw.bytes,
            received: self.delivery.received,
            origin: Origin { event, source: self.source },
            ids: wanted.ids,
            first: &first,
        };
        self.taker.resources.take(&said, &wanted.zone);
    }
}

impl Taker<'_> {
    fn number(&mut self, source: &Arc<str>) -> u32 {
        if let Some(number) = self.numbers.get(source) {
            return *number;
        }
        let number = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        self.numbers.insert(Arc::clone(source), number);
        self.sources.push(Arc::clone(source));
        number
    }

    fn message(&mut self, record: &Record<'_>, fields: &[Field<'_>], origin: Origin, arena: &Arena) -> io::Result<()> {
        let patient = fields.iter().find(|field| field.name == "patient_ref");
        let Some(patient) = patient.and_then(|field| field.value.text(arena)) else { return Ok(()) };
        let named = |text: &str| self.wanted.persons.first(text).unwrap_or_else(|| text.to_owned());
        let patient = named(patient);
        let prior = fields.iter().filter(|field| field.name == "prior_patient_ref");
        let prior: Vec<String> = prior.filter_map(|field| field.value.text(arena)).map(named).collect();
        self.messages.take(record, (&patient, &prior), self.wanted.ids, origin, arena)
    }

    /// A row for each patient; one without where a search, print or export names nobody.
    fn access(&mut self, access: &Access<'_>, origin: Origin) -> io::Result<()> {
        let Some(action) = action(access) else { return Ok(()) };
        let Some(user) = access.user.filter(|user| !access.patients.contains(user)) else { return Ok(()) };
        if access.agent_type == Some("client") {
            self.counts.by_programs += 1;
            return Ok(());
        }
        let Some(time) = access.time else {
            self.counts.undated += 1;
            return Ok(());
        };
        if !self.wanted.happened.contains(&time) {
            return Ok(());
        }
        if access.request_id.is_some_and(|id| !self.requests.is_new(id)) {
            self.counts.told_twice += 1;
            return Ok(());
        }
        let (time, user) = (written(time, &self.wanted.zone), marked(user));
        let object = object(access, action);
        let purpose = access.reason.or(access.purpose).unwrap_or_default();
        let break_glass = if access.break_glass == Some(true) { "1" } else { "" };
        let names_nobody = matches!(action, "search" | "print" | "export" | "disclose").then_some("");
        let nobody = names_nobody.filter(|_| access.patients.is_empty());
        let people = self.wanted.persons.of_event(&access.patients);
        for patient in people.iter().map(String::as_str).take(PATIENTS_MAX).chain(nobody) {
            let cells = [
                &time,
                &user,
                action,
                patient,
                &object,
                access.section.or(access.object_type).unwrap_or_default(),
                access.workstation.unwrap_or_default(),
                access.client_ip.unwrap_or_default(),
                access.app.unwrap_or_default(),
                access.location.unwrap_or_default(),
                access.encounter.unwrap_or_default(),
                purpose,
                break_glass,
                outcome(access),
                access.duration_ms.unwrap_or_default(),
                "",
            ];
            self.accesses.push(cells, origin)?;
        }
        Ok(())
    }
}

/// What was done, in the words of the file contract; none when no record was touched. An act without a word of its own, such as passing break-glass, is a look.
fn action<'a>(access: &Access<'a>) -> Option<&'a str> {
    match access.action? {
        action @ ("read" | "create" | "update" | "delete" | "search" | "print" | "export" | "disclose") => Some(action),
        "execute" if !access.patients.is_empty() => Some("read"),
        _ => None,
    }
}

/// What was asked for, or who received it.
fn object(access: &Access<'_>, action: &str) -> String {
    let request = || access.query.map(|query| query.lines().next().unwrap_or_default());
    let text = match action {
        "export" | "disclose" => access.recipient.or_else(request),
        _ => request(),
    };
    text.unwrap_or_default().chars().take(OBJECT_CHARS_MAX).collect()
}

fn outcome(access: &Access<'_>) -> &'static str {
    match access.outcome {
        Some("minor_failure" | "serious_failure" | "major_failure") => "denied",
        _ => "",
    }
}

/// Ids of the last requests.
#[derive(Default)]
struct Requests {
    known: BTreeSet<EventId>,
    order: VecDeque<EventId>,
}

impl Requests {
    /// Whether it was not there before.
    fn is_new(&mut self, request: &str) -> bool {
        // as wide as an event's id, so that no two requests of a hospital share theirs
        let digest = cordon_seal::digest(request.as_bytes());
        let mut short = [0; 16];
        short.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
        let id = EventId(short);
        if !self.known.insert(id) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > REQUESTS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}
