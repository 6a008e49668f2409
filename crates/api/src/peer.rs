//! Who is at the other end of the connection.

use std::net::SocketAddr;

use rustls_pki_types::CertificateDer;

/// The other end of a connection, put into every request by [`crate::serve()`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// Whether the connection is encrypted.
    pub is_tls: bool,
}

impl Peer {
    /// Whether it is on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.address.ip().to_canonical().is_loopback()
    }
}

/// The certificate that the other end showed in the handshake, once it was verified; put into every request by [`crate::serve()`] when there was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate(pub CertificateDer<'static>);
