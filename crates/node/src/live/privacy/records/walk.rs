//! From a review to entries: each access that it gathered, beside what it found, in one walk over both.

use std::collections::BTreeMap;
use std::io::{self, BufReader};
use std::fs::File;
use std::path::Path;

use cordon_model::Time;
use cordon_privacy::Explained;

use super::super::context::Proofs;
use super::super::gather::Gathered;
use super::super::ids::unmarked;
use super::super::persons::{Persons, number};
use super::super::rows::Origins;
use super::entry::{self, Opened};
use super::sorted::{HELD_BYTES, Sorted, Sorting};
use crate::accesses::Kept;

/// Letters of a code; what is longer is said in words.
const CODE_CHARS_MAX: usize = 24;
/// What stands for a reason in words: it may name anybody.
const IN_WORDS: &str = "in words: see the record of the event";
/// Requests of HTTP name what they are about.
const METHODS: [&str; 6] = ["GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "HEAD "];

/// What a review has when it is over.
pub(in crate::live::privacy) struct Walked<'w> {
    pub(in crate::live::privacy) gathered: &'w Gathered,
    pub(in crate::live::privacy) proofs: &'w Proofs<'w>,
    pub(in crate::live::privacy) persons: &'w Persons,
    /// Role and department by account.
    pub(in crate::live::privacy) staff: &'w BTreeMap<String, (String, String)>,
    /// Where temporary files may be.
    pub(in crate::live::privacy) dir: &'w Path,
}

/// Shows what was found of each access to `see`, and gives all of them in the order of patients. What cannot be sorted for want of room does not keep `see` from the rest.
pub(in crate::live::privacy) fn sort(
    walked: &Walked<'_>,
    kept: Kept,
    mut see: impl FnMut(&Explained),
) -> io::Result<io::Result<Sorted>> {
    let mut taking = Taking::begin(walked);
    kept.each_explained(|explained| {
        see(explained);
        if let Ok(open) = &mut taking
            && let Err(error) = open.take(explained)
        {
            taking = Err(error);
        }
        Ok(())
    })?;
    Ok(taking.and_then(|taking| taking.sorting.finish()))
}

struct Taking<'w> {
    walked: &'w Walked<'w>,
    sheet: csv::Reader<BufReader<&'w File>>,
    origins: Origins<'w>,
    cells: csv::StringRecord,
    row: u32,
    sorting: Sorting,
}

impl<'w> Taking<'w> {
    fn begin(walked: &'w Walked<'w>) -> io::Result<Self> {
        let mut sorting = Sorting::new(walked.dir, HELD_BYTES);
        for (one, first) in walked.persons.pairs() {
            sorting.push(&entry::name(first, one))?;
            if one != first {
                sorting.push(&entry::stands_for(one, first))?;
            }
        }
        let accesses = &walked.gathered.accesses;
        let sheet = csv::Reader::from_reader(accesses.sheet()?);
        let origins = accesses.origins()?;
        Ok(Self { walked, sheet, origins, cells: csv::StringRecord::new(), row: 0, sorting })
    }

    /// Takes the access that this is about; rows that the review could not read lie in between.
    fn take(&mut self, explained: &Explained) -> io::Result<()> {
        let mut origin = None;
        while self.row < explained.row {
            if !self.sheet.read_record(&mut self.cells)? {
                return Ok(());
            }
            origin = self.origins.next()?;
            self.row += 1;
        }
        let cell = |place: usize| self.cells.get(place).unwrap_or_default();
        let Some(patient) = number(cell(3)) else { return Ok(()) };
        let user = unmarked(cell(1));
        let (role, department) = self.walked.staff.get(user).cloned().unwrap_or_default();
        let source = origin.and_then(|origin| self.walked.gathered.sources.get(usize::try_from(origin.source).ok()?));
        let proof = explained.proofs().map(|proof| self.walked.proofs.told(&proof.to_string()));
        let opened = Opened {
            time: Time::from_rfc3339(cell(0)).unwrap_or_default(),
            event: origin.map(|origin| origin.event),
            user: user.to_owned(),
            role,
            department,
            action: cell(2).to_owned(),
            section: cell(5).to_owned(),
            recipient: recipient(cell(2), cell(4)).to_owned(),
            purpose: purpose(cell(11)).to_owned(),
            workstation: cell(6).to_owned(),
            address: cell(7).to_owned(),
            application: cell(8).to_owned(),
            location: cell(9).to_owned(),
            source: source.map(ToString::to_string).unwrap_or_default(),
            explanation: explained.marks.to_string(),
            waits_for: explained.late.map(cordon_privacy::Feed::words).unwrap_or_default().to_owned(),
            break_glass: cell(12) == "1",
            is_denied: cell(13) == "denied",
            proof: proof.collect::<io::Result<Vec<_>>>()?,
        };
        self.sorting.push(&entry::access(patient, &opened))
    }
}

/// Who received what was taken out. A request of HTTP stands there when no recipient is known: it names the patient in clear.
fn recipient<'o>(action: &str, object: &'o str) -> &'o str {
    let is_request = object.contains('?') || METHODS.iter().any(|method| object.starts_with(method));
    if matches!(action, "export" | "disclose") && !is_request { object } else { "" }
}

/// A code as it is; words of a person may name somebody, and stay in the record of the event.
fn purpose(text: &str) -> &str {
    let is_code = text.chars().count() <= CODE_CHARS_MAX && !text.contains(char::is_whitespace);
    if is_code { text } else { IN_WORDS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_name_somebody_is_not_kept() {
        assert_eq!((purpose("TREAT"), purpose("")), ("TREAT", ""));
        assert_eq!(purpose("my neighbour asked"), IN_WORDS);
        assert_eq!(recipient("disclose", "Health Insurance North"), "Health Insurance North");
        for (action, object) in
            [("read", "somebody"), ("export", "GET /Patient/700100"), ("disclose", "Patient?name=Ferrin")]
        {
            assert_eq!(recipient(action, object), "", "{action} {object}");
        }
    }
}
