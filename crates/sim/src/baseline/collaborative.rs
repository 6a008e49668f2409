//! Collaborative filtering: from which units a user's patients are, against what the main directions of all users predict.

use rustc_hash::FxHashSet;

use super::input::{Access, Input};
use super::{Review, Suspect};
use crate::rng::Rng;

/// Directions kept.
const RANK: usize = 10;
/// Rounds of subspace iteration.
const ROUNDS: usize = 30;
/// Units whose patients make the case.
const UNITS_OF_CASE: usize = 3;

pub(super) struct Collaborative {
    seen: FxHashSet<(u32, u32)>,
    /// Distinct patients of each user by unit, row by row.
    counts: Vec<f64>,
    units: usize,
    /// The units that stand out, for each user.
    odd: Vec<Vec<u32>>,
}

impl Collaborative {
    pub(super) fn new(input: &Input) -> Self {
        let (users, units) = (input.users.len(), input.unit_count());
        Self { seen: FxHashSet::default(), counts: vec![0.0; users * units], units, odd: vec![Vec::new(); users] }
    }
}

impl Review for Collaborative {
    fn take(&mut self, input: &Input, access: &Access) -> Option<(&'static str, String)> {
        let patient = access.patient?;
        if self.seen.insert((access.user, patient)) {
            let unit = input.unit_of(patient, access.time)?;
            let cell = self.counts.get_mut(access.user as usize * self.units + unit as usize)?;
            *cell += 1.0;
        }
        None
    }

    fn suspects(&mut self, input: &Input) -> Vec<Suspect> {
        for cell in &mut self.counts {
            *cell = libm::log1p(*cell);
        }
        let basis = directions(&self.counts, self.units);
        let mut suspects = Vec::new();
        for ((user, row), odd) in (0u32..).zip(self.counts.chunks(self.units.max(1))).zip(&mut self.odd) {
            let mut residuals: Vec<(f64, u32)> = residual(row, &basis).into_iter().zip(0u32..).collect();
            residuals.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let top: Vec<(f64, u32)> =
                residuals.into_iter().take(UNITS_OF_CASE).filter(|entry| entry.0 > 0.0).collect();
            let names: Vec<&str> = top.iter().map(|entry| input.unit(entry.1)).collect();
            *odd = top.iter().map(|entry| entry.1).collect();
            suspects.push(Suspect {
                user,
                score: top.iter().map(|entry| entry.0).sum(),
                scenarios: vec!["S8"],
                sentence: format!("more patients of {} than people with alike work open", names.join(", ")),
            });
        }
        suspects
    }

    fn belongs(&mut self, input: &Input, access: &Access) -> bool {
        let unit = access.patient.and_then(|patient| input.unit_of(patient, access.time));
        let odd = self.odd.get(access.user as usize);
        unit.zip(odd).is_some_and(|(unit, odd)| odd.contains(&unit))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What the directions leave of a row.
fn residual(row: &[f64], basis: &[Vec<f64>]) -> Vec<f64> {
    let mut left = row.to_vec();
    for direction in basis {
        let part = dot(row, direction);
        for (cell, along) in left.iter_mut().zip(direction) {
            *cell -= part * along;
        }
    }
    left
}

/// The right singular vectors of the largest singular values, by subspace iteration (Golub, Van Loan, 4th edition, 8.2.4).
fn directions(matrix: &[f64], width: usize) -> Vec<Vec<f64>> {
    let mut rng = Rng::of(1, &[10]);
    let mut basis: Vec<Vec<f64>> = (0..RANK.min(width)).map(|_| (0..width).map(|_| rng.normal()).collect()).collect();
    orthonormal(&mut basis);
    for _ in 0..ROUNDS {
        let mut next = vec![vec![0.0; width]; basis.len()];
        for row in matrix.chunks(width.max(1)) {
            for (out, direction) in next.iter_mut().zip(&basis) {
                add(out, row, dot(row, direction));
            }
        }
        basis = next;
        orthonormal(&mut basis);
    }
    basis
}

fn add(out: &mut [f64], row: &[f64], times: f64) {
    for (out, cell) in out.iter_mut().zip(row) {
        *out += times * cell;
    }
}

/// Gram-Schmidt, modified; directions that vanish become zero.
fn orthonormal(basis: &mut [Vec<f64>]) {
    for n in 0..basis.len() {
        let (before, from) = basis.split_at_mut(n);
        let Some(direction) = from.first_mut() else { return };
        let before_length = libm::sqrt(dot(direction, direction));
        for other in before {
            let part = dot(direction, other);
            add(direction, other, -part);
        }
        let length = libm::sqrt(dot(direction, direction));
        let scale = if length > 1e-9 * before_length { 1.0 / length } else { 0.0 };
        for cell in direction.iter_mut() {
            *cell *= scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_leave_nothing_of_a_matrix_of_low_rank() {
        let rows: Vec<Vec<f64>> = (0..40)
            .map(|n| (0..15).map(|m| f64::from(n) * 0.5 + f64::from(n * n % 7) * f64::from(m)).collect())
            .collect();
        let matrix: Vec<f64> = rows.concat();
        let basis = directions(&matrix, 15);
        for row in &rows {
            assert!(residual(row, &basis).iter().all(|cell| cell.abs() < 1e-6));
        }
        assert!((dot(&basis[0], &basis[0]) - 1.0).abs() < 1e-9 && dot(&basis[0], &basis[1]).abs() < 1e-9);
    }
}
