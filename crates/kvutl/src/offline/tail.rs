//! The end of the log: the entries that the tables do not have yet.
//!
//! How many of them count depends on who votes. Alone in its cluster, a member commits whatever it has written, so every
//! entry counts. Among others an entry counts only if it is known to be committed, and later ones are left out.

use std::path::Path;

use kv_log::{Entry, Payload, Position, Reader, Recovery};
use kv_store::{CommandEntry, LogPosition, Membership, Meta, ReadError, Storage, StorageError, Store, WriteError};

use super::OfflineError;

/// The directory of the log inside a data directory.
pub(crate) const LOG: &str = "log";

/// The log, and what was taken from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LogView {
    /// What the log holds.
    pub(crate) recovery: Recovery,
    /// How many entries were replayed.
    pub(crate) replayed: u64,
    /// How many entries at the end are not known to be committed and were left out.
    pub(crate) left_out: u64,
    /// The newest membership, if the member has one.
    pub(crate) membership: Option<Membership>,
    /// There is no log at all.
    pub(crate) is_missing: bool,
}

impl LogView {
    /// Returns every member that has a vote, by id.
    pub(crate) fn voters(&self) -> Vec<u64> {
        let voters = self.membership.iter().flat_map(|membership| membership.voters.iter().flatten().copied());
        let mut voters: Vec<u64> = voters.collect();
        voters.sort_unstable();
        voters.dedup();
        voters
    }
}

/// The entries of the log that the tables do not have.
pub(super) struct Tail {
    recovery: Recovery,
    entries: Vec<Entry>,
    membership: Option<Membership>,
    /// Entries from this index on do not count.
    end: u64,
    is_missing: bool,
}

impl Tail {
    pub(super) fn read(log: Option<&Reader>, meta: &Meta, storage: &Storage) -> Result<Self, OfflineError> {
        let recovery = log.map(|log| log.recovery().clone()).unwrap_or_default();
        let applied = meta.applied;
        if let Some(purged) = recovery.purged
            && applied.is_none_or(|applied| applied.index < purged.index)
        {
            return Err(OfflineError::Gap { applied, begin: position(purged) });
        }
        let from = applied.map_or(0, |applied| applied.index + 1);
        let entries: Vec<_> = match log {
            Some(log) => log.entries(from).collect::<Result<_, _>>().map_err(OfflineError::ReadLog)?,
            None => Vec::new(),
        };
        let membership = match newest_membership(&entries)? {
            Some(membership) => Some(membership),
            None => stored_membership(storage)?,
        };
        let alone = membership.as_ref().is_some_and(|membership| is_sole_voter(membership, meta.member_id));
        let end = if alone { u64::MAX } else { recovery.committed.map_or(0, |committed| committed.index + 1) };
        Ok(Self { recovery, entries, membership, end, is_missing: log.is_none() })
    }

    /// Applies the entries that the store does not have and that count. `after_each` runs after each of them.
    pub(super) fn replay(
        self,
        store: &Store,
        mut after_each: impl FnMut() -> Result<(), StorageError>,
    ) -> Result<LogView, OfflineError> {
        let Self { recovery, entries, membership, end, is_missing } = self;
        let mut view = LogView { recovery, membership, is_missing, replayed: 0, left_out: 0 };
        let applied = store.applied().map(|applied| applied.index);
        for entry in entries.into_iter().filter(|entry| Some(entry.position.index) > applied) {
            if entry.position.index < end {
                apply(store, &entry)?;
                after_each()?;
                view.replayed += 1;
            } else {
                view.left_out += 1;
            }
        }
        Ok(view)
    }
}

/// Applies one entry of the log to a store.
pub(crate) fn apply(store: &Store, entry: &Entry) -> Result<(), OfflineError> {
    let position = position(entry.position);
    match &entry.payload {
        Payload::Blank => store.apply_blank(position),
        Payload::Membership(membership) => store.apply_membership(position, membership.clone()),
        Payload::Command(commands) => {
            let broken = |detail: String| OfflineError::Entry { position, detail };
            let commands = CommandEntry::decode(commands).map_err(|error| broken(error.to_string()))?;
            let mut applier = store.begin_entry(position, commands.clock);
            for (_, command) in &commands.commands {
                let outcome = applier.apply(command, false).map_err(|error| broken(error.to_string()))?;
                // Any other refusal is what the server did too. This one is not the command's fault.
                if let Err(WriteError::Read(ReadError::Storage(error))) = outcome {
                    return Err(error.into());
                }
            }
            applier.finish();
        }
    }
    Ok(())
}

/// Says whether a member alone decides what is committed. A learner of a cluster with one voter does not.
pub(crate) fn is_sole_voter(membership: &Membership, member_id: Option<u64>) -> bool {
    membership.sole_voter().is_some_and(|voter| member_id.is_none_or(|own| own == voter))
}

/// Opens the log alone, if there is one.
pub(crate) fn open_log(directory: &Path) -> Result<Option<Reader>, OfflineError> {
    let log = directory.join(LOG);
    if !log.is_dir() {
        // A directory that no server has started on has none; whether the path is one of ours at all, opening the
        // tables finds out.
        return Ok(None);
    }
    Reader::open(&log).map(Some).map_err(OfflineError::OpenLog)
}

fn newest_membership(entries: &[Entry]) -> Result<Option<Membership>, OfflineError> {
    let newest = entries.iter().rev().find_map(|entry| match &entry.payload {
        Payload::Membership(bytes) => Some((entry.position, bytes)),
        Payload::Blank | Payload::Command(_) => None,
    });
    let decoded = newest.map(|(at, bytes)| {
        Membership::decode(bytes)
            .map_err(|error| OfflineError::Entry { position: position(at), detail: error.to_string() })
    });
    decoded.transpose()
}

fn stored_membership(storage: &Storage) -> Result<Option<Membership>, OfflineError> {
    let reader = storage.read()?;
    let Some((position, bytes)) = reader.membership()? else { return Ok(None) };
    match Membership::decode(bytes) {
        Ok(membership) => Ok(Some(membership)),
        Err(error) => Err(OfflineError::Entry { position, detail: error.to_string() }),
    }
}

/// Returns the log's name of a position as the store's.
pub(crate) fn position(at: Position) -> LogPosition {
    LogPosition { term: at.term, index: at.index }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_decides_alone_only_if_the_one_vote_is_its_own() {
        let membership = |voters: &[&[u64]], learners: &[u64]| Membership {
            voters: voters.iter().map(|set| set.to_vec()).collect(),
            learners: learners.to_vec(),
        };
        assert!(is_sole_voter(&membership(&[&[1]], &[2]), Some(1)));
        assert!(is_sole_voter(&membership(&[&[1]], &[]), None), "a member that does not know its id");
        assert!(!is_sole_voter(&membership(&[&[1]], &[2]), Some(2)));
        assert!(!is_sole_voter(&membership(&[&[1, 2]], &[]), Some(1)));
        assert!(!is_sole_voter(&membership(&[&[1], &[1, 2]], &[]), Some(1)), "a change is under way");
    }

    #[test]
    fn every_voter_is_named_once() {
        let membership = Some(Membership { voters: vec![vec![1, 2, 3], vec![2, 3, 4]], learners: vec![9] });
        assert_eq!(LogView { membership, ..LogView::default() }.voters(), [1, 2, 3, 4]);
    }
}
