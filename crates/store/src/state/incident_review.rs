//! Reviews of record accesses: what one found becomes Incidents, what it finds no more is withdrawn, and its counts are kept.

use std::collections::{BTreeMap, BTreeSet};

use cordon_incident::{Deed, Doer, apply, open};
use cordon_model::{IncidentId, IncidentKind, IncidentState, NewIncident, Time};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{Row as _, Sqlite, Transaction};

use super::incident_rows::{incident_id, read, write};
use super::{AuditEntry, By, State, StateError, audit};

/// Reviews that are kept of a site; older ones leave.
const REVIEWS_KEPT: i64 = 1_000;
/// Most of what one review opens. More is a fault of a review, and would bury whoever looks.
const CASES_MAX: usize = 10_000;
/// Why a case is withdrawn of which the review says nothing.
const FOUND_NO_MORE: &str = "a later review of the same accesses no longer makes this case";

/// A stretch in which a feed was silent or late: what it could explain is not judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewSilence {
    /// The feed.
    pub feed: String,
    /// From when, in microseconds.
    #[serde(with = "micros")]
    pub from: Time,
    /// Until when.
    #[serde(with = "micros")]
    pub until: Time,
    /// What was missing, in words.
    pub words: String,
}

/// A review that was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewRun {
    /// The site.
    pub site: String,
    /// When, by the event clock.
    pub ran: Time,
    /// The accesses from this time on.
    pub from: Time,
    /// The accesses before this time.
    pub until: Time,
    /// Accesses that were looked at.
    pub accesses: u64,
    /// Those with a reason.
    pub explained: u64,
    /// Those for which no reason was found in the data.
    pub unexplained: u64,
    /// Those that cannot be judged yet.
    pub withheld: u64,
    /// How many each reason explains; an access with two reasons counts twice.
    pub by_reason: BTreeMap<String, u64>,
    /// Stretches in which a feed was silent or late.
    pub silences: Vec<ReviewSilence>,
    /// Cases it found.
    pub cases: u64,
    /// Cases that it finds no more, each with what explains it now.
    pub withdrawn: Vec<(IncidentId, String)>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// A review as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRow {
    /// The review. Which cases it withdrew is not kept with it.
    pub run: ReviewRun,
    /// How many cases it withdrew.
    pub withdrawn: u64,
}

/// What became of the cases of a review.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentsRecorded {
    /// New ones.
    pub opened: Vec<IncidentId>,
    /// Those that have new evidence.
    pub renewed: Vec<IncidentId>,
    /// Those that had been withdrawn.
    pub returned: Vec<IncidentId>,
    /// Those that were withdrawn now.
    pub withdrawn: Vec<IncidentId>,
}

#[derive(Serialize, Deserialize)]
struct ReviewTold {
    from: i64,
    until: i64,
    accesses: u64,
    explained: u64,
    unexplained: u64,
    withheld: u64,
    by_reason: BTreeMap<String, u64>,
    silences: Vec<ReviewSilence>,
    cases: u64,
    withdrawn: u64,
    took_ms: u64,
}

impl State {
    /// Keeps what a review found, in one transaction. A case that is there gets the newest evidence unless it is decided; one that was withdrawn is new again. Cases of
    /// the run's site that lie within its accesses, that it finds no more and that are not decided are withdrawn, for the reason that the run gives. The same review
    /// given again changes nothing.
    ///
    /// # Errors
    /// The state cannot be written; a case is of another site than the run, or there are more than 10,000. Nothing was kept then.
    pub async fn record_incidents(
        &self,
        run: &ReviewRun,
        new: &[NewIncident],
    ) -> Result<IncidentsRecorded, StateError> {
        if new.len() > CASES_MAX {
            return Err(StateError::Refused("a review opens at most 10,000 cases"));
        }
        if new.iter().any(|found| found.site != run.site) {
            return Err(StateError::Refused("a review opens cases of its own site"));
        }
        let mut tx = self.begin().await?;
        let mut recorded = IncidentsRecorded::default();
        for found in new {
            record_one(&mut tx, run, found, &mut recorded).await?;
        }
        withdraw_missing(&mut tx, run, new, &mut recorded).await?;
        if recorded != IncidentsRecorded::default() {
            audit::append(&mut tx, &By::node(run.ran), &told(run, &recorded)).await?;
        }
        tx.commit().await?;
        Ok(recorded)
    }

    /// Keeps the counts of a review.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn note_review(&self, run: &ReviewRun) -> Result<(), StateError> {
        let told = serde_json::to_string(&ReviewTold::of(run));
        let told = told.map_err(|_| StateError::Refused("a review cannot be written as JSON"))?;
        let mut tx = self.begin().await?;
        let insert = sqlx::query("INSERT INTO privacy_reviews (site, ran, told) VALUES (?1, ?2, ?3)");
        insert.bind(run.site.clone()).bind(run.ran.0).bind(told).execute(&mut *tx).await?;
        let purge = sqlx::query(
            "DELETE FROM privacy_reviews WHERE site = ?1 AND review_id NOT IN
             (SELECT review_id FROM privacy_reviews WHERE site = ?1 ORDER BY review_id DESC LIMIT ?2)",
        );
        purge.bind(run.site.clone()).bind(REVIEWS_KEPT).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The newest reviews of a site, the newest first; at most `limit`.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn reviews(&self, site: &str, limit: u32) -> Result<Vec<ReviewRow>, StateError> {
        let rows = sqlx::query("SELECT * FROM privacy_reviews WHERE site = ?1 ORDER BY review_id DESC LIMIT ?2");
        let rows = rows.bind(site.to_owned()).bind(i64::from(limit)).fetch_all(&self.readers).await?;
        let review = |row: &sqlx::sqlite::SqliteRow| {
            let told: ReviewTold =
                serde_json::from_str(row.try_get("told")?).map_err(|_| StateError::Damaged("privacy_reviews"))?;
            Ok(told.row(row.try_get("site")?, Time(row.try_get("ran")?)))
        };
        rows.iter().map(review).collect()
    }

    /// The last review of a site.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn last_review(&self, site: &str) -> Result<Option<ReviewRow>, StateError> {
        Ok(self.reviews(site, 1).await?.into_iter().next())
    }
}

async fn record_one(
    tx: &mut Transaction<'static, Sqlite>,
    run: &ReviewRun,
    found: &NewIncident,
    recorded: &mut IncidentsRecorded,
) -> Result<(), StateError> {
    let row = sqlx::query("SELECT * FROM incidents WHERE incident_id = ?1").bind(found.id.0.to_vec());
    let Some(row) = row.fetch_optional(&mut **tx).await? else {
        write(tx, &open(found.clone(), run.ran)?).await?;
        recorded.opened.push(found.id);
        return Ok(());
    };
    let mut incident = read(tx, &row).await?;
    let was_withdrawn = incident.state == IncidentState::Withdrawn;
    let before = incident.found.clone();
    let custody = apply(&mut incident, Deed::Renew(Box::new(found.clone())), Doer::Node, run.ran)?;
    if !custody.is_empty() {
        let list = if was_withdrawn { &mut recorded.returned } else { &mut recorded.renewed };
        list.push(found.id);
    }
    if incident.found != before || !custody.is_empty() {
        write(tx, &incident).await?;
    }
    Ok(())
}

/// A case that begins before the accesses of the run is left alone: the run cannot know.
async fn withdraw_missing(
    tx: &mut Transaction<'static, Sqlite>,
    run: &ReviewRun,
    new: &[NewIncident],
    recorded: &mut IncidentsRecorded,
) -> Result<(), StateError> {
    let found: BTreeSet<IncidentId> = new.iter().map(|found| found.id).collect();
    let reasons: BTreeMap<IncidentId, &str> = run.withdrawn.iter().map(|(id, why)| (*id, why.as_str())).collect();
    let rows = sqlx::query(
        "SELECT * FROM incidents WHERE site = ?1 AND kind = ?2 AND state IN ('new', 'triage', 'asked', 'answered') ORDER BY incident_id",
    );
    let rows = rows.bind(run.site.clone()).bind(IncidentKind::Privacy.name()).fetch_all(&mut **tx).await?;
    for row in rows {
        let id = incident_id(&row)?;
        let first = Time(row.try_get("first")?);
        let last = Time(row.try_get("last")?);
        let is_within = first >= run.from && last < run.until;
        let Some(reason) = reasons.get(&id).copied().or(is_within.then_some(FOUND_NO_MORE)) else { continue };
        if found.contains(&id) {
            continue;
        }
        let mut incident = read(tx, &row).await?;
        let deed = Deed::Withdraw { reason: reason.to_owned() };
        apply(&mut incident, deed, Doer::Node, run.ran)?;
        write(tx, &incident).await?;
        recorded.withdrawn.push(id);
    }
    Ok(())
}

fn told(run: &ReviewRun, recorded: &IncidentsRecorded) -> AuditEntry {
    let ids = |ids: &[IncidentId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let detail = json!({
        "opened": ids(&recorded.opened), "renewed": ids(&recorded.renewed),
        "returned": ids(&recorded.returned), "withdrawn": ids(&recorded.withdrawn),
    });
    AuditEntry::new("incidents_recorded", "review", &run.ran.to_string(), detail).at_site(&run.site)
}

impl ReviewTold {
    fn of(run: &ReviewRun) -> Self {
        Self {
            from: run.from.0,
            until: run.until.0,
            accesses: run.accesses,
            explained: run.explained,
            unexplained: run.unexplained,
            withheld: run.withheld,
            by_reason: run.by_reason.clone(),
            silences: run.silences.clone(),
            cases: run.cases,
            withdrawn: u64::try_from(run.withdrawn.len()).unwrap_or(u64::MAX),
            took_ms: run.took_ms,
        }
    }

    fn row(self, site: String, ran: Time) -> ReviewRow {
        let withdrawn = self.withdrawn;
        let run = ReviewRun {
            site,
            ran,
            from: Time(self.from),
            until: Time(self.until),
            accesses: self.accesses,
            explained: self.explained,
            unexplained: self.unexplained,
            withheld: self.withheld,
            by_reason: self.by_reason,
            silences: self.silences,
            cases: self.cases,
            withdrawn: Vec::new(),
            took_ms: self.took_ms,
        };
        ReviewRow { run, withdrawn }
    }
}

/// A time as its number of microseconds.
mod micros {
    use cordon_model::Time;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    pub(super) fn serialize<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(time.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        i64::deserialize(deserializer).map(Time)
    }
}
