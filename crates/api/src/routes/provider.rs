//! Signing in through a provider (OpenID Connect): the browser goes there and comes back with a code, which the node exchanges for proofs of who it is.
//!
//! The browser is only ever sent to the provider of the settings and to this node's own page; no request says where to.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cordon_policy::Role;
use cordon_store::state::{AuditEntry, By};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::sign_in::session_cookie;
use crate::allowed::address;
use crate::extract::{Json, Query};
use crate::peer::Peer;
use crate::people::{self, Person, ProvidedPerson};
use crate::problem::{Problem, ProblemKind};
use crate::sign_in::cookie::Cookie;
use crate::sign_in::provider::{ProviderFault, ReturnedSignIn, SignInProvider};
use crate::state::{ApiState, real_now};

/// Where a sign-in through the provider begins.
const BEGIN: &str = "/api/v1/sign-in/provider";
/// Longest value that a provider sends back with the browser, letters.
const VALUE_LETTERS_MAX: usize = 4_096;

/// Ways to sign in beside name and password.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Ways {
    /// The provider; null when the settings name none.
    #[schema(required = true)]
    provider: Option<ProviderWay>,
}

/// The provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProviderWay {
    /// What people call it.
    label: String,
    /// Where the browser goes to begin.
    begin: String,
}

/// What the provider sends back with the browser (RFC 6749 section 4.1.2). Anything else it sends is left alone.
#[derive(Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CameBack {
    /// The code to be exchanged.
    code: Option<String>,
    /// What the browser was sent away with.
    state: Option<String>,
    /// The provider (RFC 9207).
    iss: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

/// Why somebody was not let in: the word for the page, the reason for the log and the audit log.
struct Refusal {
    word: &'static str,
    reason: String,
    /// Who it is, once that is known.
    account: Option<(String, String)>,
}

impl Refusal {
    fn new(word: &'static str, reason: impl Into<String>) -> Self {
        Self { word, reason: reason.into(), account: None }
    }

    /// One that is no guess and no attack, so it slows nobody down.
    fn is_harmless(&self) -> bool {
        matches!(self.word, "unavailable" | "declined")
    }
}

impl From<ProviderFault> for Refusal {
    fn from(fault: ProviderFault) -> Self {
        let word = match &fault {
            ProviderFault::Unavailable(_) => "unavailable",
            ProviderFault::Declined(_) => "begin-again",
            ProviderFault::Untrusted(_) => "untrusted",
        };
        Self::new(word, fault.to_string())
    }
}

/// Says which ways there are to sign in beside name and password.
#[utoipa::path(get, path = "/api/v1/sign-in/ways", tag = "account", responses((status = 200, body = Ways, description = "All ways")))]
pub(crate) async fn ways(State(state): State<ApiState>) -> Json<Ways> {
    let way = |provider: Arc<dyn SignInProvider>| ProviderWay { label: provider.label(), begin: BEGIN.to_owned() };
    Json(Ways { provider: state.provider().map(way) })
}

/// Sends the browser to the provider, with a cookie that binds the answer to it. 404 without one in the settings.
#[utoipa::path(get, path = "/api/v1/sign-in/provider", tag = "account",
    responses((status = 303, description = "To the provider; to the page of this node when it cannot be reached", headers(("Location" = String), ("Set-Cookie" = String)))))]
pub(crate) async fn begin(peer: Option<Extension<Peer>>, State(state): State<ApiState>) -> Result<Response, Problem> {
    let is_tls = peer.is_some_and(|Extension(peer)| peer.is_tls);
    let provider = state.provider().ok_or_else(no_provider)?;
    let (cookie, away) = state.begins().begin(Instant::now())?;
    match provider.address(away.begun()).await {
        Ok(address) => Ok(redirect(&address, [Cookie::Begun.set(&cookie, is_tls)])),
        Err(fault) => {
            let refusal = Refusal::from(fault);
            tracing::warn!(reason = refusal.reason, "nobody can sign in through the provider");
            Ok(to_page(Some(refusal.word), [None]))
        }
    }
}

/// Takes the browser back from the provider: opens a session, or says on the page of this node why not.
#[utoipa::path(get, path = "/api/v1/sign-in/provider/callback", tag = "account", params(CameBack),
    responses((status = 303, description = "To the page of this node; behind `#sign-in=` a word that says why there is no session", headers(("Location" = String), ("Set-Cookie" = String)))))]
pub(crate) async fn callback(
    peer: Option<Extension<Peer>>,
    State(state): State<ApiState>,
    headers: HeaderMap,
    Query(back): Query<CameBack>,
) -> Result<Response, Problem> {
    let peer = peer.map(|Extension(peer)| peer);
    let is_tls = peer.is_some_and(|peer| peer.is_tls);
    let provider = state.provider().ok_or_else(no_provider)?;
    let from = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.address.ip());
    let gone = Cookie::Begun.remove(is_tls);
    let Ok(attempt) = state.throttle().begin_at(from, Instant::now()) else {
        return Ok(to_page(Some("too-many"), [gone]));
    };
    let by = By { actor: "nobody".into(), address: address(peer.as_ref()), at: real_now() };
    let cookie = Cookie::Begun.read(&headers, is_tls);
    let refusal = match identified(&state, &*provider, &by, cookie, &back).await? {
        Ok(person) => {
            state.throttle().succeeded(attempt);
            let by = By { actor: person.name.as_str().into(), ..by };
            let session = session_cookie(&state, &by, &person, is_tls).await?;
            return Ok(to_page(None, [gone, session]));
        }
        Err(refusal) => refusal,
    };
    if refusal.is_harmless() {
        state.throttle().succeeded(attempt);
    }
    tracing::warn!(word = refusal.word, reason = refusal.reason, "a sign-in through the provider was refused");
    let account = refusal.account.map(|(issuer, subject)| json!({"issuer": issuer, "subject": subject}));
    let detail = json!({"reason": refusal.word, "detail": refusal.reason, "provider": account});
    state.kept().audit(&by, &AuditEntry::new("sign_in_failed", "user", "", detail)).await?;
    Ok(to_page(Some(refusal.word), [gone]))
}

/// Who came back, if it may come in.
async fn identified(
    state: &ApiState,
    provider: &dyn SignInProvider,
    by: &By,
    cookie: Option<&str>,
    back: &CameBack,
) -> Result<Result<Person, Refusal>, Problem> {
    let returned = match returned(state, cookie, back) {
        Ok(returned) => returned,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let identity = match provider.identity(returned).await {
        Ok(identity) => identity,
        Err(fault) => return Ok(Err(fault.into())),
    };
    let account = Some((identity.account.issuer.clone(), identity.account.subject.clone()));
    let refused = |word, reason: &str| Ok(Err(Refusal { account: account.clone(), ..Refusal::new(word, reason) }));
    if identity.roles.contains(&Role::Administrator) && !identity.has_second_factor {
        return refused("no-second-factor", "an administrator whose second factor the provider does not confirm");
    }
    match people::provided(state, &By { actor: "node".into(), ..by.clone() }, identity).await? {
        ProvidedPerson::Known(person) if person.is_locked => refused("locked", "the user is locked"),
        ProvidedPerson::Known(person) => Ok(Ok(*person)),
        ProvidedPerson::WithoutRole => refused("no-role", "no group of the person gives a role here"),
    }
}

/// What is to be exchanged, when this browser began it here and comes back for the first time.
fn returned(state: &ApiState, cookie: Option<&str>, back: &CameBack) -> Result<ReturnedSignIn, Refusal> {
    let now = Instant::now();
    let again = |reason: &str| Refusal::new("begin-again", reason);
    let away = cookie.and_then(|cookie| state.begins().read(cookie, now));
    let away = away.ok_or_else(|| again("this browser began no sign-in here within ten minutes"))?;
    if !back.state.as_deref().is_some_and(|shown| away.is_state(shown)) {
        return Err(again("the answer belongs to another sign-in than this browser's (state)"));
    }
    if !state.begins().answer(&away, now) {
        return Err(again("this sign-in was answered already"));
    }
    if let Some(error) = &back.error {
        return Err(Refusal::new("declined", format!("the provider says {}", error_word(error))));
    }
    let fits = |value: &String| !value.is_empty() && value.len() <= VALUE_LETTERS_MAX;
    let code = back.code.clone().filter(fits).ok_or_else(|| again("the provider sent no code"))?;
    let issuer = back.iss.clone();
    Ok(ReturnedSignIn { code, issuer, nonce: away.nonce(), verifier: away.verifier() })
}

/// An error code of the provider when it looks like one (RFC 6749 section 4.1.2.1): whatever else a browser sends stands in no log.
fn error_word(error: &str) -> &str {
    let is_word = error.len() <= 64 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_word { error } else { "something that is no error code" }
}

fn no_provider() -> Problem {
    Problem::new(ProblemKind::NotFound, "the settings name no provider to sign in through")
}

/// Sends the browser to the page of this node, with a word that the page explains.
fn to_page<const N: usize>(word: Option<&'static str>, cookies: [Option<HeaderValue>; N]) -> Response {
    let address = word.map_or_else(|| "/".to_owned(), |word| format!("/#sign-in={word}"));
    redirect(&address, cookies)
}

fn redirect<const N: usize>(address: &str, cookies: [Option<HeaderValue>; N]) -> Response {
    let Ok(address) = HeaderValue::from_str(address) else {
        return Problem::internal(&"an address that no browser takes").into_response();
    };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response();
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
