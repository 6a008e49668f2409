//! What goes to standard output or to the file of `--output`: one file per format, each a pure function to bytes.

pub(crate) mod json;
pub(crate) mod record;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

/// Buffer in front of the output.
const BUFFER_BYTES: usize = 256 << 10;

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
