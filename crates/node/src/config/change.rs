//! What differs between two configurations, and whether a running node can take it over.

use std::collections::BTreeMap;

use cordon_collect::live::SourceDeclaration;

use super::Origin;
use super::catalogue::{CATALOGUE, Change};
use super::typed::{Config, LogSettings, Tls};
use super::value::Value;

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

/// What a running node has after a reload: of `wanted` what it takes over, of `in_force` the rest.
#[must_use]
pub fn taken_over(in_force: &Config, wanted: &Config) -> Config {
    let old: BTreeMap<&String, (&Value, &Origin)> =
        in_force.values.iter().map(|(key, value, origin)| (key, (value, origin))).collect();
    let value = |(key, value, origin): &(String, Value, Origin)| match old.get(key) {
        Some((value, origin)) if needs(key) == Change::Restart => (key.clone(), (*value).clone(), (*origin).clone()),
        _ => (key.clone(), value.clone(), origin.clone()),
    };
    let at_home = |source: &SourceDeclaration| {
        // a source without a site of its own belongs to the node's, which stays
        let is_home = *source.site == *wanted.site;
        let site = if is_home { in_force.site.as_str().into() } else { source.site.clone() };
        SourceDeclaration { site, ..source.clone() }
    };
    Config {
        values: wanted.values.iter().map(value).collect(),
        data_dir: in_force.data_dir.clone(),
        site: in_force.site.clone(),
        time_zone: in_force.time_zone.clone(),
        event_clock: in_force.event_clock,
        log: LogSettings { form: in_force.log.form, ..wanted.log.clone() },
        api: in_force.api.clone(),
        tls: Tls { names: in_force.tls.names.clone(), ..wanted.tls.clone() },
        admin: in_force.admin.clone(),
        intake: in_force.intake.clone(),
        sources: wanted.sources.iter().map(at_home).collect(),
        store: in_force.store.clone(),
        keys: in_force.keys.clone(),
        ..wanted.clone()
    }
}

fn texts(config: &Config) -> BTreeMap<String, String> {
    config.values.iter().map(|(key, value, _)| (key.clone(), value.to_string())).collect()
}

fn needs(key: &str) -> Change {
    let name = key.split(['.', '[']).next().filter(|_| key.contains('.')).unwrap_or_default();
    let Some(section) = CATALOGUE.iter().find(|section| section.name == name) else { return Change::Restart };
    let setting = key.rsplit('.').next().and_then(|name| section.setting(name));
    setting.map_or(section.change, |setting| section.change_of(setting))
}
