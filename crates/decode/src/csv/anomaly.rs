//! What can be wrong with a row of a table.

use cordon_model::Anomaly;

/// More cells than columns.
pub(super) const MORE_CELLS: Anomaly =
    Anomaly::new("csv_more_cells", "the row has more cells than the header; they are named by their number");
/// Fewer cells than columns.
pub(super) const FEWER_CELLS: Anomaly =
    Anomaly::new("csv_fewer_cells", "the row has fewer cells than the header; the missing ones are absent");
/// A quoted cell that does not end.
pub(super) const QUOTE_UNCLOSED: Anomaly =
    Anomaly::new("csv_quote_unclosed", "a quoted cell does not end; the row was taken up to its line end");
/// Text behind the closing quotation mark.
pub(super) const TEXT_AFTER_QUOTE: Anomaly =
    Anomaly::new("csv_text_after_quote", "text stands between a closing quotation mark and the delimiter; it was kept");
/// Not UTF-8.
pub(super) const NOT_UTF8: Anomaly =
    Anomaly::new("csv_not_utf8", "bytes that are not UTF-8; they were read as windows-1252");
/// No readable time.
pub(super) const MISSING_TIME: Anomaly =
    Anomaly::new("csv_missing_time", "no column holds a time that the mapping can read: the row has no time");
/// A time without zone.
pub(super) const MISSING_ZONE: Anomaly =
    Anomaly::new("csv_missing_zone", "the time names no zone; the zone of --timezone was taken");
/// A first line that is no header.
pub(super) const BAD_HEADER: Anomaly =
    Anomaly::new("csv_bad_header", "the first line has more than 1024 columns or is too long: no row can be named");
