//! A node that a test serves: with settings as a file has them, in a folder of its own, on ports that are free.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cordon_decode::DecodeOptions;
use cordon_detect::{DetectOptions, Detector};
use cordon_model::Time;
use cordon_node::config::{Config, Layers};
use cordon_node::live::{self, LoadedRules, Reloading, Serving, StartError};
use cordon_node::sdnotify::ServiceManager;
use cordon_policy::{AccessScope, Role};
use cordon_rules::Engine;
use cordon_rules::correlate::Plan;
use cordon_seal::SiteKey;
use cordon_store::disk::FileDisk;
use cordon_store::state::{By, NewToken, State, StateOptions};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A test that waits longer for something that must happen has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nothing listens but what a test adds.
const QUIET: &str = "[api]\naddress = \"127.0.0.1:0\"\n";

/// A running node.
pub(crate) struct Served {
    pub(crate) folder: PathBuf,
    said: Arc<Mutex<Vec<String>>>,
    file: Arc<Mutex<String>>,
    asked: Arc<Notify>,
    stop: CancellationToken,
    running: JoinHandle<Result<(), StartError>>,
}

fn load(text: &str) -> Result<Config, String> {
    let layers = Layers { file: Some(("cordon.toml", text)), ..Layers::default() };
    Config::load(&layers).map_err(|faults| faults.to_string())
}

/// Settings: `intake` names what listens, `rest` follows as it is.
pub(crate) fn settings(intake: &str, rest: &str) -> String {
    let mut all = BTreeMap::from([("http", "[]"), ("syslog_udp", "[]"), ("syslog_tcp", "[]")]);
    all.extend(intake.lines().filter_map(|line| line.split_once(" = ")));
    let intake: String = all.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    format!("{QUIET}[intake]\n{intake}{rest}")
}

fn decode() -> DecodeOptions {
    DecodeOptions::new(Time::from_rfc3339("2026-03-18T23:59:00Z").unwrap())
}

/// No rule at all.
fn no_rules(decode: &DecodeOptions) -> LoadedRules {
    let (engine, _) = Engine::compile(&[], &decode.log_sources);
    let (plan, _) = Plan::new(&[], &|_| None);
    let options = DetectOptions::new(decode, SiteKey::of_scan());
    let detector = Detector::new(engine, Arc::new(plan), &[], options);
    LoadedRules { detector, version: "none".into(), statuses: Vec::new(), texts: BTreeMap::new() }
}

impl Served {
    /// Starts a node with these settings and waits until it answers.
    pub(crate) async fn start(folder: &Path, settings: &str) -> Self {
        let config = load(settings).unwrap();
        let file = Arc::new(Mutex::new(settings.to_owned()));
        let (asked, again) = (Arc::new(Notify::new()), Arc::clone(&file));
        let reloading = Reloading {
            read: Arc::new(move || load(&again.lock().unwrap())),
            adopt: Arc::new(|_| Ok(())),
            asked: Arc::clone(&asked),
        };
        let (stop, said) = (CancellationToken::new(), Arc::<Mutex<Vec<String>>>::default());
        let (decode, hear) = (decode(), Arc::clone(&said));
        let of_rules = decode.clone();
        let serving = Serving {
            data_dir: folder.to_owned(),
            disk: Arc::new(FileDisk),
            pace: live::Pace::default(),
            keys: Arc::new(live::open_keys(&config, folder, Arc::new(FileDisk)).unwrap()),
            decode,
            load: Arc::new(move |_| Ok(no_rules(&of_rules))),
            workers: 2,
            say: Arc::new(move |text| hear.lock().unwrap().push(text.to_owned())),
            stop: stop.clone(),
            manager: ServiceManager::new(|_| None, 0).unwrap(),
            reloading,
        };
        let running = tokio::spawn(async move { live::serve(&config, serving).await });
        let served = Self { folder: folder.to_owned(), said, file, asked, stop, running };
        served.until(|| async { served.says("api").is_some().then_some(()) }).await;
        served
    }

    /// Writes other settings into the file.
    pub(crate) fn write(&self, settings: &str) {
        settings.clone_into(&mut self.file.lock().unwrap());
    }

    /// Sends the node a hang-up.
    pub(crate) fn hang_up(&self) {
        self.asked.notify_one();
    }

    /// Reads the file again through the API; status and answer.
    pub(crate) async fn reload(&self) -> (u16, Value) {
        self.ask(Role::Administrator, "POST", "/api/v1/settings/reload", &Value::Null).await
    }

    /// What was said to the terminal that starts so.
    pub(crate) fn said(&self, start: &str) -> Option<String> {
        let said = self.said.lock().unwrap();
        said.iter().find_map(|text| text.strip_prefix(start).map(str::to_owned))
    }

    /// Sends lines over HTTP as a sender; the status.
    pub(crate) async fn post_lines(&self, token: &str, lines: &str) -> u16 {
        let url = format!("http://{}/intake/v1/raw", self.address("http intake"));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let request = reqwest::Client::new().post(url).bearer_auth(token).body(lines.to_owned());
        request.send().await.unwrap().status().as_u16()
    }

    /// Waits until something is there.
    pub(crate) async fn until<T, F: Future<Output = Option<T>>>(&self, look: impl Fn() -> F) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            let is_patient = began.elapsed() < PATIENCE;
            assert!(is_patient && !self.running.is_finished(), "{:?}", self.said.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn says(&self, name: &str) -> Option<SocketAddr> {
        let said = self.said.lock().unwrap();
        said.iter().find_map(|text| text.strip_prefix(&format!("{name} on "))?.parse().ok())
    }

    /// Where a listener of this name can be reached from this machine.
    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        let address = self.says(name).unwrap();
        SocketAddr::from(([127, 0, 0, 1], address.port()))
    }

    /// A token with a role, of the API.
    pub(crate) async fn token(&self, role: Role) -> String {
        let state = self.state().await;
        let secret = format!("token-of-{}", role.name());
        let new = NewToken {
            name: secret.clone(),
            secret: cordon_seal::digest(secret.as_bytes()),
            roles: BTreeSet::from([role]),
            sites: None,
            only: None,
            expires: Time(i64::MAX),
        };
        let by = By::node(Time(0));
        // a test may ask twice
        let _there_already = state.add_token(&by, &new).await;
        state.close().await;
        secret
    }

    /// A token by which a sender of HTTP proves itself.
    pub(crate) async fn sender_token(&self, name: &str) -> String {
        let state = self.state().await;
        let secret = format!("token-of-sender-{name}");
        let digest = cordon_seal::digest(secret.as_bytes());
        let scope = AccessScope::of_the_node();
        state.add_source_token(&scope, &By::node(Time(0)), name, "main", digest, None).await.unwrap();
        state.close().await;
        secret
    }

    pub(crate) async fn state(&self) -> State {
        State::open(&self.folder.join("state.sqlite"), StateOptions::default()).await.unwrap()
    }

    /// Asks the API as whoever has this role.
    pub(crate) async fn ask(&self, role: Role, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let token = self.token(role).await;
        let url = format!("http://{}{path}", self.address("api"));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut request = reqwest::Client::new().request(method.parse().unwrap(), url).bearer_auth(token);
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// A GET that must succeed.
    pub(crate) async fn read(&self, role: Role, path: &str) -> Value {
        let (status, body) = self.ask(role, "GET", path, &Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The sources with the number of records of each.
    pub(crate) async fn sources(&self) -> BTreeMap<String, u64> {
        let body = self.read(Role::Analyst, "/api/v1/sources").await;
        let of = |source: &Value| (source["id"].as_str().unwrap().to_owned(), source["records"].as_u64().unwrap());
        body["items"].as_array().unwrap().iter().map(of).collect()
    }

    /// Stops the node in order.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.running.await.unwrap().unwrap();
    }
}
