//! What fits each by itself and not together: two keys, a sender without a server, a name that nobody has.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use cordon_rules::parse::did_you_mean;

use super::fault::Fault;
use super::layers::Origin;
use super::typed::{Config, OidcRole, SiemKind, SmtpSecurity};
use super::value::Value;

/// Says everything that contradicts itself.
pub(super) fn check(config: &Config, faults: &mut Vec<Fault>) {
    let mut says = Says { config, faults };
    files(&mut says);
    addresses(&mut says);
    store(&mut says);
    names(&mut says);
    shares(&mut says);
    mail(&mut says);
    recipients(&mut says);
    senders(&mut says);
    oidc(&mut says);
}

struct Says<'a> {
    config: &'a Config,
    faults: &'a mut Vec<Fault>,
}

impl Says<'_> {
    /// A fault at the place where the key was set.
    fn about(&mut self, key: &str, says: impl Into<String>) {
        let of = self.config.values.iter().find(|(known, _, _)| known == key);
        let origin = of.map_or(Origin::Default, |(_, _, origin)| origin.clone());
        self.faults.push(Fault { origin, key: key.to_owned(), says: says.into() });
    }
}

/// Whether a host is this machine, without asking a name server.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The host of an address of the web.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or_default();
    }
    host.split(':').next().unwrap_or_default()
}

/// Whether what goes there can be read on the way.
pub(crate) fn in_clear_to_others(url: &str) -> bool {
    url.starts_with("http://") && !is_this_machine(host_of(url))
}

fn files(says: &mut Says<'_>) {
    let Config { keys, tls, .. } = says.config;
    if keys.file.is_some() && keys.passphrase_file.is_some() {
        says.about("keys.passphrase_file", "and `keys.file` are both set: expected one of them");
    }
    if tls.certificate.is_some() != tls.key.is_some() {
        let key = if tls.key.is_some() { "tls.key" } else { "tls.certificate" };
        says.about(key, "stands alone: expected `tls.certificate` and `tls.key` together");
    }
}

fn addresses(says: &mut Says<'_>) {
    let intake = &says.config.intake;
    let streams = [
        ("intake.http", &intake.http),
        ("intake.syslog_tcp", &intake.syslog_tcp),
        ("intake.syslog_tls", &intake.syslog_tls),
        ("intake.relp", &intake.relp),
        ("intake.relp_tls", &intake.relp_tls),
        ("intake.mllp", &intake.mllp),
        ("intake.mllp_tls", &intake.mllp_tls),
    ];
    let mut taken: BTreeMap<SocketAddr, &str> = BTreeMap::from([(says.config.api.address, "api.address")]);
    for (key, listening) in streams {
        for address in listening {
            match taken.get(address).filter(|_| address.port() != 0) {
                Some(by) => says.about(key, format!("has {address}, which `{by}` has taken: expected another port")),
                None => {
                    taken.insert(*address, key);
                }
            }
        }
    }
}

fn store(says: &mut Says<'_>) {
    let store = &says.config.store;
    if store.wal_bytes_max / 2 < store.wal_segment_bytes {
        says.about("store.wal_bytes_max", "is too small: expected at least twice `store.wal_segment_bytes`");
    }
}

/// Names that tell tables apart stand once.
fn names(says: &mut Says<'_>) {
    let config = says.config;
    twice(says, "sources", "id", config.sources.iter().map(|source| source.id.to_string()));
    twice(says, "webhooks", "name", config.webhooks.iter().map(|hook| hook.name.clone()));
    twice(says, "recipients", "name", config.recipients.iter().map(|group| group.name.clone()));
    twice(says, "siem", "name", config.siem.iter().map(|siem| siem.name.clone()));
    twice(says, "maintenance", "name", config.maintenance.iter().map(|window| window.name.clone()));
    let roles = config.oidc.iter().flat_map(|oidc| oidc.roles.iter().map(|role| role.value.clone()));
    twice(says, "oidc_roles", "value", roles);
    twice(says, "shares", "source", config.retention.sources.iter().map(|share| share.source.clone()));
    let mut known = BTreeSet::new();
    for source in &config.sources {
        if !known.insert((&source.listener, &source.sender)) {
            let key = format!("sources[{}].sender", source.id);
            says.about(&key, "is declared twice for this listener: expected one declaration per sender");
        }
    }
}

fn twice(says: &mut Says<'_>, section: &str, key: &str, names: impl Iterator<Item = String>) {
    let mut known = BTreeSet::new();
    for name in names {
        let full = format!("{section}[{name}].{key}");
        if !known.insert(name) {
            says.about(&full, "stands twice: expected another name");
        }
    }
}

fn shares(says: &mut Says<'_>) {
    let classes = &says.config.retention.classes;
    let mut known = BTreeSet::new();
    let shown = says.config.values.iter().filter(|(key, _, _)| key.starts_with("classes[") && key.ends_with("].class"));
    let keys: Vec<String> = shown.map(|(key, _, _)| key.clone()).collect();
    for (share, key) in classes.iter().zip(&keys) {
        if !known.insert(share.class) {
            says.about(key, "stands twice: expected one table per class");
        }
    }
    let total: u64 = classes.iter().map(|share| share.share_percent).sum();
    if total > 100 {
        let key = keys.last().map(|key| key.replace("].class", "].share_percent")).unwrap_or_default();
        says.about(&key, format!("makes {total} percent together with the others: expected at most 100"));
    }
}

fn mail(says: &mut Says<'_>) {
    let Some(smtp) = &says.config.smtp else { return };
    if smtp.from.is_empty() {
        says.about("smtp.from", "is missing: expected a mail address, because `smtp.host` is set");
    }
    if !smtp.user.is_empty() && smtp.password_file.is_none() {
        says.about("smtp.password_file", "is missing: expected a path, because `smtp.user` is set");
    }
    if smtp.security == SmtpSecurity::Plain && !is_this_machine(&smtp.host) {
        says.about("smtp.security", "is `plain`, which only goes to this machine: expected `starttls` or `tls`");
    }
}

fn recipients(says: &mut Says<'_>) {
    let config = says.config;
    for group in &config.recipients {
        let key = |name: &str| format!("recipients[{}].{name}", group.name);
        if group.mail.is_empty() && group.webhooks.is_empty() {
            says.about(&key("mail"), "and `webhooks` are empty: expected a way to tell them");
        }
        if !group.mail.is_empty() && config.smtp.is_none() {
            says.about(&key("mail"), "cannot be reached: expected `smtp.host` to be set");
        }
        for name in &group.webhooks {
            if config.webhooks.iter().any(|hook| hook.name == *name) {
                continue;
            }
            let nearest = did_you_mean(name, config.webhooks.iter().map(|hook| hook.name.as_str()));
            let hint = nearest.map(|nearest| format!(" (did you mean `{nearest}`?)")).unwrap_or_default();
            says.about(
                &key("webhooks"),
                format!("names a webhook that is not there{hint}: expected names of `[[webhooks]]`"),
            );
        }
    }
}

fn senders(says: &mut Says<'_>) {
    let config = says.config;
    for hook in config.webhooks.iter().filter(|hook| in_clear_to_others(&hook.url)) {
        says.about(&format!("webhooks[{}].url", hook.name), "goes over the network in clear: expected `https://`");
    }
    for siem in &config.siem {
        let key = |name: &str| format!("siem[{}].{name}", siem.name);
        match &siem.kind {
            SiemKind::CefTcp { peer } | SiemKind::CefTls { peer } if peer.is_empty() => {
                says.about(&key("peer"), "is missing: expected a host and a port");
            }
            SiemKind::Hec { url, .. } if url.is_empty() => says.about(&key("url"), "is missing: expected an address"),
            SiemKind::Hec { url, .. } if in_clear_to_others(url) => {
                says.about(&key("url"), "goes over the network in clear: expected `https://`");
            }
            SiemKind::Hec { token_file, .. } if token_file.as_os_str().is_empty() => {
                says.about(&key("token_file"), "is missing: expected a path");
            }
            _ => {}
        }
    }
    let empty = |(key, value, _): &&(String, Value, Origin)| key == "site" && *value == Value::Nothing;
    if config.values.iter().find(empty).is_some() {
        says.about("site", "is empty: expected a name");
    }
}

/// Signing in through a provider.
fn oidc(says: &mut Says<'_>) {
    let config = says.config;
    let Some(oidc) = &config.oidc else {
        return without_provider(says);
    };
    let url_is_stated = config.values.iter().any(|(key, value, _)| key == "api.public_url" && *value != Value::Nothing);
    if in_clear_to_others(&oidc.issuer) {
        says.about("oidc.issuer", "goes over the network in clear: expected `https://`");
    }
    if oidc.issuer.contains(['?', '#']) {
        says.about("oidc.issuer", "has a `?` or `#`: expected the address that the provider calls itself");
    }
    if !url_is_stated && !config.api.address.ip().is_loopback() {
        says.about(
            "api.public_url",
            "is missing: expected an address, because `oidc.issuer` is set and its provider sends browsers back there",
        );
    }
    if in_clear_to_others(&config.api.public_url) {
        says.about(
            "api.public_url",
            "goes over the network in clear: expected `https://`, because `oidc.issuer` is set",
        );
    }
    let texts = [
        ("client_id", &oidc.client_id),
        ("label", &oidc.label),
        ("name_claim", &oidc.name_claim),
        ("roles_claim", &oidc.roles_claim),
    ];
    for (name, _) in texts.into_iter().filter(|(_, text)| text.is_empty()) {
        says.about(&format!("oidc.{name}"), "is missing: expected text, because `oidc.issuer` is set");
    }
    if !oidc.scopes.iter().any(|scope| scope == "openid") {
        says.about("oidc.scopes", "lacks `openid`: without it no provider says who somebody is");
    }
    if oidc.algorithms.is_empty() {
        says.about("oidc.algorithms", "is empty: expected at least one");
    }
    oidc_roles(says, &oidc.roles, !oidc.administrator_acr.is_empty() || !oidc.administrator_amr.is_empty());
}

fn oidc_roles(says: &mut Says<'_>, roles: &[OidcRole], asks_second_factor: bool) {
    if roles.is_empty() {
        says.about("oidc.issuer", "lets nobody in: expected at least one `[[oidc_roles]]`");
    }
    for given in roles {
        let key = format!("oidc_roles[{}].roles", given.value);
        if given.roles.is_empty() {
            says.about(&key, "is empty: expected at least one role");
        }
        if given.roles.contains(&cordon_policy::Role::Administrator) && !asks_second_factor {
            says.about(
                &key,
                "gives `administrator`, who needs a second factor: expected `oidc.administrator_acr` or `oidc.administrator_amr` to say how it shows",
            );
        }
    }
}

/// Nothing of a provider is set without the provider: it would look as if it counted.
fn without_provider(says: &mut Says<'_>) {
    let is_given = |(key, value, origin): &&(String, Value, Origin)| {
        (key == "oidc.client_id" || key == "oidc.client_secret_file" || key.starts_with("oidc_roles["))
            && *value != Value::Nothing
            && *origin != Origin::Default
    };
    let given: Vec<String> =
        says.config.values.iter().filter(is_given).map(|(key, _, _)| key.clone()).take(1).collect();
    for key in given {
        says.about(&key, "stands alone: expected `oidc.issuer` to name the provider");
    }
}
