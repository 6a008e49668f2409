//! Why a request is sent away, before its protocol puts it into its own words.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::live::NotKept;

/// Seconds after which a sender may come again when nothing better is known.
const RETRY_SECONDS: u64 = 2;

/// Why a request is sent away. Says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// Nothing that says who sends.
    #[error("no token and no client certificate was presented")]
    NoCredentials,
    /// Not a sender of this node.
    #[error("what was presented is not that of a sender of this node")]
    UnknownSender,
    /// The sender lacks the right.
    #[error("this sender may not import: its token needs that right")]
    MayNotImport,
    /// Above a limit.
    #[error("the body is longer than this route takes; send it in several requests")]
    TooLarge,
    /// More items than one request may bring.
    #[error("the request has more records than one may bring; send them in several requests")]
    TooMany,
    /// A content encoding that is not read.
    #[error("the content encoding is none of identity, gzip, deflate, zstd")]
    Encoding,
    /// A media type that the route does not read.
    #[error("the content type is none that this route reads")]
    MediaType,
    /// The body cannot be expanded.
    #[error("the compressed body is damaged or cut off")]
    Damaged,
    /// The body ended too early or its bytes took too long.
    #[error("the body did not arrive in time or in full")]
    Interrupted,
    /// Not in the form of the protocol.
    #[error("{0}")]
    Malformed(&'static str),
    /// Bodies that are held take all the room there is for them.
    #[error("too many requests at once; come again")]
    Crowded,
    /// Above the source's rate limit.
    #[error("above the rate that is set for this source")]
    RateLimit {
        /// When to come again.
        seconds: u64,
    },
    /// Not kept.
    #[error(transparent)]
    NotKept(#[from] NotKept),
    /// The handler did not get to an end.
    #[error("the request could not be handled; nothing is known of what was kept")]
    Internal,
}

impl Refusal {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::NoCredentials => StatusCode::UNAUTHORIZED,
            Self::UnknownSender | Self::MayNotImport => StatusCode::FORBIDDEN,
            Self::TooLarge | Self::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoding | Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Damaged | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Interrupted => StatusCode::REQUEST_TIMEOUT,
            Self::RateLimit { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Crowded | Self::NotKept(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Seconds until the sender may come again; `None` when coming again with the same does not help.
    pub(super) const fn retry_after(self) -> Option<u64> {
        match self {
            Self::RateLimit { seconds } => Some(seconds),
            Self::Crowded | Self::NotKept(_) => Some(RETRY_SECONDS),
            _ => None,
        }
    }

    /// A response of any form with the headers of this refusal.
    pub(super) fn dress(self, mut response: Response) -> Response {
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// `{"error": ..}`, plus how many records were kept before it.
pub(super) fn plain(refusal: Refusal, accepted: u64) -> Response {
    let body = serde_json::json!({ "error": refusal.to_string(), "accepted": accepted });
    refusal.dress((refusal.status(), axum::Json(body)).into_response())
}
