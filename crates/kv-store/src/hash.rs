//! `HashKV`: a digest of the key space up to a revision, equal on every server that holds the same history.
//!
//! It is etcd's, so that any etcd can be compared with: a CRC-32C that begins with the three bytes `key` and goes over
//! every change up to the revision in order, its name and then its pair in canonical encoding. The name is the
//! revision and sub-revision, 8 bytes each with `_` between, and `t` behind it for a tombstone. Of the changes up to the
//! compact revision only those are taken that a reader at the hashed revision still sees, and never a tombstone:
//! whether the rest is deleted yet must not matter. Where such a reader sees no key at all, etcd takes what
//! the compaction has left, so what a reader at the compact revision sees. A revision at which one of the last ten compactions was made is hashed
//! as it was before that compaction, under the compact revision before it (see `past_hashes`).

use std::sync::atomic::Ordering::Acquire;

use crate::digest::Digest;
use crate::error::ReadError;
use crate::key_range::KeyRange;
use crate::record::Record;
use crate::revision::Point;
use crate::storage_error::StorageError;
use crate::store::Store;

/// How many changes are hashed from one short read.
const SLICE_RECORDS: usize = 1000;

/// A digest, and what it was taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KvHash {
    /// The digest.
    pub hash: u32,
    /// The revision hashed up to.
    pub hash_revision: i64,
    /// The compact revision it was taken under, or -1.
    pub compact_revision: i64,
    /// The newest revision when it was begun.
    pub revision: i64,
}

impl Store {
    /// Reads every record and compares it with its checksum. Whoever is alone has no other hash to compare with, but
    /// making one does that.
    ///
    /// # Errors
    ///
    /// [`StorageError`]: of kind [`Corrupted`](crate::StorageErrorKind::Corrupted) it names the first record that is damaged,
    /// else it says why they could not all be read.
    pub fn verify(&self) -> Result<(), StorageError> {
        match self.hash_kv(0) {
            Err(ReadError::Storage(error)) => Err(error),
            // A compaction that came in between is no damage.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Hashes the key space up to `requested`, or up to the newest revision if that is zero.
    ///
    /// Costs a read of the whole history, in short pieces.
    ///
    /// # Errors
    ///
    /// [`ReadError::Compacted`], also where a compaction overtakes the hash, [`ReadError::Future`], and
    /// [`ReadError::Storage`] where a record is damaged.
    pub fn hash_kv(&self, requested: i64) -> Result<KvHash, ReadError> {
        if requested > 0 {
            let _nothing_is_deleted = self.deleting.lock();
            if let Some((compact_revision, deleted)) = self.past_compaction(requested) {
                let hash = self.hash_with_deleted(requested, deleted)?;
                return Ok(KvHash { hash, hash_revision: requested, compact_revision, revision: self.revision() });
            }
        }
        let (pin, compact_revision, revision);
        {
            let _index = self.index.read();
            revision = self.revision();
            compact_revision = self.compact_revision();
            if requested > 0 {
                self.resolve(requested)?;
            }
            pin = self.pins.pin(if requested == 0 { revision } else { requested });
        }
        let hash_revision = pin.revision();
        let is_empty = self.index.read().count(&KeyRange::all(), hash_revision) == 0;
        let seen_from = if is_empty { compact_revision } else { hash_revision };
        let mut digest = Digest::of(b"key");
        let mut next = Some(Point::new(0, 0));
        while let Some(from) = next {
            let slice = self.history(from, hash_revision, SLICE_RECORDS)?;
            if self.purged_to.load(Acquire) > hash_revision {
                return Err(ReadError::Compacted { requested: hash_revision, oldest: self.compact_revision() });
            }
            for record in &slice.records {
                if record.at.major > compact_revision || self.is_seen_at(record, seen_from) {
                    digest = record.append_to(digest);
                }
            }
            next = slice.next;
        }
        Ok(KvHash { hash: digest.crc(), hash_revision, compact_revision, revision })
    }

    /// Hashes everything up to a revision, and in between what was deleted. No compaction may run beside.
    ///
    /// What is left is read from LMDB alone: the ring can still hold what was deleted there.
    fn hash_with_deleted(&self, revision: i64, deleted: Vec<(Point, Digest)>) -> Result<u32, ReadError> {
        let mut deleted = deleted.into_iter().peekable();
        let mut digest = Digest::of(b"key");
        let mut next = Some(Point::new(0, 0));
        while let Some(from) = next {
            let slice = self.stored_history(&KeyRange::all(), from, revision, SLICE_RECORDS)?;
            for record in &slice.records {
                while let Some((_, before)) = deleted.next_if(|(at, _)| *at < record.at) {
                    digest = digest.then(before);
                }
                digest = record.append_to(digest);
            }
            next = slice.next;
        }
        Ok(deleted.fold(digest, |digest, (_, behind)| digest.then(behind)).crc())
    }

    fn is_seen_at(&self, record: &Record, revision: i64) -> bool {
        !record.tombstone
            && self.index.read().get(record.key(), revision).is_some_and(|version| version.modified == record.at)
    }
}
