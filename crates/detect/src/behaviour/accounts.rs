//! What accounts do: sign-ins, refused ones, programs, records. Each is weighed by the detectors that look at it, then learnt.

use std::net::IpAddr;

use super::clock::Moment;
use super::model::Which;
use super::observed::{Deed, Observed, Way};
use super::parts::{Parts, Usual, Value};
use super::profile::{FEATURES, Feature, Profile, Thing};
use super::report::EntityKind;
use super::surprise::{NATS_MAX, above, rare};
use super::{Behaviour, Sink};

/// Hours with sign-ins before an account can be known to work like a machine.
const SERVICE_TRIES: f64 = 24.0;
/// Hours of the day at which such an account was seen at work.
const SERVICE_HOURS: usize = 16;
/// Counts from which on an hour or a day is weighed at all.
const COUNT_MIN: f64 = 8.0;
/// Least width of a usual count, in logarithms: counts differ by a third without meaning anything.
const COUNT_WIDTH: f64 = 0.3;

impl Behaviour {
    /// Something that an account did.
    pub(super) fn account(&mut self, observed: &Observed, name: &str, at: Moment, sink: &mut Sink<'_>) {
        let (key, role) = (self.key(EntityKind::Account, name), observed.role.as_deref());
        let mut who = self.entities.check_out(key, EntityKind::Account, at);
        if who.group == 0 {
            who.group = self.peers.group_of(EntityKind::Account, name, role);
        }
        self.open(&mut who, at, sink);
        match observed.deed {
            Deed::SignIn(way) => self.sign_in(&mut who, way, observed, name, at, sink),
            Deed::Refused(_) => {
                // who is refused has not been at work
                who.is_refused(at);
                self.entities.check_in(who);
                return;
            }
            Deed::Ran => self.program(&mut who, observed, name, at, sink),
            Deed::Opened => self.records(&mut who, Feature::Records, observed, name, at, sink),
            Deed::Searched => self.records(&mut who, Feature::Searches, observed, name, at, sink),
            Deed::TakenOut => self.records(&mut who, Feature::TakenOut, observed, name, at, sink),
            Deed::Flow | Deed::Reported => {}
        }
        self.settle(who, at);
    }

    /// How surprising it is that the entity is active at this hour: against the hour at which it is most, with its peers' hours as six of its own.
    pub(super) fn hour_nats(&self, who: &Profile, at: Moment) -> f64 {
        const PEERS: f64 = 6.0;
        let (peers, peers_most) = self.peers.hour_share(who.group, at.of_week);
        let base = at.of_week / 24 * 24;
        let most = (base..base + 24).map(|hour| who.active_around(hour)).fold(0.0, f64::max);
        // today's own activity in this hour is no usual one
        let here = who.active_around(at.of_week) - f64::from(u8::from(who.is_counted(at))) + PEERS * peers;
        let days = who.days_like(at.of_week);
        let ratio = here / (most + PEERS * peers_most);
        (-libm::log(ratio.min(1.0)) * days / (days + 1.0)).clamp(0.0, NATS_MAX / 2.0)
    }

    fn sign_in(
        &mut self,
        who: &mut Profile,
        way: Way,
        observed: &Observed,
        name: &str,
        at: Moment,
        sink: &mut Sink<'_>,
    ) {
        let things = self.things(way, observed);
        let mut parts = Parts::new();
        let is_person = way != Way::Network;
        self.place_parts(who, &things, at, &mut parts);
        let refused = who.refused_lately(at);
        if refused >= 1.0 {
            let nats = self.new_nats(who, Thing::Refused, 0, at);
            let more = libm::log(f64::from(refused)).max(0.0);
            parts.add(
                "refused attempts before",
                nats + more.min(2.0),
                Value::Count(f64::from(refused).round()),
                Usual::Said,
            );
        }
        if parts.score() > 0.0 || is_person {
            parts.add("hour", self.hour_nats(who, at), Value::Hour(at.of_day()), Usual::Share(who.share_before(at)));
        }
        let told = |who: &Profile| told_sign_in(who, &parts, observed, at);
        let mut is_alarm = self.weigh(Which::SignIn, who, &parts, (observed, name, at), sink, told);
        is_alarm |= self.service(who, way, &things, (observed, name, at), sink);
        is_alarm |= self.lateral(who, &things, (observed, name, at), sink);
        for (thing, hash, _) in things.iter().flatten() {
            let is_new = !who.knows(*hash);
            self.try_thing(who, *thing, is_new, at);
            who.meet(*hash, is_alarm, at);
        }
        self.try_thing(who, Thing::Refused, refused >= 1.0, at);
    }

    /// What a sign-in shows: addresses, machines and the way. Of an address its network and side as well, each of which is new more rarely.
    fn things<'o>(&self, way: Way, observed: &'o Observed) -> [Option<(Thing, u64, Value<'o>)>; 6] {
        let of = |thing: Thing, text: &[u8]| self.thing(thing, text);
        let address = observed.address.filter(|address| !address.is_loopback() && !address.is_unspecified());
        let is_out = address.is_some_and(is_outside);
        let at = |address: IpAddr| {
            let thing = if is_out { Thing::OutsideAddress } else { Thing::InsideAddress };
            (thing, of(thing, &octets(address)), Value::Address(address))
        };
        let net = |address: IpAddr| (Thing::Network, of(Thing::Network, &network(address)), Value::Address(address));
        let side = |address: IpAddr| (Thing::Outside, of(Thing::Outside, &[u8::from(is_out)]), Value::Address(address));
        let named = |thing, name: &'o str| (thing, of(thing, name.as_bytes()), Value::Name(name));
        // who signs in at a screen comes from nowhere else
        let from = observed.from_host.as_deref().filter(|_| way == Way::Remote || way == Way::Gateway);
        [
            address.map(at),
            address.map(net),
            address.map(side),
            observed.host.as_deref().map(|host| named(Thing::Host, host)),
            from.map(|from| named(Thing::FromHost, from)),
            Some((Thing::Way, of(Thing::Way, &[way as u8]), Value::Name(way_text(way)))),
        ]
    }

    fn place_parts<'o>(
        &self,
        who: &Profile,
        things: &[Option<(Thing, u64, Value<'o>)>; 6],
        at: Moment,
        parts: &mut Parts<'o>,
    ) {
        let mut address = (0.0, None);
        for (thing, hash, value) in things.iter().flatten() {
            let nats = self.new_nats(who, *thing, *hash, at);
            let rate = who.rate(*thing);
            let usual = Usual::New { tries: rate.tries, news: rate.news };
            match thing {
                // each level of an address is new more rarely than the one below: the most surprising one speaks
                Thing::OutsideAddress | Thing::InsideAddress | Thing::Network | Thing::Outside if nats > address.0 => {
                    address = (nats, Some((*value, usual)));
                }
                Thing::Host => parts.add("new machine", nats, *value, usual),
                Thing::FromHost => parts.add("new machine signed in from", nats, *value, usual),
                _ => {}
            }
        }
        if let (nats, Some((value, usual))) = address {
            parts.add("new address", nats, value, usual);
        }
    }

    /// An account that works like a machine and signs in like a person, or elsewhere.
    fn service<'o>(
        &mut self,
        who: &mut Profile,
        way: Way,
        things: &[Option<(Thing, u64, Value<'o>)>; 6],
        (observed, name, at): (&'o Observed, &'o str, Moment),
        sink: &mut Sink<'_>,
    ) -> bool {
        let rate = who.rate(Thing::Way);
        let covered = who.hours_covered();
        if rate.tries < SERVICE_TRIES || covered < SERVICE_HOURS {
            return false;
        }
        let mut parts = Parts::new();
        let way_hash = self.thing(Thing::Way, &[way as u8]);
        let nats = self.new_nats(who, Thing::Way, way_hash, at);
        let usual = Usual::New { tries: rate.tries, news: rate.news };
        if way != Way::Network {
            parts.add("never signed in like a person", nats, Value::Name(way_text(way)), usual);
        }
        self.place_parts(who, things, at, &mut parts);
        if parts.score() > 0.0 {
            let regular = libm::log(covered as f64 / 8.0);
            parts.add("works around the clock", regular, Value::Count(covered as f64), Usual::Said);
        }
        let told = |_: &Profile| {
            format!(
                "An account that works around the clock like a machine ({covered} of 24 hours) signed in {}{}.",
                way_text(way),
                where_told(observed)
            )
        };
        self.weigh(Which::Service, who, &parts, (observed, name, at), sink, told)
    }

    /// Machines new to the account within the running hour, each weighed by whether anybody ever went from the same machine to it.
    fn lateral<'o>(
        &mut self,
        who: &mut Profile,
        things: &[Option<(Thing, u64, Value<'o>)>; 6],
        (observed, name, at): (&'o Observed, &'o str, Moment),
        sink: &mut Sink<'_>,
    ) -> bool {
        let host = things.iter().flatten().find(|(thing, ..)| *thing == Thing::Host);
        let Some((_, hash, value)) = host.copied() else { return false };
        let edge = observed.address.map(|from| self.thing(Thing::Host, &octets(from)) ^ hash.rotate_left(17));
        let is_new_edge = edge.is_some_and(|edge| self.edges.is_new(edge, u64::from(at.hour)));
        if who.knows(hash) {
            return false;
        }
        let nats = self.new_nats(who, Thing::Host, hash, at);
        let (nats, count) = who.machines.add(nats, at);
        if count < 2.0 {
            return false;
        }
        let mut parts = Parts::new();
        parts.add("new machines in the hour", nats, Value::Count(count), Usual::Said);
        if is_new_edge {
            parts.add("nobody went this way before", 1.0, value, Usual::Said);
        }
        let told = |_: &Profile| {
            format!(
                "Within an hour the account signed in to {count} machines that it never signed in to before, the last one {}{}.",
                value.text(),
                observed.address.map(|address| format!(" from {address}")).unwrap_or_default()
            )
        };
        self.weigh(Which::Lateral, who, &parts, (observed, name, at), sink, told)
    }

    fn program(&mut self, who: &mut Profile, observed: &Observed, name: &str, at: Moment, sink: &mut Sink<'_>) {
        if observed.what.is_empty() {
            return;
        }
        let hash = self.thing(Thing::Program, observed.what.as_bytes());
        let is_new = !who.knows(hash);
        let mut is_alarm = false;
        if is_new {
            let nats = self.new_nats(who, Thing::Program, hash, at);
            let (nats, count) = who.programs.add(nats, at);
            let mut parts = Parts::new();
            let rate = who.rate(Thing::Program);
            let usual = Usual::New { tries: rate.tries, news: rate.news };
            parts.add("new programs in the hour", nats, Value::Count(count), usual);
            parts.add("hour", self.hour_nats(who, at), Value::Hour(at.of_day()), Usual::Share(who.share_before(at)));
            let told = |_: &Profile| told_programs(count, observed);
            is_alarm = self.weigh(Which::Programs, who, &parts, (observed, name, at), sink, told);
        }
        self.try_thing(who, Thing::Program, is_new, at);
        who.meet(hash, is_alarm, at);
    }

    fn records(
        &mut self,
        who: &mut Profile,
        feature: Feature,
        observed: &Observed,
        name: &str,
        at: Moment,
        sink: &mut Sink<'_>,
    ) {
        let (before, now) = self.count(who, feature, f64::from(observed.records), at);
        if is_step(before, now) {
            let words = FEATURES.get(feature as usize).map_or("", |feature| feature.2);
            let mut parts = Parts::new();
            self.count_parts(who, feature, (Value::Count(now), now), at, &mut parts);
            let (own, peers) = self.usual(who, feature);
            let told = |_: &Profile| format!("{}: {now}{}.", capital(words), held_against(own, peers));
            self.weigh(Which::TakingOut, who, &parts, (observed, name, at), sink, told);
        }
        let (before, now) = self.count_patients(who, &observed.patients, at);
        if is_step(before, now) {
            let mut parts = Parts::new();
            self.count_parts(who, Feature::Patients, (Value::Count(now), now), at, &mut parts);
            if f64::from(who.drift) > 3.0 {
                parts.add("more and more", f64::from(who.drift), Value::Count(now), Usual::Said);
            }
            let (own, peers) = self.usual(who, Feature::Patients);
            let told = |who: &Profile| told_patients(now, &held_against(own, peers), who.drift);
            self.weigh(Which::Collection, who, &parts, (observed, name, at), sink, told);
        }
    }

    /// What is usual for the entity and what 99 of 100 of its peers' values do not pass.
    pub(super) fn usual(&self, who: &Profile, feature: Feature) -> (Option<f64>, Option<f64>) {
        let own = who.normal.get(feature as usize).and_then(|normal| normal.usual());
        (own.map(libm::expm1), self.peers.most(who.group, feature))
    }

    /// A count against the entity's own past and against its peers. Both see the same count, and what is usual for oneself excuses: peers speak for half.
    pub(super) fn count_parts<'o>(
        &mut self,
        who: &mut Profile,
        feature: Feature,
        (value, count): (Value<'o>, f64),
        at: Moment,
        parts: &mut Parts<'o>,
    ) {
        let normal = who.normal.get(feature as usize).copied().unwrap_or_default();
        let (own, peers) = self.usual(who, feature);
        let deviations = normal.distance_of_width(libm::log1p(count), COUNT_WIDTH).unwrap_or(0.0);
        let believed = normal.weight() / (normal.weight() + 5.0);
        let own_nats = above(deviations) * believed;
        parts.add(OWN, own_nats, value, Usual::Counts { own, peers: None });
        let (right, total) = self.peers.reached(who.group, feature, count);
        let peers_nats = rare(right, total) / 2.0;
        parts.add(PEERS, peers_nats, value, Usual::Counts { own: None, peers });
        if own_nats >= BUSY_MIN {
            let period = if feature == Feature::Patients { at.day } else { at.hour };
            let adds = who.is_newly_busy(feature);
            let others = self.peers.busy(who.group, feature, period, adds).saturating_sub(1);
            // noise that others make must not hide everything: a part always stays
            let share = (f64::from(others) / BUSY_ALL).min(1.0) * BUSY_SHARE;
            parts.excuse("its peers are busy too", (own_nats + peers_nats) * share, Value::Count(f64::from(others)));
        }
    }
}

/// Names of the two parts of a count.
const OWN: &str = "more than its own usual";
const PEERS: &str = "more than its peers";

/// Nats above which somebody did more than usual; others of the same group of whom that is said in the same hour, for all that can be taken off to be taken off; and how much that is.
const BUSY_MIN: f64 = 2.0;
const BUSY_ALL: f64 = 6.0;
const BUSY_SHARE: f64 = 0.7;

/// Whether a count has reached the next step at which it is weighed: each is a quarter above the one before, from eight on.
fn is_step(before: f64, now: f64) -> bool {
    let step = |count: f64| libm::floor(libm::log(count.max(1.0)) / 0.223);
    now >= COUNT_MIN && now > before && (before < COUNT_MIN || step(now) > step(before))
}

/// `; usual 9, peers at most 31`.
pub(super) fn held_against(own: Option<f64>, peers: Option<f64>) -> String {
    let own = own.map(|own| format!("usual {own:.0}"));
    let peers = peers.map(|peers| format!("peers at most {peers:.0}"));
    match (own, peers) {
        (Some(own), Some(peers)) => format!("; {own}, {peers}"),
        (Some(one), None) | (None, Some(one)) => format!("; {one}"),
        (None, None) => String::new(),
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

const fn way_text(way: Way) -> &'static str {
    match way {
        Way::Console => "at a screen",
        Way::Remote => "with a desktop or shell from afar",
        Way::Gateway => "to the way into the house",
        Way::Application => "to an application",
        Way::Network => "over the network",
    }
}

fn where_told(observed: &Observed) -> String {
    let from = observed.address.map(|address| format!(" from {address}")).unwrap_or_default();
    let to = observed.host.as_deref().map(|host| format!(" to {host}")).unwrap_or_default();
    format!("{from}{to}")
}

fn told_programs(count: f64, observed: &Observed) -> String {
    let (what, on) = (&observed.what, observed.host.as_deref().map(|host| format!(" on {host}")).unwrap_or_default());
    if count < 2.0 {
        return format!("The account ran {what}{on}, which it never ran before.");
    }
    format!("Within an hour the account ran {count} programs that it never ran before, the last one {what}{on}.")
}

fn told_patients(count: f64, against: &str, drift: f32) -> String {
    let creeps = if drift > 3.0 { "; the number has risen day by day" } else { "" };
    format!("{count} different patients in a day{against}{creeps}.")
}

fn told_sign_in(who: &Profile, parts: &Parts<'_>, observed: &Observed, at: Moment) -> String {
    let place = match observed.address {
        Some(address) if parts.has("new address") => {
            let thing = if is_outside(address) { Thing::OutsideAddress } else { Thing::InsideAddress };
            let hours = who.rate(thing).tries;
            format!(" from {address}, where it never was (in {hours:.0} hours with sign-ins),")
        }
        Some(address) => format!(" from {address}"),
        None => String::new(),
    };
    let time = format!(" at {:02}:{:02}", at.of_day(), at.s.rem_euclid(3_600) / 60);
    let hour = if parts.has("hour") && who.share_before(at) == 0.0 {
        let usual = usual_hours(who, at).map(|hours| format!(" (usual {hours})")).unwrap_or_default();
        format!(", when it is never at work{usual},")
    } else {
        String::new()
    };
    let from = match observed.from_host.as_deref() {
        Some(from) if parts.has("new machine signed in from") => {
            format!(" with the machine {from}, which it never used,")
        }
        _ => String::new(),
    };
    let to = match observed.host.as_deref() {
        Some(host) if parts.has("new machine") => format!(" to {host}, where it never signed in before"),
        Some(host) => format!(" to {host}"),
        None => String::new(),
    };
    let refused = if parts.has("refused attempts before") { "; attempts were refused shortly before" } else { "" };
    format!("The account signed in{place}{time}{hour}{from}{to}{refused}.")
}

/// Spells of work in a day beyond which they are not told.
const USUAL_RUNS_MAX: usize = 5;

/// The hours at which it is at work on a quarter of the days like this one, `08-12`.
fn usual_hours(who: &Profile, at: Moment) -> Option<String> {
    let base = at.of_week / 24 * 24;
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let is_usual =
        |hour: &usize| who.active_share(base + hour) >= 0.25 && !(*hour == at.of_day() && who.share_before(at) < 0.25);
    for hour in (0..24).filter(is_usual) {
        match runs.last_mut() {
            Some((_, end)) if *end == hour => *end = hour + 1,
            _ => runs.push((hour, hour + 1)),
        }
    }
    let words: Vec<String> = runs.iter().map(|(start, end)| format!("{start:02}-{end:02}")).collect();
    // somebody at work at all hours has no usual ones
    (1..=USUAL_RUNS_MAX).contains(&words.len()).then(|| words.join(", "))
}

/// Whether an address is outside the house: neither private nor of the link nor of this machine.
pub(super) fn is_outside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_multicast()
                || v4.is_unspecified())
        }
        IpAddr::V6(v6) => {
            let first = v6.segments()[0];
            !(v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || first & 0xfe00 == 0xfc00
                || first & 0xffc0 == 0xfe80)
        }
    }
}

/// The bytes of an address; those of IPv4 as IPv6 writes them.
pub(super) const fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// The bytes of its network: 24 bits, or 48 of IPv6.
fn network(address: IpAddr) -> [u8; 16] {
    let kept = if address.is_ipv4() { 15 } else { 6 };
    let mut bytes = octets(address);
    bytes.iter_mut().skip(kept).for_each(|byte| *byte = 0);
    bytes
}
