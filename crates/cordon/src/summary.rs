//! What was read, on standard error: nothing is left out without being counted here.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use cordon_collect::Loss;
use cordon_model::{Level, LogSource, LogSourceTable, SourceSet};
use cordon_node::scan::Report;
use cordon_node::{AnomalyCount, Tally};
use cordon_rules::Engine;
use cordon_rules::correlate::Counters;

use crate::rule_set::{Facts, RuleSet};
use crate::terminal::{bytes, counted, plain, thousands};

/// Refused rules that are named without `--stats`.
const REFUSED_SHOWN_MAX: usize = 3;
/// The format whose columns a user can explain.
const TABLE_FORMAT: &str = "csv";
/// Fewest bytes whose reading says something about speed; with less most of the time is start-up and rules.
const RATE_BYTES_MIN: u64 = 10_000_000;

/// What a scan has to say at its end, beyond what was read.
pub(crate) struct ScanSummary<'a> {
    pub(crate) summary: Summary<'a>,
    pub(crate) report: &'a Report,
    pub(crate) rules: &'a RuleSet,
}

impl ScanSummary<'_> {
    /// Prints it to standard error.
    pub(crate) fn print(&self) {
        let mut text = self.summary.text();
        self.rules_line(&mut text);
        self.findings_line(&mut text);
        self.correlation_lines(&mut text);
        self.blindness(&mut text);
        let _ = io::stderr().write_all(text.as_bytes()); // standard error may be closed
    }

    fn rules_line(&self, text: &mut String) {
        let Facts { loaded, below_level, left_off, repeated, replaced, refused, .. } = &self.rules.facts;
        let loaded = counted(number(loaded.len()), "rule", "rules");
        let _ = write!(text, "{loaded} loaded, {} refused", thousands(number(refused.len())));
        let rest = [
            (*below_level, "left out below --level"),
            (*left_off, "left off by the profile"),
            (*repeated, "read more than once and used once"),
            (*replaced, "of the built-in pack replaced by installed ones of the same id"),
        ];
        for (count, words) in rest.into_iter().filter(|(count, _)| *count > 0) {
            let _ = write!(text, ", {} {words}", thousands(number(count)));
        }
        text.push('\n');
        let shown = if self.summary.detailed { refused.len() } else { REFUSED_SHOWN_MAX };
        for refusal in refused.iter().take(shown) {
            let _ = writeln!(text, "  refused {}", plain(&refusal.to_string()));
        }
        if refused.len() > shown {
            let _ = writeln!(text, "  and {} more (--stats names all)", refused.len() - shown);
        }
    }

    fn findings_line(&self, text: &mut String) {
        let levels = Level::ALL.into_iter().rev();
        let counts = levels.map(|level| format!("{} {}", thousands(self.report.findings_at(level)), level.name()));
        let _ = writeln!(text, "findings: {}", counts.collect::<Vec<String>>().join(", "));
    }

    fn correlation_lines(&self, text: &mut String) {
        for news in correlation_news(self.report, self.summary.detailed) {
            let _ = writeln!(text, "- {news}");
        }
    }

    /// Events that no rule looks at: a scan without findings must not be mistaken for a clean bill.
    fn blindness(&self, text: &mut String) {
        let tally = self.summary.tally;
        let reached = self.report.events_reached;
        if tally.events > 0 && reached == 0 {
            text.push_str("no loaded rule can fire on the log sources seen; `cordon rules install` adds rule sets, --rules DIR uses one once\n");
        } else if reached < tally.events {
            let (reached, events) = (thousands(reached), counted(tally.events, "event", "events"));
            let _ = writeln!(text, "a rule looks at the log sources of {reached} of {events}");
        }
        let has_none = |set: &SourceSet| self.summary.table.sources(*set).is_empty();
        let nameless: u64 = tally.source_sets.iter().filter(|(set, _)| has_none(set)).map(|(_, count)| *count).sum();
        if nameless > 0 && tally.formats.contains_key(TABLE_FORMAT) {
            let events = counted(nameless, "event has", "events have");
            let _ = writeln!(
                text,
                "{events} no known log source; of a table, --source-map FILE says what its columns mean"
            );
        }
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What correlations left out or gave up, in words; with `detailed` also what they took in and gave.
pub(crate) fn correlation_news(report: &Report, detailed: bool) -> Vec<String> {
    let mut news = Vec::new();
    if report.matches_undated > 0 {
        news.push(format!(
            "undated x{}: matches took no part in correlations, for their events state no time",
            thousands(report.matches_undated)
        ));
    }
    for (name, count) in report.correlation.named() {
        if count > 0 && (detailed || !matches!(name, "matches" | "fired")) {
            news.push(format!("{name} x{}: {}", thousands(count), Counters::meaning(name)));
        }
    }
    news
}

/// What a command has to say at its end.
pub(crate) struct Summary<'a> {
    pub(crate) tally: &'a Tally,
    pub(crate) table: &'a LogSourceTable,
    pub(crate) elapsed: Duration,
    /// Events by format and log source as well.
    pub(crate) detailed: bool,
    /// What the rules look at, where there are any.
    pub(crate) engine: Option<&'a Engine>,
}

impl Summary<'_> {
    /// Prints it to standard error.
    pub(crate) fn print(&self) {
        let _ = io::stderr().write_all(self.text().as_bytes()); // standard error may be closed
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let tally = self.tally;
        let (files, events) = (counted(tally.sources, "file", "files"), counted(tally.events, "event", "events"));
        let _ = write!(text, "{files}, {events}, {} in {:.1} s", bytes(tally.bytes), self.elapsed.as_secs_f64());
        if tally.bytes >= RATE_BYTES_MIN {
            let per_second = u128::from(tally.bytes) * 1000 / self.elapsed.as_millis().max(1);
            let _ = write!(text, " ({}/s)", bytes(u64::try_from(per_second).unwrap_or(u64::MAX)));
        }
        text.push('\n');
        if tally.nothing_read() {
            text.push_str("! nothing was read: no event came of the input\n");
        }
        if tally.events_outside > 0 {
            let _ =
                writeln!(text, "{} outside --from and --to left out", counted(tally.events_outside, "event", "events"));
        }
        if tally.events_undated > 0 {
            let _ = writeln!(text, "{} without a time kept", counted(tally.events_undated, "event", "events"));
        }
        tally.anomalies.values().for_each(|count| anomaly(&mut text, count));
        if self.detailed {
            self.details(&mut text);
        }
        text
    }

    fn details(&self, text: &mut String) {
        for (format, count) in &self.tally.formats {
            let _ = writeln!(text, "format {format}: {}", thousands(*count));
        }
        for (set, count) in &self.tally.source_sets {
            let names: Vec<String> = self.table.sources(*set).iter().map(log_source).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let is_blind = self.engine.is_some_and(|engine| engine.rules_on(*set) == 0);
            let blind = if is_blind { ", no rule looks at it" } else { "" };
            let _ = writeln!(text, "log source {names}: {}{blind}", thousands(*count));
        }
    }
}

/// `windows/process_creation/sysmon`, a dash for what the source does not have.
fn log_source(source: &LogSource) -> String {
    [source.product, source.category, source.service].map(|part| if part.is_empty() { "-" } else { part }).join("/")
}

fn anomaly(text: &mut String, count: &AnomalyCount) {
    let (_, source, offset) = &count.first;
    let place = offset.map_or_else(String::new, |offset| format!(":{offset}"));
    let mark = if count.loss == Loss::Input { "!" } else { "-" };
    let _ = writeln!(
        text,
        "{mark} {} x{}: {}; first at {}{place}",
        count.anomaly.name(),
        thousands(count.count),
        count.anomaly.meaning(),
        plain(source),
    );
}
