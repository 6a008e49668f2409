//! Content encodings, expanded piece by piece, so that a bomb is seen before it has grown.

use std::io::Write;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use zstd::stream::raw::{Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

use super::refusal::Refusal;

/// Bytes that are expanded at a time, so that what they become is bounded.
pub(super) const STEP_INPUT: usize = 1 << 10;
/// What [`STEP_INPUT`] bytes can become at the most: zstd repeats up to 128 KiB in four bytes.
#[cfg(test)]
const STEP_OUTPUT: usize = (STEP_INPUT / 4 + 2) * (128 << 10);
/// zstd's window: what RFC 9659 lets a sender of HTTP use.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// zstd gives its output in pieces of this size.
const ZSTD_PIECE: usize = 128 << 10;

/// Expands a body.
pub(super) enum Inflate {
    /// Not compressed.
    Identity,
    /// `gzip`, also of several members.
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    /// `deflate`: the first two bytes tell whether it is zlib, as RFC 9110 says, or bare, as some send it.
    Deflate(Deflate),
    /// `zstd`, also of several frames; whether the last one is complete.
    Zstd(Box<ZstdDecoder<'static>>, bool),
}

pub(super) enum Deflate {
    Unknown(Vec<u8>),
    Zlib(Box<ZlibDecoder<Vec<u8>>>),
    Bare(Box<DeflateDecoder<Vec<u8>>>),
}

impl Inflate {
    /// For the encoding that the headers name.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let Some(value) = headers.get(CONTENT_ENCODING) else { return Ok(Self::Identity) };
        let name = value.to_str().map_err(|_| Refusal::Encoding)?.trim().to_ascii_lowercase();
        Ok(match name.as_str() {
            "" | "identity" => Self::Identity,
            "gzip" | "x-gzip" => Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            "deflate" => Self::Deflate(Deflate::Unknown(Vec::new())),
            "zstd" => Self::Zstd(Box::new(zstd()?), true),
            _ => return Err(Refusal::Encoding),
        })
    }

    /// Expands the next bytes, at most [`STEP_INPUT`] of them, onto the end of `out`.
    pub(super) fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        match self {
            Self::Identity => out.extend_from_slice(input),
            Self::Gzip(decoder) => {
                decoder.write_all(input).map_err(|_| Refusal::Damaged)?;
                out.append(decoder.get_mut());
            }
            Self::Deflate(deflate) => deflate.push(input, out)?,
            Self::Zstd(decoder, complete) => *complete = zstd_push(decoder, *complete, input, out)?,
        }
        Ok(())
    }

    /// What is left once all bytes are in; refuses a body that was cut off.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Refusal> {
        match self {
            Self::Identity => {}
            Self::Gzip(decoder) => {
                decoder.try_finish().map_err(|_| Refusal::Damaged)?;
                out.append(decoder.get_mut());
            }
            Self::Deflate(deflate) => deflate.finish(out)?,
            Self::Zstd(_, complete) if *complete => {}
            Self::Zstd(..) => return Err(Refusal::Damaged),
        }
        Ok(())
    }
}

impl Deflate {
    fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        match self {
            Self::Unknown(head) => {
                head.extend_from_slice(input);
                let &[first, second, ..] = head.as_slice() else { return Ok(()) };
                let is_zlib = first & 0x0F == 8 && (u16::from(first) << 8 | u16::from(second)) % 31 == 0;
                let head = std::mem::take(head);
                *self = if is_zlib {
                    Self::Zlib(Box::new(ZlibDecoder::new(Vec::new())))
                } else {
                    Self::Bare(Box::new(DeflateDecoder::new(Vec::new())))
                };
                return self.push(&head, out);
            }
            Self::Zlib(decoder) => {
                decoder.write_all(input).map_err(|_| Refusal::Damaged)?;
                out.append(decoder.get_mut());
            }
            Self::Bare(decoder) => {
                decoder.write_all(input).map_err(|_| Refusal::Damaged)?;
                out.append(decoder.get_mut());
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Refusal> {
        match self {
            Self::Unknown(head) if head.is_empty() => {}
            Self::Unknown(_) => return Err(Refusal::Damaged),
            Self::Zlib(decoder) => {
                decoder.try_finish().map_err(|_| Refusal::Damaged)?;
                out.append(decoder.get_mut());
            }
            Self::Bare(decoder) => {
                decoder.try_finish().map_err(|_| Refusal::Damaged)?;
                out.append(decoder.get_mut());
            }
        }
        Ok(())
    }
}

fn zstd() -> Result<ZstdDecoder<'static>, Refusal> {
    let mut decoder = ZstdDecoder::new().map_err(|_| Refusal::Internal)?;
    let window = zstd::stream::raw::DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX);
    decoder.set_parameter(window).map_err(|_| Refusal::Internal)?;
    Ok(decoder)
}

/// Expands `input` and says whether it ended with a frame.
fn zstd_push(
    decoder: &mut ZstdDecoder<'static>,
    complete: bool,
    input: &[u8],
    out: &mut Vec<u8>,
) -> Result<bool, Refusal> {
    let mut complete = complete;
    let mut input = InBuffer::around(input);
    let mut piece = vec![0; ZSTD_PIECE];
    loop {
        let mut output = OutBuffer::around(piece.as_mut_slice());
        let before = input.pos();
        let hint = decoder.run(&mut input, &mut output).map_err(|_| Refusal::Damaged)?;
        let written = output.as_slice().len();
        out.extend_from_slice(output.as_slice());
        if input.pos() > before || written > 0 {
            complete = hint == 0;
        }
        if input.pos() == input.src.len() && written < ZSTD_PIECE {
            return Ok(complete);
        }
        if input.pos() == before && written == 0 {
            return Err(Refusal::Damaged);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(encoding: &'static str) -> Result<Inflate, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, axum::http::HeaderValue::from_static(encoding));
        Inflate::of(&headers)
    }

    fn expand(encoding: &'static str, input: &[u8], step: usize) -> Result<Vec<u8>, Refusal> {
        let (mut inflate, mut out) = (of(encoding)?, Vec::new());
        for piece in input.chunks(step) {
            inflate.push(piece, &mut out)?;
        }
        inflate.finish(&mut out)?;
        Ok(out)
    }

    fn packed(encoding: &str, text: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::default();
        match encoding {
            "gzip" => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            "zlib" => {
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            "bare" => {
                let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            _ => zstd::stream::encode_all(text, 3).unwrap(),
        }
    }

    const ALL: [(&str, &str); 4] = [("gzip", "gzip"), ("deflate", "zlib"), ("deflate", "bare"), ("zstd", "zstd")];

    #[test]
    fn every_encoding_expands_alike_however_it_arrives() {
        let text: Vec<u8> = (0..5_000_u32).flat_map(|number| number.to_string().into_bytes()).collect();
        for (encoding, kind) in ALL {
            let packed = packed(kind, &text);
            for step in [1, 7, STEP_INPUT] {
                assert_eq!(expand(encoding, &packed, step).as_ref(), Ok(&text), "{kind} in steps of {step}");
            }
        }
        assert_eq!(expand("identity", &text, STEP_INPUT), Ok(text));
    }

    #[test]
    fn a_body_cut_off_or_damaged_is_refused() {
        let text = b"one line and another line, and one more line";
        for (encoding, kind) in ALL {
            let packed = packed(kind, text);
            for end in 1..packed.len() {
                let cut = expand(encoding, &packed[..end], STEP_INPUT);
                assert_eq!(cut, Err(Refusal::Damaged), "{kind} cut at {end} of {}", packed.len());
            }
        }
        assert_eq!(expand("gzip", b"no gzip at all", STEP_INPUT), Err(Refusal::Damaged));
        assert_eq!(of("br").err(), Some(Refusal::Encoding));
    }

    #[test]
    fn one_step_of_a_bomb_stays_within_its_bound() {
        let zeros = vec![0; 64 << 20];
        for (encoding, kind) in ALL {
            let (mut inflate, mut out) = (of(encoding).unwrap(), Vec::new());
            let packed = packed(kind, &zeros);
            for piece in packed.chunks(STEP_INPUT) {
                out.clear();
                inflate.push(piece, &mut out).unwrap();
                assert!(out.len() <= STEP_OUTPUT, "{kind}: {} bytes", out.len());
            }
        }
    }
}
