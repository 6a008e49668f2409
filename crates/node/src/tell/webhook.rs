//! Signed webhooks, in the form of the Standard Webhooks specification (1.0.0), which libraries for receivers exist for.
//!
//! `webhook-id` is the idempotency key, `webhook-timestamp` seconds since 1970, `webhook-signature` `v1,` and base64 of HMAC-SHA-256 over
//! `id.timestamp.body`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordon_model::Time;
use serde_json::Value;

use super::{TellError, trust};
use crate::config::Webhook;

/// Shortest secret, bytes.
const SECRET_BYTES_MIN: usize = 16;

/// A web address that gets messages.
#[derive(Clone)]
pub(super) struct Hook {
    url: String,
    secret: Vec<u8>,
    client: reqwest::Client,
}

/// The secret stays out of logs.
impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hook").finish_non_exhaustive()
    }
}

impl Hook {
    /// Reads the secret.
    pub(super) fn new(settings: &Webhook, client: reqwest::Client) -> Result<Self, TellError> {
        let text = trust::secret(&settings.secret_file)?;
        let content = || TellError::Content {
            path: settings.secret_file.display().to_string(),
            what: "secret of at least 16 bytes",
        };
        let secret = match text.strip_prefix("whsec_") {
            Some(encoded) => STANDARD.decode(encoded).map_err(|_| content())?,
            None => text.into_bytes(),
        };
        if secret.len() < SECRET_BYTES_MIN {
            return Err(content());
        }
        Ok(Self { url: settings.url.clone(), secret, client })
    }

    /// Posts one message.
    pub(super) async fn send(&self, key: &str, data: &Value, now: Time) -> Result<(), TellError> {
        let body = data.to_string();
        let seconds = now.as_seconds().to_string();
        let request = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .header("webhook-id", key)
            .header("webhook-timestamp", &seconds)
            .header("webhook-signature", signature(&self.secret, key, &seconds, &body))
            .body(body);
        answered(request.send().await)
    }
}

/// The value of `webhook-signature`.
pub(super) fn signature(secret: &[u8], id: &str, seconds: &str, body: &str) -> String {
    let parts = [id.as_bytes(), b".", seconds.as_bytes(), b".", body.as_bytes()];
    format!("v1,{}", STANDARD.encode(cordon_seal::mac(secret, &parts).0))
}

/// Any 2xx is a yes. Addresses and bodies are not repeated: they may hold secrets.
pub(super) fn answered(answer: Result<reqwest::Response, reqwest::Error>) -> Result<(), TellError> {
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(TellError::Refused(format!("the receiver answered {}", answer.status().as_u16()))),
        Err(error) => {
            let error = error.without_url();
            let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            Err(TellError::NotReached(why))
        }
    }
}
