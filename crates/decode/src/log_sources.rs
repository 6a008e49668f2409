//! The built-in log source table: which records belong to which Sigma log sources, as data.

use std::sync::{Arc, LazyLock};

use cordon_model::LogSourceTable;

/// The rows themselves: see [`LogSourceTable`] for the columns.
const LOG_SOURCES: &str = include_str!("../data/log_sources.tsv");
/// The rows of programs and devices that speak syslog.
const SYSLOG_SOURCES: &str = include_str!("../data/log_sources_syslog.tsv");
/// Medical devices that speak CEF, LEEF or syslog.
const MEDICAL_DEVICES: &str = include_str!("../data/medical_devices.tsv");

static TABLE: LazyLock<Arc<LogSourceTable>> = LazyLock::new(|| {
    Arc::new(LogSourceTable::parse(&[LOG_SOURCES, SYSLOG_SOURCES, MEDICAL_DEVICES]).unwrap_or_default())
});

/// The built-in table. A test holds that it parses.
#[must_use]
pub fn log_source_table() -> Arc<LogSourceTable> {
    Arc::clone(&TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_table_is_sound() {
        let table = LogSourceTable::parse(&[LOG_SOURCES, SYSLOG_SOURCES, MEDICAL_DEVICES]).unwrap();
        let set = table.lookup("windows_channel", "Microsoft-Windows-Sysmon/Operational", Some(12));
        let categories: Vec<&str> = table.sources(set).iter().map(|source| source.category).collect();
        assert_eq!(categories, ["", "registry_add", "registry_delete", "registry_event"]);
    }
}
