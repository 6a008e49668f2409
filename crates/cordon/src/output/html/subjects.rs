//! The same findings by host and by user: one line each, pointing to the finding in full.

use cordon_detect::Subject;
use cordon_model::{Level, RuleCard};

use super::findings::Whole;
use super::gather::{Gathered, Names, Shown};
use super::markup::Markup;

/// Most hosts, and users, that are listed: the worst.
const LISTED_MAX: usize = 200;
/// Most findings listed of one host or user.
const ROWS_MAX: usize = 100;

/// One of the two lists.
pub(super) struct Subjects<'g> {
    pub(super) anchor: &'static str,
    pub(super) title: &'static str,
    pub(super) names: &'g Names,
    pub(super) name_of: fn(&Subject) -> Option<&str>,
    pub(super) other_of: fn(&Subject) -> Option<&str>,
}

impl Subjects<'_> {
    /// Writes the list, the worst first.
    pub(super) fn write(&self, page: &mut Markup, gathered: &Gathered, whole: &Whole) {
        page.html("<section class=\"subjects\"").attr("id", self.anchor).html("><h2>").html(self.title).html("</h2>");
        let mut names: Vec<(&String, [u64; 5])> =
            self.names.counts.iter().map(|(name, counts)| (name, *counts)).collect();
        let reversed = |mut counts: [u64; 5]| {
            counts.reverse();
            counts
        };
        names.sort_by(|one, other| (reversed(other.1), one.0).cmp(&(reversed(one.1), other.0)));
        for (name, counts) in names.iter().take(LISTED_MAX) {
            self.subject(page, name, *counts, gathered, whole);
        }
        self.rest(page, names.len().saturating_sub(LISTED_MAX));
        page.html("</section>");
    }

    fn subject(&self, page: &mut Markup, name: &str, counts: [u64; 5], gathered: &Gathered, whole: &Whole) {
        let mut rows: Vec<(&RuleCard, &Shown)> = Vec::new();
        for of_rule in gathered.rules() {
            let of_name = of_rule.shown.iter().filter(|shown| (self.name_of)(&shown.subject) == Some(name));
            rows.extend(of_name.map(|shown| (of_rule.rule.as_ref(), shown)));
        }
        rows.sort_by_key(|(rule, shown)| (shown.finding.time, std::cmp::Reverse(rule.level)));
        page.html("<details class=\"subject\"><summary><code class=\"name\">")
            .text(name)
            .html("</code><span class=\"where\">");
        page.text(&others(&rows, self.other_of)).html("</span>").levels(counts).html("</summary><ol>");
        for (rule, shown) in rows.iter().take(ROWS_MAX) {
            row(page, rule, shown, (self.other_of)(&shown.subject), whole);
        }
        page.html("</ol>");
        let listed = u64::try_from(rows.len().min(ROWS_MAX)).unwrap_or(u64::MAX);
        let left_out = counts.iter().sum::<u64>().saturating_sub(listed);
        if left_out > 0 {
            page.html("<p class=\"left-out\">")
                .count(left_out, "more finding", "more findings")
                .html(" not listed here</p>");
        }
        page.html("</details>");
    }

    fn rest(&self, page: &mut Markup, unlisted: usize) {
        let unlisted = u64::try_from(unlisted).unwrap_or(u64::MAX);
        if unlisted > 0 {
            page.html("<p class=\"left-out\">")
                .number(unlisted)
                .html(" more names with lesser findings not listed</p>");
        }
        if self.names.uncounted > 0 {
            page.html("<p class=\"left-out\">").count(self.names.uncounted, "finding", "findings");
            page.html(" under still other names</p>");
        }
        if self.names.nameless > 0 {
            page.html("<p class=\"left-out\">").count(self.names.nameless, "finding", "findings");
            page.html(" whose event names none</p>");
        }
    }
}

fn row(page: &mut Markup, rule: &RuleCard, shown: &Shown, other: Option<&str>, whole: &Whole) {
    page.html("<li><time>").text(&whole.time(shown.finding.time)).html("</time>").level(rule.level);
    page.html("<a").attr("href", &format!("#f-{}", shown.finding.finding_id)).html(">").text(&rule.title).html("</a>");
    page.html("<span class=\"where\">").text(other.unwrap_or_default()).html("</span></li>");
}

/// The first names of the other kind.
fn others(rows: &[(&RuleCard, &Shown)], other_of: fn(&Subject) -> Option<&str>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in rows.iter().filter_map(|(_, shown)| other_of(&shown.subject)) {
        if !names.contains(&name) && names.len() < 4 {
            names.push(name);
        }
    }
    let more = names.len() > 3;
    names.truncate(3);
    format!("{}{}", names.join(", "), if more { " …" } else { "" })
}

/// The two lists of the report.
pub(super) fn lists(gathered: &Gathered) -> [Subjects<'_>; 2] {
    let host: fn(&Subject) -> Option<&str> = |subject| subject.host.as_deref();
    let user: fn(&Subject) -> Option<&str> = |subject| subject.user.as_deref();
    [
        Subjects { anchor: "hosts", title: "By host", names: &gathered.hosts, name_of: host, other_of: user },
        Subjects { anchor: "users", title: "By user", names: &gathered.users, name_of: user, other_of: host },
    ]
}

/// Hosts with findings at a level or above.
pub(super) fn hosts_from(gathered: &Gathered, level: Level) -> usize {
    let place = Level::ALL.iter().position(|other| *other == level).unwrap_or_default();
    gathered.hosts.counts.values().filter(|counts| counts.iter().skip(place).any(|count| *count > 0)).count()
}
