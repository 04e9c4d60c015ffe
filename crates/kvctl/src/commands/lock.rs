//! `kvctl lock`: hold a lock, or run a command while it is held.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use kv_cli::{CliError, ExitStatus, Quoted};
use kv_client::{Candidate, Contest};
use tokio::process::Command;

use super::child;
use super::held::{EndSignals, HeldLease, canceled};
use crate::session::{Context, Session, failure};
use crate::voice::Voice;

const EXAMPLES: &str = "\
Examples:
  Hold a lock until interrupted:
    $ kvctl lock nightly-backup

  Run a command that nobody else runs at the same time:
    $ kvctl lock nightly-backup -- ./backup --full
";

/// The time to live where the one asked for is none.
const TTL_DEFAULT: i64 = 60;

/// Hold a lock
///
/// Waits until nobody else holds the lock. Then runs COMMAND and ends with its status; without a command, prints the key that
/// holds the lock and holds it until interrupted or terminated. Whoever waits next has the lock right after. If this
/// process dies, the lock is free when its lease ends.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl lock [OPTIONS] <NAME> [COMMAND]...", after_long_help = EXAMPLES)]
pub(crate) struct LockArgs {
    /// Name of the lock, and a command with its arguments
    #[arg(value_names = ["NAME", "COMMAND"])]
    words: Vec<OsString>,

    /// Seconds after which the lock is free when this process has died
    #[arg(long, value_name = "SECONDS", default_value = "10", allow_negative_numbers = true)]
    ttl: i64,
}

pub(crate) async fn run(context: &Context, args: &LockArgs) -> Result<(), CliError> {
    let Some((name, command)) = args.words.split_first() else {
        return Err(CliError::arguments("lock takes a lock name argument and an optional command to execute"));
    };
    let mut session = context.session().await?;
    let mut signals = EndSignals::new()?;
    let ttl = if args.ttl > 0 { args.ttl } else { TTL_DEFAULT };
    let mut lease = HeldLease::grant(&session.client, ttl, &mut signals).await?;
    let result = hold(&mut session, &mut lease, &mut signals, name, command).await;
    let released = lease.release(context.deadline(), &mut signals).await;
    result.and(released)
}

async fn hold(
    session: &mut Session,
    lease: &mut HeldLease,
    signals: &mut EndSignals,
    name: &OsStr,
    command: &[OsString],
) -> Result<(), CliError> {
    let contest = session.client.contest(name.as_bytes());
    let (candidate, revision) = tokio::select! {
        acquired = acquire(&contest, lease.id) => acquired?,
        () = lease.lost() => return Err(expired()),
        _ = signals.next() => return Err(canceled()),
    };
    if !command.is_empty() {
        let voice = Voice::of(session.output.format);
        return run_command(command, &candidate, revision, lease, signals, voice).await;
    }
    let held = tokio::select! {
        held = contest.get(&candidate.key) => held.map_err(|error| failure(&error))?,
        () = lease.lost() => return Err(expired()),
        _ = signals.next() => return Err(canceled()),
    };
    if held.kvs.is_empty() {
        return Err(CliError::new(ExitStatus::Failure, "lock lost on init"));
    }
    session.output.print(&held)?;
    tokio::select! {
        () = lease.lost() => Err(expired()),
        _ = signals.next() => Ok(()),
    }
}

async fn acquire(contest: &Contest, lease: i64) -> Result<(Candidate, i64), CliError> {
    let candidate = contest.enter(lease, b"").await.map_err(|error| failure(&error))?;
    let turn = contest.wait_for_turn(&candidate).await.map_err(|error| failure(&error))?;
    let revision = turn.ok_or_else(|| CliError::new(ExitStatus::Failure, "mutex: session is expired"))?;
    Ok((candidate, revision))
}

fn expired() -> CliError {
    CliError::new(ExitStatus::Failure, "session expired")
        .with_hint("the lease could not be renewed in time, so somebody else may hold the lock now")
}

async fn run_command(
    command: &[OsString],
    candidate: &Candidate,
    revision: i64,
    lease: &mut HeldLease,
    signals: &mut EndSignals,
    voice: Voice,
) -> Result<(), CliError> {
    let (program, arguments) = command.split_first().expect("a command has a name");
    let key = OsStr::from_bytes(&candidate.key);
    let started = Command::new(program)
        .args(arguments)
        .env("ETCD_LOCK_KEY", key)
        .env("ETCD_LOCK_REV", revision.to_string())
        .spawn();
    let mut running =
        started.map_err(|error| CliError::new(ExitStatus::Failure, child::not_started(program, &error)))?;
    let status = {
        let ended = child::wait(&mut running, signals);
        tokio::pin!(ended);
        tokio::select! {
            status = &mut ended => status,
            () = lease.lost() => {
                let key = Quoted(&candidate.key);
                voice.say(&format!("lock {key} is lost: its lease ended; the command goes on without it"));
                ended.await
            }
        }
    };
    let status = status.map_err(|error| CliError::new(ExitStatus::Failure, error))?;
    if status.success() {
        return Ok(());
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    let failed = CliError::new(ExitStatus::Failure, child::ended(status));
    // A command that a signal ended has none; etcdctl ends with this then.
    Err(CliError { child_status: Some(code.unwrap_or(u8::MAX)), ..failed })
}
