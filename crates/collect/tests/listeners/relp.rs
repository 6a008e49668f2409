//! RELP.

use std::net::SocketAddr;

use cordon_collect::live::{DropReason, Limits, NotKept, relp};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::log::{Answers, Log, drops, until};

const OPEN: &[u8] = b"1 open 49 relp_version=0\nrelp_software=test\ncommands=syslog\n";

async fn start(log: &Log) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let served = tokio::spawn(relp::serve(listener, None, log.reception.clone(), stop.clone()));
    (address, stop, served)
}

async fn open(address: SocketAddr) -> BufReader<TcpStream> {
    let mut sender = BufReader::new(TcpStream::connect(address).await.unwrap());
    sender.write_all(OPEN).await.unwrap();
    assert!(line(&mut sender).await.starts_with("1 rsp "));
    assert_eq!(line(&mut sender).await, "relp_version=0");
    assert!(line(&mut sender).await.starts_with("relp_software=cordon,"));
    assert_eq!(line(&mut sender).await, "commands=syslog");
    sender
}

async fn line(from: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    from.read_line(&mut line).await.unwrap();
    line.trim_end().to_owned()
}

#[tokio::test]
async fn a_session_is_opened_used_and_closed() {
    let log = Log::new(Limits::default(), []);
    let (address, stop, served) = start(&log).await;
    let mut sender = open(address).await;
    sender.write_all(b"2 syslog 7 <13>one\n3 syslog 8 <13>t\nw\n\n4 nonsense 0\n5 close 0\n").await.unwrap();
    let mut answers = String::new();
    sender.read_to_string(&mut answers).await.unwrap();
    let expect = "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 19 500 unknown command\n5 rsp 0\n0 serverclose 0\n";
    assert_eq!(answers, expect);
    assert_eq!(log.messages(2).await, ["<13>one", "<13>t\nw"]);
    assert_eq!(drops(&log.source("relp", "127.0.0.1")), [(DropReason::Malformed, 1)]);
    stop.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn what_is_not_kept_is_not_answered_and_the_session_ends_so_that_it_is_sent_again() {
    let log = Log::new(Limits::default(), []);
    log.answers(Answers::Not(NotKept::Unwritable));
    let (address, stop, served) = start(&log).await;
    let mut sender = open(address).await;
    sender.write_all(b"2 syslog 7 <13>one\n").await.unwrap();
    assert_eq!(line(&mut sender).await, "0 serverclose 0");
    assert_eq!(sender.read_u8().await.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    log.answers(Answers::Kept);
    let mut sender = open(address).await;
    sender.write_all(b"2 syslog 7 <13>one\n").await.unwrap();
    assert_eq!(line(&mut sender).await, "2 rsp 6 200 OK");
    assert_eq!(log.messages(1).await, ["<13>one"]);
    stop.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn a_stopping_listener_answers_what_it_has_taken() {
    let log = Log::new(Limits::default(), []);
    log.answers(Answers::Later);
    let (address, stop, served) = start(&log).await;
    let mut sender = open(address).await;
    sender.write_all(b"2 syslog 7 <13>one\n").await.unwrap();
    until("the message waits for the log", || log.reception.intake.bytes_waiting() > 0).await;
    stop.cancel();
    log.answers(Answers::Kept);
    assert_eq!(line(&mut sender).await, "2 rsp 6 200 OK");
    served.await.unwrap();
}

#[tokio::test]
async fn without_a_session_or_the_command_nothing_is_kept() {
    let log = Log::new(Limits::default(), []);
    let (address, stop, served) = start(&log).await;
    let mut sender = BufReader::new(TcpStream::connect(address).await.unwrap());
    sender.write_all(b"1 syslog 7 <13>one\n2 open 18 commands=eventlog!\nhello\n").await.unwrap();
    assert_eq!(line(&mut sender).await, "1 rsp 22 500 no session is open");
    assert!(line(&mut sender).await.contains(" 500 only the command syslog"));
    assert_eq!(sender.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    assert_eq!(drops(&log.source("relp", "127.0.0.1")), [(DropReason::Malformed, 3)]);
    stop.cancel();
    served.await.unwrap();
}
