//! Tokens by which senders over HTTP prove themselves. The secret is shown once and only its digest is kept.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cordon_model::Time;
use cordon_store::state::SourceToken;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::allowed::{Allowed, ChangeSources, ReadSources};
use crate::extract::{Json, Path};
use crate::people;
use crate::problem::{Problem, ProblemKind};
use crate::sign_in::secret::Secret;
use crate::state::{ApiState, real_now};
use crate::wire::{Bounded, Moment, PageBody};

/// A token of a sender ends after ten years at most.
type Days = Bounded<1, 3_660>;

/// A token of a sender, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SourceToken)]
pub(crate) struct SourceTokenBody {
    /// Number.
    id: i64,
    /// Name of the sender: `sender` of a source of the listener `http`.
    sender: String,
    /// The site that what it sends belongs to.
    site: String,
    /// Who made it.
    creator: String,
    /// When.
    created: Moment,
    /// When it ends; null until it is revoked.
    #[schema(required = true)]
    expires: Option<Moment>,
    /// When it was last used, to a minute; null for never.
    #[schema(required = true)]
    used: Option<Moment>,
}

impl From<SourceToken> for SourceTokenBody {
    fn from(token: SourceToken) -> Self {
        Self {
            id: token.token_id,
            sender: token.source,
            site: token.site,
            creator: token.creator,
            created: Moment(token.created),
            expires: token.expires.map(Moment),
            used: token.used.map(Moment),
        }
    }
}

/// A token to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceTokenGiven {
    /// Name of the sender, 1 to 64 letters, digits or . - _ @: `sender` of a declared source of the listener `http`; another one is adopted as `http/SENDER`.
    sender: String,
    /// For how many days, 1 to 3,660; until it is revoked when left out.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 3660)]
    days: Option<Days>,
}

/// A token with its secret.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct SourceTokenMade {
    /// The token.
    token: SourceTokenBody,
    /// Shown once: the sender shows it as `Authorization: Bearer`, or in the form of its protocol.
    secret: String,
}

/// Lists tokens of senders of the sites that may be seen, also those that have expired.
#[utoipa::path(get, path = "/api/v1/source-tokens", tag = "sources",
    responses((status = 200, body = PageBody<SourceTokenBody>, description = "All")))]
pub(crate) async fn list(
    allowed: Allowed<ReadSources>,
    State(state): State<ApiState>,
) -> Result<Json<PageBody<SourceTokenBody>>, Problem> {
    let tokens = state.kept().source_tokens(allowed.scope()).await?;
    Ok(Json(PageBody::whole(tokens.into_iter().map(Into::into).collect())))
}

/// Makes a token for a sender. Its secret is in the answer and nowhere else; the node knows it within seconds.
#[utoipa::path(post, path = "/api/v1/source-tokens", tag = "sources", request_body = SourceTokenGiven,
    responses((status = 201, body = SourceTokenMade, description = "Made")))]
pub(crate) async fn add(
    allowed: Allowed<ChangeSources>,
    State(state): State<ApiState>,
    Json(given): Json<SourceTokenGiven>,
) -> Result<Response, Problem> {
    people::check_name(&given.sender)?;
    let site = state.control().sender_site(&given.sender);
    if !allowed.scope().admits_site(&site) {
        return Err(Problem::new(ProblemKind::Unprocessable, "this sender belongs to a site that is not yours"));
    }
    let secret = Secret::draw("cordon_")?;
    let micros = |days: Days| i64::from(days.0) * 86_400 * 1_000_000;
    let expires = given.days.map(|days| Time(real_now().0.saturating_add(micros(days))));
    let (scope, by, digest) = (allowed.scope(), allowed.by(), secret.digest());
    let token = state.kept().add_source_token(scope, &by, &given.sender, &site, digest, expires).await?;
    let made = SourceTokenMade { token: token.into(), secret: secret.text().to_owned() };
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// Revokes a token of a sender: within seconds nothing is taken with it any more.
#[utoipa::path(delete, path = "/api/v1/source-tokens/{id}", tag = "sources", params(("id" = i64, Path, description = "Number of the token")),
    responses((status = 204, description = "Revoked")))]
pub(crate) async fn revoke(
    allowed: Allowed<ChangeSources>,
    State(state): State<ApiState>,
    Path(id): Path<i64>,
) -> Result<StatusCode, Problem> {
    state.kept().revoke_source_token(allowed.scope(), &allowed.by(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
