//! Edges: who talks to whom, and when. Pairs of nodes in the order of time come in; a score for each comes out at once.
//!
//! A node is a user, a host, a device, a patient reference: here it is a keyed hash of its name, because whoever is watched may choose names and must not be able to choose
//! buckets. [`Midas`] finds bursts of an edge or a node, [`FirstSeen`] and [`Novelty`] find edges that never were there before. All of it is of a fixed size whatever the
//! number of nodes.

mod counts;
mod first_seen;
mod midas;
mod novelty;

use cordon_stats::{HashKey, sip64};

pub use first_seen::{FirstSeen, FirstSeenConfig};
pub use midas::{EdgeScore, Level, LevelScore, Midas, MidasConfig, Unlike, Variant};
pub use novelty::{Novelty, NoveltyConfig};

/// An end of an edge: a hash of its name under the installation's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(u64);

impl Node {
    /// The node of a name. Models that are to be merged need nodes of the same key.
    #[must_use]
    pub fn named(key: HashKey, name: &[u8]) -> Self {
        Self(sip64(key, name))
    }

    /// The node of a number, for callers that number their entities.
    #[must_use]
    pub fn numbered(key: HashKey, number: u32) -> Self {
        Self::named(key, &number.to_le_bytes())
    }
}

/// Multiplies to 128 bits and folds the halves: every bit of both factors reaches every bit of the result.
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128) * (b as u128);
    (product & 0xffff_ffff_ffff_ffff) as u64 ^ (product >> 64) as u64
}

/// The hash of an ordered pair. Both are hashes under a key already, so nobody can choose two pairs that meet.
const fn pair(source: Node, destination: Node) -> u64 {
    fold(source.0 ^ 0xa076_1d64_78bd_642f, destination.0.rotate_left(32) ^ 0xe703_7ed1_a0b4_28db)
}

#[cfg(test)]
mod tests;
