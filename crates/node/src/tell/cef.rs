//! Findings in ArcSight's Common Event Format, version 0 (Micro Focus, "CEF Implementation Standard", 2021).

use std::fmt::Write as _;

use super::letter::topic_name;
use super::notice::Notice;
use super::words::{Words, of_ten};

/// One finding as a line without its end.
pub(super) fn line(notice: &Notice, words: &Words) -> String {
    let mut line = String::from("CEF:0|Cordon|Cordon|");
    let _ = write!(line, "{}|", env!("CARGO_PKG_VERSION"));
    header(&mut line, &notice.rule_id);
    header(&mut line, &notice.title);
    let _ = write!(line, "{}|", of_ten(notice.level));
    let _ =
        write!(line, "rt={} externalId={} cat={}", notice.received.as_millis(), notice.id, topic_name(notice.topic));
    if let Some(machine) = &notice.machine {
        extension(&mut line, "dvchost", &machine.name);
    }
    extension(&mut line, "cs1Label", "entity");
    extension(&mut line, "cs1", &format!("{} {}", notice.entity.kind, notice.entity.name));
    if let Some(patient) = &notice.patient_ref {
        extension(&mut line, "cs2Label", "patientRef");
        extension(&mut line, "cs2", patient);
    }
    extension(&mut line, "cs3Label", "site");
    extension(&mut line, "cs3", &notice.site);
    extension(&mut line, "cs4Label", "link");
    extension(&mut line, "cs4", &words.link(&notice.group));
    line
}

/// Backslash and bar are escaped in the header; a line end becomes a blank.
fn header(line: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '\\' | '|' => line.extend(['\\', letter]),
            letter if letter.is_control() => line.push(' '),
            letter => line.push(letter),
        }
    }
    line.push('|');
}

/// Backslash and equals sign are escaped in the extension, line ends written as `\n`.
fn extension(line: &mut String, key: &str, value: &str) {
    let _ = write!(line, " {key}=");
    for letter in value.chars() {
        match letter {
            '\\' | '=' => line.extend(['\\', letter]),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            letter if letter.is_control() => line.push(' '),
            letter => line.push(letter),
        }
    }
}
