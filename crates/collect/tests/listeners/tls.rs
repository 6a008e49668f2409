//! Syslog over TLS (RFC 5425), with and without certificates of senders.

use std::sync::Arc;

use cordon_collect::live::{Limits, tcp};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::log::Log;

/// Certificates of a test: one authority, a server and a sender.
pub(crate) struct Trust {
    authority: CertifiedIssuer<'static, KeyPair>,
    provider: Arc<rustls::crypto::CryptoProvider>,
}

impl Trust {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { authority, provider: Arc::new(rustls::crypto::ring::default_provider()) }
    }

    fn certificate(&self, name: &str) -> (Vec<rustls::pki_types::CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        (vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }

    /// Writes `ca.pem`, and `sender.pem` and `sender.key` for `name`.
    pub(crate) fn write_pem(&self, name: &str, folder: &std::path::Path) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        std::fs::write(folder.join("ca.pem"), self.authority.pem()).unwrap();
        std::fs::write(folder.join("sender.pem"), certificate.pem()).unwrap();
        std::fs::write(folder.join("sender.key"), key.serialize_pem()).unwrap();
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        roots
    }

    /// For a listener; `mutual` asks senders for a certificate.
    pub(crate) fn server(&self, mutual: bool) -> Arc<ServerConfig> {
        let builder =
            ServerConfig::builder_with_provider(Arc::clone(&self.provider)).with_safe_default_protocol_versions();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(self.roots()), Arc::clone(&self.provider));
        let builder = if mutual {
            builder.unwrap().with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.unwrap().with_no_client_auth()
        };
        let (chain, key) = self.certificate("localhost");
        Arc::new(builder.with_single_cert(chain, key).unwrap())
    }

    /// For a sender; with a certificate for `name`.
    pub(crate) fn client(&self, name: Option<&str>) -> TlsConnector {
        let builder =
            ClientConfig::builder_with_provider(Arc::clone(&self.provider)).with_safe_default_protocol_versions();
        let builder = builder.unwrap().with_root_certificates(self.roots());
        let config = match name.map(|name| self.certificate(name)) {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
            None => builder.with_no_client_auth(),
        };
        TlsConnector::from(Arc::new(config))
    }
}

async fn send(connector: TlsConnector, address: std::net::SocketAddr, message: &str) -> std::io::Result<()> {
    let socket = TcpStream::connect(address).await?;
    let mut sender = connector.connect(ServerName::try_from("localhost").unwrap(), socket).await?;
    sender.write_all(format!("{} {message}", message.len()).as_bytes()).await?;
    sender.shutdown().await
}

#[tokio::test]
async fn without_certificates_a_sender_is_known_by_its_address_and_with_one_by_its_name() {
    let trust = Trust::new();
    for (mutual, name, source) in
        [(false, None, "127.0.0.1"), (true, Some("PACS-01.lakeside.example"), "pacs-01.lakeside.example")]
    {
        let log = Log::new(Limits::default(), []);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let served =
            tokio::spawn(tcp::serve(listener, Some(trust.server(mutual)), log.reception.clone(), stop.clone()));
        send(trust.client(name), address, "<13>one").await.unwrap();
        assert_eq!(log.kept(1).await, [(format!("syslog_tls/{source}"), "<13>one".to_owned())]);
        stop.cancel();
        served.await.unwrap();
    }
}

#[tokio::test]
async fn a_sender_without_the_certificate_asked_for_is_not_heard_and_others_are() {
    let trust = Trust::new();
    let log = Log::new(Limits::default(), []);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let served = tokio::spawn(tcp::serve(listener, Some(trust.server(true)), log.reception.clone(), stop.clone()));
    // In TLS 1.3 the sender may hear of the refusal only when it reads.
    let _ = send(trust.client(None), address, "<13>nobody").await;
    let _ = send(Trust::new().client(Some("a.example")), address, "<13>stranger").await;
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"<13>plain\n").await.unwrap();
    send(trust.client(Some("a.example")), address, "<13>known").await.unwrap();
    assert_eq!(log.kept(1).await, [("syslog_tls/a.example".to_owned(), "<13>known".to_owned())]);
    stop.cancel();
    served.await.unwrap();
}
