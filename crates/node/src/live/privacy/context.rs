//! The context of a review: the files of a folder, and behind each the rows that were made of messages.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use cordon_api::ControlError;
use cordon_privacy::{Context, Feed, Settings, Table};

use super::gather::{Gathered, no_room};
use super::ids::{SiteIds, account};
use super::rows::Origin;

/// Files without which nobody can be judged.
const NEEDED: [Table; 2] = [Table::Staff, Table::Patients];
/// Files whose lack is said: what they explain has no reason then.
const WANTED: [Table; 2] = [Table::Shifts, Table::Contacts];
/// People of whom the accounts are known by number; further ones are called as messages call them.
const PEOPLE_MAX: usize = 1_000_000;

/// What lacks in a folder: a review without what is needed would accuse whoever it does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lacks {
    /// Files without which nothing is reviewed.
    pub(super) needed: Vec<String>,
    /// Others, each with what is lost without it.
    pub(super) wanted: Vec<String>,
}

impl Lacks {
    /// Looks at a folder.
    pub(super) fn of(dir: &Path) -> Self {
        let absent = |table: &&Table| !dir.join(table.file()).is_file();
        let told = |table: &Table| format!("{} not found in {}", table.file(), dir.display());
        Self {
            needed: NEEDED.iter().filter(absent).map(told).collect(),
            wanted: WANTED.iter().filter(absent).map(told).collect(),
        }
    }
}

/// A context, and where its rows come from.
pub(super) struct Read {
    pub(super) context: Context,
    /// Rows that each table has from its file; what lies behind was made of messages.
    file_rows: BTreeMap<&'static str, u32>,
    /// Rows that could not be used.
    pub(super) faults: u64,
}

/// Reads the folder and what was gathered.
pub(super) fn read(dir: &Path, gathered: &Gathered, ids: &SiteIds, settings: Settings) -> Result<Read, ControlError> {
    let mut context = Context::new(settings).with_ids(Box::new(ids.clone()));
    // every hospital admits patients: hearing nothing of it is no sign that nobody came
    context.expect(Feed::Admissions);
    let (mut file_rows, mut faults) = (BTreeMap::new(), 0_u64);
    for table in Table::CONTEXT {
        let rows = match File::open(dir.join(table.file())) {
            Ok(file) => context.read(table, file, |_| faults += 1).map_err(|error| refused(dir, &error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(refused(&dir.join(table.file()), &error)),
        };
        file_rows.insert(table.file(), rows);
        for made in gathered.context.iter().filter(|made| made.table == table) {
            let sheet = made.sheet().map_err(no_room)?;
            context.read_more(rows, table, sheet, |_| faults += 1).map_err(no_room)?;
        }
    }
    for (one, other) in &gathered.merges {
        context.same_person(one, other);
    }
    Ok(Read { context, file_rows, faults })
}

fn refused(path: &Path, error: &dyn std::fmt::Display) -> ControlError {
    ControlError::Refused(format!("privacy.context_dir: {}: {error}", path.display()))
}

/// The rows of files that proofs speak of, and the events that others were made of.
pub(super) struct Proofs<'g> {
    pub(super) file_rows: BTreeMap<&'static str, u32>,
    pub(super) gathered: &'g Gathered,
}

impl Read {
    /// The context for a review, and what tells where its rows come from.
    pub(super) fn into_parts(self, gathered: &Gathered) -> (Context, Proofs<'_>) {
        (self.context, Proofs { file_rows: self.file_rows, gathered })
    }
}

impl Proofs<'_> {
    /// A proof as people and programs find it: `file.csv:row` of a file, `event:ID` of what was made of an event.
    pub(super) fn told(&self, proof: &str) -> io::Result<String> {
        let unknown = || Ok(proof.to_owned());
        let Some((file, Ok(row))) = proof.split_once(':').map(|(file, row)| (file, row.parse::<u32>())) else {
            return unknown();
        };
        let of_file = self.file_rows.get(file).copied().unwrap_or(0);
        let made = self.gathered.context.iter().chain([&self.gathered.accesses]);
        let Some(table) = made.into_iter().find(|made| made.table.file() == file) else { return unknown() };
        match row.checked_sub(of_file).map(|row| table.origin(row)).transpose()?.flatten() {
            Some(Origin { event, .. }) => Ok(format!("event:{event}")),
            None => unknown(),
        }
    }
}

/// Accounts by number of the person, of a `staff.csv`: interfaces may call people by their numbers. Who has several accounts is called by the first.
pub(super) fn accounts(dir: &Path) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let Ok(mut sheet) = csv::ReaderBuilder::new().flexible(true).from_path(dir.join(Table::Staff.file())) else {
        return out;
    };
    let Ok(columns) = sheet.byte_headers().cloned() else { return out };
    let place =
        |name: &str| columns.iter().position(|column| column.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
    let (Some(user), Some(person)) = (place("user"), place("person_id")) else { return out };
    // a row that cannot be read is told by the review
    for row in sheet.byte_records().flatten() {
        let cell = |place: usize| row.get(place).map(String::from_utf8_lossy).unwrap_or_default().trim().to_owned();
        let (user, person) = (account(&cell(user)), cell(person));
        if out.len() < PEOPLE_MAX && !user.is_empty() && !person.is_empty() {
            out.entry(person).or_insert(user);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_says_what_it_lacks() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("patients.csv"), "patient\n").unwrap();
        let lacks = Lacks::of(dir.path());
        let files =
            |lacks: &[String]| lacks.iter().map(|text| text.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(
            (files(&lacks.needed), files(&lacks.wanted)),
            (vec!["staff.csv".into()], vec!["shifts.csv".into(), "contacts.csv".into()])
        );
    }

    #[test]
    fn people_are_known_by_their_numbers_too() {
        let dir = tempfile::tempdir().unwrap();
        let text = "person_id,user\nE1,SITE\\Anna\nE1,adm.anna\n,ben\n";
        std::fs::write(dir.path().join("staff.csv"), text).unwrap();
        assert_eq!(accounts(dir.path()), [("E1".to_owned(), "anna".to_owned())].into());
    }
}
