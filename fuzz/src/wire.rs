//! What comes over the network or out of a log entry: requests, commands, pairs.

use bytes::Bytes;
use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::{
    CompactionRequest, Compare as PbCompare, DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest,
    WatchCreateRequest, WatchRequest, watch_request,
};
use kv_store::{
    Command, CommandEntry, CommandId, Compare, CompareResult, CompareTarget, DeleteRange, KeyRange, KeyValue, Member,
    Membership, Op, Put, RangeQuery, Txn,
};
use prost::Message;

fn put() -> Put {
    Put { key: "key".into(), value: "value".into(), lease: 7, prev_kv: true, ..Put::default() }
}

pub(crate) fn commands() -> Vec<Vec<u8>> {
    let compare = |target| Compare { range: KeyRange::new("a", "b"), result: CompareResult::Greater, target };
    let compares = vec![
        compare(CompareTarget::Version(3)),
        compare(CompareTarget::Value("v".into())),
        compare(CompareTarget::Lease(-1)),
    ];
    let delete = || DeleteRange { range: KeyRange::new("a", "\0"), prev_kv: true };
    let nested = Txn { compare: compares.clone(), success: vec![Op::Put(put())], failure: vec![] };
    let read = RangeQuery { limit: 9, revision: 4, ..RangeQuery::new(KeyRange::all()) };
    let failure = vec![Op::DeleteRange(delete()), Op::Txn(nested), Op::Range(read)];
    let member = Member {
        id: 1,
        name: "default".into(),
        peer_urls: vec!["http://a:1".into()],
        client_urls: vec!["http://b:2".into()],
        learner: false,
    };
    let commands = [
        Command::Put(put()),
        Command::DeleteRange(delete()),
        Command::Txn(Txn { compare: compares, success: vec![Op::Put(put())], failure }),
        Command::Compact { revision: 1 << 40 },
        Command::SetMember(member),
        Command::LeaseGrant { id: 7, ttl: 60 },
        Command::LeaseRevoke { id: 7 },
    ];
    commands.iter().map(|command| command.encode().to_vec()).collect()
}

pub(crate) fn command(input: &[u8]) {
    let Ok((caller, command)) = Command::decode_with_caller(&Bytes::copy_from_slice(input)) else { return };
    let again = command.encode_for(&caller);
    assert_eq!(Command::decode_with_caller(&again), Ok((caller, command)), "what was read is written and read alike");
}

pub(crate) fn entries() -> Vec<Vec<u8>> {
    let id = CommandId { member: 1, request: 2 };
    let commands = commands().into_iter().map(|command| (id, Bytes::from(command))).collect();
    vec![CommandEntry { clock: 1_700_000_000_000, commands }.encode().to_vec()]
}

pub(crate) fn entry(input: &[u8]) {
    let Ok(entry) = CommandEntry::decode(&Bytes::copy_from_slice(input)) else { return };
    assert_eq!(CommandEntry::decode(&entry.encode()), Ok(entry), "what was read is written and read alike");
}

pub(crate) fn key_values() -> Vec<Vec<u8>> {
    let pair = KeyValue {
        key: "key".into(),
        create_revision: 2,
        mod_revision: 300,
        version: 1 << 40,
        value: vec![b'v'; 200].into(),
        lease: i64::MIN,
    };
    let absent = KeyValue { key: "key".into(), ..KeyValue::default() };
    vec![pair.encode().to_vec(), absent.encode().to_vec()]
}

pub(crate) fn key_value(input: &[u8]) {
    let Ok(pair) = KeyValue::decode(&Bytes::copy_from_slice(input)) else { return };
    assert_eq!(pair.encode(), input, "there is one encoding of a pair");
}

pub(crate) fn memberships() -> Vec<Vec<u8>> {
    vec![Membership { voters: vec![vec![1, 2], vec![3]], learners: vec![4] }.encode().to_vec()]
}

pub(crate) fn membership(input: &[u8]) {
    let Ok(membership) = Membership::decode(input) else { return };
    assert_eq!(Membership::decode(&membership.encode()), Ok(membership), "what was read is written and read alike");
}

/// One message of each kind; which kind is read is the first byte.
pub(crate) fn requests() -> Vec<Vec<u8>> {
    let put = PutRequest { key: "k".into(), value: "v".into(), lease: 1, ..PutRequest::default() };
    let delete = DeleteRangeRequest { key: "k".into(), range_end: "l".into(), prev_kv: true };
    let range = RangeRequest { key: "k".into(), limit: 5, revision: 9, ..RangeRequest::default() };
    let op = RequestOp { request: Some(Request::RequestPut(put.clone())) };
    let inner = TxnRequest { success: vec![op.clone()], ..TxnRequest::default() };
    let nested = RequestOp { request: Some(Request::RequestTxn(inner)) };
    let txn = TxnRequest {
        compare: vec![PbCompare { key: "k".into(), ..PbCompare::default() }],
        success: vec![op, nested],
        failure: vec![],
    };
    let create = WatchCreateRequest { key: "k".into(), filters: vec![0, 1], watch_id: 4, ..Default::default() };
    let watch = WatchRequest { request_union: Some(watch_request::RequestUnion::CreateRequest(create)) };
    let compaction = CompactionRequest { revision: 3, physical: true };
    let messages = [
        range.encode_to_vec(),
        put.encode_to_vec(),
        delete.encode_to_vec(),
        txn.encode_to_vec(),
        compaction.encode_to_vec(),
        watch.encode_to_vec(),
    ];
    messages.into_iter().enumerate().map(|(kind, message)| [&[kind as u8][..], &message].concat()).collect()
}

pub(crate) fn request(input: &[u8]) {
    let Some((kind, message)) = input.split_first() else { return };
    match kind % 6 {
        0 => round_trip::<RangeRequest>(message),
        1 => round_trip::<PutRequest>(message),
        2 => round_trip::<DeleteRangeRequest>(message),
        3 => round_trip::<TxnRequest>(message),
        4 => round_trip::<CompactionRequest>(message),
        _ => round_trip::<WatchRequest>(message),
    }
}

fn round_trip<M: Message + Default + PartialEq + std::fmt::Debug>(input: &[u8]) {
    let Ok(message) = M::decode(input) else { return };
    let again = M::decode(&*message.encode_to_vec()).expect("what we write can be read");
    assert_eq!(again, message, "what was read is written and read alike");
}
