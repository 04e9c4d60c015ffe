//! The watchers of a stream that have something to read, each once, in the order of their turns.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::metrics::Metrics;

/// Watchers by their ids; all streams together are counted.
#[derive(Debug)]
pub(super) struct Behind {
    metrics: Arc<Metrics>,
    ids: VecDeque<i64>,
}

impl Behind {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, ids: VecDeque::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub(super) fn push(&mut self, id: i64) {
        self.metrics.slow_watchers.add(1);
        self.ids.push_back(id);
    }

    pub(super) fn pop(&mut self) -> Option<i64> {
        let id = self.ids.pop_front()?;
        self.metrics.slow_watchers.add(-1);
        Some(id)
    }

    pub(super) fn remove(&mut self, id: i64) {
        let before = self.ids.len();
        self.ids.retain(|other| *other != id);
        self.metrics.slow_watchers.add(self.ids.len() as i64 - before as i64);
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.metrics.slow_watchers.add(-(self.ids.len() as i64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_behind_is_counted_until_its_stream_ends() {
        let metrics = Arc::new(Metrics::default());
        let mut behind = Behind::new(Arc::clone(&metrics));
        behind.push(3);
        behind.push(5);
        behind.push(7);
        behind.remove(5);
        behind.remove(5);
        assert_eq!((behind.pop(), metrics.slow_watchers.get()), (Some(3), 1));
        drop(behind);
        assert_eq!(metrics.slow_watchers.get(), 0);
    }
}
