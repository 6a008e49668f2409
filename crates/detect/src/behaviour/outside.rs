//! Calls to the outside: how regular they are and how much they carry away, by pair of machine and address.

use cordon_learn::Damaged;
use cordon_stats::codec;

use super::clock::Moment;
use super::model::Which;
use super::observed::Observed;
use super::parts::{Parts, Usual, Value, bytes_text};
use super::profile::{Feature, Profile, finite};
use super::surprise::regular;
use super::table::Row;
use super::{Behaviour, Sink};

/// Shortest and longest mean interval of a beacon, in seconds.
const INTERVAL_S: (f64, f64) = (5.0, 7_200.0);
/// How long an address outside counts as new to the house, and after how much learning one can be new.
const NEW_S: i64 = 7 * 86_400;
const LEARNING_S: i64 = 86_400;
/// Machines of the house that call a new address before it counts as known.
const CALLERS_FEW: u32 = 3;
/// Bytes in an hour from which on they are weighed.
const BYTES_MIN: f64 = 1e7;
/// How much of the interval statistics is left at each further interval.
const LEFT: f64 = 0.98;

/// A machine and an address outside.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pair {
    key: u64,
    /// Key of the machine.
    from: u64,
    /// The one source whose word counts: sensors tell of one connection twice.
    source: u64,
    last_s: i64,
    /// Faded number, mean and variance of intervals.
    intervals: f64,
    mean: f64,
    variance: f64,
    /// Bytes sent in the hour.
    bytes: f64,
    hour: u32,
}

/// An address outside.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Destination {
    key: u64,
    first_s: i64,
    last_s: i64,
    /// Machines of the house that called it.
    callers: u32,
}

impl Row for Pair {
    fn key(&self) -> u64 {
        self.key
    }

    fn last_s(&self) -> i64 {
        self.last_s
    }

    /// The one of which more intervals are known.
    fn joined(one: Self, other: Self) -> Self {
        let rank = |pair: &Self| (pair.last_s, pair.source);
        match one.intervals.total_cmp(&other.intervals).then_with(|| rank(&one).cmp(&rank(&other))) {
            std::cmp::Ordering::Less => other,
            _ => one,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        for number in [self.key, self.from, self.source, u64::from(self.hour)] {
            codec::put_u64(out, number);
        }
        codec::put_i64(out, self.last_s);
        for number in [self.intervals, self.mean, self.variance, self.bytes] {
            codec::put_u64(out, number.to_bits());
        }
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let whole = |from: &mut &[u8]| codec::take_u64(from).ok_or(Damaged("a number"));
        let (key, machine, source, hour) = (whole(from)?, whole(from)?, whole(from)?, whole(from)?);
        let last_s = codec::take_i64(from).ok_or(Damaged("a time"))?;
        let (intervals, mean, variance, bytes) = (finite(from)?, finite(from)?, finite(from)?, finite(from)?);
        let hour = u32::try_from(hour).map_err(|_| Damaged("an hour"))?;
        Ok(Self { key, from: machine, source, last_s, intervals, mean, variance, bytes, hour })
    }
}

impl Row for Destination {
    fn key(&self) -> u64 {
        self.key
    }

    fn last_s(&self) -> i64 {
        self.last_s
    }

    fn joined(one: Self, other: Self) -> Self {
        Self {
            key: one.key,
            first_s: one.first_s.min(other.first_s),
            last_s: one.last_s.max(other.last_s),
            callers: one.callers.saturating_add(other.callers),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, self.key);
        codec::put_i64(out, self.first_s);
        codec::put_i64(out, self.last_s);
        codec::put_u64(out, u64::from(self.callers));
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let key = codec::take_u64(from).ok_or(Damaged("a number"))?;
        let time = |from: &mut &[u8]| codec::take_i64(from).ok_or(Damaged("a time"));
        let (first_s, last_s) = (time(from)?, time(from)?);
        let callers = codec::take_u64(from).and_then(|callers| u32::try_from(callers).ok());
        Ok(Self { key, first_s, last_s, callers: callers.ok_or(Damaged("a number of machines"))? })
    }
}

impl Destination {
    /// A machine that called it is forgotten, or turns out to be one that was counted.
    pub(super) const fn forget_caller(&mut self) {
        self.callers = self.callers.saturating_sub(1);
    }
}

impl Pair {
    /// Key of the pair of a machine and an address outside.
    fn key_of(from: u64, destination: u64) -> u64 {
        (from ^ destination.rotate_left(23)).max(1)
    }

    /// Key of the machine.
    pub(super) const fn from(&self) -> u64 {
        self.from
    }

    /// Key of the address outside.
    pub(super) fn destination(&self) -> u64 {
        (self.key ^ self.from).rotate_right(23).max(1)
    }

    /// Takes in a call; connections within a second are one.
    fn call(&mut self, at: Moment) {
        let elapsed = at.s.saturating_sub(self.last_s);
        if elapsed < 1 {
            return;
        }
        self.last_s = at.s;
        let interval = elapsed as f64;
        if interval > 4.0 * INTERVAL_S.1 {
            // a night's pause is no interval
            return;
        }
        self.intervals = self.intervals * LEFT + 1.0;
        let gain = 1.0 / self.intervals;
        let apart = interval - self.mean;
        self.mean += gain * apart;
        self.variance = (1.0 - gain) * (self.variance + gain * apart * apart);
    }
}

impl Behaviour {
    /// A call of a machine to an address outside.
    pub(super) fn outside<'o>(
        &mut self,
        who: &mut Profile,
        observed: &'o Observed,
        destination: u64,
        (name, at): (&'o str, Moment),
        sink: &mut Sink<'_>,
    ) -> bool {
        let key = Pair::key_of(who.key, destination);
        let source = self.source;
        let is_first = self.pairs.get(key).is_none();
        let fresh = || Pair { key, from: who.key, source, last_s: at.s, hour: at.hour, ..Pair::default() };
        let Some(pair) = self.pairs.entry(key, fresh) else { return false };
        if pair.source != source {
            return false;
        }
        pair.call(at);
        if pair.hour != at.hour {
            (pair.hour, pair.bytes) = (at.hour, 0.0);
        }
        pair.bytes += observed.bytes_out as f64;
        let pair = *pair;
        let known = Destination { key: destination.max(1), first_s: at.s, last_s: at.s, callers: 0 };
        let Some(called) = self.destinations.entry(known.key, || known) else { return false };
        (called.first_s, called.last_s) = (called.first_s.min(at.s), called.last_s.max(at.s));
        called.callers = called.callers.saturating_add(u32::from(is_first));
        let called = *called;
        self.callers += u64::from(who.outside_first());
        let is_young = self.is_young(&called, at);
        self.beacon(who, &pair, (is_young, &called), observed, (name, at), sink)
            | self.volume(who, &pair, (is_young, &called), observed, (name, at), sink)
    }

    /// Whether an address outside is new to the house, which has learnt long enough to know.
    fn is_young(&self, called: &Destination, at: Moment) -> bool {
        let started = self.started_s.unwrap_or(at.s);
        called.callers <= CALLERS_FEW
            && called.first_s > started.saturating_add(LEARNING_S)
            && at.s < called.first_s.saturating_add(NEW_S)
    }

    /// How rare it is that a machine calls this address: against all that call outside.
    fn few_callers(&self, called: &Destination) -> f64 {
        libm::log((self.callers as f64 + 1.0) / (f64::from(called.callers) + 1.0)).max(0.0)
    }

    fn beacon<'o>(
        &mut self,
        who: &mut Profile,
        pair: &Pair,
        (is_young, called): (bool, &Destination),
        observed: &'o Observed,
        (name, at): (&'o str, Moment),
        sink: &mut Sink<'_>,
    ) -> bool {
        let is_interval = pair.mean >= INTERVAL_S.0 && pair.mean <= INTERVAL_S.1;
        let Some(address) = observed.peer_address.filter(|_| is_young && is_interval) else { return false };
        let mut parts = Parts::new();
        let nats = regular(pair.intervals, pair.mean, libm::sqrt(pair.variance));
        if nats <= 0.0 {
            return false;
        }
        parts.add("regular intervals", nats, Value::Seconds(pair.mean), Usual::Said);
        parts.add("few machines call the address", self.few_callers(called), Value::Address(address), Usual::Said);
        let (calls, mean, deviation) = (pair.intervals, pair.mean, libm::sqrt(pair.variance));
        let told = |_: &Profile| {
            format!(
                "The machine calls {address}, an address that nobody in the house called before, about every {mean:.0} s (give or take {deviation:.0} s), {calls:.0} times so far."
            )
        };
        self.weigh(Which::Beacon, who, &parts, (observed, name, at), sink, told)
    }

    fn volume<'o>(
        &mut self,
        who: &mut Profile,
        pair: &Pair,
        (is_young, called): (bool, &Destination),
        observed: &'o Observed,
        (name, at): (&'o str, Moment),
        sink: &mut Sink<'_>,
    ) -> bool {
        let (before, now) = self.count(who, Feature::Bytes, observed.bytes_out as f64, at);
        let doubles = |bytes: f64| libm::floor(libm::log2(bytes.max(1.0)));
        if now < BYTES_MIN || (before >= BYTES_MIN && doubles(now) <= doubles(before)) {
            return false;
        }
        let Some(address) = observed.peer_address else { return false };
        let mut parts = Parts::new();
        self.count_parts(who, Feature::Bytes, (Value::Bytes(now), now), at, &mut parts);
        if is_young && pair.bytes > now / 2.0 {
            parts.add("new address outside", self.few_callers(called), Value::Address(address), Usual::Said);
        }
        let (own, peers) = self.usual(who, Feature::Bytes);
        let own = own.map(|own| format!("; usual {}", bytes_text(own))).unwrap_or_default();
        let peers = peers.map(|peers| format!("; peers at most {}", bytes_text(peers))).unwrap_or_default();
        let to = bytes_text(pair.bytes);
        let told =
            |_: &Profile| format!("{} sent outside in an hour{own}{peers}; {to} of it to {address}.", bytes_text(now));
        self.weigh(Which::Volume, who, &parts, (observed, name, at), sink, told)
    }
}
