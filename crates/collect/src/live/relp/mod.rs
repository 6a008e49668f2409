//! RELP (librelp's `relp.html`): syslog whose sender hears of each message when it is durable, and sends the rest again after a break.
//!
//! A message that is not kept gets no answer: the session is closed, and the sender opens another and sends again what was not answered. A response 500 would make
//! librelp's client forget the message, so it is given only to what would never be kept (too long, no session, unknown command).
//! After a break between log and answer a message may come twice; that is RELP's own bound.

mod frame;

use std::sync::Arc;

use cordon_model::Time;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use frame::{Command, Frame, Frames};

use super::accept::Front;
use super::answered::{self, Go, Protocol, Step};
use super::gather::Gather;
use super::{DropReason, LiveSource, NotKept, Reception};

/// What is offered in answer to `open`.
const OFFERS: &str = concat!(
    "200 OK\nrelp_version=0\nrelp_software=cordon,",
    env!("CARGO_PKG_VERSION"),
    ",https://example.org/cordon\ncommands=syslog"
);
/// Tells the sender that the session ends.
const SERVER_CLOSE: &[u8] = b"0 serverclose 0\n";

/// Listens until `shutdown`. With `tls`, who shows a certificate is known by its name.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    reception: Reception,
    shutdown: CancellationToken,
) {
    let data_bytes_max = reception.limits.message_bytes_max;
    let serve_one =
        move |connection| answered::serve(connection, Relp { frames: Frames::new(data_bytes_max), is_open: false });
    Front { name: "relp", tls }.accept_each(listener, reception, shutdown, serve_one).await;
}

/// One connection.
struct Relp {
    frames: Frames,
    is_open: bool,
}

/// The response to one transaction.
struct Reply {
    number: u32,
    response: Response,
}

enum Response {
    /// 200 once it is durable.
    Kept,
    /// The offers of a session.
    Offers,
    /// 500: it will never be kept.
    Refused(&'static str),
    /// The end that the sender asked for.
    Closed,
}

impl Protocol for Relp {
    type Reply = Reply;

    const FORMAT: &'static str = "syslog";

    fn step(&mut self, gather: &mut Gather, source: &LiveSource, reception: &Reception) -> Step<Reply> {
        let rest = gather.rest();
        match self.frames.next(rest) {
            Frame::More => Step::More,
            Frame::Skip { next } => {
                gather.advance(next);
                Step::Skip
            }
            Frame::Broken => Step::Broken,
            Frame::TooLong { number, next } => {
                gather.advance(next);
                source.counts.dropped(DropReason::TooLong, 1);
                Step::Reply(Reply { number, response: Response::Refused("500 the message is too long") })
            }
            Frame::Whole { number, command, start, end, next } => {
                let data = rest.get(start..end).unwrap_or_default();
                let response = self.command(command, data);
                // rsyslog's templates end in a line feed, which belongs to no message.
                let kept = data.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r' | 0)).map_or(0, |at| at + 1);
                match &response {
                    Response::Kept if kept > 0 => gather.unit(start, start + kept, reception),
                    Response::Refused(_) => source.counts.dropped(DropReason::Malformed, 1),
                    _ => {}
                }
                gather.advance(next);
                let is_last = matches!(response, Response::Closed);
                let reply = Reply { number, response };
                if is_last { Step::Last(reply) } else { Step::Reply(reply) }
            }
        }
    }

    fn answer(reply: &Reply, kept: Result<(), NotKept>, _at: Time, _number: u32, out: &mut Vec<u8>) -> Go {
        let text = match reply.response {
            Response::Kept if kept.is_ok() => "200 OK",
            Response::Kept => {
                out.extend(SERVER_CLOSE);
                return Go::Away;
            }
            Response::Offers => OFFERS,
            Response::Refused(text) => text,
            Response::Closed => "",
        };
        let separator = if text.is_empty() { "" } else { " " };
        out.extend(format!("{} rsp {}{separator}{text}\n", reply.number, text.len()).into_bytes());
        if matches!(reply.response, Response::Closed) {
            out.extend(SERVER_CLOSE);
            return Go::Away;
        }
        Go::On
    }
}

impl Relp {
    fn command(&mut self, command: Command, data: &[u8]) -> Response {
        match command {
            Command::Open if offers_syslog(data) => {
                self.is_open = true;
                Response::Offers
            }
            Command::Open => Response::Refused("500 only the command syslog is known, and it is not offered"),
            Command::Close => Response::Closed,
            Command::Syslog if self.is_open => Response::Kept,
            Command::Syslog => Response::Refused("500 no session is open"),
            Command::Other => Response::Refused("500 unknown command"),
        }
    }
}

/// Whether a sender's offers have the command `syslog`.
fn offers_syslog(offers: &[u8]) -> bool {
    let mut commands = offers.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"commands="));
    commands.any(|commands| commands.split(|byte| *byte == b',').any(|command| command.trim_ascii() == b"syslog"))
}
