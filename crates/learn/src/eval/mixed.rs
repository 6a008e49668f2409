//! A warm-up with attacks in it: normal rows with held-back attacks mixed in.
//!
//! With a table of its own to judge, the attacks of the learnt table are mixed in, which otherwise nobody learns. Without one the table is halved, normal rows and attacks
//! each, by a draw that is the same for every seed and share: one half is learnt from, the other judged. So a row that is judged was never learnt, and tables at 0, 1 and 5 % judge the same rows.

use super::controls::Draw;
use super::sheet::Sheet;
use super::tabular::{TablesPlan, notes};
use crate::tabular::Rows;

/// Largest share of attacks.
const SHARE_MAX: f64 = 0.5;

/// What is learnt and what is judged.
pub(super) struct Mixed {
    normal: Rows,
    attacks: Rows,
    /// Attacks that are mixed in.
    wanted: usize,
    /// The half that is judged; none when there is a table for it.
    pub(super) judged: Option<Sheet>,
}

impl Mixed {
    /// Mixes attacks of `train` into its normal rows until they are `share` of both.
    pub(super) fn of(train: &Sheet, test: Option<&Sheet>, share: f64) -> Self {
        let places = if test.is_some() { Vec::new() } else { second_half(&train.labels) };
        let judged = test.is_none().then(|| train.part(|place| places.get(place).copied().unwrap_or(false)));
        let learnt = train.part(|place| !places.get(place).copied().unwrap_or(false));
        let mut attacks = Rows::new(learnt.columns.len());
        let all = learnt.rows.iter().zip(&learnt.labels);
        all.filter(|(_, attack)| **attack).for_each(|(row, _)| attacks.push(row));
        let normal = learnt.normal();
        let share = if share.is_finite() { share.clamp(0.0, SHARE_MAX) } else { 0.0 };
        let wanted = libm::round(normal.len() as f64 * share / (1.0 - share));
        let wanted = (0..=normal.len()).take_while(|count| (*count as f64) < wanted).count();
        let wanted = if attacks.is_empty() { 0 } else { wanted };
        Self { normal, attacks, wanted, judged }
    }

    /// The rows learnt under a seed, in a drawn order. Attacks are drawn without replacement; when more are wanted than there are, all of them and then some again.
    pub(super) fn rows(&self, seed: u64) -> Rows {
        let mut draw = Draw::new(seed ^ 0xc0a7);
        let mut places: Vec<usize> = (0..self.attacks.len()).collect();
        draw.shuffle(&mut places);
        let mut rows: Vec<&[f64]> = self.normal.iter().collect();
        rows.extend(places.iter().cycle().take(self.wanted).map(|place| self.attacks.row(*place)));
        draw.shuffle(&mut rows);
        let mut mixed = Rows::new(self.normal.width());
        rows.into_iter().for_each(|row| mixed.push(row));
        mixed
    }

    pub(super) fn notes(&self, judged: &Sheet, plan: &TablesPlan) -> Vec<String> {
        let rows = self.normal.len() + self.wanted;
        let share = 100.0 * self.wanted as f64 / rows.max(1) as f64;
        let apart = self.wanted.min(self.attacks.len());
        let judges =
            if self.judged.is_some() { "the other half of the table is judged" } else { "no attack of it is judged" };
        let form =
            format!("normal ones and {} attacks, {share:.2} %, {apart} of them different; {judges}", self.wanted);
        notes(rows, &form, judged, plan)
    }
}

/// Whether each row is in the half that is judged: every second normal row and every second attack of a drawn order.
fn second_half(labels: &[bool]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    Draw::new(0).shuffle(&mut order);
    let (mut second, mut counts) = (vec![false; labels.len()], [0_usize; 2]);
    for place in order {
        let [normal, attacks] = &mut counts;
        let count = if labels.get(place).copied().unwrap_or(false) { attacks } else { normal };
        *count += 1;
        let judged = count.is_multiple_of(2);
        second.get_mut(place).into_iter().for_each(|second| *second = judged);
    }
    second
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Codes;

    /// Rows whose first cell is their number; every tenth is an attack.
    fn numbered(count: usize) -> Sheet {
        let mut sheet = Sheet::new(vec!["number".to_owned()], Vec::new());
        for number in 0..count {
            sheet.push(&[&number.to_string()], number % 10 == 0, &mut Codes::default()).unwrap();
        }
        sheet
    }

    fn attacks_in(rows: &Rows) -> usize {
        rows.iter().filter(|row| row[0] % 10.0 == 0.0).count()
    }

    #[test]
    fn no_row_is_learnt_and_judged_and_every_share_judges_the_same_rows() {
        let table = numbered(2_000);
        let [clean, dirty] = [0.0, 0.05].map(|share| Mixed::of(&table, None, share));
        let judged = clean.judged.clone().unwrap();
        assert_eq!(Some(&judged), dirty.judged.as_ref());
        assert_eq!((judged.rows.len(), attacks_in(&judged.rows)), (1_000, 100));
        let learnt = dirty.rows(1);
        assert!(learnt.iter().all(|row| judged.rows.iter().all(|other| other != row)));
        assert_eq!((attacks_in(&clean.rows(1)), learnt.len(), attacks_in(&learnt)), (0, 947, 47));
        assert_eq!(learnt, dirty.rows(1));
        assert_ne!(learnt, dirty.rows(2));
    }

    #[test]
    fn too_few_attacks_come_again_and_none_are_none() {
        let mixed = Mixed::of(&numbered(40), None, 0.5);
        // 18 normal rows and 2 attacks to learn from
        assert_eq!((mixed.normal.len(), mixed.attacks.len(), attacks_in(&mixed.rows(1))), (18, 2, 18));
        let mut clean = numbered(40);
        clean.labels.fill(false);
        assert_eq!(Mixed::of(&clean, None, 0.5).rows(1).len(), 20);
    }

    #[test]
    fn with_a_table_to_judge_the_attacks_of_the_learnt_one_are_mixed_in() {
        let mixed = Mixed::of(&numbered(1_000), Some(&numbered(10)), 0.01);
        assert!(mixed.judged.is_none());
        assert_eq!((mixed.rows(1).len(), attacks_in(&mixed.rows(1))), (909, 9));
    }
}
