//! A record's accesses as lines, as CSV and as a page to print.

use cordon_privacy::{Disclosure, Record, RecordAccess};

use crate::terminal::{counted_of, plain, without_controls};

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
    let mut out = format!("Record of {}: {}\n", whose(record), counts(record));
    for access in &record.accesses {
        let what = what(access);
        let who = format!("{}  {} ({}, {}) {what}", access.time, access.user, access.role, access.department);
        out.push_str(&format!("{}\n", plain(&who)));
        let proof: Vec<String> = access.proof.iter().map(ToString::to_string).collect();
        let proof =
            if proof.is_empty() { String::new() } else { format!("  [{}: {}]", access.explanation, proof.join(", ")) };
        out.push_str(&format!("    {}{proof}\n", access.words));
    }
    for silence in silences(record) {
        out.push_str(&format!("{silence}\n"));
    }
    without_controls(&out).into_owned()
}

/// `patient 1`, `patient 1, 2 (ids of one person)`.
fn whose(record: &Record) -> String {
    let more = if record.patients.len() > 1 { " (ids of one person)" } else { "" };
    format!("patient {}{more}", record.patients.join(", "))
}

/// How many accesses there are, and how many of them have no reason.
fn counts(record: &Record) -> String {
    let all = counted_of(record.accesses.len(), "access", "accesses");
    let bare = record.accesses.iter().filter(|access| access.explanation.is_empty()).count();
    if bare == 0 { all } else { format!("{all}, {bare} of them without a reason in the data") }
}

/// What was done to which part of the record, and how.
fn what(access: &RecordAccess) -> String {
    let section = if access.section.is_empty() { String::new() } else { format!(" \"{}\"", access.section) };
    let object = if access.object.is_empty() { String::new() } else { format!(": {}", access.object) };
    let purpose = if access.purpose.is_empty() { String::new() } else { format!(", for {}", access.purpose) };
    let glass = if access.break_glass { ", break-glass" } else { "" };
    format!("{}{section}{object}{purpose}{glass}", access.action)
}

/// The disclosures as lines for people.
pub(super) fn disclosure_lines(disclosures: &[Disclosure]) -> String {
    let mut out = format!("{} to account for\n", counted_of(disclosures.len(), "disclosure", "disclosures"));
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
    without_controls(&out).into_owned()
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
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

/// The accesses as a page to print.
pub(super) fn access_page(record: &Record) -> String {
    let mut page = begun("Who opened this record");
    page.push_str(&format!("<p>Record of {}: {}.{}</p>\n", escaped(&whose(record)), counts(record), period(record)));
    page.push_str(&silent(record));
    let rows = record.accesses.iter().map(|access| {
        let proof: Vec<String> = access.proof.iter().map(ToString::to_string).collect();
        let who = format!("{}, {}", access.role, access.department);
        let (what, place) = (what(access), format!("{} {}", access.workstation, access.application));
        let cells = [access.time.replace('T', " "), access.user.clone(), who, what, place, access.words.clone()];
        let proof = [access.explanation.as_str(), &proof.join(", ")].join(" ");
        (access.explanation.is_empty(), cells.into_iter().chain([proof]).collect())
    });
    let heads = ["When", "User", "Role, department", "What", "Where", "Reason", "Proof"];
    page.push_str(&table(&heads, rows));
    page.push_str("<p>\"No reason found in the data\" says what the data hold, not what somebody did.</p>\n");
    page.push_str("</body></html>\n");
    page
}

/// The disclosures as a page to print.
pub(super) fn disclosure_page(record: &Record, disclosures: &[Disclosure]) -> String {
    let mut page = begun("Accounting of disclosures");
    let count = counted_of(disclosures.len(), "disclosure", "disclosures");
    page.push_str(&format!("<p>Record of {}: {count} to account for (45 CFR 164.528).</p>\n", escaped(&whose(record))));
    page.push_str(&silent(record));
    if !disclosures.is_empty() {
        let cells = disclosure_cells(disclosures);
        let rows = cells.into_iter().map(|row| (false, row));
        page.push_str(&table(&["First", "Last", "Times", "Recipient", "What", "Purpose", "Rows"], rows));
    }
    page.push_str("</body></html>\n");
    page
}

/// The head of a page: no script, nothing from elsewhere, whatever the cells hold.
fn begun(title: &str) -> String {
    const STYLE: &str = "body{font:12px/1.4 sans-serif;margin:2em}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;\
        padding:.25em .5em;border-bottom:1px solid #bbb;overflow-wrap:break-word}td:last-child{color:#444;font-size:90%}tr.bare{font-weight:bold}\
        thead{display:table-header-group}tr{break-inside:avoid}@page{size:landscape;margin:12mm}";
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"referrer\" content=\"no-referrer\"><title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n"
    )
}

/// From when until when accesses are.
fn period(record: &Record) -> String {
    match (record.accesses.first(), record.accesses.last()) {
        (Some(first), Some(last)) => format!(" From {} until {}.", first.time, last.time),
        _ => String::new(),
    }
}

fn silent(record: &Record) -> String {
    silences(record).iter().map(|silence| format!("<p><strong>{}</strong></p>\n", escaped(silence))).collect()
}

/// Rows of cells; those that stand out are bold.
fn table(heads: &[&str], rows: impl Iterator<Item = (bool, Vec<String>)>) -> String {
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    let mut out = format!("<table><thead><tr>{heads}</tr></thead><tbody>\n");
    for (bare, row) in rows {
        let cells: String = row.iter().map(|cell| format!("<td>{}</td>", escaped(cell.trim()))).collect();
        out.push_str(&format!("<tr{}>{cells}</tr>\n", if bare { " class=\"bare\"" } else { "" }));
    }
    out.push_str("</tbody></table>\n");
    out
}

fn escaped(text: &str) -> String {
    plain(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
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
