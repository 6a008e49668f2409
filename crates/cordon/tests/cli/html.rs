//! `--format html`: one file that asks for nothing from outside and in which no log can run.

use std::collections::BTreeSet;

use crate::common::{Bench, MIMIKATZ, SPRAY, failed_logon, process};

/// A tag with its attributes, and what stands in it when it is `style` or `script`.
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
    inside: String,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads tags as a browser would (HTML, 13.2.5): quoted attributes, raw text in `style` and `script`.
fn tags(page: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        if !after.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            continue;
        }
        let end = after.find(|letter: char| letter.is_whitespace() || letter == '>').unwrap();
        let (name, after) = after.split_at(end);
        let mut tag = Tag { name: name.to_owned(), attributes: Vec::new(), inside: String::new() };
        rest = attributes(after, &mut tag.attributes);
        if matches!(tag.name.as_str(), "style" | "script") {
            let (inside, after) = rest.split_once(&format!("</{}>", tag.name)).unwrap();
            (tag.inside, rest) = (inside.to_owned(), after);
        }
        tags.push(tag);
    }
    tags
}

fn attributes<'t>(mut rest: &'t str, into: &mut Vec<(String, String)>) -> &'t str {
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('>') {
            return after;
        }
        let end = rest.find(|letter: char| letter.is_whitespace() || letter == '=' || letter == '>').unwrap();
        let (name, after) = rest.split_at(end);
        rest = after;
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let (inside, after) = quoted.split_once('"').unwrap();
            (value, rest) = (inside.to_owned(), after);
        }
        assert!(!rest.starts_with('='), "every value of an attribute is quoted");
        into.push((name.to_ascii_lowercase(), value));
    }
}

/// Elements that the report is made of.
const ELEMENTS: &str = "a article b body button caption code dd details div dl dt fieldset figcaption figure form h1 h2 h3 h4 head header html input \
    label legend li line main mark meta nav ol output p pre rect script section small span strong style summary svg table tbody td text th thead \
    time title tr ul";

/// Only links to rules and within the page; no request, no handler, no style but the one named by its hash.
fn check_contained(page: &str, links: &[&str]) {
    let allowed: BTreeSet<&str> = ELEMENTS.split_whitespace().collect();
    let tags = tags(page);
    for tag in &tags {
        assert!(allowed.contains(tag.name.as_str()), "<{}>", tag.name);
        for (name, value) in &tag.attributes {
            assert!(
                !name.starts_with("on")
                    && !["src", "srcset", "style", "action", "data", "ping", "background", "xlink:href"]
                        .contains(&name.as_str()),
                "{name}={value}"
            );
        }
        if let Some(href) = tag.attribute("href") {
            let is_link = links.contains(&href) && tag.attribute("rel") == Some("noreferrer noopener");
            assert!(tag.name == "a" && (href.starts_with('#') || is_link), "{href}");
        }
        assert!(!tag.inside.contains("url(") && !tag.inside.contains("@import"));
    }
    let of = |name: &str| tags.iter().filter(|tag| tag.name == name).count();
    assert_eq!((of("style"), of("script"), of("meta")), (1, 2, 6), "the page's own and nothing else's");
    let ids: BTreeSet<&str> = tags.iter().filter_map(|tag| tag.attribute("id")).collect();
    for target in tags.iter().filter_map(|tag| tag.attribute("href")?.strip_prefix('#')) {
        assert!(ids.contains(target), "#{target} leads nowhere");
    }
    let hidden = |letter: &char| {
        letter.is_control() && !"\n\t".contains(*letter) || "\u{202E}\u{2066}\u{2028}\u{200B}".contains(*letter)
    };
    assert_eq!(page.chars().find(hidden), None);
}

fn data(page: &str) -> serde_json::Value {
    let tags = tags(page);
    let data = tags.iter().find(|tag| tag.attribute("id") == Some("data")).unwrap();
    serde_json::from_str(&data.inside).unwrap()
}

const HOSTILE: &str =
    r#"</script></style></pre><img src=x onerror=alert(1)><!-- ' \" &lt; \u2028 \u202e \u0000 \u001b[31m \u200b"#;

#[test]
fn a_hostile_log_and_a_hostile_rule_stay_text() {
    let bench = Bench::new();
    let title = r#""</script><script>alert(1)</script>\u2028\u202e\0 & <b>""#;
    let rule = MIMIKATZ
        .replace("Mimikatz words in a command line", title)
        .replace("A. Tester", "\"<img src=x onerror=alert(2)>\"");
    let rule = format!(
        "{rule}description: \"</article><iframe src=//x>\"\nfalsepositives: [\"<svg onload=alert(3)>\"]\nreferences: [\"javascript:alert(4)\"]\n"
    );
    bench.rule("mimikatz.yml", &rule);
    bench.log("<img onerror=1>.log", process(1, &format!("sekurlsa {HOSTILE}")));
    bench.log("b.bin", [b"\x00\xFF</script>".as_slice(), &[7; 40]].concat());
    bench.log("c.log", process(2, "sekurlsa").replace("ws2", HOSTILE).replace("anna", HOSTILE));
    let ran = bench.scan(&["--format", "html"]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    check_contained(&ran.out, &[]);
    assert!(
        ran.out.contains("&lt;img src=x onerror=alert(1)&gt;") && ran.out.contains("<b class=\"u\">U+202E</b>"),
        "{}",
        ran.out
    );
    assert_eq!(
        data(&ran.out)["findings"][0]["rule_title"],
        "</script><script>alert(1)</script>\u{2028}\u{202e}\0 & <b>"
    );
}

#[test]
fn a_finding_shows_what_matched_where_it_stands_and_its_record() {
    let bench = Bench::new();
    let rule = format!("{MIMIKATZ}references: ['https://example.org/r?a=1&b=2']\nfalsepositives: [Training]\n");
    bench.rule("mimikatz.yml", &rule).log("sub/a.log", process(2, "x sekurlsa::logonpasswords"));
    let page = bench.scan(&["--format", "html"]).out;
    check_contained(&page, &["https://example.org/r?a=1&amp;b=2"]);
    for part in [
        "<h1>1 critical finding on 1 host, at 00:00 UTC on 31 January 2026</h1>",
        "<code>x <mark>sekurlsa</mark>::logonpasswords</code>",
        "<h3>Credential access ",
        "<code>T1003.001</code><span class=\"names\">OS Credential Dumping: LSASS Memory <small>Mimikatz words in",
        "© 2025 The MITRE Corporation",
        "A. Tester",
        "Training",
        "<code>sub/a.log</code> at <code>0</code>",
        "{\n  &quot;EventID&quot;: 1,\n",
        "1 event in 1 file",
        "<code class=\"name\">ws2</code>",
        "<code class=\"name\">anna</code>",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_report_stays_small_and_says_what_it_leaves_out() {
    let bench = Bench::new();
    let long = "y".repeat(20_000);
    let log: String = (0..120).map(|second| process(second, &format!("sekurlsa {long}"))).collect();
    let page = bench.log("a.log", &log).scan(&["--format", "html"]).out;
    assert_eq!(page.matches("<details class=\"finding\"").count(), 50);
    for part in [
        "70 more findings of this rule",
        "50 of 120 findings are shown in full",
        "cut here; the rest is in the source",
        "120 critical findings on 120 hosts",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.len() < 50 * 16_000 + 100_000, "{}", page.len());
}

#[test]
fn a_correlation_shows_its_group_its_window_and_its_events() {
    let bench = Bench::new();
    bench.rule("spray.yml", &SPRAY.replace("timespan: 10m", "timespan: 10m\n  generate: true"));
    bench.log("a.log", (0..3).map(|second| failed_logon(second, "bob")).collect::<String>());
    let page = bench.scan(&["--format", "html"]).out;
    check_contained(&page, &[]);
    for part in [
        "TargetUserName = <code>bob</code>",
        "31 Jan 00:00:00 to 31 Jan 00:00:02 UTC",
        "<summary>3 events</summary>",
        "<span class=\"user\">bob</span><code class=\"what\">3 events within 10m, TargetUserName=bob</code>",
        "<dt>Counted</dt><dd>3 events within 10m</dd><dt>Condition</dt><dd><code>event_count gte 3 within 10m</code>",
        ">its own finding</a>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn one_user_and_one_host_are_listed_once_under_all_their_names() {
    let bench = Bench::new();
    let hit = |second| process(second, "sekurlsa").replace("ws1", "WS1");
    let full = |second| hit(second).replace("anna", "LAKESIDE\\\\anna").replace("WS1", "ws1.lakeside.example");
    bench.log("a.log", hit(1) + &full(1));
    let page = bench.scan(&["--format", "html"]).out;
    check_contained(&page, &[]);
    for part in [
        "<h1>2 critical findings on 1 host,",
        "<code class=\"name\">anna</code> <small>also LAKESIDE\\anna</small>",
        "<code class=\"name\">WS1</code> <small>also ws1.lakeside.example</small>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn a_scan_without_findings_has_a_report_as_well() {
    let bench = Bench::new();
    let page = bench.log("a.log", process(1, "notepad")).scan(&["--format", "html"]).out;
    check_contained(&page, &[]);
    assert!(page.contains("<h1>No findings</h1>"), "{page}");
}

#[test]
fn the_report_is_the_same_for_any_number_of_threads() {
    let bench = Bench::new();
    let log: String = (0..3_000).map(|second| process(second, "sekurlsa") + &failed_logon(second, "bob")).collect();
    bench.rule("spray.yml", SPRAY).log("a.log", &log).log("b.log", &log);
    let report = |threads| bench.scan(&["--format", "html", "--threads", threads]).out;
    assert!(report("1") == report("3"));
}
