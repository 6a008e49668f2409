//! A letter: what is said to one group of people about one entity, as it waits in the outbox.

use cordon_model::{Level, Time};
use serde::{Deserialize, Serialize};

use super::notice::{Notice, Shown};
use crate::config::Topic;

/// Most rules that a letter names; findings of further ones are counted together.
const RULES_MAX: usize = 20;

/// Why a letter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    /// Something new about an entity.
    News,
    /// It went on after the first letter.
    More,
    /// A person pressed the test button.
    Test,
}

/// What one rule contributes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCount {
    /// Id of the rule.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its level, 0 to 4.
    pub level: Level,
    /// Findings.
    pub count: u64,
}

/// What is said to one group of people about one entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Why.
    pub kind: LetterKind,
    /// To whom: name of the group of recipients.
    pub to: String,
    /// About whom.
    pub entity: Shown,
    /// Site of the first finding.
    pub site: String,
    /// The worst level.
    pub level: Level,
    /// Findings.
    pub count: u64,
    /// Rules, worst first, then the most findings.
    pub rules: Vec<RuleCount>,
    /// Findings of rules that have no room in `rules`.
    pub count_further: u64,
    /// When the first finding was received, microseconds since 1970.
    pub first: i64,
    /// When the last was received, microseconds since 1970.
    pub last: i64,
    /// The group of findings that the link leads to.
    pub group: String,
    /// Number of the finding that opened the conversation.
    pub opened: i64,
    /// Which letter of the conversation, from 0.
    pub number: u32,
    /// When the conversation ends and a new one may begin, microseconds since 1970.
    pub ends: i64,
    /// When this letter is to go, microseconds since 1970.
    pub due: i64,
}

impl Letter {
    /// The first letter of a conversation, with no finding in it yet.
    pub(super) fn open(to: &str, notice: &Notice, entity: Shown, kind: LetterKind) -> Self {
        Self {
            kind,
            to: to.to_owned(),
            entity,
            site: notice.site.clone(),
            level: notice.level,
            count: 0,
            rules: Vec::new(),
            count_further: 0,
            first: notice.received.0,
            last: notice.received.0,
            group: notice.group.clone(),
            opened: notice.seq,
            number: 0,
            ends: 0,
            due: 0,
        }
    }

    /// Counts a finding.
    pub(super) fn add(&mut self, notice: &Notice) {
        self.count += 1;
        self.first = self.first.min(notice.received.0);
        self.last = self.last.max(notice.received.0);
        if notice.level > self.level {
            self.level = notice.level;
            self.group.clone_from(&notice.group);
        }
        match self.rules.iter_mut().find(|rule| rule.id == notice.rule_id) {
            Some(rule) => {
                rule.count += 1;
                rule.level = rule.level.max(notice.level);
            }
            None => self.add_rule(notice),
        }
        self.rules.sort_by(|a, b| b.level.cmp(&a.level).then(b.count.cmp(&a.count)).then(a.id.cmp(&b.id)));
    }

    /// A rule that is worse than the last one named takes its place.
    fn add_rule(&mut self, notice: &Notice) {
        if self.rules.len() >= RULES_MAX {
            let Some(last) = self.rules.pop_if(|last| last.level < notice.level) else {
                self.count_further += 1;
                return;
            };
            self.count_further += last.count;
        }
        let (id, title) = (notice.rule_id.clone(), notice.title.clone());
        self.rules.push(RuleCount { id, title, level: notice.level, count: 1 });
    }

    /// A letter of the test button.
    #[must_use]
    pub fn test(to: &str, site: &str, now: Time) -> Self {
        Self {
            kind: LetterKind::Test,
            to: to.to_owned(),
            entity: Shown { kind: "source".to_owned(), name: "test".to_owned() },
            site: site.to_owned(),
            level: Level::Informational,
            count: 0,
            rules: Vec::new(),
            count_further: 0,
            first: now.0,
            last: now.0,
            group: String::new(),
            opened: 0,
            number: 0,
            ends: now.0,
            due: now.0,
        }
    }
}

/// The name of a topic.
pub(super) const fn topic_name(topic: Topic) -> &'static str {
    match topic {
        Topic::Security => "security",
        Topic::Privacy => "privacy",
        Topic::Operations => "operations",
    }
}
