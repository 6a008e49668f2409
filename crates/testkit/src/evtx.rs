//! Small EVTX files: written from elements and values for tests and fuzz seeds, and put around any bytes that shall be read as the records of a chunk
//! (libevtx, "Windows XML Event Log (EVTX) format"; MS-EVEN6 section 2.2.12). Knows nothing of how they are decoded.

pub mod sample;

use std::collections::BTreeMap;

/// Bytes of the file header.
pub const FILE_HEADER_BYTES: usize = 4096;

/// Bytes of a chunk.
pub const CHUNK_BYTES: usize = 65_536;

/// Bytes of a chunk header before its tables of names and templates.
const FIXED_BYTES: usize = 128;

/// Bytes of a chunk before its first record.
const CHUNK_HEADER_BYTES: usize = 512;

/// Bytes of those tables: what [`file_around`] takes before the records.
pub const TABLES_BYTES: usize = CHUNK_HEADER_BYTES - FIXED_BYTES;

const RECORD_MAGIC: &[u8; 4] = b"**\0\0";

/// Bytes of a record before its BinXML: magic, size, record id, time.
const RECORD_HEADER_BYTES: usize = 24;

/// 2026-01-01T00:00:00Z in ticks of 100 ns since 1601.
const NEW_YEAR: u64 = 134_117_856_000_000_000;

/// Fragment header: token, version 1.1, no flags.
const FRAGMENT: [u8; 4] = [0x0F, 1, 1, 0];

/// What stands in an element or attribute of a template.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// Text that is the same in every record.
    Text(&'a str),
    /// The value of this number, stated to be of this type.
    Slot(u16, u8),
    /// An element.
    Element(Element<'a>),
}

/// An element of a template.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// Its name.
    pub name: &'a str,
    /// The value whose absence leaves it out.
    pub depends: Option<u16>,
    /// Attributes.
    pub attributes: &'a [(&'a str, Part<'a>)],
    /// What stands in it.
    pub children: &'a [Part<'a>],
}

/// A value of a record.
#[derive(Clone, Copy, Debug)]
pub enum Given<'a> {
    /// Type and bytes.
    Bytes(u8, &'a [u8]),
    /// BinXML: a template of its own with its values.
    Nested(Element<'a>, &'a [Given<'a>]),
}

/// The tables and records of one chunk, as [`file_around`] takes them.
#[derive(Debug, Default)]
pub struct Records {
    /// What stands behind the chunk header.
    area: Vec<u8>,
    /// Names that stand in the chunk already, with their place.
    names: BTreeMap<String, u32>,
    /// The last template, which the next record may use again.
    definition: u32,
    count: u64,
}

impl Records {
    /// Adds a record with a template of its own; returns its id.
    pub fn push(&mut self, root: Element<'_>, values: &[Given<'_>]) -> u64 {
        self.record(|records| {
            records.definition = records.place() + 10;
            records.instance(root, values);
        })
    }

    /// Adds a record that uses the template of the last pushed one; returns its id.
    pub fn again(&mut self, values: &[Given<'_>]) -> u64 {
        self.record(|records| {
            let definition = records.definition.to_le_bytes();
            records.area.extend([0x0C, 1, 1, 0, 0, 0]);
            records.area.extend(definition);
            records.values(values);
        })
    }

    /// The tables, which are empty, and the records.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        let mut content = vec![0; TABLES_BYTES];
        content.extend(&self.area);
        content
    }

    /// The records as a file.
    #[must_use]
    pub fn file(&self) -> Vec<u8> {
        file_around(&self.content())
    }

    fn record(&mut self, write: impl FnOnce(&mut Self)) -> u64 {
        self.count += 1;
        let start = self.area.len();
        self.area.extend(RECORD_MAGIC);
        self.area.extend([0; 4]);
        self.area.extend(self.count.to_le_bytes());
        self.area.extend(NEW_YEAR.to_le_bytes());
        self.area.extend(FRAGMENT);
        write(self);
        self.area.push(0);
        let size = number(self.area.len() + 4 - start).to_le_bytes();
        put(&mut self.area, start + 4, &size);
        self.area.extend(size);
        self.count
    }

    /// Where the next byte stands in the chunk.
    fn place(&self) -> u32 {
        number(CHUNK_HEADER_BYTES + self.area.len())
    }

    fn instance(&mut self, root: Element<'_>, values: &[Given<'_>]) {
        self.area.extend([0x0C, 1, 1, 0, 0, 0]);
        let definition = self.place() + 4;
        self.area.extend(definition.to_le_bytes());
        self.area.extend([0; 20]);
        self.sized(|records| {
            records.area.extend(FRAGMENT);
            records.element(root);
            records.area.push(0);
        });
        self.values(values);
    }

    /// A four-byte size, and what `write` adds behind it.
    fn sized(&mut self, write: impl FnOnce(&mut Self)) {
        let at = self.area.len();
        self.area.extend([0; 4]);
        write(self);
        let size = number(self.area.len() - at - 4).to_le_bytes();
        put(&mut self.area, at, &size);
    }

    fn values(&mut self, values: &[Given<'_>]) {
        self.area.extend(number(values.len()).to_le_bytes());
        let table = self.area.len();
        self.area.extend(std::iter::repeat_n(0, values.len() * 4));
        for (index, value) in values.iter().enumerate() {
            let start = self.area.len();
            let kind = match value {
                Given::Bytes(kind, bytes) => {
                    self.area.extend(*bytes);
                    *kind
                }
                Given::Nested(root, values) => {
                    self.area.extend(FRAGMENT);
                    self.instance(*root, values);
                    self.area.push(0);
                    0x21
                }
            };
            let [low, high, ..] = number(self.area.len() - start).to_le_bytes();
            put(&mut self.area, table + index * 4, &[low, high, kind, 0]);
        }
    }

    fn element(&mut self, element: Element<'_>) {
        let has_attributes = !element.attributes.is_empty();
        self.area.push(if has_attributes { 0x41 } else { 0x01 });
        self.area.extend(element.depends.unwrap_or(u16::MAX).to_le_bytes());
        self.sized(|records| {
            records.name(element.name);
            if has_attributes {
                records.sized(|records| records.attributes(element.attributes));
            }
            if element.children.is_empty() {
                return records.area.push(0x03);
            }
            records.area.push(0x02);
            element.children.iter().for_each(|part| records.part(*part));
            records.area.push(0x04);
        });
    }

    fn attributes(&mut self, attributes: &[(&str, Part<'_>)]) {
        let mut rest = attributes.iter();
        while let Some((name, part)) = rest.next() {
            self.area.push(if rest.len() > 0 { 0x46 } else { 0x06 });
            self.name(name);
            self.part(*part);
        }
    }

    fn part(&mut self, part: Part<'_>) {
        match part {
            Part::Text(text) => {
                self.area.extend([0x05, 0x01]);
                self.units(text);
            }
            Part::Slot(slot, kind) => {
                self.area.push(0x0E);
                self.area.extend(slot.to_le_bytes());
                self.area.push(kind);
            }
            Part::Element(element) => self.element(element),
        }
    }

    fn name(&mut self, name: &str) {
        if let Some(place) = self.names.get(name) {
            return self.area.extend(place.to_le_bytes());
        }
        let place = self.place() + 4;
        self.names.insert(name.to_owned(), place);
        self.area.extend(place.to_le_bytes());
        self.area.extend([0; 4]);
        let hash = name.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(65_599).wrapping_add(unit.into()));
        let [low, high, ..] = hash.to_le_bytes();
        self.area.extend([low, high]);
        self.units(name);
        self.area.extend([0, 0]);
    }

    fn units(&mut self, text: &str) {
        let [low, high, ..] = number(text.encode_utf16().count()).to_le_bytes();
        self.area.extend([low, high]);
        self.area.extend(utf16(text));
    }
}

/// Text as UTF-16, least byte first.
#[must_use]
pub fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A file of one chunk with right checksums around its tables (the first [`TABLES_BYTES`]) and records; what does not fit in a chunk is cut.
#[must_use]
pub fn file_around(content: &[u8]) -> Vec<u8> {
    let content = content.get(..CHUNK_BYTES - FIXED_BYTES).unwrap_or(content);
    let end = number((FIXED_BYTES + content.len()).max(CHUNK_HEADER_BYTES)).to_le_bytes();
    let mut chunk = vec![0; FIXED_BYTES];
    put(&mut chunk, 0, b"ElfChnk\0");
    put(&mut chunk, 8, &1u64.to_le_bytes());
    put(&mut chunk, 16, &u64::MAX.to_le_bytes());
    put(&mut chunk, 24, &1u64.to_le_bytes());
    // No record has this id: the records end where the free space starts.
    put(&mut chunk, 32, &u64::MAX.to_le_bytes());
    put(&mut chunk, 40, &number(FIXED_BYTES).to_le_bytes());
    put(&mut chunk, 48, &end);
    chunk.extend(content);
    let last = chunk.windows(4).rposition(|bytes| bytes == RECORD_MAGIC).unwrap_or(CHUNK_HEADER_BYTES);
    put(&mut chunk, 44, &number(last).to_le_bytes());
    let records = chunk.get(CHUNK_HEADER_BYTES..).unwrap_or_default();
    let records = crc32(&[records]).to_le_bytes();
    put(&mut chunk, 52, &records);
    chunk.resize(CHUNK_BYTES, 0);
    let parts = [chunk.get(..120), chunk.get(FIXED_BYTES..CHUNK_HEADER_BYTES)].map(Option::unwrap_or_default);
    let header = crc32(&parts).to_le_bytes();
    put(&mut chunk, 124, &header);
    let mut file = file_header();
    file.append(&mut chunk);
    file
}

/// The tables and first records of each chunk of a file, as many whole records as `bytes_max` holds, and at least one.
#[must_use]
pub fn contents(file: &[u8], bytes_max: usize) -> Vec<Vec<u8>> {
    let chunks = file.get(FILE_HEADER_BYTES..).unwrap_or_default().chunks(CHUNK_BYTES);
    let chunks = chunks.filter(|chunk| chunk.starts_with(b"ElfChnk\0") && chunk.len() == CHUNK_BYTES);
    chunks.filter_map(|chunk| content_of(chunk, bytes_max)).collect()
}

fn content_of(chunk: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
    let mut end = CHUNK_HEADER_BYTES;
    while let Some(record) = chunk.get(end..).filter(|rest| rest.starts_with(RECORD_MAGIC)) {
        let size = u32::from_le_bytes(*record.get(4..)?.first_chunk::<4>()?);
        let next = end.checked_add(usize::try_from(size).ok()?)?;
        if size == 0 || next > chunk.len() || (end > CHUNK_HEADER_BYTES && next > bytes_max) {
            break;
        }
        end = next;
    }
    (end > CHUNK_HEADER_BYTES).then_some(())?;
    Some(chunk.get(FIXED_BYTES..end)?.to_vec())
}

/// Writes into each record of a content how far it is to the next, so that bytes put into one leave those behind it readable.
pub fn mend_record_sizes(content: &mut [u8]) {
    let Some(area) = content.get_mut(TABLES_BYTES..) else { return };
    let mut ends = Vec::new();
    let mut places = area.windows(4).enumerate().filter(|(_, bytes)| bytes == RECORD_MAGIC).map(|(at, _)| at);
    let Some(mut start) = places.next() else { return };
    for place in places.chain([area.len()]) {
        if place - start > RECORD_HEADER_BYTES + 4 {
            ends.push((start, place));
            start = place;
        }
    }
    for (start, end) in ends {
        let size = number(end - start).to_le_bytes();
        put(area, start + 4, &size);
        put(area, end - 4, &size);
    }
}

fn file_header() -> Vec<u8> {
    let mut header = vec![0; FILE_HEADER_BYTES];
    put(&mut header, 0, b"ElfFile\0");
    put(&mut header, 24, &2u64.to_le_bytes());
    put(&mut header, 32, &[FIXED_BYTES.to_le_bytes()[0], 0, 0, 0, 1, 0, 3, 0, 0, 16, 1, 0]);
    let sum = crc32(&[header.get(..120).unwrap_or_default()]).to_le_bytes();
    put(&mut header, 124, &sum);
    header
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + what.len()) {
        place.copy_from_slice(what);
    }
}

fn number(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// CRC-32 of the parts together (ITU-T V.42, as in zip).
fn crc32(parts: &[&[u8]]) -> u32 {
    const TABLE: [u32; 256] = crc_table();
    let step = |sum: u32, byte: &u8| {
        let [low, ..] = sum.to_le_bytes();
        TABLE.get(usize::from(low ^ byte)).copied().unwrap_or_default() ^ (sum >> 8)
    };
    !parts.iter().copied().flatten().fold(u32::MAX, step)
}

const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut rest: &mut [u32] = &mut table;
    let mut index = 0;
    while let Some((slot, others)) = rest.split_first_mut() {
        let (mut sum, mut bit) = (index, 0);
        while bit < 8 {
            sum = if sum & 1 == 1 { 0xEDB8_8320 ^ (sum >> 1) } else { sum >> 1 };
            bit += 1;
        }
        *slot = sum;
        index += 1;
        rest = others;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_zip() {
        assert_eq!(crc32(&[b"1234", b"56789"]), 0xCBF4_3926);
    }

    #[test]
    fn a_content_comes_out_as_it_went_in() {
        let mut records = Records::default();
        sample::push(&mut records);
        let content = records.content();
        let mut read = contents(&records.file(), CHUNK_BYTES);
        assert_eq!(read, std::slice::from_ref(&content));
        read.iter_mut().for_each(|read| mend_record_sizes(read));
        assert_eq!(read, [content]);
    }
}
