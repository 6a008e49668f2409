//! The shapes of error lines: Apache's `[time] [module:level] [pid N] [client A:P] text` and nginx's `time [level] pid#tid: *n text, client: A, ...`.

/// The parts of an error line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorLine<'l> {
    /// nginx wrote it; else Apache.
    pub nginx: bool,
    /// The time as written.
    pub time: &'l str,
    /// Module, where one is named.
    pub module: &'l str,
    /// `error`, `notice` ...
    pub level: &'l str,
    /// Process id.
    pub pid: &'l str,
    /// The client's address.
    pub client: &'l str,
    /// The rest.
    pub message: &'l str,
}

/// Levels of both servers.
const LEVELS: [&str; 9] = ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug", "trace"];
/// Bytes of nginx's time, `2026/01/02 03:04:05`.
const NGINX_TIME_BYTES: usize = 19;
/// Most bracketed parts in front of Apache's text.
const BRACKETS_MAX: usize = 6;

impl<'l> ErrorLine<'l> {
    /// Reads a line without its end; `None` when it has another shape.
    pub(super) fn read(line: &'l str) -> Option<Self> {
        if line.starts_with('[') { Self::read_apache(line) } else { Self::read_nginx(line) }
    }

    fn read_apache(line: &'l str) -> Option<Self> {
        let (time, mut rest) = line.strip_prefix('[')?.split_once("] ")?;
        let mut read = Self { time, ..Self::default() };
        for _ in 0..BRACKETS_MAX {
            let Some((part, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) else { break };
            if !read.bracket(part) {
                break;
            }
            rest = behind;
        }
        read.message = rest;
        (!read.level.is_empty()).then_some(read)
    }

    /// Takes one of Apache's bracketed parts; false when it belongs to the text.
    fn bracket(&mut self, part: &'l str) -> bool {
        if let Some(client) = part.strip_prefix("client ") {
            self.client = without_port(client);
        } else if let Some(pid) = part.strip_prefix("pid ") {
            self.pid = pid.split(':').next().unwrap_or_default();
        } else {
            let (module, level) = part.split_once(':').unwrap_or(("", part));
            if !is_level(level) {
                return false;
            }
            (self.module, self.level) = (module, level);
        }
        true
    }

    fn read_nginx(line: &'l str) -> Option<Self> {
        let (time, rest) = line.split_at_checked(NGINX_TIME_BYTES)?;
        let (level, rest) = rest.strip_prefix(" [")?.split_once("] ")?;
        let (process, message) = rest.split_once(": ")?;
        if !is_level(level) || time.as_bytes().get(4) != Some(&b'/') {
            return None;
        }
        let client = message.split_once(", client: ").and_then(|(_, rest)| rest.split([',', ' ']).next());
        let pid = process.split('#').next().unwrap_or_default();
        Some(Self { nginx: true, time, level, pid, client: client.unwrap_or_default(), message, ..Self::default() })
    }
}

/// Apache's trace levels have a number.
fn is_level(text: &str) -> bool {
    LEVELS.contains(&text.trim_end_matches(|letter: char| letter.is_ascii_digit()))
}

/// An address without the port behind it; an IPv6 address keeps its colons.
fn without_port(client: &str) -> &str {
    match client.rsplit_once(':') {
        Some((address, _)) if client.parse::<std::net::IpAddr>().is_err() => address,
        _ => client,
    }
}
