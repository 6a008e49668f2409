//! What stands around a list of FindingGroups: how many there are, when their latest findings came, and among which values one can choose. All of one moment.

use cordon_model::Time;
use cordon_policy::AccessScope;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};

use super::about::About;
use super::group_filter::{GroupField, GroupFilter, push_filter};
use super::over_time::{OverTime, Stretches};
use super::sql::{from_count, level_of, push_scope};
use super::{State, StateError};

const TABLE: &str = "finding_groups";

/// Most values of a facet.
const VALUES_MAX: i64 = 20;

/// Groups counted as a whole, over time and by field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSummary {
    /// Groups.
    pub total: u64,
    /// Their findings.
    pub findings: u64,
    /// What was asked for, else the earliest of the times of the groups' latest findings; `None` when there is neither.
    pub from: Option<Time>,
    /// What was asked for, else the latest of these; `None` when there is neither.
    pub until: Option<Time>,
    /// The groups by the time of their latest finding, and by level.
    pub over_time: OverTime,
    /// One for each of [`GroupField::ALL`], in that order.
    pub facets: Vec<GroupFacet>,
}

/// The values of a field among the groups of a filter, without what the filter asks of that field itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFacet {
    /// The field.
    pub field: GroupField,
    /// Its most frequent values, at most 20, the most frequent first.
    pub values: Vec<GroupFacetValue>,
}

/// A value of a field, and how many groups have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFacetValue {
    /// The value, as a filter names it.
    pub value: String,
    /// Of a rule the title in its latest group; else the value.
    pub label: String,
    /// Groups that have it.
    pub count: u64,
}

/// What may be read, and whom it is to be about.
struct Asked<'a> {
    scope: &'a AccessScope,
    about: Option<About>,
}

/// How many groups there are, with the times of their latest findings.
struct Totals {
    groups: u64,
    findings: u64,
    earliest: Option<Time>,
    latest: Option<Time>,
}

impl State {
    /// Counts the groups that the scope and the filter admit: over time in at most `stretches_max` stretches (1 to 200), and by field.
    ///
    /// # Errors
    /// The state cannot be read, or the filter's text is too long.
    pub async fn group_summary(
        &self,
        scope: &AccessScope,
        filter: &GroupFilter,
        stretches_max: u32,
    ) -> Result<GroupSummary, StateError> {
        let about = self.about_any(scope, filter.entity.as_ref()).await?;
        let asked = Asked { scope, about };
        let mut tx = self.readers.begin().await?;
        let totals = totals(&mut tx, &asked, filter).await?;
        let from = filter.last_from.or(totals.earliest);
        let end = filter.last_to.or(totals.latest.map(|latest| Time(latest.0.saturating_add(1))));
        let over_time = match from.zip(end) {
            Some((from, end)) => over_time(&mut tx, &asked, filter, Stretches::of(from, end, stretches_max)).await?,
            None => OverTime::NOTHING,
        };
        let mut facets = Vec::with_capacity(GroupField::ALL.len());
        for field in GroupField::ALL {
            facets.push(facet(&mut tx, &asked, &filter.without(field), field).await?);
        }
        tx.commit().await?;
        let until = filter.last_to.or(totals.latest);
        Ok(GroupSummary { total: totals.groups, findings: totals.findings, from, until, over_time, facets })
    }
}

async fn totals(
    tx: &mut Transaction<'static, Sqlite>,
    asked: &Asked<'_>,
    filter: &GroupFilter,
) -> Result<Totals, StateError> {
    let mut query = QueryBuilder::new(
        "SELECT count(*) AS all_groups, coalesce(sum(count), 0) AS all_findings, min(last) AS earliest, max(last) AS latest
         FROM finding_groups WHERE 1",
    );
    push_scope(&mut query, asked.scope);
    push_filter(&mut query, filter, asked.about.as_ref())?;
    let row = query.build().fetch_one(&mut **tx).await?;
    Ok(Totals {
        groups: from_count(row.try_get("all_groups")?, TABLE)?,
        findings: from_count(row.try_get("all_findings")?, TABLE)?,
        earliest: row.try_get::<Option<i64>, _>("earliest")?.map(Time),
        latest: row.try_get::<Option<i64>, _>("latest")?.map(Time),
    })
}

async fn over_time(
    tx: &mut Transaction<'static, Sqlite>,
    asked: &Asked<'_>,
    filter: &GroupFilter,
    stretches: Stretches,
) -> Result<OverTime, StateError> {
    let mut query = QueryBuilder::new("SELECT ");
    stretches.push_number(&mut query, "last");
    query.push(", level, count(*) AS cell FROM finding_groups WHERE 1");
    push_scope(&mut query, asked.scope);
    push_filter(&mut query, filter, asked.about.as_ref())?;
    query.push(" GROUP BY stretch, level ORDER BY stretch, level");
    stretches.counts(&query.build().fetch_all(&mut **tx).await?, TABLE)
}

async fn facet(
    tx: &mut Transaction<'static, Sqlite>,
    asked: &Asked<'_>,
    filter: &GroupFilter,
    field: GroupField,
) -> Result<GroupFacet, StateError> {
    let (column, label) = (field.column(), if field == GroupField::Rule { "title" } else { field.column() });
    // beside max() SQLite takes a plain column out of the row that has the greatest value (<https://www.sqlite.org/lang_select.html>, section 2.5)
    let mut query = QueryBuilder::new("SELECT CAST(");
    query.push(column).push(" AS TEXT) AS value, CAST(").push(label).push(" AS TEXT) AS label");
    query.push(", count(*) AS all_groups, max(last) FROM finding_groups WHERE 1");
    push_scope(&mut query, asked.scope);
    push_filter(&mut query, filter, asked.about.as_ref())?;
    // by the text, not by the column: grouped along an index of the column, each row would be looked up by itself
    query.push(" GROUP BY value ORDER BY all_groups DESC, value LIMIT ").push_bind(VALUES_MAX);
    let rows = query.build().fetch_all(&mut **tx).await?;
    let values: Result<Vec<_>, _> = rows.iter().map(|row| facet_value(row, field)).collect();
    Ok(GroupFacet { field, values: values? })
}

fn facet_value(row: &SqliteRow, field: GroupField) -> Result<GroupFacetValue, StateError> {
    let (mut value, mut label): (String, String) = (row.try_get("value")?, row.try_get("label")?);
    if field == GroupField::Level {
        let number = value.parse().map_err(|_| StateError::Damaged(TABLE))?;
        level_of(number, TABLE)?.name().clone_into(&mut value);
        label.clone_from(&value);
    }
    Ok(GroupFacetValue { value, label, count: from_count(row.try_get("all_groups")?, TABLE)? })
}
