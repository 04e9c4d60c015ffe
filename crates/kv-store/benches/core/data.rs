//! Keys and values, and a store full of them.

use std::sync::Arc;

use bytes::Bytes;
use kv_store::{Command, DirLock, LogPosition, Put, Store, StoreOptions};
use tempfile::TempDir;

const VALUE_BYTES: usize = 256;
/// Puts in an entry that fills a store.
const ENTRY_PUTS: u64 = 1000;

/// Returns a key by its number. Numbers that follow each other are far apart in key order.
pub(crate) fn key(number: u64) -> Bytes {
    let name = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) & ((1 << 60) - 1);
    format!("/registry/pods/team-{:04}/service-{name:015x}", number % 1000).into()
}

/// Returns an encoded put of a key.
pub(crate) fn put(number: u64) -> Bytes {
    let value = vec![number as u8; VALUE_BYTES].into();
    Command::Put(Put { key: key(number), value, ..Put::default() }).encode()
}

/// A store, where its log would be, and its directory.
pub(crate) struct Subject {
    pub(crate) store: Store,
    next: u64,
    _directory: TempDir,
}

impl Subject {
    /// Makes a store with keys, all of them stored.
    pub(crate) fn full(keys: u64) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let lock = Arc::new(DirLock::create(&directory.path().join("data")).expect("the directory is free"));
        let store = Store::open_or_create(lock, StoreOptions::default()).expect("the store opens");
        let mut subject = Self { store, next: 0, _directory: directory };
        for first in (0..keys).step_by(ENTRY_PUTS as usize) {
            let puts: Vec<_> = (first..keys.min(first + ENTRY_PUTS)).map(put).collect();
            subject.apply(&puts);
            subject.store.checkpoint_all().expect("the store has room");
        }
        subject
    }

    /// Applies commands as the next entry.
    pub(crate) fn apply(&mut self, commands: &[Bytes]) {
        let mut entry = self.store.begin_entry(LogPosition { term: 1, index: self.next }, 1_700_000_000_000);
        for command in commands {
            entry.apply(command, true).expect("it is a command").expect("it is allowed");
        }
        entry.finish();
        self.next += 1;
    }
}
