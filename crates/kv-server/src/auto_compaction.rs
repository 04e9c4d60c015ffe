//! Giving history up without being asked, on etcd's two schedules.
//!
//! *Periodic* keeps the history of a period: it notes the newest revision ten times an interval, which is the period
//! but an hour at most, and once an interval compacts at the oldest note, which is a period old. Nothing happens before
//! the first period is over. *Revision* keeps a number of revisions, and looks every five minutes. Neither outlives the
//! process.
//!
//! [`Schedule`] is told the time and the revision, and says what to compact at; [`run`] is the rest.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kv_proto::ApiError;
use kv_store::Command;
use tonic::Status;

use crate::engine::Engine;
use crate::retention::Retention;

/// How often the oldest revision is looked for by number.
const REVISION_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// What is longer than this is compacted once in this time.
const INTERVAL_MAX: Duration = Duration::from_secs(60 * 60);

/// How many notes are taken in an interval.
const NOTES_PER_INTERVAL: u32 = 10;

/// Nobody needs to look more often.
const PAUSE_MIN: Duration = Duration::from_millis(1);

/// What is compacted when. Times are since the process began.
#[derive(Debug)]
struct Schedule {
    retention: Retention,
    /// The newest revision at earlier looks, oldest first.
    notes: VecDeque<i64>,
    /// The last compaction that was made.
    compacted: i64,
    /// When that was; the next one is `due_after` later.
    compacted_at: Duration,
    due_after: Duration,
}

impl Schedule {
    fn new(retention: Retention, now: Duration, revision: i64) -> Self {
        let due_after = match retention {
            Retention::Period(period) => period,
            Retention::Revisions(_) => Duration::ZERO,
        };
        Self { retention, notes: VecDeque::from([revision]), compacted: 0, compacted_at: now, due_after }
    }

    /// Returns how long to wait between two looks.
    fn pause(&self) -> Duration {
        match self.retention {
            Retention::Period(period) => (period.min(INTERVAL_MAX) / NOTES_PER_INTERVAL).max(PAUSE_MIN),
            Retention::Revisions(_) => REVISION_INTERVAL,
        }
    }

    /// Looks at the clock and at the newest revision; returns what to compact at now. Who does not lead only takes notes.
    fn look(&mut self, now: Duration, revision: i64, leads: bool) -> Option<i64> {
        let at = match self.retention {
            Retention::Period(period) => {
                let oldest = self.notes.front().copied().unwrap_or(revision);
                self.notes.push_back(revision);
                // One more than there are pauses, so that the oldest is a whole period old.
                let notes_max = period.as_nanos() / self.pause().as_nanos() + 1;
                while self.notes.len() as u128 > notes_max {
                    self.notes.pop_front();
                }
                let due = now.saturating_sub(self.compacted_at) >= self.due_after;
                if !due {
                    return None;
                }
                oldest
            }
            Retention::Revisions(kept) => revision.saturating_sub(kept),
        };
        (leads && at > 0 && at != self.compacted).then_some(at)
    }

    /// Notes that the compaction was made. One that failed is due again at the next look.
    fn compacted(&mut self, now: Duration, revision: i64) {
        self.compacted = revision;
        self.compacted_at = now;
        if let Retention::Period(period) = self.retention {
            self.due_after = period.min(INTERVAL_MAX);
        }
    }
}

/// Compacts on the schedule, for ever.
pub(crate) async fn run(engine: Arc<Engine>, retention: Retention) {
    let began = Instant::now();
    let mut schedule = Schedule::new(retention, Duration::ZERO, engine.store.revision());
    loop {
        tokio::time::sleep(schedule.pause()).await;
        let leads = engine.consensus().leader == Some(engine.identity.member_id);
        let Some(revision) = schedule.look(began.elapsed(), engine.store.revision(), leads) else { continue };
        let told = Told { retention, revision };
        told.starting();
        let started = Instant::now();
        match engine.propose(&Command::Compact { revision }).await {
            Err(error) if !is_compacted(&error) => told.failed(&error, schedule.pause()),
            _ => {
                told.completed(started.elapsed());
                schedule.compacted(began.elapsed(), revision);
            }
        }
    }
}

/// Somebody else has compacted that far.
fn is_compacted(error: &Status) -> bool {
    error.message() == ApiError::Compacted.text()
}

/// The log lines, whose words operators search for.
struct Told {
    retention: Retention,
    revision: i64,
}

impl Told {
    fn starting(&self) {
        let revision = self.revision;
        match self.retention {
            Retention::Period(period) => {
                tracing::info!(revision, compact_period = format!("{period:?}"), "starting auto periodic compaction");
            }
            Retention::Revisions(kept) => {
                tracing::info!(revision, revision_compaction_retention = kept, "starting auto revision compaction");
            }
        }
    }

    fn completed(&self, took: Duration) {
        let (revision, took) = (self.revision, format!("{took:?}"));
        match self.retention {
            Retention::Period(period) => {
                let compact_period = format!("{period:?}");
                tracing::info!(revision, compact_period, took, "completed auto periodic compaction");
            }
            Retention::Revisions(kept) => {
                let revision_compaction_retention = kept;
                tracing::info!(revision, revision_compaction_retention, took, "completed auto revision compaction");
            }
        }
    }

    fn failed(&self, error: &Status, retry: Duration) {
        let (revision, error, retry_interval) = (self.revision, error.message(), format!("{retry:?}"));
        match self.retention {
            Retention::Period(_) => {
                tracing::warn!(revision, error, retry_interval, "failed auto periodic compaction");
            }
            Retention::Revisions(_) => {
                tracing::warn!(revision, error, retry_interval, "failed auto revision compaction");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Moves the clock look by look; a revision is made every minute. Returns the minutes and the revisions of the
    /// compactions, each of which succeeds.
    fn compactions(retention: Retention, looks: u32) -> Vec<(u64, i64)> {
        let mut schedule = Schedule::new(retention, Duration::ZERO, 1);
        let mut made = Vec::new();
        for look in 1..=looks {
            let now = schedule.pause() * look;
            let minutes = now.as_secs() / 60;
            if let Some(revision) = schedule.look(now, minutes as i64 + 1, true) {
                schedule.compacted(now, revision);
                made.push((minutes, revision));
            }
        }
        made
    }

    #[test]
    fn nothing_is_compacted_before_the_first_period_is_over() {
        for (period, looks) in [(10 * MINUTE, 9), (60 * MINUTE, 9), (24 * 60 * MINUTE, 239)] {
            assert_eq!(compactions(Retention::Period(period), looks), []);
        }
    }

    #[test]
    fn less_than_an_hour_is_compacted_once_in_that_time() {
        let made = compactions(Retention::Period(10 * MINUTE), 45);
        assert_eq!(made, [(10, 1), (20, 10), (30, 20), (40, 30)]);
    }

    #[test]
    fn an_hour_is_compacted_once_an_hour() {
        assert_eq!(compactions(Retention::Period(60 * MINUTE), 35), [(60, 1), (120, 55), (180, 115)]);
    }

    #[test]
    fn more_than_an_hour_is_compacted_once_an_hour_too() {
        let made = compactions(Retention::Period(24 * 60 * MINUTE), 265);
        assert_eq!(made, [(1440, 1), (1500, 55), (1560, 115)]);
    }

    #[test]
    fn a_revision_is_compacted_at_once_only() {
        let mut schedule = Schedule::new(Retention::Period(10 * MINUTE), Duration::ZERO, 5);
        for minute in 1..10 {
            assert_eq!(schedule.look(MINUTE * minute, 5, true), None);
        }
        assert_eq!(schedule.look(10 * MINUTE, 5, true), Some(5));
        schedule.compacted(10 * MINUTE, 5);
        for minute in 11..60 {
            assert_eq!(schedule.look(MINUTE * minute, 5, true), None, "minute {minute}");
        }
        // A change is given up when it is a period old, without waiting for a whole interval more.
        assert_eq!(schedule.look(60 * MINUTE, 6, true), None);
        for minute in 61..71 {
            assert_eq!(schedule.look(MINUTE * minute, 6, true), None, "minute {minute}");
        }
        assert_eq!(schedule.look(71 * MINUTE, 6, true), Some(6));
    }

    #[test]
    fn a_failure_is_tried_again_at_the_next_look() {
        let mut schedule = Schedule::new(Retention::Period(60 * MINUTE), Duration::ZERO, 1);
        for look in 1..10 {
            assert_eq!(schedule.look(MINUTE * (6 * look), 1 + i64::from(look), true), None);
        }
        assert_eq!(schedule.look(60 * MINUTE, 11, true), Some(1));
        assert_eq!(schedule.look(66 * MINUTE, 12, true), Some(1));
        assert_eq!(schedule.look(72 * MINUTE, 13, true), Some(2));
        schedule.compacted(72 * MINUTE, 2);
        assert_eq!(schedule.look(78 * MINUTE, 14, true), None);
    }

    #[test]
    fn who_does_not_lead_takes_notes_alone() {
        let mut schedule = Schedule::new(Retention::Period(10 * MINUTE), Duration::ZERO, 1);
        for minute in 1..=30 {
            assert_eq!(schedule.look(MINUTE * minute, 1 + i64::from(minute), false), None);
        }
        assert_eq!(schedule.look(31 * MINUTE, 32, true), Some(21));
    }

    #[test]
    fn a_number_of_revisions_is_looked_for_every_five_minutes() {
        let mut schedule = Schedule::new(Retention::Revisions(1000), Duration::ZERO, 1);
        assert_eq!(schedule.pause(), 5 * MINUTE);
        assert_eq!(schedule.look(5 * MINUTE, 1000, true), None);
        assert_eq!(schedule.look(10 * MINUTE, 1500, true), Some(500));
        schedule.compacted(10 * MINUTE, 500);
        assert_eq!(schedule.look(15 * MINUTE, 1500, true), None);
        assert_eq!(schedule.look(20 * MINUTE, 1501, true), Some(501));
    }

    #[test]
    fn a_period_too_short_to_be_divided_is_no_reason_to_spin() {
        let schedule = Schedule::new(Retention::Period(Duration::from_nanos(5)), Duration::ZERO, 1);
        assert_eq!(schedule.pause(), PAUSE_MIN);
    }
}
