//! The multi-version store on LMDB.

mod revision;

pub use revision::{FIRST_REVISION, LogPosition, NEVER_COMPACTED, Point};
