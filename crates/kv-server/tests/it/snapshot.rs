//! The call Snapshot of the service Maintenance.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use kv_proto::ApiError;
use kv_proto::etcdserverpb as pb;
use kv_proto::etcdserverpb::maintenance_client::MaintenanceClient;
use kv_store::{Storage, StorageOptions, Store, StoreOptions};
use sha2::{Digest, Sha256};
use tonic::transport::Channel;
use tonic::{Code, Streaming};

use crate::harness::{PATIENCE, TestServer, put, refused};

async fn begin(client: &mut MaintenanceClient<Channel>) -> Streaming<pb::SnapshotResponse> {
    client.snapshot(pb::SnapshotRequest {}).await.unwrap().into_inner()
}

/// Puts 6 MB, more than the client takes before anybody reads it.
async fn fill(server: &TestServer) {
    let mut kv = server.kv().await;
    for number in 0..300 {
        kv.put(put(&format!("key {number}"), &"v".repeat(number * 130))).await.unwrap();
    }
}

/// Open files of this process that have no name any more, in a directory.
fn unnamed_files(directory: &Path) -> usize {
    let files = fs::read_dir("/proc/self/fd").unwrap().flatten().filter_map(|file| fs::read_link(file.path()).ok());
    files.filter(|path| path.starts_with(directory) && path.to_string_lossy().ends_with("(deleted)")).count()
}

#[tokio::test]
async fn chunks_count_down_and_the_digest_comes_last() {
    let server = TestServer::start().await;
    fill(&server).await;
    let mut maintenance = server.maintenance().await;
    let hash = maintenance.hash_kv(pb::HashKvRequest { revision: 0 }).await.unwrap().into_inner();
    let mut stream = begin(&mut maintenance).await;
    let mut messages = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        assert_eq!((message.version.as_str(), &message.header), ("3.7.0", &None));
        messages.push(message);
    }
    let last = messages.pop().unwrap();
    let total: u64 = messages.iter().map(|message| message.blob.len() as u64).sum();
    let mut bytes = Vec::new();
    for message in &messages {
        bytes.extend_from_slice(&message.blob);
        assert_eq!(message.remaining_bytes, total - bytes.len() as u64);
        assert!(message.blob.len() == 32 << 10 || message.remaining_bytes == 0);
    }
    assert_eq!((last.remaining_bytes, &last.blob[..]), (0, &Sha256::digest(&bytes)[..]));
    assert!(total > 1 << 20 && total.is_multiple_of(4096), "{total}");
    assert_eq!(unnamed_files(&server.data_dir()), 0, "nothing is left of it");

    // It is a store file: put where a store belongs, it opens.
    let directory = server.stop().await;
    let store_file = Storage::file_in_use(&directory.path().join("data")).unwrap();
    fs::write(&store_file, &bytes).unwrap();
    let _ = fs::remove_file(store_file.with_extension("mdb-lock"));
    let storage = Storage::open_read_only(&directory.path().join("data"), &StorageOptions::default()).unwrap();
    let store = Store::from_storage(storage, StoreOptions::default()).unwrap();
    let copied = store.hash_kv(0).unwrap();
    assert_eq!((copied.hash, copied.revision), (hash.hash, hash.hash_revision));
}

#[tokio::test]
async fn a_slow_client_holds_no_reader_and_one_that_leaves_costs_nothing() {
    let server = TestServer::start().await;
    fill(&server).await;
    let mut maintenance = server.maintenance().await;
    let mut streams = Vec::new();
    for _ in 0..4 {
        // On connections of their own: what is not read of one would hold up the others.
        let mut stream = begin(&mut server.maintenance().await).await;
        stream.message().await.unwrap().expect("a first chunk");
        streams.push(stream);
    }
    assert_eq!(unnamed_files(&server.data_dir()), 4);
    refused(maintenance.snapshot(pb::SnapshotRequest {}).await.map(drop), ApiError::TooManyRequests);

    // Were a reader held, the pages that this frees could not be used again and the file would grow.
    let mut kv = server.kv().await;
    let grown = |server: &TestServer| {
        let file = Storage::file_in_use(&server.data_dir()).unwrap();
        fs::metadata(file).unwrap().size()
    };
    let before = grown(&server);
    for round in 0..10 {
        for number in 0..20 {
            kv.put(put(&format!("other {number}"), &"v".repeat(20_000))).await.unwrap();
        }
        let revision = 301 + 20 * (round + 1);
        kv.compact(pb::CompactionRequest { revision, physical: true }).await.unwrap();
        maintenance.hash(pb::HashRequest {}).await.unwrap();
    }
    let after = grown(&server);
    assert!(after < before + 2_500_000, "{before} grew to {after}");

    drop(streams);
    for _ in 0..500 {
        if unnamed_files(&server.data_dir()) == 0 {
            break;
        }
        // A call gives the server's threads the time to notice.
        maintenance.status(pb::StatusRequest {}).await.unwrap();
    }
    assert_eq!(unnamed_files(&server.data_dir()), 0);
    drop(begin(&mut maintenance).await);
    server.stop().await;
}

#[tokio::test]
async fn clients_that_take_nothing_lose_their_places() {
    let server = TestServer::start_with(|config| config.snapshot_stall_timeout = Duration::from_millis(200)).await;
    fill(&server).await;
    let mut streams = Vec::new();
    for _ in 0..4 {
        let mut stream = begin(&mut server.maintenance().await).await;
        stream.message().await.unwrap().expect("a first chunk");
        streams.push(stream);
    }
    let began = Instant::now();
    while unnamed_files(&server.data_dir()) > 0 {
        assert!(began.elapsed() < PATIENCE, "somebody keeps a place");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(begin(&mut server.maintenance().await).await);
    for mut stream in streams {
        let error = loop {
            match stream.message().await {
                Ok(chunk) => assert!(chunk.is_some(), "a stream that was given up ends with an error"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.code(), Code::Aborted, "{error}");
    }
    server.stop().await;
}
