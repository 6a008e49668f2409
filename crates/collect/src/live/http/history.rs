//! `/intake/v1/history`: whoever brings old records says that all of them are there, and asks how far the node is with judging them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::refusal::{Refusal, plain};
use super::{HttpIntake, Shared};

/// What judges imported history.
pub trait AskHistory: Send + Sync {
    /// Asks for it; whether that is noted so that it outlives a restart.
    fn ask(self: Arc<Self>) -> Pin<Box<dyn Future<Output = bool> + Send>>;

    /// How far it is. From memory.
    fn status(&self) -> HistoryStatus;
}

/// How far judging is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryState {
    /// Nobody has asked since the node started.
    Idle,
    /// It was asked for and has not begun.
    Waiting,
    /// It goes on.
    Running,
    /// It is done.
    Done,
    /// It could not be done; the node's log says why.
    Failed,
}

/// What is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct HistoryStatus {
    /// How far it is.
    pub state: HistoryState,
    /// How much of the store is done, in bytes of the log.
    pub done: u64,
    /// Of how much; 0 while unknown.
    pub total: u64,
    /// Findings that were new, once it is done.
    pub findings: u64,
    /// Sentences for a person.
    pub notes: Vec<String>,
}

/// What the handlers share.
#[derive(Clone)]
struct Asked {
    shared: Arc<Shared>,
    history: Arc<dyn AskHistory>,
}

impl HttpIntake {
    /// The route by which senders that may import ask for history to be judged.
    pub fn history_routes(&self, history: Arc<dyn AskHistory>) -> Router {
        let asked = Asked { shared: Shared::new(self.clone()), history };
        Router::new().route("/intake/v1/history", get(status).post(ask)).with_state(asked)
    }
}

impl Asked {
    fn check(&self, parts: &Parts) -> Result<(), Refusal> {
        if self.shared.caller(parts)?.may_import { Ok(()) } else { Err(Refusal::MayNotImport) }
    }
}

async fn status(State(asked): State<Asked>, parts: Parts) -> Response {
    match asked.check(&parts) {
        Ok(()) => Json(asked.history.status()).into_response(),
        Err(refusal) => plain(refusal, 0),
    }
}

async fn ask(State(asked): State<Asked>, parts: Parts) -> Response {
    if let Err(refusal) = asked.check(&parts) {
        return plain(refusal, 0);
    }
    if Arc::clone(&asked.history).ask().await {
        (StatusCode::ACCEPTED, Json(asked.history.status())).into_response()
    } else {
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
}
