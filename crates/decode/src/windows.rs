//! What Windows formats share: the log sources of a channel and an event id.

use cordon_model::{Arena, LogSourceTable, SourceSet, Value};

/// Key of the row for channels that the table does not name: they are still product `windows`.
const ANY_CHANNEL: &str = "*";

/// The log sources of a Windows event: by its channel; by its provider when it names no channel the table knows; else those of any channel.
pub(crate) fn channel_sources<'a>(
    table: &LogSourceTable,
    channel: Option<Value<'a>>,
    provider: Option<Value<'a>>,
    event_id: Option<Value<'a>>,
    arena: &'a Arena,
) -> SourceSet {
    let text = |value: Option<Value<'a>>| value.and_then(|value| value.text(arena));
    let id = text(event_id).and_then(|id| id.parse().ok());
    let by_channel = text(channel).map(|channel| table.lookup("windows_channel", channel, id)).unwrap_or_default();
    if by_channel != SourceSet::default() {
        return by_channel;
    }
    let by_provider = match text(channel) {
        None => text(provider).map(|provider| table.lookup("windows_provider", provider, id)).unwrap_or_default(),
        Some(_) => SourceSet::default(),
    };
    if by_provider != SourceSet::default() {
        return by_provider;
    }
    table.lookup("windows_channel", ANY_CHANNEL, None)
}
