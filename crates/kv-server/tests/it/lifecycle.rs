//! Starting, stopping and starting again.

use std::time::{Duration, Instant};

use kv_proto::etcdserverpb as pb;
use kv_server::{Listeners, ServeError, ServiceManager, serve};

use crate::harness::{TestServer, config, get, put};

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let server = TestServer::start_with(|config| config.unsafe_no_fsync = false).await;
    let mut kv = server.kv().await;
    let mut term = 0;
    for number in 0..100 {
        term = kv.put(put(&number.to_string(), "v")).await.unwrap().into_inner().header.unwrap().raft_term;
    }
    let directory = server.stop().await;
    let server = TestServer::start_in(directory, |_| {}).await;
    let mut kv = server.kv().await;
    let found = kv.range(pb::RangeRequest { count_only: true, ..crate::harness::range("0", "\0") }).await.unwrap();
    let found = found.into_inner();
    let header = found.header.unwrap();
    assert_eq!((found.count, header.revision), (100, 101));
    assert!(header.raft_term > term, "every start is a term of its own");
    kv.put(put("a", "1")).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_stop_ends_idle_connections_and_open_streams_at_once() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    kv.range(get("a")).await.unwrap();
    let mut watch = server.watch().await;
    let (requests, receiver) = tokio::sync::mpsc::channel(1);
    requests.send(crate::watch::create("a", "\0", 0)).await.unwrap();
    let stream = watch.watch(tokio_stream::wrappers::ReceiverStream::new(receiver)).await.unwrap();
    let mut stream = stream.into_inner();
    assert!(stream.message().await.unwrap().unwrap().created);
    let began = Instant::now();
    server.stop().await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    let status = stream.message().await.unwrap_err();
    assert_eq!((status.code(), status.message()), (tonic::Code::Unavailable, "etcdserver: server stopped"));
}

#[tokio::test]
async fn a_directory_in_use_is_refused_with_its_holder() {
    let server = TestServer::start().await;
    let config = config(&server.data_dir());
    let listeners = Listeners::bind(&config).unwrap();
    let refused = serve(config, listeners, &ServiceManager::default(), std::future::pending()).await.unwrap_err();
    let ServeError::Start(refused) = refused else { panic!("{refused:?}") };
    let cause = std::error::Error::source(&refused).unwrap().to_string();
    assert!(cause.ends_with(&format!("is in use by process {}", std::process::id())), "{cause}");
    server.stop().await;
}

#[tokio::test]
async fn the_ready_file_names_the_real_address_and_goes_with_the_server() {
    let server = TestServer::start().await;
    let ready = server.data_dir().with_file_name("ready");
    assert_eq!(std::fs::read_to_string(&ready).unwrap(), format!("{}\n", server.url));
    assert!(!server.url.ends_with(":0"));
    let _directory = server.stop().await;
    assert!(!ready.exists());
}
