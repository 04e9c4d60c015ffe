//! The store, the consensus that drives it and the threads behind it, as the services see them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use kv_proto::ApiError;
use kv_proto::etcdserverpb::ResponseHeader;
use kv_raft::{Node, NodeOptions, Proposer};
use kv_store::{
    Answer, Background, Caller, Command, CommandKind, KeyRange, Member, Op, RangeAnswer, RangeQuery, Sizes, Store, Txn,
    TxnAnswer,
};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::Status;

use crate::auth::Auth;
use crate::ballasts::{Ballasts, Full};
use crate::config::{Config, Identity};
use crate::defragment;
use crate::engine_error::EngineError;
use crate::failure::Failure;
use crate::lease::Lessor;
use crate::metrics::Metrics;
use crate::slow::SlowRequests;
use crate::startup::{Opened, background_options, check_at_start, node_options, open_store};
use crate::status::{chain, propose_status, read_status, write_status};

/// Everything below the services.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) config: Config,
    pub(crate) identity: Identity,
    pub(crate) store: Arc<Store>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) auth: Auth,
    pub(crate) lessor: Arc<Lessor>,
    pub(crate) slow: SlowRequests,
    /// Nothing where syncs are off, and so nothing outlasts the server for certain.
    pub(crate) ballasts: Option<Arc<Ballasts>>,
    /// Revokes what expires.
    revoking: Mutex<Option<JoinHandle<()>>>,
    node: Arc<Node<Store>>,
    proposer: Proposer<Store>,
    background: Mutex<Option<Background>>,
    /// The newest revision whose compaction is complete.
    compacted: watch::Sender<i64>,
    /// What a compaction has found damaged, the newest.
    damage: watch::Sender<Option<String>>,
    /// Ends the process.
    pub(crate) failure: Failure,
    /// The last of the numbers that keep streams from speaking all at once.
    spread: AtomicU32,
}

impl Engine {
    /// Opens the data directory, replays the log and makes this member known under `client_urls`. When it returns,
    /// everything that was ever acknowledged can be read.
    ///
    /// The consensus runs on `runtime`, or on a thread of its own.
    pub(crate) async fn start(
        config: Config,
        client_urls: Vec<String>,
        runtime: Option<Handle>,
    ) -> Result<Arc<Self>, EngineError> {
        let Opened { store, identity, ballasts } = {
            let config = config.clone();
            tokio::task::spawn_blocking(move || open_store(&config)).await.expect("opening does not panic")?
        };
        let failure = Failure::default();
        let (damage, _) = watch::channel(None);
        let (compacted, _) = watch::channel(store.compact_revision());
        let metrics = Arc::new(Metrics::default());

        let auth = Auth::new(&config, Arc::clone(&store)).map_err(EngineError::Config)?;
        let options = NodeOptions { runtime, ..node_options(&config, &identity, &metrics, &failure)? };
        let node = Arc::new(Node::start(options, Arc::clone(&store)).await?);
        let options = background_options(&config, &node, &store, &metrics, &compacted, &damage, &failure);
        let background = Background::start(&store, options);
        let engine = Arc::new(Self {
            proposer: node.proposer(),
            background: Mutex::new(Some(background)),
            slow: SlowRequests::new(&config, Arc::clone(&metrics)),
            config,
            identity,
            store,
            lessor: Arc::new(Lessor::new(Arc::clone(&metrics))),
            revoking: Mutex::new(None),
            metrics,
            auth,
            ballasts: ballasts.map(Arc::new),
            node,
            compacted,
            damage,
            failure,
            spread: AtomicU32::new(0),
        });
        engine.node.wait_for_recovery().await.map_err(EngineError::Replay)?;
        if engine.config.initial_corrupt_check {
            check_at_start(&engine.store, engine.identity.member_id).await?;
        }
        engine.publish(client_urls).await?;
        engine.count_leases();
        Ok(engine)
    }

    /// Begins to count the time of leases, and to revoke those that expire.
    fn count_leases(&self) {
        // Etcd's election timeout is what a new leader gives.
        self.lessor.start(&self.store, self.config.election_timeout);
        let (lessor, proposer) = (Arc::clone(&self.lessor), self.proposer.clone());
        let revoking = self.failure.watch_over("revoking leases", async move { lessor.run(proposer).await });
        *self.revoking.lock() = Some(revoking);
    }

    /// Records this member's name and addresses, where they are not what the members' table says.
    async fn publish(&self, client_urls: Vec<String>) -> Result<(), EngineError> {
        let known = self.store.members().into_iter().find(|member| member.id == self.identity.member_id);
        let peer_urls = known.as_ref().map_or_else(|| self.identity.peer_urls.clone(), |known| known.peer_urls.clone());
        let member = Member {
            id: self.identity.member_id,
            name: self.config.name.clone(),
            peer_urls,
            client_urls,
            learner: false,
        };
        if known.as_ref() != Some(&member) {
            let proposed = self.proposer.propose(Command::SetMember(member).encode_for(&Caller::Server));
            let outcome = self.metrics.requests.timed(CommandKind::SetMember, proposed).await;
            outcome.map_err(EngineError::Replay)?.map_err(|error| EngineError::Config(error.to_string()))?;
        }
        tracing::info!(
            local_member_id = format!("{:x}", self.identity.member_id),
            cluster_id = format!("{:x}", self.identity.cluster_id),
            "published local member to cluster through raft"
        );
        Ok(())
    }

    /// Has a command of the server's own committed and applied.
    pub(crate) async fn propose(&self, command: &Command) -> Result<Answer, Status> {
        self.propose_for(&Caller::Server, command).await
    }

    /// Has a command committed and applied, if the caller may still run it then.
    pub(crate) async fn propose_for(&self, caller: &Caller, command: &Command) -> Result<Answer, Status> {
        // Applying it would find the same; so the log does not fill with what has no effect.
        if let Some(refusal) = self.store.refusal(command) {
            return Err(write_status(&refusal));
        }
        let encoded = command.encode_for(caller);
        // Requests with keys and values were judged by their own size, which is greater.
        if *caller != Caller::Server && encoded.len() > self.config.max_request_bytes as usize {
            return Err(crate::status::status(ApiError::RequestTooLarge));
        }
        let _pending = Pending::new(&self.metrics);
        let began = Instant::now();
        let proposed = if command.adds() {
            self.proposer.propose(encoded).await
        } else {
            self.proposer.propose_when_full(encoded).await
        };
        self.metrics.requests.of(command.kind()).observe(began, proposed.is_ok());
        match proposed {
            Ok(outcome) => outcome.map_err(|error| write_status(&error)),
            Err(error) => {
                self.metrics.proposals_failed.inc();
                Err(propose_status(&error))
            }
        }
    }

    /// Waits until a read of the store sees everything that was acknowledged before.
    pub(crate) async fn linearizable(&self) -> Result<(), Status> {
        if self.node.sole_voter() {
            return Ok(());
        }
        self.node.linearize().await.map_err(|error| propose_status(&error))
    }

    /// Reads a range: in place if it is short, else beside the other requests of the thread.
    pub(crate) async fn range(&self, query: &RangeQuery) -> Result<RangeAnswer, Status> {
        let began = Instant::now();
        let answer = if self.store.is_short(query) {
            self.store.range(query)
        } else {
            let query = query.clone();
            self.blocking(move |store| store.range(&query)).await?
        };
        self.metrics.range_reads.observe(began, answer.is_ok());
        answer.map_err(|error| read_status(&error))
    }

    /// Reads the beginning of a range, up to about so many bytes.
    pub(crate) async fn range_piece(&self, query: &RangeQuery, bytes_max: usize) -> Result<RangeAnswer, Status> {
        let began = Instant::now();
        let query = query.clone();
        let answer = self.blocking(move |store| store.range_piece(&query, bytes_max)).await?;
        self.metrics.range_reads.observe(began, answer.is_ok());
        answer.map_err(|error| read_status(&error))
    }

    /// Runs a transaction that only reads.
    pub(crate) async fn read_txn(&self, txn: &Txn) -> Result<TxnAnswer, Status> {
        let answer = if self.is_short(txn) {
            self.store.read_txn(txn)
        } else {
            let txn = txn.clone();
            self.blocking(move |store| store.read_txn(&txn)).await?
        };
        answer.map_err(|error| write_status(&error))
    }

    fn is_short(&self, txn: &Txn) -> bool {
        txn.compare.iter().all(|compare| matches!(compare.range, KeyRange::Key(_)))
            && txn.success.iter().chain(&txn.failure).all(|op| match op {
                Op::Range(query) => self.store.is_short(query),
                _ => false,
            })
    }

    /// Runs what may take long on a thread where it delays nobody.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> T + Send + 'static,
    ) -> Result<T, Status> {
        let store = Arc::clone(&self.store);
        let done = tokio::task::spawn_blocking(move || work(&store)).await;
        done.map_err(|_| request_failed())
    }

    /// Waits until what a compaction gave up is deleted.
    pub(crate) async fn wait_compacted(&self, revision: i64) -> Result<(), Status> {
        let mut compacted = self.compacted.subscribe();
        let waited = compacted.wait_for(|done| *done >= revision).await;
        waited.map(drop).map_err(|_| crate::status::status(ApiError::Stopped))
    }

    /// Gives free pages back to the file system, while everything goes on.
    pub(crate) async fn defragment(&self) -> Result<(), Status> {
        tracing::info!("starting defragment");
        let began = Instant::now();
        self.metrics.defragments_inflight.add(1);
        // What a compaction has given up is not copied, so it is waited for; for long it cannot last.
        let compacted = self.wait_compacted(self.store.compact_revision());
        drop(tokio::time::timeout(defragment::PATIENCE, compacted).await);
        let result = self.blocking(defragment::run).await;
        self.metrics.defragments_inflight.add(-1);
        let took = began.elapsed();
        self.metrics.defragment_duration.observe(took);
        match result? {
            Ok(defragmented) => {
                tracing::info!(
                    took = format!("{took:?}"),
                    before_bytes = defragmented.before_bytes,
                    after_bytes = defragmented.after_bytes,
                    "finished defragment"
                );
                Ok(())
            }
            Err(error) => {
                tracing::error!(error = %error, "defragment failed");
                Err(Status::unknown(format!("etcdserver: {}", chain(&error))))
            }
        }
    }

    /// Returns what has commands committed; for what needs neither its refusals nor its counters.
    pub(crate) fn proposer(&self) -> &Proposer<Store> {
        &self.proposer
    }

    /// Returns the header of an answer at `revision`.
    pub(crate) fn header(&self, revision: i64) -> ResponseHeader {
        ResponseHeader {
            cluster_id: self.identity.cluster_id,
            member_id: self.identity.member_id,
            revision,
            raft_term: self.node.term(),
        }
    }

    /// Returns what this member knows of its place in the cluster.
    pub(crate) fn consensus(&self) -> kv_raft::Status {
        self.node.status()
    }

    /// Returns what the store takes on disk.
    pub(crate) fn sizes(&self) -> Result<Sizes, Status> {
        self.store.sizes().map_err(|error| Status::unknown(format!("etcdserver: {}", chain(&error))))
    }

    /// Returns the log, for its counters.
    pub(crate) fn log(&self) -> &kv_log::Log {
        self.node.log()
    }

    /// Returns a share between nothing and all, different for streams that begin one after the other.
    pub(crate) fn next_spread(&self) -> f64 {
        // Steps of the golden ratio fill the range evenly, whatever their number.
        let step = 0x9e37_79b9;
        f64::from(self.spread.fetch_add(step, Ordering::Relaxed)) / f64::from(u32::MAX)
    }

    /// Says why nothing can be added, if the disk is full. That is no alarm that somebody must take back: it ends by itself.
    pub(crate) fn full(&self) -> Option<&'static str> {
        let in_use = self.ballasts.as_ref().is_some_and(|ballasts| ballasts.in_use());
        self.out_of_room().or(in_use.then_some("DISK FULL: room for deletes and compactions only"))
    }

    /// Says which disks are full.
    pub(crate) fn full_disks(&self) -> Full {
        Full { data: self.store.is_full(), log: self.node.log_full() }
    }

    /// Says what the disk has no room for, if so.
    fn out_of_room(&self) -> Option<&'static str> {
        let full = self.full_disks();
        if full.log {
            Some("DISK FULL: no room for the log")
        } else if full.data {
            Some("DISK FULL: no room for a checkpoint")
        } else {
            None
        }
    }

    /// Returns what compactions find damaged.
    pub(crate) fn damage(&self) -> watch::Receiver<Option<String>> {
        self.damage.subscribe()
    }

    /// Stops everything, storing what is applied.
    pub(crate) async fn stop(&self) {
        if let Some(revoking) = self.revoking.lock().take() {
            revoking.abort();
        }
        self.node.shutdown().await;
        let background = self.background.lock().take();
        if let Some(background) = background {
            let stopped = tokio::task::spawn_blocking(move || background.stop()).await;
            if stopped.is_err() {
                tracing::error!("the last checkpoint panicked");
            }
        }
    }
}

/// Fails the one request whose work panicked; the panic was logged where it happened.
pub(crate) fn request_failed() -> Status {
    Status::internal("etcdserver: the request failed inside the server")
}

/// Counts a proposal as long as its caller waits for it.
struct Pending<'a>(&'a Metrics);

impl<'a> Pending<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.proposals_pending.add(1);
        Self(metrics)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.proposals_pending.add(-1);
    }
}
