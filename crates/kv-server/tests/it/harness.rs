//! A server in this process, and clients for it.

use std::path::Path;
use std::time::Duration;

use kv_proto::etcdserverpb as pb;
use kv_proto::etcdserverpb::auth_client::AuthClient;
use kv_proto::etcdserverpb::cluster_client::ClusterClient;
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::lease_client::LeaseClient;
use kv_proto::etcdserverpb::maintenance_client::MaintenanceClient;
use kv_proto::etcdserverpb::watch_client::WatchClient;
use kv_proto::v3electionpb::election_client::ElectionClient;
use kv_proto::v3lockpb::lock_client::LockClient;
use kv_server::{Config, Listeners, ServeError, ServiceManager, Url, serve};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixDatagram;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};

/// Nothing in these tests takes this long; one that does has hung.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct TestServer {
    pub(crate) url: String,
    pub(crate) http_url: Option<String>,
    pub(crate) metrics_url: Option<String>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), ServeError>>,
    directory: TempDir,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(tempfile::tempdir().expect("a temporary directory"), change).await
    }

    pub(crate) async fn start_in(directory: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(&directory.path().join("data"));
        // These tests are not about the disk, and there are many of them.
        config.unsafe_no_fsync = true;
        change(&mut config);
        config.ready_file = Some(directory.path().join("ready"));
        let notify = directory.path().join("notify");
        // An earlier server of the same directory was told through another socket.
        drop(std::fs::remove_file(&notify));
        let told = UnixDatagram::bind(&notify).expect("a socket in our own directory");
        let manager = ServiceManager::new(Some(notify.into_os_string()));
        let listeners = Listeners::bind(&config).expect("port 0 is free");
        let url = listeners.client_urls()[0].clone();
        let http_url = listeners.http_urls().first().cloned();
        let metrics_url = listeners.metrics_urls().first().cloned();
        let (stop, stopped) = oneshot::channel();
        let mut running =
            tokio::spawn(async move { serve(config, listeners, &manager, async { drop(stopped.await) }).await });
        let mut state = [0; 16];
        tokio::select! {
            ended = &mut running => panic!("the server did not start: {ended:?}"),
            length = told.recv(&mut state) => assert_eq!(&state[..length.expect("a message")], b"READY=1"),
        }
        Self { url, http_url, metrics_url, stop, running, directory }
    }

    /// Stops the server as a signal would, and returns its directory.
    pub(crate) async fn stop(self) -> TempDir {
        drop(self.stop);
        let ended = tokio::time::timeout(PATIENCE, self.running).await.expect("the server stops in time");
        ended.expect("serving does not panic").expect("the server ends well");
        self.directory
    }

    pub(crate) fn data_dir(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }

    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(self.url.clone()).expect("our own URL");
        endpoint.connect().await.expect("the server accepts")
    }

    pub(crate) async fn kv(&self) -> KvClient<Channel> {
        KvClient::new(self.channel().await).max_decoding_message_size(usize::MAX)
    }

    pub(crate) async fn watch(&self) -> WatchClient<Channel> {
        WatchClient::new(self.channel().await).max_decoding_message_size(usize::MAX)
    }

    pub(crate) async fn lease(&self) -> LeaseClient<Channel> {
        LeaseClient::new(self.channel().await)
    }

    pub(crate) async fn lock(&self) -> LockClient<Channel> {
        LockClient::new(self.channel().await)
    }

    pub(crate) async fn election(&self) -> ElectionClient<Channel> {
        ElectionClient::new(self.channel().await)
    }

    pub(crate) async fn cluster(&self) -> ClusterClient<Channel> {
        ClusterClient::new(self.channel().await)
    }

    pub(crate) async fn auth(&self) -> AuthClient<Channel> {
        AuthClient::new(self.channel().await)
    }

    pub(crate) async fn maintenance(&self) -> MaintenanceClient<Channel> {
        MaintenanceClient::new(self.channel().await)
    }

    /// Sends an HTTP/1.1 request and returns the whole response.
    pub(crate) async fn http(&self, method: &str, path: &str) -> String {
        http(&self.url, method, path).await
    }
}

pub(crate) fn config(data_dir: &Path) -> Config {
    Config {
        name: "test".to_owned(),
        data_dir: Some(data_dir.to_owned()),
        listen_client_urls: vec![Url::parse("http://127.0.0.1:0").expect("a constant")],
        advertise_client_urls: Vec::new(),
        ..Config::default()
    }
}

pub(crate) async fn http(url: &str, method: &str, path: &str) -> String {
    let address = url.strip_prefix("http://").expect("a plain URL");
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("the server accepts");
    let request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let mut response = String::new();
    stream.read_to_string(&mut response).await.expect("the server answers");
    response
}

pub(crate) fn put(key: &str, value: &str) -> pb::PutRequest {
    pb::PutRequest { key: key.to_owned().into(), value: value.to_owned().into(), ..pb::PutRequest::default() }
}

pub(crate) fn get(key: &str) -> pb::RangeRequest {
    pb::RangeRequest { key: key.to_owned().into(), ..pb::RangeRequest::default() }
}

pub(crate) fn range(key: &str, end: &str) -> pb::RangeRequest {
    pb::RangeRequest { range_end: end.to_owned().into(), ..get(key) }
}

pub(crate) fn delete(key: &str, end: &str) -> pb::DeleteRangeRequest {
    pb::DeleteRangeRequest {
        key: key.to_owned().into(),
        range_end: end.to_owned().into(),
        ..pb::DeleteRangeRequest::default()
    }
}

pub(crate) fn op(request: pb::request_op::Request) -> pb::RequestOp {
    pb::RequestOp { request: Some(request) }
}

/// Checks the code and the text of a refusal.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, tonic::Status>, error: kv_proto::ApiError) {
    let status = result.expect_err("the request is refused");
    assert_eq!((status.code() as i32, status.message()), (error.code() as i32, error.text()));
}
