//! Gathers commands into log entries, and gives every caller the outcome of its own command.
//!
//! A command that finds nothing in flight is proposed at once, on the caller's own thread. The others wait;
//! when an entry is applied, what has gathered becomes the next one. So one caller pays no delay, and many
//! share a sync.
//!
//! Invariants:
//! - Proposing never waits: it is one message to the consensus. So there is no point at which a caller that
//!   is cancelled could leave something half done; what it leaves is a reply nobody listens to.
//! - The number in flight goes down exactly once for every entry: when openraft has applied it, has refused it, or
//!   has dropped it. Each time the next entry is proposed.
//! - A command is in the queue, or its reply is pending, or its caller was answered.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kv_store::{CommandEntry, CommandId};
use openraft::errors::ClientWriteError;
use openraft::raft::ClientWriteResult;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::failure::FailureSink;
use crate::machine::Machine;
use crate::mailbox::{Mailboxes, Reply};
use crate::pending::{Pending, Requests};
use crate::progress::Progress;
use crate::propose_error::ProposeError;
use crate::type_config::{Commands, Completion, TypeConfig};

/// How many commands one entry holds at most.
pub const ENTRY_COMMANDS_MAX: usize = 1024;

/// How many bytes of commands one entry holds at most. A larger command travels alone.
pub const ENTRY_BYTES_MAX: usize = 1 << 20;

/// How many commands may wait to be proposed. More are refused with [`ProposeError::TooManyRequests`].
pub const WAITING_COMMANDS_MAX: usize = 32_768;

/// How many bytes of commands may wait to be proposed. More are refused likewise.
pub const WAITING_BYTES_MAX: usize = 128 << 20;

/// How long a command may take unless set otherwise.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(7);

/// How many entries are under way at once. Alone, more would only make entries smaller: the log writes one
/// batch at a time. With other members a few hide their distance.
const ENTRIES_IN_FLIGHT: usize = 1;

/// How often overdue commands are looked for while there are any commands at all.
const EXPIRY_PERIOD: Duration = Duration::from_millis(500);

/// What becomes of a command while the disk has no room for the log's next part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WhenFull {
    Refuse,
    Wait,
}

/// Proposes commands to a node. Clones share everything; any thread and any runtime can use it.
pub struct Proposer<M: Machine> {
    pipeline: Arc<Pipeline<M>>,
}

impl<M: Machine> Clone for Proposer<M> {
    fn clone(&self) -> Self {
        Self { pipeline: Arc::clone(&self.pipeline) }
    }
}

impl<M: Machine> fmt::Debug for Proposer<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Proposer").field("pipeline", &self.pipeline).finish()
    }
}

impl<M: Machine> Proposer<M> {
    pub(crate) fn new(pipeline: Arc<Pipeline<M>>) -> Self {
        Self { pipeline }
    }

    /// Has the encoded command committed and applied, and returns its outcome.
    ///
    /// The command is on its way as soon as the future is polled for the first time. Dropping the future after
    /// that gives up the answer; the command may still take effect.
    ///
    /// # Errors
    ///
    /// [`ProposeError`], whose variants say whether the command may still take effect.
    pub async fn propose(&self, command: Bytes) -> Result<M::Outcome, ProposeError> {
        self.propose_with(command, WhenFull::Refuse).await
    }

    /// Proposes a command that helps against a full disk: it uses up what room the log has left, and waits for more.
    ///
    /// # Errors
    ///
    /// As [`propose`](Self::propose), but for [`ProposeError::NoSpace`].
    pub async fn propose_when_full(&self, command: Bytes) -> Result<M::Outcome, ProposeError> {
        self.propose_with(command, WhenFull::Wait).await
    }

    async fn propose_with(&self, command: Bytes, when_full: WhenFull) -> Result<M::Outcome, ProposeError> {
        let (reply, outcome) = self.pipeline.mailboxes.reply();
        self.pipeline.enqueue(command, reply, when_full)?;
        // A reply is dropped only where the machine failed while it applied the command.
        outcome.await.unwrap_or_else(|_| Err(self.pipeline.stopped()))
    }
}

/// The queue between the callers and the consensus.
pub(crate) struct Pipeline<M: Machine> {
    member: u64,
    machine: Arc<M>,
    progress: Arc<Progress>,
    failures: Arc<FailureSink>,
    clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// In periods of [`EXPIRY_PERIOD`].
    timeout_periods: u32,
    queue: Mutex<Queue<M::Outcome>>,
    mailboxes: Mailboxes<M::Outcome>,
    /// Wakes the search for overdue commands.
    grew: Notify,
}

struct Queue<O> {
    /// Where entries go. None before the consensus runs, and after it.
    submit: Option<Arc<dyn Submit>>,
    closed: Option<ProposeError>,
    waiting: VecDeque<Waiting<O>>,
    waiting_bytes: usize,
    in_flight: usize,
    pending: Pending<O>,
    /// Milliseconds since the Unix epoch in the newest entry. Entries never say less than the one before.
    clock: u64,
    /// Counts [`EXPIRY_PERIOD`]s, but only those in which there was something to look for.
    period: u32,
    expiring: bool,
}

struct Waiting<O> {
    command: Bytes,
    reply: Reply<O>,
    since: u32,
}

/// An entry to be proposed.
struct Batch {
    entry: CommandEntry,
    requests: Requests,
    submit: Arc<dyn Submit>,
}

/// Takes entries to the consensus.
pub(crate) trait Submit: Send + Sync {
    /// Does not wait. `done` is called, or dropped, in any case.
    fn submit(&self, commands: Commands, done: Completion<ClientWriteResult<TypeConfig>>);
}

/// Everything a [`Pipeline`] is made from.
pub(crate) struct PipelineOptions<M> {
    pub(crate) member: u64,
    pub(crate) machine: Arc<M>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) failures: Arc<FailureSink>,
    pub(crate) clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    pub(crate) first_request: u64,
    pub(crate) timeout: Duration,
}

impl<M: Machine> Pipeline<M> {
    pub(crate) fn new(options: PipelineOptions<M>) -> Self {
        let PipelineOptions { member, machine, progress, failures, clock, first_request, timeout } = options;
        let periods = timeout.as_millis().div_ceil(EXPIRY_PERIOD.as_millis());
        Self {
            member,
            machine,
            progress,
            failures,
            clock,
            timeout_periods: u32::try_from(periods).unwrap_or(u32::MAX).max(1),
            queue: Mutex::new(Queue {
                submit: None,
                closed: None,
                waiting: VecDeque::new(),
                waiting_bytes: 0,
                in_flight: 0,
                pending: Pending::new(first_request),
                clock: 0,
                period: 0,
                expiring: false,
            }),
            mailboxes: Mailboxes::new(),
            grew: Notify::new(),
        }
    }

    /// Begins to propose.
    pub(crate) fn open(self: &Arc<Self>, submit: Arc<dyn Submit>) {
        let batch = {
            let mut queue = self.queue.lock();
            if queue.closed.is_none() {
                queue.submit = Some(submit);
            }
            self.next_batch(&mut queue)
        };
        self.propose(batch);
    }

    /// Ends: everybody who waits gets `error`, and so does everybody who comes later.
    pub(crate) fn close(&self, error: &ProposeError) {
        let mut unanswered = Vec::new();
        {
            let mut queue = self.queue.lock();
            if queue.closed.is_none() {
                queue.closed = Some(error.clone());
            }
            queue.submit = None;
            queue.waiting_bytes = 0;
            unanswered.extend(queue.waiting.drain(..).map(|waiting| waiting.reply));
            unanswered.extend(queue.pending.drain());
        }
        for reply in unanswered {
            reply.send(Err(error.clone()));
        }
        self.mailboxes.close();
    }

    /// Returns what is to be said of a node that has ended.
    pub(crate) fn stopped(&self) -> ProposeError {
        self.failures.failure().map_or(ProposeError::Stopped, |failure| ProposeError::Fatal(Arc::clone(failure)))
    }

    fn enqueue(
        self: &Arc<Self>,
        command: Bytes,
        reply: Reply<M::Outcome>,
        when_full: WhenFull,
    ) -> Result<(), ProposeError> {
        if when_full == WhenFull::Refuse && self.progress.log_full() {
            return Err(ProposeError::NoSpace);
        }
        if self.machine.is_backlog_full() {
            return Err(ProposeError::TooManyRequests);
        }
        let (batch, idle) = {
            let mut queue = self.queue.lock();
            if let Some(error) = &queue.closed {
                return Err(error.clone());
            }
            if queue.waiting.len() >= WAITING_COMMANDS_MAX || queue.waiting_bytes + command.len() > WAITING_BYTES_MAX {
                return Err(ProposeError::TooManyRequests);
            }
            queue.waiting_bytes += command.len();
            let since = queue.period;
            queue.waiting.push_back(Waiting { command, reply, since });
            let idle = !std::mem::replace(&mut queue.expiring, true);
            (self.next_batch(&mut queue), idle)
        };
        self.propose(batch);
        if idle {
            self.grew.notify_one();
        }
        Ok(())
    }

    /// Takes what goes into the next entry, if there may be one more.
    fn next_batch(&self, queue: &mut Queue<M::Outcome>) -> Option<Batch> {
        if queue.in_flight >= ENTRIES_IN_FLIGHT || queue.waiting.is_empty() {
            return None;
        }
        let submit = Arc::clone(queue.submit.as_ref()?);
        let mut commands = Vec::with_capacity(queue.waiting.len().min(ENTRY_COMMANDS_MAX));
        let mut bytes = 0;
        let first = queue.pending.next();
        while let Some(next) = queue.waiting.front() {
            bytes += next.command.len();
            if commands.len() == ENTRY_COMMANDS_MAX || (bytes > ENTRY_BYTES_MAX && !commands.is_empty()) {
                break;
            }
            let Some(Waiting { command, reply, since }) = queue.waiting.pop_front() else { break };
            queue.waiting_bytes -= command.len();
            if !reply.is_wanted() {
                bytes -= command.len();
                continue;
            }
            let request = queue.pending.push(since, reply);
            commands.push((CommandId { member: self.member, request }, command));
        }
        if commands.is_empty() {
            return None;
        }
        queue.in_flight += 1;
        queue.clock = queue.clock.max((self.clock)());
        let requests = Requests { first, count: commands.len() };
        Some(Batch { entry: CommandEntry { clock: queue.clock, commands }, requests, submit })
    }

    fn propose(self: &Arc<Self>, batch: Option<Batch>) {
        let Some(Batch { entry, requests, submit }) = batch else { return };
        let pipeline = Arc::clone(self);
        let done = Completion::new(move |result| pipeline.completed(requests, result));
        submit.submit(Commands(entry.encode()), done);
    }

    /// Ends an entry; the next one may go.
    fn completed(self: &Arc<Self>, requests: Requests, result: Option<ClientWriteResult<TypeConfig>>) {
        let error = match result {
            Some(Ok(_)) => None,
            Some(Err(ClientWriteError::ForwardToLeader(forward))) => {
                Some(ProposeError::NotLeader { leader: forward.leader_id })
            }
            Some(Err(_)) => Some(ProposeError::LeaderLost),
            None => {
                self.close(&self.stopped());
                return;
            }
        };
        let (batch, unanswered) = {
            let mut queue = self.queue.lock();
            queue.in_flight -= 1;
            let unanswered = if error.is_some() { queue.pending.take_all(requests) } else { Vec::new() };
            (self.next_batch(&mut queue), unanswered)
        };
        self.propose(batch);
        if let Some(error) = error {
            for reply in unanswered {
                reply.send(Err(error.clone()));
            }
        }
    }

    /// Takes the replies of those who wait here for the commands of a committed entry.
    pub(crate) fn claim(&self, entry: &CommandEntry) -> Vec<Option<Reply<M::Outcome>>> {
        let mut queue = self.queue.lock();
        let claim = |(id, _): &(CommandId, Bytes)| {
            if id.member == self.member { queue.pending.take(id.request) } else { None }
        };
        entry.commands.iter().map(claim).collect()
    }

    /// Fails overdue commands, for ever. Sleeps without waking while there are no commands.
    pub(crate) async fn expire(&self) {
        loop {
            self.grew.notified().await;
            loop {
                tokio::time::sleep(EXPIRY_PERIOD).await;
                let (overdue, idle) = self.expire_once();
                for reply in overdue {
                    reply.send(Err(ProposeError::Timeout));
                }
                if idle {
                    break;
                }
            }
        }
    }

    fn expire_once(&self) -> (Vec<Reply<M::Outcome>>, bool) {
        let mut queue = self.queue.lock();
        queue.period = queue.period.wrapping_add(1);
        let period = queue.period;
        // The period in which a command came had begun already, so one more has to pass.
        let is_overdue = |since: u32| period.wrapping_sub(since) > self.timeout_periods;
        let mut overdue = queue.pending.take_if(is_overdue);
        while queue.waiting.front().is_some_and(|waiting| is_overdue(waiting.since)) {
            let Some(waiting) = queue.waiting.pop_front() else { break };
            queue.waiting_bytes -= waiting.command.len();
            overdue.push(waiting.reply);
        }
        let idle = queue.waiting.is_empty() && queue.pending.is_empty();
        queue.expiring = !idle;
        (overdue, idle)
    }
}

impl<M: Machine> fmt::Debug for Pipeline<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue = self.queue.lock();
        formatter
            .debug_struct("Pipeline")
            .field("waiting", &queue.waiting.len())
            .field("in_flight", &queue.in_flight)
            .field("closed", &queue.closed)
            .finish_non_exhaustive()
    }
}
