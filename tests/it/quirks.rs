//! Where etcd 3.7.1 does something by accident and kvd does not follow, each with its line in the table of known
//! differences. The random sequences stay clear of these.

use bytes::Bytes;
use kv_proto::etcdserverpb::range_request::SortTarget;
use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::{
    CompactionRequest, DeleteRangeRequest, HashKvRequest, PutRequest, RangeRequest, RequestOp, TxnRequest,
};

use crate::differential::operations::Operation;
use crate::differential::side::{Answer, Side};
use crate::harness::Kind;
use crate::harness::differences::Ledger;

fn put(key: &'static str) -> PutRequest {
    PutRequest { key: key.into(), value: key.into(), ..PutRequest::default() }
}

fn delete(key: &'static str, range_end: &'static str) -> RequestOp {
    let delete = DeleteRangeRequest { key: key.into(), range_end: range_end.into(), ..DeleteRangeRequest::default() };
    RequestOp { request: Some(Request::RequestDeleteRange(delete)) }
}

fn txn(success: Vec<RequestOp>) -> Operation {
    Operation::Txn(TxnRequest { success, ..TxnRequest::default() })
}

/// Puts three keys on both servers, performs further steps, and compares the answers to the last one under `field`.
async fn last_answers(ledger: &mut Ledger, field: &str, steps: Vec<Operation>) {
    let (mut theirs, mut ours) = (Side::start(Kind::Etcd37).await, Side::start(Kind::Kvd).await);
    let puts = ["b", "a", "c"].map(|key| Operation::Put(put(key)));
    let mut answers = None;
    for step in puts.into_iter().chain(steps) {
        if let Some((their_answer, our_answer)) = answers.take() {
            assert_eq!(their_answer, our_answer, "{field}: before the last step");
        }
        answers = Some((theirs.perform(&step).await, ours.perform(&step).await));
    }
    let (their_answer, our_answer) = answers.expect("there are steps");
    ledger.compare(field, &their_answer, &our_answer);
}

#[tokio::test]
async fn accidents_of_etcd_3_7_are_known() {
    let mut ledger = Ledger::new("quirks", Kind::Etcd37);

    let compact = Operation::Compact(CompactionRequest { revision: 3, physical: true });
    let steps = vec![compact, Operation::HashKv(HashKvRequest { revision: -1 })];
    last_answers(&mut ledger, "hash of a negative revision", steps).await;

    let compact = Operation::Compact(CompactionRequest { revision: 0, physical: true });
    let steps = vec![compact, Operation::HashKv(HashKvRequest { revision: 0 })];
    last_answers(&mut ledger, "newest hash after a compaction to 0", steps).await;

    let request = RangeRequest {
        key: Bytes::from_static(b"\0"),
        range_end: Bytes::from_static(b"\0"),
        sort_target: SortTarget::Create as i32,
        ..RangeRequest::default()
    };
    let steps = vec![Operation::RangeStream(request)];
    last_answers(&mut ledger, "stream with a sort target and no order", steps).await;

    ledger.finish();
}

/// etcd 3.7.1 ends with a panic here, and ends again at every start; kvd refuses the transaction and goes on.
#[tokio::test]
async fn a_put_that_keeps_the_value_of_a_key_just_deleted_is_refused() {
    let mut ours = Side::start(Kind::Kvd).await;
    ours.perform(&Operation::Put(put("a"))).await;
    let keep = PutRequest { ignore_value: true, value: Bytes::new(), ..put("a") };
    let nested = TxnRequest { success: vec![delete("a", "")], ..TxnRequest::default() };
    let nested = RequestOp { request: Some(Request::RequestTxn(nested)) };
    let keep = RequestOp { request: Some(Request::RequestPut(keep)) };
    let keep = TxnRequest { success: vec![keep], ..TxnRequest::default() };
    // A put behind a deletion from a key on is not seen as writing one key twice.
    let answer = ours
        .perform(&txn(vec![delete("a", "\0"), RequestOp { request: Some(Request::RequestTxn(keep)) }, nested]))
        .await;
    let Answer::Error { message, .. } = answer else { panic!("accepted: {answer:?}") };
    assert_eq!(message, "etcdserver: key not found");
    let Answer::Put(answer) = ours.perform(&Operation::Put(put("a"))).await else { panic!("kvd goes on") };
    assert_eq!(answer.header.expect("a header").revision, 3, "the refused transaction changed nothing");
}
