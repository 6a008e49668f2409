//! HL7 v2 over MLLP.

use std::net::SocketAddr;
use std::time::Duration;

use cordon_collect::live::{DropReason, Limits, NotKept, mllp};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::log::{Answers, Log, care, drops, until};

async fn start(log: &Log) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let served = tokio::spawn(mllp::serve(listener, None, log.reception.clone(), stop.clone()));
    (address, stop, served)
}

fn message(number: u32) -> String {
    format!("MSH|^~\\&|ADT|MAIN|EHR|LAKE|20251210||ADT^A01|C{number}|P|2.5\rEVN|A01\r")
}

fn block(message: &str) -> Vec<u8> {
    [b"\x0B", message.as_bytes(), b"\x1C\r"].concat()
}

/// The MSA segment of the next answer.
async fn answer(from: &mut BufReader<TcpStream>) -> String {
    let mut block = Vec::new();
    from.read_until(0x1C, &mut block).await.unwrap();
    assert_eq!(from.read_u8().await.unwrap(), b'\r');
    let text = String::from_utf8(block).unwrap();
    text.split('\r').find(|segment| segment.starts_with("MSA")).unwrap().to_owned()
}

#[tokio::test]
async fn messages_sent_without_waiting_are_answered_in_order_once_they_are_durable() {
    let log = Log::new(Limits::mllp(), []);
    log.answers(Answers::Later);
    let (address, stop, served) = start(&log).await;
    let mut sender = BufReader::new(TcpStream::connect(address).await.unwrap());
    for number in 0..50 {
        sender.write_all(&block(&message(number))).await.unwrap();
    }
    until("messages wait for the log", || log.reception.intake.bytes_waiting() > 0).await;
    let early = tokio::time::timeout(Duration::from_millis(50), sender.fill_buf()).await;
    assert!(early.is_err(), "answered before it was durable");
    log.answers(Answers::Kept);
    for number in 0..50 {
        assert_eq!(answer(&mut sender).await, format!("MSA|AA|C{number}"));
    }
    let expect: Vec<String> = (0..50).map(message).collect();
    assert_eq!(log.messages(50).await, expect);
    assert_eq!(&*log.deliveries()[0].format, "hl7");
    stop.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn what_is_not_kept_and_what_is_no_hl7_is_answered_so() {
    let log = Log::new(Limits { message_bytes_max: 200, ..Limits::mllp() }, []);
    log.answers(Answers::Not(NotKept::Unwritable));
    let (address, stop, served) = start(&log).await;
    let mut sender = BufReader::new(TcpStream::connect(address).await.unwrap());
    let long = message(3) + &"OBX|1\r".repeat(100);
    for sent in [message(1), "hello".to_owned(), long, message(4)] {
        sender.write_all(&block(&sent)).await.unwrap();
    }
    assert_eq!(answer(&mut sender).await, "MSA|AE|C1|not kept, send again");
    assert_eq!(answer(&mut sender).await, "MSA|AR||no HL7 v2 message or too long");
    assert_eq!(answer(&mut sender).await, "MSA|AR|C3|no HL7 v2 message or too long");
    assert_eq!(answer(&mut sender).await, "MSA|AE|C4|not kept, send again");
    let drops = drops(&log.source("mllp", "127.0.0.1"));
    assert_eq!(drops, [(DropReason::TooLong, 1), (DropReason::Malformed, 1)]);
    stop.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn a_sender_of_care_keeps_its_pace_while_the_log_answers_never_or_no() {
    const SENT: u32 = 3_000;
    let log = Log::with_room(64 << 10, Limits::mllp(), [care("mllp")]);
    log.answers(Answers::Later);
    let (address, stop, served) = start(&log).await;
    let mut sender = BufReader::new(TcpStream::connect(address).await.unwrap());
    for number in 0..SENT {
        sender.write_all(&block(&message(number))).await.unwrap();
        assert_eq!(answer(&mut sender).await, format!("MSA|AA|C{number}"));
    }
    let source = log.source("mllp", "127.0.0.1");
    log.answers(Answers::Not(NotKept::Unwritable));
    until("everything lost is counted", || {
        drops(&source).iter().map(|(_, count)| count).sum::<u64>() == u64::from(SENT)
    })
    .await;
    let reasons: Vec<_> = drops(&source).into_iter().map(|(reason, _)| reason).collect();
    assert_eq!(reasons, [DropReason::Overload, DropReason::Unwritable]);
    assert_eq!(log.deliveries(), []);
    stop.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn a_stopping_listener_answers_what_it_has_taken() {
    let log = Log::new(Limits::mllp(), []);
    log.answers(Answers::Later);
    let (address, stop, served) = start(&log).await;
    let mut sender = BufReader::new(TcpStream::connect(address).await.unwrap());
    sender.write_all(&block(&message(1))).await.unwrap();
    until("the message waits for the log", || log.reception.intake.bytes_waiting() > 0).await;
    stop.cancel();
    log.answers(Answers::Kept);
    assert_eq!(answer(&mut sender).await, "MSA|AA|C1");
    assert_eq!(sender.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    served.await.unwrap();
}
