//! Real receivers (Python, `tests/senders/`): mail, webhooks, SIEMs and a heartbeat, through an outage. Time is virtual: ten minutes take as long as the tries do.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cordon_model::{Level, Time};
use serde_json::Value;

use super::memory::Memory;
use super::{SECOND, at, config, notice};
use crate::tell::{Channels, Courier, Follower, Notice, Outbox, Planner, Pulse, RowState};

pub(super) const SECRET: &str = "a secret of more than 16 bytes";

/// A receiver: a program that prints what it gets, a line each.
pub(super) struct Receiver {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Starts `script`, waits until it listens on `port`, and collects its lines into `lines`.
pub(super) fn start(script: &str, port: u16, arguments: &[&str], lines: &Arc<Mutex<Vec<String>>>) -> Receiver {
    let root = repository();
    assert!(Command::new(root.join("scripts/senders.sh")).status().unwrap().success(), "scripts/senders.sh");
    let mut child = Command::new(root.join("target/senders-venv/bin/python"))
        .arg(root.join("tests/senders").join(script))
        .arg(port.to_string())
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(output.next().unwrap().unwrap(), format!("listening {port}"));
    let kept = Arc::clone(lines);
    std::thread::spawn(move || output.map_while(Result::ok).for_each(|line| kept.lock().unwrap().push(line)));
    Receiver { child, lines: Arc::clone(lines) }
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(super) fn lines() -> Arc<Mutex<Vec<String>>> {
    Arc::default()
}

/// What was received, once it is `count` lines; the reader's thread may be a moment behind.
pub(super) async fn received(lines: &Arc<Mutex<Vec<String>>>, count: usize) -> Vec<String> {
    for _ in 0..500 {
        if lines.lock().unwrap().len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    lines.lock().unwrap().clone()
}

fn start_time() -> Time {
    at("2026-11-22T12:00:00Z")
}

fn settings(mail: u16, http: u16, secret: &Path) -> String {
    format!(
        "[smtp]\nhost = \"127.0.0.1\"\nport = {mail}\nsecurity = \"plain\"\nfrom = \"cordon@hospital.example\"\n\
         [[webhooks]]\nname = \"chat\"\nurl = \"http://127.0.0.1:{http}/hook\"\nsecret_file = \"{}\"\n\
         [[recipients]]\nname = \"analysts\"\nrole = \"analyst\"\nmail = [\"a@hospital.example\", \"b@hospital.example\"]\nwebhooks = [\"chat\"]\n",
        secret.display()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_ten_minutes_loses_no_message_and_sends_none_twice() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
    let (mail_port, http_port) = (free_port(), free_port());
    let config = config(&settings(mail_port, http_port, &secret));
    let outbox = Arc::new(Memory::default());
    let courier = Courier::new(Arc::clone(&outbox), Arc::new(Channels::new(&config)), config.tell.retry_for);
    let mut planner = Planner::new(&config, Vec::new());
    let (mails, posts) = (lines(), lines());
    let begin =
        || (start("mail_receiver.py", mail_port, &[], &mails), start("http_receiver.py", http_port, &[SECRET], &posts));
    let mut receivers = Some(begin());
    // A finding about a new host every 10 s for 20 minutes; from minute 5 to minute 15 nobody listens.
    let mut waited_most = 0;
    for second in 0..3_600_i64 {
        let now = Time(start_time().0 + second * SECOND);
        match second {
            300 => drop(receivers.take()),
            900 => receivers = Some(begin()),
            _ => {}
        }
        if second < 1_200 && second % 10 == 0 {
            let found = notice(second, "a", Level::High, &format!("ws{second}"), now);
            outbox.keep(second, planner.take(&[found], now)).await.unwrap();
        }
        courier.round(now).await.unwrap();
        waited_most = waited_most.max(outbox.counts().await.unwrap().waiting);
    }
    let rows = outbox.rows();
    assert_eq!(rows.len(), 120 * 3);
    assert!(rows.iter().all(|row| row.state == RowState::Sent), "{:?}", outbox.counts().await);
    assert!(waited_most >= 60 * 3, "the outage was none: {waited_most}");
    let keys = |way: &str| -> Vec<String> {
        let mut keys: Vec<String> =
            rows.iter().filter(|row| row.channel.starts_with(way)).map(|row| row.key.clone()).collect();
        keys.sort();
        keys
    };
    let mails: Vec<Value> =
        received(&mails, 240).await.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut got: Vec<String> = mails.iter().map(|mail| text(&mail["Message-ID"])).collect();
    got.sort();
    let expect: Vec<String> = keys("mail:").iter().map(|key| format!("<{key}@hospital.example>")).collect();
    assert_eq!(got, expect);
    let posts: Vec<Value> =
        received(&posts, 120).await.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut got: Vec<String> = posts.iter().map(|post| text(&post["id"])).collect();
    got.sort();
    assert_eq!(got, keys("webhook:"));
    assert!(posts.iter().all(|post| post["signed"] == true), "{posts:?}");
    assert!(mails.iter().all(|mail| mail["Auto-Submitted"] == "auto-generated"));
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_nobody_takes_is_a_dead_letter_that_can_be_revived() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "another secret, 16 bytes").unwrap();
    let http_port = free_port();
    let text = format!(
        "[tell]\nretry_for = \"1h\"\n[[webhooks]]\nname = \"chat\"\nurl = \"http://127.0.0.1:{http_port}/\"\nsecret_file = \"{}\"\n\
         [[recipients]]\nname = \"analysts\"\nrole = \"analyst\"\nwebhooks = [\"chat\"]\n",
        secret.display()
    );
    let config = config(&text);
    let outbox = Arc::new(Memory::default());
    let courier = Courier::new(Arc::clone(&outbox), Arc::new(Channels::new(&config)), config.tell.retry_for);
    let found = [notice(1, "a", Level::High, "ws1", start_time())];
    outbox.keep(1, Planner::new(&config, Vec::new()).take(&found, start_time())).await.unwrap();
    // The receiver listens, and does not accept this secret: it answers 401.
    let posts = lines();
    let _receiver = start("http_receiver.py", http_port, &[SECRET], &posts);
    for minute in 0..90 {
        courier.round(Time(start_time().0 + minute * 60 * SECOND)).await.unwrap();
    }
    let dead = outbox.listed(RowState::Dead, 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].error, "refused: the receiver answered 401");
    assert!((5..30).contains(&dead[0].attempts), "{}", dead[0].attempts);
    std::fs::write(&secret, SECRET).unwrap();
    let courier = Courier::new(Arc::clone(&outbox), Arc::new(Channels::new(&config)), config.tell.retry_for);
    let later = Time(start_time().0 + 7_200 * SECOND);
    assert!(outbox.revive(&dead[0].key, later).await.unwrap());
    assert_eq!(courier.round(later).await.unwrap().sent, 1);
}

/// Lets a follower follow 400 findings, with nobody listening in the middle.
async fn follow(config_text: &str, mut listen: impl FnMut() -> Receiver) -> Vec<String> {
    let config = config(config_text);
    let mut follower = Follower::new(&config.siem[0], &config, 0).unwrap();
    let all: Vec<Notice> =
        (1..=400).map(|seq| notice(seq, "a", Level::High, &format!("ws{seq}"), start_time())).collect();
    let mut receiver = Some(listen());
    let kept = Arc::clone(&receiver.as_ref().unwrap().lines);
    let mut stored = 0;
    for second in 0..1_500_i64 {
        let now = Time(start_time().0 + second * SECOND);
        match second {
            100 => drop(receiver.take()),
            700 => receiver = Some(listen()),
            // A restart of the node: it goes on from what was stored.
            250 => follower = Follower::new(&config.siem[0], &config, stored).unwrap(),
            _ => {}
        }
        if !follower.is_ready(now) {
            continue;
        }
        // One finding a second comes into being, and at most 25 are read at once.
        let made = usize::try_from(second.min(400)).unwrap();
        let from = usize::try_from(follower.wants_after()).unwrap();
        let next: Vec<Notice> = all[from.min(made)..made].iter().take(25).cloned().collect();
        let through = next.last().map_or(follower.wants_after(), |notice| notice.seq);
        if let Ok(followed) = follower.round(&next, through, now).await {
            stored = followed.confirmed;
        }
    }
    assert_eq!(stored, 400);
    received(&kept, 400).await
}

/// How often each finding came, by host.
fn counted(lines: &[String], host: impl Fn(&str) -> String) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(host(line)).or_default() += 1;
    }
    counts
}

fn cef_host(line: &str) -> String {
    let rest = line.split("dvchost=").nth(1).unwrap_or_else(|| panic!("no CEF: {line}"));
    rest.split(' ').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_siem_on_syslog_gets_every_finding_through_an_outage_and_a_restart() {
    let port = free_port();
    let kept = lines();
    let text = format!("[[siem]]\nname = \"soc\"\nkind = \"cef_tcp\"\npeer = \"127.0.0.1:{port}\"\n");
    let lines = follow(&text, || start("line_receiver.py", port, &[], &kept)).await;
    let counts = counted(&lines, cef_host);
    assert_eq!(counts.len(), 400);
    assert!(lines.len() <= 410, "at most what was not confirmed comes twice: {}", lines.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_siem_on_syslog_over_tls_gets_every_finding_through_an_outage_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    std::fs::write(&certificate, own.cert.pem()).unwrap();
    std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let port = free_port();
    let kept = lines();
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    let text = format!(
        "[tell]\nca_file = \"{certificate}\"\n[[siem]]\nname = \"soc\"\nkind = \"cef_tls\"\npeer = \"localhost:{port}\"\n"
    );
    let lines = follow(&text, || start("line_receiver.py", port, &[&certificate, &key], &kept)).await;
    assert_eq!(counted(&lines, cef_host).len(), 400);
    assert!(lines.len() <= 410, "at most what was not confirmed comes twice: {}", lines.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_every_finding_through_an_outage_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "00000000-0000-0000-0000-000000000001").unwrap();
    let port = free_port();
    let kept = lines();
    let text = format!(
        "[[siem]]\nname = \"splunk\"\nkind = \"hec\"\nurl = \"http://127.0.0.1:{port}\"\ntoken_file = \"{}\"\n",
        token.display()
    );
    follow_collector(&text, port, &kept).await;
}

async fn follow_collector(text: &str, port: u16, kept: &Arc<Mutex<Vec<String>>>) {
    let config_text = text.to_owned();
    tokio::time::timeout(Duration::from_secs(300), follow_requests(&config_text, port, kept)).await.unwrap();
    let mut hosts = Vec::new();
    for line in kept.lock().unwrap().iter() {
        let request: Value = serde_json::from_str(line).unwrap();
        assert_eq!(request["path"], "/services/collector/event");
        assert_eq!(request["authorization"], "Splunk 00000000-0000-0000-0000-000000000001");
        for event in request["body"].as_str().unwrap().lines() {
            let event: Value = serde_json::from_str(event).unwrap();
            assert_eq!(event["sourcetype"], "cordon:finding");
            hosts.push(text_of(&event["event"]["machine"]));
        }
    }
    hosts.sort();
    let mut expect: Vec<String> = (1..=400).map(|seq| format!("ws{seq}")).collect();
    expect.sort();
    assert_eq!(hosts, expect, "a collector answers: each finding comes once");
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// As [`follow`], with requests instead of lines.
async fn follow_requests(config_text: &str, port: u16, kept: &Arc<Mutex<Vec<String>>>) {
    let config = config(config_text);
    let mut follower = Follower::new(&config.siem[0], &config, 0).unwrap();
    let all: Vec<Notice> =
        (1..=400).map(|seq| notice(seq, "a", Level::High, &format!("ws{seq}"), start_time())).collect();
    let mut receiver = Some(start("http_receiver.py", port, &[SECRET], kept));
    let mut stored = 0_i64;
    for second in 0..1_500_i64 {
        let now = Time(start_time().0 + second * SECOND);
        match second {
            10 => drop(receiver.take()),
            250 => follower = Follower::new(&config.siem[0], &config, stored).unwrap(),
            700 => receiver = Some(start("http_receiver.py", port, &[SECRET], kept)),
            _ => {}
        }
        let from = usize::try_from(follower.wants_after()).unwrap();
        if follower.is_ready(now) && from < all.len() {
            let next: Vec<Notice> = all[from..].iter().take(10).cloned().collect();
            let through = next.last().map_or(0, |notice| notice.seq);
            stored = follower.round(&next, through, now).await.map_or(stored, |followed| followed.confirmed);
        }
    }
    assert_eq!(stored, 400);
    let _ = received(kept, 40).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heartbeat_is_seen_by_whoever_watches_it() {
    let port = free_port();
    let posts = lines();
    let _receiver = start("http_receiver.py", port, &[SECRET], &posts);
    let pulse = |method: &str| {
        let text = format!("[heartbeat]\nurl = \"http://127.0.0.1:{port}/beat\"\nmethod = \"{method}\"\n");
        Pulse::new(&config(&text)).unwrap().unwrap()
    };
    pulse("post").beat("degraded", &[("wal", "ok"), ("tables", "degraded")], start_time()).await.unwrap();
    pulse("get").beat("ok", &[], start_time()).await.unwrap();
    let seen: Vec<Value> = received(&posts, 2).await.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expect = format!(
        r#"{{"site":"main","status":"degraded","time":"2026-11-22T12:00:00.000000Z","version":"{}","parts":{{"wal":"ok","tables":"degraded"}}}}"#,
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(seen[0]["body"], expect);
    assert_eq!((text(&seen[1]["method"]), text(&seen[1]["path"])), ("GET".to_owned(), "/beat".to_owned()));
    assert!(Pulse::new(&config("")).unwrap().is_none());
}
