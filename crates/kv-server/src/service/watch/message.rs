//! What a stream sends: messages whose events are encoded already, because most often several watchers are told the same.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use kv_proto::etcdserverpb::{WatchRequest, WatchResponse};
use kv_proto::mvccpb;
use kv_store::Event;
use prost::Message as _;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, EncodeBuf, Encoder};
use tonic_prost::ProstCodec;

use crate::convert::key_value;

/// Events as they stand in a `WatchResponse`, whose last field they are. Clones share them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EncodedEvents {
    bytes: Bytes,
    /// Where each of them ends.
    ends: Arc<[usize]>,
}

impl EncodedEvents {
    pub(super) fn new(events: Vec<Event>) -> Self {
        let mut bytes = BytesMut::new();
        let encode = |event| {
            let alone = WatchResponse { events: vec![convert(event)], ..WatchResponse::default() };
            bytes.reserve(alone.encoded_len());
            alone.encode_raw(&mut bytes);
            bytes.len()
        };
        let ends = events.into_iter().map(encode).collect();
        Self { bytes: bytes.freeze(), ends }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns where each event ends in the bytes.
    pub(super) fn ends(&self) -> &[usize] {
        &self.ends
    }
}

fn convert(event: Event) -> mvccpb::Event {
    let kind = if event.deleted { mvccpb::event::EventType::Delete } else { mvccpb::event::EventType::Put };
    mvccpb::Event { r#type: kind as i32, kv: Some(key_value(event.kv)), prev_kv: event.prev_kv.map(key_value) }
}

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Everything but the events.
    pub(super) head: WatchResponse,
    /// Some of [`EncodedEvents`], and how many.
    pub(super) events: Bytes,
    pub(super) event_count: usize,
}

impl Message {
    pub(super) fn new(head: WatchResponse, events: &EncodedEvents) -> Self {
        Self { head, events: events.bytes().clone(), event_count: events.len() }
    }

    pub(super) fn encoded_len(&self) -> usize {
        self.head.encoded_len() + self.events.len()
    }
}

impl From<WatchResponse> for Message {
    /// Makes a message without events.
    fn from(head: WatchResponse) -> Self {
        debug_assert!(head.events.is_empty(), "events are encoded before");
        Self { head, events: Bytes::new(), event_count: 0 }
    }
}

/// Reads requests as everywhere, and writes [`Message`]s.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WatchCodec;

impl Codec for WatchCodec {
    type Encode = Message;
    type Decode = WatchRequest;
    type Encoder = Self;
    type Decoder = <ProstCodec<WatchResponse, WatchRequest> as Codec>::Decoder;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<WatchResponse, WatchRequest>::raw_decoder(BufferSettings::default())
    }
}

impl Encoder for WatchCodec {
    type Item = Message;
    type Error = Status;

    fn encode(&mut self, message: Message, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.reserve(message.encoded_len());
        message.head.encode_raw(buffer);
        buffer.put_slice(&message.events);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kv_proto::etcdserverpb::ResponseHeader;
    use kv_store::KeyValue;

    use super::*;

    #[test]
    fn a_message_is_encoded_as_if_its_events_were_in_it() {
        let kv = |value: &'static str| KeyValue { key: "k".into(), value: value.into(), ..KeyValue::default() };
        let put = Event { deleted: false, kv: kv("new"), prev_kv: Some(kv("old")) };
        let delete = Event { deleted: true, kv: kv(""), prev_kv: None };
        let head = WatchResponse {
            header: Some(ResponseHeader { revision: 9, ..ResponseHeader::default() }),
            watch_id: 3,
            fragment: true,
            ..WatchResponse::default()
        };
        for events in [vec![], vec![put.clone()], vec![put, delete]] {
            let whole = WatchResponse { events: events.iter().cloned().map(convert).collect(), ..head.clone() };
            let message = Message::new(head.clone(), &EncodedEvents::new(events));
            let encoded = [&message.head.encode_to_vec()[..], &message.events].concat();
            assert_eq!(encoded, whole.encode_to_vec());
            assert_eq!((message.event_count, message.encoded_len()), (whole.events.len(), encoded.len()));
        }
    }
}
