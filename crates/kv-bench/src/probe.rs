//! Probes: one request every millisecond, to see for how long a server answers nobody.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::JoinHandle;
use tonic::Status;

use crate::workload::empty_histogram;

/// How often a request is due.
pub(crate) const EVERY: Duration = Duration::from_millis(1);

/// A probe that goes on until it is stopped.
#[derive(Debug)]
pub(crate) struct Probe {
    latencies: Rc<RefCell<Histogram<u64>>>,
    stopped: Rc<Cell<bool>>,
    task: JoinHandle<Result<(), Status>>,
}

impl Probe {
    /// Begins to send requests, one at a time, on the current set of local tasks.
    pub(crate) fn start<F>(mut request: impl FnMut() -> F + 'static) -> Probe
    where
        F: Future<Output = Result<(), Status>>,
    {
        let latencies = Rc::new(RefCell::new(empty_histogram()));
        let stopped = Rc::new(Cell::new(false));
        let (recorded, stop) = (Rc::clone(&latencies), Rc::clone(&stopped));
        let task = tokio::task::spawn_local(async move {
            let mut due = tokio::time::interval(EVERY);
            due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            while !stop.get() {
                due.tick().await;
                let began = Instant::now();
                request().await?;
                // Requests that were due while this one waited would have waited too.
                let (took, every) = (began.elapsed().as_nanos() as u64, EVERY.as_nanos() as u64);
                let mut recorded = recorded.borrow_mut();
                let longest = recorded.high();
                recorded.record_correct(took.min(longest), every).expect("no longer than the longest");
            }
            Ok(())
        });
        Probe { latencies, stopped, task }
    }

    /// Ends the probe after its last answer; returns nanoseconds of every request that was due.
    pub(crate) async fn stop(self) -> Result<Histogram<u64>, Status> {
        self.stopped.set(true);
        self.task.await.expect("a probe does not panic")?;
        Ok(self.latencies.borrow().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_stall_counts_for_every_request_that_was_due() {
        let local = tokio::task::LocalSet::new();
        let latencies = local
            .run_until(async {
                let mut number = 0;
                let probe = Probe::start(move || {
                    number += 1;
                    let stalls = number == 3;
                    async move {
                        if stalls {
                            std::thread::sleep(Duration::from_millis(50));
                        }
                        Ok(())
                    }
                });
                tokio::time::sleep(Duration::from_millis(10)).await;
                probe.stop().await.unwrap()
            })
            .await;
        assert!(latencies.max() >= 50_000_000, "{}", latencies.max());
        assert!(latencies.len() >= 50 && latencies.value_at_percentile(30.0) > 1_000_000, "{}", latencies.len());
    }
}
