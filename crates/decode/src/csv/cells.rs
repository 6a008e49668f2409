//! Rows and cells (RFC 4180, with any delimiter): where a row ends, and what its cells hold.

use cordon_model::Span;

/// Where the row at the start of some bytes ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowEnd {
    /// At this line feed.
    At(usize),
    /// Nowhere yet.
    Unseen,
    /// Nowhere, and a quoted cell is open.
    InQuotes,
}

/// Looks for the end of the row: the first line feed outside of quoted cells.
pub(super) fn row_end(bytes: &[u8], delimiter: u8) -> RowEnd {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.first() == Some(&b'"') {
            match closing_quote(rest) {
                Some(end) => at += end + 1,
                None => return RowEnd::InQuotes,
            }
        }
        let rest = bytes.get(at..).unwrap_or_default();
        match memchr::memchr2(delimiter, b'\n', rest) {
            Some(found) if rest.get(found) == Some(&b'\n') => return RowEnd::At(at + found),
            Some(found) => at += found + 1,
            None => return RowEnd::Unseen,
        }
    }
}

/// The place of the quotation mark that ends the quoted cell at the start; doubled ones stand for themselves.
fn closing_quote(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr(b'"', bytes.get(at..)?)?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// One cell of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell<'u> {
    /// Its place in the row, quotation marks included.
    pub span: Span,
    /// What it holds, between the quotation marks.
    pub bytes: &'u [u8],
    /// It is quoted, so doubled quotation marks in it stand for one.
    pub quoted: bool,
    /// How its quotation marks are.
    pub fault: Option<QuoteFault>,
}

/// What can be wrong with quotation marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QuoteFault {
    /// The closing one is missing.
    Unclosed,
    /// Text follows the closing one.
    TextAfter,
}

/// The cells of a row in order.
#[derive(Clone, Debug)]
pub(super) struct Cells<'u> {
    row: &'u [u8],
    at: Option<usize>,
    delimiter: u8,
}

impl<'u> Cells<'u> {
    /// The cells of a row without its line end.
    pub(super) const fn new(row: &'u [u8], delimiter: u8) -> Self {
        Self { row, at: Some(0), delimiter }
    }
}

impl<'u> Iterator for Cells<'u> {
    type Item = Cell<'u>;

    fn next(&mut self) -> Option<Cell<'u>> {
        let start = self.at?;
        let rest = self.row.get(start..)?;
        let quote = (rest.first() == Some(&b'"')).then(|| closing_quote(rest));
        let search_from = quote.flatten().map_or(0, |end| end + 1);
        let found = match quote {
            Some(None) => None,
            _ => memchr::memchr(self.delimiter, rest.get(search_from..)?).map(|at| at + search_from),
        };
        let length = found.unwrap_or(rest.len());
        self.at = found.map(|at| start + at + 1);
        let whole = rest.get(..length)?;
        let span = Span { start, end: start + length };
        let (bytes, quoted, fault) = match quote {
            None => (whole, false, None),
            Some(None) => (whole.get(1..)?, true, Some(QuoteFault::Unclosed)),
            Some(Some(end)) if end + 1 == length => (whole.get(1..end)?, true, None),
            Some(Some(_)) => (whole, false, Some(QuoteFault::TextAfter)),
        };
        Some(Cell { span, bytes, quoted, fault })
    }
}
