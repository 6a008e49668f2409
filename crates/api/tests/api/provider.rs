//! Signing in through a provider: what the node makes of what one says. The provider is played here; a real one is in tests/live/test_sign_in.py.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use cordon_api::{BegunSignIn, ProvidedIdentity, ProviderFault, ReturnedSignIn, SignInProvider};
use cordon_policy::Role;
use cordon_store::state::ProviderAccount;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::played::{Answer, PASSWORD, Played, post, request, send, with_cookie};

/// Vouches for whom a test says.
#[derive(Debug)]
struct PlayedProvider {
    says: Mutex<Result<ProvidedIdentity, ProviderFault>>,
    asked: Mutex<Vec<ReturnedSignIn>>,
}

impl SignInProvider for PlayedProvider {
    fn label(&self) -> String {
        "Lakeside ID".to_owned()
    }

    fn address(&self, begun: BegunSignIn) -> BoxFuture<'_, Result<String, ProviderFault>> {
        let BegunSignIn { state, nonce, challenge } = begun;
        let address = format!("https://id.example/auth?state={state}&nonce={nonce}&code_challenge={challenge}");
        let says = self.says.lock().unwrap().clone();
        Box::pin(async move {
            match says {
                Err(ProviderFault::Unavailable(why)) => Err(ProviderFault::Unavailable(why)),
                _ => Ok(address),
            }
        })
    }

    fn identity(&self, returned: ReturnedSignIn) -> BoxFuture<'_, Result<ProvidedIdentity, ProviderFault>> {
        self.asked.lock().unwrap().push(returned);
        let says = self.says.lock().unwrap().clone();
        Box::pin(async move { says })
    }
}

fn identity(subject: &str, name: &str, roles: &[Role]) -> ProvidedIdentity {
    let account = ProviderAccount { issuer: "https://id.example".to_owned(), subject: subject.to_owned() };
    let roles: BTreeSet<Role> = roles.iter().copied().collect();
    ProvidedIdentity { account, name: name.to_owned(), roles, sites: None, has_second_factor: false }
}

struct SignIns {
    played: Played,
    provider: Arc<PlayedProvider>,
}

const CALLBACK: &str = "/api/v1/sign-in/provider/callback";

impl SignIns {
    async fn start() -> Self {
        let (played, says) = (Played::start().await, Mutex::new(Ok(identity("1", "anna", &[Role::Analyst]))));
        let provider = Arc::new(PlayedProvider { says, asked: Mutex::default() });
        played.api.set_provider(Some(Arc::clone(&provider) as Arc<dyn SignInProvider>));
        Self { played, provider }
    }

    fn says(&self, says: Result<ProvidedIdentity, ProviderFault>) {
        *self.provider.says.lock().unwrap() = says;
    }

    /// Goes to the provider: the cookie as it is sent back, and the state.
    async fn begin(&self) -> (String, String) {
        let begun = self.played.ask(request("GET", "/api/v1/sign-in/provider")).await;
        let cookie = set_cookie(&begun, "cordon-begun=").unwrap();
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=600"), "{cookie}");
        let address = location(&begun);
        let state = address.split_once("state=").unwrap().1.split('&').next().unwrap().to_owned();
        (cookie.split(';').next().unwrap().to_owned(), state)
    }

    async fn back(&self, cookie: &str, query: &str) -> Answer {
        let mut request = request("GET", &format!("{CALLBACK}?{query}"));
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        self.played.ask(request).await
    }

    /// A whole sign-in: where the browser ends, and its session.
    async fn sign_in(&self) -> (String, Option<String>) {
        let (cookie, state) = self.begin().await;
        let back = self.back(&cookie, &format!("code=c&state={state}")).await;
        assert_eq!(back.status, 303, "{}", back.text);
        assert!(set_cookie(&back, "cordon-begun=;").unwrap().contains("Max-Age=0"));
        let session = set_cookie(&back, "cordon-session=").map(|cookie| cookie.split(';').next().unwrap().to_owned());
        (location(&back), session)
    }

    async fn refused(&self, says: Result<ProvidedIdentity, ProviderFault>, word: &str) {
        self.says(says);
        assert_eq!(self.sign_in().await, (format!("/#sign-in={word}"), None));
    }

    async fn me(&self, session: &str) -> Answer {
        self.played.ask(with_cookie(request("GET", "/api/v1/me"), session)).await
    }
}

fn location(answer: &Answer) -> String {
    answer.headers.get("location").unwrap().to_str().unwrap().to_owned()
}

fn set_cookie(answer: &Answer, start: &str) -> Option<String> {
    let set = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned());
    set.into_iter().find(|cookie| cookie.starts_with(start))
}

#[tokio::test]
async fn without_a_provider_nobody_goes_anywhere() {
    let played = Played::start().await;
    assert_eq!(played.ask(request("GET", "/api/v1/sign-in/ways")).await.json(), json!({"provider": null}));
    for path in ["/api/v1/sign-in/provider", CALLBACK] {
        assert_eq!(played.ask(request("GET", path)).await.status, 404);
    }
}

#[tokio::test]
async fn whom_the_provider_vouches_for_has_a_session_and_the_code_is_exchanged_with_what_was_begun() {
    let sign_ins = SignIns::start().await;
    let ways = sign_ins.played.ask(request("GET", "/api/v1/sign-in/ways")).await.json();
    assert_eq!(ways, json!({"provider": {"label": "Lakeside ID", "begin": "/api/v1/sign-in/provider"}}));
    let (address, session) = sign_ins.sign_in().await;
    assert_eq!(address, "/");
    let me = sign_ins.me(&session.unwrap()).await.json();
    assert_eq!(
        (&me["name"], &me["roles"], &me["must_enrol_totp"]),
        (&json!("anna"), &json!(["analyst"]), &json!(false))
    );
    let asked = sign_ins.provider.asked.lock().unwrap().clone();
    assert_eq!((asked.len(), asked[0].code.as_str(), asked[0].verifier.len()), (1, "c", 43));
}

#[tokio::test]
async fn an_answer_counts_once_in_the_browser_that_began_and_with_its_state() {
    let sign_ins = SignIns::start().await;
    let again = "/#sign-in=begin-again";
    let (cookie, state) = sign_ins.begin().await;
    let (other, _) = sign_ins.begin().await;
    let right = format!("code=c&state={state}");
    for (cookie, query) in [
        ("a=b", right.as_str()),
        (&other, &right),
        ("cordon-begun=x.1.y", &right),
        (&cookie, "code=c&state=x"),
        (&cookie, "code=c"),
        (&cookie, ""),
    ] {
        let back = sign_ins.back(cookie, query).await;
        assert_eq!((location(&back).as_str(), set_cookie(&back, "cordon-session=")), (again, None), "{cookie} {query}");
    }
    assert_eq!(sign_ins.provider.asked.lock().unwrap().len(), 0);
    assert_eq!(location(&sign_ins.back(&cookie, &right).await), "/");
    assert_eq!(location(&sign_ins.back(&cookie, &right).await), again);
    let (cookie, state) = sign_ins.begin().await;
    assert_eq!(location(&sign_ins.back(&cookie, &format!("state={state}")).await), again);
    let (cookie, state) = sign_ins.begin().await;
    let declined = sign_ins.back(&cookie, &format!("error=access_denied&state={state}")).await;
    assert_eq!(location(&declined), "/#sign-in=declined");
    assert_eq!(sign_ins.provider.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn who_may_not_come_in_is_told_by_a_word_and_the_audit_log_has_the_reason() {
    let sign_ins = SignIns::start().await;
    let fault = |reason: &str| reason.to_owned();
    sign_ins.refused(Err(ProviderFault::Untrusted(fault("the ID token has expired (exp)"))), "untrusted").await;
    sign_ins.refused(Err(ProviderFault::Declined(fault("used"))), "begin-again").await;
    sign_ins.refused(Ok(identity("1", "anna", &[])), "no-role").await;
    sign_ins.refused(Ok(identity("1", "anna", &[Role::Administrator, Role::Analyst])), "no-second-factor").await;
    sign_ins.says(Err(ProviderFault::Unavailable(fault("no answer in time"))));
    let begun = sign_ins.played.ask(request("GET", "/api/v1/sign-in/provider")).await;
    assert_eq!((location(&begun).as_str(), set_cookie(&begun, "cordon-")), ("/#sign-in=unavailable", None));
    let root = sign_ins.played.administrator().await;
    let users = sign_ins.played.ask(with_cookie(request("GET", "/api/v1/users"), &root.cookie)).await.json();
    assert_eq!(users["items"].as_array().unwrap().len(), 1);
    let audit = with_cookie(request("GET", "/api/v1/audit?action=sign_in_failed"), &root.cookie);
    let audit = sign_ins.played.ask(audit).await.json();
    let told: Vec<&Value> = audit["items"].as_array().unwrap().iter().map(|row| &row["detail"]).collect();
    let account = json!({"issuer": "https://id.example", "subject": "1"});
    let detail = "an administrator whose second factor the provider does not confirm";
    assert_eq!(told[0], &json!({"reason": "no-second-factor", "detail": detail, "provider": account}));
    let expired = json!({"reason": "untrusted", "detail": "the ID token has expired (exp)", "provider": null});
    assert_eq!((told.len(), told[3]), (4, &expired));
}

#[tokio::test]
async fn roles_follow_the_provider_at_every_sign_in_and_an_administrator_needs_no_second_factor_of_ours() {
    let sign_ins = SignIns::start().await;
    let administrator = ProvidedIdentity { has_second_factor: true, ..identity("1", "Anna B", &[Role::Administrator]) };
    sign_ins.says(Ok(administrator));
    let first = sign_ins.sign_in().await.1.unwrap();
    let me = sign_ins.me(&first).await.json();
    assert_eq!(
        (&me["name"], &me["must_enrol_totp"], &me["roles"]),
        (&json!("anna_b"), &json!(false), &json!(["administrator"]))
    );
    assert_eq!(sign_ins.played.ask(with_cookie(request("GET", "/api/v1/users"), &first)).await.status, 200);
    for path in ["/api/v1/me/totp", "/api/v1/me/password"] {
        let body = if path.ends_with("totp") { Value::Null } else { json!({"current": "x", "new": PASSWORD}) };
        assert_eq!(sign_ins.played.ask(with_cookie(post(path, &body), &first)).await.status, 409);
    }
    sign_ins.says(Ok(identity("1", "Anna B", &[Role::Auditor])));
    let second = sign_ins.sign_in().await.1.unwrap();
    assert_eq!(
        (sign_ins.me(&first).await.status.as_u16(), sign_ins.me(&second).await.json()["roles"].clone()),
        (401, json!(["auditor"]))
    );
    sign_ins.refused(Ok(identity("1", "Anna B", &[])), "no-role").await;
    assert_eq!(sign_ins.me(&second).await.status, 401);
}

#[tokio::test]
async fn an_account_of_this_node_is_not_taken_over_by_its_name_and_a_lock_holds() {
    let sign_ins = SignIns::start().await;
    let root = sign_ins.played.administrator().await;
    sign_ins.says(Ok(identity("7", "root", &[Role::Analyst])));
    let session = sign_ins.sign_in().await.1.unwrap();
    let me = sign_ins.me(&session).await.json();
    assert_eq!((&me["name"], &me["roles"]), (&json!("root.2"), &json!(["analyst"])));
    let users = sign_ins.played.ask(with_cookie(request("GET", "/api/v1/users"), &root.cookie)).await.json();
    let user = users["items"].as_array().unwrap().iter().find(|user| user["name"] == "root.2").unwrap();
    assert_eq!((&user["is_from_provider"], &user["has_password"]), (&json!(true), &json!(false)));
    let path = format!("/api/v1/users/{}", user["id"]);
    let change = async |body: Value| {
        sign_ins.played.ask(with_cookie(send("PATCH", &path, &body), &root.cookie)).await.status.as_u16()
    };
    assert_eq!(change(json!({"roles": ["administrator"]})).await, 422);
    let invite = with_cookie(post(&format!("{path}/invitation"), &Value::Null), &root.cookie);
    assert_eq!(sign_ins.played.ask(invite).await.status, 422);
    assert_eq!(change(json!({"is_locked": true})).await, 200);
    assert_eq!(sign_ins.me(&session).await.status, 401);
    sign_ins.refused(Ok(identity("7", "root", &[Role::Analyst])), "locked").await;
    let sign_in = post("/api/v1/sign-in", &json!({"name": "root.2", "password": PASSWORD}));
    assert_eq!(sign_ins.played.ask(sign_in).await.status, 401);
}

#[tokio::test]
async fn whoever_comes_first_through_the_provider_does_not_use_up_the_link_of_the_first_administrator() {
    let sign_ins = SignIns::start().await;
    sign_ins.sign_in().await.1.unwrap();
    sign_ins.played.administrator().await;
}

#[tokio::test]
async fn failed_sign_ins_slow_their_address_and_a_provider_that_is_down_slows_nobody() {
    let sign_ins = SignIns::start().await;
    for _ in 0..30 {
        sign_ins.says(Ok(identity("1", "anna", &[])));
        let (cookie, state) = sign_ins.begin().await;
        sign_ins.says(Err(ProviderFault::Unavailable("no answer in time".to_owned())));
        let back = sign_ins.back(&cookie, &format!("code=c&state={state}")).await;
        assert_eq!(location(&back), "/#sign-in=unavailable");
    }
    sign_ins.says(Err(ProviderFault::Declined("used".to_owned())));
    for _ in 0..20 {
        assert_eq!(sign_ins.sign_in().await.0, "/#sign-in=begin-again");
    }
    // from now on each has to wait twice as long as the one before, which no machine is slow enough for
    let mut ends = Vec::new();
    while ends.len() < 30 && ends.last().is_none_or(|end| end != "/#sign-in=too-many") {
        ends.push(sign_ins.sign_in().await.0);
    }
    assert_eq!(ends.last().unwrap(), "/#sign-in=too-many");
}
