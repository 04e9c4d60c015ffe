//! `kvctl sandbox`: run a command with a server of its own, of which nothing is left afterwards.

#[cfg(target_os = "linux")]
pub(crate) mod keeper;
mod server;

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::ExitStatus as Ended;

use clap::{Args as _, ValueHint};
use kv_cli::{CliError, ExitStatus};

use self::server::Server;
use super::child;
use super::held::EndSignals;
use crate::ENVIRONMENT_PREFIXES;
use crate::global::GlobalArgs;
use crate::session::Context;
#[cfg(not(target_os = "linux"))]
use crate::voice::Voice;

const EXAMPLES: &str = "\
Examples:
  Try something without a server:
    $ kvctl sandbox -- sh -c 'kvctl put /app/color green; kvctl get /app/color'

  Run tests that need an etcd:
    $ kvctl sandbox -- cargo test

  Look into a backup:
    $ kvctl sandbox --from-snapshot backup.db -- kvctl get /app/ --prefix
";

const LONG_ABOUT: &str = "\
Run a command with a server of its own

Starts a private kvd on a free port, with an empty store or with what a snapshot holds, and runs COMMAND once it serves. COMMAND \
finds it in KVCTL_ENDPOINTS and ETCDCTL_ENDPOINTS; other variables of kvctl and etcdctl that say how to connect are taken \
away. The exit status is COMMAND's: 128 and the signal's number if a signal ended it, 127 if it is not there.

The server ends with the command, and its directory, in TMPDIR or /tmp, is removed. If kvctl is killed, so are COMMAND and what it \
started, on Linux, and the server ends too. kvd is looked for beside kvctl, then in PATH; for a snapshot, so is kvutl.";

/// Run a command with a server of its own
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl sandbox [OPTIONS] -- <COMMAND>...", after_long_help = EXAMPLES, long_about = LONG_ABOUT)]
pub(crate) struct SandboxArgs {
    /// Command to run, with its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,

    /// Begin with the keys and revisions of this snapshot
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    from_snapshot: Option<PathBuf>,
}

/// What the exit status of a command begins at that a signal ended, as in shells.
const SIGNALED: i32 = 128;

/// The exit statuses of a command that cannot be run and of one that is not there, as in shells.
const NOT_RUN: u8 = 126;
const NOT_FOUND: u8 = 127;

pub(crate) async fn run(context: &Context, args: &SandboxArgs) -> Result<(), CliError> {
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(CliError::arguments("sandbox needs a command behind `--`"));
    };
    let voice = context.voice();
    let mut signals = EndSignals::new()?;
    let snapshot = args.from_snapshot.clone();
    // Starting waits for the server without more ado, so it does so on a thread of its own.
    let mut starting = tokio::task::spawn_blocking(move || Server::start(snapshot.as_deref(), voice));
    let server = tokio::select! {
        started = &mut starting => started.expect("starting does not panic")?,
        _ = signals.next() => {
            // The server that is on its way is ended before this process is; another signal is more urgent.
            tokio::select! {
                started = starting => drop(started),
                _ = signals.next() => {}
            }
            return Err(super::held::canceled());
        }
    };
    let mut command = command(program, arguments, voice);
    for (name, _) in env::vars_os().filter(|(name, _)| says_how_to_connect(name)) {
        command.env_remove(name);
    }
    for prefix in ENVIRONMENT_PREFIXES {
        command.env(format!("{prefix}_ENDPOINTS"), &server.endpoint);
    }
    let mut running = command.spawn().map_err(|error| not_started(program, &error))?;
    let ended = child::wait(&mut running, &mut signals).await;
    server.end()?;
    status_of(ended.map_err(|error| CliError::new(ExitStatus::Failure, error))?)
}

#[cfg(target_os = "linux")]
use keeper::command;

/// Returns what runs a command; that it ends with this process only Linux can do.
#[cfg(not(target_os = "linux"))]
fn command(program: &OsStr, arguments: &[OsString], _: Voice) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(program);
    command.args(arguments);
    command
}

fn not_started(program: &OsStr, error: &io::Error) -> CliError {
    let status = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_RUN };
    let failed = CliError::new(ExitStatus::Failure, child::not_started(program, error));
    CliError { child_status: Some(status), ..failed }
}

/// Ends as a command did.
fn status_of(ended: Ended) -> Result<(), CliError> {
    let status = ended.code().or_else(|| ended.signal().map(|signal| SIGNALED + signal));
    match status.and_then(|status| u8::try_from(status).ok()).unwrap_or(u8::MAX) {
        0 => Ok(()),
        status => Err(CliError { child_status: Some(status), ..CliError::silent(ExitStatus::Failure) }),
    }
}

/// Says whether a variable tells kvctl or etcdctl where and as whom to connect.
fn says_how_to_connect(variable: &OsStr) -> bool {
    const OTHERS: &[&str] = &["write-out", "hex", "debug", "command-timeout", "yes"];
    let Some(variable) = variable.to_str() else { return false };
    let options = GlobalArgs::augment_args(clap::Command::new("kvctl"));
    let names = options.get_arguments().filter_map(clap::Arg::get_long).filter(|name| !OTHERS.contains(name));
    let variables = names
        .flat_map(|name| ENVIRONMENT_PREFIXES.iter().map(move |prefix| kv_cli::arguments::variable_name(prefix, name)));
    variables.into_iter().any(|known| known == variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_keeps_what_does_not_lead_to_another_server() {
        for name in ["KVCTL_ENDPOINTS", "ETCDCTL_USER", "KVCTL_CACERT", "ETCDCTL_DISCOVERY_SRV"] {
            assert!(says_how_to_connect(OsStr::new(name)), "{name}");
        }
        for name in ["KVCTL_WRITE_OUT", "ETCDCTL_COMMAND_TIMEOUT", "PATH", "KVCTL_WATCH_KEY"] {
            assert!(!says_how_to_connect(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn statuses_are_those_of_a_shell() {
        for (ended, status) in [(3 << 8, 3), (9, 137)] {
            assert_eq!(status_of(Ended::from_raw(ended)).unwrap_err().child_status, Some(status));
        }
        assert_eq!(status_of(Ended::from_raw(0)), Ok(()));
    }
}
