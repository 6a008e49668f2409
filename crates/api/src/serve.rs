//! Connections: accepted up to a bound, TLS everywhere but on loopback, each with time limits.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::peer::{Peer, PeerCertificate};

/// Bounds of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeLimits {
    /// Most connections at a time; further ones wait in the kernel's queue.
    pub connections_max: usize,
    /// Most connections of one address; further ones are closed at once, so that one address cannot take them all.
    pub connections_per_address_max: usize,
    /// A TLS handshake takes at most this long.
    pub handshake_max: Duration,
    /// The head of a request arrives within this time; a connection that is idle for longer is closed.
    pub head_max: Duration,
    /// At the end, requests under way have this long.
    pub drain_max: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections_max: 1_024,
            connections_per_address_max: 256,
            handshake_max: Duration::from_secs(10),
            head_max: Duration::from_secs(30),
            drain_max: Duration::from_secs(10),
        }
    }
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Without TLS outside loopback.
    #[error("{0} can be reached from outside and has no TLS: give it a certificate or listen on 127.0.0.1")]
    PlainOutside(SocketAddr),
    /// The address of the socket cannot be read.
    #[error("the listening socket: {0}")]
    Socket(#[from] io::Error),
}

/// How many connections each address has.
type PerAddress = Arc<Mutex<BTreeMap<IpAddr, usize>>>;

/// Serves until `stop`, then lets requests under way end. Without `tls` only on loopback.
///
/// # Errors
/// When the address may not be served so.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    router: Router,
    limits: ServeLimits,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    if tls.is_none() && !address.ip().is_loopback() {
        return Err(ServeError::PlainOutside(address));
    }
    let server = Server { tls: tls.map(TlsAcceptor::from), router, limits, stop, per_address: PerAddress::default() };
    let room = Arc::new(Semaphore::new(limits.connections_max));
    let connections = TaskTracker::new();
    while let Some((stream, address, place)) = server.accept(&listener, &room).await {
        let server = server.clone();
        connections.spawn(async move { server.connection(stream, address, place).await });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.drain_max, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections were cut at the end");
    }
    Ok(())
}

#[derive(Clone)]
struct Server {
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: ServeLimits,
    stop: CancellationToken,
    per_address: PerAddress,
}

impl Server {
    /// The next connection within the bounds; `None` at the end.
    async fn accept(
        &self,
        listener: &TcpListener,
        room: &Arc<Semaphore>,
    ) -> Option<(TcpStream, SocketAddr, (OwnedSemaphorePermit, PlaceOfAddress))> {
        loop {
            let permit = tokio::select! {
                permit = Arc::clone(room).acquire_owned() => permit.ok()?,
                () = self.stop.cancelled() => return None,
            };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.stop.cancelled() => return None,
            };
            if let Some((stream, address, place)) = self.admitted(accepted).await {
                return Some((stream, address, (permit, place)));
            }
        }
    }

    /// A connection unless its address has too many.
    async fn admitted(
        &self,
        accepted: io::Result<(TcpStream, SocketAddr)>,
    ) -> Option<(TcpStream, SocketAddr, PlaceOfAddress)> {
        match accepted {
            Ok((stream, address)) => {
                let place = PlaceOfAddress::take(&self.per_address, address.ip(), &self.limits);
                if place.is_none() {
                    tracing::warn!(address = %address.ip(), "closed a connection: this address has too many");
                }
                Some((stream, address, place?))
            }
            Err(fault) => {
                // Out of file handles, or the peer is gone already: the loop must not spin.
                tracing::warn!(%fault, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                None
            }
        }
    }

    async fn connection(self, stream: TcpStream, address: SocketAddr, _place: (OwnedSemaphorePermit, PlaceOfAddress)) {
        let _unneeded_for_correctness = stream.set_nodelay(true);
        let Some(acceptor) = self.tls.clone() else {
            return self.requests(stream, Peer { address, is_tls: false }, None).await;
        };
        match tokio::time::timeout(self.limits.handshake_max, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => {
                let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                let shown = shown.map(|certificate| PeerCertificate(certificate.clone().into_owned()));
                self.requests(stream, Peer { address, is_tls: true }, shown).await;
            }
            Ok(Err(fault)) => tracing::debug!(%fault, "a tls handshake failed"),
            Err(_) => tracing::debug!("a tls handshake took too long"),
        }
    }

    async fn requests(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        peer: Peer,
        certificate: Option<PeerCertificate>,
    ) {
        let service = self.router.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            if let Some(certificate) = &certificate {
                request.extensions_mut().insert(certificate.clone());
            }
            request.map(axum::body::Body::new)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_max)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(fault) = ended {
            tracing::debug!(%fault, "a connection ended with a fault");
        }
    }
}

/// One of the connections of an address; given back when it ends.
struct PlaceOfAddress {
    address: IpAddr,
    per_address: PerAddress,
}

impl PlaceOfAddress {
    fn take(per_address: &PerAddress, address: IpAddr, limits: &ServeLimits) -> Option<Self> {
        let mut counts = per_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= limits.connections_per_address_max {
            return None;
        }
        *count += 1;
        Some(Self { address, per_address: Arc::clone(per_address) })
    }
}

impl Drop for PlaceOfAddress {
    fn drop(&mut self) {
        let mut counts = self.per_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.get(&self.address).map_or(0, |count| count.saturating_sub(1));
        if count == 0 {
            counts.remove(&self.address);
        } else {
            counts.insert(self.address, count);
        }
    }
}
