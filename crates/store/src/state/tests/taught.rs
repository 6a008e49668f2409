//! Verdicts that teach: who gave them, about whom, and back again.

use super::*;

fn learnt(number: u32, rule: &str, user: Option<&str>, host: Option<&str>, device: Option<&str>) -> NewFinding {
    let mut new = finding(number, rule, "unused", 1_000 + i64::from(number));
    let text = |name: Option<&str>| name.map(Arc::from);
    new.subjects = Subjects { user: text(user), host: text(host), device: text(device), patient_ref: None };
    new
}

fn verdict(verdict: Verdict) -> GroupChange {
    GroupChange { verdict: Some(Some(verdict)), ..GroupChange::default() }
}

async fn groups(state: &State) -> Vec<GroupRow> {
    state.groups(&node(), &GroupFilter::default(), GroupOrder::Newest, None, 100).await.unwrap().rows
}

#[tokio::test]
async fn a_verdict_says_who_gave_it_when_and_about_whom_and_a_change_of_the_note_does_not() {
    let kept = state().await;
    let findings = [
        learnt(1, "learn.account.sign_in", Some("mary"), Some("WS1"), None),
        learnt(2, "learn.device.new_peer", Some("mary"), Some("WS1"), Some("PUMP-3")),
        learnt(3, "learn.host.beacon", Some("mary"), Some("10.0.0.7"), None),
        learnt(4, "another.rule", Some("mary"), None, None),
    ];
    kept.state.record_findings(None, &findings).await.unwrap();
    for group in groups(&kept.state).await {
        kept.state.change_group(&node(), &by(20), group.group_id, None, &verdict(Verdict::Benign)).await.unwrap();
        let note = GroupChange { note: Some(Some("seen".to_owned())), ..GroupChange::default() };
        let another = By { actor: "boris".into(), ..by(30) };
        kept.state.change_group(&node(), &another, group.group_id, None, &note).await.unwrap();
    }
    let taught = kept.state.taught(&node(), "learn.").await.unwrap();
    let mut told: Vec<_> = taught
        .iter()
        .map(|row| {
            (
                row.group.rule_id.as_str(),
                row.about.as_ref().map(|about| (about.kind, &*about.name)),
                row.by.as_str(),
                row.given,
            )
        })
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("learn.account.sign_in", Some((EntityKind::User, "mary")), "anna", Time(20)),
            ("learn.device.new_peer", Some((EntityKind::Device, "PUMP-3")), "anna", Time(20)),
            ("learn.host.beacon", Some((EntityKind::Host, "10.0.0.7")), "anna", Time(20)),
        ]
    );
    assert_eq!(kept.state.taught(&only("elsewhere"), "learn.").await.unwrap(), Vec::new());
}

#[tokio::test]
async fn a_verdict_stands_at_its_latest_finding_is_replaced_by_another_and_goes_with_it() {
    let kept = state().await;
    kept.state.record_findings(None, &[learnt(1, "learn.account.sign_in", Some("mary"), None, None)]).await.unwrap();
    let id = groups(&kept.state).await[0].group_id;
    kept.state.change_group(&node(), &by(20), id, None, &verdict(Verdict::FalsePositive)).await.unwrap();
    kept.state.record_findings(None, &[learnt(2, "learn.account.sign_in", Some("mary"), None, None)]).await.unwrap();
    let of = async || kept.state.taught(&node(), "learn.").await.unwrap();
    assert_eq!(of().await[0].about_until, Time(1_001));
    let another = By { actor: "boris".into(), ..by(30) };
    kept.state.change_group(&node(), &another, id, None, &verdict(Verdict::TruePositive)).await.unwrap();
    let taught = of().await;
    assert_eq!(
        (taught[0].by.as_str(), taught[0].about_until, taught[0].group.verdict),
        ("boris", Time(1_002), Some(Verdict::TruePositive))
    );
    let none = GroupChange { verdict: Some(None), ..GroupChange::default() };
    kept.state.change_group(&node(), &by(40), id, None, &none).await.unwrap();
    assert_eq!(of().await, Vec::new());
}

#[tokio::test]
async fn an_effect_is_taken_back_and_counts_again_and_both_are_audited() {
    let kept = state().await;
    kept.state.record_findings(None, &[learnt(1, "learn.account.sign_in", Some("mary"), None, None)]).await.unwrap();
    let id = groups(&kept.state).await[0].group_id;
    assert!(matches!(kept.state.let_teach(&node(), &by(20), id, false).await, Err(StateError::NotFound(_))));
    kept.state.change_group(&node(), &by(20), id, None, &verdict(Verdict::Benign)).await.unwrap();
    assert!(kept.state.let_teach(&only("elsewhere"), &by(25), id, false).await.is_err());
    kept.state.let_teach(&node(), &by(30), id, false).await.unwrap();
    let of = async || kept.state.taught(&node(), "learn.").await.unwrap().remove(0);
    assert_eq!(of().await.taken_back, Some(("anna".to_owned(), Time(30))));
    assert_eq!(of().await.group.verdict, Some(Verdict::Benign));
    kept.state.let_teach(&node(), &by(40), id, true).await.unwrap();
    assert_eq!(of().await.taken_back, None);
    let filter = AuditFilter { action: Some("verdict_teaches".to_owned()), ..AuditFilter::default() };
    let rows = kept.state.audit_rows(&filter, None, 10).await.unwrap().rows;
    let told: Vec<_> = rows.iter().map(|row| (row.by.at, row.entry.detail["teaches"].as_bool())).collect();
    assert_eq!(told, [(Time(40), Some(true)), (Time(30), Some(false))]);
}
