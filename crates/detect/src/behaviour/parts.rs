//! Scores as sums of named parts, made without allocation; words are made of them once something is told.

use std::net::IpAddr;

/// Most parts of a score.
const PARTS_MAX: usize = 12;

/// What was observed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'o> {
    Count(f64),
    Bytes(f64),
    Seconds(f64),
    Address(IpAddr),
    Name(&'o str),
    Hour(usize),
}

/// What it is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Usual {
    /// Nothing more to say than the part's name.
    Said,
    /// New in so many tries, of which so many others were new.
    New { tries: f64, news: f64 },
    /// The own usual value and what 99 of 100 of the peers' do not pass.
    Counts { own: Option<f64>, peers: Option<f64> },
    /// Active on this share of its days at that hour.
    Share(f64),
    /// A score of another detector.
    Model,
}

/// One named part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part<'o> {
    pub(super) name: &'static str,
    pub(super) nats: f64,
    pub(super) value: Value<'o>,
    pub(super) usual: Usual,
}

/// A score.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'o> {
    parts: [Option<Part<'o>>; PARTS_MAX],
    len: usize,
}

impl<'o> Parts<'o> {
    pub(super) const fn new() -> Self {
        Self { parts: [None; PARTS_MAX], len: 0 }
    }

    /// Adds a part, to a hundredth of a nat, so that what is shown sums up; one of nothing is left out, and what is not finite never comes in.
    pub(super) fn add(&mut self, name: &'static str, nats: f64, value: Value<'o>, usual: Usual) {
        let nats = libm::round(100.0 * nats) / 100.0;
        if nats.is_finite() && nats > 0.0 {
            self.push(Part { name, nats, value, usual });
        }
    }

    /// Takes something off for a reason.
    pub(super) fn excuse(&mut self, name: &'static str, nats: f64, value: Value<'o>) {
        let nats = libm::round(100.0 * nats) / 100.0;
        if nats.is_finite() && nats > 0.0 {
            self.push(Part { name, nats: -nats, value, usual: Usual::Said });
        }
    }

    fn push(&mut self, part: Part<'o>) {
        if let Some(place) = self.parts.get_mut(self.len) {
            *place = Some(part);
            self.len += 1;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Part<'o>> + '_ {
        self.parts.iter().flatten()
    }

    /// The score: the sum of the parts in their order.
    pub(super) fn score(&self) -> f64 {
        self.iter().map(|part| part.nats).sum()
    }

    /// Whether a part of this name says something.
    pub(super) fn has(&self, name: &str) -> bool {
        self.iter().any(|part| part.name == name)
    }
}

impl Value<'_> {
    /// In text, for a person.
    pub(super) fn text(self) -> String {
        match self {
            Self::Count(count) => format!("{count}"),
            Self::Bytes(bytes) => bytes_text(bytes),
            Self::Seconds(seconds) => format!("{seconds:.0} s"),
            Self::Address(address) => address.to_string(),
            Self::Name(name) => name.to_owned(),
            Self::Hour(hour) => format!("{hour:02}:00"),
        }
    }
}

impl Part<'_> {
    /// What it is held against and what it adds.
    pub(super) fn against(&self, score: f64) -> String {
        let usual = match self.usual {
            Usual::Said => String::new(),
            Usual::New { tries, news } => format!("new; {news:.0} of {tries:.0} hours before had a new one; "),
            Usual::Counts { own, peers } => match (own, peers) {
                (Some(own), Some(peers)) => format!("usual {}, peers at most {}; ", self.like(own), self.like(peers)),
                (Some(own), None) => format!("usual {}; ", self.like(own)),
                (None, Some(peers)) => format!("peers at most {}; ", self.like(peers)),
                (None, None) => String::new(),
            },
            Usual::Share(share) => format!("active at that hour on {:.0} % of its days; ", 100.0 * share),
            Usual::Model => "weak signs of the last days; ".to_owned(),
        };
        if self.nats < 0.0 {
            return format!("{usual}takes off {:.2} of {score:.2} nats", -self.nats);
        }
        format!("{usual}adds {:.2} of {score:.2} nats", self.nats)
    }

    fn like(&self, value: f64) -> String {
        match self.value {
            Value::Bytes(_) => bytes_text(value),
            Value::Seconds(_) => format!("{value:.0} s"),
            _ if value < 10.0 => format!("{}", libm::round(10.0 * value) / 10.0),
            _ => format!("{value:.0}"),
        }
    }
}

/// Bytes in the largest unit that keeps a whole number before the point.
pub(super) fn bytes_text(bytes: f64) -> String {
    for (unit, size) in [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] {
        if bytes >= size {
            return format!("{:.1} {unit}", bytes / size);
        }
    }
    format!("{bytes:.0} bytes")
}
