//! Write transactions: puts, deletions and compare-then-else, run against the index as one revision.
//!
//! The rules are etcd's. Comparisons, nested ones too, are judged against the state before the transaction. The
//! path they choose is then checked against that state as well; after that nothing can fail, so a transaction
//! has either no effect or all of it. Reads inside a transaction see what it wrote before.

use std::cmp::Ordering;

use bytes::Bytes;

use crate::command::{
    Compare, CompareResult, CompareTarget, DeleteRange, DeleteRangeAnswer, Op, OpAnswer, Put, PutAnswer, RangeAnswer,
    RangeQuery, Txn, TxnAnswer,
};
use crate::error::{ReadError, WriteError};
use crate::key_index::Version;
use crate::key_range::KeyRange;
use crate::kv::KeyValue;
use crate::leases::LeaseChange;
use crate::read::Overlay;
use crate::record::Record;
use crate::revision::Point;
use crate::store::Store;

/// A transaction under way. It belongs to the applier, so the index does not change beside it.
#[derive(Debug)]
pub(crate) struct WriteTxn<'a> {
    store: &'a Store,
    /// The revision before the transaction.
    base: i64,
    records: Vec<Record>,
    /// Done when the records become visible, so that nobody finds a lease with a part of its keys.
    lease_changes: Vec<LeaseChange>,
}

/// What a transaction has done.
#[derive(Debug)]
pub(crate) struct Written {
    /// The revision of the records, if there are any.
    pub(crate) revision: i64,
    pub(crate) records: Vec<Record>,
    pub(crate) lease_changes: Vec<LeaseChange>,
}

/// Which branches of a transaction run: its own choice, then its nested transactions' in order.
#[derive(Debug)]
struct Path {
    succeeded: bool,
    nested: Vec<Path>,
}

impl<'a> WriteTxn<'a> {
    pub(crate) fn begin(store: &'a Store) -> Self {
        Self { store, base: store.revision(), records: Vec::new(), lease_changes: Vec::new() }
    }

    /// Ends the transaction.
    pub(crate) fn finish(self) -> Written {
        Written { revision: self.base + 1, records: self.records, lease_changes: self.lease_changes }
    }

    /// Returns the revision that reads inside the transaction see.
    fn visible(&self) -> i64 {
        if self.records.is_empty() { self.base } else { self.base + 1 }
    }

    /// Finds out whether a put can be done; returns the pair it needs or was asked for.
    pub(crate) fn check_put(&self, put: &Put) -> Result<Option<KeyValue>, WriteError> {
        if put.lease != 0 && !self.store.leases.read().contains(put.lease) {
            return Err(WriteError::LeaseNotFound { lease: put.lease });
        }
        if !(put.prev_kv || put.ignore_value || put.ignore_lease) {
            return Ok(None);
        }
        let previous = self.get(&put.key)?;
        if previous.is_none() && (put.ignore_value || put.ignore_lease) {
            return Err(WriteError::KeyNotFound);
        }
        Ok(previous)
    }

    /// Writes a key. `previous` is what [`WriteTxn::check_put`] returned.
    pub(crate) fn put(&mut self, put: Put, previous: Option<KeyValue>) -> PutAnswer {
        let at = self.next_point();
        let (mut value, mut lease) = (put.value, put.lease);
        if let Some(previous) = &previous {
            if put.ignore_value {
                value = previous.value.clone();
            }
            if put.ignore_lease {
                lease = previous.lease;
            }
        }
        let written = self.store.index.write().put(&put.key, at, lease);
        self.move_key(&put.key, written.previous.map_or(0, |before| before.lease), lease);
        let pair = KeyValue {
            key: put.key,
            create_revision: written.version.created,
            mod_revision: at.major,
            version: written.version.version,
            value,
            lease,
        };
        self.records.push(Record::put(at.sub, written.previous.map(|version| version.modified), &pair));
        PutAnswer { revision: at.major, prev_kv: previous.filter(|_| put.prev_kv) }
    }

    /// Deletes a range. An answer that cannot be built for want of an old value is an error, and the deletion is
    /// done all the same: what happens must not depend on what can be read.
    pub(crate) fn delete_range(
        &mut self,
        delete: &DeleteRange,
        answer_wanted: bool,
    ) -> Result<DeleteRangeAnswer, ReadError> {
        let prev_kvs = if delete.prev_kv && answer_wanted {
            self.range(&RangeQuery::new(delete.range.clone())).map(|answer| answer.kvs)
        } else {
            Ok(Vec::new())
        };
        let mut rest = delete.range.clone();
        let mut deleted = 0;
        loop {
            let keys = self.store.live_keys_of(&rest, self.visible());
            let Some(last) = keys.last().cloned() else { break };
            deleted += keys.len() as i64;
            for key in keys {
                self.delete(key);
            }
            rest = rest.after(&last);
        }
        Ok(DeleteRangeAnswer { revision: self.visible(), deleted, prev_kvs: prev_kvs? })
    }

    /// Deletes a live key.
    pub(crate) fn delete(&mut self, key: Bytes) {
        let at = self.next_point();
        let before = self.store.index.write().delete(&key, at);
        let before = before.expect("the key was live a moment ago and only this transaction writes");
        self.move_key(&key, before.lease, 0);
        self.records.push(Record::tombstone(at, Some(before.modified), key));
    }

    /// Ends a lease.
    pub(crate) fn remove_lease(&mut self, id: i64) {
        self.lease_changes.push(LeaseChange::Remove { id });
    }

    fn move_key(&mut self, key: &Bytes, from: i64, to: i64) {
        if from != to {
            self.lease_changes.push(LeaseChange::Move { key: key.clone(), from, to });
        }
    }

    /// Runs a transaction. The outer error means that nothing was done, the inner one that everything was and only
    /// the answer cannot be built.
    pub(crate) fn run(&mut self, txn: Txn, answer_wanted: bool) -> Result<Result<TxnAnswer, ReadError>, WriteError> {
        let path = self.choose(&txn)?;
        self.check(&txn, &path, &mut Vec::new())?;
        let answer = self.execute(txn, &path, answer_wanted);
        let revision = self.visible();
        Ok(answer.map(|answer| TxnAnswer { revision, ..answer }))
    }

    fn choose(&self, txn: &Txn) -> Result<Path, ReadError> {
        let mut succeeded = true;
        for compare in &txn.compare {
            if !self.holds(compare)? {
                succeeded = false;
                break;
            }
        }
        let nested = branch(txn, succeeded)
            .iter()
            .filter_map(|op| match op {
                Op::Txn(txn) => Some(self.choose(txn)),
                _ => None,
            })
            .collect::<Result<_, _>>()?;
        Ok(Path { succeeded, nested })
    }

    /// `deleted` is what the operations before have deleted: a put cannot keep the value of a key that is gone when its
    /// turn comes. etcd ends with a panic there.
    fn check<'t>(&self, txn: &'t Txn, path: &Path, deleted: &mut Vec<&'t KeyRange>) -> Result<(), WriteError> {
        let mut nested = path.nested.iter();
        for op in branch(txn, path.succeeded) {
            match op {
                Op::Range(query) => self.check_range(query)?,
                Op::Put(put) => {
                    self.check_put(put)?;
                    let keeps = put.ignore_value || put.ignore_lease;
                    if keeps && deleted.iter().any(|range| range.contains(&put.key)) {
                        return Err(WriteError::KeyNotFound);
                    }
                }
                Op::DeleteRange(delete) => deleted.push(&delete.range),
                Op::Txn(txn) => {
                    let path = nested.next().expect("a path for each nested transaction");
                    self.check(txn, path, deleted)?;
                }
            }
        }
        Ok(())
    }

    /// Unlike a plain range, a negative revision is compared as it is.
    fn check_range(&self, query: &RangeQuery) -> Result<(), ReadError> {
        let (requested, newest, oldest) = (query.revision, self.base, self.store.compact_revision());
        if requested == 0 {
            Ok(())
        } else if requested > newest {
            Err(ReadError::Future { requested, newest })
        } else if requested < oldest {
            Err(ReadError::Compacted { requested, oldest })
        } else {
            Ok(())
        }
    }

    fn execute(&mut self, txn: Txn, path: &Path, answer_wanted: bool) -> Result<TxnAnswer, ReadError> {
        let mut nested = path.nested.iter();
        let mut responses = Vec::new();
        let mut failure = None;
        for op in if path.succeeded { txn.success } else { txn.failure } {
            let answer = match op {
                Op::Range(query) => {
                    if !answer_wanted {
                        continue;
                    }
                    self.range(&query).map(OpAnswer::Range)
                }
                Op::Put(put) => {
                    // The state before the transaction was checked; this sees what the transaction did since.
                    let needed = put.ignore_value || put.ignore_lease;
                    match self.check_put(&put) {
                        Ok(previous) => Ok(OpAnswer::Put(self.put(put, previous))),
                        Err(WriteError::Read(error)) if !needed => {
                            self.put(put, None);
                            Err(error)
                        }
                        Err(error) => panic!("a put that was checked fails in the middle of its transaction: {error}"),
                    }
                }
                Op::DeleteRange(delete) => self.delete_range(&delete, answer_wanted).map(OpAnswer::DeleteRange),
                Op::Txn(txn) => {
                    let path = nested.next().expect("a path for each nested transaction");
                    self.execute(txn, path, answer_wanted).map(OpAnswer::Txn)
                }
            };
            match answer {
                Ok(answer) => responses.push(answer),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            Some(error) => Err(error),
            None => Ok(TxnAnswer { revision: self.visible(), succeeded: path.succeeded, responses }),
        }
    }

    fn holds(&self, compare: &Compare) -> Result<bool, ReadError> {
        // Everything but a value is in the index.
        if let CompareTarget::Value(given) = &compare.target {
            let pairs = self.range(&RangeQuery::new(compare.range.clone()))?.kvs;
            return Ok(!pairs.is_empty() && pairs.iter().all(|pair| relates(compare.result, pair.value.cmp(given))));
        }
        let judge = |version: &Version| relates(compare.result, compare_number(&compare.target, version));
        let index = self.store.index.read();
        let mut versions = index.range(&compare.range, self.visible()).map(|(_, version)| version).peekable();
        Ok(match versions.peek() {
            None => judge(&Version::tombstone(Point::new(0, 0))),
            Some(_) => versions.all(|version| judge(&version)),
        })
    }

    fn get(&self, key: &Bytes) -> Result<Option<KeyValue>, ReadError> {
        Ok(self.range(&RangeQuery::new(KeyRange::Key(key.clone())))?.kvs.pop())
    }

    fn range(&self, query: &RangeQuery) -> Result<RangeAnswer, ReadError> {
        self.store.range_in(query, &Overlay { visible: self.visible(), own: &self.records })
    }

    fn next_point(&self) -> Point {
        Point::new(self.base + 1, self.records.len() as i64)
    }
}

impl Store {
    /// Runs a transaction that only reads, at the newest revision and without the log.
    ///
    /// # Errors
    ///
    /// [`WriteError::Read`], as for [`Store::range`].
    ///
    /// # Panics
    ///
    /// If an operation of either branch is not a range: see [`Txn::is_read_only`].
    pub fn read_txn(&self, txn: &Txn) -> Result<TxnAnswer, WriteError> {
        assert!(txn.is_read_only(), "only the applier writes");
        loop {
            let pin = self.pin(0)?;
            let mut reading =
                WriteTxn { store: self, base: pin.revision(), records: Vec::new(), lease_changes: Vec::new() };
            let answer = reading.run(txn.clone(), true).and_then(|answer| Ok(answer?));
            // A compaction that lost patience with the pin does not make the newest revision unreadable.
            let overtaken = pin.revision() < self.compact_revision();
            if !(overtaken && matches!(answer, Err(WriteError::Read(ReadError::Compacted { .. })))) {
                return answer;
            }
        }
    }
}

fn branch(txn: &Txn, succeeded: bool) -> &[Op] {
    if succeeded { &txn.success } else { &txn.failure }
}

fn compare_number(target: &CompareTarget, stored: &Version) -> Ordering {
    match target {
        CompareTarget::Version(given) => stored.version.cmp(given),
        CompareTarget::CreateRevision(given) => stored.created.cmp(given),
        CompareTarget::ModRevision(given) => stored.modified.major.cmp(given),
        CompareTarget::Lease(given) => stored.lease.cmp(given),
        CompareTarget::Value(_) | CompareTarget::Undefined => Ordering::Equal,
    }
}

fn relates(result: CompareResult, stored_to_given: Ordering) -> bool {
    match result {
        CompareResult::Equal => stored_to_given.is_eq(),
        CompareResult::NotEqual => stored_to_given.is_ne(),
        CompareResult::Greater => stored_to_given.is_gt(),
        CompareResult::Less => stored_to_given.is_lt(),
        CompareResult::Undefined => true,
    }
}
