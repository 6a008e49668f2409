//! Signing in, sessions, tokens, users.

use serde_json::{Value, json};

use crate::played::{PASSWORD, Played, now_seconds, post, request, send, with_cookie, with_token};

#[tokio::test]
async fn the_first_link_works_once_and_only_while_there_is_nobody() {
    let played = Played::start().await;
    let wrong = json!({"token": "x", "name": "root", "password": PASSWORD});
    assert_eq!(played.ask(post("/api/v1/first-administrator", &wrong)).await.status, 401);
    let token = cordon_api::first_link(&played.api).await.unwrap().unwrap();
    let short = json!({"token": token, "name": "root", "password": "short"});
    assert_eq!(played.ask(post("/api/v1/first-administrator", &short)).await.status, 422);
    let right = json!({"token": token, "name": "root", "password": PASSWORD});
    assert_eq!(played.ask(post("/api/v1/first-administrator", &right)).await.status, 200);
    assert_eq!(played.ask(post("/api/v1/first-administrator", &right)).await.status, 401);
    assert_eq!(cordon_api::first_link(&played.api).await.unwrap(), None);
}

#[tokio::test]
async fn an_administrator_does_nothing_before_the_second_factor() {
    let played = Played::start().await;
    let token = cordon_api::first_link(&played.api).await.unwrap().unwrap();
    let body = json!({"token": token, "name": "root", "password": PASSWORD});
    let cookie = played.ask(post("/api/v1/first-administrator", &body)).await.session();
    let users = played.ask(with_cookie(request("GET", "/api/v1/users"), &cookie)).await;
    assert_eq!((users.status.as_u16(), users.json()["type"].as_str().unwrap()), (403, "urn:cordon:problem:forbidden"));
    let me = played.ask(with_cookie(request("GET", "/api/v1/me"), &cookie)).await.json();
    assert_eq!(me["must_enrol_totp"], true);
}

#[tokio::test]
async fn signing_in_needs_the_code_and_takes_none_twice() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let sign_in = async |body: Value| {
        let answer = played.ask(post("/api/v1/sign-in", &body)).await;
        (answer.status.as_u16(), answer.json()["type"].as_str().unwrap_or_default().to_owned())
    };
    let code_needed = (401, "urn:cordon:problem:code-needed".to_owned());
    assert_eq!(sign_in(json!({"name": "ROOT ", "password": PASSWORD})).await, code_needed);
    let unauthenticated = (401, "urn:cordon:problem:unauthenticated".to_owned());
    assert_eq!(sign_in(json!({"name": "root", "password": "wrong wrong wrong"})).await, unauthenticated);
    assert_eq!(sign_in(json!({"name": "nobody", "password": PASSWORD})).await, unauthenticated);
    let code = administrator.secret.code_at(now_seconds() + 30);
    let right = json!({"name": "root", "password": PASSWORD, "code": code});
    assert_eq!(sign_in(right.clone()).await, (200, String::new()));
    assert_eq!(sign_in(right).await, unauthenticated);
}

#[tokio::test]
async fn a_session_gets_a_new_id_and_the_old_one_ends() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let change = json!({"current": PASSWORD, "new": "another long password"});
    let changed = played.ask(with_cookie(post("/api/v1/me/password", &change), &administrator.cookie)).await;
    assert_eq!(changed.status, 200);
    let status =
        async |cookie: &str| played.ask(with_cookie(request("GET", "/api/v1/me"), cookie)).await.status.as_u16();
    assert_ne!(changed.session(), administrator.cookie);
    assert_eq!((status(&administrator.cookie).await, status(&changed.session()).await), (401, 200));
    let out = played.ask(with_cookie(post("/api/v1/sign-out", &Value::Null), &changed.session())).await;
    assert_eq!((out.status.as_u16(), status(&changed.session()).await), (204, 401));
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let mut plain = post("/api/v1/rules/reload", &Value::Null);
    plain.headers_mut().insert("cookie", administrator.cookie.parse().unwrap());
    assert_eq!(played.ask(plain).await.status, 403);
    let reload = with_cookie(post("/api/v1/rules/reload", &Value::Null), &administrator.cookie);
    assert_eq!(played.ask(reload).await.status, 200);
    let token = played.token(&administrator, &["administrator"], None).await;
    assert_eq!(played.ask(with_token(post("/api/v1/rules/reload", &Value::Null), &token)).await.status, 200);
}

#[tokio::test]
async fn a_token_does_what_it_was_made_for_until_it_is_revoked() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let body = json!({"name": "grafana", "roles": ["auditor"], "actions": ["ReadHealth"], "days": 30});
    let made = played.ask(with_cookie(post("/api/v1/tokens", &body), &administrator.cookie)).await;
    let (secret, id) = (made.json()["secret"].as_str().unwrap().to_owned(), made.json()["token"]["id"].clone());
    let status = async |path: &str| played.ask(with_token(request("GET", path), &secret)).await.status.as_u16();
    assert_eq!((status("/api/v1/health").await, status("/api/v1/audit").await), (200, 403));
    let listed = played.ask(with_cookie(request("GET", "/api/v1/tokens"), &administrator.cookie)).await;
    assert!(listed.text.contains("grafana") && !listed.text.contains(&secret));
    let revoke = send("DELETE", &format!("/api/v1/tokens/{id}"), &Value::Null);
    assert_eq!(played.ask(with_cookie(revoke, &administrator.cookie)).await.status, 204);
    assert_eq!(status("/api/v1/health").await, 401);
}

#[tokio::test]
async fn whoever_is_invited_sets_a_password_once_and_a_lock_ends_its_sessions() {
    let played = Played::start().await;
    let administrator = played.administrator().await;
    let body = json!({"name": "anna", "roles": ["analyst"], "sites": ["main"]});
    let invited = played.ask(with_cookie(post("/api/v1/users", &body), &administrator.cookie)).await;
    assert_eq!(invited.status, 201, "{}", invited.text);
    let token = invited.json()["token"].clone();
    let accept = json!({"token": token, "password": PASSWORD});
    let accepted = played.ask(post("/api/v1/invitations/accept", &accept)).await;
    assert_eq!(accepted.json(), json!({"name": "anna", "must_enrol_totp": false}));
    assert_eq!(played.ask(post("/api/v1/invitations/accept", &accept)).await.status, 401);
    let read = || with_cookie(request("GET", "/api/v1/finding-groups"), &accepted.session());
    assert_eq!(played.ask(read()).await.status, 200);
    let path = format!("/api/v1/users/{}", invited.json()["user"]["id"]);
    let lock = send("PATCH", &path, &json!({"is_locked": true}));
    assert_eq!(played.ask(with_cookie(lock, &administrator.cookie)).await.status, 200);
    assert_eq!(played.ask(read()).await.status, 401);
    let sign_in = post("/api/v1/sign-in", &json!({"name": "anna", "password": PASSWORD}));
    assert_eq!(played.ask(sign_in).await.status, 401);
}

#[tokio::test]
async fn who_guesses_is_slowed_and_told_for_how_long() {
    let played = Played::start().await;
    let guess = json!({"name": "root", "password": "x".repeat(300)});
    for _ in 0..4 {
        assert_eq!(played.ask(post("/api/v1/sign-in", &guess)).await.status, 401);
    }
    let slowed = played.ask(post("/api/v1/sign-in", &guess)).await;
    assert_eq!((slowed.status.as_u16(), slowed.header("retry-after")), (429, "1"));
}
