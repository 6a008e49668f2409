//! Reads the files of a review: context from a folder, accesses from a file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
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
    toml::from_str(&text).with_context(|| format!("settings {}", path.display()))
}

/// Reads every table of a folder. A table that is not there is said; without staff, patients and encounters there is no review.
pub(super) fn context(dir: &Path, settings: Settings, faults: &mut Faults) -> Result<Context> {
    let mut context = Context::new(settings);
    let mut missing = Vec::new();
    for table in Table::CONTEXT {
        let path = dir.join(table.file());
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                missing.push(table);
                continue;
            }
            Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
        };
        context.read(table, file, |fault| faults.see(fault)).with_context(|| format!("folder {}", dir.display()))?;
    }
    let needed: Vec<&str> = missing.iter().filter(|table| NEEDED.contains(table)).map(|table| table.file()).collect();
    if !needed.is_empty() {
        bail!(
            "{} is not in {}: without it nothing can be explained; docs/specs/access-review.md says what each file holds",
            needed.join(", "),
            dir.display()
        );
    }
    for table in missing.into_iter().filter(|table| *table != Table::Declared) {
        note(&format!(
            "{} is not in {}: accesses that it could explain will have no reason",
            table.file(),
            dir.display()
        ));
    }
    Ok(context)
}

/// Reads the accesses of a file, in order of time.
pub(super) fn accesses(
    path: &Path,
    temporary: &Path,
    review: &mut Review,
    faults: &mut Faults,
    mut progress: impl FnMut(u64),
) -> Result<Kept> {
    let file = File::open(path).with_context(|| format!("{}", path.display()))?;
    let what = || format!("{}", path.display());
    let mut reader = AccessReader::open(file).with_context(what)?;
    let mut intake = Intake::new(temporary);
    loop {
        match review.read(&mut reader) {
            Ok(None) => break,
            Ok(Some(Ok(access))) => {
                intake.push(access).with_context(|| format!("temporary file in {}", temporary.display()))?
            }
            Ok(Some(Err(fault))) => faults.see(fault),
            Err(error) => return Err(error).with_context(what),
        }
        progress(intake.count());
    }
    intake.finish().with_context(|| format!("temporary file in {}", temporary.display()))
}

/// Says something on standard error.
pub(super) fn note(text: &str) {
    // Standard error may be closed; there is nowhere else to say it.
    let _ = writeln!(io::stderr(), "cordon: {text}");
}

/// Says how many rows were not used, and the first few.
pub(super) fn tell(faults: &Faults) {
    const SHOWN: usize = 10;
    if faults.count == 0 {
        return;
    }
    note(&format!("{} rows could not be used:", thousands(faults.count)));
    for fault in faults.rows.iter().take(SHOWN) {
        note(&format!("  {}:{}: {}", fault.file, fault.row, fault.reason));
    }
    if faults.count > SHOWN as u64 {
        note("  ...");
    }
}
