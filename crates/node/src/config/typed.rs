//! The settings as the rooms use them: plain fields, each with its unit. What they mean in words stands in `catalogue`.

use std::net::SocketAddr;
use std::path::PathBuf;

use cordon_collect::live::SourceDeclaration;
use cordon_model::Level;
use cordon_policy::StaffNames;
use jiff::tz::TimeZone;

use super::value::{Clock, Hours, Span, Window};
use super::{Origin, Value};

/// All settings of a node.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything is kept; `None` for the folder of the user or of the service.
    pub data_dir: Option<PathBuf>,
    /// Name of this site.
    pub site: String,
    /// The site's time zone: quiet hours and maintenance windows are read on its clock.
    pub time_zone: TimeZone,
    /// Bytes of memory that the node may take; `None` for what is allowed.
    pub memory: Option<u64>,
    /// The clock of demos and tests; `None` for real time.
    pub event_clock: Option<Clock>,
    /// What is logged, and how.
    pub log: LogSettings,
    /// API and console.
    pub api: Api,
    /// Certificates.
    pub tls: Tls,
    /// Who may see and do what.
    pub access: Access,
    /// The first administrator.
    pub admin: Admin,
    /// Signing in through a provider; `None` when nobody does.
    pub oidc: Option<Oidc>,
    /// Where events come in.
    pub intake: Intake,
    /// Declared sources.
    pub sources: Vec<SourceDeclaration>,
    /// Detection rules.
    pub rules: Rules,
    /// Learnt behaviour.
    pub learn: Learn,
    /// The review of record accesses.
    pub privacy: Privacy,
    /// How things are kept.
    pub store: StoreSettings,
    /// The master key.
    pub keys: Keys,
    /// What is kept how long.
    pub retention: Retention,
    /// Limits of searches.
    pub query: Query,
    /// How people are told.
    pub tell: Tell,
    /// The mail server; `None` when no mail is sent.
    pub smtp: Option<Smtp>,
    /// Web addresses that are told.
    pub webhooks: Vec<Webhook>,
    /// Who is told of what.
    pub recipients: Vec<Recipients>,
    /// Existing SIEMs that get every finding.
    pub siem: Vec<Siem>,
    /// The sign of life; `None` when none is sent.
    pub heartbeat: Option<Heartbeat>,
    /// Times of work on systems.
    pub maintenance: Vec<Maintenance>,
    /// Every setting with its value and origin, in the order of the catalogue; those of tables that repeat as `sources[NAME].key`.
    pub values: Vec<(String, Value, Origin)>,
}

/// Logging of the node itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// How a line is written.
    pub form: LogForm,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogForm {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// API and console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Where they listen.
    pub address: SocketAddr,
    /// How people reach the console, without a slash at the end: the start of links in messages.
    pub public_url: String,
}

impl Api {
    /// How people reach the console when it listens here: as the settings say, else made from the address that was bound, whose port the settings may leave open.
    #[must_use]
    pub fn url_at(&self, bound: SocketAddr) -> String {
        if self.public_url == Self::made_of(self.address) { Self::made_of(bound) } else { self.public_url.clone() }
    }

    /// Of an address; without TLS where nobody else can listen.
    pub(super) fn made_of(address: SocketAddr) -> String {
        let scheme = if address.ip().is_loopback() { "http" } else { "https" };
        format!("{scheme}://{address}")
    }
}

/// Certificates of every address that speaks TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// PEM file with the chain; `None` for one made at the first start.
    pub certificate: Option<PathBuf>,
    /// PEM file with its private key.
    pub key: Option<PathBuf>,
    /// PEM file with the authorities whose client certificates are taken; `None` when none is asked for.
    pub client_ca: Option<PathBuf>,
    /// Names and addresses in the certificate made at the first start, beside `localhost` and the machine's name.
    pub names: Vec<String>,
}

/// Who may see and do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Folder with policies of the site; `None` for those in the binary alone.
    pub policies: Option<PathBuf>,
    /// How the accounts of people are shown.
    pub staff_names: StaffNames,
}

/// The first administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// File that the one-time link is written to as well; `None` for the log alone.
    pub link_file: Option<PathBuf>,
    /// How long the link can be used.
    pub link_valid: Span,
}

/// Signing in through a provider that speaks OpenID Connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oidc {
    /// The provider, as its tokens name it.
    pub issuer: String,
    /// What people call it.
    pub label: String,
    /// What it calls this node.
    pub client_id: String,
    /// File with the secret of this node there; `None` for a public client.
    pub client_secret_file: Option<PathBuf>,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Path of the claim with the name of a user.
    pub name_claim: String,
    /// Path of the claim with groups.
    pub roles_claim: String,
    /// Names of the algorithms that ID tokens may be signed with.
    pub algorithms: Vec<String>,
    /// Values of `acr` that mean a second factor.
    pub administrator_acr: Vec<String>,
    /// Values of `amr` that mean a second factor.
    pub administrator_amr: Vec<String>,
    /// Values of `acr` that everybody is asked for.
    pub acr_values: Vec<String>,
    /// PEM file with further authorities.
    pub ca_file: Option<PathBuf>,
    /// What groups give.
    pub roles: Vec<OidcRole>,
}

/// What a group of the provider gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcRole {
    /// The group, as the claim has it.
    pub value: String,
    /// The roles.
    pub roles: Vec<cordon_policy::Role>,
    /// The sites; empty for all.
    pub sites: Vec<String>,
}

/// Where events come in. An empty list means that nothing listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intake {
    /// HTTP: NDJSON, Elasticsearch bulk, Splunk HEC, OTLP, FHIR AuditEvent.
    pub http: Vec<SocketAddr>,
    /// Syslog over UDP.
    pub syslog_udp: Vec<SocketAddr>,
    /// Syslog over TCP.
    pub syslog_tcp: Vec<SocketAddr>,
    /// Syslog over TLS (RFC 5425).
    pub syslog_tls: Vec<SocketAddr>,
    /// RELP.
    pub relp: Vec<SocketAddr>,
    /// RELP over TLS.
    pub relp_tls: Vec<SocketAddr>,
    /// HL7 v2 over MLLP.
    pub mllp: Vec<SocketAddr>,
    /// HL7 v2 over MLLP over TLS.
    pub mllp_tls: Vec<SocketAddr>,
    /// Patterns of files that are followed.
    pub tail: Vec<String>,
    /// Most bytes that wait to be written; `None` for a share of the memory.
    pub queue_bytes_max: Option<u64>,
}

/// Learnt behaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learn {
    /// Findings a week that are asked for, of all detectors together.
    pub alerts_per_week: u64,
    /// File with work orders of devices; `None` when none are declared.
    pub work_orders: Option<PathBuf>,
}

/// Detection rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether the rules in the binary and installed sets run.
    pub packs: bool,
    /// Folders with rules of the site.
    pub folders: Vec<PathBuf>,
    /// Name or file of a profile; empty for all rules.
    pub profile: String,
}

/// The review of record accesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privacy {
    /// Folder with people, roster and patients; `None` when nothing is reviewed.
    pub context_dir: Option<PathBuf>,
    /// How often, by the event clock.
    pub review_every: Span,
    /// Days up to now whose accesses are looked at.
    pub days: u64,
    /// Days after which withdrawn and unfounded cases are deleted.
    pub forget_after_days: u64,
    /// Accounts of the privacy office.
    pub office: Vec<String>,
    /// Most cases a day for each 10,000 people; `None` for all.
    pub budget: Option<u64>,
    /// Who assigns ids of patients that stand alone in the files.
    pub authorities: Vec<String>,
}

/// How things are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// Bytes of one segment of the write-ahead log.
    pub wal_segment_bytes: u64,
    /// Most bytes of the write-ahead log.
    pub wal_bytes_max: u64,
    /// Bytes of new events in memory after which they are written as a file; `None` for a share of the memory.
    pub flush_bytes: Option<u64>,
    /// Time after which they are written in any case.
    pub flush_every: Span,
}

/// The master key, which wraps every other key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// File with the key; `None` for one made in the data folder at the first start.
    pub file: Option<PathBuf>,
    /// File with a passphrase that the key is derived from; excludes `file`.
    pub passphrase_file: Option<PathBuf>,
}

/// What is kept how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The disk budget; `None` for four fifths of the file system.
    pub bytes_max: Option<u64>,
    /// Days after which anything that nothing protects goes.
    pub days_max: u64,
    /// Days for which evidence cited by findings stays.
    pub cited_days_min: u64,
    /// Shares and minimum ages per class of data.
    pub classes: Vec<ClassShare>,
    /// Shares and minimum ages per source.
    pub sources: Vec<SourceShare>,
}

/// Classes of data that share the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataClass {
    /// Accesses to health records and messages between clinical systems.
    Health,
    /// Sign-ins and accounts.
    Identity,
    /// Processes, files, modules on hosts.
    System,
    /// Network traffic.
    Network,
    /// Web and other applications.
    Application,
    /// Everything else.
    Other,
}

/// Share of the disk of a class of data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassShare {
    /// The class.
    pub class: DataClass,
    /// Percent of the budget that other classes cannot take from it, 0 to 100.
    pub share_percent: u64,
    /// Days for which it is not removed for lack of room.
    pub days_min: u64,
}

/// Share of the disk of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceShare {
    /// Id of the source.
    pub source: String,
    /// Most percent of the budget that it may take while others need room, 1 to 100.
    pub share_percent_max: u64,
    /// Days for which it is not removed for lack of room.
    pub days_min: u64,
}

/// Limits of searches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Memory of all searches together, bytes; `None` for a share of the memory.
    pub memory_bytes_max: Option<u64>,
    /// Longest time of one.
    pub time_max: Span,
    /// Most at once; others wait.
    pub at_once_max: u64,
}

/// How people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tell {
    /// How long findings about one entity are gathered before the first message.
    pub gather: Span,
    /// How long after a message further findings about the entity wait for one digest.
    pub window: Span,
    /// How long a message that cannot be delivered is tried again before it is a dead letter.
    pub retry_for: Span,
    /// PEM file with further authorities for mail, web addresses and SIEMs.
    pub ca_file: Option<PathBuf>,
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smtp {
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// Account; empty for none.
    pub user: String,
    /// File with its password.
    pub password_file: Option<PathBuf>,
    /// Sender.
    pub from: String,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS that begins after a greeting in clear; without it nothing is sent.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None: only to this machine.
    Plain,
}

/// A web address that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Name, which recipients refer to.
    pub name: String,
    /// Where messages are posted.
    pub url: String,
    /// File with the secret that signs them.
    pub secret_file: PathBuf,
}

/// Roles of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks at findings.
    Analyst,
    /// Looks at accesses to records.
    PrivacyOfficer,
    /// Acts.
    Responder,
    /// Checks the others.
    Auditor,
    /// Runs the node.
    Administrator,
}

/// What messages are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Findings about systems.
    Security,
    /// Findings about accesses to records.
    Privacy,
    /// The node itself: silent sources, losses, lack of room.
    Operations,
}

/// Who is told of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipients {
    /// Name of the group.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Mail addresses.
    pub mail: Vec<String>,
    /// Names of webhooks.
    pub webhooks: Vec<String>,
    /// What they are told of.
    pub topics: Vec<Topic>,
    /// From which level on.
    pub level_min: Level,
    /// When they sleep.
    pub quiet_hours: Option<Hours>,
    /// From which level on they are woken.
    pub quiet_level_min: Level,
}

/// An existing SIEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Siem {
    /// Name.
    pub name: String,
    /// How it is spoken to.
    pub kind: SiemKind,
    /// From which level on.
    pub level_min: Level,
}

/// How a SIEM is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SiemKind {
    /// CEF over syslog over TCP, in clear.
    CefTcp {
        /// Host and port.
        peer: String,
    },
    /// CEF over syslog over TLS.
    CefTls {
        /// Host and port.
        peer: String,
    },
    /// Splunk's HTTP event collector.
    Hec {
        /// Its address, for example `https://splunk.example.org:8088`.
        url: String,
        /// File with the token.
        token_file: PathBuf,
    },
}

/// A sign of life that others can watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Where it goes.
    pub url: String,
    /// Whether its state is posted; else the address is only fetched.
    pub post: bool,
    /// How often.
    pub every: Span,
}

/// A time of work on systems, in which nobody is told of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    /// Name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// When.
    pub when: Window,
    /// Hosts and devices concerned; empty for all.
    pub hosts: Vec<String>,
}
