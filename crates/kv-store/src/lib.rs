//! The multi-version store on LMDB.

mod kv;
mod revision;

pub use kv::{KeyValue, KeyValueError};
pub use revision::{FIRST_REVISION, LogPosition, NEVER_COMPACTED, Point};
