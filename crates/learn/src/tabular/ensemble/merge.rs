//! Two ensembles over the same columns become one.

use super::{Cut, Draw, Ensemble, Forest, KEPT, Names, ROWS_MIN, Rows};

impl Ensemble {
    /// Takes in what `other` learnt over the same columns with the same settings (their seeds may differ). Tails add up; so do names when both chose the same tree, else they are learnt
    /// anew from the kept rows of both; trees and kept rows are pooled in proportion to the weight of the rows behind them, and the scales are found anew. While either knows
    /// fewer than 256 rows the forest is grown from the kept rows of both. Drift stays its own: it is about this place. False, and nothing done, when columns or settings differ.
    pub fn merge(&mut self, other: &Self) -> bool {
        let alike = self.kept.width() == other.kept.width()
            && self.nominal == other.nominal
            && super::Settings { seed: 0, ..self.settings } == super::Settings { seed: 0, ..other.settings };
        if !alike {
            return false;
        }
        let both = self.ecod.rows() + other.ecod.rows();
        let share = if both > 0.0 { other.ecod.rows() / both } else { 0.0 };
        let young = self.learnt < ROWS_MIN || other.learnt < ROWS_MIN;
        self.kept = pooled(&self.kept, &other.kept, share, self.settings.seed ^ self.learnt);
        self.ecod.merge(&other.ecod);
        self.learnt = self.learnt.saturating_add(other.learnt);
        if young || !self.names.merge(&other.names) {
            self.names = Names::fit(&self.kept, &self.nominal);
        }
        if self.learnt < ROWS_MIN {
            return true;
        }
        if young || !self.forest.merge(&other.forest, share) {
            let trees = self.settings.trees;
            self.forest = Forest::grow(&self.kept, &self.numbers, trees, Cut::Evenly, self.settings.seed);
        }
        self.scale();
        true
    }
}

/// Rows out of both: all of them while there is room, else as many of `other` as `share` says, drawn without replacement.
fn pooled(own: &Rows, other: &Rows, share: f64, seed: u64) -> Rows {
    let mut pooled = Rows::new(own.width());
    let wanted = libm::round(KEPT as f64 * share);
    let theirs = (0..KEPT).take_while(|count| (*count as f64) < wanted).count().min(other.len());
    let ours = (KEPT - theirs).min(own.len());
    let theirs = (KEPT - ours).min(other.len());
    let mut draw = Draw::new(seed);
    for (rows, count) in [(own, ours), (other, theirs)] {
        let mut places: Vec<usize> = (0..rows.len()).collect();
        draw.shuffle(&mut places);
        places.truncate(count);
        places.sort_unstable();
        places.iter().for_each(|place| pooled.push(rows.row(*place)));
    }
    pooled
}
