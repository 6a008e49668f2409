//! Who sends: what a request presents, and the source that it belongs to.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::ConnectInfo;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Shared;
use super::refusal::Refusal;
use crate::live::LiveSource;

/// Longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 1_024;

/// The name in the certificate that a client showed in the TLS handshake. Whoever serves the router puts it into the extensions of each request, as axum's
/// `ConnectInfo<SocketAddr>` for the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate(pub Arc<str>);

/// What a request shows of its sender.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Presented<'a> {
    /// The token: of `Bearer`, `Splunk`, the key of an Elasticsearch `ApiKey`, or the password of `Basic`.
    pub token: Option<&'a str>,
    /// The name in its client certificate.
    pub certificate: Option<&'a str>,
    /// Its address, when the server says it.
    pub address: Option<IpAddr>,
}

/// Without the token.
impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token, certificate, address } = self;
        f.debug_struct("Presented")
            .field("token", &token.map(|_| ".."))
            .field("certificate", certificate)
            .field("address", address)
            .finish()
    }
}

/// A sender that is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Its name: the `sender` by which the registry finds the source of listener `http`.
    pub name: Arc<str>,
    /// Whether it may bring records as those of other sources and of other times (`/intake/v1/deliveries`).
    pub may_import: bool,
}

/// Lets senders in. Called for every request on the runtime: a look-up in memory, under 100 us, no argon2 (tokens are random, a plain digest does).
pub type Senders = Arc<dyn Fn(&Presented<'_>) -> Option<Sender> + Send + Sync>;

/// Who sends a request, and as which source.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) source: Arc<LiveSource>,
    pub(super) may_import: bool,
}

impl Shared {
    /// Who sends this.
    pub(super) fn caller(&self, parts: &Parts) -> Result<Caller, Refusal> {
        let token = token(parts);
        let certificate = parts.extensions.get::<ClientCertificate>().map(|name| &*name.0);
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let presented = Presented { token: token.as_deref(), certificate, address };
        let nothing = token.is_none() && certificate.is_none();
        let unknown = if nothing { Refusal::NoCredentials } else { Refusal::UnknownSender };
        let Sender { name, may_import } = (self.senders)(&presented).ok_or(unknown)?;
        Ok(Caller { source: self.registry.source("http", &name), may_import })
    }
}

/// The token of a request.
fn token(parts: &Parts) -> Option<String> {
    let value = parts.headers.get(AUTHORIZATION)?.to_str().ok().filter(|value| value.len() <= TOKEN_BYTES_MAX)?;
    let (scheme, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "splunk" => Some(rest.to_owned()),
        "apikey" | "basic" => {
            let pair = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
            pair.split_once(':').map(|(_, secret)| secret.to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expect: Option<&str>) {
        let request = axum::http::Request::builder().header(AUTHORIZATION, value).body(()).unwrap();
        assert_eq!(token(&request.into_parts().0).as_deref(), expect, "{value}");
    }

    #[test]
    fn a_token_is_found_in_every_scheme_that_senders_use() {
        check("Bearer abc", Some("abc"));
        check("Splunk abc", Some("abc"));
        check("ApiKey aWQ6YWJj", Some("abc"));
        check("Basic ZWxhc3RpYzphYmM=", Some("abc"));
        check("Basic abc", None);
        check("Digest abc", None);
        check("abc", None);
    }

    #[test]
    fn a_token_never_prints() {
        let presented = Presented { token: Some("secret"), certificate: Some("ehr"), address: None };
        assert_eq!(
            format!("{presented:?}"),
            "Presented { token: Some(\"..\"), certificate: Some(\"ehr\"), address: None }"
        );
    }
}
