//! Names of ATT&CK techniques, from a table (`crates/cordon/data/attack_techniques.tsv`, which holds the licence).

use std::collections::BTreeMap;

const TABLE: &str = include_str!("../../../data/attack_techniques.tsv");

/// What the licence of the names asks for wherever they stand.
pub(super) const NOTICE: &str = "Names of techniques: MITRE ATT&CK®. © 2025 The MITRE Corporation. This work is reproduced and distributed with the \
    permission of The MITRE Corporation.";

/// Names by number.
#[derive(Debug)]
pub(super) struct TechniqueNames(BTreeMap<&'static str, &'static str>);

impl TechniqueNames {
    pub(super) fn read() -> Self {
        let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
        Self(rows.filter_map(|line| line.split_once('\t')).collect())
    }

    /// `OS Credential Dumping: LSASS Memory` of `T1003.001`. A number that is not in the table has no name.
    pub(super) fn of(&self, number: &str) -> Option<String> {
        let name = self.0.get(number)?;
        let parent = number.split_once('.').and_then(|(parent, _)| self.0.get(parent));
        Some(parent.map_or_else(|| (*name).to_owned(), |parent| format!("{parent}: {name}")))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::pack;

    fn check(number: &str, expect: Option<&str>) {
        assert_eq!(TechniqueNames::read().of(number).as_deref(), expect);
    }

    #[test]
    fn a_technique_goes_by_its_name_and_a_part_of_it_by_both() {
        check("T1486", Some("Data Encrypted for Impact"));
        check("T1003.001", Some("OS Credential Dumping: LSASS Memory"));
        check("T9999", None);
        check("", None);
    }

    #[test]
    fn the_table_is_sorted_and_every_part_has_its_whole() {
        let numbers: Vec<&str> =
            TABLE.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once('\t').unwrap().0).collect();
        assert!(numbers.is_sorted_by(|one, other| one < other));
        let TechniqueNames(names) = TechniqueNames::read();
        for (parent, _) in numbers.iter().filter_map(|number| number.split_once('.')) {
            assert!(names.contains_key(parent), "{parent}");
        }
    }

    /// Numbers of ATT&CK 19 in our rules whose names no source at hand states.
    const WITHOUT_A_NAME: [&str; 3] = ["T1685", "T1685.005", "T1685.006"];

    #[test]
    fn every_technique_of_our_rules_has_a_name_but_the_newest() {
        let names = TechniqueNames::read();
        let texts = pack::built_in().iter().map(|(_, text)| text);
        let tags = texts.flat_map(|text| text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.'));
        let numbers: BTreeSet<String> = tags
            .filter_map(|word| word.strip_prefix("attack.t"))
            .filter(|number| number.starts_with(|letter: char| letter.is_ascii_digit()))
            .map(|number| format!("T{number}"))
            .collect();
        assert!(numbers.len() > 80, "{}", numbers.len());
        let nameless: Vec<&String> = numbers.iter().filter(|number| names.of(number).is_none()).collect();
        assert_eq!(nameless, WITHOUT_A_NAME);
    }

    #[test]
    fn the_names_are_those_that_mitre_and_its_mappings_write() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/risk");
        let mappings = data.join("ctid-mappings/mappings/nist_800_53/attack-16.1/nist_800_53-rev5/enterprise");
        let path = mappings.join("nist_800_53-rev5_attack-16.1-enterprise.json");
        let Ok(text) = std::fs::read_to_string(&path) else {
            eprintln!("ABSENT, names of techniques are not compared: {}", path.display());
            return;
        };
        let TechniqueNames(names) = TechniqueNames::read();
        let stated: serde_json::Value = serde_json::from_str(&text).unwrap();
        let objects = stated["mapping_objects"].as_array().unwrap();
        let mut compared = 0;
        for object in objects {
            let (Some(number), Some(name)) =
                (object["attack_object_id"].as_str(), object["attack_object_name"].as_str())
            else {
                continue;
            };
            assert_eq!(names.get(number).copied(), Some(name.trim()), "{number}");
            compared += 1;
        }
        assert!(compared > 1_000, "{compared}");
    }
}
