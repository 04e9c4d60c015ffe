//! The quota: what a request costs, and what is said about it at the start. The costs are etcd's, so that the same
//! requests are refused.

use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::{PutRequest, RequestOp, TxnRequest};

use crate::logging::Notice;

/// What a key costs beside its own bytes and its value's.
const KEY_OVERHEAD_BYTES: u64 = 256;

/// What a lease costs.
pub(crate) const LEASE_COST: u64 = 64;

/// A quota above this gets a warning: what a large store costs in memory and in time to start is easily forgotten.
const RECOMMENDED_QUOTA_BYTES_MAX: i64 = 8 << 30;

/// Returns what a put costs.
pub(crate) fn put_cost(put: &PutRequest) -> u64 {
    KEY_OVERHEAD_BYTES + put.key.len() as u64 + put.value.len() as u64
}

/// Returns what a transaction costs: the dearer of its branches, whichever will run.
pub(crate) fn txn_cost(txn: &TxnRequest) -> u64 {
    let branch = |ops: &[RequestOp]| ops.iter().map(op_cost).sum::<u64>();
    branch(&txn.success).max(branch(&txn.failure))
}

fn op_cost(op: &RequestOp) -> u64 {
    match &op.request {
        Some(Request::RequestPut(put)) => put_cost(put),
        Some(Request::RequestTxn(txn)) => txn_cost(txn),
        _ => 0,
    }
}

/// Says at the start which quota there is.
pub(crate) fn notices(configured: i64, quota: Option<i64>) -> Vec<Notice> {
    let about = |notice: Notice, bytes: i64| notice.field("quota-name", "v3-applier").field("quota-size-bytes", bytes);
    let Some(quota) = quota else {
        return vec![about(Notice::info("disabled backend quota"), configured)];
    };
    let mut notices = Vec::new();
    if quota > RECOMMENDED_QUOTA_BYTES_MAX {
        let notice = about(Notice::warn("quota exceeds the maximum value"), quota);
        notices.push(notice.field("quota-maximum-size-bytes", RECOMMENDED_QUOTA_BYTES_MAX));
    }
    let enabled = match configured {
        0 => "enabled backend quota with default value",
        _ => "enabled backend quota",
    };
    notices.push(about(Notice::info(enabled), quota));
    notices
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn put(key: &str, value: &str) -> PutRequest {
        PutRequest { key: key.to_owned().into(), value: value.to_owned().into(), ..PutRequest::default() }
    }

    fn op(request: Request) -> RequestOp {
        RequestOp { request: Some(request) }
    }

    #[test]
    fn costs_are_etcds() {
        assert_eq!(put_cost(&put("key", "value")), 264);
        assert_eq!(txn_cost(&TxnRequest::default()), 0);
        let nested = TxnRequest { failure: vec![op(Request::RequestPut(put("k", "")))], ..TxnRequest::default() };
        let txn = TxnRequest {
            success: vec![
                op(Request::RequestPut(put("a", "1"))),
                op(Request::RequestTxn(nested)),
                RequestOp::default(),
            ],
            failure: vec![op(Request::RequestPut(put("a", "12345")))],
            ..TxnRequest::default()
        };
        assert_eq!(txn_cost(&txn), 258 + 257);
    }

    #[test]
    fn the_quota_is_told_at_the_start() {
        let told = |quota_backend_bytes| {
            let config = Config { quota_backend_bytes, ..Config::default() };
            notices(quota_backend_bytes, config.quota_bytes())
                .into_iter()
                .map(|notice| notice.message)
                .collect::<Vec<_>>()
        };
        assert_eq!(told(0), ["enabled backend quota with default value"]);
        assert_eq!(told(-1), ["disabled backend quota"]);
        assert_eq!(told(8 << 30), ["enabled backend quota"]);
        assert_eq!(told((8 << 30) + 1), ["quota exceeds the maximum value", "enabled backend quota"]);
    }
}
