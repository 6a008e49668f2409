//! Field mappings: rules written for one source's names, read on another source.
//!
//! A mapping is data: lines `rule_field<TAB>source_field`. A field that the mapping does not name keeps its own.

use std::collections::HashMap;

/// Names of one source for the fields of rules written for another.
#[derive(Debug, Default)]
pub(crate) struct Mapping(HashMap<&'static str, &'static str>);

impl Mapping {
    /// The source's name for a rule's field.
    pub(crate) fn source_field<'a>(&self, rule_field: &'a str) -> &'a str
    where
        'static: 'a,
    {
        self.0.get(rule_field).copied().unwrap_or(rule_field)
    }
}

const MAPPINGS: &[(&str, &str)] = &[
    ("azure_api", include_str!("../../data/mappings/azure_api.tsv")),
    ("azure_audit_export", include_str!("../../data/mappings/azure_audit_export.tsv")),
    ("azure_audit_graph", include_str!("../../data/mappings/azure_audit_graph.tsv")),
    ("azure_audit_table", include_str!("../../data/mappings/azure_audit_table.tsv")),
    ("gcp_audit", include_str!("../../data/mappings/gcp_audit.tsv")),
    ("gcp_audit_wrapped", include_str!("../../data/mappings/gcp_audit_wrapped.tsv")),
    ("google_workspace_log", include_str!("../../data/mappings/google_workspace_log.tsv")),
    ("google_workspace_report", include_str!("../../data/mappings/google_workspace_report.tsv")),
    ("m365_audit", include_str!("../../data/mappings/m365_audit.tsv")),
    ("suricata_dns", include_str!("../../data/mappings/suricata_dns.tsv")),
    ("suricata_flow", include_str!("../../data/mappings/suricata_flow.tsv")),
    ("suricata_http", include_str!("../../data/mappings/suricata_http.tsv")),
    ("sysmon_dns", include_str!("../../data/mappings/sysmon_dns.tsv")),
    ("windows_4688", include_str!("../../data/mappings/windows_4688.tsv")),
    ("windows_defender", include_str!("../../data/mappings/windows_defender.tsv")),
    ("windows_dns_debug", include_str!("../../data/mappings/windows_dns_debug.tsv")),
    ("windows_filtering", include_str!("../../data/mappings/windows_filtering.tsv")),
    ("zeek_conn", include_str!("../../data/mappings/zeek_conn.tsv")),
    ("zeek_dns", include_str!("../../data/mappings/zeek_dns.tsv")),
    ("zeek_http", include_str!("../../data/mappings/zeek_http.tsv")),
];

/// A mapping by its name in the log source table; the empty name, and one that does not exist, is the mapping that changes nothing.
pub(crate) fn mapping(name: &str) -> Mapping {
    let text = MAPPINGS.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
    let rows = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    Mapping(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_field_takes_the_sources_name_and_others_stay() {
        let mapping = mapping("windows_4688");
        assert_eq!(mapping.source_field("Image"), "NewProcessName");
        assert_eq!(mapping.source_field("CommandLine"), "CommandLine");
    }

    #[test]
    fn what_happened_in_entra_has_one_name_however_its_audit_log_was_taken() {
        for (name, field) in [
            ("azure_audit_export", "operationName"),
            ("azure_audit_graph", "activityDisplayName"),
            ("azure_audit_table", "OperationName"),
        ] {
            for rule_field in ["properties.message", "operationName", "OperationName", "ActivityType"] {
                assert_eq!(mapping(name).source_field(rule_field), field, "{name} {rule_field}");
            }
        }
    }
}
