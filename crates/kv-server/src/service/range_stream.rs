//! A range as a stream of pieces, all read at one revision, so that neither side holds it as a whole.
//!
//! The pieces grow or shrink towards the size of a request. Only the last one carries the header, the count of the
//! range and whether the limit left something out. While a piece is on its way the next one is read, and no more than that
//! one is held for a client that does not read. The revision stays pinned while the client reads; a compaction that loses
//! patience with it ends the stream as compacted.

use std::sync::Arc;

use futures_util::{Stream, stream};
use kv_proto::etcdserverpb as pb;
use kv_store::{Pin, RangeAnswer, RangeQuery, SortTarget};
use prost::Message;
use tokio::task::JoinSet;
use tonic::Status;

use crate::auth::Permit;
use crate::convert;
use crate::engine::{Engine, request_failed};
use crate::status::read_status;
use crate::trace::Span;

/// Pairs in the first piece.
const FIRST_PIECE_PAIRS: i64 = 10;

/// A stream under way.
struct Streaming {
    engine: Arc<Engine>,
    /// The next piece: its start, its revision and how many pairs.
    query: RangeQuery,
    /// The read of that piece, once there was one before it.
    reading: JoinSet<Result<RangeAnswer, Status>>,
    /// Pairs that may still be sent.
    pairs_left: i64,
    /// The newest revision when the stream began.
    newest: i64,
    /// The number of keys in the range, known with the first piece.
    count: Option<i64>,
    /// Confirmed with every piece: what was permitted may not be any more.
    permit: Permit,
    _pin: Pin,
    /// Where it is traced, until it ends.
    _span: Option<Span>,
}

/// Begins a stream. The query has no order of its own and no filters.
pub(super) fn start(
    engine: Arc<Engine>,
    mut query: RangeQuery,
    permit: Permit,
    span: Option<Span>,
) -> Result<impl Stream<Item = Result<pb::RangeStreamResponse, Status>> + Send, Status> {
    let pin = engine.store.pin(query.revision).map_err(|error| read_status(&error))?;
    let newest = if query.revision > 0 { engine.store.revision() } else { pin.revision() };
    let pairs_left = if query.limit > 0 { query.limit } else { i64::MAX };
    query.revision = pin.revision();
    query.limit = FIRST_PIECE_PAIRS.min(pairs_left);
    query.sort_target = SortTarget::Key;
    let reading = JoinSet::new();
    let first = Streaming { engine, query, reading, pairs_left, newest, count: None, permit, _pin: pin, _span: span };
    Ok(stream::try_unfold(Some(first), |streaming| async move {
        match streaming {
            Some(streaming) => streaming.next_piece().await.map(Some),
            None => Ok(None),
        }
    }))
}

impl Streaming {
    /// Reads a piece; returns it, and the rest of the stream unless it was the last.
    async fn next_piece(mut self) -> Result<(pb::RangeStreamResponse, Option<Self>), Status> {
        let answer = match self.reading.join_next().await {
            None => self.engine.range(&self.query).await?,
            Some(read) => read.map_err(|_| request_failed())??,
        };
        self.engine.auth.confirm(&self.permit)?;
        let (more, piece_count) = (answer.more, answer.count);
        let count = *self.count.get_or_insert(piece_count);
        let sent = answer.kvs.len() as i64;
        self.pairs_left -= sent;
        let done = !more || self.pairs_left == 0;
        let kvs: Vec<_> = answer.kvs.into_iter().map(convert::key_value).collect();
        let mut response = pb::RangeResponse { kvs, ..pb::RangeResponse::default() };
        if done {
            response.header = Some(self.engine.header(self.newest));
            response.more = more;
            response.count = count;
            return Ok((piece(response), None));
        }
        let last = response.kvs.last().map(|pair| pair.key.clone()).unwrap_or_default();
        self.query.range = self.query.range.after(&last);
        let target_bytes = self.engine.config.max_request_bytes as usize;
        self.query.limit = next_pairs(sent, response.encoded_len(), target_bytes).min(self.pairs_left);
        let (engine, query) = (Arc::clone(&self.engine), self.query.clone());
        // Small pairs may be followed by large ones, so that the number of pairs does not bound a piece.
        self.reading.spawn(async move { engine.range_piece(&query, 2 * target_bytes).await });
        Ok((piece(response), Some(self)))
    }
}

fn piece(response: pb::RangeResponse) -> pb::RangeStreamResponse {
    pb::RangeStreamResponse { range_response: Some(response) }
}

/// Chooses the size of the next piece from that of the last: towards `target` bytes, without swinging around it.
fn next_pairs(last_pairs: i64, last_bytes: usize, target_bytes: usize) -> i64 {
    if last_bytes < target_bytes / 2 {
        last_pairs.saturating_mul(2)
    } else if last_bytes > target_bytes * 2 {
        (last_pairs / 2).max(1)
    } else {
        last_pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_move_towards_the_target() {
        assert_eq!(next_pairs(10, 100, 1000), 20);
        assert_eq!(next_pairs(10, 600, 1000), 10);
        assert_eq!(next_pairs(10, 1900, 1000), 10);
        assert_eq!(next_pairs(10, 3000, 1000), 5);
        assert_eq!(next_pairs(1, 3000, 1000), 1);
    }
}
