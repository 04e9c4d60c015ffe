//! Why operations fail: one type for each family, so that a signature says what can happen.

use crate::auth::AuthError;
use crate::storage_error::StorageError;

/// Why a read failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The revision is older than the oldest one kept.
    #[error("revision {requested} is compacted; the oldest readable is {oldest}")]
    Compacted {
        /// What was asked for.
        requested: i64,
        /// The compact revision.
        oldest: i64,
    },
    /// The revision does not exist yet.
    #[error("revision {requested} is in the future; the newest is {newest}")]
    Future {
        /// What was asked for.
        requested: i64,
        /// The current revision.
        newest: i64,
    },
    /// The tables could not be read, or a record in them is damaged.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a command changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A read the command depends on, or a compaction, names a revision that cannot be used.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The lease to attach to does not exist.
    #[error("lease {lease:x} does not exist")]
    LeaseNotFound {
        /// The lease's id.
        lease: i64,
    },
    /// The id of the lease to be granted is taken.
    #[error("lease {lease:x} exists already")]
    LeaseExists {
        /// The lease's id.
        lease: i64,
    },
    /// The lease to be granted would live longer than any may.
    #[error("a time to live of {ttl} seconds is too long")]
    LeaseTtlTooLarge {
        /// What was asked for.
        ttl: i64,
    },
    /// A put that keeps the value or the lease names a key that does not exist.
    #[error("the key whose value or lease is to be kept does not exist")]
    KeyNotFound,
    /// The caller may not do this, or the change of users and roles makes no sense.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// An alarm stops what makes the store larger.
    #[error("the store has outgrown its quota")]
    NoSpace,
    /// An alarm stops every change.
    #[error("the store is damaged")]
    Corrupt,
}
