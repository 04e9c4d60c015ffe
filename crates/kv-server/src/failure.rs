//! What ends the process: the first failure that only a restart mends.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Why the process must end, once it must. All copies are one.
#[derive(Debug, Clone)]
pub(crate) struct Failure(watch::Sender<Option<String>>);

impl Default for Failure {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Failure {
    /// Has the process end. The first reason is the cause of the others.
    pub(crate) fn report(&self, reason: String) {
        self.0.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                *known = Some(reason);
            }
            first
        });
    }

    /// Waits until the process must end, and says why.
    pub(crate) async fn reported(&self) -> String {
        let mut reason = self.0.subscribe();
        let reason = reason.wait_for(Option::is_some).await;
        reason.ok().and_then(|reason| reason.clone()).unwrap_or_default()
    }

    /// Runs a part of the server that goes on beside requests. Its panic ends the process: a server whose leases no longer
    /// expire, say, looks as if nothing had happened.
    pub(crate) fn watch_over(
        &self,
        part: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let failure = self.clone();
        tokio::spawn(async move {
            // The panic itself is in the log already.
            if AssertUnwindSafe(work).catch_unwind().await.is_err() {
                failure.report(format!("{part} panicked"));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_beside_requests_ends_the_process() {
        let failure = Failure::default();
        failure.watch_over("something harmless", async {}).await.unwrap();
        failure.watch_over("expiry", async { panic!("a test") }).await.unwrap();
        failure.report("later".to_owned());
        assert_eq!(failure.reported().await, "expiry panicked");
    }
}
