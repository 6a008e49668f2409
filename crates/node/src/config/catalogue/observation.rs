//! Settings of what comes in, and of what is made of it.

use super::{ADDRESSES, MEGABYTE, PATHS, Setting, TEXTS, needed, setting};
use crate::config::kind::Kind;

pub(super) const INTAKE: &[Setting] = &[
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

pub(super) const SOURCES: &[Setting] = &[
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

pub(super) const LEARN: &[Setting] = &[
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

pub(super) const RULES: &[Setting] = &[
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

pub(super) const PRIVACY: &[Setting] = &[
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
