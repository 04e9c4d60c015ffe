//! When operations begin: as soon as a client is free, or at fixed times whatever the server does.
//!
//! With a rate the loop is open: operations are due at even intervals, and their time counts from when they were due, not from when a
//! client was free to begin. A server that stalls is thus charged for every operation that had to wait, which a closed
//! loop omits ("coordinated omission"; Gil Tene's wrk2 and `HdrHistogram` made the correction known).

use std::cell::Cell;
use std::fs::File;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::net::unix::pipe::Receiver;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::BenchError;

/// How long a load goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// Until a time has passed since its start.
    Elapsed(Duration),
    /// Until so many operations have begun.
    Count(u64),
}

/// Lets the clients of a load begin their operations.
#[derive(Debug)]
pub(crate) struct Pace {
    start: Instant,
    until: Until,
    begun: Cell<u64>,
    due: Option<Due>,
}

/// The operations that are due, for a load with a rate.
#[derive(Debug)]
struct Due {
    interval: Duration,
    places: Rc<Semaphore>,
    timer: JoinHandle<()>,
}

impl Drop for Due {
    fn drop(&mut self) {
        self.timer.abort();
    }
}

impl Pace {
    /// Starts now. With `rate`, so many operations are due a second.
    pub(crate) fn start(until: Until, rate: Option<f64>) -> Result<Pace, BenchError> {
        let start = Instant::now();
        let due = rate.map(|rate| Due::start(Duration::from_secs_f64(1.0 / rate))).transpose()?;
        Ok(Pace { start, until, begun: Cell::new(0), due })
    }

    /// Returns when the next operation begins or should have begun; `None` when there is none.
    pub(crate) async fn next(&self) -> Option<Instant> {
        if let Some(due) = &self.due {
            // The semaphore is never closed.
            due.places.acquire().await.ok()?.forget();
        }
        let begun = self.begun.get();
        let now = Instant::now();
        // Whatever the rate, none begins after the end.
        let intended = self.due.as_ref().map_or(now, |due| self.start + due.interval.mul_f64(begun as f64));
        let over = match self.until {
            Until::Elapsed(length) => now >= self.start + length,
            Until::Count(count) => begun >= count,
        };
        if over {
            // The next in the queue learns it at once instead of at the next beat.
            if let Some(due) = &self.due {
                due.places.add_permits(1);
            }
            return None;
        }
        self.begun.set(begun + 1);
        Some(intended)
    }

    /// Returns how many operations have begun.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.get()
    }

    /// Returns how many operations were due before now and have not begun.
    pub(crate) fn overdue(&self) -> u64 {
        let Some(due) = &self.due else { return 0 };
        let due = match self.until {
            Until::Elapsed(length) => (length.as_secs_f64() / due.interval.as_secs_f64()) as u64,
            Until::Count(count) => count,
        };
        due.saturating_sub(self.begun.get())
    }
}

impl Due {
    fn start(interval: Duration) -> Result<Due, BenchError> {
        let io = |errno: rustix::io::Errno| BenchError::io("set a timer")(errno.into());
        // The runtime's own timers beat once a millisecond, which is longer than most operations take.
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC).map_err(io)?;
        let beat = timespec(interval.max(Duration::from_nanos(1)));
        let immediately = timespec(Duration::from_nanos(1));
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &Itimerspec { it_interval: beat, it_value: immediately })
            .map_err(io)?;
        // A timer is read as a pipe is: eight bytes each time, and an error while there is nothing.
        let timer = Receiver::from_file_unchecked(File::from(timer)).map_err(BenchError::io("wait for a timer"))?;
        let places = Rc::new(Semaphore::new(0));
        let task = tokio::task::spawn_local(beat_for(timer, Rc::clone(&places)));
        Ok(Due { interval, places, timer: task })
    }
}

/// Makes a place for each beat of the timer, for ever.
async fn beat_for(timer: Receiver, places: Rc<Semaphore>) {
    while timer.readable().await.is_ok() {
        let mut beats = [0; size_of::<u64>()];
        if timer.try_read(&mut beats).is_ok() {
            places.add_permits(u64::from_ne_bytes(beats) as usize);
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs() as i64, tv_nsec: i64::from(duration.subsec_nanos()) }
}

#[cfg(test)]
mod tests {
    use tokio::task::LocalSet;

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_closed_loop_begins_whenever_somebody_asks() {
        let pace = Pace::start(Until::Count(3), None).expect("start");
        let mut begun = 0;
        while pace.next().await.is_some() {
            begun += 1;
        }
        assert_eq!((begun, pace.overdue()), (3, 0));
        let over = Pace::start(Until::Elapsed(Duration::ZERO), None).expect("start");
        assert_eq!(over.next().await, None);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn an_open_loop_counts_from_when_operations_were_due() {
        LocalSet::new()
            .run_until(async {
                let pace = Pace::start(Until::Count(50), Some(10_000.0)).expect("start");
                // The one client does nothing for as long as all of them take.
                std::thread::sleep(Duration::from_millis(20));
                let mut intended = Vec::new();
                while let Some(start) = pace.next().await {
                    intended.push(start.duration_since(pace.start).as_micros());
                }
                assert_eq!(intended, (0..50).map(|number| number * 100).collect::<Vec<_>>());
            })
            .await;
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_was_due_and_never_began_is_counted() {
        LocalSet::new()
            .run_until(async {
                let pace = Pace::start(Until::Elapsed(Duration::from_millis(10)), Some(10_000.0)).expect("start");
                pace.next().await.expect("there is time for one");
                std::thread::sleep(Duration::from_millis(20));
                assert_eq!((pace.next().await, pace.next().await), (None, None));
                assert_eq!(pace.overdue(), 99);
            })
            .await;
    }
}
