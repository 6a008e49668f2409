//! What was read and with which rules: nothing is left out without being counted here.

use cordon_collect::Loss;
use cordon_node::scan::Report;

use super::Context;
use super::gather::Gathered;
use super::markup::Markup;
use super::technique_names::NOTICE;
use crate::summary::correlation_news;
use crate::terminal::bytes;

/// Refused rules that are named.
const REFUSED_MAX: usize = 200;

/// Writes the section.
pub(super) fn write(page: &mut Markup, context: &Context<'_>, report: &Report, gathered: &Gathered) {
    page.html("<section id=\"scanned\"><h2>What was read</h2><div class=\"facts\">");
    figures(page, report);
    formats(page, report);
    page.html("</div>");
    anomalies(page, report);
    rules(page, context, report);
    limits(page, gathered);
    if gathered.shown() > 0 {
        page.html("<p class=\"notice\">").text(NOTICE).html("</p>");
    }
    page.html("</section>");
}

fn figure(page: &mut Markup, name: &'static str, count: u64) {
    page.html("<dt>").html(name).html("</dt><dd>").number(count).html("</dd>");
}

fn figures(page: &mut Markup, report: &Report) {
    let tally = &report.tally;
    page.html("<div><h3>Input</h3><dl class=\"figures\">");
    figure(page, "Files", tally.sources);
    figure(page, "Events", tally.events);
    page.html("<dt>Bytes, expanded</dt><dd>").text(&bytes(tally.bytes)).html("</dd>");
    let rest = [
        ("Events outside --from and --to, left out", tally.events_outside),
        ("Events without a time, kept", tally.events_undated),
        ("Matches without a time, in no correlation", report.matches_undated),
    ];
    for (name, count) in rest.into_iter().filter(|(_, count)| *count > 0) {
        figure(page, name, count);
    }
    page.html("</dl></div>");
}

fn formats(page: &mut Markup, report: &Report) {
    page.html("<div><h3>Events by format</h3><dl class=\"figures\">");
    for (format, count) in &report.tally.formats {
        page.html("<dt><code>").text(format).html("</code></dt><dd>").number(*count).html("</dd>");
    }
    let blind = report.tally.events.saturating_sub(report.events_reached);
    if blind > 0 {
        figure(page, "on log sources that no loaded rule looks at", blind);
    }
    page.html("</dl></div>");
}

fn anomalies(page: &mut Markup, report: &Report) {
    if report.tally.anomalies.is_empty() {
        return;
    }
    page.html("<h3>Anomalies in the input</h3><div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">Anomaly</th>");
    page.html("<th scope=\"col\" class=\"n\">Count</th><th scope=\"col\">What it means</th><th scope=\"col\">First at</th></tr></thead><tbody>");
    for count in report.tally.anomalies.values() {
        let (_, source, offset) = &count.first;
        page.html("<tr><th scope=\"row\"><code>").text(count.anomaly.name()).html("</code>");
        if count.loss == Loss::Input {
            page.html(" <strong class=\"lost\">not read</strong>");
        }
        page.html("</th><td class=\"n\">").number(count.count).html("</td><td>").text(count.anomaly.meaning());
        page.html("</td><td><code>").text(source);
        if let Some(offset) = offset {
            page.html(":").text(&offset.to_string());
        }
        page.html("</code></td></tr>");
    }
    page.html("</tbody></table></div>");
}

fn rules(page: &mut Markup, context: &Context<'_>, report: &Report) {
    let rules = &context.rules.facts;
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    page.html("<h3>Rules</h3><p>").number(count(rules.loaded.len())).html(" loaded, ");
    page.number(count(rules.refused.len())).html(" refused");
    let rest = [
        (rules.below_level, " left out below --level"),
        (rules.left_off, " left off by the profile"),
        (rules.repeated, " read more than once and used once"),
        (rules.replaced, " of the built-in pack replaced by installed ones of the same id"),
    ];
    for (number, words) in rest.into_iter().filter(|(number, _)| *number > 0) {
        page.html(", ").number(count(number)).html(words);
    }
    page.html(".</p>");
    if !rules.refused.is_empty() {
        page.html("<ul class=\"refused\">");
        for refusal in rules.refused.iter().take(REFUSED_MAX) {
            page.html("<li><code>")
                .text(&format!("{}:{}", refusal.path, refusal.line))
                .html("</code> ")
                .text(&refusal.reason);
            page.html("</li>");
        }
        page.html("</ul>");
    }
    let unnamed = rules.refused.len().saturating_sub(REFUSED_MAX);
    if unnamed > 0 {
        page.html("<p class=\"left-out\">and ")
            .number(count(unnamed))
            .html(" more; <code>--stats</code> names all.</p>");
    }
    let news = correlation_news(report, false);
    if !news.is_empty() {
        page.html("<h3>Correlations</h3><ul>");
        for line in &news {
            page.html("<li>").text(line).html("</li>");
        }
        page.html("</ul>");
    }
}

fn limits(page: &mut Markup, gathered: &Gathered) {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let all: u64 = gathered.rules().map(|of_rule| of_rule.count).sum();
    page.html("<h3>Limits of this report</h3><p>").number(count(gathered.shown())).html(" of ");
    page.count(all, "finding", "findings").html(" are shown in full, at most ");
    page.number(count(gathered.shown_of_rule))
        .html(" of each rule, each with at most the first 8 KiB of its record (1 KiB where it is binary). ");
    page.html("The counts and the timeline hold all. Everything, line by line: <code>cordon scan --format ndjson --with-raw</code>.</p>");
}
