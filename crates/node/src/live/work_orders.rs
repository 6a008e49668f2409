//! Work orders of the hospital's maintenance system, from the CSV file that `learn.work_orders` names: read at a start and at every reload.
//!
//! Comes in: rows with `order`, `kind` (move, update, replace), `from`, `until` and `names` (names and addresses of the device, before and afterwards, divided by `;`), columns in
//! any order, further ones left alone. Goes out: what the detectors of behaviour take for declared. A bad row is named with its number and reason, and the rest is used.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use cordon_detect::{WorkKind, WorkOrder};
use cordon_model::Time;

/// Most bytes of the file.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Longest order: a device is not under repair for ever, and an order that never ends would hide what happens to it.
const DAYS_MAX: i64 = 31;
/// Names of one device.
const NAMES_MAX: usize = 32;
/// Bad rows that are named; all are counted.
const FAULTS_TOLD: usize = 20;

const COLUMNS: [&str; 5] = ["order", "kind", "from", "until", "names"];

/// What a file of work orders holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) orders: Vec<WorkOrder>,
    /// Rows that cannot be used: their number, from 1, and why.
    pub(super) faults: Vec<(u64, &'static str)>,
}

/// The orders of the file that the settings name; none when they name none. What cannot be used is said in the log. Blocks.
///
/// # Errors
/// The file cannot be read, or lacks a column, in words.
pub(super) fn load(path: Option<&Path>) -> Result<Vec<WorkOrder>, String> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let said = |error: &dyn std::fmt::Display| format!("learn.work_orders {}: {error}", path.display());
    let read = read(File::open(path).map_err(|error| said(&error))?).map_err(|error| said(&error))?;
    for (row, reason) in read.faults.iter().take(FAULTS_TOLD) {
        tracing::warn!(file = %path.display(), row, reason, "a work order cannot be used");
    }
    let (orders, left_out) = (read.orders.len(), read.faults.len());
    tracing::info!(file = %path.display(), orders, left_out, "work orders are in force");
    Ok(read.orders)
}

/// Reads rows.
fn read(from: impl Read) -> io::Result<Parsed> {
    let limited = Limited { from, left: FILE_BYTES_MAX };
    let mut csv = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(limited);
    let first = csv.byte_headers()?.clone();
    let name = |cell: &[u8]| String::from_utf8_lossy(cell).trim_start_matches('\u{feff}').trim().to_ascii_lowercase();
    let mut places = [0; COLUMNS.len()];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        let found = first.iter().position(|cell| name(cell) == column);
        *place = found.ok_or_else(|| io::Error::other(format!("there is no column \"{column}\" in its first line")))?;
    }
    let mut out = Parsed::default();
    for (row, record) in (1..).zip(csv.byte_records()) {
        let record = record?;
        let cells = places.map(|place| String::from_utf8_lossy(record.get(place).unwrap_or_default()));
        match order(&cells.each_ref().map(|cell| cell.trim())) {
            Ok(order) => out.orders.push(order),
            Err(reason) => out.faults.push((row, reason)),
        }
    }
    Ok(out)
}

fn order([reference, kind, from, until, names]: &[&str; 5]) -> Result<WorkOrder, &'static str> {
    let kind = match kind.to_ascii_lowercase().as_str() {
        "move" => WorkKind::Move,
        "update" => WorkKind::Update,
        "replace" => WorkKind::Replace,
        _ => return Err("the kind is none of move, update, replace"),
    };
    let time = |text: &str| {
        Time::from_rfc3339(text).ok_or("a time is not ISO 8601 with an offset (like 2026-03-18T21:14:03+01:00)")
    };
    let (from, until) = (time(from)?, time(until)?);
    if until < from {
        return Err("the end is before the beginning");
    }
    if until.0.saturating_sub(from.0) > DAYS_MAX * 86_400_000_000 {
        return Err("it lasts longer than 31 days");
    }
    let names: Vec<Box<str>> =
        names.split(';').map(str::trim).filter(|name| !name.is_empty()).map(Into::into).collect();
    match names.len() {
        0 => Err("it names no device"),
        1..=NAMES_MAX => Ok(WorkOrder { reference: (*reference).into(), kind, from, until, names }),
        _ => Err("it has more than 32 names for one device"),
    }
}

/// So many bytes, and no more.
struct Limited<R> {
    from: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(into)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| io::Error::other("it is larger than 64 MiB"))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> Vec<String> {
        let read = read(text.as_bytes()).unwrap();
        let orders = read.orders.iter().map(|order| {
            format!(
                "{} {:?} {} h {}",
                order.reference,
                order.kind,
                (order.until.0 - order.from.0) / 3_600_000_000,
                order.names.join("|")
            )
        });
        orders.chain(read.faults.iter().map(|(row, reason)| format!("row {row}: {reason}"))).collect()
    }

    #[test]
    fn orders_are_read_whatever_the_order_of_columns() {
        let text = "names,Until,from,kind,order,who\nPUMP-07; 10.5.1.7;10.7.1.7 ,2026-03-18T18:00:00+01:00,2026-03-18T06:00:00+01:00,move,WO-4711,Mr Smith\n";
        assert_eq!(kept(text), ["WO-4711 Move 12 h PUMP-07|10.5.1.7|10.7.1.7"]);
    }

    #[test]
    fn a_bad_row_is_named_and_the_rest_is_used() {
        let rows = [
            "1,paint,2026-03-18T06:00:00Z,2026-03-18T18:00:00Z,CT1",
            "2,update,2026-03-18,2026-03-18T18:00:00Z,CT1",
            "3,update,2026-03-18T18:00:00Z,2026-03-18T06:00:00Z,CT1",
            "4,update,2026-03-18T06:00:00Z,2027-03-18T06:00:00Z,CT1",
            "5,replace,2026-03-18T06:00:00Z,2026-03-18T18:00:00Z, ; ",
            "6,replace,2026-03-18T06:00:00Z,2026-03-18T18:00:00Z,CT1",
            "7,move",
        ];
        let expect = [
            "6 Replace 12 h CT1",
            "row 1: the kind is none of move, update, replace",
            "row 2: a time is not ISO 8601 with an offset (like 2026-03-18T21:14:03+01:00)",
            "row 3: the end is before the beginning",
            "row 4: it lasts longer than 31 days",
            "row 5: it names no device",
            "row 7: a time is not ISO 8601 with an offset (like 2026-03-18T21:14:03+01:00)",
        ];
        assert_eq!(kept(&format!("order,kind,from,until,names\n{}\n", rows.join("\n"))), expect);
    }

    #[test]
    fn a_file_without_its_columns_is_refused_in_words() {
        let error = read("order,kind,from,names\n".as_bytes()).unwrap_err().to_string();
        assert_eq!(error, "there is no column \"until\" in its first line");
        assert!(load(Some(Path::new("/nowhere/orders.csv"))).unwrap_err().starts_with("learn.work_orders /nowhere"));
        assert_eq!(load(None), Ok(Vec::new()));
    }
}
