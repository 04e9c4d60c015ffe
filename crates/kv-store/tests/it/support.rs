//! Stores in directories of their own, and records to put into them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use kv_store::{
    DirLock, Effect, EntryEffects, KeyValue, LogPosition, OpenError, Point, Record, Storage, StorageOptions,
};

/// Options for small stores.
pub(crate) fn options() -> StorageOptions {
    StorageOptions { map_size_bytes: 256 << 20, readers_max: 16, sync: true }
}

pub(crate) fn open(directory: &Path) -> Result<Storage, OpenError> {
    Storage::open_or_create(Arc::new(DirLock::create(directory)?), &options())
}

/// The first write of a key.
pub(crate) fn put(revision: i64, key: &str, value: &[u8]) -> Record {
    put_again(revision, None, key, value)
}

/// A write of a key that was written before.
pub(crate) fn put_again(revision: i64, previous: Option<i64>, key: &str, value: &[u8]) -> Record {
    let pair = KeyValue {
        key: Bytes::copy_from_slice(key.as_bytes()),
        create_revision: revision,
        mod_revision: revision,
        version: 1,
        value: Bytes::copy_from_slice(value),
        lease: 0,
    };
    Record::put(0, previous.map(|major| Point::new(major, 0)), &pair)
}

/// A log entry that makes one revision of these records.
pub(crate) fn entry(records: &[Record]) -> EntryEffects {
    let revision = records[0].at.major;
    EntryEffects {
        position: LogPosition { term: 1, index: revision as u64 },
        revision,
        effects: vec![Effect::Records(records.into())],
    }
}

/// Finds the bytes in the store file and flips one of them.
pub(crate) fn damage(directory: &Path, needle: &[u8]) {
    let path = directory.join("store-0000000001.mdb");
    let mut bytes = fs::read(&path).unwrap();
    let mut found = 0;
    for at in 0..bytes.len() - needle.len() {
        if &bytes[at..at + needle.len()] == needle {
            bytes[at + needle.len() / 2] ^= 0x10;
            found += 1;
        }
    }
    assert!(found > 0, "the bytes are in the file");
    fs::write(path, bytes).unwrap();
}
