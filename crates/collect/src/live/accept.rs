//! Accepting connections for the listeners over TCP: limits, TLS, who the sender is, and a graceful end.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::certificate::name_of_certificate;
use super::{LiveSource, Reception};

/// How long a listener pauses when no connection can be accepted.
const PAUSE_AFTER_FAULT: Duration = Duration::from_millis(100);

/// A connection, encrypted or not.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + Sync {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + Sync> Socket for S {}

/// One accepted connection.
pub(super) struct Connection {
    pub(super) socket: Box<dyn Socket>,
    pub(super) source: Arc<LiveSource>,
    pub(super) reception: Reception,
    pub(super) shutdown: CancellationToken,
}

/// A listener over TCP.
pub(super) struct Front {
    /// Its name, as in `SourceDeclaration::listener`.
    pub(super) name: &'static str,
    pub(super) tls: Option<Arc<rustls::ServerConfig>>,
}

/// How many connections each address has.
type Senders = Arc<Mutex<BTreeMap<IpAddr, usize>>>;

/// A connection's place among those of its address and of the listener.
struct Place {
    senders: Senders,
    address: IpAddr,
    _of_all: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = senders.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                senders.remove(&self.address);
            }
        }
    }
}

impl Front {
    /// Accepts connections and serves each with `serve_one` until `shutdown`; then waits, at most `Limits::stop_time`, until they have ended.
    pub(super) async fn accept_each<F, Served>(
        self,
        listener: TcpListener,
        reception: Reception,
        shutdown: CancellationToken,
        serve_one: F,
    ) where
        F: Fn(Connection) -> Served + Clone + Send + 'static,
        Served: Future<Output = ()> + Send + 'static,
    {
        let all = Arc::new(Semaphore::new(reception.limits.connections_max.clamp(1, Semaphore::MAX_PERMITS)));
        let senders = Senders::default();
        let tasks = TaskTracker::new();
        let front = Arc::new(self);
        // Ends with `shutdown`.
        while let Some(of_all) = unless_stopped(&shutdown, Arc::clone(&all).acquire_owned()).await.and_then(Result::ok)
        {
            let Some((socket, address)) = unless_stopped(&shutdown, front.accept(&listener)).await else { break };
            let Some(place) = place(&senders, address, of_all, reception.limits.connections_per_sender_max) else {
                tracing::warn!(listener = front.name, sender = %address, "too many connections from one address; one was closed");
                continue;
            };
            let accepted = Arc::clone(&front).connection(socket, address, reception.clone(), shutdown.clone());
            tasks.spawn(serve_in_place(accepted, serve_one.clone(), place));
        }
        drop(listener);
        tasks.close();
        if tokio::time::timeout(reception.limits.stop_time, tasks.wait()).await.is_err() {
            tracing::warn!(listener = front.name, connections = tasks.len(), "connections did not end in time");
        }
    }

    /// The next connection. While none can be accepted, for example because file handles are exhausted, it goes on trying.
    async fn accept(&self, listener: &TcpListener) -> (TcpStream, IpAddr) {
        loop {
            match listener.accept().await {
                Ok((socket, address)) => return (socket, address.ip().to_canonical()),
                Err(error) => {
                    tracing::warn!(listener = self.name, %error, "no connection could be accepted; trying again");
                    tokio::time::sleep(PAUSE_AFTER_FAULT).await;
                }
            }
        }
    }

    /// Makes the handshake and finds out who the sender is.
    async fn connection(
        self: Arc<Self>,
        socket: TcpStream,
        address: IpAddr,
        reception: Reception,
        shutdown: CancellationToken,
    ) -> Option<Connection> {
        // Refused options cost speed and notice, nothing else.
        let _ = socket.set_nodelay(true);
        let _ = rustix::net::sockopt::set_socket_keepalive(&socket, true);
        let Some(config) = &self.tls else {
            let source = reception.sources.source(self.name, &address.to_string());
            return Some(Connection { socket: Box::new(socket), source, reception, shutdown });
        };
        let handshake = TlsAcceptor::from(Arc::clone(config)).accept(socket);
        let socket = match tokio::time::timeout(reception.limits.handshake_time, handshake).await {
            Ok(Ok(socket)) => socket,
            Ok(Err(error)) => {
                tracing::info!(listener = self.name, sender = %address, %error, "no TLS with a sender");
                return None;
            }
            Err(_) => {
                tracing::info!(listener = self.name, sender = %address, "a TLS handshake took too long");
                return None;
            }
        };
        let certificate = socket.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let name = certificate.and_then(|certificate| name_of_certificate(certificate));
        let source = reception.sources.source(self.name, &name.unwrap_or_else(|| address.to_string()));
        Some(Connection { socket: Box::new(socket), source, reception, shutdown })
    }
}

/// Serves a connection and gives its place back when it has ended.
async fn serve_in_place<Served: Future<Output = ()>>(
    accepted: impl Future<Output = Option<Connection>>,
    serve_one: impl Fn(Connection) -> Served,
    place: Place,
) {
    if let Some(connection) = accepted.await {
        serve_one(connection).await;
    }
    drop(place);
}

/// A place for a connection, unless its address has too many.
fn place(senders: &Senders, address: IpAddr, of_all: OwnedSemaphorePermit, per_sender_max: usize) -> Option<Place> {
    let mut counts = senders.lock().unwrap_or_else(PoisonError::into_inner);
    let count = counts.entry(address).or_insert(0);
    if *count >= per_sender_max {
        return None;
    }
    *count += 1;
    Some(Place { senders: Arc::clone(senders), address, _of_all: of_all })
}

/// What a future gives, or `None` when the listener stops first.
pub(super) async fn unless_stopped<T>(shutdown: &CancellationToken, future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = shutdown.cancelled() => None,
        output = future => Some(output),
    }
}
