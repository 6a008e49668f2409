//! Findings as they are handed over and as they are read: the explanation is kept as JSON, what is filtered by stands in columns.

use std::sync::Arc;

use cordon_model::{Digest, EventId, Finding, FindingId, Level, Position, Time};
use cordon_policy::AccessScope;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::about::About;
use super::listing::{Page, page, rows_to_fetch};
use super::over_time::{OverTime, Stretches};
use super::sql::{id_bytes, level_number, level_of, push_scope};
use super::{Entity, EntityKind, GroupId, State, StateError, Subjects};
use crate::accounts::Accounts;

/// A finding on its way into the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFinding {
    /// What was found, already masked: no text in it names a patient.
    pub finding: Finding,
    /// Of a correlation: where its events stand, in the order of [`Finding::event_ids`]. Else empty.
    pub events: Vec<EventPlace>,
    /// Hash or version of the rule's text; empty when unknown.
    pub rule_version: Arc<str>,
    /// Site of the (last) event.
    pub site: Arc<str>,
    /// OCSF class of the (last) event.
    pub class_uid: i64,
    /// When the (last) event was received, by the event clock.
    pub received: Time,
    /// Whom it is about.
    pub subjects: Subjects,
}

/// Where an event of a correlation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPlace {
    /// The event.
    pub event_id: EventId,
    /// Id of its source.
    pub source: Arc<str>,
    /// Where it stands.
    pub position: Position,
    /// Which of the records there.
    pub index: u32,
    /// Digest of its RawRecord.
    pub record_sha256: Digest,
}

/// A finding as it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingRow {
    /// Number in the order of keeping; rising, with gaps.
    pub seq: i64,
    /// Identity.
    pub finding_id: FindingId,
    /// The group it belongs to.
    pub group_id: GroupId,
    /// Id of its rule.
    pub rule_id: String,
    /// Level of its rule.
    pub level: Level,
    /// Event time; `None` when the record states none.
    pub time: Option<Time>,
    /// When its (last) event was received.
    pub received: Time,
    /// Site.
    pub site: String,
    /// OCSF class.
    pub class_uid: i64,
    /// Id of the source of its (last) event.
    pub source: String,
    /// Whom it is about, as far as the scope shows it.
    pub subjects: Subjects,
    /// The mute that made it quiet.
    pub mute_id: Option<i64>,
    /// Why: `docs/specs/state.md`, explanation.
    pub explanation: Value,
}

/// Which findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// Of this group.
    pub group: Option<GroupId>,
    /// Of this rule.
    pub rule_id: Option<String>,
    /// At least this bad.
    pub level_min: Option<Level>,
    /// About this entity.
    pub entity: Option<Entity>,
    /// Received at this time or later.
    pub received_from: Option<Time>,
    /// Received before this time.
    pub received_to: Option<Time>,
}

const SELECT: &str = "SELECT findings.*, card FROM findings JOIN rule_cards USING (card_id) WHERE 1";

impl State {
    /// Findings that the scope admits, the newest first.
    ///
    /// # Errors
    /// The state cannot be read, or `after` is no key of a page.
    pub async fn findings(
        &self,
        scope: &AccessScope,
        filter: &FindingFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<FindingRow>, StateError> {
        let about = self.about_any(scope, filter.entity.as_ref()).await?;
        let mut query = QueryBuilder::new(SELECT);
        push_scope(&mut query, scope);
        push_filter(&mut query, filter, about.as_ref());
        if let Some(after) = after {
            let seq: i64 = after.parse().map_err(|_| StateError::Refused("this is no key of a page"))?;
            query.push(" AND seq < ").push_bind(seq);
        }
        query.push(" ORDER BY seq DESC LIMIT ").push_bind(rows_to_fetch(limit));
        let rows = query.build().fetch_all(&self.readers).await?;
        let rows: Result<Vec<_>, _> = rows.iter().map(|row| finding_row(row, scope, &self.accounts)).collect();
        Ok(page(rows?, limit, |row| row.seq.to_string()))
    }

    /// Findings kept after the one numbered `seq`, in the order of keeping: for those who follow along. At most `limit`, up to 1,000.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn findings_after(
        &self,
        scope: &AccessScope,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<FindingRow>, StateError> {
        let mut query = QueryBuilder::new(SELECT);
        push_scope(&mut query, scope);
        query.push(" AND seq > ").push_bind(seq).push(" ORDER BY seq LIMIT ");
        query.push_bind(rows_to_fetch(limit) - 1);
        let rows = query.build().fetch_all(&self.readers).await?;
        rows.iter().map(|row| finding_row(row, scope, &self.accounts)).collect()
    }

    /// How many findings the scope and the filter admit, by receipt and level: from `from` to before `until`, whatever the filter says of time, in at most
    /// `stretches_max` stretches (1 to 200).
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn findings_over_time(
        &self,
        scope: &AccessScope,
        filter: &FindingFilter,
        (from, until): (Time, Time),
        stretches_max: u32,
    ) -> Result<OverTime, StateError> {
        let filter = FindingFilter { received_from: Some(from), received_to: Some(until), ..filter.clone() };
        let about = self.about_any(scope, filter.entity.as_ref()).await?;
        let stretches = Stretches::of(from, until, stretches_max);
        let mut query = QueryBuilder::new("SELECT ");
        stretches.push_number(&mut query, "received");
        query.push(", level, count(*) AS cell FROM findings INDEXED BY findings_by_receipt WHERE 1");
        push_scope(&mut query, scope);
        push_filter(&mut query, &filter, about.as_ref());
        query.push(" GROUP BY stretch, level ORDER BY stretch, level");
        stretches.counts(&query.build().fetch_all(&self.readers).await?, "findings")
    }

    /// One finding.
    ///
    /// # Errors
    /// There is none, the scope does not admit it, or the state cannot be read.
    pub async fn finding(&self, scope: &AccessScope, id: FindingId) -> Result<FindingRow, StateError> {
        let mut query = QueryBuilder::new(SELECT);
        push_scope(&mut query, scope);
        query.push(" AND finding_id = ").push_bind(id.0.to_vec());
        let row = query.build().fetch_optional(&self.readers).await?.ok_or(StateError::NotFound("finding"))?;
        finding_row(&row, scope, &self.accounts)
    }
}

fn push_filter(query: &mut QueryBuilder<Sqlite>, filter: &FindingFilter, about: Option<&About>) {
    if let Some(group) = filter.group {
        query.push(" AND group_id = ").push_bind(group.0.to_vec());
    }
    if let Some(rule_id) = &filter.rule_id {
        query.push(" AND findings.rule_id = ").push_bind(rule_id.clone());
    }
    if let Some(level) = filter.level_min {
        query.push(" AND level >= ").push_bind(level_number(level));
    }
    if let Some(about) = about {
        about.push(query, about.kind.column());
    }
    if let Some(from) = filter.received_from {
        query.push(" AND received >= ").push_bind(from.0);
    }
    if let Some(to) = filter.received_to {
        query.push(" AND received < ").push_bind(to.0);
    }
}

fn finding_row(row: &SqliteRow, scope: &AccessScope, accounts: &Accounts) -> Result<FindingRow, StateError> {
    let subject = |kind: EntityKind| -> Result<Option<Arc<str>>, StateError> {
        let name: Option<String> = row.try_get(kind.column())?;
        Ok(name.filter(|_| !scope.masks(kind.column())).map(Arc::from))
    };
    let user: Option<&str> = row.try_get(EntityKind::User.column())?;
    let subjects = Subjects {
        user: user.and_then(|user| accounts.shown(scope, user)).map(Arc::from),
        host: subject(EntityKind::Host)?,
        device: subject(EntityKind::Device)?,
        patient_ref: subject(EntityKind::Patient)?,
    };
    Ok(FindingRow {
        seq: row.try_get("seq")?,
        finding_id: FindingId(id_bytes(row.try_get("finding_id")?, "findings")?),
        group_id: GroupId(id_bytes(row.try_get("group_id")?, "findings")?),
        rule_id: row.try_get("rule_id")?,
        level: level_of(row.try_get("level")?, "findings")?,
        time: row.try_get::<Option<i64>, _>("time")?.map(Time),
        received: Time(row.try_get("received")?),
        site: row.try_get("site")?,
        class_uid: row.try_get("class_uid")?,
        source: row.try_get("source")?,
        subjects,
        mute_id: row.try_get("mute_id")?,
        explanation: explanation_of(row, scope, accounts, user)?,
    })
}

fn explanation_of(
    row: &SqliteRow,
    scope: &AccessScope,
    accounts: &Accounts,
    user: Option<&str>,
) -> Result<Value, StateError> {
    let parse = |text: &str| serde_json::from_str(text).map_err(|_| StateError::Damaged("findings"));
    let mut explanation: Value = parse(row.try_get("explanation")?)?;
    if let Some(members) = explanation.as_object_mut() {
        let rule: Value = parse(row.try_get("card")?)?;
        members.insert("rule".to_owned(), rule);
    }
    if EntityKind::ALL.iter().any(|kind| scope.masks(kind.column())) {
        mask(&mut explanation);
    }
    accounts.hide_in_explanation(scope, user, &mut explanation);
    Ok(explanation)
}

/// Who may not see some kind of entity sees no matched value either: any of them could name it.
fn mask(explanation: &mut Value) {
    let mut hide = |list: &str, member: &str| {
        let items = explanation.pointer_mut(list).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten() {
            if let Some(value) = item.get_mut(member) {
                *value = Value::Null;
            }
        }
    };
    hide("/matched", "value");
    hide("/origin/group", "value");
}

impl NewFinding {
    /// When it counts: the time of the event, but never later than its receipt; without one, the receipt.
    pub(super) fn placed(&self) -> Time {
        self.finding.time.map_or(self.received, |time| time.min(self.received))
    }

    /// The rule's part of the explanation.
    pub(super) fn card(&self) -> Value {
        let rule = &self.finding.rule;
        json!({
            "id": rule.id,
            "version": &*self.rule_version,
            "title": rule.title,
            "author": rule.author,
            "license": rule.license,
            "link": rule.link,
            "level": rule.level.name(),
            "tags": rule.tags,
            "description": rule.description,
            "false_positives": rule.false_positives,
        })
    }
}
