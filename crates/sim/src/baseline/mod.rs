//! Four plain reviews to compare others with. Each reads the ten files and writes explanations.csv and cases.ndjson, as a review does. They are plain
//! on purpose: each shows what one idea alone reaches.

mod collaborative;
mod explanation;
mod forest;
mod input;
mod rules;

#[cfg(test)]
mod tests;

use std::io::Write;

use serde::Serialize;

use crate::ehr::{CreateFile, SimError};
use crate::score::OpenFile;
use input::{Access, Input};

/// Which plain review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// Fixed rules over each access: same surname, same street, known person, colleague, deceased, break-glass, many patients in a day.
    Rules,
    /// Accesses without a participant, order, appointment or shift that explains them; users with the most of them first.
    Explanation,
    /// Users whose patients are from other units than those of users like them: residuals of a truncated singular value decomposition.
    Collaborative,
    /// Days of users that few random cuts set apart (Liu, Ting, Zhou 2008).
    IsolationForest,
}

/// What a plain review made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reviewed {
    /// Rows read.
    pub rows: u64,
    /// Rows that could not be used: an unknown user, a time that is none.
    pub unusable: u64,
    /// Cases listed.
    pub cases: u64,
}

/// Cases listed at most.
const CASES_MAX: usize = 5000;
/// Rows named by a case at most.
const CASE_ROWS_MAX: usize = 5000;

/// Somebody that a review points at, before its rows are gathered.
#[derive(Clone, Debug)]
struct Suspect {
    user: u32,
    /// Higher is worse; any scale.
    score: f64,
    scenarios: Vec<&'static str>,
    sentence: String,
}

/// What a plain review does. The first walk judges users, the second gathers the rows of those it points at.
trait Review {
    /// Takes in one access and says how it is explained, with proof.
    fn take(&mut self, input: &Input, access: &Access) -> Option<(&'static str, String)>;
    /// Who stands out.
    fn suspects(&mut self, input: &Input) -> Vec<Suspect>;
    /// Whether an access of somebody who stands out belongs to the case.
    fn belongs(&mut self, input: &Input, access: &Access) -> bool;
}

/// Runs a plain review.
///
/// # Errors
/// `SimError::File` where a file cannot be read or written, `SimError::Content` where it is not of its contract.
pub fn baseline(
    kind: Baseline,
    open: &mut OpenFile<'_>,
    create: &mut CreateFile<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Reviewed, SimError> {
    let input = Input::read(open)?;
    match kind {
        Baseline::Rules => review(rules::Rules::new(&input), &input, open, create, progress),
        Baseline::Explanation => review(explanation::Explanation::new(&input), &input, open, create, progress),
        Baseline::Collaborative => review(collaborative::Collaborative::new(&input), &input, open, create, progress),
        Baseline::IsolationForest => review(forest::Forest::new(&input), &input, open, create, progress),
    }
}

fn review(
    mut review: impl Review,
    input: &Input,
    open: &mut OpenFile<'_>,
    create: &mut CreateFile<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Reviewed, SimError> {
    let explanations = create("explanations.csv").map_err(|source| SimError::file("explanations.csv", source))?;
    let mut out = csv::WriterBuilder::new().buffer_capacity(1 << 18).from_writer(explanations);
    let fail = |error: csv::Error| SimError::file("explanations.csv", error.into());
    out.write_record(["row", "explanation", "proof"]).map_err(fail)?;
    let mut made = Reviewed::default();
    input.walk(open, &mut |row, access| {
        made.rows = row;
        made.unusable += u64::from(access.is_none());
        let explained = access.and_then(|access| review.take(input, access));
        let (words, proof) = explained.unwrap_or_default();
        if row.is_multiple_of(1 << 16) {
            progress(row);
        }
        out.write_record([row.to_string().as_str(), words, &proof]).map_err(fail)
    })?;
    out.flush().map_err(|source| SimError::file("explanations.csv", source))?;
    let mut suspects = review.suspects(input);
    suspects.retain(|suspect| suspect.score > 0.0);
    suspects.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.user.cmp(&b.user)));
    suspects.truncate(CASES_MAX);
    let gathered = gather(&mut review, input, open, &suspects)?;
    made.cases = list(create, input, &suspects, gathered)?;
    Ok(made)
}

/// Rows and patients of each case.
type Gathered = (Vec<u64>, Vec<u32>);

fn gather(
    review: &mut impl Review,
    input: &Input,
    open: &mut OpenFile<'_>,
    suspects: &[Suspect],
) -> Result<Vec<Gathered>, SimError> {
    let mut places = vec![usize::MAX; input.users.len()];
    for (n, suspect) in suspects.iter().enumerate() {
        if let Some(place) = places.get_mut(suspect.user as usize) {
            *place = n;
        }
    }
    let mut gathered: Vec<Gathered> = vec![Gathered::default(); suspects.len()];
    input.walk(open, &mut |row, access| {
        let Some(access) = access else { return Ok(()) };
        let place = places.get(access.user as usize).copied().unwrap_or(usize::MAX);
        let Some((rows, patients)) = gathered.get_mut(place) else { return Ok(()) };
        if rows.len() < CASE_ROWS_MAX && review.belongs(input, access) {
            rows.push(row);
            patients.extend(access.patient);
        }
        Ok(())
    })?;
    Ok(gathered)
}

#[derive(Serialize)]
struct Sentence<'a> {
    text: &'a str,
    proof: Vec<String>,
}

#[derive(Serialize)]
struct Case<'a> {
    case_id: String,
    user: &'a str,
    score: f64,
    scenarios: &'a [&'static str],
    patients: Vec<&'a str>,
    access_rows: &'a [u64],
    sentences: Vec<Sentence<'a>>,
    counter_evidence: Vec<Sentence<'a>>,
}

fn list(
    create: &mut CreateFile<'_>,
    input: &Input,
    suspects: &[Suspect],
    gathered: Vec<Gathered>,
) -> Result<u64, SimError> {
    let fail = |source| SimError::file("cases.ndjson", source);
    let mut out = create("cases.ndjson").map_err(fail)?;
    let most = suspects.first().map_or(1.0, |suspect| suspect.score).max(f64::MIN_POSITIVE);
    let mut listed = 0;
    for (suspect, (rows, mut patients)) in suspects.iter().zip(gathered) {
        patients.sort_unstable();
        patients.dedup();
        listed += 1;
        let proof = rows.iter().take(3).map(|row| format!("accesses.csv:{row}")).collect();
        let case = Case {
            case_id: format!("B{listed:05}"),
            user: input.user(suspect.user),
            score: suspect.score / most,
            scenarios: &suspect.scenarios,
            patients: patients.iter().map(|patient| input.patient(*patient)).collect(),
            access_rows: &rows,
            sentences: vec![Sentence { text: &suspect.sentence, proof }],
            counter_evidence: Vec::new(),
        };
        let line = serde_json::to_string(&case).map_err(|error| fail(error.into()))?;
        writeln!(out, "{line}").map_err(fail)?;
    }
    out.flush().map_err(fail)?;
    Ok(listed)
}
