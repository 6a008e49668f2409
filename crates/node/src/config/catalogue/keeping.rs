//! Settings of what is kept, asked and told to others.

use super::{MEGABYTE, Setting, TEXTS, needed, setting};
use crate::config::kind::Kind;

pub(super) const STORE: &[Setting] = &[
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

pub(super) const KEYS: &[Setting] = &[
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

pub(super) const RETENTION: &[Setting] = &[
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

pub(super) const CLASSES: &[Setting] = &[
    needed(
        "class",
        Kind::Choice(&["health", "identity", "system", "network", "application", "other"]),
        "\"health\"",
        "The class: accesses to records and clinical messages; sign-ins and accounts; hosts; network; web and applications; the rest.",
    ),
    setting("share_percent", Kind::Whole(0, 100), "0", "Percent of the budget that other classes cannot take from it."),
    setting("days_min", Kind::Whole(0, 36_500), "0", "Days for which it is not removed for lack of room."),
];

pub(super) const SHARES: &[Setting] = &[
    needed("source", Kind::Text, "\"firewall\"", "Id of the source."),
    setting(
        "share_percent_max",
        Kind::Whole(1, 100),
        "100",
        "Most percent of the budget that it takes while others need room.",
    ),
    setting("days_min", Kind::Whole(0, 36_500), "0", "Days for which it is not removed for lack of room."),
];

pub(super) const QUERY: &[Setting] = &[
    setting(
        "memory_bytes_max",
        Kind::Bytes(32 * MEGABYTE),
        "\"\"",
        "Memory of all searches together. What needs more is written to a temporary file or ends with an explanation. Empty: their share of `memory`.",
    ),
    setting("time_max", Kind::Span(1), "\"30s\"", "Longest time of a search; an export may take an hour."),
    setting("at_once_max", Kind::Whole(1, 64), "4", "Most searches at once; others wait."),
];

pub(super) const TELL: &[Setting] = &[
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

pub(super) const SMTP: &[Setting] = &[
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

pub(super) const WEBHOOKS: &[Setting] = &[
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

pub(super) const RECIPIENTS: &[Setting] = &[
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

pub(super) const SIEM: &[Setting] = &[
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

pub(super) const HEARTBEAT: &[Setting] = &[
    setting("url", Kind::Url, "\"\"", "Where it goes. Empty: none is sent."),
    setting(
        "method",
        Kind::Choice(&["post", "get"]),
        "\"post\"",
        "`post` sends the state of the node in words; `get` only fetches the address.",
    ),
    setting("every", Kind::Span(5), "\"1m\"", "How often."),
];

pub(super) const MAINTENANCE: &[Setting] = &[
    needed("name", Kind::Name, "\"patch-sunday\"", "Name."),
    needed("reason", Kind::Text, "\"monthly updates of servers\"", "Why."),
    needed("when", Kind::Window, "\"sun 02:00-04:00\"", "When: every week on the site's clock, or once."),
    setting("hosts", TEXTS, "[]", "Hosts and devices concerned. Empty: all."),
];
