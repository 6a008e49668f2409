//! Syslog over TCP.

use std::net::SocketAddr;
use std::time::Duration;

use cordon_collect::live::{DropReason, Limits, NotKept, tcp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::log::{Answers, Log, drops, until};

async fn start(log: &Log) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let served = tokio::spawn(tcp::serve(listener, None, log.reception.clone(), stop.clone()));
    (address, stop, served)
}

#[tokio::test]
async fn messages_of_both_framings_arrive_in_order_and_travel_together() {
    let log = Log::new(Limits { batch_wait: Duration::from_millis(200), ..Limits::default() }, []);
    let (address, stop, served) = start(&log).await;
    let mut lines = TcpStream::connect(address).await.unwrap();
    lines.write_all(b"<13>one\n<13>two\r\n<13>three").await.unwrap();
    drop(lines);
    assert_eq!(log.messages(3).await, ["<13>one", "<13>two", "<13>three"]);
    assert_eq!(log.deliveries().len(), 1);
    let mut counted = TcpStream::connect(address).await.unwrap();
    counted.write_all(b"8 <13>four10 <13>fi").await.unwrap();
    counted.write_all(b"\nve!").await.unwrap();
    counted.shutdown().await.unwrap();
    assert_eq!(log.messages(5).await[3..], ["<13>four", "<13>fi\nve!"]);
    assert_eq!(&*log.deliveries()[1].source, "syslog_tcp/127.0.0.1");
    stop.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn a_sender_that_can_wait_loses_nothing_while_the_log_cannot_be_written() {
    const SENT: u64 = 20_000;
    let limits = Limits { batch_bytes_max: 4 << 10, outstanding_max: 8, ..Limits::default() };
    let log = Log::new(limits, []);
    log.answers(Answers::Not(NotKept::Unwritable));
    let (address, stop, served) = start(&log).await;
    let sending = tokio::spawn(async move {
        let mut sender = TcpStream::connect(address).await.unwrap();
        for number in 0..SENT {
            sender.write_all(format!("<13>{number:0100}\n").as_bytes()).await.unwrap();
        }
    });
    let source = log.source("syslog_tcp", "127.0.0.1");
    let received = || source.counts.records.load(std::sync::atomic::Ordering::Relaxed);
    until("something was offered", || received() > 0).await;
    log.answers(Answers::Later);
    until("it is offered again", || log.reception.intake.bytes_waiting() > 0).await;
    assert!(received() < 600, "the connection is read although nothing can be kept: {}", received());
    log.answers(Answers::Kept);
    let mut messages = log.messages(SENT).await;
    messages.sort();
    let expect: Vec<String> = (0..SENT).map(|number| format!("<13>{number:0100}")).collect();
    assert!(messages == expect, "some messages are missing, twice or changed");
    assert_eq!(drops(&source), []);
    sending.await.unwrap();
    stop.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn a_connection_that_takes_too_long_for_a_message_is_closed_and_counted() {
    let log = Log::new(Limits { message_time: Duration::from_millis(50), ..Limits::default() }, []);
    let (address, stop, served) = start(&log).await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"<13>whole\n<13>ha").await.unwrap();
    let mut nothing = Vec::new();
    assert_eq!(slow.read_to_end(&mut nothing).await.unwrap(), 0);
    assert_eq!(log.messages(1).await, ["<13>whole"]);
    assert_eq!(drops(&log.source("syslog_tcp", "127.0.0.1")), [(DropReason::Malformed, 1)]);
    stop.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let log = Log::new(Limits { connections_per_sender_max: 2, ..Limits::default() }, []);
    let (address, stop, served) = start(&log).await;
    let mut open = Vec::new();
    for number in 0..2 {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(format!("<13>{number}\n").as_bytes()).await.unwrap();
        open.push(connection);
    }
    log.kept(2).await;
    let mut third = TcpStream::connect(address).await.unwrap();
    let mut nothing = Vec::new();
    assert_eq!(third.read_to_end(&mut nothing).await.unwrap_or_default(), 0);
    drop(open);
    stop.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn a_stopping_listener_hands_over_what_has_arrived() {
    let log = Log::new(Limits { batch_wait: Duration::from_secs(3_600), ..Limits::default() }, []);
    let (address, stop, served) = start(&log).await;
    let mut sender = TcpStream::connect(address).await.unwrap();
    sender.write_all(b"<13>one\n<13>two\n<13>thr").await.unwrap();
    // A second connection shows that the first was accepted.
    let mut other = TcpStream::connect(address).await.unwrap();
    other.write_all(b"<13>other").await.unwrap();
    other.shutdown().await.unwrap();
    log.kept(1).await;
    stop.cancel();
    served.await.unwrap();
    assert_eq!(log.messages(3).await, ["<13>other", "<13>one", "<13>two"]);
    assert_eq!(drops(&log.source("syslog_tcp", "127.0.0.1")), [(DropReason::Malformed, 1)]);
}

#[tokio::test]
async fn a_sender_that_never_pauses_does_not_keep_the_listener_from_stopping() {
    let log = Log::new(Limits::default(), []);
    let (address, stop, served) = start(&log).await;
    let sending = tokio::spawn(async move {
        let mut sender = TcpStream::connect(address).await.unwrap();
        while sender.write_all(b"<13>again and again\n".repeat(1_000).as_slice()).await.is_ok() {}
    });
    log.kept(10_000).await;
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(60), served).await.unwrap().unwrap();
    sending.await.unwrap();
}
