//! A correlator's state as bytes, and back. The same state gives the same bytes; a correlator that was stopped, written, read and continued says what
//! one that never stopped would have said.
//!
//! Layout, little-endian: `CCOR`, version (8 bytes), fingerprints of the limits and of the key, watermark, latest time, counters; the base rules with their
//! numbers, ids and fields; the waiting matches; and for each correlation its id, identity, fields and groups from the oldest to the newest. Rules and
//! correlations are named by id, so that a plan with other numbers can take the state over (`carry`).

use std::sync::Arc;

use cordon_stats::{codec, sip64};

use super::groups::Groups;
use super::plan::Source;
use super::state::State;
use super::{Correlator, Counters, Limits, Plan};

const MAGIC: [u8; 4] = *b"CCOR";
/// Raised with every change of the layout or of what it means.
const VERSION: u64 = 2;

/// Why a snapshot was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It does not start as a snapshot does.
    #[error("not a snapshot of correlations")]
    NotASnapshot,
    /// Another layout.
    #[error("snapshot of version {0}, this build reads version {VERSION}: start with empty windows")]
    Version(u64),
    /// Other correlations or limits.
    #[error("snapshot of other correlation rules or limits: carry over what fits, or start with empty windows")]
    OtherPlan,
    /// Cut or changed.
    #[error("snapshot is cut or damaged: start with empty windows")]
    Damaged,
}

impl Correlator {
    /// The state as bytes.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_snapshot(&mut out);
        out
    }

    /// The state as bytes behind what is there; with their length before them it is what [`codec::put_bytes`] would make of a snapshot, without a second copy.
    pub fn write_snapshot(&self, out: &mut Vec<u8>) {
        let core = &self.core;
        out.extend_from_slice(&MAGIC);
        codec::put_u64(out, VERSION);
        codec::put_u64(out, limits_print(core.limits));
        codec::put_u64(out, key_print(core.limits));
        codec::put_i64(out, core.watermark);
        codec::put_i64(out, core.latest);
        core.counters.named().iter().for_each(|(_, count)| codec::put_u64(out, *count));
        let rules: Vec<(u64, &Source)> =
            (0..).zip(&self.plan.bases).filter(|(_, rule)| !rule.feeds.is_empty()).collect();
        codec::put_len(out, rules.len());
        for (number, rule) in rules {
            codec::put_u64(out, number);
            codec::put_bytes(out, rule.id.as_bytes());
            put_names(out, &rule.wanted);
        }
        codec::section(out, |out| core.pending.write(out));
        codec::put_len(out, self.plan.nodes.len());
        for (node, groups) in self.plan.nodes.iter().zip(&core.groups) {
            codec::put_bytes(out, node.id.as_bytes());
            codec::put_u64(out, node.identity);
            put_names(out, &node.source.wanted);
            codec::section(out, |out| write_groups(out, groups));
        }
    }

    /// A correlator that goes on where the snapshot was taken. Limits must be the same, and so must all correlations and the ids of their rules.
    ///
    /// # Errors
    /// When the bytes are not such a snapshot.
    pub fn restore(plan: Arc<Plan>, limits: Limits, bytes: &[u8]) -> Result<Self, SnapshotError> {
        let parts = Parts::read(bytes)?;
        let same = parts.correlations.iter().map(|old| old.identity).eq(plan.nodes.iter().map(|node| node.identity));
        if !same || !parts.has_limits(limits) {
            return Err(SnapshotError::OtherPlan);
        }
        Self::carry(&parts, plan, limits).map(|carried| carried.correlator)
    }
}

fn write_groups(out: &mut Vec<u8>, groups: &Groups<State>) {
    codec::put_len(out, groups.len());
    for group in groups.iter() {
        codec::put_bytes(out, &group.key);
        codec::put_i64(out, group.stamp);
        out.push(u8::from(group.fired_at.is_some()));
        codec::put_i64(out, group.fired_at.unwrap_or(0));
        group.state.write(out);
    }
}

fn put_names(out: &mut Vec<u8>, names: &[String]) {
    codec::put_len(out, names.len());
    names.iter().for_each(|name| codec::put_bytes(out, name.as_bytes()));
}

/// A snapshot taken apart; matches and groups are still bytes.
pub(super) struct Parts<'b> {
    limits: u64,
    key: u64,
    pub(super) watermark: i64,
    pub(super) latest: i64,
    pub(super) counters: Counters,
    pub(super) rules: Vec<OldRule<'b>>,
    pub(super) waiting: &'b [u8],
    pub(super) correlations: Vec<OldCorrelation<'b>>,
}

/// A base rule as it was.
pub(super) struct OldRule<'b> {
    pub(super) number: u32,
    pub(super) id: &'b str,
    pub(super) wanted: Vec<&'b str>,
}

/// A correlation as it was.
pub(super) struct OldCorrelation<'b> {
    pub(super) id: &'b str,
    pub(super) identity: u64,
    pub(super) wanted: Vec<&'b str>,
    pub(super) groups: &'b [u8],
}

impl<'b> Parts<'b> {
    pub(super) fn read(bytes: &'b [u8]) -> Result<Self, SnapshotError> {
        let mut from = bytes;
        if codec::take(&mut from) != Some(MAGIC) {
            return Err(SnapshotError::NotASnapshot);
        }
        match codec::take_u64(&mut from) {
            Some(VERSION) => {}
            Some(other) => return Err(SnapshotError::Version(other)),
            None => return Err(SnapshotError::Damaged),
        }
        let parts = Self::body(&mut from).ok_or(SnapshotError::Damaged)?;
        if from.is_empty() { Ok(parts) } else { Err(SnapshotError::Damaged) }
    }

    fn body(from: &mut &'b [u8]) -> Option<Self> {
        let (limits, key) = (codec::take_u64(from)?, codec::take_u64(from)?);
        let (watermark, latest) = (codec::take_i64(from)?, codec::take_i64(from)?);
        let mut numbers = [0; 10];
        for number in &mut numbers {
            *number = codec::take_u64(from)?;
        }
        let rules = take_all(from, OldRule::read)?;
        let waiting = codec::take_bytes(from)?;
        let correlations = take_all(from, OldCorrelation::read)?;
        let counters = Counters::from_numbers(numbers);
        Some(Self { limits, key, watermark, latest, counters, rules, waiting, correlations })
    }

    /// Whether it was taken under these limits.
    pub(super) fn has_limits(&self, limits: Limits) -> bool {
        self.limits == limits_print(limits)
    }

    /// Whether values were hashed under the key of these limits, so that old and new hashes may stand side by side.
    pub(super) fn has_key_of(&self, limits: Limits) -> bool {
        self.key == key_print(limits)
    }
}

impl<'b> OldRule<'b> {
    fn read(from: &mut &'b [u8]) -> Option<Self> {
        let number = u32::try_from(codec::take_u64(from)?).ok()?;
        Some(Self { number, id: take_text(from)?, wanted: take_all(from, take_text)? })
    }
}

impl<'b> OldCorrelation<'b> {
    fn read(from: &mut &'b [u8]) -> Option<Self> {
        let (id, identity) = (take_text(from)?, codec::take_u64(from)?);
        Some(Self { id, identity, wanted: take_all(from, take_text)?, groups: codec::take_bytes(from)? })
    }
}

/// A list: how many, then each. Every item takes 8 bytes at least, the length of its first text or its number.
fn take_all<'b, T>(from: &mut &'b [u8], take: impl Fn(&mut &'b [u8]) -> Option<T>) -> Option<Vec<T>> {
    (0..codec::take_len(from, 8)?).map(|_| take(from)).collect()
}

fn take_text<'b>(from: &mut &'b [u8]) -> Option<&'b str> {
    str::from_utf8(codec::take_bytes(from)?).ok()
}

fn limits_print(limits: Limits) -> u64 {
    let mut bytes = Vec::new();
    codec::put_i64(&mut bytes, limits.lateness_us);
    for bound in [limits.groups_max, limits.window_events_max, limits.bytes_max, limits.pending_bytes_max] {
        codec::put_len(&mut bytes, bound);
    }
    codec::put_u64(&mut bytes, key_print(limits));
    sip64([0, 0], &bytes)
}

/// Tells keys apart without telling the key.
fn key_print(limits: Limits) -> u64 {
    sip64(limits.hash_key, b"key of a snapshot of correlations")
}
