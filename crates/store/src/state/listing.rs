//! Pages: lists are read by key, never by count of rows to skip, so the thousandth page costs what the first does.

/// Most rows of one page.
pub const PAGE_ROWS_MAX: u32 = 1_000;

/// Some rows and where the next ones begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// What to give for the next page; `None` at the end. Opaque to callers, and it holds no data of a patient.
    pub next: Option<String>,
}

/// Rows to ask for: one more than asked, so that it shows whether there is a next page.
pub(super) fn rows_to_fetch(limit: u32) -> i64 {
    i64::from(limit.clamp(1, PAGE_ROWS_MAX)) + 1
}

/// Cuts the extra row off and makes the key of the next page out of the last row that stays.
pub(super) fn page<T>(mut rows: Vec<T>, limit: u32, key: impl Fn(&T) -> String) -> Page<T> {
    let limit = limit.clamp(1, PAGE_ROWS_MAX) as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(key);
    Page { rows, next }
}
