//! The findings of the report: tactic, technique, rule, and each finding with what matched and its original record.

use std::collections::BTreeSet;

use cordon_detect::EventOf;
use cordon_model::{FindingId, FindingOrigin, Level, MatchedField, RuleCard, Time};

use super::attack::Tactic;
use super::gather::{Gathered, OfRule, Shown, Technique};
use super::markup::Markup;
use super::moment::{CLOCK, DAY_CLOCK, shown};
use super::record::Original;
use super::same_names::{SameNames, bare_host, bare_user};
use super::technique_names::TechniqueNames;
use super::timeline::add_level;

/// Names of hosts on the line of a technique.
const HOSTS_ON_LINE_MAX: usize = 3;
/// Bytes shown before the match on the line of a finding.
const LEAD_BYTES: usize = 28;
/// Bytes of records in the whole report; beyond, findings are shown without.
const RECORDS_BYTES_MAX: usize = 48 << 20;

/// What the sections need to know of the whole.
pub(super) struct Whole {
    /// All findings are of one day: clocks are enough.
    pub(super) one_day: bool,
    /// Ids of events that have a finding in full, to point to.
    known: BTreeSet<(String, String)>,
    records_bytes: usize,
    /// The finding that stands open: the first of the worst.
    open: Option<FindingId>,
    pub(super) hosts: SameNames,
    pub(super) users: SameNames,
    techniques: TechniqueNames,
}

impl Whole {
    pub(super) fn of(gathered: &Gathered) -> Self {
        let one_day = gathered.timeline.range().is_none_or(|(first, last)| shown(first, "%F") == shown(last, "%F"));
        let all = gathered.rules().flat_map(|of_rule| &of_rule.shown).filter(|shown| shown.events.is_empty());
        let ids = all.filter_map(|shown| {
            Some((shown.finding.event_ids.first()?.to_string(), shown.finding.finding_id.to_string()))
        });
        let worst = gathered
            .rules()
            .min_by_key(|of_rule| std::cmp::Reverse(of_rule.rule.level))
            .and_then(|of_rule| of_rule.shown.first());
        let open = worst.map(|shown| shown.finding.finding_id);
        Self {
            one_day,
            known: ids.collect(),
            records_bytes: 0,
            open,
            hosts: SameNames::of(&gathered.hosts, bare_host),
            users: SameNames::of(&gathered.users, bare_user),
            techniques: TechniqueNames::read(),
        }
    }

    pub(super) fn time(&self, time: Option<Time>) -> String {
        time.map_or_else(|| "no time".to_owned(), |time| shown(time, if self.one_day { CLOCK } else { DAY_CLOCK }))
    }

    fn finding_on(&self, event: &str) -> Option<&str> {
        let from = (event.to_owned(), String::new());
        self.known.range(from..).next().filter(|(id, _)| id == event).map(|(_, finding)| finding.as_str())
    }
}

/// A tactic with its techniques, the worst first.
pub(super) fn tactic<'t>(
    page: &mut Markup,
    tactic: &Tactic,
    techniques: impl Iterator<Item = (&'t String, &'t Technique)>,
    whole: &mut Whole,
) {
    let mut techniques: Vec<_> = techniques.map(|(name, rules)| (worst_first(rules), name, rules)).collect();
    techniques.sort_by(|one, other| (other.0, &one.1).cmp(&(one.0, &other.1)));
    let mut all = [0; 5];
    techniques
        .iter()
        .flat_map(|(_, _, rules)| rules.values())
        .for_each(|of| add_level(&mut all, of.rule.level, of.count));
    page.html("<section class=\"tactic\"").attr("id", &tactic.anchor()).html("><h3>").text(&tactic.title());
    page.html(" ").levels(all).html("</h3>");
    for (counts, name, rules) in techniques {
        technique(page, name, rules, counts, whole);
    }
    page.html("</section>");
}

/// Counts by level, so ordered that the worst compares highest.
fn worst_first(rules: &Technique) -> [u64; 5] {
    let mut counts = [0; 5];
    rules.values().for_each(|of| add_level(&mut counts, of.rule.level, of.count));
    counts.reverse();
    counts
}

fn technique(page: &mut Markup, name: &str, rules: &Technique, mut counts: [u64; 5], whole: &mut Whole) {
    counts.reverse();
    let open = rules.values().any(|of_rule| of_rule.rule.level >= Level::High);
    page.html("<details class=\"technique\"").html(if open { " open" } else { "" }).html("><summary><code>");
    page.text(if name.is_empty() { "–" } else { name }).html("</code><span class=\"names\">");
    let named = whole.techniques.of(name);
    let title = rules.values().next().map_or("", |of_rule| of_rule.rule.title.as_str());
    match &named {
        Some(named) => page.text(named).html(" <small>").text(title),
        None => page.text(title).html(" <small>"),
    };
    if rules.len() > 1 {
        let more = u64::try_from(rules.len() - 1).unwrap_or(u64::MAX);
        page.html(" and ").count(more, "more rule", "more rules");
    }
    page.html("</small></span><span class=\"where\">")
        .text(&hosts(rules, whole))
        .html("</span>")
        .levels(counts)
        .html("</summary>");
    rules.values().for_each(|of_rule| rule(page, of_rule, whole));
    page.html("</details>");
}

/// The first hosts of what is shown: `JUMP01, FS01 and 2 more`.
fn hosts(rules: &Technique, whole: &Whole) -> String {
    let shown = rules.values().flat_map(|of_rule| &of_rule.shown);
    let hosts: BTreeSet<&str> =
        shown.filter_map(|shown| shown.subject.host.as_deref()).map(|host| whole.hosts.shown(host)).collect();
    let named: Vec<&str> = hosts.iter().take(HOSTS_ON_LINE_MAX).copied().collect();
    let more = hosts.len() - named.len();
    let named = named.join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

fn rule(page: &mut Markup, of_rule: &OfRule, whole: &mut Whole) {
    let rule = &of_rule.rule;
    page.html("<article class=\"rule\"").attr("data-level", rule.level.name()).html("><header><h4>").level(rule.level);
    page.html(" <span class=\"title\">").text(&rule.title).html("</span></h4>");
    page.html("<span class=\"count\">").count(of_rule.count, "finding", "findings").html("</span></header>");
    about(page, rule);
    of_rule.shown.iter().for_each(|shown| finding(page, shown, whole));
    let left_out = of_rule.count.saturating_sub(u64::try_from(of_rule.shown.len()).unwrap_or(u64::MAX));
    if left_out > 0 {
        page.html("<p class=\"left-out\">").count(left_out, "more finding", "more findings");
        page.html(" of this rule left out here; <code>--format ndjson</code> writes all.</p>");
    }
    page.html("</article>");
}

/// What the rule says of itself. DRL 1.1: the author stays with the finding.
fn about(page: &mut Markup, rule: &RuleCard) {
    page.html("<div class=\"about\">");
    if !rule.description.is_empty() {
        page.html("<p>")
            .text(rule.description.split_whitespace().collect::<Vec<&str>>().join(" ").as_str())
            .html("</p>");
    }
    if !rule.false_positives.is_empty() {
        page.html("<p class=\"harmless\"><b>False positives</b> ").text(&rule.false_positives.join("; ")).html("</p>");
    }
    let stated = |text: &str| if text.is_empty() { "not stated".to_owned() } else { text.to_owned() };
    page.html("<dl><div><dt>Author</dt><dd>").text(&stated(&rule.author));
    page.html("</dd></div><div><dt>Licence</dt><dd>").text(&stated(&rule.license)).html("</dd></div>");
    if !rule.link.is_empty() {
        page.html("<div><dt>Link</dt><dd>");
        link(page, &rule.link);
        page.html("</dd></div>");
    }
    page.html("<div><dt>Rule</dt><dd>").text(&rule.id).html("</dd></div>");
    if !rule.tags.is_empty() {
        page.html("<div><dt>Tags</dt><dd>").text(&rule.tags.join(", ")).html("</dd></div>");
    }
    page.html("</dl></div>");
}

/// A link that the reader may follow; nothing but http and https becomes one.
fn link(page: &mut Markup, address: &str) {
    if address.starts_with("https://") || address.starts_with("http://") {
        page.html("<a rel=\"noreferrer noopener\"").attr("href", address).html(">").text(address).html("</a>");
    } else {
        page.text(address);
    }
}

fn finding(page: &mut Markup, shown: &Shown, whole: &mut Whole) {
    let finding = &shown.finding;
    let open = whole.open == Some(finding.finding_id);
    page.html("<details class=\"finding\"").attr("id", &format!("f-{}", finding.finding_id));
    page.html(if open { " open" } else { "" }).html("><summary><time>").text(&whole.time(finding.time)).html("</time>");
    page.html("<span class=\"host\">").text(shown.subject.host.as_deref().unwrap_or("–")).html("</span>");
    page.html("<span class=\"user\">").text(shown.subject.user.as_deref().unwrap_or("–")).html("</span>");
    page.html("<code class=\"what\">");
    match &finding.origin {
        FindingOrigin::Correlation { told, group, .. } => {
            page.text(told);
            for (field, value) in group {
                page.html(", ").text(field).html("=").text(value);
            }
        }
        FindingOrigin::Event => telling(&finding.matched).into_iter().for_each(|field| value(page, &from_match(field))),
    }
    page.html("</code></summary><div class=\"body\">");
    match &finding.origin {
        FindingOrigin::Correlation { group, window_start, window_end, told, .. } => {
            correlation(page, shown, group, (*window_start, *window_end), told, whole);
        }
        FindingOrigin::Event => matched(page, shown),
    }
    place(page, shown);
    record(page, shown, whole);
    page.html("</div></details>");
}

/// The matched field that says most on one line: the longest whose match lies inside it.
fn telling(matched: &[MatchedField]) -> Option<&MatchedField> {
    matched.iter().max_by_key(|field| (field.value.len().min(160), field.length.min(80)))
}

/// The value from shortly before the match on, so that the match is seen on one line.
fn from_match(field: &MatchedField) -> MatchedField {
    let from = field.value.floor_char_boundary(field.offset.unwrap_or(0).saturating_sub(LEAD_BYTES));
    if from < LEAD_BYTES {
        return field.clone();
    }
    let value = format!("…{}", field.value.get(from..).unwrap_or_default());
    let offset = field.offset.map(|offset| offset - from + '…'.len_utf8());
    MatchedField { value, offset, ..field.clone() }
}

fn matched(page: &mut Markup, shown: &Shown) {
    page.html("<table class=\"matched\"><caption class=\"heard\">What matched</caption><thead><tr><th scope=\"col\">Field</th>");
    page.html("<th scope=\"col\">Value</th><th scope=\"col\">Pattern of the rule</th></tr></thead><tbody>");
    for field in &shown.finding.matched {
        let name = if field.field.is_empty() { "anywhere" } else { &field.field };
        page.html("<tr><th scope=\"row\">").text(name).html("</th><td><code>");
        value(page, field);
        page.html("</code></td><td><code>").text(&field.pattern).html("</code></td></tr>");
    }
    page.html("</tbody></table>");
    if shown.matched_more > 0 {
        page.html("<p class=\"left-out\">and ").number(u64::try_from(shown.matched_more).unwrap_or(u64::MAX));
        page.html(" more matched fields</p>");
    }
}

/// A value with the part that matched set apart.
fn value(page: &mut Markup, field: &MatchedField) {
    let text = field.value.as_str();
    let Some(offset) = field.offset.filter(|_| field.length > 0) else {
        page.text(text);
        return;
    };
    // the text that was compared may have been folded to lower case, so places may lie within a letter
    let start = text.floor_char_boundary(offset);
    let end = text.ceil_char_boundary(start.saturating_add(field.length));
    page.text(text.get(..start).unwrap_or_default()).html("<mark>");
    page.text(text.get(start..end).unwrap_or_default()).html("</mark>").text(text.get(end..).unwrap_or_default());
}

fn correlation(
    page: &mut Markup,
    of: &Shown,
    group: &[(String, String)],
    (start, end): (Time, Time),
    told: &str,
    whole: &Whole,
) {
    page.html("<dl class=\"place\"><dt>Group</dt><dd>");
    if group.is_empty() {
        page.html("all events together");
    }
    for (place, (field, value)) in group.iter().enumerate() {
        page.html(if place > 0 { ", " } else { "" }).text(field).html(" = <code>").text(value).html("</code>");
    }
    page.html("</dd><dt>Window</dt><dd>").text(&shown(start, DAY_CLOCK)).html(" to ").text(&shown(end, DAY_CLOCK));
    page.html(" UTC</dd><dt>Counted</dt><dd>").text(told).html("</dd>");
    if let Some(condition) = of.finding.matched.last() {
        page.html("<dt>Condition</dt><dd><code>").text(&condition.pattern).html("</code></dd>");
    }
    page.html("</dl><details class=\"events\"><summary>");
    page.count(u64::try_from(of.events.len()).unwrap_or(u64::MAX), "event", "events").html("</summary><ol>");
    of.events.iter().for_each(|event| event_of(page, event, whole));
    page.html("</ol></details>");
}

fn event_of(page: &mut Markup, of: &EventOf, whole: &Whole) {
    let id = of.event.id.to_string();
    page.html("<li><code>").text(&of.source).html("</code> at <code>").text(&of.event.position.to_string());
    page.html("</code> <small>").text(&id).html("</small>");
    if let Some(finding) = whole.finding_on(&id) {
        page.html(" <a").attr("href", &format!("#f-{finding}")).html(">its own finding</a>");
    }
    page.html("</li>");
}

/// Where the record stands and what identifies it.
fn place(page: &mut Markup, shown: &Shown) {
    let finding = &shown.finding;
    page.html("<dl class=\"place\"><dt>Source</dt><dd><code>").text(&finding.source_file).html("</code> at <code>");
    page.text(&finding.position.to_string()).html("</code>");
    if finding.index > 0 {
        page.html(", record ").number(u64::from(finding.index)).html(" there");
    }
    page.html("</dd>");
    if let Some(time) = finding.time {
        page.html("<dt>Time</dt><dd><code>").text(&time.to_string()).html("</code></dd>");
    }
    let source = finding.log_source;
    let parts = [source.product, source.category, source.service].into_iter().filter(|part| !part.is_empty());
    page.html("<dt>Log source</dt><dd>").text(&parts.collect::<Vec<&str>>().join(" / ")).html("</dd>");
    page.html("<dt>SHA-256</dt><dd><code>").text(&finding.record_sha256.to_string()).html("</code></dd>");
    page.html("<dt>Finding</dt><dd><code>").text(&finding.finding_id.to_string()).html("</code></dd>");
    if let ([event], true) = (finding.event_ids.as_slice(), shown.events.is_empty()) {
        page.html("<dt>Event</dt><dd><code>").text(&event.to_string()).html("</code></dd>");
    }
    page.html("</dl>");
}

fn record(page: &mut Markup, shown: &Shown, whole: &mut Whole) {
    let Some(original) = &shown.original else { return };
    if whole.records_bytes > RECORDS_BYTES_MAX {
        page.html("<p class=\"left-out\">The original record is left out: this report is full.</p>");
        return;
    }
    let before = page.len();
    page.html("<p class=\"form\">Original record <small>").text(original.form).html(" · ");
    page.count(u64::try_from(original.bytes).unwrap_or(u64::MAX), "byte", "bytes").html("</small></p>");
    page.html("<pre tabindex=\"0\">").lines(&original.text);
    if original.cut {
        page.html("\n<b class=\"cut\">cut here; the rest is in the source</b>");
    }
    page.html("</pre>");
    decoded(page, original);
    whole.records_bytes += page.len().saturating_sub(before);
}

fn decoded(page: &mut Markup, original: &Original) {
    if original.fields.is_empty() {
        return;
    }
    page.html("<details class=\"decoded\"").html(if original.is_binary { " open" } else { "" }).html("><summary>");
    page.count(u64::try_from(original.fields.len()).unwrap_or(u64::MAX), "field", "fields");
    page.html(" as decoded</summary><dl>");
    for (name, value) in &original.fields {
        page.html("<dt>").text(name).html("</dt><dd><code>").text(value).html("</code></dd>");
    }
    page.html("</dl></details>");
}
