//! Where findings say that their evidence stands, for whoever proves that it is there.

use serde_json::Value;
use sqlx::Row as _;

use super::{State, StateError};

/// Most findings that are read at a time.
const ROWS: i64 = 1_000;

/// Evidence that a finding cites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CitedPlace {
    /// Number of the finding.
    pub seq: i64,
    /// Id of the source.
    pub source: String,
    /// Place in the write-ahead log.
    pub position: u64,
}

impl State {
    /// The places that the findings behind number `after` cite, and the number of the last finding read; `None` when there is none. What a finding says of the node
    /// itself cites nothing.
    ///
    /// # Errors
    /// The state cannot be read, or a finding is damaged.
    pub async fn cited_places(&self, after: i64) -> Result<Option<(i64, Vec<CitedPlace>)>, StateError> {
        let rows = sqlx::query("SELECT seq, explanation FROM findings WHERE seq > ?1 ORDER BY seq LIMIT ?2");
        let rows = rows.bind(after).bind(ROWS).fetch_all(&self.readers).await?;
        let (mut last, mut places) = (None, Vec::new());
        for row in &rows {
            let seq: i64 = row.try_get("seq")?;
            let told: Value =
                serde_json::from_str(row.try_get("explanation")?).map_err(|_| StateError::Damaged("findings"))?;
            let events = told.get("events").and_then(Value::as_array).into_iter().flatten();
            places.extend(told.get("record").into_iter().chain(events).filter_map(|record| place(seq, record)));
            last = Some(seq);
        }
        Ok(last.map(|last| (last, places)))
    }
}

/// `None` for a record without bytes, and for one that is counted within a file instead of placed in the log.
fn place(seq: i64, record: &Value) -> Option<CitedPlace> {
    let text = |name: &str| record.get(name)?.as_str();
    let is_of_the_node = text("sha256")?.bytes().all(|digit| digit == b'0');
    let position = text("position")?.parse().ok().filter(|_| !is_of_the_node)?;
    Some(CitedPlace { seq, source: text("source")?.to_owned(), position })
}
