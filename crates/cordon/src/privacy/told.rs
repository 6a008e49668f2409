//! What a review writes: explanations, cases, what cannot be judged yet, rows that could not be used, and a summary.

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result};
use cordon_node::record_index::{EXPLANATIONS, Ends, IndexWriter, Lines, WITHHELD};
use cordon_privacy::{Case, Counts, Found, Mined, Reason};
use serde_json::{Value, json};

use super::folder::Folder;
use super::spill::Kept;
use super::tables::Faults;
use crate::terminal::{counted_of, plain, thousands};

/// Cases that are shown; all are in the file.
const SHOWN: usize = 20;

/// Writes every access with its explanations, and apart those that cannot be judged yet; tells the index where each line is.
pub(super) fn explanations(folder: &mut Folder, kept: Kept, mut index: Option<&mut IndexWriter>) -> Result<Ends> {
    let what = || format!("writing {EXPLANATIONS} and {WITHHELD}: what was there before is left as it was");
    let files = (folder.begin(EXPLANATIONS)?, folder.begin(WITHHELD)?);
    let mut lines = Lines::begin(files.0, files.1).with_context(what)?;
    kept.each_explained(|explained| lines.write(explained, index.as_deref_mut())).with_context(what)?;
    let (explanations, withheld, ends) = lines.finish();
    folder.end(EXPLANATIONS, explanations)?;
    folder.end(WITHHELD, withheld)?;
    Ok(ends)
}

/// Writes the cases, one JSON object a line, best first.
pub(super) fn cases(folder: &mut Folder, cases: &[Case]) -> Result<()> {
    folder.write("cases.ndjson", |out| {
        for case in cases {
            serde_json::to_writer(&mut *out, case)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })
}

/// Writes the templates that were found, best first, and says it when not every access was looked at.
pub(super) fn templates(folder: &mut Folder, mined: &Mined) -> Result<()> {
    folder.write("templates.ndjson", |out| {
        for template in &mined.templates {
            serde_json::to_writer(&mut *out, template)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })?;
    if mined.looked_at < mined.accesses {
        let (looked_at, accesses) = (thousands(mined.looked_at), thousands(mined.accesses));
        super::tables::note(&format!("templates: looked at {looked_at} of {accesses} accesses, picked evenly"));
    }
    Ok(())
}

/// Writes the rows that could not be used.
pub(super) fn faults(folder: &mut Folder, faults: &Faults) -> Result<()> {
    folder.write("faults.csv", |out| {
        out.write_all(b"file,row,reason\n")?;
        faults.rows.iter().try_for_each(|fault| writeln!(out, "{},{},{}", fault.file, fault.row, quoted(fault.reason)))
    })
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// The figures of a review, for programs.
pub(super) fn summary(found: &Found, listed: usize, faults: &Faults) -> Value {
    let counts = &found.counts;
    let reasons: serde_json::Map<String, Value> = Reason::ALL
        .into_iter()
        .zip(counts.by_reason)
        .map(|(reason, count)| (reason.id().to_owned(), json!(count)))
        .collect();
    json!({
        "accesses": counts.accesses,
        "explained": counts.explained,
        "explained_share": share(counts.explained, judged(counts)),
        "by_reason": reasons,
        "no_reason_found": counts.no_reason,
        "cannot_judge_yet": counts.late,
        "about_no_record": counts.about_nobody,
        "users": counts.users,
        "days": counts.days,
        "cases": listed,
        "cases_before_budget": found.cases.len(),
        "rows_not_used": faults.count,
        "silences": found.silences,
    })
}

/// The figures of a review, for people.
pub(super) fn table(found: &Found, cases: &[Case], faults: &Faults, end: (Option<usize>, &Path)) -> String {
    let mut out = counts(found, faults);
    let left = found.cases.len().saturating_sub(cases.len());
    let beyond =
        if left == 0 { String::new() } else { format!(" ({} more beyond the budget)", thousands(left as u64)) };
    out.push_str(&format!("\n{}{beyond}\n", counted_of(cases.len(), "case", "cases")));
    for case in cases.iter().take(SHOWN) {
        let (user, scenarios) = (plain(&case.user), case.scenarios.join(" "));
        out.push_str(&format!("  {:.2}  {user}  {scenarios}  {}\n", case.score, case.case_id));
        for sentence in case.sentences.iter().take(3) {
            out.push_str(&format!("        {}\n", plain(&sentence.text)));
        }
    }
    if cases.len() > SHOWN {
        out.push_str("  ... the others are in cases.ndjson\n");
    }
    let (withdrawn, dir) = end;
    if let Some(withdrawn) = withdrawn {
        let cases = counted_of(withdrawn, "earlier case is", "earlier cases are");
        out.push_str(&format!("\n{cases} gone: withdrawn.ndjson says why\n"));
    }
    out.push_str(&format!("\nWritten to {}\n", dir.display()));
    out
}

/// The figures of a review, in lines.
fn counts(found: &Found, faults: &Faults) -> String {
    let counts = &found.counts;
    let mut out = format!(
        "{} accesses by {} users in {:.1} days\n",
        thousands(counts.accesses),
        thousands(counts.users),
        counts.days
    );
    let percent = |count: u64| share(count, judged(counts)) * 100.0;
    out.push_str(&format!(
        "{:>14}  {:>5.1} %  a reason is found\n",
        thousands(counts.explained),
        percent(counts.explained)
    ));
    for (reason, count) in Reason::ALL.into_iter().zip(counts.by_reason) {
        if count > 0 {
            out.push_str(&format!(
                "{:>14}  {:>5.1} %    {}: {}\n",
                thousands(count),
                percent(count),
                reason.id(),
                reason.words()
            ));
        }
    }
    out.push_str(&format!(
        "{:>14}  {:>5.1} %  no reason found in the data\n",
        thousands(counts.no_reason),
        percent(counts.no_reason)
    ));
    if counts.late > 0 {
        out.push_str(&format!(
            "{:>14}  {:>5.1} %  cannot be judged yet: a feed was silent\n",
            thousands(counts.late),
            percent(counts.late)
        ));
    }
    for silence in &found.silences {
        out.push_str(&format!(
            "  silent: {} from {} until {} (came {}, usual {:.0})\n",
            silence.feed.words(),
            instant(silence.from),
            instant(silence.until),
            silence.came,
            silence.usual
        ));
    }
    if faults.count > 0 {
        out.push_str(&format!("{:>14}           rows could not be used\n", thousands(faults.count)));
    }
    out
}

/// Accesses to records: what explanations are counted against.
const fn judged(counts: &Counts) -> u64 {
    counts.accesses.saturating_sub(counts.about_nobody)
}

fn instant(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn share(count: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { count as f64 / of as f64 }
}
