//! `kvctl sandbox`: run a command with a server of its own, of which nothing is left afterwards.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus as Ended, Stdio};

use clap::{Args as _, ValueHint};
use kv_cli::{CliError, ExitStatus};

use super::child;
use super::held::EndSignals;
use crate::ENVIRONMENT_PREFIXES;
use crate::global::GlobalArgs;
use crate::session::Context;
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

Starts a private kvd on a free port, with an empty store or with what a snapshot holds, and runs COMMAND once it serves. COMMAND
finds it in KVCTL_ENDPOINTS and ETCDCTL_ENDPOINTS; other variables of kvctl and etcdctl that say how to connect are taken
away. The exit status is COMMAND's: 128 and the signal's number if a signal ended it, 127 if it is not there.

The server ends with the command, or with kvctl if that is killed, and its directory, in TMPDIR or /tmp, is removed. kvd is
looked for beside kvctl, then in PATH; for a snapshot, so is kvutl.";

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
    let mut signals = EndSignals::new()?;
    let server = tokio::select! {
        started = start(args.from_snapshot.clone()) => started?,
        _ = signals.next() => return Err(super::held::canceled()),
    };
    let mut command = tokio::process::Command::new(program);
    command.args(arguments);
    for (name, _) in env::vars_os().filter(|(name, _)| says_how_to_connect(name)) {
        command.env_remove(name);
    }
    for prefix in ENVIRONMENT_PREFIXES {
        command.env(format!("{prefix}_ENDPOINTS"), &server.endpoint);
    }
    let ended = match command.spawn() {
        Ok(mut running) => child::wait(&mut running, &mut signals).await,
        Err(error) => {
            let status = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_RUN };
            let failed = CliError::new(ExitStatus::Failure, child::not_started(program, &error));
            return Err(CliError { child_status: Some(status), ..failed });
        }
    };
    server.end(context.voice())?;
    let status = status_of(ended.map_err(|error| CliError::new(ExitStatus::Failure, error))?);
    if status == 0 {
        Ok(())
    } else {
        Err(CliError { child_status: Some(status), ..CliError::silent(ExitStatus::Failure) })
    }
}

/// Starting waits for the server without more ado, so it does so on a thread of its own.
async fn start(snapshot: Option<PathBuf>) -> Result<Server, CliError> {
    let started = tokio::task::spawn_blocking(move || Server::start(snapshot));
    started.await.expect("starting does not panic")
}

fn status_of(ended: Ended) -> u8 {
    let status = ended.code().or_else(|| ended.signal().map(|signal| SIGNALED + signal));
    status.and_then(|status| u8::try_from(status).ok()).unwrap_or(u8::MAX)
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

/// A kvd that ends when this process does, because it watches the other end of a pipe.
#[derive(Debug)]
struct Server {
    process: Child,
    held: ChildStdin,
    endpoint: String,
    directory: PathBuf,
}

impl Server {
    /// Starts a kvd and waits until it serves.
    fn start(snapshot: Option<PathBuf>) -> Result<Server, CliError> {
        let failed = |message: String| CliError::new(ExitStatus::BadConnection, message);
        let beside = env::current_exe().ok().map(|program| program.with_file_name("kvd"));
        let program = beside.filter(|program| program.exists()).unwrap_or_else(|| PathBuf::from("kvd"));
        let mut command = Command::new(&program);
        command.args(["--throwaway", "--log-level=error", "--log-format=console"]);
        if let Some(snapshot) = snapshot {
            command.arg("--from-snapshot").arg(snapshot);
        }
        for (name, _) in env::vars_os() {
            // Settings of other servers are not meant for this one.
            if ["KVD_", "ETCD_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        // In a group of its own, it is not interrupted from the terminal while the command still needs it.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut process = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => failed("kvd is neither beside kvctl nor in PATH".to_owned())
                .with_hint("the sandbox runs a kvd; install it where kvctl is"),
            _ => failed(format!("start {}: {error}", program.display())),
        })?;
        let held = process.stdin.take().expect("it is a pipe");
        let mut lines = BufReader::new(process.stdout.take().expect("it is a pipe")).lines().map_while(Result::ok);
        let (Some(url), Some(directory)) = (lines.next(), lines.next()) else {
            drop(held);
            let ended = process.wait().map_or_else(|error| error.to_string(), child::ended);
            return Err(failed(format!("kvd did not start: {ended}")));
        };
        let endpoint = url.trim_start_matches("http://").to_owned();
        Ok(Server { process, held, endpoint, directory: directory.into() })
    }

    /// Ends the server and makes sure that its directory is gone.
    fn end(mut self, voice: Voice) -> Result<(), CliError> {
        if let Ok(Some(ended)) = self.process.try_wait() {
            voice.say(&format!("the server of the sandbox ended before the command did: {}", child::ended(ended)));
        }
        drop(self.held);
        let ended = self.process.wait();
        if !ended.is_ok_and(|ended| ended.success()) && self.directory.exists() {
            fs::remove_dir_all(&self.directory).map_err(|error| {
                CliError::new(ExitStatus::Io, format_args!("remove {}: {error}", self.directory.display()))
            })?;
        }
        Ok(())
    }
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
        assert_eq!(status_of(Ended::from_raw(3 << 8)), 3);
        assert_eq!(status_of(Ended::from_raw(9)), 137);
    }
}
