//! What can be wrong with a Zeek log.

use cordon_model::Anomaly;

/// Rows before any header.
pub(super) const MISSING_HEADER: Anomaly = Anomaly::new(
    "zeek_missing_header",
    "rows stand before any #fields line; what they are is unknown, and columns without a name have their number",
);
/// No readable time.
pub(super) const MISSING_TIME: Anomaly = Anomaly::new(
    "zeek_missing_time",
    "the row holds no time that could be read: the column is absent, unset or blanked",
);
/// More cells than columns.
pub(super) const MORE_CELLS: Anomaly =
    Anomaly::new("zeek_more_cells", "the row has more cells than #fields names; they are named by their number");
/// Fewer cells than columns.
pub(super) const FEWER_CELLS: Anomaly =
    Anomaly::new("zeek_fewer_cells", "the row has fewer cells than #fields names; the missing ones are absent");
/// Not UTF-8.
pub(super) const NOT_UTF8: Anomaly = Anomaly::new("zeek_not_utf8", "bytes that are not UTF-8; they were replaced");
