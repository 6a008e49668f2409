//! Entries of the file: what is kept of one access, and which pseudonyms are one person. Bytes that are in order as bytes: first the patient, then what it is, then time.

use cordon_model::{EventId, Time};
use cordon_stats::codec;

/// An id of the index stands for another id: the person is found there.
const STANDS_FOR: u8 = 0;
/// A pseudonym of the person.
const NAME: u8 = 1;
/// An access to their record.
const ACCESS: u8 = 2;
/// Texts of an access.
const TEXTS: usize = 14;
/// Letters of one text that are kept: texts of sources have no bound of their own.
const TEXT_CHARS_MAX: usize = 300;
/// Bit of an access with break-glass.
const BREAK_GLASS: u8 = 1;
/// Bit of an access that was refused.
const DENIED: u8 = 2;

/// What is kept of one access.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::live::privacy) struct Opened {
    pub(in crate::live::privacy) time: Time,
    pub(in crate::live::privacy) event: Option<EventId>,
    /// The account, without a mark.
    pub(in crate::live::privacy) user: String,
    pub(in crate::live::privacy) role: String,
    pub(in crate::live::privacy) department: String,
    pub(in crate::live::privacy) action: String,
    pub(in crate::live::privacy) section: String,
    /// Who received what was taken out; empty for everything else: a request may name a patient.
    pub(in crate::live::privacy) recipient: String,
    /// The reason or its code, as the person gave it.
    pub(in crate::live::privacy) purpose: String,
    pub(in crate::live::privacy) workstation: String,
    pub(in crate::live::privacy) address: String,
    pub(in crate::live::privacy) application: String,
    pub(in crate::live::privacy) location: String,
    pub(in crate::live::privacy) source: String,
    /// Like `E1|E5`; empty when no reason was found.
    pub(in crate::live::privacy) explanation: String,
    /// The feed for which it cannot be judged yet, in words; empty when there is none.
    pub(in crate::live::privacy) waits_for: String,
    pub(in crate::live::privacy) break_glass: bool,
    pub(in crate::live::privacy) is_denied: bool,
    /// `file.csv:row` and `event:ID`.
    pub(in crate::live::privacy) proof: Vec<String>,
}

impl Opened {
    fn texts(&self) -> [&str; TEXTS] {
        [
            &self.user,
            &self.role,
            &self.department,
            &self.action,
            &self.section,
            &self.recipient,
            &self.purpose,
            &self.workstation,
            &self.address,
            &self.application,
            &self.location,
            &self.source,
            &self.explanation,
            &self.waits_for,
        ]
    }
}

/// One entry, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// The person is found under this id.
    StandsFor(u128),
    /// A pseudonym of theirs.
    Name(u128),
    /// An access.
    Access(Box<Opened>),
}

/// An id of the index that stands for the first id of its person.
pub(super) fn stands_for(one: u128, first: u128) -> Vec<u8> {
    pair(one, STANDS_FOR, first)
}

/// A pseudonym of the person who is found under `first`.
pub(super) fn name(first: u128, one: u128) -> Vec<u8> {
    pair(first, NAME, one)
}

fn pair(key: u128, kind: u8, value: u128) -> Vec<u8> {
    let mut out = key.to_be_bytes().to_vec();
    out.push(kind);
    out.extend_from_slice(&value.to_be_bytes());
    out
}

/// An access to the record of whoever is found under `patient`.
pub(super) fn access(patient: u128, opened: &Opened) -> Vec<u8> {
    let mut out = patient.to_be_bytes().to_vec();
    out.push(ACCESS);
    // in order as bytes, times before 1970 too
    out.extend_from_slice(&(opened.time.0 ^ i64::MIN).to_be_bytes());
    out.extend_from_slice(&opened.event.unwrap_or(EventId([0; 16])).0);
    out.push(if opened.break_glass { BREAK_GLASS } else { 0 } | if opened.is_denied { DENIED } else { 0 });
    opened.texts().into_iter().for_each(|text| put_text(&mut out, text));
    codec::put_len(&mut out, opened.proof.len());
    opened.proof.iter().for_each(|proof| put_text(&mut out, proof));
    out
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let end = text.char_indices().nth(TEXT_CHARS_MAX).map_or(text.len(), |(end, _)| end);
    codec::put_bytes(out, text.as_bytes().get(..end).unwrap_or_default());
}

/// The patient that an entry is kept under.
pub(super) fn key(entry: &[u8]) -> Option<u128> {
    codec::take(&mut &*entry).map(u128::from_be_bytes)
}

/// Reads an entry; `None` when it is none.
pub(super) fn read(entry: &[u8]) -> Option<Entry> {
    let from = &mut &*entry;
    let _: [u8; 16] = codec::take(from)?;
    let [kind] = codec::take(from)?;
    match kind {
        STANDS_FOR => codec::take(from).map(u128::from_be_bytes).map(Entry::StandsFor),
        NAME => codec::take(from).map(u128::from_be_bytes).map(Entry::Name),
        ACCESS => opened(from).map(Box::new).map(Entry::Access),
        _ => None,
    }
}

fn opened(from: &mut &[u8]) -> Option<Opened> {
    let time = Time(i64::from_be_bytes(codec::take(from)?) ^ i64::MIN);
    let event = EventId(codec::take(from)?);
    let [bits] = codec::take(from)?;
    let mut text = || take_text(from);
    let mut out = Opened {
        time,
        event: Some(event).filter(|event| event.0 != [0; 16]),
        user: text()?,
        role: text()?,
        department: text()?,
        action: text()?,
        section: text()?,
        recipient: text()?,
        purpose: text()?,
        workstation: text()?,
        address: text()?,
        application: text()?,
        location: text()?,
        source: text()?,
        explanation: text()?,
        waits_for: text()?,
        break_glass: bits & BREAK_GLASS != 0,
        is_denied: bits & DENIED != 0,
        proof: Vec::new(),
    };
    for _ in 0..codec::take_len(from, 8)? {
        out.proof.push(take_text(from)?);
    }
    Some(out)
}

fn take_text(from: &mut &[u8]) -> Option<String> {
    codec::take_bytes(from).and_then(|bytes| std::str::from_utf8(bytes).ok()).map(str::to_owned)
}
