//! Syslog over UDP.

use cordon_collect::live::{DropReason, Limits, udp};
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use crate::log::{Answers, Log, drops, until};

#[tokio::test]
async fn each_datagram_is_a_message_of_the_address_that_sent_it() {
    let log = Log::new(Limits::default(), []);
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let to = socket.local_addr().unwrap();
    let stop = CancellationToken::new();
    let served = tokio::spawn(udp::serve(socket, log.reception.clone(), stop.clone()));
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for message in ["<13>one\n", "<13>two\0", "\n", "<13>a\nb"] {
        sender.send_to(message.as_bytes(), to).await.unwrap();
    }
    let of = |message: &str| ("syslog_udp/127.0.0.1".to_owned(), message.to_owned());
    assert_eq!(log.kept(3).await, [of("<13>one"), of("<13>two"), of("<13>a\nb")]);
    assert_eq!(&*log.deliveries()[0].format, "syslog");
    stop.cancel();
    served.await.unwrap();
}

#[tokio::test]
async fn what_the_kernel_had_to_drop_is_counted() {
    const SENT: u64 = 2_000;
    let log = Log::new(Limits::default(), []);
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    rustix::net::sockopt::set_socket_recv_buffer_size(&socket, 64 << 10).unwrap();
    let to = socket.local_addr().unwrap();
    let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for number in 0..SENT {
        sender.send_to(format!("<13>{number:01000}").as_bytes(), to).unwrap();
    }
    let stop = CancellationToken::new();
    let served = tokio::spawn(udp::serve(socket, log.reception.clone(), stop.clone()));
    let kernel = log.source("syslog_udp", "kernel");
    until("kernel drops are counted", || !drops(&kernel).is_empty()).await;
    stop.cancel();
    served.await.unwrap();
    let lost: u64 = drops(&kernel).iter().map(|(_, count)| count).sum();
    assert_eq!(drops(&kernel), [(DropReason::Kernel, lost)]);
    assert_eq!(log.kept(SENT - lost).await.len() as u64 + lost, SENT);
}

#[tokio::test]
async fn a_stopping_listener_hands_over_what_has_arrived() {
    let log = Log::new(Limits::default(), []);
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for number in 0..100 {
        sender.send_to(format!("<13>{number}").as_bytes(), socket.local_addr().unwrap()).await.unwrap();
    }
    let stop = CancellationToken::new();
    stop.cancel();
    udp::serve(socket, log.reception.clone(), stop).await;
    assert_eq!(log.kept(100).await.len(), 100);
}

#[tokio::test]
async fn while_the_log_does_not_answer_the_newest_wait_and_the_rest_is_counted() {
    let limits = Limits { udp_source_bytes_max: 8 << 10, ..Limits::default() };
    let log = Log::with_room(4 << 10, limits, []);
    log.answers(Answers::Later);
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let to = socket.local_addr().unwrap();
    let stop = CancellationToken::new();
    let served = tokio::spawn(udp::serve(socket, log.reception.clone(), stop.clone()));
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let source = log.source("syslog_udp", "127.0.0.1");
    let received = || source.counts.records.load(std::sync::atomic::Ordering::Relaxed);
    for number in 0..500_u64 {
        sender.send_to(format!("<13>{number:0100}").as_bytes(), to).await.unwrap();
        until("the datagram is read", || received() > number).await;
    }
    log.answers(Answers::Kept);
    until("everything is kept or counted", || {
        let lost: u64 = drops(&source).iter().map(|(_, count)| count).sum();
        let kept: usize = log.deliveries().iter().map(|delivery| delivery.units.len()).sum();
        kept as u64 + lost == 500
    })
    .await;
    let messages = log.messages(1).await;
    assert_eq!(messages.last(), Some(&format!("<13>{:0100}", 499)));
    assert!(messages.len() < 200, "{}", messages.len());
    stop.cancel();
    served.await.unwrap();
}
