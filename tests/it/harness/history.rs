//! What a server keeps of the past: every change, by revision.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use kv_proto::etcdserverpb::watch_client::WatchClient;
use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::etcdserverpb::{WatchCreateRequest, WatchRequest};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;

use super::Server;

/// Larger than the whole history.
const MESSAGE_BYTES_MAX: usize = 1 << 30;
/// How long reading the history may take.
const HISTORY_WITHIN: Duration = Duration::from_secs(60);

/// Keys and their new values by revision, one of each; a delete has no value.
pub(crate) type History = BTreeMap<i64, (Bytes, Bytes)>;

/// Returns every change after `compacted` up to `current`, by revision.
pub(crate) async fn history(server: &Server, compacted: i64, current: i64) -> History {
    let mut puts = History::new();
    if compacted >= current {
        return puts;
    }
    let create = WatchCreateRequest {
        key: Bytes::from_static(b"\0"),
        range_end: Bytes::from_static(b"\0"),
        start_revision: compacted + 1,
        ..WatchCreateRequest::default()
    };
    let (requests, receiver) = tokio::sync::mpsc::channel(1);
    let watch = WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) };
    requests.send(watch).await.expect("the receiver is right here");
    let mut client = WatchClient::new(server.channel()).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let mut responses = client.watch(ReceiverStream::new(receiver)).await.expect("open a watch stream").into_inner();
    while puts.last_key_value().is_none_or(|(revision, _)| *revision < current) {
        let response = timeout(HISTORY_WITHIN, responses.message()).await.expect("the history comes in time");
        let response = response.expect("the watch stream works").expect("the watch stream goes on");
        assert!(!response.canceled, "the watch was cancelled: {response:?}");
        for event in response.events {
            let kv = event.kv.expect("an event has a key");
            puts.insert(kv.mod_revision, (kv.key, kv.value));
        }
    }
    puts
}
