//! One's own account: who one is, the password, the second factor.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use cordon_policy::{Action, Role};
use cordon_seal::TotpSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sign_in::open;
use super::users::RoleWord;
use crate::allowed::{Act, Allowed, UseOwnAccount};
use crate::authority::Credential;
use crate::extract::Json;
use crate::peer::Peer;
use crate::people::{self, Person};
use crate::problem::{Problem, ProblemKind};
use crate::sign_in::secret::random;
use crate::state::ApiState;

/// Who asks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// Name of the user or token.
    name: String,
    /// What for.
    roles: Vec<RoleWord>,
    /// The sites; null for all.
    #[schema(required = true)]
    sites: Option<Vec<String>>,
    /// Whether it is a token.
    is_token: bool,
    /// Whether there is a second factor.
    has_totp: bool,
    /// Whether a second factor has to be set up before anything else.
    must_enrol_totp: bool,
    /// What a person or token of these roles may do, were there no question of site and purpose.
    actions: Vec<String>,
}

/// A new password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The one in force.
    current: String,
    /// The new one, 12 to 256 letters.
    new: String,
}

/// A second factor to be confirmed.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct TotpEnrolment {
    /// The secret, for typing into an authenticator (Base32).
    secret: String,
    /// The same as a link, for a picture.
    uri: String,
}

/// A code of the authenticator.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpCode {
    /// Six digits.
    code: String,
}

/// Says who one is and what one may do.
#[utoipa::path(get, path = "/api/v1/me", tag = "account", responses((status = 200, body = Me, description = "Oneself")))]
pub(crate) async fn read(allowed: Allowed<UseOwnAccount>, State(state): State<ApiState>) -> Result<Json<Me>, Problem> {
    let who = allowed.who();
    let mut actions = Vec::new();
    for action in Action::all() {
        let asked = cordon_policy::Asked { purpose: Some(cordon_policy::Purpose::Operations), break_glass: false };
        if crate::authority::decide(&state, who, action, asked).await.is_ok() {
            actions.push(action.name().to_owned());
        }
    }
    Ok(Json(Me {
        name: who.name.clone(),
        roles: who.principal.roles.iter().copied().map(RoleWord::from).collect(),
        sites: who.principal.sites.as_ref().map(|sites| sites.iter().cloned().collect()),
        is_token: who.person.is_none(),
        has_totp: who.person.as_ref().is_some_and(|person| person.totp.is_some()),
        must_enrol_totp: who.must_enrol_totp(),
        actions,
    }))
}

/// Changes one's password, ends all other sessions, and gives this one a new id.
#[utoipa::path(post, path = "/api/v1/me/password", tag = "account", request_body = PasswordChange,
    responses((status = 200, body = super::sign_in::SignedIn, description = "Changed", headers(("Set-Cookie" = String)))))]
pub(crate) async fn change_password(
    allowed: Allowed<UseOwnAccount>,
    peer: Option<Extension<Peer>>,
    State(state): State<ApiState>,
    Json(change): Json<PasswordChange>,
) -> Result<Response, Problem> {
    let person = with_password(&allowed)?;
    let from = peer.as_ref().map_or(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), |peer| peer.address.ip());
    let attempt = state.throttle().begin(&person.name, from, true, std::time::Instant::now());
    let attempt = attempt.map_err(|_| Problem::new(ProblemKind::TooMany, "too many attempts; wait").retry_after(60))?;
    if !state.passwords().fits(person.password.clone(), &change.current).await? {
        return Err(Problem::new(ProblemKind::Unprocessable, "the password in force is another one"));
    }
    state.throttle().succeeded(attempt);
    let hash = state.passwords().hash(&change.new).await?;
    let person = people::set_password(&state, &allowed.by(), person, hash).await?;
    rotated(&state, &allowed, person, peer.is_some_and(|Extension(peer)| peer.is_tls)).await
}

/// Draws a secret for a second factor. It counts once a code of it was confirmed.
#[utoipa::path(post, path = "/api/v1/me/totp", tag = "account",
    responses((status = 200, body = TotpEnrolment, description = "To be confirmed within the session")))]
pub(crate) async fn enrol_totp(
    allowed: Allowed<UseOwnAccount>,
    State(state): State<ApiState>,
) -> Result<Json<TotpEnrolment>, Problem> {
    let person = with_password(&allowed)?;
    if person.totp.is_some() {
        let detail = "there is a second factor already; an administrator can take it away";
        return Err(Problem::new(ProblemKind::Conflict, detail));
    }
    let secret = TotpSecret(random::<20>()?);
    let shown = secret.to_base32();
    state.enrolments().put(&person.name, secret);
    let label: String = person.name.bytes().map(percent).collect();
    let uri = format!("otpauth://totp/Cordon:{label}?secret={shown}&issuer=Cordon");
    Ok(Json(TotpEnrolment { secret: shown, uri }))
}

/// Confirms the second factor by a code of it, and gives the session a new id.
#[utoipa::path(post, path = "/api/v1/me/totp/confirm", tag = "account", request_body = TotpCode,
    responses((status = 200, body = super::sign_in::SignedIn, description = "It counts now", headers(("Set-Cookie" = String)))))]
pub(crate) async fn confirm_totp(
    allowed: Allowed<UseOwnAccount>,
    peer: Option<Extension<Peer>>,
    State(state): State<ApiState>,
    Json(given): Json<TotpCode>,
) -> Result<Response, Problem> {
    let person = person(&allowed)?;
    let secret = state.enrolments().get(&person.name);
    let secret = secret.ok_or_else(|| Problem::new(ProblemKind::Conflict, "ask for a secret first"))?;
    let seconds = u64::try_from(allowed.by().at.as_seconds()).unwrap_or(0);
    let step = secret.step_of(given.code.trim(), seconds);
    let step =
        step.ok_or_else(|| Problem::new(ProblemKind::Unprocessable, "the code does not belong to the secret"))?;
    state.enrolments().forget(&person.name);
    let person = people::set_totp(&state, &allowed.by(), person, secret, step).await?;
    rotated(&state, &allowed, person, peer.is_some_and(|Extension(peer)| peer.is_tls)).await
}

/// Ends every session of the person and opens a new one: what somebody else may have is worth nothing.
async fn rotated<A: Act>(
    state: &ApiState,
    allowed: &Allowed<A>,
    person: Person,
    is_tls: bool,
) -> Result<Response, Problem> {
    people::end_all_sessions(state, &allowed.by(), &person).await?;
    open(state, &allowed.by(), person, is_tls).await
}

/// The person behind a session; a token has no account of its own.
fn person<A: Act>(allowed: &Allowed<A>) -> Result<&Person, Problem> {
    let who = allowed.who();
    let person = who.person.as_ref().filter(|_| matches!(who.credential, Credential::Session(_)));
    person.ok_or_else(|| Problem::new(ProblemKind::Conflict, "a token has no password and no second factor"))
}

/// The same, when the password is one of this node.
fn with_password<A: Act>(allowed: &Allowed<A>) -> Result<&Person, Problem> {
    let detail = "you sign in through the provider, which has your password and your second factor";
    let person = person(allowed)?;
    if person.is_provided { Err(Problem::new(ProblemKind::Conflict, detail)) } else { Ok(person) }
}

/// RFC 3986 section 2.1.
fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

impl From<Role> for RoleWord {
    fn from(role: Role) -> Self {
        match role {
            Role::Analyst => Self::Analyst,
            Role::PrivacyOfficer => Self::PrivacyOfficer,
            Role::Responder => Self::Responder,
            Role::Auditor => Self::Auditor,
            Role::Administrator => Self::Administrator,
        }
    }
}
