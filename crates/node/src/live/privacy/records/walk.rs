//! From a review to entries: each access that it gathered, beside what it found, in one walk over both.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use cordon_model::Time;
use cordon_privacy::{Explained, Review};

use super::super::context::Proofs;
use super::super::gather::Gathered;
use super::super::ids::unmarked;
use super::super::persons::{Persons, number};
use super::super::rows::Origins;
use super::entry::{self, Opened};
use super::sorted::{HELD_BYTES, Sorted, Sorting};
use crate::accesses::Kept;

/// Codes of what for: HL7 v3 `PurposeOfUse`, and the words that an accounting of disclosures goes by. Everything else may be words of a person.
const PURPOSES: [&str; 44] = [
    "AUTHORISED",
    "AUTHORIZED",
    "BIORCH",
    "BTG",
    "CAREMGT",
    "CLINTRCH",
    "COC",
    "COVERAGE",
    "DIRECTORY",
    "DISASTER",
    "DONAT",
    "ETREAT",
    "FAMRQT",
    "FRAUD",
    "GOV",
    "HACCRED",
    "HCOMPL",
    "HDECD",
    "HDIRECT",
    "HDM",
    "HLEGAL",
    "HMARKT",
    "HOPERAT",
    "HOUTCOMS",
    "HPAYMT",
    "HPRGRP",
    "HQUALIMP",
    "HRESCH",
    "HSYSADMIN",
    "HTEST",
    "LABELING",
    "OPERATIONS",
    "PATADMIN",
    "PATIENT",
    "PATRQT",
    "PATSFTY",
    "PAYMENT",
    "PUBHLTH",
    "PWATRNY",
    "RECORDMGT",
    "SUPNWK",
    "THREAT",
    "TREAT",
    "TREATMENT",
];
/// What stands for a reason in words: it may name anybody.
const IN_WORDS: &str = "in words: see the record of the event";
/// Requests of HTTP name what they are about.
const METHODS: [&str; 6] = ["GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "HEAD "];

/// What a review has when it is over.
pub(in crate::live::privacy) struct Walked<'w> {
    pub(in crate::live::privacy) gathered: &'w Gathered,
    pub(in crate::live::privacy) proofs: &'w Proofs<'w>,
    pub(in crate::live::privacy) persons: &'w Persons,
    /// Knows who is one person, and what the staff list says.
    pub(in crate::live::privacy) review: &'w Review,
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
    ids: Ids,
    /// Role and department by account, as the review calls it.
    staff: BTreeMap<&'w str, (&'w str, &'w str)>,
    sorting: Sorting,
}

impl<'w> Taking<'w> {
    fn begin(walked: &'w Walked<'w>) -> io::Result<Self> {
        let mut sorting = Sorting::new(walked.dir, HELD_BYTES);
        let ids = Ids::of(walked.review);
        let of_review = walked.review.record_ids().filter_map(|known| number(known.id)).map(|one| (one, one));
        for (one, known) in walked.persons.pairs().chain(of_review) {
            let first = ids.first(known);
            sorting.push(&entry::name(first, one))?;
            if one != first {
                sorting.push(&entry::stands_for(one, first))?;
            }
        }
        let staff = walked.review.staff().map(|member| (member.user, (member.role, member.department))).collect();
        let accesses = &walked.gathered.accesses;
        let sheet = csv::Reader::from_reader(accesses.sheet()?);
        let origins = accesses.origins()?;
        Ok(Self { walked, sheet, origins, cells: csv::StringRecord::new(), row: 0, ids, staff, sorting })
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
        let (role, department) = self.staff.get(cell(1)).copied().unwrap_or_default();
        let source = origin.and_then(|origin| self.walked.gathered.sources.get(usize::try_from(origin.source).ok()?));
        let proof = explained.proofs().map(|proof| self.walked.proofs.told(&proof.to_string()));
        let opened = Opened {
            time: Time::from_rfc3339(cell(0)).unwrap_or_default(),
            event: origin.map(|origin| origin.event),
            user: user.to_owned(),
            role: role.to_owned(),
            department: department.to_owned(),
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
        self.sorting.push(&entry::access(self.ids.first(patient), &opened))
    }
}

/// Under which id the person of an id is found: their first. What messages have merged since the index of patients was written is one person too.
struct Ids(Vec<(u128, u128)>);

impl Ids {
    fn of(review: &Review) -> Self {
        // looked up only; nothing depends on its order
        let mut first_of: HashMap<u32, u128> = HashMap::new();
        let mut all = Vec::new();
        for known in review.record_ids() {
            if let (Some(person), Some(one)) = (known.person, number(known.id)) {
                all.push((one, *first_of.entry(person).or_insert(one)));
            }
        }
        all.sort_unstable();
        Self(all)
    }

    fn first(&self, one: u128) -> u128 {
        let at = self.0.binary_search_by_key(&one, |(known, _)| *known).ok();
        at.and_then(|at| self.0.get(at)).map_or(one, |(_, first)| *first)
    }
}

/// Who received what was taken out. A request of HTTP stands there when no recipient is known: it names the patient in clear.
fn recipient<'o>(action: &str, object: &'o str) -> &'o str {
    let is_request = object.contains('?') || METHODS.iter().any(|method| object.starts_with(method));
    if matches!(action, "export" | "disclose") && !is_request { object } else { "" }
}

/// A code as it is; words of a person may name somebody, and stay in the record of the event.
fn purpose(text: &str) -> &str {
    let is_code = text.is_empty() || PURPOSES.iter().any(|code| code.eq_ignore_ascii_case(text.trim()));
    if is_code { text } else { IN_WORDS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_name_somebody_is_not_kept() {
        assert_eq!((purpose("TREAT"), purpose("treatment"), purpose("")), ("TREAT", "treatment", ""));
        for words in ["my neighbour asked", "Ferrin", "urgent"] {
            assert_eq!(purpose(words), IN_WORDS, "{words}");
        }
        assert_eq!(recipient("disclose", "Health Insurance North"), "Health Insurance North");
        for (action, object) in
            [("read", "somebody"), ("export", "GET /Patient/700100"), ("disclose", "Patient?name=Ferrin")]
        {
            assert_eq!(recipient(action, object), "", "{action} {object}");
        }
    }
}
