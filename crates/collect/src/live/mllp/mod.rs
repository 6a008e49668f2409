//! HL7 v2 over MLLP: an answer per message, in order, and a positive one only when the message is durable.
//!
//! A connection may send on while earlier messages wait for the log: what has arrived together goes off together, so group commit serves one connection as well
//! as many. Sources on which care depends get AA at once, whatever becomes of the message ([`KeepPolicy`]).

mod ack;
mod frame;

use std::sync::Arc;

use cordon_model::Time;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use ack::{Header, Outcome, answer};
pub use frame::{Block, Blocks};

use super::accept::Front;
use super::answered::{self, Go, Protocol, Step};
use super::gather::Gather;
use super::{DropReason, KeepPolicy, LiveSource, NotKept, Reception};

/// Listens until `shutdown`. With `tls`, who shows a certificate is known by its name.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    reception: Reception,
    shutdown: CancellationToken,
) {
    let message_bytes_max = reception.limits.message_bytes_max;
    let serve_one = move |connection| answered::serve(connection, Mllp(Blocks::new(message_bytes_max)));
    Front { name: "mllp", tls }.accept_each(listener, reception, shutdown, serve_one).await;
}

/// One connection.
struct Mllp(Blocks);

/// What is needed to answer one message.
struct Reply {
    /// MSH of the message; `None` when it has none.
    header: Option<Vec<u8>>,
    /// Known before the log has spoken: refused, or accepted because its sender must not be stopped.
    known: Option<Outcome>,
}

impl Protocol for Mllp {
    type Reply = Reply;

    const FORMAT: &'static str = "hl7";

    fn step(&mut self, gather: &mut Gather, source: &LiveSource, reception: &Reception) -> Step<Reply> {
        let rest = gather.rest();
        match self.0.next(rest) {
            Block::More => Step::More,
            Block::Message { start, end, next } => {
                let header = header_of(rest.get(start..end).unwrap_or_default());
                let step = if header.is_some() {
                    gather.unit(start, end, reception);
                    Step::Reply(Reply { header, known: None })
                } else {
                    refuse(header, DropReason::Malformed, source)
                };
                gather.advance(next);
                step
            }
            Block::Skip { next } => {
                gather.advance(next);
                Step::Skip
            }
            Block::TooLong { start, end, next } => {
                let header = header_of(rest.get(start..end).unwrap_or_default());
                gather.advance(next);
                refuse(header, DropReason::TooLong, source)
            }
            Block::Stray { next } => {
                source.counts.dropped(DropReason::Malformed, 1);
                gather.advance(next);
                Step::Skip
            }
        }
    }

    fn answer(reply: &Reply, kept: Result<(), NotKept>, at: Time, number: u32, out: &mut Vec<u8>) -> Go {
        let header = reply.header.as_deref().and_then(Header::read);
        let outcome = if kept.is_ok() { Outcome::Accepted } else { Outcome::NotKept };
        out.extend(answer(header, reply.known.unwrap_or(outcome), at, number));
        Go::On
    }
}

/// Counts a message that cannot be kept, and its answer. An interface on which care depends may stop at a refusal, so it hears of none.
fn refuse(header: Option<Vec<u8>>, reason: DropReason, source: &LiveSource) -> Step<Reply> {
    source.counts.dropped(reason, 1);
    let is_care = KeepPolicy::of(source) == KeepPolicy::CareFirst;
    let known = if is_care && header.is_some() { Outcome::Accepted } else { Outcome::Refused };
    Step::Reply(Reply { header, known: Some(known) })
}

fn header_of(message: &[u8]) -> Option<Vec<u8>> {
    Header::read(message).map(|header| header.segment().to_vec())
}
