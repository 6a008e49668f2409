//! What may be said of a finding outside the console. The only door from findings to messages.

use std::sync::Arc;

use cordon_model::{FindingId, Level, Time};
use cordon_seal::SiteKey;
use cordon_store::state::ToldRow;
use serde::{Deserialize, Serialize};

use crate::config::Topic;
use crate::history::is_history;

/// OCSF class of accesses to health records, of our extension (`docs/specs/ocsf.md`).
const HEALTH_RECORD_ACTIVITY: i64 = 87_006_001;
/// Longest name that is shown, bytes: that of a host with its domain (RFC 1035).
const NAME_BYTES_MAX: usize = 253;
/// Longest title that is shown, characters.
const TITLE_CHARS_MAX: usize = 200;

/// A finding, reduced to what a message may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its number in the order of keeping.
    pub seq: i64,
    /// Its identity.
    pub id: FindingId,
    /// Id of its rule.
    pub rule_id: String,
    /// Title of its rule.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// What it is about.
    pub topic: Topic,
    /// Whom it is about.
    pub entity: Shown,
    /// The host or device it is about, when it names one.
    pub machine: Option<Shown>,
    /// The patient's pseudonym, when it names one.
    pub patient_ref: Option<String>,
    /// Site.
    pub site: String,
    /// When its last event was received.
    pub received: Time,
    /// Id of the group in the console.
    pub group: String,
}

/// Whom a message is about, as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Shown {
    /// `user`, `host`, `device`, `patient`, `source`; `several` when too many are spoken of at once.
    pub kind: String,
    /// Name of a host, device or source, else a pseudonym.
    pub name: String,
}

impl Shown {
    /// Stands for all that there is no room for.
    #[must_use]
    pub fn several() -> Self {
        Self { kind: "several".to_owned(), name: "users, hosts and devices".to_owned() }
    }
}

/// Makes names that may be shown.
#[derive(Clone, Debug)]
pub struct Namer {
    key: SiteKey,
}

impl Namer {
    /// Pseudonyms are made under the site's key.
    #[must_use]
    pub const fn new(key: SiteKey) -> Self {
        Self { key }
    }

    /// Whom a message is about. Hosts, devices and sources keep their names when these look like names of machines; what does not could be anything that
    /// somebody wrote into a log, and gets a pseudonym. Users always get one: who signs in to a portal may be a patient.
    #[must_use]
    pub fn shown(&self, kind: &str, name: &str) -> Shown {
        let name = match kind {
            "patient" if is_pseudonym(name) => name.to_owned(),
            "host" | "device" | "source" if is_machine_name(name) => name.to_owned(),
            "user" => self.key.account_ref(name),
            _ => self.key.name_ref(kind, name),
        };
        Shown { kind: kind.to_owned(), name }
    }

    /// A title as it may be shown: one line of at most 200 characters.
    #[must_use]
    pub fn title(title: &str) -> String {
        let line: String = title.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        let mut short: String = line.chars().take(TITLE_CHARS_MAX).collect();
        if line.chars().count() > TITLE_CHARS_MAX {
            short.push('\u{2026}');
        }
        short
    }
}

fn is_pseudonym(name: &str) -> bool {
    name.strip_prefix("p-").is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Names of machines and ids of sources: letters, digits, `.`, `-`, `_`, `:`, `/`, and short.
fn is_machine_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:/".contains(&byte);
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(fits)
}

impl Namer {
    /// What may be said of a finding; `None` for one that a person has muted, for one about imported history and for one that a backfill kept quietly: nobody is to be
    /// woken for these.
    #[must_use]
    pub fn notice(&self, row: &ToldRow) -> Option<Notice> {
        if row.is_muted || is_history(&row.source) || row.is_quiet {
            return None;
        }
        let source: Arc<str> = row.source.as_str().into();
        let entity = row.subjects.grouped_by(&source);
        let machine = row.subjects.host.as_ref().map(|name| ("host", name));
        let machine = machine.or_else(|| row.subjects.device.as_ref().map(|name| ("device", name)));
        Some(Notice {
            seq: row.seq,
            id: row.finding_id,
            rule_id: Self::title(&row.rule_id),
            title: Self::title(&row.title),
            level: row.level,
            topic: topic(&row.rule_id, row.class_uid, &row.category),
            entity: self.shown(entity.kind.name(), &entity.name),
            machine: machine.map(|(kind, name)| self.shown(kind, name)),
            patient_ref: row.subjects.patient_ref.as_deref().filter(|name| is_pseudonym(name)).map(str::to_owned),
            site: row.site.clone(),
            received: row.received,
            group: row.group_id.to_string(),
        })
    }
}

/// What a finding is about. The node's own findings stand for no event and have no class.
fn topic(rule_id: &str, class_uid: i64, category: &str) -> Topic {
    if class_uid == 0 && rule_id.starts_with("cordon-") {
        Topic::Operations
    } else if category == "record_access" || class_uid == HEALTH_RECORD_ACTIVITY {
        Topic::Privacy
    } else {
        Topic::Security
    }
}
