//! What the privacy office decided of earlier cases, counted by scenario for the next review: it moves the order of later cases a little, of all people alike.

use std::collections::BTreeMap;

use cordon_model::{IncidentKind, IncidentState, IncidentVerdict, Time};
use cordon_policy::AccessScope;
use cordon_privacy::Taught;
use cordon_store::state::{IncidentFilter, IncidentRow, State, StateError};

/// Microseconds of a day.
const DAY_US: f64 = 86_400e6;
/// Half-life of a decision, and when it no longer counts, in days.
const HALF_LIFE_DAYS: f64 = 180.0;
const OVER_DAYS: f64 = 1_080.0;
/// Decisions of one owner about one scenario that count, the latest.
const OWNER_MAX: usize = 5;
/// Cases that are read at once, and at most.
const PAGE: u32 = 500;
const CASES_MAX: usize = 50_000;
/// A series of weak cases: what each of them is stands behind it.
const SERIES: &str = "S19";

/// What was decided of cases at a site, as it counts at `now`. A case that was deleted teaches nothing any more.
///
/// # Errors
/// The state cannot be read.
pub(super) async fn taught(state: &State, site: &str, now: Time) -> Result<Vec<Taught>, StateError> {
    let scope = AccessScope::of_the_node().narrowed_to_sites(&[site.to_owned()].into());
    let states = vec![IncidentState::Decided, IncidentState::Closed];
    let filter = IncidentFilter { kind: Some(IncidentKind::Privacy), states, ..IncidentFilter::default() };
    let (mut rows, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = state.incidents(&scope, &filter, after.as_deref(), PAGE).await?;
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() || rows.len() >= CASES_MAX {
            return Ok(counted(rows, now));
        }
    }
}

fn counted(mut rows: Vec<IncidentRow>, now: Time) -> Vec<Taught> {
    rows.sort_unstable_by_key(|row| std::cmp::Reverse((row.last, row.id.0)));
    let mut by_owner: BTreeMap<(String, Option<String>), usize> = BTreeMap::new();
    let mut taught: BTreeMap<String, Taught> = BTreeMap::new();
    for row in rows {
        let Some(scenario) = row.scenarios.into_iter().find(|name| name != SERIES) else { continue };
        let Some(is_founded) = row.verdict.map(is_founded) else { continue };
        let age_days = (now.0.saturating_sub(row.last.0)) as f64 / DAY_US;
        if !(0.0..=OVER_DAYS).contains(&age_days) || (row.owner.is_some() && row.owner == row.user) {
            continue;
        }
        let count = by_owner.entry((scenario.clone(), row.owner)).or_default();
        *count += 1;
        if *count > OWNER_MAX {
            continue;
        }
        let of = taught.entry(scenario.clone()).or_insert_with(|| Taught { scenario, ..Taught::default() });
        *(if is_founded { &mut of.founded } else { &mut of.unfounded }) += (-age_days / HALF_LIFE_DAYS).exp2();
    }
    taught.into_values().collect()
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
    use cordon_model::IncidentId;

    use super::*;

    const NOW: Time = Time(2_000 * 86_400_000_000);

    fn row(number: u8, scenarios: &[&str], verdict: IncidentVerdict, days_ago: i64, owner: &str) -> IncidentRow {
        let last = Time(NOW.0 - days_ago * 86_400_000_000);
        IncidentRow {
            id: IncidentId([number; 16]),
            kind: IncidentKind::Privacy,
            state: IncidentState::Closed,
            title: String::new(),
            score: 0.5,
            scenarios: scenarios.iter().map(|name| (*name).to_owned()).collect(),
            user: Some("n.4".to_owned()),
            site: "main".to_owned(),
            patients: 1,
            accesses: 1,
            first: last,
            last,
            opened: last,
            owner: Some(owner.to_owned()),
            verdict: Some(verdict),
            due: None,
            revision: 1,
        }
    }

    fn check(rows: Vec<IncidentRow>, expect: &[(&str, f64, f64)]) {
        let found = counted(rows, NOW);
        let found: Vec<_> = found.iter().map(|taught| (&*taught.scenario, taught.founded, taught.unfounded)).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn decisions_count_for_the_scenario_behind_a_series_and_fade_by_half_in_half_a_year() {
        use IncidentVerdict::{Appropriate, Breach, PolicyViolation, Unfounded};
        check(
            vec![
                row(1, &["S19", "S2"], Unfounded, 0, "olga"),
                row(2, &["S2", "S7"], Appropriate, 180, "olga"),
                row(3, &["S1"], PolicyViolation, 0, "olga"),
                row(4, &["S1"], Breach, 360, "paul"),
                row(5, &["S1"], Breach, 1_081, "paul"),
            ],
            &[("S1", 1.25, 0.0), ("S2", 0.0, 1.5)],
        );
    }

    #[test]
    fn of_one_owner_five_decisions_about_a_scenario_count_and_none_about_the_own_account() {
        let mut rows: Vec<IncidentRow> =
            (0..40).map(|number| row(number, &["S2"], IncidentVerdict::Unfounded, 0, "olga")).collect();
        rows.push(row(90, &["S2"], IncidentVerdict::Unfounded, 0, "n.4"));
        rows.push(row(91, &["S2"], IncidentVerdict::Unfounded, 0, "paul"));
        check(rows, &[("S2", 0.0, 6.0)]);
    }
}
