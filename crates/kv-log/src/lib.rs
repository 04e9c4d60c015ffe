//! The write-ahead log's files.

mod blocks;
mod cache;
mod disk;
mod error;
mod log;
mod metrics;
mod options;
mod types;

pub use disk::{Disk, DiskFile, FileSystem};
pub use error::{OpenError, ReadError, WriteError, WriteErrorKind};
pub use log::Log;
pub use metrics::{Metrics, SYNC_BUCKET_SECONDS, SYNC_BUCKETS};
pub use options::{
    BATCH_BYTES, CACHE_BYTES, Event, FIRST_SEGMENT_BYTES, Options, SEGMENT_BYTES, SPARE_SEGMENTS, Salt, SyncMode,
};
pub use types::{Entry, Payload, Position, Recovery, State, TornTail, Vote};
