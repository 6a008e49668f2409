//! Requests to the provider: no redirects, a time limit, a size limit. What a fault says names neither the address with its values nor anything of a body.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordon_api::ProviderFault;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Map, Value};

use crate::tell::trust;

/// Longest time to reach the provider.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Longest time of a request.
const REQUEST_MAX: Duration = Duration::from_secs(10);
/// Longest answer, bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// A client of the provider. Clones share its connections.
#[derive(Clone, Debug)]
pub(super) struct Web(Client);

impl Web {
    /// Reads the file with authorities: blocks for a moment.
    pub(super) fn new(ca_file: Option<&Path>) -> Result<Self, ProviderFault> {
        let tls = trust::client(ca_file).map_err(|error| ProviderFault::Unavailable(error.to_string()))?;
        let builder = Client::builder()
            .use_preconfigured_tls(tls)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_MAX)
            .timeout(REQUEST_MAX)
            .user_agent(concat!("cordon/", env!("CARGO_PKG_VERSION")));
        builder.build().map(Self).map_err(|error| ProviderFault::Unavailable(error.to_string()))
    }

    /// An object of JSON, with a token when it is about somebody.
    pub(super) async fn get(&self, url: &str, token: Option<&str>) -> Result<Map<String, Value>, ProviderFault> {
        let request = self.0.get(url);
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        match sent(request).await? {
            (status, Some(object)) if status.is_success() => Ok(object),
            (status, _) if status.is_success() => Err(unavailable("the provider answers in a form that is not read")),
            (status, _) => Err(unavailable(format!("the provider answers {}", status.as_u16()))),
        }
    }

    /// Exchanges a code. `basic`: client id and secret in the header (RFC 6749 section 2.3.1).
    pub(super) async fn exchange(
        &self,
        url: &str,
        pairs: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<Map<String, Value>, ProviderFault> {
        let mut request = self.0.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form(pairs));
        if let Some((id, secret)) = basic {
            let both = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
            request = request.header(AUTHORIZATION, format!("Basic {both}"));
        }
        let (status, object) = sent(request).await?;
        let object = object.unwrap_or_default();
        if status.is_success() {
            return Ok(object);
        }
        // RFC 6749 section 5.2
        match object.get("error").and_then(Value::as_str) {
            Some("invalid_grant") => Err(ProviderFault::Declined(
                "the provider does not take the code: used, too old or not ours".to_owned(),
            )),
            Some("invalid_client" | "unauthorized_client") => {
                Err(unavailable("the provider does not know this node by its client id and secret"))
            }
            _ => Err(unavailable(format!("the provider answers the code with {}", status.as_u16()))),
        }
    }
}

/// Sends a request and reads an object of JSON.
async fn sent(request: RequestBuilder) -> Result<(StatusCode, Option<Map<String, Value>>), ProviderFault> {
    let answer = request.header(ACCEPT, "application/json").send().await;
    let mut answer = answer.map_err(|error| not_reached(&error.without_url()))?;
    let (status, mut body) = (answer.status(), Vec::new());
    while let Some(part) = answer.chunk().await.map_err(|error| not_reached(&error.without_url()))? {
        if body.len() + part.len() > ANSWER_BYTES_MAX {
            return Err(unavailable(format!("the provider answers with more than {ANSWER_BYTES_MAX} bytes")));
        }
        body.extend_from_slice(&part);
    }
    Ok((status, serde_json::from_slice(&body).ok()))
}

/// The innermost reason.
fn not_reached(error: &reqwest::Error) -> ProviderFault {
    let mut reason: &dyn Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    let reason = if error.is_timeout() { "no answer in time".to_owned() } else { reason.to_string() };
    unavailable(format!("the provider cannot be reached: {reason}"))
}

fn unavailable(reason: impl Into<String>) -> ProviderFault {
    ProviderFault::Unavailable(reason.into())
}

/// Pairs as forms and queries have them (`application/x-www-form-urlencoded`).
pub(super) fn form(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

/// RFC 3986 section 2.3: everything but what is never reserved.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_ends_its_pair() {
        let pairs = [("scope", "openid profile"), ("client_id", "a&b=c#d?é"), ("plain", "aZ0-._~")];
        assert_eq!(form(&pairs), "scope=openid%20profile&client_id=a%26b%3Dc%23d%3F%C3%A9&plain=aZ0-._~");
    }
}
