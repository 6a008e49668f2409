//! People, sessions, tokens, settings, sources, jobs, the outbox, holds and copies.

use serde_json::json;
use sqlx::Row as _;

use super::*;

const SECOND: i64 = 1_000_000;

async fn keyed() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let options = StateOptions { secrets: Some(SecretsKey([9; 32])), ..StateOptions::default() };
    let state = State::open(&folder.path().join("state.db"), options).await.unwrap();
    Kept { folder, state }
}

fn new_user(name: &str, role: Role) -> NewUser {
    NewUser {
        name: name.to_owned(),
        roles: [role].into(),
        sites: Some(["main".to_owned()].into()),
        password_hash: None,
    }
}

/// The same with a password: no invitation has to be taken first.
fn with_password(name: &str, role: Role) -> NewUser {
    NewUser { password_hash: Some("$argon2id$..".to_owned()), ..new_user(name, role) }
}

fn secret(number: u8) -> Digest {
    Digest([number; 32])
}

#[tokio::test]
async fn a_user_is_added_once_and_the_first_only_while_there_is_none() {
    let Kept { state, folder: _folder } = keyed().await;
    let anna = state.add_first_user(&by(1), &new_user("anna", Role::Administrator)).await.unwrap();
    assert!(matches!(state.add_user(&by(2), &new_user("anna", Role::Analyst)).await, Err(StateError::Exists("user"))));
    assert!(matches!(state.add_first_user(&by(2), &new_user("bert", Role::Analyst)).await, Err(StateError::Exists(_))));
    let bert = state.add_user(&by(3), &new_user("bert", Role::Analyst)).await.unwrap();
    assert_eq!(state.users().await.unwrap(), [anna.clone(), bert]);
    assert_eq!(state.user_named("anna").await.unwrap(), Some(anna));
    assert_eq!(state.user_named("carl").await.unwrap(), None);
    let told: Vec<String> = state
        .audit_rows(&AuditFilter::default(), None, 9)
        .await
        .unwrap()
        .rows
        .into_iter()
        .map(|row| row.entry.action)
        .collect();
    assert_eq!(told, ["user_added", "user_added"]);
}

#[tokio::test]
async fn nobody_takes_the_last_administrator_away() {
    let Kept { state, folder: _folder } = keyed().await;
    let anna = state.add_first_user(&by(1), &with_password("anna", Role::Administrator)).await.unwrap();
    let lock = UserChange { locked: Some(true), ..UserChange::default() };
    assert!(matches!(state.change_user(&by(2), anna.user_id, &lock).await, Err(StateError::Refused(_))));
    assert!(!state.user_named("anna").await.unwrap().unwrap().locked);
    let bert = state.add_user(&by(3), &new_user("bert", Role::Administrator)).await.unwrap();
    let refused = state.change_user(&by(4), anna.user_id, &lock).await;
    assert!(matches!(refused, Err(StateError::Refused(_))), "bert was invited and never came");
    state.set_password(&by(5), bert.user_id, "$argon2id$..").await.unwrap();
    assert!(state.change_user(&by(6), anna.user_id, &lock).await.unwrap().locked);
}

#[tokio::test]
async fn a_session_ends_by_idleness_age_and_change() {
    let Kept { state, folder: _folder } = keyed().await;
    let anna = state.add_first_user(&by(0), &new_user("anna", Role::Administrator)).await.unwrap();
    let new = |number: u8| NewSession {
        secret: secret(number),
        user_id: anna.user_id,
        idle_seconds: 600,
        ends: Time(3_600 * SECOND),
    };
    let holds = async |number: u8, second: i64, is_activity: bool| {
        state.user_of_session(secret(number), Time(second * SECOND), is_activity).await.unwrap().is_some()
    };
    state.open_session(&by(0), &new(1)).await.unwrap();
    assert!(holds(1, 599, false).await && !holds(1, 600, true).await);
    assert!(holds(1, 500, true).await && holds(1, 1_099, true).await && holds(1, 1_600, true).await);
    assert!(!holds(2, 10, true).await);
    state.rotate_session(secret(1), secret(2), Time(1_700 * SECOND)).await.unwrap();
    assert!(!holds(1, 1_701, true).await && holds(2, 1_701, true).await);
    for minute in 30..60 {
        assert!(holds(2, minute * 60, true).await);
    }
    assert!(!holds(2, 3_600, true).await);
    state.open_session(&by(10), &new(3)).await.unwrap();
    state.set_password(&by(11), anna.user_id, "$argon2id$..").await.unwrap();
    assert!(!holds(3, 12, true).await);
    state.open_session(&by(10), &new(4)).await.unwrap();
    state.change_user(&by(11), anna.user_id, &UserChange::default()).await.unwrap();
    assert!(!holds(4, 12, true).await);
    for number in 100..130 {
        state.open_session(&by(i64::from(number)), &new(number)).await.unwrap();
    }
    assert!(!holds(109, 1, false).await && holds(110, 1, false).await);
}

#[tokio::test]
async fn a_second_factor_is_sealed_and_no_step_is_taken_twice() {
    let Kept { state, folder: _folder } = keyed().await;
    let anna = state.add_first_user(&by(0), &new_user("anna", Role::Administrator)).await.unwrap();
    let with = state.set_totp(&by(1), anna.user_id, *b"12345678901234567890", 7).await.unwrap();
    assert_eq!(with.totp_secret, Some(*b"12345678901234567890"));
    let row = sqlx::query("SELECT totp_sealed FROM users").fetch_one(&state.readers).await.unwrap();
    let sealed: Vec<u8> = row.try_get(0).unwrap();
    assert!(!sealed.windows(8).any(|window| window == b"12345678"));
    let taken = async |step: u64| state.take_totp_step(anna.user_id, step).await.unwrap();
    assert_eq!(
        [taken(7).await, taken(8).await, taken(8).await, taken(6).await, taken(9).await],
        [false, true, false, false, true]
    );
    assert!(format!("{with:?}").len() < 200 && !format!("{with:?}").contains("123"));
    assert_eq!(state.reset_user(&by(2), anna.user_id).await.unwrap().totp_secret, None);
}

#[tokio::test]
async fn an_invitation_works_once_and_until_it_ends() {
    let Kept { state, folder: _folder } = keyed().await;
    let anna = state.add_first_user(&by(0), &new_user("anna", Role::Administrator)).await.unwrap();
    state.invite(&by(1), anna.user_id, secret(1), Time(50)).await.unwrap();
    assert!(matches!(state.accept_invitation(&by(50), secret(1), "hash").await, Err(StateError::NotFound(_))));
    assert_eq!(
        state.accept_invitation(&by(49), secret(1), "hash").await.unwrap().password_hash.as_deref(),
        Some("hash")
    );
    assert!(matches!(state.accept_invitation(&by(49), secret(1), "other").await, Err(StateError::NotFound(_))));
    state.invite(&by(60), anna.user_id, secret(2), Time(90)).await.unwrap();
    state.invite(&by(61), anna.user_id, secret(3), Time(90)).await.unwrap();
    assert!(matches!(state.accept_invitation(&by(62), secret(2), "other").await, Err(StateError::NotFound(_))));
}

#[tokio::test]
async fn a_token_holds_until_it_expires_is_revoked_or_its_maker_is_locked() {
    let Kept { state, folder: _folder } = keyed().await;
    state.add_first_user(&by(0), &new_user("root", Role::Administrator)).await.unwrap();
    let anna = state.add_user(&by(0), &new_user("anna", Role::Analyst)).await.unwrap();
    let new = |number: u8| NewToken {
        name: "export".to_owned(),
        secret: secret(number),
        roles: [Role::Analyst].into(),
        sites: None,
        only: Some([Action::ExportEvents].into()),
        expires: Time(100),
    };
    let one = state.add_token(&by(1), &new(1)).await.unwrap();
    let two = state.add_token(&by(2), &new(2)).await.unwrap();
    assert_eq!(state.tokens().await.unwrap(), [one.clone(), two]);
    assert_eq!(state.token_of_secret(secret(1), Time(99)).await.unwrap(), Some(one.clone()));
    assert_eq!(state.token_of_secret(secret(1), Time(100)).await.unwrap(), None);
    assert_eq!(state.tokens().await.unwrap()[0].used, Some(Time(99)));
    state.revoke_token(&by(3), one.token_id).await.unwrap();
    assert_eq!(state.token_of_secret(secret(1), Time(50)).await.unwrap(), None);
    assert!(matches!(state.revoke_token(&by(3), one.token_id).await, Err(StateError::NotFound(_))));
    let lock = UserChange { locked: Some(true), ..UserChange::default() };
    state.change_user(&By::node(Time(4)), anna.user_id, &lock).await.unwrap();
    assert_eq!(state.token_of_secret(secret(2), Time(50)).await.unwrap(), None);
}

#[tokio::test]
async fn a_source_proves_itself_by_a_token_of_its_site() {
    let Kept { state, folder: _folder } = keyed().await;
    let token = state.add_source_token(&only("main"), &by(1), "ehr", "main", secret(1), None).await.unwrap();
    assert!(state.add_source_token(&only("main"), &by(1), "pacs", "north", secret(2), None).await.is_err());
    assert_eq!(state.source_of_token(secret(1), Time(5)).await.unwrap().unwrap().source, "ehr");
    assert_eq!(state.source_tokens(&only("north")).await.unwrap(), []);
    assert!(state.revoke_source_token(&only("north"), &by(6), token.token_id).await.is_err());
    state.revoke_source_token(&only("main"), &by(6), token.token_id).await.unwrap();
    assert_eq!(state.source_of_token(secret(1), Time(7)).await.unwrap(), None);
}

#[tokio::test]
async fn settings_and_searches_change_by_revision() {
    let Kept { state, folder: _folder } = keyed().await;
    let set = state.set_setting(&by(1), "retention", &json!({"days": 90}), Some(0)).await.unwrap();
    assert_eq!((set.revision, set.author.as_str()), (1, "anna"));
    assert!(matches!(state.set_setting(&by(2), "retention", &json!(1), Some(0)).await, Err(StateError::Changed(_))));
    let set = state.set_setting(&by(2), "retention", &json!({"days": 30}), Some(1)).await.unwrap();
    assert_eq!(state.setting("retention").await.unwrap(), Some(set.clone()));
    assert_eq!(state.settings().await.unwrap(), [set]);
    let new = NewSearch { name: "nights".to_owned(), query: "user:jdoe".to_owned(), shared: false };
    let search = state.add_search(&by(3), &new).await.unwrap();
    assert!(matches!(state.add_search(&by(3), &new).await, Err(StateError::Exists(_))));
    let bert = By { actor: "bert".into(), ..by(4) };
    assert_eq!(state.searches("bert").await.unwrap(), []);
    assert!(matches!(state.remove_search(&bert, search.search_id).await, Err(StateError::NotFound(_))));
    let shared = NewSearch { shared: true, ..new };
    let search = state.change_search(&by(5), search.search_id, Some(1), &shared).await.unwrap();
    assert_eq!(state.searches("bert").await.unwrap(), std::slice::from_ref(&search));
    state.remove_search(&by(6), search.search_id).await.unwrap();
    assert_eq!(state.searches("anna").await.unwrap(), []);
}

#[tokio::test]
async fn a_source_keeps_its_site_its_first_time_and_what_somebody_declared() {
    let Kept { state, folder: _folder } = keyed().await;
    let counts = SourceCounted { records: 5, bytes: 50, received_last: Some(Time(7)), ..SourceCounted::default() };
    let adopted = SourceRow {
        source: "syslog_udp/10.0.0.5".to_owned(),
        site: "main".to_owned(),
        declared: false,
        declaration: json!({"format": ""}),
        first_seen: Time(3),
        counts,
    };
    state.note_sources(std::slice::from_ref(&adopted)).await.unwrap();
    assert_eq!(state.source(&only("main"), &adopted.source).await.unwrap(), adopted);
    assert!(matches!(state.source(&only("north"), &adopted.source).await, Err(StateError::NotFound(_))));
    let declaration = json!({"format": "syslog"});
    state.declare_source(&only("main"), &by(9), &adopted.source, "main", &declaration).await.unwrap();
    let later = SourceRow {
        first_seen: Time(20),
        counts: SourceCounted { records: 6, ..adopted.counts.clone() },
        ..adopted.clone()
    };
    state.note_sources(std::slice::from_ref(&later)).await.unwrap();
    let expect = SourceRow { declared: true, declaration, first_seen: Time(3), counts: later.counts, ..adopted };
    assert_eq!(state.sources(&only("main"), None, 9).await.unwrap().rows, [expect]);
    let moved = state.declare_source(&node(), &by(9), "syslog_udp/10.0.0.5", "north", &json!({})).await;
    assert!(matches!(moved, Err(StateError::Refused(_))));
}

#[tokio::test]
async fn a_job_waits_runs_and_ends_and_waits_again_after_a_stop_of_the_node() {
    let Kept { state, folder: _folder } = keyed().await;
    let one = state.add_job(&by(1), "backfill", &json!({"rule": "a"})).await.unwrap();
    let two = state.add_job(&by(2), "backfill", &json!({"rule": "b"})).await.unwrap();
    let taken = async || state.take_job("backfill", Time(3)).await.unwrap().map(|job| job.job_id);
    assert_eq!(state.take_job("import", Time(3)).await.unwrap(), None);
    assert_eq!((taken().await, taken().await, taken().await), (Some(one.job_id), Some(two.job_id), None));
    assert_eq!(state.requeue_jobs(Time(4)).await.unwrap(), 2);
    assert_eq!(taken().await, Some(one.job_id));
    assert!(state.job_progress(one.job_id, 10, Some(20), Time(5)).await.unwrap());
    let done = state.finish_job(one.job_id, Ok(json!({"findings": 3})), Time(6)).await.unwrap();
    assert_eq!(
        (done.state, done.done, done.total, done.outcome),
        (JobState::Done, 10, Some(20), Some(json!({"findings": 3})))
    );
    assert_eq!(taken().await, Some(two.job_id));
    state.stop_job(&by(7), two.job_id).await.unwrap();
    assert!(!state.job_progress(two.job_id, 1, None, Time(8)).await.unwrap());
    assert_eq!(state.jobs(None, 1).await.unwrap().rows[0].state, JobState::Stopped);
}

fn letter(key: &str, next_attempt: i64) -> LetterRow {
    LetterRow {
        key: key.to_owned(),
        channel: "mail:it@lakeside.example".to_owned(),
        letter: "{}".to_owned(),
        ends: Time(1_000),
        attempts: 0,
        next_attempt: Time(next_attempt),
        state: LetterState::Waiting,
        error: String::new(),
    }
}

#[tokio::test]
async fn a_letter_is_kept_once_tried_again_and_never_lost() {
    let Kept { state, folder: _folder } = keyed().await;
    state.keep_letters(5, &[letter("a", 10), letter("b", 20)]).await.unwrap();
    state.keep_letters(6, &[letter("a", 15)]).await.unwrap();
    assert_eq!(state.outbox_position().await.unwrap(), 6);
    let due = async |now: i64| -> Vec<String> {
        state.due_letters(Time(now), 9).await.unwrap().into_iter().map(|letter| letter.key).collect()
    };
    assert_eq!(
        (due(14).await.len(), due(15).await, due(20).await),
        (0, vec!["a".to_owned()], vec!["a".to_owned(), "b".to_owned()])
    );
    let again = LetterSettled::Again { at: Time(30), error: "no route".to_owned() };
    state.settle_letter("a", &again).await.unwrap();
    state.keep_letters(7, &[letter("a", 1)]).await.unwrap();
    assert_eq!(due(29).await, ["b"]);
    assert_eq!(state.letter_counts().await.unwrap(), LetterCounts { waiting: 2, failing: 1, dead: 0 });
    state.settle_letter("a", &LetterSettled::Dead { error: "gave up".to_owned() }).await.unwrap();
    state.settle_letter("b", &LetterSettled::Sent).await.unwrap();
    assert!(matches!(state.settle_letter("b", &LetterSettled::Sent).await, Err(StateError::NotFound(_))));
    let dead = state.letters(LetterState::Dead, 9).await.unwrap();
    assert_eq!((dead.len(), dead[0].attempts, dead[0].error.as_str()), (1, 2, "gave up"));
    assert_eq!(state.open_letters(Time(999)).await.unwrap().len(), 2);
    assert!(state.revive_letter("a", Time(40)).await.unwrap() && !state.revive_letter("a", Time(40)).await.unwrap());
    assert_eq!(due(40).await, ["a"]);
    assert_eq!(state.purge_letters(Time(1_001)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_hold_is_in_force_until_it_is_ended() {
    let Kept { state, folder: _folder } = keyed().await;
    let new = NewHold {
        site: None,
        query: "user:jdoe".to_owned(),
        reason: "court order".to_owned(),
        owner: "legal".to_owned(),
        review: Time(100),
    };
    assert!(matches!(state.add_hold(&by(100), &new).await, Err(StateError::Refused(_))));
    let hold = state.add_hold(&by(1), &new).await.unwrap();
    assert_eq!(state.holds(false).await.unwrap(), std::slice::from_ref(&hold));
    state.end_hold(&by(2), hold.hold_id).await.unwrap();
    assert_eq!((state.holds(false).await.unwrap().len(), state.holds(true).await.unwrap().len()), (0, 1));
    let told = state.audit_rows(&AuditFilter::default(), None, 1).await.unwrap().rows[0].entry.detail.to_string();
    assert!(!told.contains("jdoe") && !told.contains("court"));
}

#[tokio::test]
async fn a_copy_made_in_use_opens_and_holds_what_was_there() {
    let Kept { state, folder } = keyed().await;
    state.record_findings(Some(("findings", 3)), &[finding(1, "a", "anna", 10)]).await.unwrap();
    let path = folder.path().join("copy.db");
    state.backup_to(&path).await.unwrap();
    state.record_findings(Some(("findings", 9)), &[finding(2, "a", "anna", 10)]).await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let copy = State::open(&path, StateOptions::default()).await.unwrap();
    assert_eq!(copy.applied_offset("findings").await.unwrap(), 3);
    assert_eq!(copy.findings(&node(), &FindingFilter::default(), None, 9).await.unwrap().rows.len(), 1);
    assert_eq!((copy.check_file().await.unwrap(), copy.verify_audit().await.unwrap().rows), (Vec::<String>::new(), 0));
    assert!(matches!(state.backup_to(&path).await, Err(StateError::File { .. })));
    assert_eq!(state.findings(&node(), &FindingFilter::default(), None, 9).await.unwrap().rows.len(), 2);
}

#[tokio::test]
async fn a_state_of_the_schema_before_is_brought_up_to_date_with_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    open::prepare_file(&path).await.unwrap();
    let writer = open::writer(&path).await.unwrap();
    migrate::bring_to(&writer, 1, &FileDisk).await.unwrap();
    sqlx::query("INSERT INTO sink_offsets VALUES ('findings', 77)").execute(&writer).await.unwrap();
    writer.close().await;
    let state = State::open(&path, StateOptions::default()).await.unwrap();
    assert_eq!(state.applied_offset("findings").await.unwrap(), 77);
    assert_eq!(state.users().await.unwrap(), []);
}

fn provided(subject: &str, name: &str, roles: &[Role]) -> ProvidedUser {
    let account = ProviderAccount { issuer: "https://id.example".to_owned(), subject: subject.to_owned() };
    ProvidedUser { account, name: name.to_owned(), roles: roles.iter().copied().collect(), sites: None }
}

#[tokio::test]
async fn a_user_of_a_provider_is_known_by_its_id_there_and_takes_nobodys_name() {
    let Kept { state, folder: _folder } = keyed().await;
    let local = state.add_user(&by(1), &new_user("anna", Role::Administrator)).await.unwrap();
    let come = async |user: ProvidedUser| state.user_provided(&by(2), &user).await.unwrap().unwrap();
    let anna = come(provided("1", "anna", &[Role::Analyst])).await;
    assert_eq!((anna.name.as_str(), anna.provider.as_ref().unwrap().subject.as_str()), ("anna.2", "1"));
    let namesake = come(provided("2", "anna", &[Role::Analyst])).await;
    assert_eq!(namesake.name, "anna.3");
    // the same id under another name is the same user, and keeps the name that the audit log knows
    assert_eq!(come(provided("1", "anna.smith", &[Role::Analyst])).await, anna);
    let elsewhere = ProviderAccount { issuer: "https://other.example".to_owned(), subject: "1".to_owned() };
    let other = come(ProvidedUser { account: elsewhere, ..provided("1", "node", &[Role::Analyst]) }).await;
    assert_eq!(other.name, "node.2");
    assert_eq!(state.user_named("anna").await.unwrap(), Some(local));
    assert_eq!(state.user_provided(&by(3), &provided("3", "carl", &[])).await.unwrap(), None);
    assert_eq!(state.users().await.unwrap().len(), 4);
}

#[tokio::test]
async fn what_the_provider_says_counts_at_every_sign_in_and_ends_sessions_when_it_differs() {
    let Kept { state, folder: _folder } = keyed().await;
    let come =
        async |roles: &[Role]| state.user_provided(&by(1), &provided("1", "anna", roles)).await.unwrap().unwrap();
    let anna = come(&[Role::Administrator, Role::Analyst]).await;
    let open = async |number: u8| {
        let new =
            NewSession { secret: secret(number), user_id: anna.user_id, idle_seconds: 60, ends: Time(900 * SECOND) };
        state.open_session(&by(1), &new).await.unwrap();
    };
    let is_open =
        async |number: u8| state.user_of_session(secret(number), Time(SECOND), false).await.unwrap().is_some();
    open(1).await;
    assert_eq!(come(&[Role::Analyst, Role::Administrator]).await.roles, anna.roles);
    assert!(is_open(1).await);
    let new = NewToken {
        name: "script".to_owned(),
        secret: secret(9),
        roles: [Role::Auditor].into(),
        sites: None,
        only: None,
        expires: Time(900 * SECOND),
    };
    let made_by = By { actor: anna.name.as_str().into(), ..by(1) };
    state.add_token(&made_by, &new).await.unwrap();
    assert_eq!(come(&[Role::Auditor]).await.roles, [Role::Auditor].into());
    assert!(!is_open(1).await && state.token_of_secret(secret(9), Time(SECOND)).await.unwrap().is_some());
    open(2).await;
    assert_eq!(come(&[]).await.roles, [].into());
    assert!(!is_open(2).await && state.token_of_secret(secret(9), Time(SECOND)).await.unwrap().is_none());
    let told = state.audit_rows(&AuditFilter::default(), None, 1).await.unwrap().rows[0].entry.clone();
    let account = json!({"issuer": "https://id.example", "subject": "1"});
    assert_eq!((told.action.as_str(), &told.detail["provider"]), ("user_changed", &account));
}

#[tokio::test]
async fn a_user_of_a_provider_stays_locked_and_gets_neither_password_nor_roles_here() {
    let Kept { state, folder: _folder } = keyed().await;
    let anna = state.user_provided(&by(1), &provided("1", "anna", &[Role::Administrator])).await.unwrap().unwrap();
    let refused = |result: Result<User, StateError>| matches!(result, Err(StateError::Refused(_)));
    assert!(refused(state.reset_user(&by(2), anna.user_id).await));
    assert!(matches!(state.invite(&by(2), anna.user_id, secret(1), Time(9)).await, Err(StateError::Refused(_))));
    let roles = UserChange { roles: Some([Role::Auditor].into()), ..UserChange::default() };
    assert!(refused(state.change_user(&by(2), anna.user_id, &roles).await));
    let sites = UserChange { sites: Some(None), ..UserChange::default() };
    assert!(refused(state.change_user(&by(2), anna.user_id, &sites).await));
    // an account that was broken into can be locked, even if nobody else runs the node
    let lock = UserChange { locked: Some(true), ..UserChange::default() };
    let locked = state.change_user(&by(3), anna.user_id, &lock).await.unwrap();
    let again = state.user_provided(&by(4), &provided("1", "anna", &[Role::Analyst])).await.unwrap();
    assert_eq!(again, Some(locked));
}

#[tokio::test]
async fn users_of_a_provider_do_not_keep_the_first_administrator_out_until_one_of_them_is_one() {
    let Kept { state, folder: _folder } = keyed().await;
    state.user_provided(&by(1), &provided("1", "anna", &[Role::Analyst])).await.unwrap();
    let Kept { state: other, folder: _other } = keyed().await;
    other.user_provided(&by(1), &provided("1", "anna", &[Role::Administrator])).await.unwrap();
    let first = with_password("root", Role::Administrator);
    assert!(matches!(other.add_first_user(&by(2), &first).await, Err(StateError::Exists(_))));
    let root = state.add_first_user(&by(2), &first).await.unwrap();
    // nor does one of them stand in for the last administrator who needs no provider
    state.user_provided(&by(3), &provided("1", "anna", &[Role::Administrator])).await.unwrap();
    let lock = UserChange { locked: Some(true), ..UserChange::default() };
    assert!(matches!(state.change_user(&by(4), root.user_id, &lock).await, Err(StateError::Refused(_))));
}
