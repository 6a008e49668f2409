//! Which groups are one story.

use super::*;

const MINUTE: i64 = 60 * 1_000_000;

/// The `number`-th finding, of a rule and a level, at a minute, about a user and a host (empty for none).
fn at(number: u32, rule: &str, level: Level, minute: i64, user: &str, host: &str) -> NewFinding {
    let mut new = finding(number, rule, user, minute * MINUTE);
    Arc::make_mut(&mut new.finding.rule).level = level;
    let named = |name: &str| Some(Arc::from(name)).filter(|_| !name.is_empty());
    new.subjects = Subjects { user: named(user), host: named(host), ..Subjects::default() };
    new
}

/// Of each story: began, worst and latest rule, groups and findings, and whom it is about.
async fn told(state: &State, scope: &AccessScope) -> Vec<String> {
    let told = state.stories(scope, Level::Medium, Time(1_000 * MINUTE)).await.unwrap();
    assert!(!told.is_cut);
    let line = |story: &Story| {
        let names: Vec<&str> = story.entities.iter().map(|entity| &*entity.name).collect();
        let rules = [&story.began, &story.worst, &story.latest].map(|group| group.rule_id.as_str()).join(" ");
        format!("{rules} {}/{} {}", story.groups, story.findings, names.join(","))
    };
    told.stories.iter().map(line).collect()
}

async fn kept(findings: &[NewFinding]) -> Kept {
    let kept = state().await;
    kept.state.record_findings(None, findings).await.unwrap();
    kept
}

#[tokio::test]
async fn groups_that_share_a_person_or_a_machine_are_one_story_also_over_others() {
    let Kept { state, folder: _folder } = kept(&[
        at(1, "vpn", Level::High, 1, "vendor", "FW01"),
        at(2, "dump", Level::High, 5, "LAKESIDE\\Vendor", "JUMP01.lakeside.example"),
        at(3, "fetch", Level::Medium, 4, "", "jump01"),
        at(4, "rename", Level::Critical, 9, "admin@lakeside.example", "10.0.0.61"),
        at(5, "rename", Level::Critical, 9, "admin", "10.0.0.61"),
        at(6, "glass", Level::High, 20, "nurse", ""),
        at(7, "note", Level::Low, 21, "nurse", ""),
    ])
    .await;
    let expect = [
        "rename rename rename 2/2 admin,10.0.0.61",
        "vpn dump dump 3/3 vendor,jump01,FW01",
        "glass glass glass 1/1 nurse",
    ];
    assert_eq!(told(&state, &node()).await, expect);
}

#[tokio::test]
async fn machine_accounts_join_nobody_and_neither_does_a_machine_that_everybody_uses() {
    let mut findings = vec![
        at(1, "a", Level::High, 1, "root", "esx01"),
        at(2, "b", Level::High, 2, "root", "esx02"),
        at(3, "c", Level::High, 3, "NT AUTHORITY\\SYSTEM", "esx03"),
    ];
    for (number, user) in ["anna", "bert", "carl", "dora", "emil"].into_iter().enumerate() {
        findings.push(at(10 + u32::try_from(number).unwrap(), "d", Level::High, 10, user, "terminal"));
    }
    let Kept { state, folder: _folder } = kept(&findings).await;
    let told = told(&state, &node()).await;
    assert_eq!(told.len(), 8, "{told:?}");
    let Kept { state, folder: _folder } = kept(&findings[3..7]).await;
    assert_eq!(self::told(&state, &node()).await, ["d d d 4/4 terminal,anna,bert,carl,dora"]);
}

#[tokio::test]
async fn what_names_neither_person_nor_machine_is_about_its_source() {
    let Kept { state, folder: _folder } =
        kept(&[at(1, "a", Level::High, 1, "", ""), at(2, "b", Level::High, 2, "", "")]).await;
    assert_eq!(told(&state, &node()).await, ["a a a 1/1 ehr", "b b b 1/1 ehr"]);
}

#[tokio::test]
async fn what_is_closed_quiet_or_of_another_site_is_in_no_story() {
    let mut north = at(3, "c", Level::High, 3, "anna", "");
    north.site = "north".into();
    let Kept { state, folder: _folder } =
        kept(&[at(1, "a", Level::High, 1, "anna", ""), at(2, "b", Level::High, 2, "anna", ""), north]).await;
    assert_eq!(told(&state, &node()).await, ["a c c 3/3 anna"]);
    assert_eq!(told(&state, &only("main")).await, ["a b b 2/2 anna"]);
    let groups = state.groups(&node(), &GroupFilter::default(), GroupOrder::Newest, None, 9).await.unwrap().rows;
    let close =
        GroupChange { state: Some(GroupState::Closed), verdict: Some(Some(Verdict::Benign)), ..GroupChange::default() };
    state.change_group(&node(), &by(20), groups[2].group_id, None, &close).await.unwrap();
    assert_eq!(told(&state, &node()).await, ["b c c 2/2 anna"]);
}

#[tokio::test]
async fn what_the_scope_hides_neither_shows_nor_joins() {
    let Kept { state, folder: _folder } =
        kept(&[at(1, "a", Level::High, 1, "anna", "ws1"), at(2, "b", Level::High, 2, "anna", "ws2")]).await;
    assert_eq!(told(&state, &node()).await, ["a b b 2/2 anna,ws1,ws2"]);
    assert_eq!(told(&state, &node().masking("user")).await, ["a a a 1/1 ws1", "b b b 1/1 ws2"]);
}
