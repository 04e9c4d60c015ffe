//! Why a data directory could not be opened or read.

use kv_store::{LogPosition, OpenError, ReadError, StorageError, StorageErrorKind};

/// How often reading starts again beside a running server before it is given up.
pub(super) const ATTEMPTS: usize = 20;

/// Why a data directory could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OfflineError {
    /// The tables cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The log cannot be opened.
    #[error("{}", with_causes(.0))]
    OpenLog(kv_log::OpenError),
    /// An entry of the log cannot be read.
    #[error("{}", with_causes(.0))]
    ReadLog(kv_log::ReadError),
    /// The tables cannot be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A read names a revision that cannot be read, or found damage.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An entry of the log holds bytes that are no commands.
    #[error("log entry {position}: {detail}")]
    Entry {
        /// The entry.
        position: LogPosition,
        /// What is wrong with it.
        detail: String,
    },
    /// Entries between the tables and the log are gone.
    #[error(
        "the store ends at log entry {}, and the log begins behind entry {begin}: entries between them are gone",
        applied.map_or_else(|| "none".to_owned(), |applied| applied.to_string())
    )]
    Gap {
        /// The last entry in the tables.
        applied: Option<LogPosition>,
        /// The entry behind which the log begins.
        begin: LogPosition,
    },
    /// The running server was always faster.
    #[error("the running server compacted or purged faster than the directory could be read, {ATTEMPTS} times")]
    Moving,
}

impl OfflineError {
    /// Says whether bytes are not what was written, as opposed to not being there or not being readable now.
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::Open(error) => match error {
                OpenError::Damaged { .. } | OpenError::BadCurrent { .. } | OpenError::CurrentMissing { .. } => true,
                OpenError::Storage(error) => error.kind() == StorageErrorKind::Corrupted,
                _ => false,
            },
            Self::OpenLog(error) => {
                use kv_log::OpenError::*;
                matches!(
                    error,
                    Corrupt { .. }
                        | MissingSegment { .. }
                        | DuplicateSegment { .. }
                        | Truncated { .. }
                        | Foreign { .. }
                )
            }
            Self::ReadLog(error) => matches!(error, kv_log::ReadError::Corrupt { .. }),
            Self::Storage(error) | Self::Read(ReadError::Storage(error)) => error.kind() == StorageErrorKind::Corrupted,
            Self::Entry { .. } | Self::Gap { .. } => true,
            Self::Read(_) | Self::Moving => false,
        }
    }
}

/// An error of the log with what caused it, on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
