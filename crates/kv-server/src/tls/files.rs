//! Certificates, keys and lists from their files, and what handshakes are made with.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kv_proto::url::Url;
use parking_lot::Mutex;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::{self, InconsistentKeys, RootCertStore, ServerConfig};

use super::error::TlsError;
use super::options::TlsOptions;
use super::revocation::Revoked;
use super::verifier::Verifier;
use super::{self_signed, suites};
use crate::status::chain;

/// Etcd takes P-521 too; ring, which rustls computes with here, does not have it.
const UNSUPPORTED_KEY: &str = "this kind of private key is not supported; use RSA, P-256, P-384 or Ed25519";

/// What handshakes are made with, as the files say it now.
pub(crate) struct Tls {
    pub(super) options: TlsOptions,
    loaded: Mutex<Loaded>,
}

struct Loaded {
    files: Files,
    config: Arc<ServerConfig>,
    /// What was last said about files that cannot be used.
    complaint: Option<String>,
}

/// The contents of all files.
#[derive(PartialEq, Eq)]
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
    authorities: Option<Vec<u8>>,
    revoked: Option<Vec<u8>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tls").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files of the options.
    pub(crate) fn open(options: &TlsOptions) -> Result<Self, TlsError> {
        let files = Files::read(options)?;
        let config = Arc::new(files.config(options)?);
        let show = |file: &Option<PathBuf>| file.as_deref().map(|file| file.display().to_string()).unwrap_or_default();
        tracing::info!(
            cert_file = show(&options.cert_file),
            key_file = show(&options.key_file),
            trusted_ca_file = show(&options.trusted_ca_file),
            client_cert_auth = options.client_cert_auth,
            crl_file = show(&options.crl_file),
            cipher_suites = options.cipher_suites.join(","),
            "starting with client TLS"
        );
        Ok(Self { options: options.clone(), loaded: Mutex::new(Loaded { files, config, complaint: None }) })
    }

    /// Makes a certificate for the hosts of URLs, or reads the one that was made for a data directory earlier.
    pub(crate) fn self_signed(options: &TlsOptions, data_dir: &Path, urls: &[Url]) -> Result<Self, TlsError> {
        let (certificate, key) = self_signed::files(data_dir, urls, options.self_signed_cert_validity)?;
        Self::open(&TlsOptions { cert_file: Some(certificate), key_file: Some(key), ..options.clone() })
    }

    /// Returns what the next handshake is made with.
    ///
    /// Files are replaced one after another, so for a moment certificate and key may not fit; and a volume may be gone
    /// for a while. Then everything stays as it was.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        let read = Files::read(&self.options);
        let mut loaded = self.loaded.lock();
        let changed = match read {
            Ok(files) if files == loaded.files => {
                loaded.complaint = None;
                return Arc::clone(&loaded.config);
            }
            Ok(files) => files.config(&self.options).map(|config| (files, Arc::new(config))),
            Err(error) => Err(error),
        };
        match changed {
            Ok((files, config)) => {
                tracing::info!("the files of TLS have changed and were read again");
                *loaded = Loaded { files, config, complaint: None };
            }
            Err(error) => {
                let complaint = chain(&error);
                if loaded.complaint.as_ref() != Some(&complaint) {
                    tracing::warn!(error = complaint, "the files of TLS cannot be used; going on with what they were");
                    loaded.complaint = Some(complaint);
                }
            }
        }
        Arc::clone(&loaded.config)
    }
}

impl Files {
    fn read(options: &TlsOptions) -> Result<Self, TlsError> {
        let given = |file: &Option<PathBuf>| file.as_deref().map(read).transpose();
        let required = |file| given(file).map(Option::unwrap_or_default);
        Ok(Self {
            certificate: required(&options.cert_file)?,
            key: required(&options.key_file)?,
            authorities: given(&options.trusted_ca_file)?,
            revoked: given(&options.crl_file)?,
        })
    }

    fn config(&self, options: &TlsOptions) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(suites::provider(&options.cipher_suites).map_err(TlsError::Options)?);
        let versions = suites::versions(&options.min_version, &options.max_version).map_err(TlsError::Options)?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&versions)?;
        let builder = if options.wants_certificates() {
            builder.with_client_cert_verifier(self.verifier(options, Arc::clone(&provider))?)
        } else {
            builder.with_no_client_auth()
        };
        let certificates = certificates(&self.certificate, options.cert_file.as_deref())?;
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|error| content_error(options.key_file.as_deref(), "private key", &error))?;
        provider.key_provider.load_private_key(key.clone_key()).map_err(|_| TlsError::Content {
            path: options.key_file.clone().unwrap_or_default(),
            reason: UNSUPPORTED_KEY.to_owned(),
        })?;
        let mut config = builder.with_single_cert(certificates, key).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::KeyMismatch,
            other => other.into(),
        })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        if options.wants_certificates() {
            // A session that is taken up again shows no certificate: it would outlive its revocation.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(config)
    }

    fn verifier(
        &self,
        options: &TlsOptions,
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let mut roots = RootCertStore::empty();
        if let Some(authorities) = &self.authorities {
            for certificate in certificates(authorities, options.trusted_ca_file.as_deref())? {
                roots.add(certificate)?;
            }
        } else {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        if roots.is_empty() {
            return Err(TlsError::NoAuthorities);
        }
        let revoked = match (&self.revoked, &options.crl_file) {
            (Some(list), Some(path)) => {
                Revoked::read(list).map_err(|reason| TlsError::Content { path: path.clone(), reason })?
            }
            _ => Revoked::default(),
        };
        let hostname = |name: &String| {
            ServerName::try_from(name.clone()).map_err(|_| {
                TlsError::Options(format!("--client-cert-allowed-hostname has {name:?}, which is no name"))
            })
        };
        Ok(Arc::new(Verifier {
            authorities: WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?,
            revoked,
            allowed_hostnames: options.allowed_hostnames.iter().map(hostname).collect::<Result<_, _>>()?,
            allowed_common_names: options.allowed_common_names.clone(),
        }))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}

fn certificates(pem: &[u8], file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|error| content_error(file, "certificate", &error))?;
    if certificates.is_empty() {
        return Err(content_error(file, "certificate", &pem::Error::NoItemsFound));
    }
    Ok(certificates)
}

fn content_error(file: Option<&Path>, what: &str, error: &pem::Error) -> TlsError {
    let reason = match error {
        pem::Error::NoItemsFound => format!("there is no {what} in PEM form in it"),
        other => format!("read {what}: {other}"),
    };
    TlsError::Content { path: file.unwrap_or(Path::new("")).to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertificateParams, KeyPair};
    use tempfile::TempDir;

    use super::*;

    /// Made by OpenSSL for this test.
    const P521_KEY: &str = "-----BEGIN EC PRIVATE KEY-----\n\
MIHcAgEBBEIA6CZNRkj3o9SF4HjpoDHhzWjFK77irPb6rHOlqwAwEiYmh8SFdSOJ\n\
kqT0Q0bfa2D+jP+RZxNkU+PKJNey1iHEYeWgBwYFK4EEACOhgYkDgYYABABzvFwJ\n\
+J1NL4VMseSNYsfRTTSW79S9SLEGaYzbnehgnzNFrL07W8Y/1TTA+X8jIPoDyx22\n\
SeKGF5sEJiTLvLv64QGl7944reSEp9fyMRb3CJTznljt3ty3P0FRPBm4MDiYgOFE\n\
CUk3IIzpFNDIIjBzBuKHl8fBe4wnL/CL3nyVnuHs1g==\n\
-----END EC PRIVATE KEY-----\n";

    struct Material {
        directory: TempDir,
        options: TlsOptions,
    }

    impl Material {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let file = |name| Some(directory.path().join(name));
            let options =
                TlsOptions { cert_file: file("cert.pem"), key_file: file("key.pem"), ..TlsOptions::default() };
            let material = Self { directory, options };
            material.renew();
            material
        }

        fn renew(&self) {
            let key = KeyPair::generate().unwrap();
            let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
            self.write("cert.pem", &certificate.pem());
            self.write("key.pem", &key.serialize_pem());
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.directory.path().join(name), text).unwrap();
        }

        fn read(&self, name: &str) -> String {
            fs::read_to_string(self.directory.path().join(name)).unwrap()
        }

        fn refused(&self) -> String {
            let error = Tls::open(&self.options).unwrap_err();
            chain(&error).replace(&self.directory.path().display().to_string(), "DIR")
        }
    }

    #[test]
    fn what_changes_is_read_again_and_what_is_half_written_is_not_used() {
        let material = Material::new();
        let tls = Tls::open(&material.options).unwrap();
        let first = tls.current();
        assert!(Arc::ptr_eq(&first, &tls.current()));

        let old_key = material.read("key.pem");
        material.renew();
        let new_key = material.read("key.pem");
        material.write("key.pem", &old_key);
        assert!(Arc::ptr_eq(&first, &tls.current()));
        fs::remove_file(material.directory.path().join("key.pem")).unwrap();
        assert!(Arc::ptr_eq(&first, &tls.current()));
        material.write("key.pem", &new_key[..20]);
        assert!(Arc::ptr_eq(&first, &tls.current()));
        material.write("key.pem", &new_key);
        let second = tls.current();
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(Arc::ptr_eq(&second, &tls.current()));
    }

    #[test]
    fn files_that_cannot_be_used_are_named_before_anything_is_served() {
        let material = Material::new();
        let good_key = material.read("key.pem");
        material.write("key.pem", "no key");
        assert_eq!(material.refused(), "DIR/key.pem: there is no private key in PEM form in it");
        material.write("key.pem", P521_KEY);
        assert_eq!(
            material.refused(),
            "DIR/key.pem: this kind of private key is not supported; use RSA, P-256, P-384 or Ed25519"
        );
        material.write("key.pem", &KeyPair::generate().unwrap().serialize_pem());
        assert_eq!(material.refused(), "tls: private key does not match public key");
        material.write("key.pem", &good_key);
        let certificate = material.read("cert.pem");
        material.write("cert.pem", "");
        assert_eq!(material.refused(), "DIR/cert.pem: there is no certificate in PEM form in it");
        material.write("cert.pem", &certificate);

        let mut material = material;
        material.options.trusted_ca_file = Some(material.directory.path().join("ca.pem"));
        assert_eq!(material.refused(), "open DIR/ca.pem: No such file or directory (os error 2)");
        material.write("ca.pem", "");
        assert_eq!(material.refused(), "DIR/ca.pem: there is no certificate in PEM form in it");
        material.write("ca.pem", &certificate);
        material.options.crl_file = Some(material.directory.path().join("crl"));
        material.write("crl", "none");
        assert_eq!(material.refused(), "DIR/crl: this is no revocation list");
    }
}
