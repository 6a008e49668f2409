//! Findings for who follows along and tells people of them: what a message may be made of, without the evidence.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon_model::{FindingId, Level, Time};
use serde::Deserialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::sql::{id_bytes, level_of};
use super::{GroupId, State, StateError, Subjects};

/// A finding as far as messages are made of it. It names what the source named: whoever tells of it decides what is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldRow {
    /// Number in the order of keeping; rising, with gaps.
    pub seq: i64,
    /// Identity.
    pub finding_id: FindingId,
    /// The group it belongs to.
    pub group_id: GroupId,
    /// Id of its rule.
    pub rule_id: String,
    /// Title of its rule.
    pub title: Arc<str>,
    /// Level of its rule.
    pub level: Level,
    /// Category of the log source by which the rule was reached; may be empty.
    pub category: String,
    /// When its (last) event was received.
    pub received: Time,
    /// Site.
    pub site: String,
    /// OCSF class.
    pub class_uid: i64,
    /// Id of the source of its (last) event.
    pub source: String,
    /// Whom it is about.
    pub subjects: Subjects,
    /// A mute made it quiet.
    pub is_muted: bool,
    /// It was kept later, by who wants nobody to be told.
    pub is_quiet: bool,
}

/// What is read of an explanation: the rest is passed over.
#[derive(Deserialize)]
struct Told {
    log_source: Source,
    later: Option<Later>,
}

#[derive(Deserialize)]
struct Source {
    category: String,
}

#[derive(Deserialize)]
struct Later {
    quiet: bool,
}

/// What is read of a rule's card.
#[derive(Deserialize)]
struct Card {
    title: Arc<str>,
}

impl State {
    /// Findings kept after the one numbered `seq`, in the order of keeping. At most `limit`.
    ///
    /// # Errors
    /// The state cannot be read, or a finding is damaged.
    pub async fn told_after(&self, seq: i64, limit: u32) -> Result<Vec<ToldRow>, StateError> {
        let query = sqlx::query(
            "SELECT seq, finding_id, group_id, card_id, card, rule_id, level, received, site, class_uid, source, user, host, device,
                    patient_ref, mute_id, explanation
             FROM findings JOIN rule_cards USING (card_id) WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        );
        let rows = query.bind(seq).bind(i64::from(limit)).fetch_all(&self.readers).await?;
        let mut titles = BTreeMap::new();
        rows.iter().map(|row| told_row(row, &mut titles)).collect()
    }
}

fn told_row(row: &SqliteRow, titles: &mut BTreeMap<i64, Arc<str>>) -> Result<ToldRow, StateError> {
    let name =
        |column| -> Result<Option<Arc<str>>, StateError> { Ok(row.try_get::<Option<&str>, _>(column)?.map(Arc::from)) };
    let told: Told = read(row.try_get("explanation")?)?;
    Ok(ToldRow {
        seq: row.try_get("seq")?,
        finding_id: FindingId(id_bytes(row.try_get("finding_id")?, "findings")?),
        group_id: GroupId(id_bytes(row.try_get("group_id")?, "findings")?),
        rule_id: row.try_get("rule_id")?,
        title: title(row, titles)?,
        level: level_of(row.try_get("level")?, "findings")?,
        category: told.log_source.category,
        received: Time(row.try_get("received")?),
        site: row.try_get("site")?,
        class_uid: row.try_get("class_uid")?,
        source: row.try_get("source")?,
        subjects: Subjects {
            user: name("user")?,
            host: name("host")?,
            device: name("device")?,
            patient_ref: name("patient_ref")?,
        },
        is_muted: row.try_get::<Option<i64>, _>("mute_id")?.is_some(),
        is_quiet: told.later.is_some_and(|later| later.quiet),
    })
}

/// The title on a finding's card; each card is read once.
fn title(row: &SqliteRow, titles: &mut BTreeMap<i64, Arc<str>>) -> Result<Arc<str>, StateError> {
    let number: i64 = row.try_get("card_id")?;
    if let Some(title) = titles.get(&number) {
        return Ok(Arc::clone(title));
    }
    let card: Card = read(row.try_get("card")?)?;
    titles.insert(number, Arc::clone(&card.title));
    Ok(card.title)
}

fn read<'r, T: Deserialize<'r>>(text: &'r str) -> Result<T, StateError> {
    serde_json::from_str(text).map_err(|_| StateError::Damaged("findings"))
}
