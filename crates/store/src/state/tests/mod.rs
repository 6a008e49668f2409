//! The state on a real file. Times are small numbers of microseconds; what passes is told, never waited for.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use cordon_model::{
    Digest, EventId, Finding, FindingId, FindingOrigin, Level, LogSource, MatchedField, Position, RuleCard, Time,
};
use cordon_policy::{AccessScope, Action, Asked, Decision, Policies, Principal, Role, Universe};

use super::*;

mod handles;
mod incidents;
mod people;
mod rate;
mod staff;
mod stories;
mod summary;
mod taught;

pub(super) const DAY: i64 = 24 * 3_600 * 1_000_000;

/// A state in a folder that goes with it.
pub(super) struct Kept {
    pub(super) folder: tempfile::TempDir,
    pub(super) state: State,
}

pub(super) async fn state() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&folder.path().join("state.db"), StateOptions::default()).await.unwrap();
    Kept { folder, state }
}

pub(crate) fn by(at: i64) -> By {
    By { actor: "anna".into(), address: "10.0.0.9".into(), at: Time(at) }
}

pub(super) fn node() -> AccessScope {
    AccessScope::of_the_node()
}

pub(super) fn only(site: &str) -> AccessScope {
    node().narrowed_to_sites(&[site.to_owned()].into())
}

/// A finding of rule `rule` about user `user` at `time`, the `number`-th.
pub(crate) fn finding(number: u32, rule: &str, user: &str, time: i64) -> NewFinding {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    let card =
        RuleCard { id: rule.to_owned(), title: format!("Title of {rule}"), level: Level::High, ..RuleCard::default() };
    let finding = Finding {
        finding_id: FindingId(id),
        event_ids: vec![EventId(id)],
        rule: Arc::new(card),
        time: Some(Time(time)),
        source_file: "ehr".into(),
        position: Position::Offset(u64::from(number)),
        index: 0,
        log_source: LogSource { product: "ehr", category: "record_access", service: "", mapping: "" },
        matched: vec![MatchedField {
            field: "user".to_owned(),
            value: user.to_owned(),
            offset: Some(0),
            length: user.len(),
            pattern: "x".to_owned(),
        }],
        record_sha256: Digest([7; 32]),
        origin: FindingOrigin::Event,
    };
    NewFinding {
        finding,
        events: Vec::new(),
        rule_version: "v1".into(),
        site: "main".into(),
        class_uid: 3002,
        received: Time(time),
        subjects: Subjects { user: Some(user.into()), ..Subjects::default() },
    }
}

async fn listed(state: &State, scope: &AccessScope, filter: &GroupFilter) -> Vec<(String, String, u64, GroupState)> {
    let page = state.groups(scope, filter, GroupOrder::Newest, None, 100).await.unwrap();
    let row = |row: GroupRow| (row.rule_id, row.entity.as_deref().unwrap_or("?").to_owned(), row.count, row.state);
    page.rows.into_iter().map(row).collect()
}

#[tokio::test]
async fn findings_of_one_rule_entity_and_window_are_one_group() {
    let Kept { state, folder: _folder } = state().await;
    let findings = [
        finding(1, "a", "anna", 10),
        finding(2, "a", "anna", DAY - 1),
        finding(3, "a", "bert", 11),
        finding(4, "b", "anna", 12),
        finding(5, "a", "anna", DAY),
    ];
    let recorded = state.record_findings(Some(("findings", 500)), &findings).await.unwrap();
    assert_eq!((recorded.new, recorded.known, recorded.touched.len()), (5, 0, 4));
    assert!(recorded.touched.iter().all(|group| group.opened));
    let open = GroupState::Open;
    let group = |rule: &str, user: &str, count: u64| (rule.to_owned(), user.to_owned(), count, open);
    let expect = [group("a", "anna", 1), group("a", "anna", 2), group("b", "anna", 1), group("a", "bert", 1)];
    assert_eq!(listed(&state, &node(), &GroupFilter::default()).await, expect);
    assert_eq!(state.applied_offset("findings").await.unwrap(), 500);
}

#[tokio::test]
async fn what_was_judged_later_says_so_and_leaves_what_is_there_as_it_is() {
    let Kept { state, folder: _folder } = state().await;
    state.record_findings(Some(("findings", 9)), &[finding(1, "a", "anna", 10)]).await.unwrap();
    let later = JudgedLater { by: "backfill", is_quiet: true };
    let both = [finding(1, "a", "anna", 10), finding(2, "a", "anna", 11)];
    let recorded = state.record_later(&both, later).await.unwrap();
    assert_eq!((recorded.new, recorded.known), (1, 1));
    let rows = state.findings(&node(), &FindingFilter::default(), None, 9).await.unwrap().rows;
    let marks: Vec<_> = rows.iter().map(|row| row.explanation.get("later").cloned()).collect();
    assert_eq!(marks, [Some(serde_json::json!({"by": "backfill", "quiet": true})), None]);
    assert_eq!(state.applied_offset("findings").await.unwrap(), 9);
}

#[tokio::test]
async fn a_replayed_batch_changes_nothing() {
    let Kept { state, folder: _folder } = state().await;
    let findings = [finding(1, "a", "anna", 10), finding(2, "a", "anna", 11), finding(2, "a", "anna", 11)];
    let recorded = state.record_findings(Some(("findings", 9)), &findings).await.unwrap();
    assert_eq!((recorded.new, recorded.known), (2, 1));
    let before = state.groups(&node(), &GroupFilter::default(), GroupOrder::Worst, None, 9).await.unwrap();
    let risk = state.risks(&node(), None, Time(11), 9).await.unwrap();
    let again = state.record_findings(Some(("findings", 4)), &findings).await.unwrap();
    assert_eq!(again, Recorded { known: 3, ..Recorded::default() });
    assert_eq!(state.groups(&node(), &GroupFilter::default(), GroupOrder::Worst, None, 9).await.unwrap(), before);
    assert_eq!(state.risks(&node(), None, Time(11), 9).await.unwrap(), risk);
    assert_eq!(state.applied_offset("findings").await.unwrap(), 9);
}

#[tokio::test]
async fn an_event_from_the_future_counts_when_it_was_received() {
    let Kept { state, folder: _folder } = state().await;
    let mut new = finding(1, "a", "anna", 400 * 365 * DAY);
    new.received = Time(DAY + 5);
    state.record_findings(None, &[new]).await.unwrap();
    let page = state.groups(&node(), &GroupFilter::default(), GroupOrder::Worst, None, 9).await.unwrap();
    assert_eq!((page.rows[0].window_start, page.rows[0].last), (Time(DAY), Time(DAY + 5)));
    let row = state.findings(&node(), &FindingFilter::default(), None, 1).await.unwrap().rows.remove(0);
    assert_eq!(row.time, Some(Time(400 * 365 * DAY)));
}

#[tokio::test]
async fn a_finding_explains_itself() {
    let Kept { state, folder: _folder } = state().await;
    state.record_findings(None, &[finding(1, "a", "anna", 10)]).await.unwrap();
    let row = state.finding(&node(), FindingId([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])).await.unwrap();
    let expect = serde_json::json!({
        "log_source": {"product": "ehr", "category": "record_access", "service": ""},
        "matched": [{"field": "user", "value": "anna", "offset": 0, "length": 4, "pattern": "x"}],
        "record": {"source": "ehr", "position": "1", "index": 0, "sha256": "07".repeat(32)},
        "events": [{"event_id": "00000001-0000-0000-0000-000000000000", "source": "ehr", "position": "1", "index": 0, "sha256": "07".repeat(32)}],
        "origin": {"kind": "event"},
        "rule": {"id": "a", "version": "v1", "title": "Title of a", "author": "", "license": "", "link": "", "level": "high", "tags": [],
            "description": "", "false_positives": []},
    });
    assert_eq!(row.explanation, expect);
    let hidden =
        state.findings(&node().masking("user"), &FindingFilter::default(), None, 1).await.unwrap().rows.remove(0);
    assert_eq!((&hidden.explanation["matched"][0]["value"], hidden.subjects.user), (&serde_json::Value::Null, None));
}

#[tokio::test]
async fn a_scope_admits_its_rows_only() {
    let Kept { state, folder: _folder } = state().await;
    let mut north = finding(2, "a", "anna", 10);
    north.site = "north".into();
    let mut network = finding(3, "a", "anna", 10);
    network.class_uid = 4001;
    state.record_findings(None, &[finding(1, "a", "anna", 10), north, network]).await.unwrap();
    let counts = async |scope: AccessScope| {
        let groups =
            state.groups(&scope, &GroupFilter::default(), GroupOrder::Worst, None, 9).await.unwrap().rows.len();
        let findings = state.findings(&scope, &FindingFilter::default(), None, 9).await.unwrap().rows.len();
        let risk = state.risks(&scope, None, Time(10), 9).await.unwrap();
        (groups, findings, risk.first().map_or(0.0, |risk| risk.score.round()))
    };
    assert_eq!(counts(node()).await, (3, 3, 60.0));
    assert_eq!(counts(only("main")).await, (2, 2, 40.0));
    assert_eq!(counts(only("main").narrowed_to_classes(&[4001].into())).await, (1, 1, 20.0));
    assert_eq!(counts(only("south")).await, (0, 0, 0.0));
    let hidden =
        GroupFilter { entity: Some(Entity { kind: EntityKind::User, name: "anna".into() }), ..GroupFilter::default() };
    assert_eq!(listed(&state, &node(), &hidden).await.len(), 3);
    assert_eq!(listed(&state, &node().masking("user"), &hidden).await.len(), 0);
    assert_eq!(listed(&state, &node().masking("user"), &GroupFilter::default()).await[0].1, "?");
}

#[tokio::test]
async fn pages_give_every_row_once() {
    let Kept { state, folder: _folder } = state().await;
    let findings: Vec<NewFinding> =
        (0..25).map(|number| finding(number, "a", &format!("user{number}"), i64::from(number % 4))).collect();
    state.record_findings(None, &findings).await.unwrap();
    for order in [GroupOrder::Worst, GroupOrder::Newest] {
        let (mut seen, mut after, mut more) = (Vec::new(), None, true);
        while more {
            let page = state.groups(&node(), &GroupFilter::default(), order, after.as_deref(), 4).await.unwrap();
            seen.extend(page.rows.iter().map(|row| (std::cmp::Reverse(row.last), std::cmp::Reverse(row.group_id))));
            more = page.next.is_some();
            after = page.next;
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!((seen.len(), seen), (25, sorted));
    }
    assert!(matches!(
        state.groups(&node(), &GroupFilter::default(), GroupOrder::Worst, Some("1_x"), 4).await,
        Err(StateError::Refused(_))
    ));
}

#[tokio::test]
async fn a_group_is_triaged_by_revision_and_opens_again() {
    let Kept { state, folder: _folder } = state().await;
    let touched = state.record_findings(None, &[finding(1, "a", "anna", 10)]).await.unwrap().touched;
    let id = touched[0].group_id;
    let closing = GroupChange { state: Some(GroupState::Closed), ..GroupChange::default() };
    let refused = state.change_group(&node(), &by(20), id, Some(1), &closing).await;
    assert!(matches!(refused, Err(StateError::Refused(_))));
    let closing = GroupChange { verdict: Some(Some(Verdict::Benign)), owner: Some(Some("anna".into())), ..closing };
    let closed = state.change_group(&node(), &by(21), id, Some(1), &closing).await.unwrap();
    assert_eq!((closed.state, closed.revision, closed.verdict), (GroupState::Closed, 2, Some(Verdict::Benign)));
    assert_eq!(state.group(&node(), id).await.unwrap(), closed);
    assert!(matches!(state.change_group(&node(), &by(22), id, Some(1), &closing).await, Err(StateError::Changed(_))));
    assert!(matches!(
        state.change_group(&only("north"), &by(22), id, None, &closing).await,
        Err(StateError::NotFound(_))
    ));
    let again = state.record_findings(None, &[finding(2, "a", "anna", 30)]).await.unwrap().touched;
    assert!(again[0].opened);
    let group = state.group(&node(), id).await.unwrap();
    assert_eq!((group.state, group.reopened, group.count), (GroupState::Open, 1, 2));
    let audit = state.audit_rows(&AuditFilter::default(), None, 9).await.unwrap().rows;
    assert_eq!((audit.len(), audit[0].entry.action.as_str(), audit[0].by.at), (1, "group_changed", Time(21)));
}

#[tokio::test]
async fn a_muted_finding_is_kept_and_quiet() {
    let Kept { state, folder: _folder } = state().await;
    state.record_findings(None, &[finding(1, "a", "anna", 10), finding(2, "b", "anna", 10)]).await.unwrap();
    let mute = NewMute {
        kind: MuteKind::Suppression,
        rule_id: Some("a".to_owned()),
        site: Some("main".to_owned()),
        entity: Some(Entity { kind: EntityKind::User, name: "anna".into() }),
        source: None,
        fields: Vec::new(),
        starts: Time(20),
        ends: Some(Time(100)),
        reason: "being looked into".to_owned(),
    };
    let added = state.add_mute(&only("main"), &by(20), mute.clone()).await.unwrap();
    let loud = |at: i64| GroupFilter { quiet_at: Some(Time(at)), ..GroupFilter::default() };
    assert_eq!(listed(&state, &node(), &loud(20)).await.len(), 1);
    let recorded =
        state.record_findings(None, &[finding(3, "a", "anna", 30), finding(4, "a", "bert", 30)]).await.unwrap();
    assert_eq!((recorded.muted, recorded.touched.len()), (1, 1));
    assert_eq!(listed(&state, &node(), &loud(99)).await.len(), 2);
    assert_eq!(listed(&state, &node(), &loud(100)).await.len(), 3);
    assert_eq!(state.mutes(&node(), Some(Time(50))).await.unwrap()[0].hits, 1);
    state.end_mute(&only("main"), &by(9_000), added.mute_id, Time(60)).await.unwrap(); // the real clock is far ahead of that of the events
    assert_eq!(listed(&state, &node(), &loud(60)).await.len(), 3);
    assert_eq!(state.mutes(&node(), Some(Time(60))).await.unwrap(), []);
    assert_eq!(state.mutes(&node(), None).await.unwrap().len(), 1);
    let elsewhere = state.add_mute(&only("north"), &by(20), mute.clone()).await;
    assert!(matches!(elsewhere, Err(StateError::Refused(_))));
    let endless = NewMute { ends: None, ..mute };
    assert!(matches!(state.add_mute(&node(), &by(20), endless).await, Err(StateError::Refused(_))));
}

#[tokio::test]
async fn an_exception_holds_for_its_values_and_its_authors_classes() {
    let Kept { state, folder: _folder } = state().await;
    let exception = NewMute {
        kind: MuteKind::Exception,
        rule_id: Some("a".to_owned()),
        site: Some("main".to_owned()),
        entity: None,
        source: None,
        fields: vec![("user".to_owned(), "ANNA".to_owned())],
        starts: Time(0),
        ends: None,
        reason: "the backup account".to_owned(),
    };
    state.add_mute(&only("main").narrowed_to_classes(&[3002].into()), &by(1), exception).await.unwrap();
    let mut other_class = finding(2, "a", "anna", 10);
    other_class.class_uid = 87_006_001;
    let findings = [finding(1, "a", "anna", 10), other_class, finding(3, "a", "bert", 10)];
    let recorded = state.record_findings(None, &findings).await.unwrap();
    assert_eq!((recorded.new, recorded.muted, recorded.touched.len()), (3, 1, 2));
}

#[tokio::test]
async fn risk_halves_with_every_half_life_and_repetition_adds_little() {
    let Kept { state, folder: _folder } = state().await;
    let half_life = i64::try_from(RISK_HALF_LIFE.as_micros()).unwrap();
    let anna = Entity { kind: EntityKind::User, name: "anna".into() };
    let score = async |now: i64| state.risk(&node(), &anna, Time(now)).await.unwrap().unwrap().score;
    state.record_findings(None, &[finding(1, "a", "anna", 1)]).await.unwrap();
    assert!((score(1).await - 20.0).abs() < 1e-9);
    assert!((score(1 + half_life).await - 10.0).abs() < 1e-9);
    state.record_findings(None, &[finding(2, "a", "anna", 1), finding(3, "a", "anna", 1)]).await.unwrap();
    assert!((score(1).await - 20.0 * (1.0 + 1.0 / 2.0 + 1.0 / 3.0)).abs() < 1e-9);
    let late = 1 + 150 * half_life; // far enough for the epoch to move
    state.record_findings(None, &[finding(4, "a", "anna", late)]).await.unwrap();
    assert!((score(late).await - 20.0).abs() < 1e-9);
    assert!((score(late + 2 * half_life).await - 5.0).abs() < 1e-9);
}

#[tokio::test]
async fn findings_cannot_be_changed_and_the_audit_log_cannot_be_cut() {
    let Kept { state, folder: _folder } = state().await;
    state.record_findings(None, &[finding(1, "a", "anna", 10)]).await.unwrap();
    state.audit(&by(1), &AuditEntry::new("tried", "node", "", serde_json::json!({}))).await.unwrap();
    for statement in ["UPDATE findings SET level = 0", "UPDATE audit SET actor = 'x'", "DELETE FROM audit"] {
        assert!(sqlx::query(statement).execute(&state.writer).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn a_change_anywhere_in_the_audit_log_is_found() {
    let Kept { state, folder: _folder } = state().await;
    for number in 0..41 {
        let entry = AuditEntry::new("counted", "node", "", serde_json::json!({"number": number}));
        state.audit(&by(number), &entry).await.unwrap();
    }
    let verified = state.verify_audit().await.unwrap();
    assert_eq!(verified.rows, 41);
    sqlx::raw_sql("DROP TRIGGER audit_is_append_only; DROP TRIGGER audit_is_never_cut;")
        .execute(&state.writer)
        .await
        .unwrap();
    let tamper = async |statement: &'static str| {
        let mut tx = state.begin().await.unwrap();
        sqlx::query(statement).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        let broken = state.verify_audit().await;
        matches!(broken, Err(StateError::AuditBroken { seq: 7 }))
    };
    assert!(tamper("UPDATE audit SET detail = '{\"number\":9}' WHERE seq = 7").await);
    assert!(tamper("DELETE FROM audit WHERE seq = 7").await);
}

#[tokio::test]
async fn the_file_belongs_to_its_owner_only_and_survives_closing() {
    let Kept { state, folder } = state().await;
    let path = folder.path().join("state.db");
    state.record_findings(Some(("findings", 3)), &[finding(1, "a", "anna", 10)]).await.unwrap();
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!((name, mode & 0o777), (name, 0o600));
    }
    state.close().await;
    let state = State::open(&path, StateOptions::default()).await.unwrap();
    assert_eq!(state.applied_offset("findings").await.unwrap(), 3);
    assert_eq!(listed(&state, &node(), &GroupFilter::default()).await.len(), 1);
}

#[tokio::test]
async fn a_newer_state_and_a_strange_file_are_refused_untouched() {
    let Kept { state, folder } = state().await;
    let path = folder.path().join("state.db");
    sqlx::raw_sql("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)").execute(&state.writer).await.unwrap();
    state.close().await;
    let before = std::fs::read(&path).unwrap();
    let refused = State::open(&path, StateOptions::default()).await;
    assert!(matches!(refused, Err(StateError::Newer { found: 99, known: SCHEMA_VERSION, .. })));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    std::fs::write(
        &path,
        b"Dear diary, nothing happened today, and that is how it should be in a hospital at night. Good.",
    )
    .unwrap();
    assert!(matches!(State::open(&path, StateOptions::default()).await, Err(StateError::Foreign { .. })));
}

#[tokio::test]
async fn rows_through_a_scope_of_policies_are_the_rows_that_it_admits() {
    let Kept { state, folder: _folder } = state().await;
    let (sites, classes) = (["a", "b", "c"], [1007, 3002, 87_006_001]);
    let mut findings = Vec::new();
    for (site, class_uid) in sites.iter().flat_map(|site| classes.map(|class| (*site, class))) {
        let number = u32::try_from(findings.len()).unwrap();
        findings.push(NewFinding { site: site.into(), class_uid, ..finding(number, "r", "anna", 10) });
    }
    state.record_findings(None, &findings).await.unwrap();
    // no product of sites and classes: a has two classes, b another one, c what the roles give
    let permit = |site: &str, class: i64| {
        format!(
            "permit (principal, action == Action::\"ReadFindings\", resource) when {{ resource.site == \"{site}\" && resource.class == {class} }};"
        )
    };
    let more = [permit("a", 1007), permit("a", 3002), permit("b", 87_006_001)].concat();
    let universe = Universe { sites: sites.map(str::to_owned).into(), classes: classes.into() };
    let policies = Policies::load(universe, &[("site.cedar".to_owned(), more)]).unwrap();
    for (role, own, expect) in [(Role::Administrator, "c", 3), (Role::PrivacyOfficer, "c", 4), (Role::Analyst, "c", 6)]
    {
        let principal = Principal { roles: [role].into(), sites: Some([own.to_owned()].into()), only: None };
        let decision = policies.decide(&principal, Action::ReadFindings, Asked::default());
        let Decision::Allowed(scope) = decision else { panic!("{role:?} is denied") };
        let rows = state.findings(&scope, &FindingFilter::default(), None, 99).await.unwrap().rows;
        assert!(rows.iter().all(|row| scope.admits(&row.site, row.class_uid)));
        let admitted = findings.iter().filter(|new| scope.admits(&new.site, new.class_uid)).count();
        assert_eq!((rows.len(), admitted), (expect, expect));
        let groups = state.groups(&scope, &GroupFilter::default(), GroupOrder::Worst, None, 99).await.unwrap().rows;
        assert_eq!(groups.len(), expect);
    }
}

#[tokio::test]
async fn after_a_full_disk_the_state_can_be_written_again() {
    let kept = state().await;
    // as many pages as there are: the next that is needed does not fit
    let pages = sqlx::raw_sql("PRAGMA max_page_count = 1").execute(&kept.state.writer).await;
    pages.unwrap();
    let many: Vec<NewFinding> = (0..2_000).map(|number| finding(number, "r", "anna", 10)).collect();
    assert!(matches!(kept.state.record_findings(None, &many).await, Err(StateError::Full(_))));
    // what a transaction that SQLite undid by itself leaves of the connection: the driver counts one that is none
    let mut begun = kept.state.writer.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::raw_sql("ROLLBACK").execute(&mut *begun).await.unwrap();
    drop(begun);
    assert_eq!(kept.state.record_findings(None, &many[..1]).await.unwrap().new, 1);
}

#[tokio::test]
async fn a_batch_that_fails_leaves_nothing_behind() {
    let Kept { state, folder: _folder } = state().await;
    let too_far = Some(("findings", u64::MAX));
    assert!(matches!(
        state.record_findings(too_far, &[finding(1, "a", "anna", 10)]).await,
        Err(StateError::Refused(_))
    ));
    assert_eq!(state.findings(&node(), &FindingFilter::default(), None, 9).await.unwrap().rows.len(), 0);
    assert_eq!(listed(&state, &node(), &GroupFilter::default()).await, []);
    assert_eq!(state.risks(&node(), None, Time(10), 9).await.unwrap(), []);
}

#[tokio::test]
async fn what_findings_cite_is_known_by_its_place_until_their_time_is_over() {
    let Kept { state, folder: _folder } = state().await;
    let [mut first, mut second, mut third] =
        [finding(1, "a", "anna", 1_000), finding(2, "b", "anna", 2_000), finding(3, "c", "anna", 2_000)];
    (first.finding.position, second.finding.position) = (Position::Offset(700), Position::Offset(700));
    third.finding.position = Position::Chunk { chunk: 3, record: 17 };
    state.record_findings(None, &[first, second, third]).await.unwrap();
    let cited = async |since: i64| {
        let cited = state.cited(0..10_000, Time(since)).await.unwrap().unwrap();
        cited.into_keys().collect::<Vec<_>>()
    };
    assert_eq!((cited(2_000).await, cited(2_001).await), (vec![700], vec![]));
    let gone = PurgeBefore { findings: Time(1_500), ended: Time(0) };
    assert_eq!(state.remove_over(&gone).await.unwrap().findings, 1);
    assert_eq!(cited(0).await, [700]);
    let gone = PurgeBefore { findings: Time(i64::MAX), ended: Time(i64::MAX) };
    let purged = state.remove_over(&gone).await.unwrap();
    assert_eq!((purged.findings, purged.groups, cited(0).await), (2, 3, vec![]));
    assert!(state.remove_over(&gone).await.unwrap().is_nothing());
}
