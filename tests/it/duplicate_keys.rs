//! Which puts etcd 3.7.1 lets stand beside a deletion in one transaction: every pair of a few keys and range ends.
//!
//! The rule is not "outside the deleted range": etcd takes the range end `\0` and an inverted range by their bytes.

use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::{DeleteRangeRequest, PutRequest, RequestOp, TxnRequest};

use crate::differential::operations::Operation;
use crate::differential::side::Side;
use crate::harness::Kind;

const KEYS: [&str; 6] = ["\0", "a", "a\0", "b", "b\0", "c"];
const ENDS: [&str; 6] = ["", "\0", "a", "b", "b\0", "c"];

fn put(key: &'static str) -> RequestOp {
    let put = PutRequest { key: key.into(), value: key.into(), ..PutRequest::default() };
    RequestOp { request: Some(Request::RequestPut(put)) }
}

fn delete(key: &'static str, range_end: &'static str) -> RequestOp {
    let delete = DeleteRangeRequest { key: key.into(), range_end: range_end.into(), ..DeleteRangeRequest::default() };
    RequestOp { request: Some(Request::RequestDeleteRange(delete)) }
}

fn nested(success: Vec<RequestOp>) -> RequestOp {
    let txn = TxnRequest { success, ..TxnRequest::default() };
    RequestOp { request: Some(Request::RequestTxn(txn)) }
}

#[tokio::test]
async fn puts_beside_deletions_are_judged_as_etcd_does() {
    let (mut theirs, mut ours) = (Side::start(Kind::Etcd37).await, Side::start(Kind::Kvd).await);
    let mut differing = Vec::new();
    for start in ["a", "b"] {
        for end in ENDS {
            for key in KEYS {
                let one_level = vec![delete(start, end), put(key)];
                let put_below = vec![delete(start, end), nested(vec![put(key)])];
                let delete_below = vec![nested(vec![delete(start, end)]), put(key)];
                for success in [one_level, put_below, delete_below] {
                    let txn = Operation::Txn(TxnRequest { success, ..TxnRequest::default() });
                    let (their_answer, our_answer) = (theirs.perform(&txn).await, ours.perform(&txn).await);
                    if their_answer != our_answer {
                        differing.push(format!("{txn:?}\n  etcd {their_answer:?}\n  kvd  {our_answer:?}"));
                    }
                }
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
