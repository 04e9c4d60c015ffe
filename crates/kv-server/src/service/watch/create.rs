//! What a request for a watcher means, and why some are refused.

use kv_proto::ApiError;
use kv_proto::etcdserverpb::{WatchCreateRequest, watch_create_request::FilterType};
use kv_store::{EventQuery, KeyRange};
use tonic::Status;

use super::NO_WATCHER;

/// A watcher to be made.
#[derive(Debug)]
pub(super) struct Creation {
    /// The id the client chose, if it did.
    pub(super) id: Option<i64>,
    /// What it watches; `from` is the revision asked for, zero for the newest.
    pub(super) query: EventQuery,
    pub(super) progress_notify: bool,
    pub(super) fragment: bool,
}

impl Creation {
    /// Checks a request in etcd's order; the error is what the client is told.
    pub(super) fn check(
        request: WatchCreateRequest,
        permit: impl FnOnce(&KeyRange) -> Result<(), Status>,
        id_taken: impl Fn(i64) -> bool,
    ) -> Result<Self, String> {
        if request.start_revision < 0 {
            return Err(ApiError::Compacted.text().to_owned());
        }
        let key = if request.key.is_empty() { bytes::Bytes::from_static(&[0]) } else { request.key };
        let range = KeyRange::new(key, request.range_end);
        // In the words of grpc-go for an error with its code.
        permit(&range)
            .map_err(|refusal| format!("rpc error: code = {:?} desc = {}", refusal.code(), refusal.message()))?;
        if range.is_empty() {
            return Err("mvcc: watcher range is empty".to_owned());
        }
        let id = Some(request.watch_id).filter(|id| *id != 0);
        if id.is_some_and(|id| id == NO_WATCHER || id_taken(id)) {
            return Err("mvcc: duplicate watch ID provided on the WatchStream".to_owned());
        }
        let filters = |kind: FilterType| request.filters.contains(&(kind as i32));
        Ok(Self {
            id,
            query: EventQuery {
                range,
                from: request.start_revision,
                no_put: filters(FilterType::Noput),
                no_delete: filters(FilterType::Nodelete),
                prev_kv: request.prev_kv,
            },
            progress_notify: request.progress_notify,
            fragment: request.fragment,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(request: WatchCreateRequest) -> Result<Creation, String> {
        Creation::check(request, |_| Ok(()), |id| id == 7)
    }

    fn request(key: &'static str, range_end: &'static str) -> WatchCreateRequest {
        WatchCreateRequest { key: key.into(), range_end: range_end.into(), ..WatchCreateRequest::default() }
    }

    #[test]
    fn refusals_come_in_etcds_order_and_words() {
        let negative = WatchCreateRequest { start_revision: -1, watch_id: 7, ..request("b", "a") };
        assert_eq!(check(negative).unwrap_err(), "etcdserver: mvcc: required revision has been compacted");
        let empty = WatchCreateRequest { watch_id: 7, ..request("b", "a") };
        assert_eq!(check(empty).unwrap_err(), "mvcc: watcher range is empty");
        for watch_id in [7, -1] {
            let duplicate = WatchCreateRequest { watch_id, ..request("a", "") };
            assert_eq!(check(duplicate).unwrap_err(), "mvcc: duplicate watch ID provided on the WatchStream");
        }
    }

    #[test]
    fn who_may_not_read_is_told_before_anything_is_said_of_the_range() {
        let denied = |_: &KeyRange| Err(Status::permission_denied("etcdserver: permission denied"));
        let refused = |request| Creation::check(request, denied, |_| false).unwrap_err();
        assert_eq!(
            refused(request("b", "a")),
            "rpc error: code = PermissionDenied desc = etcdserver: permission denied"
        );
        let negative = WatchCreateRequest { start_revision: -1, ..request("a", "") };
        assert_eq!(refused(negative), "etcdserver: mvcc: required revision has been compacted");
    }

    #[test]
    fn ranges_are_those_of_reads_and_an_empty_key_is_the_first_one() {
        assert_eq!(check(request("", "")).unwrap().query.range, KeyRange::new("\0", ""));
        assert_eq!(check(request("", "\0")).unwrap().query.range, KeyRange::new("\0", "\0"));
        assert_eq!(check(request("a", "b")).unwrap().query.range, KeyRange::new("a", "b"));
        let filtered = WatchCreateRequest { filters: vec![1, 1], ..request("a", "") };
        let query = check(filtered).unwrap().query;
        assert!(query.no_delete && !query.no_put);
    }
}
