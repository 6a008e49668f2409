//! Cases of an earlier review that are none any more: late context has explained them, and that is said.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use cordon_privacy::Case;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::folder::{Folder, SUMMARY};
use crate::terminal::thousands;

/// An earlier review: read before anything is written, because it may be in the same folder.
#[derive(Debug)]
pub(super) struct Previous {
    accesses: u64,
    cases: Vec<Known>,
}

/// What is needed of an earlier case.
#[derive(Debug, Deserialize)]
struct Known {
    case_id: String,
    user: String,
    access_rows: Vec<u64>,
}

/// An earlier case that is gone.
#[derive(Debug, Serialize)]
struct Withdrawn<'a> {
    case_id: &'a str,
    user: &'a str,
    text: String,
    /// Cases of the same person that hold some of its accesses now.
    continued_in: Vec<&'a str>,
    accesses: Vec<Row>,
}

/// What is known of an access now.
#[derive(Clone, Debug, Default, Serialize)]
struct Row {
    row: u64,
    explanation: String,
    proof: String,
    /// The feed for which it cannot be judged yet; empty otherwise.
    withheld: String,
}

impl Previous {
    /// Reads the folder of an earlier review.
    pub(super) fn read(dir: &Path) -> Result<Self> {
        let what = || format!("--previous {}: name the folder of an earlier review", dir.display());
        let accesses = counted(&dir.join(SUMMARY)).with_context(what)?;
        let cases = known(&dir.join("cases.ndjson")).with_context(what)?;
        Ok(Self { accesses, cases })
    }

    /// Writes `withdrawn.ndjson`: each earlier case that is gone, with what is known of its accesses now. How many there are.
    pub(super) fn write(&self, folder: &mut Folder, cases: &[Case]) -> Result<usize> {
        let gone: Vec<&Known> =
            self.cases.iter().filter(|known| cases.iter().all(|case| case.case_id != known.case_id)).collect();
        let rows = gone.iter().flat_map(|known| &known.access_rows);
        let mut rows: BTreeMap<u64, Row> = rows.map(|row| (*row, Row { row: *row, ..Row::default() })).collect();
        look_up(folder, &mut rows)?;
        folder.write("withdrawn.ndjson", |out| {
            for known in &gone {
                serde_json::to_writer(&mut *out, &withdrawn(known, cases, &rows))?;
                out.write_all(b"\n")?;
            }
            Ok(())
        })?;
        Ok(gone.len())
    }

    /// Whether the earlier review was of as many accesses.
    ///
    /// # Errors
    /// When it was not: the rows of its cases would mean others.
    pub(super) fn check(&self, accesses: u64) -> Result<()> {
        if accesses == self.accesses {
            return Ok(());
        }
        bail!(
            "--previous is a review of other accesses ({}, now {}): the rows of its cases mean others; review the accesses of then, with the context of now",
            thousands(self.accesses),
            thousands(accesses)
        )
    }
}

/// How many accesses a summary speaks of.
fn counted(path: &Path) -> Result<u64> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    let summary: Value = serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?;
    summary.get("accesses").and_then(Value::as_u64).with_context(|| format!("{} counts no accesses", path.display()))
}

/// The cases of a review.
fn known(path: &Path) -> Result<Vec<Known>> {
    let file = BufReader::new(File::open(path).with_context(|| format!("{}", path.display()))?);
    let mut cases = Vec::new();
    for (line, text) in file.lines().enumerate() {
        let what = || format!("{}: line {}", path.display(), line + 1);
        cases.push(serde_json::from_str(&text.with_context(what)?).with_context(what)?);
    }
    Ok(cases)
}

/// Finds what this review says of rows.
fn look_up(folder: &Folder, rows: &mut BTreeMap<u64, Row>) -> Result<()> {
    each_line(&folder.part("explanations.csv"), rows, |row, explanation, proof| {
        (row.explanation, row.proof) = (explanation.to_owned(), proof.to_owned());
    })?;
    each_line(&folder.part("withheld.csv"), rows, |row, feed, _| row.withheld = feed.to_owned())
}

fn each_line(path: &Path, rows: &mut BTreeMap<u64, Row>, see: impl Fn(&mut Row, &str, &str)) -> Result<()> {
    let mut lines = || -> io::Result<()> {
        for line in BufReader::new(File::open(path)?).lines().skip(1) {
            let line = line?;
            let mut cells = line.splitn(3, ',');
            let number: Option<u64> = cells.next().and_then(|row| row.parse().ok());
            if let Some(row) = number.and_then(|number| rows.get_mut(&number)) {
                see(row, cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
            }
        }
        Ok(())
    };
    lines().with_context(|| format!("{}", path.display()))
}

fn withdrawn<'a>(known: &'a Known, cases: &'a [Case], rows: &BTreeMap<u64, Row>) -> Withdrawn<'a> {
    let accesses: Vec<Row> = known.access_rows.iter().filter_map(|row| rows.get(row).cloned()).collect();
    let holds = |case: &Case| case.access_rows.iter().any(|row| known.access_rows.contains(&u64::from(*row)));
    let continued_in: Vec<&str> =
        cases.iter().filter(|case| case.user == known.user && holds(case)).map(|case| case.case_id.as_str()).collect();
    let text = text(&accesses, !continued_in.is_empty());
    Withdrawn { case_id: &known.case_id, user: &known.user, text, continued_in, accesses }
}

fn text(accesses: &[Row], continued: bool) -> String {
    let all = accesses.len();
    let explained = accesses.iter().filter(|row| !row.explanation.is_empty()).count();
    let withheld = accesses.iter().filter(|row| !row.withheld.is_empty()).count();
    let late = if withheld == 0 { String::new() } else { format!(", {withheld} cannot be judged yet") };
    match (continued, explained + withheld) {
        (true, _) => format!("goes on in another case: {explained} of {all} accesses have a reason now{late}"),
        (false, 0) => format!(
            "withdrawn: none of {all} accesses has a reason now, but what speaks for a case has become too weak"
        ),
        (false, _) => format!("withdrawn: {explained} of {all} accesses have a reason now{late}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_is_gone_says_what_became_of_its_accesses() {
        let row = |explanation: &str, withheld: &str| Row {
            explanation: explanation.to_owned(),
            withheld: withheld.to_owned(),
            ..Row::default()
        };
        let (bare, given, late) = (row("", ""), row("E1", ""), row("", "orders"));
        assert_eq!(
            text(&[given.clone(), given.clone(), late, bare.clone()], false),
            "withdrawn: 2 of 4 accesses have a reason now, 1 cannot be judged yet"
        );
        assert_eq!(
            text(std::slice::from_ref(&bare), false),
            "withdrawn: none of 1 accesses has a reason now, but what speaks for a case has become too weak"
        );
        assert_eq!(text(&[given, bare], true), "goes on in another case: 1 of 2 accesses have a reason now");
    }
}
