//! Making a data directory of a store file from elsewhere, and a new cluster of what is in it.
//!
//! What a store knows of its old cluster is replaced in one transaction: ids, members, the position in a log that does not come
//! along. Revisions that were handed out after the copy was taken are gone with the old cluster, and a new one would hand
//! them out again for other changes. So the revision is moved where the old cluster never was, and what is before is compacted:
//! whoever goes on from a revision of the old cluster is told so.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::BytesMut;

use super::directory::{self, DirLock, StoreNumber};
use super::{Storage, StorageOptions};
use crate::command::Member;
use crate::schema::{Table, meta, number};
use crate::storage_error::{OpenError, StorageError, StorageErrorKind};

impl Storage {
    /// Returns where to write a store file that [`adopt`](Self::adopt) then puts into use.
    pub fn file_to_adopt(directory: &Path) -> PathBuf {
        directory.join(StoreNumber::FIRST.file_name()).with_extension("mdb.tmp")
    }

    /// Makes a data directory of a copied store file, written whole to where [`file_to_adopt`](Self::file_to_adopt) says.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the file is not a store that this release reads.
    pub fn adopt(lock: Arc<DirLock>, options: &StorageOptions) -> Result<Self, OpenError> {
        let unfinished = Self::file_to_adopt(lock.path());
        let path = lock.path().join(StoreNumber::FIRST.file_name());
        let synced = File::open(&unfinished).and_then(|file| file.sync_all());
        synced.map_err(|source| OpenError::io("sync", &unfinished, source))?;
        fs::rename(&unfinished, &path).map_err(|source| OpenError::io("rename", &unfinished, source))?;
        directory::sync_directory(lock.path())?;
        directory::write_current(lock.path(), StoreNumber::FIRST)?;
        Self::open(lock, options)
    }

    /// Makes the store that of the only member of a new cluster, which has no log yet. Keys, leases, users and alarms stay.
    ///
    /// Where `moved_by` is not zero the revision grows by so much and everything before is compacted, so that nobody who
    /// knew the old cluster takes its revisions for those of the new one; [`compact_slice`](Self::compact_slice) then
    /// deletes what that gives up. Returns the newest revision.
    ///
    /// # Errors
    ///
    /// Of kind [`Inconsistent`](StorageErrorKind::Inconsistent) if the revision cannot grow by so much, else as
    /// [`write`](Self::write).
    pub fn found_cluster(&self, cluster_id: u64, member: &Member, moved_by: i64) -> Result<i64, StorageError> {
        let reader = self.read()?;
        let known = reader.meta()?.revision;
        let revision = known.checked_add(moved_by).filter(|revision| moved_by >= 0 && *revision < i64::MAX);
        let Some(revision) = revision else {
            let detail = format!("revision {known} cannot grow by {moved_by}");
            return Err(StorageError::new(StorageErrorKind::Inconsistent, "move the revision", detail));
        };
        let mut members = Vec::new();
        for row in reader.rows(Table::Member, &[])? {
            members.push(row?.0.to_vec());
        }
        drop(reader);
        self.write_with("found a cluster", |txn| {
            for id in &members {
                txn.delete(Table::Member, id)?;
            }
            let mut row = BytesMut::new();
            member.encode_to(&mut row);
            txn.put(Table::Member, &member.id.to_be_bytes(), &row)?;
            txn.put(Table::Meta, meta::CLUSTER_ID, &cluster_id.to_be_bytes())?;
            txn.put(Table::Meta, meta::MEMBER_ID, &member.id.to_be_bytes())?;
            txn.delete(Table::Meta, meta::MEMBERSHIP)?;
            txn.delete(Table::Meta, meta::APPLIED)?;
            if moved_by > 0 {
                txn.put(Table::Meta, meta::REVISION, &number(revision))?;
                txn.put(Table::Meta, meta::COMPACT_REVISION, &number(revision))?;
            }
            Ok(revision)
        })
    }

    /// Has the store forget its cluster: its place in a log, its ids, members and alarms. A server that starts on it begins
    /// a cluster of its own.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn forget_cluster(&self) -> Result<(), StorageError> {
        let mut rows = Vec::new();
        let reader = self.read()?;
        for table in [Table::Member, Table::Alarm] {
            for row in reader.rows(table, b"")? {
                rows.push((table, row?.0.to_vec()));
            }
        }
        drop(reader);
        let own = [meta::APPLIED, meta::MEMBERSHIP, meta::CLUSTER_ID, meta::MEMBER_ID];
        rows.extend(own.map(|key| (Table::Meta, key.to_vec())));
        self.write_with("forget the cluster", |txn| rows.iter().try_for_each(|(table, key)| txn.delete(*table, key)))
    }
}
