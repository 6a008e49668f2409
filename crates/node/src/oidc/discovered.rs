//! What a provider says of itself (OpenID Connect Discovery 1.0, section 3): where to go for what. It must say that it is the one of the settings, and speak TLS.

use serde_json::{Map, Value};

use crate::config::in_clear_to_others;

/// Longest address, bytes.
const URL_BYTES_MAX: usize = 2_048;

/// A provider, as far as a sign-in needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Discovered {
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    pub(super) userinfo_endpoint: Option<String>,
    /// Whether it says with every browser that it sends back who it is (RFC 9207).
    pub(super) states_issuer: bool,
    /// Whether it takes a secret in the header; else in the form.
    pub(super) takes_basic: bool,
}

impl Discovered {
    /// Reads the document of the provider of the settings; why not, in words for the log.
    pub(super) fn read(document: &Map<String, Value>, issuer: &str) -> Result<Self, String> {
        if document.get("issuer").and_then(Value::as_str) != Some(issuer) {
            return Err(
                "the provider says that it is another one than `oidc.issuer`: compare both letter by letter".into()
            );
        }
        let methods = document.get("token_endpoint_auth_methods_supported").and_then(Value::as_array);
        let takes = |name: &str| methods.is_some_and(|methods| methods.iter().any(|method| method == name));
        Ok(Self {
            authorization_endpoint: endpoint(document, "authorization_endpoint")?,
            token_endpoint: endpoint(document, "token_endpoint")?,
            jwks_uri: endpoint(document, "jwks_uri")?,
            userinfo_endpoint: endpoint(document, "userinfo_endpoint").ok(),
            states_issuer: document.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true)),
            // the header is the default (Discovery section 3)
            takes_basic: methods.is_none() || takes("client_secret_basic") || !takes("client_secret_post"),
        })
    }
}

fn endpoint(document: &Map<String, Value>, name: &str) -> Result<String, String> {
    let url = document.get(name).and_then(Value::as_str).unwrap_or_default();
    let is_url = url.starts_with("https://") || url.starts_with("http://");
    if !is_url || url.len() > URL_BYTES_MAX || !url.bytes().all(|byte| byte.is_ascii_graphic()) || url.contains('#') {
        return Err(format!("the provider names no usable `{name}`"));
    }
    if in_clear_to_others(url) {
        return Err(format!("the provider's `{name}` goes over the network in clear"));
    }
    Ok(url.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://id.example/realms/lakeside";

    fn check(change: Value, expect: Result<(bool, bool), &str>) {
        let mut document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example/auth",
            "token_endpoint": "https://id.example/token",
            "jwks_uri": "http://127.0.0.1:9/keys",
        });
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let read = Discovered::read(document.as_object().unwrap(), ISSUER);
        let read = read.as_ref().map(|found| (found.takes_basic, found.states_issuer)).map_err(String::as_str);
        assert_eq!(read, expect);
    }

    #[test]
    fn a_provider_is_the_one_of_the_settings_and_speaks_tls() {
        check(json!({}), Ok((true, false)));
        check(json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}), Ok((false, false)));
        check(json!({"authorization_response_iss_parameter_supported": true}), Ok((true, true)));
        let other = "the provider says that it is another one than `oidc.issuer`: compare both letter by letter";
        check(json!({"issuer": format!("{ISSUER}/")}), Err(other));
        check(json!({"issuer": 7}), Err(other));
        let clear = "the provider's `token_endpoint` goes over the network in clear";
        check(json!({"token_endpoint": "http://id.example/token"}), Err(clear));
        let none = "the provider names no usable `authorization_endpoint`";
        for url in ["javascript:alert(1)", "", "https://id.example/a b", "https://id.example/auth#x", "https://x\r\ny"]
        {
            check(json!({"authorization_endpoint": url}), Err(none));
        }
        check(json!({"jwks_uri": null}), Err("the provider names no usable `jwks_uri`"));
    }
}
