//! A node under measurement: a real process on a folder of its own, asked only what operators can ask it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::client::Client;
use crate::options::Options;
use crate::proc;

/// Longest wait for a start, for a stop, and for the street to catch up.
const WAIT_MAX: Duration = Duration::from_secs(600);
/// A running node reads new tokens every two seconds.
const TOKEN_KNOWN_AFTER: Duration = Duration::from_secs(3);

pub struct Node {
    pub child: Child,
    pub dir: PathBuf,
    pub api: String,
    pub http: String,
    pub mllp: String,
    pub syslog: String,
    /// What senders over HTTP prove themselves with.
    pub token: String,
    /// Seconds from the start of the process until it says that it is ready.
    pub ready_after: f64,
}

impl Node {
    /// Starts `cordon serve` with a configuration in `dir`, or goes on with the data that is there.
    pub fn start(options: &Options, dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir)?;
        let port: u16 = options.or("port", 18480)?;
        let address = |offset: u16| format!("127.0.0.1:{}", port + offset);
        let (api, http, mllp, syslog) = (address(0), address(1), address(2), address(3));
        let rules: Vec<String> = options.text("rules").into_iter().map(|folder| format!("{folder:?}")).collect();
        let data = dir.join("data");
        let profile = options.text("profile").unwrap_or_default();
        let more = options.text("config").map(fs::read_to_string).transpose()?.unwrap_or_default();
        // what stands at the top of the file
        let memory = options.text("memory").map(|memory| format!("memory = {memory:?}\n")).unwrap_or_default();
        let text = format!(
            "data_dir = {data:?}\n{memory}[api]\naddress = \"{api}\"\n[intake]\nhttp = [\"{http}\"]\nmllp = [\"{mllp}\"]\n\
             syslog_tcp = [\"{syslog}\"]\nsyslog_udp = []\n[rules]\nfolders = [{}]\nprofile = \"{profile}\"\n{more}",
            rules.join(", ")
        );
        fs::write(dir.join("cordon.toml"), text)?;
        let log = File::options().create(true).append(true).open(dir.join("node.log"))?;
        let start = Instant::now();
        let cordon = options.text("cordon").context("--cordon is missing")?;
        let mut words = options.text("under").unwrap_or_default().split_whitespace().chain([cordon, "serve"]);
        let child = Command::new(words.next().unwrap_or(cordon))
            .args(words)
            .arg("--config")
            .arg(dir.join("cordon.toml"))
            .stdout(log.try_clone()?)
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .context("cordon serve does not start")?;
        let mut node = Self { child, dir: dir.to_owned(), api, http, mllp, syslog, token: String::new(), ready_after: 0.0 };
        while !node.is_ready() {
            ensure!(start.elapsed() < WAIT_MAX, "the node is not ready after {} s", WAIT_MAX.as_secs());
            if let Some(status) = node.child.try_wait()? {
                bail!("the node ended with {status}: see {}", dir.join("node.log").display());
            }
            thread::sleep(Duration::from_millis(5));
        }
        node.ready_after = start.elapsed().as_secs_f64();
        node.token = made_token(options, dir)?;
        thread::sleep(TOKEN_KNOWN_AFTER);
        Ok(node)
    }

    fn is_ready(&self) -> bool {
        let asked = Client::new(&self.api, None).and_then(|mut client| client.ask("GET", "/health/ready", "text/plain", b""));
        asked.is_ok_and(|(status, _)| status == 200)
    }

    /// Every metric by name, summed over its labels.
    pub fn metrics(&self) -> Result<BTreeMap<String, f64>> {
        let (status, text) = Client::new(&self.api, None)?.ask("GET", "/metrics", "text/plain", b"")?;
        ensure!(status == 200, "/metrics: {status}");
        let mut sums = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            let name = name.split('{').next().unwrap_or(name);
            *sums.entry(name.to_owned()).or_insert(0.0) += value.parse::<f64>().unwrap_or(0.0);
        }
        Ok(sums)
    }

    pub fn metric(&self, name: &str) -> Result<f64> {
        self.metrics()?.get(name).copied().with_context(|| format!("the node has no metric {name}"))
    }

    /// Waits until everything durable is judged and kept; the seconds that took.
    pub fn catch_up(&self) -> Result<f64> {
        let start = Instant::now();
        while self.metric("cordon_street_behind_bytes")? > 0.0 {
            ensure!(start.elapsed() < WAIT_MAX, "the street does not catch up");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(start.elapsed().as_secs_f64())
    }

    pub fn cpu(&self) -> Result<f64> {
        proc::cpu_seconds(self.child.id())
    }

    /// Resident memory now and at its peak, MiB.
    pub fn memory_mib(&self) -> Result<(u64, u64)> {
        let pid = self.child.id();
        Ok((proc::status_kib(pid, "VmRSS:")? / 1024, proc::status_kib(pid, "VmHWM:")? / 1024))
    }

    /// Bytes below each folder of the data directory.
    pub fn disk(&self) -> Result<BTreeMap<String, u64>> {
        let mut sizes = BTreeMap::new();
        for entry in fs::read_dir(self.dir.join("data"))? {
            let entry = entry?;
            sizes.insert(entry.file_name().to_string_lossy().into_owned(), bytes_below(&entry.path()));
        }
        Ok(sizes)
    }

    /// Stops it in order; the seconds that took.
    pub fn stop(mut self) -> Result<f64> {
        let start = Instant::now();
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        while self.child.try_wait()?.is_none() {
            ensure!(start.elapsed() < WAIT_MAX, "the node does not stop");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(start.elapsed().as_secs_f64())
    }
}

/// A token of the source that all of S comes from.
fn made_token(options: &Options, dir: &Path) -> Result<String> {
    let made = Command::new(options.path("cordon")?)
        .args(["token", "--source", "stream-s", "--config"])
        .arg(dir.join("cordon.toml"))
        .output()
        .context("cordon token does not start")?;
    ensure!(made.status.success(), "cordon token: {}", String::from_utf8_lossy(&made.stderr));
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}

/// A node that is not stopped in order is ended with its measurement.
impl Drop for Node {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Files come and go while they are counted.
fn bytes_below(path: &Path) -> u64 {
    let Ok(meta) = fs::symlink_metadata(path) else { return 0 };
    if !meta.is_dir() {
        return meta.len();
    }
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    entries.flatten().map(|entry| bytes_below(&entry.path())).sum()
}
