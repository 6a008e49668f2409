//! A SIEM that follows the stream of findings from a place of its own: after an outage it gets what it missed.
//!
//! A collector (HEC) answers; its place moves with the answer. Syslog answers nothing: its place moves once a batch was written and the connection was still
//! open [`CONFIRM_AFTER`] later. After a break the stream goes on from the last place, so a finding may come twice, with the same `externalId`, but none is missed.

use std::collections::VecDeque;
use std::sync::Arc;

use cordon_model::{Level, Time};
use rustls::ClientConfig;

use super::channels::client;
use super::hec::Collector;
use super::notice::Notice;
use super::retry::delay;
use super::syslog::{Connection, message};
use super::words::Words;
use super::{TellError, cef, trust};
use crate::config::{Config, Siem, SiemKind, Span};

/// How long a connection must stay open after a batch before the batch counts as taken.
const CONFIRM_AFTER: Span = Span(2);

/// Where a follower stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// Findings up to this number need not be given again.
    pub confirmed: i64,
    /// Findings sent in this round.
    pub sent: u64,
}

/// A SIEM that follows along.
#[derive(Debug)]
pub struct Follower {
    name: String,
    level_min: Level,
    host: String,
    words: Words,
    way: Way,
    /// Up to where findings were given to it.
    given: i64,
    confirmed: i64,
    /// Batches on syslog that are not confirmed: last finding and when it was written.
    open: VecDeque<(i64, Time)>,
    failures: u32,
    not_before: Time,
}

#[derive(Debug)]
enum Way {
    Syslog { peer: String, tls: Option<Arc<ClientConfig>>, connection: Option<Connection> },
    Collector(Collector),
}

impl Follower {
    /// Follows from the place `confirmed` on. Reads the files that the settings name: blocks for a moment.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn new(siem: &Siem, config: &Config, confirmed: i64) -> Result<Self, TellError> {
        let way = match &siem.kind {
            SiemKind::CefTcp { peer } => Way::Syslog { peer: peer.clone(), tls: None, connection: None },
            SiemKind::CefTls { peer } => {
                let tls = Some(Arc::new(trust::client(config.tell.ca_file.as_deref())?));
                Way::Syslog { peer: peer.clone(), tls, connection: None }
            }
            SiemKind::Hec { url, token_file } => {
                Way::Collector(Collector::new(url, trust::secret(token_file)?, client(config)?))
            }
        };
        Ok(Self {
            name: siem.name.clone(),
            level_min: siem.level_min,
            host: config.site.clone(),
            words: Words::new(config),
            way,
            given: confirmed,
            confirmed,
            open: VecDeque::new(),
            failures: 0,
            not_before: Time(i64::MIN),
        })
    }

    /// Its name in the settings.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The findings that it wants next are those after this number.
    #[must_use]
    pub const fn wants_after(&self) -> i64 {
        self.given
    }

    /// Whether it may be tried now, or waits after a failure.
    #[must_use]
    pub fn is_ready(&self, now: Time) -> bool {
        self.not_before <= now
    }

    /// Gives it the findings after [`Follower::wants_after`]; `through` is the number of the last that was looked at, whether it is among them or not.
    ///
    /// # Errors
    /// It was not reached; the next round starts again from what is confirmed, after a while.
    pub async fn round(&mut self, notices: &[Notice], through: i64, now: Time) -> Result<Followed, TellError> {
        let wanted: Vec<&Notice> = notices.iter().filter(|notice| notice.level >= self.level_min).collect();
        let sent = u64::try_from(wanted.len()).unwrap_or(u64::MAX);
        if let Err(error) = self.give(&wanted, through, now).await {
            self.failures = self.failures.saturating_add(1);
            self.not_before = Time(now.0.saturating_add(delay(&self.name, self.failures)));
            self.given = self.confirmed;
            self.open.clear();
            return Err(error);
        }
        self.failures = 0;
        Ok(Followed { confirmed: self.confirmed, sent })
    }

    async fn give(&mut self, wanted: &[&Notice], through: i64, now: Time) -> Result<(), TellError> {
        let host = self.host.as_str();
        match &mut self.way {
            Way::Collector(collector) => {
                if !wanted.is_empty() {
                    collector.send(wanted, &self.words).await?;
                }
                self.given = self.given.max(through);
                self.confirmed = self.given;
                return Ok(());
            }
            Way::Syslog { peer, tls, connection } => {
                let words = &self.words;
                let lines =
                    wanted.iter().map(|notice| message(notice.level, notice.received, host, &cef::line(notice, words)));
                let lines: Vec<String> = lines.collect();
                write(peer, tls.as_ref(), connection, &lines, !self.open.is_empty()).await?;
            }
        }
        if through > self.given {
            self.given = through;
            self.open.push_back((through, now));
        }
        while let Some((last, _)) =
            self.open.pop_front_if(|(_, at)| at.0.saturating_add(CONFIRM_AFTER.micros()) <= now.0)
        {
            self.confirmed = last;
        }
        Ok(())
    }
}

/// Writes on the connection that is open, or on a new one; one that was closed under batches that wait for confirmation is a failure.
async fn write(
    peer: &str,
    tls: Option<&Arc<ClientConfig>>,
    kept: &mut Option<Connection>,
    lines: &[String],
    waits: bool,
) -> Result<(), TellError> {
    let mut connection = match kept.take() {
        Some(mut connection) => {
            if connection.is_open().await {
                connection
            } else if waits {
                return Err(TellError::NotReached("the connection was closed".to_owned()));
            } else {
                Connection::open(peer, tls).await?
            }
        }
        None if lines.is_empty() => return Ok(()),
        None => Connection::open(peer, tls).await?,
    };
    if !lines.is_empty() {
        connection.write(lines).await?;
    }
    *kept = Some(connection);
    Ok(())
}
