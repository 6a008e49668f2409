//! What can be wrong with a line of a web server's log.

use cordon_model::Anomaly;

/// Neither an access nor an error line.
pub(super) const UNREADABLE: Anomaly = Anomaly::new(
    "weblog_unreadable",
    "the line has neither the shape of an access nor of an error line; it was kept as message",
);
/// A request line that is none.
pub(super) const BAD_REQUEST: Anomaly =
    Anomaly::new("weblog_bad_request", "the request is not method, target and version; it was kept whole as cs-uri");
/// A time that cannot be read.
pub(super) const BAD_TIME: Anomaly = Anomaly::new("weblog_bad_time", "the time cannot be read: the record has no time");
/// A time without zone.
pub(super) const MISSING_ZONE: Anomaly =
    Anomaly::new("weblog_missing_zone", "the time names no zone; the zone of --timezone was taken");
/// Not UTF-8.
pub(super) const NOT_UTF8: Anomaly = Anomaly::new("weblog_not_utf8", "bytes that are not UTF-8; they were replaced");
