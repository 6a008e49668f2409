//! Certificates: the hospital's own as PEM, or one that the node makes at its first start.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cordon_model::Time;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate of our own is valid for so many years; it is replaced by deleting its files.
const YEARS: i32 = 10;

/// Where a certificate chain and its key are, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the node's certificate first.
    pub certificate: PathBuf,
    /// The private key: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not PEM or holds no certificate or key.
    #[error("{path}: no PEM certificate or key: {source}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls_pki_types::pem::Error,
    },
    /// Certificate and key cannot be used.
    #[error("certificate and key cannot be used together: {0}")]
    Unusable(#[from] rustls::Error),
    /// The node cannot make a certificate of its own.
    #[error("no certificate could be made: {0}")]
    NotMade(#[from] rcgen::Error),
}

impl TlsFiles {
    /// The node's own certificate in `folder`, made now when it is not there. `names` are host names and addresses that it stands for.
    ///
    /// # Errors
    /// When it can be neither read nor made.
    pub fn own(folder: &Path, names: &[String], now: Time) -> Result<Self, TlsError> {
        let files = Self { certificate: folder.join("node.crt.pem"), key: folder.join("node.key.pem") };
        if files.certificate.exists() && files.key.exists() {
            return Ok(files);
        }
        let (certificate, key) = make(names, now)?;
        write(&files.key, &key, 0o600)?;
        write(&files.certificate, &certificate, 0o644)?;
        Ok(files)
    }
}

/// The PEM of a certificate that signs itself, and of its key.
fn make(names: &[String], now: Time) -> Result<(String, String), TlsError> {
    let mut params = CertificateParams::new(names)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Cordon node");
    params.distinguished_name = name;
    let year = now.to_string().get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026);
    params.not_before = rcgen::date_time_ymd(year - 1, 1, 1);
    params.not_after = rcgen::date_time_ymd(year + YEARS, 1, 1);
    let key = KeyPair::generate()?;
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// Writes a file as a whole: a crash leaves none or the whole one.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    let fault = |source| TlsError::File { path: path.to_owned(), source };
    let beside = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let mut file = options.open(&beside).map_err(fault)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
    fs::rename(&beside, path).map_err(fault)
}

/// What TLS needs to serve with these files: TLS 1.2 and 1.3, HTTP/1.1.
///
/// # Errors
/// When a file cannot be read or does not fit.
pub fn server_config(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let read = |path: &PathBuf| fs::read(path).map_err(|source| TlsError::File { path: path.clone(), source });
    let pem = |path: &PathBuf, source| TlsError::Pem { path: path.clone(), source };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(&files.certificate)?).collect();
    let chain = chain.map_err(|fault| pem(&files.certificate, fault))?;
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?).map_err(|fault| pem(&files.key, fault))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
