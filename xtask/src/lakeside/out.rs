//! What is rendered: lines with their times, collected per file, then sorted, numbered, framed and packed. It knows the files' framings and nothing of their lines.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::Result;
use cordon_model::Time;

use super::clock;
use super::files::{Framing, framing};

/// Stands in a text for the record's running number in its file.
pub(super) const NUMBER: &str = "\u{1}";

/// Lines per file, and the moments between which lines are kept.
#[derive(Debug)]
pub(super) struct Out {
    files: BTreeMap<String, Vec<(Time, String)>>,
    from: Time,
    until: Time,
    hours: (i64, i64),
}

impl Out {
    /// Keeps what happens from `from` up to before `until`, in the hours of the day from the first up to before the second.
    pub(super) fn new(from: Time, until: Time, hours: (i64, i64)) -> Self {
        Self { files: BTreeMap::new(), from, until, hours }
    }

    /// Adds one record to a file, unless it happens outside the times that are kept.
    pub(super) fn add(&mut self, file: &str, at: Time, text: String) {
        let hour = clock::hour(at);
        if at < self.from || at >= self.until || hour < self.hours.0 || hour >= self.hours.1 {
            return;
        }
        if let Some(lines) = self.files.get_mut(file) {
            lines.push((at, text));
        } else {
            self.files.insert(file.to_owned(), vec![(at, text)]);
        }
    }

    /// The number of records per file.
    pub(super) fn counts(&self) -> BTreeMap<String, usize> {
        self.files.iter().map(|(file, lines)| (file.clone(), lines.len())).collect()
    }

    /// The files, ready to be written.
    pub(super) fn finish(self) -> Result<BTreeMap<String, Vec<u8>>> {
        let mut done = BTreeMap::new();
        for (file, mut lines) in self.files {
            lines.sort_by_key(|(at, _)| *at);
            let first = 1 + super::random::fnv1a(&file) % 900_000;
            let numbered = lines.into_iter().zip(first..).map(|((at, text), number)| Numbered { at, text, number });
            let bytes = frame(framing(&file), numbered)?;
            let bytes = pack(&file, bytes)?;
            done.insert(file, bytes);
        }
        Ok(done)
    }
}

struct Numbered {
    at: Time,
    text: String,
    number: u64,
}

impl Numbered {
    fn finished(&self) -> String {
        if self.text.contains(NUMBER) { self.text.replace(NUMBER, &self.number.to_string()) } else { self.text.clone() }
    }
}

fn frame(framing: Framing, records: impl Iterator<Item = Numbered>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut last = None;
    let mut count = 0_usize;
    for record in records {
        let text = record.finished();
        if count == 0 {
            bytes.extend_from_slice(framing.header(record.at).as_bytes());
        }
        match framing {
            Framing::OctetCounted => write!(bytes, "{} {text}", text.len())?,
            Framing::Mllp => write!(bytes, "\u{b}{text}\u{1c}\r")?,
            Framing::Hl7Batch => bytes.extend_from_slice(text.as_bytes()),
            Framing::Bundle if count > 0 => write!(bytes, ",\n{text}")?,
            Framing::Bundle => bytes.extend_from_slice(text.as_bytes()),
            Framing::Lines | Framing::Crlf(_) | Framing::Csv(_) | Framing::Zeek(_) => writeln!(bytes, "{text}")?,
        }
        count += 1;
        last = Some(record.at);
    }
    bytes.extend_from_slice(framing.trailer(count, last.unwrap_or_default()).as_bytes());
    if let Framing::Crlf(_) = framing {
        bytes = String::from_utf8(bytes)?.replace('\n', "\r\n").into_bytes();
    }
    Ok(bytes)
}

/// Compresses what is named `.gz` or `.zip`. Both are written with fixed times, so that the same lines give the same bytes.
fn pack(file: &str, bytes: Vec<u8>) -> Result<Vec<u8>> {
    if file.ends_with(".gz") {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(&bytes)?;
        return Ok(packer.finish()?);
    }
    let Some(inner) = file.strip_suffix(".zip") else { return Ok(bytes) };
    let inner = inner.rsplit('/').next().unwrap_or(inner);
    let mut packer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    packer.start_file(inner, options.last_modified_time(zip::DateTime::default()))?;
    packer.write_all(&bytes)?;
    Ok(packer.finish()?.into_inner())
}
