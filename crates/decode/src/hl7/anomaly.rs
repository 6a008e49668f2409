//! What can be wrong with an HL7 v2 message.

use cordon_model::Anomaly;

/// Bytes between messages that are neither a message nor a batch segment.
pub(super) const NOT_A_MESSAGE: Anomaly = Anomaly::new(
    "hl7_not_a_message",
    "the bytes do not start with an MSH segment; they were passed over up to the next message",
);
/// An MLLP frame without its end block.
pub(super) const MLLP_UNCLOSED: Anomaly = Anomaly::new(
    "hl7_mllp_unclosed",
    "the MLLP frame has no end block (0x1C); the message was taken up to the next one",
);
/// A batch trailer that counts other than what was there.
pub(super) const BATCH_COUNT: Anomaly =
    Anomaly::new("hl7_batch_count", "the batch trailer (BTS-1) states another number of messages than the batch holds");
/// Two delimiters are the same byte.
pub(super) const DELIMITERS_REPEATED: Anomaly =
    Anomaly::new("hl7_delimiters_repeated", "MSH-1 and MSH-2 declare one character twice; the first use of it counts");
/// Fewer than four encoding characters.
pub(super) const DELIMITERS_MISSING: Anomaly = Anomaly::new(
    "hl7_delimiters_missing",
    "MSH-2 declares fewer than four characters; what they would separate was left in one piece",
);
/// A line that does not start with a segment name.
pub(super) const SEGMENT_UNNAMED: Anomaly = Anomaly::new(
    "hl7_segment_unnamed",
    "a line does not start with a segment name; it was kept whole as a continuation",
);
/// More fields than the limit.
pub(super) const TOO_MANY_FIELDS: Anomaly =
    Anomaly::new("hl7_too_many_fields", "the message has more than 65536 values; the rest was left out");
/// An escape sequence without its end.
pub(super) const ESCAPE_UNCLOSED: Anomaly = Anomaly::new(
    "hl7_escape_unclosed",
    "an escape character opens a sequence that does not end; it was kept as written",
);
/// An escape sequence that the standard does not know.
pub(super) const ESCAPE_UNKNOWN: Anomaly =
    Anomaly::new("hl7_escape_unknown", "an escape sequence is not one of the standard's; it was kept as written");
/// A character set that is not known.
pub(super) const CHARSET_UNKNOWN: Anomaly =
    Anomaly::new("hl7_charset_unknown", "MSH-18 names an unknown character set; UTF-8 was tried, then windows-1252");
/// Bytes beyond ASCII without a declared character set.
pub(super) const CHARSET_UNDECLARED: Anomaly = Anomaly::new(
    "hl7_charset_undeclared",
    "bytes beyond ASCII that MSH-18 does not allow and that are not UTF-8; they were read as windows-1252",
);
/// Bytes that are not of the declared character set.
pub(super) const CHARSET_BROKEN: Anomaly =
    Anomaly::new("hl7_charset_broken", "bytes that the declared character set does not have; they were replaced");
/// No time at all.
pub(super) const MISSING_TIME: Anomaly = Anomaly::new("hl7_missing_time", "MSH-7 is empty: the message has no time");
/// A time that cannot be read.
pub(super) const BAD_TIME: Anomaly =
    Anomaly::new("hl7_bad_time", "MSH-7 is not a time, or not exact to the day: the message has no time");
/// A time without zone.
pub(super) const MISSING_ZONE: Anomaly =
    Anomaly::new("hl7_missing_zone", "MSH-7 names no zone; the zone of --timezone was taken");
