//! The built-in log source table: which records belong to which Sigma log sources, as data.

use std::sync::{Arc, LazyLock};

use cordon_model::{LogSourceTable, LogSourceTableError};

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

/// The built-in table with further rows in the same columns, such as those of a user's mapping files.
///
/// # Errors
/// The first of `rows` that is none.
pub fn log_source_table_with(rows: &'static str) -> Result<Arc<LogSourceTable>, LogSourceTableError> {
    LogSourceTable::parse(&[LOG_SOURCES, SYSLOG_SOURCES, MEDICAL_DEVICES, rows]).map(Arc::new)
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

    /// Log sources of SigmaHQ's rules that no decoder gives, each looked at: sensors of macOS and appliances whose logs have no common form.
    const UNREACHABLE: [(&str, &str, &str); 4] = [
        ("fortios", "", "sslvpnd"),
        ("macos", "file_event", ""),
        ("macos", "process_creation", ""),
        ("paloalto", "file_event", "globalprotect"),
    ];

    /// Whether a rule on this log source sees records of any row of the table.
    fn is_reached(table: &LogSourceTable, (product, category, service): (&str, &str, &str)) -> bool {
        let covers = |own: &str, wanted: &str| wanted.is_empty() || own == wanted;
        let mut rows = table.sets().flat_map(|(_, sources)| sources);
        rows.any(|own| covers(own.product, product) && covers(own.category, category) && covers(own.service, service))
    }

    #[test]
    fn what_is_called_unreachable_has_no_row() {
        let table = log_source_table();
        let reached: Vec<_> = UNREACHABLE.into_iter().filter(|source| is_reached(&table, *source)).collect();
        assert_eq!(reached, [], "reachable by now: take them off the list");
    }

    #[test]
    fn every_field_mapping_that_the_table_names_is_there_and_every_one_there_is_named() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/data/mappings");
        let files = crate::json::tests::files_below(&folder, "tsv");
        let there: std::collections::BTreeSet<_> =
            files.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect();
        let table = log_source_table();
        let named = table.sets().flat_map(|(_, sources)| sources).map(|source| source.mapping);
        assert_eq!(named.filter(|name| !name.is_empty()).collect::<std::collections::BTreeSet<_>>(), there);
    }

    /// The three words of a rule's `logsource` block.
    fn rule_source(text: &str) -> Option<[String; 3]> {
        let block = text.split("\nlogsource:").nth(1)?;
        let lines = block.lines().skip(1).take_while(|line| line.starts_with(' '));
        let mut words = [const { String::new() }; 3];
        for line in lines {
            let Some((key, value)) = line.trim().split_once(':') else { continue };
            let Some(place) = ["product", "category", "service"].iter().position(|known| *known == key) else {
                continue;
            };
            value.split('#').next()?.trim().trim_matches(['\'', '"']).clone_into(&mut words[place]);
        }
        Some(words)
    }

    #[test]
    fn the_public_rules_log_sources_without_a_row_are_the_unreachable_ones() {
        let Some(folder) = crate::stream_check::outside("sigma") else { return };
        let table = log_source_table();
        let mut seen = std::collections::BTreeSet::new();
        for path in crate::json::tests::files_below(&folder, "yml") {
            let text = std::fs::read_to_string(&path).unwrap();
            seen.extend(rule_source(&text));
        }
        let words = seen.iter().map(|source| source.each_ref().map(String::as_str));
        let missing: Vec<_> =
            words.map(<(&str, &str, &str)>::from).filter(|words| !is_reached(&table, *words)).collect();
        assert!(seen.len() > 130, "{}", seen.len());
        assert_eq!(missing, UNREACHABLE);
    }

    /// Whether a record of the file belongs to this log source.
    fn reaches(path: &std::path::Path, wanted: &[String; 3]) -> bool {
        let bytes = std::fs::read(path).unwrap();
        let seen = crate::stream_check::read(crate::detect_format(&bytes, true).unwrap(), &bytes);
        let covers =
            |source: &String| source.split('/').zip(wanted).all(|(own, wanted)| wanted.is_empty() || own == wanted);
        seen.sources.iter().flatten().any(covers)
    }

    #[test]
    fn every_regression_log_belongs_to_the_log_source_of_its_rule() {
        let (Some(logs), Some(rules)) =
            (crate::stream_check::outside("sigma-regression"), crate::stream_check::outside("sigma"))
        else {
            return;
        };
        let (mut checked, mut missed) = (0, Vec::new());
        let files = ["evtx", "json"].into_iter().flat_map(|kind| crate::json::tests::files_below(&logs, kind));
        for path in files {
            let case = path.parent().unwrap().strip_prefix(&logs).unwrap();
            let Ok(rule) = std::fs::read_to_string(rules.join(case).with_extension("yml")) else { continue };
            let wanted = rule_source(&rule).unwrap();
            checked += 1;
            missed.extend((!reaches(&path, &wanted)).then(|| format!("{} {wanted:?}", path.display())));
        }
        assert!(missed.is_empty(), "{missed:#?}");
        assert!(checked >= 250, "{checked}");
    }
}
