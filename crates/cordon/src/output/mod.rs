//! What goes to standard output or to the file of `--output`: one file per format, each a pure function to bytes.

pub(crate) mod csv;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod ndjson;
pub(crate) mod ocsf;
pub(crate) mod record;
pub(crate) mod table;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use cordon_detect::Detected;
use cordon_model::{Finding, MatchedField};
use cordon_node::scan::Report;

/// Buffer in front of the output.
const BUFFER_BYTES: usize = 256 << 10;

/// A format of findings.
pub(crate) trait FindingOutput {
    /// Takes a finding, in the order of the scan.
    fn finding(&mut self, found: &Detected) -> io::Result<()>;

    /// The scan has ended.
    fn finish(&mut self, report: &Report) -> io::Result<()>;
}

/// Where output goes.
pub(crate) fn open(path: Option<&Path>) -> Result<Box<dyn Write>> {
    Ok(match path {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            Box::new(BufWriter::with_capacity(BUFFER_BYTES, file))
        }
        None => Box::new(BufWriter::with_capacity(BUFFER_BYTES, io::stdout())),
    })
}

/// A reader that has seen enough (`| head`) is no error.
pub(crate) fn quiet_pipe(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write the output"),
    }
}

/// The matched fields with each value named once: several patterns can match in one value.
fn matched_once(finding: &Finding) -> Vec<&MatchedField> {
    let mut once: Vec<&MatchedField> = Vec::new();
    for field in &finding.matched {
        if !once.iter().any(|known| (&known.field, &known.value) == (&field.field, &field.value)) {
            once.push(field);
        }
    }
    once
}
