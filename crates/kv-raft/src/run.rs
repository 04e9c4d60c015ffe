//! The life of a node on the runtime of its consensus: what has to fit before it starts, and what is done while
//! it runs. Openraft's tick is off while the node is alone and leads: there is nothing to time then, so an idle node does
//! not wake up.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use kv_log::{Event, Log};
use kv_store::LogPosition;
use openraft::async_runtime::WatchReceiver;
use openraft::metrics::RaftServerMetrics;
use openraft::raft::ClientWriteResult;
use openraft::{Config, Raft, ServerState, SnapshotPolicy};
use tokio::sync::{Notify, oneshot, watch};

use crate::failure::{Failure, FailureSink, StartError};
use crate::log_store::LogStore;
use crate::machine::Machine;
use crate::network::NoPeers;
use crate::node_options::NodeOptions;
use crate::progress::Progress;
use crate::proposer::{Pipeline, PipelineOptions, Submit};
use crate::state_machine::{StateMachine, applied_membership};
use crate::type_config::{Commands, Completion, TypeConfig};

/// What [`run`] hands over when the node has started.
pub(crate) struct Started<M: Machine> {
    pub(crate) raft: Raft<TypeConfig, StateMachine<M>>,
    pub(crate) pipeline: Arc<Pipeline<M>>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) failures: Arc<FailureSink>,
    pub(crate) log: Log,
    pub(crate) purge: Arc<Notify>,
    pub(crate) recovered: watch::Receiver<bool>,
    pub(crate) stop: oneshot::Sender<()>,
}

/// The life of a node, on the runtime that the consensus runs on.
pub(crate) async fn run<M: Machine>(
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
    let NodeOptions { id, log_dir, log, clock, first_request, request_timeout, on_applied, on_failure, .. } =
        options.clone();
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
    let (waiters, position, sink) = (Arc::clone(&pipeline), Arc::clone(&progress), Arc::clone(&failures));
    let state_machine = StateMachine::new(machine, waiters, position, sink, on_applied);
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

impl<M: Machine> Submit for Raft<TypeConfig, StateMachine<M>> {
    fn submit(&self, commands: Commands, done: Completion<ClientWriteResult<TypeConfig>>) {
        // The channel has room for far more than is ever in flight, so this is ready at once. If it is not,
        // the consensus has ended; then the completion is dropped, which says so. The task's budget must not
        // make it wait, therefore `unconstrained`.
        let send = tokio::task::unconstrained(self.client_write_ff(commands, Some(done)));
        drop(send.now_or_never());
    }
}
