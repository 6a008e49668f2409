//! Every setting, once: name, kind, default, whether it can change while the node runs, and its words. Reader, page and example file are made from here.

mod keeping;
mod observation;
mod operation;

use keeping::{
    CLASSES, HEARTBEAT, KEYS, MAINTENANCE, QUERY, RECIPIENTS, RETENTION, SHARES, SIEM, SMTP, STORE, TELL, WEBHOOKS,
};
use observation::{INTAKE, LEARN, PRIVACY, RULES, SOURCES};
use operation::{ACCESS, ADMIN, API, LOG, NODE, OIDC, OIDC_ROLES, TLS};

use super::kind::Kind;

/// What a change of a setting needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A reload (SIGHUP) is enough.
    Reload,
    /// The node has to be started again.
    Restart,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name within the section.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Its default as TOML; of a needed setting an example.
    pub default: &'static str,
    /// Whether it has to be set; only in tables that repeat.
    pub needed: bool,
    /// What a change of it needs, when that is not what its section says.
    pub change: Option<Change>,
    /// What it does, in whole sentences.
    pub doc: &'static str,
}

/// A table of the file.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its name; empty for what stands at the top.
    pub name: &'static str,
    /// Whether it may stand several times, as `[[name]]`.
    pub repeats: bool,
    /// What a change of its settings needs.
    pub change: Change,
    /// What it is about, in whole sentences.
    pub doc: &'static str,
    /// Its settings, in the order in which people read them.
    pub settings: &'static [Setting],
}

impl Section {
    /// The setting of this name.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&'static Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    /// What a change of one of its settings needs.
    #[must_use]
    pub fn change_of(&self, setting: &Setting) -> Change {
        setting.change.unwrap_or(self.change)
    }

    /// The full key of one of its settings.
    #[must_use]
    pub fn key(&self, setting: &Setting) -> String {
        if self.name.is_empty() { setting.name.to_owned() } else { format!("{}.{}", self.name, setting.name) }
    }
}

const fn setting(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Setting {
    Setting { name, kind, default, needed: false, change: None, doc }
}

/// The same setting, which is taken over while the node runs though its section is not, or the other way round.
const fn but(setting: Setting, change: Change) -> Setting {
    Setting { change: Some(change), ..setting }
}

const fn needed(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Setting {
    Setting { name, kind, default: example, needed: true, change: None, doc }
}

const fn once(name: &'static str, change: Change, doc: &'static str, settings: &'static [Setting]) -> Section {
    Section { name, repeats: false, change, doc, settings }
}

const fn several(name: &'static str, change: Change, doc: &'static str, settings: &'static [Setting]) -> Section {
    Section { name, repeats: true, change, doc, settings }
}

const ADDRESSES: Kind = Kind::List(&Kind::Address);
const TEXTS: Kind = Kind::List(&Kind::Text);
const PATHS: Kind = Kind::List(&Kind::Path);
const MEGABYTE: u64 = 1 << 20;

/// All sections, in the order in which people read them.
pub const CATALOGUE: &[Section] = &[
    once("", Change::Restart, "The node itself.", NODE),
    once("log", Change::Restart, "What the node logs about itself, on standard error.", LOG),
    once("api", Change::Restart, "The API and the console.", API),
    once(
        "tls",
        Change::Reload,
        "Certificates of every address that speaks TLS. A reload reads the files again, for connections from then on.",
        TLS,
    ),
    once("access", Change::Reload, "Who may see and do what (`docs/specs/access.md`).", ACCESS),
    once(
        "admin",
        Change::Restart,
        "The first administrator, who chooses a name and signs in through a one-time link.",
        ADMIN,
    ),
    once(
        "oidc",
        Change::Reload,
        "Signing in through a provider that speaks OpenID Connect, such as Keycloak, Entra ID, Okta or ADFS, beside name and password (`docs/specs/sign-in.md`). Its files are read when they are used.",
        OIDC,
    ),
    several(
        "oidc_roles",
        Change::Reload,
        "What groups of the provider may do here, asked at every sign-in. Who is in none of them has no access.",
        OIDC_ROLES,
    ),
    once("intake", Change::Restart, "Where events come in. An empty list means that nothing listens.", INTAKE),
    several(
        "sources",
        Change::Reload,
        "Declared sources. A sender that no declaration fits is adopted when it is first heard. Connections that are open go on under the declaration that they began with.",
        SOURCES,
    ),
    once("rules", Change::Reload, "Detection rules beside those in the binary.", RULES),
    once(
        "learn",
        Change::Reload,
        "Learnt behaviour: what is unlike the person, the machine or the device that does it (`docs/specs/behaviour.md`).",
        LEARN,
    ),
    once(
        "privacy",
        Change::Reload,
        "The review of record accesses (`docs/specs/access-review.md`). Accesses, encounters, orders and appointments come from what the node has stored; people, roster and patients from files.",
        PRIVACY,
    ),
    once("store", Change::Restart, "How events are written.", STORE),
    once(
        "keys",
        Change::Restart,
        "The master key, under which everything is encrypted. Whoever loses it loses the data.",
        KEYS,
    ),
    once(
        "retention",
        Change::Reload,
        "What is kept how long. Intake never stops: the oldest that nothing protects goes first.",
        RETENTION,
    ),
    several("classes", Change::Reload, "Shares of the disk and minimum ages per class of data.", CLASSES),
    several("shares", Change::Reload, "Shares of the disk and minimum ages per source.", SHARES),
    once(
        "query",
        Change::Reload,
        "Limits of searches. Searches under way end under those that they began with.",
        QUERY,
    ),
    once("tell", Change::Reload, "How people are told of findings.", TELL),
    once("smtp", Change::Reload, "The mail server.", SMTP),
    several(
        "webhooks",
        Change::Reload,
        "Web addresses that are told, by signed messages; `docs/specs/notification.md` says how a receiver checks them.",
        WEBHOOKS,
    ),
    several(
        "recipients",
        Change::Reload,
        "Who is told of what. Without any, findings wait in the console.",
        RECIPIENTS,
    ),
    several("siem", Change::Reload, "Existing SIEMs that get every finding.", SIEM),
    once(
        "heartbeat",
        Change::Reload,
        "A sign of life that another system watches, so that a dead node is noticed.",
        HEARTBEAT,
    ),
    several(
        "maintenance",
        Change::Reload,
        "Times of work on systems. Findings are kept as always, and nobody is told of them.",
        MAINTENANCE,
    ),
];
