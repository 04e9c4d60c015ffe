//! Probes: one request every millisecond, to see for how long a server answers nobody.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::JoinHandle;
use tonic::Status;

use crate::driver::empty_histogram;

/// How often a request is due.
pub(crate) const EVERY: Duration = Duration::from_millis(1);

/// A probe that goes on until it is stopped.
#[derive(Debug)]
pub(crate) struct Probe {
    probed: Rc<RefCell<Probed>>,
    stopped: Rc<Cell<bool>>,
    task: JoinHandle<()>,
}

/// What a probe saw.
#[derive(Debug, Clone)]
pub(crate) struct Probed {
    /// Nanoseconds of every request that was due.
    pub(crate) latencies: Histogram<u64>,
    /// Requests that were refused in the end; they waited too.
    pub(crate) failures: u64,
}

impl Probe {
    /// Begins to send requests, one at a time, on the current set of local tasks.
    pub(crate) fn start<F>(mut request: impl FnMut() -> F + 'static) -> Probe
    where
        F: Future<Output = Result<(), Status>>,
    {
        let probed = Rc::new(RefCell::new(Probed { latencies: empty_histogram(), failures: 0 }));
        let stopped = Rc::new(Cell::new(false));
        let (recorded, stop) = (Rc::clone(&probed), Rc::clone(&stopped));
        let task = tokio::task::spawn_local(async move {
            let mut due = tokio::time::interval(EVERY);
            due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            while !stop.get() {
                due.tick().await;
                let began = Instant::now();
                let failed = request().await.is_err();
                // Requests that were due while this one waited would have waited too.
                let (took, every) = (began.elapsed().as_nanos() as u64, EVERY.as_nanos() as u64);
                let mut probed = recorded.borrow_mut();
                let longest = probed.latencies.high();
                probed.latencies.record_correct(took.min(longest), every).expect("no longer than the longest");
                probed.failures += u64::from(failed);
            }
        });
        Probe { probed, stopped, task }
    }

    /// Ends the probe after its last answer.
    pub(crate) async fn stop(self) -> Probed {
        self.stopped.set(true);
        self.task.await.expect("a probe does not panic");
        self.probed.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_stall_counts_for_every_request_that_was_due() {
        let local = tokio::task::LocalSet::new();
        let Probed { latencies, failures } = local
            .run_until(async {
                let requests = Rc::new(Cell::new(0));
                let counted = Rc::clone(&requests);
                let probe = Probe::start(move || {
                    counted.set(counted.get() + 1);
                    let stalls = counted.get() == 3;
                    async move {
                        if stalls {
                            std::thread::sleep(Duration::from_millis(50));
                        }
                        Ok(())
                    }
                });
                while requests.get() < 3 {
                    tokio::task::yield_now().await;
                }
                probe.stop().await
            })
            .await;
        assert_eq!(failures, 0);
        assert!(latencies.max() >= 50_000_000, "{}", latencies.max());
        assert!(latencies.len() >= 50 && latencies.value_at_percentile(30.0) > 1_000_000, "{}", latencies.len());
    }
}
