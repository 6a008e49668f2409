//! What differs between two configurations, and whether a running node can take it over.

use std::collections::BTreeMap;

use super::catalogue::{CATALOGUE, Change};
use super::typed::Config;

/// One setting that differs. Values are as TOML writes them; empty where the setting is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its full key, for example `recipients[it-on-call].level_min`.
    pub key: String,
    /// The value that is in force.
    pub from: String,
    /// The value that is wanted.
    pub to: String,
}

/// Everything that differs.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Changes {
    /// What a running node takes over.
    pub reload: Vec<Changed>,
    /// What waits for the next start.
    pub restart: Vec<Changed>,
}

impl Changes {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reload.is_empty() && self.restart.is_empty()
    }
}

/// Compares what is in force with what is wanted.
#[must_use]
pub fn diff(from: &Config, to: &Config) -> Changes {
    let (before, after) = (texts(from), texts(to));
    let mut changes = Changes::default();
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    for key in after.keys().chain(gone) {
        let (from, to) = (before.get(key).cloned().unwrap_or_default(), after.get(key).cloned().unwrap_or_default());
        if from == to {
            continue;
        }
        let list = if needs(key) == Change::Reload { &mut changes.reload } else { &mut changes.restart };
        list.push(Changed { key: key.clone(), from, to });
    }
    changes.reload.sort_by(|a, b| a.key.cmp(&b.key));
    changes.restart.sort_by(|a, b| a.key.cmp(&b.key));
    changes
}

fn texts(config: &Config) -> BTreeMap<String, String> {
    config.values.iter().map(|(key, value, _)| (key.clone(), value.to_string())).collect()
}

fn needs(key: &str) -> Change {
    let name = key.split(['.', '[']).next().filter(|_| key.contains('.')).unwrap_or_default();
    CATALOGUE.iter().find(|section| section.name == name).map_or(Change::Restart, |section| section.change)
}
