//! What traces say of requests: which keys, never values.

use bytes::Bytes;
use kv_proto::etcdserverpb::{self as pb, request_op::Request};

use crate::trace::Span;

pub(super) fn range(span: &mut Span, request: &pb::RangeRequest) {
    range_stream(span, request);
    span.flag("keys_only", request.keys_only);
}

pub(super) fn range_stream(span: &mut Span, request: &pb::RangeRequest) {
    span.bytes("range_begin", &request.key)
        .bytes("range_end", &request.range_end)
        .number("rev", request.revision)
        .number("limit", request.limit)
        .flag("count_only", request.count_only);
}

pub(super) fn put(span: &mut Span, request: &pb::PutRequest) {
    span.bytes("key", &request.key);
}

pub(super) fn delete_range(span: &mut Span, request: &pb::DeleteRangeRequest) {
    span.bytes("range_begin", &request.key).bytes("range_end", &request.range_end);
}

pub(super) fn txn(span: &mut Span, request: &pb::TxnRequest) {
    let compared = request.compare.iter().map(|compare| &compare.key).find(|key| !key.is_empty());
    let touched = request.success.iter().filter_map(|op| op.request.as_ref()).find_map(key);
    let put_lease = request.success.iter().find_map(|op| match &op.request {
        Some(Request::RequestPut(put)) => Some(put.lease),
        _ => None,
    });
    let only_reads = |op: &pb::RequestOp| matches!(op.request, Some(Request::RequestRange(_)));
    span.bytes("compare_first_key", compared.map_or(&[], |key| key))
        .bytes("success_first_key", touched.map_or(&[], |key| key))
        .text("success_first_type", request.success.iter().find_map(|op| op.request.as_ref()).map_or("", kind))
        .number("success_first_lease", put_lease.unwrap_or(-1))
        .number("compare_len", request.compare.len() as i64)
        .number("success_len", request.success.len() as i64)
        .number("failure_len", request.failure.len() as i64)
        .flag("read_only", request.success.iter().chain(&request.failure).all(only_reads));
}

pub(super) fn compact(span: &mut Span, request: &pb::CompactionRequest) {
    span.flag("is_physical", request.physical).number("rev", request.revision);
}

fn key(request: &Request) -> Option<&Bytes> {
    let key = match request {
        Request::RequestRange(range) => &range.key,
        Request::RequestPut(put) => &put.key,
        Request::RequestDeleteRange(delete) => &delete.key,
        Request::RequestTxn(_) => return None,
    };
    Some(key).filter(|key| !key.is_empty())
}

fn kind(request: &Request) -> &'static str {
    match request {
        Request::RequestRange(_) => "range",
        Request::RequestPut(_) => "put",
        Request::RequestDeleteRange(_) => "delete_range",
        Request::RequestTxn(_) => "txn",
    }
}
