//! The same findings by host and by user: one line each, pointing to the finding in full.

use cordon_detect::Subject;
use cordon_model::{Level, RuleCard};

use super::findings::Whole;
use super::gather::{Gathered, Names, Shown};
use super::markup::Markup;
use super::same_names::{Same, SameNames};

/// Most hosts, and users, that are listed: the worst.
const LISTED_MAX: usize = 200;
/// Most findings listed of one host or user.
const ROWS_MAX: usize = 100;

/// One of the two lists.
struct Subjects<'g> {
    anchor: &'static str,
    title: &'static str,
    counted: &'g Names,
    names: &'g SameNames,
    others: &'g SameNames,
    name_of: fn(&Subject) -> Option<&str>,
    other_of: fn(&Subject) -> Option<&str>,
}

impl Subjects<'_> {
    /// Writes the list, the worst first.
    fn write(&self, page: &mut Markup, gathered: &Gathered, whole: &Whole) {
        page.html("<section class=\"subjects\"").attr("id", self.anchor).html("><h2>").html(self.title).html("</h2>");
        let mut names: Vec<(&String, &Same)> = self.names.all.iter().collect();
        let reversed = |mut counts: [u64; 5]| {
            counts.reverse();
            counts
        };
        names.sort_by(|one, other| (reversed(other.1.counts), one.0).cmp(&(reversed(one.1.counts), other.0)));
        for (name, same) in names.iter().take(LISTED_MAX) {
            self.subject(page, name, same, gathered, whole);
        }
        self.rest(page, names.len().saturating_sub(LISTED_MAX));
        page.html("</section>");
    }

    fn subject(&self, page: &mut Markup, name: &str, same: &Same, gathered: &Gathered, whole: &Whole) {
        let mut rows: Vec<(&RuleCard, &Shown)> = Vec::new();
        for of_rule in gathered.rules() {
            let is_of = |shown: &&Shown| (self.name_of)(&shown.subject).is_some_and(|of| self.names.shown(of) == name);
            rows.extend(of_rule.shown.iter().filter(is_of).map(|shown| (of_rule.rule.as_ref(), shown)));
        }
        rows.sort_by_key(|(rule, shown)| (shown.finding.time, std::cmp::Reverse(rule.level)));
        page.html("<details class=\"subject\"><summary><span><code class=\"name\">").text(name).html("</code>");
        if !same.also.is_empty() {
            let also: Vec<&str> = same.also.iter().map(String::as_str).collect();
            page.html(" <small>also ").text(&also.join(", ")).html("</small>");
        }
        page.html("</span><span class=\"where\">").text(&self.others(&rows)).html("</span>");
        page.levels(same.counts).html("</summary><ol>");
        for (rule, shown) in rows.iter().take(ROWS_MAX) {
            let other = (self.other_of)(&shown.subject).map(|other| self.others.shown(other));
            row(page, rule, shown, other, whole);
        }
        page.html("</ol>");
        let listed = u64::try_from(rows.len().min(ROWS_MAX)).unwrap_or(u64::MAX);
        let left_out = same.counts.iter().sum::<u64>().saturating_sub(listed);
        if left_out > 0 {
            page.html("<p class=\"left-out\">")
                .count(left_out, "more finding", "more findings")
                .html(" not listed here</p>");
        }
        page.html("</details>");
    }

    /// The first names of the other kind.
    fn others(&self, rows: &[(&RuleCard, &Shown)]) -> String {
        let mut names: Vec<&str> = Vec::new();
        for name in rows.iter().filter_map(|(_, shown)| (self.other_of)(&shown.subject)) {
            let name = self.others.shown(name);
            if !names.contains(&name) && names.len() < 4 {
                names.push(name);
            }
        }
        let more = names.len() > 3;
        names.truncate(3);
        format!("{}{}", names.join(", "), if more { " …" } else { "" })
    }

    fn rest(&self, page: &mut Markup, unlisted: usize) {
        let unlisted = u64::try_from(unlisted).unwrap_or(u64::MAX);
        if unlisted > 0 {
            page.html("<p class=\"left-out\">")
                .number(unlisted)
                .html(" more names with lesser findings not listed</p>");
        }
        if self.counted.uncounted > 0 {
            page.html("<p class=\"left-out\">").count(self.counted.uncounted, "finding", "findings");
            page.html(" under still other names</p>");
        }
        if self.counted.nameless > 0 {
            page.html("<p class=\"left-out\">").count(self.counted.nameless, "finding", "findings");
            page.html(" whose event names none</p>");
        }
    }
}

fn row(page: &mut Markup, rule: &RuleCard, shown: &Shown, other: Option<&str>, whole: &Whole) {
    page.html("<li><time>").text(&whole.time(shown.finding.time)).html("</time>").level(rule.level);
    page.html("<a").attr("href", &format!("#f-{}", shown.finding.finding_id)).html(">").text(&rule.title).html("</a>");
    page.html("<span class=\"where\">").text(other.unwrap_or_default()).html("</span></li>");
}

/// Writes both lists.
pub(super) fn lists(page: &mut Markup, gathered: &Gathered, whole: &Whole) {
    let host: fn(&Subject) -> Option<&str> = |subject| subject.host.as_deref();
    let user: fn(&Subject) -> Option<&str> = |subject| subject.user.as_deref();
    let (hosts, users) = (&whole.hosts, &whole.users);
    let (title, counted) = ("By host", &gathered.hosts);
    Subjects { anchor: "hosts", title, counted, names: hosts, others: users, name_of: host, other_of: user }
        .write(page, gathered, whole);
    let (title, counted) = ("By user", &gathered.users);
    Subjects { anchor: "users", title, counted, names: users, others: hosts, name_of: user, other_of: host }
        .write(page, gathered, whole);
}

/// Hosts with findings at a level or above.
pub(super) fn hosts_from(hosts: &SameNames, level: Level) -> usize {
    let place = Level::ALL.iter().position(|other| *other == level).unwrap_or_default();
    hosts.all.values().filter(|same| same.counts.iter().skip(place).any(|count| *count > 0)).count()
}
