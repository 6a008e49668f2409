//! Files of a folder by name, buffered, for rooms that open none.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// Bytes written or read at once.
const BUFFER_BYTES: usize = 1 << 20;

/// Makes files in a folder that exists.
pub(crate) fn creator(folder: &Path) -> impl FnMut(&str) -> io::Result<Box<dyn Write>> {
    move |name| Ok(Box::new(BufWriter::with_capacity(BUFFER_BYTES, File::create(folder.join(name))?)))
}

/// Opens files of a folder.
pub(crate) fn opener(folder: &Path) -> impl FnMut(&str) -> io::Result<Box<dyn Read>> {
    move |name| open(&folder.join(name))
}

/// Opens one file.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, File::open(path)?)))
}
