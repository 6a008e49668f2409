//! Legal holds: what retention must not remove, why, whose it is and when it is looked at again.

use cordon_model::Time;
use serde_json::json;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{AuditEntry, By, State, StateError, audit};

/// Most holds in force.
const HOLDS_MAX: u32 = 1_000;

/// A legal hold to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHold {
    /// The site that it is about; `None` for all.
    pub site: Option<String>,
    /// Which events: a query in the filter language.
    pub query: String,
    /// Why, in words.
    pub reason: String,
    /// Whose it is.
    pub owner: String,
    /// When it is looked at again.
    pub review: Time,
}

/// A legal hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Number.
    pub hold_id: i64,
    /// What is held.
    pub hold: NewHold,
    /// When it was added.
    pub created: Time,
    /// When it was ended; `None` while it is in force.
    pub ended: Option<Time>,
}

impl State {
    /// Adds a hold.
    ///
    /// # Errors
    /// It lacks a query, reason or owner, its review lies in the past, or there are too many.
    pub async fn add_hold(&self, by: &By, new: &NewHold) -> Result<Hold, StateError> {
        if [&new.query, &new.reason, &new.owner].iter().any(|text| text.trim().is_empty()) {
            return Err(StateError::Refused("a hold needs a query, a reason and an owner"));
        }
        if new.review <= by.at {
            return Err(StateError::Refused("a hold is looked at again later than now"));
        }
        let mut tx = self.begin().await?;
        let holds = "SELECT count(*) FROM legal_holds WHERE ended IS NULL";
        let holds: i64 = sqlx::query_scalar(holds).fetch_one(&mut *tx).await?;
        if holds >= i64::from(HOLDS_MAX) {
            return Err(StateError::TooMany { what: "holds in force", max: HOLDS_MAX });
        }
        let insert = sqlx::query(
            "INSERT INTO legal_holds (site, query, reason, owner, review, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING *",
        );
        let insert = insert.bind(new.site.clone()).bind(new.query.clone()).bind(new.reason.clone());
        let insert = insert.bind(new.owner.clone()).bind(new.review.0).bind(by.at.0);
        let hold = hold_of(&insert.fetch_one(&mut *tx).await?)?;
        audit::append(&mut tx, by, &told("hold_added", &hold)).await?;
        tx.commit().await?;
        Ok(hold)
    }

    /// Ends a hold.
    ///
    /// # Errors
    /// There is none in force.
    pub async fn end_hold(&self, by: &By, hold_id: i64) -> Result<Hold, StateError> {
        let mut tx = self.begin().await?;
        let end = "UPDATE legal_holds SET ended = ?2 WHERE hold_id = ?1 AND ended IS NULL RETURNING *";
        let row = sqlx::query(end).bind(hold_id).bind(by.at.0).fetch_optional(&mut *tx).await?;
        let hold = hold_of(&row.ok_or(StateError::NotFound("hold in force"))?)?;
        audit::append(&mut tx, by, &told("hold_ended", &hold)).await?;
        tx.commit().await?;
        Ok(hold)
    }

    /// Holds in force, or with `ended` all that ever were (the newest 5,000), the newest first.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn holds(&self, ended: bool) -> Result<Vec<Hold>, StateError> {
        let rows = sqlx::query("SELECT * FROM legal_holds WHERE ended IS NULL OR ?1 ORDER BY hold_id DESC LIMIT 5000");
        rows.bind(ended).fetch_all(&self.readers).await?.iter().map(hold_of).collect()
    }
}

/// Query and reason stay out of the audit log, which is never pruned: they can name a patient.
fn told(action: &str, hold: &Hold) -> AuditEntry {
    let detail = json!({"owner": hold.hold.owner, "review": hold.hold.review.0});
    let site = hold.hold.site.as_deref().unwrap_or_default();
    AuditEntry::new(action, "hold", &hold.hold_id.to_string(), detail).at_site(site)
}

fn hold_of(row: &SqliteRow) -> Result<Hold, StateError> {
    let hold = NewHold {
        site: row.try_get("site")?,
        query: row.try_get("query")?,
        reason: row.try_get("reason")?,
        owner: row.try_get("owner")?,
        review: Time(row.try_get("review")?),
    };
    Ok(Hold {
        hold_id: row.try_get("hold_id")?,
        hold,
        created: Time(row.try_get("created")?),
        ended: row.try_get::<Option<i64>, _>("ended")?.map(Time),
    })
}
