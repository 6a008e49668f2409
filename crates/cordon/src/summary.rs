//! What was read, on standard error: nothing is left out without being counted here.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use cordon_collect::Loss;
use cordon_model::{LogSource, LogSourceTable};
use cordon_node::{AnomalyCount, Tally};

use crate::terminal::{bytes, plain, thousands};

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
