//! A list of edges as text: source, destination, time and label, a line each, separated by commas, semicolons, tabs or blanks.
//!
//! A first line that names its columns (`src`, `source`, `dst`, `destination`, `time`, `timestamp`, `label`, in any order, others ignored) is read as such; without one the columns stand
//! in that order. A tick is a run of lines whose time has the same text: whoever wants minutes writes minutes. Nodes are numbered by first appearance.

use std::io::{self, BufRead};

use rustc_hash::FxHashMap;

/// Longest line in bytes.
const LINE_BYTES_MAX: usize = 1 << 16;

/// Why a list of edges cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EdgeListError {
    /// The input ended in an error.
    #[error("the list of edges cannot be read: {0}")]
    Read(#[from] io::Error),
    /// A line without one of its columns.
    #[error("row {row}: no {column} in `{line}`; a row is source, destination, time, label")]
    Column {
        /// The row, counted from 1 at the first row of data.
        row: u64,
        /// Which column is not there.
        column: &'static str,
        /// How the row begins.
        line: String,
    },
    /// A line that is too long to be an edge.
    #[error("row {row}: longer than 65,536 bytes; this is no list of edges")]
    Long {
        /// The row, counted from 1 at the first row of data.
        row: u64,
    },
    /// More nodes than have numbers.
    #[error("row {row}: more than 4,294,967,295 nodes")]
    Nodes {
        /// The row, counted from 1 at the first row of data.
        row: u64,
    },
    /// Nothing in it.
    #[error("the list of edges is empty")]
    Empty,
}

/// Edges in the order of the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EdgeList {
    /// Source, destination and tick (the first is 1) of each edge.
    pub edges: Vec<(u32, u32, u32)>,
    /// Whether each is an attack.
    pub labels: Vec<bool>,
    /// Number of nodes.
    pub nodes: usize,
    /// How often each label stood there, in the order of first appearance.
    pub label_counts: Vec<(String, u64)>,
}

/// Columns of the four fields.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Columns {
    source: usize,
    destination: usize,
    time: usize,
    label: usize,
}

impl EdgeList {
    /// Reads a list; an edge whose label is not `normal` is an attack.
    ///
    /// # Errors
    /// [`EdgeListError`], with the row.
    pub fn read(mut from: impl BufRead, normal: &str) -> Result<Self, EdgeListError> {
        let mut reading = Reading::default();
        let (mut line, mut row) = (Vec::new(), 0_u64);
        let mut columns = None;
        loop {
            line.clear();
            let limit = LINE_BYTES_MAX as u64 + 1;
            if io::Read::take(&mut from, limit).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.len() > LINE_BYTES_MAX {
                return Err(EdgeListError::Long { row: row + 1 });
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\n', '\r']);
            if text.is_empty() {
                continue;
            }
            let (found, names_columns) = columns.map_or_else(|| columns_of(text), |known| (known, false));
            columns = Some(found);
            if !names_columns {
                row += 1;
                reading.take(text, row, found, normal)?;
            }
        }
        if row == 0 {
            return Err(EdgeListError::Empty);
        }
        reading.list.nodes = reading.numbers.len();
        Ok(reading.list)
    }
}

fn fields(line: &str) -> impl Iterator<Item = &str> {
    let separator = [',', ';', '\t'].into_iter().find(|separator| line.contains(*separator)).unwrap_or(' ');
    line.split(separator)
        .map(|field| field.trim().trim_matches('"'))
        .filter(move |field| separator != ' ' || !field.is_empty())
}

/// The columns, and whether the line names them.
fn columns_of(line: &str) -> (Columns, bool) {
    let names: Vec<String> = fields(line).map(str::to_lowercase).collect();
    let place = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.as_str()));
    let source = place(&["src", "source", "from"]);
    let destination = place(&["dst", "destination", "dest", "to", "target"]);
    match (source, destination, place(&["time", "timestamp", "tick"]), place(&["label", "class", "attack"])) {
        (Some(source), Some(destination), Some(time), Some(label)) => {
            (Columns { source, destination, time, label }, true)
        }
        _ => (Columns { source: 0, destination: 1, time: 2, label: 3 }, false),
    }
}

#[derive(Default)]
struct Reading {
    list: EdgeList,
    numbers: FxHashMap<Box<str>, u32>,
    time: String,
    tick: u32,
}

impl Reading {
    fn take(&mut self, line: &str, row: u64, columns: Columns, normal: &str) -> Result<(), EdgeListError> {
        let mut found = [None; 4];
        let wanted = [columns.source, columns.destination, columns.time, columns.label];
        for (place, field) in fields(line).enumerate() {
            for (found, _) in found.iter_mut().zip(wanted).filter(|(_, wanted)| *wanted == place) {
                *found = Some(field);
            }
        }
        let [source, destination, time, label] = found;
        let missing = |column| EdgeListError::Column { row, column, line: line.chars().take(80).collect() };
        let source = source.filter(|text| !text.is_empty()).ok_or_else(|| missing("source"))?;
        let destination = destination.filter(|text| !text.is_empty()).ok_or_else(|| missing("destination"))?;
        let time = time.filter(|text| !text.is_empty()).ok_or_else(|| missing("time"))?;
        let label = label.ok_or_else(|| missing("label"))?;
        if self.tick == 0 || time != self.time {
            self.tick = self.tick.saturating_add(1);
            time.clone_into(&mut self.time);
        }
        let source = self.number(source, row)?;
        let destination = self.number(destination, row)?;
        self.list.edges.push((source, destination, self.tick));
        self.list.labels.push(label != normal);
        self.count(label);
        Ok(())
    }

    fn number(&mut self, name: &str, row: u64) -> Result<u32, EdgeListError> {
        if let Some(number) = self.numbers.get(name) {
            return Ok(*number);
        }
        let number = u32::try_from(self.numbers.len()).map_err(|_| EdgeListError::Nodes { row })?;
        self.numbers.insert(name.into(), number);
        Ok(number)
    }

    fn count(&mut self, label: &str) {
        /// Labels told apart; further ones count as the last.
        const LABELS_MAX: usize = 256;
        let counts = &mut self.list.label_counts;
        if let Some((_, count)) = counts.iter_mut().find(|(name, _)| name == label) {
            *count += 1;
        } else if counts.len() < LABELS_MAX {
            counts.push((label.to_owned(), 1));
        } else if let Some((_, count)) = counts.last_mut() {
            *count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<EdgeList, String> {
        EdgeList::read(text.as_bytes(), "-").map_err(|error| error.to_string())
    }

    #[test]
    fn nodes_are_numbered_by_appearance_and_ticks_by_change() {
        let list = read("a,b,08:01,-\nb,c,08:01,x\r\na,b,08:03,-\n").unwrap();
        assert_eq!(list.edges, [(0, 1, 1), (1, 2, 1), (0, 1, 2)]);
        assert_eq!(list.labels, [false, true, false]);
        assert_eq!(list.nodes, 3);
        assert_eq!(list.label_counts, [("-".to_owned(), 2), ("x".to_owned(), 1)]);
    }

    #[test]
    fn a_header_names_the_columns_in_any_order() {
        let list = read("time;label;dst;port;src\n1;-;b;80;a\n2;x;b;80;c\n").unwrap();
        assert_eq!(list.edges, [(0, 1, 1), (2, 1, 2)]);
        assert_eq!(list.labels, [false, true]);
    }

    #[test]
    fn blanks_separate_too() {
        assert_eq!(read("a  b 1 -\n").unwrap().edges, [(0, 1, 1)]);
    }

    #[test]
    fn a_bad_row_is_named() {
        assert_eq!(
            read("src,dst,time,label\na,b,1,-\na,b,2\n").unwrap_err(),
            "row 2: no label in `a,b,2`; a row is source, destination, time, label"
        );
        assert_eq!(
            read("a,b,1,-\na,,1,-\n").unwrap_err(),
            "row 2: no destination in `a,,1,-`; a row is source, destination, time, label"
        );
        assert_eq!(read("\n\n").unwrap_err(), "the list of edges is empty");
        assert!(read(&"x".repeat(70_000)).unwrap_err().starts_with("row 1: longer"));
    }
}
