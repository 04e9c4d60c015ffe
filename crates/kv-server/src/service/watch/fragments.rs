//! Cuts a message of many events into several that a client can take.

use kv_proto::etcdserverpb::WatchResponse;
use prost::Message as _;

use super::message::{EncodedEvents, Message};

/// Splits a response so that each piece stays below `limit` bytes, as far as single events do. All pieces but the
/// last say that more follows.
pub(super) fn split(head: WatchResponse, events: &EncodedEvents, limit: usize) -> Vec<Message> {
    let whole = Message::new(head, events);
    if whole.encoded_len() < limit || whole.event_count < 2 {
        return vec![whole];
    }
    let head = WatchResponse { fragment: true, ..whole.head };
    let overhead = head.encoded_len();
    let piece =
        |from, to, event_count| Message { head: head.clone(), events: events.bytes().slice(from..to), event_count };
    let mut pieces = Vec::new();
    let (mut from, mut to, mut count) = (0, 0, 0);
    for end in events.ends() {
        if count > 0 && overhead + end - from >= limit {
            pieces.push(piece(from, to, count));
            (from, count) = (to, 0);
        }
        (to, count) = (*end, count + 1);
    }
    let mut last = piece(from, to, count);
    last.head.fragment = false;
    pieces.push(last);
    pieces
}

#[cfg(test)]
mod tests {
    use kv_store::{Event, KeyValue};

    use super::*;

    fn check(value_bytes: &[usize], limit: usize, expected: &[usize]) {
        let event = |length: &usize| {
            let kv = KeyValue { key: "k".into(), value: vec![b'v'; *length].into(), ..KeyValue::default() };
            Event { deleted: false, kv, prev_kv: None }
        };
        let events = EncodedEvents::new(value_bytes.iter().map(event).collect());
        let pieces = split(WatchResponse { watch_id: 5, ..WatchResponse::default() }, &events, limit);
        let lengths: Vec<_> = pieces.iter().map(|piece| piece.event_count).collect();
        assert_eq!(lengths, expected);
        let (last, others) = pieces.split_last().unwrap();
        assert!(!last.head.fragment && others.iter().all(|piece| piece.head.fragment));
        assert!(
            pieces
                .iter()
                .all(|piece| piece.head.watch_id == 5 && (piece.event_count == 1 || piece.encoded_len() < limit))
        );
        let bytes: Vec<_> = pieces.iter().flat_map(|piece| piece.events.iter().copied()).collect();
        assert_eq!(bytes, events.bytes()[..]);
    }

    #[test]
    fn pieces_stay_below_the_limit_and_lose_nothing() {
        check(&[10, 10, 10], 1000, &[3]);
        check(&[400, 400, 400], 1000, &[2, 1]);
        check(&[2000, 10, 10], 1000, &[1, 2]);
        check(&[10, 2000], 1000, &[1, 1]);
        check(&[5000], 1000, &[1]);
    }
}
