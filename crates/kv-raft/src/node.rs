//! A node as its owner holds it: started, asked, and stopped.
//!
//! The consensus runs on one single-threaded tokio runtime: on a thread of its own, or on a runtime that the
//! caller lends it where there is one core anyway.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;

use kv_log::Log;
use openraft::async_runtime::WatchReceiver;
use openraft::errors::{LinearizableReadError, RaftError};
use openraft::{Raft, ReadPolicy, ServerState};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot, watch};

use crate::failure::{Failure, FailureSink, StartError};
use crate::machine::Machine;
use crate::node_options::NodeOptions;
use crate::progress::Progress;
use crate::propose_error::ProposeError;
use crate::proposer::{Pipeline, Proposer};
use crate::run::{Started, run};
use crate::state_machine::StateMachine;
use crate::type_config::TypeConfig;

/// How many bytes are appended to the log between two purges. The log takes this much more on disk than it needs.
pub const PURGE_BYTES: u64 = 4 << 20;

/// What a node knows of its place in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The term of the last vote.
    pub term: u64,
    /// The leader, if there is one.
    pub leader: Option<u64>,
    /// The index of the last entry known to be committed.
    pub committed: u64,
    /// The index of the last applied entry.
    pub applied: u64,
    /// Says whether the node has no vote.
    pub is_learner: bool,
}

/// A running member of a cluster.
///
/// Dropping it stops it, as [`shutdown`](Node::shutdown) does, and waits for its thread.
pub struct Node<M: Machine> {
    raft: Raft<TypeConfig, StateMachine<M>>,
    pipeline: Arc<Pipeline<M>>,
    progress: Arc<Progress>,
    failures: Arc<FailureSink>,
    log: Log,
    purge: Arc<Notify>,
    /// What [`Progress::appended_bytes`] was at the last purge.
    purged_at: AtomicU64,
    recovered: watch::Receiver<bool>,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    stopped: watch::Receiver<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<M: Machine> Node<M> {
    /// Opens the log, replays what is known to be committed, and joins the cluster; a node that has never run
    /// makes one of its own. Returns before the node is of use: see [`wait_for_recovery`](Node::wait_for_recovery).
    ///
    /// # Errors
    ///
    /// [`StartError`] names what does not fit.
    pub async fn start(options: NodeOptions, machine: Arc<M>) -> Result<Self, StartError> {
        let (ready, started) = oneshot::channel();
        let (on_stopped, stopped) = watch::channel(false);
        let mut thread = None;
        if let Some(runtime) = options.runtime.clone() {
            runtime.spawn(async move {
                run(options, machine, ready).await;
                drop(on_stopped);
            });
        } else {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(StartError::Thread)?;
            let main = move || {
                runtime.block_on(run(options, machine, ready));
                drop(runtime);
                drop(on_stopped);
            };
            let spawned = std::thread::Builder::new().name("consensus".to_owned()).spawn(main);
            thread = Some(spawned.map_err(StartError::Thread)?);
        }
        let Started { raft, pipeline, progress, failures, log, purge, recovered, stop } = started
            .await
            .unwrap_or_else(|_| Err(StartError::Consensus { reason: "the thread has ended".to_owned() }))?;
        let appended = progress.appended_bytes();
        Ok(Self {
            raft,
            pipeline,
            progress,
            failures,
            log,
            purge,
            // The first checkpoint purges whatever earlier processes have left.
            purged_at: AtomicU64::new(appended.wrapping_sub(PURGE_BYTES)),
            recovered,
            stop: Mutex::new(Some(stop)),
            stopped,
            thread: Mutex::new(thread),
        })
    }

    /// Waits until everything that was committed before the start is applied, and, if this node has the only vote,
    /// until it leads. Only then does it show what clients were once told.
    ///
    /// # Errors
    ///
    /// [`ProposeError::Fatal`] and [`ProposeError::Stopped`].
    pub async fn wait_for_recovery(&self) -> Result<(), ProposeError> {
        let mut recovered = self.recovered.clone();
        recovered.wait_for(|recovered| *recovered).await.map(drop).map_err(|_| self.pipeline.stopped())
    }

    /// Returns what commands are proposed with.
    pub fn proposer(&self) -> Proposer<M> {
        Proposer::new(Arc::clone(&self.pipeline))
    }

    /// Says whether this node alone decides what is committed. Then what is applied is all there is, and
    /// a linearizable read needs nothing but the machine.
    pub fn sole_voter(&self) -> bool {
        self.progress.sole_voter()
    }

    /// Waits until a read of the machine sees everything that was committed before the call. Ready at once for
    /// the [sole voter](Node::sole_voter).
    ///
    /// # Errors
    ///
    /// [`ProposeError::NotLeader`], [`ProposeError::LeaderLost`] where no majority answers,
    /// [`ProposeError::Fatal`] and [`ProposeError::Stopped`].
    pub async fn linearize(&self) -> Result<(), ProposeError> {
        if self.sole_voter() {
            return Ok(());
        }
        match self.raft.ensure_linearizable(ReadPolicy::ReadIndex).await {
            Ok(_) => Ok(()),
            Err(RaftError::APIError(LinearizableReadError::ForwardToLeader(forward))) => {
                Err(ProposeError::NotLeader { leader: forward.leader_id })
            }
            Err(RaftError::APIError(_)) => Err(ProposeError::LeaderLost),
            Err(RaftError::Fatal(_)) => Err(self.pipeline.stopped()),
        }
    }

    /// Returns the term of the last vote. Costs one memory access.
    pub fn term(&self) -> u64 {
        self.progress.term()
    }

    /// Returns what the node knows of its place in the cluster.
    pub fn status(&self) -> Status {
        let (leader, is_learner) = {
            let metrics = self.raft.server_metrics();
            let metrics = metrics.borrow_watched();
            (metrics.current_leader, metrics.state == ServerState::Learner)
        };
        Status {
            term: self.progress.term(),
            leader,
            committed: self.progress.committed(),
            applied: self.progress.applied(),
            is_learner,
        }
    }

    /// Tells the node that the machine has made a checkpoint, so that the log can forget what is in it. Does not wait; purges only
    /// when enough has gathered, so that it can be called after every checkpoint. Any thread may call it.
    pub fn checkpointed(&self) {
        let appended = self.progress.appended_bytes();
        // Where there is no room, each part of the log that is not needed any more is.
        if self.log_full() || appended.wrapping_sub(self.purged_at.load(Relaxed)) >= PURGE_BYTES {
            self.purged_at.store(appended, Relaxed);
            self.purge.notify_one();
        }
    }

    /// Returns the log, to look at: what was recovered, its size and its counters.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Says whether the disk has no room for the next part of the log. Commands are refused then.
    pub fn log_full(&self) -> bool {
        self.progress.log_full()
    }

    /// Returns why the node has ended, if it has failed.
    pub fn failure(&self) -> Option<&Failure> {
        self.failures.failure().map(|failure| &**failure)
    }

    /// Stops the node and waits until it has. Commands under way get [`ProposeError::Stopped`].
    pub async fn shutdown(&self) {
        drop(self.stop.lock().take());
        let mut stopped = self.stopped.clone();
        // The sender says nothing, it only goes away.
        while stopped.changed().await.is_ok() {}
        self.join();
    }

    fn join(&self) {
        if let Some(thread) = self.thread.lock().take() {
            // A panic there was reported as the node's failure.
            drop(thread.join());
        }
    }
}

impl<M: Machine> Drop for Node<M> {
    fn drop(&mut self) {
        drop(self.stop.lock().take());
        self.join();
    }
}

impl<M: Machine> fmt::Debug for Node<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Node").field("progress", &self.progress).finish_non_exhaustive()
    }
}
