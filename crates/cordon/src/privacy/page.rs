//! A record's accesses as lines, as CSV and as a page to print.

use cordon_privacy::{Disclosure, Record};

/// Columns of accesses.
pub(super) const ACCESS_COLUMNS: &[&str] = &[
    "time",
    "user",
    "role",
    "department",
    "action",
    "section",
    "object",
    "purpose",
    "break_glass",
    "workstation",
    "application",
    "reason",
    "explanation",
    "proof",
];
/// Columns of disclosures, in the order of 45 CFR 164.528.
pub(super) const DISCLOSURE_COLUMNS: &[&str] = &["first", "last", "times", "recipient", "what", "purpose", "rows"];

/// The accesses as cells.
pub(super) fn access_cells(record: &Record) -> Vec<Vec<String>> {
    let cells = record.accesses.iter().map(|access| {
        let proof: Vec<String> = access.proof.iter().map(ToString::to_string).collect();
        vec![
            access.time.clone(),
            access.user.clone(),
            access.role.clone(),
            access.department.clone(),
            access.action.to_owned(),
            access.section.clone(),
            access.object.clone(),
            access.purpose.clone(),
            if access.break_glass { "yes" } else { "" }.to_owned(),
            access.workstation.clone(),
            access.application.clone(),
            access.words.clone(),
            access.explanation.clone(),
            proof.join(";"),
        ]
    });
    cells.collect()
}

/// The disclosures as cells.
pub(super) fn disclosure_cells(disclosures: &[Disclosure]) -> Vec<Vec<String>> {
    let cells = disclosures.iter().map(|disclosure| {
        let rows: Vec<String> = disclosure.rows.iter().map(ToString::to_string).collect();
        let last = if disclosure.count > 1 { disclosure.last.clone() } else { String::new() };
        vec![
            disclosure.first.clone(),
            last,
            disclosure.count.to_string(),
            disclosure.recipient.clone(),
            disclosure.what.clone(),
            disclosure.purpose.clone(),
            rows.join(";"),
        ]
    });
    cells.collect()
}

/// The accesses as lines for people.
pub(super) fn lines(record: &Record) -> String {
    let mut out = format!("Record of patient {}: {} accesses\n", record.patients.join(", "), record.accesses.len());
    for access in &record.accesses {
        let glass = if access.break_glass { ", break-glass" } else { "" };
        let section = if access.section.is_empty() { String::new() } else { format!(" \"{}\"", access.section) };
        out.push_str(&format!(
            "{}  {} ({}, {}) {}{section}{glass}\n",
            access.time, access.user, access.role, access.department, access.action
        ));
        let proof: Vec<String> = access.proof.iter().map(ToString::to_string).collect();
        let proof =
            if proof.is_empty() { String::new() } else { format!("  [{}: {}]", access.explanation, proof.join(", ")) };
        out.push_str(&format!("    {}{proof}\n", access.words));
    }
    for silence in silences(record) {
        out.push_str(&format!("{silence}\n"));
    }
    out
}

/// The disclosures as lines for people.
pub(super) fn disclosure_lines(disclosures: &[Disclosure]) -> String {
    let mut out = format!("{} disclosures to account for\n", disclosures.len());
    for disclosure in disclosures {
        let times = if disclosure.count > 1 {
            format!(" ({} times, last {})", disclosure.count, disclosure.last)
        } else {
            String::new()
        };
        let (what, purpose) = (known(&disclosure.what), known(&disclosure.purpose));
        out.push_str(&format!(
            "{}{times}  to {}: {what}, for {purpose}\n",
            disclosure.first,
            known(&disclosure.recipient)
        ));
    }
    out
}

fn known(text: &str) -> &str {
    if text.is_empty() { "not stated" } else { text }
}

fn silences(record: &Record) -> Vec<String> {
    let instant = |at| jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.to_string());
    let told = record.silences.iter().map(|silence| {
        format!(
            "From {} until {} {} did not come in full: reasons may be missing for it.",
            instant(silence.from),
            instant(silence.until),
            silence.feed.words()
        )
    });
    told.collect()
}

/// Cells as CSV. A cell that a spreadsheet would take for a formula begins with an apostrophe.
pub(super) fn csv(columns: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = format!("{}\n", columns.join(","));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| csv_cell(cell)).collect();
        out.push_str(&cells.join(","));
        out.push('\n');
    }
    out
}

fn csv_cell(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

/// A page to print: no script, nothing from elsewhere.
pub(super) fn html(title: &str, record: &Record, columns: &[&str], rows: &[Vec<String>]) -> String {
    const STYLE: &str = "body{font:12px/1.4 sans-serif;margin:2em}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;\
        padding:.25em .5em;border-bottom:1px solid #bbb;overflow-wrap:anywhere}thead{display:table-header-group}tr{break-inside:avoid}@page{size:landscape;margin:12mm}";
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style>\n<h1>{title}</h1>\n"
    );
    out.push_str(&format!("<p>Patient {}. {} rows.</p>\n", escaped(&record.patients.join(", ")), rows.len()));
    for silence in silences(record) {
        out.push_str(&format!("<p><strong>{}</strong></p>\n", escaped(&silence)));
    }
    let heads: String = columns.iter().map(|column| format!("<th>{}</th>", column.replace('_', " "))).collect();
    out.push_str(&format!("<table><thead><tr>{heads}</tr></thead><tbody>\n"));
    for row in rows {
        let cells: String = row.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
        out.push_str(&format!("<tr>{cells}</tr>\n"));
    }
    out.push_str("</tbody></table>\n<p>\"No reason found in the data\" says what the data hold, not what somebody did.</p>\n</html>\n");
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cannot_become_formulas_or_markup() {
        assert_eq!(csv(&["a"], &[vec!["=1+1, \"x\"".to_owned()]]), "a\n\"'=1+1, \"\"x\"\"\"\n");
        assert_eq!(escaped("<b>&\""), "&lt;b&gt;&amp;&quot;");
    }
}
