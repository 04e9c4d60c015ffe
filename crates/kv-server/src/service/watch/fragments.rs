//! Cuts a message of many events into several that a client can take.

use kv_proto::etcdserverpb::WatchResponse;
use prost::Message;

/// Splits a response so that each piece stays below `limit` bytes, as far as single events do. All pieces but the
/// last say that more follows.
pub(super) fn split(response: WatchResponse, limit: usize) -> Vec<WatchResponse> {
    if response.encoded_len() < limit || response.events.len() < 2 {
        return vec![response];
    }
    let empty = WatchResponse { events: Vec::new(), ..response.clone() };
    let overhead = empty.encoded_len() + prost::length_delimiter_len(limit);
    let mut pieces = vec![WatchResponse { fragment: true, ..empty.clone() }];
    let mut bytes = overhead;
    for event in response.events {
        let length = event.encoded_len();
        let added = 1 + prost::length_delimiter_len(length) + length;
        let last = pieces.last_mut().expect("there is always a piece");
        if bytes + added >= limit && !last.events.is_empty() {
            pieces.push(WatchResponse { events: vec![event], fragment: true, ..empty.clone() });
            bytes = overhead + added;
        } else {
            last.events.push(event);
            bytes += added;
        }
    }
    pieces.last_mut().expect("there is always a piece").fragment = false;
    pieces
}

#[cfg(test)]
mod tests {
    use kv_proto::mvccpb::{Event, KeyValue};

    use super::*;

    fn response(value_bytes: &[usize]) -> WatchResponse {
        let event = |length: &usize| Event {
            kv: Some(KeyValue { value: vec![b'v'; *length].into(), ..KeyValue::default() }),
            ..Event::default()
        };
        WatchResponse { watch_id: 5, events: value_bytes.iter().map(event).collect(), ..WatchResponse::default() }
    }

    fn check(value_bytes: &[usize], limit: usize, expected: &[usize]) {
        let pieces = split(response(value_bytes), limit);
        let lengths: Vec<_> = pieces.iter().map(|piece| piece.events.len()).collect();
        assert_eq!(lengths, expected);
        let (last, others) = pieces.split_last().unwrap();
        assert!(!last.fragment && others.iter().all(|piece| piece.fragment));
        assert!(
            pieces.iter().all(|piece| piece.watch_id == 5 && (piece.events.len() == 1 || piece.encoded_len() < limit))
        );
        let events: Vec<_> = pieces.into_iter().flat_map(|piece| piece.events).collect();
        assert_eq!(events, response(value_bytes).events);
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
