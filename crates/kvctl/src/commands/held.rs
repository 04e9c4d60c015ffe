//! What `lock` and `elect` hold while they run: a lease that is kept alive, and ended with them.

use std::io;

use kv_cli::{CliError, ExitStatus};
use kv_client::{Client, Deadline, Error, KeepAlive};
use kv_proto::ApiError;
use kv_proto::etcdserverpb::{LeaseGrantRequest, LeaseGrantResponse, LeaseRevokeRequest};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::session::failure;

/// A lease of this process' own.
#[derive(Debug)]
pub(super) struct HeldLease {
    client: Client,
    pub(super) id: i64,
    ttl: i64,
    keep_alive: KeepAlive,
    is_lost: bool,
}

impl HeldLease {
    /// Has a lease granted, unless the process is told to end first.
    pub(super) async fn grant(client: &Client, ttl: i64, signals: &mut EndSignals) -> Result<HeldLease, CliError> {
        let granted = tokio::select! {
            granted = client.lease_grant(LeaseGrantRequest { id: 0, ttl }, Deadline::NEVER) => granted,
            _ = signals.next() => return Err(canceled()),
        };
        let LeaseGrantResponse { id, ttl, .. } = granted.map_err(|error| failure(&error))?;
        Ok(HeldLease { client: client.clone(), id, ttl, keep_alive: client.keep_alive(id), is_lost: false })
    }

    /// Keeps the lease alive; returns once it is lost. Dropping the future is safe.
    pub(super) async fn lost(&mut self) {
        while let Ok(Some(_)) = self.keep_alive.next().await {}
        self.is_lost = true;
    }

    /// Ends the lease, and with it the key that is attached to it. A lease that is lost has ended by itself, or will; whoever held
    /// it is to hear of that now. Being told to end once more leaves it to its time too.
    pub(super) async fn release(self, deadline: Deadline, signals: &mut EndSignals) -> Result<(), CliError> {
        if self.is_lost {
            return Ok(());
        }
        let revoked = tokio::select! {
            revoked = self.client.lease_revoke(LeaseRevokeRequest { id: self.id }, deadline) => revoked,
            _ = signals.next() => return Err(canceled().with_hint(self.left())),
        };
        match revoked {
            Ok(_) | Err(Error::Api(ApiError::LeaseNotFound)) => Ok(()),
            Err(error) => Err(failure(&error).with_hint(self.left())),
        }
    }

    fn left(&self) -> String {
        format!("the lease {:016x} was not revoked; it ends by itself within {} s", self.id, self.ttl)
    }
}

/// The signals that ask a process to end.
#[derive(Debug)]
pub(super) struct EndSignals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl EndSignals {
    pub(super) fn new() -> Result<EndSignals, CliError> {
        let (interrupt, terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
        Ok(EndSignals { interrupt, terminate, hangup: None })
    }

    /// Also listens for the end of the terminal, which is taken for being told to end. Not for commands that people start with
    /// `nohup`: this would undo it.
    pub(super) fn with_hangup() -> Result<EndSignals, CliError> {
        Ok(EndSignals { hangup: Some(listen(SignalKind::hangup())?), ..EndSignals::new()? })
    }

    /// Waits for one of them. Dropping the future is safe.
    pub(super) async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            true = received(self.hangup.as_mut()) => SignalKind::terminate(),
        }
    }
}

fn listen(kind: SignalKind) -> Result<Signal, CliError> {
    signal(kind)
        .map_err(|error: io::Error| CliError::new(ExitStatus::Failure, format_args!("listen for signals: {error}")))
}

/// Waits for a signal, or says that there is none to wait for.
async fn received(signal: Option<&mut Signal>) -> bool {
    match signal {
        Some(signal) => signal.recv().await.is_some(),
        None => false,
    }
}

/// What a command says that was told to end before it had what it waited for.
pub(super) fn canceled() -> CliError {
    CliError::new(ExitStatus::Failure, "context canceled")
}
