//! What a format is: it recognises its bytes, finds the units in a stream, and decodes one unit into Records.
//!
//! Finding units is sequential and cheap; decoding them is stateless and can run on any thread. A format with a header (Zeek, CSV) keeps it in the framer and
//! hands out a new decoder when the header changes ([`Framed::Header`]).

use std::fmt;
use std::sync::Arc;

use cordon_model::{Anomaly, Arena, LogSourceTable, Record, Time};

/// How sure a format is that bytes are its own. The surest wins; equals go to the first in [`formats`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Not mine.
    No,
    /// I can read anything of this kind (any text line, any JSON).
    Fallback,
    /// It looks like mine.
    Likely,
    /// A magic number or a structure that nothing else has.
    Certain,
}

/// What a decoder needs to know from outside.
#[derive(Clone, Debug)]
pub struct DecodeOptions {
    /// Longest record in bytes; a longer one is an anomaly and reading resumes at the next. Default 16 MiB.
    pub record_bytes_max: usize,
    /// Zone of times that name none.
    pub timezone: jiff::tz::TimeZone,
    /// When the source was last written: gives the year to times without one, and bounds what lies in the future.
    pub received: Time,
    /// The log source table.
    pub log_sources: Arc<LogSourceTable>,
    /// What the columns of tables mean: a user's mappings, then the built-in ones ([`crate::csv::with_presets`]).
    pub csv_mappings: Arc<Vec<crate::csv::Mapping>>,
}

impl DecodeOptions {
    /// Default of `record_bytes_max`.
    pub const RECORD_BYTES_MAX: usize = 16 << 20;

    /// UTC, 16 MiB, the built-in log source table.
    #[must_use]
    pub fn new(received: Time) -> Self {
        Self {
            record_bytes_max: Self::RECORD_BYTES_MAX,
            timezone: jiff::tz::TimeZone::UTC,
            received,
            log_sources: crate::log_source_table(),
            csv_mappings: crate::csv::presets(),
        }
    }
}

/// A format. Implementations are stateless; what a stream needs lives in its framer.
pub trait Format: Sync + fmt::Debug {
    /// Name in snake case; also `Record::format` of what it decodes.
    fn name(&self) -> &'static str;

    /// Looks at the first bytes of a source (up to 64 KiB; all of it when `ended`) and says how sure it is.
    fn sniff(&self, head: &[u8], ended: bool) -> Confidence;

    /// A framer for one source.
    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer>;
}

/// Finds the units of one source in order.
pub trait Framer: Send {
    /// Looks at the bytes not yet consumed and says what stands in front. `ended` says that no more will come; then [`Framed::More`] is
    /// taken as "the rest is nothing". Never called with an empty buffer.
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed;

    /// The decoder for the units from here on.
    fn decoder(&self) -> Arc<dyn Decoder>;
}

/// What a framer saw at the start of the buffer. Every number counts from the start of the buffer; `next` is at least 1: a framer always gets on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed {
    /// More bytes are needed.
    More,
    /// One unit at `start..end`; reading goes on at `next`.
    Unit {
        /// First byte of the unit.
        start: usize,
        /// One past its last byte.
        end: usize,
        /// Where reading goes on.
        next: usize,
    },
    /// Bytes without a record (blank line, comment) that change nothing.
    Skip {
        /// Where reading goes on.
        next: usize,
    },
    /// A header was read: the decoder changes.
    Header {
        /// Where reading goes on.
        next: usize,
    },
    /// Bytes that cannot be a record.
    Fault {
        /// What is wrong.
        anomaly: Anomaly,
        /// Where reading goes on.
        next: usize,
    },
}

/// One unit of a source: a line, a message, a document, an EVTX chunk.
#[derive(Clone, Copy, Debug)]
pub struct Unit<'a> {
    /// Byte offset of the unit in the decompressed source.
    pub offset: u64,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Decodes one unit. Values may borrow from the unit and from the arena.
pub trait Decoder: Send + Sync {
    /// Gives every Record of the unit, in order, to `sink`, and every fault that belongs to no record.
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>);
}

/// Takes what a decoder gives.
pub trait Sink<'a> {
    /// A record.
    fn record(&mut self, record: Record<'a>);

    /// A fault at a byte offset of the source that belongs to no record.
    fn fault(&mut self, offset: u64, anomaly: Anomaly);
}

/// All formats, the more special first.
#[must_use]
pub fn formats() -> &'static [&'static dyn Format] {
    &[
        &crate::evtx::Evtx,
        &crate::atna::Atna,
        &crate::fhir::Fhir,
        &crate::hl7::Hl7,
        &crate::zeek::Zeek,
        &crate::json::Json,
        &crate::syslog::Syslog,
        &crate::windns::WinDns,
        &crate::windhcp::WinDhcp,
        &crate::weblog::WebLog,
        &crate::w3c::W3c,
        &crate::csv::Csv,
        &crate::text::Text,
    ]
}

/// The format of a source by its first bytes, or `None` when no format takes them.
#[must_use]
pub fn detect_format(head: &[u8], ended: bool) -> Option<&'static dyn Format> {
    let mut best: Option<(Confidence, &'static dyn Format)> = None;
    for format in formats() {
        let confidence = format.sniff(head, ended);
        if confidence == Confidence::Certain {
            return Some(*format);
        }
        if confidence > best.map_or(Confidence::No, |(known, _)| known) {
            best = Some((confidence, *format));
        }
    }
    best.map(|(_, format)| format)
}
