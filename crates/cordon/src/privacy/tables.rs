//! Reads the files of a review: context from a folder, accesses from a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cordon_node::record_index::Gather;
use cordon_privacy::{AccessReader, Context, Review, RowFault, Settings, Table};

use super::spill::{Intake, Kept};
use crate::terminal::thousands;

/// Tables without which hardly anything can be explained.
const NEEDED: [Table; 3] = [Table::Staff, Table::Patients, Table::Encounters];
/// Bad rows that are kept with their number; all are counted.
const FAULTS_MAX: usize = 100_000;

/// Rows that were not used.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub rows: Vec<RowFault>,
    pub count: u64,
}

impl Faults {
    fn see(&mut self, fault: RowFault) {
        self.count += 1;
        if self.rows.len() < FAULTS_MAX {
            self.rows.push(fault);
        }
    }
}

/// Settings of a review: those of the file, or the defaults.
pub(super) fn settings(path: Option<&PathBuf>) -> Result<Settings> {
    let Some(path) = path else { return Ok(Settings::default()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("settings {}", path.display()))?;
    let settings: Settings = toml::from_str(&text).with_context(|| format!("settings {}", path.display()))?;
    sound(&settings).with_context(|| format!("settings {}", path.display()))?;
    Ok(settings)
}

/// Whether settings mean something: a probability beyond its range makes no case or each access one, and nobody would see why.
fn sound(settings: &Settings) -> Result<()> {
    let shares = [
        ("case_score_min", settings.case_score_min),
        ("budget_score_min", settings.budget_score_min),
        ("serial_score_min", settings.serial_score_min),
        ("improper_share", settings.improper_share),
        ("template_support_min", settings.template_support_min),
    ];
    for (name, share) in shares {
        if !(share > 0.0 && share < 1.0) {
            bail!("{name} must be between 0 and 1");
        }
    }
    if settings.budget.is_some_and(|budget| !(budget.is_finite() && budget > 0.0)) {
        bail!("budget must be a number above 0: so many cases a day for each 10,000 staff");
    }
    if !(settings.template_user_share_max > 0.0 && settings.template_user_share_max <= 1.0) {
        bail!("template_user_share_max must be above 0 and at most 1");
    }
    if !(settings.template_lift_min > 1.0 && settings.template_lift_min.is_finite()) {
        bail!("template_lift_min must be above 1: how many times as often as by chance");
    }
    if settings.template_users_min < 2 {
        bail!("template_users_min must be at least 2: the habit of one is no template");
    }
    let lists = [
        ("records_words", &settings.records_words),
        ("pharmacy_words", &settings.pharmacy_words),
        ("shared_words", &settings.shared_words),
        ("medicine_words", &settings.medicine_words),
        ("sensitive_words", &settings.sensitive_words),
        ("note_words", &settings.note_words),
        ("roaming_workstations", &settings.roaming_workstations),
    ];
    for (name, words) in lists {
        if let Some(word) = words.iter().find(|word| !is_folded(word)) {
            bail!(
                "{name}: \"{word}\" holds for nothing or for everything: write words in small letters, without marks and signs (\"paed\" for \"Päd\")"
            );
        }
    }
    Ok(())
}

/// Whether a word is written as the review writes what it compares with.
fn is_folded(word: &str) -> bool {
    let plain = |letter: char| {
        let marked = ('\u{c0}'..='\u{24f}').contains(&letter);
        letter == ' ' || (letter.is_alphanumeric() && !letter.is_uppercase() && !marked)
    };
    !word.trim().is_empty() && word.chars().all(plain)
}

/// Whether a folder has the tables without which hardly anything can be explained.
pub(super) fn check(dir: &Path) -> Result<()> {
    if !dir.is_dir() {
        bail!(
            "--context {}: there is no such folder; name the one with staff.csv, patients.csv and encounters.csv",
            dir.display()
        );
    }
    let missing: Vec<&str> = NEEDED.iter().map(|table| table.file()).filter(|file| !dir.join(file).exists()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "--context {}: without {} hardly anything can be explained; docs/specs/access-review.md says what each file holds",
        dir.display(),
        missing.join(", ")
    )
}

/// Reads every table of a folder. A table that is not there is said.
pub(super) fn context(dir: &Path, settings: Settings, faults: &mut Faults) -> Result<Context> {
    let mut context = Context::new(settings);
    for table in Table::CONTEXT {
        let path = dir.join(table.file());
        match File::open(&path) {
            Ok(file) => {
                let read = context.read(table, file, |fault| faults.see(fault));
                read.with_context(|| format!("--context {}", dir.display()))?;
            }
            // not every hospital declares something
            Err(error) if error.kind() == io::ErrorKind::NotFound && table == Table::Declared => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                note(&format!("{} is not in {}: {}", table.file(), dir.display(), lost(table)));
            }
            Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
        }
    }
    Ok(context)
}

/// What is lost without a table.
const fn lost(table: Table) -> &'static str {
    match table {
        Table::Contacts => "records of relatives can be told by name and address only",
        _ => "accesses that it could explain will have no reason",
    }
}

/// A file of accesses whose first line has been read.
pub(super) struct AccessFile<'a> {
    path: &'a Path,
    reader: AccessReader<File>,
}

impl AccessFile<'_> {
    /// Where its first row begins.
    pub(super) const fn next_at(&self) -> u64 {
        self.reader.next_at()
    }
}

/// Opens a file of accesses, and reads its first line.
pub(super) fn open_accesses(path: &Path) -> Result<AccessFile<'_>> {
    let what = || format!("--accesses {}", path.display());
    if path.is_dir() {
        bail!("--accesses {}: this is a folder; name the file in it", path.display());
    }
    let reader = AccessReader::open(File::open(path).with_context(what)?).with_context(what)?;
    Ok(AccessFile { path, reader })
}

/// Reads the accesses of a file, in order of time, and counts them; `index` gets every row.
pub(super) fn accesses(
    from: AccessFile<'_>,
    temporary: &Path,
    review: &mut Review,
    (faults, mut index): (&mut Faults, Option<&mut Gather>),
    mut progress: impl FnMut(u64),
) -> Result<(Kept, u64)> {
    let AccessFile { path, mut reader } = from;
    let mut intake = Intake::new(temporary);
    let in_temporary = || format!("temporary file in {}", temporary.display());
    while let Some(read) = review.read(&mut reader).with_context(|| format!("--accesses {}", path.display()))? {
        if let Some(index) = &mut index {
            index.see(reader.row_bytes(), reader.next_at(), read.as_ref().ok()).with_context(in_temporary)?;
        }
        match read {
            Ok(access) => intake.push(access).with_context(in_temporary)?,
            Err(fault) => faults.see(fault),
        }
        progress(intake.count());
    }
    let count = intake.count();
    if count == 0 && faults.count > 0 {
        note("no access could be used");
    }
    Ok((intake.finish().with_context(in_temporary)?, count))
}

/// Says something on standard error.
pub(super) fn note(text: &str) {
    // Standard error may be closed; there is nowhere else to say it.
    let _ = writeln!(io::stderr(), "cordon: {text}");
}

/// Says which approved templates explain nothing here, and why.
pub(super) fn tell_refused(review: &Review) {
    for (template, reason) in review.refused_templates() {
        note(&format!("settings: template \"{template}\" explains nothing here: {reason}"));
    }
}

/// Says how many rows were not used, and why: each reason once for each file.
pub(super) fn tell(faults: &Faults, more: &str) {
    if faults.count == 0 {
        return;
    }
    note(&format!("{} rows could not be used{more}", thousands(faults.count)));
    let mut reasons: BTreeMap<(&str, &str), (u64, u32)> = BTreeMap::new();
    for fault in &faults.rows {
        reasons.entry((fault.file, fault.reason)).or_insert((0, fault.row)).0 += 1;
    }
    for ((file, reason), (count, first)) in reasons {
        let rows =
            if count == 1 { format!("row {first}") } else { format!("{} rows from row {first}", thousands(count)) };
        note(&format!("  {file}: {rows}: {reason}"));
    }
}
