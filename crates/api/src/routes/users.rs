//! Users: who there is, with which roles, at which sites. Passwords and second factors are never read, only set by their owners or taken away.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cordon_policy::Role;
use cordon_store::state::{NewUser, User, UserChange};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::allowed::{Allowed, ChangeUsers, ReadUsers};
use crate::extract::{Json, Path};
use crate::people;
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use crate::wire::{Moment, PageBody};

/// What somebody is here for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
pub(crate) enum RoleWord {
    Analyst,
    PrivacyOfficer,
    Responder,
    Auditor,
    Administrator,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Analyst => Self::Analyst,
            RoleWord::PrivacyOfficer => Self::PrivacyOfficer,
            RoleWord::Responder => Self::Responder,
            RoleWord::Auditor => Self::Auditor,
            RoleWord::Administrator => Self::Administrator,
        }
    }
}

/// A user.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserBody {
    /// Number.
    id: i64,
    /// Name.
    name: String,
    /// What for.
    roles: Vec<RoleWord>,
    /// The sites; null for all.
    #[schema(required = true)]
    sites: Option<Vec<String>>,
    /// Whether the user may not sign in.
    is_locked: bool,
    /// Whether a password was set.
    has_password: bool,
    /// Whether there is a second factor.
    has_totp: bool,
    /// Whether the user signs in through the provider, which then says its roles and sites.
    is_from_provider: bool,
    /// When the user was added.
    created: Moment,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.user_id,
            name: user.name,
            roles: user.roles.into_iter().map(RoleWord::from).collect(),
            sites: user.sites.map(|sites| sites.into_iter().collect()),
            is_locked: user.locked,
            has_password: user.password_hash.is_some(),
            has_totp: user.totp_secret.is_some(),
            is_from_provider: user.provider.is_some(),
            created: Moment(user.created),
        }
    }
}

/// A user to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserGiven {
    /// Name: 1 to 64 letters, digits or . - _ @.
    name: String,
    /// What for, at least one.
    roles: Vec<RoleWord>,
    /// The sites; all when left out.
    sites: Option<Vec<String>>,
}

/// A change of a user. What is left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserPatch {
    /// What for, at least one.
    roles: Option<Vec<RoleWord>>,
    /// The sites; null for all.
    #[serde(default, deserialize_with = "crate::wire::given")]
    sites: Option<Option<Vec<String>>>,
    /// Whether the user may not sign in.
    is_locked: Option<bool>,
}

/// A user, and the secret by which it sets its password.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct Invitation {
    /// The user.
    user: UserBody,
    /// Shown once: it works once, for three days, as `https://NODE/#invite=` and this.
    token: String,
}

/// Lists all users, by name.
#[utoipa::path(get, path = "/api/v1/users", tag = "users",
    responses((status = 200, body = PageBody<UserBody>, description = "All")))]
pub(crate) async fn list(
    _allowed: Allowed<ReadUsers>,
    State(state): State<ApiState>,
) -> Result<Json<PageBody<UserBody>>, Problem> {
    let users = state.kept().users().await?;
    Ok(Json(PageBody::whole(users.into_iter().map(Into::into).collect())))
}

/// Adds a user, who sets the password by the token that comes back.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = UserGiven,
    responses((status = 201, body = Invitation, description = "Added")))]
pub(crate) async fn add(
    allowed: Allowed<ChangeUsers>,
    State(state): State<ApiState>,
    Json(given): Json<UserGiven>,
) -> Result<Response, Problem> {
    let name = people::canonical(&given.name);
    people::check_name(&name)?;
    let new = NewUser {
        name,
        roles: roles(given.roles)?,
        sites: given.sites.map(|sites| sites.into_iter().collect()),
        password_hash: None,
    };
    let user = state.kept().add_user(&allowed.by(), &new).await?;
    let token = people::invite(&state, &allowed.by(), user.user_id).await?;
    Ok((StatusCode::CREATED, Json(Invitation { user: user.into(), token })).into_response())
}

/// Changes roles or sites of a user, or locks it. Ends its sessions: what it may do is decided afresh.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", params(("id" = i64, Path, description = "Number of the user")),
    request_body = UserPatch, responses((status = 200, body = UserBody, description = "The user as it is now")))]
pub(crate) async fn change(
    allowed: Allowed<ChangeUsers>,
    State(state): State<ApiState>,
    Path(id): Path<i64>,
    Json(patch): Json<UserPatch>,
) -> Result<Json<UserBody>, Problem> {
    let change = UserChange {
        roles: patch.roles.map(roles).transpose()?,
        sites: patch.sites.map(|sites| sites.map(|sites| sites.into_iter().collect())),
        locked: patch.is_locked,
    };
    Ok(Json(state.kept().change_user(&allowed.by(), id, &change).await?.into()))
}

/// Takes password and second factor of a user away, ends its sessions, and gives a token by which it sets a new password.
#[utoipa::path(post, path = "/api/v1/users/{id}/invitation", tag = "users", params(("id" = i64, Path, description = "Number of the user")),
    responses((status = 200, body = Invitation, description = "Invited again")))]
pub(crate) async fn invite(
    allowed: Allowed<ChangeUsers>,
    State(state): State<ApiState>,
    Path(id): Path<i64>,
) -> Result<Json<Invitation>, Problem> {
    let user = state.kept().reset_user(&allowed.by(), id).await?;
    let token = people::invite(&state, &allowed.by(), id).await?;
    Ok(Json(Invitation { user: user.into(), token }))
}

fn roles(words: Vec<RoleWord>) -> Result<BTreeSet<Role>, Problem> {
    if words.is_empty() {
        return Err(Problem::new(ProblemKind::Unprocessable, "a user has at least one role"));
    }
    Ok(words.into_iter().map(Role::from).collect())
}
