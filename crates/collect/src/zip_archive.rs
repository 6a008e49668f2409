//! One zip archive: its members in the order of their names, each as a stream of its own. Nothing of it is ever written under a member's name.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use cordon_model::{Anomaly, Time};
use zip::CompressionMethod;

use crate::anomaly;
use crate::archive::{Archive, Inside, Member};
use crate::expand::{self, Budget, Expanding};
use crate::fault::Broken;
use crate::source::{Meter, Metered, Stream};

/// A zip archive being read.
pub(crate) struct ZipArchive {
    archive: zip::ZipArchive<BufReader<File>>,
    file: Arc<File>,
    /// Members still to come, the next one last.
    rest: Vec<(String, usize)>,
    /// Faults of the archive as a whole, still to be told.
    faults: Vec<Anomaly>,
    budget: Arc<Budget>,
    meter: Arc<Meter>,
}

impl ZipArchive {
    /// Reads the directory of the archive.
    ///
    /// # Errors
    /// [`anomaly::ZIP_DAMAGED`] when there is none that makes sense.
    pub(crate) fn open(file: File, budget: Arc<Budget>, meter: Arc<Meter>) -> Result<Self, Anomaly> {
        let second = file.try_clone().map_err(|_| anomaly::UNREADABLE)?;
        let archive = zip::ZipArchive::new(BufReader::new(second)).map_err(|_| anomaly::ZIP_DAMAGED)?;
        let stated = count_directory(&file, archive.central_directory_start()).unwrap_or_default();
        let mut faults = Vec::new();
        if stated > archive.len() {
            faults.push(anomaly::ZIP_HIDDEN);
        }
        let limit = budget.limits().members_max;
        if archive.len() > limit {
            faults.push(anomaly::TOO_MANY_FILES);
        }
        let mut rest: Vec<(String, usize)> = Vec::new();
        for index in 0..archive.len().min(limit) {
            let stated = archive.by_index_data(index).and_then(|entry| entry.name().map(Cow::into_owned));
            let name = stated.unwrap_or_else(|_| format!("member {index}"));
            rest.push((name, index));
        }
        rest.sort_unstable_by(|one, other| other.cmp(one));
        Ok(Self { archive, file: Arc::new(file), rest, faults, budget, meter })
    }

    /// The next member that is a file.
    fn next_member(&mut self) -> Option<Member> {
        loop {
            let (name, index) = self.rest.pop()?;
            let Ok(found) = self.archive.by_index_raw(index) else {
                return Some(Member { name, modified: None, stream: Err(anomaly::ZIP_DAMAGED) });
            };
            if found.is_dir() {
                continue;
            }
            let modified = found.last_modified().and_then(|time| time_of(&time));
            let part = Part::of(&found);
            let stream = part.and_then(|part| part.stream(&self.file, &self.budget, &self.meter));
            return Some(Member { name, modified, stream });
        }
    }
}

impl Archive for ZipArchive {
    fn next(&mut self) -> Option<Inside> {
        let fault = self.faults.pop().map(|fault| Inside::Fault(Broken::error(fault)));
        fault.or_else(|| self.next_member().map(Inside::Member))
    }
}

/// Where a member's bytes stand in the archive and how to expand them.
struct Part {
    start: u64,
    bytes: u64,
    method: CompressionMethod,
    crc32: u32,
}

impl Part {
    fn of<R: Read>(found: &zip::read::ZipFile<'_, R>) -> Result<Self, Anomaly> {
        if found.is_symlink() {
            return Err(anomaly::ZIP_LINK);
        }
        if found.encrypted() {
            return Err(anomaly::ZIP_ENCRYPTED);
        }
        let start = found.data_start().ok_or(anomaly::ZIP_DAMAGED)?;
        Ok(Self { start, bytes: found.compressed_size(), method: found.compression(), crc32: found.crc32() })
    }

    fn stream(&self, file: &Arc<File>, budget: &Arc<Budget>, meter: &Arc<Meter>) -> Result<Stream, Anomaly> {
        let slice = FileSlice { file: Arc::clone(file), at: self.start, left: self.bytes };
        let stored: Stream = Box::new(Metered { inner: slice, meter: Arc::clone(meter), growing: None });
        let expanded: Stream = match self.method {
            CompressionMethod::Stored => Box::new(Expanding::new(stored, Arc::clone(budget))),
            CompressionMethod::Deflated => {
                Box::new(Expanding::new(flate2::read::DeflateDecoder::new(stored), Arc::clone(budget)))
            }
            CompressionMethod::Zstd => expand::zstd(stored, budget).map_err(|_| anomaly::ZIP_DAMAGED)?,
            _ => return Err(anomaly::ZIP_METHOD),
        };
        Ok(Box::new(Checked { inner: expanded, seen: flate2::Crc::new(), stated: self.crc32 }))
    }
}

/// A range of a file, read on its own however the file was read before.
struct FileSlice {
    file: Arc<File>,
    at: u64,
    left: u64,
}

impl Read for FileSlice {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        let Some(out) = out.get_mut(..wanted).filter(|out| !out.is_empty()) else { return Ok(0) };
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(out)?;
        if read == 0 {
            return Err(Broken::error(anomaly::TRUNCATED));
        }
        let bytes = u64::try_from(read).unwrap_or(self.left);
        (self.at, self.left) = (self.at.saturating_add(bytes), self.left.saturating_sub(bytes));
        Ok(read)
    }
}

/// Compares the checksum at the end.
struct Checked {
    inner: Stream,
    seen: flate2::Crc,
    stated: u32,
}

impl Read for Checked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.seen.update(out.get(..read).unwrap_or_default());
        if read == 0 && !out.is_empty() && self.seen.sum() != self.stated {
            self.stated = self.seen.sum(); // told once
            return Err(Broken::error(anomaly::ZIP_CHECKSUM));
        }
        Ok(read)
    }
}

/// Number of entries in the central directory (APPNOTE.TXT 4.3.12), whatever the end record says: the archive reader keeps only the last of one name.
fn count_directory(mut file: &File, start: u64) -> io::Result<usize> {
    const SIGNATURE: [u8; 4] = *b"PK\x01\x02";
    file.seek(SeekFrom::Start(start))?;
    let mut reader = BufReader::new(file);
    let mut entries = 0;
    loop {
        let mut header = [0; 46];
        if reader.read_exact(&mut header).is_err() || !header.starts_with(&SIGNATURE) {
            return Ok(entries);
        }
        let [
            ..,
            name_low,
            name_high,
            extra_low,
            extra_high,
            comment_low,
            comment_high,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
        ] = header;
        let lengths = [[name_low, name_high], [extra_low, extra_high], [comment_low, comment_high]];
        let skip: i64 = lengths.into_iter().map(|pair| i64::from(u16::from_le_bytes(pair))).sum();
        reader.seek_relative(skip)?;
        entries += 1;
    }
}

/// DOS times name no zone; UTC is taken.
fn time_of(time: &zip::DateTime) -> Option<Time> {
    let small = |number: u8| i8::try_from(number).ok();
    let year = i16::try_from(time.year()).ok()?;
    let civil = jiff::civil::DateTime::new(
        year,
        small(time.month())?,
        small(time.day())?,
        small(time.hour())?,
        small(time.minute())?,
        small(time.second().min(59))?,
        0,
    );
    let zoned = civil.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Time(zoned.timestamp().as_microsecond()))
}
