//! The node that is killed: this test program again, running `serve` as the binary does, over a disk that kills its process at a named point.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cordon_model::Time;
use cordon_node::config::{Config, Layers, Span};
use cordon_node::live::{EventClock, LoadedRules, Reloading, Serving, open_keys, serve};
use cordon_node::sdnotify::ServiceManager;
use cordon_policy::{AccessScope, Role};
use cordon_store::disk::{Disk, FileDisk};
use cordon_store::state::{By, NewToken, State, StateOptions};
use cordon_testkit::crash::{CrashDisk, FailPoint, die};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::parts::{HASTE, decode, detector};

/// Names the data folder to a child.
pub(crate) const FOLDER: &str = "CORDON_TEST_CRASH_FOLDER";
/// Names the point: `NAME#HIT`.
pub(crate) const POINT: &str = "CORDON_TEST_CRASH_POINT";
/// Set for the node's own log on standard error.
const LOG: &str = "CORDON_TEST_CRASH_LOG";

/// The token of a sender.
pub(crate) fn token(source: &str) -> String {
    format!("cordon_test_{source}")
}

/// The senders.
pub(crate) const SENDERS: [&str; 2] = ["a", "b"];

/// One line to the parent. Standard output may be gone when it was killed.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _nobody = out.write_all(format!("{text}\n").as_bytes()).and_then(|()| out.flush());
}

/// The point that a child is to be killed at.
pub(crate) fn fail_point() -> Option<FailPoint> {
    let point = std::env::var(POINT).ok()?;
    let (name, hit) = point.rsplit_once('#')?;
    Some(FailPoint { name: name.to_owned(), hit: hit.parse().ok()? })
}

/// The child: with the folder given it runs a node until it is killed or its standard input ends. Without, there is nothing to do.
#[test]
fn node_that_runs_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    if std::env::var_os(LOG).is_some() {
        tracing_to_stderr();
    }
    let deed = Arc::new(|name: &str| {
        say(&format!("point {name}"));
        die();
    });
    let disk: Arc<dyn Disk> = Arc::new(CrashDisk::new(Arc::new(FileDisk), &folder, fail_point(), deed));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(&folder, disk)).unwrap();
    say("stopped");
}

fn tracing_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::new("info,deltalake=warn,deltalake_core=warn,buoyant_kernel=warn");
    let _already = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).try_init();
}

async fn run(folder: &Path, disk: Arc<dyn Disk>) -> Result<(), Box<dyn std::error::Error>> {
    let text = "site = \"main\"\n[api]\naddress = \"127.0.0.1:0\"\n[intake]\nhttp = [\"127.0.0.1:0\"]\n\
                syslog_udp = []\nsyslog_tcp = []\nsyslog_tls = []\nrelp = []\nmllp = []\ntail = []\n";
    let layers = Layers { file: Some(("test", text)), ..Layers::default() };
    let mut config = Config::load(&layers).map_err(|faults| format!("{faults:?}"))?;
    config.store.flush_bytes = Some(256 << 10);
    config.store.wal_segment_bytes = 24 << 10;
    config.store.flush_every = Span(1);
    let _already = rustls::crypto::ring::default_provider().install_default();
    let keys = Arc::new(open_keys(&config, folder, Arc::clone(&disk))?);
    let stop = CancellationToken::new();
    let opened = Arc::new(Notify::new());
    let is_open = Arc::clone(&opened);
    let decode = decode();
    let (rules, in_force) = (decode.clone(), config.clone());
    let load = move |_: &_| {
        let (statuses, texts) = (Vec::new(), BTreeMap::new());
        Ok(LoadedRules { detector: detector(&rules), version: "test".into(), statuses, texts })
    };
    let serving = Serving {
        data_dir: folder.to_owned(),
        disk,
        pace: HASTE,
        keys,
        decode,
        load: Arc::new(load),
        workers: 2,
        say: Arc::new(move |text: &str| {
            say(text);
            if text.starts_with("api on") {
                is_open.notify_one();
            }
        }),
        stop: stop.clone(),
        manager: ServiceManager::default(),
        reloading: Reloading {
            read: Arc::new(move || Ok(in_force.clone())),
            adopt: Arc::new(|_| Ok(())),
            asked: Arc::new(Notify::new()),
        },
    };
    tokio::spawn(add_tokens(opened, folder.join("state.sqlite")));
    let ending = stop.clone();
    std::thread::spawn(move || {
        let _ended = std::io::stdin().read_to_end(&mut Vec::new());
        ending.cancel();
    });
    Ok(serve(&config, serving).await?)
}

/// Gives the senders their tokens once the node has made its state. A node that was killed in between does so again.
async fn add_tokens(opened: Arc<Notify>, path: PathBuf) {
    opened.notified().await;
    while !try_add_tokens(&path).await {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    say("tokens are there");
}

async fn try_add_tokens(path: &Path) -> bool {
    let Ok(state) = State::open(path, StateOptions::default()).await else { return false };
    let now: Time = EventClock::system().now();
    let mut are_all_there = true;
    let known = state.senders(now).await.unwrap_or_default();
    for source in SENDERS {
        let digest = cordon_seal::digest(token(source).as_bytes());
        if known.iter().any(|(known, _)| *known == digest) {
            continue;
        }
        let by = By { actor: "test".into(), address: "".into(), at: now };
        let scope = AccessScope::of_the_node();
        are_all_there &= state.add_source_token(&scope, &by, source, "main", digest, None).await.is_ok();
    }
    let digest = cordon_seal::digest(token("api").as_bytes());
    if state.token_of_secret(digest, now).await.is_ok_and(|known| known.is_none()) {
        let by = By { actor: "test".into(), address: "".into(), at: now };
        let new = NewToken {
            name: "backups".to_owned(),
            secret: digest,
            roles: [Role::Administrator].into(),
            sites: None,
            only: None,
            expires: Time(now.0 + 86_400_000_000),
        };
        are_all_there &= state.add_token(&by, &new).await.is_ok();
    }
    state.close().await;
    are_all_there
}
