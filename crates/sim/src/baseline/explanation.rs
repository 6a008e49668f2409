//! Explanation only: E1 and E2 by joining files, and users ordered by how many accesses stay unexplained.

use super::input::{Access, Input};
use super::{Review, Suspect};

pub(super) struct Explanation {
    unexplained: Vec<u32>,
}

impl Explanation {
    pub(super) fn new(input: &Input) -> Self {
        Self { unexplained: vec![0; input.users.len()] }
    }
}

fn explain(input: &Input, access: &Access) -> Option<(&'static str, String)> {
    let patient = access.patient?;
    let first = input.treating(access.user, patient, access.time).map(|link| format!("{}:{}", link.file, link.row));
    let unit = input.same_unit(access.user, patient, access.time);
    let second = unit.map(|(shift, stay)| format!("{}:{};{}:{}", shift.file, shift.row, stay.file, stay.row));
    match (first, second) {
        (Some(first), Some(second)) => Some(("E1|E2", format!("{first};{second}"))),
        (Some(first), None) => Some(("E1", first)),
        (None, Some(second)) => Some(("E2", second)),
        (None, None) => None,
    }
}

impl Review for Explanation {
    fn take(&mut self, input: &Input, access: &Access) -> Option<(&'static str, String)> {
        let explained = explain(input, access);
        if let Some(count) = self.unexplained.get_mut(access.user as usize) {
            *count += u32::from(explained.is_none());
        }
        explained
    }

    fn suspects(&mut self, _input: &Input) -> Vec<Suspect> {
        let suspect = |(user, count): (u32, &u32)| Suspect {
            user,
            score: f64::from(*count),
            scenarios: Vec::new(),
            sentence: format!("no reason found in the data for {count} accesses"),
        };
        (0u32..).zip(&self.unexplained).map(suspect).collect()
    }

    fn belongs(&mut self, input: &Input, access: &Access) -> bool {
        explain(input, access).is_none()
    }
}
