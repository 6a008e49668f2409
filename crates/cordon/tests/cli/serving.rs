//! `cordon serve` as a process: the commands that talk to it over TLS, and a reload by SIGHUP.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::common::{Ran, run_in};

/// A test that waits longer for something that must happen has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A node in a folder with `cordon.toml`, `data` and a log.
struct Node {
    folder: TempDir,
    child: Child,
    /// Standard output stays open.
    _said: Receiver<String>,
    logged: Receiver<String>,
    api: String,
    intake: String,
}

/// The lines of a stream, as they come.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _nobody_reads_any_more = send.send(line);
        }
    });
    receive
}

/// The rest of the first line that holds `part`.
fn behind(lines: &Receiver<String>, part: &str) -> String {
    let mut seen = Vec::new();
    loop {
        let line = lines.recv_timeout(PATIENCE).map_err(|_| format!("no {part:?} in {seen:#?}")).unwrap();
        if let Some((_, rest)) = line.split_once(part) {
            return rest.to_owned();
        }
        seen.push(line);
    }
}

fn settings(level: &str) -> String {
    format!(
        "data_dir = \"data\"\n[log]\nlevel = \"{level}\"\n[api]\naddress = \"0.0.0.0:0\"\n\
         [intake]\nhttp = [\"0.0.0.0:0\"]\nsyslog_udp = []\nsyslog_tcp = []\n"
    )
}

impl Node {
    /// Every address is one of all interfaces, so all of them speak TLS.
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("cordon.toml"), settings("info")).unwrap();
        let line = "{\"time\":\"2026-03-18T20:00:00Z\",\"user\":\"anna\"}\n";
        fs::write(folder.path().join("old.json"), line.repeat(3)).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_cordon"))
            .args(["serve", "--config", "cordon.toml", "--threads", "1"])
            .current_dir(folder.path())
            // a variable of the build, which the test runner hands on
            .env_remove("CORDON_RULES_CODE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (said, logged) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        let intake = behind(&said, "http intake on 0.0.0.0:");
        let api = behind(&said, "api on 0.0.0.0:");
        behind(&said, "signs up once at");
        let [api, intake] = [api, intake].map(|port| format!("https://127.0.0.1:{port}"));
        Self { folder, child, _said: said, logged, api, intake }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a token and gives the file it stands in.
    fn token(&self, kind: &[&str]) -> String {
        let made = run_in(self.path(), &[&["token", "--config", "cordon.toml"], kind].concat(), b"");
        assert_eq!(made.code, Some(0), "{}", made.err);
        let name = format!("{}.token", kind.last().unwrap());
        fs::write(self.path().join(&name), made.out).unwrap();
        name
    }

    /// Runs a command against the node; a token that was just made is known within seconds.
    fn ask(&self, args: &[&str]) -> Ran {
        for _ in 0..20 {
            let ran = run_in(self.path(), args, b"");
            if !ran.err.contains("asks who you are") && !ran.err.contains("refuses (403") {
                return ran;
            }
            thread::sleep(Duration::from_millis(500));
        }
        run_in(self.path(), args, b"")
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // it may have ended
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
fn import_replay_and_query_speak_tls_with_the_nodes_certificate_and_refuse_another() {
    let node = Node::start();
    let (import, analyst) = (node.token(&["--source", "import"]), node.token(&["--role", "analyst"]));
    let (ca, other) = ("data/node.crt.pem", "other.pem");
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    fs::write(node.path().join(other), made.cert.pem()).unwrap();
    let to_intake = |ca| ["--url", node.intake.as_str(), "--ca", ca, "--token-file", import.as_str()];
    let imported = node.ask(&[&["import"], &to_intake(ca)[..], &["old.json"]].concat());
    assert_eq!((imported.code, imported.err.contains("3 records were taken")), (Some(0), true), "{}", imported.err);
    let replayed = node.ask(&[&["replay", "--speed", "0"], &to_intake(ca)[..], &["old.json"]].concat());
    assert_eq!((replayed.code, replayed.err.contains("3 records were taken")), (Some(0), true), "{}", replayed.err);
    let sql = ["--sql", "SELECT count(*) AS events FROM events"];
    let to_api = |ca| ["query", "--url", node.api.as_str(), "--ca", ca, "--token-file", analyst.as_str()];
    let mut counted = String::new();
    for _ in 0..100 {
        let asked = node.ask(&[&to_api(ca)[..], &sql[..]].concat());
        assert_eq!(asked.code, Some(0), "{}", asked.err);
        counted = asked.out;
        if counted.contains("6") {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(counted.trim(), "{\"events\":6}");
    let stranger = node.ask(&[&to_api(other)[..], &sql[..]].concat());
    assert_eq!((stranger.code, stranger.err.contains("cannot be reached")), (Some(2), true), "{}", stranger.err);
}

#[test]
fn a_hang_up_takes_over_what_can_change_and_a_bad_file_keeps_what_is_in_force() {
    let mut node = Node::start();
    let file = node.path().join("cordon.toml");
    fs::write(&file, settings("loud")).unwrap();
    node.signal("HUP");
    let fault = behind(&node.logged, "the settings were not taken over; those in force stay");
    assert!(fault.contains("cordon.toml:3: `log.level`"), "{fault}");
    fs::write(&file, settings("debug").replace("data_dir", "site = \"north\"\ndata_dir")).unwrap();
    node.signal("HUP");
    let changed = behind(&node.logged, "settings and rules were reloaded");
    assert!(changed.contains("changed=\"log.level\""), "{changed}");
    let waits = behind(&node.logged, "these settings changed and wait for the next start");
    assert!(waits.contains("settings=\"site\""), "{waits}");
    node.signal("TERM");
    assert!(node.child.wait().unwrap().success());
}

/// proc(5): whether the process may have huge pages.
#[test]
fn a_node_has_no_huge_pages_and_is_the_process_that_was_started() {
    let node = Node::start();
    let status = fs::read_to_string(format!("/proc/{}/status", node.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("THP_enabled:")).map(str::trim);
    assert_eq!(line, Some("0"), "{status}");
}
