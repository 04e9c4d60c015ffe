//! How far the node has come, readable from any thread without asking the consensus.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};

use kv_store::{LogPosition, Membership};
use parking_lot::Mutex;

/// What the node knows of itself.
#[derive(Debug)]
pub(crate) struct Progress {
    id: u64,
    term: AtomicU64,
    /// One more than the index; zero for none. `applied` likewise.
    committed: AtomicU64,
    applied: AtomicU64,
    /// Bytes of entries appended in this process.
    appended_bytes: AtomicU64,
    log_full: AtomicBool,
    sole_voter: AtomicBool,
    membership: Mutex<MembershipProgress>,
}

#[derive(Debug, Default)]
struct MembershipProgress {
    /// The index of the newest membership entry of the log, committed or not.
    newest: Option<u64>,
    /// The index of the newest one applied.
    applied: Option<u64>,
    /// Says whether the applied one has this node as its only voter.
    alone: bool,
    /// The log was replayed, and this process has led or followed since.
    recovered: bool,
}

impl Progress {
    pub(crate) fn new(id: u64, term: u64) -> Self {
        Self {
            id,
            term: AtomicU64::new(term),
            committed: AtomicU64::new(0),
            applied: AtomicU64::new(0),
            appended_bytes: AtomicU64::new(0),
            log_full: AtomicBool::new(false),
            sole_voter: AtomicBool::new(false),
            membership: Mutex::default(),
        }
    }

    pub(crate) fn term(&self) -> u64 {
        self.term.load(Relaxed)
    }

    pub(crate) fn set_term(&self, term: u64) {
        self.term.fetch_max(term, Relaxed);
    }

    pub(crate) fn committed(&self) -> u64 {
        self.committed.load(Relaxed).saturating_sub(1)
    }

    pub(crate) fn set_committed(&self, index: u64) {
        self.committed.fetch_max(index + 1, Relaxed);
    }

    pub(crate) fn applied(&self) -> u64 {
        self.applied.load(Acquire).saturating_sub(1)
    }

    pub(crate) fn set_applied(&self, index: u64) {
        self.applied.fetch_max(index + 1, Release);
    }

    /// Notes what a checkpoint holds.
    pub(crate) fn restored(&self, applied: Option<LogPosition>) {
        if let Some(LogPosition { index, .. }) = applied {
            self.set_committed(index);
            self.set_applied(index);
        }
    }

    pub(crate) fn appended_bytes(&self) -> u64 {
        self.appended_bytes.load(Relaxed)
    }

    pub(crate) fn add_appended_bytes(&self, bytes: u64) {
        self.appended_bytes.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn log_full(&self) -> bool {
        self.log_full.load(Relaxed)
    }

    pub(crate) fn set_log_full(&self, full: bool) {
        self.log_full.store(full, Relaxed);
    }

    /// Says whether applied state is all there is: nobody else can have committed anything.
    pub(crate) fn sole_voter(&self) -> bool {
        self.sole_voter.load(Acquire)
    }

    /// Notes a membership entry before it is in the log. From here on others may get a vote.
    pub(crate) fn membership_appended(&self, index: u64) {
        let mut membership = self.membership.lock();
        membership.newest = membership.newest.max(Some(index));
        self.judge(&membership);
    }

    /// Notes a committed membership.
    pub(crate) fn membership_applied(&self, index: u64, applied: &Membership) {
        let mut membership = self.membership.lock();
        membership.newest = membership.newest.max(Some(index));
        membership.applied = Some(index);
        membership.alone = applied.sole_voter() == Some(self.id);
        self.judge(&membership);
    }

    /// Notes that the log is replayed: what was committed before this process is applied.
    pub(crate) fn recovered(&self) {
        let mut membership = self.membership.lock();
        membership.recovered = true;
        self.judge(&membership);
    }

    /// A truncation that takes a membership entry back leaves `newest` as it is. That only delays the flag
    /// until the next change, and the flag only saves time.
    fn judge(&self, membership: &MembershipProgress) {
        let settled = membership.applied.is_some() && membership.applied == membership.newest;
        self.sole_voter.store(membership.recovered && membership.alone && settled, Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voters(ids: &[u64]) -> Membership {
        Membership { voters: vec![ids.to_vec()], learners: Vec::new() }
    }

    #[test]
    fn a_node_is_the_sole_voter_only_while_no_other_membership_is_in_the_log() {
        let progress = Progress::new(7, 0);
        progress.membership_applied(0, &voters(&[7]));
        assert!(!progress.sole_voter(), "the log is not replayed yet");
        progress.recovered();
        assert!(progress.sole_voter());
        progress.membership_appended(5);
        assert!(!progress.sole_voter(), "others may commit from here on");
        progress.membership_applied(5, &voters(&[7, 8]));
        assert!(!progress.sole_voter());
        progress.membership_appended(9);
        progress.membership_applied(9, &voters(&[7]));
        assert!(progress.sole_voter());
    }

    #[test]
    fn the_sole_voter_can_be_another_node() {
        let progress = Progress::new(7, 0);
        progress.recovered();
        progress.membership_applied(0, &voters(&[8]));
        assert!(!progress.sole_voter());
    }

    #[test]
    fn an_uncommitted_membership_from_before_the_start_counts() {
        let progress = Progress::new(7, 0);
        progress.membership_applied(0, &voters(&[7]));
        progress.membership_appended(3);
        progress.recovered();
        assert!(!progress.sole_voter());
    }
}
