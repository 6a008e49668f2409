//! TLS of a node: what it shows of itself, and whose certificates it takes. Files are read at the start and again with every reload; listeners notice nothing.
//!
//! Three ways to listen share one certificate: people (the console) are asked for none; senders over syslog, RELP and MLLP must show one when the settings name
//! authorities; senders over HTTP may, and who shows none needs a token. Sessions of senders are never resumed: an authority that was taken away ends with it.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use cordon_api::TlsFiles;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig, SignatureScheme};

use super::clock::EventClock;
use super::node::StartError;
use crate::config::Config;

/// Longest file with certificates or a key, bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What the files say, read and checked.
pub(super) struct Loaded {
    key: Arc<CertifiedKey>,
    trusted: Option<Arc<dyn ClientCertVerifier>>,
}

/// TLS of a running node.
pub(super) struct Certificates {
    shown: Arc<Shown>,
    trusted: Arc<Trusted>,
    people: Arc<ServerConfig>,
    senders: Arc<ServerConfig>,
    http_senders: Arc<ServerConfig>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

impl Loaded {
    /// Reads the files that the settings name; the node's own certificate is made when they name none and there is none.
    ///
    /// # Errors
    /// A file that cannot be read, or does not hold what it should.
    pub(super) fn read(config: &Config, data_dir: &Path) -> Result<Self, StartError> {
        let files = match (&config.tls.certificate, &config.tls.key) {
            (Some(certificate), Some(key)) => TlsFiles { certificate: certificate.clone(), key: key.clone() },
            _ => TlsFiles::own(data_dir, &own_names(&config.tls.names), EventClock::system().now())
                .map_err(|error| StartError::Tls(error.to_string()))?,
        };
        let chain = certificates(&files.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&contents(&files.key)?)
            .map_err(|error| StartError::Tls(format!("{}: no PEM key: {error}", files.key.display())))?;
        let key = CertifiedKey::from_der(chain, key, &ring::default_provider());
        let key = key.map_err(|error| {
            StartError::Tls(format!("{} and its key cannot be used together: {error}", files.certificate.display()))
        })?;
        let trusted = config.tls.client_ca.as_deref().map(trusting).transpose()?;
        Ok(Self { key: Arc::new(key), trusted })
    }
}

/// Takes certificates that an authority of the file has signed.
fn trusting(path: &Path) -> Result<Arc<dyn ClientCertVerifier>, StartError> {
    let fault = |why: String| StartError::Tls(format!("tls.client_ca {}: {why}", path.display()));
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| fault(error.to_string()))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()));
    builder.build().map_err(|error| fault(error.to_string()))
}

/// At least one certificate of a PEM file.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, StartError> {
    let fault = |why: String| StartError::Tls(format!("{}: no PEM certificate: {why}", path.display()));
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&contents(path)?).collect();
    let found = found.map_err(|error| fault(error.to_string()))?;
    if found.is_empty() { Err(fault("the file holds none".to_owned())) } else { Ok(found) }
}

fn contents(path: &Path) -> Result<Vec<u8>, StartError> {
    let fault = |error: std::io::Error| StartError::Tls(format!("{}: {error}", path.display()));
    if fs::metadata(path).map_err(fault)?.len() > FILE_BYTES_MAX {
        return Err(StartError::Tls(format!("{}: longer than {FILE_BYTES_MAX} bytes", path.display())));
    }
    fs::read(path).map_err(fault)
}

/// Names of the certificate that the node makes for itself.
fn own_names(more: &[String]) -> Vec<String> {
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_ascii_lowercase();
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    names.extend(Some(machine).filter(|name| is_name(name)));
    names.extend(more.iter().cloned());
    names.dedup();
    names
}

impl Certificates {
    /// With what was read.
    ///
    /// # Errors
    /// The library cannot be set up.
    pub(super) fn new(loaded: Loaded) -> Result<Self, StartError> {
        let shown = Arc::new(Shown(RwLock::new(loaded.key)));
        let trusted = Arc::new(Trusted(RwLock::new(loaded.trusted)));
        let build = |asks: Asks| {
            let named = |error: Error| StartError::Tls(error.to_string());
            let provider = Arc::new(ring::default_provider());
            let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
            let builder = builder.with_safe_default_protocol_versions().map_err(named)?;
            let verifier = Arc::new(Senders { trusted: Arc::clone(&trusted), asks, provider });
            let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(&shown) as _;
            let mut config = match asks {
                Asks::Nobody => builder.with_no_client_auth().with_cert_resolver(resolver),
                _ => builder.with_client_cert_verifier(verifier).with_cert_resolver(resolver),
            };
            if asks != Asks::Nobody {
                config.session_storage = Arc::new(NoServerSessionStorage {});
                config.send_tls13_tickets = 0;
            }
            if asks != Asks::Everybody {
                config.alpn_protocols = vec![b"http/1.1".to_vec()];
            }
            Ok(Arc::new(config))
        };
        let (people, senders, http_senders) =
            (build(Asks::Nobody)?, build(Asks::Everybody)?, build(Asks::WhoeverHasOne)?);
        Ok(Self { shown, trusted, people, senders, http_senders })
    }

    /// Puts other certificates into force, for connections from now on.
    pub(super) fn replace(&self, loaded: Loaded) {
        *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = loaded.key;
        *self.trusted.0.write().unwrap_or_else(PoisonError::into_inner) = loaded.trusted;
    }

    /// For the console and the API.
    pub(super) fn people(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.people)
    }

    /// For syslog, RELP and MLLP.
    pub(super) fn senders(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.senders)
    }

    /// For intake over HTTP.
    pub(super) fn http_senders(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.http_senders)
    }
}

/// The certificate in force.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// The authorities in force; `None` when no sender is asked for a certificate.
#[derive(Debug)]
struct Trusted(RwLock<Option<Arc<dyn ClientCertVerifier>>>);

impl Trusted {
    fn current(&self) -> Option<Arc<dyn ClientCertVerifier>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Who is asked for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    Nobody,
    /// Who has none is not heard.
    Everybody,
    /// Who has none has to prove itself in another way.
    WhoeverHasOne,
}

/// Asks senders for certificates as long as there are authorities to hold them against.
#[derive(Debug)]
struct Senders {
    trusted: Arc<Trusted>,
    asks: Asks,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Senders {
    fn offer_client_auth(&self) -> bool {
        self.trusted.current().is_some()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.asks == Asks::Everybody
    }

    /// None: who has one certificate shows it, and the authorities of a hospital are nobody else's business.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let trusted = self.trusted.current();
        let none = || Error::General("no certificates are taken any more".to_owned());
        trusted.ok_or_else(none)?.verify_client_cert(shown, between, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, shown, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, shown, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
