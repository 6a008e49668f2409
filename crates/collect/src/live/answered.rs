//! What protocols share that answer each message (MLLP, RELP): read, hand over together what arrived together, answer in order when it is known what was kept.
//!
//! Reading and answering go on side by side, so messages that follow one that waits for the log go off meanwhile, up to a window.

use std::future::Future;
use std::sync::Arc;

use cordon_model::Time;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::accept::Connection;
use super::gather::Gather;
use super::{DropReason, KeepPolicy, LiveSource, NotKept, Pending, Reception};

/// A protocol that answers each message.
pub(super) trait Protocol: Send + 'static {
    /// What is needed to answer one message.
    type Reply: Send;

    /// Name of the format that its messages are in when the source declares none.
    const FORMAT: &'static str;

    /// Looks at what was read and not framed, which is not empty; notes a unit and goes on in it.
    fn step(&mut self, gather: &mut Gather, source: &LiveSource, reception: &Reception) -> Step<Self::Reply>;

    /// Appends the answer to a message; `kept` says what became of the batch that it came with. `number` counts the answers of the connection.
    fn answer(reply: &Self::Reply, kept: Result<(), NotKept>, at: Time, number: u32, out: &mut Vec<u8>) -> Go;
}

/// What stood in front.
pub(super) enum Step<R> {
    /// More bytes are needed.
    More,
    /// Nothing that is answered.
    Skip,
    /// A message to answer.
    Reply(R),
    /// Something to answer that is the last of this connection.
    Last(R),
    /// Bytes out of step: the connection cannot be read further.
    Broken,
}

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Go {
    On,
    Away,
}

/// Messages that arrived together, in order, and what their answers wait for.
struct Batch<R> {
    replies: Vec<R>,
    kept: Result<Option<Pending>, NotKept>,
}

/// Serves one connection.
pub(super) async fn serve<P: Protocol>(connection: Connection, protocol: P) {
    let Connection { socket, source, reception, shutdown } = connection;
    let (reader, writer) = tokio::io::split(socket);
    let (window, batches) = mpsc::channel(reception.limits.outstanding_max.max(1));
    let broken = shutdown.child_token();
    let answers = answer_each::<P>(writer, batches, reception.clone(), broken.clone());
    let receiver = Receiver { protocol, gather: Gather::new(), replies: Vec::new(), source, reception, window };
    tokio::join!(receiver.receive(reader, broken), answers);
}

/// The receiving half of a connection.
struct Receiver<P: Protocol> {
    protocol: P,
    gather: Gather,
    replies: Vec<P::Reply>,
    source: Arc<LiveSource>,
    reception: Reception,
    window: mpsc::Sender<Batch<P::Reply>>,
}

/// What came of looking at what was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framed {
    Full,
    All,
    Last,
}

impl<P: Protocol> Receiver<P> {
    async fn receive(mut self, mut reader: impl AsyncRead + Unpin, broken: CancellationToken) {
        let limits = self.reception.limits.clone();
        let mut heard = Instant::now();
        // Ends with the connection, with its time limits or with the listener.
        loop {
            let framed = self.frame();
            self.send_off().await;
            match framed {
                Framed::Full => continue,
                Framed::Last => return,
                Framed::All => self.gather.wait_for_more(),
            }
            let close = self.gather.begun.map_or(heard + limits.idle, |begun| begun + limits.message_time);
            let read = tokio::select! {
                biased;
                () = broken.cancelled() => break,
                read = self.gather.read(&mut reader) => read,
                () = tokio::time::sleep_until(close) => break,
            };
            match read {
                Ok(0) | Err(_) => break,
                Ok(_) => heard = Instant::now(),
            }
        }
        if !self.gather.rest().is_empty() {
            self.source.counts.dropped(DropReason::Malformed, 1);
        }
    }

    /// Finds messages in what was read.
    fn frame(&mut self) -> Framed {
        while !self.gather.rest().is_empty() {
            if self.gather.is_full(&self.reception) || self.replies.len() >= self.reception.limits.batch_units_max {
                return Framed::Full;
            }
            match self.protocol.step(&mut self.gather, &self.source, &self.reception) {
                Step::More => return Framed::All,
                Step::Skip => {}
                Step::Reply(reply) => self.replies.push(reply),
                Step::Last(reply) => {
                    self.replies.push(reply);
                    return Framed::Last;
                }
                Step::Broken => {
                    self.source.counts.dropped(DropReason::Malformed, 1);
                    return Framed::Last;
                }
            }
        }
        Framed::All
    }

    /// Hands over what has arrived and lets its answers wait in order. Waits for room in the window and in the queue; with care first only for the window, which
    /// the sender itself holds up by not taking answers.
    async fn send_off(&mut self) {
        let replies = std::mem::take(&mut self.replies);
        if replies.is_empty() {
            return;
        }
        let delivery = self.gather.take(&self.source, P::FORMAT);
        let Ok(place) = self.window.reserve().await else { return };
        let policy = KeepPolicy::of(&self.source);
        let kept = match delivery {
            None => Ok(None),
            Some(delivery) => policy.hand_over(&self.reception.intake, &self.source, delivery).await.map(Some),
        };
        place.send(Batch { replies, kept });
    }
}

/// Answers each message when it may be answered. A sender that does not take its answers is given up.
async fn answer_each<P: Protocol>(
    mut writer: impl AsyncWrite + Unpin,
    mut batches: mpsc::Receiver<Batch<P::Reply>>,
    reception: Reception,
    broken: CancellationToken,
) {
    let mut number = 0_u32;
    let mut go = Go::On;
    while go == Go::On
        && let Some(batch) = batches.recv().await
    {
        let kept = match batch.kept {
            Ok(None) => Ok(()),
            Ok(Some(pending)) => pending.kept().await,
            Err(reason) => Err(reason),
        };
        let now = (reception.clock)();
        let mut out = Vec::new();
        for reply in batch.replies {
            go = P::answer(&reply, kept, now, number, &mut out);
            number = number.wrapping_add(1);
            if go == Go::Away {
                break;
            }
        }
        if within(&reception, writer.write_all(&out)).await.is_err()
            || within(&reception, writer.flush()).await.is_err()
        {
            go = Go::Away;
        }
    }
    broken.cancel();
    // The sender may be gone already.
    let _ = within(&reception, writer.shutdown()).await;
}

async fn within(reception: &Reception, write: impl Future<Output = std::io::Result<()>>) -> std::io::Result<()> {
    timeout(reception.limits.answer_time, write).await.unwrap_or_else(|late| Err(late.into()))
}
