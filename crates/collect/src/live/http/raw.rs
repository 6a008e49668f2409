//! `POST /intake/v1/raw`: logs of any format as their files hold them, read as they come.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use cordon_decode::frame::{Lines, RECORD_TOO_LONG};
use cordon_decode::{DecodeOptions, Format, Framed, Framer, detect_format, formats};
use cordon_model::{Delivery, Time};
use serde::Deserialize;

use super::keep::Packer;
use super::refusal::{Refusal, plain};
use super::stream::{self, Cutter, Outcome};
use super::{Limits, Shared};
use crate::live::{DropReason, LiveSource};

/// Bytes by which a format is recognised.
const HEAD_BYTES: usize = 64 << 10;
/// Longest header that stands in front of rows.
const HEADER_BYTES_MAX: usize = 1 << 20;

/// What the query of the route may say.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Options {
    /// Name of the format; recognised by the bytes when it is left out.
    format: Option<String>,
}

/// Takes a body of records.
pub(super) async fn raw(
    State(shared): State<Arc<Shared>>,
    Query(options): Query<Options>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let prepared = shared.caller(&parts).and_then(|caller| {
        let asked = asked_format(&parts, &options, &caller.source)?;
        Ok((caller, asked))
    });
    let (caller, asked) = match prepared {
        Ok(prepared) => prepared,
        Err(refusal) => return plain(refusal, 0),
    };
    let cutter = Records::new(asked, &caller.source, (shared.clock)(), shared.limits);
    let Outcome { cutter, accepted, result } = stream::run(&shared, &caller, &parts.headers, body, cutter).await;
    let faults = cutter.map(|cutter| cutter.faults).unwrap_or_default();
    let long = faults.get(RECORD_TOO_LONG.name()).copied().unwrap_or(0);
    shared.refused(&caller, DropReason::TooLong, long);
    shared.refused(&caller, DropReason::Malformed, faults.values().sum::<u64>() - long);
    match result {
        Ok(()) => axum::Json(serde_json::json!({ "accepted": accepted, "faults": faults })).into_response(),
        Err(refusal) => plain(refusal, accepted),
    }
}

/// Which format the declaration of the source, the query or the media type names.
enum Asked {
    Named(&'static dyn Format),
    /// Lines of JSON: a broken one is a record too, whose fault the decoder names.
    JsonLines,
    Unknown,
}

fn asked_format(parts: &Parts, options: &Options, source: &LiveSource) -> Result<Asked, Refusal> {
    let declared = Some(&*source.declaration.format).filter(|name| !name.is_empty());
    if let Some(name) = declared.or(options.format.as_deref()) {
        let named = formats().iter().find(|format| format.name() == name);
        return named.map(|format| Asked::Named(*format)).ok_or(Refusal::Malformed("no format has this name"));
    }
    let media = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Ok(match media.as_str() {
        "application/x-ndjson" | "application/jsonl" | "application/json-lines" => Asked::JsonLines,
        _ => Asked::Unknown,
    })
}

/// How the records of a body are found.
enum Cut {
    Lines(Lines),
    Framed(Box<dyn Framer>),
}

impl Cut {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        match self {
            Self::Lines(lines) => lines.next(buffer, ended),
            Self::Framed(framer) => framer.next(buffer, ended),
        }
    }
}

/// Finds the records of a body and packs them.
struct Records {
    asked: Asked,
    cut: Option<Cut>,
    packer: Packer,
    header: Vec<u8>,
    in_header: bool,
    /// Pieces that are no record, by what is wrong with them.
    faults: BTreeMap<&'static str, u64>,
    options: Arc<DecodeOptions>,
    received: Time,
    source: Arc<LiveSource>,
}

impl Records {
    fn new(asked: Asked, source: &Arc<LiveSource>, received: Time, limits: Limits) -> Self {
        let options = DecodeOptions { record_bytes_max: limits.record_bytes_max, ..DecodeOptions::new(received) };
        Self {
            asked,
            cut: None,
            packer: Packer::new(source, received, ""),
            header: Vec::new(),
            in_header: false,
            faults: BTreeMap::new(),
            options: Arc::new(options),
            received,
            source: Arc::clone(source),
        }
    }

    /// How the records are found: `None` while the first bytes do not say.
    fn choose(&mut self, buffer: &[u8], ended: bool) -> Result<Option<Cut>, Refusal> {
        let format = match &self.asked {
            Asked::JsonLines => {
                self.packer = Packer::new(&self.source, self.received, "json");
                return Ok(Some(Cut::Lines(Lines::new(self.options.record_bytes_max))));
            }
            Asked::Named(format) => *format,
            Asked::Unknown => {
                if buffer.is_empty() || buffer.len() < HEAD_BYTES && !ended {
                    return Ok(None);
                }
                let found = detect_format(buffer.get(..HEAD_BYTES).unwrap_or(buffer), ended);
                found.ok_or(Refusal::Malformed("the bytes are in no format that is read here"))?
            }
        };
        self.packer = Packer::new(&self.source, self.received, format.name());
        Ok(Some(Cut::Framed(format.framer(&self.options))))
    }

    /// Lines of a header stand together; the first behind a record starts another header.
    fn header_line(&mut self, line: &[u8]) -> Result<(), Refusal> {
        if !self.in_header {
            self.header.clear();
        }
        self.in_header = true;
        self.header.extend_from_slice(line);
        if self.header.len() > HEADER_BYTES_MAX {
            return Err(Refusal::Malformed("the header in front of the rows is too long"));
        }
        self.packer.header(&self.header);
        Ok(())
    }

    /// Takes what stands at the start of `rest`; `None` when more bytes must come.
    fn take_next(&mut self, cut: &mut Cut, rest: &[u8], ended: bool) -> Result<Option<usize>, Refusal> {
        Ok(Some(match cut.next(rest, ended) {
            Framed::More => return Ok(None),
            Framed::Unit { start, end, next } => {
                self.in_header = false;
                self.packer.unit(rest.get(start..end).unwrap_or_default());
                next
            }
            Framed::Header { next } => {
                self.header_line(rest.get(..next).unwrap_or_default())?;
                next
            }
            Framed::Skip { next } => next,
            Framed::Fault { anomaly, next } => {
                *self.faults.entry(anomaly.name()).or_insert(0) += 1;
                next
            }
        }))
    }
}

impl Cutter for Records {
    fn cut(&mut self, buffer: &[u8], ended: bool) -> Result<usize, Refusal> {
        let chosen = if self.cut.is_some() { self.cut.take() } else { self.choose(buffer, ended)? };
        let Some(mut cut) = chosen else { return Ok(0) };
        let mut at = 0;
        while let Some(rest) = buffer.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(next) = self.take_next(&mut cut, rest, ended)? else { break };
            at += next.max(1);
        }
        self.cut = Some(cut);
        Ok(at)
    }

    fn bytes(&self) -> usize {
        self.packer.bytes()
    }

    fn take(&mut self) -> Vec<Delivery> {
        self.packer.take()
    }
}
