//! What a run is asked for, and how many cases of each scenario it shall hold.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

/// How many scenarios there are: S1 to S20.
pub const SCENARIOS: u8 = 20;
/// Cases of each scenario for `STAFF_OF_RATE` staff in `DAYS_OF_RATE` days, unless the plan says otherwise.
const CASES: f64 = 15.0;
/// Look-alikes of each case, unless the plan says otherwise.
const LOOKALIKES: u32 = 10;
const STAFF_OF_RATE: f64 = 10_000.0;
const DAYS_OF_RATE: f64 = 30.0;
/// Bounds of what can be asked for.
const STAFF_LIMITS: (u32, u32) = (150, 200_000);
const DAYS_LIMITS: (i64, i64) = (2, 400);
const PATIENTS_MAX: u32 = 5_000_000;
const RATE_MAX: f64 = 2_000.0;

/// What a run is asked for.
#[derive(Clone, Debug)]
pub struct EhrOptions {
    /// Members of staff, 150 to 200,000.
    pub staff: u32,
    /// Patients known to the hospital, at least five times the staff.
    pub patients: u32,
    /// Simulated days, 2 to 400.
    pub days: i64,
    /// The same seed and options give the same bytes.
    pub seed: u64,
    /// The first day.
    pub start: Date,
    /// Accesses per member of staff and day, weekends and free days counted in: about what is aimed at.
    pub accesses_per_staff_day: f64,
    /// Cases and look-alikes.
    pub plan: CasePlan,
}

/// Why a simulation, a baseline or a score could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// An option is outside of what can be simulated.
    #[error("{0}")]
    Option(String),
    /// A plan of scenarios could not be read.
    #[error("scenario file: {0}")]
    Plan(String),
    /// A file could not be opened, read or written.
    #[error("{file}: {source}")]
    File {
        /// The name of the file inside its folder.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file holds something else than its contract says.
    #[error("{file}, row {row}: {what}")]
    Content {
        /// The name of the file inside its folder.
        file: String,
        /// Row, counted from 1 at the first data row; 0 is the header.
        row: u64,
        /// What is wrong.
        what: String,
    },
}

impl SimError {
    pub(crate) fn file(file: &str, source: std::io::Error) -> Self {
        Self::File { file: file.to_owned(), source }
    }
}

/// How many cases and look-alikes of each scenario.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasePlan {
    cases: Option<f64>,
    lookalikes: Option<u32>,
    #[serde(default)]
    scenario: BTreeMap<String, ScenarioPlan>,
}

/// What the plan says of one scenario.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioPlan {
    cases: Option<f64>,
    lookalikes: Option<u32>,
}

impl CasePlan {
    /// Reads a plan in TOML (docs/specs/cordon-ehr.md).
    ///
    /// # Errors
    /// `SimError::Plan` where the text is no TOML, has an unknown key, an unknown scenario or a negative number.
    pub fn from_toml(text: &str) -> Result<Self, SimError> {
        let plan: Self = toml::from_str(text).map_err(|error| SimError::Plan(error.to_string()))?;
        for (name, scenario) in &plan.scenario {
            if !(1..=SCENARIOS).any(|n| *name == format!("S{n}")) {
                return Err(SimError::Plan(format!("`{name}` is no scenario; they are S1 to S{SCENARIOS}")));
            }
            if scenario.cases.is_some_and(|cases| !(0.0..=100_000.0).contains(&cases)) {
                return Err(SimError::Plan(format!("`{name}` wants a number of cases from 0 to 100000")));
            }
        }
        if plan.cases.is_some_and(|cases| !(0.0..=100_000.0).contains(&cases)) {
            return Err(SimError::Plan("cases is a number from 0 to 100000".into()));
        }
        Ok(plan)
    }

    /// Cases of a scenario for so many staff and days: in proportion, at least one unless the plan says none.
    pub(crate) fn cases(&self, scenario: u8, staff: u32, days: i64) -> u32 {
        let rate = self.of(scenario).and_then(|plan| plan.cases).or(self.cases).unwrap_or(CASES);
        let share = f64::from(staff) / STAFF_OF_RATE * days as f64 / DAYS_OF_RATE;
        if rate <= 0.0 { 0 } else { u32::try_from(crate::rng::whole(rate * share + 0.5)).unwrap_or(u32::MAX).max(1) }
    }

    /// Look-alikes of each case of a scenario.
    pub(crate) fn lookalikes(&self, scenario: u8) -> u32 {
        self.of(scenario).and_then(|plan| plan.lookalikes).or(self.lookalikes).unwrap_or(LOOKALIKES)
    }

    fn of(&self, scenario: u8) -> Option<&ScenarioPlan> {
        self.scenario.get(&format!("S{scenario}"))
    }
}

impl EhrOptions {
    pub(crate) fn check(&self) -> Result<(), SimError> {
        let fail = |what: String| Err(SimError::Option(what));
        let (low, high) = STAFF_LIMITS;
        if !(low..=high).contains(&self.staff) {
            return fail(format!("staff must be from {low} to {high}"));
        }
        let (low, high) = DAYS_LIMITS;
        if !(low..=high).contains(&self.days) {
            return fail(format!("days must be from {low} to {high}"));
        }
        if self.patients < self.staff.saturating_mul(5) || self.patients > PATIENTS_MAX {
            return fail(format!("patients must be at least five times the staff and at most {PATIENTS_MAX}"));
        }
        if !(1.0..=RATE_MAX).contains(&self.accesses_per_staff_day) {
            return fail(format!("accesses per member of staff and day must be from 1 to {RATE_MAX}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_sets_cases_for_all_scenarios_or_for_one() {
        let plan = CasePlan::from_toml("cases = 30\n[scenario.S2]\ncases = 0\nlookalikes = 12\n").unwrap();
        assert_eq!((plan.cases(1, 10_000, 30), plan.cases(2, 10_000, 30)), (30, 0));
        assert_eq!((plan.lookalikes(1), plan.lookalikes(2)), (10, 12));
        assert_eq!(CasePlan::default().cases(1, 10_000, 30), 15);
        assert_eq!(CasePlan::default().cases(1, 200, 3), 1);
    }

    #[test]
    fn a_plan_with_an_unknown_scenario_or_key_is_refused() {
        assert!(CasePlan::from_toml("[scenario.S21]\ncases = 1").is_err());
        assert!(CasePlan::from_toml("casess = 1").is_err());
        assert!(CasePlan::from_toml("cases = -1").is_err());
    }
}
