//! Who asks, and whether they may: a session's cookie or a token, then one decision of the policies.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use cordon_model::Digest;
use cordon_policy::{AccessScope, Action, Asked, Decision, Principal, Purpose};

use crate::peer::Peer;
use crate::people::{self, Person};
use crate::problem::{Problem, ProblemKind};
use crate::sign_in::cookie::Cookie;
use crate::sign_in::secret::digest_of;
use crate::state::{ApiState, real_now};

/// The header that a page of ours sends with every change: another site cannot, without asking first, and nobody is answered.
pub(crate) const CSRF_HEADER: &str = "x-cordon-csrf";
/// The header of requests that a page makes by itself: they do not keep a session alive.
const BACKGROUND_HEADER: &str = "x-cordon-background";
/// The header that says what for; needed to reveal and to export.
const PURPOSE_HEADER: &str = "x-cordon-purpose";
/// The header that says that it is an emergency; audited and reviewed.
const BREAK_GLASS_HEADER: &str = "x-cordon-break-glass";

/// What somebody showed to say who they are; the digest of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    Session(Digest),
    Token(Digest),
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) name: String,
    pub(crate) principal: Principal,
    pub(crate) credential: Credential,
    /// The person behind a session; a token has none.
    pub(crate) person: Option<Person>,
}

impl Who {
    /// Whether a second factor has to be set up before anything else.
    pub(crate) fn must_enrol_totp(&self) -> bool {
        self.person.as_ref().is_some_and(Person::must_enrol_totp)
    }
}

/// Who asks, out of the head of a request.
pub(crate) async fn who(state: &ApiState, parts: &Parts) -> Result<Who, Problem> {
    if let Some(token) = bearer(&parts.headers)? {
        return of_credential(state, Credential::Token(digest_of(token)), true).await;
    }
    let is_tls = parts.extensions.get::<Peer>().is_some_and(|peer| peer.is_tls);
    let session = Cookie::Session.read(&parts.headers, is_tls);
    let session = session.ok_or_else(|| unauthenticated("sign in, or send a token as Authorization: Bearer"))?;
    same_site(&parts.method, &parts.headers)?;
    let is_activity = !parts.headers.contains_key(BACKGROUND_HEADER);
    of_credential(state, Credential::Session(digest_of(session)), is_activity).await
}

/// Who stands behind a credential now.
pub(crate) async fn of_credential(state: &ApiState, credential: Credential, is_activity: bool) -> Result<Who, Problem> {
    match credential {
        Credential::Session(digest) => {
            let person = people::of_session(state, digest, real_now(), is_activity).await?;
            let person = person.ok_or_else(|| unauthenticated("the session has ended; sign in again"))?;
            let (name, principal) = (person.name.clone(), person.principal.clone());
            Ok(Who { name, principal, credential, person: Some(person) })
        }
        Credential::Token(digest) => {
            let token = people::of_token(state, digest, real_now()).await?;
            let (name, principal) =
                token.ok_or_else(|| unauthenticated("this token is unknown, revoked or expired"))?;
            Ok(Who { name, principal, credential, person: None })
        }
    }
}

/// The one decision of a request.
pub(crate) async fn decide(state: &ApiState, who: &Who, action: Action, asked: Asked) -> Result<AccessScope, Problem> {
    if who.must_enrol_totp() && action != Action::UseOwnAccount {
        return Err(Problem::new(ProblemKind::Forbidden, "set up a second factor first: POST /api/v1/me/totp"));
    }
    let (policies, principal) = (state.policies(), who.principal.clone());
    // the first time that a question is asked it takes longer than the runtime may wait
    let decision = tokio::task::spawn_blocking(move || policies.decide(&principal, action, asked)).await;
    match decision.map_err(|fault| Problem::internal(&fault))? {
        Decision::Allowed(scope) if scope.has_pseudonyms() => {
            let now = state.control().now();
            Ok(scope.unlocking(&state.kept().unlocks_in_force(now).await?, now))
        }
        Decision::Allowed(scope) => Ok(scope),
        Decision::Denied => {
            tracing::info!(who = who.name, action = action.name(), "denied");
            Err(Problem::new(ProblemKind::Forbidden, format!("you may not do this ({})", action.name())))
        }
    }
}

/// How somebody asks, out of the headers.
pub(crate) fn asked(headers: &HeaderMap) -> Result<Asked, Problem> {
    let purpose = headers.get(PURPOSE_HEADER).map(|value| {
        let purpose = value.to_str().ok().and_then(Purpose::from_name);
        let names: Vec<&str> = Purpose::ALL.iter().map(|purpose| purpose.name()).collect();
        let detail = format!("{PURPOSE_HEADER} is one of {}", names.join(", "));
        purpose.ok_or_else(|| Problem::new(ProblemKind::BadRequest, detail))
    });
    Ok(Asked { purpose: purpose.transpose()?, break_glass: headers.contains_key(BREAK_GLASS_HEADER) })
}

/// A change that a cookie allows must come from a page of this origin. Cookies are `SameSite=Strict` already; this holds where a browser does not.
pub(crate) fn same_site(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() {
        return Ok(());
    }
    let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_ours = origin.is_none_or(|origin| origin.split_once("://").map(|(_, rest)| rest) == host);
    if is_ours && headers.contains_key(CSRF_HEADER) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::Forbidden,
        format!("a change with a cookie needs the header {CSRF_HEADER} and the same origin"),
    ))
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    token.map(Some).ok_or_else(|| unauthenticated("Authorization is Bearer and a token"))
}

fn unauthenticated(detail: &'static str) -> Problem {
    Problem::new(ProblemKind::Unauthenticated, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, headers: &[(&'static str, &'static str)], expect: bool) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        assert_eq!(same_site(&method, &map).is_ok(), expect, "{method} {headers:?}");
    }

    #[test]
    fn a_change_with_a_cookie_comes_from_our_own_page() {
        let (host, ours, theirs) = (("host", "node:8443"), ("origin", "https://node:8443"), ("origin", "https://evil"));
        let csrf = ("x-cordon-csrf", "1");
        check(Method::GET, &[host, theirs], true);
        check(Method::POST, &[host, ours, csrf], true);
        check(Method::POST, &[host, csrf], true);
        check(Method::POST, &[host, ours], false);
        check(Method::DELETE, &[host, theirs, csrf], false);
        check(Method::PATCH, &[host, ("origin", "null"), csrf], false);
    }
}
