//! What `lock` and `elect` hold while they run: a lease that is kept alive, and ended with them.

use std::io;

use kv_cli::{CliError, ExitStatus};
use kv_client::{Client, Deadline, Error, KeepAlive};
use kv_proto::ApiError;
use kv_proto::etcdserverpb::{LeaseGrantRequest, LeaseRevokeRequest};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::session::failure;

/// A lease of this process' own.
#[derive(Debug)]
pub(super) struct HeldLease {
    client: Client,
    pub(super) id: i64,
    keep_alive: KeepAlive,
}

impl HeldLease {
    /// Has a lease granted.
    pub(super) async fn grant(client: &Client, ttl: i64) -> Result<HeldLease, CliError> {
        let granted = client.lease_grant(LeaseGrantRequest { id: 0, ttl }, Deadline::NEVER).await;
        let id = granted.map_err(|error| failure(&error))?.id;
        Ok(HeldLease { client: client.clone(), id, keep_alive: client.keep_alive(id) })
    }

    /// Keeps the lease alive; returns once it is lost. Dropping the future is safe.
    pub(super) async fn lost(&mut self) {
        while let Ok(Some(_)) = self.keep_alive.next().await {}
    }

    /// Ends the lease, and with it the key that is attached to it.
    pub(super) async fn release(self, deadline: Deadline) -> Result<(), CliError> {
        match self.client.lease_revoke(LeaseRevokeRequest { id: self.id }, deadline).await {
            Ok(_) | Err(Error::Api(ApiError::LeaseNotFound)) => Ok(()),
            Err(error) => Err(failure(&error)),
        }
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
