//! Signing in and out, and the first administrator.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cordon_store::state::{AuditEntry, By};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::allowed::address;
use crate::authority::same_site;
use crate::extract::Json;
use crate::peer::Peer;
use crate::people::{self, Person};
use crate::problem::{Problem, ProblemKind};
use crate::sign_in::cookie::Cookie;
use crate::sign_in::device;
use crate::sign_in::secret::{Secret, digest_of};
use crate::sign_in::throttle::Attempt;
use crate::state::{ApiState, real_now};

/// Name, password and, when there is a second factor, its code.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// Name of the user.
    name: String,
    /// Password.
    password: String,
    /// The code that the authenticator shows.
    code: Option<String>,
}

/// The first administrator, by the link that the node printed.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstAdministrator {
    /// What stands behind `#first=` in the link.
    token: String,
    /// Name of the user.
    name: String,
    /// Password, 12 to 256 letters.
    password: String,
}

/// Who is signed in now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// Name of the user.
    name: String,
    /// Whether a second factor has to be set up before anything else.
    must_enrol_totp: bool,
}

/// Signs in and sets the cookie of the session. 401 says neither whether the name or the password was wrong; its type is `code-needed` when only the code of the
/// second factor is missing.
#[utoipa::path(post, path = "/api/v1/sign-in", tag = "account", request_body = SignIn,
    responses((status = 200, body = SignedIn, description = "Signed in", headers(("Set-Cookie" = String)))))]
pub(crate) async fn sign_in(
    peer: Option<Extension<Peer>>,
    State(state): State<ApiState>,
    headers: HeaderMap,
    Json(given): Json<SignIn>,
) -> Result<Response, Problem> {
    let peer = peer.map(|Extension(peer)| peer);
    let is_tls = peer.is_some_and(|peer| peer.is_tls);
    let name = people::canonical(&given.name);
    let person = people::person(&state, &name).await?;
    let shown = Cookie::Device.read(&headers, is_tls);
    let is_known = person.as_ref().zip(shown).is_some_and(|(person, shown)| device::is_of(shown, person));
    let from = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.address.ip());
    let attempt = begin(&state, &name, from, is_known)?;
    let kept = person.as_ref().filter(|person| !person.is_locked).and_then(|person| person.password.clone());
    let fits = state.passwords().fits(kept, &given.password).await?;
    let person = person.filter(|_| fits);
    let by = By { actor: name.as_str().into(), address: address(peer.as_ref()), at: real_now() };
    let Some(person) = person else {
        let entry = AuditEntry::new("sign_in_failed", "user", "", json!({"reason": "name or password"}));
        state.kept().audit(&By { actor: "nobody".into(), ..by }, &entry).await?;
        return Err(Problem::new(ProblemKind::Unauthenticated, "name or password is wrong"));
    };
    second_factor(&state, &by, &person, given.code.as_deref()).await?;
    state.throttle().succeeded(attempt);
    open(&state, &by, person, is_tls).await
}

/// Holds the code of the second factor against the secret, and takes no step twice.
async fn second_factor(state: &ApiState, by: &By, person: &Person, code: Option<&str>) -> Result<(), Problem> {
    let Some(secret) = &person.totp else { return Ok(()) };
    let code =
        code.ok_or_else(|| Problem::new(ProblemKind::CodeNeeded, "send the code of the authenticator as well"))?;
    let seconds = u64::try_from(by.at.as_seconds()).unwrap_or(0);
    let step = secret.step_of(code.trim(), seconds);
    let is_fresh = match step {
        Some(step) => people::take_totp_step(state, person, step).await?,
        None => false,
    };
    if is_fresh {
        return Ok(());
    }
    let entry = AuditEntry::new("sign_in_failed", "user", &person.name, json!({"reason": "code"}));
    state.kept().audit(by, &entry).await?;
    Err(Problem::new(ProblemKind::Unauthenticated, "the code is wrong or was used already; wait for the next one"))
}

/// Opens a session and gives its cookie.
pub(crate) async fn session_cookie(
    state: &ApiState,
    by: &By,
    person: &Person,
    is_tls: bool,
) -> Result<Option<HeaderValue>, Problem> {
    let secret = Secret::draw("s_")?;
    people::open_session(state, by, person, secret.digest()).await?;
    Ok(Cookie::Session.set(secret.text(), is_tls))
}

/// Opens a session and answers with its cookie and that of the device.
pub(crate) async fn open(state: &ApiState, by: &By, person: Person, is_tls: bool) -> Result<Response, Problem> {
    let session = session_cookie(state, by, &person, is_tls).await?;
    let cookies = [session, Cookie::Device.set(&device::of(&person)?, is_tls)];
    let body = SignedIn { must_enrol_totp: person.must_enrol_totp(), name: person.name };
    let mut response = Json(body).into_response();
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Ends the session of the cookie, if there is one, and takes the cookie away.
#[utoipa::path(post, path = "/api/v1/sign-out", tag = "account",
    responses((status = 204, description = "Signed out", headers(("Set-Cookie" = String)))))]
pub(crate) async fn sign_out(
    peer: Option<Extension<Peer>>,
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let is_tls = peer.is_some_and(|Extension(peer)| peer.is_tls);
    if let Some(session) = Cookie::Session.read(&headers, is_tls) {
        same_site(&axum::http::Method::POST, &headers)?;
        people::end_session(&state, digest_of(session)).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let gone = Cookie::Session.remove(is_tls).unwrap_or(HeaderValue::from_static(""));
    response.headers_mut().append(header::SET_COOKIE, gone);
    Ok(response)
}

/// Makes the first administrator and signs in. The link works once, and only while there is no user.
#[utoipa::path(post, path = "/api/v1/first-administrator", tag = "account", request_body = FirstAdministrator,
    responses((status = 200, body = SignedIn, description = "Made and signed in", headers(("Set-Cookie" = String)))))]
pub(crate) async fn first_administrator(
    peer: Option<Extension<Peer>>,
    State(state): State<ApiState>,
    Json(given): Json<FirstAdministrator>,
) -> Result<Response, Problem> {
    let peer = peer.map(|Extension(peer)| peer);
    let wrong =
        || Problem::new(ProblemKind::Unauthenticated, "the link is not the one that the node printed, or was used");
    let from = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.address.ip());
    let attempt = begin(&state, "", from, false)?;
    if !state.is_first_link(digest_of(&given.token)) {
        return Err(wrong());
    }
    let name = people::canonical(&given.name);
    let hash = state.passwords().hash(&given.password).await?;
    let by = By { actor: name.as_str().into(), address: address(peer.as_ref()), at: real_now() };
    let person = people::add_first_administrator(&state, &by, &name, hash).await?;
    state.throttle().succeeded(attempt);
    state.forget_first_link();
    open(&state, &by, person, peer.is_some_and(|peer| peer.is_tls)).await
}

/// Who was invited, and the password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acceptance {
    /// What stands behind `#invite=` in the link.
    token: String,
    /// Password, 12 to 256 letters.
    password: String,
}

/// Sets the password of whoever was invited and signs in. The invitation works once.
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "account", request_body = Acceptance,
    responses((status = 200, body = SignedIn, description = "Set and signed in", headers(("Set-Cookie" = String)))))]
pub(crate) async fn accept(
    peer: Option<Extension<Peer>>,
    State(state): State<ApiState>,
    Json(given): Json<Acceptance>,
) -> Result<Response, Problem> {
    let peer = peer.map(|Extension(peer)| peer);
    let from = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.address.ip());
    let attempt = begin(&state, "", from, false)?;
    let hash = state.passwords().hash(&given.password).await?;
    let by = By { actor: "nobody".into(), address: address(peer.as_ref()), at: real_now() };
    let person = people::accept(&state, &by, digest_of(&given.token), hash).await?;
    state.throttle().succeeded(attempt);
    let by = By { actor: person.name.as_str().into(), ..by };
    open(&state, &by, person, peer.is_some_and(|peer| peer.is_tls)).await
}

/// Lets an attempt in, or says how long to wait.
fn begin(state: &ApiState, name: &str, from: IpAddr, is_known: bool) -> Result<Attempt, Problem> {
    state.throttle().begin(name, from, is_known, Instant::now()).map_err(|wait| {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
        Problem::new(ProblemKind::TooMany, "too many attempts; wait").retry_after(seconds)
    })
}

/// The link for the first administrator while there is no user: `https://NODE/#first=` and this. Printed by the node at its start; a later start makes another.
///
/// # Errors
/// The state cannot be read, or there is no randomness.
pub async fn first_link(state: &ApiState) -> Result<Option<String>, Problem> {
    if !people::is_without_users(state).await? {
        return Ok(None);
    }
    let secret = Secret::draw("")?;
    state.set_first_link(secret.digest());
    Ok(Some(secret.text().to_owned()))
}
