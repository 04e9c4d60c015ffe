//! The process between kvctl and the command of a sandbox: when kvctl dies, however that happens, it ends the command and
//! everything that the command started.
//!
//! The system tells it of its parent's death, and gives it the orphans among its descendants, so that none gets away. It is
//! this program again, called by a word of its own.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::process::{Command as Plain, id};

use kv_cli::{CliError, ExitStatus};
use rustix::process::{
    Pid, Signal, WaitOptions, getpid, getppid, kill_process, set_child_subreaper, set_parent_process_death_signal, wait,
};
use tokio::process::Command;
use tokio::signal::unix::SignalKind;

use super::{not_started, status_of};
use crate::commands::child::terminate;
use crate::commands::held::EndSignals;
use crate::voice::Voice;

/// The word by which this program is called to be a keeper, with the parent's id, options and, behind `--`, the command.
pub(crate) const WORD: &str = "__keep";

/// Returns what runs a command with a keeper. It must be started by the thread that lives as long as this process.
pub(super) fn command(program: &OsStr, arguments: &[OsString], voice: Voice) -> Command {
    let mut command = Plain::new("/proc/self/exe");
    std::os::unix::process::CommandExt::arg0(&mut command, "kvctl");
    command.arg(WORD).arg(id().to_string());
    if voice == Voice::Json {
        // How the command could not be started is said as this process says it.
        command.args(["-w", "jsonl"]);
    }
    command.arg("--").arg(program).args(arguments);
    command.into()
}

/// Is the keeper.
pub(crate) fn run(words: &[OsString]) -> Result<(), CliError> {
    let misused = || CliError::arguments(format_args!("{WORD} is for kvctl itself"));
    let parent = words.first().and_then(|word| word.to_str()?.parse().ok()).and_then(Pid::from_raw);
    let command = words.iter().position(|word| word == "--").map(|position| &words[position + 1..]);
    let (Some(parent), Some([program, arguments @ ..])) = (parent, command) else { return Err(misused()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let failed = |error: io::Error| CliError::new(ExitStatus::Failure, format_args!("keep the command: {error}"));
    runtime.map_err(failed)?.block_on(keep(parent, program, arguments, &failed))
}

async fn keep(
    parent: Pid,
    program: &OsStr,
    arguments: &[OsString],
    failed: &dyn Fn(io::Error) -> CliError,
) -> Result<(), CliError> {
    let mut signals = EndSignals::new()?;
    set_child_subreaper(Some(getpid())).map_err(|error| failed(error.into()))?;
    set_parent_process_death_signal(Some(Signal::TERM)).map_err(|error| failed(error.into()))?;
    let is_orphan = || getppid() != Some(parent);
    if is_orphan() {
        return Err(CliError::silent(ExitStatus::Failure));
    }
    let mut running = Command::new(program).args(arguments).spawn().map_err(|error| not_started(program, &error))?;
    let ended = loop {
        tokio::select! {
            ended = running.wait() => break ended.map_err(failed)?,
            kind = signals.next() => {
                if is_orphan() {
                    kill_children();
                    return Err(CliError::silent(ExitStatus::Failure));
                }
                if kind == SignalKind::terminate() {
                    terminate(&running);
                }
            }
        }
    };
    status_of(ended)
}

/// Kills all children until there are none. Theirs become ours as they end.
fn kill_children() {
    loop {
        let children = children().unwrap_or_default();
        // What runs as somebody else cannot be killed.
        let killed = children.into_iter().filter(|child| kill_process(*child, Signal::KILL).is_ok()).count();
        if killed == 0 || wait(WaitOptions::empty()).is_err() {
            return;
        }
    }
}

/// Lists the processes whose parent this one is.
fn children() -> io::Result<Vec<Pid>> {
    let own = getpid().as_raw_nonzero().to_string();
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw) else { continue };
        // One that has just ended has no file any more.
        let Ok(stat) = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())) else { continue };
        if parent_in(&stat) == Some(own.as_str()) {
            children.push(process);
        }
    }
    Ok(children)
}

/// Returns the id of the parent in a process' line of `/proc`. The program's name before it may have anything in it.
fn parent_in(stat: &str) -> Option<&str> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_found_behind_any_name() {
        assert_eq!(parent_in("12 (a) b (c) S 7 12 12 0"), Some("7"));
        assert_eq!(parent_in(""), None);
    }

    #[test]
    fn the_word_alone_keeps_nothing() {
        for words in [&[][..], &["1".into()], &["x".into(), "--".into(), "true".into()], &["1".into(), "--".into()]] {
            assert_eq!(run(words).unwrap_err().status, ExitStatus::BadArguments, "{words:?}");
        }
    }
}
