//! What was read, on standard error: nothing is left out without being counted here.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use cordon_collect::Loss;
use cordon_model::{Level, LogSource, LogSourceTable};
use cordon_node::scan::Report;
use cordon_node::{AnomalyCount, Tally};

use crate::rule_set::RuleSet;
use crate::terminal::{bytes, plain, thousands};

/// Refused rules that are named without `--stats`.
const REFUSED_SHOWN_MAX: usize = 3;

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
        let RuleSet { loaded, below_level, refused, .. } = self.rules;
        let _ = write!(text, "{} rules loaded, {} refused", thousands_of(loaded.len()), thousands_of(refused.len()));
        if *below_level > 0 {
            let _ = write!(text, ", {} left out below --level", thousands_of(*below_level));
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
        if self.report.matches_undated > 0 {
            let count = thousands(self.report.matches_undated);
            let _ = writeln!(text, "{count} matches took no part in correlations: their events state no time");
        }
        for (name, count) in self.report.correlation.named() {
            let is_news = !matches!(name, "matches" | "fired") || self.summary.detailed;
            if count > 0 && is_news {
                let _ = writeln!(text, "correlation {name}: {}", thousands(count));
            }
        }
    }

    /// Events that no rule looks at: a scan without findings must not be mistaken for a clean bill.
    fn blindness(&self, text: &mut String) {
        let tally = self.summary.tally;
        let engine = self.rules.detector.engine();
        let sets = tally.source_sets.iter();
        let reached: u64 = sets.filter(|(set, _)| engine.rules_on(**set) > 0).map(|(_, count)| *count).sum();
        if tally.events > 0 && reached == 0 {
            text.push_str("no loaded rule can fire on the log sources seen; `cordon rules install` adds rule sets, --rules DIR uses one once\n");
        } else if reached < tally.events {
            let (reached, events) = (thousands(reached), thousands(tally.events));
            let _ = writeln!(text, "{reached} of {events} events have a log source that a rule looks at");
        }
    }
}

fn thousands_of(count: usize) -> String {
    thousands(u64::try_from(count).unwrap_or(u64::MAX))
}

/// What a command has to say at its end.
pub(crate) struct Summary<'a> {
    pub(crate) tally: &'a Tally,
    pub(crate) table: &'a LogSourceTable,
    pub(crate) elapsed: Duration,
    /// Events by format and log source as well.
    pub(crate) detailed: bool,
}

impl Summary<'_> {
    /// Prints it to standard error.
    pub(crate) fn print(&self) {
        let _ = io::stderr().write_all(self.text().as_bytes()); // standard error may be closed
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let tally = self.tally;
        let per_second = u128::from(tally.bytes) * 1000 / self.elapsed.as_millis().max(1);
        let _ = writeln!(
            text,
            "{} files, {} events, {} in {:.1} s ({}/s)",
            thousands(tally.sources),
            thousands(tally.events),
            bytes(tally.bytes),
            self.elapsed.as_secs_f64(),
            bytes(u64::try_from(per_second).unwrap_or(u64::MAX)),
        );
        if tally.events_outside > 0 {
            let _ = writeln!(text, "{} events outside --from and --to left out", thousands(tally.events_outside));
        }
        if tally.events_undated > 0 {
            let _ = writeln!(text, "{} events state no time and were kept", thousands(tally.events_undated));
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
            let _ = writeln!(text, "log source {names}: {}", thousands(*count));
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
