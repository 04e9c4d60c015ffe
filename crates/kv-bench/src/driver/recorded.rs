//! What the clients of a load saw.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};

/// The longest time that is told apart from longer ones.
const LONGEST: Duration = Duration::from_secs(60);

/// Returns a histogram of nanoseconds up to a minute, exact to three digits.
pub(crate) fn empty_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, 3)
        .expect("the bounds are in order and three digits are allowed")
}

/// What a load recorded in one go.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    /// Nanoseconds of every operation, by its kind.
    pub(crate) latencies: BTreeMap<&'static str, Histogram<u64>>,
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// How long the clients' thread computed in that time.
    pub(crate) clients_cpu: Duration,
    /// Transactions whose guard failed, because another client was quicker.
    pub(crate) conflicts: u64,
    /// Operations that were due before the end and had no client free to begin them.
    pub(crate) overdue: u64,
}

impl Recorded {
    /// Adds what was recorded at another time.
    pub(crate) fn add(&mut self, other: &Recorded) {
        for (kind, latencies) in &other.latencies {
            *self.latencies.entry(kind).or_insert_with(empty_histogram) += latencies;
        }
        self.elapsed += other.elapsed;
        self.clients_cpu += other.clients_cpu;
        self.conflicts += other.conflicts;
        self.overdue += other.overdue;
    }

    /// Returns the times of all operations, whatever their kind.
    pub(crate) fn all(&self) -> Histogram<u64> {
        self.latencies.values().fold(empty_histogram(), |mut all, latencies| {
            all += latencies;
            all
        })
    }

    pub(crate) fn operations(&self) -> u64 {
        self.latencies.values().map(Histogram::len).sum()
    }

    /// Returns the part of a core that the clients used.
    pub(crate) fn clients_busy(&self) -> f64 {
        self.clients_cpu.as_secs_f64() / self.elapsed.as_secs_f64()
    }
}

/// Takes down what clients see while a load goes on.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    recorded: RefCell<Recorded>,
}

impl Recorder {
    pub(crate) fn note(&self, kind: &'static str, latency: Duration) {
        let nanoseconds = latency.as_nanos() as u64;
        self.recorded.borrow_mut().latencies.entry(kind).or_insert_with(empty_histogram).saturating_record(nanoseconds);
    }

    pub(crate) fn note_conflict(&self) {
        self.recorded.borrow_mut().conflicts += 1;
    }

    /// Returns how many operations were noted.
    pub(crate) fn operations(&self) -> u64 {
        self.recorded.borrow().operations()
    }

    /// Returns what was noted, and begins anew.
    pub(crate) fn take(&self) -> Recorded {
        self.recorded.take()
    }
}

/// Returns how long this thread has computed so far.
pub(crate) fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_told_by_kind_and_together() {
        let recorder = Recorder::default();
        recorder.note("get", Duration::from_micros(100));
        recorder.note("put", Duration::from_micros(300));
        recorder.note("put", Duration::from_secs(3600));
        recorder.note_conflict();
        let mut recorded = recorder.take();
        recorded.add(&Recorded {
            elapsed: Duration::from_secs(2),
            clients_cpu: Duration::from_secs(1),
            ..Recorded::default()
        });
        assert_eq!(recorder.operations(), 0);
        assert_eq!((recorded.operations(), recorded.conflicts), (3, 1));
        assert_eq!(recorded.latencies["put"].len(), 2);
        assert!(recorded.all().max() >= LONGEST.as_nanos() as u64);
        assert!((recorded.clients_busy() - 0.5).abs() < 1e-9);
    }
}
