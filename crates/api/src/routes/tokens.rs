//! API tokens: for programs, with a scope and an end. The secret is shown once and only its digest is kept.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cordon_policy::{Action, Role};
use cordon_store::state::{NewToken, Token};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::users::RoleWord;
use crate::allowed::{Allowed, ChangeTokens, ReadTokens};
use crate::extract::{Json, Path};
use crate::people;
use crate::problem::{Problem, ProblemKind};
use crate::sign_in::secret::Secret;
use crate::state::{ApiState, real_now};
use crate::wire::{Bounded, Moment, PageBody};

/// A token lives for two years at most.
type Days = Bounded<1, 730>;

/// A token, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenBody {
    /// Number.
    id: i64,
    /// Name.
    name: String,
    /// What for.
    roles: Vec<RoleWord>,
    /// The sites; null for all.
    #[schema(required = true)]
    sites: Option<Vec<String>>,
    /// The only actions that it may do; null for what the roles give.
    #[schema(required = true)]
    actions: Option<Vec<String>>,
    /// When it was made.
    created: Moment,
    /// When it ends.
    expires: Moment,
    /// When it was last used, to the hour; null for never.
    #[schema(required = true)]
    used: Option<Moment>,
}

impl From<Token> for TokenBody {
    fn from(token: Token) -> Self {
        Self {
            id: token.token_id,
            name: token.name,
            roles: token.roles.into_iter().map(RoleWord::from).collect(),
            sites: token.sites.map(|sites| sites.into_iter().collect()),
            actions: token.only.map(|only| only.into_iter().map(|action| action.name().to_owned()).collect()),
            created: Moment(token.created),
            expires: Moment(token.expires),
            used: token.used.map(Moment),
        }
    }
}

/// A token to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenGiven {
    /// Name: 1 to 64 letters, digits or . - _ @.
    name: String,
    /// What for, at least one.
    roles: Vec<RoleWord>,
    /// The sites; all when left out.
    sites: Option<Vec<String>>,
    /// The only actions that it may do; what the roles give when left out. `x-cordon-action` of each operation names its action.
    actions: Option<Vec<String>>,
    /// For how many days, 1 to 730.
    #[schema(value_type = u32, minimum = 1, maximum = 730)]
    days: Days,
}

/// A token with its secret.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct TokenMade {
    /// The token.
    token: TokenBody,
    /// Shown once: send it as `Authorization: Bearer`.
    secret: String,
}

/// Lists tokens that hold.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "users",
    responses((status = 200, body = PageBody<TokenBody>, description = "All")))]
pub(crate) async fn list(
    _allowed: Allowed<ReadTokens>,
    State(state): State<ApiState>,
) -> Result<Json<PageBody<TokenBody>>, Problem> {
    let tokens = state.kept().tokens().await?;
    Ok(Json(PageBody::whole(tokens.into_iter().map(Into::into).collect())))
}

/// Makes a token. Its secret is in the answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "users", request_body = TokenGiven,
    responses((status = 201, body = TokenMade, description = "Made")))]
pub(crate) async fn add(
    allowed: Allowed<ChangeTokens>,
    State(state): State<ApiState>,
    Json(given): Json<TokenGiven>,
) -> Result<Response, Problem> {
    let name = people::canonical(&given.name);
    people::check_name(&name)?;
    if given.roles.is_empty() {
        return Err(Problem::new(ProblemKind::Unprocessable, "a token has at least one role"));
    }
    let secret = Secret::draw("cordon_")?;
    let micros = i64::from(given.days.0) * 86_400 * 1_000_000;
    let new = NewToken {
        name,
        secret: secret.digest(),
        roles: given.roles.into_iter().map(Role::from).collect(),
        sites: given.sites.map(|sites| sites.into_iter().collect()),
        only: given.actions.map(actions).transpose()?,
        expires: cordon_model::Time(real_now().0.saturating_add(micros)),
    };
    let token = state.kept().add_token(&allowed.by(), &new).await?;
    let made = TokenMade { token: token.into(), secret: secret.text().to_owned() };
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// Revokes a token: it opens nothing from the next request on.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "users", params(("id" = i64, Path, description = "Number of the token")),
    responses((status = 204, description = "Revoked")))]
pub(crate) async fn revoke(
    allowed: Allowed<ChangeTokens>,
    State(state): State<ApiState>,
    Path(id): Path<i64>,
) -> Result<StatusCode, Problem> {
    state.kept().revoke_token(&allowed.by(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn actions(names: Vec<String>) -> Result<BTreeSet<Action>, Problem> {
    let action = |name: String| {
        let odd = format!("there is no action {name}; see x-cordon-action in the description");
        Action::from_name(&name).ok_or_else(|| Problem::new(ProblemKind::Unprocessable, odd))
    };
    names.into_iter().map(action).collect()
}
