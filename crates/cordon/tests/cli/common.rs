//! Runs the real binary on small inputs.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What a run left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A directory with logs and one with rules.
pub(crate) struct Bench {
    dir: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self { dir: TempDir::new().unwrap() };
        fs::create_dir(bench.logs()).unwrap();
        bench.rule("mimikatz.yml", MIMIKATZ);
        bench
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.dir.path().join("logs")
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn log(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.logs().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    pub(crate) fn rule(&self, name: &str, text: &str) -> &Self {
        let rules = self.dir.path().join("rules");
        fs::create_dir_all(&rules).unwrap();
        fs::write(rules.join(name), text).unwrap();
        self
    }

    /// `cordon scan --rules RULES OPTIONS LOGS`.
    pub(crate) fn scan(&self, options: &[&str]) -> Ran {
        self.run("scan", &["--rules", "rules"], options, &["logs"], b"")
    }

    /// The same from standard input.
    pub(crate) fn scan_stdin(&self, options: &[&str], input: &[u8]) -> Ran {
        self.run("scan", &["--rules", "rules"], options, &["-"], input)
    }

    pub(crate) fn run(&self, command: &str, first: &[&str], options: &[&str], paths: &[&str], input: &[u8]) -> Ran {
        let mut all = vec![command];
        all.extend_from_slice(first);
        all.extend_from_slice(options);
        all.extend_from_slice(paths);
        run_in(self.path(), &all, input)
    }
}

pub(crate) fn run_in(dir: &Path, args: &[&str], input: &[u8]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cordon"))
        .args(args)
        .current_dir(dir)
        // a variable of the build, which the test runner hands on
        .env_remove("CORDON_RULES_CODE")
        .env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // Odd pieces: nothing may depend on how bytes arrive. The binary may stop reading before the end.
        input.chunks(8_191).try_for_each(|piece| stdin.write_all(piece)).ok();
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

pub(crate) const MIMIKATZ: &str = r"
title: Mimikatz words in a command line
id: 11111111-1111-4111-8111-111111111111
status: test
author: A. Tester
tags: [attack.credential-access, attack.t1003.001]
level: critical
logsource: {product: windows, category: process_creation}
detection:
  sel:
    CommandLine|contains: sekurlsa
  condition: sel
";

/// A rule on failed logons, and a correlation over it.
pub(crate) const SPRAY: &str = r"
title: Failed logon
id: 22222222-2222-4222-8222-222222222222
name: failed_logon
level: low
logsource: {product: windows, service: security}
detection:
  sel:
    EventID: 4625
  condition: sel
---
title: Many failed logons of one user
id: 33333333-3333-4333-8333-333333333333
level: high
correlation:
  type: event_count
  rules: [failed_logon]
  group-by: [TargetUserName]
  timespan: 10m
  condition: {gte: 3}
";

/// A process start as a shipper writes it.
pub(crate) fn process(second: u32, command_line: &str) -> String {
    let time = time(second);
    format!(
        r#"{{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws{second}","SystemTime":"{time}","User":"anna","CommandLine":"{command_line}"}}"#
    ) + "\n"
}

pub(crate) fn failed_logon(second: u32, user: &str) -> String {
    let time = time(second);
    format!(
        r#"{{"EventID":4625,"Channel":"Security","Computer":"dc1","TimeCreated":"{time}","TargetUserName":"{user}"}}"#
    ) + "\n"
}

fn time(second: u32) -> String {
    format!("2026-01-31T{:02}:{:02}:{:02}Z", second / 3600 % 24, second / 60 % 60, second % 60)
}
