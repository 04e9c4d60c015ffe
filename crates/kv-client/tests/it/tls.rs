//! Connections through TLS: who is trusted, and what a refusal says.

use std::convert::Infallible;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use kv_client::{Client, Deadline, Error, Options, Step, TlsOptions};
use kv_proto::etcdserverpb::RangeRequest;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// What gRPC answers to a call that it does not know. A client that gets it has come through.
const UNIMPLEMENTED: i32 = 12;

/// An authority and what it has signed, as files.
struct Authority {
    directory: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Authority { directory, issuer: Issuer::new(params, key) }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Signs a certificate for a name, and returns the files of the certificate and its key.
    fn sign(&self, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let (certificate_file, key_file) = (self.file(&format!("{name}.pem")), self.file(&format!("{name}.key")));
        fs::write(&certificate_file, certificate.pem()).unwrap();
        fs::write(&key_file, key.serialize_pem()).unwrap();
        (certificate_file, key_file)
    }

    fn options(&self) -> TlsOptions {
        TlsOptions { ca_file: Some(self.file("ca.pem")), ..TlsOptions::default() }
    }
}

/// Serves with a certificate for a name; returns the port.
async fn serve(authority: &Authority, name: &str, wants_client_certificate: bool) -> u16 {
    let (certificate_file, key_file) = authority.sign(name);
    let certificates = CertificateDer::pem_file_iter(certificate_file).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(key_file).unwrap();
    let provider = Arc::new(ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = if wants_client_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority.file("ca.pem")).unwrap()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_single_cert(certificates, key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(async |_| {
                    let answer = http::Response::builder()
                        .header("content-type", "application/grpc")
                        .header("grpc-status", UNIMPLEMENTED)
                        .body(String::new());
                    Ok::<_, Infallible>(answer.unwrap())
                });
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                // A client that goes away ends the connection with an error.
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    port
}

async fn call(endpoint: String, tls: TlsOptions) -> Error {
    let options = Options { tls: Some(tls), ..Options::default() };
    let client = Client::connect([endpoint], options).await.unwrap();
    client.range(RangeRequest::default(), Deadline::after(Duration::from_millis(500))).await.unwrap_err()
}

#[track_caller]
fn assert_came_through(error: &Error) {
    assert!(matches!(error, Error::Status { code: UNIMPLEMENTED, .. }), "{error:?}");
}

#[track_caller]
fn assert_tls_failed(error: &Error, reason: &str) {
    match error {
        Error::DeadlineExceeded { failures } if failures[0].step == Step::Tls => {
            assert!(failures[0].reason.contains(reason), "{failures:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_is_accepted() {
    let authority = Authority::new();
    let port = serve(&authority, "localhost", false).await;
    assert_came_through(&call(format!("https://localhost:{port}"), authority.options()).await);
    assert_came_through(&call(format!("localhost:{port}"), authority.options()).await);
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_unless_verification_is_off() {
    let authority = Authority::new();
    let port = serve(&authority, "localhost", false).await;
    let endpoint = format!("https://localhost:{port}");
    assert_tls_failed(&call(endpoint.clone(), Authority::new().options()).await, "invalid peer certificate");
    let skip = TlsOptions { skip_verification: true, ..TlsOptions::default() };
    assert_came_through(&call(endpoint, skip).await);
}

#[tokio::test]
async fn the_certificate_must_have_the_hosts_name_or_the_one_that_is_wanted() {
    let authority = Authority::new();
    let port = serve(&authority, "etcd.example", false).await;
    let endpoint = format!("https://127.0.0.1:{port}");
    assert_tls_failed(&call(endpoint.clone(), authority.options()).await, "not valid for");
    let named = TlsOptions { server_name: Some("etcd.example".to_owned()), ..authority.options() };
    assert_came_through(&call(endpoint, named).await);
}

#[tokio::test]
async fn a_server_may_ask_for_a_certificate() {
    let authority = Authority::new();
    let port = serve(&authority, "localhost", true).await;
    let endpoint = format!("https://localhost:{port}");
    assert_tls_failed(&call(endpoint.clone(), authority.options()).await, "CertificateRequired");
    let (certificate_file, key_file) = authority.sign("client");
    let options =
        TlsOptions { certificate_file: Some(certificate_file), key_file: Some(key_file), ..authority.options() };
    assert_came_through(&call(endpoint, options).await);
}
