//! What a scan without findings is worth: whether anything was read, and whether some rule could have fired. "No findings." is said only then.

use cordon_model::Level;
use cordon_node::scan::Report;

use crate::terminal::{counted, thousands};

/// One sentence about a scan without findings. `level_min` is the lowest level that was asked for.
pub(crate) fn sentence(report: &Report, level_min: Level) -> String {
    let tally = &report.tally;
    let events = |count| counted(count, "event", "events");
    if tally.nothing_read() {
        return format!("Nothing was read: no event in {}.", counted(tally.sources, "file", "files"));
    }
    if tally.events_outside == tally.events {
        let all = events(tally.events);
        return format!("No event was looked at: {all} read, none of them between --from and --to.");
    }
    if report.events_reached == 0 {
        return format!("No rule looks at the log sources of the {} read.", events(tally.events));
    }
    let mut words = "No findings".to_owned();
    if level_min > Level::Informational {
        words.push_str(&format!(" at level {} or above", level_min.name()));
    }
    if report.events_reached < tally.events {
        words.push_str(&format!(
            " in the {} of {} that a rule looks at",
            thousands(report.events_reached),
            events(tally.events)
        ));
    }
    words.push('.');
    words
}

#[cfg(test)]
mod tests {
    use cordon_node::Tally;

    use super::*;

    fn check((sources, events, outside, reached): (u64, u64, u64, u64), level_min: Level, expect: &str) {
        let tally = Tally { sources, events, events_outside: outside, ..Tally::default() };
        let report = Report { tally, events_reached: reached, ..Report::default() };
        assert_eq!(sentence(&report, level_min), expect);
    }

    #[test]
    fn no_findings_is_said_only_where_something_was_looked_at() {
        let any = Level::Informational;
        check((0, 0, 0, 0), any, "Nothing was read: no event in 0 files.");
        check((1, 0, 0, 0), any, "Nothing was read: no event in 1 file.");
        check((1, 7, 7, 7), any, "No event was looked at: 7 events read, none of them between --from and --to.");
        check((1, 1, 0, 0), any, "No rule looks at the log sources of the 1 event read.");
        check((1, 9, 2, 9), any, "No findings.");
        check((1, 9_000, 0, 4_000), any, "No findings in the 4,000 of 9,000 events that a rule looks at.");
        check((1, 9, 0, 9), Level::High, "No findings at level high or above.");
    }
}
