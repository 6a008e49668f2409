//! A node, what is imported into it, and what is judged later: the commands as people give them.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{MIMIKATZ, Ran, SPRAY, failed_logon, process, run_in};

/// How often a command is given until the node knows its token, which takes about two seconds.
const TRIES: usize = 60;

/// A node of its own on ports of its own; it ends with the test.
struct Node {
    folder: TempDir,
    process: Child,
    api: String,
    intake: String,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn settings(folder: &Path) -> Vec<String> {
    let data = format!("data_dir={}", folder.join("data").display());
    let all = [
        data.as_str(),
        "api.address=127.0.0.1:0",
        "intake.http=[\"127.0.0.1:0\"]",
        "intake.syslog_udp=[]",
        "intake.syslog_tcp=[]",
        "intake.syslog_tls=[]",
        "intake.mllp=[]",
        "intake.relp=[]",
        "rules.profile=",
    ];
    all.iter().flat_map(|setting| ["--set".to_owned(), (*setting).to_owned()]).collect()
}

impl Node {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_cordon"))
            .arg("serve")
            .args(settings(folder.path()))
            // a variable of the build, which the test runner hands on
            .env_remove("CORDON_RULES_CODE")
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut address = |name: &str| {
            let line = lines.find_map(|line| line.unwrap().strip_prefix(name).map(|rest| format!("http://{rest}")));
            line.unwrap()
        };
        let intake = address("http intake on ");
        let api = address("api on ");
        std::thread::spawn(move || lines.for_each(drop));
        Self { folder, process, api, intake }
    }

    /// A file with a new token.
    fn token(&self, of: &[&str]) -> PathBuf {
        let settings = settings(self.folder.path());
        let mut args = vec!["token"];
        args.extend(settings.iter().map(String::as_str));
        args.extend_from_slice(of);
        let made = run_in(self.folder.path(), &args, b"");
        assert_eq!(made.code, Some(0), "{}", made.err);
        let path = self.folder.path().join(format!("{}.token", of.join("")));
        std::fs::write(&path, made.out).unwrap();
        path
    }

    /// Gives a command until the node knows the token.
    fn run(&self, args: &[&str], url: &str, token: &Path) -> Ran {
        let all = [args, &["--url", url, "--token-file", token.to_str().unwrap()]].concat();
        let mut ran = run_in(self.folder.path(), &all, b"");
        for _ in 0..TRIES {
            if !(ran.err.contains("who you are") || ran.err.contains("unknown") || ran.err.contains("403")) {
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
            ran = run_in(self.folder.path(), &all, b"");
        }
        ran
    }
}

fn evening() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/lakeside/evening").to_owned()
}

fn count(job: &Value, name: &str) -> u64 {
    let counts = job["counts"].as_array().unwrap();
    counts.iter().find(|count| count["name"] == name).unwrap()["count"].as_u64().unwrap()
}

#[test]
fn an_import_ends_with_the_findings_of_a_scan_and_a_backfill_adds_nothing() {
    let node = Node::start();
    let (import, analyst) = (node.token(&["--source", "import"]), node.token(&["--role", "analyst"]));
    let imported = node.run(&["import", "--no-progress", &evening()], &node.intake, &import);
    assert_eq!(imported.code, Some(0), "{}", imported.err);
    let scan = ["scan", "--no-progress", "--format", "ndjson", "--data-dir", "none", "--fail-level", "critical"];
    let scanned = run_in(node.folder.path(), &[&scan[..], &[&evening()]].concat(), b"").out;
    let found = scanned.lines().count() as u64;
    let correlated = scanned.lines().filter(|line| line.contains("\"correlation\":{")).count();
    let told = format!("correlations over the history are judged: {correlated} new finding");
    assert!(correlated > 1 && imported.err.contains(&told), "{told} in {}", imported.err);
    let backfill = ["rules", "backfill", "--format", "json"];
    let job = node.run(&backfill, &node.api, &analyst);
    assert_eq!(job.code, Some(0), "{}", job.err);
    let job: Value = serde_json::from_str(&job.out).unwrap();
    assert_eq!((count(&job, "findings_new"), count(&job, "findings_known")), (0, found), "{job}");
}

#[test]
fn a_rule_of_a_file_is_run_over_what_is_stored() {
    let node = Node::start();
    let (import, analyst) = (node.token(&["--source", "import"]), node.token(&["--role", "analyst"]));
    let folder = node.folder.path();
    let logons = [2, 3, 4].map(|second| failed_logon(second, "anna")).join("");
    std::fs::write(folder.join("a.ndjson"), process(1, "sekurlsa::logonpasswords") + &logons).unwrap();
    let imported = node.run(&["import", "--no-progress", "a.ndjson"], &node.intake, &import);
    assert_eq!(imported.code, Some(0), "{}", imported.err);
    // the single logons only feed the correlation
    std::fs::write(folder.join("rules.yml"), format!("{MIMIKATZ}---{SPRAY}")).unwrap();
    let backfill = |rule: &str| node.run(&["rules", "backfill", "--rule", rule], &node.api, &analyst);
    let (first, second, unknown) = (backfill("rules.yml"), backfill("rules.yml"), backfill("unheard-of"));
    assert_eq!([first.code, second.code, unknown.code], [Some(0), Some(0), Some(2)], "{}", first.err);
    assert!(first.out.starts_with("2 new findings, 0 known already; 4 events in "), "{}", first.out);
    assert!(second.out.starts_with("0 new findings, 2 known already; 4 events in "), "{}", second.out);
    assert!(unknown.err.contains("there is no rule unheard-of"), "{}", unknown.err);
}
