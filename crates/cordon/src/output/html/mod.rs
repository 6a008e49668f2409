//! `--format html`: one file that a person can read without a network, without script and on paper.
//!
//! Findings come in, are counted and partly kept (`gather`), and at the end a page is written by plain functions: what was found in one sentence, when,
//! the findings by tactic and technique, by host and by user, and what was read. All foreign text passes `markup`. The page allows itself nothing from
//! outside: its policy forbids every request and every style and script but its own two, which are named by their hashes.

mod attack;
mod findings;
mod gather;
mod markup;
mod moment;
mod record;
mod same_names;
mod scanned;
mod subjects;
mod technique_names;
#[cfg(test)]
mod tests;
mod timeline;

use std::io::{self, Write};

use base64::Engine as _;
use cordon_detect::Detected;
use cordon_model::Level;
use cordon_node::scan::Report;
use cordon_seal::digest;

use self::findings::Whole;
use self::gather::Gathered;
use self::markup::Markup;
use super::{FindingOutput, json};
use crate::coverage;
use crate::rule_set::RuleSet;
use crate::terminal::{bytes, thousands};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");
const HEAD: &str = include_str!("head.html");
const FILTER: &str = include_str!("filter.html");

/// What the report says beside findings.
pub(crate) struct Context<'r> {
    /// The PATHs as given.
    pub(crate) paths: Vec<String>,
    pub(crate) rules: &'r RuleSet,
    pub(crate) is_masked: bool,
    /// The lowest level that was asked for.
    pub(crate) level_min: Level,
}

/// Gathers findings and writes the page at the end.
pub(crate) struct Html<'r> {
    out: Box<dyn Write>,
    context: Context<'r>,
    gathered: Gathered,
}

impl<'r> Html<'r> {
    pub(crate) fn new(out: Box<dyn Write>, context: Context<'r>) -> Self {
        Self { out, context, gathered: Gathered::default() }
    }
}

impl FindingOutput for Html<'_> {
    fn finding(&mut self, found: &Detected) -> io::Result<()> {
        self.gathered.add(found);
        Ok(())
    }

    fn finish(&mut self, report: &Report) -> io::Result<()> {
        self.gathered.sort();
        let Self { out, context, gathered } = self;
        let mut page = Markup::default();
        let mut whole = Whole::of(gathered);
        head(&mut page);
        contents(&mut page, gathered);
        page.html("<main>");
        overview(&mut page, context, report, gathered, &whole);
        if gathered.timeline.range().is_some() {
            page.html("<section id=\"timeline\"><h2>When</h2>");
            gathered.timeline.write(&mut page);
            page.html("</section>");
        }
        if gathered.shown() > 0 {
            page.html("<section id=\"findings\"><h2>Findings</h2>").html(FILTER);
            for (tactic, techniques) in &gathered.tactics {
                findings::tactic(&mut page, tactic, techniques.iter(), &mut whole);
                out.write_all(page.take().as_bytes())?;
            }
            page.html("</section>");
            subjects::lists(&mut page, gathered, &whole);
        }
        scanned::write(&mut page, context, report, gathered);
        page.html("</main>");
        data(&mut page, gathered);
        page.html("<script>").html(SCRIPT).html("</script>\n</body></html>\n");
        out.write_all(page.take().as_bytes())?;
        out.flush()
    }
}

/// The policy first: nothing before it may load anything.
fn head(page: &mut Markup) {
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(digest(text.as_bytes()).0);
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    page.html("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\"");
    page.attr("content", &policy).html(">\n").html(HEAD).html("<style>").html(STYLE).html("</style></head>\n<body>");
}

/// Links within the page, beside it where there is room.
fn contents(page: &mut Markup, gathered: &Gathered) {
    page.html("<a class=\"skip\" href=\"#top\">To the report</a><nav aria-label=\"Contents\"><p class=\"brand\">Cordon</p><ul>");
    page.html("<li><a href=\"#top\">Overview</a></li>");
    if gathered.timeline.range().is_some() {
        page.html("<li><a href=\"#timeline\">When</a></li>");
    }
    if gathered.shown() > 0 {
        page.html("<li><a href=\"#findings\">Findings</a><ul>");
        for (tactic, techniques) in &gathered.tactics {
            let count: u64 = techniques.values().flat_map(|rules| rules.values()).map(|of_rule| of_rule.count).sum();
            page.html("<li><a").attr("href", &format!("#{}", tactic.anchor())).html(">").text(&tactic.title());
            page.html(" <span class=\"n\">").number(count).html("</span></a></li>");
        }
        page.html("</ul></li><li><a href=\"#hosts\">By host</a></li><li><a href=\"#users\">By user</a></li>");
    }
    page.html("<li><a href=\"#scanned\">What was read</a></li></ul></nav>\n");
}

fn overview(page: &mut Markup, context: &Context<'_>, report: &Report, gathered: &Gathered, whole: &Whole) {
    page.html("<header id=\"top\"><p class=\"kind\">Scan report</p><h1>")
        .text(&sentence(report, context.level_min, gathered, whole))
        .html("</h1>");
    if report.tally.nothing_read() {
        page.html("<p class=\"warning\" role=\"note\"><strong>Nothing was looked at.</strong> ");
        page.html("This report says nothing about the systems whose logs these should be.</p>");
    }
    if report.tally.input_lost() {
        page.html("<p class=\"warning\" role=\"note\"><strong>Some of the input could not be read.</strong> ");
        page.html("<a href=\"#scanned\">What was read</a> names it.</p>");
    }
    if gathered.timeline.range().is_some() || gathered.timeline.undated > 0 {
        page.html("<p class=\"totals\">").levels(report.findings).html("</p>");
    }
    page.html("<dl class=\"key\"><div><dt>Scanned</dt><dd><code>")
        .text(&context.paths.join(" "))
        .html("</code></dd></div>");
    page.html("<div><dt>Read</dt><dd>").count(report.tally.events, "event", "events").html(" in ");
    page.count(report.tally.sources, "file", "files").html(", ").text(&bytes(report.tally.bytes)).html("</dd></div>");
    if let Some((first, last)) = report.tally.times {
        page.html("<div><dt>Events</dt><dd>").text(&moment::between(first, last)).html("</dd></div>");
    }
    let rules = context.rules;
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    page.html("<div><dt>Rules</dt><dd>").number(count(rules.facts.loaded.len())).html(" loaded, ");
    page.number(count(rules.facts.refused.len())).html(" refused</dd></div>");
    let patients = if context.is_masked { "masked" } else { "not masked: this file can hold patient data" };
    page.html("<div><dt>Patients</dt><dd>").html(patients).html("</dd></div></dl></header>");
}

/// What was found, in one sentence.
fn sentence(report: &Report, level_min: Level, gathered: &Gathered, whole: &Whole) -> String {
    let present: Vec<Level> = Level::ALL.into_iter().rev().filter(|level| report.findings_at(*level) > 0).collect();
    let Some(worst) = present.first().copied() else {
        return coverage::sentence(report, level_min).trim_end_matches('.').to_owned();
    };
    let told = present.iter().take(2);
    let told: Vec<String> =
        told.map(|level| format!("{} {}", thousands(report.findings_at(*level)), level.name())).collect();
    let lowest = present.get(1).copied().unwrap_or(worst);
    let total: u64 = present.iter().take(2).map(|level| report.findings_at(*level)).sum();
    let mut sentence = format!("{} {}", told.join(" and "), if total == 1 { "finding" } else { "findings" });
    match subjects::hosts_from(&whole.hosts, lowest) {
        0 => {}
        1 => sentence.push_str(" on 1 host"),
        hosts => sentence.push_str(&format!(" on {hosts} hosts")),
    }
    if let Some((first, last)) = gathered.timeline.range_from(lowest) {
        sentence.push_str(&format!(", {}", moment::between(first, last)));
    }
    sentence
}

/// What the script filters by, for any other reader of the file as well: findings shown in full, and the scale of the timeline in microseconds.
fn data(page: &mut Markup, gathered: &Gathered) {
    let (start, width, count) = gathered.timeline.scale();
    let mut text = Vec::new();
    json::display(
        &mut text,
        format_args!("{{\"timeline\":{{\"start\":{start},\"width\":{width},\"count\":{count}}},\"findings\":"),
    );
    let shown = gathered.rules().flat_map(|of_rule| of_rule.shown.iter());
    json::list(&mut text, shown, |out, shown| {
        json::raw(out, "{\"finding_id\":\"");
        json::display(out, shown.finding.finding_id);
        json::raw(out, "\"");
        json::member(out, "level", shown.finding.rule.level.name());
        json::member(out, "rule_title", &shown.finding.rule.title);
        match shown.finding.time {
            Some(time) => json::display(out, format_args!(",\"time\":{}}}", time.0)),
            None => json::raw(out, ",\"time\":null}"),
        }
    });
    json::raw(&mut text, "}");
    page.html("<script type=\"application/json\" id=\"data\">")
        .json(&String::from_utf8_lossy(&text))
        .html("</script>\n");
}
