//! Expanding compressed streams within limits: gzip and zstd, and the budget that every expansion of one input shares.

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::anomaly;
use crate::fault::Broken;
use crate::source::Stream;

/// How far compressed and archived inputs may expand. All counts are of one input as given: an archive with everything inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Expanded bytes per byte of the input, above [`Limits::expanded_bytes_free`].
    pub expansion_ratio_max: u64,
    /// Expanded bytes that are allowed whatever the ratio.
    pub expanded_bytes_free: u64,
    /// Expanded bytes that are never exceeded.
    pub expanded_bytes_max: u64,
    /// How often compression may be nested.
    pub nested_max: u32,
    /// Members read of one archive.
    pub members_max: usize,
}

impl Default for Limits {
    /// Ratio 250 beyond the first 64 MiB, 256 GiB in all, nested twice, a million members.
    fn default() -> Self {
        Self {
            expansion_ratio_max: 250,
            expanded_bytes_free: 64 << 20,
            expanded_bytes_max: 256 << 30,
            nested_max: 2,
            members_max: 1_000_000,
        }
    }
}

/// What one input as given may still expand to; shared by all readers on it.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    input_bytes: AtomicU64,
    expanded_bytes: AtomicU64,
}

impl Budget {
    /// A budget for an input of `input_bytes`; 0 for one whose size shows only as it is read.
    pub(crate) fn new(limits: Limits, input_bytes: u64) -> Arc<Self> {
        Arc::new(Self { limits, input_bytes: AtomicU64::new(input_bytes), expanded_bytes: AtomicU64::new(0) })
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn input_grew(&self, bytes: u64) {
        self.input_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn spend(&self, bytes: usize) -> io::Result<()> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let expanded = self.expanded_bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let by_ratio = self.input_bytes.load(Ordering::Relaxed).saturating_mul(self.limits.expansion_ratio_max);
        let allowed = by_ratio.max(self.limits.expanded_bytes_free).min(self.limits.expanded_bytes_max);
        if expanded > allowed { Err(Broken::error(anomaly::EXPANSION_BOMB)) } else { Ok(()) }
    }
}

/// A reader of expanded bytes that keeps to the budget and names what is wrong with the compression.
pub(crate) struct Expanding<R> {
    inner: R,
    budget: Arc<Budget>,
}

impl<R: Read> Expanding<R> {
    pub(crate) const fn new(inner: R, budget: Arc<Budget>) -> Self {
        Self { inner, budget }
    }
}

impl<R: Read> Read for Expanding<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out).map_err(name_damage)?;
        self.budget.spend(read)?;
        Ok(read)
    }
}

/// Errors of a decompressor that are neither the system's nor already named get a name.
fn name_damage(error: io::Error) -> io::Error {
    let named = error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Broken>);
    match error.kind() {
        io::ErrorKind::Interrupted => error,
        _ if named || error.raw_os_error().is_some() => error,
        io::ErrorKind::UnexpectedEof => Broken::error(anomaly::TRUNCATED),
        _ => Broken::error(anomaly::DAMAGED),
    }
}

/// Largest zstd window in powers of two: 128 MiB of memory at most (the default of the zstd command).
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Bytes of compressed input read at once.
const COMPRESSED_BUFFER_BYTES: usize = 64 << 10;

/// Expands gzip, also several members in a row.
pub(crate) fn gzip(stream: Stream, budget: &Arc<Budget>) -> Stream {
    let buffered = BufReader::with_capacity(COMPRESSED_BUFFER_BYTES, stream);
    Box::new(Expanding::new(flate2::bufread::MultiGzDecoder::new(buffered), Arc::clone(budget)))
}

/// Expands zstd, also several frames in a row.
pub(crate) fn zstd(stream: Stream, budget: &Arc<Budget>) -> io::Result<Stream> {
    let buffered = BufReader::with_capacity(COMPRESSED_BUFFER_BYTES, stream);
    let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(Box::new(Expanding::new(decoder, Arc::clone(budget))))
}
