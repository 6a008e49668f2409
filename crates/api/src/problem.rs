//! Problems: every answer that is not what was asked for, as RFC 9457 (`application/problem+json`).

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What kind of problem it is. Its word is the last part of `type` and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The request cannot be read.
    BadRequest,
    /// Nobody is signed in.
    Unauthenticated,
    /// Name and password are right; the code of the second factor is missing.
    CodeNeeded,
    /// Who is signed in may not do this.
    Forbidden,
    /// There is no such thing, or it may not be seen.
    NotFound,
    /// The address knows no such method.
    MethodNotAllowed,
    /// It contradicts what is there.
    Conflict,
    /// It was changed since it was read (`If-Match`).
    PreconditionFailed,
    /// A change needs `If-Match`.
    PreconditionRequired,
    /// The body is longer than is read.
    TooLarge,
    /// The body is in a form that is not read.
    UnsupportedMediaType,
    /// The request can be read, and what it says is not possible.
    Unprocessable,
    /// Too many requests or attempts.
    TooMany,
    /// The node failed; it says why in its log.
    Internal,
    /// The node cannot do this now.
    Unavailable,
    /// It took longer than the limit.
    Timeout,
}

impl ProblemKind {
    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthenticated | Self::CodeNeeded => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The last part of `type`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BadRequest => "bad-request",
            Self::Unauthenticated => "unauthenticated",
            Self::CodeNeeded => "code-needed",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Conflict => "conflict",
            Self::PreconditionFailed => "precondition-failed",
            Self::PreconditionRequired => "precondition-required",
            Self::TooLarge => "too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::Unprocessable => "unprocessable",
            Self::TooMany => "too-many",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "The request cannot be read",
            Self::Unauthenticated => "Sign in first",
            Self::CodeNeeded => "A second factor is needed",
            Self::Forbidden => "Not allowed",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "The address knows no such method",
            Self::Conflict => "It contradicts what is there",
            Self::PreconditionFailed => "It was changed since it was read",
            Self::PreconditionRequired => "State which version is to be changed",
            Self::TooLarge => "The body is too long",
            Self::UnsupportedMediaType => "The body is in a form that is not read",
            Self::Unprocessable => "What is asked is not possible",
            Self::TooMany => "Too many requests",
            Self::Internal => "The node failed",
            Self::Unavailable => "Not possible now",
            Self::Timeout => "It took too long",
        }
    }
}

/// An answer that is not what was asked for. Its detail holds no secret and nothing of a patient: it may be logged by whoever receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    kind: ProblemKind,
    detail: Cow<'static, str>,
    retry_after_seconds: Option<u32>,
}

impl Problem {
    /// With a sentence that says what to do next.
    #[must_use]
    pub fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), retry_after_seconds: None }
    }

    /// There is no such thing, or whoever asks may not see it: both read alike.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(ProblemKind::NotFound, "there is nothing here that you may see")
    }

    /// The node failed. The reason goes to the log, never into the answer.
    #[must_use]
    pub fn internal(reason: &dyn std::fmt::Display) -> Self {
        tracing::error!(%reason, "a request failed in the node");
        Self::new(ProblemKind::Internal, "the node could not do this; its log says why")
    }

    /// Says after how many seconds it is worth trying again.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> ProblemKind {
        self.kind
    }
}

/// A problem as it is sent (RFC 9457 section 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// The kind: `urn:cordon:problem:` and a word that never changes.
    #[serde(rename = "type")]
    #[schema(pattern = "^urn:cordon:problem:[a-z-]+$")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong this time, and what to do next.
    pub detail: String,
    /// After how many seconds it is worth trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub retry_after_seconds: Option<u32>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.kind.status();
        let body = ProblemBody {
            kind: format!("urn:cordon:problem:{}", self.kind.word()),
            title: self.kind.title().to_owned(),
            status: status.as_u16(),
            detail: self.detail.into_owned(),
            retry_after_seconds: self.retry_after_seconds,
        };
        let text = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], text).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"cordon\""));
        }
        response
    }
}
