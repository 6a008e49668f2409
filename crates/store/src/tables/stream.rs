//! Parquet files straight to and from the disk, for work whose data does not fit into memory: compaction. Blocks; belongs on a thread of its own.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use cordon_model::Digest;
use cordon_seal::RunningDigest;
use datafusion::parquet::errors::{ParquetError, Result};
use datafusion::parquet::file::reader::{ChunkReader, Length};

use super::objects::Objects;
use crate::disk::{Disk, DiskFile};

/// Bytes that are read at a time where a reader asks for a stream.
const PIECE_BYTES: usize = 256 << 10;

/// A file that is being written: it gets its name when it is whole.
#[derive(Debug)]
pub(super) struct Unfinished {
    disk: Arc<dyn Disk>,
    file: Box<dyn DiskFile>,
    unfinished: PathBuf,
    path: PathBuf,
    bytes: usize,
    digest: RunningDigest,
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.append(bytes)?;
        self.bytes += bytes.len();
        self.digest.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Unfinished {
    pub(super) fn new(disk: Arc<dyn Disk>, unfinished: PathBuf, path: PathBuf) -> io::Result<Self> {
        let file = disk.create(&unfinished)?;
        Ok(Self { disk, file, unfinished, path, bytes: 0, digest: RunningDigest::default() })
    }

    /// Makes it durable under its name; gives its length and SHA-256.
    pub(super) fn finish(self) -> io::Result<(usize, Digest)> {
        self.file.sync()?;
        drop(self.file);
        self.disk.rename(&self.unfinished, &self.path)?;
        self.path.parent().map_or(Ok(()), |folder| self.disk.sync_dir(folder))?;
        Ok((self.bytes, self.digest.finish()))
    }
}

/// A file that is read in pieces.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    file: Arc<dyn DiskFile>,
    bytes: u64,
}

impl Pieces {
    pub(super) fn open(objects: &Objects, path: &object_store::path::Path) -> io::Result<Self> {
        let file = objects.open_file(path)?;
        let bytes = file.bytes()?;
        Ok(Self { file: Arc::from(file), bytes })
    }
}

impl Length for Pieces {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Pieces {
    type T = io::BufReader<Place>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(io::BufReader::with_capacity(PIECE_BYTES, Place { file: Arc::clone(&self.file), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut bytes = vec![0; length];
        let read = self.file.read_at(start, &mut bytes)?;
        if read < length {
            return Err(ParquetError::EOF("the file is shorter than its footer says".to_owned()));
        }
        Ok(bytes.into())
    }
}

/// A place in a file.
#[derive(Debug)]
pub(super) struct Place {
    file: Arc<dyn DiskFile>,
    at: u64,
}

impl Read for Place {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(self.at, into)?;
        self.at += read as u64;
        Ok(read)
    }
}
