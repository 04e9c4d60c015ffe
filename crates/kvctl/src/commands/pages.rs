//! A read in pages, all of one revision, as large as it may be.
//!
//! The first page is asked for by itself. Where more is left than another page holds, the server is asked to stream the rest,
//! so that it reads on while what it has read is on its way. A server that cannot, or that breaks the stream off, is asked for
//! page after page.

use bytes::Bytes;
use kv_client::{Client, Deadline, Error, RangeStream};
use kv_proto::etcdserverpb::range_request::{SortOrder, SortTarget};
use kv_proto::etcdserverpb::{RangeRequest, RangeResponse};
use prost::Message as _;

/// Keys asked for first, when nothing is known about their size: of the largest values that servers take, so many are 15 MB.
const FIRST_PAGE_KEYS: i64 = 10;

/// Size that later pages aim at. A server before kvd counts the rest of the range for every page, so small pages of a
/// large range would cost more than they save.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

const PAGE_KEYS_MIN: usize = 1;
const PAGE_KEYS_MAX: usize = 100_000;

/// A read that is sent in several requests, all of one revision, so that neither side holds a large range at once.
#[derive(Debug)]
pub(super) struct Pages {
    /// What is left to ask for.
    request: RangeRequest,
    /// Keys left to ask for; none if all are wanted.
    wanted: Option<i64>,
    page_keys: i64,
    /// Keys in the whole range, as the first answer has it.
    pub(super) count: i64,
    /// Whether there are more keys behind the last page.
    pub(super) more: bool,
    /// How many keys have been read.
    keys: i64,
    last_key: Option<Bytes>,
    rest: Rest,
}

/// How what is left after the first page comes.
#[derive(Debug)]
enum Rest {
    /// The server has not been asked for a stream.
    Untried,
    Streamed(Box<RangeStream>),
    /// By requests for single pages.
    Paged,
}

impl Pages {
    /// Begins a read of what a request asks for.
    pub(super) fn new(request: RangeRequest) -> Pages {
        let wanted = (request.limit > 0).then_some(request.limit);
        let (count, keys, more) = (0, 0, true);
        Pages { request, wanted, page_keys: FIRST_PAGE_KEYS, count, more, keys, last_key: None, rest: Rest::Untried }
    }

    /// A server sorts and filters after it has found the keys, so pages of such a read would be wrong.
    fn may_be_cut(&self) -> bool {
        let RangeRequest { min_mod_revision, max_mod_revision, min_create_revision, max_create_revision, .. } =
            self.request;
        let is_range = !self.request.range_end.is_empty() && !self.request.count_only;
        let in_key_order =
            self.request.sort_order() == SortOrder::None && self.request.sort_target() == SortTarget::Key;
        let bounds = [min_mod_revision, max_mod_revision, min_create_revision, max_create_revision];
        is_range && in_key_order && bounds == [0; 4]
    }

    /// Says whether so much is left that a stream of it is worth asking for.
    fn is_worth_a_stream(&self) -> bool {
        let left = self.wanted.unwrap_or(i64::MAX).min(self.count - self.keys);
        self.last_key.is_some() && !self.has_all() && left > self.page_keys
    }

    /// Reads the next page. The end of a stream is a page without keys.
    pub(super) async fn next(&mut self, client: &Client, deadline: Deadline) -> Result<RangeResponse, Error> {
        if matches!(self.rest, Rest::Untried) && self.is_worth_a_stream() {
            let request = RangeRequest { limit: self.wanted.unwrap_or(0), ..self.request.clone() };
            let stream = Box::pin(client.range_stream(request, deadline)).await;
            self.rest = on_time(stream)?.map_or(Rest::Paged, |stream| Rest::Streamed(Box::new(stream)));
        }
        if let Rest::Streamed(stream) = &mut self.rest {
            let piece = on_time(stream.next(deadline).await)?;
            if let Some(Some(page)) = piece {
                self.note(&page);
                return Ok(page);
            }
            self.rest = Rest::Paged;
            if self.has_all() {
                return Ok(RangeResponse::default());
            }
        }
        let mut request = self.request.clone();
        if self.may_be_cut() {
            request.limit = self.wanted.map_or(self.page_keys, |wanted| wanted.min(self.page_keys));
        }
        let page = Box::pin(client.range(request, deadline)).await?;
        self.note(&page);
        Ok(page)
    }

    fn note(&mut self, page: &RangeResponse) {
        if self.last_key.is_none() {
            self.count = page.count;
        }
        // In a stream, only the last page has a header, and says whether there is more.
        self.more = page.more || page.header.is_none();
        self.keys += page.kvs.len() as i64;
        if let Some(wanted) = &mut self.wanted {
            *wanted -= page.kvs.len() as i64;
        }
        let Some(last) = page.kvs.last() else { return };
        self.last_key = Some(last.key.clone());
        self.request.key = [&last.key[..], b"\0"].concat().into();
        if self.request.revision == 0 {
            self.request.revision = page.header.map_or(0, |header| header.revision);
        }
        let key_bytes = page.encoded_len() / page.kvs.len();
        self.page_keys = (PAGE_BYTES / key_bytes.max(1)).clamp(PAGE_KEYS_MIN, PAGE_KEYS_MAX) as i64;
    }

    /// Says whether there is nothing left to read.
    pub(super) fn are_done(&self) -> bool {
        let streams = matches!(self.rest, Rest::Streamed(_));
        !streams && self.has_all()
    }

    fn has_all(&self) -> bool {
        !self.may_be_cut() || !self.more || self.last_key.is_none() || self.wanted.is_some_and(|wanted| wanted <= 0)
    }

    /// Returns the last key that was read.
    pub(super) fn last_key(&self) -> &[u8] {
        self.last_key.as_deref().unwrap_or_default()
    }

    /// Returns the revision at which all pages are read; 0 before the first one where none was asked for.
    pub(super) fn revision(&self) -> i64 {
        self.request.revision
    }
}

/// Takes a failure of a stream for nothing, as a request for a page will tell more, unless time has run out.
fn on_time<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error @ Error::DeadlineExceeded { .. }) => Err(error),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use kv_proto::etcdserverpb::ResponseHeader;
    use kv_proto::mvccpb::KeyValue;

    use super::*;

    fn range() -> RangeRequest {
        RangeRequest { key: "a".into(), range_end: "z".into(), ..RangeRequest::default() }
    }

    fn page(keys: &[&'static str], more: bool, count: i64) -> RangeResponse {
        let kvs = keys.iter().map(|&key| KeyValue { key: key.into(), ..KeyValue::default() }).collect();
        RangeResponse { header: Some(ResponseHeader { revision: 9, ..ResponseHeader::default() }), kvs, more, count }
    }

    #[test]
    fn later_pages_begin_behind_the_last_key_at_the_first_pages_revision() {
        let mut pages = Pages::new(range());
        pages.note(&page(&["b", "c"], true, 5));
        assert!(!pages.are_done());
        assert_eq!((&pages.request.key[..], pages.request.revision), (&b"c\0"[..], 9));
        pages.note(&page(&["d", "e", "f"], false, 3));
        assert!(pages.are_done());
        assert_eq!((pages.more, pages.count), (false, 5));
    }

    #[test]
    fn a_limit_ends_the_pages() {
        let mut pages = Pages::new(RangeRequest { limit: 3, ..range() });
        pages.note(&page(&["b", "c"], true, 5));
        assert_eq!((pages.are_done(), pages.wanted), (false, Some(1)));
        pages.note(&page(&["d"], true, 3));
        assert!(pages.are_done() && pages.more);
    }

    #[test]
    fn sorted_filtered_and_single_reads_are_one_request() {
        for request in [
            RangeRequest { sort_order: SortOrder::Descend.into(), ..range() },
            RangeRequest { sort_target: SortTarget::Mod.into(), ..range() },
            RangeRequest { min_mod_revision: 1, ..range() },
            RangeRequest { count_only: true, ..range() },
            RangeRequest { range_end: Bytes::new(), ..range() },
        ] {
            let mut pages = Pages::new(request);
            assert!(!pages.may_be_cut());
            pages.note(&page(&["b"], true, 5));
            assert!(pages.are_done());
        }
    }

    #[test]
    fn only_the_last_piece_of_a_stream_says_whether_there_is_more() {
        let mut pages = Pages::new(range());
        pages.note(&page(&["b"], true, 4));
        pages.note(&RangeResponse { header: None, ..page(&["c", "d"], false, 0) });
        assert!(!pages.has_all());
        pages.note(&page(&["e"], false, 3));
        assert!(pages.has_all());
        assert_eq!((pages.count, pages.revision()), (4, 9));
    }

    #[test]
    fn a_stream_is_asked_for_where_more_than_a_page_is_left() {
        let worth = |request, count| {
            let mut pages = Pages::new(request);
            pages.page_keys = 2;
            pages.note(&page(&["b"], true, count));
            pages.page_keys = 2;
            pages.is_worth_a_stream()
        };
        assert!(worth(range(), 4));
        assert!(!worth(range(), 3));
        assert!(!worth(RangeRequest { limit: 3, ..range() }, 9));
        assert!(worth(RangeRequest { limit: 4, ..range() }, 9));
        assert!(!worth(RangeRequest { sort_order: SortOrder::Descend.into(), ..range() }, 9));
    }

    #[test]
    fn pages_grow_to_their_size_in_bytes() {
        let mut pages = Pages::new(range());
        pages.note(&page(&["b", "c"], true, 5));
        assert_eq!(pages.page_keys, PAGE_KEYS_MAX as i64);
        let mut large = page(&["b"], true, 5);
        large.kvs[0].value = vec![0; 1024 * 1024].into();
        pages.note(&large);
        assert_eq!(pages.page_keys, 3);
        large.kvs[0].value = vec![0; 2 * PAGE_BYTES].into();
        pages.note(&large);
        assert_eq!(pages.page_keys, PAGE_KEYS_MIN as i64);
    }
}
