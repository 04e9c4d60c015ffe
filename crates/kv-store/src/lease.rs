//! A lease, and who wants to know of it.

use std::fmt;

/// The longest time to live that a lease can have, in seconds.
pub const LEASE_TTL_MAX: i64 = 9_000_000_000;

/// A granted lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Its id, never zero.
    pub id: i64,
    /// For how many seconds it was granted; a renewal begins them again.
    pub granted_ttl: i64,
    /// How many seconds it had left when that was last recorded; zero if it was not, or if it was renewed since.
    pub remaining_ttl: i64,
}

/// Who wants to know which leases there are. Called by the thread that applies changes, so it must not block, nor ask the
/// store for leases.
pub trait LeaseObserver: fmt::Debug + Send + Sync {
    /// A lease was granted.
    fn granted(&self, lease: Lease);

    /// A lease was revoked, and the keys that were attached to it are deleted.
    fn revoked(&self, id: i64);

    /// The time that a lease has left was recorded; zero says that it was renewed.
    fn checkpointed(&self, id: i64, remaining_ttl: i64);
}
