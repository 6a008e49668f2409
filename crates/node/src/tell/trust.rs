//! Whom the node trusts when it connects to others: the authorities of the machine, and those of the file that the settings name.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::TellError;

/// TLS as a client.
///
/// # Errors
/// The file cannot be read or holds no certificate.
pub(crate) fn client(ca_file: Option<&Path>) -> Result<ClientConfig, TellError> {
    let mut roots = RootCertStore::empty();
    let (_, _unreadable) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let bytes = read(path)?;
        let certificates: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok).collect();
        let (added, _) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(TellError::Content { path: path.display().to_string(), what: "certificate in PEM" });
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|error| TellError::Setup(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Reads a small file that a setting names.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, TellError> {
    std::fs::read(path).map_err(|source| TellError::File { path: path.display().to_string(), source })
}

/// Reads a secret: the file's text without blanks and line ends around it.
pub(super) fn secret(path: &Path) -> Result<String, TellError> {
    let text = String::from_utf8(read(path)?).unwrap_or_default().trim().to_owned();
    if text.is_empty() {
        return Err(TellError::Content { path: path.display().to_string(), what: "secret" });
    }
    Ok(text)
}
