//! A node that a test plays: it says what the test put in.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use cordon_api::{
    ApiOptions, ApiState, BehaviourFeature, ControlError, DecisionStatus, DiskStanding, EntityBehaviour, Family,
    Forgotten, LetterStatus, Live, ModelStatus, NodeControl, NodeHealth, NotificationStatus, OpenedRecord, Outcome,
    Part, PartState, Progress, RecordPlace, Reloaded, ReviewStanding, RuleStatus, SourceStatus, TestedWay,
    VerdictStatus, Work,
};
use cordon_model::{Level, Time};
use cordon_policy::{Policies, StaffNames, Universe};
use cordon_seal::{SiteKey, TotpSecret};
use cordon_store::disk::{Disk, FileDisk};
use cordon_store::query::{Queries, QueryOptions};
use cordon_store::state::{Entity, LetterState, SecretsKey, State, StateOptions};
use cordon_store::tables::{Tables, TablesOptions};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{broadcast, watch};
use tower::ServiceExt as _;

/// A node that a test plays.
#[derive(Debug)]
pub(crate) struct PlayedNode {
    pub(crate) parts: Mutex<Vec<Part>>,
    pub(crate) kept: watch::Sender<u64>,
    pub(crate) rules: Mutex<Vec<Arc<RuleStatus>>>,
    pub(crate) sources: Mutex<Vec<SourceStatus>>,
    pub(crate) disk: Mutex<Option<DiskStanding>>,
    pub(crate) is_file_bad: Mutex<bool>,
    pub(crate) is_frozen: Mutex<bool>,
    /// What stands at the end of records, by their places.
    pub(crate) record_ends: Mutex<BTreeMap<u64, String>>,
    pub(crate) events: broadcast::Sender<Arc<Live>>,
    /// Who opened the record of the one patient it knows; none before a review.
    pub(crate) opened: Mutex<Option<OpenedRecord>>,
    /// What verdicts do to later scores, and how often the node was told that one changed.
    pub(crate) effects: Mutex<Vec<VerdictStatus>>,
    pub(crate) verdicts_changed: Mutex<u32>,
    /// What verdicts on cases do to later reviews.
    pub(crate) decisions: Mutex<Vec<DecisionStatus>>,
    /// Who was asked to be forgotten.
    pub(crate) forgotten: Mutex<Vec<Entity>>,
}

impl PlayedNode {
    pub(crate) fn new() -> Arc<Self> {
        let part = Part { name: "wal", state: PartState::Ok, detail: String::new() };
        Arc::new(Self {
            parts: Mutex::new(vec![part]),
            kept: watch::Sender::new(0),
            rules: Mutex::new(vec![Arc::new(rule())]),
            sources: Mutex::new(vec![source("ehr-audit", "main"), source("syslog_udp/10.0.0.2", "north")]),
            disk: Mutex::new(None),
            is_file_bad: Mutex::new(false),
            is_frozen: Mutex::new(false),
            record_ends: Mutex::default(),
            events: broadcast::Sender::new(16),
            opened: Mutex::default(),
            effects: Mutex::default(),
            verdicts_changed: Mutex::default(),
            decisions: Mutex::default(),
            forgotten: Mutex::default(),
        })
    }
}

impl NodeControl for PlayedNode {
    fn now(&self) -> Time {
        Time::from_rfc3339("2025-12-10T12:00:00Z").unwrap()
    }

    fn health(&self) -> NodeHealth {
        let parts = self.parts.lock().unwrap().clone();
        let is_ready = parts.iter().all(|part| part.state != PartState::Failed);
        NodeHealth { version: "0.1.0".to_owned(), started: Time(0), is_ready, parts }
    }

    fn disk(&self) -> Option<DiskStanding> {
        self.disk.lock().unwrap().clone()
    }

    fn sources(&self) -> Vec<SourceStatus> {
        self.sources.lock().unwrap().clone()
    }

    fn metrics(&self) -> Vec<Family> {
        vec![Family::one("cordon_wal_bytes", "Bytes of the log.", cordon_api::Kind::Gauge, 12.0)]
    }

    fn rules(&self) -> Vec<Arc<RuleStatus>> {
        self.rules.lock().unwrap().clone()
    }

    fn rule_text(&self, id: &str) -> Option<Arc<str>> {
        self.rules().iter().any(|rule| rule.id == id).then(|| "title: a rule".into())
    }

    fn switch_rule(&self, id: &str, is_enabled: bool) -> BoxFuture<'static, Result<(), ControlError>> {
        let mut rules = self.rules.lock().unwrap();
        let rule = rules.iter_mut().find(|rule| rule.id == id);
        let switched = rule.map(|rule| Arc::make_mut(rule).is_enabled = is_enabled);
        let switched = switched.ok_or_else(|| ControlError::Unknown(format!("rule {id}")));
        Box::pin(async move { switched })
    }

    fn is_frozen(&self) -> bool {
        *self.is_frozen.lock().unwrap()
    }

    fn check_setting(&self, name: &str, value: &Value) -> Result<(), ControlError> {
        match (name, value.is_u64()) {
            ("idle_minutes", true) => Ok(()),
            ("idle_minutes", false) => Err(ControlError::Refused("minutes are a number".to_owned())),
            _ => Err(ControlError::Unknown(format!("setting {name}"))),
        }
    }

    fn record(&self, place: RecordPlace, is_revealed: bool) -> BoxFuture<'static, Result<Vec<u8>, ControlError>> {
        let patient = if is_revealed { "Jane Doe" } else { "********" };
        let end = self.record_ends.lock().unwrap().get(&place.position).cloned().unwrap_or_default();
        let bytes = format!("record at {} of {patient}{end}", place.position).into_bytes();
        Box::pin(async move { Ok(bytes) })
    }

    fn sender_site(&self, sender: &str) -> String {
        if sender == "northern" { "north".to_owned() } else { "main".to_owned() }
    }

    fn reload_settings(&self) -> BoxFuture<'static, Result<Reloaded, ControlError>> {
        let said = "cordon.toml:4: `tell.gather` has a value that does not fit: expected a length of time".to_owned();
        let taken =
            Reloaded { changed: vec!["tell.gather".to_owned()], restart: vec!["api.address".to_owned()], rules: 3 };
        let answer = if *self.is_file_bad.lock().unwrap() { Err(ControlError::Refused(said)) } else { Ok(taken) };
        Box::pin(async move { answer })
    }

    fn notification(&self) -> NotificationStatus {
        NotificationStatus {
            groups: vec!["it-on-call".to_owned()],
            waiting: 2,
            dead: 1,
            ..NotificationStatus::default()
        }
    }

    fn letters(&self, state: LetterState, _: u32) -> BoxFuture<'static, Result<Vec<LetterStatus>, ControlError>> {
        let letter = LetterStatus {
            key: "00ff".to_owned(),
            channel: "webhook:chat".to_owned(),
            group: "it-on-call".to_owned(),
            kind: "news",
            level: Level::High,
            count: 4,
            attempts: 9,
            next_attempt: Time(0),
            error: "not reached: timed out".to_owned(),
        };
        Box::pin(async move { Ok(if state == LetterState::Dead { vec![letter] } else { Vec::new() }) })
    }

    fn put_letter_back(&self, key: &str) -> BoxFuture<'static, Result<(), ControlError>> {
        let put = if key == "00ff" { Ok(()) } else { Err(ControlError::Unknown("letter".to_owned())) };
        Box::pin(async move { put })
    }

    fn test_notification(&self, group: &str) -> BoxFuture<'static, Result<Vec<TestedWay>, ControlError>> {
        let way = |channel: &str, error: &str| TestedWay { channel: channel.to_owned(), error: error.to_owned() };
        let ways = vec![way("mail:it@lakeside.example", ""), way("webhook:chat", "refused: 500")];
        let known = if group == "it-on-call" { Ok(ways) } else { Err(ControlError::Unknown("group".to_owned())) };
        Box::pin(async move { known })
    }

    fn reload_rules(&self) -> BoxFuture<'static, Result<usize, ControlError>> {
        Box::pin(async { Ok(0) })
    }

    fn run(&self, work: Work, progress: Arc<Progress>) -> BoxFuture<'static, Result<Outcome, ControlError>> {
        match work {
            // as on a disk that stands still: it is on its way for ever
            Work::Freeze if *self.is_file_bad.lock().unwrap() => return Box::pin(std::future::pending()),
            Work::Freeze => *self.is_frozen.lock().unwrap() = true,
            Work::Thaw => *self.is_frozen.lock().unwrap() = false,
            _ => {}
        }
        Box::pin(async move {
            progress.set(1, 1);
            Ok(Outcome::default())
        })
    }

    fn findings_kept(&self) -> watch::Receiver<u64> {
        self.kept.subscribe()
    }

    fn live_events(&self) -> broadcast::Receiver<Arc<Live>> {
        self.events.subscribe()
    }

    fn review(&self) -> ReviewStanding {
        let missing = vec!["shifts.csv was not found".to_owned()];
        ReviewStanding { site: "main".to_owned(), next: None, is_set_up: true, missing }
    }

    fn opened(
        &self,
        patient_ref: String,
        period: Range<Time>,
    ) -> BoxFuture<'static, Result<Option<OpenedRecord>, ControlError>> {
        let known = self.opened.lock().unwrap().clone();
        let known = known.ok_or_else(|| ControlError::Refused("no review has run".to_owned()));
        let mut told = known.map(|known| Some(known).filter(|known| known.patients.contains(&patient_ref)));
        if let Ok(Some(record)) = &mut told {
            record.accesses.retain(|access| period.contains(&access.time));
        }
        Box::pin(async move { told })
    }

    fn models(&self) -> Vec<ModelStatus> {
        vec![ModelStatus { id: "learn.user.sign_in".to_owned(), ..ModelStatus::default() }]
    }

    fn ask_alerts(&self, alerts_per_week: u32) -> BoxFuture<'static, Result<u32, ControlError>> {
        Box::pin(async move { Ok(alerts_per_week) })
    }

    fn verdict_effects(&self) -> Vec<VerdictStatus> {
        self.effects.lock().unwrap().clone()
    }

    fn decision_effects(&self) -> BoxFuture<'static, Result<Vec<DecisionStatus>, ControlError>> {
        let decisions = self.decisions.lock().unwrap().clone();
        Box::pin(async { Ok(decisions) })
    }

    fn verdicts_changed(&self) -> BoxFuture<'static, Result<(), ControlError>> {
        *self.verdicts_changed.lock().unwrap() += 1;
        Box::pin(async { Ok(()) })
    }

    fn forget(&self, entity: Entity) -> BoxFuture<'static, Result<Option<Forgotten>, ControlError>> {
        let known = (&*entity.name == "annabella").then_some(Forgotten { first_seen: Time(0), days: 12 });
        self.forgotten.lock().unwrap().push(entity);
        Box::pin(async move { Ok(known) })
    }

    /// It knows one account and one host, and says of both the account's name.
    fn behaviour_of(&self, entity: Entity) -> BoxFuture<'static, Result<Option<EntityBehaviour>, ControlError>> {
        let feature = BehaviourFeature {
            name: "records".to_owned(),
            words: format!("records that {} opens in an hour", entity.name),
            now: Some(412.0),
            usual: Some(9.0),
            peers: Some(31.0),
            ..BehaviourFeature::default()
        };
        let behaviour = EntityBehaviour { risk: 2.5, features: vec![feature], ..EntityBehaviour::default() };
        let is_known = ["WS7", "LAKESIDE\\annabella"].contains(&&*entity.name);
        Box::pin(async move { Ok(is_known.then_some(behaviour)) })
    }
}

fn rule() -> RuleStatus {
    RuleStatus {
        id: "rule-1".to_owned(),
        title: "Many records in an hour".to_owned(),
        level: Level::High,
        author: "Cordon".to_owned(),
        license: "Apache-2.0".to_owned(),
        link: String::new(),
        description: String::new(),
        tags: vec!["attack.t1213".to_owned()],
        false_positives: Vec::new(),
        log_source: "record_access".to_owned(),
        is_correlation: false,
        is_enabled: true,
        off_reason: String::new(),
        findings: 0,
    }
}

fn source(id: &str, site: &str) -> SourceStatus {
    SourceStatus {
        id: id.to_owned(),
        site: site.to_owned(),
        listener: "http".to_owned(),
        sender: "token".to_owned(),
        format: String::new(),
        is_declared: true,
        is_care: false,
        is_silent: false,
        events_per_second_max: 0,
        silence_seconds: 0,
        records: 7,
        bytes: 700,
        received_last: Time::from_rfc3339("2025-12-10T11:59:00Z"),
        event_last: Time::from_rfc3339("2025-12-10T11:58:30Z"),
        drops: [("overload".to_owned(), 2)].into(),
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The cookie of the session that was set, as it is sent back.
    pub(crate) fn session(&self) -> String {
        let set = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        let mut session = set.filter(|cookie| cookie.contains("cordon-session="));
        session.next().unwrap().split(';').next().unwrap().to_owned()
    }
}

/// Sends one request.
pub(crate) async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 16 << 20).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

/// A played node with a state of its own, gone with it. Its sites are `main` and `north`.
pub(crate) struct Played {
    pub(crate) node: Arc<PlayedNode>,
    pub(crate) kept: State,
    pub(crate) tables: Tables,
    pub(crate) api: ApiState,
    pub(crate) router: Router,
    _folder: TempDir,
}

/// Classes that the node knows: process activity, authentication, record access.
pub(crate) const CLASSES: [i64; 3] = [1007, 3002, 87_006_001];

/// The policies of the binary.
fn policies() -> Policies {
    let sites = ["main", "north"].map(str::to_owned).into();
    Policies::load(Universe { sites, classes: CLASSES.into() }, &[]).unwrap()
}

impl Played {
    pub(crate) async fn start() -> Self {
        Self::start_under([7; 32]).await
    }

    /// Where staff have pseudonyms.
    pub(crate) async fn start_with_pseudonyms() -> Self {
        let played = Self::start().await;
        played.api.set_policies(policies().with_staff_names(StaffNames::ByPseudonymButToOfficers));
        played
    }

    /// From now on staff have pseudonyms to everybody, privacy officers too.
    pub(crate) fn hide_staff_from_officers_too(&self) {
        self.api.set_policies(policies().with_staff_names(StaffNames::ByPseudonym));
    }

    /// With this key for its state.
    pub(crate) async fn start_under(key: [u8; 32]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = StateOptions {
            secrets: Some(SecretsKey(key)),
            site_key: Some(SiteKey::new([5; 32])),
            ..StateOptions::default()
        };
        let kept = State::open(&folder.path().join("state.sqlite"), options).await.unwrap();
        let node = PlayedNode::new();
        let options = ApiOptions { stream_max: Duration::from_secs(1), ..ApiOptions::default() };
        let disk: Arc<dyn Disk> = Arc::new(FileDisk);
        let tables = Tables::open(disk, &folder.path().join("tables"), TablesOptions::default()).await.unwrap();
        let searches = QueryOptions {
            accounts: kept.accounts().clone(),
            ..QueryOptions::spilling_to(folder.path().join("spill"))
        };
        let queries = Queries::new(tables.clone(), searches).unwrap();
        let control = Arc::clone(&node) as Arc<dyn NodeControl>;
        let api = ApiState::new(control, kept.clone(), queries, policies(), options);
        let router = cordon_api::router(api.clone());
        Self { node, kept, tables, api, router, _folder: folder }
    }

    /// Sends one request.
    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        ask(&self.router, request).await
    }

    /// Makes the first administrator with a second factor, and gives the cookie of its session.
    pub(crate) async fn administrator(&self) -> Administrator {
        let token = cordon_api::first_link(&self.api).await.unwrap().unwrap();
        let body = json!({"token": token, "name": "Root", "password": PASSWORD});
        let made = self.ask(post("/api/v1/first-administrator", &body)).await;
        assert_eq!((made.status.as_u16(), made.json()), (200, json!({"name": "root", "must_enrol_totp": true})));
        let mut cookie = made.session();
        let secret = self.ask(with_cookie(post("/api/v1/me/totp", &Value::Null), &cookie)).await.json();
        let secret = from_base32(secret["secret"].as_str().unwrap());
        let code = json!({"code": secret.code_at(now_seconds())});
        let confirmed = self.ask(with_cookie(post("/api/v1/me/totp/confirm", &code), &cookie)).await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.text);
        cookie = confirmed.session();
        Administrator { cookie, secret }
    }

    /// Makes a user with a password, and gives the cookie of the session.
    pub(crate) async fn person(&self, by: &Administrator, name: &str, roles: &[&str]) -> String {
        let body = json!({"name": name, "roles": roles, "sites": null});
        let invited = self.ask(with_cookie(post("/api/v1/users", &body), &by.cookie)).await;
        assert_eq!(invited.status, 201, "{}", invited.text);
        let accept = json!({"token": invited.json()["token"], "password": PASSWORD});
        self.ask(post("/api/v1/invitations/accept", &accept)).await.session()
    }

    /// Makes a token.
    pub(crate) async fn token(&self, by: &Administrator, roles: &[&str], sites: Option<&[&str]>) -> String {
        let name = format!("t{}", roles.join("."));
        let body = json!({"name": name, "roles": roles, "sites": sites, "days": 1});
        let made = self.ask(with_cookie(post("/api/v1/tokens", &body), &by.cookie)).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.json()["secret"].as_str().unwrap().to_owned()
    }
}

/// The first administrator.
pub(crate) struct Administrator {
    pub(crate) cookie: String,
    pub(crate) secret: TotpSecret,
}

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A request without a body.
pub(crate) fn request(method: &str, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
}

/// A POST with JSON, none for null.
pub(crate) fn post(path: &str, body: &Value) -> Request<Body> {
    send("POST", path, body)
}

/// A request with JSON, none for null.
pub(crate) fn send(method: &str, path: &str, body: &Value) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    if body.is_null() {
        return request.body(Body::empty()).unwrap();
    }
    request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()
}

/// The same request with a session, as the page sends it.
pub(crate) fn with_cookie(mut request: Request<Body>, cookie: &str) -> Request<Body> {
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    request.headers_mut().insert("x-cordon-csrf", "1".parse().unwrap());
    request
}

/// The same request with a token.
pub(crate) fn with_token(mut request: Request<Body>, token: &str) -> Request<Body> {
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

/// Now by the real clock, in seconds since 1970.
pub(crate) fn now_seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn from_base32(text: &str) -> TotpSecret {
    let mut bits = String::new();
    for letter in text.bytes() {
        let place = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).unwrap();
        bits.push_str(&format!("{place:05b}"));
    }
    let bytes: Vec<u8> = (0..20).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap()).collect();
    TotpSecret(bytes.try_into().unwrap())
}
