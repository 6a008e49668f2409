//! Which groups, and the counts that stand around their list.

use super::*;

const SECOND: i64 = 1_000_000;

/// A finding of another level, at another site, of another class.
fn other(number: u32, rule: &str, user: &str, time: i64, level: Level) -> NewFinding {
    let mut new = finding(number, rule, user, time);
    Arc::make_mut(&mut new.finding.rule).level = level;
    (new.site, new.class_uid) = ("north".into(), 1007);
    new
}

/// Three groups: of `logon` about anna (two findings) and bert, and of `shadow_copy` about a host in the north.
async fn three_groups() -> Kept {
    let kept = state().await;
    let mut third = other(4, "shadow_copy", "SYSTEM", 90 * SECOND, Level::Critical);
    third.subjects.host = Some("ws1".into());
    let findings = [
        finding(1, "logon", "anna", 0),
        finding(2, "logon", "anna", 10 * SECOND),
        finding(3, "logon", "bert", 12 * SECOND),
        third,
    ];
    kept.state.record_findings(None, &findings).await.unwrap();
    kept
}

/// Which entities the groups of a filter are about, the latest first.
async fn about(state: &State, filter: GroupFilter) -> Vec<String> {
    listed(state, &node(), &filter).await.into_iter().map(|(_, entity, _, _)| entity).collect()
}

#[tokio::test]
async fn groups_are_found_by_level_site_class_and_kind() {
    let Kept { state, folder: _folder } = three_groups().await;
    let of = GroupFilter::default;
    assert_eq!(about(&state, of()).await, ["ws1", "bert", "anna"]);
    assert_eq!(about(&state, GroupFilter { level: Some(Level::High), ..of() }).await, ["bert", "anna"]);
    assert_eq!(about(&state, GroupFilter { level_min: Some(Level::High), ..of() }).await, ["ws1", "bert", "anna"]);
    assert_eq!(about(&state, GroupFilter { site: Some("north".to_owned()), ..of() }).await, ["ws1"]);
    assert_eq!(about(&state, GroupFilter { class_uid: Some(3002), ..of() }).await, ["bert", "anna"]);
    assert_eq!(about(&state, GroupFilter { entity_kind: Some(EntityKind::Host), ..of() }).await, ["ws1"]);
    let both = GroupFilter { entity_kind: Some(EntityKind::Host), site: Some("main".to_owned()), ..of() };
    assert_eq!(about(&state, both).await, [""; 0]);
}

#[tokio::test]
async fn groups_are_found_by_whose_they_are() {
    let Kept { state, folder: _folder } = three_groups().await;
    let id =
        state.groups(&node(), &GroupFilter::default(), GroupOrder::Newest, None, 9).await.unwrap().rows[1].group_id;
    let take = GroupChange { owner: Some(Some("anna".to_owned())), ..GroupChange::default() };
    state.change_group(&node(), &by(20), id, None, &take).await.unwrap();
    let of = |owner: OwnedBy| GroupFilter { owner: Some(owner), ..GroupFilter::default() };
    assert_eq!(about(&state, of(OwnedBy::User("anna".to_owned()))).await, ["bert"]);
    assert_eq!(about(&state, of(OwnedBy::Nobody)).await, ["ws1", "anna"]);
    assert_eq!(about(&state, of(OwnedBy::User("carl".to_owned()))).await, [""; 0]);
}

#[tokio::test]
async fn a_title_is_searched_in_either_case_and_for_the_letters_as_they_stand() {
    let Kept { state, folder: _folder } = three_groups().await;
    let of = |text: &str| GroupFilter { text: Some(text.to_owned()), ..GroupFilter::default() };
    for (text, expect) in [
        ("TITLE of shadow", &["ws1"][..]),
        ("shadow_copy", &["ws1"]),
        ("shadow%copy", &[]),
        ("l_gon", &[]),
        ("%", &[]),
        ("\\", &[]),
        ("log", &["bert", "anna"]),
        ("", &["ws1", "bert", "anna"]),
        (&"x".repeat(100), &[]),
    ] {
        assert_eq!(about(&state, of(text)).await, expect, "{text}");
    }
    let long = of(&"ä".repeat(101));
    let refused = state.groups(&node(), &long, GroupOrder::Newest, None, 9).await;
    assert!(matches!(refused, Err(StateError::Refused(_))));
    assert!(matches!(state.group_summary(&node(), &long, 9).await, Err(StateError::Refused(_))));
}

/// `value:count` of each facet, the label where it is another word.
fn facets(summary: &GroupSummary) -> Vec<String> {
    let value = |value: &GroupFacetValue| {
        let label = if value.label == value.value { "" } else { &*value.label };
        format!("{}:{}{label}", value.value, value.count)
    };
    let facet = |facet: &GroupFacet| {
        let values: Vec<String> = facet.values.iter().map(value).collect();
        format!("{} {}", facet.field.name(), values.join(" "))
    };
    summary.facets.iter().map(facet).collect()
}

fn cell(start: i64, level: Level, count: u64) -> LevelCell {
    LevelCell { start: Time(start), level, count }
}

#[tokio::test]
async fn a_summary_counts_groups_by_the_time_of_their_latest_finding_and_by_every_field() {
    let Kept { state, folder: _folder } = three_groups().await;
    let summary = state.group_summary(&node(), &GroupFilter::default(), 10).await.unwrap();
    assert_eq!((summary.total, summary.findings), (3, 4));
    assert_eq!((summary.from, summary.until), (Some(Time(10 * SECOND)), Some(Time(90 * SECOND))));
    let cells = vec![cell(10 * SECOND, Level::High, 2), cell(90 * SECOND, Level::Critical, 1)];
    assert_eq!(summary.over_time, OverTime { seconds: 10, cells });
    assert_eq!(
        facets(&summary),
        [
            "level high:2 critical:1",
            "state open:3",
            "rule logon:2Title of logon shadow_copy:1Title of shadow_copy",
            "site main:2 north:1",
            "class_uid 3002:2 1007:1",
            "entity_kind user:2 host:1",
        ]
    );
}

#[tokio::test]
async fn each_facet_leaves_out_what_is_asked_of_its_own_field() {
    let Kept { state, folder: _folder } = three_groups().await;
    let filter = GroupFilter {
        states: vec![GroupState::Closed],
        site: Some("north".to_owned()),
        last_from: Some(Time(0)),
        last_to: Some(Time(100 * SECOND)),
        ..GroupFilter::default()
    };
    let summary = state.group_summary(&node(), &filter, 10).await.unwrap();
    assert_eq!((summary.total, summary.findings, &summary.over_time.cells[..]), (0, 0, &[][..]));
    assert_eq!((summary.from, summary.until), (Some(Time(0)), Some(Time(100 * SECOND))));
    assert_eq!(summary.over_time.seconds, 10);
    let expect = ["level ", "state open:1", "rule ", "site ", "class_uid ", "entity_kind "];
    assert_eq!(facets(&summary), expect);
    let filter =
        GroupFilter { level_min: Some(Level::Critical), site: Some("main".to_owned()), ..GroupFilter::default() };
    let summary = state.group_summary(&node(), &filter, 10).await.unwrap();
    assert_eq!(facets(&summary)[0], "level high:2");
    assert_eq!(facets(&summary)[3], "site north:1");
    let filter =
        GroupFilter { level: Some(Level::Critical), entity_kind: Some(EntityKind::User), ..GroupFilter::default() };
    let summary = state.group_summary(&node(), &filter, 10).await.unwrap();
    assert_eq!((&*facets(&summary)[0], &*facets(&summary)[5]), ("level high:2", "entity_kind host:1"));
}

#[tokio::test]
async fn a_summary_counts_what_the_scope_admits_and_answers_no_guess() {
    let Kept { state, folder: _folder } = three_groups().await;
    let summary = state.group_summary(&only("north"), &GroupFilter::default(), 10).await.unwrap();
    assert_eq!((summary.total, summary.findings), (1, 1));
    let expect = ["level critical:1", "state open:1", "rule shadow_copy:1Title of shadow_copy", "site north:1"];
    assert_eq!(facets(&summary)[..4], expect);
    let anna = Entity { kind: EntityKind::User, name: "anna".into() };
    let guess = GroupFilter { entity: Some(anna), ..GroupFilter::default() };
    assert_eq!(state.group_summary(&node(), &guess, 10).await.unwrap().total, 1);
    let hidden = state.group_summary(&node().masking("user"), &guess, 10).await.unwrap();
    assert_eq!((hidden.total, hidden.from, hidden.until), (0, None, None));
    assert!(hidden.facets.iter().all(|facet| facet.values.is_empty()));
    let nobody = state.group_summary(&only("south"), &GroupFilter::default(), 10).await.unwrap();
    assert_eq!((nobody.total, nobody.over_time), (0, OverTime { seconds: 1, cells: Vec::new() }));
}

#[tokio::test]
async fn a_facet_has_the_twenty_most_frequent_values_and_the_latest_title_of_a_rule() {
    let Kept { state, folder: _folder } = state().await;
    let mut findings: Vec<NewFinding> =
        (0..30).map(|number| finding(number, &format!("rule{number:02}"), "anna", SECOND)).collect();
    findings.push(finding(30, "rule29", "bert", 2 * SECOND));
    let mut renamed = finding(31, "rule29", "carl", 3 * SECOND);
    Arc::make_mut(&mut renamed.finding.rule).title = "Its new title".to_owned();
    findings.push(renamed);
    state.record_findings(None, &findings).await.unwrap();
    let summary = state.group_summary(&node(), &GroupFilter::default(), 10).await.unwrap();
    let rules = &summary.facets[2].values;
    assert_eq!((rules.len(), rules[0].count, &*rules[0].label), (20, 3, "Its new title"));
    assert_eq!((&*rules[1].value, &*rules[19].value), ("rule00", "rule18"));
}

#[tokio::test]
async fn findings_are_counted_over_time_by_receipt_and_level() {
    let Kept { state, folder: _folder } = three_groups().await;
    let counted = async |scope: AccessScope, filter: FindingFilter| {
        let range = (Time(0), Time(90 * SECOND));
        state.findings_over_time(&scope, &filter, range, 9).await.unwrap()
    };
    let all = counted(node(), FindingFilter::default()).await;
    let cells = vec![cell(0, Level::High, 1), cell(10 * SECOND, Level::High, 2)];
    assert_eq!(all, OverTime { seconds: 10, cells });
    let later = (Time(80 * SECOND), Time(91 * SECOND));
    let later = state.findings_over_time(&node(), &FindingFilter::default(), later, 1).await.unwrap();
    assert_eq!(later, OverTime { seconds: 30, cells: vec![cell(80 * SECOND, Level::Critical, 1)] });
    let none = OverTime { seconds: 10, cells: Vec::new() };
    assert_eq!(counted(only("north"), FindingFilter::default()).await, none);
    assert_eq!(
        counted(node(), FindingFilter { level_min: Some(Level::Critical), ..FindingFilter::default() }).await,
        none
    );
    let of_rule = FindingFilter { rule_id: Some("logon".to_owned()), ..FindingFilter::default() };
    assert_eq!(counted(node(), of_rule).await, all);
}
