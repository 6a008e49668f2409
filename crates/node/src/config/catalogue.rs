//! Every setting, once: name, kind, default, whether it can change while the node runs, and its words. Reader, page and example file are made from here.

use super::kind::Kind;
use crate::memory::MEMORY_BYTES_MIN;

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

const NODE: &[Setting] = &[
    setting(
        "data_dir",
        Kind::Path,
        "\"\"",
        "Folder for everything that is kept. Empty: the folder that systemd names (`STATE_DIRECTORY`), else `cordon` in `XDG_DATA_HOME`, else `~/.local/share/cordon`.",
    ),
    setting(
        "site",
        Kind::Name,
        "\"main\"",
        "Name of this site; events of sources without one belong to it. It is part of keys and tables: do not change it later.",
    ),
    setting(
        "time_zone",
        Kind::Zone,
        "\"UTC\"",
        "The site's time zone, for quiet hours, maintenance windows and rules on the time of day.",
    ),
    setting(
        "memory",
        Kind::Bytes(MEMORY_BYTES_MIN),
        "\"\"",
        "Memory that the node may take, all in all. What grows with intake or searches has its share of it (`docs/sizing.md`). Empty: what the service manager or container allows, else half of the machine; 2 GiB at most.",
    ),
    setting(
        "event_clock",
        Kind::Clock,
        "\"\"",
        "For demos and tests: the node takes \"now\" from a clock that starts at this time and runs so many times faster. Sessions and TLS keep real time. Empty: real time.",
    ),
];

const LOG: &[Setting] = &[
    but(
        setting(
            "level",
            Kind::Choice(&["error", "warn", "info", "debug", "trace"]),
            "\"info\"",
            "The least important lines that are written.",
        ),
        Change::Reload,
    ),
    setting("form", Kind::Choice(&["text", "json"]), "\"text\"", "How a line is written."),
];

const API: &[Setting] = &[
    setting(
        "address",
        Kind::Address,
        "\"127.0.0.1:8480\"",
        "Where API and console listen. Any address that is not of this machine alone speaks TLS.",
    ),
    setting(
        "public_url",
        Kind::Url,
        "\"\"",
        "How people reach the console: the start of links in messages. Empty: made from `api.address`.",
    ),
];

const TLS: &[Setting] = &[
    setting(
        "certificate",
        Kind::Path,
        "\"\"",
        "PEM file with the certificate and its chain. Empty: one is made at the first start.",
    ),
    setting("key", Kind::Path, "\"\"", "PEM file with the private key of the certificate."),
    setting(
        "client_ca",
        Kind::Path,
        "\"\"",
        "PEM file with the authorities whose certificates senders must show over TLS: syslog, RELP and MLLP. Over HTTP one stands for a token, and who shows none needs a token. The name in it says which source it is. Empty: none is asked for.",
    ),
    but(
        setting(
            "names",
            TEXTS,
            "[]",
            "Names and addresses for the certificate made at the first start, beside `localhost` and the name of the machine.",
        ),
        Change::Restart,
    ),
];

const ACCESS: &[Setting] = &[
    setting(
        "policies",
        Kind::Path,
        "\"\"",
        "Folder with Cedar policies of your own, files that end in `.cedar`, which stand beside those in the binary. One that is not valid is refused with its line, and none of them is in force then. Empty: none.",
    ),
    setting(
        "staff_pseudonyms",
        Kind::Switch,
        "true",
        "Whether the accounts of people are shown by pseudonyms, until two people of different roles unlock one for a stated reason. The console, the API, exports and messages hold to it; turn it off only where nobody who is entitled to be asked objects.",
    ),
    setting(
        "officers_see_names",
        Kind::Switch,
        "false",
        "Whether privacy officers see names at once where staff have pseudonyms.",
    ),
];

const ADMIN: &[Setting] = &[
    setting(
        "link_file",
        Kind::Path,
        "\"\"",
        "File that gets the one-time link too, readable for its owner alone. Empty: only the log gets it.",
    ),
    setting(
        "link_valid",
        Kind::Span(60),
        "\"1d\"",
        "How long the link can be used. A start of a node that has no user yet makes a new one.",
    ),
];

const OIDC: &[Setting] = &[
    setting(
        "issuer",
        Kind::Url,
        "\"\"",
        "The provider, letter by letter as it calls itself: `https://id.example/realms/hospital`, `https://login.microsoftonline.com/TENANT/v2.0`. Empty: nobody signs in so.",
    ),
    setting(
        "label",
        Kind::Text,
        "\"single sign-on\"",
        "What people call it: the button says \"Sign in with\" and this.",
    ),
    setting("client_id", Kind::Text, "\"\"", "What the provider calls this node."),
    setting(
        "client_secret_file",
        Kind::Path,
        "\"\"",
        "File with the secret of this node at the provider. Empty: a public client, with PKCE alone.",
    ),
    setting("scopes", TEXTS, "[\"openid\", \"profile\"]", "What is asked for; `openid` is among it."),
    setting(
        "name_claim",
        Kind::Text,
        "\"preferred_username\"",
        "The claim with the name of a user, taken at the first sign-in.",
    ),
    setting(
        "roles_claim",
        Kind::Text,
        "\"groups\"",
        "The claim with groups or roles: a name, or a path such as `realm_access.roles`.",
    ),
    setting(
        "algorithms",
        Kind::List(&Kind::Choice(&["RS256", "PS256", "ES256", "EdDSA"])),
        "[\"RS256\", \"PS256\", \"ES256\", \"EdDSA\"]",
        "How ID tokens may be signed.",
    ),
    setting(
        "administrator_acr",
        TEXTS,
        "[]",
        "Values of `acr` (Entra: `acrs`) that mean that a second factor was shown. An administrator is let in only with one of these, or one of `oidc.administrator_amr`.",
    ),
    setting(
        "administrator_amr",
        TEXTS,
        "[]",
        "Values of `amr` that mean that a second factor was shown, such as `mfa`, `otp` or `hwk` (RFC 8176).",
    ),
    setting(
        "acr_values",
        TEXTS,
        "[]",
        "Values of `acr` that everybody is asked to sign in with. Empty: the provider decides.",
    ),
    setting("ca_file", Kind::Path, "\"\"", "PEM file with further authorities, for a provider inside the hospital."),
];

const OIDC_ROLES: &[Setting] = &[
    needed("value", Kind::Text, "\"cordon-analysts\"", "The group or role, letter by letter as the claim has it."),
    needed(
        "roles",
        Kind::List(&Kind::Choice(&["analyst", "privacy_officer", "responder", "auditor", "administrator"])),
        "[\"analyst\"]",
        "The roles that it gives.",
    ),
    setting(
        "sites",
        Kind::List(&Kind::Name),
        "[]",
        "The sites that it gives them for; empty: all. Who gets several roles has them at the sites for which each of them is given.",
    ),
];

const INTAKE: &[Setting] = &[
    setting(
        "http",
        ADDRESSES,
        "[\"127.0.0.1:8481\"]",
        "HTTP: NDJSON, Elasticsearch bulk, Splunk HEC, OTLP logs, FHIR AuditEvents.",
    ),
    setting(
        "syslog_udp",
        ADDRESSES,
        "[\"127.0.0.1:5514\"]",
        "Syslog over UDP. Nothing tells the sender whether a message arrived; what the kernel dropped is counted.",
    ),
    setting(
        "syslog_tcp",
        ADDRESSES,
        "[\"127.0.0.1:5514\"]",
        "Syslog over TCP, in clear. The sender cannot know what was kept when a connection breaks.",
    ),
    setting("syslog_tls", ADDRESSES, "[]", "Syslog over TLS (RFC 5425); the usual port is 6514."),
    setting("relp", ADDRESSES, "[]", "RELP, which answers each message once it is durable; the usual port is 2514."),
    setting("relp_tls", ADDRESSES, "[]", "RELP over TLS."),
    setting(
        "mllp",
        ADDRESSES,
        "[]",
        "HL7 v2 over MLLP, answered with AA once durable; the usual port is 2575. Give interface engines a copied feed (`docs/running.md`).",
    ),
    setting("mllp_tls", ADDRESSES, "[]", "HL7 v2 over MLLP over TLS."),
    setting(
        "tail",
        TEXTS,
        "[]",
        "Files that are followed, as patterns: `/var/log/ehr/*.log`. Rotation is understood, and the place is remembered.",
    ),
    setting(
        "queue_bytes_max",
        Kind::Bytes(MEGABYTE),
        "\"\"",
        "Most bytes that wait to be written. Senders that can wait do so then; of others what has no room is dropped and counted. Empty: its share of `memory`, at most 64 MiB.",
    ),
];

const SOURCES: &[Setting] = &[
    needed("id", Kind::Name, "\"ehr-audit\"", "Its id, part of the identity of its events: never change it."),
    setting("site", Kind::Name, "\"\"", "The site that it belongs to. Empty: `site`."),
    needed(
        "listener",
        Kind::Choice(&["syslog_udp", "syslog_tcp", "syslog_tls", "relp", "http", "mllp", "file"]),
        "\"syslog_tls\"",
        "The way it comes in.",
    ),
    needed(
        "sender",
        Kind::Text,
        "\"ehr.hospital.example\"",
        "Who it is there: address of the peer, name in its certificate, name of its token, or the pattern of files.",
    ),
    setting("format", Kind::Name, "\"\"", "Name of the format that it speaks. Empty: recognised by the bytes."),
    setting(
        "care",
        Kind::Switch,
        "false",
        "Whether care depends on it. It never waits for Cordon then: what cannot be kept is counted and becomes a finding.",
    ),
    setting(
        "events_per_second_max",
        Kind::Whole(0, 10_000_000),
        "0",
        "Most records a second; what comes above is dropped and counted. 0: no limit.",
    ),
    setting("silence", Kind::Span(0), "\"0s\"", "A silence of this length is a finding. `0s`: never."),
];

const LEARN: &[Setting] = &[
    setting(
        "alerts_per_week",
        Kind::Whole(0, 10_000),
        "20",
        "How many findings a week the team wants from all detectors together; thresholds follow from it. A person may change it in the console, which then holds until this setting changes. 0: it learns and says nothing.",
    ),
    setting(
        "work_orders",
        Kind::Path,
        "\"\"",
        "CSV file with the work orders of devices: `order`, `kind` (`move`, `update`, `replace`), `from`, `until`, `names` (names and addresses of the device, before and afterwards, divided by `;`). What is new about a device meanwhile is learnt and not told. Read at a start and at every reload. Empty: none.",
    ),
];

const RULES: &[Setting] = &[
    setting(
        "packs",
        Kind::Switch,
        "true",
        "Whether the rules in the binary and installed sets run. Without them only rules of your own do, and what was learnt.",
    ),
    setting("folders", PATHS, "[]", "Folders with Sigma rules of your own."),
    setting(
        "profile",
        Kind::Path,
        "\"small-hospital\"",
        "Which of the rules are used: a profile in the binary (`small-hospital` leaves out what a small team cannot live with, each with its reason) or a file (`docs/specs/profile.md`). Empty: all.",
    ),
];

const PRIVACY: &[Setting] = &[
    setting(
        "context_dir",
        Kind::Path,
        "\"\"",
        "Folder with `staff.csv` and `patients.csv`, and as far as there are exports `shifts.csv`, `contacts.csv`, `encounters.csv` and the other files of the review. It is read anew by every review. Empty: no access is reviewed.",
    ),
    setting("review_every", Kind::Span(60), "\"6h\"", "How often accesses are reviewed, by the event clock."),
    setting("days", Kind::Whole(1, 400), "30", "Days up to now whose accesses a review looks at."),
    setting(
        "forget_after_days",
        Kind::Whole(1, 3_650),
        "90",
        "Days after their last change at which cases that were withdrawn or found unfounded are deleted, with everything about them; the audit log keeps that it was done. Never sooner than `privacy.days`, or a review would bring them back.",
    ),
    setting(
        "office",
        TEXTS,
        "[]",
        "Accounts of the people of the privacy office. Cases about them go to the auditors, not to the privacy officers.",
    ),
    setting(
        "budget",
        Kind::Whole(0, 10_000),
        "0",
        "Most cases of a review, for each day of its accesses and each 10,000 people in `staff.csv`, rounded up: the best are kept, and room that is left is filled with the next best down to a score of .2. 0: all from .35 on.",
    ),
    setting(
        "authorities",
        TEXTS,
        "[]",
        "Who assigns the ids of patients that stand alone in the files, such as `2.16.840.1.113883.19.5`: each is tried, and none at all. A file may also write `AUTHORITY|ID`.",
    ),
];

const STORE: &[Setting] = &[
    setting("wal_segment_bytes", Kind::Bytes(MEGABYTE), "\"64MiB\"", "Size of one file of the write-ahead log."),
    setting(
        "wal_bytes_max",
        Kind::Bytes(64 * MEGABYTE),
        "\"4GiB\"",
        "Most bytes of the write-ahead log. At this size what is worked off is written to its tables at once, and senders wait until there is room again; of others what has no room is dropped and counted.",
    ),
    setting(
        "flush_bytes",
        Kind::Bytes(MEGABYTE),
        "\"\"",
        "New events are searchable in memory at once; at this size they are written as a file. Empty: their share of `memory`, at most 64 MiB.",
    ),
    setting("flush_every", Kind::Span(1), "\"1m\"", "After this time they are written in any case."),
];

const KEYS: &[Setting] = &[
    setting(
        "file",
        Kind::Path,
        "\"\"",
        "File with the master key, readable for its owner alone. Empty: made at the first start in the data folder; copy it to a safe place.",
    ),
    setting(
        "passphrase_file",
        Kind::Path,
        "\"\"",
        "File with a passphrase that the key is derived from, instead of `keys.file`. With systemd: a credential.",
    ),
];

const RETENTION: &[Setting] = &[
    setting(
        "bytes_max",
        Kind::Bytes(0),
        "\"\"",
        "The disk budget for everything but the log. Empty: four fifths of the file system.",
    ),
    setting("days_max", Kind::Whole(1, 36_500), "400", "What is older goes unless something protects it."),
    setting(
        "cited_days_min",
        Kind::Whole(0, 36_500),
        "2190",
        "Days for which evidence that findings cite stays: six years, as HIPAA wants for documentation.",
    ),
];

const CLASSES: &[Setting] = &[
    needed(
        "class",
        Kind::Choice(&["health", "identity", "system", "network", "application", "other"]),
        "\"health\"",
        "The class: accesses to records and clinical messages; sign-ins and accounts; hosts; network; web and applications; the rest.",
    ),
    setting("share_percent", Kind::Whole(0, 100), "0", "Percent of the budget that other classes cannot take from it."),
    setting("days_min", Kind::Whole(0, 36_500), "0", "Days for which it is not removed for lack of room."),
];

const SHARES: &[Setting] = &[
    needed("source", Kind::Text, "\"firewall\"", "Id of the source."),
    setting(
        "share_percent_max",
        Kind::Whole(1, 100),
        "100",
        "Most percent of the budget that it takes while others need room.",
    ),
    setting("days_min", Kind::Whole(0, 36_500), "0", "Days for which it is not removed for lack of room."),
];

const QUERY: &[Setting] = &[
    setting(
        "memory_bytes_max",
        Kind::Bytes(32 * MEGABYTE),
        "\"\"",
        "Memory of all searches together. What needs more is written to a temporary file or ends with an explanation. Empty: their share of `memory`.",
    ),
    setting("time_max", Kind::Span(1), "\"30s\"", "Longest time of a search; an export may take an hour."),
    setting("at_once_max", Kind::Whole(1, 64), "4", "Most searches at once; others wait."),
];

const TELL: &[Setting] = &[
    setting(
        "gather",
        Kind::Span(1),
        "\"30s\"",
        "How long findings about one user, host or device are gathered before the first message.",
    ),
    setting(
        "window",
        Kind::Span(0),
        "\"4h\"",
        "How long after a message further findings about the same one wait for one digest. A higher level than told is told at once.",
    ),
    setting(
        "retry_for",
        Kind::Span(1),
        "\"2d\"",
        "How long a message that cannot be delivered is tried again. Then it is a dead letter, which the console shows.",
    ),
    setting(
        "ca_file",
        Kind::Path,
        "\"\"",
        "PEM file with further authorities, for mail servers, web addresses and SIEMs inside the hospital.",
    ),
];

const SMTP: &[Setting] = &[
    setting("host", Kind::Text, "\"\"", "Name of the server. Empty: no mail is sent."),
    setting("port", Kind::Whole(1, 65_535), "587", "Its port."),
    setting(
        "security",
        Kind::Choice(&["starttls", "tls", "plain"]),
        "\"starttls\"",
        "`starttls`: TLS after the greeting, or nothing is sent. `tls`: TLS from the first byte (port 465). `plain`: only to a server on this machine.",
    ),
    setting("user", Kind::Text, "\"\"", "Account. Empty: none."),
    setting("password_file", Kind::Path, "\"\"", "File with its password."),
    setting("from", Kind::Mail, "\"\"", "The sender of messages."),
];

const WEBHOOKS: &[Setting] = &[
    needed("name", Kind::Name, "\"chat\"", "Name that recipients refer to."),
    needed(
        "url",
        Kind::Url,
        "\"https://chat.hospital.example/hooks/cordon\"",
        "Where messages are posted. Without TLS only to this machine.",
    ),
    needed(
        "secret_file",
        Kind::Path,
        "\"/etc/cordon/chat.secret\"",
        "File with the secret that signs them, at least 16 bytes.",
    ),
];

const RECIPIENTS: &[Setting] = &[
    needed("name", Kind::Name, "\"it-on-call\"", "Name of the group."),
    needed(
        "role",
        Kind::Choice(&["analyst", "privacy_officer", "responder", "auditor", "administrator"]),
        "\"analyst\"",
        "Their role.",
    ),
    setting("mail", Kind::List(&Kind::Mail), "[]", "Mail addresses."),
    setting("webhooks", Kind::List(&Kind::Name), "[]", "Names of webhooks."),
    setting(
        "topics",
        Kind::List(&Kind::Choice(&["security", "privacy", "operations"])),
        "[]",
        "What they are told of: findings about systems, findings about accesses to records, the node itself. Empty: by role; analysts and responders security, privacy officers privacy, administrators operations, auditors nothing.",
    ),
    setting("level_min", Kind::Level, "\"high\"", "From which level on they are told."),
    setting("quiet_hours", Kind::Hours, "\"\"", "Hours in which messages wait until they end. Empty: none."),
    setting("quiet_level_min", Kind::Level, "\"critical\"", "From which level on they are told in quiet hours too."),
];

const SIEM: &[Setting] = &[
    needed("name", Kind::Name, "\"regional-soc\"", "Name; its place in the stream of findings is kept under it."),
    needed(
        "kind",
        Kind::Choice(&["cef_tcp", "cef_tls", "hec"]),
        "\"cef_tls\"",
        "CEF over syslog over TCP or TLS, or Splunk's HTTP event collector.",
    ),
    setting("peer", Kind::Peer, "\"\"", "Host and port, for `cef_tcp` and `cef_tls`."),
    setting("url", Kind::Url, "\"\"", "Address of the collector, for `hec`, without a path."),
    setting("token_file", Kind::Path, "\"\"", "File with its token, for `hec`."),
    setting("level_min", Kind::Level, "\"informational\"", "From which level on."),
];

const HEARTBEAT: &[Setting] = &[
    setting("url", Kind::Url, "\"\"", "Where it goes. Empty: none is sent."),
    setting(
        "method",
        Kind::Choice(&["post", "get"]),
        "\"post\"",
        "`post` sends the state of the node in words; `get` only fetches the address.",
    ),
    setting("every", Kind::Span(5), "\"1m\"", "How often."),
];

const MAINTENANCE: &[Setting] = &[
    needed("name", Kind::Name, "\"patch-sunday\"", "Name."),
    needed("reason", Kind::Text, "\"monthly updates of servers\"", "Why."),
    needed("when", Kind::Window, "\"sun 02:00-04:00\"", "When: every week on the site's clock, or once."),
    setting("hosts", TEXTS, "[]", "Hosts and devices concerned. Empty: all."),
];
