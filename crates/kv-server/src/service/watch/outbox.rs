//! Messages on their way to the client, and how long each takes to get there.
//!
//! A message is handed over when the next one is asked for: then the connection has had room for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use kv_proto::etcdserverpb::WatchResponse;

use super::message::Message;
use crate::metrics::Metrics;

/// What a message says.
#[derive(Debug, Clone, Copy)]
enum Content {
    /// Something about watchers.
    Control,
    /// Events of a batch that goes on in the next message.
    Events,
    /// The last events of a batch.
    LastEvents {
        /// When it was begun to read the batch.
        began: Instant,
        /// How many events it has.
        batch: usize,
    },
}

/// Messages that wait, and the one that is being sent.
#[derive(Debug)]
pub(super) struct Outbox {
    metrics: Arc<Metrics>,
    waiting: VecDeque<(Message, Content)>,
    sending: Option<(Instant, Content)>,
}

impl Outbox {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, waiting: VecDeque::new(), sending: None }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Adds a message without events.
    pub(super) fn push(&mut self, message: WatchResponse) {
        self.waiting.push_back((message.into(), Content::Control));
    }

    /// Adds the messages of one batch of events, which it was begun to read at `began`.
    pub(super) fn push_events(&mut self, messages: Vec<Message>, began: Instant) {
        let batch = messages.iter().map(|message| message.event_count).sum();
        self.metrics.pending_events.add(batch as i64);
        self.waiting.extend(messages.into_iter().map(|message| (message, Content::Events)));
        if let Some((_, last)) = self.waiting.back_mut() {
            *last = Content::LastEvents { began, batch };
        }
    }

    /// Takes the next message, to be sent now.
    pub(super) fn take(&mut self) -> Option<Message> {
        let (message, content) = self.waiting.pop_front()?;
        self.metrics.pending_events.add(-(message.event_count as i64));
        let since = match content {
            // Reading them counts, too.
            Content::LastEvents { began, .. } => began,
            Content::Control | Content::Events => Instant::now(),
        };
        self.sending = Some((since, content));
        Some(message)
    }

    /// Notes that the last message that was taken is on its way.
    pub(super) fn handed_over(&mut self) {
        match self.sending.take() {
            None | Some((_, Content::Events)) => {}
            Some((taken, Content::Control)) => self.metrics.watch_control.observe(taken.elapsed()),
            Some((began, Content::LastEvents { batch, .. })) => {
                let took = began.elapsed();
                self.metrics.watch_batch.observe(took);
                self.metrics.watch_event.observe_seconds(took.as_secs_f64() / batch as f64);
            }
        }
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let pending: usize = self.waiting.iter().map(|(message, _)| message.event_count).sum();
        self.metrics.pending_events.add(-(pending as i64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(count: usize) -> Message {
        Message { event_count: count, ..WatchResponse::default().into() }
    }

    #[test]
    fn a_batch_is_counted_once_when_its_last_message_is_on_its_way() {
        let metrics = Arc::new(Metrics::default());
        let counts = || {
            let of = |histogram: &crate::counters::Histogram| histogram.snapshot().0.iter().sum::<u64>();
            (of(&metrics.watch_control), of(&metrics.watch_batch), of(&metrics.watch_event))
        };
        let mut outbox = Outbox::new(Arc::clone(&metrics));
        outbox.handed_over();
        outbox.push(WatchResponse::default());
        outbox.push_events(vec![events(2), events(3)], Instant::now());
        assert_eq!((outbox.len(), metrics.pending_events.get()), (3, 5));
        for (pending, expected) in [(5, (1, 0, 0)), (3, (1, 0, 0)), (0, (1, 1, 1))] {
            assert!(outbox.take().is_some());
            outbox.handed_over();
            assert_eq!((metrics.pending_events.get(), counts()), (pending, expected));
        }
        outbox.push_events(vec![events(7)], Instant::now());
        drop(outbox);
        assert_eq!(metrics.pending_events.get(), 0);
    }
}
