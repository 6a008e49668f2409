//! Rules only: fixed rules over each access, without asking for a reason.

use rustc_hash::FxHashSet;

use super::input::{Access, Input};
use super::{Review, Suspect};
use crate::clock::DAY;

/// Distinct patients in a day that are many.
const PATIENTS_A_DAY: u32 = 100;

/// The rules with their scenario and words.
const RULES: [(&str, &str); 7] = [
    ("S1", "the same surname"),
    ("S2", "the same street"),
    ("S4", "a colleague"),
    ("S5", "a person known to the public"),
    ("S6", "somebody who died more than 30 days before"),
    ("S9", "break-glass"),
    ("S10", "more than 100 patients in a day"),
];

pub(super) struct Rules {
    /// Hits of each user by rule, each pair of user and patient once.
    hits: Vec<[u32; RULES.len()]>,
    seen: FxHashSet<(u32, u32)>,
    day: i64,
    today: FxHashSet<(u32, u32)>,
    count: Vec<u32>,
}

impl Rules {
    pub(super) fn new(input: &Input) -> Self {
        let users = input.users.len();
        Self {
            hits: vec![[0; RULES.len()]; users],
            seen: FxHashSet::default(),
            day: i64::MIN,
            today: FxHashSet::default(),
            count: vec![0; users],
        }
    }

    /// Which rules of a pair hold.
    fn pair(input: &Input, access: &Access) -> [bool; 6] {
        let mut hold = [false; 6];
        let (Some(user), Some(patient)) = (
            input.users.get(access.user as usize),
            access.patient.and_then(|patient| input.patients.get(patient as usize)),
        ) else {
            return hold;
        };
        hold = [
            user.surname == patient.surname,
            user.address == patient.address,
            patient.employee,
            patient.known_to_public,
            patient.death.is_some_and(|death| access.time > death + 30 * DAY),
            access.break_glass,
        ];
        hold
    }

    fn many_today(&mut self, access: &Access) -> bool {
        if access.day != self.day {
            self.day = access.day;
            self.today.clear();
            self.count.fill(0);
        }
        let Some(count) = self.count.get_mut(access.user as usize) else { return false };
        *count += u32::from(access.patient.is_some_and(|patient| self.today.insert((access.user, patient))));
        *count > PATIENTS_A_DAY
    }
}

impl Review for Rules {
    fn take(&mut self, input: &Input, access: &Access) -> Option<(&'static str, String)> {
        let many = self.many_today(access);
        let new = access.patient.is_some_and(|patient| self.seen.insert((access.user, patient)));
        let hold = Self::pair(input, access);
        let hits = self.hits.get_mut(access.user as usize)?;
        for (hit, holds) in hits.iter_mut().zip(hold.into_iter().chain([many])) {
            *hit += u32::from(holds && new);
        }
        None
    }

    fn suspects(&mut self, _input: &Input) -> Vec<Suspect> {
        let suspect = |(user, hits): (u32, &[u32; RULES.len()])| {
            let fired: Vec<_> = RULES.iter().zip(hits).filter(|(_, hits)| **hits > 0).collect();
            let words: Vec<String> = fired.iter().map(|(rule, hits)| format!("{} ({hits})", rule.1)).collect();
            Suspect {
                user,
                score: f64::from(hits.iter().sum::<u32>()),
                scenarios: fired.iter().map(|(rule, _)| rule.0).collect(),
                sentence: format!("records opened: {}", words.join(", ")),
            }
        };
        (0u32..).zip(&self.hits).map(suspect).collect()
    }

    fn belongs(&mut self, input: &Input, access: &Access) -> bool {
        self.many_today(access) || Self::pair(input, access).contains(&true)
    }
}
