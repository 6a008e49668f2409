//! What a review writes: explanations, cases, what cannot be judged yet, rows that could not be used, and a summary.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use cordon_privacy::{Case, Counts, Feed, Found, Reason};
use serde_json::{Value, json};

use super::spill::Kept;
use super::tables::Faults;
use crate::terminal::thousands;

/// Writes `name` in `dir`, whole or not at all.
pub(super) fn file(dir: &Path, name: &str, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
    let path = dir.join(name);
    let what = || format!("{}", path.display());
    let temporary = dir.join(format!("{name}.part"));
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&temporary).with_context(what)?);
    write(&mut out).with_context(what)?;
    out.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all()).with_context(what)?;
    std::fs::rename(&temporary, &path).with_context(what)
}

/// Writes every access with its explanations, and apart those that cannot be judged yet.
pub(super) fn explanations(dir: &Path, kept: Kept) -> Result<()> {
    let path = dir.join("withheld.csv");
    let mut withheld = BufWriter::new(File::create(&path).with_context(|| format!("{}", path.display()))?);
    writeln!(withheld, "row,feed")?;
    file(dir, "explanations.csv", |out| {
        out.write_all(b"row,explanation,proof\n")?;
        kept.each_explained(|explained| {
            write!(out, "{},{},", explained.row, explained.marks)?;
            for (place, proof) in explained.proofs().enumerate() {
                write!(out, "{}{proof}", if place == 0 { "" } else { ";" })?;
            }
            out.write_all(b"\n")?;
            match explained.late {
                Some(feed) => writeln!(withheld, "{},{}", explained.row, feed_word(feed)),
                None => Ok(()),
            }
        })
    })?;
    withheld.flush().with_context(|| format!("{}", path.display()))
}

fn feed_word(feed: Feed) -> String {
    serde_json::to_value(feed).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Writes the cases, one JSON object a line, best first.
pub(super) fn cases(dir: &Path, cases: &[Case]) -> Result<()> {
    file(dir, "cases.ndjson", |out| {
        for case in cases {
            serde_json::to_writer(&mut *out, case)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })
}

/// Writes the rows that could not be used.
pub(super) fn faults(dir: &Path, faults: &Faults) -> Result<()> {
    file(dir, "faults.csv", |out| {
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
pub(super) fn table(found: &Found, cases: &[Case], faults: &Faults) -> String {
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
    out.push_str(&format!("\n{} cases\n", thousands(cases.len() as u64)));
    for case in cases.iter().take(20) {
        out.push_str(&format!("  {:.2}  {}  {}  {}\n", case.score, case.user, case.scenarios.join(" "), case.case_id));
        for sentence in case.sentences.iter().take(3) {
            out.push_str(&format!("        {}\n", sentence.text));
        }
    }
    if cases.len() > 20 {
        out.push_str("  ... the others are in cases.ndjson\n");
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
