//! Notification over a real state: from findings that are recorded to a receiver that gets them, through a reload and a restart.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cordon_model::{Digest, Finding, FindingId, FindingOrigin, Level, LogSource, Position, RuleCard, Time};
use cordon_store::state::{NewFinding, State, StateOptions, Subjects};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::receivers::{SECRET, free_port, lines, received, start};
use super::{config, namer};
use crate::config::Config;
use crate::tell::{Outbox, TellHandle, Teller};

fn now() -> Time {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    Time(i64::try_from(micros).unwrap())
}

fn finding(number: u8, host: &str) -> NewFinding {
    let card =
        RuleCard { id: "rule-1".to_owned(), title: "A rule".to_owned(), level: Level::High, ..RuleCard::default() };
    let finding = Finding {
        finding_id: FindingId([number; 16]),
        event_ids: Vec::new(),
        rule: Arc::new(card),
        time: Some(now()),
        source_file: "syslog_udp/10.0.0.1".into(),
        position: Position::Offset(u64::from(number)),
        index: 0,
        log_source: LogSource::default(),
        matched: Vec::new(),
        record_sha256: Digest([number; 32]),
        origin: FindingOrigin::Event,
    };
    NewFinding {
        finding,
        events: Vec::new(),
        rule_version: "1".into(),
        site: "main".into(),
        class_uid: 1007,
        received: now(),
        subjects: Subjects { host: Some(host.into()), ..Subjects::default() },
    }
}

/// A running notification.
struct Running {
    handle: TellHandle,
    settings: watch::Sender<Arc<Config>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

fn run(state: &State, config: Config) -> Running {
    let (settings, settings_seen) = watch::channel(Arc::new(config));
    let (stop, stop_seen) = watch::channel(false);
    let health = Arc::new(|| ("ok".to_owned(), Vec::new()));
    let teller = Teller::new(state.clone(), namer(), Arc::new(now), health, settings_seen);
    let handle = teller.handle();
    Running { handle, settings, stop, task: tokio::spawn(teller.run(stop_seen)) }
}

impl Running {
    /// Waits until so many messages were sent since the start, nothing waits, and the SIEM has everything up to a finding.
    async fn idle(&self, sent: u64, confirmed: i64) {
        for _ in 0..1_000 {
            let status = self.handle.status();
            let follows = status.followers.get("splunk").is_some_and(|one| one.confirmed >= confirmed);
            if follows && status.sent >= sent && status.outbox.waiting == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("still busy: {:?}", self.handle.status());
    }

    async fn end(self) {
        self.stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(10), self.task).await.unwrap().unwrap();
    }
}

fn settings(port: u16, secret: &Path, token: &Path) -> String {
    format!(
        "[tell]\ngather = \"1s\"\n[[webhooks]]\nname = \"chat\"\nurl = \"http://127.0.0.1:{port}/hook\"\nsecret_file = \"{}\"\n\
         [[recipients]]\nname = \"analysts\"\nrole = \"analyst\"\nwebhooks = [\"chat\"]\n\
         [[siem]]\nname = \"splunk\"\nkind = \"hec\"\nurl = \"http://127.0.0.1:{port}\"\ntoken_file = \"{}\"\n",
        secret.display(),
        token.display()
    )
}

fn of_path(seen: &[String], path: &str) -> Vec<Value> {
    let requests = seen.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    requests.filter(|request| request["path"] == path).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finding_reaches_its_receivers_once_through_reload_and_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (secret, token) = (folder.path().join("secret"), folder.path().join("token"));
    std::fs::write(&secret, SECRET).unwrap();
    std::fs::write(&token, "token").unwrap();
    let path = folder.path().join("state.db");
    let state = State::open(&path, StateOptions::default()).await.unwrap();
    let (port, posts) = (free_port(), lines());
    let _receiver = start("http_receiver.py", port, &[SECRET], &posts);
    let text = settings(port, &secret, &token);

    let running = run(&state, config(&text));
    state.record_findings(None, &[finding(1, "ws1"), finding(2, "ws1"), finding(3, "ws2")]).await.unwrap();
    running.idle(2, 3).await;
    running.settings.send(Arc::new(config(&format!("{text}level_min = \"high\"\n")))).unwrap();
    state.record_findings(None, &[finding(4, "ws3")]).await.unwrap();
    running.idle(3, 4).await;
    let results = running.handle.test("analysts", now()).await.unwrap();
    assert!(results.iter().all(|(channel, result)| channel == "webhook:chat" && result.is_ok()), "{results:?}");
    assert!(running.handle.test("nobody", now()).await.is_none());
    running.end().await;
    state.close().await;

    let state = State::open(&path, StateOptions::default()).await.unwrap();
    let running = run(&state, config(&text));
    state.record_findings(None, &[finding(4, "ws3"), finding(5, "ws4")]).await.unwrap();
    running.idle(1, 5).await;
    let seen = received(&posts, 8).await;
    let messages = of_path(&seen, "/hook");
    let mut hosts: Vec<String> = Vec::new();
    for message in &messages {
        assert_eq!(message["signed"], true);
        let body: Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
        hosts.push(format!("{} {}", body["data"]["entity"]["name"].as_str().unwrap(), body["data"]["count"]));
    }
    hosts.sort();
    assert_eq!(hosts, ["test 0", "ws1 2", "ws2 1", "ws3 1", "ws4 1"]);
    let events = of_path(&seen, "/services/collector/event");
    let findings: Vec<String> =
        events.iter().flat_map(|event| event["body"].as_str().unwrap().lines()).map(str::to_owned).collect();
    assert_eq!(findings.len(), 5, "each finding comes to the SIEM once: {findings:?}");
    let status = running.handle.status();
    assert_eq!(status.detail(), None);
    assert_eq!(state.counts().await.unwrap().waiting, 0);
    running.end().await;
}
