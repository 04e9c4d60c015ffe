//! The ballast of each disk that a server writes to: that of its data, and that of its log, if the log is elsewhere.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::ballast::Ballast;

/// Which disks are full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full {
    /// There is no room for a checkpoint.
    pub(crate) data: bool,
    /// There is no room for the log.
    pub(crate) log: bool,
}

/// Room that is kept on each disk, or given back.
#[derive(Debug)]
pub(crate) struct Ballasts {
    data: Ballast,
    /// Where the log has a disk of its own.
    log: Option<Ballast>,
}

impl Ballasts {
    /// Takes the room on the disk of a data directory whose lock is held.
    pub(crate) fn open(data: &Path) -> Self {
        Self { data: Ballast::open(data), log: None }
    }

    /// Takes room for the log too, if it is on another disk.
    ///
    /// # Errors
    ///
    /// Where one of the directories cannot be looked at.
    pub(crate) fn add_log(&mut self, data: &Path, log: &Path) -> io::Result<()> {
        if std::fs::metadata(data)?.dev() != std::fs::metadata(log)?.dev() {
            self.log = Some(Ballast::open(log));
        }
        Ok(())
    }

    /// Whether nothing may be added, because it would use up what was given back.
    pub(crate) fn in_use(&self) -> bool {
        self.each(Full { data: false, log: false }).any(|(ballast, _)| ballast.in_use())
    }

    /// Whether there is something to do for [`keep`](Self::keep).
    pub(crate) fn is_due(&self, full: Full) -> bool {
        self.each(full).any(|(ballast, full)| ballast.is_due(full))
    }

    /// Gives room back on disks that are full, and takes it again on those that no longer are.
    pub(crate) fn keep(&self, full: Full) {
        self.each(full).for_each(|(ballast, full)| ballast.keep(full));
    }

    /// Returns each ballast, and whether its disk is full.
    fn each(&self, full: Full) -> impl Iterator<Item = (&Ballast, bool)> {
        let log = self.log.as_ref().map(|log| (log, full.log));
        // On one disk, what is missing for the one is missing for the other.
        [(&self.data, full.data || (log.is_none() && full.log))].into_iter().chain(log)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: Full = Full { data: false, log: true };
    const NONE: Full = Full { data: false, log: false };

    #[test]
    fn one_disk_has_one_ballast_for_both() {
        let directory = tempfile::tempdir().unwrap();
        let mut ballasts = Ballasts::open(directory.path());
        ballasts.add_log(directory.path(), directory.path()).unwrap();
        assert!(ballasts.log.is_none() && ballasts.is_due(LOG) && !ballasts.is_due(NONE));
        ballasts.keep(LOG);
        assert!(ballasts.in_use());
    }

    #[test]
    fn a_disk_of_the_logs_own_is_full_by_itself() {
        let (data, log) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        // Two disks are pretended.
        let ballasts = Ballasts { data: Ballast::open(data.path()), log: Some(Ballast::open(log.path())) };
        ballasts.keep(LOG);
        assert!(ballasts.in_use() && !ballasts.data.in_use());
        ballasts.keep(NONE);
        assert!(!ballasts.in_use() && !ballasts.is_due(NONE));
    }
}
