//! Which sources are history: what `cordon import` brings happened long before it arrives. What `cordon replay` brings counts as happening now.

/// The token of this source brings old records as history (`cordon import`): nobody is told of findings in them, and their correlations are judged once all is there.
pub const IMPORT_SOURCE: &str = "import";
/// The token of this source brings old records as if they happened now (`cordon replay`).
pub const REPLAY_SOURCE: &str = "replay";

/// What stands in front of the ids of imported sources.
const HISTORY: &str = "http/import/";

/// Whether a source is imported history.
pub(crate) fn is_history(source: &str) -> bool {
    source.starts_with(HISTORY)
}

/// Whether the sender of this name may bring records as those of other sources.
pub(crate) fn may_import(sender: &str) -> bool {
    [IMPORT_SOURCE, REPLAY_SOURCE].contains(&sender)
}
