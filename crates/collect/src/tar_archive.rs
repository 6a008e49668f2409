//! One tar archive (POSIX.1-2017 pax, section "ustar Interchange Format"; GNU tar): its members in the order in which they stand, read as they come. Nothing
//! of it is held as a whole or written anywhere.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cordon_model::{Anomaly, Time};
use tar::{EntryType, GnuHeader, Header, PaxExtensions};

use crate::anomaly;
use crate::archive::{Archive, Inside, Member};
use crate::fault::Broken;
use crate::source::Stream;

/// Bytes of a header, and what the size of a member is rounded up to.
pub(crate) const BLOCK_BYTES: usize = 512;

/// Most bytes of one extended header.
const EXTENDED_BYTES_MAX: u64 = 1 << 20;

/// Most bytes of a name that are shown.
const NAME_BYTES_MAX: usize = 4_096;

/// GNU tar: where a block that lists holes of a sparse member says that another one follows.
const HOLES_GO_ON: usize = 504;

/// GNU tar: the name of the archive, without bytes.
const VOLUME_LABEL: EntryType = EntryType::__Nonexhaustive(b'V');

/// A tar archive being read.
pub(crate) struct TarArchive {
    tape: Arc<Mutex<Tape>>,
    /// Hashes of the names given.
    names: HashSet<u64>,
    hasher: RandomState,
    members_max: usize,
    ended: bool,
}

/// The stream of the archive and where in it reading stands.
struct Tape {
    stream: Stream,
    /// Number of the member that may read, from 1.
    member: usize,
    /// Bytes of that member still to come.
    left: u64,
    /// Bytes between its end and the next header.
    padding: u64,
    /// Whether blocks of zeros said that the archive may end, or its early end was told.
    is_closed: bool,
}

/// What extended headers say of the member behind them.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    modified: Option<Time>,
    is_sparse: bool,
}

impl TarArchive {
    /// The archive in `stream`, of which at most `members_max` members are read.
    pub(crate) fn new(stream: Stream, members_max: usize) -> Self {
        let tape = Tape { stream, member: 0, left: 0, padding: 0, is_closed: false };
        Self {
            tape: Arc::new(Mutex::new(tape)),
            names: HashSet::new(),
            hasher: RandomState::new(),
            members_max,
            ended: false,
        }
    }

    /// The next member that has bytes or is named as left out; `None` at the end.
    fn member(&mut self) -> io::Result<Option<Member>> {
        let shared = Arc::clone(&self.tape);
        let mut tape = held(&shared);
        let mut extended = Extended::default();
        // Bounded by the archive: every turn reads a header.
        while let Some(header) = tape.header()? {
            let size = header.entry_size().map_err(|_| Broken::error(anomaly::TAR_DAMAGED))?;
            match header.entry_type() {
                EntryType::Directory | VOLUME_LABEL => {
                    tape.start(std::mem::take(&mut extended).size.unwrap_or(size))?;
                }
                EntryType::XHeader => extended.read(&tape.small(size)?),
                EntryType::GNULongName => extended.name = Some(until_zero(tape.small(size)?)),
                EntryType::XGlobalHeader | EntryType::GNULongLink => drop(tape.small(size)?),
                _ => {
                    tape.pass_over_holes(&header)?;
                    tape.start(extended.size.unwrap_or(size))?;
                    return self.give(&header, extended, tape.member);
                }
            }
        }
        Ok(None)
    }

    /// The member that was started last.
    fn give(&mut self, header: &Header, extended: Extended, number: usize) -> io::Result<Option<Member>> {
        if self.names.len() >= self.members_max {
            return Err(Broken::error(anomaly::TOO_MANY_FILES));
        }
        let stream = MemberStream { tape: Arc::clone(&self.tape), member: number };
        let refused = refused(header.entry_type(), &extended);
        let modified = extended.modified.or_else(|| seconds(header.mtime().ok()?));
        let name = extended.name.unwrap_or_else(|| header.path_bytes().into_owned());
        let name = self.name(&name, number);
        Ok(Some(Member { name, modified, stream: refused.map_or_else(|| Ok(Box::new(stream) as Stream), Err) }))
    }

    /// The name as text. A name that was there before gets the member's number, if need be more than once, so that the two are told apart.
    fn name(&mut self, stated: &[u8], number: usize) -> String {
        let stated = stated.get(..NAME_BYTES_MAX).unwrap_or(stated);
        let mut name = String::from_utf8_lossy(stated).into_owned();
        // Bounded by the names given: each turn meets another of them.
        while !self.names.insert(self.hasher.hash_one(&name)) {
            name = format!("{name}#{number}");
        }
        name
    }
}

impl Archive for TarArchive {
    fn next(&mut self) -> Option<Inside> {
        if self.ended {
            return None;
        }
        let found = self.member();
        self.ended = !matches!(found, Ok(Some(_)));
        match found {
            Ok(member) => member.map(Inside::Member),
            Err(error) => Some(Inside::Fault(error)),
        }
    }
}

impl Tape {
    /// The next header behind what is left of the member before; `None` at the end. Blocks of zeros, which end an archive, are passed over: another may follow.
    fn header(&mut self) -> io::Result<Option<Header>> {
        self.pass_over(self.left.saturating_add(self.padding))?;
        (self.left, self.padding) = (0, 0);
        loop {
            let mut block = Vec::with_capacity(BLOCK_BYTES);
            self.stream.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut block)?;
            let is_blank = block.iter().all(|byte| *byte == 0);
            match block.len() {
                0 if self.is_closed => return Ok(None),
                BLOCK_BYTES if is_blank => self.is_closed = true,
                BLOCK_BYTES if is_header(&block) => {
                    self.is_closed = false;
                    return Ok(Some(Header::from_byte_slice(&block).clone()));
                }
                BLOCK_BYTES => return Err(Broken::error(anomaly::TAR_DAMAGED)),
                _ => return Err(Broken::error(anomaly::TAR_TRUNCATED)),
            }
        }
    }

    /// Passes over the blocks that a sparse member of GNU tar has between its header and its bytes when it has more holes than the header can list.
    fn pass_over_holes(&mut self, header: &Header) -> io::Result<()> {
        let is_sparse = header.entry_type() == EntryType::GNUSparse;
        let mut goes_on = is_sparse && header.as_gnu().is_some_and(GnuHeader::is_extended);
        // Bounded by the archive: every turn reads a block.
        while goes_on {
            let block = self.small(BLOCK_BYTES as u64)?;
            goes_on = block.get(HOLES_GO_ON) == Some(&1);
        }
        Ok(())
    }

    /// Begins a member of `size` bytes.
    fn start(&mut self, size: u64) -> io::Result<()> {
        self.member = self.member.checked_add(1).ok_or_else(|| Broken::error(anomaly::TOO_MANY_FILES))?;
        self.left = size;
        self.padding = padding(size);
        Ok(())
    }

    /// The whole of an extended header.
    fn small(&mut self, size: u64) -> io::Result<Vec<u8>> {
        if size > EXTENDED_BYTES_MAX {
            return Err(Broken::error(anomaly::TAR_DAMAGED));
        }
        let mut bytes = Vec::new();
        let read = self.stream.by_ref().take(size).read_to_end(&mut bytes)?;
        if u64::try_from(read).is_ok_and(|read| read < size) {
            return Err(Broken::error(anomaly::TAR_TRUNCATED));
        }
        self.pass_over(padding(size))?;
        Ok(bytes)
    }

    fn pass_over(&mut self, bytes: u64) -> io::Result<()> {
        let passed = io::copy(&mut self.stream.by_ref().take(bytes), &mut io::sink())?;
        if passed < bytes { Err(Broken::error(anomaly::TAR_TRUNCATED)) } else { Ok(()) }
    }
}

impl Extended {
    /// Takes what matters from the records of a pax header.
    fn read(&mut self, records: &[u8]) {
        for record in PaxExtensions::new(records).map_while(Result::ok) {
            match record.key_bytes() {
                b"path" => self.name = Some(record.value_bytes().to_vec()),
                b"size" => self.size = record.value().ok().and_then(|text| text.parse().ok()),
                b"mtime" => self.modified = record.value().ok().and_then(mtime),
                key => self.is_sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
    }
}

/// The bytes of one member. They end when the archive goes on to the next.
struct MemberStream {
    tape: Arc<Mutex<Tape>>,
    member: usize,
}

impl Read for MemberStream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut tape = held(&self.tape);
        if tape.member != self.member {
            return Err(io::Error::other("the archive was read on before its member was at its end"));
        }
        let wanted = usize::try_from(tape.left).unwrap_or(usize::MAX).min(out.len());
        let Some(out) = out.get_mut(..wanted).filter(|out| !out.is_empty()) else { return Ok(0) };
        let read = tape.stream.read(out)?;
        if read == 0 {
            (tape.left, tape.padding, tape.is_closed) = (0, 0, true);
            return Err(Broken::error(anomaly::TAR_TRUNCATED));
        }
        tape.left = tape.left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}

/// Whether these bytes begin with a tar header: its magic stands at its place and its checksum holds.
pub(crate) fn is_header(head: &[u8]) -> bool {
    let Some(block) = head.first_chunk::<BLOCK_BYTES>() else { return false };
    let header = Header::from_byte_slice(block);
    let ours = |(place, byte): (usize, &u8)| if (148..156).contains(&place) { 32 } else { u32::from(*byte) };
    let sum: u32 = block.iter().enumerate().map(ours).sum();
    (header.as_ustar().is_some() || header.as_gnu().is_some()) && header.cksum().is_ok_and(|stated| stated == sum)
}

/// Why a member of this kind is not read, if it is not.
fn refused(kind: EntryType, extended: &Extended) -> Option<Anomaly> {
    match kind {
        EntryType::Regular | EntryType::Continuous if !extended.is_sparse => None,
        EntryType::Symlink | EntryType::Link => Some(anomaly::TAR_LINK),
        EntryType::Char | EntryType::Block | EntryType::Fifo => Some(anomaly::NOT_A_FILE),
        _ => Some(anomaly::TAR_KIND),
    }
}

const fn padding(size: u64) -> u64 {
    let block = BLOCK_BYTES as u64;
    (block - size % block) % block
}

fn held(tape: &Mutex<Tape>) -> MutexGuard<'_, Tape> {
    tape.lock().unwrap_or_else(PoisonError::into_inner)
}

fn until_zero(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    bytes
}

fn seconds(seconds: u64) -> Option<Time> {
    Some(Time(i64::try_from(seconds).ok()?.checked_mul(1_000_000)?))
}

/// Seconds since 1970 with a fraction, which is cut.
fn mtime(text: &str) -> Option<Time> {
    seconds(text.split('.').next()?.parse().ok()?)
}
