//! Verdicts on cases, as far as later reviews learn from them: who gave each, when, and whether it still counts.
//!
//! What a verdict does to later cases follows from these rows alone (`decided` in room `node`), so a change here is a change there.

use cordon_model::{IncidentId, IncidentKind, IncidentState, IncidentVerdict, Time};
use cordon_policy::AccessScope;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _};

use super::incident_rows::{incident_id, scenario_list, verdict_of, word};
use super::incident_shown::Showing;
use super::sql::{from_count, push_in, push_scope};
use super::{State, StateError};

const TABLE: &str = "incidents";
/// Most verdicts that are read, the latest.
const DECISIONS_MAX: i64 = 10_000;

/// A verdict on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// The case.
    pub id: IncidentId,
    /// What it says in one line, as the scope shows it.
    pub title: String,
    /// Its site.
    pub site: String,
    /// Ids of its scenarios, the one that weighs most first; S19 before it where there are several records.
    pub scenarios: Vec<String>,
    /// How far the work on it is.
    pub state: IncidentState,
    /// What was decided.
    pub verdict: IncidentVerdict,
    /// Who decided.
    pub by: String,
    /// When.
    pub decided: Time,
    /// Who said that it is not to count; nobody when it counts.
    pub taken_back_by: Option<String>,
    /// The case's revision: whoever changes it names this one.
    pub revision: u64,
}

impl State {
    /// Verdicts on cases of a kind that are decided or closed, the latest 10,000, the newest first. A case that was deleted has none any more.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn decisions(&self, scope: &AccessScope, kind: IncidentKind) -> Result<Vec<DecisionRow>, StateError> {
        let mut query = QueryBuilder::new(
            "SELECT incident_id, user, title, site, scenarios, state, verdict, decided, decided_by, revision,
              CASE teaches WHEN 0 THEN (SELECT by FROM incident_custody c WHERE c.incident_id = incidents.incident_id
               AND c.deed = 'untaught' ORDER BY c.number DESC LIMIT 1) END AS taken_back_by
             FROM incidents WHERE verdict IS NOT NULL AND decided IS NOT NULL AND decided_by IS NOT NULL AND kind = ",
        );
        query.push_bind(kind.name()).push(" AND state");
        push_in(&mut query, [IncidentState::Decided, IncidentState::Closed].map(IncidentState::name));
        push_scope(&mut query, scope);
        query.push(" ORDER BY decided DESC, incident_id DESC LIMIT ").push_bind(DECISIONS_MAX);
        let rows = query.build().fetch_all(&self.readers).await?;
        rows.iter().map(|row| self.decision_row(row, scope)).collect()
    }

    fn decision_row(&self, row: &SqliteRow, scope: &AccessScope) -> Result<DecisionRow, StateError> {
        let title: &str = row.try_get("title")?;
        let showing = Showing::new(&self.accounts, scope, row.try_get("user")?, &[title]);
        Ok(DecisionRow {
            id: incident_id(row)?,
            title: showing.text(title),
            site: row.try_get("site")?,
            scenarios: scenario_list(row)?,
            state: word(row.try_get("state")?, IncidentState::from_name)?,
            verdict: verdict_of(row)?.ok_or(StateError::Damaged(TABLE))?,
            by: row.try_get("decided_by")?,
            decided: Time(row.try_get("decided")?),
            taken_back_by: row.try_get("taken_back_by")?,
            revision: from_count(row.try_get("revision")?, TABLE)?,
        })
    }
}
