//! What can be wrong with JSON.

use cordon_model::Anomaly;

/// Not JSON (RFC 8259).
pub(super) const MALFORMED: Anomaly = Anomaly::new(
    "json_malformed",
    "not JSON; it was left out and reading went on at the next line that starts a value",
);

/// The input ended inside a value.
pub(super) const TRUNCATED: Anomaly =
    Anomaly::new("json_truncated", "the input ended inside a JSON value; what there was of it was left out");

/// A value that is no object where a record was expected.
pub(super) const NOT_AN_OBJECT: Anomaly =
    Anomaly::new("json_not_an_object", "a JSON value that is no object cannot be a record; it was left out");

/// More than [`super::DEPTH_MAX`] levels of nesting.
pub(super) const TOO_DEEP: Anomaly =
    Anomaly::new("json_too_deep", "the value nests deeper than 64 levels; it was left out");

/// More than [`super::FIELDS_MAX`] fields in one record.
pub(super) const TOO_MANY_FIELDS: Anomaly =
    Anomaly::new("json_too_many_fields", "the record has more than 16384 fields; those beyond were left out");

/// A dotted name over [`super::NAME_BYTES_MAX`].
pub(super) const NAME_TOO_LONG: Anomaly = Anomaly::new(
    "json_name_too_long",
    "a nested field's dotted name is longer than 1024 bytes; only its last part was kept as the name",
);

/// Bytes that are no UTF-8.
pub(super) const INVALID_UTF8: Anomaly = Anomaly::new(
    "json_invalid_utf8",
    "the record is not valid UTF-8; wrong bytes were read as the replacement character U+FFFD",
);

/// A time that cannot be read.
pub(super) const TIME_UNREADABLE: Anomaly =
    Anomaly::new("json_time_unreadable", "the field that should say when it happened cannot be read as a time");

/// A time without a zone.
pub(super) const TIME_WITHOUT_ZONE: Anomaly =
    Anomaly::new("json_time_without_zone", "the time names no zone; --timezone was taken");

/// A message in a record that holds several records of its own.
pub(super) const CARRIES_MORE: Anomaly = Anomaly::new(
    "json_carries_more",
    "the message in the record holds more than one record; only the first was judged",
);
