//! Devices and machines with few partners: whom they speak with, in which protocol, and whether they are still heard of.

use std::sync::Arc;

use cordon_model::{Digest, EventId, Position, Time};

use super::accounts::{is_outside, octets};
use super::clock::Moment;
use super::model::Which;
use super::observed::{Deed, Observed};
use super::parts::{Parts, Usual, Value};
use super::profile::{Profile, Thing};
use super::report::EntityKind;
use super::surprise::novelty;
use super::{Behaviour, Sink};
use crate::EventKey;

/// Hours with a word of it before it can be said with whom a device speaks.
const STEADY_TRIES: f64 = 12.0;
/// Share of hours with somebody new above which a machine has no circle of partners.
const STEADY_NEWS: f64 = 0.1;
/// Most devices whose silence is watched.
pub(super) const WATCHED_MAX: usize = 20_000;
/// Hours of silence that are looked at.
const SILENT_H_MAX: u32 = 14 * 24;
/// Active days before a silence says anything.
const QUIET_DAYS_MIN: u16 = 2;

/// A device whose silence is watched: enough of its last event to speak of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Watched {
    pub(super) key: u64,
    pub(super) name: Box<str>,
    pub(super) source: Arc<str>,
    pub(super) site: Arc<str>,
    pub(super) source_key: u64,
    pub(super) event: EventKey,
    pub(super) class_uid: i64,
    pub(super) time: Time,
    pub(super) received: Time,
}

impl Watched {
    pub(super) fn new(key: u64, name: &str, source_key: u64, observed: &Observed) -> Self {
        Self {
            key,
            name: name.into(),
            source: Arc::clone(&observed.source),
            site: Arc::clone(&observed.site),
            source_key,
            event: observed.event.clone(),
            class_uid: observed.class_uid,
            time: observed.time,
            received: observed.received,
        }
    }

    fn hear(&mut self, source_key: u64, observed: &Observed) {
        if self.time > observed.time {
            return;
        }
        if self.source_key != source_key {
            self.source = Arc::clone(&observed.source);
            self.site = Arc::clone(&observed.site);
            self.source_key = source_key;
        }
        self.event = observed.event.clone();
        (self.class_uid, self.time, self.received) = (observed.class_uid, observed.time, observed.received);
    }

    /// The last event of it, as far as a finding speaks of it, seen at `now`.
    fn observed(&self, now: Time) -> Observed {
        Observed {
            time: now,
            received: now.max(self.received),
            source: Arc::clone(&self.source),
            site: Arc::clone(&self.site),
            class_uid: self.class_uid,
            event: self.event.clone(),
            deed: Deed::Reported,
            user: None,
            role: None,
            host: None,
            from_host: None,
            address: None,
            device: Some(self.name.clone()),
            peer: None,
            peer_address: None,
            port: 0,
            what: "".into(),
            bytes_out: 0,
            records: 1,
            patients: Box::default(),
            patient_ref: None,
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        use cordon_stats::codec::{put_bytes, put_i64, put_u64};
        put_u64(out, self.key);
        put_u64(out, self.source_key);
        for text in [&*self.name, &*self.source, &*self.site] {
            put_bytes(out, text.as_bytes());
        }
        for number in [self.class_uid, self.time.0, self.received.0] {
            put_i64(out, number);
        }
        out.extend_from_slice(&self.event.id.0);
        out.extend_from_slice(&self.event.record_sha256.0);
        let (chunk, place) = match self.event.position {
            Position::Offset(offset) => (u64::MAX, offset),
            Position::Chunk { chunk, record } => (u64::from(chunk), record),
        };
        for number in [chunk, place, u64::from(self.event.index)] {
            put_u64(out, number);
        }
    }

    pub(super) fn read(from: &mut &[u8]) -> Option<Self> {
        use cordon_stats::codec::{take, take_bytes, take_i64, take_u64};
        let (key, source_key) = (take_u64(from)?, take_u64(from)?);
        let mut text = || str::from_utf8(take_bytes(from)?).ok();
        let (name, source, site) = (text()?.into(), text()?.into(), text()?.into());
        let (class_uid, time, received) = (take_i64(from)?, Time(take_i64(from)?), Time(take_i64(from)?));
        let (id, record_sha256) = (EventId(take(from)?), Digest(take(from)?));
        let position = match (take_u64(from)?, take_u64(from)?) {
            (u64::MAX, offset) => Position::Offset(offset),
            (chunk, record) => Position::Chunk { chunk: u32::try_from(chunk).ok()?, record },
        };
        let index = u32::try_from(take_u64(from)?).ok()?;
        let event = EventKey { id, record_sha256, position, index };
        Some(Self { key, name, source, site, source_key, event, class_uid, time, received })
    }
}

impl Behaviour {
    /// A word of a device: a report, a message, an image.
    pub(super) fn device(&mut self, observed: &Observed, name: &str, at: Moment, sink: &mut Sink<'_>) {
        let key = self.key(EntityKind::Device, name);
        let mut who = self.entities.check_out(key, EntityKind::Device, at);
        if who.group == 0 {
            who.group = self.peers.group_of(EntityKind::Device, name, observed.role.as_deref());
        }
        self.came_back(&who, at);
        self.open(&mut who, at, sink);
        let peer = observed.peer.as_deref().map(|peer| (self.thing(Thing::Peer, peer.as_bytes()), Value::Name(peer)));
        let to = observed.peer_address;
        let peer = peer.or_else(|| to.map(|to| (self.thing(Thing::Peer, &octets(to)), Value::Address(to))));
        self.partners(&mut who, peer, observed, name, at, sink);
        self.settle(who, at);
        let source = self.source;
        match self.watched_at.get(&key) {
            Some(place) => {
                self.watched.get_mut(*place).into_iter().for_each(|watched| watched.hear(source, observed));
            }
            None if self.watched.len() < WATCHED_MAX => {
                self.watched_at.insert(key, self.watched.len());
                self.watched.push(Watched::new(key, name, source, observed));
            }
            None => self.unwatched += 1,
        }
    }

    /// A connection of a machine of the house.
    pub(super) fn flow(&mut self, observed: &Observed, at: Moment, sink: &mut Sink<'_>) {
        let (Some(from), Some(to)) = (observed.address, observed.peer_address) else { return };
        if is_outside(from) || to.is_multicast() || to.is_loopback() || from == to {
            return;
        }
        let mut text = [0; 48];
        let name = address_text(from, &mut text);
        let key = self.key(EntityKind::Host, name);
        let mut who = self.entities.check_out(key, EntityKind::Host, at);
        who.group = 2;
        self.open(&mut who, at, sink);
        let to_key = self.thing(Thing::Peer, &octets(to));
        self.partners(&mut who, Some((to_key, Value::Address(to))), observed, name, at, sink);
        if is_outside(to) {
            self.outside(&mut who, observed, to_key, (name, at), sink);
        }
        self.settle(who, at);
    }

    /// Weighs whom it speaks with and what, then learns it.
    fn partners<'o>(
        &mut self,
        who: &mut Profile,
        peer: Option<(u64, Value<'o>)>,
        observed: &'o Observed,
        name: &'o str,
        at: Moment,
        sink: &mut Sink<'_>,
    ) {
        // ports of answers are drawn anew each time
        let port = if observed.port < 32_768 { observed.port } else { 0 };
        let by_name = port == 0 || who.kind == EntityKind::Device;
        let (service, service_value) = if by_name {
            (self.thing(Thing::Service, observed.what.as_bytes()), Value::Name(&observed.what))
        } else {
            (self.thing(Thing::Service, &port.to_le_bytes()), Value::Count(f64::from(port)))
        };
        let (is_new_service, is_first_day) = (!who.knows(service), who.is_first_day(at));
        let is_new_peer = peer.is_some_and(|(hash, _)| !who.knows(hash));
        let orders = Arc::clone(&self.work_orders);
        let order = orders.expects(who.key, peer.map(|(hash, _)| hash), observed);
        let mut is_alarm = false;
        if !is_first_day && (is_new_peer || is_new_service) {
            let mut parts = Parts::new();
            if let Some((_, value)) = peer.filter(|_| is_new_peer && is_steady(who, Thing::Peer)) {
                let rate = who.rate(Thing::Peer);
                let nats = novelty(rate, self.peers.rate(who.group, Thing::Peer));
                parts.add("new peer", nats, value, Usual::New { tries: rate.tries, news: rate.news });
            }
            if is_new_service && is_steady(who, Thing::Service) {
                let rate = who.rate(Thing::Service);
                let nats = novelty(rate, self.peers.rate(who.group, Thing::Service));
                parts.add(
                    "new protocol or port",
                    nats,
                    service_value,
                    Usual::New { tries: rate.tries, news: rate.news },
                );
            }
            let score = parts.score();
            order.into_iter().for_each(|order| parts.excuse("work order", score, order));
            let whom = peer.map(|(_, value)| value.text()).unwrap_or_default();
            let told = |who: &Profile| told_partner(&parts, observed, &whom, who.rate(Thing::Peer).tries);
            is_alarm = self.weigh(Which::Device, who, &parts, (observed, name, at), sink, told);
        }
        // what an order brings says nothing about how often something new comes
        let is_declared = order.is_some();
        if let Some((hash, _)) = peer {
            self.try_thing(who, Thing::Peer, is_new_peer && !is_declared, at);
            who.meet(hash, is_alarm, at);
        }
        self.try_thing(who, Thing::Service, is_new_service && !is_declared, at);
        who.meet(service, is_alarm, at);
    }

    /// The surprise of not hearing of an entity for the hours after its last, of those from `from` until `until`, by the hours at which it is usually heard of.
    fn silence(&mut self, who: &Profile, from: u32, until: u32) -> f64 {
        if who.days < QUIET_DAYS_MIN {
            return 0.0;
        }
        let first = who.hour.saturating_add(1).max(from).max(until.saturating_sub(SILENT_H_MAX));
        let mut nats = 0.0;
        for hour in first..until {
            let time = Time(i64::from(hour) * 3_600_000_000);
            if self.work_orders.excuse_silence(who.key, Time(who.last_s.saturating_mul(1_000_000)), time) {
                continue;
            }
            let at = self.clock.moment(time);
            let (share, days) = (who.active_share(at.of_week), who.days_like(at.of_week));
            // the chance of another silent hour like this, were it as before: rule of succession
            nats -= libm::log(1.0 - share * days / (days + 1.0));
        }
        nats
    }

    /// A device is heard of again: how surprising its silence was is learnt.
    fn came_back(&mut self, who: &Profile, at: Moment) {
        if at.hour > who.hour.saturating_add(1) && who.days > 0 {
            let resumed = self.sources.get(&who.source).map_or(u32::MAX, |(resumed_s, _)| hour_of(*resumed_s));
            let nats = self.silence(who, resumed.saturating_add(1), at.hour);
            self.learn_score(Which::Quiet, nats);
        }
    }

    /// Tells of devices that are no longer heard of while their source still is.
    pub(super) fn quiet_devices(&mut self, sink: &mut Sink<'_>) {
        for place in 0..self.watched.len() {
            let Some(watched) = self.watched.get(place) else { break };
            let Some((resumed_s, heard_s)) = self.sources.get(&watched.source_key).copied() else { continue };
            let Some(slot) = self.entities.get(watched.key).map(|who| (who.slot, who.hour)) else { continue };
            if hour_of(heard_s) <= slot.1.saturating_add(1) {
                continue;
            }
            let Some(mut who) = self.entities.lend(slot.0) else { continue };
            let nats = self.silence(&who, hour_of(resumed_s).saturating_add(1), hour_of(heard_s));
            let watched = self.watched.get(place).cloned();
            if let Some(watched) = watched.filter(|_| nats > self.threshold(Which::Quiet)) {
                self.tell_quiet(&mut who, &watched, (nats, heard_s), sink);
            }
            self.entities.check_in(who);
        }
    }

    fn tell_quiet(&mut self, who: &mut Profile, watched: &Watched, (nats, heard_s): (f64, i64), sink: &mut Sink<'_>) {
        let observed = watched.observed(Time(heard_s.saturating_mul(1_000_000)));
        let last = self.clock.moment(watched.time);
        let mut parts = Parts::new();
        let silent_h = (heard_s - watched.time.as_seconds()).max(0) / 3_600;
        parts.add("silent hours", nats, Value::Count(silent_h as f64), Usual::Share(who.active_share(last.of_week)));
        // the finding is about this silence, however often it is looked at
        let told = |_: &Profile| {
            format!(
                "The device was last heard of at {:02}:{:02}, {silent_h} hours before its source's latest word; at such hours it is usually heard of.",
                last.of_day(),
                last.s.rem_euclid(3_600) / 60
            )
        };
        self.weigh(Which::Quiet, who, &parts, (&observed, &watched.name, last), sink, told);
    }
}

fn hour_of(s: i64) -> u32 {
    u32::try_from(s.div_euclid(3_600)).unwrap_or(0)
}

/// Whether an entity keeps to a circle: heard of long enough, and hardly ever somebody new.
fn is_steady(who: &Profile, thing: Thing) -> bool {
    let rate = who.rate(thing);
    rate.tries >= STEADY_TRIES && rate.news <= STEADY_NEWS * rate.tries
}

fn told_partner(parts: &Parts<'_>, observed: &Observed, whom: &str, hours: f64) -> String {
    let what = if observed.what.is_empty() { String::new() } else { format!(" ({})", observed.what) };
    let port = if observed.port > 0 { format!(" on port {}", observed.port) } else { String::new() };
    if parts.has("new peer") {
        format!("It spoke with {whom}{port}{what}, with whom it never spoke in {hours:.0} hours.")
    } else {
        format!("It spoke{port}{what} with {whom}, as it never did in {hours:.0} hours.")
    }
}

/// An address in text, written without allocation.
pub(super) fn address_text(address: std::net::IpAddr, into: &mut [u8; 48]) -> &str {
    use std::io::Write as _;
    let mut rest = &mut into[..];
    let room = rest.len();
    let left = match write!(rest, "{address}") {
        Ok(()) => rest.len(),
        Err(_) => room,
    };
    into.get(..room - left).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
}
