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

    /// Log sources of SigmaHQ's rules that no decoder gives, each looked at: macOS sensors and applications whose logs have no common form, and
    /// network devices and services without a decoder. An entry that a decoder feeds by now may still stand here (`docs/gaps.md`).
    const UNREACHABLE: [(&str, &str, &str); 22] = [
        ("", "", "apache"),
        ("", "", "nginx"),
        ("", "webserver", ""),
        ("cisco", "", "aaa"),
        ("cisco", "", "bgp"),
        ("cisco", "", "ldp"),
        ("cisco", "", "syslog"),
        ("fortigate", "", "event"),
        ("fortios", "", "sslvpnd"),
        ("huawei", "", "bgp"),
        ("juniper", "", "bgp"),
        ("linux", "", ""),
        ("linux", "", "auditd"),
        ("linux", "", "auth"),
        ("linux", "", "clamav"),
        ("linux", "", "cron"),
        ("linux", "", "guacamole"),
        ("linux", "", "vsftpd"),
        ("macos", "file_event", ""),
        ("macos", "process_creation", ""),
        ("paloalto", "appliance", "globalprotect"),
        ("paloalto", "file_event", "globalprotect"),
    ];

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
    fn every_log_source_of_the_public_rules_is_reachable_or_known_not_to_be() {
        let Some(folder) = crate::stream_check::outside("sigma") else { return };
        let table = log_source_table();
        let (mut seen, mut missing) = (std::collections::BTreeSet::new(), Vec::new());
        for path in crate::json::tests::files_below(&folder, "yml") {
            let text = std::fs::read_to_string(&path).unwrap();
            seen.extend(rule_source(&text));
        }
        for source in &seen {
            let covers = |own: &str, wanted: &str| wanted.is_empty() || own == wanted;
            let [product, category, service] = source.each_ref().map(String::as_str);
            let reached = table.sets().flat_map(|(_, sources)| sources).any(|own| {
                covers(own.product, product) && covers(own.category, category) && covers(own.service, service)
            });
            if !reached {
                eprintln!("unreachable: {product}/{category}/{service}");
                missing.extend((!UNREACHABLE.contains(&(product, category, service))).then_some(source));
            }
        }
        assert!(seen.len() > 130, "{}", seen.len());
        assert!(missing.is_empty(), "unreachable and not known to be: {missing:?}");
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
