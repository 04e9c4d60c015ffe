//! What the handles of a log and its writer share: the log in memory, and the queue between them.
//!
//! The log in memory is ahead of the files by what is in the queue and in the writer's hands.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::cache::{Cache, Sequence};
use crate::error::WriteError;
use crate::format::Record;
use crate::metrics::Counters;
use crate::options::Event;
use crate::table::Table;
use crate::types::{Position, State};

/// Called when what it came with is durable, or will never be.
pub(crate) type Done = Box<dyn FnOnce(Result<(), WriteError>) + Send>;

/// One order to the writer.
pub(crate) struct Order {
    pub(crate) sequence: Sequence,
    /// What to write; nothing where only the order of things matters. In a purge, the writer fills in
    /// the oldest segment.
    pub(crate) record: Option<Record>,
    pub(crate) done: Option<Done>,
}

/// The orders that make up the next batch.
pub(crate) struct Gathered {
    pub(crate) orders: Vec<Order>,
    pub(crate) committed: Option<Position>,
}

impl Gathered {
    /// Says whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.records().next().is_none()
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> + Clone {
        self.orders.iter().filter_map(|order| order.record.as_ref())
    }

    pub(crate) fn records_bytes(&self) -> usize {
        self.records().map(Record::encoded_bytes).sum()
    }

    /// Returns the number of the newest order that brought an entry.
    pub(crate) fn newest_entry(&self) -> Option<Sequence> {
        let entry = |order: &&Order| matches!(order.record, Some(Record::Entry(_)));
        self.orders.iter().rev().find(entry).map(|order| order.sequence)
    }
}

/// The log in memory.
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) cache: Cache,
    pub(crate) table: Table,
    /// How often entries were removed from the end, so that a reader in several steps notices.
    pub(crate) truncations: u64,
    queue: VecDeque<Order>,
    sequence: Sequence,
    closing: bool,
    failed: Option<WriteError>,
}

impl Inner {
    /// Begins with a log all of which is in the files.
    pub(crate) fn new(state: State, table: Table, cache_bytes: usize) -> Inner {
        let (cache, queue) = (Cache::new(cache_bytes), VecDeque::new());
        Inner { state, cache, table, truncations: 0, queue, sequence: 0, closing: false, failed: None }
    }

    /// Returns why nothing is written any more, if so.
    pub(crate) fn failed(&self) -> Option<&WriteError> {
        self.failed.as_ref()
    }

    /// Puts an order into the queue and returns its number.
    pub(crate) fn order(&mut self, record: Option<Record>, done: Option<Done>) -> Sequence {
        self.sequence += 1;
        self.queue.push_back(Order { sequence: self.sequence, record, done });
        self.sequence
    }

    /// Takes purges out of `held` and out of the queue behind it, except such as concern entries that wait there
    /// too: those must be written before they are purged.
    fn take_purges(&mut self, held: &mut Vec<Order>, count_max: usize) -> Vec<Order> {
        let mut oldest_waiting = u64::MAX;
        for order in held.iter().chain(&self.queue) {
            match &order.record {
                Some(Record::Entry(entry)) => oldest_waiting = oldest_waiting.min(entry.position.index),
                Some(Record::Truncate(_)) => oldest_waiting = 0,
                _ => {}
            }
        }
        let mut wanted = count_max;
        let mut is_taken = |order: &Order| match order.record {
            Some(Record::Purge { position, .. }) if position.index < oldest_waiting && wanted > 0 => {
                wanted -= 1;
                true
            }
            _ => false,
        };
        let mut taken: Vec<Order> = held.extract_if(.., |order| is_taken(order)).collect();
        let (more, rest): (Vec<Order>, Vec<Order>) = std::mem::take(&mut self.queue).into_iter().partition(is_taken);
        taken.extend(more);
        self.queue = rest.into();
        taken
    }
}

pub(crate) struct Shared {
    inner: Mutex<Inner>,
    /// The queue has something, or the log is closing.
    work: Condvar,
    pub(crate) counters: Arc<Counters>,
    notify: Arc<dyn Fn(Event) + Send + Sync>,
}

impl Shared {
    pub(crate) fn new(inner: Inner, counters: Arc<Counters>, notify: Arc<dyn Fn(Event) + Send + Sync>) -> Shared {
        Shared { inner: Mutex::new(inner), work: Condvar::new(), counters, notify }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }

    /// Wakes the writer, after orders were given.
    pub(crate) fn wake_writer(&self) {
        self.work.notify_one();
    }

    /// Lets the writer end when the queue is empty.
    pub(crate) fn close(&self) {
        self.inner.lock().closing = true;
        self.work.notify_one();
    }

    pub(crate) fn notify(&self, event: Event) {
        (self.notify)(event);
    }

    /// Waits for orders and takes as many as make a batch of up to `bytes_max`, but one at least. Nothing when
    /// the log is closed.
    pub(crate) fn gather(&self, bytes_max: usize) -> Option<Gathered> {
        let mut inner = self.inner.lock();
        while inner.queue.is_empty() {
            if inner.closing {
                return None;
            }
            self.work.wait(&mut inner);
        }
        let mut orders: Vec<Order> = Vec::new();
        let mut bytes = 0;
        let mut entry_seen = false;
        while let Some(order) = inner.queue.front() {
            bytes += order.record.as_ref().map_or(0, Record::encoded_bytes);
            if bytes > bytes_max && !orders.is_empty() {
                break;
            }
            match order.record {
                Some(Record::Entry(_)) => entry_seen = true,
                // These stand before every entry of their batch (see format.rs).
                Some(Record::Truncate(_) | Record::Purge { .. }) if entry_seen => break,
                _ => {}
            }
            orders.extend(inner.queue.pop_front());
        }
        Some(Gathered { orders, committed: inner.state.committed })
    }

    /// Takes up to `count_max` purges out of turn, while the orders in `held` wait for room on the disk: purges
    /// are what makes room. Waits a moment for one if there is none. Nothing when the log is closing.
    pub(crate) fn gather_purges(&self, held: &mut Vec<Order>, count_max: usize, timeout: Duration) -> Option<Gathered> {
        let mut inner = self.inner.lock();
        let mut orders = inner.take_purges(held, count_max);
        if orders.is_empty() && !inner.closing {
            self.work.wait_for(&mut inner, timeout);
            orders = inner.take_purges(held, count_max);
        }
        (!inner.closing || !orders.is_empty()).then_some(Gathered { orders, committed: inner.state.committed })
    }

    /// Stops the log for good. Everything that waits fails, and so does everything later.
    pub(crate) fn fail(&self, error: &WriteError, held: Vec<Order>) {
        let mut inner = self.inner.lock();
        inner.failed = Some(error.clone());
        let queue = std::mem::take(&mut inner.queue);
        drop(inner);
        if !matches!(error, WriteError::NoSpace) {
            self.notify(Event::Failed(error.clone()));
        }
        for done in held.into_iter().chain(queue).filter_map(|order| order.done) {
            done(Err(error.clone()));
        }
    }
}
