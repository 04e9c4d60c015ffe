//! A node: starts the consensus, watches over it, and stops it.
//!
//! The consensus runs on one single-threaded tokio runtime: on a thread of its own, or on a runtime that the
//! caller lends it where there is one core anyway. Openraft's tick is switched off while the node is alone and leads,
//! since there is nothing to time then; an idle node does not wake up.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use kv_log::{Event, Log};
use kv_store::LogPosition;
use openraft::async_runtime::WatchReceiver;
use openraft::errors::{LinearizableReadError, RaftError};
use openraft::metrics::RaftServerMetrics;
use openraft::{Config, Raft, ReadPolicy, ServerState, SnapshotPolicy};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};

use crate::failure::{Failure, FailureSink, StartError};
use crate::log_store::LogStore;
use crate::machine::Machine;
use crate::network::NoPeers;
use crate::progress::Progress;
use crate::proposer::{Pipeline, PipelineOptions, ProposeError, Proposer, REQUEST_TIMEOUT};
use crate::state_machine::{StateMachine, applied_membership};
use crate::type_config::TypeConfig;

/// How often a leader tells the others that it is there, unless set otherwise.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);

/// How long a node waits for a leader before it wants to become one, unless set otherwise.
pub const ELECTION_TIMEOUT: Duration = Duration::from_secs(1);

/// How many bytes are appended to the log between two purges. The log takes this much more on disk than it needs.
pub const PURGE_BYTES: u64 = 4 << 20;

/// How a node is started.
#[derive(Clone)]
pub struct NodeOptions {
    /// The member's id.
    pub id: u64,
    /// The directory of the log.
    pub log_dir: PathBuf,
    /// How the log is opened. The node passes the log's events on after reading them.
    pub log: kv_log::Options,
    /// Tells the time, in milliseconds since the Unix epoch.
    pub clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// The number of the first request, drawn at random: it must not be near one of an earlier process.
    pub first_request: u64,
    /// How long a command may take.
    pub request_timeout: Duration,
    /// How often a leader tells the others that it is there.
    pub heartbeat_interval: Duration,
    /// How long a node waits for a leader at least before it wants to become one.
    pub election_timeout: Duration,
    /// The runtime to run on; none for a thread of its own.
    pub runtime: Option<Handle>,
    /// Told once when the node fails, on the thread where it does. The process should end: see [`Failure`].
    pub on_failure: Arc<dyn Fn(&Failure) + Send + Sync>,
}

impl NodeOptions {
    /// Returns the defaults for what has one. A failure is only reported to those who propose.
    pub fn new(id: u64, log_dir: PathBuf, log: kv_log::Options, clock: Arc<dyn Fn() -> u64 + Send + Sync>) -> Self {
        Self {
            id,
            log_dir,
            log,
            clock,
            first_request: 0,
            request_timeout: REQUEST_TIMEOUT,
            heartbeat_interval: HEARTBEAT_INTERVAL,
            election_timeout: ELECTION_TIMEOUT,
            runtime: None,
            on_failure: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for NodeOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NodeOptions")
            .field("id", &self.id)
            .field("log_dir", &self.log_dir)
            .field("log", &self.log)
            .field("request_timeout", &self.request_timeout)
            .field("heartbeat_interval", &self.heartbeat_interval)
            .field("election_timeout", &self.election_timeout)
            .finish_non_exhaustive()
    }
}

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
        if appended.wrapping_sub(self.purged_at.load(Relaxed)) >= PURGE_BYTES {
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

/// What [`run`] hands over when the node has started.
struct Started<M: Machine> {
    raft: Raft<TypeConfig, StateMachine<M>>,
    pipeline: Arc<Pipeline<M>>,
    progress: Arc<Progress>,
    failures: Arc<FailureSink>,
    log: Log,
    purge: Arc<Notify>,
    recovered: watch::Receiver<bool>,
    stop: oneshot::Sender<()>,
}

/// The life of a node, on the runtime that the consensus runs on.
async fn run<M: Machine>(
    options: NodeOptions,
    machine: Arc<M>,
    ready: oneshot::Sender<Result<Started<M>, StartError>>,
) {
    let id = options.id;
    let (raft, pipeline, progress, failures, log) = match start(options, machine).await {
        Ok(started) => started,
        Err(error) => return drop(ready.send(Err(error))),
    };
    let (stop, stopping) = oneshot::channel();
    let (on_recovered, recovered) = watch::channel(false);
    let purge = Arc::new(Notify::new());
    let started = Started {
        raft: raft.clone(),
        pipeline: Arc::clone(&pipeline),
        progress: Arc::clone(&progress),
        failures: Arc::clone(&failures),
        log,
        purge: Arc::clone(&purge),
        recovered,
        stop,
    };
    // Whoever does not wait for the start any more has dropped `stop` too.
    drop(ready.send(Ok(started)));
    let recovery = async {
        if recover(&raft, id).await {
            progress.recovered();
            on_recovered.send_replace(true);
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = stopping => {}
        reason = watch_over(&raft, id) => failures.report(Failure::Consensus { reason }),
        () = recovery => {}
        () = purge_when_told(&raft, &purge) => {}
        () = pipeline.expire() => {}
    }
    pipeline.close(&pipeline.stopped());
    if let Err(error) = raft.shutdown().await {
        tracing::warn!(%error, "consensus did not stop in order");
    }
}

type Parts<M> = (Raft<TypeConfig, StateMachine<M>>, Arc<Pipeline<M>>, Arc<Progress>, Arc<FailureSink>, Log);

async fn start<M: Machine>(options: NodeOptions, machine: Arc<M>) -> Result<Parts<M>, StartError> {
    let NodeOptions { id, log_dir, log, clock, first_request, request_timeout, on_failure, .. } = options.clone();
    let config = config(&options)?;
    let failures = Arc::new(FailureSink::new(on_failure));
    let progress = Arc::new(Progress::new(id, 0));
    let log_options = watched_log(log, &progress, &failures);
    let opened = tokio::task::spawn_blocking(move || Log::open(&log_dir, log_options)).await;
    let log = opened.map_err(consensus_error)??;
    let state = log.state();
    check_log(&state, machine.applied())?;

    progress.set_term(state.vote.map_or(0, |vote| vote.term));
    progress.restored(machine.applied());
    if let Some((index, membership)) = applied_membership(&*machine).map_err(consensus_error)? {
        progress.membership_applied(index, &membership);
    }
    let pipeline = Arc::new(Pipeline::new(PipelineOptions {
        member: id,
        machine: Arc::clone(&machine),
        progress: Arc::clone(&progress),
        failures: Arc::clone(&failures),
        clock,
        first_request,
        timeout: request_timeout,
    }));
    let state_machine = StateMachine::new(machine, Arc::clone(&pipeline), Arc::clone(&progress), Arc::clone(&failures));
    let log_store = LogStore::new(log.clone(), Arc::clone(&progress));
    let raft = Raft::new(id, config, NoPeers, log_store, state_machine).await.map_err(|error| {
        // What stopped the replay says more than what openraft makes of it.
        failures.failure().map_or_else(|| consensus_error(error), consensus_error)
    })?;
    let newest = raft.with_raft_state(|state| {
        let effective = state.membership_state.effective();
        let sole = effective.voter_ids().count() == 1;
        (effective.log_id().as_ref().map(openraft::LogId::index), sole)
    });
    let (membership_index, sole) = newest.await.map_err(consensus_error)?;
    if let Some(index) = membership_index {
        progress.membership_appended(index);
    }
    if !raft.is_initialized().await.map_err(consensus_error)? {
        raft.initialize(BTreeSet::from([id])).await.map_err(consensus_error)?;
    } else if sole {
        raft.trigger().elect(false).await.map_err(consensus_error)?;
    }
    pipeline.open(Arc::new(raft.clone()));
    Ok((raft, pipeline, progress, failures, log))
}

/// Refuses a log and a store that do not belong together: replaying one onto the other would lose or repeat writes.
fn check_log(log: &kv_log::State, applied: Option<LogPosition>) -> Result<(), StartError> {
    let position = |position: kv_log::Position| LogPosition { term: position.term, index: position.index };
    let last = log.last.map(position);
    if let Some(applied) = applied.filter(|applied| last.is_none_or(|last| last.index < applied.index)) {
        return Err(StartError::LogBehind { applied, last });
    }
    let purged = log.purged.map(position);
    match purged.filter(|purged| applied.is_none_or(|applied| applied.index < purged.index)) {
        Some(purged) => Err(StartError::LogPurged { applied, purged }),
        None => Ok(()),
    }
}

fn config(options: &NodeOptions) -> Result<Arc<Config>, StartError> {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let config = Config {
        cluster_name: "kvd".to_owned(),
        heartbeat_interval: millis(options.heartbeat_interval),
        election_timeout_min: millis(options.election_timeout),
        election_timeout_max: millis(options.election_timeout).saturating_mul(2),
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: 0,
        // A leader that restarted in its old term could hand out a log id twice.
        enable_leader_restore: Some(false),
        enable_pre_vote: Some(true),
        ..Config::default()
    };
    config.validate().map(Arc::new).map_err(|error| StartError::Options { reason: error.to_string() })
}

fn watched_log(log: kv_log::Options, progress: &Arc<Progress>, failures: &Arc<FailureSink>) -> kv_log::Options {
    let (progress, failures) = (Arc::clone(progress), Arc::clone(failures));
    let notify = Arc::clone(&log.notify);
    let watch = move |event: Event| {
        match &event {
            Event::Failed(error) => failures.report(Failure::Log(error.clone())),
            Event::NoSpace => progress.set_log_full(true),
            Event::SpaceAgain => progress.set_log_full(false),
        }
        notify(event);
    };
    kv_log::Options { notify: Arc::new(watch), ..log }
}

fn consensus_error(error: impl fmt::Display) -> StartError {
    StartError::Consensus { reason: error.to_string() }
}

/// Waits until all that was in the log is committed and applied. False if the consensus ended before.
async fn recover<M: Machine>(raft: &Raft<TypeConfig, StateMachine<M>>, id: u64) -> bool {
    if raft.wait_for_recovery(None).await.is_err() {
        return false;
    }
    // A new leader's first entry is applied after everything of earlier terms.
    let wait = raft.wait(None);
    let in_place = wait.metrics(
        |metrics| match metrics.current_leader {
            None => false,
            Some(leader) if leader != id => true,
            Some(_) => {
                metrics.last_applied.is_some_and(|applied| applied.committed_leader_id().term == metrics.current_term)
            }
        },
        "wait for a leader",
    );
    in_place.await.is_ok()
}

/// Switches the tick on and off, until the consensus ends; returns why it did.
async fn watch_over<M: Machine>(raft: &Raft<TypeConfig, StateMachine<M>>, id: u64) -> String {
    let mut server = raft.server_metrics();
    loop {
        let alone = leads_alone(&server.borrow_watched(), id);
        raft.runtime_config().tick(!alone);
        if server.changed().await.is_err() {
            let metrics = raft.metrics();
            let running = &metrics.borrow_watched().running_state;
            return running.as_ref().err().map_or_else(|| "without a reason".to_owned(), ToString::to_string);
        }
    }
}

fn leads_alone(metrics: &RaftServerMetrics<TypeConfig>, id: u64) -> bool {
    let effective = &metrics.membership_config;
    let only_member = effective.nodes().all(|(member, ())| *member == id) && effective.voter_ids().count() == 1;
    metrics.state == ServerState::Leader && only_member
}

async fn purge_when_told<M: Machine>(raft: &Raft<TypeConfig, StateMachine<M>>, purge: &Notify) {
    loop {
        purge.notified().await;
        if let Err(error) = raft.trigger().snapshot().await {
            tracing::debug!(%error, "no purge: the consensus has ended");
            return std::future::pending().await;
        }
    }
}
