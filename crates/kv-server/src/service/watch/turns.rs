//! Turns of the streams of a thread, so that a change which many of them wait for holds up nothing else.
//!
//! Such a change makes all of them ready at once. If the thread ran them all before anything else, every request would wait for
//! all of them, and the next change would only be made when each had sent this one. So few streams get a turn
//! before the thread looks at its connections and at the log again. Requests go on in between; and the streams that wait send
//! what has been changed meanwhile in one message, which costs little more than a message of one change.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

use tokio::sync::Semaphore;

/// How many streams get a turn at once.
const TURNS: usize = 8;

/// The turns of the streams of a thread.
#[derive(Debug)]
pub(super) struct Turns {
    /// Those that may begin now; who waits is served first come, first served.
    left: Semaphore,
    /// Somebody sees to it that there will be more.
    refilling: AtomicBool,
}

impl Default for Turns {
    fn default() -> Self {
        Self { left: Semaphore::new(TURNS), refilling: AtomicBool::new(false) }
    }
}

impl Turns {
    /// Waits for a turn.
    pub(super) async fn take(self: &Arc<Self>) {
        self.left.acquire().await.expect("it is never closed").forget();
        if !self.refilling.swap(true, SeqCst) {
            tokio::spawn(Arc::clone(self).refill());
        }
    }

    /// Allows more turns until none is wanted any more.
    async fn refill(self: Arc<Self>) {
        loop {
            // The runtime comes back to this when it has looked at its connections and at what other threads have for it.
            tokio::task::yield_now().await;
            self.left.add_permits(TURNS.saturating_sub(self.left.available_permits()));
            if self.is_full() {
                self.refilling.store(false, SeqCst);
                // A turn that was taken before that relies on this task.
                if self.is_full() || self.refilling.swap(true, SeqCst) {
                    return;
                }
            }
        }
    }

    fn is_full(&self) -> bool {
        self.left.available_permits() >= TURNS
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;
    use tokio::task::{JoinSet, yield_now};

    use super::*;

    #[tokio::test]
    async fn a_request_comes_in_between() {
        let turns = Arc::new(Turns::default());
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for _ in 0..3 * TURNS {
            let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
            tasks.spawn(async move {
                turns.take().await;
                order.lock().push("stream");
            });
        }
        tasks.spawn({
            let order = Arc::clone(&order);
            async move {
                // As one that waits for its connection.
                yield_now().await;
                order.lock().push("request");
            }
        });
        tasks.join_all().await;
        let before = order.lock().iter().position(|who| *who == "request");
        assert!(before.is_some_and(|before| before <= TURNS), "{before:?}");
        assert_eq!(order.lock().len(), 3 * TURNS + 1);
    }

    #[tokio::test]
    async fn whoever_gives_up_takes_no_turn_from_others() {
        let turns = Arc::new(Turns::default());
        for _ in 0..3 {
            let mut patient = JoinSet::new();
            let mut impatient = JoinSet::new();
            for _ in 0..10 * TURNS {
                for tasks in [&mut impatient, &mut patient] {
                    let turns = Arc::clone(&turns);
                    tasks.spawn(async move { turns.take().await });
                }
            }
            yield_now().await;
            impatient.abort_all();
            patient.join_all().await;
            while turns.refilling.load(SeqCst) {
                yield_now().await;
            }
            assert_eq!(turns.left.available_permits(), TURNS);
        }
    }
}
