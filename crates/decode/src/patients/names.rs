//! Whose a field is, by its name: `data/patient_names.tsv`, read once. The rule is written down in `docs/specs/patient-names.md`.

use std::cell::RefCell;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// The rows: kind, name.
const PATIENT_NAMES: &str = include_str!("../../data/patient_names.tsv");

/// Kinds of the table; each is one bit of [`Kinds`].
const KINDS: [(&str, Kinds); 8] = [
    ("care", CARE),
    ("patient", PATIENT),
    ("person", PERSON),
    ("contact", CONTACT),
    ("staff", STAFF),
    ("elsewhere", ELSEWHERE),
    ("whole", WHOLE),
    ("part", PART),
];

const CARE: Kinds = Kinds(1);
const PATIENT: Kinds = Kinds(2);
const PERSON: Kinds = Kinds(4);
const CONTACT: Kinds = Kinds(8);
const STAFF: Kinds = Kinds(16);
const ELSEWHERE: Kinds = Kinds(32);
const WHOLE: Kinds = Kinds(64);
const PART: Kinds = Kinds(128);

/// What a field's name says about whose its value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Says {
    /// Nothing of a person, or of a member of staff.
    Nothing,
    /// A name, an address, a way to reach somebody: whose, the record says.
    Contact,
    /// Who a person is: whose, the record says.
    Person,
    /// Who a patient is.
    Patient,
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kinds(u8);

impl Kinds {
    const fn has(self, kind: Self) -> bool {
        self.0 & kind.0 != 0
    }

    const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The table.
#[derive(Debug, Default)]
struct List {
    exact: FxHashMap<&'static str, Kinds>,
    /// By the first byte.
    starts: FxHashMap<u8, Rows>,
    /// By the last byte.
    ends: FxHashMap<u8, Rows>,
    inside: Rows,
    staff: Vec<&'static str>,
    elsewhere: Vec<&'static str>,
}

static LIST: LazyLock<List> = LazyLock::new(|| List::parse(PATIENT_NAMES).unwrap_or_default());

impl List {
    /// Reads the table; the error says which line is wrong and why.
    fn parse(text: &'static str) -> Result<Self, String> {
        let mut list = Self::default();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            list.row(line).map_err(|reason| format!("line {}: {reason}", number + 1))?;
        }
        Ok(list)
    }

    fn row(&mut self, line: &'static str) -> Result<(), &'static str> {
        let (kind, name) = line.split_once('\t').ok_or("not two columns")?;
        let (_, kind) = *KINDS.iter().find(|(known, _)| *known == kind).ok_or("no such kind")?;
        let bare = name.trim_matches('*');
        if bare.is_empty() || folded(bare) != bare {
            return Err("a name is written in letters and digits, in lower case");
        }
        match (name.starts_with('*'), name.ends_with('*')) {
            (true, true) => self.inside.push((bare, kind)),
            (true, false) => by_byte(&mut self.ends, bare.bytes().next_back()).push((bare, kind)),
            (false, true) => by_byte(&mut self.starts, bare.bytes().next()).push((bare, kind)),
            (false, false) => {
                let kinds = self.exact.entry(bare).or_default();
                *kinds = kinds.with(kind);
            }
        }
        match kind {
            STAFF => self.staff.push(bare),
            ELSEWHERE => self.elsewhere.push(bare),
            _ => {}
        }
        Ok(())
    }

    /// Whether a folded word begins like an account's, a machine's or a place's.
    fn begins_elsewhere(&self, word: &str) -> bool {
        self.elsewhere.iter().any(|known| word.starts_with(known))
    }

    /// The kinds of a folded word.
    fn kinds(&self, word: &str) -> Kinds {
        let mut kinds = self.exact.get(word).copied().unwrap_or_default();
        let rows = |rows: Option<&Rows>, holds: fn(&str, &str) -> bool| {
            let rows = rows.map_or(&[][..], Vec::as_slice).iter();
            rows.filter(|(known, _)| holds(word, known)).fold(Kinds::default(), |all, (_, kind)| all.with(*kind))
        };
        let (first, last) = (word.bytes().next(), word.bytes().next_back());
        kinds = kinds.with(rows(first.and_then(|byte| self.starts.get(&byte)), |word, known| word.starts_with(known)));
        kinds = kinds.with(rows(last.and_then(|byte| self.ends.get(&byte)), |word, known| word.ends_with(known)));
        kinds.with(rows(Some(&self.inside), |word, known| word.contains(known)))
    }
}

/// Rows of the table with what they say.
type Rows = Vec<(&'static str, Kinds)>;

/// The rows of a byte.
fn by_byte(all: &mut FxHashMap<u8, Rows>, byte: Option<u8>) -> &mut Rows {
    all.entry(byte.unwrap_or_default()).or_default()
}

/// Names of fields whose value is the name of a field, as in `{"name": "PatientName", "value": "..."}`.
const NAMING: [&str; 10] =
    ["name", "key", "field", "label", "type", "attribute", "parameter", "property", "fieldname", "code"];
/// A part of the name of the member that stands behind such a one.
const VALUE: &str = "value";
/// Parts of FHIR resources that hold names, references and free text.
const OF_RESOURCES: [&str; 12] =
    ["id", "div", "display", "reference", "text", "description", "query", "line", "data", "title", "comment", "note"];
/// The field of a FHIR resource that says which it is.
const RESOURCE_TYPE: &str = "resourceType";
/// The part of a FHIR resource that refers to another.
const REFERENCE: &str = "reference";

/// All that is asked of the name of a field, whatever its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// What it says of its value.
    pub(super) says: Says,
    /// Its value can be the name of the value of the member behind it.
    pub(super) is_naming: bool,
    /// Its value can have such a name.
    pub(super) is_named: bool,
    /// It says which FHIR resource the record is.
    pub(super) is_resource_type: bool,
    /// It refers to another FHIR resource.
    pub(super) is_reference: bool,
    /// In a FHIR resource it identifies whoever the resource is about, wherever it stands: all of it is a patient's data, but for staff.
    pub(super) is_of_resource: bool,
}

impl Told {
    fn of(name: &str) -> Self {
        let last = name.rsplit('.').next().unwrap_or(name);
        let is_part = OF_RESOURCES.contains(&last) || last.starts_with("value") || last.ends_with("String");
        Self {
            says: says_by_table(name),
            is_naming: NAMING.iter().any(|known| last.eq_ignore_ascii_case(known)),
            is_named: last.to_ascii_lowercase().contains(VALUE),
            is_resource_type: last == RESOURCE_TYPE,
            is_reference: last == REFERENCE,
            is_of_resource: is_part && !is_elsewhere(name),
        }
    }
}

/// Names that a thread remembers, and the longest of them: records of one source have the same few names again and again.
const REMEMBERED_MAX: usize = 8_192;
const REMEMBERED_BYTES_MAX: usize = 128;

thread_local! {
    /// What names told before. A name tells the same for ever, so this changes nothing but the time it takes.
    static REMEMBERED: RefCell<FxHashMap<Box<str>, Told>> = RefCell::default();
}

/// What a field's name says. Names of nested fields are joined with dots; what stands around the last part counts too.
pub(crate) fn says(name: &str) -> Says {
    told(name).says
}

/// All that a field's name tells.
pub(super) fn told(name: &str) -> Told {
    if name.len() > REMEMBERED_BYTES_MAX {
        return Told::of(name);
    }
    REMEMBERED.with_borrow_mut(|remembered| {
        if let Some(told) = remembered.get(name) {
            return *told;
        }
        let told = Told::of(name);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(name.into(), told);
        told
    })
}

fn says_by_table(name: &str) -> Says {
    let (above, last) = name.rsplit_once('.').map_or((None, name), |(above, last)| (Some(above), last));
    let word = folded(last);
    let mut kinds = LIST.kinds(&word);
    if kinds.has(CARE) {
        return Says::Nothing;
    }
    if kinds.has(PATIENT) {
        return Says::Patient;
    }
    if kinds == Kinds::default() && above.is_none() {
        return Says::Nothing; // most names
    }
    if LIST.staff.iter().any(|staff| word.starts_with(staff)) {
        return Says::Nothing;
    }
    if let Some(above) = above {
        // `telecom.value`, `name.text`: only both together say what it is
        let nearest = above.rsplit('.').next().unwrap_or(above);
        kinds = kinds.with(LIST.kinds(&(folded(nearest) + &word)));
    }
    let is_person = kinds.has(PERSON);
    match above.map_or(Around::Parts, around) {
        Around::Patient => Says::Patient,
        Around::AboutPatient if is_person || kinds.has(CONTACT) => Says::Patient,
        Around::Parts | Around::Other if is_person && !LIST.begins_elsewhere(&word) => Says::Person,
        Around::Parts if kinds.has(CONTACT) && !LIST.begins_elsewhere(&word) => Says::Contact,
        _ => Says::Nothing,
    }
}

/// Whether a nested name stands within what is a member of staff's, an account's or a machine's.
fn is_elsewhere(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(above, _)| around(above) == Around::Elsewhere)
}

/// What stands around a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    /// Nothing, or parts of documents.
    Parts,
    /// A patient, nearer than any member of staff.
    Patient,
    /// Something that has to do with a patient, nearer than any member of staff.
    AboutPatient,
    /// A member of staff, an account, a machine.
    Elsewhere,
    /// Something that the table does not know.
    Other,
}

/// What stands around a name, by the dotted name above it: the nearest part that says whose it is decides.
fn around(above: &str) -> Around {
    let mut around = Around::Parts;
    for part in above.rsplit('.') {
        // `[audit@32473 ...]`: a number behind the name makes an element of syslog's structured data one's own
        let (name, is_element) = part.split_once('@').map_or((part, false), |(name, _)| (name, true));
        let kinds = LIST.kinds(&folded(name));
        if kinds.has(WHOLE) {
            return Around::Patient;
        }
        if kinds.has(STAFF) {
            return Around::Elsewhere;
        }
        if kinds.has(PATIENT) && !kinds.has(CARE) {
            return Around::AboutPatient;
        }
        if kinds.has(ELSEWHERE) {
            around = Around::Elsewhere;
        } else if !kinds.has(PART) && !is_element && around == Around::Parts {
            around = Around::Other;
        }
    }
    around
}

/// A name by its letters and digits in lower case.
fn folded(name: &str) -> String {
    if !name.is_ascii() {
        return name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    }
    let mut word = String::with_capacity(name.len());
    for byte in name.bytes().filter(u8::is_ascii_alphanumeric) {
        word.push(char::from(byte.to_ascii_lowercase()));
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_parses_and_says_nothing_twice() {
        let list = List::parse(PATIENT_NAMES).unwrap();
        assert!(list.exact.len() > 250, "{}", list.exact.len());
        let mut rows: Vec<&str> = PATIENT_NAMES.lines().filter(|line| !line.starts_with('#')).collect();
        rows.retain(|line| !line.is_empty());
        rows.sort_unstable();
        for pair in rows.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
    }

    #[test]
    fn a_broken_row_is_refused_with_its_line() {
        let check = |text: &'static str, expect: &str| assert_eq!(List::parse(text).unwrap_err(), expect);
        check("#\nmrn", "line 2: not two columns");
        check("person\tmrn\nfriend\tmrn", "line 2: no such kind");
        check("patient\tpatient_id", "line 1: a name is written in letters and digits, in lower case");
        check("patient\t*", "line 1: a name is written in letters and digits, in lower case");
    }

    fn check(names: &[&str], expect: Says) {
        for name in names {
            assert_eq!(says(name), expect, "{name}");
        }
    }

    #[test]
    fn names_that_say_patient_do_so_however_they_are_written() {
        check(
            &["patient_name", "Patient-Name", "patientName", "PATIENTNAME", "patient.name", "patient.name.family"],
            Says::Patient,
        );
        check(&["mrn", "MRN", "pat_mrn", "mrn_number", "Medical Record No", "pt_name", "pat.id"], Says::Patient);
        check(&["dob", "birthDate", "date_of_birth", "pat_birth_date", "ssn", "nhs-number"], Says::Patient);
        check(&["next_of_kin", "nextOfKin.name", "emergencyContactPhone", "insurance_number"], Says::Patient);
        check(&["event.request.patientId", "patient@32473.given", "user.patient_id"], Says::Patient);
    }

    #[test]
    fn names_of_persons_are_whose_the_record_says() {
        check(&["surname", "last_name", "familyName", "given", "FIRST NAME", "street", "house_number"], Says::Person);
        check(&["name.family", "person.name.given", "contact.street", "home_last_name"], Says::Person);
        check(&["name", "phone", "email", "zip", "city", "address", "data.phone", "telecom.value"], Says::Contact);
        check(&["work_phone", "email_address", "audit@32473.name"], Says::Contact);
    }

    #[test]
    fn names_of_staff_and_machines_say_nothing() {
        check(
            &["user_name", "user.name", "username", "userEmail", "provider_phone", "actor.displayName"],
            Says::Nothing,
        );
        check(&["physician_last_name", "created_by_email", "user.surname", "host.name", "geo.city"], Says::Nothing);
        check(&["patient.provider.name", "patient.class", "patient_type", "inpatient_unit", "Image"], Says::Nothing);
        check(&["file.name", "process.name", "ProcessName", "className", "ip_address", "event.action"], Says::Nothing);
        check(&["EventID", "Channel", "CommandLine", "id.orig_h", "", ".", "hostname", "filename"], Says::Nothing);
    }

    #[test]
    fn no_field_of_the_built_in_json_shapes_or_of_windows_events_identifies_by_itself() {
        for line in crate::json::JSON_SHAPES.lines().filter(|line| !line.starts_with('#')) {
            let conditions = line.split('\t').nth(1).unwrap_or_default();
            for condition in conditions.split(';') {
                let name = condition.trim_start_matches('!').split(['=', '^']).next().unwrap_or_default();
                assert_ne!(says(name), Says::Patient, "{name}");
            }
        }
    }
}
