//! The store as the state machine that consensus drives.

use std::sync::Arc;

use bytes::Bytes;
use kv_raft::{ApplyError, Machine};
use kv_store::{CommandEntry, LogPosition, Outcome, Store};

/// Commands larger than this are applied beside other tasks, not in their way: a large value is copied, a large
/// transaction walks the index.
const COSTLY_COMMAND_BYTES: usize = 256 << 10;

/// A store behind the log.
#[derive(Debug)]
pub(crate) struct StoreMachine(pub(crate) Arc<Store>);

impl Machine for StoreMachine {
    type Outcome = Outcome;

    fn applied(&self) -> Option<LogPosition> {
        self.0.applied()
    }

    fn durable(&self) -> Option<LogPosition> {
        self.0.durable()
    }

    fn membership(&self) -> Option<(LogPosition, Bytes)> {
        self.0.membership()
    }

    fn apply(
        &self,
        position: LogPosition,
        entry: &CommandEntry,
        wanted: &[bool],
    ) -> Result<Vec<Option<Outcome>>, ApplyError> {
        let mut applier = self.0.begin_entry(position, entry.clock);
        let mut outcomes = Vec::with_capacity(entry.commands.len());
        for ((_, command), wanted) in entry.commands.iter().zip(wanted) {
            let outcome = applier.apply(command, *wanted)?;
            outcomes.push(wanted.then_some(outcome));
        }
        applier.finish();
        Ok(outcomes)
    }

    fn apply_membership(&self, position: LogPosition, membership: Bytes) {
        self.0.apply_membership(position, membership);
    }

    fn apply_blank(&self, position: LogPosition) {
        self.0.apply_blank(position);
    }

    fn is_costly(&self, entry: &CommandEntry) -> bool {
        entry.commands.iter().any(|(_, command)| command.len() > COSTLY_COMMAND_BYTES || self.0.is_costly(command))
    }

    fn is_backlog_full(&self) -> bool {
        self.0.is_backlog_full()
    }
}
