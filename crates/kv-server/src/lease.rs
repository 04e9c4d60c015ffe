//! The leader's side of leases: whose time is over, and who renews.
//!
//! The store says which leases there are. Their deadlines are kept here, by the monotonic clock of this process, and
//! renewals never go through the log. What has expired is revoked by a command like any other, each lease by its own, in
//! rounds: at most [`REVOCATIONS_MAX`] every [`ROUND`](expiry::ROUND), so that writes go on whatever expires at once. Etcd revokes a
//! thousand a second at most. Without leases nothing here wakes up.

mod expiry;

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kv_raft::Proposer;
use kv_store::{Caller, Command, CommandKind, Lease, LeaseObserver, LeaseRemaining, Store, WriteError};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tonic::Status;

use crate::metrics::Metrics;
use crate::status::propose_status;
use expiry::{Due, Expiry, Limits, Renewal};

/// How many leases are revoked in a round.
const REVOCATIONS_MAX: usize = 500;

/// How many remaining times are recorded in a round, by one command.
const CHECKPOINTS_MAX: usize = 1000;

/// Keeps the deadlines of all leases.
#[derive(Debug)]
pub(crate) struct Lessor {
    state: Mutex<State>,
    /// Something is due sooner than before.
    sooner: Notify,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct State {
    expiry: Expiry,
    /// Renewals that wait until a lease is revoked, or what is left of it recorded.
    waiting: HashMap<i64, Vec<oneshot::Sender<()>>>,
}

impl Lessor {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self { state: Mutex::default(), sooner: Notify::new(), metrics }
    }

    /// Begins to count the time of the leases in `store`, and of all that are granted from now on.
    ///
    /// Those have `grace` more, because nobody could renew them before.
    pub(crate) fn start(self: &Arc<Self>, store: &Store, grace: Duration) {
        let now = Instant::now();
        // Nobody is served yet, so nothing changes beside this.
        let leases = store.observe_leases(Arc::clone(self) as Arc<dyn LeaseObserver>);
        for piece in leases.chunks(CHECKPOINTS_MAX) {
            let mut state = self.state.lock();
            for lease in piece {
                state.expiry.insert(*lease, grace, now);
            }
        }
        self.sooner.notify_one();
    }

    /// Revokes what expires, until it is dropped.
    pub(crate) async fn run(&self, proposer: Proposer<Store>) {
        loop {
            let next = self.state.lock().expiry.next();
            let wait = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = wait => {}
                () = self.sooner.notified() => continue,
            }
            let limits = Limits { expired: REVOCATIONS_MAX, checkpoints: CHECKPOINTS_MAX };
            let due = self.state.lock().expiry.due(Instant::now(), limits);
            if !due.is_empty() {
                self.carry_out(due, &proposer).await;
            }
        }
    }

    async fn carry_out(&self, due: Due, proposer: &Proposer<Store>) {
        let revocations = due.expired.iter().map(|id| async {
            // The server's own: nobody asks for it, and authentication must not stop it. Neither must a full disk, as it makes room.
            let revocation = Command::LeaseRevoke { id: *id }.encode_for(&Caller::Server);
            let proposed = proposer.propose_when_full(revocation);
            match self.metrics.requests.timed(CommandKind::LeaseRevoke, proposed).await {
                Ok(Ok(_)) => self.metrics.leases_expired.inc(),
                // Somebody else revoked it.
                Ok(Err(WriteError::LeaseNotFound { .. })) => self.forget(*id),
                Ok(Err(error)) => log_failure(*id, &error),
                Err(error) => log_failure(*id, &error),
            }
        });
        join_all(revocations).await;
        if !due.checkpoints.is_empty() {
            let ids: Vec<_> = due.checkpoints.iter().map(|lease| lease.id).collect();
            let recording = Command::LeaseCheckpoint(due.checkpoints).encode_for(&Caller::Server);
            let proposed = proposer.propose(recording);
            let error = match self.metrics.requests.timed(CommandKind::LeaseCheckpoint, proposed).await {
                Ok(Ok(_)) => None,
                Ok(Err(error)) => Some(crate::status::chain(&error)),
                Err(error) => Some(crate::status::chain(&error)),
            };
            if let Some(error) = error {
                tracing::warn!(error, leases = ids.len(), "failed to record how much time leases have left");
            }
            let mut state = self.state.lock();
            for id in ids {
                state.expiry.settle(id);
                state.waiting.remove(&id);
            }
        }
    }

    fn forget(&self, id: i64) {
        let mut state = self.state.lock();
        state.expiry.remove(id);
        state.waiting.remove(&id);
    }

    /// Gives a lease all its time again; returns it in seconds, or zero where there is no such lease.
    ///
    /// Of a lease that has expired the answer waits until it is revoked.
    pub(crate) async fn renew(&self, proposer: &Proposer<Store>, id: i64) -> Result<i64, Status> {
        loop {
            let waiting = {
                let mut state = self.state.lock();
                match state.expiry.renew(id, Instant::now()) {
                    Renewal::Renewed(ttl) => {
                        self.metrics.leases_renewed.inc();
                        return Ok(ttl);
                    }
                    Renewal::Unknown => return Ok(0),
                    Renewal::Recorded => None,
                    Renewal::Expired | Renewal::Recording => {
                        let (done, waiting) = oneshot::channel();
                        state.waiting.entry(id).or_default().push(done);
                        Some(waiting)
                    }
                }
            };
            if let Some(waiting) = waiting {
                // It is dropped rather than used; either way something has changed.
                drop(waiting.await);
            } else {
                let renewed = Command::LeaseCheckpoint(vec![LeaseRemaining { id, ttl: 0 }]);
                let proposed = proposer.propose_when_full(renewed.encode_for(&Caller::Server));
                let proposed = self.metrics.requests.timed(CommandKind::LeaseCheckpoint, proposed).await;
                drop(proposed.map_err(|error| propose_status(&error))?);
            }
        }
    }

    /// Returns how many whole seconds a lease has left, and for how many it was granted.
    pub(crate) fn remaining(&self, id: i64) -> Option<(i64, i64)> {
        let (left, granted) = self.state.lock().expiry.remaining(id, Instant::now())?;
        Some((left.as_secs() as i64, granted))
    }

    /// Returns all leases, those first that end first.
    pub(crate) fn by_deadline(&self) -> Vec<i64> {
        let mut deadlines = self.state.lock().expiry.deadlines();
        deadlines.sort_unstable();
        deadlines.into_iter().map(|(_, id)| id).collect()
    }
}

impl LeaseObserver for Lessor {
    fn granted(&self, lease: Lease) {
        let sooner = {
            let expiry = &mut self.state.lock().expiry;
            let before = expiry.next();
            expiry.insert(lease, Duration::ZERO, Instant::now());
            before.is_none() || expiry.next() < before
        };
        if sooner {
            self.sooner.notify_one();
        }
        self.metrics.leases_granted.inc();
        self.metrics.lease_ttls.observe_seconds(lease.granted_ttl as f64);
    }

    fn revoked(&self, id: i64) {
        self.forget(id);
        self.metrics.leases_revoked.inc();
    }

    fn checkpointed(&self, id: i64, remaining_ttl: i64) {
        self.state.lock().expiry.checkpointed(id, remaining_ttl);
    }
}

fn log_failure(id: i64, error: &dyn std::error::Error) {
    tracing::warn!(lease_id = format!("{id:016x}"), error = crate::status::chain(error), "failed to revoke lease");
}
