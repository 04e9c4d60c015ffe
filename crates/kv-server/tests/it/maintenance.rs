//! The service Maintenance.

use kv_proto::ApiError;
use kv_proto::etcdserverpb::{self as pb, downgrade_request::DowngradeAction};

use crate::harness::{TestServer, delete, put, refused};

#[tokio::test]
async fn the_status_says_who_and_how_large() {
    let server = TestServer::start_with(|config| config.quota_backend_bytes = 1 << 30).await;
    let status = server.maintenance().await.status(pb::StatusRequest {}).await.unwrap().into_inner();
    assert_eq!((status.version.as_str(), status.storage_version.as_str()), ("3.7.1", "3.7.0"));
    assert_eq!(status.leader, status.header.unwrap().member_id);
    assert_eq!((status.db_size_quota, status.is_learner, status.errors.len()), (1 << 30, false, 0));
    assert!(status.raft_term > 0 && status.raft_index >= status.raft_applied_index);
    assert!(status.db_size >= status.db_size_in_use && status.db_size_in_use > 0);
    assert_eq!(status.downgrade_info, Some(pb::DowngradeInfo::default()));
    server.stop().await;
}

#[tokio::test]
async fn the_hash_of_the_keys_is_what_a_real_etcd_computes() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let mut maintenance = server.maintenance().await;
    kv.put(put("a", "1")).await.unwrap();
    let first = maintenance.hash_kv(pb::HashKvRequest { revision: 0 }).await.unwrap().into_inner();
    assert_eq!((first.hash_revision, first.compact_revision, first.header.unwrap().revision), (2, -1, 2));
    kv.put(put("a", "2")).await.unwrap();
    let pinned = maintenance.hash_kv(pb::HashKvRequest { revision: 2 }).await.unwrap().into_inner();
    assert_eq!((pinned.hash, pinned.header.unwrap().revision), (first.hash, 3));
    refused(maintenance.hash_kv(pb::HashKvRequest { revision: 9 }).await, ApiError::FutureRevision);
    kv.compact(pb::CompactionRequest { revision: 3, physical: true }).await.unwrap();
    refused(maintenance.hash_kv(pb::HashKvRequest { revision: 2 }).await, ApiError::Compacted);
    assert!(maintenance.hash(pb::HashRequest {}).await.unwrap().into_inner().header.is_some());
    server.stop().await;
}

#[tokio::test]
async fn defragmentation_gives_space_back() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let mut maintenance = server.maintenance().await;
    for number in 0..200 {
        kv.put(put(&number.to_string(), &"v".repeat(10_000))).await.unwrap();
    }
    let revision = kv.delete_range(delete("0", "\0")).await.unwrap().into_inner().header.unwrap().revision;
    kv.compact(pb::CompactionRequest { revision, physical: true }).await.unwrap();
    let before = maintenance.status(pb::StatusRequest {}).await.unwrap().into_inner();
    let response = maintenance.defragment(pb::DefragmentRequest {}).await.unwrap().into_inner();
    assert_eq!(response.header, None);
    let after = maintenance.status(pb::StatusRequest {}).await.unwrap().into_inner();
    assert!(after.db_size < before.db_size / 4, "{} of {}", after.db_size, before.db_size);
    kv.put(put("a", "still here")).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_file_with_much_free_space_is_defragmented_at_the_start() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    for number in 0..300 {
        kv.put(put(&number.to_string(), &"v".repeat(10_000))).await.unwrap();
    }
    let revision = kv.delete_range(delete("0", "\0")).await.unwrap().into_inner().header.unwrap().revision;
    kv.compact(pb::CompactionRequest { revision, physical: true }).await.unwrap();
    let size_after = async |server: TestServer, threshold| {
        let directory = server.stop().await;
        let change = |config: &mut kv_server::Config| config.bootstrap_defrag_threshold_megabytes = threshold;
        let server = TestServer::start_in(directory, change).await;
        let status = server.maintenance().await.status(pb::StatusRequest {}).await.unwrap().into_inner();
        (server, status.db_size)
    };
    let (server, never) = size_after(server, 0).await;
    let (server, below) = size_after(server, 1000).await;
    let (server, above) = size_after(server, 1).await;
    assert!(never > 2 << 20 && below >= never && above < 200_000, "{never}, {below}, {above}");
    server.kv().await.put(put("a", "1")).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn what_only_several_members_or_releases_can_do_is_refused() {
    let server = TestServer::start().await;
    let mut maintenance = server.maintenance().await;
    let downgrade = |action: DowngradeAction, version: &str| pb::DowngradeRequest {
        action: action as i32,
        version: version.to_owned(),
    };
    let valid = maintenance.downgrade(downgrade(DowngradeAction::Validate, "3.6")).await.unwrap().into_inner();
    assert_eq!((valid.version.as_str(), valid.header.unwrap().revision), ("3.7", 1));
    let enable = maintenance.downgrade(downgrade(DowngradeAction::Enable, "3.6")).await.unwrap_err();
    assert_eq!(enable.code(), tonic::Code::FailedPrecondition);
    assert_eq!(enable.message(), "etcdserver: kvd has no older release to go back to; the cluster stays at 3.7");
    refused(maintenance.move_leader(pb::MoveLeaderRequest { target_id: 1 }).await, ApiError::BadLeaderTransferee);
    server.stop().await;
}
