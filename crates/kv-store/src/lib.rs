//! A multi-version key-value store on LMDB, with the data model of etcd.
//!
//! # The model
//!
//! Keys and values are any bytes; keys are ordered bytewise. Every transaction that changes something makes a new
//! *revision* of the whole store, one more than the last. A fresh store is at revision 1. A key lives in *generations*: a
//! put creates it, with version 1; each further put raises the version; a deletion leaves a *tombstone*, and the next
//! put begins a new generation. Old revisions stay readable until a *compaction* gives them up: after a compaction at
//! R, reads below R fail, and everything at R and later is as before.
//!
//! # How it works
//!
//! The store is fed by a log that is durable before the store hears of it. [`Store::begin_entry`] begins the next log entry,
//! [`EntryApplier::apply`] runs its commands, [`EntryApplier::finish`] ends it. Applying changes memory only: the
//! index of keys, and a ring of recent revisions. What an entry changed waits, as a list of effects, for
//! [`Store::checkpoint`], which stores whole entries in LMDB together with the position of the last one, in one synced
//! transaction. After a crash the store opens at the last checkpoint, and the caller applies the log's entries behind
//! [`Store::applied`] again. [`Background`] runs the threads that do checkpoints and delete what was compacted.
//!
//! Reads take the index's lock in short pieces and are right whatever is written meanwhile. Nothing here waits for a network
//! or knows the time: clocks come with the entries.
//!
//! Who watches opens a stream at the [`WatchHub`], which says which of its watchers have something to read, and reads it with
//! [`Store::events`].
//!
//! ```
//! use std::sync::Arc;
//! use kv_store::{Command, DirLock, KeyRange, LogPosition, Put, RangeQuery, Store, StoreOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let directory = tempfile::tempdir()?;
//! let lock = Arc::new(DirLock::create(&directory.path().join("data"))?);
//! let store = Store::open_or_create(lock, StoreOptions::default())?;
//!
//! // Two log entries with a put each; a real caller makes them durable first.
//! for (index, value) in [(0, "101"), (1, "102")] {
//!     let put = Put { key: "demo".into(), value: value.into(), ..Put::default() };
//!     let mut entry = store.begin_entry(LogPosition { term: 1, index }, 1_700_000_000_000);
//!     entry.apply(&Command::Put(put).encode(), true)??;
//!     entry.finish();
//! }
//! assert_eq!(store.revision(), 3);
//!
//! let demo = RangeQuery::new(KeyRange::Key("demo".into()));
//! assert_eq!(&*store.range(&demo)?.kvs[0].value, b"102");
//! let before = RangeQuery { revision: 2, ..demo };
//! assert_eq!(&*store.range(&before)?.kvs[0].value, b"101");
//!
//! store.checkpoint_all()?;
//! assert_eq!(store.durable(), Some(LogPosition { term: 1, index: 1 }));
//! # Ok(())
//! # }
//! ```

#[cfg(not(target_pointer_width = "64"))]
compile_error!("kvd maps its whole store into memory, which needs a 64-bit address space");

mod alarm;
mod alarms;
mod apply;
mod auth;
mod background;
mod charge;
mod check;
mod checkpoint;
mod command;
mod command_kind;
mod compaction;
mod compaction_state;
mod digest;
mod disk_full;
mod encoding;
mod entry;
mod env;
mod error;
mod events;
mod hash;
mod history;
pub mod ids;
mod key_index;
mod key_range;
mod kv;
mod lease;
mod leases;
mod lmdb_file;
mod load;
mod lock_file;
mod membership;
mod past_hashes;
mod pins;
mod read;
mod record;
mod rescue;
mod revision;
mod ring;
pub mod schema;
mod sha1;
mod storage;
mod storage_error;
mod store;
mod txn;
mod watch;

pub use alarm::{Alarm, AlarmChange, AlarmKind};
pub use apply::EntryApplier;
pub use auth::{
    Access, AuthCommand, AuthError, AuthState, Caller, PasswordHash, Permission, PermissionKind, ROOT, Role, User,
};
pub use background::{
    Background, BackgroundOptions, CHECKPOINT_INTERVAL, COMPACTION_PAUSE, COMPACTION_ROWS, READER_PATIENCE,
};
pub use check::Checked;
pub use checkpoint::Checkpointed;
pub use command::{
    Answer, Command, Compare, CompareResult, CompareTarget, DeleteRange, DeleteRangeAnswer, LeaseRemaining, Member, Op,
    OpAnswer, Outcome, Put, PutAnswer, RangeAnswer, RangeOutcome, RangeQuery, SortOrder, SortTarget, Txn, TxnAnswer,
};
pub use command_kind::CommandKind;
pub use compaction::{CompactionStep, SliceDone};
pub use digest::Digest;
pub use encoding::DecodeError;
pub use entry::{CommandEntry, CommandId, EntryError};
pub use error::{ReadError, WriteError};
pub use events::{Event, EventBatch, EventQuery};
pub use hash::KvHash;
pub use key_index::{KeyIndex, KeyIndexBuilder, KeyParts, LiveKeys, Version, Written};
pub use key_range::KeyRange;
pub use kv::{KeyValue, KeyValueError, KeyValueRef};
pub use lease::{LEASE_TTL_MAX, Lease, LeaseObserver};
pub use lmdb_file::{FileCheck, LmdbFile};
pub use membership::{Membership, MembershipError};
pub use pins::Pin;
pub use read::SHORT_READ_PAIRS;
pub use record::{Head, Record};
pub use rescue::{Lost, Survey};
pub use revision::{FIRST_REVISION, LogPosition, NEVER_COMPACTED, Point};
pub use schema::Table;
pub use storage::{
    CompactionSlice, DefragmentProgress, Defragmented, DeletedChange, DirLock, Effect, EntryEffects, Heads, Meta,
    Records, Sizes, Snapshot, Storage, StorageOptions, StorageReader, TableRow, TableRows, Trimmed,
};
pub use storage_error::{OpenError, StorageError, StorageErrorKind};
pub use store::{BACKLOG_BYTES_MAX, HISTORY_WINDOW_BYTES, Store, StoreOptions};
pub use watch::{Ready, Wake, WatchHub, WatchStream, WatcherId};
