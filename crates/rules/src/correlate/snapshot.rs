//! A correlator's state as bytes, and back. The same state gives the same bytes; a correlator that was stopped, written, read and continued says what
//! one that never stopped would have said.
//!
//! Layout, little-endian: `CCOR`, version (8 bytes), fingerprint of the plan and of the limits, watermark, latest time, counters, waiting matches, and
//! for each correlation its groups from the oldest to the newest.

use std::sync::Arc;

use cordon_stats::{codec, sip64};

use super::machine::Core;
use super::pending::Pending;
use super::state::State;
use super::{Correlator, Counters, Limits, Plan};

const MAGIC: [u8; 4] = *b"CCOR";
/// Raised with every change of the layout or of what it means.
const VERSION: u64 = 1;

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
    #[error("snapshot of other correlation rules or limits: start with empty windows")]
    OtherPlan,
    /// Cut or changed.
    #[error("snapshot is cut or damaged: start with empty windows")]
    Damaged,
}

impl Correlator {
    /// The state as bytes.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let core = &self.core;
        let mut out = MAGIC.to_vec();
        codec::put_u64(&mut out, VERSION);
        codec::put_u64(&mut out, fingerprint(&self.plan, core.limits));
        codec::put_i64(&mut out, core.watermark);
        codec::put_i64(&mut out, core.latest);
        core.counters.named().iter().for_each(|(_, count)| codec::put_u64(&mut out, *count));
        core.pending.write(&mut out);
        for groups in &core.groups {
            codec::put_len(&mut out, groups.len());
            for group in groups.iter() {
                codec::put_bytes(&mut out, &group.key);
                codec::put_i64(&mut out, group.stamp);
                out.push(u8::from(group.fired_at.is_some()));
                codec::put_i64(&mut out, group.fired_at.unwrap_or(0));
                group.state.write(&mut out);
            }
        }
        out
    }

    /// A correlator that goes on where the snapshot was taken. Plan and limits must be the same.
    ///
    /// # Errors
    /// When the bytes are not such a snapshot.
    pub fn restore(plan: Arc<Plan>, limits: Limits, bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut from = bytes;
        let from = &mut from;
        if codec::take(from) != Some(MAGIC) {
            return Err(SnapshotError::NotASnapshot);
        }
        match codec::take_u64(from) {
            Some(VERSION) => {}
            Some(other) => return Err(SnapshotError::Version(other)),
            None => return Err(SnapshotError::Damaged),
        }
        if codec::take_u64(from).ok_or(SnapshotError::Damaged)? != fingerprint(&plan, limits) {
            return Err(SnapshotError::OtherPlan);
        }
        let mut correlator = Self::new(plan, limits);
        read_core(&mut correlator.core, &correlator.plan, from).ok_or(SnapshotError::Damaged)?;
        if from.is_empty() { Ok(correlator) } else { Err(SnapshotError::Damaged) }
    }
}

fn read_core(core: &mut Core, plan: &Plan, from: &mut &[u8]) -> Option<()> {
    core.watermark = codec::take_i64(from)?;
    core.latest = codec::take_i64(from)?;
    let mut numbers = [0; 10];
    for number in &mut numbers {
        *number = codec::take_u64(from)?;
    }
    core.counters = Counters::from_numbers(numbers);
    core.pending = Pending::read(from)?;
    for (at, node) in plan.nodes.iter().enumerate() {
        for _ in 0..codec::take_len(from, 25)? {
            let key = codec::take_bytes(from)?;
            let stamp = codec::take_i64(from)?;
            let fired = codec::take(from)? == [1];
            let fired_at = codec::take_i64(from)?;
            let state = State::read(node, from)?;
            let slot = core.restore_group(node, at, key, stamp, state)?;
            core.groups.get_mut(at)?.at(slot)?.fired_at = fired.then_some(fired_at);
        }
    }
    Some(())
}

fn fingerprint(plan: &Plan, limits: Limits) -> u64 {
    let mut bytes = Vec::new();
    codec::put_u64(&mut bytes, plan.fingerprint);
    codec::put_i64(&mut bytes, limits.lateness_us);
    for bound in [limits.groups_max, limits.window_events_max, limits.bytes_max, limits.pending_bytes_max] {
        codec::put_len(&mut bytes, bound);
    }
    limits.hash_key.iter().for_each(|half| codec::put_u64(&mut bytes, *half));
    sip64([0, 0], &bytes)
}
