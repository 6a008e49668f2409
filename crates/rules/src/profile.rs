//! Profiles: which rules of which rule sets a site runs, and of every rule left off the reason (`docs/specs/profile.md`).
//!
//! In: the text of a profile and a joined [`Library`] with the name of the set that each document came from. Out: the library without what is off, and the list
//! of what was left off. It reads no file and compiles nothing. A set that the profile does not name runs as a whole: the site's own rules are never cut.

use std::collections::{BTreeMap, BTreeSet};

use cordon_model::{Level, RuleCard};
use serde::Deserialize;

use crate::ast::{Correlation, Origin};
use crate::parse::Library;

/// The version of the form that this build reads.
const SCHEMA_VERSION: u32 = 1;

/// Why a profile was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Not TOML, or a key that is missing, unknown or of another type; the text names line and key.
    #[error("the profile cannot be read: {0}")]
    Form(String),
    /// Another version of the form.
    #[error("the profile has schema_version {0}, this build reads {SCHEMA_VERSION}")]
    Version(u32),
    /// An id that stands twice.
    #[error("the profile lists rule {0} twice")]
    Twice(String),
    /// An entry without a reason.
    #[error("the profile leaves rule {0} off without a reason: write why")]
    NoReason(String),
    /// Two entries for one set.
    #[error("the profile names the rule set {0} twice")]
    SetTwice(String),
}

/// A profile, read and checked.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it is, in a line.
    pub title: String,
    /// For whom it is and how it was made.
    pub about: String,
    sets: Vec<SetBounds>,
    off: BTreeMap<String, Off>,
    on: BTreeSet<String>,
}

/// As it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema_version: u32,
    name: String,
    title: String,
    about: String,
    #[serde(default, rename = "set")]
    sets: Vec<SetBounds>,
    #[serde(default)]
    off: Vec<Off>,
}

/// What of a rule set runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetBounds {
    /// The names under which the set is installed.
    names: Vec<String>,
    level_min: Option<LevelMin>,
    status_min: Option<StatusMin>,
    #[serde(default)]
    tags_off: Vec<TagOff>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TagOff {
    tag: String,
    reason: String,
}

/// A level with the reason for stopping there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelMin {
    #[serde(deserialize_with = "level")]
    level: Level,
    reason: String,
}

/// A status with the reason for stopping there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusMin {
    status: Maturity,
    reason: String,
}

/// Sigma's `status`, from the least to the most tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Maturity {
    /// No status, or one that is none of the others.
    #[serde(skip)]
    Unknown,
    Experimental,
    Test,
    Stable,
}

/// A rule that is left off by its id.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Off {
    id: String,
    /// For the reader of the profile, held to the rule's own by a test.
    title: String,
    because: Because,
    reason: String,
}

/// What a reason rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Because {
    /// The rule set's own bounds: level, status or tag.
    #[serde(skip)]
    Bounds,
    /// Findings on benign days, counted.
    Measured,
    /// The rule's author says that it needs work at each site first.
    Author,
}

impl Because {
    /// Its word in outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bounds => "bounds",
            Self::Measured => "measured",
            Self::Author => "author",
        }
    }
}

/// A rule that the profile leaves off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOff {
    /// The rule's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// What the reason rests on.
    pub because: Because,
    /// Why, in words.
    pub reason: String,
}

/// What a profile did to a library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Rules and correlations left off, by id.
    pub left_off: Vec<LeftOff>,
    /// Ids that the profile lists and no rule has: the rule sets are older or newer than it, or not installed.
    pub not_found: Vec<String>,
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let written: Written = toml::from_str(text).map_err(|error| ProfileError::Form(error.to_string()))?;
        if written.schema_version != SCHEMA_VERSION {
            return Err(ProfileError::Version(written.schema_version));
        }
        let mut off = BTreeMap::new();
        for entry in written.off {
            if entry.reason.trim().is_empty() {
                return Err(ProfileError::NoReason(entry.id));
            }
            if let Some(twice) = off.insert(entry.id.clone(), entry) {
                return Err(ProfileError::Twice(twice.id));
            }
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = written.sets.iter().flat_map(|set| &set.names).find(|name| !names.insert(name.as_str())) {
            return Err(ProfileError::SetTwice(twice.clone()));
        }
        let Written { name, title, about, sets, .. } = written;
        Ok(Self { name, title, about, sets, off, on: BTreeSet::new() })
    }

    /// This profile with rules of these ids switched on: it leaves neither them off nor what they stand on.
    #[must_use]
    pub fn switched_on(self, on: BTreeSet<String>) -> Self {
        Self { on, ..self }
    }

    /// Ids and titles of the rules that are left off by id, by id.
    pub fn listed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.off.values().map(|off| (off.id.as_str(), off.title.as_str()))
    }

    /// Takes out of a library what is off. `set_of` names the rule set of a document by where it was read; a set that the profile does not name stays whole,
    /// but for the rules listed by id.
    ///
    /// A document that feeds correlations without speaking itself goes with them: it stays while one of them stays, whatever its own level, and leaves with
    /// the last of them, for it would speak alone then.
    pub fn apply<'s>(&self, library: &mut Library, set_of: &dyn Fn(&Origin) -> &'s str) -> Applied {
        let not_found = self.not_found(library);
        let mut cut = Cut { needed: self.on.clone(), silent: silent(&library.correlations), left_off: BTreeMap::new() };
        // from the correlations that nothing is over downwards: what a kept one stands on is needed
        let mut kept: Vec<Correlation> = Vec::new();
        for correlation in std::mem::take(&mut library.correlations).into_iter().rev() {
            let off = self.off(&correlation.card, correlation.status.as_deref(), set_of(&correlation.origin));
            if cut.keeps(&correlation.card, off) {
                cut.needed.extend(correlation.rules.iter().cloned());
                kept.push(correlation);
            }
        }
        kept.reverse();
        library.correlations = kept;
        library.rules.retain(|rule| {
            let off = self.off(&rule.card, rule.status.as_deref(), set_of(&rule.origin));
            cut.keeps(&rule.card, off)
        });
        Applied { left_off: cut.left_off.into_values().collect(), not_found }
    }

    fn not_found(&self, library: &Library) -> Vec<String> {
        let cards =
            library.rules.iter().map(|rule| &rule.card).chain(library.correlations.iter().map(|over| &over.card));
        let known: BTreeSet<&str> = cards.map(|card| card.id.as_str()).collect();
        self.off.keys().filter(|id| !known.contains(id.as_str())).cloned().collect()
    }

    /// Why a document is off by itself; `None` when it is on.
    fn off(&self, card: &RuleCard, status: Option<&str>, set: &str) -> Option<LeftOff> {
        if let Some(off) = self.off.get(&card.id) {
            return Some(LeftOff::of(card, off.because, off.reason.trim().to_owned()));
        }
        let bounds = self.sets.iter().find(|bounds| bounds.names.iter().any(|name| name == set))?;
        let reason = bounds.against(card, Maturity::of(status))?;
        Some(LeftOff::of(card, Because::Bounds, reason))
    }
}

impl SetBounds {
    /// Which bound a document does not meet, in words.
    fn against(&self, card: &RuleCard, status: Maturity) -> Option<String> {
        if let Some(off) = self.tags_off.iter().find(|off| card.tags.contains(&off.tag)) {
            return Some(format!("tag {}: {}", off.tag, off.reason));
        }
        if let Some(min) = self.level_min.as_ref().filter(|min| card.level < min.level) {
            return Some(format!("level {} is below {}: {}", card.level.name(), min.level.name(), min.reason));
        }
        let min = self.status_min.as_ref().filter(|min| status < min.status)?;
        Some(format!("status {} is below {}: {}", status.name(), min.status.name(), min.reason))
    }
}

impl Maturity {
    fn of(status: Option<&str>) -> Self {
        match status {
            Some("experimental") => Self::Experimental,
            Some("test") => Self::Test,
            Some("stable") => Self::Stable,
            _ => Self::Unknown,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Experimental => "experimental",
            Self::Test => "test",
            Self::Stable => "stable",
        }
    }
}

impl LeftOff {
    fn of(card: &RuleCard, because: Because, reason: String) -> Self {
        Self { id: card.id.clone(), title: card.title.clone(), level: card.level, because, reason }
    }
}

/// The walk over a library while it is cut.
struct Cut {
    /// Ids that a kept correlation stands on.
    needed: BTreeSet<String>,
    /// Ids that only speak through correlations.
    silent: BTreeSet<String>,
    left_off: BTreeMap<String, LeftOff>,
}

impl Cut {
    fn keeps(&mut self, card: &RuleCard, off: Option<LeftOff>) -> bool {
        if self.needed.contains(&card.id) {
            return true;
        }
        let only_feeds = || {
            let reason = "it only feeds correlations, and all of them are off".to_owned();
            self.silent.contains(&card.id).then(|| LeftOff::of(card, Because::Bounds, reason))
        };
        let Some(off) = off.or_else(only_feeds) else { return true };
        self.left_off.insert(card.id.clone(), off);
        false
    }
}

/// Sigma's word for a level.
fn level<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Level, D::Error> {
    let word = String::deserialize(from)?;
    Level::from_name(&word).ok_or_else(|| serde::de::Error::custom(format!("{word} is not a level")))
}

/// Ids that correlations refer to, none of them with `generate: true`.
fn silent(correlations: &[Correlation]) -> BTreeSet<String> {
    let referred =
        |generate| correlations.iter().filter(move |over| over.generate == generate).flat_map(|over| &over.rules);
    let speaking: BTreeSet<&String> = referred(true).collect();
    referred(false).filter(|id| !speaking.contains(id)).cloned().collect()
}

#[cfg(test)]
mod tests;
