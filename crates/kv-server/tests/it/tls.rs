//! TLS on the listeners, as a client of the same library sees it. Other clients are in the package `interop`.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_server::{Config, TlsOptions, Url};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic::transport::{Channel, Endpoint};

use crate::harness::{TestServer, get, put};

/// An authority and what it has signed, as files.
struct Authority {
    directory: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        let authority = Self { directory, issuer: Issuer::new(params, key) };
        authority.sign("localhost");
        authority.sign("client");
        authority
    }

    fn sign(&self, name: &str) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        fs::write(self.file(&format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.file(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn server_options(&self) -> TlsOptions {
        TlsOptions {
            cert_file: Some(self.file("localhost.pem")),
            key_file: Some(self.file("localhost.key")),
            ..TlsOptions::default()
        }
    }

    fn connector(&self, protocol: &str, with_certificate: bool) -> TlsConnector {
        connector(&self.file("ca.pem"), protocol, with_certificate.then_some(self))
    }
}

fn connector(ca: &std::path::Path, protocol: &str, identity: Option<&Authority>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let certificate = CertificateDer::from_pem_file(authority.file("client.pem")).unwrap();
            let key = PrivateKeyDer::from_pem_file(authority.file("client.key")).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        }
    };
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    TlsConnector::from(Arc::new(config))
}

fn address(server: &TestServer) -> String {
    server.url.split_once("://").unwrap().1.to_owned()
}

async fn connect(server: &TestServer, connector: &TlsConnector) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address(server)).await.unwrap();
    connector.connect(ServerName::try_from("localhost").unwrap(), stream).await
}

/// Asks over HTTP/1.1; the error is that of the connection.
async fn ask(server: &TestServer, connector: &TlsConnector, path: &str) -> std::io::Result<String> {
    let mut stream = connect(server, connector).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    Ok(response)
}

async fn grpc(server: &TestServer, connector: TlsConnector) -> Channel {
    let address = address(server);
    let connect = tower::service_fn(move |_| {
        let (connector, address) = (connector.clone(), address.clone());
        async move {
            let stream = TcpStream::connect(address).await?;
            let stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await?;
            Ok::<_, std::io::Error>(hyper_util::rt::TokioIo::new(stream))
        }
    });
    Endpoint::from_static("http://ignored").connect_with_connector(connect).await.unwrap()
}

fn listen(config: &mut Config, urls: &str, options: TlsOptions) {
    config.listen_client_urls = Url::parse_list(urls).unwrap();
    config.client_tls = options;
}

#[tokio::test]
async fn one_port_serves_everything_with_tls_and_without() {
    let authority = Authority::new();
    let server = TestServer::start_with(|config| {
        listen(config, "http://127.0.0.1:0,https://127.0.0.1:0", authority.server_options());
    })
    .await;
    server.kv().await.put(put("a", "1")).await.unwrap();
    let mut kv = KvClient::new(grpc(&server, authority.connector("h2", false)).await);
    assert_eq!(kv.range(get("a")).await.unwrap().into_inner().count, 1);
    let plain = server.http("GET", "/version").await;
    let encrypted = ask(&server, &authority.connector("http/1.1", false), "/version").await.unwrap();
    let body = |response: &str| response.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(body(&plain), body(&encrypted));
    drop(kv);
    server.stop().await;
}

#[tokio::test]
async fn clients_without_a_certificate_are_turned_away_where_one_is_wanted() {
    let authority = Authority::new();
    let server = TestServer::start_with(|config| {
        let trusted_ca_file = Some(authority.file("ca.pem"));
        let options = TlsOptions { client_cert_auth: true, trusted_ca_file, ..authority.server_options() };
        listen(config, "https://127.0.0.1:0", options);
    })
    .await;
    let refused = ask(&server, &authority.connector("http/1.1", false), "/health").await.unwrap_err();
    assert!(refused.to_string().contains("CertificateRequired"), "{refused}");
    let served = ask(&server, &authority.connector("http/1.1", true), "/health").await.unwrap();
    assert!(served.starts_with("HTTP/1.1 200"), "{served}");
    let mut plain = TcpStream::connect(address(&server)).await.unwrap();
    plain.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    plain.read_to_end(&mut answer).await.unwrap();
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_silent_client_does_not_keep_the_server_from_stopping() {
    let authority = Authority::new();
    let server =
        TestServer::start_with(|config| listen(config, "https://127.0.0.1:0", authority.server_options())).await;
    let _silent = TcpStream::connect(address(&server)).await.unwrap();
    ask(&server, &authority.connector("http/1.1", false), "/health").await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_certificate_of_ones_own_is_kept() {
    let start = |directory| {
        TestServer::start_in(directory, |config| {
            listen(config, "https://localhost:0", TlsOptions { auto_tls: true, ..TlsOptions::default() });
        })
    };
    let server = start(tempfile::tempdir().unwrap()).await;
    let certificate = server.data_dir().join("fixtures/client/cert.pem");
    let trusting = connector(&certificate, "http/1.1", None);
    assert!(ask(&server, &trusting, "/health").await.unwrap().contains("\"true\""));
    let server = start(server.stop().await).await;
    assert!(ask(&server, &trusting, "/health").await.unwrap().contains("\"true\""));
    server.stop().await;
}
