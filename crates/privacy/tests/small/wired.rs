//! The review, run on files in memory: the only place that knows its interface.

use std::collections::BTreeMap;

use cordon_privacy::{AccessReader, Case, Context, InMemory, Review, Settings, Table};

/// What it said of one access.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// Ids of explanations.
    pub(crate) by: Vec<String>,
    pub(crate) proofs: Vec<String>,
    /// Whether nobody can judge it yet.
    pub(crate) late: bool,
}

/// What it said of everything.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) said: BTreeMap<usize, Said>,
    /// Best first.
    pub(crate) cases: Vec<Case>,
    /// How many of them are within the budget.
    pub(crate) listed: usize,
    /// File and row of what was reported, and why.
    pub(crate) faults: Vec<(String, usize, String)>,
    /// Files that could not be used, and why.
    pub(crate) refused: Vec<(String, String)>,
    /// Feeds that were silent, in words.
    pub(crate) silences: Vec<String>,
}

/// Runs the review on named files.
pub(crate) fn review(files: &[(&str, &[u8])]) -> Verdict {
    review_with(Settings::default(), files)
}

/// The same with these settings.
pub(crate) fn review_with(settings: Settings, files: &[(&str, &[u8])]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut context = Context::new(settings);
    for table in Table::CONTEXT {
        let Some((name, bytes)) = files.iter().find(|(name, _)| *name == table.file()) else { continue };
        let faults = &mut verdict.faults;
        let read = context.read(table, *bytes, |fault| {
            faults.push((fault.file.to_owned(), usize::try_from(fault.row).unwrap(), fault.reason.to_owned()));
        });
        if let Err(fault) = read {
            verdict.refused.push(((*name).to_owned(), fault.to_string()));
        }
    }
    let mut review = Review::new(context);
    let (name, bytes) = files.iter().find(|(name, _)| *name == Table::Accesses.file()).unwrap();
    let mut accesses = Vec::new();
    match AccessReader::open(*bytes) {
        Ok(mut reader) => loop {
            match review.read(&mut reader) {
                Ok(Some(Ok(access))) => accesses.push(access),
                Ok(Some(Err(fault))) => {
                    let row = usize::try_from(fault.row).unwrap();
                    verdict.faults.push((fault.file.to_owned(), row, fault.reason.to_owned()));
                }
                Ok(None) => break,
                Err(fault) => {
                    verdict.refused.push(((*name).to_owned(), fault.to_string()));
                    break;
                }
            }
        },
        Err(fault) => verdict.refused.push(((*name).to_owned(), fault.to_string())),
    }
    let mut trail = InMemory::of(accesses);
    let found = review.run(&mut trail, |_, _| {}).unwrap();
    verdict.listed = found.within_budget().len();
    verdict.cases = found.cases;
    verdict.silences = found.silences.iter().map(|silence| format!("{silence:?}")).collect();
    for explained in trail.explained() {
        let by = explained.marks.to_string();
        let by = by.split('|').filter(|id| !id.is_empty()).map(str::to_owned).collect();
        let proofs = explained.proofs().map(|proof| proof.to_string()).collect();
        let row = usize::try_from(explained.row).unwrap();
        verdict.said.insert(row, Said { by, proofs, late: explained.late.is_some() });
    }
    verdict
}
