//! The store: the index and the recent revisions in memory, everything checkpointed in LMDB.
//!
//! Invariants:
//! - One applier at a time, in log order. It alone changes the index, appends to the ring and moves
//!   the current revision, and the current revision moves last, under the index's write lock: whoever
//!   holds the index's read lock sees a revision and everything up to it.
//! - Every change also becomes an effect. Effects leave memory only when a checkpoint has stored all of
//!   their entry's in one transaction, so what is in LMDB is always the state after a whole entry.
//! - The compact revision moves at once. What it gives up is deleted later, when no pinned reader is below
//!   it; `purged_to` says how far that has begun, and a reader at or above it misses nothing.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::{Condvar, Mutex, RwLock};

use crate::alarm::Alarm;
use crate::alarms::Alarms;
use crate::auth::AuthState;
use crate::charge::Charge;
use crate::command::{Command, Member};
use crate::compaction_state::CompactionState;
use crate::error::{ReadError, WriteError};
use crate::key_index::KeyIndex;
use crate::lease::{Lease, LeaseObserver};
use crate::leases::Leases;
use crate::load::{self, Loaded};
use crate::pins::{Pin, Pins};
use crate::record::Record;
use crate::revision::{LogPosition, Point};
use crate::ring::Ring;
use crate::storage::{DirLock, EntryEffects, Sizes, Storage, StorageOptions};
use crate::storage_error::{OpenError, StorageError};
use crate::watch::WatchHub;

/// How a store behaves.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// How LMDB is opened.
    pub storage: StorageOptions,
    /// How many bytes of recent revisions stay in memory for watchers after they are stored.
    pub history_window_bytes: usize,
    /// How many bytes of changes may wait for the checkpoint before new ones are refused.
    pub backlog_bytes_max: usize,
}

/// [`StoreOptions::history_window_bytes`] unless set otherwise.
pub const HISTORY_WINDOW_BYTES: usize = 16 << 20;

/// [`StoreOptions::backlog_bytes_max`] unless set otherwise.
pub const BACKLOG_BYTES_MAX: usize = 256 << 20;

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            storage: StorageOptions::default(),
            history_window_bytes: HISTORY_WINDOW_BYTES,
            backlog_bytes_max: BACKLOG_BYTES_MAX,
        }
    }
}

/// A multi-version store.
#[derive(Debug)]
pub struct Store {
    pub(crate) storage: Storage,
    pub(crate) options: StoreOptions,
    pub(crate) index: RwLock<KeyIndex>,
    pub(crate) ring: RwLock<Ring>,
    pub(crate) pins: Arc<Pins>,
    pub(crate) watch_hub: WatchHub,
    pub(crate) members: RwLock<Vec<Member>>,
    pub(crate) leases: RwLock<Leases>,
    /// Replaced by the applier as a whole, so that whoever took it sees one auth revision.
    pub(crate) auth: RwLock<Arc<AuthState>>,
    /// What `auth` says of whether it is on, for every request to look at without a lock.
    pub(crate) auth_enabled: AtomicBool,
    pub(crate) alarms: Alarms,
    pub(crate) charge: Charge,
    /// The last checkpoint found no room, and not everything that waits is stored since.
    pub(crate) full: AtomicBool,
    /// Changed under the index's write lock only.
    pub(crate) current: AtomicI64,
    pub(crate) compacted: AtomicI64,
    pub(crate) purged_to: AtomicI64,
    pub(crate) applier: Mutex<Applier>,
    pub(crate) backlog: Mutex<Backlog>,
    pub(crate) backlog_grew: Condvar,
    pub(crate) backlog_bytes: AtomicUsize,
    pub(crate) compaction: Mutex<CompactionState>,
    pub(crate) compaction_changed: Condvar,
    /// Held while a slice of a compaction is deleted, and while a hash of a past compaction is taken.
    pub(crate) deleting: Mutex<()>,
    /// Held while a checkpoint is written, so that two never overtake each other.
    pub(crate) checkpointing: Mutex<()>,
}

/// Where the applier stands.
#[derive(Debug, Default)]
pub(crate) struct Applier {
    pub(crate) applied: Option<LogPosition>,
    /// The second of the newest row in the time table.
    pub(crate) last_time: Option<u64>,
    pub(crate) membership: Option<(LogPosition, Bytes)>,
}

/// The effects that no checkpoint has stored yet, oldest entry first.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    pub(crate) entries: VecDeque<EntryEffects>,
    pub(crate) durable: Option<LogPosition>,
    pub(crate) durable_revision: i64,
    pub(crate) stopped: bool,
}

impl Store {
    /// Opens the store in a data directory, or makes one there.
    ///
    /// The index is built from the records; the log's entries behind [`Store::applied`] are the caller's to apply.
    ///
    /// # Errors
    ///
    /// [`OpenError`] names what is wrong with the directory.
    pub fn open_or_create(lock: Arc<DirLock>, options: StoreOptions) -> Result<Self, OpenError> {
        Storage::create_where_empty(&lock, &options.storage)?;
        Self::open(lock, options)
    }

    /// Opens the store in a data directory that must have one.
    ///
    /// # Errors
    ///
    /// [`OpenError`] names what is wrong with the directory.
    pub fn open(lock: Arc<DirLock>, options: StoreOptions) -> Result<Self, OpenError> {
        let (storage, index) = Storage::open_checked(lock, &options.storage, load::check_and_index)?;
        let loaded = load::load_rest(&storage, index?)?;
        Self::from_loaded(storage, loaded, options)
    }

    /// Opens the store in `directory` for reading, also beside a running server. Entries can be applied, which
    /// changes memory only.
    ///
    /// # Errors
    ///
    /// [`OpenError`] names what is wrong with the directory.
    pub fn open_read_only(directory: &Path, options: StoreOptions) -> Result<Self, OpenError> {
        Self::from_storage(Storage::open_read_only(directory, &options.storage)?, options)
    }

    /// Opens the store in storage that is open already; tools look at the tables first.
    ///
    /// # Errors
    ///
    /// [`OpenError::Storage`] if something the index is made of is damaged.
    pub fn from_storage(storage: Storage, options: StoreOptions) -> Result<Self, OpenError> {
        let loaded = load::load(&storage)?;
        Self::from_loaded(storage, loaded, options)
    }

    fn from_loaded(storage: Storage, loaded: Loaded, options: StoreOptions) -> Result<Self, OpenError> {
        let meta = loaded.meta;
        let used_bytes = storage.used_bytes()?;
        Ok(Self {
            index: RwLock::new(loaded.index),
            ring: RwLock::new(Ring::new(meta.revision + 1)),
            pins: Arc::default(),
            watch_hub: WatchHub::new(meta.revision),
            members: RwLock::new(loaded.members),
            leases: RwLock::new(loaded.leases),
            auth_enabled: AtomicBool::new(loaded.auth.is_enabled()),
            auth: RwLock::new(Arc::new(loaded.auth)),
            alarms: loaded.alarms,
            charge: Charge::new(used_bytes),
            full: AtomicBool::new(false),
            current: AtomicI64::new(meta.revision),
            compacted: AtomicI64::new(meta.compact_revision),
            purged_to: AtomicI64::new(meta.compact_finished),
            applier: Mutex::new(Applier {
                applied: meta.applied,
                last_time: loaded.last_time,
                membership: loaded.membership,
            }),
            backlog: Mutex::new(Backlog {
                durable: meta.applied,
                durable_revision: meta.revision,
                ..Backlog::default()
            }),
            backlog_grew: Condvar::new(),
            backlog_bytes: AtomicUsize::new(0),
            compaction: Mutex::new(CompactionState::new(meta.compact_revision, meta.compact_finished)),
            compaction_changed: Condvar::new(),
            deleting: Mutex::new(()),
            checkpointing: Mutex::new(()),
            storage,
            options,
        })
    }

    /// Returns the hub that tells streams of changes; [`Store::events`] reads them.
    pub fn watch_hub(&self) -> &WatchHub {
        &self.watch_hub
    }

    /// Returns the newest committed revision.
    pub fn revision(&self) -> i64 {
        self.current.load(Ordering::Acquire)
    }

    /// Returns the oldest readable revision, or [`NEVER_COMPACTED`](crate::NEVER_COMPACTED).
    pub fn compact_revision(&self) -> i64 {
        self.compacted.load(Ordering::Acquire)
    }

    /// Returns the position of the last applied entry.
    pub fn applied(&self) -> Option<LogPosition> {
        self.applier.lock().applied
    }

    /// Returns the last entry whose effects a checkpoint has stored; the log is not needed up to it.
    pub fn durable(&self) -> Option<LogPosition> {
        self.backlog.lock().durable
    }

    /// Returns the membership of the cluster that was applied last, and the entry it came with.
    pub fn membership(&self) -> Option<(LogPosition, Bytes)> {
        self.applier.lock().membership.clone()
    }

    /// Returns the members of the cluster by id.
    pub fn members(&self) -> Vec<Member> {
        self.members.read().clone()
    }

    /// Returns all users and roles as they are now.
    pub fn auth(&self) -> Arc<AuthState> {
        Arc::clone(&self.auth.read())
    }

    /// Says whether permissions matter.
    pub fn is_auth_enabled(&self) -> bool {
        self.auth_enabled.load(Ordering::Acquire)
    }

    /// Returns the raised alarms, by kind and member.
    pub fn alarms(&self) -> Vec<Alarm> {
        self.alarms.raised()
    }

    /// Returns why a raised alarm stops a command, if one does. Applying the command would find the same.
    pub fn refusal(&self, command: &Command) -> Option<WriteError> {
        self.alarms.refusal(command)
    }

    /// Returns a lease, if it exists.
    pub fn lease(&self, id: i64) -> Option<Lease> {
        self.leases.read().get(id)
    }

    /// Returns the keys attached to a lease in byte order, or nothing if it does not exist.
    pub fn lease_keys(&self, id: i64) -> Option<Vec<Bytes>> {
        self.leases.read().keys(id)
    }

    /// Returns all leases, in no order.
    pub fn leases(&self) -> Vec<Lease> {
        self.leases.read().all()
    }

    /// Returns the number of leases.
    pub fn lease_count(&self) -> usize {
        self.leases.read().len()
    }

    /// Tells `observer`, in place of any other, of every change of leases from now on; returns those there are.
    pub fn observe_leases(&self, observer: Arc<dyn LeaseObserver>) -> Vec<Lease> {
        let mut leases = self.leases.write();
        leases.observe(observer);
        leases.all()
    }

    /// Returns what a quota is compared with: the bytes of used pages when they were last counted, and those of what
    /// was applied since.
    pub fn charged_bytes(&self) -> u64 {
        self.charge.bytes()
    }

    /// Returns the tables, for tools that look at them directly.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Returns what the store takes on disk.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where the environment cannot be asked.
    pub fn sizes(&self) -> Result<Sizes, StorageError> {
        self.storage.sizes()
    }

    /// Returns how many bytes of changes wait for the checkpoint.
    pub fn backlog_bytes(&self) -> usize {
        self.backlog_bytes.load(Ordering::Relaxed)
    }

    /// Returns how many bytes of recent revisions are in memory.
    pub fn ring_bytes(&self) -> usize {
        self.ring.read().bytes()
    }

    /// Returns the oldest revision that a long read keeps readable.
    pub fn oldest_pin(&self) -> Option<i64> {
        self.pins.oldest()
    }

    /// Says whether so much waits for the checkpoint that new commands should be refused.
    pub fn is_backlog_full(&self) -> bool {
        self.backlog_bytes() > self.options.backlog_bytes_max
    }

    /// Says whether there is no room for what waits for the checkpoint. What would add to it should be refused; it is
    /// stored as soon as there is room.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Returns the number of live keys.
    pub fn live_keys(&self) -> u64 {
        self.index.read().live_len()
    }

    /// Keeps what is readable at `revision` readable, until the pin is dropped or a compaction loses patience.
    ///
    /// # Errors
    ///
    /// [`ReadError::Compacted`] and [`ReadError::Future`].
    pub fn pin(&self, revision: i64) -> Result<Pin, ReadError> {
        let _index = self.index.read();
        let revision = self.resolve(revision)?;
        Ok(self.pins.pin(revision))
    }

    /// Turns the revision of a request into one to read at. The index's lock must be held.
    pub(crate) fn resolve(&self, requested: i64) -> Result<i64, ReadError> {
        let (newest, oldest) = (self.revision(), self.compact_revision());
        if requested > newest {
            return Err(ReadError::Future { requested, newest });
        }
        let revision = if requested <= 0 { newest } else { requested };
        if revision < oldest {
            return Err(ReadError::Compacted { requested: revision, oldest });
        }
        Ok(revision)
    }

    /// Fetches records by their points, from the ring or from LMDB. `None` stands for one that is gone.
    pub(crate) fn records(&self, points: impl Iterator<Item = Point>) -> Result<Vec<Option<Record>>, StorageError> {
        let points: Vec<_> = points.collect();
        let mut records: Vec<_> = {
            let ring = self.ring.read();
            points.iter().map(|point| ring.get(*point).cloned()).collect()
        };
        // What has left the ring was stored before, so LMDB is asked after the ring, never the other way round.
        let stored: Vec<_> =
            records.iter().zip(points).filter(|(record, _)| record.is_none()).map(|(_, point)| point).collect();
        if !stored.is_empty() {
            let stored = self.storage.read()?.records_at(&stored)?;
            for (record, stored) in records.iter_mut().filter(|record| record.is_none()).zip(stored) {
                *record = stored;
            }
        }
        Ok(records)
    }
}
