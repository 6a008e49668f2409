//! From checked values to the fields that rooms use. Every field names its setting once; a setting that nobody reads is found by a test.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use cordon_collect::live::SourceDeclaration;
use cordon_model::Level;
use cordon_policy::StaffNames;
use jiff::tz::TimeZone;

use super::catalogue::{CATALOGUE, Section, Setting};
use super::fault::Fault;
use super::layers::{Found, Origin, Raw, Table};
use super::typed::*;
use super::value::{Clock, Hours, Span, Value, Window};

/// Reads everything that was found over the defaults.
pub(super) fn config(found: Found, faults: &mut Vec<Fault>) -> Config {
    let mut values = Vec::new();
    let mut tables: BTreeMap<&str, Vec<Fields>> = BTreeMap::new();
    for section in CATALOGUE {
        let given = found.get(section.name).cloned().unwrap_or_default();
        let given = if section.repeats || !given.is_empty() { given } else { vec![(Table::new(), Origin::Default)] };
        for (table, origin) in given {
            let fields = complete(section, table, &origin, faults);
            values.extend(fields.listed(section));
            tables.entry(section.name).or_default().push(fields);
        }
    }
    typed(&Tables(tables), values)
}

/// All values of one table, defaults among them.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    values: BTreeMap<&'static str, (Value, Origin)>,
    origin: Option<Origin>,
}

struct Tables(BTreeMap<&'static str, Vec<Fields>>);

impl Tables {
    fn one(&self, name: &str) -> Fields {
        self.0.get(name).and_then(|tables| tables.first()).cloned().unwrap_or_default()
    }

    fn each<T>(&self, name: &str, read: impl Fn(&Fields) -> T) -> Vec<T> {
        self.0.get(name).map(|tables| tables.iter().map(read).collect()).unwrap_or_default()
    }
}

fn complete(section: &Section, mut table: Table, origin: &Origin, faults: &mut Vec<Fault>) -> Fields {
    for setting in section.settings {
        if setting.needed && table.get(setting.name).is_none_or(|(value, _)| *value == Value::Nothing) {
            let says = format!("is missing: expected {}", setting.kind.expected());
            faults.push(Fault { origin: origin.clone(), key: section.key(setting), says });
        }
        table.entry(setting.name).or_insert_with(|| (default(setting), Origin::Default));
    }
    Fields { values: table, origin: Some(origin.clone()) }
}

/// The default of a setting; nothing for a needed one, whose text in the catalogue is an example.
pub(super) fn default(setting: &Setting) -> Value {
    if setting.needed { Value::Nothing } else { stated(setting).unwrap_or(Value::Nothing) }
}

/// What the catalogue states, default or example.
pub(super) fn stated(setting: &Setting) -> Option<Value> {
    let text = format!("v = {}", setting.default);
    let table = toml::de::DeTable::parse(&text).ok()?;
    let raw: Raw = table.get_ref().iter().next().map(|(_, value)| super::layers::raw(value.get_ref(), 0))?;
    setting.kind.read(&raw)
}

impl Fields {
    fn value(&self, name: &str) -> Value {
        self.values.get(name).map_or(Value::Nothing, |(value, _)| value.clone())
    }

    fn text(&self, name: &str) -> String {
        if let Value::Text(text) = self.value(name) { text } else { String::new() }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.text(name)).filter(|text| !text.is_empty()).map(PathBuf::from)
    }

    fn whole(&self, name: &str) -> u64 {
        if let Value::Whole(number) | Value::Bytes(number) = self.value(name) { number } else { 0 }
    }

    /// Bytes, when some are stated.
    fn bytes(&self, name: &str) -> Option<u64> {
        if let Value::Bytes(bytes) = self.value(name) { Some(bytes) } else { None }
    }

    fn span(&self, name: &str) -> Span {
        if let Value::Span(span) = self.value(name) { span } else { Span::default() }
    }

    fn switch(&self, name: &str) -> bool {
        self.value(name) == Value::Switch(true)
    }

    fn level(&self, name: &str) -> Level {
        if let Value::Level(level) = self.value(name) { level } else { Level::Informational }
    }

    fn hours(&self, name: &str) -> Option<Hours> {
        if let Value::Hours(hours) = self.value(name) { Some(hours) } else { None }
    }

    fn clock(&self, name: &str) -> Option<Clock> {
        if let Value::Clock(clock) = self.value(name) { Some(clock) } else { None }
    }

    fn window(&self, name: &str) -> Window {
        let never = Window::Once { from: Default::default(), to: Default::default() };
        if let Value::Window(window) = self.value(name) { window } else { never }
    }

    fn address(&self, name: &str) -> SocketAddr {
        let none = SocketAddr::from(([127, 0, 0, 1], 0));
        if let Value::Address(address) = self.value(name) { address } else { none }
    }

    fn list<T>(&self, name: &str, read: impl Fn(Value) -> Option<T>) -> Vec<T> {
        if let Value::List(values) = self.value(name) {
            values.into_iter().filter_map(read).collect()
        } else {
            Vec::new()
        }
    }

    fn texts(&self, name: &str) -> Vec<String> {
        self.list(name, |value| if let Value::Text(text) = value { Some(text) } else { None })
    }

    fn addresses(&self, name: &str) -> Vec<SocketAddr> {
        self.list(name, |value| if let Value::Address(address) = value { Some(address) } else { None })
    }

    /// With full keys, in the order of the catalogue.
    fn listed(&self, section: &Section) -> Vec<(String, Value, Origin)> {
        let first = section.settings.first().map(|setting| self.text(setting.name)).unwrap_or_default();
        let listed = section.settings.iter().map(|setting| {
            let key = if section.repeats {
                format!("{}[{first}].{}", section.name, setting.name)
            } else {
                section.key(setting)
            };
            let origin = self.values.get(setting.name).map(|(_, origin)| origin.clone());
            (key, self.value(setting.name), origin.or_else(|| self.origin.clone()).unwrap_or(Origin::Default))
        });
        listed.collect()
    }
}

fn typed(tables: &Tables, values: Vec<(String, Value, Origin)>) -> Config {
    let node = tables.one("");
    let site = node.text("site");
    let api = api(&tables.one("api"));
    Config {
        data_dir: node.path("data_dir"),
        time_zone: TimeZone::get(&node.text("time_zone")).unwrap_or(TimeZone::UTC),
        memory: node.bytes("memory"),
        event_clock: node.clock("event_clock"),
        log: log(&tables.one("log")),
        tls: tls(&tables.one("tls")),
        access: access(&tables.one("access")),
        admin: admin(&tables.one("admin")),
        oidc: oidc(tables),
        intake: intake(&tables.one("intake")),
        sources: tables.each("sources", |source| declaration(source, &site)),
        rules: rules(&tables.one("rules")),
        learn: learn(&tables.one("learn")),
        privacy: privacy(&tables.one("privacy")),
        store: store(&tables.one("store")),
        keys: keys(&tables.one("keys")),
        retention: retention(tables),
        query: query(&tables.one("query")),
        tell: tell(&tables.one("tell")),
        smtp: smtp(&tables.one("smtp")),
        webhooks: tables.each("webhooks", webhook),
        recipients: tables.each("recipients", recipients),
        siem: tables.each("siem", siem),
        heartbeat: heartbeat(&tables.one("heartbeat")),
        maintenance: tables.each("maintenance", maintenance),
        api,
        site,
        values,
    }
}

fn access(of: &Fields) -> Access {
    let staff_names = match (of.switch("staff_pseudonyms"), of.switch("officers_see_names")) {
        (false, _) => StaffNames::ByName,
        (true, true) => StaffNames::ByPseudonymButToOfficers,
        (true, false) => StaffNames::ByPseudonym,
    };
    Access { policies: of.path("policies"), staff_names }
}

fn log(of: &Fields) -> LogSettings {
    let form = if of.text("form") == "json" { LogForm::Json } else { LogForm::Text };
    LogSettings { level: of.text("level"), form }
}

fn api(of: &Fields) -> Api {
    let address = of.address("address");
    let stated = of.text("public_url");
    let public_url = if stated.is_empty() { Api::made_of(address) } else { stated };
    Api { address, public_url: public_url.trim_end_matches('/').to_owned() }
}

fn tls(of: &Fields) -> Tls {
    Tls {
        certificate: of.path("certificate"),
        key: of.path("key"),
        client_ca: of.path("client_ca"),
        names: of.texts("names"),
    }
}

fn admin(of: &Fields) -> Admin {
    Admin { link_file: of.path("link_file"), link_valid: of.span("link_valid") }
}

fn oidc(tables: &Tables) -> Option<Oidc> {
    let of = tables.one("oidc");
    let issuer = of.text("issuer");
    let roles = tables.each("oidc_roles", |of| OidcRole {
        value: of.text("value"),
        roles: of.texts("roles").iter().filter_map(|name| cordon_policy::Role::from_name(name)).collect(),
        sites: of.texts("sites"),
    });
    (!issuer.is_empty()).then(|| Oidc {
        issuer,
        label: of.text("label"),
        client_id: of.text("client_id"),
        client_secret_file: of.path("client_secret_file"),
        scopes: of.texts("scopes"),
        name_claim: of.text("name_claim"),
        roles_claim: of.text("roles_claim"),
        algorithms: of.texts("algorithms"),
        administrator_acr: of.texts("administrator_acr"),
        administrator_amr: of.texts("administrator_amr"),
        acr_values: of.texts("acr_values"),
        ca_file: of.path("ca_file"),
        roles,
    })
}

fn intake(of: &Fields) -> Intake {
    Intake {
        http: of.addresses("http"),
        syslog_udp: of.addresses("syslog_udp"),
        syslog_tcp: of.addresses("syslog_tcp"),
        syslog_tls: of.addresses("syslog_tls"),
        relp: of.addresses("relp"),
        relp_tls: of.addresses("relp_tls"),
        mllp: of.addresses("mllp"),
        mllp_tls: of.addresses("mllp_tls"),
        tail: of.texts("tail"),
        queue_bytes_max: of.bytes("queue_bytes_max"),
    }
}

fn declaration(of: &Fields, site: &str) -> SourceDeclaration {
    let own_site = of.text("site");
    SourceDeclaration {
        id: of.text("id").into(),
        site: if own_site.is_empty() { site.into() } else { own_site.into() },
        listener: of.text("listener").into(),
        sender: of.text("sender").into(),
        format: of.text("format").into(),
        care: of.switch("care"),
        events_per_second_max: u32::try_from(of.whole("events_per_second_max")).unwrap_or(u32::MAX),
        silence_seconds: u32::try_from(of.span("silence").0).unwrap_or(u32::MAX),
    }
}

fn learn(of: &Fields) -> Learn {
    Learn { alerts_per_week: of.whole("alerts_per_week"), work_orders: of.path("work_orders") }
}

fn rules(of: &Fields) -> Rules {
    Rules {
        packs: of.switch("packs"),
        folders: of.texts("folders").into_iter().map(PathBuf::from).collect(),
        profile: of.text("profile"),
    }
}

fn privacy(of: &Fields) -> Privacy {
    Privacy {
        context_dir: of.path("context_dir"),
        review_every: of.span("review_every"),
        days: of.whole("days"),
        forget_after_days: of.whole("forget_after_days"),
        office: of.texts("office"),
        budget: Some(of.whole("budget")).filter(|budget| *budget > 0),
        authorities: of.texts("authorities"),
    }
}

fn store(of: &Fields) -> StoreSettings {
    StoreSettings {
        wal_segment_bytes: of.whole("wal_segment_bytes"),
        wal_bytes_max: of.whole("wal_bytes_max"),
        flush_bytes: of.bytes("flush_bytes"),
        flush_every: of.span("flush_every"),
    }
}

fn keys(of: &Fields) -> Keys {
    Keys { file: of.path("file"), passphrase_file: of.path("passphrase_file") }
}

fn retention(tables: &Tables) -> Retention {
    let of = tables.one("retention");
    Retention {
        bytes_max: Some(of.whole("bytes_max")).filter(|bytes| *bytes > 0),
        days_max: of.whole("days_max"),
        cited_days_min: of.whole("cited_days_min"),
        classes: tables.each("classes", |of| ClassShare {
            class: class(&of.text("class")),
            share_percent: of.whole("share_percent"),
            days_min: of.whole("days_min"),
        }),
        sources: tables.each("shares", |of| SourceShare {
            source: of.text("source"),
            share_percent_max: of.whole("share_percent_max"),
            days_min: of.whole("days_min"),
        }),
    }
}

fn class(name: &str) -> DataClass {
    match name {
        "health" => DataClass::Health,
        "identity" => DataClass::Identity,
        "system" => DataClass::System,
        "network" => DataClass::Network,
        "application" => DataClass::Application,
        _ => DataClass::Other,
    }
}

fn query(of: &Fields) -> Query {
    Query {
        memory_bytes_max: of.bytes("memory_bytes_max"),
        time_max: of.span("time_max"),
        at_once_max: of.whole("at_once_max"),
    }
}

fn tell(of: &Fields) -> Tell {
    Tell {
        gather: of.span("gather"),
        window: of.span("window"),
        retry_for: of.span("retry_for"),
        ca_file: of.path("ca_file"),
    }
}

fn smtp(of: &Fields) -> Option<Smtp> {
    let host = of.text("host");
    let security = match of.text("security").as_str() {
        "tls" => SmtpSecurity::Tls,
        "plain" => SmtpSecurity::Plain,
        _ => SmtpSecurity::StartTls,
    };
    (!host.is_empty()).then(|| Smtp {
        host,
        port: u16::try_from(of.whole("port")).unwrap_or(u16::MAX),
        security,
        user: of.text("user"),
        password_file: of.path("password_file"),
        from: of.text("from"),
    })
}

fn webhook(of: &Fields) -> Webhook {
    Webhook { name: of.text("name"), url: of.text("url"), secret_file: of.path("secret_file").unwrap_or_default() }
}

fn recipients(of: &Fields) -> Recipients {
    let role = role(&of.text("role"));
    let stated: Vec<Topic> = of.texts("topics").iter().map(|name| topic(name)).collect();
    Recipients {
        name: of.text("name"),
        role,
        mail: of.texts("mail"),
        webhooks: of.texts("webhooks"),
        topics: if stated.is_empty() { topics(role) } else { stated },
        level_min: of.level("level_min"),
        quiet_hours: of.hours("quiet_hours"),
        quiet_level_min: of.level("quiet_level_min"),
    }
}

fn role(name: &str) -> Role {
    match name {
        "analyst" => Role::Analyst,
        "privacy_officer" => Role::PrivacyOfficer,
        "responder" => Role::Responder,
        "administrator" => Role::Administrator,
        _ => Role::Auditor,
    }
}

fn topic(name: &str) -> Topic {
    match name {
        "security" => Topic::Security,
        "privacy" => Topic::Privacy,
        _ => Topic::Operations,
    }
}

fn topics(role: Role) -> Vec<Topic> {
    match role {
        Role::Analyst | Role::Responder => vec![Topic::Security],
        Role::PrivacyOfficer => vec![Topic::Privacy],
        Role::Administrator => vec![Topic::Operations],
        Role::Auditor => Vec::new(),
    }
}

fn siem(of: &Fields) -> Siem {
    let peer = of.text("peer");
    let kind = match of.text("kind").as_str() {
        "cef_tcp" => SiemKind::CefTcp { peer },
        "cef_tls" => SiemKind::CefTls { peer },
        _ => SiemKind::Hec { url: of.text("url"), token_file: of.path("token_file").unwrap_or_default() },
    };
    Siem { name: of.text("name"), kind, level_min: of.level("level_min") }
}

fn heartbeat(of: &Fields) -> Option<Heartbeat> {
    let url = of.text("url");
    (!url.is_empty()).then(|| Heartbeat { url, post: of.text("method") == "post", every: of.span("every") })
}

fn maintenance(of: &Fields) -> Maintenance {
    Maintenance { name: of.text("name"), reason: of.text("reason"), when: of.window("when"), hosts: of.texts("hosts") }
}
