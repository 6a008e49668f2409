//! `--format table`: what people see first. The worst level first, findings grouped by rule, each with when, where, who, what matched and where it stands.
//!
//! A rule shows its earliest findings and counts the rest: the table stays readable and its memory bounded whatever the input.

mod fit;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use cordon_detect::{Detected, Subject};
use cordon_model::{Finding, FindingOrigin, Level, MatchedField, RuleCard, Time};
use cordon_node::scan::Report;

use self::fit::{chars, cut, cut_front, matched, shortened, wrapped};
use super::{FindingOutput, matched_once};
use crate::coverage;
use crate::terminal::{Look, counted, plain, thousands};

/// Findings shown of one rule: the earliest.
const ROWS_MAX: usize = 5;
/// Widest column for a host or a user.
const NAME_WIDTH_MAX: usize = 40;
/// What matched stands on the line of its finding where it has so many characters, or fewer if it needs no more.
const MATCHED_WIDTH_ENOUGH: usize = 60;
/// `2026-01-31 14:05:00`.
const TIME_CHARS: usize = 19;
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

impl Group {
    /// Keeps the earliest findings in the order of time, those without a time last; of one time the first read.
    fn take(&mut self, found: &Detected) {
        let order = |time: Option<Time>| (time.is_none(), time);
        let new = order(found.finding.time);
        let place = self.rows.partition_point(|row| order(row.at) <= new);
        if place < ROWS_MAX {
            self.rows.insert(place, Row::of(found));
            self.rows.truncate(ROWS_MAX);
        }
    }
}

struct Row {
    at: Option<Time>,
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
        let width = self.look.width_or(usize::MAX);
        let head = format!("{} {:<8}", symbol(rule.level), rule.level.name());
        let title = cut(&plain(&rule.title), width.saturating_sub(chars(&head) + 2));
        writeln!(self.out, "{}  {}", self.look.level(rule.level, &head), self.look.bold(&title))?;
        let mut about = counted(group.count, "finding", "findings");
        if !rule.author.is_empty() {
            about.push_str(&format!(" · by {}", plain(&rule.author)));
        }
        let techniques: Vec<String> = rule
            .tags
            .iter()
            .filter_map(|tag| tag.strip_prefix("attack.t"))
            .map(|number| format!("T{number}"))
            .collect();
        if !techniques.is_empty() {
            about.push_str(&format!(" · {}", plain(&techniques.join(" "))));
        }
        // a licence may demand the authors: they are never cut
        for line in wrapped(&about, width.saturating_sub(2)) {
            writeln!(self.out, "  {}", self.look.dim(line))?;
        }
        self.rows(&group.rows)?;
        let rest = group.count.saturating_sub(u64::try_from(group.rows.len()).unwrap_or(u64::MAX));
        if rest > 0 {
            let rest = counted(rest, "more finding", "more findings");
            writeln!(self.out, "  {}", self.look.dim(&format!("and {rest} (--format ndjson prints all)")))?;
        }
        writeln!(self.out)
    }

    /// One line a finding where what matched has room on it, else two.
    fn rows(&mut self, rows: &[Row]) -> io::Result<()> {
        let width = self.look.width_or(usize::MAX);
        let columns = Columns::of(rows, (width / 5).min(NAME_WIDTH_MAX), width);
        let room = width.saturating_sub(columns.head_chars() + columns.place + 4);
        let wanted = rows.iter().map(|row| chars(&matched(&row.matched, usize::MAX))).max().unwrap_or(0);
        if room < wanted.min(MATCHED_WIDTH_ENOUGH) {
            return self.two_lines(rows, width);
        }
        let lines: Vec<String> = rows.iter().map(|row| matched(&row.matched, room)).collect();
        let aligned = if self.look.is_terminal() { lines.iter().map(|line| chars(line)).max().unwrap_or(0) } else { 0 };
        for (row, line) in rows.iter().zip(lines) {
            let place = self.look.dim(&cut_front(&row.place, columns.place));
            writeln!(self.out, "{}  {line:<aligned$}  {place}", columns.head(row))?;
            self.raw(row)?;
        }
        Ok(())
    }

    /// When and who on one line, what matched below it; the place where there is room.
    fn two_lines(&mut self, rows: &[Row], width: usize) -> io::Result<()> {
        let columns = Columns::of(rows, width.saturating_sub(TIME_CHARS + 6) / 2, width);
        let place_above = columns.head_chars() + 2 + columns.place <= width;
        for row in rows {
            let place = cut_front(&row.place, columns.place);
            let place_chars = chars(&place) + 2;
            let place = format!("  {}", self.look.dim(&place));
            let (above, beside, taken) =
                if place_above { (place.as_str(), "", 4) } else { ("", place.as_str(), 4 + place_chars) };
            let head = columns.head(row);
            let head = if place_above { head.as_str() } else { head.trim_end() };
            writeln!(self.out, "{head}{above}\n    {}{beside}", matched(&row.matched, width.saturating_sub(taken)))?;
            self.raw(row)?;
        }
        Ok(())
    }

    fn raw(&mut self, row: &Row) -> io::Result<()> {
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
        group.take(found);
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

/// Widths of the columns of one rule's findings.
struct Columns {
    host: usize,
    user: usize,
    place: usize,
}

impl Columns {
    /// As wide as the findings need within the width of the terminal, names at most `name_max`.
    fn of(rows: &[Row], name_max: usize, width: usize) -> Self {
        let widest = |of: fn(&Row) -> &str| rows.iter().map(|row| chars(of(row))).max().unwrap_or(0);
        let place_max = (width / 5).saturating_mul(2).max(PLACE_WIDTH_MIN);
        Self {
            host: widest(|row| &row.host).min(name_max),
            user: widest(|row| &row.user).min(name_max),
            place: widest(|row| &row.place).min(place_max),
        }
    }

    /// `2026-01-31 14:05:00  ws1  anna`, padded; a column that no finding has something for is left out.
    fn head(&self, row: &Row) -> String {
        let mut line = format!("  {}", row.time);
        for (name, width) in [(&row.host, self.host), (&row.user, self.user)] {
            if width > 0 {
                line.push_str(&format!("  {:<width$}", cut(name, width)));
            }
        }
        line
    }

    /// Characters of the head.
    fn head_chars(&self) -> usize {
        let names = [self.host, self.user].into_iter().filter(|width| *width > 0).map(|width| width + 2);
        2 + TIME_CHARS + names.sum::<usize>()
    }
}

/// What a row says of a match: of a correlation first what was counted, then its group without what stands in the row already.
fn telling(finding: &Finding, subject: &Subject) -> Vec<MatchedField> {
    let FindingOrigin::Correlation { told, .. } = &finding.origin else {
        return matched_once(finding).into_iter().map(shortened).collect();
    };
    let said = [&subject.host, &subject.user];
    let is_new = |field: &&MatchedField| !said.iter().any(|name| name.as_ref() == Some(&field.value));
    let group = finding.matched.split_last().map_or(&[][..], |(_, group)| group);
    let counted = MatchedField { value: told.clone(), ..MatchedField::default() };
    std::iter::once(counted).chain(group.iter().filter(is_new).map(shortened)).collect()
}

impl Row {
    fn of(found: &Detected) -> Self {
        let finding = &found.finding;
        let time = finding.time.map(|time| time.to_string());
        // 2026-01-31T14:05:00.123456Z: to the second, in UTC.
        let time = time
            .as_deref()
            .and_then(|time| time.get(..TIME_CHARS))
            .map_or_else(|| "no time stated    ".into(), |time| time.replace('T', " "));
        let name = |name: &Option<String>| plain(name.as_deref().unwrap_or_default()).into_owned();
        let raw = found.record.as_ref().map(|record| plain(&String::from_utf8_lossy(&record.raw)).into_owned());
        Self {
            at: finding.time,
            time,
            host: name(&found.subject.host),
            user: name(&found.subject.user),
            matched: telling(finding, &found.subject),
            place: format!("{}:{}", plain(&finding.source_file), finding.position),
            raw,
        }
    }
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
mod tests;
