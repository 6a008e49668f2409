//! Handles: what stands in an address of the console for words that could identify a person or a patient.
//!
//! Whoever is signed in can have a text sealed and a handle opened; without the node a handle says nothing. Neither is kept, logged or counted.

use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cordon_store::state::StateError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::allowed::{Allowed, UseOwnAccount};
use crate::extract::Json;
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;

/// A text that could identify somebody.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandleText {
    /// The text, 1 to 4,000 bytes.
    text: String,
}

/// What stands for a text in an address.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Handle {
    /// The handle: letters, digits, `-` and `_`.
    handle: String,
}

/// Seals a text for an address. The same text gives another handle every time.
#[utoipa::path(post, path = "/api/v1/handles", tag = "account", request_body = HandleText,
    responses((status = 200, body = Handle, description = "Its handle, which opens for 90 days at this node")))]
pub(crate) async fn seal(
    allowed: Allowed<UseOwnAccount>,
    State(state): State<ApiState>,
    Json(given): Json<HandleText>,
) -> Result<Json<Handle>, Problem> {
    let sealed = state.kept().seal_handle(&given.text, allowed.by().at)?;
    Ok(Json(Handle { handle: URL_SAFE_NO_PAD.encode(sealed) }))
}

/// Opens a handle. In a body, so that no log of requests has the handle beside who opened it.
#[utoipa::path(post, path = "/api/v1/handles/open", tag = "account", request_body = Handle,
    responses((status = 200, body = HandleText, description = "The text")))]
pub(crate) async fn open(
    allowed: Allowed<UseOwnAccount>,
    State(state): State<ApiState>,
    Json(given): Json<Handle>,
) -> Result<Json<HandleText>, Problem> {
    let sealed = URL_SAFE_NO_PAD.decode(&given.handle).map_err(|_| not_ours())?;
    match state.kept().open_handle(&sealed, allowed.by().at) {
        Ok(text) => Ok(Json(HandleText { text })),
        Err(StateError::NotFound(_)) => Err(not_ours()),
        Err(fault) => Err(fault.into()),
    }
}

fn not_ours() -> Problem {
    let detail = "this address is of another node, cut short, or older than 90 days; look for it again";
    Problem::new(ProblemKind::NotFound, detail)
}
