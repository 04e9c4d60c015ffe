//! What the rows of the table `meta` say, wherever they are read from.

use crate::revision::{FIRST_REVISION, LogPosition, NEVER_COMPACTED, Point};
use crate::schema::{Gap, meta, parse_compact_cursor, parse_gaps, parse_log_position, parse_number};
use crate::storage_error::StorageError;

/// What the store knows about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// Which layouts the file has.
    pub format_version: u64,
    /// The last log entry whose effects are in the file.
    pub applied: Option<LogPosition>,
    /// The newest revision in the file.
    pub revision: i64,
    /// The revision below which reads are refused, [`NEVER_COMPACTED`] before the first compaction.
    pub compact_revision: i64,
    /// The revision up to which superseded changes have been deleted.
    pub compact_finished: i64,
    /// The cluster's id, once known.
    pub cluster_id: Option<u64>,
    /// This member's id, once known.
    pub member_id: Option<u64>,
}

/// Finds a row of the table `meta`.
pub(crate) type MetaRow<'a> = dyn Fn(&[u8]) -> Result<Option<&'a [u8]>, StorageError> + 'a;

impl Meta {
    pub(super) fn read(row: &MetaRow<'_>) -> Result<Self, StorageError> {
        let number = |key: &[u8]| -> Result<Option<i64>, StorageError> {
            row(key)?.map(|value| parse_number(&String::from_utf8_lossy(key), value)).transpose()
        };
        let applied = row(meta::APPLIED)?;
        Ok(Self {
            format_version: number(meta::FORMAT_VERSION)?.unwrap_or(0) as u64,
            applied: applied.map(|value| parse_log_position("applied", value)).transpose()?,
            revision: number(meta::REVISION)?.unwrap_or(FIRST_REVISION),
            compact_revision: number(meta::COMPACT_REVISION)?.unwrap_or(NEVER_COMPACTED),
            compact_finished: number(meta::COMPACT_FINISHED)?.unwrap_or(NEVER_COMPACTED),
            cluster_id: number(meta::CLUSTER_ID)?.map(|id| id as u64),
            member_id: number(meta::MEMBER_ID)?.map(|id| id as u64),
        })
    }
}

/// Which changes the table `rev` must have, to tell a change that is missing from one that was compacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The newest revision.
    pub(crate) revision: i64,
    /// The revision up to which a compaction may have deleted changes.
    pub(crate) deleted_to: i64,
    /// Where changes are missing since the store was rescued.
    pub(crate) gaps: Vec<Gap>,
}

impl Kept {
    pub(crate) fn read(row: &MetaRow<'_>) -> Result<Self, StorageError> {
        let Meta { revision, compact_finished, .. } = Meta::read(row)?;
        let cursor =
            row(meta::COMPACT_CURSOR)?.map(|value| parse_compact_cursor("compact_cursor", value)).transpose()?;
        let deleting = cursor.map_or(NEVER_COMPACTED, |cursor| cursor.target);
        let gaps = row(meta::LOST)?.map(|value| parse_gaps("lost", value)).transpose()?;
        Ok(Self { revision, deleted_to: compact_finished.max(deleting), gaps: gaps.unwrap_or_default() })
    }

    /// Returns the point that stands for everything that may have been deleted, to begin comparing at.
    pub(crate) fn start(&self) -> Point {
        Point::new(self.deleted_to.max(FIRST_REVISION), i64::MAX)
    }

    /// Says whether a change is missing between `last`, the last one seen, and the next one at `at`.
    pub(crate) fn misses_between(&self, last: Point, at: Point) -> bool {
        at.major > self.deleted_to && !at.follows(last) && !self.is_lost(last, at)
    }

    /// Says whether the newest revision is missing behind `last`, the last change there is.
    pub(crate) fn misses_newest(&self, last: Point) -> bool {
        last.major < self.revision && !self.is_lost(last, Point::new(self.revision.saturating_add(1), 0))
    }

    /// Says whether damage is known to have taken what was between two changes.
    fn is_lost(&self, after: Point, before: Point) -> bool {
        self.gaps.iter().any(|gap| gap.before == before && gap.after <= after)
    }
}
