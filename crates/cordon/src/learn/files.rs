//! Files of the bench: plain, in gzip or alone in a zip.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Cursor, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

/// Largest zip in bytes, and largest file within.
const ZIP_BYTES_MAX: u64 = 4 << 30;

/// Most files below a folder.
const FILES_MAX: usize = 1_000_000;

/// Deepest folder that is looked into.
const DEPTH_MAX: usize = 16;

/// Opens a file for reading; what is in gzip or alone in a zip is read from within.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let about = || path.display().to_string();
    let file = File::open(path).with_context(about)?;
    let mut reader = BufReader::new(file);
    let head = reader.fill_buf().with_context(about)?;
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::new(flate2::read::MultiGzDecoder::new(reader))));
    }
    if !head.starts_with(b"PK\x03\x04") {
        return Ok(Box::new(reader));
    }
    let mut archive = zip::ZipArchive::new(File::open(path).with_context(about)?).with_context(about)?;
    ensure!(archive.len() == 1, "{}: {} files in the archive where one is expected", path.display(), archive.len());
    Ok(Box::new(Cursor::new(member(&mut archive, 0).with_context(about)?)))
}

/// All bytes of a file in an archive.
pub(super) fn member(archive: &mut zip::ZipArchive<File>, place: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    archive.by_index(place)?.take(ZIP_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    ensure!(bytes.len() as u64 <= ZIP_BYTES_MAX, "a file in the archive is larger than 4 GiB");
    Ok(bytes)
}

/// A file as text, at most `bytes_max` bytes of it.
pub(super) fn text(path: &Path, bytes_max: u64) -> Result<String> {
    let mut bytes = Vec::new();
    open(path)?.take(bytes_max + 1).read_to_end(&mut bytes).with_context(|| path.display().to_string())?;
    ensure!(bytes.len() as u64 <= bytes_max, "{}: larger than {bytes_max} bytes", path.display());
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// All files below a folder, in the order of their paths; a file is itself.
pub(super) fn below(path: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    walk(path, 0, &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    let about = || path.display().to_string();
    if !fs::metadata(path).with_context(about)?.is_dir() {
        found.push(path.to_owned());
        ensure!(found.len() <= FILES_MAX, "more than {FILES_MAX} files");
        return Ok(());
    }
    if depth > DEPTH_MAX {
        bail!("{}: deeper than {DEPTH_MAX} folders", path.display());
    }
    for entry in fs::read_dir(path).with_context(about)? {
        walk(&entry.with_context(about)?.path(), depth + 1, found)?;
    }
    Ok(())
}
