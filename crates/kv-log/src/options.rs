//! How a log is opened: its limits, what it does for durability, and what is passed in from outside.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::disk::{Disk, FileSystem, SyncMode};
use crate::error::WriteError;

/// The size of a segment once the log is in steady use: about a second of writing as fast as one processor can. The segment
/// in use and the spare ones are what the log takes beside a store at rest.
pub const SEGMENT_BYTES: u64 = 16 << 20;

/// The size of the first segment after a start that finds no recycled one. The following ones are four
/// times the one before, up to [`SEGMENT_BYTES`]: a small store stays small, and the zero-filling of the next
/// segment is done before this one is full.
pub const FIRST_SEGMENT_BYTES: u64 = 1 << 20;

/// How much is gathered into one batch. A larger entry gets a batch of its own.
pub const BATCH_BYTES: usize = 4 << 20;

/// How much memory entries may take so that they need not be read from the files.
pub const CACHE_BYTES: usize = 16 << 20;

/// How many free segments are kept for recycling; more are deleted.
pub const SPARE_SEGMENTS: usize = 2;

/// How a log is opened.
#[derive(Clone)]
pub struct Options {
    /// The size of a segment, [`SEGMENT_BYTES`]. Rounded up to whole blocks and to eight of them at least.
    pub segment_bytes: u64,
    /// The size of the first segment, [`FIRST_SEGMENT_BYTES`]. Rounded likewise.
    pub first_segment_bytes: u64,
    /// The size of a batch beyond which nothing more is gathered, [`BATCH_BYTES`].
    pub batch_bytes: usize,
    /// The bound of the entries kept in memory, [`CACHE_BYTES`]. Entries that are not durable yet
    /// are kept in any case; the caller bounds how many it has under way.
    pub cache_bytes: usize,
    /// How many free segments are kept, [`SPARE_SEGMENTS`].
    pub spare_segments: usize,
    /// Whether writes are synced.
    pub sync: SyncMode,
    /// Where the salts of segments come from.
    pub salt: Salt,
    /// Told what the server has to react to. Runs on one of the log's threads and must not block.
    pub notify: Arc<dyn Fn(Event) + Send + Sync>,
    /// How segment files are written.
    pub disk: Arc<dyn Disk>,
}

impl Options {
    /// Returns the defaults, with nobody told of anything.
    pub fn new(salt: Salt) -> Options {
        Options {
            segment_bytes: SEGMENT_BYTES,
            first_segment_bytes: FIRST_SEGMENT_BYTES,
            batch_bytes: BATCH_BYTES,
            cache_bytes: CACHE_BYTES,
            spare_segments: SPARE_SEGMENTS,
            sync: SyncMode::Durable,
            salt,
            notify: Arc::new(|_| {}),
            disk: Arc::new(FileSystem),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("segment_bytes", &self.segment_bytes)
            .field("first_segment_bytes", &self.first_segment_bytes)
            .field("batch_bytes", &self.batch_bytes)
            .field("cache_bytes", &self.cache_bytes)
            .field("spare_segments", &self.spare_segments)
            .field("sync", &self.sync)
            .finish_non_exhaustive()
    }
}

/// What a log tells its owner.
#[derive(Debug, Clone)]
pub enum Event {
    /// A write or sync failed, and the log has stopped for good. The process should end.
    Failed(WriteError),
    /// There is no room for the next segment. What fits into the current one is still written, so that
    /// this comes early; then the writer waits for room. It tries again every second.
    NoSpace,
    /// There is room again.
    SpaceAgain,
}

/// A source of the random numbers that tell a segment's batches from older ones in the same file.
///
/// They need not be secret, only different, so one number from the system is drawn out.
#[derive(Debug, Clone)]
pub struct Salt {
    state: u64,
}

impl Salt {
    /// Starts from the system's random numbers.
    pub fn random() -> io::Result<Salt> {
        let mut seed = [0; 8];
        let mut filled = 0;
        while filled < seed.len() {
            filled += rustix::rand::getrandom(&mut seed[filled..], rustix::rand::GetRandomFlags::empty())?;
        }
        Ok(Salt::seeded(u64::from_le_bytes(seed)))
    }

    /// Starts from a given number, so that the same files are written again.
    pub const fn seeded(seed: u64) -> Salt {
        Salt { state: seed }
    }

    /// Returns the next number (`SplitMix64`).
    pub(crate) fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
