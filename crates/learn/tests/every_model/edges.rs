//! Edges on trial: a ward whose clients talk to servers, minute by minute.

use cordon_learn::Part;
use cordon_learn::Score;
use cordon_learn::edges::{
    EdgeScore, FirstSeen, FirstSeenConfig, Level, Midas, MidasConfig, Node, Novelty, NoveltyConfig, Variant,
};
use cordon_learn::eval::controls::Draw;

use crate::trial::{Kind, Merge, Promise, Slow, Trial};

const KEY: [u64; 2] = [7, 11];

fn node(number: u32) -> Node {
    Node::numbered(KEY, number)
}

/// One minute: its tick and its edges.
#[derive(Clone)]
pub(crate) struct Minute {
    tick: u64,
    edges: Vec<(u32, u32)>,
}

/// Thirty clients with two servers each; half as many edges again once the world has moved.
fn minute(draw: &mut Draw, step: usize, shift: f64) -> Minute {
    let mut edges = Vec::new();
    for client in 0..30_u32 {
        let times = (2 + draw.below(7)) as f64 * (1.0 + 0.5 * shift) + draw.unit();
        let second = u32::from(draw.below(2) == 1);
        let pair = (client, 100 + (client + second) % 8);
        edges.extend((0..20).take_while(|count| f64::from(*count) + 1.0 <= times).map(|_| pair));
    }
    Minute { tick: step as u64 + 1, edges }
}

fn burst(draw: &mut Draw, step: usize, pair: (u32, u32), times: usize) -> Minute {
    let mut minute = minute(draw, step, 0.0);
    minute.edges.extend(std::iter::repeat_n(pair, times));
    minute
}

/// The highest score of a minute, and the edge that it is of.
fn highest(model: &Midas, minute: &Minute) -> Option<(EdgeScore, (u32, u32))> {
    let mut model = model.clone();
    let mut best: Option<(EdgeScore, (u32, u32))> = None;
    for pair in &minute.edges {
        let score = model.observe(node(pair.0), node(pair.1), minute.tick);
        if best.is_none_or(|(best, _)| score.value > best.value) {
            best = Some((score, *pair));
        }
    }
    best
}

fn observe(model: &mut Midas, minute: &Minute) {
    for (source, destination) in &minute.edges {
        model.observe(node(*source), node(*destination), minute.tick);
    }
}

/// Takes edges of the highest level out until its count is the usual one.
fn calmed(model: &Midas, minute: &Minute) -> Minute {
    let mut minute = minute.clone();
    let Some((score, pair)) = highest(model, &minute) else { return minute };
    let explained = score.explained();
    let of_level = |edge: &(u32, u32)| match score.level {
        Level::Edge => *edge == pair,
        Level::Source => edge.0 == pair.0,
        Level::Destination => edge.1 == pair.1,
    };
    let named = explained.parts.iter().max_by(|a, b| a.value.total_cmp(&b.value));
    let (observed, usual) = named.map_or((0.0, 0.0), |part| (part.observed, part.usual.unwrap_or(0.0)));
    let mut surplus = observed - usual;
    minute.edges.reverse();
    minute.edges.retain(|edge| {
        let taken = surplus >= 1.0 && of_level(edge);
        surplus -= f64::from(u8::from(taken));
        !taken
    });
    minute.edges.reverse();
    minute
}

/// Both streams minute by minute, as one observer would have seen them.
fn together(config: MidasConfig, one: &[Minute], other: &[Minute]) -> Midas {
    let mut model = Midas::new(config);
    for (one, other) in one.iter().zip(other) {
        observe(&mut model, one);
        observe(&mut model, other);
    }
    model
}

macro_rules! bursts {
    ($name:ident, $text:literal, $config:expr, $promise:expr) => {
        pub(crate) struct $name;

        impl Trial for $name {
            type Model = Midas;
            type Input = Minute;
            const NAME: &'static str = $text;
            const WARM: usize = 600;
            const PROMISE: Promise = $promise;

            fn usual(draw: &mut Draw, step: usize, shift: f64) -> Minute {
                minute(draw, step, shift)
            }
            fn attack(draw: &mut Draw, step: usize, kind: Kind) -> Minute {
                burst(draw, step, if kind == Kind::One { (3, 104) } else { (12, 104) }, 200)
            }
            fn creeping(draw: &mut Draw, step: usize, more: f64) -> Minute {
                burst(draw, step, (3, 104), (0..500).take_while(|count| f64::from(*count) < more).count())
            }
            fn learnt(inputs: &[Minute]) -> Midas {
                let mut model = Midas::new($config);
                inputs.iter().for_each(|minute| observe(&mut model, minute));
                model
            }
            fn learn(model: &mut Midas, history: &[Minute]) {
                history.last().iter().for_each(|minute| observe(model, minute));
            }
            fn score(model: &Midas, input: &Minute) -> f64 {
                highest(model, input).map_or(0.0, |(score, _)| score.value)
            }
            fn explain(model: &Midas, input: &Minute) -> Score {
                highest(model, input).map_or_else(Score::default, |(score, _)| score.explained())
            }
            fn for_threshold(model: &Midas, input: &Minute) -> f64 {
                highest(model, input).map_or(0.0, |(score, _)| score.for_threshold())
            }
            fn both(one: &[Minute], other: &[Minute]) -> Midas {
                together($config, one, other)
            }
            fn merge(model: &mut Midas, other: &Midas) -> bool {
                model.merge(other).is_ok()
            }
            fn unlike() -> Option<Midas> {
                Some(Midas::new(MidasConfig { alpha: 0.25, ..$config }))
            }
            fn put_back(model: &Midas, _: &[Minute], input: &Minute) -> Minute {
                // the three levels, each at most once
                (0..3).fold(input.clone(), |minute, _| calmed(model, &minute))
            }
        }
    };
}

const PROMISE: Promise = Promise {
    merge: Merge::Exact,
    other_kind: [0.9, 0.9],
    same_kind: [0.9, 0.9],
    // the filtered ones repeat the mean of a bucket above their threshold, so they follow growth more slowly
    drift_alarms: 2.0,
    slow: Slow::Seen(30),
    peers: 0,
};

bursts!(Plain, "Midas, edges only", MidasConfig::of_paper(Variant::Midas), PROMISE);
bursts!(Rooted, "Midas, variant R", MidasConfig::of_paper(Variant::MidasR), PROMISE);
bursts!(Filtered, "Midas, variant F", MidasConfig::of_paper(Variant::MidasF), PROMISE);
bursts!(Forgetting, "Midas, variant F that forgets", MidasConfig::forgetting(1_000.0), PROMISE);

/// Something met at a tick.
#[derive(Clone, Copy)]
pub(crate) struct Met {
    tick: u64,
    hash: u64,
}

pub(crate) struct Things;

const SEEN: FirstSeenConfig = FirstSeenConfig { bits: 1 << 14, span_ticks: 20_000 };

impl Trial for Things {
    type Model = FirstSeen;
    type Input = Met;
    const NAME: &'static str = "FirstSeen";
    const WARM: usize = 1_000;
    const PROMISE: Promise = Promise {
        merge: Merge::Exact,
        other_kind: [0.9, 0.9],
        same_kind: [0.9, 0.9],
        drift_alarms: 1.6,
        slow: Slow::Seen(3),
        peers: 20,
    };

    /// One of fifty things; twenty others once the world has moved.
    fn usual(draw: &mut Draw, step: usize, shift: f64) -> Met {
        let moved = (0..20).take_while(|thing| f64::from(*thing) + 1.0 <= 20.0 * shift).count();
        Met { tick: step as u64, hash: Draw::new((draw.below(50) + moved) as u64).bits() }
    }
    fn attack(draw: &mut Draw, step: usize, kind: Kind) -> Met {
        let spread = if kind == Kind::One { 1 } else { 3 };
        Met { tick: step as u64, hash: draw.bits().wrapping_mul(spread) }
    }
    fn creeping(draw: &mut Draw, step: usize, _: f64) -> Met {
        Met { tick: step as u64, hash: draw.bits() }
    }
    fn learnt(inputs: &[Met]) -> FirstSeen {
        let mut model = FirstSeen::new(SEEN);
        inputs.iter().for_each(|met| {
            model.is_new(met.hash, met.tick);
        });
        model
    }
    fn learn(model: &mut FirstSeen, history: &[Met]) {
        history.last().iter().for_each(|met| {
            model.is_new(met.hash, met.tick);
        });
    }
    fn score(model: &FirstSeen, input: &Met) -> f64 {
        f64::from(u8::from(model.clone().is_new(input.hash, input.tick)))
    }
    /// It has one part by nature: new or not.
    fn explain(model: &FirstSeen, input: &Met) -> Score {
        let value = Self::score(model, input);
        Score::of(vec![Part { feature: 0, value, observed: value, usual: Some(0.0), peers: None }])
    }
    fn both(one: &[Met], other: &[Met]) -> FirstSeen {
        Self::learnt(&[one, other].concat())
    }
    fn merge(model: &mut FirstSeen, other: &FirstSeen) -> bool {
        model.merge(other)
    }
    fn unlike() -> Option<FirstSeen> {
        Some(FirstSeen::new(FirstSeenConfig { bits: 1 << 12, ..SEEN }))
    }
    fn put_back(_: &FirstSeen, warm_up: &[Met], input: &Met) -> Met {
        warm_up.first().map_or(*input, |met| Met { tick: input.tick, ..*met })
    }
}

/// An edge at a tick.
#[derive(Clone, Copy)]
pub(crate) struct Edge {
    tick: u64,
    pair: (u32, u32),
}

pub(crate) struct Partners;

fn novelty() -> Novelty {
    Novelty::new(NoveltyConfig { seen: SEEN, buckets: 256, half_life_ticks: 5_000.0, edges_min: 20.0 })
}

fn meets(model: &Novelty, edge: &Edge) -> EdgeScore {
    model.clone().observe(node(edge.pair.0), node(edge.pair.1), edge.tick)
}

impl Trial for Partners {
    type Model = Novelty;
    type Input = Edge;
    const NAME: &'static str = "Novelty";
    const WARM: usize = 2_000;
    const PROMISE: Promise = Promise {
        merge: Merge::Close(0.9),
        other_kind: [0.9, 0.9],
        same_kind: [0.0, 0.0],
        drift_alarms: 1.6,
        slow: Slow::Seen(10),
        peers: 20,
    };

    /// Twenty sources with four partners each, and a scanner that meets somebody new with every edge; ten more partners once the world has moved.
    fn usual(draw: &mut Draw, step: usize, shift: f64) -> Edge {
        let source = u32::try_from(draw.below(21)).unwrap_or(0);
        let moved = u32::from(draw.unit() < shift) * u32::try_from(draw.below(2)).unwrap_or(0);
        let partner = u32::try_from(draw.below(4)).unwrap_or(0) + moved;
        let new = u32::try_from(draw.below(1 << 30)).unwrap_or(0);
        let pair = if source == 20 { (20, 1_000_000 + new) } else { (source, 100 * source + partner) };
        Edge { tick: step as u64, pair }
    }
    fn attack(draw: &mut Draw, step: usize, kind: Kind) -> Edge {
        let new = u32::try_from(draw.below(1 << 20)).unwrap_or(0);
        let source = if kind == Kind::One { 3 } else { 7 };
        Edge { tick: step as u64, pair: (source, 5_000_000 + new) }
    }
    fn creeping(draw: &mut Draw, step: usize, _: f64) -> Edge {
        Self::attack(draw, step, Kind::One)
    }
    fn learnt(inputs: &[Edge]) -> Novelty {
        let mut model = novelty();
        inputs.iter().for_each(|edge| {
            model.observe(node(edge.pair.0), node(edge.pair.1), edge.tick);
        });
        model
    }
    fn learn(model: &mut Novelty, history: &[Edge]) {
        history.last().iter().for_each(|edge| {
            model.observe(node(edge.pair.0), node(edge.pair.1), edge.tick);
        });
    }
    fn score(model: &Novelty, input: &Edge) -> f64 {
        meets(model, input).value
    }
    fn explain(model: &Novelty, input: &Edge) -> Score {
        meets(model, input).explained()
    }
    fn both(one: &[Edge], other: &[Edge]) -> Novelty {
        let pairs = one.iter().zip(other).flat_map(|(one, other)| [*one, *other]);
        Self::learnt(&pairs.collect::<Vec<_>>())
    }
    fn merge(model: &mut Novelty, other: &Novelty) -> bool {
        model.merge(other)
    }
    fn unlike() -> Option<Novelty> {
        Some(Novelty::new(NoveltyConfig { seen: SEEN, buckets: 512, half_life_ticks: 5_000.0, edges_min: 20.0 }))
    }
    fn put_back(_: &Novelty, warm_up: &[Edge], input: &Edge) -> Edge {
        let known = warm_up.iter().find(|edge| edge.pair.0 == input.pair.0);
        known.map_or(*input, |known| Edge { tick: input.tick, ..*known })
    }
}
