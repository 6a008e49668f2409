//! A case as one page to be printed: nothing in it comes from elsewhere, nothing in it runs.

use super::body::{FactorBody, FactorWord, IncidentBody, RequestBody, StateWord, ToldBody, VerdictWord};

const STYLE: &str = "body{font:11pt/1.45 serif;max-width:46em;margin:2em auto;padding:0 1em}h1{font-size:1.4em}h2{font-size:1.1em;margin-top:1.6em}\
table{border-collapse:collapse;width:100%;font-size:.85em}th,td{border:1px solid #999;padding:.2em .4em;text-align:left;vertical-align:top}\
.proof,.small{color:#555;font-size:.85em;overflow-wrap:anywhere}tr,li{break-inside:avoid}";

/// What is said of every case.
const CAVEAT: &str = "This file lists accesses for which no reason was found in the data that the node has. A reason may exist that no system recorded. It accuses nobody.";

pub(super) fn page(case: &IncidentBody) -> String {
    let mut page = Page(String::with_capacity(16_384));
    let (title, user, state, score) = case.summary.head();
    page.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Case ");
    page.text(case.id());
    page.raw("</title><style>");
    page.raw(STYLE);
    page.raw("</style></head><body><h1>");
    page.text(title);
    page.raw("</h1>");
    page.line(CAVEAT);
    let user = if user.is_empty() { "not shown" } else { user };
    let scenarios = case.summary.scenarios().join(", ");
    page.line(&format!("Case {}. Person: {user}. Scenarios: {scenarios}. Score: {score:.3} of 1.", case.id()));
    let verdict = case.summary.verdict().map_or("none yet", verdict_words);
    page.line(&format!("State: {}. Verdict: {verdict}.", state_words(state)));
    for reason in [&case.verdict_reason, &case.withdrawn_reason].into_iter().flatten() {
        page.line(reason);
    }
    for deadline in &case.deadlines {
        page.line(&format!("{}: {}", deadline.name, deadline.due.0));
    }
    page.told("What speaks for it", &case.sentences);
    page.told("What speaks against it", &case.counter_evidence);
    accesses(&mut page, case);
    people(&mut page, case);
    custody(&mut page, case);
    page.raw("</body></html>\n");
    page.0
}

fn accesses(page: &mut Page, case: &IncidentBody) {
    page.heading("Accesses");
    page.table(
        &["Time", "Record", "Done", "Part", "Source", "Workstation", "Emergency", "Reasons in the data"],
        case.timeline.iter().map(|access| {
            let reasons = access.explanation.join(", ");
            vec![
                access.time.0.to_string(),
                access.patient_ref.clone(),
                access.action.clone(),
                access.section.clone(),
                access.source.clone(),
                access.workstation.clone(),
                if access.break_glass { "yes" } else { "" }.to_owned(),
                if reasons.is_empty() { "none found".to_owned() } else { reasons },
            ]
        }),
    );
    page.heading("Parts of the score (nats)");
    page.table(&["Part", "Adds"], case.parts.iter().map(|part| vec![part.name.clone(), format!("{:+.3}", part.nats)]));
}

fn people(page: &mut Page, case: &IncidentBody) {
    page.heading("Requests for a reason");
    page.table(&["To", "State", "Text", "Reply"], case.requests.iter().map(request));
    if let Some(assessment) = &case.assessment {
        page.heading("Four-factor assessment (45 CFR 164.402)");
        let row = |name: &str, factor: &FactorBody| {
            vec![name.to_owned(), level_words(factor.level).to_owned(), factor.words.clone()]
        };
        let rows = [
            row("Nature and extent", &assessment.nature),
            row("Recipient", &assessment.recipient),
            row("Acquired or viewed", &assessment.acquired),
            row("Mitigation", &assessment.mitigation),
        ];
        page.table(&["Factor", "Level", "Why"], rows.into_iter());
        page.line(&format!("Conclusion: {:?}, by {} at {}", assessment.conclusion, assessment.by, assessment.at.0));
    }
    page.heading("Tasks");
    page.table(
        &["Task", "Due", "Done", "By"],
        case.tasks.iter().map(|task| {
            let due = task.due.map_or_else(String::new, |due| due.0.to_string());
            vec![task.title.clone(), due, if task.done { "yes" } else { "no" }.to_owned(), task.by.clone()]
        }),
    );
    page.heading("Comments");
    page.table(
        &["Time", "By", "Text"],
        case.comments.iter().map(|said| vec![said.at.0.to_string(), said.by.clone(), said.text.clone()]),
    );
}

fn request(request: &RequestBody) -> Vec<String> {
    let reply = request.reply.as_ref().map_or_else(String::new, |reply| {
        let what = if reply.is_correction { "Correction" } else { "Reply" };
        format!("{what}, {}: {}", reply.at.0, reply.text)
    });
    vec![format!("{:?}", request.to), format!("{:?}", request.state), request.text.clone(), reply]
}

fn custody(page: &mut Page, case: &IncidentBody) {
    page.heading("Custody");
    page.line("Every entry is chained to the one before by its hash.");
    page.table(
        &["Time", "By", "Deed", "What", "Hash"],
        case.custody.iter().map(|entry| {
            let start = entry.hash.get(..16).unwrap_or_default();
            vec![entry.at.0.to_string(), entry.by.clone(), entry.deed.clone(), entry.words.clone(), start.to_owned()]
        }),
    );
}

const fn state_words(state: StateWord) -> &'static str {
    match state {
        StateWord::New => "new",
        StateWord::Triage => "being looked at",
        StateWord::Asked => "a reason was asked for",
        StateWord::Answered => "a reply has come",
        StateWord::Decided => "decided",
        StateWord::Closed => "closed",
        StateWord::Withdrawn => "withdrawn",
    }
}

const fn verdict_words(verdict: VerdictWord) -> &'static str {
    match verdict {
        VerdictWord::Appropriate => "appropriate",
        VerdictWord::PolicyViolation => "a rule of the hospital was broken",
        VerdictWord::Breach => "breach",
        VerdictWord::Unfounded => "unfounded",
    }
}

const fn level_words(level: FactorWord) -> &'static str {
    match level {
        FactorWord::Low => "low",
        FactorWord::Medium => "medium",
        FactorWord::High => "high",
    }
}

/// A page under construction. Only [`Page::raw`] writes what is not escaped.
struct Page(String);

impl Page {
    fn raw(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    fn text(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
    }

    fn line(&mut self, text: &str) {
        self.raw("<p>");
        self.text(text);
        self.raw("</p>");
    }

    fn heading(&mut self, text: &str) {
        self.raw("<h2>");
        self.text(text);
        self.raw("</h2>");
    }

    fn told(&mut self, heading: &str, sentences: &[ToldBody]) {
        self.heading(heading);
        if sentences.is_empty() {
            return self.line("Nothing was found.");
        }
        self.raw("<ul>");
        for told in sentences {
            self.raw("<li>");
            self.text(&told.text);
            self.raw(" <span class=\"proof\">");
            self.text(&told.proof.join("; "));
            self.raw("</span></li>");
        }
        self.raw("</ul>");
    }

    fn table(&mut self, names: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        self.raw("<table><tr>");
        for name in names {
            self.raw("<th>");
            self.text(name);
            self.raw("</th>");
        }
        self.raw("</tr>");
        for row in rows {
            self.raw("<tr>");
            for cell in row {
                self.raw("<td>");
                self.text(&cell);
                self.raw("</td>");
            }
            self.raw("</tr>");
        }
        self.raw("</table>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_case_becomes_markup() {
        let mut page = Page(String::new());
        page.line("<img src=x onerror='a()'> & \"b\"");
        assert_eq!(page.0, "<p>&lt;img src=x onerror=&#39;a()&#39;&gt; &amp; &quot;b&quot;</p>");
    }
}
