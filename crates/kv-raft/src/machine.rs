//! The state machine as consensus sees it.

use bytes::Bytes;
use kv_store::{CommandEntry, LogPosition, Outcome, ReadError, Store, WriteError};

/// What consensus drives: the store, or something small in tests.
///
/// Entries are applied one at a time and in order, from the one after [`applied`](Machine::applied) on.
pub trait Machine: Send + Sync + 'static {
    /// What became of a command.
    type Outcome: Send + 'static;

    /// Returns the position of the last applied entry. At the start, that is what the last checkpoint holds.
    fn applied(&self) -> Option<LogPosition>;

    /// Returns the position of the last entry whose effects are durable without the log.
    fn durable(&self) -> Option<LogPosition>;

    /// Returns the encoded membership that was applied last, and its position. It is part of a checkpoint.
    fn membership(&self) -> Option<(LogPosition, Bytes)>;

    /// Applies the commands of an entry, and returns for each its outcome where `wanted` says that somebody
    /// waits for it. The others may be `None`.
    ///
    /// A command that fails is an outcome too. `applied` is told of each command when it is done, in order, and whether it did
    /// what it was to do.
    ///
    /// # Errors
    ///
    /// Only if the entry cannot be understood, which ends the node. So does a panic.
    fn apply(
        &self,
        position: LogPosition,
        entry: &CommandEntry,
        wanted: &[bool],
        applied: &mut dyn FnMut(&Bytes, bool),
    ) -> Result<Vec<Option<Self::Outcome>>, ApplyError>;

    /// Applies a change of the membership, which the machine only keeps.
    fn apply_membership(&self, position: LogPosition, membership: Bytes);

    /// Applies an entry that changes nothing but the position.
    fn apply_blank(&self, position: LogPosition);

    /// Says whether the commands take so long to apply that other tasks must not wait for them on the same thread.
    fn is_costly(&self, entry: &CommandEntry) -> bool;

    /// Says whether so much waits for the checkpoint that new commands must be refused.
    fn is_backlog_full(&self) -> bool;
}

/// Why an entry could not be applied.
pub type ApplyError = Box<dyn std::error::Error + Send + Sync>;

impl Machine for Store {
    type Outcome = Outcome;

    fn applied(&self) -> Option<LogPosition> {
        self.applied()
    }

    fn durable(&self) -> Option<LogPosition> {
        self.durable()
    }

    fn membership(&self) -> Option<(LogPosition, Bytes)> {
        self.membership()
    }

    fn apply(
        &self,
        position: LogPosition,
        entry: &CommandEntry,
        wanted: &[bool],
        applied: &mut dyn FnMut(&Bytes, bool),
    ) -> Result<Vec<Option<Outcome>>, ApplyError> {
        let mut applier = self.begin_entry(position, entry.clock);
        let mut outcomes = Vec::with_capacity(wanted.len());
        for ((_, command), wanted) in entry.commands.iter().zip(wanted) {
            let outcome = applier.apply(command, *wanted)?;
            // Giving up again what is given up has what it wants.
            let succeeded = matches!(outcome, Ok(_) | Err(WriteError::Read(ReadError::Compacted { .. })));
            outcomes.push(wanted.then_some(outcome));
            applied(command, succeeded);
        }
        applier.finish();
        Ok(outcomes)
    }

    fn apply_membership(&self, position: LogPosition, membership: Bytes) {
        self.apply_membership(position, membership);
    }

    fn apply_blank(&self, position: LogPosition) {
        self.apply_blank(position);
    }

    fn is_costly(&self, entry: &CommandEntry) -> bool {
        self.are_costly(entry.commands.iter().map(|(_, command)| command))
    }

    fn is_backlog_full(&self) -> bool {
        self.is_backlog_full()
    }
}
