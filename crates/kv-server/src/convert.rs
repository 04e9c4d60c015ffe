//! From the API's requests to the store's commands and back: the only place that knows both.
//!
//! Requests are checked here, in etcd's order; what remains can only fail by the store's state.

use kv_proto::ApiError;
use kv_proto::etcdserverpb::{self as pb, compare, range_request, request_op, response_op};
use kv_proto::mvccpb;
use kv_store::{
    Alarm, Compare, CompareResult, CompareTarget, DeleteRange, DeleteRangeAnswer, KeyRange, KeyValue, Op, OpAnswer,
    Put, PutAnswer, RangeAnswer, RangeQuery, SortOrder, SortTarget, Txn, TxnAnswer,
};

/// Checks and converts a read.
pub(crate) fn range_query(request: pb::RangeRequest) -> Result<RangeQuery, ApiError> {
    use range_request::{SortOrder as Order, SortTarget as Target};
    if request.key.is_empty() {
        return Err(ApiError::EmptyKey);
    }
    let sort_order = match Order::try_from(request.sort_order) {
        Ok(Order::None) => SortOrder::None,
        Ok(Order::Ascend) => SortOrder::Ascend,
        Ok(Order::Descend) => SortOrder::Descend,
        Err(_) => return Err(ApiError::InvalidSortOption),
    };
    let sort_target = match Target::try_from(request.sort_target) {
        Ok(Target::Key) => SortTarget::Key,
        Ok(Target::Version) => SortTarget::Version,
        Ok(Target::Create) => SortTarget::Create,
        Ok(Target::Mod) => SortTarget::Mod,
        Ok(Target::Value) => SortTarget::Value,
        Err(_) => return Err(ApiError::InvalidSortOption),
    };
    Ok(RangeQuery {
        range: KeyRange::new(request.key, request.range_end),
        revision: request.revision,
        limit: request.limit,
        sort_order,
        sort_target,
        keys_only: request.keys_only,
        count_only: request.count_only,
        min_mod_revision: request.min_mod_revision,
        max_mod_revision: request.max_mod_revision,
        min_create_revision: request.min_create_revision,
        max_create_revision: request.max_create_revision,
    })
}

/// Checks and converts a write.
pub(crate) fn put(request: pb::PutRequest) -> Result<Put, ApiError> {
    if request.key.is_empty() {
        return Err(ApiError::EmptyKey);
    }
    if request.ignore_value && !request.value.is_empty() {
        return Err(ApiError::ValueProvided);
    }
    if request.ignore_lease && request.lease != 0 {
        return Err(ApiError::LeaseProvided);
    }
    Ok(Put {
        key: request.key,
        value: request.value,
        lease: request.lease,
        prev_kv: request.prev_kv,
        ignore_value: request.ignore_value,
        ignore_lease: request.ignore_lease,
    })
}

/// Checks and converts a deletion.
pub(crate) fn delete_range(request: pb::DeleteRangeRequest) -> Result<DeleteRange, ApiError> {
    if request.key.is_empty() {
        return Err(ApiError::EmptyKey);
    }
    Ok(DeleteRange { range: KeyRange::new(request.key, request.range_end), prev_kv: request.prev_kv })
}

/// Converts a transaction, checking its fields and its size. A nested one may have as many operations as the
/// outer one leaves. Whether it writes a key twice is for [`crate::intervals::check_writes`].
pub(crate) fn txn(request: pb::TxnRequest, max_ops: usize) -> Result<Txn, ApiError> {
    let size = request.compare.len().max(request.success.len()).max(request.failure.len());
    let Some(left) = max_ops.checked_sub(size) else {
        return Err(ApiError::TooManyOps);
    };
    if request.compare.iter().any(|compare| compare.key.is_empty()) {
        return Err(ApiError::EmptyKey);
    }
    let branch = |ops: Vec<pb::RequestOp>| ops.into_iter().map(|each| op(each, left)).collect::<Result<_, _>>();
    Ok(Txn {
        success: branch(request.success)?,
        failure: branch(request.failure)?,
        compare: request.compare.into_iter().map(comparison).collect(),
    })
}

/// Says whether a transaction only reads, and if so, whether every read may be answered from local state.
pub(crate) fn is_serializable(request: &pb::TxnRequest) -> bool {
    request.success.iter().chain(&request.failure).all(|op| match &op.request {
        Some(request_op::Request::RequestRange(range)) => range.serializable,
        _ => false,
    })
}

fn op(op: pb::RequestOp, max_ops: usize) -> Result<Op, ApiError> {
    use request_op::Request;
    match op.request {
        Some(Request::RequestRange(request)) => range_query(request).map(Op::Range),
        Some(Request::RequestPut(request)) => put(request).map(Op::Put),
        Some(Request::RequestDeleteRange(request)) => delete_range(request).map(Op::DeleteRange),
        Some(Request::RequestTxn(request)) => txn(request, max_ops).map(Op::Txn),
        None => Err(ApiError::KeyNotFound),
    }
}

fn comparison(request: pb::Compare) -> Compare {
    use compare::{CompareResult as Result, CompareTarget as Target, TargetUnion as Union};
    let result = match Result::try_from(request.result) {
        Ok(Result::Equal) => CompareResult::Equal,
        Ok(Result::Greater) => CompareResult::Greater,
        Ok(Result::Less) => CompareResult::Less,
        Ok(Result::NotEqual) => CompareResult::NotEqual,
        Err(_) => CompareResult::Undefined,
    };
    // A union that is missing, or holds another target's value, counts as zero or empty.
    let union = request.target_union;
    let target = match Target::try_from(request.target) {
        Ok(Target::Version) => CompareTarget::Version(match union {
            Some(Union::Version(version)) => version,
            _ => 0,
        }),
        Ok(Target::Create) => CompareTarget::CreateRevision(match union {
            Some(Union::CreateRevision(revision)) => revision,
            _ => 0,
        }),
        Ok(Target::Mod) => CompareTarget::ModRevision(match union {
            Some(Union::ModRevision(revision)) => revision,
            _ => 0,
        }),
        Ok(Target::Value) => CompareTarget::Value(match union {
            Some(Union::Value(value)) => value,
            _ => bytes::Bytes::new(),
        }),
        Ok(Target::Lease) => CompareTarget::Lease(match union {
            Some(Union::Lease(lease)) => lease,
            _ => 0,
        }),
        Err(_) => CompareTarget::Undefined,
    };
    Compare { range: KeyRange::new(request.key, request.range_end), result, target }
}

/// Converts a pair.
pub(crate) fn key_value(pair: KeyValue) -> mvccpb::KeyValue {
    mvccpb::KeyValue {
        key: pair.key,
        create_revision: pair.create_revision,
        mod_revision: pair.mod_revision,
        version: pair.version,
        value: pair.value,
        lease: pair.lease,
    }
}

/// Converts what a read found.
pub(crate) fn range_response(answer: RangeAnswer, header: pb::ResponseHeader) -> pb::RangeResponse {
    pb::RangeResponse {
        header: Some(header),
        kvs: answer.kvs.into_iter().map(key_value).collect(),
        more: answer.more,
        count: answer.count,
    }
}

/// Converts what a put did.
pub(crate) fn put_response(answer: PutAnswer, header: pb::ResponseHeader) -> pb::PutResponse {
    pb::PutResponse { header: Some(header), prev_kv: answer.prev_kv.map(key_value) }
}

/// Converts what a deletion did.
pub(crate) fn delete_range_response(answer: DeleteRangeAnswer, header: pb::ResponseHeader) -> pb::DeleteRangeResponse {
    pb::DeleteRangeResponse {
        header: Some(header),
        deleted: answer.deleted,
        prev_kvs: answer.prev_kvs.into_iter().map(key_value).collect(),
    }
}

/// Converts what a transaction did. Inner headers carry the revision alone; that of a nested one is empty.
pub(crate) fn txn_response(answer: TxnAnswer, header: pb::ResponseHeader) -> pb::TxnResponse {
    use response_op::Response;
    let inner = |revision| pb::ResponseHeader { revision, ..pb::ResponseHeader::default() };
    let response = |op| match op {
        OpAnswer::Range(answer) => {
            let header = inner(answer.revision);
            Response::ResponseRange(range_response(answer, header))
        }
        OpAnswer::Put(answer) => {
            let header = inner(answer.revision);
            Response::ResponsePut(put_response(answer, header))
        }
        OpAnswer::DeleteRange(answer) => {
            let header = inner(answer.revision);
            Response::ResponseDeleteRange(delete_range_response(answer, header))
        }
        OpAnswer::Txn(answer) => Response::ResponseTxn(txn_response(answer, pb::ResponseHeader::default())),
    };
    pb::TxnResponse {
        header: Some(header),
        succeeded: answer.succeeded,
        responses: answer.responses.into_iter().map(|op| pb::ResponseOp { response: Some(response(op)) }).collect(),
    }
}

/// Converts an alarm.
pub(crate) fn alarm(alarm: Alarm) -> pb::AlarmMember {
    pb::AlarmMember { member_id: alarm.member_id, alarm: alarm.kind.0 }
}

/// Writes an alarm as a status lists it, which clients search for `alarm:`.
pub(crate) fn alarm_text(alarm: Alarm) -> String {
    format!("memberID:{} alarm:{}", alarm.member_id, alarm.kind)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn put_request(key: &'static str) -> pb::PutRequest {
        pb::PutRequest { key: Bytes::from_static(key.as_bytes()), ..pb::PutRequest::default() }
    }

    fn put_op(key: &'static str) -> pb::RequestOp {
        pb::RequestOp { request: Some(request_op::Request::RequestPut(put_request(key))) }
    }

    fn nested(request: pb::TxnRequest) -> pb::RequestOp {
        pb::RequestOp { request: Some(request_op::Request::RequestTxn(request)) }
    }

    #[test]
    fn fields_are_checked_in_etcds_order() {
        assert_eq!(range_query(pb::RangeRequest::default()), Err(ApiError::EmptyKey));
        let request = pb::RangeRequest { key: "a".into(), sort_target: 9, ..pb::RangeRequest::default() };
        assert_eq!(range_query(request), Err(ApiError::InvalidSortOption));
        let request =
            pb::PutRequest { ignore_value: true, value: "v".into(), ignore_lease: true, lease: 1, ..put_request("a") };
        assert_eq!(put(request), Err(ApiError::ValueProvided));
        let request = pb::PutRequest { ignore_lease: true, lease: 1, ..put_request("a") };
        assert_eq!(put(request), Err(ApiError::LeaseProvided));
        assert_eq!(put(put_request("")), Err(ApiError::EmptyKey));
        assert_eq!(delete_range(pb::DeleteRangeRequest::default()), Err(ApiError::EmptyKey));
    }

    #[test]
    fn a_transaction_is_bounded_and_a_nested_one_by_what_is_left() {
        let of = |success| pb::TxnRequest { success, ..pb::TxnRequest::default() };
        assert!(txn(of(vec![put_op("a"), put_op("b")]), 2).is_ok());
        assert_eq!(txn(of(vec![put_op("a"), put_op("b")]), 1), Err(ApiError::TooManyOps));
        let inner = || nested(of(vec![put_op("a"), put_op("b")]));
        assert!(txn(of(vec![inner()]), 3).is_ok());
        assert_eq!(txn(of(vec![inner()]), 2), Err(ApiError::TooManyOps));
        assert_eq!(txn(of(vec![pb::RequestOp { request: None }]), 9), Err(ApiError::KeyNotFound));
        let request = pb::TxnRequest { compare: vec![pb::Compare::default()], ..pb::TxnRequest::default() };
        assert_eq!(txn(request, 9), Err(ApiError::EmptyKey));
    }

    #[test]
    fn a_comparison_without_a_matching_value_compares_with_zero() {
        let request = pb::Compare {
            key: "a".into(),
            target: compare::CompareTarget::Mod as i32,
            target_union: Some(compare::TargetUnion::Version(7)),
            result: 99,
            ..pb::Compare::default()
        };
        let converted = comparison(request);
        assert_eq!(converted.target, CompareTarget::ModRevision(0));
        assert_eq!(converted.result, CompareResult::Undefined);
    }

    #[test]
    fn only_reads_that_all_may_be_local_are_serializable() {
        let read = |serializable| pb::RequestOp {
            request: Some(request_op::Request::RequestRange(pb::RangeRequest {
                serializable,
                ..pb::RangeRequest::default()
            })),
        };
        let of = |success| pb::TxnRequest { success, ..pb::TxnRequest::default() };
        assert!(is_serializable(&of(vec![])));
        assert!(is_serializable(&of(vec![read(true)])));
        assert!(!is_serializable(&of(vec![read(true), read(false)])));
        assert!(!is_serializable(&of(vec![put_op("a")])));
    }

    #[test]
    fn headers_inside_a_transaction_carry_the_revision_alone() {
        let answer = TxnAnswer {
            revision: 7,
            succeeded: true,
            responses: vec![
                OpAnswer::Put(PutAnswer { revision: 7, prev_kv: None }),
                OpAnswer::Txn(TxnAnswer { revision: 7, succeeded: false, responses: vec![] }),
            ],
        };
        let header = pb::ResponseHeader { cluster_id: 1, member_id: 2, revision: 7, raft_term: 3 };
        let response = txn_response(answer, header);
        assert_eq!(response.header, Some(header));
        let inner: Vec<_> = response
            .responses
            .into_iter()
            .map(|op| match op.response.unwrap() {
                response_op::Response::ResponsePut(put) => put.header.unwrap(),
                response_op::Response::ResponseTxn(txn) => txn.header.unwrap(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(inner[0], pb::ResponseHeader { revision: 7, ..pb::ResponseHeader::default() });
        assert_eq!(inner[1], pb::ResponseHeader::default());
    }
}
