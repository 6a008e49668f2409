//! Unlocks: where staff have pseudonyms, one person asks that a pseudonym be unlocked and a second one of another role agrees. Names stand nowhere here.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cordon_policy::Party;
use cordon_seal::is_account_ref;
use cordon_store::state::{NewUnlock, UnlockRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::allowed::{Act, AgreeUnlock, Allowed, AskUnlock, ReadUnlocks};
use crate::extract::{Json, Path};
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use crate::wire::{EntityGiven, EntityWord, Moment, PageBody};

/// Whose pseudonym is to be unlocked, and why.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnlockGiven {
    /// The user, by pseudonym; by name only for whoever sees names.
    entity: EntityGiven,
    /// Why, in 10 to 500 letters, without the name of the person and without anything that names a patient: it stays in the audit log.
    #[schema(min_length = 10, max_length = 500)]
    reason: String,
}

/// A pseudonym that was asked to be unlocked.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Unlock)]
pub(crate) struct UnlockBody {
    /// Its number.
    id: i64,
    /// The pseudonym of the one person that it is about.
    pseudonym: String,
    /// Why.
    reason: String,
    /// How far it is.
    state: UnlockWord,
    /// Who asked.
    asked_by: String,
    /// When.
    asked: Moment,
    /// Who agreed; null while nobody did.
    #[schema(required = true)]
    agreed_by: Option<String>,
    /// When.
    #[schema(required = true)]
    agreed: Option<Moment>,
    /// It waits, or is in force, until then; when it was ended.
    until: Moment,
    /// Who refused or ended it; null when nobody did.
    #[schema(required = true)]
    ended_by: Option<String>,
}

/// How far an unlock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UnlockState)]
enum UnlockWord {
    /// It waits for a second person.
    Waiting,
    /// Whoever may read what the person did sees the name.
    InForce,
    /// It was refused or ended.
    Ended,
}

impl From<UnlockRow> for UnlockBody {
    fn from(row: UnlockRow) -> Self {
        let state = match (&row.ended_by, &row.agreed) {
            (Some(_), _) => UnlockWord::Ended,
            (None, Some(_)) => UnlockWord::InForce,
            (None, None) => UnlockWord::Waiting,
        };
        let (agreed_by, agreed) = row.agreed.map(|(agreed, at)| (agreed.user, Moment(at))).unzip();
        Self {
            id: row.unlock_id,
            pseudonym: row.pseudonym,
            reason: row.reason,
            state,
            asked_by: row.asked.user,
            asked: Moment(row.asked_at),
            agreed_by,
            agreed,
            until: Moment(row.until),
            ended_by: row.ended_by,
        }
    }
}

/// Lists the pseudonyms that are asked to be unlocked and those that are, the newest first.
#[utoipa::path(get, path = "/api/v1/unlocks", tag = "entities",
    responses((status = 200, body = PageBody<UnlockBody>, description = "All that wait or are in force, at most 500")))]
pub(crate) async fn list(
    _allowed: Allowed<ReadUnlocks>,
    State(state): State<ApiState>,
) -> Result<Json<PageBody<UnlockBody>>, Problem> {
    let unlocks = state.kept().unlocks(state.control().now()).await?;
    Ok(Json(PageBody::whole(unlocks.into_iter().map(Into::into).collect())))
}

/// Asks that the pseudonym of a user be unlocked. It waits for a second person of another role, for seven days at most.
#[utoipa::path(post, path = "/api/v1/unlocks", tag = "entities", request_body = UnlockGiven,
    responses((status = 201, body = UnlockBody, description = "The unlock, as it waits")))]
pub(crate) async fn ask(
    allowed: Allowed<AskUnlock>,
    State(state): State<ApiState>,
    Json(given): Json<UnlockGiven>,
) -> Result<Response, Problem> {
    if !state.policies().has_staff_pseudonyms() {
        return Err(refused("staff are shown by name here: the setting access.staff_pseudonyms is off"));
    }
    let new = NewUnlock {
        pseudonym: pseudonym(&allowed, &state, &given.entity)?,
        reason: given.reason,
        asked: party(&allowed)?,
        at: state.control().now(),
    };
    let unlock = state.kept().ask_unlock(&allowed.by(), &new).await?;
    Ok((StatusCode::CREATED, Json(UnlockBody::from(unlock))).into_response())
}

/// Agrees, as the second person, that a pseudonym is unlocked: for seven days, for everybody who may read what that person did.
#[utoipa::path(post, path = "/api/v1/unlocks/{id}/agree", tag = "entities", params(("id" = i64, Path, description = "Number of the unlock")),
    responses((status = 200, body = UnlockBody, description = "The unlock, in force")))]
pub(crate) async fn agree(
    allowed: Allowed<AgreeUnlock>,
    State(state): State<ApiState>,
    Path(id): Path<i64>,
) -> Result<Json<UnlockBody>, Problem> {
    let (party, now) = (party(&allowed)?, state.control().now());
    Ok(Json(state.kept().agree_unlock(&allowed.by(), id, &party, now).await?.into()))
}

/// Refuses an unlock that waits, or ends one that is in force, from the next request on.
#[utoipa::path(post, path = "/api/v1/unlocks/{id}/end", tag = "entities", params(("id" = i64, Path, description = "Number of the unlock")),
    responses((status = 200, body = UnlockBody, description = "The unlock as it ended")))]
pub(crate) async fn end(
    allowed: Allowed<AgreeUnlock>,
    State(state): State<ApiState>,
    Path(id): Path<i64>,
) -> Result<Json<UnlockBody>, Problem> {
    let now = state.control().now();
    Ok(Json(state.kept().end_unlock(&allowed.by(), id, now).await?.into()))
}

/// The pseudonym of the user that is asked for. Who sees pseudonyms only asks by them: an answer to a name would say whose pseudonym it is.
fn pseudonym<A: Act>(allowed: &Allowed<A>, state: &ApiState, entity: &EntityGiven) -> Result<String, Problem> {
    if entity.kind != EntityWord::User {
        return Err(refused("only users have pseudonyms that can be unlocked"));
    }
    if is_account_ref(&entity.name) {
        return Ok(entity.name.clone());
    }
    let accounts = state.kept().accounts();
    if !accounts.is_named(allowed.scope(), &entity.name) {
        return Err(refused("ask by the pseudonym: u- and 12 hex digits"));
    }
    accounts.pseudonym(&entity.name).ok_or_else(|| refused("this account is no person's: it has no pseudonym"))
}

/// One of the two people. A program is none of them: whoever made its token would count twice.
fn party<A: Act>(allowed: &Allowed<A>) -> Result<Party, Problem> {
    let person = allowed.who().person.as_ref();
    let person = person.ok_or_else(|| refused("two people unlock a pseudonym: sign in, a token cannot"))?;
    Ok(Party { user: person.name.clone(), roles: person.principal.roles.clone() })
}

fn refused(detail: &'static str) -> Problem {
    Problem::new(ProblemKind::Unprocessable, detail)
}
