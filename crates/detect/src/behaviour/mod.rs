//! Behaviour: who acts unlike themselves and unlike their peers. What events say about accounts, machines and devices comes in, in the order of the log; findings come out whose
//! score is a sum of named parts in nats.
//!
//! Workers make [`Observed`] of events in parallel; one [`Behaviour`] sees them one after the other, scores first and learns afterwards. It asks no clock and no
//! chance, so the same observations give the same findings and the same bytes. What is above a detector's threshold is not learnt, or counts no more than is usual.

mod accounts;
mod clock;
mod counts;
mod devices;
mod entities;
mod finding;
mod forget;
mod merge;
mod model;
mod observed;
mod options;
mod outside;
mod parts;
mod peers;
mod profile;
mod profile_merge;
mod report;
mod snapshot;
mod surprise;
mod table;
mod verdict;
mod work_orders;

pub use forget::Forgotten;
pub use merge::Unlike;
pub use observed::{Deed, Observed, Way};
pub use options::BehaviourOptions;
pub use report::{EntityKind, EntityNow, FeatureNow, ModelState, Noticed};
pub use verdict::{Verdict, VerdictEffect, VerdictStanding};
pub use work_orders::{WorkKind, WorkOrder};

use cordon_learn::edges::{FirstSeen, FirstSeenConfig};
use cordon_model::Time;
use cordon_stats::sip64;
use rustc_hash::FxHashMap;

use clock::{Moment, SiteClock};
use devices::Watched;
use entities::Entities;
use finding::Telling;
use model::{LEAST, MODELS, Model, WORDS, Which};
use outside::{Destination, Pair};
use parts::{Parts, Usual, Value};
use peers::Peers;
use profile::{FEATURES, Feature, Profile, Thing};
use table::Table;
use verdict::Verdicts;
use work_orders::WorkOrders;

/// Pairs of machine and address outside, and addresses outside, that are followed.
const PAIRS: usize = 65_536;
const DESTINATIONS: usize = 65_536;
/// Sources whose latest word is remembered.
const SOURCES_MAX: usize = 16_384;
/// A source that says nothing for so long, in seconds, has paused: nobody is quiet because of it.
const SILENT_S: i64 = 3_600;
/// A weak sign of at least so many nats makes more than one of them.
const SIGN_MIN: f64 = 1.5;
/// An event dated further ahead of its receipt than this says nothing about hours.
const AHEAD_MAX_US: i64 = 3_600_000_000;

/// All detectors of behaviour with what they have learnt.
#[derive(Debug)]
pub struct Behaviour {
    options: BehaviourOptions,
    clock: SiteClock,
    entities: Entities,
    peers: Peers,
    models: [Model; MODELS],
    /// Ways from one machine to another that were gone before.
    edges: FirstSeen,
    pairs: Table<Pair>,
    destinations: Table<Destination>,
    /// Machines that ever called outside.
    callers: u64,
    watched: Vec<Watched>,
    watched_at: FxHashMap<u64, usize>,
    /// Words of devices that there was no room to watch.
    unwatched: u64,
    /// Of each source: since when it is heard of without a pause, and its latest event time, in seconds.
    sources: FxHashMap<u64, (i64, i64)>,
    /// Hash of the source of the running observation, and that source.
    source: u64,
    /// The hour in which devices were last looked at.
    looked_h: u32,
    day: u32,
    started_s: Option<i64>,
    /// Observations whose time could not be believed.
    undated: u64,
    /// What analysts said. It is kept elsewhere, and nothing that is learnt depends on it.
    verdicts: Verdicts,
    /// Work on devices that was declared. Kept elsewhere too.
    work_orders: std::sync::Arc<WorkOrders>,
}

/// Where findings go; nowhere while history is learnt.
struct Sink<'s> {
    out: Option<&'s mut Vec<Noticed>>,
}

impl Behaviour {
    /// Detectors that have learnt nothing.
    #[must_use]
    pub fn new(options: BehaviourOptions) -> Self {
        let entities = Entities::new(options.entities_max);
        let models = WORDS.each_ref().map(|words| Model::new(words, options.alerts_per_week));
        Self {
            clock: SiteClock::new(options.timezone.clone()),
            entities,
            peers: Peers::new(),
            models,
            edges: FirstSeen::new(FirstSeenConfig { bits: 1 << 20, span_ticks: 24 * 60 }),
            pairs: Table::new(PAIRS),
            destinations: Table::new(DESTINATIONS),
            callers: 0,
            watched: Vec::new(),
            watched_at: FxHashMap::default(),
            unwatched: 0,
            sources: FxHashMap::default(),
            source: 0,
            looked_h: 0,
            day: 0,
            started_s: None,
            undated: 0,
            verdicts: Verdicts::default(),
            work_orders: std::sync::Arc::default(),
            options,
        }
    }

    /// Judges an observation, then learns it. In the order of the log.
    pub fn see(&mut self, observed: &Observed, out: &mut Vec<Noticed>) {
        for model in self.models.iter_mut().filter(|model| model.judged_from.is_none()) {
            model.judged_from = Some(observed.time);
        }
        self.take(observed, &mut Sink { out: Some(out) });
    }

    /// Learns an observation of stored history, in the order of event time; nothing is found.
    pub fn learn(&mut self, observed: &Observed) {
        self.take(observed, &mut Sink { out: None });
    }

    /// Tells of devices that have gone quiet by event time `now`, once an hour. Doing it again changes nothing.
    pub fn advance(&mut self, now: Time, out: &mut Vec<Noticed>) {
        let hour = u32::try_from(now.as_seconds().div_euclid(3_600)).unwrap_or(0);
        if hour > self.looked_h && self.started_s.is_some() {
            self.looked_h = hour;
            self.quiet_devices(&mut Sink { out: Some(out) });
        }
    }

    /// Asks for another number of alerts per week, over all detectors together.
    pub fn ask(&mut self, alerts_per_week: f64) {
        if alerts_per_week.is_finite() {
            self.options.alerts_per_week = alerts_per_week.max(0.0);
            let asked = self.options.alerts_per_week;
            self.models.iter_mut().zip(&WORDS).for_each(|(model, words)| model.ask(words, asked));
        }
    }

    fn take(&mut self, observed: &Observed, sink: &mut Sink<'_>) {
        let at = self.clock.moment(observed.time);
        if observed.time.0 > observed.received.0.saturating_add(AHEAD_MAX_US) || at.hour == 0 {
            self.undated += 1;
            return;
        }
        self.note_source(observed, at);
        self.follow_days(at, sink);
        match observed.deed {
            Deed::Flow => self.flow(observed, at, sink),
            Deed::Reported => {
                if let Some(name) = observed.device.as_deref() {
                    self.device(observed, name, at, sink);
                }
            }
            _ => {
                if let Some(name) = observed.user.as_deref() {
                    self.account(observed, name, at, sink);
                }
            }
        }
    }

    fn note_source(&mut self, observed: &Observed, at: Moment) {
        self.source = sip64(self.options.hash_key, observed.source.as_bytes());
        if let Some((resumed_s, last_s)) = self.sources.get_mut(&self.source) {
            if at.s > last_s.saturating_add(SILENT_S) {
                *resumed_s = at.s;
            }
            *last_s = at.s.max(*last_s);
        } else if self.sources.len() < SOURCES_MAX {
            self.sources.insert(self.source, (at.s, at.s));
        }
    }

    fn follow_days(&mut self, at: Moment, sink: &Sink<'_>) {
        if sink.out.is_none() {
            self.day = self.day.min(at.day);
        }
        self.started_s = Some(self.started_s.map_or(at.s, |started| started.min(at.s)));
        if at.day > self.day {
            // a clock that jumps closes one day only
            if self.day > 0 {
                self.models.iter_mut().for_each(Model::close_day);
                self.peers.age();
            }
            self.day = at.day;
        }
    }

    /// Key of an entity.
    fn key(&self, kind: EntityKind, name: &str) -> u64 {
        let [first, second] = self.options.hash_key;
        sip64([first ^ (kind as u64 + 1), second], name.as_bytes()).max(1)
    }

    /// Hash of a thing of a kind.
    fn thing(&self, thing: Thing, bytes: &[u8]) -> u64 {
        let [first, second] = self.options.hash_key;
        sip64([first, second ^ (thing as u64 + 1)], bytes).max(1)
    }

    /// The surprise at a thing that the entity has not met; nothing for one that it has, and nothing on its first day.
    fn new_nats(&self, who: &Profile, thing: Thing, hash: u64, at: Moment) -> f64 {
        if who.knows(hash) || who.is_first_day(at) {
            return 0.0;
        }
        surprise::novelty(who.rate(thing), self.peers.rate(who.group, thing))
    }

    fn try_thing(&mut self, who: &mut Profile, thing: Thing, is_new: bool, at: Moment) {
        let added = who.try_thing(thing, is_new, at);
        self.peers.tried(who.group, thing, added);
    }

    /// Closes the hour that an entity's event has left. While history is learnt, an hour may lie before what was seen already: it is learnt like any other.
    fn open(&mut self, who: &mut Profile, at: Moment, sink: &Sink<'_>) {
        let is_back = at.hour < who.hour && sink.out.is_none() && who.days > 0;
        if at.hour > who.hour || is_back {
            self.close_hour(who);
        }
        if is_back {
            // one before, so that this hour and its day count as new
            (who.hour, who.day) = (at.hour.saturating_sub(1), who.day.min(at.day.saturating_sub(1)));
        }
    }

    /// Learns, once an event was weighed, that the entity was active then, and brings it back.
    fn settle(&mut self, mut who: Box<Profile>, at: Moment) {
        let is_first = who.days == 0;
        let is_new_hour = at.hour > who.hour || is_first;
        let is_new_day = at.day > who.day || is_first;
        who.hour = who.hour.max(at.hour);
        who.day = who.day.max(at.day);
        (who.first_s, who.last_s) = (who.first_s.min(at.s), who.last_s.max(at.s));
        who.source = self.source;
        if who.is_active(at, is_new_day, is_new_hour) {
            self.peers.is_active(who.group, at);
        }
        self.entities.check_in(who);
    }

    fn close_hour(&mut self, who: &mut Profile) {
        for (place, peak) in who.peaks.iter_mut().enumerate() {
            if let Some(model) = self.models.get_mut(place).filter(|_| *peak > 0.0) {
                model.learn(f64::from(*peak));
            }
            *peak = 0.0;
        }
    }

    fn model(&mut self, which: Which) -> Option<&mut Model> {
        self.models.get_mut(which as usize)
    }

    fn threshold(&self, which: Which) -> f64 {
        self.models.get(which as usize).map_or(f64::INFINITY, Model::threshold)
    }

    fn learn_score(&mut self, which: Which, score: f64) {
        self.model(which).into_iter().for_each(|model| model.learn(score));
    }

    /// Holds a score against the detector's threshold; tells when it is above, unless the entity was just spoken of. Says whether it is above.
    fn weigh<'o>(
        &mut self,
        which: Which,
        who: &mut Profile,
        parts: &Parts<'o>,
        (observed, name, at): (&'o Observed, &'o str, Moment),
        sink: &mut Sink<'_>,
        told: impl FnOnce(&Profile) -> String,
    ) -> bool {
        let score = parts.score();
        let Some(model) = self.model(which) else { return false };
        model.observations = model.observations.saturating_add(1);
        model.since = model.since.or(Some(observed.time));
        if score < LEAST {
            return false;
        }
        let is_alarm = score > model.threshold();
        let is_sign = model.is_high(score) || is_alarm;
        let Some(peak) = who.peaks.get_mut(which as usize) else { return false };
        let risen = score - f64::from(*peak);
        *peak = profile::narrow(score.max(f64::from(*peak)));
        let is_first = who.is_first_judged(which);
        self.model(which).into_iter().for_each(|model| model.entities += u64::from(is_first));
        // what is learnt goes by the score alone: what analysts said only changes what is told
        let threshold = self.threshold(which);
        if Self::is_near(score, threshold) {
            let judged = self.with_verdicts(which, who, parts, at);
            if judged.score() > threshold {
                self.tell(which, who, &judged, (observed, name, at), sink, told);
            }
        }
        if is_sign && which != Which::Quiet && risen > 0.0 {
            self.raise(which, who, risen, (observed, name, at), sink);
        }
        is_alarm
    }

    fn tell<'o>(
        &mut self,
        which: Which,
        who: &mut Profile,
        parts: &Parts<'o>,
        (observed, name, at): (&'o Observed, &'o str, Moment),
        sink: &mut Sink<'_>,
        told: impl FnOnce(&Profile) -> String,
    ) {
        let (Some(words), Some(last)) = (WORDS.get(which as usize), who.told.get_mut(which as usize)) else { return };
        let Some(out) = sink.out.as_deref_mut() else { return };
        if *last > 0 && at.hour < last.saturating_add(words.rest_h) {
            return;
        }
        *last = at.hour.max(1);
        let told = told(who);
        out.push(Telling { words, observed, kind: who.kind, name, parts, at, told }.noticed());
        self.model(which).into_iter().for_each(|model| model.findings = model.findings.saturating_add(1));
    }

    /// Adds a weak sign to the entity's risk; tells when the sum passes the risk's own threshold and more than one detector has part in it.
    fn raise<'o>(
        &mut self,
        which: Which,
        who: &mut Profile,
        nats: f64,
        (observed, name, at): (&'o Observed, &'o str, Moment),
        sink: &mut Sink<'_>,
    ) {
        who.raise(which, nats, at);
        let mut parts = Parts::new();
        for (model, risk) in who.risk_by_model().filter(|(_, risk)| *risk > 0.05) {
            let title = WORDS.get(model).map_or("", |words| words.title);
            parts.add(title, risk, Value::Count(libm::round(10.0 * risk) / 10.0), Usual::Model);
        }
        let (score, place) = (parts.score(), Which::Risk as usize);
        let signs = parts.iter().filter(|part| part.nats >= SIGN_MIN).count();
        if let Some(peak) = who.peaks.get_mut(place) {
            *peak = profile::narrow(score.max(f64::from(*peak)));
        }
        let parts = self.with_verdicts(Which::Risk, who, &parts, at);
        let Some(model) = self.model(Which::Risk) else { return };
        model.observations = model.observations.saturating_add(1);
        model.since = model.since.or(Some(observed.time));
        if parts.score() > model.threshold() && signs > 1 {
            let told = |_: &Profile| {
                let names: Vec<String> = parts
                    .iter()
                    .filter(|part| part.usual == Usual::Model)
                    .map(|part| part.name.to_lowercase())
                    .collect();
                format!("Several weak signs within days: {}.", names.join("; "))
            };
            self.tell(Which::Risk, who, &parts, (observed, name, at), sink, told);
        }
    }

    /// How each detector is.
    #[must_use]
    pub fn models(&self) -> Vec<ModelState> {
        let shared = self.entities.bytes()
            + self.peers.bytes()
            + self.pairs.bytes()
            + self.destinations.bytes()
            + self.edges.bytes();
        let now_s = self.sources.values().map(|(_, last_s)| *last_s).max().unwrap_or(0);
        let state = |(place, (model, words)): (usize, (&Model, &model::Words))| {
            let judged_s = model.judged_from.map_or(0, |from| now_s - from.as_seconds());
            let weeks = judged_s as f64 / (7.0 * 86_400.0);
            let bytes = model.bytes() + if place == 0 { shared } else { 0 };
            ModelState {
                id: words.id,
                title: words.title,
                learns: words.learns,
                detects: words.detects,
                entities: model.entities,
                bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
                observations: model.observations,
                findings: model.findings,
                asked_per_week: model.asked_per_week(),
                obtained_per_week: (judged_s >= 86_400).then(|| model.findings as f64 / weeks),
                drift: model.drift(),
                is_warm: model.is_warm(),
                threshold: model.threshold(),
                since: model.since,
            }
        };
        self.models.iter().zip(&WORDS).enumerate().map(state).collect()
    }

    /// What is normal for an entity and what it does now; none when it is not known. Names are matched as events write them, without domains and in any case.
    #[must_use]
    pub fn entity(&self, kind: EntityKind, name: &str) -> Option<EntityNow> {
        let who = self.entities.get(self.key(kind, &observed::name_of(kind, name)?))?;
        let feature = |(feature, name, words, unit): &(Feature, &'static str, &'static str, &'static str)| {
            let (usual, peers) = self.usual(who, *feature);
            let now = who.counts.get(*feature as usize).copied().filter(|now| *now > 0.0);
            let is_said = usual.is_some() || now.is_some();
            is_said.then_some(FeatureNow { name, words, unit, usual, peers, now })
        };
        Some(EntityNow {
            kind,
            name: name.to_owned(),
            first_seen: Time(who.first_s.saturating_mul(1_000_000)),
            last_seen: Time(who.last_s.saturating_mul(1_000_000)),
            risk: who.risk_at(who.last_s),
            risk_threshold: self.threshold(Which::Risk),
            hours: (0..48).map(|hour| who.active_share(hour)).collect(),
            peers: self.peers.name(who.group).to_owned(),
            features: FEATURES.iter().filter_map(feature).collect(),
        })
    }

    /// Entities that are remembered, and those that were forgotten for want of room.
    #[must_use]
    pub fn entities(&self) -> (usize, u64) {
        (self.entities.len(), self.entities.forgotten())
    }
}

#[cfg(test)]
mod tests;
