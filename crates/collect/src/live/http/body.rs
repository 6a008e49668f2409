//! Bodies of requests: read as a whole within the bound, or piece by piece.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::inflate::{Inflate, STEP_INPUT};
use super::refusal::Refusal;
use super::{PIECE_BYTES, Shared};

/// Bodies up to this size are worked on where they arrive; longer ones on a thread that may block.
const INLINE_BYTES_MAX: usize = 32 << 10;

/// Room for bytes that are held, given back when it is dropped.
pub(super) struct Held {
    room: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
    pieces: usize,
}

impl Held {
    pub(super) fn new(shared: &Shared) -> Self {
        Self { room: Arc::clone(&shared.held), permit: None, pieces: 0 }
    }

    /// Makes sure of room for `bytes` in all. Never waits: who waits while holding room could wait for ever.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let missing = bytes.div_ceil(PIECE_BYTES).saturating_sub(self.pieces);
        if missing == 0 {
            return Ok(());
        }
        let more = u32::try_from(missing).map_err(|_| Refusal::TooLarge)?;
        let more = Arc::clone(&self.room).try_acquire_many_owned(more).map_err(|_| Refusal::Crowded)?;
        self.pieces += missing;
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        Ok(())
    }
}

/// The next piece of a body as it arrives; `None` at its end.
pub(super) async fn next(stream: &mut BodyDataStream, idle_max: Duration) -> Result<Option<Bytes>, Refusal> {
    match tokio::time::timeout(idle_max, stream.next()).await {
        Ok(Some(Ok(piece))) => Ok(Some(piece)),
        Ok(None) => Ok(None),
        Ok(Some(Err(_))) | Err(_) => Err(Refusal::Interrupted),
    }
}

/// A body that arrived as a whole, not expanded yet.
pub(super) struct Whole {
    bytes: Vec<u8>,
    inflate: Inflate,
    held: Held,
    bytes_max: usize,
}

impl Whole {
    /// Reads a body to its end.
    pub(super) async fn read(shared: &Shared, headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        let bytes_max = shared.limits.body_bytes_max;
        let inflate = Inflate::of(headers)?;
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let mut held = Held::new(shared);
        let mut bytes = Vec::new();
        if let Some(length) = length {
            if length > bytes_max {
                return Err(Refusal::TooLarge);
            }
            held.grow(length)?;
            bytes.reserve_exact(length);
        }
        let mut stream = body.into_data_stream();
        while let Some(piece) = next(&mut stream, shared.limits.idle_max).await? {
            if bytes.len() + piece.len() > bytes_max {
                return Err(Refusal::TooLarge);
            }
            held.grow(bytes.len() + piece.len())?;
            bytes.extend_from_slice(&piece);
        }
        Ok(Self { bytes, inflate, held, bytes_max })
    }

    /// Expands the body and lets `work` at it, on a thread that may block when there is much of it. What is held stays so until the second part is dropped.
    pub(super) async fn work<T: Send + 'static>(
        mut self,
        work: impl FnOnce(&[u8], &mut Held) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<(T, Held), Refusal> {
        let is_plain = matches!(self.inflate, Inflate::Identity);
        if is_plain && self.bytes.len() <= INLINE_BYTES_MAX {
            let done = work(&self.bytes, &mut self.held)?;
            return Ok((done, self.held));
        }
        let expanded = move || {
            let (bytes, mut held) = self.expand()?;
            let done = work(&bytes, &mut held)?;
            Ok((done, held))
        };
        tokio::task::spawn_blocking(expanded).await.unwrap_or(Err(Refusal::Internal))
    }

    fn expand(mut self) -> Result<(Vec<u8>, Held), Refusal> {
        if matches!(self.inflate, Inflate::Identity) {
            return Ok((self.bytes, self.held));
        }
        let mut out = Vec::new();
        for piece in self.bytes.chunks(STEP_INPUT) {
            self.inflate.push(piece, &mut out)?;
            if out.len() > self.bytes_max {
                return Err(Refusal::TooLarge);
            }
            self.held.grow(self.bytes.len() + out.len())?;
        }
        self.inflate.finish(&mut out)?;
        Ok((out, self.held))
    }
}
