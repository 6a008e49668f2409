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
/// Between two batches of one sender.
const BETWEEN: Duration = Duration::from_millis(15);

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

/// One request; the status of its answer. The connection ends with it.
pub(crate) fn post(address: SocketAddr, source: &str, body: &str, at_most: Duration) -> std::io::Result<u16> {
    let mut socket = TcpStream::connect_timeout(&address, at_most)?;
    socket.set_read_timeout(Some(at_most))?;
    socket.set_write_timeout(Some(at_most))?;
    let token = token(source);
    write!(
        socket,
        "POST /intake/v1/raw?format=syslog HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| std::io::Error::other("an answer that was cut off"))
}

/// Senders that go on until they are told to stop, each with its own ledger.
pub(crate) struct Senders {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Ledger>>,
}

impl Senders {
    /// `round` makes the batches unlike those of other rounds.
    pub(crate) fn start(address: SocketAddr, round: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let start = |source: &'static str| {
            let (stop, round) = (Arc::clone(&stop), round.to_owned());
            std::thread::spawn(move || send(address, source, &round, &stop))
        };
        let threads = SENDERS.into_iter().map(start).collect();
        Self { stop, threads }
    }

    pub(crate) fn stop(self) -> Ledger {
        self.stop.store(true, Ordering::Relaxed);
        let mut ledger = Ledger::default();
        self.threads.into_iter().for_each(|thread| ledger.join(thread.join().unwrap()));
        ledger
    }
}

/// A batch that was not acknowledged is not sent again: it may be there or not, but not twice.
fn send(address: SocketAddr, source: &str, round: &str, stop: &AtomicBool) -> Ledger {
    let mut ledger = Ledger::default();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let host = format!("h{round}{source}{number}");
        let (lines, markers) = batch(&host, EventClock::system().now());
        let status = post(address, source, &lines, ANSWER_MAX);
        // nothing is kept of a sender that is not known yet
        if !matches!(status, Ok(401 | 403)) {
            ledger.add(host, markers, matches!(status, Ok(200)));
            number += 1;
        }
        std::thread::sleep(BETWEEN);
    }
    ledger
}
