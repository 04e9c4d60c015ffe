//! The machine as openraft's state machine: applies committed entries and answers those who wait for them.
//!
//! Invariant: an outcome is given out only after its whole entry is applied, and the next entry is begun only
//! after that. Openraft has had the entry synced and committed before.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use kv_store::{CommandEntry, LogPosition, Membership};
use openraft::alias::{LogIdOf, SnapshotMetaOf, SnapshotOf, StoredMembershipOf};
use openraft::storage::{EntryResponder, RaftStateMachine};
use openraft::{EntryPayload, OptionalSend, RaftSnapshotBuilder};

use crate::failure::{Failure, FailureSink};
use crate::machine::{ApplyError, Machine};
use crate::mailbox::{Reply, answer};
use crate::node_options::{Applied, OnApplied};
use crate::progress::Progress;
use crate::proposer::Pipeline;
use crate::type_config::{Commands, TypeConfig, decode_membership, log_id, position, to_membership};

/// The content of a snapshot: nothing but the fact that there is a checkpoint in the store. This release has
/// nobody to send one to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checkpoint;

/// A [`Machine`] for openraft.
pub(crate) struct StateMachine<M: Machine> {
    machine: Arc<M>,
    pipeline: Arc<Pipeline<M>>,
    progress: Arc<Progress>,
    failures: Arc<FailureSink>,
    on_applied: OnApplied,
}

impl<M: Machine> StateMachine<M> {
    pub(crate) fn new(
        machine: Arc<M>,
        pipeline: Arc<Pipeline<M>>,
        progress: Arc<Progress>,
        failures: Arc<FailureSink>,
        on_applied: OnApplied,
    ) -> Self {
        Self { machine, pipeline, progress, failures, on_applied }
    }

    async fn apply_commands(&self, position: LogPosition, encoded: &Bytes) -> io::Result<()> {
        let entry = self.check(position, CommandEntry::decode(encoded).map_err(ApplyError::from))?;
        let replies = self.pipeline.claim(&entry);
        let wanted: Vec<_> = replies.iter().map(|reply| reply.as_ref().is_some_and(Reply::is_wanted)).collect();
        let outcomes = if self.machine.is_costly(&entry) {
            let machine = Arc::clone(&self.machine);
            let on_applied = Arc::clone(&self.on_applied);
            let apply = move || caught(|| machine.apply(position, &entry, &wanted, &mut timed(&on_applied)));
            tokio::task::spawn_blocking(apply).await.map_err(ApplyError::from).and_then(|applied| applied)
        } else {
            caught(|| self.machine.apply(position, &entry, &wanted, &mut timed(&self.on_applied)))
        };
        let outcomes = outcomes.and_then(|applied| applied);
        // On failure the replies are dropped, which their callers take for the end. So the failure is told first.
        let outcomes = self.check(position, outcomes)?;
        self.progress.set_applied(position.index);
        answer(replies, outcomes);
        Ok(())
    }

    async fn apply_entry(&self, position: LogPosition, payload: EntryPayload<Commands, u64, ()>) -> io::Result<()> {
        match payload {
            EntryPayload::Normal(Commands(encoded)) => self.apply_commands(position, &encoded).await?,
            EntryPayload::Blank => {
                self.check(position, caught(|| self.machine.apply_blank(position)))?;
                self.progress.set_applied(position.index);
            }
            EntryPayload::Membership(membership) => {
                let membership = to_membership(&membership);
                let apply = || self.machine.apply_membership(position, membership.encode());
                self.check(position, caught(apply))?;
                self.progress.set_applied(position.index);
                self.progress.membership_applied(position.index, &membership);
            }
        }
        Ok(())
    }

    /// Ends the node if an entry could not be applied.
    fn check<T>(&self, position: LogPosition, applied: Result<T, ApplyError>) -> io::Result<T> {
        applied.map_err(|error| {
            self.failures.report(Failure::Apply { position, reason: error.to_string() });
            io::Error::other(error)
        })
    }
}

impl<M: Machine> RaftStateMachine<TypeConfig> for StateMachine<M> {
    type SnapshotData = Checkpoint;
    type SnapshotBuilder = CheckpointReader<M>;

    async fn applied_state(&mut self) -> io::Result<(Option<LogIdOf<TypeConfig>>, StoredMembershipOf<TypeConfig>)> {
        Ok((self.machine.applied().map(log_id), stored_membership(self.machine.membership())?))
    }

    async fn apply<S>(&mut self, mut entries: S) -> io::Result<()>
    where
        S: Stream<Item = Result<EntryResponder<TypeConfig>, io::Error>> + Unpin + OptionalSend,
    {
        while let Some((entry, responder)) = entries.try_next().await? {
            self.apply_entry(position(&entry.log_id), entry.payload).await?;
            if let Some(responder) = responder {
                responder.send(());
            }
        }
        Ok(())
    }

    /// Defers where the membership is newer than the checkpoint: the two go together, so the next checkpoint has both.
    async fn try_create_snapshot_builder(&mut self, force: bool) -> Option<CheckpointReader<M>> {
        let reader = CheckpointReader { machine: Arc::clone(&self.machine) };
        let membership = self.machine.membership().map(|(position, _)| position);
        (force || membership <= self.machine.durable()).then_some(reader)
    }

    async fn get_snapshot_builder(&mut self) -> CheckpointReader<M> {
        CheckpointReader { machine: Arc::clone(&self.machine) }
    }

    async fn install_snapshot(&mut self, _meta: &SnapshotMetaOf<TypeConfig>, _content: Checkpoint) -> io::Result<()> {
        let reason = "install a snapshot of another member: this release runs one member";
        Err(io::Error::new(io::ErrorKind::Unsupported, reason))
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<SnapshotOf<TypeConfig, Checkpoint>>> {
        checkpoint(&*self.machine)
    }
}

/// Tells openraft how far the last checkpoint reaches. That is all that building a snapshot is here: the
/// checkpoint was written before.
pub(crate) struct CheckpointReader<M> {
    machine: Arc<M>,
}

impl<M: Machine> RaftSnapshotBuilder<TypeConfig> for CheckpointReader<M> {
    type SnapshotData = Checkpoint;

    async fn build_snapshot(&mut self) -> io::Result<SnapshotOf<TypeConfig, Checkpoint>> {
        let nothing =
            || SnapshotOf::<TypeConfig, _> { meta: SnapshotMetaOf::<TypeConfig>::default(), snapshot: Checkpoint };
        Ok(checkpoint(&*self.machine)?.unwrap_or_else(nothing))
    }
}

/// Describes the last checkpoint, if there is one.
fn checkpoint<M: Machine>(machine: &M) -> io::Result<Option<SnapshotOf<TypeConfig, Checkpoint>>> {
    // The membership is asked for first: what was applied after that can only be in a later checkpoint.
    let last_membership = stored_membership(machine.membership())?;
    let Some(durable) = machine.durable() else { return Ok(None) };
    let meta = SnapshotMetaOf::<TypeConfig> { last_log_id: Some(log_id(durable)), last_membership };
    Ok(Some(SnapshotOf::<TypeConfig, _> { meta, snapshot: Checkpoint }))
}

fn stored_membership(stored: Option<(LogPosition, Bytes)>) -> io::Result<StoredMembershipOf<TypeConfig>> {
    let Some((position, encoded)) = stored else { return Ok(StoredMembershipOf::<TypeConfig>::default()) };
    let membership = decode_membership(&encoded)?;
    Ok(StoredMembershipOf::<TypeConfig>::new(Some(log_id(position)), membership))
}

/// Returns the membership in the machine's checkpoint, and where it stands in the log.
///
/// # Errors
///
/// For bytes that no release up to this one has written.
pub(crate) fn applied_membership<M: Machine>(machine: &M) -> Result<Option<(u64, Membership)>, ApplyError> {
    let Some((position, encoded)) = machine.membership() else { return Ok(None) };
    Ok(Some((position.index, Membership::decode(&encoded)?)))
}

/// Returns what is told of each command that was applied, from now on.
fn timed(on_applied: &OnApplied) -> impl FnMut(&Bytes, bool) {
    let mut since = Instant::now();
    move |command, succeeded| {
        let began = std::mem::replace(&mut since, Instant::now());
        on_applied(&Applied { command, succeeded, took: since - began });
    }
}

/// Runs a part of the machine; its panic becomes an error. Nothing of the machine is used after that.
fn caught<T>(apply: impl FnOnce() -> T) -> Result<T, ApplyError> {
    catch_unwind(AssertUnwindSafe(apply)).map_err(|panic| panic_text(&*panic).into())
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("of an unknown kind"))
}
