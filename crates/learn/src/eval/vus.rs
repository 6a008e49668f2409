//! VUS-PR: the volume under the precision-recall surface of a series whose anomalies are ranges.
//!
//! Source: Paparrizos, Boniol, Palpanas, Tsay, Elmore, Franklin, "Volume Under the Surface", PVLDB 15(11), 2022. A range of true points gets a soft shoulder on both sides,
//! `sqrt(1 - distance / l)` up to a distance of `l / 2`, so an alarm a little early or late is worth something. For each width `l` from 0 to a largest width
//! precision and recall are taken over thresholds; recall is multiplied by the share of ranges that were hit at all; the area is taken by trapezoids
//! and averaged over the widths. Thresholds are the scores at 250 evenly spaced ranks, as in the authors' program.

use std::cmp::Ordering;

use super::Unmeasurable;

/// Thresholds per curve.
const THRESHOLDS: usize = 250;

/// VUS-PR of `scores` (one per point, in the order of time) for shoulders of width 0 to `width_max` points. 0 to 1.
///
/// # Errors
/// As [`super::Ranking::new`].
pub fn vus_pr(scores: &[f64], labels: &[bool], width_max: usize) -> Result<f64, Unmeasurable> {
    super::Ranking::new(scores, labels)?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    let score_of = |place: usize| scores.get(place).copied().unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|a, b| score_of(*b).partial_cmp(&score_of(*a)).unwrap_or(Ordering::Equal));
    let cuts = cuts(&order, score_of);
    let ranges = ranges(labels);
    let mut rank = vec![0_usize; scores.len()];
    for (place, point) in order.iter().enumerate() {
        if let Some(rank) = rank.get_mut(*point) {
            *rank = place;
        }
    }
    let total: f64 = (0..=width_max).map(|width| area(labels, &ranges, &order, &rank, &cuts, width)).sum();
    Ok(total / (width_max + 1) as f64)
}

/// The number of points at or above each threshold, from the highest threshold to the lowest.
fn cuts(order: &[usize], score_of: impl Fn(usize) -> f64) -> Vec<usize> {
    let mut cuts = Vec::with_capacity(THRESHOLDS);
    let mut end = 0;
    for step in 0..THRESHOLDS {
        let place = (order.len() - 1) * step / (THRESHOLDS - 1);
        let threshold = order.get(place).map_or(f64::NEG_INFINITY, |point| score_of(*point));
        end = end.max(place + 1);
        while order.get(end).is_some_and(|point| score_of(*point) >= threshold) {
            end += 1;
        }
        cuts.push(end);
    }
    cuts
}

/// First and last point of each run of true labels.
fn ranges(labels: &[bool]) -> Vec<(usize, usize)> {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for (point, _) in labels.iter().enumerate().filter(|(_, label)| **label) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == point => *last = point,
            _ => ranges.push((point, point)),
        }
    }
    ranges
}

/// The area under the curve of one width.
fn area(
    labels: &[bool],
    ranges: &[(usize, usize)],
    order: &[usize],
    rank: &[usize],
    cuts: &[usize],
    width: usize,
) -> f64 {
    let soft = soft_labels(labels, ranges, width);
    let hard_total = labels.iter().filter(|label| **label).count() as f64;
    let positives = (hard_total + soft.iter().sum::<f64>()) / 2.0;
    let mut first_hits = first_hits(ranges, rank, width);
    first_hits.sort_unstable();
    let (mut hits, mut seen, mut met) = (0.0, 0, 0);
    let (mut recall_before, mut precision_before, mut area) = (0.0, 1.0, 0.0);
    for cut in cuts {
        let added = order.get(seen..*cut).unwrap_or_default();
        hits += added.iter().filter_map(|point| soft.get(*point)).sum::<f64>();
        seen = *cut;
        while first_hits.get(met).is_some_and(|place| place < cut) {
            met += 1;
        }
        let recall = f64::min(hits / positives, 1.0) * met as f64 / first_hits.len() as f64;
        let precision = hits / *cut as f64;
        area += (recall - recall_before) * (precision + precision_before) / 2.0;
        (recall_before, precision_before) = (recall, precision);
    }
    area
}

/// The labels with shoulders; where shoulders meet they add up to at most 1.
fn soft_labels(labels: &[bool], ranges: &[(usize, usize)], width: usize) -> Vec<f64> {
    let mut soft: Vec<f64> = labels.iter().map(|label| if *label { 1.0 } else { 0.0 }).collect();
    let mut add = |point: Option<usize>, worth: f64| {
        if let Some(value) = point.and_then(|point| soft.get_mut(point)) {
            *value += worth;
        }
    };
    for (first, last) in ranges {
        for distance in 1..=width / 2 {
            let worth = libm::sqrt(1.0 - distance as f64 / width as f64);
            add(first.checked_sub(distance), worth);
            add(last.checked_add(distance), worth);
        }
    }
    soft.iter_mut().for_each(|value| *value = value.min(1.0));
    soft
}

/// The best rank within each range and its shoulders; ranges whose shoulders meet are one.
fn first_hits(ranges: &[(usize, usize)], rank: &[usize], width: usize) -> Vec<usize> {
    let mut widened: Vec<(usize, usize)> = Vec::new();
    for (first, last) in ranges {
        let (first, last) = (first.saturating_sub(width / 2), last + width / 2);
        match widened.last_mut() {
            Some((_, end)) if *end >= first => *end = last,
            _ => widened.push((first, last)),
        }
    }
    let best = |(first, last): &(usize, usize)| {
        let end = rank.len().min(last + 1);
        rank.get(*first..end).and_then(|ranks| ranks.iter().min()).copied().unwrap_or(usize::MAX)
    };
    widened.iter().map(best).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::controls::{Draw, constant, random};

    fn labels(points: usize, attacks: std::ops::Range<usize>) -> Vec<bool> {
        (0..points).map(|point| attacks.contains(&point)).collect()
    }

    fn scores(labels: &[bool], shift: usize) -> Vec<f64> {
        (0..labels.len())
            .map(|point| if labels[(point + labels.len() - shift) % labels.len()] { 1.0 } else { 0.0 })
            .collect()
    }

    #[test]
    fn a_late_alarm_is_worth_less_than_an_exact_one_and_more_than_chance() {
        let labels = labels(1_000, 400..450);
        let exact = vus_pr(&scores(&labels, 0), &labels, 20).unwrap();
        let late = vus_pr(&scores(&labels, 5), &labels, 20).unwrap();
        let far = vus_pr(&scores(&labels, 300), &labels, 20).unwrap();
        let chance = vus_pr(&random(1_000, 1), &labels, 20).unwrap();
        assert!(exact > late && late > far && late > chance, "{exact} {late} {far} {chance}");
        assert!(exact > 0.9 && chance < 0.2, "{exact} {chance}");
    }

    #[test]
    fn a_constant_detector_is_worth_about_half_of_what_all_points_are() {
        let labels = labels(1_000, 400..450);
        // one step: from precision 1 at recall 0 to the base rate at recall 1
        let value = vus_pr(&constant(1_000), &labels, 0).unwrap();
        assert!((value - (1.0 + 0.05) / 2.0).abs() < 1e-9, "{value}");
    }

    #[test]
    fn one_hit_does_not_make_a_whole_range_found() {
        let labels = labels(1_000, 400..500);
        let mut spike = random(1_000, 5);
        spike[450] = 2.0;
        assert!(vus_pr(&spike, &labels, 20).unwrap() < 0.3);
    }

    #[test]
    fn shoulders_that_meet_make_one_range() {
        assert_eq!(first_hits(&[(2, 3), (6, 7)], &[9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 0), [6, 2]);
        assert_eq!(first_hits(&[(2, 3), (6, 7)], &[9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 4), [0]);
    }

    #[test]
    fn the_authors_program_gives_the_same_on_drawn_series() {
        let mut draw = Draw::new(11);
        let scores: Vec<f64> = (0..600).map(|_| draw.below(40) as f64).collect();
        let labels: Vec<bool> =
            (0..600).map(|point| (100..130).contains(&point) || (140..150).contains(&point) || point >= 590).collect();
        let value = vus_pr(&scores, &labels, 25).unwrap();
        // from a NumPy transcription of the authors' program over the same draws
        assert!((value - 0.105_672_688_548_448_25).abs() < 1e-9, "{value}");
    }
}
