//! Reads of ranges, at the newest revision or at an older one.
//!
//! A read holds the index's lock in short pieces: the revision, the count and the first piece under one lock, then
//! a piece at a time. It stays right whatever is written meanwhile, because a version found for a revision stays
//! the version of that revision. What can go away is history under a compaction: a read of several pieces pins its
//! revision, and every piece looks whether deletion has passed it all the same. Then a read of the newest revision
//! starts again at a newer one, and a read of an old one fails as compacted.

use std::cmp::Ordering;
use std::sync::atomic::Ordering::Acquire;

use bytes::Bytes;

use crate::command::{RangeAnswer, RangeOutcome, RangeQuery, SortOrder, SortTarget};
use crate::error::ReadError;
use crate::key_index::{KeyIndex, Version};
use crate::key_range::KeyRange;
use crate::kv::KeyValue;
use crate::record::Record;
use crate::revision::Point;
use crate::storage_error::StorageError;
use crate::store::Store;

/// How many versions are collected under one hold of the index's lock.
const PIECE_VERSIONS: usize = 512;

/// A read that answers at most this many pairs is short: it can be done where the request is handled.
pub const SHORT_READ_PAIRS: usize = 128;

/// How many pairs of a piece are fetched between two looks at its size.
const FETCHED_PAIRS: usize = 128;

/// What a transaction under way adds to the store: reads inside it see its own records.
#[derive(Debug)]
pub(crate) struct Overlay<'a> {
    /// The revision that counts as the newest.
    pub(crate) visible: i64,
    /// The transaction's changes, all of revision `visible` where there are any.
    pub(crate) own: &'a [Record],
}

/// Why a piece could not be read.
enum Interrupted {
    /// Deletion has passed the revision.
    Purged,
    Failed(ReadError),
}

impl From<StorageError> for Interrupted {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ReadError> for Interrupted {
    fn from(error: ReadError) -> Self {
        Self::Failed(error)
    }
}

/// A version chosen for an answer, with its key where the value is not going to be fetched.
struct Selected {
    key: Option<Bytes>,
    version: Version,
}

impl Store {
    /// Reads a range.
    ///
    /// The answer is built in memory as a whole; [`Store::is_short`] says whether that is little work.
    ///
    /// # Errors
    ///
    /// [`ReadError::Compacted`] and [`ReadError::Future`] for revisions that cannot be read, and
    /// [`ReadError::Storage`] where a record is damaged.
    pub fn range(&self, query: &RangeQuery) -> RangeOutcome {
        self.range_with(query, None, usize::MAX)
    }

    /// Reads the beginning of a range: ends it, in the order of keys, soon after keys and values have more than `bytes_max`. The
    /// query has no order of its own and no filters. Else as [`Store::range`].
    ///
    /// # Errors
    ///
    /// As [`Store::range`].
    pub fn range_piece(&self, query: &RangeQuery, bytes_max: usize) -> RangeOutcome {
        self.range_with(query, None, bytes_max)
    }

    /// Reads a range as a transaction under way sees it.
    pub(crate) fn range_in(&self, query: &RangeQuery, overlay: &Overlay<'_>) -> RangeOutcome {
        self.range_with(query, Some(overlay), usize::MAX)
    }

    fn range_with(&self, query: &RangeQuery, overlay: Option<&Overlay<'_>>, bytes_max: usize) -> RangeOutcome {
        loop {
            match self.read_once(query, overlay, bytes_max) {
                Ok(answer) => return Ok(answer),
                Err(Interrupted::Failed(error)) => return Err(error),
                // A transaction reads everything at one revision, so it cannot go on at a newer one.
                Err(Interrupted::Purged) if query.revision > 0 || overlay.is_some() => {
                    return Err(ReadError::Compacted { requested: query.revision, oldest: self.compact_revision() });
                }
                Err(Interrupted::Purged) => {}
            }
        }
    }

    /// Says whether a read is little work: a key, a small limit, or a count.
    pub fn is_short(&self, query: &RangeQuery) -> bool {
        if matches!(query.range, KeyRange::Key(_)) || query.count_only {
            return true;
        }
        let limited = query.is_default_order() && !query.has_revision_filters() && query.limit > 0;
        if limited && query.limit as usize <= SHORT_READ_PAIRS {
            return true;
        }
        let index = self.index.read();
        index.count(&query.range, self.revision()) <= SHORT_READ_PAIRS as u64
    }

    /// Returns live keys of a range in order, up to the size of a piece.
    pub(crate) fn live_keys_of(&self, range: &KeyRange, at: i64) -> Vec<Bytes> {
        let index = self.index.read();
        index.range(range, at).take(PIECE_VERSIONS).map(|(key, _)| key.to_bytes()).collect()
    }

    fn read_once(
        &self,
        query: &RangeQuery,
        overlay: Option<&Overlay<'_>>,
        bytes_max: usize,
    ) -> Result<RangeAnswer, Interrupted> {
        let index = self.index.read();
        let revision = overlay.map_or_else(|| self.revision(), |overlay| overlay.visible);
        let at = match overlay {
            None => self.resolve(query.revision)?,
            Some(_) if query.revision > 0 => query.revision,
            Some(overlay) => overlay.visible,
        };
        let count = index.count(&query.range, at);
        if query.count_only {
            return Ok(RangeAnswer { revision, count: count as i64, ..RangeAnswer::default() });
        }
        let mut reading =
            Reading { store: self, query, overlay, at, wanted: wanted_versions(query), bytes_max, chosen: Vec::new() };
        let next = reading.collect_piece(&index, &query.range);
        let pin = next.is_some().then(|| self.pins.pin(at));
        drop(index);
        reading.collect_rest(next)?;
        let answer = reading.answer(count)?;
        drop(pin);
        Ok(RangeAnswer { revision, ..answer })
    }
}

/// A read under way.
struct Reading<'a> {
    store: &'a Store,
    query: &'a RangeQuery,
    overlay: Option<&'a Overlay<'a>>,
    /// The revision read at.
    at: i64,
    /// How many versions are to be looked at.
    wanted: usize,
    /// After how many bytes of pairs it may end.
    bytes_max: usize,
    chosen: Vec<Selected>,
}

impl Reading<'_> {
    /// Collects a piece of `range`; returns what is left of it, if anything can be.
    fn collect_piece(&mut self, index: &KeyIndex, range: &KeyRange) -> Option<KeyRange> {
        let with_keys = self.query.keys_only && self.query.sort_target != SortTarget::Value;
        let room = (self.wanted - self.chosen.len()).min(PIECE_VERSIONS);
        let mut taken = 0;
        for (key, version) in index.range(range, self.at).take(room) {
            self.chosen.push(Selected { key: with_keys.then(|| key.to_bytes()), version });
            taken += 1;
            if taken == PIECE_VERSIONS && self.chosen.len() < self.wanted {
                return Some(range.after(&key.to_vec()));
            }
        }
        None
    }

    fn collect_rest(&mut self, mut rest: Option<KeyRange>) -> Result<(), Interrupted> {
        while let Some(range) = rest {
            let index = self.store.index.read();
            if self.is_purged() {
                return Err(Interrupted::Purged);
            }
            rest = self.collect_piece(&index, &range);
        }
        Ok(())
    }

    /// Filters, sorts, cuts and fetches what was collected.
    fn answer(mut self, count: u64) -> Result<RangeAnswer, Interrupted> {
        let query = self.query;
        let mut chosen = std::mem::take(&mut self.chosen);
        if query.has_revision_filters() {
            chosen.retain(|selected| passes_filters(query, &selected.version));
        }
        let order = effective_order(query);
        let by_value = query.sort_target == SortTarget::Value;
        match (query.sort_target, order) {
            (SortTarget::Value, _) | (_, SortOrder::None) => {}
            (SortTarget::Key, _) => chosen.reverse(),
            (target, order) => sort(&mut chosen, order, |a, b| compare_versions(target, &a.version, &b.version)),
        }
        let limit = if query.limit > 0 { usize::try_from(query.limit).unwrap_or(usize::MAX) } else { usize::MAX };
        let mut more = chosen.len() > limit || (is_cut_while_reading(query) && count > limit as u64);
        if !by_value {
            chosen.truncate(limit);
        }
        let chosen_pairs = chosen.len();
        let mut kvs = if query.keys_only && !by_value {
            chosen.into_iter().map(Selected::into_key_only).collect()
        } else {
            self.fetch(&chosen)?
        };
        more |= kvs.len() < chosen_pairs;
        if by_value {
            sort(&mut kvs, order, |a, b| a.value.cmp(&b.value));
            kvs.truncate(limit);
        }
        if query.keys_only {
            for pair in &mut kvs {
                pair.value = Bytes::new();
            }
        }
        Ok(RangeAnswer { revision: 0, kvs, more, count: count as i64 })
    }

    /// Fetches the pairs of chosen versions, or the first of them where there is a limit to their size.
    fn fetch(&self, chosen: &[Selected]) -> Result<Vec<KeyValue>, Interrupted> {
        let mut pairs = Vec::with_capacity(chosen.len());
        if self.bytes_max == usize::MAX {
            self.add_pairs(chosen, &mut pairs)?;
            return Ok(pairs);
        }
        let mut bytes = 0;
        for chosen in chosen.chunks(FETCHED_PAIRS) {
            let begin = pairs.len();
            self.add_pairs(chosen, &mut pairs)?;
            bytes += pairs[begin..].iter().map(|pair: &KeyValue| pair.key.len() + pair.value.len()).sum::<usize>();
            if bytes > self.bytes_max {
                break;
            }
        }
        Ok(pairs)
    }

    fn add_pairs(&self, chosen: &[Selected], pairs: &mut Vec<KeyValue>) -> Result<(), Interrupted> {
        let own = self.overlay.map_or(&[][..], |overlay| overlay.own);
        let own_revision = own.first().map(|record| record.at.major);
        let points = chosen.iter().map(|selected| selected.version.modified);
        let stored = points.clone().filter(|point| Some(point.major) != own_revision);
        let mut stored = self.store.records(stored)?.into_iter();
        for point in points {
            if Some(point.major) == own_revision {
                pairs.push(own[point.sub as usize].pair());
                continue;
            }
            match stored.next().expect("one answer for each point") {
                Some(record) => pairs.push(record.pair()),
                None if self.is_purged() => return Err(Interrupted::Purged),
                None => return Err(missing(point).into()),
            }
        }
        Ok(())
    }

    /// Says whether deletion has passed the revision that is being read.
    fn is_purged(&self) -> bool {
        self.store.purged_to.load(Acquire) > self.at
    }
}

impl Selected {
    fn into_key_only(self) -> KeyValue {
        KeyValue {
            key: self.key.expect("keys are kept where values are not fetched"),
            create_revision: self.version.created,
            mod_revision: self.version.modified.major,
            version: self.version.version,
            value: Bytes::new(),
            lease: 0,
        }
    }
}

fn missing(point: Point) -> StorageError {
    StorageError::corrupted(
        format!("read revision {point} from table rev"),
        "the index knows it and the table does not have it",
    )
}

/// Says whether the limit is applied to keys in key order, before anything is sorted.
fn is_cut_while_reading(query: &RangeQuery) -> bool {
    query.limit > 0 && query.is_default_order() && !query.has_revision_filters()
}

/// Returns how many versions have to be looked at. Where etcd sorts after it applied the limit, it looks at one more.
fn wanted_versions(query: &RangeQuery) -> usize {
    if !is_cut_while_reading(query) {
        return usize::MAX;
    }
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    if query.sort_target == SortTarget::Key { limit } else { limit.saturating_add(1) }
}

/// Returns the order of the answer; without one, a target other than the key still sorts, ascending.
fn effective_order(query: &RangeQuery) -> SortOrder {
    match (query.sort_target, query.sort_order) {
        (SortTarget::Key, SortOrder::Ascend) => SortOrder::None,
        (SortTarget::Key, order) => order,
        (_, SortOrder::None) => SortOrder::Ascend,
        (_, order) => order,
    }
}

fn sort<T>(items: &mut [T], order: SortOrder, compare: impl Fn(&T, &T) -> Ordering) {
    match order {
        SortOrder::Descend => items.sort_by(|a, b| compare(b, a)),
        SortOrder::None | SortOrder::Ascend => items.sort_by(compare),
    }
}

fn compare_versions(target: SortTarget, a: &Version, b: &Version) -> Ordering {
    match target {
        SortTarget::Version => a.version.cmp(&b.version),
        SortTarget::Create => a.created.cmp(&b.created),
        SortTarget::Mod => a.modified.major.cmp(&b.modified.major),
        SortTarget::Key | SortTarget::Value => {
            unreachable!("keys are in order already and values are not in the index")
        }
    }
}

fn passes_filters(query: &RangeQuery, version: &Version) -> bool {
    let within = |number: i64, min: i64, max: i64| (min == 0 || number >= min) && (max == 0 || number <= max);
    within(version.modified.major, query.min_mod_revision, query.max_mod_revision)
        && within(version.created, query.min_create_revision, query.max_create_revision)
}
