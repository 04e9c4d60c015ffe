//! The numbers that order everything: revisions of the store and positions in the log.

use std::fmt;

/// The revision of a store nobody has written to. The first write makes [`FIRST_REVISION`]` + 1`.
pub const FIRST_REVISION: i64 = 1;

/// What the compact revision is before the first compaction.
pub const NEVER_COMPACTED: i64 = -1;

/// The place of one change: the revision of its transaction, and its position inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// The store-wide revision, one step per write transaction.
    pub major: i64,
    /// The change's position inside the transaction, from zero.
    pub sub: i64,
}

impl Point {
    /// Names the `sub`th change of revision `major`.
    pub const fn new(major: i64, sub: i64) -> Self {
        Self { major, sub }
    }

    /// Says whether a change can come right after another one.
    pub(crate) fn follows(self, last: Self) -> bool {
        let within = self.major == last.major && last.sub.checked_add(1) == Some(self.sub);
        within || (last.major.checked_add(1) == Some(self.major) && self.sub == 0)
    }
}

impl fmt::Display for Point {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.sub)
    }
}

/// The place of an entry in the replicated log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LogPosition {
    /// The term of the leader that wrote the entry.
    pub term: u64,
    /// The entry's number, from zero.
    pub index: u64,
}

impl fmt::Display for LogPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.term, self.index)
    }
}
