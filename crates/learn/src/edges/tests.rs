//! What edges are held to: the published formulas, the authors' own program on real edges, and what hostile or slow streams do.

use std::collections::BTreeMap;
use std::io::{BufReader, Cursor};
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::Snapshot;
use crate::eval::controls::Draw;
use crate::eval::{EdgeList, Ranking};

const KEY: HashKey = [7, 11];
const VARIANTS: [Variant; 3] = [Variant::Midas, Variant::MidasR, Variant::MidasF];

fn node(number: u32) -> Node {
    Node::numbered(KEY, number)
}

/// The formulas of the papers over exact counts.
#[derive(Default)]
struct Exact {
    first: u64,
    tick: u64,
    current: BTreeMap<(u8, u32, u32), f64>,
    total: BTreeMap<(u8, u32, u32), f64>,
    last: BTreeMap<(u8, u32, u32), f64>,
}

impl Exact {
    fn observe(&mut self, variant: Variant, source: u32, destination: u32, tick: u64) -> f64 {
        if self.tick == 0 {
            (self.first, self.tick) = (tick, tick);
        }
        if tick > self.tick {
            self.close(variant);
            self.tick = tick;
        }
        let t = (self.tick - self.first + 1) as f64;
        let things = [(0, source, destination), (1, source, 0), (2, destination, 0)];
        let levels = if variant == Variant::Midas { 1 } else { 3 };
        let scores = things[..levels].iter().map(|thing| {
            *self.current.entry(*thing).or_default() += 1.0;
            if variant != Variant::MidasF {
                *self.total.entry(*thing).or_default() += 1.0;
            }
            let (a, s) = (self.current[thing], self.total.get(thing).copied().unwrap_or(0.0));
            let score = match variant {
                _ if s == 0.0 || t == 1.0 => 0.0,
                Variant::MidasF => (a + s - a * t).powi(2) / (s * (t - 1.0)),
                _ => (a - s / t).powi(2) * t * t / (s * (t - 1.0)),
            };
            self.last.insert(*thing, score);
            score
        });
        scores.fold(0.0, f64::max)
    }

    fn close(&mut self, variant: Variant) {
        let closed = (self.tick - self.first + 1) as f64;
        for (thing, count) in &mut self.current {
            let total = self.total.entry(*thing).or_default();
            *total += match variant {
                Variant::Midas | Variant::MidasR => 0.0,
                Variant::MidasF if self.last[thing] < 1e3 => *count,
                Variant::MidasF => *total / (closed - 1.0).max(1.0),
            };
            *count *= if variant == Variant::Midas { 0.0 } else { 0.5 };
        }
    }
}

fn stream() -> impl Strategy<Value = Vec<(u32, u32, u32)>> {
    // bursts of one edge, now and then with a new tick before them
    let bursts = prop::collection::vec((0_u32..4, 0_u32..4, 0_u32..2, 1_usize..60), 1..60);
    bursts.prop_map(|bursts| {
        let mut tick = 1;
        let mut edges = Vec::new();
        for (source, destination, step, times) in bursts {
            tick += step;
            edges.extend(std::iter::repeat_n((source, destination, tick), times));
        }
        edges
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn scores_are_those_of_the_papers(edges in stream(), variant in 0_usize..3) {
        let variant = VARIANTS[variant];
        // so few nodes meet in no bucket of so many under this key
        let mut model = Midas::new(MidasConfig { buckets: 4_096, ..MidasConfig::of_paper(variant) });
        let mut exact = Exact::default();
        for (source, destination, tick) in edges {
            let score = model.observe(node(source), node(destination), u64::from(tick)).value;
            let expected = exact.observe(variant, source, destination, u64::from(tick));
            prop_assert!((score - expected).abs() <= 1e-9 * expected.max(1.0), "{} {}", score, expected);
        }
    }

    #[test]
    fn parts_sum_to_the_score_and_a_kept_model_goes_on_alike(edges in stream(), variant in 0_usize..3, forgets in any::<bool>()) {
        let paper = MidasConfig::of_paper(VARIANTS[variant]);
        let config = if forgets { MidasConfig { buckets: 16, rows: 1, ..MidasConfig::forgetting(5.0) } } else { paper };
        let mut model = Midas::new(config);
        let bytes_at_first = model.bytes();
        let half = edges.len() / 2;
        for (source, destination, tick) in &edges[..half] {
            model.observe(node(*source), node(*destination), u64::from(*tick));
        }
        let mut kept = Vec::new();
        model.write(&mut kept);
        let mut again = Midas::read(&mut kept.as_slice()).unwrap();
        let mut kept_again = Vec::new();
        again.write(&mut kept_again);
        prop_assert_eq!(kept, kept_again);
        for (source, destination, tick) in &edges[half..] {
            let score = model.observe(node(*source), node(*destination), u64::from(*tick));
            prop_assert_eq!(score, again.observe(node(*source), node(*destination), u64::from(*tick)));
            let explained = score.explained();
            prop_assert!((explained.parts.iter().map(|part| part.value).sum::<f64>() - score.value).abs() <= 1e-9 * score.value.max(1.0));
            prop_assert!(score.value.is_finite() && score.value >= 0.0);
            prop_assert_eq!(explained.value, score.value);
        }
        prop_assert_eq!(model.bytes(), bytes_at_first);
    }

    #[test]
    fn two_models_of_one_time_add_up_to_one_of_both(edges in stream(), other in stream()) {
        let config = MidasConfig::of_paper(Variant::MidasR);
        let (mut one, mut two, mut both) = (Midas::new(config), Midas::new(config), Midas::new(config));
        let end = 1 + edges.iter().chain(&other).map(|edge| edge.2).max().unwrap();
        for tick in 1..=end {
            for (source, destination, _) in edges.iter().filter(|edge| edge.2 == tick) {
                one.observe(node(*source), node(*destination), u64::from(tick));
                both.observe(node(*source), node(*destination), u64::from(tick));
            }
            for (source, destination, _) in other.iter().filter(|edge| edge.2 == tick) {
                two.observe(node(*source), node(*destination), u64::from(tick));
                both.observe(node(*source), node(*destination), u64::from(tick));
            }
            // both must stand at the same tick
            for model in [&mut one, &mut two, &mut both] {
                model.observe(node(90), node(91), u64::from(tick));
            }
            both.observe(node(90), node(91), u64::from(tick));
        }
        one.merge(&two).unwrap();
        let score = one.observe(node(1), node(2), u64::from(end)).value;
        let expected = both.observe(node(1), node(2), u64::from(end)).value;
        prop_assert!((score - expected).abs() <= 1e-9 * expected.max(1.0), "{} {}", score, expected);
    }
}

#[test]
fn unlike_models_are_not_merged() {
    let config = MidasConfig::of_paper(Variant::MidasR);
    let mut one = Midas::new(config);
    assert!(one.merge(&Midas::new(MidasConfig { alpha: 0.6, ..config })).is_err());
    let mut later = Midas::new(config);
    later.observe(node(1), node(2), 5);
    assert_eq!(one.merge(&later), Err(later.merge(&Midas::new(config)).unwrap_err()));
}

#[test]
fn damaged_bytes_are_refused_wherever_they_end() {
    let mut model = Midas::new(MidasConfig { rows: 1, buckets: 16, ..MidasConfig::forgetting(9.0) });
    for tick in 0..50 {
        model.observe(node(1), node(2), tick / 3);
    }
    let mut bytes = Vec::new();
    model.write(&mut bytes);
    assert_eq!(Midas::read(&mut bytes.as_slice()), Ok(model));
    for cut in 0..bytes.len() {
        assert!(Midas::read(&mut &bytes[..cut]).is_err(), "{cut}");
    }
    bytes[0] ^= 1;
    assert!(Midas::read(&mut bytes.as_slice()).is_err());
}

#[test]
fn an_edge_of_a_past_tick_counts_in_the_running_one() {
    let mut model = Midas::new(MidasConfig::of_paper(Variant::MidasR));
    model.observe(node(1), node(2), 10);
    let score = model.observe(node(1), node(2), 9);
    assert_eq!((model.late(), score.levels[0].observed), (1, 2.0));
}

#[test]
fn a_key_that_is_not_known_does_not_show_which_nodes_meet() {
    // pairs that share a bucket under one key are spread under another
    let place = |key: HashKey, number: u32| Node::numbered(key, number).0 & 1_023;
    let meeting: Vec<u32> = (0..50_000).filter(|number| place(KEY, *number) == place(KEY, 0)).collect();
    assert!(meeting.len() > 30);
    let other: std::collections::HashSet<u64> = meeting.iter().map(|number| place([1, 2], *number)).collect();
    assert!(other.len() * 10 > meeting.len() * 8, "{} of {}", other.len(), meeting.len());
}

/// Ward traffic: 30 clients that talk to two servers each, some 150 edges a tick.
fn ward(draw: &mut Draw, edges: &mut Vec<(u32, u32, u64, bool)>, tick: u64, thousandths: usize) {
    for client in 0..30_u32 {
        let times = 2 + draw.below(7);
        for _ in 0..times * thousandths / 1_000 {
            let server = 100 + (client + u32::try_from(draw.below(2)).unwrap()) % 8;
            edges.push((client, server, tick, false));
        }
    }
}

/// AUC over 200 ticks with a burst now and then, after 600 ticks of which a share of edges is hostile.
fn auc_after_poison(config: MidasConfig, hostile: f64, begin: u64, poisoner: u32) -> f64 {
    let mut draw = Draw::new(5);
    let mut edges = Vec::new();
    for tick in 1..=800_u64 {
        ward(&mut draw, &mut edges, tick, 1_000);
        let warm = tick <= 600;
        let poison = tick >= begin && draw.unit() < hostile * 150.0 / (1.0 - hostile) / 60.0;
        let burst = if warm { poison } else { tick % 10 == 0 };
        let source = if warm { poisoner } else { 40 };
        if burst {
            edges.extend(std::iter::repeat_n((source, 61 + source, tick, true), 60));
        }
    }
    let mut model = Midas::new(config);
    let (mut scores, mut labels) = (Vec::new(), Vec::new());
    for (source, destination, tick, attack) in edges {
        let score = model.observe(node(source), node(destination), tick).value;
        if tick > 600 {
            scores.push(score);
            labels.push(attack);
        }
    }
    Ranking::new(&scores, &labels).unwrap().auc()
}

/// AUC after a clean warm-up and after warm-ups with 5 and 20 % hostile edges.
fn poisoned(config: MidasConfig, begin: u64, poisoner: u32) -> [f64; 3] {
    let aucs = [0.0, 0.05, 0.2].map(|hostile| auc_after_poison(config, hostile, begin, poisoner));
    let [clean, little, much] = aucs;
    let variant = config.variant;
    eprintln!("{variant:?} {poisoner} from {begin}: {clean:.3} clean, {little:.3} at 5 %, {much:.3} at 20 %");
    aucs
}

#[test]
fn a_warm_up_with_attacks_does_not_hide_attacks_elsewhere() {
    let paper = VARIANTS[1..].iter().map(|variant| MidasConfig::of_paper(*variant));
    for config in paper.chain([MidasConfig::forgetting(10_080.0)]) {
        let [clean, little, much] = poisoned(config, 1, 41);
        assert!(clean > 0.98 && little > clean - 0.02 && much > clean - 0.02, "{clean} {little} {much}");
    }
}

#[test]
fn an_attack_that_began_after_an_hour_does_not_become_normal() {
    for config in [MidasConfig::of_paper(Variant::MidasF), MidasConfig::forgetting(10_080.0)] {
        let [clean, little, much] = poisoned(config, 60, 40);
        assert!(clean > 0.98 && little > clean - 0.05 && much > clean - 0.05, "{clean} {little} {much}");
    }
    // without filtering it does, and so it does when it was there from the first minute
    let [_, _, much] = poisoned(MidasConfig::of_paper(Variant::MidasR), 60, 40);
    assert!(much < 0.8, "{much}");
    poisoned(MidasConfig::of_paper(Variant::MidasF), 1, 40);
}

#[test]
fn traffic_that_grows_slowly_is_no_alarm_and_a_lasting_change_is_learnt() {
    let mut draw = Draw::new(9);
    let mut model = Midas::new(MidasConfig::forgetting(200.0));
    let mut worst = [0.0_f64; 3];
    for tick in 1..=4_000_u64 {
        // a tenth of a percent more each tick for 1,000 ticks; at 2,000 it doubles for good
        let grown = usize::try_from(tick.min(1_000)).unwrap();
        let scale = 1_000 + grown + if tick > 2_000 { 2_000 } else { 0 };
        let mut edges = Vec::new();
        ward(&mut draw, &mut edges, tick, scale);
        let scores = edges.iter().map(|edge| model.observe(node(edge.0), node(edge.1), edge.2).value);
        let phase = match tick {
            0..=50 => continue,
            51..=2_000 => 0,
            2_001..=2_010 => 1,
            _ => usize::from(tick > 3_000) * 2,
        };
        worst[phase] = scores.fold(worst[phase], f64::max);
    }
    eprintln!("slow growth {:.0}, doubled {:.0}, learnt {:.0}", worst[0], worst[1], worst[2]);
    assert!(worst[0] < 200.0 && worst[1] > 100.0 && worst[2] < worst[1] / 2.0, "{worst:?}");
}

#[test]
fn what_a_person_accepts_is_normal_from_then_on() {
    let mut model = Midas::new(MidasConfig::forgetting(1_000.0));
    let minute = |model: &mut Midas, tick: u64, times: usize| {
        (0..times).map(|_| model.observe(node(1), node(2), tick).value).fold(0.0, f64::max)
    };
    for tick in 1..=100 {
        minute(&mut model, tick, 2);
    }
    let alarms = (101..=140).filter(|tick| minute(&mut model, *tick, 300) >= 1e3).count();
    assert_eq!(alarms, 40);
    model.accept(node(1), node(2));
    let alarms = (141..=180).filter(|tick| minute(&mut model, *tick, 300) >= 1e3).count();
    assert_eq!(alarms, 0);
    assert!(minute(&mut model, 181, 3_000) >= 1e3, "and no more than what was accepted");
}

#[test]
fn without_what_the_explanation_names_there_is_no_alarm() {
    let mut draw = Draw::new(3);
    let mut edges = Vec::new();
    (1..=300).for_each(|tick| ward(&mut draw, &mut edges, tick, 1_000));
    let judged = |burst: usize| {
        let mut model = Midas::new(MidasConfig::forgetting(1_000.0));
        for (source, destination, tick, _) in &edges {
            model.observe(node(*source), node(*destination), *tick);
        }
        let scores = (0..=burst).map(|_| model.observe(node(3), node(104), 301));
        scores.last().unwrap()
    };
    let alarm = judged(200);
    assert!(alarm.value >= 1e3, "{alarm:?}");
    let named = alarm.levels[alarm.level as usize];
    let usual = named.usual.unwrap();
    assert!(named.observed > 10.0 * usual, "{named:?}");
    // the burst gone, the count back at its usual
    assert!(judged(0).value < 1e3 / 10.0, "{:?}", judged(0));
}

#[test]
fn drift_is_reported_when_the_world_changes() {
    let mut draw = Draw::new(2);
    let mut model = Midas::new(MidasConfig::forgetting(5_000.0));
    let mut run = |model: &mut Midas, ticks: std::ops::Range<u64>, clients: u32| {
        for tick in ticks {
            for _ in 0..200 {
                let source = u32::try_from(draw.below(30)).unwrap() + clients;
                model.observe(node(source), node(7), tick);
            }
        }
    };
    run(&mut model, 1..1_000, 0);
    let before = model.drift().unwrap();
    run(&mut model, 1_000..1_100, 500);
    let after = model.drift().unwrap();
    assert!(before.abs() < 1.0 && after > 1.0, "{before} {after}");
}

#[test]
fn what_was_seen_is_known_for_one_span_and_forgotten_after_two() {
    let mut seen = FirstSeen::new(FirstSeenConfig { bits: 1 << 12, span_ticks: 10 });
    assert!(seen.is_new(5, 0));
    assert!(!seen.is_new(5, 9));
    assert!(!seen.is_new(5, 15));
    assert!(seen.is_new(5, 40));
}

#[test]
fn few_new_things_are_taken_for_known_and_a_full_filter_says_so() {
    let mut seen = FirstSeen::new(FirstSeenConfig { bits: 1 << 16, span_ticks: 1_000 });
    let mut draw = Draw::new(1);
    let missed = (0..5_000).filter(|_| !seen.is_new(draw.bits(), 0)).count();
    assert!(missed < 50, "{missed}");
    assert_eq!(seen.full_early(), 0);
    let bytes = seen.bytes();
    let missed = (0..100_000).filter(|_| !seen.is_new(draw.bits(), 0)).count();
    assert!(missed < 12_000 && seen.full_early() > 3, "{missed} {}", seen.full_early());
    assert_eq!(seen.bytes(), bytes);
}

#[test]
fn kept_and_merged_filters_know_the_same() {
    let config = FirstSeenConfig { bits: 1 << 10, span_ticks: 10 };
    let (mut one, mut two) = (FirstSeen::new(config), FirstSeen::new(config));
    one.is_new(1, 3);
    two.is_new(2, 3);
    assert!(one.merge(&two));
    assert!(!one.merge(&FirstSeen::new(FirstSeenConfig { bits: 1 << 11, span_ticks: 10 })));
    let mut bytes = Vec::new();
    one.write(&mut bytes);
    let mut again = FirstSeen::read(&mut bytes.as_slice()).unwrap();
    assert_eq!(again, one);
    assert!(!again.is_new(1, 4) && !again.is_new(2, 4) && again.is_new(3, 4));
    for cut in 0..bytes.len() {
        assert!(FirstSeen::read(&mut &bytes[..cut]).is_err());
    }
}

#[test]
fn a_new_partner_says_more_of_a_source_that_rarely_has_one() {
    let mut model = Novelty::new(NoveltyConfig::default());
    for tick in 0..500_u32 {
        model.observe(node(1), node(1_000 + tick % 3), u64::from(tick));
        model.observe(node(2), node(2_000 + tick), u64::from(tick));
    }
    let quiet = model.observe(node(1), node(9), 500);
    let busy = model.observe(node(2), node(9), 500);
    assert!(quiet.value > 4.0 && busy.value < 0.1, "{quiet:?} {busy:?}");
    assert!((quiet.explained().value - quiet.value).abs() < 1e-9);
    assert_eq!(model.observe(node(1), node(9), 501).value, 0.0, "known by now");
    let mut bytes = Vec::new();
    model.write(&mut bytes);
    assert_eq!(Novelty::read(&mut bytes.as_slice()), Ok(model));
}

/// What the authors' C++ program says of every 20,000th of the first 400,000 edges of DARPA (its hashes drawn with `srand(1)`, 2 x 1,024, alpha 0.5, threshold 1,000).
const AUTHORS: [(Variant, [f64; 20]); 3] = [
    (
        Variant::Midas,
        [
            303.443024, 36.0282822, 2523.70117, 60.2648964, 375.644684, 115.471123, 243.192337, 8192.03418, 22.8138523,
            65.4832687, 768.018555, 296.918884, 8.92502403, 430.638824, 30.8192177, 8255.12793, 14.3855133, 13.3804121,
            18.85116, 6767.81055,
        ],
    ),
    (
        Variant::MidasR,
        [
            410.742859, 195.381897, 5189.49072, 807.905457, 1237.2887, 1816.4585, 1187.85779, 8192.03418, 59.0244064,
            9438.0, 1766.94458, 296.918945, 21.4661331, 1836.72412, 84.4997711, 35698.9531, 1438.5354, 24.5630283,
            188.960983, 7399.13525,
        ],
    ),
    (
        Variant::MidasF,
        [
            321.015106, 142.612091, 13838.6318, 680.558167, 1705.22363, 2304.86401, 7261.77686, 42656.4023, 45.2469749,
            2244.68262, 1008.74121, 86151.4844, 12.7922888, 1987.10413, 50.2153206, 223618.844, 1175.16809, 13.3965654,
            86.5103989, 5678.85352,
        ],
    ),
];

/// The authors' hash: two rows of `((a + 104729 b) p + q) mod 1024` in 32 bits, for edge, source and destination.
fn authors_hashes(source: u32, destination: u32) -> [u64; 3] {
    const DRAWN: [[i32; 4]; 3] = [
        [1_804_289_384, 846_930_886, 1_681_692_778, 1_714_636_915],
        [1_957_747_794, 424_238_335, 719_885_387, 1_649_760_492],
        [596_516_650, 1_189_641_421, 1_025_202_363, 1_350_490_027],
    ];
    let signed = |number: u32| i32::try_from(number).unwrap();
    let edge = signed(source).wrapping_add(signed(destination).wrapping_mul(104_729));
    let things = [edge, signed(source), signed(destination)];
    let row = |thing: i32, p: i32, q: i32| {
        u64::try_from(thing.wrapping_mul(p).wrapping_add(q).wrapping_rem(1_024).rem_euclid(1_024)).unwrap()
    };
    std::array::from_fn(|level| {
        let [p, q, r, s] = DRAWN[level];
        row(things[level], p, q) | row(things[level], r, s) << 16
    })
}

#[test]
fn real_edges_score_as_in_the_authors_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/learning/darpa/darpa_original.zip");
    let Ok(bytes) = std::fs::read(path) else {
        eprintln!("*** ../shared/data IS ABSENT: MIDAS was not compared with the authors' program ***");
        return;
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let file = BufReader::new(archive.by_index(0).unwrap());
    let lines = std::io::BufRead::split(file, b'\n').take(400_000).map(Result::unwrap);
    let text = lines.collect::<Vec<_>>().join(&b'\n');
    let list = EdgeList::read(text.as_slice(), "-").unwrap();
    for (variant, expected) in AUTHORS {
        let mut model = Midas::new(MidasConfig::of_paper(variant));
        let mut expected = expected.iter();
        for (place, (source, destination, tick)) in list.edges.iter().enumerate() {
            let score = model.observe_hashes(authors_hashes(*source, *destination), u64::from(*tick)).value;
            if (place + 1) % 20_000 == 0 {
                let expected = expected.next().unwrap();
                // theirs are single precision
                assert!((score - expected).abs() < 1e-3 * expected, "{variant:?} {place}: {score} {expected}");
            }
        }
        assert_eq!(expected.next(), None);
    }
}
