//! Settings of the node itself, of its doors and of who gets in.

use super::{Change, Setting, TEXTS, but, needed, setting};
use crate::config::kind::Kind;
use crate::memory::MEMORY_BYTES_MIN;

pub(super) const NODE: &[Setting] = &[
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

pub(super) const LOG: &[Setting] = &[
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

pub(super) const API: &[Setting] = &[
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

pub(super) const TLS: &[Setting] = &[
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

pub(super) const ACCESS: &[Setting] = &[
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

pub(super) const ADMIN: &[Setting] = &[
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

pub(super) const OIDC: &[Setting] = &[
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

pub(super) const OIDC_ROLES: &[Setting] = &[
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
