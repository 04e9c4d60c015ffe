//! The multi-version store on LMDB.

mod key_range;
mod kv;
mod revision;

pub use key_range::KeyRange;
pub use kv::{KeyValue, KeyValueError};
pub use revision::{FIRST_REVISION, LogPosition, NEVER_COMPACTED, Point};
