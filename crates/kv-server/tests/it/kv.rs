//! The service KV.

use kv_proto::ApiError;
use kv_proto::etcdserverpb::{self as pb, compare, request_op::Request, response_op::Response};

use crate::harness::{TestServer, delete, get, op, put, range, refused};

#[tokio::test]
async fn a_put_is_read_back_with_its_revisions() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let first = kv.put(put("a", "1")).await.unwrap().into_inner();
    let header = first.header.unwrap();
    assert_eq!(header.revision, 2, "a new store is at revision 1");
    assert!(header.cluster_id != 0 && header.member_id != 0 && header.raft_term > 0);
    assert_eq!(first.prev_kv, None);

    let second = kv.put(pb::PutRequest { prev_kv: true, ..put("a", "2") }).await.unwrap().into_inner();
    let previous = second.prev_kv.unwrap();
    assert_eq!((previous.value.as_ref(), previous.version), (&b"1"[..], 1));

    let found = kv.range(get("a")).await.unwrap().into_inner();
    let pair = &found.kvs[0];
    assert_eq!((pair.create_revision, pair.mod_revision, pair.version), (2, 3, 2));
    assert_eq!((pair.value.as_ref(), found.count, found.more), (&b"2"[..], 1, false));
    assert_eq!(found.header.unwrap().revision, 3);

    let old = kv.range(pb::RangeRequest { revision: 2, ..get("a") }).await.unwrap().into_inner();
    assert_eq!((old.kvs[0].value.as_ref(), old.header.unwrap().revision), (&b"1"[..], 3));
    server.stop().await;
}

#[tokio::test]
async fn pages_say_how_much_there_is() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    for key in ["a", "b", "c", "d"] {
        kv.put(put(key, key)).await.unwrap();
    }
    let page = kv.range(pb::RangeRequest { limit: 3, ..range("a", "\0") }).await.unwrap().into_inner();
    assert_eq!((page.kvs.len(), page.count, page.more), (3, 4, true));
    let rest = kv.range(pb::RangeRequest { limit: 3, ..range("c\0", "\0") }).await.unwrap().into_inner();
    assert_eq!((rest.kvs.len(), rest.count, rest.more), (1, 1, false));
    let counted = kv.range(pb::RangeRequest { count_only: true, ..range("b", "d") }).await.unwrap().into_inner();
    assert_eq!((counted.kvs.len(), counted.count), (0, 2));
    let empty = kv.range(range("d", "b")).await.unwrap().into_inner();
    assert_eq!((empty.kvs.len(), empty.count), (0, 0));
    server.stop().await;
}

#[tokio::test]
async fn a_deletion_counts_and_makes_one_revision() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    for key in ["a", "b", "c"] {
        kv.put(put(key, key)).await.unwrap();
    }
    let deleted =
        kv.delete_range(pb::DeleteRangeRequest { prev_kv: true, ..delete("a", "c") }).await.unwrap().into_inner();
    assert_eq!((deleted.deleted, deleted.header.unwrap().revision), (2, 5));
    assert_eq!(deleted.prev_kvs.iter().map(|pair| pair.key.as_ref()).collect::<Vec<_>>(), [b"a", b"b"]);
    let nothing = kv.delete_range(delete("a", "c")).await.unwrap().into_inner();
    assert_eq!((nothing.deleted, nothing.header.unwrap().revision), (0, 5));
    server.stop().await;
}

#[tokio::test]
async fn a_transaction_runs_the_branch_its_comparisons_choose() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let create = |value: &str| pb::TxnRequest {
        compare: vec![pb::Compare {
            key: "a".into(),
            target: compare::CompareTarget::Mod as i32,
            target_union: Some(compare::TargetUnion::ModRevision(0)),
            ..pb::Compare::default()
        }],
        success: vec![op(Request::RequestPut(put("a", value)))],
        failure: vec![op(Request::RequestRange(get("a")))],
    };
    let won = kv.txn(create("1")).await.unwrap().into_inner();
    assert!(won.succeeded);
    let Some(Response::ResponsePut(inner)) = &won.responses[0].response else { panic!("{won:?}") };
    assert_eq!(inner.header.unwrap(), pb::ResponseHeader { revision: 2, ..pb::ResponseHeader::default() });

    let lost = kv.txn(create("2")).await.unwrap().into_inner();
    assert_eq!((lost.succeeded, lost.header.unwrap().revision), (false, 2));
    let Some(Response::ResponseRange(inner)) = &lost.responses[0].response else { panic!("{lost:?}") };
    assert_eq!(inner.kvs[0].value.as_ref(), b"1");

    let reads = pb::TxnRequest { success: vec![op(Request::RequestRange(get("a")))], ..pb::TxnRequest::default() };
    let read = kv.txn(reads).await.unwrap().into_inner();
    assert_eq!((read.succeeded, read.header.unwrap().revision), (true, 2));
    let empty = kv.txn(pb::TxnRequest::default()).await.unwrap().into_inner();
    assert!(empty.succeeded && empty.responses.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn refusals_have_etcds_codes_and_texts() {
    let server = TestServer::start_with(|config| config.max_request_bytes = 1000).await;
    let mut kv = server.kv().await;
    refused(kv.put(put("", "v")).await, ApiError::EmptyKey);
    refused(kv.range(get("")).await, ApiError::EmptyKey);
    refused(kv.range(pb::RangeRequest { revision: 9, ..get("a") }).await, ApiError::FutureRevision);
    refused(kv.range(pb::RangeRequest { sort_order: 7, ..get("a") }).await, ApiError::InvalidSortOption);
    refused(kv.put(pb::PutRequest { lease: 1, ..put("a", "v") }).await, ApiError::LeaseNotFound);
    refused(kv.put(pb::PutRequest { ignore_value: true, ..put("a", "") }).await, ApiError::KeyNotFound);
    refused(kv.put(put("a", &"v".repeat(1000))).await, ApiError::RequestTooLarge);
    kv.put(put("a", &"v".repeat(970))).await.unwrap();
    let twice = vec![op(Request::RequestPut(put("a", "1"))), op(Request::RequestPut(put("a", "2")))];
    refused(kv.txn(pb::TxnRequest { success: twice, ..pb::TxnRequest::default() }).await, ApiError::DuplicateKey);
    let many = (0..129).map(|key| op(Request::RequestRange(get(&key.to_string())))).collect();
    refused(kv.txn(pb::TxnRequest { success: many, ..pb::TxnRequest::default() }).await, ApiError::TooManyOps);
    refused(kv.compact(pb::CompactionRequest { revision: 99, physical: false }).await, ApiError::FutureRevision);
    server.stop().await;
}

#[tokio::test]
async fn compaction_gives_up_what_was_superseded() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    for value in ["1", "2", "3"] {
        kv.put(put("a", value)).await.unwrap();
    }
    let compacted = kv.compact(pb::CompactionRequest { revision: 3, physical: true }).await.unwrap().into_inner();
    assert_eq!(compacted.header.unwrap().revision, 4);
    refused(kv.range(pb::RangeRequest { revision: 2, ..get("a") }).await, ApiError::Compacted);
    let kept = kv.range(pb::RangeRequest { revision: 3, ..get("a") }).await.unwrap().into_inner();
    assert_eq!(kept.kvs[0].value.as_ref(), b"2");
    refused(kv.compact(pb::CompactionRequest { revision: 3, physical: false }).await, ApiError::Compacted);
    server.stop().await;
}

#[tokio::test]
async fn a_range_stream_is_one_range_in_pieces() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    for number in 0..50 {
        kv.put(put(&format!("k{number:03}"), "v")).await.unwrap();
    }
    let collect = async |kv: &mut kv_proto::etcdserverpb::kv_client::KvClient<_>, request: pb::RangeRequest| {
        let mut stream = kv.range_stream(request).await.unwrap().into_inner();
        let mut pieces = Vec::new();
        while let Some(piece) = stream.message().await.unwrap() {
            pieces.push(piece.range_response.unwrap());
        }
        pieces
    };
    let pieces = collect(&mut kv, range("k", "l")).await;
    assert_eq!(pieces.iter().map(|piece| piece.kvs.len()).collect::<Vec<_>>(), [10, 20, 20]);
    let (last, others) = pieces.split_last().unwrap();
    assert!(others.iter().all(|piece| piece.header.is_none() && piece.count == 0 && !piece.more));
    assert_eq!((last.header.unwrap().revision, last.count, last.more), (51, 50, false));
    let keys: Vec<_> = pieces.iter().flat_map(|piece| &piece.kvs).map(|pair| pair.key.clone()).collect();
    assert!(keys.is_sorted() && keys.len() == 50);

    let limited = collect(&mut kv, pb::RangeRequest { limit: 15, ..range("k", "l") }).await;
    assert_eq!(limited.iter().map(|piece| piece.kvs.len()).collect::<Vec<_>>(), [10, 5]);
    assert_eq!((limited[1].count, limited[1].more), (50, true));

    let counted = collect(&mut kv, pb::RangeRequest { count_only: true, ..range("k", "l") }).await;
    assert_eq!((counted.len(), counted[0].count, counted[0].kvs.len()), (1, 50, 0));

    let sorted = pb::RangeRequest { sort_order: 2, ..range("k", "l") };
    let status = kv.range_stream(sorted).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unimplemented);
    assert_eq!(status.message(), "RangeStream does not support custom sort orders");
    server.stop().await;
}
