//! TLS: which certificates are trusted, and which one the client shows.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// How the server is verified and what the client shows it.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// File with the certificates of the authorities to trust; without it, the system's are trusted.
    pub ca_file: Option<PathBuf>,
    /// File with the client's certificate, followed by intermediate ones.
    pub certificate_file: Option<PathBuf>,
    /// File with the certificate's private key.
    pub key_file: Option<PathBuf>,
    /// Name that the server's certificate must have instead of the endpoint's host.
    pub server_name: Option<String>,
    /// Accept any certificate of the server. For testing only.
    pub skip_verification: bool,
}

/// Why the options for TLS cannot be used. The texts are those of etcd's client where it has one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A certificate without its key, or the reverse.
    #[error("KeyFile and CertFile must both be present[key: {key}, cert: {certificate}]")]
    Incomplete {
        /// The key's file, or nothing.
        key: String,
        /// The certificate's file, or nothing.
        certificate: String,
    },
    /// A file cannot be read.
    #[error("open {}: {}", path.display(), os_error_text(source))]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: no {what} in PEM form: {reason}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Certificate and key do not fit together, or a certificate is malformed.
    #[error("tls: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Says an error of the system without Rust's trailing number, in lower case as Go does.
fn os_error_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

impl TlsOptions {
    /// Returns until when the client's certificate is valid, if there is one that can be read.
    pub fn certificate_end(&self) -> Option<SystemTime> {
        let certificates = certificates(self.certificate_file.as_ref()?).ok()?;
        crate::moment::certificate_end(certificates.first()?)
    }

    /// Reads the files and returns what connections are made with.
    pub(crate) fn config(&self) -> Result<ClientConfig, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("ring has suites for both versions");
        let identity = self.identity()?;
        let roots = self.roots()?;
        let builder = if self.skip_verification {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AcceptAny(provider)))
        } else {
            builder.with_root_certificates(roots)
        };
        let mut config = match identity {
            Some((certificates, key)) => builder.with_client_auth_cert(certificates, key)?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }

    fn identity(&self) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>, TlsError> {
        let (certificate_file, key_file) = match (&self.certificate_file, &self.key_file) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => (certificate, key),
            (certificate, key) => {
                let show = |path: &Option<PathBuf>| path.as_deref().map(|path| path.display().to_string());
                return Err(TlsError::Incomplete {
                    key: show(key).unwrap_or_default(),
                    certificate: show(certificate).unwrap_or_default(),
                });
            }
        };
        let certificates = certificates(certificate_file)?;
        let key = PrivateKeyDer::from_pem_slice(&read(key_file)?)
            .map_err(|error| pem_error(key_file, "private key", &error))?;
        Ok(Some((certificates, key)))
    }

    fn roots(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        if let Some(file) = &self.ca_file {
            for certificate in certificates(file)? {
                roots.add(certificate)?;
            }
        } else if !self.skip_verification {
            // Certificates of the system that cannot be parsed are of no use to anybody.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Ok(roots)
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let fail = |error: &pem::Error| pem_error(file, "certificate", error);
    let bytes = read(file)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let certificates = certificates.map_err(|error| fail(&error))?;
    if certificates.is_empty() { Err(fail(&pem::Error::NoItemsFound)) } else { Ok(certificates) }
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|source| TlsError::Open { path: file.to_owned(), source })
}

fn pem_error(file: &Path, what: &'static str, error: &pem::Error) -> TlsError {
    let reason = match error {
        pem::Error::NoItemsFound => "nothing found".to_owned(),
        other => other.to_string(),
    };
    TlsError::Pem { path: file.to_owned(), what, reason }
}

/// A signature on the curve P-521.
const UNKNOWN_TO_RING: SignatureScheme = SignatureScheme::ECDSA_NISTP521_SHA512;

/// Takes every server for the right one; its signatures are checked where that is possible.
///
/// ring does not know the curve P-521, which etcd uses for the certificates it makes itself (`--auto-tls`). Where any
/// certificate will do, a signature proves nothing about who the server is, so one on that curve is taken as it is.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if signature.scheme == UNKNOWN_TO_RING {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if signature.scheme == UNKNOWN_TO_RING {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.0.signature_verification_algorithms.supported_schemes();
        schemes.push(UNKNOWN_TO_RING);
        schemes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_refused(options: &TlsOptions, text: &str) {
        assert_eq!(options.config().unwrap_err().to_string(), text);
    }

    #[test]
    fn files_that_are_missing_or_empty_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let empty = directory.path().join("empty.pem");
        fs::write(&empty, "").unwrap();
        check_refused(
            &TlsOptions { ca_file: Some("/none/ca.pem".into()), ..TlsOptions::default() },
            "open /none/ca.pem: no such file or directory",
        );
        check_refused(
            &TlsOptions { ca_file: Some(empty.clone()), ..TlsOptions::default() },
            &format!("{}: no certificate in PEM form: nothing found", empty.display()),
        );
        check_refused(
            &TlsOptions { certificate_file: Some("/x".into()), ..TlsOptions::default() },
            "KeyFile and CertFile must both be present[key: , cert: /x]",
        );
    }

    #[test]
    fn nothing_given_is_fine() {
        let config = TlsOptions { skip_verification: true, ..TlsOptions::default() }.config().unwrap();
        assert_eq!(config.alpn_protocols, [b"h2"]);
    }
}
