//! Syslog to another SIEM: RFC 5424 over TCP, each message on a line, or over TLS, each with its length in front (RFC 5425).

use std::sync::Arc;
use std::time::Duration;

use cordon_model::{Level, Time};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::TellError;

/// Longest time of connecting, and of writing one batch.
const STEP_MAX: Duration = Duration::from_secs(10);
/// Facility `log audit` (RFC 5424, table 1).
const FACILITY: u8 = 13;

/// A stream of bytes to the SIEM.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection to the SIEM.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    counts_octets: bool,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    /// Connects; with `tls` the name of the certificate must be that of the peer.
    pub(super) async fn open(peer: &str, tls: Option<&Arc<ClientConfig>>) -> Result<Self, TellError> {
        let tcp = in_time(TcpStream::connect(peer)).await?;
        let Some(tls) = tls else { return Ok(Self { stream: Box::new(tcp), counts_octets: false }) };
        let host = peer.rsplit_once(':').map_or(peer, |(host, _)| host).trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(|error| TellError::Setup(error.to_string()))?;
        let stream = in_time(TlsConnector::from(Arc::clone(tls)).connect(name, tcp)).await?;
        Ok(Self { stream: Box::new(stream), counts_octets: true })
    }

    /// Writes messages.
    pub(super) async fn write(&mut self, messages: &[String]) -> Result<(), TellError> {
        let mut bytes = Vec::new();
        for message in messages {
            if self.counts_octets {
                bytes.extend_from_slice(format!("{} ", message.len()).as_bytes());
            }
            bytes.extend_from_slice(message.as_bytes());
            if !self.counts_octets {
                bytes.push(b'\n');
            }
        }
        in_time(self.stream.write_all(&bytes)).await?;
        in_time(self.stream.flush()).await
    }

    /// Whether the other side still holds the connection, as far as can be seen from here: it answers nothing, so an end or an error is all that can come.
    pub(super) async fn is_open(&mut self) -> bool {
        let mut waste = [0; 256];
        match timeout(Duration::from_millis(1), self.stream.read(&mut waste)).await {
            Err(_) => true,
            Ok(read) => read.is_ok_and(|bytes| bytes > 0),
        }
    }
}

async fn in_time<T>(step: impl Future<Output = std::io::Result<T>>) -> Result<T, TellError> {
    match timeout(STEP_MAX, step).await {
        Ok(done) => done.map_err(|error| TellError::NotReached(error.to_string())),
        Err(_) => Err(TellError::NotReached(format!("no answer within {} s", STEP_MAX.as_secs()))),
    }
}

/// A message of RFC 5424 around a text.
pub(super) fn message(level: Level, at: Time, host: &str, text: &str) -> String {
    let severity = match level {
        Level::Critical => 2,
        Level::High => 3,
        Level::Medium => 4,
        Level::Low => 5,
        Level::Informational => 6,
    };
    format!("<{}>1 {at} {host} cordon - finding - {text}", FACILITY * 8 + severity)
}
