//! What can be wrong with a DHCP server audit log.

use cordon_model::Anomaly;

/// A row before the header.
pub(super) const MISSING_HEADER: Anomaly = Anomaly::new(
    "windhcp_missing_header",
    "rows stand before the header line; the names of Windows Server 2019 were taken",
);
/// A time that cannot be read.
pub(super) const BAD_TIME: Anomaly =
    Anomaly::new("windhcp_bad_time", "the row's date and time cannot be read: the record has no time");
/// Times without zone, always.
pub(super) const MISSING_ZONE: Anomaly =
    Anomaly::new("windhcp_missing_zone", "the log never names a zone; the zone of --timezone was taken");
/// Not UTF-8.
pub(super) const NOT_UTF8: Anomaly = Anomaly::new("windhcp_not_utf8", "bytes that are not UTF-8; they were replaced");
