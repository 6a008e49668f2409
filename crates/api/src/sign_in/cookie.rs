//! The cookies: the session, the device that an account has signed in from, and a sign-in that was begun at a provider. Over TLS their names start with `__Host-` (RFC 6265bis section 4.1.3.2).

use axum::http::{HeaderMap, HeaderValue, header};

use super::begun::AWAY_MAX;

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The session; gone with the browser.
    Session,
    /// The device; kept for half a year.
    Device,
    /// A sign-in that is away at the provider; kept for ten minutes. It comes back with a browser that the provider sends, so it is not strict about where from.
    Begun,
}

/// A device is known for half a year.
const DEVICE_SECONDS: u32 = 180 * 86_400;

impl Cookie {
    const fn name(self, is_tls: bool) -> &'static str {
        match (self, is_tls) {
            (Self::Session, true) => "__Host-cordon-session",
            (Self::Session, false) => "cordon-session",
            (Self::Device, true) => "__Host-cordon-device",
            (Self::Device, false) => "cordon-device",
            (Self::Begun, true) => "__Host-cordon-begun",
            (Self::Begun, false) => "cordon-begun",
        }
    }

    /// Its value in a request.
    pub(crate) fn read(self, headers: &HeaderMap, is_tls: bool) -> Option<&str> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.name(is_tls)).map(|(_, value)| value)
    }

    /// The header that sets it. The value is one of [`super::secret::Secret`], or made of one.
    pub(crate) fn set(self, value: &str, is_tls: bool) -> Option<HeaderValue> {
        let age = match self {
            Self::Session => String::new(),
            Self::Device => format!("; Max-Age={DEVICE_SECONDS}"),
            Self::Begun => format!("; Max-Age={}", AWAY_MAX.as_secs()),
        };
        self.header(value, &age, is_tls)
    }

    /// The header that takes it away.
    pub(crate) fn remove(self, is_tls: bool) -> Option<HeaderValue> {
        self.header("", "; Max-Age=0", is_tls)
    }

    fn header(self, value: &str, age: &str, is_tls: bool) -> Option<HeaderValue> {
        let secure = if is_tls { "; Secure" } else { "" };
        let from = if self == Self::Begun { "Lax" } else { "Strict" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite={from}{secure}{age}", self.name(is_tls));
        HeaderValue::from_str(&text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_tls_a_cookie_belongs_to_this_host_alone() {
        let set = |cookie: Cookie, is_tls| cookie.set("v", is_tls).unwrap().to_str().unwrap().to_owned();
        assert_eq!(set(Cookie::Session, true), "__Host-cordon-session=v; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(set(Cookie::Device, false), "cordon-device=v; Path=/; HttpOnly; SameSite=Strict; Max-Age=15552000");
        let begun = "__Host-cordon-begun=v; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=600";
        assert_eq!(set(Cookie::Begun, true), begun);
    }

    #[test]
    fn a_plain_cookie_does_not_stand_in_for_one_of_this_host() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; cordon-session=plain"));
        headers.append(header::COOKIE, HeaderValue::from_static("cordon-device=d; __Host-cordon-session=host"));
        assert_eq!(Cookie::Session.read(&headers, true), Some("host"));
        assert_eq!(Cookie::Session.read(&headers, false), Some("plain"));
        assert_eq!(Cookie::Device.read(&headers, true), None);
    }
}
