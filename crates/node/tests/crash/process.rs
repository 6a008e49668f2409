//! A child from the side of its senders: start it, send to it over HTTP, learn how it ended.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cordon_node::live::EventClock;

use super::child::{FOLDER, POINT, SENDERS, token};
use super::ledger::Ledger;
use super::parts::batch;

/// How long a child may take until it listens.
const OPEN_MAX: Duration = Duration::from_secs(60);
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// What the child said so far.
#[derive(Clone, Debug, Default)]
struct Said {
    lines: Vec<String>,
    is_over: bool,
}

/// A running child.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    said: Arc<(Mutex<Said>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    pub(crate) fn start(folder: &Path, point: Option<&str>) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new(program);
        command.args(["--exact", "child::node_that_runs_until_it_is_killed", "--nocapture"]);
        Self::of(&mut command, folder, point)
    }

    /// Another child: the test of this name, with what it is told.
    pub(crate) fn start_other(test: &str, tell: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]);
        tell(&mut command);
        Self::spawn(&mut command)
    }

    /// The same with fewer file handles.
    pub(crate) fn start_with_handles(folder: &Path, handles: usize) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit -n {handles}; exec \"$0\" \"$@\"")).arg(program);
        command.args(["--exact", "child::node_that_runs_until_it_is_killed", "--nocapture"]);
        Self::of(&mut command, folder, None)
    }

    fn of(command: &mut Command, folder: &Path, point: Option<&str>) -> Self {
        command.env(FOLDER, folder).env(POINT, point.unwrap_or_default());
        Self::spawn(command)
    }

    fn spawn(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said: Arc<(Mutex<Said>, Condvar)> = Arc::default();
        let (stdin, stdout, told) = (child.stdin.take(), child.stdout.take().unwrap(), Arc::clone(&said));
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                told.0.lock().unwrap().lines.push(line);
                told.1.notify_all();
            }
            told.0.lock().unwrap().is_over = true;
            told.1.notify_all();
        });
        Self { child, stdin, said, reader: Some(reader) }
    }

    /// Waits for a line that starts so; its rest. `None` when the child ended before.
    fn wait_for(&self, start: &str, at_most: Duration) -> Option<String> {
        let until = Instant::now() + at_most;
        let mut said = self.said.0.lock().unwrap();
        loop {
            // libtest may have begun the line
            let found = said.lines.iter().find_map(|line| line.split_once(start).map(|(_, rest)| rest.to_owned()));
            if found.is_some() || said.is_over {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the node neither said \"{start}\" nor ended: {:?}", said.lines);
            said = self.said.1.wait_timeout(said, left).unwrap().0;
        }
    }

    /// Where it takes events; `None` when it ended before.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.wait_for("http intake on ", OPEN_MAX).map(|address| address.parse().unwrap())
    }

    /// Where its API listens, once it knows the tokens; `None` when it ended before.
    pub(crate) fn api(&self) -> Option<SocketAddr> {
        let address = self.wait_for("api on ", OPEN_MAX)?;
        self.wait_for("tokens are there", OPEN_MAX)?;
        address.parse().ok()
    }

    /// Waits until it has ended, at most so long.
    pub(crate) fn ends_within(&self, at_most: Duration) -> bool {
        let until = Instant::now() + at_most;
        let mut said = self.said.0.lock().unwrap();
        while !said.is_over {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            said = self.said.1.wait_timeout(said, left).unwrap().0;
        }
        true
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// The lines of a child that has ended.
    pub(crate) fn lines(mut self) -> Vec<String> {
        self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        let said = self.said.0.lock().unwrap();
        said.lines.clone()
    }

    /// Asks it to stop and waits; whether it stopped in order.
    pub(crate) fn stop(mut self, at_most: Duration) -> bool {
        drop(self.stdin.take());
        let is_over = self.ends_within(at_most);
        if !is_over {
            self.kill();
        }
        self.lines().iter().any(|line| line.ends_with("stopped")) && is_over
    }
}

/// One delivery; the status of its answer.
pub(crate) fn post(address: SocketAddr, source: &str, body: &str, at_most: Duration) -> std::io::Result<u16> {
    Ok(request(address, "POST", "/intake/v1/raw?format=syslog", source, body, at_most)?.0)
}

/// One request with the token of somebody; status and body of its answer. The connection ends with it.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    who: &str,
    body: &str,
    at_most: Duration,
) -> std::io::Result<(u16, String)> {
    let mut socket = TcpStream::connect_timeout(&address, at_most)?;
    socket.set_read_timeout(Some(at_most))?;
    socket.set_write_timeout(Some(at_most))?;
    write!(
        socket,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n\
         Content-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        token(who),
        if path.starts_with("/api") { "application/json" } else { "text/plain" },
        body.len()
    )?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other("an answer that was cut off"))?;
    Ok((status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()))
}

/// Senders that go on until they are told to stop.
pub(crate) struct Senders {
    stop: Arc<AtomicBool>,
    ledger: Arc<Mutex<Ledger>>,
    threads: Vec<JoinHandle<()>>,
}

impl Senders {
    /// `round` makes the batches unlike those of other rounds; each sender pauses for `between` after each.
    pub(crate) fn start(address: SocketAddr, round: &str, between: Duration) -> Self {
        let (stop, ledger) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Ledger>>::default());
        let start = |source: &'static str| {
            let (stop, ledger, round) = (Arc::clone(&stop), Arc::clone(&ledger), format!("{round}{source}"));
            std::thread::spawn(move || keep_sending(address, source, &round, between, &stop, &ledger))
        };
        let threads = SENDERS.into_iter().map(start).collect();
        Self { stop, ledger, threads }
    }

    /// What is known by now.
    pub(crate) fn so_far(&self) -> Ledger {
        self.ledger.lock().unwrap().clone()
    }

    pub(crate) fn stop(self) -> Ledger {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        let ledger = self.ledger.lock().unwrap();
        ledger.clone()
    }
}

fn keep_sending(
    address: SocketAddr,
    source: &str,
    round: &str,
    between: Duration,
    stop: &AtomicBool,
    ledger: &Mutex<Ledger>,
) {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += u64::from(send(address, source, format!("h{round}{number}"), ledger));
        std::thread::sleep(between);
    }
}

/// Sends a batch; whether somebody may have kept it. One that was not acknowledged is not sent again: it may be there or not, but not twice.
fn send(address: SocketAddr, source: &str, host: String, ledger: &Mutex<Ledger>) -> bool {
    let (lines, markers) = batch(&host, EventClock::system().now());
    let status = post(address, source, &lines, ANSWER_MAX);
    // nothing is kept of a sender that is not known yet
    if matches!(status, Ok(401 | 403)) {
        return false;
    }
    ledger.lock().unwrap().add(host, markers, matches!(status, Ok(200)));
    true
}
