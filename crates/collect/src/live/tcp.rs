//! Syslog over TCP (RFC 6587) and TLS (RFC 5425). The sender is never told what was kept: it feels back-pressure because its connection is not read.
//!
//! What the log could not write is handed over again until it can: a sender that can wait loses nothing while the node runs. What is in flight when the node stops
//! or loses power is lost; who needs more uses RELP.

use std::sync::Arc;
use std::time::Duration;

use cordon_model::Delivery;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::accept::{Connection, Front, unless_stopped};
use super::gather::Gather;
use super::keep::{drop_reason, units};
use super::syslog_stream::{Cut, SyslogStream};
use super::{DropReason, KeepPolicy, LiveSource, NotKept, Pending, Reception};

/// How long a stopping listener goes on reading what has already arrived.
const DRAIN: Duration = Duration::from_millis(100);
/// How long it waits before it offers the log again what could not be written.
const RETRY: Duration = Duration::from_millis(500);

/// Listens until `shutdown`. With `tls` the listener is `syslog_tls`, and who shows a certificate is known by its name; else it is `syslog_tcp`.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    reception: Reception,
    shutdown: CancellationToken,
) {
    let name = if tls.is_some() { "syslog_tls" } else { "syslog_tcp" };
    Front { name, tls }.accept_each(listener, reception, shutdown, connection).await;
}

/// A delivery that waits for the log, with a copy to offer again when its sender can wait.
type Waiting = (Option<Delivery>, Pending);

async fn connection(connection: Connection) {
    let (source, reception) = (Arc::clone(&connection.source), connection.reception.clone());
    let shutdown = connection.shutdown.clone();
    let (window, waiting) = mpsc::channel(reception.limits.outstanding_max.max(1));
    tokio::join!(receive(connection, window), settle(waiting, &source, &reception, &shutdown));
}

/// Why a connection is no longer read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Ended,
    Stopped,
}

async fn receive(mut connection: Connection, window: mpsc::Sender<Waiting>) {
    let limits = connection.reception.limits.clone();
    let mut gather = Gather::new();
    let mut stream = SyslogStream::new(limits.message_bytes_max);
    let mut heard = Instant::now();
    let mut drain_until = None;
    let mut end = End::Open;
    // Ends with the connection, with its time limits or with the listener.
    loop {
        while frame(&mut gather, &mut stream, &connection, end == End::Ended) {
            if hand_over(&mut gather, &connection, &window).await.is_err() {
                return;
            }
        }
        if end != End::Open {
            break;
        }
        gather.wait_for_more();
        let flush = gather.since.map(|since| since + limits.batch_wait);
        let close = gather.begun.map_or(heard + limits.idle, |begun| begun + limits.message_time);
        let wake = [flush, drain_until].into_iter().flatten().fold(close, Instant::min);
        tokio::select! {
            biased;
            () = connection.shutdown.cancelled(), if drain_until.is_none() => drain_until = Some(Instant::now() + DRAIN),
            read = gather.read(&mut connection.socket) => match read {
                Ok(0) | Err(_) => end = End::Ended,
                Ok(_) => heard = Instant::now(),
            },
            () = tokio::time::sleep_until(wake) => {}
        }
        let now = Instant::now();
        if end == End::Open && (now >= close || drain_until.is_some_and(|until| now >= until)) {
            end = End::Stopped;
        }
        if flush.is_some_and(|flush| now >= flush) && hand_over(&mut gather, &connection, &window).await.is_err() {
            return;
        }
    }
    if !gather.rest().is_empty() {
        connection.source.counts.dropped(DropReason::Malformed, 1);
    }
    // The window closes with its sender; a failure was counted.
    let _ = hand_over(&mut gather, &connection, &window).await;
}

/// Finds messages in what was read; whether a batch is full.
fn frame(gather: &mut Gather, stream: &mut SyslogStream, connection: &Connection, ended: bool) -> bool {
    while !gather.rest().is_empty() {
        if gather.is_full(&connection.reception) {
            return !gather.is_empty();
        }
        match stream.next(gather.rest(), ended) {
            Cut::More => return false,
            Cut::Unit { start, end, next } => {
                gather.unit(start, end, &connection.reception);
                gather.advance(next);
            }
            Cut::Skip { next } => gather.advance(next),
            Cut::TooLong { next } => {
                connection.source.counts.dropped(DropReason::TooLong, 1);
                gather.advance(next);
            }
            Cut::Truncated { next } => {
                connection.source.counts.dropped(DropReason::Malformed, 1);
                gather.advance(next);
            }
        }
    }
    gather.is_full(&connection.reception) && !gather.is_empty()
}

/// Sends the batch off; waits for room in the window and in the queue.
async fn hand_over(gather: &mut Gather, of: &Connection, window: &mpsc::Sender<Waiting>) -> Result<(), NotKept> {
    let Some(delivery) = gather.take(&of.source, "syslog") else { return Ok(()) };
    let place = window.reserve().await.map_err(|_| NotKept::Stopping)?;
    let policy = KeepPolicy::of(&of.source);
    let again = (policy == KeepPolicy::Durable).then(|| delivery.clone());
    let records = units(&delivery);
    match policy.hand_over(&of.reception.intake, &of.source, delivery).await {
        Ok(pending) => place.send((again, pending)),
        Err(reason) => {
            of.source.counts.dropped(drop_reason(reason), records);
            return Err(reason);
        }
    }
    Ok(())
}

/// Sees to it that what was handed over is kept.
async fn settle(
    mut waiting: mpsc::Receiver<Waiting>,
    source: &Arc<LiveSource>,
    reception: &Reception,
    shutdown: &CancellationToken,
) {
    while let Some((again, pending)) = waiting.recv().await {
        let outcome = pending.kept().await;
        let (Err(reason), Some(delivery)) = (outcome, again) else { continue };
        if let Err(reason) = offer_again(&delivery, reason, reception, shutdown).await {
            source.counts.dropped(drop_reason(reason), units(&delivery));
        }
    }
}

/// Offers the log again what it could not write, until it can or the listener stops.
async fn offer_again(
    delivery: &Delivery,
    mut reason: NotKept,
    reception: &Reception,
    shutdown: &CancellationToken,
) -> Result<(), NotKept> {
    // Bounded by the listener's life; meanwhile the connection is not read once its window is full.
    while reason != NotKept::Stopping {
        if unless_stopped(shutdown, tokio::time::sleep(RETRY)).await.is_none() {
            break;
        }
        match reception.intake.submit(delivery.clone()).await {
            Ok(()) => return Ok(()),
            Err(again) => reason = again,
        }
    }
    Err(reason)
}
