//! One access of a record as it is told: what its row says, who that is, and why.
//!
//! The same words come out whether the reasons were found just now or stand in what a review wrote.

use super::RecordAccess;
use crate::explain::{Marks, Reason};
use crate::feed::Feed;
use crate::form::{Access, Proof, Table};
use crate::names::Names;

/// What a review wrote of one access: the cells of `explanations.csv`, and that of `withheld.csv` if it has the row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// Like `E1|E5`; empty when no reason was found.
    pub explanation: &'a str,
    /// Like `encounters.csv:7;staff.csv:2`.
    pub proof: &'a str,
    /// The feed for which it cannot be judged yet, like `admissions`; none when it can.
    pub withheld: Option<&'a str>,
}

/// What is written of an access means nothing: no review writes this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SaidFault {
    /// The explanation is none.
    #[error("there is no such explanation")]
    Explanation,
    /// A proof is none.
    #[error("a proof is not like file.csv:row")]
    Proof,
    /// The feed is none.
    #[error("there is no such feed")]
    Feed,
}

impl RecordAccess {
    /// Says why: with what a review wrote of this access.
    ///
    /// # Errors
    /// When it is nothing that a review writes.
    pub fn say(&mut self, said: Said<'_>) -> Result<(), SaidFault> {
        let feed = said.withheld.map(|word| Feed::of_word(word).ok_or(SaidFault::Feed)).transpose()?;
        let proof = proofs(said.proof).ok_or(SaidFault::Proof)?;
        self.explain(marks(said.explanation).ok_or(SaidFault::Explanation)?, proof, feed);
        Ok(())
    }

    /// What the row itself says; who that is and why is not known yet.
    pub(super) fn bare(access: &Access, users: &Names, texts: &Names) -> Self {
        let text = |number| texts.text(number).to_owned();
        Self {
            row: access.row,
            time: access.time.text(),
            at: access.time.at,
            user: users.text(access.user).to_owned(),
            role: String::new(),
            department: String::new(),
            action: access.action.word(),
            section: text(access.section),
            object: text(access.object),
            purpose: text(access.purpose),
            workstation: text(access.workstation),
            application: text(access.application),
            break_glass: access.break_glass,
            explanation: String::new(),
            words: String::new(),
            proof: Vec::new(),
        }
    }

    /// Says why. `waits_for` is the feed that was too silent for the access to be judged without a reason.
    pub(super) fn explain(&mut self, marks: Marks, proof: Vec<Proof>, waits_for: Option<Feed>) {
        self.words = match (in_words(marks), waits_for) {
            (Some(words), _) => words.to_owned(),
            (None, Some(feed)) => format!("cannot be judged yet: {} did not come in full", feed.words()),
            (None, None) => "no reason found in the data".to_owned(),
        };
        self.explanation = marks.to_string();
        self.proof = proof;
    }
}

/// The first reason that holds: the others stand in the ids.
fn in_words(marks: Marks) -> Option<&'static str> {
    Reason::ALL.into_iter().find(|reason| marks.has(*reason)).map(Reason::words)
}

/// The marks of a text like `E1|E5`.
fn marks(text: &str) -> Option<Marks> {
    let mut marks = Marks::default();
    for id in text.split('|').filter(|_| !text.is_empty()) {
        marks.add(Reason::ALL.into_iter().find(|reason| reason.id() == id)?);
    }
    Some(marks)
}

/// The proofs of a text like `encounters.csv:7;staff.csv:2`.
fn proofs(text: &str) -> Option<Vec<Proof>> {
    text.split(';').filter(|_| !text.is_empty()).map(proof).collect()
}

fn proof(text: &str) -> Option<Proof> {
    let (file, row) = text.split_once(':')?;
    let mut tables = [Table::Accesses].into_iter().chain(Table::CONTEXT);
    let table = tables.find(|table| table.file() == file)?;
    Some(Proof::new(table, row.parse().ok()?)).filter(|proof| *proof != Proof::NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_review_writes_is_read_as_it_was_meant() {
        for text in ["", "E1", "E1|E6", "E2|E3|E4|E5|D|T"] {
            assert_eq!(marks(text).unwrap().to_string(), text);
        }
        for text in ["encounters.csv:7", "staff.csv:2;accesses.csv:268435454;declared.csv:1"] {
            let all: Vec<String> = proofs(text).unwrap().iter().map(ToString::to_string).collect();
            assert_eq!(all.join(";"), text);
        }
        assert_eq!(proofs(""), Some(Vec::new()));
    }

    #[test]
    fn what_no_review_writes_is_refused() {
        for text in ["E7", "E1|", "e1", "E1;E2", "|"] {
            assert_eq!(marks(text), None, "{text}");
        }
        for text in
            ["encounters.csv", "encounters.csv:", "other.csv:1", "staff.csv:268435455", "staff.csv:1;", "staff.csv:-1"]
        {
            assert_eq!(proofs(text), None, "{text}");
        }
    }
}
