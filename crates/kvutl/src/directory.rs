//! Opening the data directory of the command line, and saying on standard error what is worth knowing about it.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use kv_cli::CliError;
use kv_store::{DirLock, OpenError};

use crate::global::Context;
use crate::offline::{LogView, Offline, OfflineError, Session};

/// How often the lock of a directory that is in use is tried again.
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Opens the data directory for reading.
pub(crate) fn read(context: &mut Context<'_>) -> Result<Session, CliError> {
    let mut session = Session::open(&context.directory())?;
    let note = session.read(|offline| Ok(missing_note(offline)))?;
    if let Some(note) = note {
        context.note(&note);
    }
    Ok(session)
}

/// Opens the data directory for writing, once no other process uses it.
pub(crate) fn write(context: &mut Context<'_>) -> Result<Offline, OfflineError> {
    let directory = context.directory();
    let lock = wait_for_lock(&directory, context)?;
    let offline = Offline::open_for_writing(Arc::new(lock))?;
    if let Some(note) = missing_note(&offline) {
        context.note(&note);
    }
    Ok(offline)
}

fn wait_for_lock(directory: &Path, context: &mut Context<'_>) -> Result<DirLock, OpenError> {
    let timeout = context.timeout;
    let deadline = (!timeout.is_zero()).then(|| Instant::now() + timeout);
    let mut said = false;
    loop {
        match DirLock::acquire(directory) {
            Err(OpenError::Locked { holder, .. }) if deadline.is_none_or(|deadline| Instant::now() < deadline) => {
                if !said {
                    context.note(&format!("waiting for process {holder}, which uses {}", directory.display()));
                    said = true;
                }
                thread::sleep(LOCK_PAUSE);
            }
            locked => return locked,
        }
    }
}

/// Says what of the directory is not shown, if that is so.
fn missing_note(offline: &Offline) -> Option<String> {
    let log = offline.log();
    if log.is_missing && offline.meta().applied.is_some() {
        return Some(
            "note: the log is missing: what the server had answered and not stored yet is not shown".to_owned(),
        );
    }
    left_out_note(log).or_else(|| torn_note(log))
}

/// Says that something stood at the end of the log that is no batch. Nobody can tell a write that a crash tore, which
/// was never acknowledged, from damage to the last one that was.
fn torn_note(log: &LogView) -> Option<String> {
    let kv_log::TornTail { segment, path, offset } = log.recovery.torn.as_ref()?;
    let path = path.display();
    Some(format!(
        "note: what stands last in the log, in segment {segment} at offset {offset} of {path}, is damaged and was left out"
    ))
}

/// Says how many entries at the end of the log do not count, if there are any.
pub(crate) fn left_out_note(log: &LogView) -> Option<String> {
    if log.left_out == 0 {
        return None;
    }
    let entries = if log.left_out == 1 { "entry" } else { "entries" };
    let (left_out, voters) = (log.left_out, log.voters().len());
    Some(format!(
        "note: left out {left_out} log {entries} at the end: not known to be committed in a cluster of {voters} voters"
    ))
}

#[cfg(test)]
mod tests {
    use kv_store::Membership;

    use super::*;

    #[test]
    fn what_does_not_count_is_said() {
        assert_eq!(left_out_note(&LogView::default()), None);
        let membership = Some(Membership { voters: vec![vec![1, 2, 3], vec![2, 3, 4]], learners: vec![9] });
        let log = LogView { left_out: 2, membership, ..LogView::default() };
        assert_eq!(
            left_out_note(&log).as_deref(),
            Some("note: left out 2 log entries at the end: not known to be committed in a cluster of 4 voters")
        );
    }
}
