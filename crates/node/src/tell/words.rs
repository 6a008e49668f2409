//! How a letter reads: subject and text of a mail, data of a webhook. Nothing in it comes from anywhere but the [`Letter`].

use std::fmt::Write as _;

use cordon_model::{Level, Time};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::letter::{Letter, LetterKind};
use crate::config::Config;

/// What letters need beside themselves.
#[derive(Clone, Debug)]
pub struct Words {
    link_start: String,
    zone: TimeZone,
}

impl Words {
    /// Links start with the console's address; times are told on the site's clock.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self { link_start: config.api.public_url.clone(), zone: config.time_zone.clone() }
    }

    /// Where the console shows the findings of a letter. The id is none of a patient or a person.
    #[must_use]
    pub fn link(&self, group: &str) -> String {
        if group.is_empty() { self.link_start.clone() } else { format!("{}/#group={group}", self.link_start) }
    }

    /// The subject of a mail: one line.
    #[must_use]
    pub fn subject(&self, letter: &Letter) -> String {
        match letter.kind {
            LetterKind::Test => format!("[Cordon {}] test message", letter.site),
            LetterKind::News | LetterKind::More => format!(
                "[Cordon {}] {}: {} on {} {}",
                letter.site,
                letter.level.name(),
                findings(letter.count),
                letter.entity.kind,
                letter.entity.name
            ),
        }
    }

    /// The text of a mail.
    #[must_use]
    pub fn text(&self, letter: &Letter) -> String {
        if letter.kind == LetterKind::Test {
            return format!(
                "This is the test message that somebody asked for in the console, for the group \"{}\".\n\n{}\n",
                letter.to, self.link_start
            );
        }
        let mut text = String::new();
        let more = if letter.kind == LetterKind::More { " more" } else { "" };
        let entity = &letter.entity;
        let _ = writeln!(
            text,
            "{} {}: {}{more}, the worst is {}.",
            entity.kind,
            entity.name,
            findings(letter.count),
            letter.level.name()
        );
        let _ = writeln!(text, "Received from {} to {}.\n", self.moment(letter.first), self.moment(letter.last));
        for rule in &letter.rules {
            let _ = writeln!(text, "{:>8} x {:<13} {}", rule.count, rule.level.name(), rule.title);
        }
        if letter.count_further > 0 {
            let _ = writeln!(text, "{:>8} x {:<13} of further rules", letter.count_further, "");
        }
        let _ = writeln!(text, "\n{}\n", self.link(&letter.group));
        let _ = writeln!(
            text,
            "You are told as \"{}\". Before {} you hear of this again only if it gets worse.\nWhom it is about in clear is shown in the console alone.",
            letter.to,
            self.moment(letter.ends)
        );
        text
    }

    /// The body of a webhook.
    #[must_use]
    pub fn data(&self, letter: &Letter) -> Value {
        let kind = match letter.kind {
            LetterKind::News => "findings.news",
            LetterKind::More => "findings.more",
            LetterKind::Test => "test",
        };
        let rules: Vec<Value> = letter
            .rules
            .iter()
            .map(|rule| json!({"id": rule.id, "title": rule.title, "level": rule.level.name(), "count": rule.count}))
            .collect();
        json!({
            "type": kind,
            "timestamp": Time(letter.last).to_string(),
            "data": {
                "to": letter.to,
                "site": letter.site,
                "entity": {"kind": letter.entity.kind, "name": letter.entity.name},
                "level": letter.level.name(),
                "count": letter.count,
                "rules": rules,
                "count_further": letter.count_further,
                "first": Time(letter.first).to_string(),
                "last": Time(letter.last).to_string(),
                "link": self.link(&letter.group),
            },
        })
    }

    fn moment(&self, micros: i64) -> String {
        let moment = jiff::Timestamp::from_microsecond(micros).map(|moment| moment.to_zoned(self.zone.clone()));
        moment.map_or_else(|_| Time(micros).to_string(), |moment| moment.strftime("%Y-%m-%d %H:%M:%S %Z").to_string())
    }
}

fn findings(count: u64) -> String {
    if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") }
}

/// The number of a level in formats that count to ten: CEF and others.
pub(super) const fn of_ten(level: Level) -> u8 {
    match level {
        Level::Informational => 1,
        Level::Low => 3,
        Level::Medium => 5,
        Level::High => 8,
        Level::Critical => 10,
    }
}
