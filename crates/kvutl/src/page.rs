//! A read in pages, so that a range may be larger than memory. All pages show one revision.

use kv_cli::{CliError, Quoted};
use kv_proto::ApiError;
use kv_proto::etcdserverpb::range_request::{SortOrder as PbSortOrder, SortTarget as PbSortTarget};
use kv_proto::etcdserverpb::{RangeRequest, RangeResponse, ResponseHeader};
use kv_proto::mvccpb;
use kv_store::{KeyRange, KeyValue, RangeQuery, ReadError, SortOrder, SortTarget};

use crate::offline::{Offline, OfflineError, Session};

/// How many keys the first page has at most. What later ones have depends on how large the pairs turn out to be.
const FIRST_PAGE_KEYS: i64 = 64;

/// The most keys that a page ever has.
const PAGE_KEYS_MAX: i64 = 10_000;

/// About how many bytes a page takes.
const PAGE_BYTES: i64 = 4 << 20;

/// What comes behind the last page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// Whether there are more keys than were asked for.
    pub(crate) more: bool,
    /// How many keys there are in the range.
    pub(crate) count: i64,
}

/// Reads what `request` asks for and gives it to `print`, page by page.
pub(crate) fn read(
    session: &mut Session,
    request: &RangeRequest,
    mut print: impl FnMut(&RangeResponse) -> Result<(), CliError>,
) -> Result<End, CliError> {
    let mut query = query(request)?;
    let limit = query.limit;
    let in_pages = query.sort_target == SortTarget::Key
        && query.sort_order != SortOrder::Descend
        && !query.has_revision_filters()
        && !query.count_only;
    let mut first: Option<RangeResponse> = None;
    let mut printed = 0;
    let mut page_keys = FIRST_PAGE_KEYS;
    loop {
        if in_pages {
            query.limit = if limit > 0 { page_keys.min(limit - printed) } else { page_keys };
        }
        let page = session.read(|offline| answer(offline, &query)).map_err(|error| match (&first, error) {
            (Some(_), OfflineError::Read(ReadError::Compacted { .. })) => compacted_meanwhile(&query),
            (_, error) => error.into(),
        })?;
        print(&page)?;
        printed += page.kvs.len() as i64;
        let (more, last) = (page.more, page.kvs.last().map(|kv| kv.key.clone()));
        let bytes: usize = page.kvs.iter().map(|kv| kv.key.len() + kv.value.len() + size_of_val(kv)).sum();
        let first = &*first.get_or_insert(RangeResponse { kvs: Vec::new(), ..page });
        match last {
            Some(last) if in_pages && more && printed != limit => {
                query.range = query.range.after(&last);
                // The first page may have asked for whatever is newest; the others are of the same revision.
                if query.revision <= 0 {
                    query.revision = first.header.unwrap_or_default().revision;
                }
                let keys = PAGE_BYTES * query.limit / (bytes as i64).max(1);
                page_keys = keys.clamp(1, PAGE_KEYS_MAX);
            }
            _ => return Ok(End { more, count: first.count }),
        }
    }
}

fn answer(offline: &Offline, query: &RangeQuery) -> Result<RangeResponse, OfflineError> {
    let found = offline.store().range(query)?;
    Ok(RangeResponse {
        header: Some(ResponseHeader { revision: found.revision, ..header(offline) }),
        kvs: found.kvs.into_iter().map(pair).collect(),
        more: found.more,
        count: found.count,
    })
}

/// Returns what stands at the head of every answer; the term is that of the last log entry.
fn header(offline: &Offline) -> ResponseHeader {
    ResponseHeader {
        cluster_id: offline.meta().cluster_id.unwrap_or(0),
        member_id: offline.meta().member_id.unwrap_or(0),
        revision: offline.store().revision(),
        raft_term: offline.store().applied().map_or(0, |applied| applied.term),
    }
}

fn pair(kv: KeyValue) -> mvccpb::KeyValue {
    let KeyValue { key, create_revision, mod_revision, version, value, lease } = kv;
    mvccpb::KeyValue { key, create_revision, mod_revision, version, value, lease }
}

fn query(request: &RangeRequest) -> Result<RangeQuery, CliError> {
    if request.key.is_empty() {
        return Err(CliError::new(kv_cli::ExitStatus::Failure, ApiError::EmptyKey)
            .with_hint("use --prefix or --from-key with an empty key to read every key"));
    }
    Ok(RangeQuery {
        range: KeyRange::new(request.key.clone(), request.range_end.clone()),
        revision: request.revision,
        limit: request.limit,
        sort_order: match request.sort_order() {
            PbSortOrder::None => SortOrder::None,
            PbSortOrder::Ascend => SortOrder::Ascend,
            PbSortOrder::Descend => SortOrder::Descend,
        },
        sort_target: match request.sort_target() {
            PbSortTarget::Key => SortTarget::Key,
            PbSortTarget::Version => SortTarget::Version,
            PbSortTarget::Create => SortTarget::Create,
            PbSortTarget::Mod => SortTarget::Mod,
            PbSortTarget::Value => SortTarget::Value,
        },
        keys_only: request.keys_only,
        count_only: request.count_only,
        min_mod_revision: request.min_mod_revision,
        max_mod_revision: request.max_mod_revision,
        min_create_revision: request.min_create_revision,
        max_create_revision: request.max_create_revision,
    })
}

/// A running server compacted past the revision when part of it was printed.
fn compacted_meanwhile(rest: &RangeQuery) -> CliError {
    let next = Quoted(rest.range.start());
    CliError::new(kv_cli::ExitStatus::Failure, ApiError::Compacted).with_hint(format!(
        "revision {} was compacted while it was read; the keys from {next} on are missing, read them again at a newer revision",
        rest.revision
    ))
}
