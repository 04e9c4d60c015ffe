//! Certificates made for a test: an authority, and what it has signed, as files.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber,
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic::transport::{Channel, Endpoint};

/// How long certificates are good.
const VALIDITY: Duration = Duration::from_secs(24 * 60 * 60);

/// An authority, and a directory with its certificate, `ca.pem`.
#[derive(Debug)]
pub(crate) struct Authority {
    directory: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// What a certificate is for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) common_name: &'a str,
    /// Host names and addresses.
    pub(crate) names: &'a [&'a str],
    /// Whether it was good until yesterday only.
    pub(crate) expired: bool,
    /// Whether it is for servers only.
    pub(crate) server_only: bool,
    /// Zero for any.
    pub(crate) serial: u64,
    /// A key in PKCS#8, made elsewhere; else one is made.
    pub(crate) key: Option<&'a str>,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority for tests");
        let key = KeyPair::generate().expect("ring has random numbers");
        let directory = tempfile::tempdir().expect("make a directory");
        let certificate = params.self_signed(&key).expect("sign");
        fs::write(directory.path().join("ca.pem"), certificate.pem()).expect("write the authority");
        Authority { directory, issuer: Issuer::new(params, key) }
    }

    /// An authority with a certificate `server` for this machine.
    pub(crate) fn with_server() -> Authority {
        let authority = Authority::new();
        authority.sign("server", &Subject { names: &["localhost", "127.0.0.1"], ..Subject::default() });
        authority
    }

    /// Signs a certificate; `NAME.pem` and `NAME.key` are its files.
    pub(crate) fn sign(&self, name: &str, subject: &Subject<'_>) {
        let names: Vec<_> = subject.names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name = DistinguishedName::new();
        if !subject.common_name.is_empty() {
            params.distinguished_name.push(DnType::CommonName, subject.common_name);
        }
        if subject.serial > 0 {
            params.serial_number = Some(SerialNumber::from(subject.serial));
        }
        if subject.server_only {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        }
        let now = SystemTime::now();
        let (from, until) =
            if subject.expired { (now - 2 * VALIDITY, now - VALIDITY) } else { (now - VALIDITY, now + VALIDITY) };
        (params.not_before, params.not_after) = (from.into(), until.into());
        let key = match subject.key {
            Some(pem) => KeyPair::from_pem(pem).expect("a key"),
            None => KeyPair::generate().expect("ring has random numbers"),
        };
        let certificate = params.signed_by(&key, &self.issuer).expect("sign");
        // The key first: whoever reads both in between gets two that do not fit, whatever the order.
        replace(&self.file(&format!("{name}.key")), &key.serialize_pem());
        replace(&self.file(&format!("{name}.pem")), &certificate.pem());
    }

    /// Writes a list of revoked certificates, `crl.der`, in the form that etcd takes.
    pub(crate) fn revoke(&self, serials: &[u64]) {
        let now = SystemTime::now();
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: now.into(),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: now.into(),
            next_update: (now + VALIDITY).into(),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params.signed_by(&self.issuer).expect("sign");
        fs::write(self.file("crl.der"), list.der()).expect("write the list");
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Returns the path as an argument of a command.
    pub(crate) fn argument(&self, name: &str) -> String {
        self.file(name).to_str().expect("temporary directories have plain names").to_owned()
    }

    /// Returns a channel that connects with a certificate when first used.
    pub(crate) fn channel(&self, address: SocketAddr, certificate: &str) -> Channel {
        let connector = self.connector(certificate);
        let connect = tower::service_fn(move |_| {
            let connector = connector.clone();
            async move {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let name = ServerName::try_from("localhost").expect("a name");
                Ok::<_, std::io::Error>(hyper_util::rt::TokioIo::new(connector.connect(name, stream).await?))
            }
        });
        Endpoint::from_static("http://localhost").connect_with_connector_lazy(connect)
    }

    fn connector(&self, certificate: &str) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        let read = |name: String| CertificateDer::from_pem_file(self.file(&name)).expect("read a certificate");
        roots.add(read("ca.pem".to_owned())).expect("our own");
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().expect("of ring").with_root_certificates(roots);
        let key = PrivateKeyDer::from_pem_file(self.file(&format!("{certificate}.key"))).expect("read a key");
        let shown = vec![read(format!("{certificate}.pem"))];
        let mut config = builder.with_client_auth_cert(shown, key).expect("they fit");
        config.alpn_protocols = vec![b"h2".to_vec()];
        TlsConnector::from(Arc::new(config))
    }
}

/// Puts a file into place in one step.
fn replace(path: &Path, text: &str) {
    let partial = path.with_extension("partial");
    fs::write(&partial, text).expect("write a file");
    fs::rename(&partial, path).expect("put a file into place");
}
