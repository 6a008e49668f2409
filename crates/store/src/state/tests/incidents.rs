//! Cases and reviews: what a review brings, who sees which, by which name, and what people do with them.

use cordon_incident::{Deed, Refused, verify_custody};
use cordon_model::{
    Incident, IncidentAccess, IncidentId, IncidentKind, IncidentState, IncidentVerdict, NewIncident, Told,
};
use cordon_policy::StaffNames;
use cordon_seal::SiteKey;

use super::*;

const ANNA: &str = "LAKESIDE\\annabella";

async fn keyed() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let options = StateOptions { site_key: Some(SiteKey::new([5; 32])), ..StateOptions::default() };
    let state = State::open(&folder.path().join("state.db"), options).await.unwrap();
    Kept { folder, state }
}

/// What a role reads of cases.
fn scope(role: Role, staff_names: StaffNames) -> AccessScope {
    let universe = Universe { sites: ["main".to_owned(), "north".to_owned()].into(), classes: [3002].into() };
    let policies = Policies::load(universe, &[]).unwrap().with_staff_names(staff_names);
    let principal = Principal { roles: [role].into(), sites: Some(["main".to_owned()].into()), only: None };
    match policies.decide(&principal, Action::ReadIncidents, Asked::default()) {
        Decision::Allowed(scope) => scope,
        Decision::Denied => panic!("{role:?} reads cases"),
    }
}

fn officer() -> AccessScope {
    scope(Role::PrivacyOfficer, StaffNames::ByPseudonymButToOfficers)
}

fn told(text: &str) -> Told {
    Told { text: text.to_owned(), proof: vec!["event:00".to_owned(), "staff.csv:3".to_owned()] }
}

fn access(number: u8, time: i64) -> IncidentAccess {
    IncidentAccess {
        event_id: EventId([number; 16]),
        time: Time(time),
        patient_ref: format!("p-{number}"),
        action: "read".to_owned(),
        section: "letters".to_owned(),
        source: "ehr".to_owned(),
        workstation: "WS-annabella".to_owned(),
        break_glass: number == 2,
        explanation: String::new(),
    }
}

/// The `number`-th case, about `user`, with a score that falls with its number.
fn case(number: u8, user: &str, scenarios: &[&str]) -> NewIncident {
    NewIncident {
        id: IncidentId([number; 16]),
        kind: IncidentKind::Privacy,
        site: "main".to_owned(),
        user: user.to_owned(),
        title: format!("No reason found in the data for accesses of [[user:{user}]]"),
        score: 1.0 - f64::from(number) / 100.0,
        scenarios: scenarios.iter().map(|name| (*name).to_owned()).collect(),
        patients: vec!["p-1".to_owned()],
        parts: vec![("S2".to_owned(), 1.25), ("prior".to_owned(), -0.5)],
        sentences: vec![told(&format!("[[user:{user}]] lives next door; [[user:bertram]] does not")), told("at night")],
        counter_evidence: vec![told("ANNABELLA was on shift")],
        accesses: vec![access(1, 10), access(2, 20)],
        first: Time(10),
        last: Time(20),
        opened: Time(DAY),
        is_office: false,
    }
}

fn run(withdrawn: &[(u8, &str)]) -> ReviewRun {
    let withdrawn = withdrawn.iter().map(|(number, why)| (IncidentId([*number; 16]), (*why).to_owned())).collect();
    ReviewRun {
        site: "main".to_owned(),
        ran: Time(DAY),
        from: Time(0),
        until: Time(DAY),
        withdrawn,
        ..ReviewRun::default()
    }
}

fn ids(numbers: &[u8]) -> Vec<IncidentId> {
    numbers.iter().map(|number| IncidentId([*number; 16])).collect()
}

async fn one(state: &State, scope: &AccessScope, number: u8) -> Incident {
    state.incident(scope, IncidentId([number; 16])).await.unwrap().incident
}

async fn listed(state: &State, scope: &AccessScope) -> Vec<IncidentRow> {
    state.incidents(scope, &IncidentFilter::default(), None, 100).await.unwrap().rows
}

/// Does something with the revision that is there.
async fn does(state: &State, number: u8, deed: Deed) -> Result<IncidentShown, StateError> {
    let now = one(state, &officer(), number).await;
    state.change_incident(&officer(), &by(7), Time(2 * DAY), (now.found.id, now.revision), deed).await
}

fn decide(verdict: IncidentVerdict) -> Deed {
    Deed::Decide { verdict, reason: "asked; annabella lives there".to_owned() }
}

#[tokio::test]
async fn a_case_is_read_back_as_it_was_found_and_a_second_review_changes_nothing() {
    let Kept { state, folder: _folder } = keyed().await;
    let found = [case(1, ANNA, &["S2", "S10"]), case(2, "carl", &["S2"])];
    let recorded = state.record_incidents(&run(&[]), &found).await.unwrap();
    assert_eq!(recorded.opened, ids(&[1, 2]));
    let kept = one(&state, &node(), 1).await;
    assert_eq!((kept.state, kept.revision, kept.custody.len()), (IncidentState::New, 1, 1));
    assert_eq!(kept.found.accesses, found[0].accesses);
    assert_eq!((&kept.found.parts, kept.found.opened), (&found[0].parts, Time(DAY)));
    let again = state.record_incidents(&run(&[]), &found).await.unwrap();
    assert_eq!(again, IncidentsRecorded::default());
    assert_eq!(one(&state, &node(), 1).await, kept);
    assert_eq!(state.verify_audit().await.unwrap().rows, 1);
}

#[tokio::test]
async fn a_later_review_brings_new_evidence_withdraws_what_it_finds_no_more_and_leaves_older_cases_alone() {
    let Kept { state, folder: _folder } = keyed().await;
    let old = NewIncident { first: Time(-5), ..case(3, "carl", &["S2"]) };
    let found = [case(1, ANNA, &["S2"]), case(2, "bertram", &["S2"]), old, case(4, "dora", &["S2"])];
    state.record_incidents(&run(&[]), &found).await.unwrap();
    let mut grown = case(1, ANNA, &["S2"]);
    grown.accesses.push(access(3, 30));
    let later = run(&[(2, "an order of [[user:carl]] explains it now")]);
    let recorded = state.record_incidents(&later, std::slice::from_ref(&grown)).await.unwrap();
    assert_eq!((recorded.renewed, recorded.withdrawn), (ids(&[1]), ids(&[2, 4])));
    let states = [1, 2, 3, 4].map(async |number| one(&state, &officer(), number).await);
    let [first, second, third, fourth] = futures_util::future::join_all(states).await.try_into().unwrap();
    assert_eq!((first.found.accesses.len(), first.revision), (3, 2));
    assert_eq!(second.state, IncidentState::Withdrawn);
    assert_eq!(second.withdrawn_reason.as_deref(), Some("an order of carl explains it now"));
    assert_eq!(third.state, IncidentState::New, "the run cannot know: it does not reach so far back");
    assert_eq!(
        fourth.withdrawn_reason.as_deref(),
        Some("a later review of the same accesses no longer makes this case")
    );
    let back = state.record_incidents(&run(&[]), &[grown, case(2, "bertram", &["S2"])]).await.unwrap();
    assert_eq!(back.returned, ids(&[2]));
    assert_eq!(one(&state, &officer(), 2).await.state, IncidentState::New);
}

#[tokio::test]
async fn what_a_person_decided_no_review_changes() {
    let Kept { state, folder: _folder } = keyed().await;
    state.record_incidents(&run(&[]), &[case(1, ANNA, &["S2"])]).await.unwrap();
    does(&state, 1, Deed::Move(IncidentState::Triage)).await.unwrap();
    does(&state, 1, decide(IncidentVerdict::PolicyViolation)).await.unwrap();
    let decided = one(&state, &officer(), 1).await;
    let mut grown = case(1, ANNA, &["S2"]);
    grown.accesses.push(access(3, 30));
    let recorded = state.record_incidents(&run(&[]), &[grown]).await.unwrap();
    assert_eq!(recorded, IncidentsRecorded::default());
    let recorded = state.record_incidents(&run(&[(1, "late")]), &[]).await.unwrap();
    assert_eq!(recorded, IncidentsRecorded::default());
    assert_eq!(one(&state, &officer(), 1).await, decided);
}

#[tokio::test]
async fn a_verdict_is_listed_with_who_gave_it_and_taken_back_with_who_did_that_also_once_the_case_is_closed() {
    let Kept { state, folder: _folder } = keyed().await;
    let office = NewIncident { is_office: true, ..case(2, "olga.officer", &["S4"]) };
    state
        .record_incidents(&run(&[]), &[case(1, ANNA, &["S12", "S2"]), office, case(3, "carl", &["S2"])])
        .await
        .unwrap();
    for deed in [Deed::Move(IncidentState::Triage), decide(IncidentVerdict::Unfounded)] {
        does(&state, 1, deed).await.unwrap();
    }
    let decisions = async |scope: &AccessScope| state.decisions(scope, IncidentKind::Privacy).await.unwrap();
    let listed = decisions(&officer()).await;
    let [first] = &listed[..] else { panic!("one case is decided: {listed:?}") };
    assert_eq!((first.id, &first.scenarios[..]), (IncidentId([1; 16]), &["S12".to_owned(), "S2".to_owned()][..]));
    assert_eq!((&*first.by, first.decided, first.verdict), (&*by(7).actor, Time(2 * DAY), IncidentVerdict::Unfounded));
    assert_eq!(first.taken_back_by, None);
    does(&state, 1, Deed::Move(IncidentState::Closed)).await.unwrap();
    let taken = does(&state, 1, Deed::Teach(false)).await.unwrap();
    assert_eq!((taken.incident.state, taken.incident.teaches), (IncidentState::Closed, false));
    assert_eq!(decisions(&officer()).await[0].taken_back_by.as_deref(), Some(&*by(7).actor));
    does(&state, 1, Deed::Teach(true)).await.unwrap();
    assert_eq!(decisions(&officer()).await[0].taken_back_by, None);
    let pseudonyms = format!("{:?}", decisions(&scope(Role::PrivacyOfficer, StaffNames::ByPseudonym)).await);
    assert!(!pseudonyms.contains("annabella"), "{pseudonyms}");
    assert_eq!(decisions(&scope(Role::Auditor, StaffNames::ByName)).await, [], "of the office no case is decided");
}

#[tokio::test]
async fn a_verdict_from_before_is_known_to_be_of_whoever_the_custody_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    open::prepare_file(&path).await.unwrap();
    let writer = open::writer(&path).await.unwrap();
    migrate::bring_to(&writer, 8, &FileDisk).await.unwrap();
    let rows = "INSERT INTO incidents (incident_id, kind, site, class_uid, user, title, score, scenarios, patients, accesses, material, first,
         last, opened, state, verdict, verdict_reason, decided, changed, revision)
         VALUES (zeroblob(16), 'privacy', 'main', 1, 'anna', 't', .5, '[\"S2\"]', 1, 1, '{}', 1, 2, 3, 'closed', 'unfounded', 'w', 9, 9, 4);
        INSERT INTO incident_custody VALUES (zeroblob(16), 1, 5, 'olga', 'verdict', 'unfounded', zeroblob(32), zeroblob(32)),
         (zeroblob(16), 2, 6, 'olga', 'state', 'decided to triage', zeroblob(32), zeroblob(32)),
         (zeroblob(16), 3, 9, 'paul', 'verdict', 'unfounded', zeroblob(32), zeroblob(32)),
         (zeroblob(16), 4, 9, 'olga', 'state', 'decided to closed', zeroblob(32), zeroblob(32));";
    sqlx::raw_sql(rows).execute(&writer).await.unwrap();
    writer.close().await;
    let state = State::open(&path, StateOptions::default()).await.unwrap();
    let decisions = state.decisions(&node(), IncidentKind::Privacy).await.unwrap();
    assert_eq!((decisions.len(), &*decisions[0].by, decisions[0].taken_back_by.as_deref()), (1, "paul", None));
}

#[tokio::test]
async fn a_review_of_one_site_touches_no_other_and_brings_none_of_another() {
    let Kept { state, folder: _folder } = keyed().await;
    let north = NewIncident { site: "north".to_owned(), ..case(5, "nora", &["S2"]) };
    let north_run = ReviewRun { site: "north".to_owned(), ..run(&[]) };
    state.record_incidents(&north_run, std::slice::from_ref(&north)).await.unwrap();
    assert_eq!(state.record_incidents(&run(&[]), &[]).await.unwrap(), IncidentsRecorded::default());
    assert!(matches!(state.record_incidents(&run(&[]), &[north]).await, Err(StateError::Refused(_))));
    assert_eq!(listed(&state, &officer()).await, [], "the officer belongs to main");
}

#[tokio::test]
async fn cases_of_the_privacy_office_are_the_auditors_and_no_officers() {
    let Kept { state, folder: _folder } = keyed().await;
    let office = NewIncident { is_office: true, ..case(2, "olga.officer", &["S2"]) };
    state.record_incidents(&run(&[]), &[case(1, ANNA, &["S2"]), office]).await.unwrap();
    let auditor = scope(Role::Auditor, StaffNames::ByName);
    let seen = |rows: Vec<IncidentRow>| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(seen(listed(&state, &officer()).await), ids(&[1]));
    assert_eq!(seen(listed(&state, &auditor).await), ids(&[2]));
    let hidden = state.incident(&officer(), IncidentId([2; 16])).await;
    assert!(matches!(hidden, Err(StateError::NotFound("case"))), "{hidden:?}");
    let deed = Deed::Comment("let us drop this".to_owned());
    let changed = state.change_incident(&officer(), &by(7), Time(1), (IncidentId([2; 16]), 1), deed).await;
    assert!(matches!(changed, Err(StateError::NotFound("case"))), "{changed:?}");
    assert_eq!(state.similar_incidents(&officer(), IncidentId([1; 16])).await.unwrap(), []);
}

#[tokio::test]
async fn where_staff_have_pseudonyms_no_text_of_a_case_names_anybody_until_two_people_unlock_one() {
    let Kept { state, folder: _folder } = keyed().await;
    state.record_incidents(&run(&[]), &[case(1, ANNA, &["S2"])]).await.unwrap();
    does(&state, 1, Deed::Comment("Annabella said: ask [[user:bertram]]".to_owned())).await.unwrap();
    does(&state, 1, Deed::Move(IncidentState::Triage)).await.unwrap();
    let ask = Deed::Propose { to: cordon_model::AskedOf::Manager, text: "why did annabella open it?".to_owned() };
    does(&state, 1, ask).await.unwrap();
    does(&state, 1, decide(IncidentVerdict::Appropriate)).await.unwrap();
    let pseudonyms = scope(Role::PrivacyOfficer, StaffNames::ByPseudonym);
    let shown = state.incident(&pseudonyms, IncidentId([1; 16])).await.unwrap();
    let rows = state.incidents(&pseudonyms, &IncidentFilter::default(), None, 9).await.unwrap();
    let everything = format!("{shown:?} {rows:?}").to_lowercase();
    assert!(!everything.contains("annabella") && !everything.contains("bertram"), "{everything}");
    let (anna, bert) =
        (state.accounts().pseudonym("annabella").unwrap(), state.accounts().pseudonym("bertram").unwrap());
    assert_eq!(shown.user.as_deref(), Some(anna.as_str()));
    assert_eq!(shown.incident.found.sentences[0].text, format!("{anna} lives next door; {bert} does not"));
    assert_eq!(shown.incident.found.counter_evidence[0].text, format!("{anna} was on shift"));
    assert_eq!(
        state.names_behind(&pseudonyms, &Entity { kind: EntityKind::User, name: anna.as_str().into() }).await.unwrap(),
        [ANNA]
    );
    let named = state.incident(&officer(), IncidentId([1; 16])).await.unwrap();
    assert_eq!(named.user.as_deref(), Some(ANNA));
    assert_eq!(named.incident.found.sentences[0].text, format!("{ANNA} lives next door; bertram does not"));
    let party = |user: &str, role: Role| cordon_policy::Party { user: user.to_owned(), roles: [role].into() };
    let unlock = cordon_policy::Unlock {
        pseudonym: anna,
        asked: party("olga", Role::PrivacyOfficer),
        agreed: party("root", Role::Administrator),
        from: Time(0),
        until: Time(DAY),
    };
    let unlocked = pseudonyms.unlocking(std::slice::from_ref(&unlock), Time(1));
    let shown = state.incident(&unlocked, IncidentId([1; 16])).await.unwrap();
    assert_eq!(shown.user.as_deref(), Some(ANNA));
    assert!(shown.incident.found.sentences[0].text.contains(&bert), "one person was unlocked, not the other");
}

#[tokio::test]
async fn who_sees_no_account_at_all_reads_no_name_and_no_word_of_a_person() {
    let Kept { state, folder: _folder } = keyed().await;
    state.record_incidents(&run(&[]), &[case(1, ANNA, &["S2"])]).await.unwrap();
    does(&state, 1, Deed::Comment("annabella it was".to_owned())).await.unwrap();
    let masked = officer().masking("user").masking("patient_ref");
    let shown = state.incident(&masked, IncidentId([1; 16])).await.unwrap();
    assert_eq!((shown.user, shown.patients), (None, 1));
    assert_eq!(shown.incident.found.sentences[0].text, "somebody lives next door; somebody does not");
    assert_eq!(shown.incident.comments[0].text, "(not shown)");
    assert!(shown.incident.found.patients.is_empty());
    assert!(shown.incident.found.accesses.iter().all(|access| access.patient_ref.is_empty()));
}

#[tokio::test]
async fn a_change_needs_the_revision_that_is_there_and_what_is_refused_leaves_no_trace() {
    let Kept { state, folder: _folder } = keyed().await;
    state.record_incidents(&run(&[]), &[case(1, ANNA, &["S2"])]).await.unwrap();
    let id = IncidentId([1; 16]);
    let seen = Deed::Comment("seen".to_owned());
    let shown = state.change_incident(&officer(), &by(7), Time(DAY), (id, 1), seen.clone()).await.unwrap();
    assert_eq!(shown.incident.revision, 2);
    let late = state.change_incident(&officer(), &by(8), Time(DAY), (id, 1), seen).await;
    assert!(matches!(late, Err(StateError::Changed("case"))), "{late:?}");
    let early = state.change_incident(&officer(), &by(8), Time(DAY), (id, 2), decide(IncidentVerdict::Breach)).await;
    assert!(matches!(early, Err(StateError::Incident(Refused::State { .. }))), "{early:?}");
    let kept = one(&state, &officer(), 1).await;
    assert_eq!((kept.revision, kept.custody.len(), kept.comments.len()), (2, 2, 1));
    assert_eq!(verify_custody(id, &kept.custody), Ok(()));
    let filter = AuditFilter { action: Some("incident_changed".to_owned()), ..AuditFilter::default() };
    let rows = state.audit_rows(&filter, None, 9);
    assert_eq!(rows.await.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn the_audit_log_holds_no_word_of_a_case() {
    let Kept { state, folder: _folder } = keyed().await;
    state.record_incidents(&run(&[]), &[case(1, ANNA, &["S2"])]).await.unwrap();
    does(&state, 1, Deed::Move(IncidentState::Triage)).await.unwrap();
    does(&state, 1, decide(IncidentVerdict::Unfounded)).await.unwrap();
    let rows = state.audit_rows(&AuditFilter::default(), None, 99).await.unwrap().rows;
    assert_eq!(rows.len(), 3);
    assert!(!format!("{rows:?}").to_lowercase().contains("annabella"));
}

#[tokio::test]
async fn cases_come_worst_first_page_by_page_and_by_state_and_owner() {
    let Kept { state, folder: _folder } = keyed().await;
    let mut found: Vec<NewIncident> = (1..=7).map(|number| case(number, "carl", &["S2"])).collect();
    found[5].score = found[6].score; // alike: the later access decides
    found[6].last = Time(50);
    state.record_incidents(&run(&[]), &found).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = state.incidents(&officer(), &IncidentFilter::default(), after.as_deref(), 2).await.unwrap();
        seen.extend(page.rows.iter().map(|row| row.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ids(&[1, 2, 3, 4, 5, 7, 6]));
    does(&state, 3, Deed::Own(Some("olga".to_owned()))).await.unwrap();
    does(&state, 3, Deed::Move(IncidentState::Triage)).await.unwrap();
    let filtered = async |filter: IncidentFilter| {
        let rows = state.incidents(&officer(), &filter, None, 9).await.unwrap().rows;
        rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let owner = Some(OwnedBy::User("olga".to_owned()));
    assert_eq!(filtered(IncidentFilter { owner, ..IncidentFilter::default() }).await, ids(&[3]));
    let states = vec![IncidentState::Triage, IncidentState::Closed];
    assert_eq!(filtered(IncidentFilter { states, ..IncidentFilter::default() }).await, ids(&[3]));
    for odd in ["", "x", "3ff_1", "7ff8000000000000_1_00000000000000000000000000000000"] {
        let page = state.incidents(&officer(), &IncidentFilter::default(), Some(odd), 9).await;
        assert!(matches!(page, Err(StateError::Refused(_))), "{odd}");
    }
}

#[tokio::test]
async fn alike_are_cases_that_share_most_scenarios() {
    let Kept { state, folder: _folder } = keyed().await;
    let found = [
        case(1, ANNA, &["S2", "S9"]),
        case(2, "bertram", &["S2"]),
        case(3, "carl", &["S2", "S9"]),
        case(4, "dora", &["S11"]),
        case(5, "emil", &["S9", "S12", "S13"]),
    ];
    state.record_incidents(&run(&[]), &found).await.unwrap();
    let alike = state.similar_incidents(&officer(), IncidentId([1; 16])).await.unwrap();
    assert_eq!(alike.iter().map(|one| one.id).collect::<Vec<_>>(), ids(&[3, 2, 5]));
}

#[tokio::test]
async fn unfounded_and_withdrawn_cases_are_deleted_after_their_time_and_leave_a_row_in_the_audit_log() {
    let Kept { state, folder: _folder } = keyed().await;
    let found: Vec<NewIncident> = (1..=4).map(|number| case(number, ANNA, &["S2"])).collect();
    state.record_incidents(&run(&[]), &found).await.unwrap();
    for (number, verdict) in [(1, IncidentVerdict::Unfounded), (2, IncidentVerdict::PolicyViolation)] {
        does(&state, number, Deed::Move(IncidentState::Triage)).await.unwrap();
        does(&state, number, decide(verdict)).await.unwrap();
    }
    state.record_incidents(&run(&[(4, "late")]), &found[..3]).await.unwrap();
    assert_eq!(state.purge_unfounded(&By::node(Time(9)), Time(DAY)).await.unwrap(), 0);
    assert_eq!(state.purge_unfounded(&By::node(Time(9)), Time(3 * DAY)).await.unwrap(), 2);
    let mut left: Vec<IncidentId> = listed(&state, &officer()).await.iter().map(|row| row.id).collect();
    left.sort();
    assert_eq!(left, ids(&[2, 3]));
    let of_deleted: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM incident_custody WHERE incident_id IN (x'01010101010101010101010101010101')",
    )
    .fetch_one(&state.readers)
    .await
    .unwrap();
    assert_eq!(of_deleted, 0, "nothing of it is left beside it");
    let filter = AuditFilter { action: Some("incident_deleted".to_owned()), ..AuditFilter::default() };
    let rows = state.audit_rows(&filter, None, 9).await.unwrap().rows;
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.entry.detail["custody"].as_str().unwrap().len() == 64));
}

#[tokio::test]
async fn reviews_are_kept_newest_first_with_their_silences() {
    let Kept { state, folder: _folder } = keyed().await;
    assert_eq!(state.last_review("main").await.unwrap(), None);
    let silence =
        ReviewSilence { feed: "orders".to_owned(), from: Time(1), until: Time(2), words: "3 of 40".to_owned() };
    let first = ReviewRun {
        accesses: 7,
        by_reason: [("E1".to_owned(), 6)].into(),
        silences: vec![silence],
        ..run(&[(1, "late")])
    };
    state.note_review(&first).await.unwrap();
    state.note_review(&ReviewRun { ran: Time(2 * DAY), ..run(&[]) }).await.unwrap();
    let reviews = state.reviews("main", 9).await.unwrap();
    assert_eq!(reviews.iter().map(|row| row.run.ran).collect::<Vec<_>>(), [Time(2 * DAY), Time(DAY)]);
    assert_eq!(reviews[1], ReviewRow { run: ReviewRun { withdrawn: Vec::new(), ..first }, withdrawn: 1 });
    assert_eq!(state.reviews("north", 9).await.unwrap(), []);
}
