//! Commands that a command runs: waiting for them, and how they ended, in Go's words.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use kv_cli::{Quoted, system_words};
use tokio::process::Child;
use tokio::signal::unix::SignalKind;

use super::held::EndSignals;

/// Says how a program ended.
pub(super) fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => {
            let name = SIGNALS.iter().find(|(number, _)| *number == signal);
            name.map_or_else(|| format!("signal: signal {signal}"), |(_, name)| format!("signal: {name}"))
        }
        (None, None) => status.to_string(),
    }
}

/// The signals that end programs, whose numbers are the same on every system.
const SIGNALS: [(i32, &str); 12] = [
    (1, "hangup"),
    (2, "interrupt"),
    (3, "quit"),
    (4, "illegal instruction"),
    (5, "trace/breakpoint trap"),
    (6, "aborted"),
    (8, "floating point exception"),
    (9, "killed"),
    (11, "segmentation fault"),
    (13, "broken pipe"),
    (14, "alarm clock"),
    (15, "terminated"),
];

/// Waits for a child. A terminal interrupts it too; a signal to this process alone is passed on.
pub(super) async fn wait(running: &mut Child, signals: &mut EndSignals) -> io::Result<ExitStatus> {
    loop {
        tokio::select! {
            status = running.wait() => return status,
            kind = signals.next() => if kind == SignalKind::terminate() { terminate(running) },
        }
    }
}

/// Asks a child to end.
pub(super) fn terminate(running: &Child) {
    let id = running.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(id) = id {
        // It may have ended just now.
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    }
}

/// Says why a program could not be started.
pub(super) fn not_started(program: &OsStr, error: &io::Error) -> String {
    let name = program.to_string_lossy();
    if error.kind() == io::ErrorKind::NotFound && !name.contains('/') {
        return format!("exec: {}: executable file not found in $PATH", Quoted(program.as_bytes()));
    }
    format!("fork/exec {name}: {}", system_words(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_named() {
        assert_eq!(ended(ExitStatus::from_raw(3 << 8)), "exit status 3");
        assert_eq!(ended(ExitStatus::from_raw(9)), "signal: killed");
        assert_eq!(ended(ExitStatus::from_raw(63)), "signal: signal 63");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        assert_eq!(not_started(OsStr::new("nope"), &missing), "exec: \"nope\": executable file not found in $PATH");
    }
}
