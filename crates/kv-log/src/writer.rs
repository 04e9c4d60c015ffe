//! The one thread that writes: it gathers what is queued into a batch, writes and syncs it in one go, and
//! then tells whoever waits. What comes in meanwhile is the next batch.
//!
//! Invariants: a batch is written when the one before is durable; the purge that frees a segment is
//! durable before the segment's file is used again. After an error nothing is written any more.

use std::sync::Arc;

use crate::blocks::BLOCK_BYTES;
use crate::error::WriteError;
use crate::format::{HEADER_BYTES, Record};
use crate::options::Event;
use crate::pool::{Pool, SPACE_RETRY};
use crate::shared::{Gathered, Order, Shared};
use crate::tail::{Failure, Tail, batch_disk_bytes};

/// What every segment keeps free for purges, which must get through when there is no room for another
/// segment: they are what makes room.
const RESERVED_BYTES: u64 = 4 * BLOCK_BYTES as u64;

/// The smallest segment: a header, what is reserved, and some batches.
pub(crate) const SEGMENT_BYTES_MIN: u64 = 8 * BLOCK_BYTES as u64;

/// The next segment is this many times as large as the current one, until the configured size is reached.
const SEGMENT_GROWTH: u64 = 4;

/// How many purges are taken out of turn at once. They fit into one block.
const PURGES_MAX: usize = 64;

/// What was not written, and why.
type Refused = (WriteError, Vec<Order>);

pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) tail: Tail,
    pub(crate) segment_bytes: u64,
    pub(crate) batch_bytes: usize,
}

impl Writer {
    /// Writes until the log is closed or a write fails.
    pub(crate) fn run(mut self) {
        let _guard = PanicGuard(Arc::clone(&self.shared));
        while let Some(gathered) = self.shared.gather(self.batch_bytes) {
            if let Err((error, orders)) = self.make_room(gathered).and_then(|gathered| self.write(gathered)) {
                self.shared.fail(&error, orders);
                break;
            }
        }
    }

    /// Sees to it that a batch fits into the current segment, with what is reserved left over. While the disk has
    /// no room for another segment, writes the purges alone and waits with the rest.
    fn make_room(&mut self, mut gathered: Gathered) -> Result<Gathered, Refused> {
        loop {
            let bytes = batch_disk_bytes(gathered.records_bytes());
            if gathered.is_empty() || bytes + RESERVED_BYTES <= self.tail.room_bytes() {
                return Ok(gathered);
            }
            match self.pool.take(HEADER_BYTES + bytes + RESERVED_BYTES, self.next_segment_bytes()) {
                Ok(slot) => {
                    if let Err(failure) = self.tail.begin_segment(slot) {
                        return Err((failure.into(), gathered.orders));
                    }
                    continue;
                }
                Err(WriteError::NoSpace) => {}
                Err(error) => return Err((error, gathered.orders)),
            }
            let purges_max = if self.tail.room_bytes() > 0 { PURGES_MAX } else { 0 };
            let Some(purges) = self.shared.gather_purges(&mut gathered.orders, purges_max, SPACE_RETRY) else {
                return Err((WriteError::NoSpace, gathered.orders));
            };
            if let Err((error, mut orders)) = self.write(purges) {
                orders.extend(gathered.orders);
                return Err((error, orders));
            }
        }
    }

    /// Writes a batch and tells those who wait for it.
    fn write(&mut self, mut gathered: Gathered) -> Result<(), Refused> {
        let mut purged_to = None;
        for order in &mut gathered.orders {
            if let Some(Record::Purge { position, oldest_needed }) = &mut order.record {
                *oldest_needed = self.tail.oldest_needed(position.index);
                purged_to = purged_to.max(Some(*oldest_needed));
            }
        }
        if let Err(failure) = self.write_records(&gathered) {
            return Err((failure.into(), gathered.orders));
        }
        if let Some(oldest_needed) = purged_to
            && self.pool.recycle(self.tail.release(oldest_needed))
        {
            self.shared.notify(Event::SpaceAgain);
        }
        for done in gathered.orders.into_iter().filter_map(|order| order.done) {
            done(Ok(()));
        }
        // Not before there is something in the current one: an idle log writes nothing.
        self.pool.request(self.next_segment_bytes());
        self.tail.shrink(2 * self.batch_bytes);
        Ok(())
    }

    /// Writes what there is to write, and notes where the entries are now.
    fn write_records(&mut self, gathered: &Gathered) -> Result<(), Failure> {
        if gathered.is_empty() {
            return Ok(());
        }
        let line = self.tail.append(gathered.records(), gathered.committed)?;
        let mut inner = self.shared.lock();
        for record in gathered.records() {
            match record {
                Record::Truncate(last) => inner.table.truncate_from(last.map_or(0, |last| last.index + 1)),
                Record::Purge { position, .. } => inner.table.purge_to(position.index),
                Record::Entry(_) | Record::Vote(_) => {}
            }
        }
        if let Some(line) = line {
            inner.table.push(line);
        }
        if let Some(durable) = gathered.newest_entry() {
            inner.cache.evict(durable);
        }
        Ok(())
    }

    fn next_segment_bytes(&self) -> u64 {
        (self.tail.segment_bytes() * SEGMENT_GROWTH).min(self.segment_bytes)
    }
}

/// Stops the log when its writer panics, so that nobody waits for ever.
struct PanicGuard(Arc<Shared>);

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(&WriteError::Stopped, Vec::new());
        }
    }
}
