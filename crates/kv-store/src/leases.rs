//! Leases: what was granted, and which keys are attached to each.
//!
//! Whether a lease has expired is not known here: that depends on a clock, which only the leader's server has. It
//! revokes what has expired with a command, like anybody else. The store tells a [`LeaseObserver`] what comes and goes.
//!
//! A key is attached to the lease that its newest version names. So attachments are not stored: they are read from
//! the index when a store opens, and follow puts and deletions from then on.
//!
//! The key of a row of the table `lease` is the lease's id, 8 bytes; the value is the granted and the remaining time to
//! live in seconds, 8 bytes each. The remaining one is zero until a checkpoint of it was recorded.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;

use crate::error::WriteError;
use crate::key_index::KeyIndex;
use crate::key_range::KeyRange;
use crate::lease::{LEASE_TTL_MAX, Lease, LeaseObserver};
use crate::schema::{self, Table};
use crate::storage::StorageReader;
use crate::storage_error::StorageError;

/// What a transaction does to leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LeaseChange {
    /// A key goes from one lease to another; zero is none.
    Move { key: Bytes, from: i64, to: i64 },
    /// A lease ends.
    Remove { id: i64 },
}

/// All leases.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    by_id: HashMap<i64, Entry>,
    observer: Option<Arc<dyn LeaseObserver>>,
}

#[derive(Debug)]
struct Entry {
    granted_ttl: i64,
    remaining_ttl: i64,
    /// In buffers of their own: a slice of a request's would keep all of it.
    keys: BTreeSet<Box<[u8]>>,
}

impl Entry {
    fn lease(&self, id: i64) -> Lease {
        Lease { id, granted_ttl: self.granted_ttl, remaining_ttl: self.remaining_ttl }
    }
}

impl Leases {
    /// Reads the table, without the attachments.
    pub(crate) fn load(reader: &StorageReader) -> Result<Self, StorageError> {
        let mut leases = Self::default();
        for row in reader.rows(Table::Lease, &[])? {
            let (key, value) = row?;
            let Lease { id, granted_ttl, remaining_ttl } = schema::parse_lease(key, value)?;
            leases.by_id.insert(id, Entry { granted_ttl, remaining_ttl, keys: BTreeSet::new() });
        }
        Ok(leases)
    }

    /// Attaches the keys that are live at `revision`.
    pub(crate) fn attach_all(&mut self, index: &KeyIndex, revision: i64) {
        if self.by_id.is_empty() {
            return;
        }
        for (key, version) in index.range(&KeyRange::all(), revision) {
            if version.lease != 0 {
                self.attach(version.lease, &key.to_vec());
            }
        }
    }

    pub(crate) fn contains(&self, id: i64) -> bool {
        self.by_id.contains_key(&id)
    }

    /// Finds out whether a lease can be granted.
    pub(crate) fn check_grant(&self, lease: Lease) -> Result<(), WriteError> {
        if lease.id == 0 {
            return Err(WriteError::LeaseNotFound { lease: 0 });
        }
        if lease.granted_ttl > LEASE_TTL_MAX {
            return Err(WriteError::LeaseTtlTooLarge { ttl: lease.granted_ttl });
        }
        if self.contains(lease.id) { Err(WriteError::LeaseExists { lease: lease.id }) } else { Ok(()) }
    }

    pub(crate) fn grant(&mut self, lease: Lease) {
        let Lease { id, granted_ttl, remaining_ttl } = lease;
        self.by_id.insert(id, Entry { granted_ttl, remaining_ttl, keys: BTreeSet::new() });
        if let Some(observer) = &self.observer {
            observer.granted(lease);
        }
    }

    /// Does all that a transaction does to leases.
    pub(crate) fn change(&mut self, changes: &[LeaseChange]) {
        for change in changes {
            match change {
                LeaseChange::Move { key, from, to } => self.move_key(key, *from, *to),
                LeaseChange::Remove { id } => self.remove(*id),
            }
        }
    }

    fn remove(&mut self, id: i64) {
        self.by_id.remove(&id);
        if let Some(observer) = &self.observer {
            observer.revoked(id);
        }
    }

    /// Records the time that a lease has left; returns the lease as it is now, if it exists.
    pub(crate) fn checkpoint(&mut self, id: i64, remaining_ttl: i64) -> Option<Lease> {
        let entry = self.by_id.get_mut(&id)?;
        // The lease may have been revoked and granted anew, for less time, since somebody looked at what it has left.
        entry.remaining_ttl = remaining_ttl.min(entry.granted_ttl);
        if let Some(observer) = &self.observer {
            observer.checkpointed(id, entry.remaining_ttl);
        }
        Some(entry.lease(id))
    }

    /// Moves a key from one lease to another; zero is none. A lease that does not exist is passed over: its keys
    /// went with it, except in a store whose table was damaged.
    fn move_key(&mut self, key: &[u8], from: i64, to: i64) {
        if let Some(entry) = self.by_id.get_mut(&from) {
            entry.keys.remove(key);
        }
        self.attach(to, key);
    }

    fn attach(&mut self, id: i64, key: &[u8]) {
        if id != 0
            && let Some(entry) = self.by_id.get_mut(&id)
        {
            entry.keys.insert(key.into());
        }
    }

    /// Returns the number of keys attached to a lease, zero if it does not exist.
    pub(crate) fn key_count(&self, id: i64) -> usize {
        self.by_id.get(&id).map_or(0, |entry| entry.keys.len())
    }

    /// Returns the keys attached to a lease in byte order, or nothing if it does not exist.
    pub(crate) fn keys(&self, id: i64) -> Option<Vec<Bytes>> {
        let entry = self.by_id.get(&id)?;
        Some(entry.keys.iter().map(|key| Bytes::copy_from_slice(key)).collect())
    }

    /// Returns a lease, if it exists.
    pub(crate) fn get(&self, id: i64) -> Option<Lease> {
        self.by_id.get(&id).map(|entry| entry.lease(id))
    }

    /// Returns all leases, in no order.
    pub(crate) fn all(&self) -> Vec<Lease> {
        self.by_id.iter().map(|(id, entry)| entry.lease(*id)).collect()
    }

    /// Returns the number of leases.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Tells `observer`, in place of any other, of every change from now on.
    pub(crate) fn observe(&mut self, observer: Arc<dyn LeaseObserver>) {
        self.observer = Some(observer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revision::Point;

    fn lease(id: i64) -> Lease {
        Lease { id, granted_ttl: 10, remaining_ttl: 0 }
    }

    fn keys(leases: &Leases, id: i64) -> Vec<Bytes> {
        leases.keys(id).expect("the lease exists")
    }

    #[test]
    fn a_key_is_attached_to_one_lease() {
        let mut leases = Leases::default();
        leases.grant(lease(1));
        leases.grant(lease(2));
        leases.move_key(b"b", 0, 1);
        leases.move_key(b"a", 0, 1);
        assert_eq!(keys(&leases, 1), ["a", "b"]);
        leases.move_key(b"b", 1, 2);
        assert_eq!((keys(&leases, 1), keys(&leases, 2)), (vec!["a".into()], vec!["b".into()]));
        leases.move_key(b"a", 1, 0);
        leases.move_key(b"b", 2, 9);
        assert_eq!((keys(&leases, 1), keys(&leases, 2)), (vec![], vec![]));
    }

    #[test]
    fn attachments_are_read_from_the_index() {
        let mut index = KeyIndex::new();
        index.put(b"a", Point::new(2, 0), 1);
        index.put(b"b", Point::new(3, 0), 1);
        index.put(b"c", Point::new(4, 0), 1);
        index.put(b"d", Point::new(5, 0), 9);
        index.put(b"b", Point::new(6, 0), 0);
        index.delete(b"c", Point::new(7, 0));
        let mut leases = Leases::default();
        leases.grant(lease(1));
        leases.attach_all(&index, 7);
        assert_eq!(keys(&leases, 1), ["a"]);
        assert_eq!(leases.keys(9), None);
    }

    #[test]
    fn a_grant_is_checked() {
        let mut leases = Leases::default();
        leases.grant(lease(1));
        assert_eq!(leases.check_grant(lease(1)), Err(WriteError::LeaseExists { lease: 1 }));
        assert_eq!(leases.check_grant(lease(0)), Err(WriteError::LeaseNotFound { lease: 0 }));
        let ttl = LEASE_TTL_MAX + 1;
        // The time to live is looked at first.
        for id in [1, 2] {
            let refused = leases.check_grant(Lease { granted_ttl: ttl, ..lease(id) });
            assert_eq!(refused, Err(WriteError::LeaseTtlTooLarge { ttl }));
        }
        assert_eq!(leases.check_grant(Lease { granted_ttl: LEASE_TTL_MAX, ..lease(-2) }), Ok(()));
    }
}
