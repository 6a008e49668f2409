//! People, sessions and tokens, as the rest of this room sees them: the one place that knows the verbs of the state for them.

use std::collections::BTreeSet;

use cordon_model::{Digest, Time};
use cordon_policy::{Principal, Role};
use cordon_seal::TotpSecret;
use cordon_store::state::{By, NewSession, NewUser, ProvidedUser, StateError, User};

use crate::problem::{Problem, ProblemKind};
use crate::sign_in::provider::ProvidedIdentity;
use crate::sign_in::secret::Secret;
use crate::state::ApiState;

/// A session ends after so long without a request by the person.
const IDLE_MAX_SECONDS: u32 = 30 * 60;
/// A session ends after so long whatever happens.
const SESSION_MAX_SECONDS: u32 = 12 * 3_600;
/// Letters of a name.
const NAME_LETTERS_MAX: usize = 64;

/// A person who can sign in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) principal: Principal,
    /// As `cordon_seal::PasswordHash` writes it; none until a password was set.
    pub(crate) password: Option<String>,
    pub(crate) totp: Option<TotpSecret>,
    pub(crate) is_locked: bool,
    /// Whether it signs in through the provider: then that has its password and its second factor.
    pub(crate) is_provided: bool,
}

impl Person {
    /// Administrators have a second factor, or set one up before anything else. Of the provider's ones that was asked when they signed in.
    pub(crate) fn must_enrol_totp(&self) -> bool {
        !self.is_provided && self.totp.is_none() && self.principal.roles.contains(&Role::Administrator)
    }

    fn of(user: User) -> Self {
        let principal = Principal { roles: user.roles, sites: user.sites, only: None };
        Self {
            id: user.user_id,
            name: user.name,
            principal,
            password: user.password_hash,
            totp: user.totp_secret.map(TotpSecret),
            is_locked: user.locked,
            is_provided: user.provider.is_some(),
        }
    }
}

/// A name as it is kept: without blanks around it, in small letters.
pub(crate) fn canonical(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Whether a name can be one of a user.
pub(crate) fn check_name(name: &str) -> Result<(), Problem> {
    if (1..=NAME_LETTERS_MAX).contains(&name.chars().count()) && name.chars().all(is_name_letter) {
        return Ok(());
    }
    let detail = format!("a name has 1 to {NAME_LETTERS_MAX} letters, digits or . - _ @");
    Err(Problem::new(ProblemKind::Unprocessable, detail))
}

/// The person of this name.
pub(crate) async fn person(state: &ApiState, name: &str) -> Result<Option<Person>, Problem> {
    Ok(state.kept().user_named(name).await?.map(Person::of))
}

/// The person behind a session; a request by the person itself puts the idle end off.
pub(crate) async fn of_session(
    state: &ApiState,
    digest: Digest,
    now: Time,
    is_activity: bool,
) -> Result<Option<Person>, Problem> {
    let user = state.kept().user_of_session(digest, now, is_activity).await?;
    Ok(user.map(Person::of).filter(|person| !person.is_locked))
}

/// Name and rights of a token that holds now.
pub(crate) async fn of_token(
    state: &ApiState,
    digest: Digest,
    now: Time,
) -> Result<Option<(String, Principal)>, Problem> {
    let token = state.kept().token_of_secret(digest, now).await?;
    Ok(token.map(|token| {
        let principal = Principal { roles: token.roles, sites: token.sites, only: token.only };
        (format!("token/{}", token.name), principal)
    }))
}

/// Opens a session and says so in the audit log.
pub(crate) async fn open_session(state: &ApiState, by: &By, person: &Person, digest: Digest) -> Result<(), Problem> {
    let new = NewSession {
        secret: digest,
        user_id: person.id,
        idle_seconds: IDLE_MAX_SECONDS,
        ends: Time(by.at.0.saturating_add(i64::from(SESSION_MAX_SECONDS) * 1_000_000)),
    };
    Ok(state.kept().open_session(by, &new).await?)
}

/// Ends a session, if there is one.
pub(crate) async fn end_session(state: &ApiState, digest: Digest) -> Result<(), Problem> {
    Ok(state.kept().end_session(digest).await?)
}

/// Ends all sessions of a person.
pub(crate) async fn end_all_sessions(state: &ApiState, by: &By, person: &Person) -> Result<(), Problem> {
    Ok(state.kept().end_sessions_of(by, person.id).await?)
}

/// Takes a step of the second factor; `false` when it or a later one was taken before.
pub(crate) async fn take_totp_step(state: &ApiState, person: &Person, step: u64) -> Result<bool, Problem> {
    Ok(state.kept().take_totp_step(person.id, step).await?)
}

/// Sets a password.
pub(crate) async fn set_password(state: &ApiState, by: &By, person: &Person, hash: String) -> Result<Person, Problem> {
    Ok(Person::of(state.kept().set_password(by, person.id, &hash).await?))
}

/// Sets a second factor, whose step was just taken.
pub(crate) async fn set_totp(
    state: &ApiState,
    by: &By,
    person: &Person,
    secret: TotpSecret,
    step: u64,
) -> Result<Person, Problem> {
    Ok(Person::of(state.kept().set_totp(by, person.id, secret.0, step).await?))
}

/// Whether nobody can sign in yet who runs the node.
pub(crate) async fn is_without_users(state: &ApiState) -> Result<bool, Problem> {
    Ok(!state.kept().users().await?.iter().any(User::is_first))
}

/// Somebody whom the provider vouches for.
#[derive(Clone, Debug)]
pub(crate) enum ProvidedPerson {
    /// With a role here, or locked.
    Known(Box<Person>),
    /// Without any role here.
    WithoutRole,
}

/// The person whom the provider vouches for, with roles and sites as it says; added when it is new.
pub(crate) async fn provided(state: &ApiState, by: &By, identity: ProvidedIdentity) -> Result<ProvidedPerson, Problem> {
    let ProvidedIdentity { account, name, roles, sites, .. } = identity;
    let provided = ProvidedUser { account, name: name_of_provider(&name), roles, sites };
    let user = state.kept().user_provided(by, &provided).await?;
    let person = user.map(Person::of).filter(|person| person.is_locked || !person.principal.roles.is_empty());
    Ok(person.map_or(ProvidedPerson::WithoutRole, |person| ProvidedPerson::Known(Box::new(person))))
}

/// A name of the provider in the letters that names have here, with room for a number behind it.
fn name_of_provider(name: &str) -> String {
    let fits = |letter: char| if is_name_letter(letter) { letter } else { '_' };
    let name: String = canonical(name).chars().take(NAME_LETTERS_MAX - 3).map(fits).collect();
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

fn is_name_letter(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '@')
}

/// Adds the first user, for all sites: it runs the node, and at a small hospital it is also who looks at findings.
pub(crate) async fn add_first_administrator(
    state: &ApiState,
    by: &By,
    name: &str,
    hash: String,
) -> Result<Person, Problem> {
    check_name(name)?;
    let new = NewUser {
        name: name.to_owned(),
        roles: BTreeSet::from([Role::Administrator, Role::Analyst]),
        sites: None,
        password_hash: Some(hash),
    };
    Ok(Person::of(state.kept().add_first_user(by, &new).await?))
}

/// An invitation holds for three days.
const INVITATION_SECONDS: i64 = 3 * 86_400;

/// Draws the secret by which a user sets its password.
pub(crate) async fn invite(state: &ApiState, by: &By, user_id: i64) -> Result<String, Problem> {
    let secret = Secret::draw("")?;
    let ends = Time(by.at.0.saturating_add(INVITATION_SECONDS * 1_000_000));
    state.kept().invite(by, user_id, secret.digest(), ends).await?;
    Ok(secret.text().to_owned())
}

/// Sets the password of whoever was invited; the invitation is used up.
pub(crate) async fn accept(state: &ApiState, by: &By, shown: Digest, hash: String) -> Result<Person, Problem> {
    let accepted = state.kept().accept_invitation(by, shown, &hash).await;
    let gone = |_| Problem::new(ProblemKind::Unauthenticated, "the invitation is unknown, used or too old");
    match accepted {
        Err(fault @ StateError::NotFound(_)) => Err(gone(fault)),
        other => Ok(Person::of(other?)),
    }
}
