//! The bench of edges: one pass over a list in its order, each edge scored before the next is seen.
//!
//! Nothing is trained beforehand and no edge is left out: the figures are those of a detector that starts on the first line.

use cordon_stats::HashKey;

use super::edge_list::EdgeList;
use super::metrics::{Figures, Unmeasurable};
use super::report::{Line, Report, Section};
use super::{CpuSeconds, controls};
use crate::combine::Curve;
use crate::edges::{Midas, MidasConfig, Node, Novelty, NoveltyConfig, Variant};

/// How the bench runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgesPlan {
    /// One run for each: the key that nodes are hashed under follows from it.
    pub seeds: Vec<u64>,
    /// Alerts that the budget allows over the whole list.
    pub budget: usize,
}

/// A detector with its name.
struct Contender {
    name: &'static str,
    run: fn(&EdgeList, HashKey, &mut Vec<f64>) -> usize,
}

const CONTENDERS: [Contender; 6] = [
    Contender { name: "MIDAS", run: |list, key, out| midas(MidasConfig::of_paper(Variant::Midas), list, key, out) },
    Contender { name: "MIDAS-R", run: |list, key, out| midas(MidasConfig::of_paper(Variant::MidasR), list, key, out) },
    Contender { name: "MIDAS-F", run: |list, key, out| midas(MidasConfig::of_paper(Variant::MidasF), list, key, out) },
    Contender {
        name: "MIDAS-F, forgetting",
        run: |list, key, out| midas(MidasConfig::forgetting(FORGETTING_TICKS), list, key, out),
    },
    Contender { name: "new partners", run: novelty },
    Contender { name: "combination: both of these", run: both },
];

/// Half-life of the forgetting variant: a week of minutes.
const FORGETTING_TICKS: f64 = 10_080.0;

/// Judges all detectors over `list`.
///
/// # Errors
/// [`Unmeasurable`] when the labels are of one kind only.
pub fn edges(list: &EdgeList, plan: &EdgesPlan, clock: &mut CpuSeconds<'_>) -> Result<Report, Unmeasurable> {
    let mut section = Section {
        name: "all edges in their order".to_owned(),
        rows: list.edges.len(),
        positives: list.labels.iter().filter(|label| **label).count(),
        budget: plan.budget,
        lines: Vec::new(),
    };
    let mut scores = Vec::with_capacity(list.edges.len());
    for contender in &CONTENDERS {
        let (mut runs, mut speeds, mut bytes) = (Vec::new(), Vec::new(), 0);
        for seed in &plan.seeds {
            scores.clear();
            let begin = clock();
            bytes = (contender.run)(list, key_of(*seed), &mut scores);
            speeds.push(list.edges.len() as f64 / (clock() - begin).max(1e-9));
            runs.push(Figures::of(&scores, &list.labels, plan.budget)?);
        }
        section.lines.push(Line::of(contender.name, &runs).with_cost(&speeds, bytes));
    }
    section.lines.extend(control_lines(&list.labels, &plan.seeds, plan.budget)?);
    Ok(Report { bench: "edges".to_owned(), notes: notes(list, plan), sections: vec![section] })
}

/// The lines of the detectors that know nothing.
pub(super) fn control_lines(labels: &[bool], seeds: &[u64], budget: usize) -> Result<[Line; 2], Unmeasurable> {
    let random = seeds.iter().map(|seed| Figures::of(&controls::random(labels.len(), *seed), labels, budget));
    let random: Vec<Figures> = random.collect::<Result<_, _>>()?;
    let constant = Figures::of(&controls::constant(labels.len()), labels, budget)?;
    Ok([Line::of("control: random", &random), Line::of("control: constant", &[constant])])
}

/// The key that follows from a seed; in a bench nobody attacks the hash.
const fn key_of(seed: u64) -> HashKey {
    let mut draw = controls::Draw::new(seed);
    [draw.bits(), draw.bits()]
}

fn midas(config: MidasConfig, list: &EdgeList, key: HashKey, out: &mut Vec<f64>) -> usize {
    let mut model = Midas::new(config);
    for (source, destination, tick) in &list.edges {
        let (source, destination) = (Node::numbered(key, *source), Node::numbered(key, *destination));
        out.push(model.observe(source, destination, u64::from(*tick)).value);
    }
    model.bytes()
}

fn novelty(list: &EdgeList, key: HashKey, out: &mut Vec<f64>) -> usize {
    let mut model = Novelty::new(NoveltyConfig::default());
    for (source, destination, tick) in &list.edges {
        let (source, destination) = (Node::numbered(key, *source), Node::numbered(key, *destination));
        out.push(model.observe(source, destination, u64::from(*tick)).value);
    }
    model.bytes()
}

/// Edges that the scales of the combination are fitted to.
const SCALE_EDGES: usize = 20_000;

/// Share of scores whose shape the scales take for the tail.
const TAIL_SHARE: f64 = 0.1;

/// The forgetting MIDAS-F and new partners, each on the scale of its own scores over the first edges, added up. These first edges themselves say 0.
fn both(list: &EdgeList, key: HashKey, out: &mut Vec<f64>) -> usize {
    let (mut bursts, mut partners) =
        (Midas::new(MidasConfig::forgetting(FORGETTING_TICKS)), Novelty::new(NoveltyConfig::default()));
    let mut scales: Option<[Curve; 2]> = None;
    let mut first = [Vec::new(), Vec::new()];
    for (source, destination, tick) in &list.edges {
        let (source, destination) = (Node::numbered(key, *source), Node::numbered(key, *destination));
        let tick = u64::from(*tick);
        let scores =
            [bursts.observe(source, destination, tick).value, partners.observe(source, destination, tick).value];
        out.push(scales.as_ref().map_or(0.0, |[a, b]| a.nats(scores[0]) + b.nats(scores[1])));
        if scales.is_none() {
            first.iter_mut().zip(scores).for_each(|(seen, score)| seen.push(score));
            let full = first.iter().all(|seen| seen.len() >= SCALE_EDGES);
            scales = full.then(|| first.each_mut().map(|seen| Curve::of(std::mem::take(seen), TAIL_SHARE)));
        }
    }
    let scales: usize = scales.iter().flatten().map(Curve::bytes).sum();
    bursts.bytes() + partners.bytes() + scales
}

fn notes(list: &EdgeList, plan: &EdgesPlan) -> Vec<String> {
    let ticks = list.edges.last().map_or(0, |(_, _, tick)| *tick);
    let labels: Vec<String> =
        list.label_counts.iter().take(20).map(|(label, count)| format!("{label} {count}")).collect();
    vec![
        format!("{} edges, {} nodes, {ticks} ticks; labels read: {}", list.edges.len(), list.nodes, labels.join(", ")),
        format!("{} seeds: each draws the key of the hashes anew; no edge is left out for warm-up", plan.seeds.len()),
        "events/s: processor time of one thread, from two numbers of nodes to the score, hashing included".to_owned(),
        format!("the combination says 0 of the first {SCALE_EDGES} edges, by which its scales are fitted"),
    ]
}
