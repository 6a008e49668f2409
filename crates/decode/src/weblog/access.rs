//! The shape of an access line: `[vhost:port] client ident user [time] "request" status bytes ["referer" "user agent" ...]`
//! (Apache's `common`, `combined`, `vhost_combined`; nginx's `combined` is the same).

use std::net::IpAddr;

/// A part of a line and where it starts in it, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part<'l> {
    /// Place of its first byte.
    pub start: usize,
    /// Its text, escapes unresolved.
    pub text: &'l str,
}

/// The parts of an access line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Access<'l> {
    /// Virtual host, with its port where one is given.
    pub host: &'l str,
    /// Address or name of the client.
    pub client: &'l str,
    /// Name by the ident protocol.
    pub ident: &'l str,
    /// Account.
    pub user: &'l str,
    /// `02/Jan/2026:03:04:05 +0100`.
    pub time: &'l str,
    /// The request line.
    pub request: Part<'l>,
    /// Status code.
    pub status: &'l str,
    /// Bytes sent.
    pub bytes: &'l str,
    /// Referer, when logged.
    pub referer: Part<'l>,
    /// User agent, when logged.
    pub user_agent: &'l str,
    /// What follows, as a site added it.
    pub extra: &'l str,
}

/// Bytes of a time with zone.
const TIME_BYTES: usize = 26;

impl<'l> Access<'l> {
    /// Reads a line without its end; `None` when it has another shape.
    pub(super) fn read(line: &'l str) -> Option<Self> {
        let (who, rest) = line.split_once(" [")?;
        let (time, rest) = rest.split_once("] ")?;
        if time.len() != TIME_BYTES || time.as_bytes().get(2) != Some(&b'/') {
            return None;
        }
        let mut access = Self { time, ..Self::default() };
        access.read_who(who)?;
        let start = line.len() - rest.len();
        let (request, rest) = quoted(rest)?;
        access.request = Part { start: start + 1, text: request };
        let mut words = rest.trim_start().splitn(3, ' ');
        (access.status, access.bytes) = (words.next()?, words.next().unwrap_or_default());
        if access.status.len() != 3 || !access.status.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        access.extra = words.next().unwrap_or_default();
        if let Some((referer, rest)) = quoted(access.extra) {
            access.referer = Part { start: line.len() - access.extra.len() + 1, text: referer };
            access.extra = rest.trim_start();
        }
        if let Some((user_agent, rest)) = quoted(access.extra) {
            access.user_agent = user_agent;
            access.extra = rest.trim_start();
        }
        Some(access)
    }

    /// `client ident user` or `host client ident user`; a user may hold blanks.
    fn read_who(&mut self, who: &'l str) -> Option<()> {
        let (first, rest) = who.split_once(' ')?;
        let (second, behind) = rest.split_once(' ')?;
        let hosted = first.parse::<IpAddr>().is_err() && second.parse::<IpAddr>().is_ok();
        if hosted {
            (self.host, self.client) = (first, second);
            (self.ident, self.user) = behind.split_once(' ')?;
        } else {
            (self.client, self.ident, self.user) = (first, second, behind);
        }
        Some(())
    }

    /// Method, target and version of the request; `None` when it is not these three (version 0.9 has two).
    pub(super) fn request_parts(&self) -> Option<(&'l str, Part<'l>, &'l str)> {
        let (method, rest) = self.request.text.split_once(' ')?;
        let (target, version) = rest.rsplit_once(' ').unwrap_or((rest, ""));
        let named =
            !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-' || byte == b'_');
        let versioned = version.is_empty() || version.starts_with("HTTP/");
        let start = self.request.start + method.len() + 1;
        (named && versioned && !target.is_empty()).then_some((method, Part { start, text: target }, version))
    }
}

/// The inside of the quoted text at the start, and what follows it. A backslash keeps a quotation mark from ending it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = inside.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })?;
    Some((inside.get(..end)?, inside.get(end + 1..)?))
}
