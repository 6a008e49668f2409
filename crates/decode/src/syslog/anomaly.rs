//! What can be wrong with a syslog message or its payload, by name.

use cordon_model::Anomaly;

/// RFC 3164 times have no year.
pub(super) const MISSING_YEAR: Anomaly = Anomaly::new(
    "syslog_missing_year",
    "the time had no year; the latest year that does not put it more than a day after receipt was taken",
);
/// RFC 3164 times have no zone.
pub(super) const MISSING_ZONE: Anomaly =
    Anomaly::new("syslog_missing_zone", "the time had no zone; the configured one (--timezone) was taken");
/// No time where one is expected.
pub(super) const MISSING_TIME: Anomaly = Anomaly::new("syslog_missing_time", "no time could be read from the message");
/// A line that no header opens.
pub(super) const NO_HEADER: Anomaly =
    Anomaly::new("syslog_no_header", "the line has no syslog header; all of it was taken as the message");
/// A priority above 191 (RFC 5424 section 6.2.1).
pub(super) const BAD_PRIORITY: Anomaly =
    Anomaly::new("syslog_bad_priority", "the priority is above 191; facility and severity were left out");
/// An RFC 5424 header that ends early.
pub(super) const SHORT_HEADER: Anomaly =
    Anomaly::new("syslog_short_header", "the RFC 5424 header has fewer than its six parts; the rest is the message");
/// Structured data that RFC 5424 section 6.3 does not allow.
pub(super) const BAD_STRUCTURED_DATA: Anomaly =
    Anomaly::new("syslog_bad_structured_data", "the structured data is broken; what followed was taken as the message");
/// Bytes that are not UTF-8.
pub(super) const INVALID_UTF8: Anomaly =
    Anomaly::new("syslog_invalid_utf8", "the message is not UTF-8; the bad bytes were replaced by U+FFFD");
/// An RFC 6587 octet count over the record limit.
pub(super) const OCTET_COUNT_TOO_LARGE: Anomaly = Anomaly::new(
    "syslog_octet_count_too_large",
    "the octet count is over --record-bytes-max; it was ignored and the message read up to its line end",
);
/// An RFC 6587 frame that the end of the input cuts.
pub(super) const OCTET_COUNT_TRUNCATED: Anomaly = Anomaly::new(
    "syslog_octet_count_truncated",
    "the input ends before the announced octets; what is there was read up to its line ends",
);
/// More fields than a record may have.
pub(super) const TOO_MANY_FIELDS: Anomaly =
    Anomaly::new("syslog_too_many_fields", "the message has more than 4096 fields; the rest was left out");
/// A joined audit event over its bounds.
pub(super) const AUDIT_EVENT_TOO_LONG: Anomaly = Anomaly::new(
    "auditd_event_too_long",
    "an audit event has more than 64 lines or 256 KiB; the rest became a further record",
);
/// A payload that starts like a known one and then breaks its rules.
pub(super) const BAD_PAYLOAD: Anomaly = Anomaly::new(
    "syslog_bad_payload",
    "the message starts like a known payload (CEF, LEEF, PAN-OS, XML, JSON) and ends too early or breaks its rules",
);
