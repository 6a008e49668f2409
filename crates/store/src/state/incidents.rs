//! Incidents: lists, one with everything, what is like it, and what people do with it.

use cordon_incident::{Deed, Doer, apply, is_deletable};
use cordon_model::{Digest, Incident, IncidentId, IncidentKind, IncidentState, IncidentVerdict, Time};
use cordon_policy::AccessScope;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::group_filter::OwnedBy;
use super::incident_rows::{incident_id, read, scenarios_of, verdict_of, word, write};
use super::incident_shown::{IncidentShown, Showing, shown};
use super::listing::{Page, page, rows_to_fetch};
use super::sql::{digest_bytes, from_count, push_scope};
use super::{AuditEntry, By, State, StateError, audit};

const TABLE: &str = "incidents";
/// How many like it are named.
const SIMILAR: usize = 5;
/// Among how many others, the worst first.
const SIMILAR_AMONG: i64 = 5_000;
/// Most that are deleted in one transaction.
const DELETED_MAX: i64 = 1_000;

/// Which Incidents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Of this kind.
    pub kind: Option<IncidentKind>,
    /// In any of these states; empty for all.
    pub states: Vec<IncidentState>,
    /// Whose.
    pub owner: Option<OwnedBy>,
}

/// An Incident in a list, as the scope shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentRow {
    /// Identity.
    pub id: IncidentId,
    /// What it is about.
    pub kind: IncidentKind,
    /// How far the work is.
    pub state: IncidentState,
    /// What it says in one line.
    pub title: String,
    /// How likely it is that a person needs to look, 0 to 1.
    pub score: f64,
    /// Ids of scenarios, in their order.
    pub scenarios: Vec<String>,
    /// The account, by name or pseudonym; `None` when the scope hides it.
    pub user: Option<String>,
    /// The site.
    pub site: String,
    /// How many patients.
    pub patients: u64,
    /// How many accesses.
    pub accesses: u64,
    /// Time of the first access.
    pub first: Time,
    /// Time of the last access.
    pub last: Time,
    /// When it was found.
    pub opened: Time,
    /// Whose it is.
    pub owner: Option<String>,
    /// What it turned out to be.
    pub verdict: Option<IncidentVerdict>,
    /// The next thing that is due.
    pub due: Option<Time>,
    /// Rises with every change.
    pub revision: u64,
}

impl From<&IncidentShown> for IncidentRow {
    fn from(shown: &IncidentShown) -> Self {
        let Incident { found, state, owner, verdict, revision, .. } = &shown.incident;
        let count = |so_many: usize| u64::try_from(so_many).unwrap_or(u64::MAX);
        Self {
            id: found.id,
            kind: found.kind,
            state: *state,
            title: found.title.clone(),
            score: found.score,
            scenarios: in_order(found.scenarios.clone()),
            user: shown.user.clone(),
            site: found.site.clone(),
            patients: shown.patients,
            accesses: count(found.accesses.len()),
            first: found.first,
            last: found.last,
            opened: found.opened,
            owner: owner.clone(),
            verdict: *verdict,
            due: cordon_incident::due(&shown.incident),
            revision: *revision,
        }
    }
}

/// An Incident that is like another.
#[derive(Clone, Debug, PartialEq)]
pub struct SimilarIncident {
    /// Identity.
    pub id: IncidentId,
    /// Its title, as the scope shows it.
    pub title: String,
    /// Its score.
    pub score: f64,
    /// How far the work on it is.
    pub state: IncidentState,
}

impl State {
    /// Incidents that the scope admits, worst first: by score, then the last access.
    ///
    /// # Errors
    /// The state cannot be read, or `after` is no key of a page.
    pub async fn incidents(
        &self,
        scope: &AccessScope,
        filter: &IncidentFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<IncidentRow>, StateError> {
        let mut query = QueryBuilder::new(
            "SELECT incident_id, kind, state, user, title, score, scenarios, site, patients, accesses, first, last, opened, owner, verdict,
             due, revision FROM incidents WHERE 1",
        );
        push_scope(&mut query, scope);
        push_filter(&mut query, filter);
        if let Some(after) = after {
            push_after(&mut query, after)?;
        }
        query.push(" ORDER BY score DESC, last DESC, incident_id DESC LIMIT ").push_bind(rows_to_fetch(limit));
        let rows = query.build().fetch_all(&self.readers).await?;
        let rows: Result<Vec<_>, _> = rows.iter().map(|row| self.incident_row(row, scope)).collect();
        Ok(page(rows?, limit, |row| {
            format!("{:x}_{}_{:032x}", row.score.to_bits(), row.last.0, u128::from_be_bytes(row.id.0))
        }))
    }

    /// One Incident with everything that was done to it.
    ///
    /// # Errors
    /// There is none, the scope does not admit it, or the state cannot be read.
    pub async fn incident(&self, scope: &AccessScope, id: IncidentId) -> Result<IncidentShown, StateError> {
        // one transaction: what people write between two statements is not seen half
        let mut on = self.readers.begin().await?;
        let row = one(scope, id).build().fetch_optional(&mut *on).await?.ok_or(StateError::NotFound("case"))?;
        let incident = read(&mut on, &row).await?;
        Ok(shown(incident, &self.accounts, scope))
    }

    /// Others of the same kind that share scenarios with one, those that share most first; at most five.
    ///
    /// # Errors
    /// There is none, the scope does not admit it, or the state cannot be read.
    pub async fn similar_incidents(
        &self,
        scope: &AccessScope,
        id: IncidentId,
    ) -> Result<Vec<SimilarIncident>, StateError> {
        let row = one(scope, id).build().fetch_optional(&self.readers).await?.ok_or(StateError::NotFound("case"))?;
        let own = scenarios_of(&row)?;
        let mut query = QueryBuilder::new(
            "SELECT incident_id, kind, state, user, title, score, scenarios FROM incidents WHERE kind = ",
        );
        query.push_bind(row.try_get::<String, _>("kind")?).push(" AND incident_id <> ").push_bind(id.0.to_vec());
        push_scope(&mut query, scope);
        query.push(" ORDER BY score DESC, last DESC, incident_id DESC LIMIT ").push_bind(SIMILAR_AMONG);
        let mut alike = Vec::new();
        for other in query.build().fetch_all(&self.readers).await? {
            let scenarios = scenarios_of(&other)?;
            let shared = own.intersection(&scenarios).count();
            if shared > 0 {
                let united = own.union(&scenarios).count();
                alike.push((shared, united, self.similar_row(&other, scope)?));
            }
        }
        // shared / united, the larger first; a stable sort keeps the worse case first
        alike.sort_by(|(shared, united, _), (other, all, _)| (other * united).cmp(&(shared * all)));
        Ok(alike.into_iter().take(SIMILAR).map(|(_, _, row)| row).collect())
    }

    /// Does something to an Incident, if it still has the revision that the caller saw, and says so in its custody and in the audit log. `now` is of the event
    /// clock, by which the times of a case are.
    ///
    /// # Errors
    /// There is none or the scope does not admit it; somebody else changed it first; or it may not be done ([`StateError::Incident`]).
    pub async fn change_incident(
        &self,
        scope: &AccessScope,
        by: &By,
        now: Time,
        (id, revision): (IncidentId, u64),
        deed: Deed,
    ) -> Result<IncidentShown, StateError> {
        let mut tx = self.begin().await?;
        let row = one(scope, id).build().fetch_optional(&mut *tx).await?.ok_or(StateError::NotFound("case"))?;
        let mut incident = read(&mut tx, &row).await?;
        if revision != incident.revision {
            return Err(StateError::Changed("case"));
        }
        let before = incident.state;
        let custody = apply(&mut incident, deed, Doer::Person(&by.actor), now)?;
        for entry in &custody {
            audit::append(&mut tx, by, &told(&incident, before, &entry.deed)).await?;
        }
        write(&mut tx, &incident).await?;
        tx.commit().await?;
        Ok(shown(incident, &self.accounts, scope))
    }

    /// Says in the audit log that a case was taken out.
    ///
    /// # Errors
    /// The state cannot be written: the case must then not be given out.
    pub async fn note_incident_export(&self, by: &By, shown: &IncidentShown, format: &str) -> Result<(), StateError> {
        let found = &shown.incident.found;
        let entry = AuditEntry::new("incident_exported", "incident", &found.id.to_string(), json!({"format": format}));
        self.audit(by, &entry.at_site(&found.site)).await?;
        Ok(())
    }

    /// Deletes cases that were withdrawn or found unfounded and last changed before a time, at most 1,000 in one go. Each leaves a row in the audit log with the last link
    /// of its custody, and nothing that names anybody.
    ///
    /// # Errors
    /// The state cannot be written; nothing was deleted then.
    pub async fn purge_unfounded(&self, by: &By, before: Time) -> Result<u64, StateError> {
        let mut tx = self.begin().await?;
        let over = sqlx::query(
            "SELECT incident_id, site, state, verdict, changed,
              (SELECT hash FROM incident_custody c WHERE c.incident_id = i.incident_id ORDER BY number DESC LIMIT 1) AS hash
             FROM incidents i WHERE changed < ?1 AND (state = 'withdrawn' OR verdict = 'unfounded') ORDER BY incident_id LIMIT ?2",
        );
        let mut deleted = 0;
        for row in over.bind(before.0).bind(DELETED_MAX).fetch_all(&mut *tx).await? {
            let state = word(row.try_get("state")?, IncidentState::from_name)?;
            if !is_deletable(state, verdict_of(&row)?, Time(row.try_get("changed")?), before) {
                continue;
            }
            let id = incident_id(&row)?;
            let hash: Digest = digest_bytes(row.try_get("hash")?, "incident_custody")?;
            let detail = json!({"state": state.name(), "custody": hash.to_string()});
            let entry = AuditEntry::new("incident_deleted", "incident", &id.to_string(), detail);
            audit::append(&mut tx, by, &entry.at_site(row.try_get("site")?)).await?;
            let delete = sqlx::query("DELETE FROM incidents WHERE incident_id = ?1").bind(id.0.to_vec());
            deleted += delete.execute(&mut *tx).await?.rows_affected();
        }
        tx.commit().await?;
        Ok(deleted)
    }

    fn incident_row(&self, row: &SqliteRow, scope: &AccessScope) -> Result<IncidentRow, StateError> {
        let time = |column: &str| -> Result<Time, StateError> { Ok(Time(row.try_get(column)?)) };
        let user: &str = row.try_get("user")?;
        let title: &str = row.try_get("title")?;
        let showing = Showing::new(&self.accounts, scope, user, &[title]);
        Ok(IncidentRow {
            id: incident_id(row)?,
            kind: word(row.try_get("kind")?, IncidentKind::from_name)?,
            state: word(row.try_get("state")?, IncidentState::from_name)?,
            title: showing.text(title),
            score: row.try_get("score")?,
            scenarios: in_order(scenarios_of(row)?),
            user: showing.user(user),
            site: row.try_get("site")?,
            patients: from_count(row.try_get("patients")?, TABLE)?,
            accesses: from_count(row.try_get("accesses")?, TABLE)?,
            first: time("first")?,
            last: time("last")?,
            opened: time("opened")?,
            owner: row.try_get("owner")?,
            verdict: verdict_of(row)?,
            due: row.try_get::<Option<i64>, _>("due")?.map(Time),
            revision: from_count(row.try_get("revision")?, TABLE)?,
        })
    }

    fn similar_row(&self, row: &SqliteRow, scope: &AccessScope) -> Result<SimilarIncident, StateError> {
        let title: &str = row.try_get("title")?;
        let showing = Showing::new(&self.accounts, scope, row.try_get("user")?, &[title]);
        Ok(SimilarIncident {
            id: incident_id(row)?,
            title: showing.text(title),
            score: row.try_get("score")?,
            state: word(row.try_get("state")?, IncidentState::from_name)?,
        })
    }
}

/// `S2` before `S10`.
fn in_order(scenarios: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut scenarios: Vec<String> = scenarios.into_iter().collect();
    scenarios.sort_by_key(|name| (name.len(), name.clone()));
    scenarios
}

fn one(scope: &AccessScope, id: IncidentId) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT * FROM incidents WHERE incident_id = ");
    query.push_bind(id.0.to_vec());
    push_scope(&mut query, scope);
    query
}

fn push_filter(query: &mut QueryBuilder<Sqlite>, filter: &IncidentFilter) {
    if let Some(kind) = filter.kind {
        query.push(" AND kind = ").push_bind(kind.name());
    }
    if !filter.states.is_empty() {
        query.push(" AND state");
        super::sql::push_in(query, filter.states.iter().map(|state| state.name()));
    }
    match &filter.owner {
        Some(OwnedBy::User(owner)) => query.push(" AND owner = ").push_bind(owner.clone()),
        Some(OwnedBy::Nobody) => query.push(" AND owner IS NULL"),
        None => query,
    };
}

fn push_after(query: &mut QueryBuilder<Sqlite>, after: &str) -> Result<(), StateError> {
    const NO_KEY: StateError = StateError::Refused("this is no key of a page");
    let mut parts = after.splitn(3, '_');
    let score = parts.next().and_then(|bits| u64::from_str_radix(bits, 16).ok()).map(f64::from_bits);
    let last = parts.next().and_then(|last| last.parse::<i64>().ok());
    let id = parts.next().filter(|id| id.len() == 32).and_then(|id| u128::from_str_radix(id, 16).ok());
    let ((score, last), id) = score.filter(|score| score.is_finite()).zip(last).zip(id).ok_or(NO_KEY)?;
    query.push(" AND (score, last, incident_id) < (").push_bind(score).push(", ").push_bind(last);
    query.push(", ").push_bind(id.to_be_bytes().to_vec()).push(")");
    Ok(())
}

/// What was done, without its words: those are the custody's, which leaves with the case.
fn told(incident: &Incident, before: IncidentState, deed: &str) -> AuditEntry {
    let verdict = incident.verdict.map(IncidentVerdict::name);
    let detail = json!({"deed": deed, "from": before.name(), "to": incident.state.name(), "owner": incident.owner, "verdict": verdict});
    AuditEntry::new("incident_changed", "incident", &incident.found.id.to_string(), detail)
        .at_site(&incident.found.site)
}
