//! `--format table`: what people see first. The worst level first, findings grouped by rule, each with when, where, who, what matched and where it stands.
//!
//! A rule shows its first few findings and counts the rest: the table stays readable and its memory bounded whatever the input.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use cordon_detect::Detected;
use cordon_model::{Level, MatchedField, RuleCard};
use cordon_node::scan::Report;

use super::{FindingOutput, matched_once};
use crate::coverage;
use crate::terminal::{Look, plain, thousands};

/// Findings shown of one rule.
const ROWS_MAX: usize = 5;
/// Widest column for a host or a user.
const NAME_WIDTH_MAX: usize = 20;
/// Longest value kept for showing.
const VALUE_CHARS_MAX: usize = 300;
/// Characters shown before the place that matched, when a value has to be cut.
const LEAD_CHARS: usize = 12;
/// Fewest characters that what matched gets, however narrow the terminal.
const MATCHED_WIDTH_MIN: usize = 24;

/// Fewest characters that the place of a finding gets; the end of a path says most.
const PLACE_WIDTH_MIN: usize = 24;

/// Gathers findings and writes the table at the end.
pub(crate) struct Table {
    out: Box<dyn Write>,
    look: Look,
    /// The lowest level that was asked for.
    level_min: Level,
    groups: BTreeMap<(Reverse<Level>, String, String), Group>,
}

/// The findings of one rule.
struct Group {
    rule: Arc<RuleCard>,
    count: u64,
    rows: Vec<Row>,
}

struct Row {
    time: String,
    host: String,
    user: String,
    matched: Vec<MatchedField>,
    place: String,
    raw: Option<String>,
}

impl Table {
    pub(crate) fn new(out: Box<dyn Write>, look: Look, level_min: Level) -> Self {
        Self { out, look, level_min, groups: BTreeMap::new() }
    }

    fn group(&mut self, group: &Group) -> io::Result<()> {
        let rule = &group.rule;
        let findings =
            if group.count == 1 { "1 finding".to_owned() } else { format!("{} findings", thousands(group.count)) };
        let head = format!("{} {:<14}", symbol(rule.level), rule.level.name());
        let title = plain(&rule.title);
        let gap = self.look.width_or(100).saturating_sub(chars(&head) + chars(&title) + chars(&findings) + 1).max(2);
        writeln!(
            self.out,
            "{}{}{:gap$}{}",
            self.look.level(rule.level, &head),
            self.look.bold(&title),
            "",
            self.look.dim(&findings)
        )?;
        let about: Vec<&str> = rule.tags.iter().filter(|tag| tag.starts_with("attack.t")).map(String::as_str).collect();
        let mut about = about.join(" ");
        if !rule.author.is_empty() {
            let dot = if about.is_empty() { "" } else { " · " };
            about = format!("{about}{dot}by {}", rule.author);
        }
        if !about.is_empty() {
            let width = self.look.width_or(usize::MAX).saturating_sub(2);
            writeln!(self.out, "  {}", self.look.dim(&cut(&plain(&about), width)))?;
        }
        self.rows(&group.rows)?;
        let rest = group.count.saturating_sub(u64::try_from(group.rows.len()).unwrap_or(u64::MAX));
        if rest > 0 {
            writeln!(
                self.out,
                "  {}",
                self.look.dim(&format!("and {} more (--format ndjson prints all)", thousands(rest)))
            )?;
        }
        writeln!(self.out)
    }

    fn rows(&mut self, rows: &[Row]) -> io::Result<()> {
        let widest =
            |of: fn(&Row) -> &str| rows.iter().map(|row| chars(of(row))).max().unwrap_or(0).min(NAME_WIDTH_MAX);
        let widths = (widest(|row| &row.host), widest(|row| &row.user));
        rows.iter().try_for_each(|row| self.row(row, widths))
    }

    /// When, where, who, what matched, and the place at the end of the line; what matched gets a line of its own where there is no room.
    fn row(&mut self, row: &Row, (host_width, user_width): (usize, usize)) -> io::Result<()> {
        let mut line = format!("  {}", row.time);
        for (name, width) in
            [(&row.host, host_width), (&row.user, user_width)].into_iter().filter(|(_, width)| *width > 0)
        {
            line.push_str(&format!("  {:<width$}", cut(name, width)));
        }
        let width = self.look.width_or(usize::MAX);
        let place = cut_front(&row.place, (width / 5).saturating_mul(2).max(PLACE_WIDTH_MIN));
        let room = width.saturating_sub(chars(&line) + chars(&place) + 4);
        let place = self.look.dim(&place);
        if room < MATCHED_WIDTH_MIN {
            writeln!(self.out, "{line}  {place}\n    {}", matched(&row.matched, width.saturating_sub(4)))?;
        } else {
            let matched = matched(&row.matched, room);
            let pad = if self.look.is_terminal() { room.saturating_sub(chars(&matched)) } else { 0 };
            writeln!(self.out, "{line}  {matched}{:pad$}  {place}", "")?;
        }
        match &row.raw {
            Some(raw) => writeln!(self.out, "    {}", self.look.dim(raw)),
            None => Ok(()),
        }
    }

    fn totals(&mut self, report: &Report) -> io::Result<()> {
        let told = Level::ALL.into_iter().rev().filter(|level| report.findings_at(*level) > 0);
        let told: Vec<String> = told
            .map(|level| {
                let text = format!("{} {} {}", symbol(level), thousands(report.findings_at(level)), level.name());
                self.look.level(level, &text)
            })
            .collect();
        if told.is_empty() {
            writeln!(self.out, "{}", coverage::sentence(report, self.level_min))
        } else {
            writeln!(self.out, "{}", told.join("   "))
        }
    }
}

impl FindingOutput for Table {
    fn finding(&mut self, found: &Detected) -> io::Result<()> {
        let rule = &found.finding.rule;
        let key = (Reverse(rule.level), rule.title.clone(), rule.id.clone());
        let new = || Group { rule: Arc::clone(rule), count: 0, rows: Vec::new() };
        let group = self.groups.entry(key).or_insert_with(new);
        group.count += 1;
        if group.rows.len() < ROWS_MAX {
            group.rows.push(Row::of(found));
        }
        Ok(())
    }

    fn finish(&mut self, report: &Report) -> io::Result<()> {
        for group in std::mem::take(&mut self.groups).into_values() {
            self.group(&group)?;
        }
        self.totals(report)?;
        self.out.flush()
    }
}

impl Row {
    fn of(found: &Detected) -> Self {
        let finding = &found.finding;
        let time = finding.time.map(|time| time.to_string());
        // 2026-01-31T14:05:00.123456Z: to the second, in UTC.
        let time = time
            .as_deref()
            .and_then(|time| time.get(..19))
            .map_or_else(|| "no time stated    ".into(), |time| time.replace('T', " "));
        let name = |name: &Option<String>| plain(name.as_deref().unwrap_or_default()).into_owned();
        let raw = found.record.as_ref().map(|record| plain(&String::from_utf8_lossy(&record.raw)).into_owned());
        Self {
            time,
            host: name(&found.subject.host),
            user: name(&found.subject.user),
            matched: matched_once(finding).into_iter().map(shortened).collect(),
            place: format!("{}:{}", plain(&finding.source_file), finding.position),
            raw,
        }
    }
}

/// A matched field without the parts of a long value that are never shown.
fn shortened(field: &MatchedField) -> MatchedField {
    if field.value.len() <= VALUE_CHARS_MAX {
        return field.clone();
    }
    let from = field.value.floor_char_boundary(field.offset.unwrap_or(0).saturating_sub(LEAD_CHARS));
    let to = field.value.floor_char_boundary((from + VALUE_CHARS_MAX).min(field.value.len()));
    let mark = |cut| if cut { "…" } else { "" };
    let value = field.value.get(from..to).unwrap_or_default();
    let value = format!("{}{value}{}", mark(from > 0), mark(to < field.value.len()));
    MatchedField { offset: field.offset.map(|offset| offset - from + mark(from > 0).len()), value, ..field.clone() }
}

/// `field=value` of what matched, as much as fits; a value too long is cut around the place that matched.
fn matched(fields: &[MatchedField], width: usize) -> String {
    let mut line = String::new();
    for field in fields {
        let value = plain(&field.value);
        let mut text = if field.field.is_empty() { value.into_owned() } else { format!("{}={value}", field.field) };
        let left = width.saturating_sub(chars(&line) + 2);
        if !line.is_empty() && chars(&text) > left {
            break;
        }
        if chars(&text) > width {
            let place = field.field.len() + 1 + field.offset.unwrap_or(0);
            text = around(&text, field.field.len() + 1, place, width);
        }
        if !line.is_empty() {
            line.push_str("  ");
        }
        line.push_str(&text);
    }
    line
}

/// Keeps the first `head` bytes and as much around byte `place` as `width` characters allow.
fn around(text: &str, head: usize, place: usize, width: usize) -> String {
    let (head, value) = text.split_at_checked(head).unwrap_or(("", text));
    let room = width.saturating_sub(chars(head)).max(8);
    let before = value.get(..value.floor_char_boundary(place.saturating_sub(head.len()))).map_or(0, chars);
    let skip = if before + LEAD_CHARS < room { 0 } else { before.saturating_sub(LEAD_CHARS) };
    let skip = skip.min((chars(value) + 1).saturating_sub(room)); // as much as fits, to the end
    let lead = if skip > 0 { "…" } else { "" };
    let shown: String = value.chars().skip(skip).collect();
    format!("{head}{lead}{}", cut(&shown, room.saturating_sub(chars(lead))))
}

/// At most `width` characters, the last an ellipsis when something was left out.
fn cut(text: &str, width: usize) -> String {
    if chars(text) <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(std::iter::once('…')).collect()
}

/// At most `width` characters, the first an ellipsis when something was left out.
fn cut_front(text: &str, width: usize) -> String {
    let left_out = chars(text).saturating_sub(width);
    if left_out == 0 {
        return text.to_owned();
    }
    std::iter::once('…').chain(text.chars().skip(left_out + 1)).collect()
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// A level is told by word and shape, never by colour alone.
const fn symbol(level: Level) -> &'static str {
    match level {
        Level::Critical => "◆",
        Level::High => "▲",
        Level::Medium => "●",
        Level::Low => "○",
        Level::Informational => "·",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(field: &str, value: &str, offset: usize) -> MatchedField {
        MatchedField {
            field: field.into(),
            value: value.into(),
            offset: Some(offset),
            length: 0,
            pattern: String::new(),
        }
    }

    #[test]
    fn a_long_value_is_cut_around_the_place_that_matched() {
        let value = format!("{}sekurlsa::logonpasswords{}", "x".repeat(100), "y".repeat(100));
        let line = matched(&[field("CommandLine", &value, 100)], 60);
        assert_eq!(line, "CommandLine=…xxxxxxxxxxxxsekurlsa::logonpasswordsyyyyyyyyyy…");
        assert_eq!(chars(&line), 60);
    }

    #[test]
    fn a_value_whose_end_fits_is_shown_to_its_end() {
        let line = matched(&[field("File", r"C:\Windows\System32\mimilsa.log", 20)], 30);
        assert_eq!(line, r"File=…ows\System32\mimilsa.log");
        assert_eq!(cut_front("evtx/long_name.evtx:0:3", 12), "…me.evtx:0:3");
        assert_eq!(cut_front("a.evtx:0:3", 12), "a.evtx:0:3");
    }

    #[test]
    fn fields_are_shown_as_long_as_they_fit() {
        let fields = [field("Image", "a.exe", 0), field("User", "anna", 0), field("CommandLine", &"z".repeat(90), 0)];
        assert_eq!(matched(&fields, 40), "Image=a.exe  User=anna");
        assert_eq!(matched(&[field("", "keyword", 0)], 40), "keyword");
    }

    #[test]
    fn a_value_kept_for_showing_is_short_and_holds_the_match() {
        let value = format!("{}ä needle{}", "ä".repeat(900), "z".repeat(900));
        let short = shortened(&field("F", &value, 1803));
        assert!(short.value.len() <= VALUE_CHARS_MAX + 6);
        assert!(short.value.get(short.offset.unwrap()..).unwrap().starts_with("needle"), "{short:?}");
    }
}
