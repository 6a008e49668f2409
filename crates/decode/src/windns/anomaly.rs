//! What can be wrong with a DNS server debug log.

use cordon_model::Anomaly;

/// A packet line with fewer parts than a packet has.
pub(super) const BAD_PACKET: Anomaly = Anomaly::new(
    "windns_bad_packet",
    "the line says PACKET but has not the parts of one; what follows was kept as message",
);
/// A time that cannot be read.
pub(super) const BAD_TIME: Anomaly =
    Anomaly::new("windns_bad_time", "the line's date and time cannot be read: the record has no time");
/// The order of day and month is not known.
pub(super) const DATE_ORDER: Anomaly = Anomaly::new(
    "windns_date_order",
    "the date's day and month could be swapped; without AM or PM the day was taken to come first",
);
/// Times without zone, always.
pub(super) const MISSING_ZONE: Anomaly =
    Anomaly::new("windns_missing_zone", "the log never names a zone; the zone of --timezone was taken");
/// Not UTF-8.
pub(super) const NOT_UTF8: Anomaly = Anomaly::new("windns_not_utf8", "bytes that are not UTF-8; they were replaced");
