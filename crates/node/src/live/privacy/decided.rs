//! What the privacy office decided of earlier cases, counted by scenario for the next review: it moves the order of later cases a little, of all people alike.

use std::collections::BTreeMap;

use cordon_api::{DecisionStanding, DecisionStatus};
use cordon_model::{IncidentKind, IncidentVerdict, Time};
use cordon_policy::AccessScope;
use cordon_privacy::Taught;
use cordon_store::state::{DecisionRow, State, StateError};

/// Microseconds of a day.
const DAY_US: f64 = 86_400e6;
/// Half-life of a decision, and when it no longer counts, in days.
const HALF_LIFE_DAYS: f64 = 180.0;
const OVER_DAYS: i64 = 1_080;
/// Decisions of one person about one scenario that count, the latest.
const PERSON_MAX: usize = 5;
/// A series of weak cases: what each of them is stands behind it.
const SERIES: &str = "S19";

/// What decisions on cases of a site do to its next review, at `now`.
#[derive(Debug, Default)]
pub(super) struct Decided {
    weighed: Vec<Weighed>,
}

/// A decision and how much of it counts.
#[derive(Debug)]
struct Weighed {
    row: DecisionRow,
    scenario: String,
    standing: DecisionStanding,
    weight: f64,
}

impl Decided {
    /// Reads and weighs them. A case that was deleted teaches nothing any more.
    ///
    /// # Errors
    /// The state cannot be read.
    pub(super) async fn read(state: &State, site: &str, now: Time) -> Result<Self, StateError> {
        let scope = AccessScope::of_the_node().narrowed_to_sites(&[site.to_owned()].into());
        Ok(Self::weigh(state.decisions(&scope, IncidentKind::Privacy).await?, now))
    }

    /// `rows` with the newest first.
    fn weigh(rows: Vec<DecisionRow>, now: Time) -> Self {
        let mut of_person: BTreeMap<(String, String), usize> = BTreeMap::new();
        let mut weighed = Vec::new();
        for row in rows {
            let Some(scenario) = row.scenarios.iter().find(|name| *name != SERIES).cloned() else { continue };
            let standing = standing(&row, now, of_person.entry((scenario.clone(), row.by.clone())).or_default());
            let weight = if standing == DecisionStanding::Counts { faded(row.decided, now) } else { 0.0 };
            weighed.push(Weighed { row, scenario, standing, weight });
        }
        Self { weighed }
    }

    /// What the review is told: sums by scenario.
    pub(super) fn taught(&self) -> Vec<Taught> {
        let mut taught: BTreeMap<&str, Taught> = BTreeMap::new();
        for Weighed { row, scenario, weight, .. } in self.weighed.iter().filter(|one| one.weight > 0.0) {
            let of =
                taught.entry(scenario).or_insert_with(|| Taught { scenario: scenario.clone(), ..Taught::default() });
            *(if is_founded(row.verdict) { &mut of.founded } else { &mut of.unfounded }) += weight;
        }
        taught.into_values().collect()
    }

    /// What each of them does, for people.
    pub(super) fn told(self) -> Vec<DecisionStatus> {
        let nats: BTreeMap<String, f64> =
            self.taught().into_iter().map(|taught| (taught.scenario.clone(), taught.nats())).collect();
        let status = |Weighed { row, scenario, standing, weight }| DecisionStatus {
            case: row.id,
            standing,
            weight,
            scenario_nats: nats.get(&scenario).copied().unwrap_or(0.0),
            until: until(row.decided),
            scenario,
        };
        self.weighed.into_iter().map(status).collect()
    }
}

/// Whether a decision counts; `later` are those of the same person about the same scenario that count already.
fn standing(row: &DecisionRow, now: Time, later: &mut usize) -> DecisionStanding {
    match row.taken_back_by {
        Some(_) => DecisionStanding::TakenBack,
        None if now > until(row.decided) => DecisionStanding::Over,
        None if *later >= PERSON_MAX => DecisionStanding::Superseded,
        None => {
            *later += 1;
            DecisionStanding::Counts
        }
    }
}

/// Until when a decision counts.
const fn until(decided: Time) -> Time {
    Time(decided.0.saturating_add(OVER_DAYS * 86_400_000_000))
}

/// How much of a decision is left. One of the future, by a clock that was set back, counts as new.
#[expect(clippy::cast_precision_loss, reason = "microseconds within three years")]
fn faded(decided: Time, now: Time) -> f64 {
    let days = now.0.saturating_sub(decided.0).max(0) as f64 / DAY_US;
    (-days / HALF_LIFE_DAYS).exp2()
}

/// Whether a rule was broken; that there was a reason after all says as much against a scenario as that nothing held.
const fn is_founded(verdict: IncidentVerdict) -> bool {
    match verdict {
        IncidentVerdict::PolicyViolation | IncidentVerdict::Breach => true,
        IncidentVerdict::Appropriate | IncidentVerdict::Unfounded => false,
    }
}

#[cfg(test)]
mod tests {
    use cordon_model::{IncidentId, IncidentState};

    use super::*;

    const NOW: Time = Time(2_000 * 86_400_000_000);

    fn row(number: u8, scenarios: &[&str], verdict: IncidentVerdict, days_ago: i64, by: &str) -> DecisionRow {
        DecisionRow {
            id: IncidentId([number; 16]),
            title: String::new(),
            site: "main".to_owned(),
            scenarios: scenarios.iter().map(|name| (*name).to_owned()).collect(),
            state: IncidentState::Closed,
            verdict,
            by: by.to_owned(),
            decided: Time(NOW.0 - days_ago * 86_400_000_000),
            taken_back_by: None,
            revision: 1,
        }
    }

    fn check(rows: Vec<DecisionRow>, expect: &[(&str, f64, f64)]) -> Vec<DecisionStanding> {
        let decided = Decided::weigh(rows, NOW);
        let found = decided.taught();
        let found: Vec<_> = found.iter().map(|taught| (&*taught.scenario, taught.founded, taught.unfounded)).collect();
        assert_eq!(found, expect);
        decided.told().into_iter().map(|told| told.standing).collect()
    }

    #[test]
    fn decisions_count_for_the_strongest_scenario_behind_a_series_and_fade_by_half_in_half_a_year() {
        use DecisionStanding::{Counts, Over};
        use IncidentVerdict::{Appropriate, Breach, PolicyViolation, Unfounded};
        let standings = check(
            vec![
                row(1, &["S19", "S20", "S2"], Unfounded, 0, "olga"),
                row(3, &["S1"], PolicyViolation, 0, "olga"),
                row(2, &["S7", "S2"], Appropriate, 180, "olga"),
                row(4, &["S1"], Breach, 360, "paul"),
                row(5, &["S1"], Breach, 1_081, "paul"),
            ],
            &[("S1", 1.25, 0.0), ("S20", 0.0, 1.0), ("S7", 0.0, 0.5)],
        );
        assert_eq!(standings, [Counts, Counts, Counts, Counts, Over]);
    }

    #[test]
    fn of_one_person_five_decisions_about_a_scenario_count_and_what_was_taken_back_leaves_room() {
        use DecisionStanding::{Counts, Superseded, TakenBack};
        let olga = |number| row(number, &["S2"], IncidentVerdict::Unfounded, 0, "olga");
        let mut rows: Vec<DecisionRow> = (0..8).map(olga).collect();
        rows[1].taken_back_by = Some("paul".to_owned());
        rows.push(row(91, &["S2"], IncidentVerdict::Unfounded, 0, "paul"));
        let standings = check(rows, &[("S2", 0.0, 6.0)]);
        assert_eq!(standings, [Counts, TakenBack, Counts, Counts, Counts, Counts, Superseded, Superseded, Counts]);
    }

    #[test]
    fn what_decisions_add_is_told_beside_each_and_never_takes_from_data_that_left() {
        let rows =
            |scenario| (0..5).map(|number| row(number, &[scenario], IncidentVerdict::Unfounded, 0, "olga")).collect();
        let told = Decided::weigh(rows("S2"), NOW).told();
        assert!((told[0].scenario_nats - (10.0_f64 / 15.0).ln()).abs() < 1e-12, "{}", told[0].scenario_nats);
        assert_eq!(Decided::weigh(rows("S16"), NOW).told()[0].scenario_nats.abs(), 0.0);
    }
}
