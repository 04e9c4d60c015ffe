//! What can go wrong, one type for each family of operations.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::types::Position;

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file system refused something.
    #[error("{action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no room for the segment that every start of the process opens.
    #[error("no space for a new log segment of {bytes} bytes in {}", path.display())]
    NoSpace {
        /// The log's directory.
        path: PathBuf,
        /// The size of the segment.
        bytes: u64,
        /// What the system said.
        source: io::Error,
    },
    /// Bytes that were once reported as durable are damaged.
    #[error("log segment {segment} is damaged at offset {offset} of {}: {reason}", path.display())]
    Corrupt {
        /// The number of the segment.
        segment: u64,
        /// Its file.
        path: PathBuf,
        /// Where in the file the first damage is.
        offset: u64,
        /// What is wrong there.
        reason: &'static str,
    },
    /// A segment that is still needed is not there.
    #[error("log segment {segment} is missing in {}: segments {oldest} to {newest} are needed", path.display())]
    MissingSegment {
        /// The number of the first one missing.
        segment: u64,
        /// The number of the oldest segment needed.
        oldest: u64,
        /// The number of the newest segment there is.
        newest: u64,
        /// The log's directory.
        path: PathBuf,
    },
    /// Two files say they are the same segment.
    #[error("log segment {segment} is in two files: {} and {}", first.display(), second.display())]
    DuplicateSegment {
        /// The number of the segment.
        segment: u64,
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A file is shorter than its header says.
    #[error("log segment {} is truncated: it has {found} bytes of {expected}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The length its header states; that of a header if not even that is there.
        expected: u64,
        /// The length it has.
        found: u64,
    },
    /// A file in a segment's place is something else.
    #[error("{} is not a log segment", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A segment was written by a later release.
    #[error("{} has log format {found}; this release reads up to {supported}", path.display())]
    FutureFormat {
        /// The file.
        path: PathBuf,
        /// The format it has.
        found: u32,
        /// The newest format known here.
        supported: u32,
    },
}

/// Why something did not become durable.
///
/// After the first [`Io`](WriteError::Io) error the log writes nothing any more: a failed sync tells nothing about
/// what reached the disk, and a second one that succeeds tells nothing about the first. What was not
/// reported as durable before may or may not be found when the log is opened again.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The file system refused something; the log has stopped for good.
    #[error("{action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The log was closed while it waited for room on the disk. Nothing was written.
    #[error("no space for the next log segment")]
    NoSpace,
    /// The writer ended before this was written, because of a bug that its panic message names.
    #[error("the log's writer is gone")]
    Stopped,
    /// The entries do not follow the log's end. Nothing was changed.
    #[error("entry {found:?} does not follow {last:?}")]
    OutOfOrder {
        /// The end of the log, or the entry before.
        last: Option<Position>,
        /// The entry that does not follow it.
        found: Position,
    },
    /// An entry is larger than any the log takes. Nothing was changed.
    #[error("entry of {bytes} bytes is larger than {max}")]
    TooLarge {
        /// The size of its payload.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// A truncation would remove entries that were purged as applied. Nothing was changed.
    #[error("cannot truncate to {last:?}: the log is purged up to {purged:?}")]
    Purged {
        /// What was to be the newest entry.
        last: Option<Position>,
        /// The newest purged entry.
        purged: Option<Position>,
    },
}

impl WriteError {
    /// Says what kind of error this is, for whoever only has to choose what to do.
    pub fn kind(&self) -> WriteErrorKind {
        match self {
            WriteError::Io { .. } | WriteError::Stopped => WriteErrorKind::Fatal,
            WriteError::NoSpace => WriteErrorKind::NoSpace,
            WriteError::OutOfOrder { .. } | WriteError::TooLarge { .. } | WriteError::Purged { .. } => {
                WriteErrorKind::Refused
            }
        }
    }
}

/// What to make of a [`WriteError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteErrorKind {
    /// The log has stopped; only opening it again helps.
    Fatal,
    /// There was no room and nothing was written.
    NoSpace,
    /// The caller asked for something the log does not do; it goes on.
    Refused,
}

/// Why entries could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file system refused to read.
    #[error("read log segment {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A batch that was read back before is no longer what it was.
    #[error("log segment {segment} is damaged at offset {offset} of {}: {reason}", path.display())]
    Corrupt {
        /// The number of the segment.
        segment: u64,
        /// Its file.
        path: PathBuf,
        /// Where in the file the damage is.
        offset: u64,
        /// What is wrong there.
        reason: &'static str,
    },
    /// The running server has purged the entry since the log was opened for reading.
    #[error("log entry {index} was purged meanwhile")]
    Recycled {
        /// The index of the entry.
        index: u64,
    },
}
