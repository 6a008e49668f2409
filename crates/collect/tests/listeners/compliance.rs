//! The contract of all collectors (docs/specs/collector.md), checked on each listener. A listener joins by being a [`Subject`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cordon_collect::live::http::{self, HttpIntake, Sender};
use cordon_collect::live::{
    DropReason, Limits, LiveSource, NotKept, Reception, SourceDeclaration, mllp, relp, tail, tcp, udp,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::log::{Answers, Log, declared, drops, until};
use crate::tls::Trust;

/// Longest message of the listeners under test.
const MESSAGE_BYTES_MAX: usize = 400;

/// What a protocol promises its sender.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Promise {
    /// Nothing, and it never waits (UDP).
    Nothing,
    /// It waits, and hears nothing (TCP, files).
    Patience,
    /// An answer to each message.
    Answers,
}

/// A listener with a sender.
trait Subject: Sized {
    const LISTENER: &'static str;
    const PROMISE: Promise;

    /// Starts the listener and connects a sender.
    async fn start(log: &Log) -> Self;
    /// Sends messages without waiting for their answers.
    async fn send(&mut self, messages: &[String]);
    /// How many positive answers have come.
    fn answered(&self) -> usize;
    /// Whether the sender was told, or the connection ended, because something was not kept.
    fn is_refused(&self) -> bool;
    /// Ends sender and listener.
    async fn stop(self);
    /// Who the sender is.
    fn sender() -> String {
        "127.0.0.1".to_owned()
    }
}

/// MUSTs 1 to 12 on one listener.
async fn complies<S: Subject>() {
    everything_arrives_once_in_order_and_counted::<S>().await;
    what_is_too_long_is_counted_and_the_next_is_read::<S>().await;
    what_has_arrived_is_handed_over_at_the_end::<S>().await;
    if S::PROMISE == Promise::Answers {
        nobody_is_answered_before_it_is_durable::<S>().await;
        what_is_not_kept_gets_no_positive_answer::<S>().await;
        care_comes_first::<S>().await;
    }
    if S::PROMISE != Promise::Nothing {
        what_waits_is_bounded_and_nothing_is_lost::<S>().await;
    }
}

fn source_of<S: Subject>() -> SourceDeclaration {
    SourceDeclaration { sender: S::sender().into(), ..declared(S::LISTENER, "subject") }
}

fn limits() -> Limits {
    Limits { message_bytes_max: MESSAGE_BYTES_MAX, outstanding_max: 4, batch_units_max: 10, ..Limits::default() }
}

fn messages<S: Subject>(count: usize) -> Vec<String> {
    (0..count).map(message::<S>).collect()
}

fn message<S: Subject>(number: usize) -> String {
    if S::LISTENER == "mllp" {
        format!("MSH|^~\\&|A|B|C|D|20251210||ADT^A01|{number}|P|2.5\r")
    } else {
        format!("<13>Dec 10 04:47:28 host app: message {number:05}")
    }
}

fn received(source: &LiveSource) -> u64 {
    source.counts.records.load(Ordering::Relaxed)
}

async fn everything_arrives_once_in_order_and_counted<S: Subject>() {
    let log = Log::new(limits(), [source_of::<S>()]);
    let mut subject = S::start(&log).await;
    let sent = messages::<S>(200);
    subject.send(&sent).await;
    let kept = log.kept(200).await;
    let expect: Vec<_> = sent.iter().map(|message| ("subject".to_owned(), message.clone())).collect();
    assert_eq!(kept, expect, "{}", S::LISTENER);
    let source = log.source(S::LISTENER, &S::sender());
    let bytes: usize = sent.iter().map(String::len).sum();
    assert_eq!(
        (received(&source), source.counts.bytes.load(Ordering::Relaxed)),
        (200, bytes as u64),
        "{}",
        S::LISTENER
    );
    assert!(source.counts.received_last.load(Ordering::Relaxed) > 0);
    assert!(log.deliveries().iter().all(|delivery| delivery.received.0 > 0 && !delivery.format.is_empty()));
    assert_eq!(drops(&source), [], "{}", S::LISTENER);
    if S::PROMISE == Promise::Answers {
        until("all is answered", || subject.answered() == 200).await;
    }
    subject.stop().await;
}

async fn what_is_too_long_is_counted_and_the_next_is_read<S: Subject>() {
    let log = Log::new(limits(), [source_of::<S>()]);
    let mut subject = S::start(&log).await;
    let long = message::<S>(1) + &"x".repeat(MESSAGE_BYTES_MAX);
    subject.send(&[message::<S>(0), long, message::<S>(2)]).await;
    assert_eq!(log.messages(2).await, [message::<S>(0), message::<S>(2)], "{}", S::LISTENER);
    assert_eq!(drops(&log.source(S::LISTENER, &S::sender())), [(DropReason::TooLong, 1)], "{}", S::LISTENER);
    subject.stop().await;
}

async fn what_has_arrived_is_handed_over_at_the_end<S: Subject>() {
    let log = Log::new(limits(), [source_of::<S>()]);
    let mut subject = S::start(&log).await;
    subject.send(&messages::<S>(7)).await;
    let source = log.source(S::LISTENER, &S::sender());
    until("a message is received", || received(&source) > 0).await;
    subject.stop().await;
    let taken = received(&source);
    assert_eq!(log.kept(taken).await.len() as u64, taken, "{}", S::LISTENER);
}

async fn nobody_is_answered_before_it_is_durable<S: Subject>() {
    let log = Log::new(limits(), [source_of::<S>()]);
    log.answers(Answers::Later);
    let mut subject = S::start(&log).await;
    subject.send(&messages::<S>(5)).await;
    until("the log has it", || log.reception.intake.bytes_waiting() > 0).await;
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert_eq!(subject.answered(), 0, "{}", S::LISTENER);
    log.answers(Answers::Kept);
    until("all is answered", || subject.answered() == 5).await;
    subject.stop().await;
}

async fn what_is_not_kept_gets_no_positive_answer<S: Subject>() {
    let log = Log::new(limits(), [source_of::<S>()]);
    log.answers(Answers::Not(NotKept::Unwritable));
    let mut subject = S::start(&log).await;
    subject.send(&messages::<S>(1)).await;
    until("the sender hears of it", || subject.is_refused()).await;
    assert_eq!((subject.answered(), log.deliveries().len()), (0, 0), "{}", S::LISTENER);
    subject.stop().await;
}

async fn care_comes_first<S: Subject>() {
    let log = Log::with_room(8 << 10, limits(), [SourceDeclaration { care: true, ..source_of::<S>() }]);
    log.answers(Answers::Later);
    let mut subject = S::start(&log).await;
    subject.send(&messages::<S>(300)).await;
    until("all is answered although the log is silent", || subject.answered() == 300).await;
    log.answers(Answers::Kept);
    let source = log.source(S::LISTENER, &S::sender());
    until("each message is kept or counted", || {
        let lost: u64 = drops(&source).iter().map(|(_, count)| count).sum();
        let kept: usize = log.deliveries().iter().map(|delivery| delivery.units.len()).sum();
        lost > 0 && kept as u64 + lost == 300
    })
    .await;
    subject.stop().await;
}

async fn what_waits_is_bounded_and_nothing_is_lost<S: Subject>() {
    let log = Log::new(limits(), [source_of::<S>()]);
    log.answers(Answers::Later);
    let mut subject = S::start(&log).await;
    let sent = messages::<S>(500);
    let source = log.source(S::LISTENER, &S::sender());
    let (first, rest) = sent.split_at(100);
    subject.send(first).await;
    subject.send(rest).await;
    until("the log has something", || log.reception.intake.bytes_waiting() > 0).await;
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    // A window of four batches of ten, one that waits for it and one being gathered; files go off once a round.
    let bound = if S::LISTENER == "file" { 500 } else { 60 };
    assert!(received(&source) <= bound, "{}: {} are taken while the log is silent", S::LISTENER, received(&source));
    log.answers(Answers::Kept);
    assert_eq!(log.messages(500).await, sent, "{}", S::LISTENER);
    assert_eq!(drops(&source), []);
    subject.stop().await;
}

/// A listener that runs.
struct Running {
    stop: CancellationToken,
    served: JoinHandle<()>,
}

impl Running {
    fn new<F: Future<Output = ()> + Send + 'static>(serve: impl FnOnce(CancellationToken) -> F) -> Self {
        let stop = CancellationToken::new();
        Self { served: tokio::spawn(serve(stop.clone())), stop }
    }

    async fn end(self) {
        self.stop.cancel();
        self.served.await.unwrap();
    }
}

async fn bind() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A connection that is written to, and what has come back on it.
struct Line {
    writer: Box<dyn AsyncWrite + Send + Unpin>,
    heard: watch::Receiver<(Vec<u8>, bool)>,
}

impl Line {
    fn new(socket: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        let (mut reader, writer) = tokio::io::split(socket);
        let (tell, heard) = watch::channel((Vec::new(), false));
        tokio::spawn(async move {
            let mut chunk = vec![0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut chunk).await {
                tell.send_modify(|(all, _)| all.extend_from_slice(&chunk[..read]));
            }
            tell.send_modify(|(_, ended)| *ended = true);
        });
        Self { writer: Box::new(writer), heard }
    }

    fn count(&self, pattern: &str) -> usize {
        String::from_utf8_lossy(&self.heard.borrow().0).matches(pattern).count()
    }
}

struct Udp(Running, UdpSocket);

impl Subject for Udp {
    const LISTENER: &'static str = "syslog_udp";
    const PROMISE: Promise = Promise::Nothing;

    async fn start(log: &Log) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        sender.connect(socket.local_addr().unwrap()).await.unwrap();
        Self(Running::new(|stop| udp::serve(socket, log.reception.clone(), stop)), sender)
    }

    async fn send(&mut self, messages: &[String]) {
        for message in messages {
            self.1.send(message.as_bytes()).await.unwrap();
        }
    }

    fn answered(&self) -> usize {
        0
    }

    fn is_refused(&self) -> bool {
        false
    }

    async fn stop(self) {
        self.0.end().await;
    }
}

struct Tcp(Running, Line);

impl Subject for Tcp {
    const LISTENER: &'static str = "syslog_tcp";
    const PROMISE: Promise = Promise::Patience;

    async fn start(log: &Log) -> Self {
        let (listener, address) = bind().await;
        let running = Running::new(|stop| tcp::serve(listener, None, log.reception.clone(), stop));
        Self(running, Line::new(TcpStream::connect(address).await.unwrap()))
    }

    async fn send(&mut self, messages: &[String]) {
        self.1.writer.write_all((messages.join("\n") + "\n").as_bytes()).await.unwrap();
    }

    fn answered(&self) -> usize {
        0
    }

    fn is_refused(&self) -> bool {
        false
    }

    async fn stop(self) {
        self.0.end().await;
    }
}

struct Tls(Running, Line);

impl Subject for Tls {
    const LISTENER: &'static str = "syslog_tls";
    const PROMISE: Promise = Promise::Patience;

    async fn start(log: &Log) -> Self {
        let trust = Trust::new();
        let (listener, address) = bind().await;
        let tls = Some(trust.server(true));
        let running = Running::new(|stop| tcp::serve(listener, tls, log.reception.clone(), stop));
        let socket = TcpStream::connect(address).await.unwrap();
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let connector = trust.client(Some(&Self::sender()));
        Self(running, Line::new(connector.connect(name, socket).await.unwrap()))
    }

    async fn send(&mut self, messages: &[String]) {
        let counted: String = messages.iter().map(|message| format!("{} {message}", message.len())).collect();
        self.1.writer.write_all(counted.as_bytes()).await.unwrap();
        self.1.writer.flush().await.unwrap();
    }

    fn answered(&self) -> usize {
        0
    }

    fn is_refused(&self) -> bool {
        false
    }

    async fn stop(self) {
        self.0.end().await;
    }

    fn sender() -> String {
        "sender.example".to_owned()
    }
}

struct Relp(Running, Line, usize);

impl Subject for Relp {
    const LISTENER: &'static str = "relp";
    const PROMISE: Promise = Promise::Answers;

    async fn start(log: &Log) -> Self {
        let (listener, address) = bind().await;
        let running = Running::new(|stop| relp::serve(listener, None, log.reception.clone(), stop));
        let mut line = Line::new(TcpStream::connect(address).await.unwrap());
        line.writer.write_all(b"1 open 15 commands=syslog\n").await.unwrap();
        Self(running, line, 1)
    }

    async fn send(&mut self, messages: &[String]) {
        for message in messages {
            self.2 += 1;
            let frame = format!("{} syslog {} {message}\n", self.2, message.len());
            self.1.writer.write_all(frame.as_bytes()).await.unwrap();
        }
    }

    fn answered(&self) -> usize {
        self.1.count("rsp 6 200 OK\n")
    }

    fn is_refused(&self) -> bool {
        self.1.count("serverclose") == 1 && self.1.heard.borrow().1
    }

    async fn stop(self) {
        self.0.end().await;
    }
}

struct Mllp(Running, Line);

impl Subject for Mllp {
    const LISTENER: &'static str = "mllp";
    const PROMISE: Promise = Promise::Answers;

    async fn start(log: &Log) -> Self {
        let (listener, address) = bind().await;
        let running = Running::new(|stop| mllp::serve(listener, None, log.reception.clone(), stop));
        Self(running, Line::new(TcpStream::connect(address).await.unwrap()))
    }

    async fn send(&mut self, messages: &[String]) {
        let blocks: String = messages.iter().map(|message| format!("\x0B{message}\x1C\r")).collect();
        self.1.writer.write_all(blocks.as_bytes()).await.unwrap();
    }

    fn answered(&self) -> usize {
        self.1.count("MSA|AA|")
    }

    fn is_refused(&self) -> bool {
        self.1.count("MSA|AE|") == 1
    }

    async fn stop(self) {
        self.0.end().await;
    }
}

/// Each message is a request of its own; the next is sent before the one in front is answered.
struct Http(Running, Line);

impl Subject for Http {
    const LISTENER: &'static str = "http";
    const PROMISE: Promise = Promise::Answers;

    async fn start(log: &Log) -> Self {
        let (listener, address) = bind().await;
        let Reception { intake, sources, clock, limits } = log.reception.clone();
        let record_bytes_max = limits.message_bytes_max;
        let parts = HttpIntake {
            intake,
            registry: sources,
            senders: Arc::new(|presented| Some(Sender { name: presented.token?.into(), may_import: false })),
            clock,
            limits: http::Limits { record_bytes_max, ..http::Limits::default() },
        };
        let running = Running::new(|stop| async move {
            axum::serve(listener, parts.router()).with_graceful_shutdown(stop.cancelled_owned()).await.unwrap();
        });
        Self(running, Line::new(TcpStream::connect(address).await.unwrap()))
    }

    async fn send(&mut self, messages: &[String]) {
        for message in messages {
            let head =
                format!("POST /intake/v1/raw HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n", Self::sender());
            let request = format!("{head}Content-Length: {}\r\n\r\n{message}", message.len());
            self.1.writer.write_all(request.as_bytes()).await.unwrap();
        }
    }

    fn answered(&self) -> usize {
        self.1.count("\"accepted\":1,")
    }

    fn is_refused(&self) -> bool {
        self.1.count("HTTP/1.1 503") == 1
    }

    async fn stop(self) {
        self.0.end().await;
    }

    fn sender() -> String {
        "sender".to_owned()
    }
}

struct File(Running, tempfile::TempDir);

impl Subject for File {
    const LISTENER: &'static str = "file";
    const PROMISE: Promise = Promise::Patience;

    async fn start(log: &Log) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pattern = Self::sender();
        let link = std::path::Path::new(&pattern);
        // The pattern is fixed so that the source can be declared before; the link makes it this folder.
        let _ = std::fs::remove_file(link);
        std::os::unix::fs::symlink(folder.path(), link).unwrap();
        let checkpoints = Arc::new(tail::CheckpointFile(folder.path().join(".checkpoint")));
        let reception = log.reception.clone();
        let running = Running::new(|stop| async move {
            tail::serve(&pattern, checkpoints, reception, stop).await.unwrap();
        });
        Self(running, folder)
    }

    async fn send(&mut self, messages: &[String]) {
        use std::io::Write;
        let path = self.1.path().join("a.log");
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all((messages.join("\n") + "\n").as_bytes()).unwrap();
    }

    fn answered(&self) -> usize {
        0
    }

    fn is_refused(&self) -> bool {
        false
    }

    async fn stop(self) {
        self.0.end().await;
    }

    fn sender() -> String {
        std::env::temp_dir().join(format!("cordon-compliance-{}", std::process::id())).display().to_string()
    }
}

#[tokio::test]
async fn syslog_over_udp_complies() {
    complies::<Udp>().await;
}

#[tokio::test]
async fn syslog_over_tcp_complies() {
    complies::<Tcp>().await;
}

#[tokio::test]
async fn syslog_over_tls_complies() {
    complies::<Tls>().await;
}

#[tokio::test]
async fn relp_complies() {
    complies::<Relp>().await;
}

#[tokio::test]
async fn mllp_complies() {
    complies::<Mllp>().await;
}

#[tokio::test]
async fn intake_over_http_complies() {
    complies::<Http>().await;
}

#[tokio::test]
async fn followed_files_comply() {
    complies::<File>().await;
    std::fs::remove_file(File::sender()).unwrap();
}
