//! The threads that work for a store in the background: one stores effects, one deletes what was compacted.

use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::checkpoint::{Checkpointed, Wait};
use crate::compaction::{CompactionStep, SliceDone};
use crate::storage_error::{StorageError, StorageErrorKind};
use crate::store::Store;

/// How the background threads pace themselves, and whom they tell.
pub struct BackgroundOptions {
    /// How long effects wait before they are stored, unless they fill a transaction before.
    pub checkpoint_interval: Duration,
    /// How many changes one slice of a compaction looks at.
    pub compaction_rows: usize,
    /// How long a compaction rests between slices.
    pub compaction_pause: Duration,
    /// How long a compaction waits for readers below it.
    pub reader_patience: Duration,
    /// Called after each checkpoint: the log is not needed up to there.
    pub on_checkpoint: Box<dyn Fn(Checkpointed) + Send>,
    /// Called after each slice of a compaction.
    pub on_compaction_slice: Box<dyn Fn(SliceDone) + Send>,
    /// Called when the deletion of a compaction is complete, with its revision and the time it took.
    pub on_compacted: Box<dyn Fn(i64, Duration) + Send>,
    /// Called when a compaction meets a damaged record, and again with each further try.
    pub on_damage: Box<dyn Fn(&StorageError) + Send>,
    /// Called when storing fails in a way that nothing mends: the process must stop.
    pub on_failure: Arc<dyn Fn(&StorageError) + Send + Sync>,
}

/// [`BackgroundOptions::checkpoint_interval`] unless set otherwise.
pub const CHECKPOINT_INTERVAL: Duration = Duration::from_millis(100);

/// [`BackgroundOptions::compaction_rows`] unless set otherwise.
pub const COMPACTION_ROWS: usize = 1000;

/// [`BackgroundOptions::compaction_pause`] unless set otherwise.
pub const COMPACTION_PAUSE: Duration = Duration::from_millis(10);

/// [`BackgroundOptions::reader_patience`] unless set otherwise. Longer than any request may take.
pub const READER_PATIENCE: Duration = Duration::from_secs(10);

/// The part of the pause that a compaction makes after a slice which only looked for what to delete, and wrote nothing.
const LOOKING_PAUSE_SHARE: u32 = 4;

/// How long storing rests after a failure that may pass, such as a full disk.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// How long a compaction rests while a defragmentation is under way.
const BUSY_PAUSE: Duration = Duration::from_millis(100);

impl BackgroundOptions {
    /// Returns the default pace, telling nobody but `on_failure`.
    pub fn new(on_failure: Arc<dyn Fn(&StorageError) + Send + Sync>) -> Self {
        Self {
            checkpoint_interval: CHECKPOINT_INTERVAL,
            compaction_rows: COMPACTION_ROWS,
            compaction_pause: COMPACTION_PAUSE,
            reader_patience: READER_PATIENCE,
            on_checkpoint: Box::new(|_| {}),
            on_compaction_slice: Box::new(|_| {}),
            on_compacted: Box::new(|_, _| {}),
            on_damage: Box::new(|_| {}),
            on_failure,
        }
    }
}

impl fmt::Debug for BackgroundOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BackgroundOptions").finish_non_exhaustive()
    }
}

/// The running threads. They end when this is stopped or dropped.
#[derive(Debug)]
pub struct Background {
    store: Arc<Store>,
    threads: Vec<JoinHandle<()>>,
}

impl Background {
    /// Starts the threads.
    ///
    /// # Panics
    ///
    /// If the operating system has no thread to give.
    pub fn start(store: &Arc<Store>, options: BackgroundOptions) -> Self {
        let BackgroundOptions {
            checkpoint_interval,
            compaction_rows,
            compaction_pause,
            reader_patience,
            on_checkpoint,
            on_compaction_slice,
            on_compacted,
            on_damage,
            on_failure,
        } = options;
        let checkpoint = {
            let (store, on_failure) = (Arc::clone(store), Arc::clone(&on_failure));
            move || run_checkpoints(&store, checkpoint_interval, &*on_checkpoint, &*on_failure)
        };
        let compact = {
            let store = Arc::clone(store);
            let pace = CompactionPace { rows: compaction_rows, pause: compaction_pause, patience: reader_patience };
            let told = CompactionTold { slice: on_compaction_slice, compacted: on_compacted, damage: on_damage };
            move || run_compactions(&store, pace, &told, &*on_failure)
        };
        Self {
            store: Arc::clone(store),
            threads: vec![spawn("kv-checkpoint", checkpoint), spawn("kv-compact", compact)],
        }
    }

    /// Ends the threads; everything applied is stored first.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.store.stop_waiting();
        for thread in self.threads.drain(..) {
            // A panic was reported by the thread; while another one unwinds it must not become an abort.
            let _ = thread.join();
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end();
    }
}

#[derive(Clone, Copy)]
struct CompactionPace {
    rows: usize,
    pause: Duration,
    patience: Duration,
}

/// Who is told of what compactions do.
struct CompactionTold {
    slice: Box<dyn Fn(SliceDone) + Send>,
    compacted: Box<dyn Fn(i64, Duration) + Send>,
    damage: Box<dyn Fn(&StorageError) + Send>,
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    thread::Builder::new().name(name.to_owned()).spawn(body).expect("the operating system starts a thread")
}

fn run_checkpoints(
    store: &Store,
    interval: Duration,
    on_checkpoint: &dyn Fn(Checkpointed),
    on_failure: &dyn Fn(&StorageError),
) {
    while store.wait_for_backlog(interval) == Wait::Ready {
        match store.checkpoint() {
            Ok(None) => {}
            Ok(Some(stored)) => on_checkpoint(stored),
            Err(error) if error.is_retryable() => {
                // A full disk was told when it began.
                if !store.is_full() {
                    tracing::error!(%error, "checkpoint failed; trying again");
                }
                if store.rest(RETRY_PAUSE) {
                    return;
                }
            }
            Err(error) => return on_failure(&error),
        }
    }
}

fn run_compactions(store: &Store, pace: CompactionPace, told: &CompactionTold, on_failure: &dyn Fn(&StorageError)) {
    let mut begun = None;
    while store.wait_for_compaction() {
        let started = *begun.get_or_insert_with(std::time::Instant::now);
        match store.compaction_step(pace.rows, pace.patience) {
            Ok(CompactionStep::Idle | CompactionStep::Waiting) => begun = None,
            Ok(CompactionStep::Finished { revision, slice }) => {
                begun = None;
                (told.slice)(slice);
                (told.compacted)(revision, started.elapsed());
            }
            Ok(CompactionStep::More { slice }) => {
                let pause = if slice.deleted == 0 { pace.pause / LOOKING_PAUSE_SHARE } else { pace.pause };
                (told.slice)(slice);
                if store.rest(pause) {
                    return;
                }
            }
            // A defragmentation is under way; the deletion goes on after it.
            Err(error) if error.kind() == StorageErrorKind::Busy => {
                if store.rest(BUSY_PAUSE) {
                    return;
                }
            }
            // A damaged record in the way keeps its history from being deleted, and nothing else.
            Err(error) if error.is_retryable() || error.kind() == StorageErrorKind::Corrupted => {
                tracing::error!(%error, "compaction failed; trying again");
                if error.kind() == StorageErrorKind::Corrupted {
                    (told.damage)(&error);
                }
                if store.rest(RETRY_PAUSE) {
                    return;
                }
            }
            Err(error) => return on_failure(&error),
        }
    }
}
