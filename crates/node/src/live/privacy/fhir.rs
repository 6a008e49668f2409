//! Resources of FHIR (R4 to R5, JSON) as context: visits, who takes part, appointments, orders; and who is who.
//!
//! Resources come in any order and in many versions: of visits, appointments and teams the newest counts, and names are looked up when all have come.

use std::collections::BTreeMap;

use cordon_model::Time;
use cordon_normalize::PatientId;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::ids::SiteIds;
use super::moment::{of_fhir, written};
use super::resource::{Resource, Who};
use super::rows::{Origin, Rows};

/// Resources of one kind that are kept; further ones are counted.
const KEPT_MAX: usize = 2_000_000;
/// Places of one visit, people of a visit or an order, that are kept.
const PLACES_MAX: usize = 64;
const PEOPLE_MAX: usize = 64;
/// How long after its beginning a visit is over that is no stay in a bed and that nobody ended, in microseconds.
const VISIT_OVER: i64 = 24 * 3_600_000_000;
/// What became of something that never was.
const NEVER_WAS: [&str; 4] = ["entered-in-error", "cancelled", "planned", "unknown"];
/// Types of identifiers that stand for one patient alone (HL7 table 0203): record number, patient's internal and external id.
const OF_ONE_PATIENT: [&str; 3] = ["MR", "PI", "PT"];

/// What resources have said so far.
#[derive(Default)]
pub(super) struct Resources {
    visits: Newest<Visit>,
    appointments: Newest<Booked>,
    orders: Newest<Order>,
    teams: Newest<Team>,
    /// Names of places, by their logical id.
    places: BTreeMap<String, String>,
    /// Identifiers of people, by their logical id.
    people: BTreeMap<String, Vec<String>>,
    /// Ids of patients that are one person.
    pub(super) merges: Vec<(String, String)>,
    /// Resources that said something.
    pub(super) count: u64,
    left_out: u64,
}

/// The newest version of each resource.
struct Newest<T>(BTreeMap<String, (Time, Origin, Option<T>)>);

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// A visit, as its newest version has it.
struct Visit {
    patient: String,
    class: String,
    department: String,
    start: Time,
    end: Option<Time>,
    places: Vec<(Who, Option<Time>, Option<Time>)>,
    people: Vec<Part>,
}

/// Somebody who takes part.
struct Part {
    who: Who,
    role: String,
    start: Option<Time>,
    end: Option<Time>,
}

struct Booked {
    patient: String,
    start: Time,
    end: Option<Time>,
    department: String,
    place: Option<Who>,
    people: Vec<Who>,
    status: String,
}

struct Order {
    patient: String,
    at: Time,
    visit: String,
    ordered: Option<Who>,
    performed: Vec<Who>,
    kind: String,
}

/// People who care for a patient together; of one visit where it says so.
struct Team {
    visit: String,
    people: Vec<Part>,
}

/// One resource as it came.
pub(super) struct Said<'a> {
    pub(super) bytes: &'a [u8],
    /// When it came.
    pub(super) received: Time,
    pub(super) origin: Origin,
    pub(super) ids: &'a SiteIds,
    /// The first id of whom a pseudonym stands for.
    pub(super) first: &'a dyn Fn(String) -> String,
}

impl Said<'_> {
    /// The pseudonym of the patient whom a reference names.
    fn patient(&self, who: &Who) -> Option<String> {
        let by_identifier =
            PatientId::from_identifier(&who.system, &who.identifier).filter(|_| !who.identifier.is_empty());
        let id = by_identifier.or_else(|| PatientId::from_reference(&who.reference))?;
        Some((self.first)(self.pseudonym(id)))
    }

    fn pseudonym(&self, id: PatientId<'_>) -> String {
        self.ids.key().patient_ref(id.authority, id.id).as_str().to_owned()
    }
}

/// Where the rows of resources go.
pub(super) struct Tables<'t> {
    pub(super) encounters: &'t mut Rows,
    pub(super) participants: &'t mut Rows,
    pub(super) appointments: &'t mut Rows,
    pub(super) orders: &'t mut Rows,
}

impl<T> Newest<T> {
    /// Keeps a version unless a newer one is known. Whether there was room.
    fn put(&mut self, id: &str, said: Time, origin: Origin, what: Option<T>) -> bool {
        if self.0.len() >= KEPT_MAX && !self.0.contains_key(id) {
            return false;
        }
        if self.0.get(id).is_none_or(|(known, _, _)| *known <= said) {
            self.0.insert(id.to_owned(), (said, origin, what));
        }
        true
    }
}

impl Resources {
    /// Whether resources of this type say something.
    pub(super) fn knows(kind: &str) -> bool {
        cordon_collect::live::http::fhir::CARE.contains(&kind)
    }

    /// Takes in a resource. What cannot be read was told when it came.
    pub(super) fn take(&mut self, said: &Said<'_>, zone: &TimeZone) {
        let Ok(value) = serde_json::from_slice::<Value>(said.bytes) else { return };
        let one = Resource(&value);
        let (kind, id) = (one.text("resourceType"), one.text("id"));
        let at = of_fhir(one.text("meta.lastUpdated"), zone).unwrap_or(said.received);
        if id.is_empty() {
            return;
        }
        self.count += 1;
        let time = |path: &str| of_fhir(one.text(path), zone);
        let was = !NEVER_WAS.contains(&one.text("status"));
        let origin = said.origin;
        let fits = match kind {
            "Encounter" => {
                let visit = one.visit(said, zone).filter(|_| was);
                self.visits.put(id, at, origin, visit)
            }
            "Appointment" => {
                let booked = one.booked(said, zone);
                self.appointments.put(id, at, origin, booked)
            }
            "CareTeam" => {
                let (visit, people) = (one.who("encounter").id().to_owned(), one.parts("participant", "member", zone));
                self.teams.put(id, at, origin, Some(Team { visit, people }).filter(|_| was))
            }
            "ServiceRequest" | "MedicationRequest" | "DiagnosticReport" | "Procedure" => {
                let order = one.order(kind, said, time).filter(|_| was);
                self.orders.put(&format!("{kind}/{id}"), at, origin, order)
            }
            "Location" => self.place(id, one),
            "Practitioner" => self.person(id, one),
            "Patient" => self.identities(id, one, said),
            _ => true,
        };
        self.left_out += u64::from(!fits);
    }

    fn place(&mut self, id: &str, place: Resource<'_>) -> bool {
        let fits = self.places.len() < KEPT_MAX;
        if fits {
            self.places.insert(id.to_owned(), place.text("name").to_owned());
        }
        fits
    }

    fn person(&mut self, id: &str, person: Resource<'_>) -> bool {
        let fits = self.people.len() < KEPT_MAX;
        if fits {
            let identifiers = person.all("identifier").map(|one| one.text("value").to_owned()).take(PEOPLE_MAX);
            self.people.insert(id.to_owned(), identifiers.collect());
        }
        fits
    }

    /// A record number of a patient, and another resource of theirs that it was merged with, are the same person as the logical id.
    fn identities(&mut self, id: &str, patient: Resource<'_>, said: &Said<'_>) -> bool {
        let Some(own) = PatientId::from_reference(&format!("Patient/{id}")).map(|own| said.pseudonym(own)) else {
            return true;
        };
        let numbers = patient.all("identifier").filter(|one| OF_ONE_PATIENT.contains(&one.text("type.coding.code")));
        let numbers = numbers.filter(|one| one.text("use") != "old");
        let numbers = numbers
            .filter_map(|one| PatientId::from_identifier(one.text("system"), one.text("value")))
            .map(|id| said.pseudonym(id));
        let linked = patient.all("link").filter(|one| matches!(one.text("type"), "replaced-by" | "replaces"));
        let linked = linked.filter_map(|one| said.patient(&one.who("other")));
        let others: Vec<String> = numbers.chain(linked).take(PEOPLE_MAX).collect();
        let fits = self.merges.len() + others.len() < KEPT_MAX;
        if fits {
            self.merges.extend(others.into_iter().filter(|other| *other != own).map(|other| (own.clone(), other)));
        }
        fits
    }

    /// What a place is called.
    fn place_of(&self, who: &Who) -> String {
        let known = self.places.get(who.id()).filter(|name| !name.is_empty());
        known.map_or_else(|| who.in_words().to_owned(), Clone::clone)
    }

    /// The account of somebody: by the first of their numbers that the staff list knows, else as the reference calls them.
    fn person_of(&self, who: &Who, ids: &SiteIds) -> String {
        let named = self.people.get(who.id()).into_iter().flatten().map(String::as_str);
        let numbers = || [who.identifier.as_str()].into_iter().chain(named.clone()).chain([who.id()]);
        let known = numbers().find(|text| ids.knows(text));
        ids.person(known.or_else(|| numbers().find(|text| !text.is_empty())).unwrap_or_default())
    }

    /// Writes what was put together; how many there was no room for.
    pub(super) fn write(self, tables: &mut Tables<'_>, ids: &SiteIds, zone: &TimeZone) -> std::io::Result<u64> {
        let ends = |end: Option<Time>| end.map(|end| written(end, zone)).unwrap_or_default();
        for (id, (_, origin, visit)) in &self.visits.0 {
            let Some(visit) = visit else { continue };
            for (place, start, end) in visit.stays() {
                let unit = place.map(|place| self.place_of(place)).unwrap_or_default();
                let (start, end) = (written(start, zone), ends(end));
                let cells = [id.as_str(), &visit.patient, &start, &end, &visit.class, &visit.department, &unit];
                tables.encounters.push(cells, *origin)?;
            }
            self.parts(id, &visit.people, *origin, tables, (ids, zone))?;
        }
        for (_, origin, team) in self.teams.0.values() {
            // a team without a visit says nothing of when
            if let Some(team) = team.as_ref().filter(|team| self.visits.0.contains_key(&team.visit)) {
                self.parts(&team.visit, &team.people, *origin, tables, (ids, zone))?;
            }
        }
        for (id, (_, origin, booked)) in &self.appointments.0 {
            let Some(booked) = booked else { continue };
            let department = booked.place.as_ref().map(|place| self.place_of(place)).filter(|name| !name.is_empty());
            let department = department.unwrap_or_else(|| booked.department.clone());
            let (start, end) = (written(booked.start, zone), ends(booked.end));
            let mut people: Vec<String> = booked.people.iter().map(|who| self.person_of(who, ids)).collect();
            people.resize(people.len().max(1), String::new());
            for person in &people {
                let cells = [booked.patient.as_str(), &start, id, person, &department, &end, &booked.status];
                tables.appointments.push(cells, *origin)?;
            }
        }
        for (id, (_, origin, order)) in &self.orders.0 {
            let Some(order) = order else { continue };
            let at = written(order.at, zone);
            let ordered = order.ordered.as_ref().map(|who| self.person_of(who, ids)).unwrap_or_default();
            let mut performed: Vec<String> = order.performed.iter().map(|who| self.person_of(who, ids)).collect();
            performed.resize(performed.len().max(1), String::new());
            for performed in &performed {
                let cells = [&order.patient, &at, id, &order.visit, &ordered, performed, "", &order.kind];
                tables.orders.push(cells, *origin)?;
            }
        }
        Ok(self.left_out)
    }

    fn parts(
        &self,
        visit: &str,
        parts: &[Part],
        origin: Origin,
        tables: &mut Tables<'_>,
        (ids, zone): (&SiteIds, &TimeZone),
    ) -> std::io::Result<()> {
        let time = |at: Option<Time>| at.map(|at| written(at, zone)).unwrap_or_default();
        for part in parts {
            let (person, start, end) = (self.person_of(&part.who, ids), time(part.start), time(part.end));
            tables.participants.push([visit, &person, &part.role, &start, &end], origin)?;
        }
        Ok(())
    }
}

impl Visit {
    /// The places that the patient was in, one after the other; one nowhere in particular when none is named.
    fn stays(&self) -> Vec<(Option<&Who>, Time, Option<Time>)> {
        let is_in_bed = matches!(self.class.as_str(), "IMP" | "ACUTE" | "NONAC" | "");
        let over = (!is_in_bed).then_some(Time(self.start.0.saturating_add(VISIT_OVER)));
        let end = self.end.or(over).map(|end| end.max(self.start));
        let mut stays: Vec<(Option<&Who>, Time, Option<Time>)> =
            self.places.iter().map(|(place, from, until)| (Some(place), from.unwrap_or(self.start), *until)).collect();
        stays.sort_by_key(|(_, start, _)| *start);
        if stays.is_empty() {
            stays.push((None, self.start, None));
        }
        // who moved on without a word of it left one place when they came to the next
        let mut next = None::<Time>;
        for (_, start, until) in stays.iter_mut().rev() {
            let moved = next.filter(|next| *next > *start);
            *until = until.or(moved).or(end).map(|until| until.max(*start));
            next = Some(*start);
        }
        stays
    }
}

impl Resource<'_> {
    fn visit(self, said: &Said<'_>, zone: &TimeZone) -> Option<Visit> {
        let time = |path: &str| of_fhir(self.text(path), zone);
        let class = [self.text("class.code"), self.text("class.coding.code")].into_iter().find(|text| !text.is_empty());
        let places = self.all("location").take(PLACES_MAX).map(|place| {
            let time = |path: &str| of_fhir(place.text(path), zone);
            (place.who("location"), time("period.start"), time("period.end"))
        });
        Some(Visit {
            patient: said.patient(&self.who("subject"))?,
            class: class.unwrap_or_default().to_owned(),
            department: self.words("serviceType").to_owned(),
            start: time("actualPeriod.start").or_else(|| time("period.start"))?,
            end: time("actualPeriod.end").or_else(|| time("period.end")),
            places: places.collect(),
            people: self.parts_of_visit(zone),
        })
    }

    /// R4 calls them `individual`, R5 `actor`.
    fn parts_of_visit(self, zone: &TimeZone) -> Vec<Part> {
        let mut parts = self.parts("participant", "individual", zone);
        parts.extend(self.parts("participant", "actor", zone));
        parts
    }

    /// People below a name.
    fn parts(self, name: &str, who: &str, zone: &TimeZone) -> Vec<Part> {
        let parts = self.all(name).map(|part| {
            let time = |path: &str| of_fhir(part.text(path), zone);
            let role = [part.words("type"), part.words("role")].into_iter().find(|text| !text.is_empty());
            let role = role.unwrap_or_default().to_owned();
            Part { who: part.who(who), role, start: time("period.start"), end: time("period.end") }
        });
        parts.filter(|part| part.who.is_of_staff()).take(PEOPLE_MAX).collect()
    }

    fn booked(self, said: &Said<'_>, zone: &TimeZone) -> Option<Booked> {
        let time = |path: &str| of_fhir(self.text(path), zone);
        let actors: Vec<Who> = self.all("participant").map(|part| part.who("actor")).take(PEOPLE_MAX).collect();
        let about = [self.who("subject")];
        let patient =
            about.iter().chain(&actors).filter(|who| who.is_of("Patient")).find_map(|who| said.patient(who))?;
        Some(Booked {
            patient,
            start: time("start")?,
            end: time("end"),
            department: self.words("serviceType").to_owned(),
            place: actors.iter().find(|who| who.is_of("Location")).cloned(),
            people: actors.iter().filter(|who| who.is_of_staff()).cloned().collect(),
            status: self.text("status").to_owned(),
        })
    }

    fn order(self, kind: &str, said: &Said<'_>, time: impl Fn(&str) -> Option<Time>) -> Option<Order> {
        const TIMES: [&str; 7] = [
            "authoredOn",
            "effectiveDateTime",
            "effectivePeriod.start",
            "performedDateTime",
            "performedPeriod.start",
            "occurrenceDateTime",
            "issued",
        ];
        const KINDS: [&str; 4] = ["code", "medicationCodeableConcept", "medication.concept", "category"];
        let who = |name: &str| self.all(name).map(|one| one.itself()).filter(Who::is_of_staff).take(PEOPLE_MAX);
        let performers = self.all("performer").map(|one| one.who("actor")).filter(Who::is_of_staff).take(PEOPLE_MAX);
        let what = KINDS.into_iter().map(|name| self.words(name)).find(|text| !text.is_empty()).unwrap_or_default();
        let is_medicine = kind == "MedicationRequest";
        Some(Order {
            patient: said.patient(&self.who("subject"))?,
            at: TIMES.into_iter().find_map(time)?,
            visit: self.who("encounter").id().to_owned(),
            ordered: who("requester").chain(who("recorder")).next(),
            performed: who("performer").chain(performers).chain(who("resultsInterpreter")).collect(),
            kind: if is_medicine { format!("medicine {what}") } else { what.to_owned() },
        })
    }
}

#[cfg(test)]
mod tests;
