//! The multi-version store on LMDB.

mod command;
mod encoding;
mod entry;
mod env;
mod error;
mod key_index;
mod key_range;
mod kv;
mod membership;
mod record;
mod revision;
pub mod schema;
mod storage;
mod storage_error;

pub use command::{
    Answer, Command, Compare, CompareResult, CompareTarget, DeleteRange, DeleteRangeAnswer, Member, Op, OpAnswer,
    Outcome, Put, PutAnswer, RangeAnswer, RangeOutcome, RangeQuery, SortOrder, SortTarget, Txn, TxnAnswer,
};
pub use encoding::DecodeError;
pub use entry::{CommandEntry, CommandId, EntryError};
pub use error::{ReadError, WriteError};
pub use key_index::{KeyIndex, KeyIndexBuilder, LiveKeys, Version, Written};
pub use key_range::KeyRange;
pub use kv::{KeyValue, KeyValueError, KeyValueRef};
pub use membership::{Membership, MembershipError};
pub use record::{Head, Record};
pub use revision::{FIRST_REVISION, LogPosition, NEVER_COMPACTED, Point};
pub use schema::Table;
pub use storage::{
    CompactionSlice, DefragmentProgress, Defragmented, DirLock, Effect, EntryEffects, Heads, Meta, Records, Sizes,
    Storage, StorageOptions, StorageReader, TableRow, TableRows,
};
pub use storage_error::{OpenError, StorageError, StorageErrorKind};
