//! Refuses a transaction that would write one key twice.
//!
//! In one branch a key may be put once, and a put may not fall into a deletion. A nested transaction counts towards
//! its parent, with both of its branches, except that its two branches may put the same key: only one of them runs.
//! As in etcd, a nested put is compared with the deletions of its parent and of the nested transactions before it,
//! and a deletion from a key on is compared with nothing: etcd takes its range end `\0` for a key, before every other.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;

use bytes::Bytes;
use kv_proto::ApiError;
use kv_store::{KeyRange, Op, Txn};

/// Refuses a transaction that would write one key twice in either branch.
pub(crate) fn check_writes(txn: &Txn) -> Result<(), ApiError> {
    check_branch(&txn.success)?;
    check_branch(&txn.failure)?;
    Ok(())
}

/// What a branch writes.
#[derive(Default)]
struct Writes {
    puts: HashSet<Bytes>,
    deletes: Intervals,
}

fn check_branch(ops: &[Op]) -> Result<Writes, ApiError> {
    let mut writes = Writes::default();
    for op in ops {
        if let Op::DeleteRange(delete) = op {
            writes.deletes.insert(&delete.range);
        }
    }
    for op in ops {
        if let Op::Txn(txn) = op {
            let (success, failure) = (check_branch(&txn.success)?, check_branch(&txn.failure)?);
            for key in &success.puts {
                if writes.puts.contains(key) || writes.deletes.contains(key) {
                    return Err(ApiError::DuplicateKey);
                }
            }
            for key in &failure.puts {
                if writes.puts.contains(key) || writes.deletes.contains(key) {
                    return Err(ApiError::DuplicateKey);
                }
            }
            writes.puts.extend(success.puts);
            writes.puts.extend(failure.puts);
            writes.deletes.absorb(success.deletes);
            writes.deletes.absorb(failure.deletes);
        }
    }
    for op in ops {
        if let Op::Put(put) = op
            && (writes.deletes.contains(&put.key) || !writes.puts.insert(put.key.clone()))
        {
            return Err(ApiError::DuplicateKey);
        }
    }
    Ok(writes)
}

/// A set of keys as disjoint intervals: each start with its end.
#[derive(Default)]
struct Intervals(BTreeMap<Bytes, Bytes>);

impl Intervals {
    fn insert(&mut self, range: &KeyRange) {
        if range.is_empty() {
            return;
        }
        let end = match range.bounds().1 {
            // The smallest key after a key is that key and a zero byte.
            Bound::Included(last) => [last, &[0]].concat().into(),
            Bound::Excluded(end) => Bytes::copy_from_slice(end),
            Bound::Unbounded => return,
        };
        self.insert_interval(range.start().clone(), end);
    }

    fn insert_interval(&mut self, mut start: Bytes, mut end: Bytes) {
        // Whatever begins up to the new end and ends at the new start or later is joined with it.
        while let Some((other_start, other_end)) = self.0.range::<Bytes, _>(..=&end).next_back() {
            if *other_end < start {
                break;
            }
            let other_start = other_start.clone();
            let other_end = self.0.remove(&other_start).expect("the entry was just found");
            start = start.min(other_start);
            end = end.max(other_end);
        }
        self.0.insert(start, end);
    }

    fn absorb(&mut self, other: Self) {
        for (start, end) in other.0 {
            self.insert_interval(start, end);
        }
    }

    fn contains(&self, key: &Bytes) -> bool {
        let before = self.0.range::<Bytes, _>(..=key).next_back();
        before.is_some_and(|(_, end)| key < end)
    }
}

#[cfg(test)]
mod tests {
    use kv_store::{DeleteRange, Put};

    use super::*;

    fn put(key: &'static str) -> Op {
        Op::Put(Put { key: key.into(), ..Put::default() })
    }

    fn delete(key: &'static str, end: &'static str) -> Op {
        Op::DeleteRange(DeleteRange { range: KeyRange::new(key, end), prev_kv: false })
    }

    fn nested(success: Vec<Op>, failure: Vec<Op>) -> Op {
        Op::Txn(Txn { compare: vec![], success, failure })
    }

    fn check(ops: Vec<Op>, allowed: bool) {
        let txn = Txn { compare: vec![], success: vec![], failure: ops };
        assert_eq!(check_writes(&txn).is_ok(), allowed, "{txn:?}");
    }

    #[test]
    fn a_key_is_written_once_in_a_branch() {
        check(vec![put("a"), put("b")], true);
        check(vec![put("a"), put("a")], false);
        check(vec![put("b"), delete("a", "c")], false);
        check(vec![put("c"), delete("a", "c")], true);
        check(vec![put("a"), delete("a", "")], false);
        check(vec![put("z"), delete("a", "\0")], true);
        check(vec![put("a"), delete("a", "\0")], true);
        check(vec![put("b"), delete("c", "a")], true);
        check(vec![delete("a", "c"), delete("b", "d")], true);
    }

    #[test]
    fn branches_of_one_transaction_exclude_each_other() {
        let txn = Txn { compare: vec![], success: vec![put("a")], failure: vec![put("a")] };
        assert!(check_writes(&txn).is_ok());
        check(vec![nested(vec![put("a")], vec![put("a")])], true);
    }

    #[test]
    fn a_nested_transaction_counts_towards_its_parent() {
        check(vec![put("a"), nested(vec![put("a")], vec![])], false);
        check(vec![put("a"), nested(vec![], vec![delete("a", "")])], false);
        check(vec![delete("a", "c"), nested(vec![put("b")], vec![])], false);
        check(vec![nested(vec![put("a")], vec![]), nested(vec![], vec![put("a")])], false);
        check(vec![nested(vec![delete("a", "c")], vec![]), nested(vec![put("b")], vec![])], false);
        // The deletion comes after the nested put was looked at.
        check(vec![nested(vec![put("b")], vec![]), nested(vec![delete("a", "c")], vec![])], true);
    }

    #[test]
    fn intervals_join_into_what_they_cover() {
        let keys: Vec<Bytes> = (b'a'..=b'k').map(|key| Bytes::copy_from_slice(&[key])).collect();
        // Every set of three intervals over a few starts and lengths, against a plain list.
        for code in 0..512usize {
            let mut intervals = Intervals::default();
            let mut covered = HashSet::new();
            for (start, length) in [(code % 8, 2), (code / 8 % 8, 3), (code / 64, 1)] {
                intervals.insert(&KeyRange::new(keys[start].clone(), keys[start + length].clone()));
                covered.extend(keys[start..start + length].iter().cloned());
            }
            for key in &keys {
                assert_eq!(intervals.contains(key), covered.contains(key), "code {code}, {key:?}");
            }
        }
    }
}
