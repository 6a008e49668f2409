//! What goes to standard output or to the file of `--output`: one file per format, each a pure function to bytes.

pub(crate) mod csv;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod ndjson;
pub(crate) mod ocsf;
pub(crate) mod record;
pub(crate) mod table;

use std::fs::{File, Metadata, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cordon_detect::Detected;
use cordon_model::{Finding, MatchedField};
use cordon_node::scan::Report;
use tempfile::{Builder, TempPath};

/// Buffer in front of the output.
const BUFFER_BYTES: usize = 256 << 10;

/// A format of findings.
pub(crate) trait FindingOutput {
    /// Takes a finding, in the order of the scan.
    fn finding(&mut self, found: &Detected) -> io::Result<()>;

    /// The scan has ended.
    fn finish(&mut self, report: &Report) -> io::Result<()>;
}

/// A file of `--output` that is not in place yet: it is written beside its place and takes it only when the run has ended well, so that a run that is cut off
/// leaves what was there.
#[derive(Debug, Default)]
pub(crate) struct Pending(Option<(TempPath, PathBuf)>);

impl Pending {
    /// Puts the file in its place.
    pub(crate) fn commit(self) -> Result<()> {
        let Some((written, target)) = self.0 else { return Ok(()) };
        written.persist(&target).with_context(|| format!("cannot write {}", target.display()))
    }
}

/// Where output goes: standard output, or the file at `path`, which must not be one of the `inputs`.
pub(crate) fn open(path: Option<&Path>, inputs: &[PathBuf]) -> Result<(Box<dyn Write>, Pending)> {
    let Some(path) = path else {
        return Ok((Box::new(BufWriter::with_capacity(BUFFER_BYTES, io::stdout())), Pending::default()));
    };
    let named = || format!("cannot write {}", path.display());
    let known = path.metadata().ok();
    if let Some(known) = &known {
        ensure!(
            !is_input(path, known, inputs),
            "--output {} is one of the inputs: it would be overwritten",
            path.display()
        );
    }
    if known.is_some_and(|known| !known.is_file()) {
        // a device or a pipe has no other place to be written to
        let file = File::options().write(true).open(path).with_context(named)?;
        return Ok((Box::new(BufWriter::with_capacity(BUFFER_BYTES, file)), Pending::default()));
    }
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    ensure!(folder.is_dir(), "--output {}: there is no folder {}", path.display(), folder.display());
    let beside = Builder::new()
        .prefix(".cordon-output-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .with_context(named)?;
    let (file, written) = beside.into_parts();
    Ok((Box::new(BufWriter::with_capacity(BUFFER_BYTES, file)), Pending(Some((written, target)))))
}

/// Whether an existing file is read by this run: named itself, by another name, or lying in a folder that is.
fn is_input(path: &Path, known: &Metadata, inputs: &[PathBuf]) -> bool {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    inputs.iter().any(|input| {
        let input = if input.as_os_str() == "-" { Path::new("/dev/stdin") } else { input };
        let is_same = input.metadata().is_ok_and(|input| (input.dev(), input.ino()) == (known.dev(), known.ino()));
        known.is_file() && (is_same || input.canonicalize().is_ok_and(|input| target.starts_with(input)))
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
