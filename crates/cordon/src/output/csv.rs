//! `--format csv`: RFC 4180, one row for each finding, a header first.
//!
//! Spreadsheets run cells that start with `=`, `+`, `-` or `@` as formulas, and an attacker writes what is logged: such cells get an apostrophe in front.

use std::io::{self, Write};

use cordon_detect::Detected;
use cordon_model::FindingOrigin;
use cordon_node::scan::Report;

use super::{FindingOutput, matched_once};
use crate::terminal::without_controls;

const COLUMNS: [&str; 19] = [
    "level",
    "time",
    "rule_title",
    "host",
    "user",
    "matched",
    "source_file",
    "position",
    "index",
    "product",
    "category",
    "service",
    "tags",
    "rule_id",
    "rule_author",
    "rule_license",
    "rule_link",
    "finding_id",
    "record_sha256",
];
/// The column that `--with-raw` adds.
const RAW_COLUMN: &str = "raw";

/// Writes rows as findings come.
pub(crate) struct Csv {
    out: Box<dyn Write>,
    row: String,
    with_raw: bool,
}

impl Csv {
    /// Starts with the header.
    pub(crate) fn new(mut out: Box<dyn Write>, with_raw: bool) -> io::Result<Self> {
        out.write_all(COLUMNS.join(",").as_bytes())?;
        if with_raw {
            write!(out, ",{RAW_COLUMN}")?;
        }
        out.write_all(b"\r\n")?;
        Ok(Self { out, row: String::new(), with_raw })
    }
}

impl FindingOutput for Csv {
    fn finding(&mut self, found: &Detected) -> io::Result<()> {
        self.row.clear();
        let finding = &found.finding;
        let (rule, source) = (&finding.rule, finding.log_source);
        let cells: [&str; COLUMNS.len()] = [
            rule.level.name(),
            &finding.time.map(|time| time.to_string()).unwrap_or_default(),
            &rule.title,
            found.subject.host.as_deref().unwrap_or_default(),
            found.subject.user.as_deref().unwrap_or_default(),
            &matched(found),
            &finding.source_file,
            &finding.position.to_string(),
            &finding.index.to_string(),
            source.product,
            source.category,
            source.service,
            &rule.tags.join(" "),
            &rule.id,
            &rule.author,
            &rule.license,
            &rule.link,
            &finding.finding_id.to_string(),
            &finding.record_sha256.to_string(),
        ];
        cells.iter().for_each(|text| cell(&mut self.row, text));
        if self.with_raw {
            // a correlation has no record of its own: its cell is empty, so that rows stay of one length
            let raw = found.record.as_ref().map(|record| String::from_utf8_lossy(&record.raw)).unwrap_or_default();
            cell(&mut self.row, &raw);
        }
        self.out.write_all(self.row.as_bytes())?;
        self.out.write_all(b"\r\n")
    }

    fn finish(&mut self, _: &Report) -> io::Result<()> {
        self.out.flush()
    }
}

/// `field=value` of everything that matched, separated by blanks around a bar; of a correlation its group and what was counted, in words.
fn matched(found: &Detected) -> String {
    let mut fields = matched_once(&found.finding);
    let mut told = None;
    if let FindingOrigin::Correlation { told: words, .. } = &found.finding.origin {
        fields.pop();
        told = Some(words.clone());
    }
    let pairs = fields.into_iter().map(|field| match field.field.as_str() {
        "" => field.value.clone(),
        name => format!("{name}={}", field.value),
    });
    pairs.chain(told).collect::<Vec<String>>().join(" | ")
}

/// A cell without control characters (but line ends and tabs, which RFC 4180 quotes) and without what turns the direction of text: a log must not command the
/// terminal or the editor that shows the file.
fn cell(row: &mut String, text: &str) {
    let text = &*without_controls(text);
    if !row.is_empty() {
        row.push(',');
    }
    let defused = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !defused && !text.contains(['"', ',', '\n', '\r']) {
        row.push_str(text);
        return;
    }
    row.push('"');
    if defused {
        row.push('\'');
    }
    row.push_str(&text.replace('"', "\"\""));
    row.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let mut row = String::from("x");
        cell(&mut row, text);
        assert_eq!(row, format!("x,{expect}"));
    }

    #[test]
    fn cells_are_quoted_where_rfc_4180_says_and_formulas_are_defused() {
        check("plain", "plain");
        check("a,b", "\"a,b\"");
        check("say \"x\"", "\"say \"\"x\"\"\"");
        check("two\nlines", "\"two\nlines\"");
        check("=HYPERLINK(1)", "\"'=HYPERLINK(1)\"");
        check("-", "\"'-\"");
    }

    #[test]
    fn control_characters_of_a_log_show_as_lost() {
        check("a\u{1b}[2Jb\u{202E}c\0", "a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}");
        check("a\tb\r\nc", "\"a\tb\r\nc\"");
    }
}
