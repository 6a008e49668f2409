//! From PATHs to sources: opens each file in order, recognises compression by magic, and goes into archives.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::UNIX_EPOCH;

use cordon_model::{Anomaly, Time};

use crate::anomaly;
use crate::archive::{Archive, Inside, Member, loss_of};
use crate::expand::{self, Budget, Limits};
use crate::fault::{InputFault, Loss};
use crate::source::{Meter, Metered, Source, SourceInfo, Stream};
use crate::tar_archive::{self, TarArchive};
use crate::utf16::{self, Utf16};
use crate::walk::{self, Entry, FoundFile};
use crate::zip_archive::ZipArchive;

/// Bytes looked at to recognise compression and archives.
const HEAD_BYTES: u64 = tar_archive::BLOCK_BYTES as u64;

/// What comes next in the inputs.
#[derive(Debug)]
pub enum Found {
    /// A source to read.
    Source(Source),
    /// Something that is not read, and why.
    Fault(InputFault),
}

/// All sources of some PATHs, in order. The walk over directories is done at the start, files are opened one by one.
pub struct Sources {
    entries: std::vec::IntoIter<Entry>,
    archives: Vec<Within>,
    limits: Limits,
    meter: Arc<Meter>,
    started: Time,
    order: u32,
}

/// An archive being read and where it came from.
struct Within {
    archive: Box<dyn Archive>,
    opening: Opening,
}

/// What is being opened.
#[derive(Clone)]
struct Opening {
    id: Arc<str>,
    received: Time,
    budget: Arc<Budget>,
    /// Compressions and archives around it.
    nested: u32,
}

impl Sources {
    /// The sources that `paths` stand for. `started` is taken for when a source without a time of its own was written.
    #[must_use]
    pub fn new(paths: &[PathBuf], limits: Limits, started: Time) -> Self {
        let entries: Vec<Entry> = walk::walk(paths);
        let meter = Arc::new(Meter::default());
        for entry in &entries {
            if let Entry::File(file) = entry {
                meter.files_total.fetch_add(1, Ordering::Relaxed);
                meter.bytes_total.fetch_add(file.bytes, Ordering::Relaxed);
            }
        }
        Self { entries: entries.into_iter(), archives: Vec::new(), limits, meter, started, order: 0 }
    }

    /// How far reading got.
    #[must_use]
    pub fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    /// The next of the archive being read; `None` when there is none or it is at its end.
    fn next_within(&mut self) -> Option<Option<Found>> {
        let within = self.archives.last_mut()?;
        let outer = &within.opening;
        let Member { name, modified, stream } = match within.archive.next() {
            Some(Inside::Member(member)) => member,
            Some(Inside::Fault(error)) => return Some(Some(Found::Fault(InputFault::from_io(&outer.id, &error)))),
            None => {
                self.archives.pop();
                return Some(None);
            }
        };
        let opening = Opening {
            id: Arc::from(format!("{}!{name}", outer.id)),
            received: modified.unwrap_or(outer.received),
            budget: Arc::clone(&outer.budget),
            nested: outer.nested,
        };
        Some(match stream {
            Ok(stream) => self.open(opening, stream, None),
            Err(fault) => Some(Found::Fault(InputFault::new(&opening.id, fault, loss_of(fault)))),
        })
    }

    fn open_entry(&mut self, entry: Entry) -> Option<Found> {
        match entry {
            Entry::Fault(fault) => Some(Found::Fault(fault)),
            Entry::Stdin => self.open_stdin(),
            Entry::File(found) => match self.open_file(&found) {
                Ok(found) => found,
                Err(error) => Some(Found::Fault(InputFault::from_io(&found.id, &error))),
            },
        }
    }

    fn open_stdin(&mut self) -> Option<Found> {
        self.meter.files.fetch_add(1, Ordering::Relaxed);
        let budget = Budget::new(self.limits, 0);
        let stream = Metered { inner: io::stdin(), meter: Arc::clone(&self.meter), growing: Some(Arc::clone(&budget)) };
        let opening = Opening { id: Arc::from("-"), received: self.started, budget, nested: 0 };
        self.open(opening, Box::new(stream), None)
    }

    fn open_file(&mut self, found: &FoundFile) -> io::Result<Option<Found>> {
        let file = File::open(&found.path)?;
        self.meter.files.fetch_add(1, Ordering::Relaxed);
        let metadata = file.metadata()?;
        let received = modified(&metadata).unwrap_or(self.started);
        if !metadata.is_file() {
            let budget = Budget::new(self.limits, 0);
            let stream = Metered { inner: file, meter: Arc::clone(&self.meter), growing: Some(Arc::clone(&budget)) };
            let opening = Opening { id: Arc::clone(&found.id), received: self.started, budget, nested: 0 };
            return Ok(self.open(opening, Box::new(stream), None));
        }
        let budget = Budget::new(self.limits, metadata.len());
        let second = file.try_clone()?;
        // A file that grows is read to the length it had when it was opened; /proc states 0 and is read to its end.
        let length = if metadata.len() == 0 { u64::MAX } else { metadata.len() };
        let stream = Metered { inner: file.take(length), meter: Arc::clone(&self.meter), growing: None };
        let opening = Opening { id: Arc::clone(&found.id), received, budget, nested: 0 };
        Ok(self.open(opening, Box::new(stream), Some(second)))
    }

    /// Goes through compression and archives to the bytes. `None` when an archive was entered.
    fn open(&mut self, mut opening: Opening, mut stream: Stream, mut file: Option<File>) -> Option<Found> {
        let mut is_expanded = false;
        loop {
            let mut head = Vec::new();
            if let Err(error) = stream.by_ref().take(HEAD_BYTES).read_to_end(&mut head) {
                return Some(Found::Fault(InputFault::from_io(&opening.id, &error)));
            }
            let wrapping = Wrapping::of(&head);
            if head.is_empty() {
                return Some(Found::Fault(InputFault::new(&opening.id, anomaly::EMPTY, Loss::Nothing)));
            }
            stream = Box::new(io::Cursor::new(head).chain(stream));
            // A tar archive counts as one with the compression around it.
            let nests = wrapping.nests() && !(is_expanded && matches!(wrapping, Wrapping::Tar));
            if nests && opening.nested >= self.limits.nested_max {
                return Some(self.refuse(&opening, anomaly::NESTED_TOO_DEEP));
            }
            stream = match wrapping {
                Wrapping::None => return Some(self.source(&opening, stream)),
                Wrapping::Utf16(encoding) => {
                    return Some(self.source(&opening, Box::new(Utf16::new(stream, encoding))));
                }
                Wrapping::Gzip => expand::gzip(stream, &opening.budget),
                Wrapping::Zstd => match expand::zstd(stream, &opening.budget) {
                    Ok(stream) => stream,
                    Err(error) => return Some(Found::Fault(InputFault::from_io(&opening.id, &error))),
                },
                Wrapping::Zip => return self.enter_zip(opening, stream, file),
                Wrapping::Tar => {
                    opening.nested += u32::from(nests);
                    let archive = Box::new(TarArchive::new(stream, self.limits.members_max));
                    self.archives.push(Within { archive, opening });
                    return None;
                }
            };
            opening.nested += 1;
            (file, is_expanded) = (None, true);
        }
    }

    fn enter_zip(&mut self, mut opening: Opening, stream: Stream, file: Option<File>) -> Option<Found> {
        let seekable = match file.map_or_else(|| spool(stream), Ok) {
            Ok(seekable) => seekable,
            Err(error) => return Some(Found::Fault(InputFault::from_io(&opening.id, &error))),
        };
        match ZipArchive::open(seekable, Arc::clone(&opening.budget), Arc::clone(&self.meter)) {
            Ok(archive) => {
                opening.nested += 1;
                self.archives.push(Within { archive: Box::new(archive), opening });
                None
            }
            Err(fault) => Some(self.refuse(&opening, fault)),
        }
    }

    fn source(&mut self, opening: &Opening, stream: Stream) -> Found {
        let info = SourceInfo { id: Arc::clone(&opening.id), order: self.order, received: opening.received };
        self.order = self.order.saturating_add(1);
        Found::Source(Source::new(info, stream))
    }

    #[expect(clippy::unused_self, reason = "reads as the counterpart of `source`")]
    fn refuse(&self, opening: &Opening, fault: Anomaly) -> Found {
        Found::Fault(InputFault::new(&opening.id, fault, Loss::Input))
    }
}

impl Iterator for Sources {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let found = match self.next_within() {
                Some(found) => found,
                None => {
                    let entry = self.entries.next()?;
                    self.open_entry(entry)
                }
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources").field("order", &self.order).field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// What stands around the bytes of interest, by their first bytes.
#[derive(Clone, Copy)]
enum Wrapping {
    None,
    Utf16(&'static encoding_rs::Encoding),
    Gzip,
    Zstd,
    Zip,
    Tar,
}

impl Wrapping {
    /// Magic numbers: RFC 1952 section 2.3.1 (with deflate), RFC 8878 section 3.1.1, APPNOTE.TXT 4.3.7 and 4.3.16.
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1F, 0x8B, 0x08, ..] => Self::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Self::Zstd,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Zip,
            _ if tar_archive::is_header(head) => Self::Tar,
            _ => utf16::announced(head).map_or(Self::None, Self::Utf16),
        }
    }

    const fn nests(self) -> bool {
        matches!(self, Self::Gzip | Self::Zstd | Self::Zip | Self::Tar)
    }
}

/// A zip archive that does not come from a plain file goes to an unnamed temporary file: its directory stands at its end.
fn spool(mut stream: Stream) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut stream, &mut file)?;
    file.rewind()?;
    Ok(file)
}

fn modified(metadata: &fs::Metadata) -> Option<Time> {
    let since = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Time(i64::try_from(since.as_micros()).ok()?))
}

/// Whether a PATH exists at all: a dangling link does, and is counted as unreadable later.
#[must_use]
pub fn path_exists(path: &Path) -> bool {
    path.as_os_str() == "-" || fs::symlink_metadata(path).is_ok()
}
