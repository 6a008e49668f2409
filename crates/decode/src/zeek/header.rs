//! The lines that start with `#`: separators, path, column names and types (Zeek's ASCII writer).

use crate::names::Names;

/// Most columns of a log.
pub(super) const COLUMNS_MAX: usize = 1024;
/// Most bytes of a separator.
const SEPARATOR_BYTES_MAX: usize = 16;

/// What the header says about the rows.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// Between cells.
    pub separator: Vec<u8>,
    /// Between elements of sets and vectors.
    pub set_separator: Vec<u8>,
    /// Stands for an empty value.
    pub empty: Vec<u8>,
    /// Stands for no value.
    pub unset: Vec<u8>,
    /// Which log: `conn`, `dns` ...
    pub path: String,
    /// Columns were named by a #fields line.
    pub complete: bool,
    /// The columns.
    pub names: Names,
    kinds: Vec<Kind>,
}

/// How a column's values are to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// Text and addresses.
    #[default]
    Text,
    /// Numbers of any sort.
    Number,
    /// `T` or `F`.
    Bool,
    /// Seconds since 1970.
    Time,
    /// Several values of a kind: text.
    Texts,
    /// Several numbers.
    Numbers,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            separator: b"\t".to_vec(),
            set_separator: b",".to_vec(),
            empty: b"(empty)".to_vec(),
            unset: b"-".to_vec(),
            path: String::new(),
            complete: false,
            names: Names::default(),
            kinds: Vec::new(),
        }
    }
}

impl Header {
    /// Takes a line that starts with `#`; false when it says nothing about the rows (`#open`, `#close`, a comment).
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        if let Some(separator) = line.strip_prefix(b"#separator ") {
            let separator = unescaped(separator);
            let usable = !separator.is_empty() && separator.len() <= SEPARATOR_BYTES_MAX;
            *self = Self { separator: if usable { separator } else { b"\t".to_vec() }, ..Self::default() };
            return true;
        }
        let (word, rest) = match memchr::memmem::find(line, &self.separator) {
            Some(at) => (line.get(..at), line.get(at + self.separator.len()..)),
            None => (Some(line), None),
        };
        let rest = rest.unwrap_or_default();
        match word {
            Some(b"#set_separator") => self.set_separator = unescaped(rest),
            Some(b"#empty_field") => self.empty = rest.to_vec(),
            Some(b"#unset_field") => self.unset = rest.to_vec(),
            Some(b"#path") => self.path = String::from_utf8_lossy(rest).into_owned(),
            Some(b"#fields") => {
                self.name_columns(rest);
                self.complete = true;
            }
            Some(b"#types") => self.kinds = self.split(rest).map(kind).collect(),
            _ => return false,
        }
        true
    }

    /// Takes a line of bare column names, as `zeek-cut` without its header option leaves them.
    pub(super) fn take_bare(&mut self, line: &[u8]) {
        self.name_columns(line);
    }

    /// Cells of a row or words of a header line.
    pub(super) fn split<'r>(&'r self, row: &'r [u8]) -> impl Iterator<Item = &'r [u8]> {
        cells(row, &self.separator).take(COLUMNS_MAX)
    }

    /// Kind of a column: text where none is stated.
    pub(super) fn kind(&self, column: usize) -> Kind {
        self.kinds.get(column).copied().unwrap_or_default()
    }

    /// The column that says when: `ts`, else the first of type time.
    pub(super) fn time_column(&self) -> Option<usize> {
        let named = self.names.place("ts");
        named.or_else(|| self.kinds.iter().position(|kind| *kind == Kind::Time))
    }

    fn name_columns(&mut self, names: &[u8]) {
        let mut columns = Names::default();
        self.split(names).for_each(|name| columns.push(&String::from_utf8_lossy(name)));
        self.names = columns;
        self.kinds.clear();
    }
}

/// Parts between a separator.
pub(super) fn cells<'r, 's>(row: &'r [u8], separator: &'s [u8]) -> impl Iterator<Item = &'r [u8]> + use<'r, 's> {
    let mut rest = Some(row);
    std::iter::from_fn(move || {
        let whole = rest.take()?;
        let Some(at) = memchr::memmem::find(whole, separator).filter(|_| !separator.is_empty()) else {
            return Some(whole);
        };
        rest = whole.get(at + separator.len()..);
        whole.get(..at)
    })
}

fn kind(name: &[u8]) -> Kind {
    let number = |name: &[u8]| matches!(name, b"count" | b"int" | b"double" | b"port" | b"interval" | b"time");
    let inner = name.strip_prefix(b"set[").or_else(|| name.strip_prefix(b"vector["));
    match (inner.and_then(|inner| inner.strip_suffix(b"]")), name) {
        (Some(inner), _) if number(inner) => Kind::Numbers,
        (Some(_), _) => Kind::Texts,
        (None, b"time") => Kind::Time,
        (None, b"bool") => Kind::Bool,
        (None, name) if number(name) => Kind::Number,
        (None, _) => Kind::Text,
    }
}

/// Resolves `\xHH`, and `\\`, which the writer puts for one backslash.
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        let after = rest.get(at + 1..).unwrap_or_default();
        let hex = after.strip_prefix(b"x").and_then(|hex| str::from_utf8(hex.get(..2)?).ok());
        let hex = hex.filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let (byte, used) = match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => (byte, 3),
            None => (b'\\', usize::from(after.first() == Some(&b'\\'))),
        };
        out.push(byte);
        rest = after.get(used..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}
