//! A variable-order Markov model: what usually comes next, after as long a context as is known.
//!
//! Sources: Cleary and Witten, "Data compression using adaptive coding and partial string matching", IEEE Trans. Comm. 32(4), 1984; escape method C of Moffat, IEEE Trans. Comm. 38(11),
//! 1990; in the interpolated form of Witten and Bell, IEEE Trans. Inf. Theory 37(4), 1991, which sums to one and needs no exclusion:
//!
//! `P(x|c) = (N(c,x) + m(c) P(x|c')) / (N(c) + m(c))`
//!
//! where N(c) symbols were seen after context c, m(c) different ones, c' is c without its oldest symbol, and below the empty context every symbol has `1 / (alphabet + 1)`. A context that was
//! never seen passes straight to c'.

use cordon_stats::codec::{put_u64, take_u64};

use super::strings::{NOWHERE, Slot, Strings};
use crate::{Damaged, Snapshot};

/// First word of a kept model.
const VERSION: u64 = 0x0001_4d50_5053_5101;

/// Longest context.
pub const ORDER_MAX: usize = 8;

/// A symbol: a system call, a kind of action, a message type. The caller numbers them.
pub type Symbol = u32;

/// Sizes of a [`Ppm`]. Values out of range are brought to the nearest allowed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PpmConfig {
    /// Longest context in symbols, 0 to 8.
    pub order: usize,
    /// Symbols that may occur, seen or not; at least 1.
    pub alphabet: u32,
    /// Strings that are held at most, 64 to 2^26: those of all lengths up to the longest context and one symbol.
    pub strings_max: usize,
    /// Symbols learnt after which all counts are halved; none only halves when the table is full.
    pub half_life_symbols: Option<u64>,
    /// Key of the hashes: models that are to be merged need the same.
    pub key: u64,
}

impl Default for PpmConfig {
    /// Order 5, 350 symbols, 200,000 strings, never forgetting before the table is full.
    fn default() -> Self {
        Self { order: 5, alphabet: 350, strings_max: 200_000, half_life_symbols: None, key: 0 }
    }
}

/// What the model says of one symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Surprise {
    /// `-ln P(x|c)`, in nats.
    pub nats: f64,
    /// Symbols of the longest context that was known.
    pub order: usize,
    /// How often the symbol was seen after that context.
    pub seen: u32,
    /// How often anything was seen after that context.
    pub of: u32,
}

/// The model of one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ppm {
    config: PpmConfig,
    /// Symbols after the empty context: all that were learnt, and how many different ones.
    symbols: u32,
    distinct: u32,
    strings: Strings,
    /// Symbols learnt since the counts were last halved.
    since_halving: u64,
    halvings: u64,
}

/// The contexts that end at the last symbol: for each length the hash and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    keys: [u64; ORDER_MAX + 1],
    slots: [Slot; ORDER_MAX + 1],
    /// Symbols so far, up to the longest context.
    length: usize,
}

impl Ppm {
    /// A model that knows nothing: every symbol is as likely as any other.
    #[must_use]
    pub fn new(config: PpmConfig) -> Self {
        let order = config.order.min(ORDER_MAX);
        let strings = Strings::new(config.strings_max);
        let config = PpmConfig {
            order,
            alphabet: config.alphabet.max(1),
            strings_max: strings.used_max(),
            half_life_symbols: config.half_life_symbols.map(|symbols| symbols.max(1)),
            ..config
        };
        Self { config, symbols: 0, distinct: 0, strings, since_halving: 0, halvings: 0 }
    }

    /// A place before the first symbol of a sequence.
    #[must_use]
    pub const fn start(&self) -> Cursor {
        let mut keys = [0; ORDER_MAX + 1];
        keys[0] = self.config.key | 1;
        Cursor { keys, slots: [NOWHERE; ORDER_MAX + 1], length: 0 }
    }

    /// How surprising `symbol` is at the cursor. The cursor goes on behind it; nothing is learnt.
    pub fn score(&self, cursor: &mut Cursor, symbol: Symbol) -> Surprise {
        let next = self.next(cursor, symbol);
        let surprise = self.surprise(cursor, &next);
        *cursor = next;
        surprise
    }

    /// Learns `symbol` at the cursor, which goes on behind it. A table without room halves its counts first.
    pub fn learn(&mut self, cursor: &mut Cursor, symbol: Symbol) {
        self.halve_when_due(cursor);
        let mut next = Cursor { keys: [0; ORDER_MAX + 1], ..*cursor };
        next.keys[0] = self.config.key | 1;
        next.length = (cursor.length + 1).min(self.config.order);
        self.symbols = self.symbols.saturating_add(1);
        let contexts = cursor.keys.iter().zip(cursor.slots).take(cursor.length + 1).enumerate();
        let mut grown = [NOWHERE; ORDER_MAX + 1];
        let mut new_symbol = false;
        for (length, (parent, context)) in contexts {
            let key = extended(*parent, symbol);
            let before = self.strings.used();
            let slot = self.strings.count(key, *parent, context, 1);
            new_symbol |= length == 0 && self.strings.used() > before;
            if let (Some(to), Some(at)) = (next.keys.get_mut(length + 1), grown.get_mut(length + 1)) {
                (*to, *at) = (key, slot);
            }
        }
        self.distinct = self.distinct.saturating_add(u32::from(new_symbol));
        next.slots = grown;
        *cursor = next;
        self.since_halving = self.since_halving.saturating_add(1);
    }

    fn halve_when_due(&mut self, cursor: &mut Cursor) {
        let room = self.strings.used_max() - self.strings.used();
        let due = self.config.half_life_symbols.is_some_and(|symbols| self.since_halving >= symbols);
        if !due && room > self.config.order {
            return;
        }
        self.strings.halve();
        // strings that all were seen often cannot make room: the rarest go at the next halving
        self.since_halving = 0;
        self.halvings = self.halvings.saturating_add(1);
        self.count_symbols();
        for (slot, key) in cursor.slots.iter_mut().zip(cursor.keys).take(cursor.length + 1).skip(1) {
            *slot = self.strings.find(key);
        }
    }

    fn count_symbols(&mut self) {
        let (symbols, distinct) = self.strings.children_of(self.config.key | 1);
        (self.symbols, self.distinct) = (symbols, distinct);
    }

    /// The cursor behind `symbol`.
    fn next(&self, cursor: &Cursor, symbol: Symbol) -> Cursor {
        let mut next = self.start();
        next.length = (cursor.length + 1).min(self.config.order);
        let grown = next.keys.iter_mut().zip(&mut next.slots).skip(1);
        let mut known = true;
        for ((key, slot), parent) in grown.zip(cursor.keys).take(cursor.length + 1) {
            *key = extended(parent, symbol);
            // a string is known only if what it ends with is: the counts of a suffix are never lower
            *slot = if known { self.strings.find(*key) } else { NOWHERE };
            known = *slot != NOWHERE;
        }
        next
    }

    /// The surprise at the symbol that leads from `cursor` to `next`.
    fn surprise(&self, cursor: &Cursor, next: &Cursor) -> Surprise {
        let mut surprise = Surprise::default();
        let mut likely = 1.0 / (f64::from(self.config.alphabet) + 1.0);
        let grown = next.slots.iter().skip(1);
        for (order, (context, slot)) in cursor.slots.iter().zip(grown).take(cursor.length + 1).enumerate() {
            let (of, distinct) = if order == 0 {
                (self.symbols, self.distinct)
            } else {
                let context = self.strings.at(*context);
                (context.followers, context.distinct)
            };
            if of == 0 {
                break;
            }
            let seen = self.strings.at(*slot).count;
            let (novel, total) = (f64::from(distinct), f64::from(of));
            likely = (f64::from(seen) + novel * likely) / (total + novel);
            surprise = Surprise { nats: 0.0, order, seen, of };
        }
        surprise.nats = -libm::log(likely);
        surprise
    }

    /// Adds what another model of the same configuration and key has learnt; false when configurations differ (nothing is done) or the rarest strings found no room.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.config != other.config {
            return false;
        }
        let whole = self.strings.add(&other.strings);
        self.count_symbols();
        self.halvings = self.halvings.saturating_add(other.halvings);
        whole
    }

    /// The configuration as it holds.
    #[must_use]
    pub const fn config(&self) -> &PpmConfig {
        &self.config
    }

    /// Symbols learnt and not forgotten.
    #[must_use]
    pub const fn symbols(&self) -> u32 {
        self.symbols
    }

    /// Times that all counts were halved.
    #[must_use]
    pub const fn halvings(&self) -> u64 {
        self.halvings
    }

    /// Bytes that the model holds; the same for its whole life, twice that for a moment when counts are halved.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.strings.bytes()
    }
}

/// The hash of a string and one more symbol: a multiplication folded to 64 bits.
fn extended(parent: u64, symbol: Symbol) -> u64 {
    let product = u128::from(parent ^ 0x9e37_79b9_7f4a_7c15)
        * u128::from((u64::from(symbol) << 1 | 1).wrapping_mul(0xd6e8_feb8_6659_fd93));
    let folded = (product & u128::from(u64::MAX)) ^ (product >> 64);
    u64::try_from(folded).unwrap_or(0).max(1)
}

impl Snapshot for Ppm {
    fn write(&self, out: &mut Vec<u8>) {
        put_u64(out, VERSION);
        put_u64(out, self.config.order as u64);
        put_u64(out, u64::from(self.config.alphabet));
        put_u64(out, self.config.half_life_symbols.unwrap_or(0));
        put_u64(out, self.config.key);
        put_u64(out, self.since_halving);
        put_u64(out, self.halvings);
        self.strings.write(out);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let number = |from: &mut &[u8]| take_u64(from).ok_or(Damaged("a count of a model of sequences"));
        if number(from)? != VERSION {
            return Err(Damaged("a model of sequences"));
        }
        let order = usize::try_from(number(from)?).unwrap_or(usize::MAX);
        let alphabet = u32::try_from(number(from)?).unwrap_or(0);
        let half_life = number(from)?;
        let key = number(from)?;
        let (since_halving, halvings) = (number(from)?, number(from)?);
        if order > ORDER_MAX || alphabet == 0 {
            return Err(Damaged("a longest context of 0 to 8 symbols"));
        }
        let strings = Strings::read(from)?;
        let half_life_symbols = (half_life > 0).then_some(half_life);
        let config = PpmConfig { order, alphabet, strings_max: strings.used_max(), half_life_symbols, key };
        let mut read = Self { config, symbols: 0, distinct: 0, strings, since_halving, halvings };
        read.count_symbols();
        Ok(read)
    }
}
