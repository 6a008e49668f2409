//! `POST /intake/v1/deliveries`: records that are cut already, for `cordon import` and `cordon replay`. One frame is a line of JSON that says what follows,
//! then the bytes of the header, then those of the records, one behind the other.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use cordon_decode::formats;
use cordon_model::{Delivery, Span, Time};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::refusal::{Refusal, plain};
use super::stream::{self, Cutter, Outcome};
use crate::live::{DropReason, LiveSource};

/// Longest first line of a frame: it holds the length of every record.
const HEAD_BYTES_MAX: usize = 1 << 20;
/// Longest header of a format.
const HEADER_BYTES_MAX: usize = 1 << 20;
/// Longest name behind the source's own.
const SUFFIX_BYTES_MAX: usize = 1_024;

/// The media type of a body of frames.
pub const MEDIA_TYPE: &str = "application/vnd.cordon.deliveries";

/// The first line of a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FrameHead {
    /// Behind the id of the sender's source and a `/` this names the source of the records: of an import the path of the file. Empty: the sender's source itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// When the records were received, microseconds since 1970; left out for now. Only senders that may import state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<i64>,
    /// Name of the format; empty when it is to be recognised by the bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub format: String,
    /// Bytes of the header that stands in front of the units of some formats.
    #[serde(default)]
    pub header: usize,
    /// Bytes of each record.
    pub units: Vec<usize>,
}

/// Takes a body of frames.
pub(super) async fn deliveries(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let caller = match shared.caller(&parts) {
        Ok(caller) => caller,
        Err(refusal) => return plain(refusal, 0),
    };
    let cutter = Frames {
        source: Arc::clone(&caller.source),
        may_import: caller.may_import,
        now: (shared.clock)(),
        record_bytes_max: shared.limits.record_bytes_max,
        ready: Vec::new(),
    };
    let Outcome { accepted, result, .. } = stream::run(&shared, &caller, &parts.headers, body, cutter).await;
    match result {
        Ok(()) => axum::Json(serde_json::json!({ "accepted": accepted })).into_response(),
        Err(refusal) => {
            shared.refused(&caller, DropReason::Malformed, u64::from(matches!(refusal, Refusal::Malformed(_))));
            plain(refusal, accepted)
        }
    }
}

/// A delivery as a frame: the writer's side. `source` names it behind the sender's own source; only when it
/// is backdated the frame states when it was received. Bytes between the units are left out.
#[must_use]
pub fn frame(delivery: &Delivery, source: &str, is_backdated: bool) -> Vec<u8> {
    let head = FrameHead {
        source: source.to_owned(),
        received: is_backdated.then_some(delivery.received.0),
        format: delivery.format.to_string(),
        header: delivery.header.len(),
        units: delivery.units.iter().map(|unit| unit.end - unit.start).collect(),
    };
    let mut out = serde_json::to_vec(&head).unwrap_or_default();
    out.push(b'\n');
    out.extend_from_slice(&delivery.header);
    delivery.raw_records(0).for_each(|raw| out.extend_from_slice(raw.bytes));
    out
}

/// Reads frames.
struct Frames {
    source: Arc<LiveSource>,
    may_import: bool,
    now: Time,
    record_bytes_max: usize,
    ready: Vec<Delivery>,
}

impl Frames {
    /// The frame at the start of `buffer`, and its length; `None` when it is not complete.
    fn frame(&self, buffer: &[u8]) -> Result<Option<(Delivery, usize)>, Refusal> {
        let Some(line_end) = memchr::memchr(b'\n', buffer) else {
            return if buffer.len() > HEAD_BYTES_MAX { Err(LONG_HEAD) } else { Ok(None) };
        };
        let line = buffer.get(..line_end).filter(|line| line.len() <= HEAD_BYTES_MAX).ok_or(LONG_HEAD)?;
        let head: FrameHead = serde_json::from_slice(line)
            .map_err(|_| Refusal::Malformed("the first line of a frame is not as the description has it"))?;
        let bytes_max = self.check(&head)?;
        let (header_start, start) = (line_end + 1, line_end + 1 + head.header);
        let end = start + bytes_max;
        let Some((header, bytes)) = buffer.get(header_start..start).zip(buffer.get(start..end)) else {
            return Ok(None);
        };
        Ok(Some((self.delivery(&head, header, bytes), end)))
    }

    /// How many bytes the records of a frame have, when it keeps to the bounds and to the sender's rights.
    fn check(&self, head: &FrameHead) -> Result<usize, Refusal> {
        if !self.may_import && (head.received.is_some() || !head.source.is_empty()) {
            return Err(Refusal::MayNotImport);
        }
        let is_known = head.format.is_empty() || formats().iter().any(|format| format.name() == head.format);
        if !is_known {
            return Err(Refusal::Malformed("no format has the name that a frame states"));
        }
        if head.source.len() > SUFFIX_BYTES_MAX || head.source.contains(char::is_control) {
            return Err(Refusal::Malformed("a frame states a source that is no name"));
        }
        if head.header > HEADER_BYTES_MAX || head.units.len() > Delivery::UNITS_MAX {
            return Err(Refusal::Malformed("a frame has more units or a longer header than one delivery may have"));
        }
        let mut bytes = 0_usize;
        for unit in &head.units {
            bytes = bytes.saturating_add(*unit);
            if *unit > self.record_bytes_max || bytes > Delivery::BYTES_MAX {
                return Err(Refusal::TooLarge);
            }
        }
        Ok(bytes)
    }

    fn delivery(&self, head: &FrameHead, header: &[u8], bytes: &[u8]) -> Delivery {
        let own = &self.source.declaration;
        let mut start = 0;
        let units = head.units.iter().map(|length| {
            let span = Span { start, end: start + length };
            start = span.end;
            span
        });
        Delivery {
            source: if head.source.is_empty() {
                Arc::clone(&own.id)
            } else {
                format!("{}/{}", own.id, head.source).into()
            },
            site: Arc::clone(&own.site),
            received: head.received.map_or(self.now, Time),
            format: if own.format.is_empty() { head.format.as_str().into() } else { Arc::clone(&own.format) },
            header: header.to_vec(),
            units: units.collect(),
            bytes: bytes.to_vec(),
        }
    }
}

/// A first line that does not end.
const LONG_HEAD: Refusal = Refusal::Malformed("the first line of a frame is longer than 1 MiB");

impl Cutter for Frames {
    fn cut(&mut self, buffer: &[u8], ended: bool) -> Result<usize, Refusal> {
        let mut at = 0;
        while let Some(rest) = buffer.get(at..).filter(|rest| !rest.is_empty()) {
            let Some((delivery, length)) = self.frame(rest)? else { break };
            if !delivery.units.is_empty() {
                self.ready.push(delivery);
            }
            at += length;
        }
        if ended && at < buffer.len() { Err(Refusal::Interrupted) } else { Ok(at) }
    }

    fn bytes(&self) -> usize {
        self.ready.iter().map(|delivery| delivery.bytes.len()).sum()
    }

    fn take(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.ready)
    }
}
