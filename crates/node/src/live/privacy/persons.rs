//! Which pseudonyms are one person: an index of patients has a row for each id, and systems call one patient by several.
//!
//! Accesses and messages are gathered under the first id of the person, so that what somebody did in three systems is seen together.

use std::collections::HashMap;
use std::path::Path;

use cordon_privacy::{Ids as _, Table};

use super::ids::SiteIds;

/// Ids that are known at most, 32 bytes each; further ones stand for themselves.
const IDS_MAX: usize = 8_000_000;

/// Pseudonyms as numbers, each with the first of its person; sorted.
#[derive(Debug, Default)]
pub(super) struct Persons(Vec<(u128, u128)>);

impl Persons {
    /// Reads `patients.csv` of a folder. A row that cannot be read is told by the review.
    pub(super) fn read(dir: &Path, ids: &SiteIds) -> Self {
        let Ok(mut sheet) = csv::ReaderBuilder::new().flexible(true).from_path(dir.join(Table::Patients.file())) else {
            return Self::default();
        };
        let columns = sheet.byte_headers().cloned().unwrap_or_default();
        let place =
            |name: &str| columns.iter().position(|column| column.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
        let Some(patient) = place("patient") else { return Self::default() };
        let person = place("person_id");
        let mut all = Vec::new();
        // looked up only; nothing depends on its order
        let mut first_of: HashMap<String, u128> = HashMap::new();
        for row in sheet.byte_records().flatten() {
            let cell = |place: usize| row.get(place).map(String::from_utf8_lossy).unwrap_or_default().trim().to_owned();
            let id = cell(patient);
            let refs: Vec<u128> = if id.is_empty() { Vec::new() } else { numbers(ids, &id) };
            let (Some(own), true) = (refs.first().copied(), all.len() < IDS_MAX) else { continue };
            let number = person.map(cell).unwrap_or_default();
            let first = if number.is_empty() { own } else { *first_of.entry(number).or_insert(own) };
            all.extend(refs.into_iter().map(|one| (one, first)));
        }
        // of an id that stands for two people the first row counts
        all.sort_by_key(|(one, _)| *one);
        all.dedup_by_key(|(one, _)| *one);
        Self(all)
    }

    /// The first id of whom a pseudonym stands for; none when no row knows it.
    pub(super) fn first(&self, patient_ref: &str) -> Option<String> {
        let number = number(patient_ref)?;
        let at = self.0.binary_search_by_key(&number, |(one, _)| *one).ok()?;
        self.0.get(at).map(|(_, first)| format!("p-{first:032x}"))
    }

    /// Each pseudonym with the first of its person.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (u128, u128)> {
        self.0.iter().copied()
    }

    /// Whom an event is about, each once. Beside people who are known, ids that nobody knows are further names of them: a server's own id of the record, for instance.
    pub(super) fn of_event(&self, refs: &[&str]) -> Vec<String> {
        let mut known: Vec<String> = refs.iter().filter_map(|one| self.first(one)).collect();
        if known.is_empty() {
            known = refs.iter().map(|one| (*one).to_owned()).collect();
        }
        known.sort_unstable();
        known.dedup();
        known
    }
}

fn numbers(ids: &SiteIds, id: &str) -> Vec<u128> {
    ids.patients(id).iter().filter_map(|text| number(text)).collect()
}

/// The number that a pseudonym writes in hex.
pub(super) fn number(patient_ref: &str) -> Option<u128> {
    u128::from_str_radix(patient_ref.strip_prefix("p-")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use cordon_seal::SiteKey;

    use super::*;

    #[test]
    fn ids_of_one_person_are_one_and_what_nobody_knows_is_left_away_beside_them() {
        let dir = tempfile::tempdir().unwrap();
        let text = "patient,person_id\n1.2.3|7,A\n|7,A\n|8,B\n9,\n";
        std::fs::write(dir.path().join("patients.csv"), text).unwrap();
        let key = SiteKey::of_scan();
        let ids = SiteIds::new(key.clone(), ["1.2.3".to_owned()]);
        let persons = Persons::read(dir.path(), &ids);
        let of = |authority: &str, id: &str| key.patient_ref(authority, id).as_str().to_owned();
        let (seven, plain, eight, unknown) = (of("1.2.3", "7"), of("", "7"), of("", "8"), of("", "x"));
        assert_eq!(persons.of_event(&[&plain, &seven, &unknown]), std::slice::from_ref(&seven));
        assert_eq!(persons.of_event(&[&unknown]), std::slice::from_ref(&unknown));
        assert_eq!(persons.first(&of("", "9")), Some(of("1.2.3", "9")));
        let mut both = [seven, eight.clone()];
        both.sort();
        assert_eq!(persons.of_event(&[&eight, &plain]), both);
    }
}
