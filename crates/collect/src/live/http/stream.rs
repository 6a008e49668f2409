//! Bodies that are read as they come: gathered, expanded and cut into Deliveries in rounds on a thread that may block, and handed over between the rounds.
//! Whatever the length of the body, what is held of it stays the same.

use axum::body::Body;
use axum::http::HeaderMap;
use cordon_model::Delivery;

use super::body::{self, Held};
use super::inflate::{Inflate, STEP_INPUT};
use super::keep::Pending;
use super::refusal::Refusal;
use super::sender::Caller;
use super::{Limits, Shared};
use crate::live::keep::units;

/// Bytes of a body that are gathered before they are worked on.
const GATHER_BYTES: usize = 256 << 10;
/// Bytes of records after which the work on a body pauses for them to be handed over.
const ROUND_BYTES: usize = 4 << 20;
/// Deliveries of one body that may be on their way to the log.
const PENDING_MAX: usize = 64;

/// Cuts a stream of bytes into Deliveries.
pub(super) trait Cutter: Send + 'static {
    /// Takes what is complete at the start of the buffer and says how many bytes that were. `ended`: nothing follows the buffer.
    fn cut(&mut self, buffer: &[u8], ended: bool) -> Result<usize, Refusal>;

    /// Bytes of records that were cut and not taken yet.
    fn bytes(&self) -> usize;

    /// The deliveries so far.
    fn take(&mut self) -> Vec<Delivery>;
}

/// What became of a body.
pub(super) struct Outcome<C> {
    /// The cutter, with what it counted; lost when its work ended in a fault of ours.
    pub(super) cutter: Option<C>,
    /// Records that are durable, from the first on without a gap.
    pub(super) accepted: u64,
    /// Why it ended early.
    pub(super) result: Result<(), Refusal>,
}

/// Takes a body to its end or to the first thing that cannot be taken.
pub(super) async fn run<C: Cutter>(
    shared: &Shared,
    caller: &Caller,
    headers: &HeaderMap,
    body: Body,
    cutter: C,
) -> Outcome<C> {
    let mut way = Way { shared, caller, pending: Vec::new(), accepted: 0 };
    let inflate = match Inflate::of(headers) {
        Ok(inflate) => inflate,
        Err(refusal) => return Outcome { cutter: Some(cutter), accepted: 0, result: Err(refusal) },
    };
    let work =
        Work { inflate, input: Vec::new(), input_at: 0, finished: false, expanded: 0, buffer: Vec::new(), cutter };
    let mut work = Some(work);
    let taken = rounds(&mut way, body, &mut work).await;
    let settled = way.settle().await;
    Outcome { cutter: work.map(|work| work.cutter), accepted: way.accepted, result: settled.and(taken) }
}

async fn rounds<C: Cutter>(way: &mut Way<'_>, body: Body, place: &mut Option<Work<C>>) -> Result<(), Refusal> {
    let limits = way.shared.limits;
    let mut held = Held::new(way.shared);
    held.grow(GATHER_BYTES + ROUND_BYTES)?;
    let mut stream = body.into_data_stream();
    let mut ended = false;
    while !ended {
        let mut gathered = Vec::new();
        while gathered.len() < GATHER_BYTES && !ended {
            match body::next(&mut stream, limits.idle_max).await? {
                Some(piece) => gathered.extend_from_slice(&piece),
                None => ended = true,
            }
        }
        let mut work = place.take().ok_or(Refusal::Internal)?;
        work.input = gathered;
        loop {
            let round = tokio::task::spawn_blocking(move || {
                let result = work.round(ended, limits);
                (work, result)
            });
            let (mut back, result) = round.await.map_err(|_| Refusal::Internal)?;
            let (room, deliveries) =
                (held.grow(GATHER_BYTES + ROUND_BYTES + back.buffer.capacity()), back.cutter.take());
            work = back;
            let handed = way.hand_over(deliveries).await;
            let step = room.and(handed).and(result);
            if step != Ok(Round::More) {
                *place = Some(work);
                step?;
                break;
            }
        }
    }
    Ok(())
}

/// The way of a body's deliveries into the log.
struct Way<'a> {
    shared: &'a Shared,
    caller: &'a Caller,
    pending: Vec<Pending>,
    accepted: u64,
}

impl Way<'_> {
    async fn hand_over(&mut self, deliveries: Vec<Delivery>) -> Result<(), Refusal> {
        for delivery in deliveries {
            self.shared.admit(self.caller, units(&delivery))?;
            self.pending.push(self.shared.hand_over(self.caller, delivery).await);
            if self.pending.len() >= PENDING_MAX {
                self.settle().await?;
            }
        }
        Ok(())
    }

    /// Waits for what was handed over. The first that was not kept ends the count.
    async fn settle(&mut self) -> Result<(), Refusal> {
        let mut failed = None;
        for pending in self.pending.drain(..) {
            let kept = pending.kept().await;
            match kept.result {
                Ok(()) if failed.is_none() => self.accepted += kept.records,
                Ok(()) => {}
                Err(why) => failed = failed.or(Some(why)),
            }
        }
        failed.map_or(Ok(()), |why| Err(Refusal::NotKept(why)))
    }
}

/// How far a round got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// All input is worked on.
    Done,
    /// There is more to do, once the records so far are taken.
    More,
}

/// The work on one body.
struct Work<C> {
    inflate: Inflate,
    input: Vec<u8>,
    input_at: usize,
    finished: bool,
    expanded: u64,
    buffer: Vec<u8>,
    cutter: C,
}

impl<C: Cutter> Work<C> {
    /// Works on the input until it is used up or enough records wait to be handed over.
    fn round(&mut self, ended: bool, limits: Limits) -> Result<Round, Refusal> {
        while self.cutter.bytes() < ROUND_BYTES {
            let more = self.expand_some(ended)?;
            if self.expanded > limits.stream_bytes_max {
                return Err(Refusal::TooLarge);
            }
            let is_last = ended && !more;
            let cut = self.cutter.cut(&self.buffer, is_last)?;
            self.buffer.drain(..cut.min(self.buffer.len()));
            if !more {
                self.input.clear();
                self.input_at = 0;
                return Ok(Round::Done);
            }
        }
        Ok(Round::More)
    }

    /// Expands up to [`GATHER_BYTES`]; says whether there is more input.
    fn expand_some(&mut self, ended: bool) -> Result<bool, Refusal> {
        let before = self.buffer.len();
        while self.buffer.len() - before < GATHER_BYTES {
            let rest = self.input.get(self.input_at..).unwrap_or_default();
            let step = rest.get(..STEP_INPUT).unwrap_or(rest);
            if step.is_empty() {
                break;
            }
            self.inflate.push(step, &mut self.buffer)?;
            self.input_at += step.len();
        }
        let more = self.input_at < self.input.len();
        if ended && !more && !self.finished {
            self.inflate.finish(&mut self.buffer)?;
            self.finished = true;
        }
        self.expanded += u64::try_from(self.buffer.len() - before).unwrap_or(u64::MAX);
        Ok(more)
    }
}
