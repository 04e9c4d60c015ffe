//! The multi-version store on LMDB.

mod command;
mod encoding;
mod error;
mod key_range;
mod kv;
mod revision;

pub use command::{
    Answer, Command, Compare, CompareResult, CompareTarget, DeleteRange, DeleteRangeAnswer, Member, Op, OpAnswer,
    Outcome, Put, PutAnswer, RangeAnswer, RangeOutcome, RangeQuery, SortOrder, SortTarget, Txn, TxnAnswer,
};
pub use encoding::DecodeError;
pub use error::{ReadError, WriteError};
pub use key_range::KeyRange;
pub use kv::{KeyValue, KeyValueError};
pub use revision::{FIRST_REVISION, LogPosition, NEVER_COMPACTED, Point};
