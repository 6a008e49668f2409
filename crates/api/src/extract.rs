//! What handlers take out of a request. Every refusal is a [`Problem`]; nothing of the body is repeated except where it could not be read.

use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::problem::{Problem, ProblemKind};

/// A JSON body: `Content-Type: application/json`, at most [`crate::layers::BODY_BYTES_MAX`], no unknown member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// The query of the address. It never holds anything that identifies a person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<T>(pub(crate) T);

/// The query of the address in two parts that are described apart, because another route shares the first. What the first does not describe belongs to the second, which
/// refuses what it does not know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parted<A, B>(pub(crate) A, pub(crate) B);

/// The variable parts of the path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())) {
            return Err(Problem::new(ProblemKind::UnsupportedMediaType, "send application/json"));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(body_problem)?;
        serde_json::from_slice(&bytes).map(Self).map_err(|fault| json_problem(&fault))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
            Err(fault) => Problem::internal(&fault).into_response(),
        }
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        read.map(|axum::extract::Query(value)| Self(value)).map_err(|fault: QueryRejection| query_problem(&fault))
    }
}

impl<A: DeserializeOwned + IntoParams, B: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parted<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let names: Vec<String> = A::into_params(|| None).into_iter().map(|parameter| parameter.name).collect();
        let is_first = |pair: &&str| pair.split('=').next().is_some_and(|name| names.iter().any(|known| known == name));
        let pairs = parts.uri.query().unwrap_or_default().split('&');
        let (first, second): (Vec<&str>, Vec<&str>) = pairs.partition(is_first);
        Ok(Self(of_query(&first.join("&"))?, of_query(&second.join("&"))?))
    }
}

fn of_query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let address = Uri::try_from(format!("/?{query}")).map_err(|fault| query_problem(&fault))?;
    let read = axum::extract::Query::<T>::try_from_uri(&address);
    read.map(|axum::extract::Query(value)| value).map_err(|fault| query_problem(&fault))
}

fn query_problem(fault: &dyn std::error::Error) -> Problem {
    Problem::new(ProblemKind::BadRequest, format!("the query of the address: {}", inner(fault)))
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        let axum::extract::Path(value) = read.map_err(|_: PathRejection| Problem::not_found())?;
        Ok(Self(value))
    }
}

fn is_json(content_type: Option<&str>) -> bool {
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn body_problem(fault: BytesRejection) -> Problem {
    if fault.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        let detail = format!("at most {} bytes are read", crate::layers::BODY_BYTES_MAX);
        return Problem::new(ProblemKind::TooLarge, detail);
    }
    Problem::new(ProblemKind::BadRequest, "the body ended early or could not be read")
}

/// What does not meet the description of the route is 400; what meets it and is not possible is 422, said by handlers.
fn json_problem(fault: &serde_json::Error) -> Problem {
    Problem::new(ProblemKind::BadRequest, format!("the body: {fault}"))
}

/// The innermost reason, without what the extractor says around it.
fn inner(fault: &dyn std::error::Error) -> String {
    let mut reason = fault;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}
