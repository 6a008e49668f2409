//! What can be wrong with an EVTX file.

use cordon_model::Anomaly;

/// The file header's magic or checksum is wrong.
pub(super) const HEADER_DAMAGED: Anomaly = Anomaly::new(
    "evtx_header_damaged",
    "the file header is damaged; it was passed over and the chunks behind it were read",
);

/// The header of a cleanly closed file counts other chunks than there are.
pub(super) const CHUNK_COUNT: Anomaly = Anomaly::new(
    "evtx_chunk_count",
    "the file holds another number of chunks than its header says; all chunks found were read",
);

/// No chunk where one should be.
pub(super) const CHUNK_DAMAGED: Anomaly =
    Anomaly::new("evtx_chunk_damaged", "a chunk's header is damaged; its records were left out");

/// The table of names in a chunk's header is wrong.
pub(super) const NAMES_DAMAGED: Anomaly =
    Anomaly::new("evtx_names_damaged", "a chunk's table of names leads nowhere; its records were read without it");

/// The checksum of a chunk's records is wrong.
pub(super) const CHUNK_CHECKSUM: Anomaly = Anomaly::new(
    "evtx_chunk_checksum",
    "a chunk's records do not match their checksum: they were changed or damaged; what could be read was",
);

/// The file ends inside a chunk.
pub(super) const CHUNK_TRUNCATED: Anomaly =
    Anomaly::new("evtx_chunk_truncated", "the file ends inside a chunk; the records before the end were read");

/// A record that cannot be read.
pub(super) const RECORD_DAMAGED: Anomaly =
    Anomaly::new("evtx_record_damaged", "a record is damaged; it was left out and reading went on at the next");
