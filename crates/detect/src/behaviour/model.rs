//! The detectors by name, and the threshold of each: so high that the alerts asked for come of it.

use cordon_learn::threshold::{Call, Spot, SpotSettings};
use cordon_learn::{Damaged, Drift, Snapshot};
use cordon_model::{Level, Time};
use cordon_stats::codec;

use super::profile::finite;

/// A detector; in the order of [`WORDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    SignIn,
    Programs,
    Collection,
    TakingOut,
    Service,
    Device,
    Quiet,
    Beacon,
    Volume,
    Lateral,
    Risk,
}

/// How many detectors there are.
pub(super) const MODELS: usize = 11;

/// What a detector says of itself.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) learns: &'static str,
    pub(super) detects: &'static str,
    pub(super) level: Level,
    pub(super) tags: &'static [&'static str],
    /// Share of the alerts asked for.
    pub(super) share: f64,
    /// Hours in which it speaks of an entity once.
    pub(super) rest_h: u32,
}

/// All detectors.
pub(super) const WORDS: [Words; MODELS] = [
    Words {
        id: "learn.account.sign_in",
        title: "Sign-in unlike the account",
        learns: "From which addresses and machines, to which machines and at which hours each account signs in, and how often it is refused before.",
        detects: "A stolen account: a new place, a new machine, a new hour, refused attempts before.",
        level: Level::Medium,
        tags: &["attack.initial-access", "attack.t1078"],
        share: 0.25,
        rest_h: 4,
    },
    Words {
        id: "learn.account.programs",
        title: "Account runs programs that it never ran",
        learns: "Which programs each account runs, how often there is a new one, and at which hours.",
        detects: "Somebody else at the keyboard: several programs in an hour that the account never ran.",
        level: Level::Medium,
        tags: &["attack.execution", "attack.t1059", "attack.t1078"],
        share: 0.1,
        rest_h: 12,
    },
    Words {
        id: "learn.account.collection",
        title: "More patients than ever",
        learns: "How many different patients each account opens in a day, and its peers, and whether the number creeps up.",
        detects: "Slow collection by an insider, also one record more each day.",
        level: Level::Medium,
        tags: &["attack.collection", "attack.t1213"],
        share: 0.1,
        rest_h: 20,
    },
    Words {
        id: "learn.account.mass_access",
        title: "Mass access, search or export",
        learns: "How many records each account opens, searches, prints and exports in an hour, and its peers.",
        detects: "Mass export, printing or querying.",
        level: Level::High,
        tags: &["attack.collection", "attack.t1213", "attack.exfiltration"],
        share: 0.1,
        rest_h: 6,
    },
    Words {
        id: "learn.account.service",
        title: "Service account used like a person's",
        learns: "Which accounts work like machines (around the clock, always alike) and the ways and machines they sign in.",
        detects: "A service account that signs in at a screen, from afar or elsewhere.",
        level: Level::High,
        tags: &["attack.privilege-escalation", "attack.t1078.002"],
        share: 0.1,
        rest_h: 12,
    },
    Words {
        id: "learn.device.new_peer",
        title: "Device speaks with somebody new",
        learns: "With whom, on which ports and in which protocols each device and each machine with few partners speaks.",
        detects: "A device that speaks with a new peer or in a new protocol.",
        level: Level::Low,
        tags: &["attack.lateral-movement", "attack.t1210"],
        share: 0.1,
        rest_h: 12,
    },
    Words {
        id: "learn.device.quiet",
        title: "Device has gone quiet",
        learns: "At which hours each device is heard of, workdays and weekends apart.",
        detects: "A device that is no longer heard of while its source still is.",
        level: Level::Low,
        tags: &["attack.impact", "attack.t1489"],
        share: 0.05,
        rest_h: 72,
    },
    Words {
        id: "learn.host.beacon",
        title: "Regular calls to a new address outside",
        learns: "Which addresses outside the house calls, by how many machines, and at what intervals.",
        detects: "Beaconing: small regular intervals to an address that the house did not know.",
        level: Level::High,
        tags: &["attack.command-and-control", "attack.t1071"],
        share: 0.05,
        rest_h: 48,
    },
    Words {
        id: "learn.host.volume",
        title: "More data sent outside than ever",
        learns: "How much each machine sends outside in an hour, and its peers, and to which addresses.",
        detects: "Exfiltration by volume.",
        level: Level::High,
        tags: &["attack.exfiltration", "attack.t1048"],
        share: 0.05,
        rest_h: 12,
    },
    Words {
        id: "learn.account.lateral",
        title: "Account spreads over machines",
        learns: "Which machines each account signs in to, and from which machine to which anybody does.",
        detects: "Lateral movement: several machines in an hour that are new to the account.",
        level: Level::High,
        tags: &["attack.lateral-movement", "attack.t1021"],
        share: 0.05,
        rest_h: 12,
    },
    Words {
        id: "learn.risk",
        title: "Weak signs add up",
        learns: "How much weak signs of all detectors add up to for one account, machine or device, halved every day.",
        detects: "Somebody who is a little unlike themselves in many ways.",
        level: Level::Medium,
        tags: &[],
        share: 0.05,
        rest_h: 24,
    },
];

/// Scores below this are not looked at: they are nothing.
pub(super) const LEAST: f64 = 1.0;

/// Nothing below this is told when twenty alerts a week are asked for.
const FLOOR: f64 = 4.5;

/// The threshold while too few scores are known, when twenty alerts a week are asked for.
const COLD: f64 = 9.0;

/// Alerts per week that floor and cold threshold are said for: of twice as many each of them is lower by a logarithm of two.
const ALERTS: f64 = 20.0;

/// Scores before the threshold follows them.
const WARMUP: usize = 100;

/// How far below the cold threshold a score still is a weak sign.
const COLD_SIGN: f64 = 4.0;

/// One detector's scores and what came of them.
#[derive(Clone, Debug)]
pub(super) struct Model {
    spot: Spot,
    drift: Drift,
    pub(super) observations: u64,
    pub(super) entities: u64,
    pub(super) findings: u64,
    asked_per_week: f64,
    /// By how much floor and cold threshold are lower than for twenty alerts a week.
    lower: f64,
    /// Scores per day, lately, and of the running day.
    scores_per_day: f64,
    scores_today: f64,
    days: u32,
    pub(super) since: Option<Time>,
    /// When it was first allowed to speak.
    pub(super) judged_from: Option<Time>,
}

/// How much lower floor and cold threshold are for another number of alerts; they stay above two.
fn lower(alerts_per_week: f64) -> f64 {
    libm::log(alerts_per_week.max(0.01) / ALERTS).min(3.0)
}

impl Model {
    pub(super) fn new(words: &Words, alerts_per_week: f64) -> Self {
        let settings = SpotSettings { rate: 0.01, warmup: WARMUP, half_life: 20_000 };
        Self {
            spot: Spot::new(settings),
            drift: Drift::new(200.0, 5_000.0),
            observations: 0,
            entities: 0,
            findings: 0,
            asked_per_week: words.share * alerts_per_week,
            lower: lower(alerts_per_week),
            scores_per_day: 0.0,
            scores_today: 0.0,
            days: 0,
            since: None,
            judged_from: None,
        }
    }

    /// Asks for another number of alerts per week.
    pub(super) fn ask(&mut self, words: &Words, alerts_per_week: f64) {
        self.asked_per_week = words.share * alerts_per_week;
        self.lower = lower(alerts_per_week);
        self.set_rate();
    }

    /// Takes in the scores of another one of the same detector.
    pub(super) fn merge(&mut self, other: &Self, words: &Words, alerts_per_week: f64) {
        self.spot.merge(&other.spot);
        self.drift.merge(&other.drift);
        self.observations = self.observations.saturating_add(other.observations);
        self.entities = self.entities.saturating_add(other.entities);
        self.findings = self.findings.saturating_add(other.findings);
        // both houses' scores come in now
        self.scores_per_day += other.scores_per_day;
        self.scores_today += other.scores_today;
        self.days = self.days.max(other.days);
        self.since = [self.since, other.since].into_iter().flatten().min();
        self.judged_from = [self.judged_from, other.judged_from].into_iter().flatten().min();
        self.ask(words, alerts_per_week);
    }

    pub(super) const fn asked_per_week(&self) -> f64 {
        self.asked_per_week
    }

    /// Learns the largest score that an entity had in an hour.
    pub(super) fn learn(&mut self, score: f64) {
        if score.is_finite() && score >= LEAST {
            self.spot.step(score);
            self.drift.observe(score);
            self.scores_today += 1.0;
        }
    }

    /// A day has gone by.
    pub(super) fn close_day(&mut self) {
        self.days = self.days.saturating_add(1);
        let gain = (1.0 / f64::from(self.days)).max(0.1);
        self.scores_per_day += gain * (self.scores_today - self.scores_per_day);
        self.scores_today = 0.0;
        self.set_rate();
    }

    fn set_rate(&mut self) {
        if self.scores_per_day > 0.0 {
            self.spot.ask(self.asked_per_week / (7.0 * self.scores_per_day));
        }
    }

    /// The score above which it speaks, in nats.
    pub(super) fn threshold(&self) -> f64 {
        let threshold = self.spot.threshold();
        if threshold.is_finite() { threshold.max(FLOOR - self.lower) } else { COLD - self.lower }
    }

    /// Whether a score is among the largest, if not above the threshold: a weak sign.
    pub(super) fn is_high(&self, score: f64) -> bool {
        match self.spot.call(score) {
            Call::Warming => score > self.threshold() - COLD_SIGN,
            Call::Ordinary => false,
            Call::High | Call::Alarm => true,
        }
    }

    pub(super) fn drift(&self) -> Option<f64> {
        self.drift.shift()
    }

    pub(super) fn is_warm(&self) -> bool {
        self.spot.threshold().is_finite()
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.spot.bytes()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        self.spot.write(out);
        self.drift.write(out);
        for number in [self.observations, self.entities, self.findings, u64::from(self.days)] {
            codec::put_u64(out, number);
        }
        for number in [self.asked_per_week, self.lower, self.scores_per_day, self.scores_today] {
            codec::put_u64(out, number.to_bits());
        }
        for time in [self.since, self.judged_from] {
            codec::put_i64(out, time.map_or(i64::MIN, |time| time.0));
        }
    }

    pub(super) fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let (spot, drift) = (Spot::read(from)?, Drift::read(from)?);
        let mut counts = [0; 4];
        for count in &mut counts {
            *count = codec::take_u64(from).ok_or(Damaged("a number"))?;
        }
        let [observations, entities, findings, days] = counts;
        let mut numbers = [0.0; 4];
        for number in &mut numbers {
            *number = finite(from)?;
        }
        let [asked_per_week, lower, scores_per_day, scores_today] = numbers;
        let mut times = [None; 2];
        for time in &mut times {
            let read = codec::take_i64(from).ok_or(Damaged("a time"))?;
            *time = (read != i64::MIN).then_some(Time(read));
        }
        let [since, judged_from] = times;
        let days = u32::try_from(days).map_err(|_| Damaged("days"))?;
        Ok(Self {
            spot,
            drift,
            observations,
            entities,
            findings,
            asked_per_week,
            lower,
            scores_per_day,
            scores_today,
            days,
            since,
            judged_from,
        })
    }
}
