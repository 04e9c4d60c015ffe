//! A store with the log it was fed from, so that it can be killed and fed again.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kv_store::{
    Answer, Command, CompactionStep, DirLock, Event, EventQuery, LogPosition, Outcome, RangeQuery, ReadError,
    StorageOptions, Store, StoreOptions, WriteError,
};
use tempfile::TempDir;

use crate::model::{Done, Model, Refusal, everything};

/// A store under test and everything it was told.
pub(crate) struct Subject {
    pub(crate) store: Option<Store>,
    log: Vec<(LogPosition, Vec<Bytes>)>,
    directory: TempDir,
}

/// Small enough for the ring to lose what is stored.
fn options() -> StoreOptions {
    StoreOptions {
        history_window_bytes: 2000,
        storage: StorageOptions { map_size_bytes: 256 << 20, sync: false, ..StorageOptions::default() },
        ..StoreOptions::default()
    }
}

pub(crate) fn open(directory: &Path) -> Store {
    let lock = Arc::new(DirLock::create(directory).expect("the directory is free"));
    Store::open_or_create(lock, options()).expect("the store opens")
}

impl Subject {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = Some(open(&directory.path().join("data")));
        Self { store, log: Vec::new(), directory }
    }

    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().expect("the store is open")
    }

    pub(crate) fn entries(&self) -> usize {
        self.log.len()
    }

    /// Applies commands as the next log entry.
    pub(crate) fn apply(&mut self, commands: &[Command]) -> Vec<Outcome> {
        let position = LogPosition { term: 1, index: self.log.len() as u64 };
        let encoded: Vec<_> = commands.iter().map(Command::encode).collect();
        let outcomes = feed(self.store(), position, &encoded);
        self.log.push((position, encoded));
        outcomes
    }

    /// Kills the store, which loses what no checkpoint has stored, and feeds it from the log again.
    pub(crate) fn kill_and_reopen(&mut self) {
        self.store = None;
        let store = open(&self.directory.path().join("data"));
        let applied = store.applied();
        for (position, commands) in self.log.iter().filter(|(position, _)| Some(*position) > applied) {
            feed(&store, *position, commands);
        }
        self.store = Some(store);
    }

    /// Opens a copy of the stored state for reading, and feeds it what is not stored. (LMDB opens a file only once
    /// in a process.)
    pub(crate) fn reader(&self) -> Store {
        let (data, copy) = (self.directory.path().join("data"), self.directory.path().join("copy"));
        let _ = fs::remove_dir_all(&copy);
        fs::create_dir(&copy).expect("a directory for the copy");
        for file in fs::read_dir(data).expect("the data directory can be listed") {
            let file = file.expect("an entry of the data directory");
            fs::copy(file.path(), copy.join(file.file_name())).expect("a file is copied");
        }
        let store = Store::open_read_only(&copy, options()).expect("a copy opens");
        let applied = store.applied();
        for (position, commands) in self.log.iter().filter(|(position, _)| Some(*position) > applied) {
            feed(&store, *position, commands);
        }
        store
    }

    pub(crate) fn checkpoint(&self) {
        self.store().checkpoint_all().expect("a checkpoint");
    }

    /// Deletes what was compacted, up to `slices` slices of it.
    pub(crate) fn compact(&self, slices: usize) {
        for _ in 0..slices {
            match self.store().compaction_step(3, Duration::ZERO).expect("a slice of a compaction") {
                CompactionStep::Idle | CompactionStep::Waiting => return,
                CompactionStep::More { .. } | CompactionStep::Finished { .. } => {}
            }
        }
    }
}

fn feed(store: &Store, position: LogPosition, commands: &[Bytes]) -> Vec<Outcome> {
    let mut entry = store.begin_entry(position, 1_700_000_000_000 + 400 * position.index);
    let outcomes =
        commands.iter().map(|command| entry.apply(command, true).expect("our own command decodes")).collect();
    entry.finish();
    outcomes
}

/// Compares what a command did with what the model did.
pub(crate) fn check_outcome(command: &Command, outcome: &Outcome, expected: &Result<Done, Refusal>) {
    let found = match outcome {
        Ok(Answer::Put(answer)) => Ok(Done::Put(answer.clone())),
        Ok(Answer::DeleteRange(answer)) => Ok(Done::DeleteRange(answer.clone())),
        Ok(Answer::Txn(answer)) => Ok(Done::Txn(answer.clone())),
        Ok(Answer::Compact { revision }) => Ok(Done::Compact(*revision)),
        Ok(Answer::SetMember) => Ok(Done::SetMember),
        Ok(Answer::LeaseGrant) => Ok(Done::LeaseGrant),
        Ok(Answer::LeaseRevoke) => Ok(Done::LeaseRevoke),
        Ok(Answer::LeaseCheckpoint) => Ok(Done::LeaseCheckpoint),
        Ok(Answer::Auth) => Ok(Done::Auth),
        Ok(Answer::Alarm(alarm)) => Ok(Done::Alarm(*alarm)),
        Err(error) => Err(refusal_of_write(error)),
    };
    assert_eq!(&found, expected, "{command:?}");
}

fn refusal_of_write(error: &WriteError) -> Refusal {
    match error {
        WriteError::Read(error) => refusal(error),
        WriteError::LeaseNotFound { .. } => Refusal::LeaseNotFound,
        WriteError::LeaseExists { .. } => Refusal::LeaseExists,
        WriteError::LeaseTtlTooLarge { .. } => Refusal::LeaseTtlTooLarge,
        WriteError::KeyNotFound => Refusal::KeyNotFound,
        WriteError::NoSpace => Refusal::NoSpace,
        other => panic!("unexpected {other}"),
    }
}

fn refusal(error: &ReadError) -> Refusal {
    match error {
        ReadError::Compacted { .. } => Refusal::Compacted,
        ReadError::Future { .. } => Refusal::Future,
        other => panic!("unexpected {other}"),
    }
}

/// Compares one read.
pub(crate) fn check_range(store: &Store, model: &Model, query: &RangeQuery) {
    let found = store.range(query).map_err(|error| refusal(&error));
    assert_eq!(found, model.range(query), "{query:?}");
}

/// Compares what a watcher would be told.
pub(crate) fn check_events(store: &Store, model: &Model, query: &EventQuery) {
    let mut events = Vec::new();
    let mut next = query.clone();
    let found = loop {
        match store.events(&next) {
            Err(error) => break Err(refusal(&error)),
            Ok(batch) => {
                events.extend(batch.events);
                assert!(batch.next > next.from || next.from > store.revision(), "reading goes forward");
                next.from = batch.next;
                if next.from > store.revision() {
                    break Ok(events);
                }
            }
        }
    };
    let within_one = |a: &Event, b: &Event| a.kv.mod_revision == b.kv.mod_revision;
    if let Ok(events) = &found {
        assert!(events.chunk_by(within_one).map(|revision| revision[0].kv.mod_revision).is_sorted());
    }
    assert_eq!(found, model.events(query), "{query:?}");
}

/// Compares the whole state: every readable revision, its hash, and the bounds.
pub(crate) fn check_everything(store: &Store, model: &Model) {
    assert_eq!(store.revision(), model.revision());
    assert_eq!(store.compact_revision(), model.compacted());
    let mut leases = store.leases();
    leases.sort_by_key(|lease| lease.id);
    let attached = |id| store.lease_keys(id).expect("a lease that was listed");
    let leases: Vec<_> = leases.into_iter().map(|lease| (lease, attached(lease.id))).collect();
    assert_eq!(leases, model.leases());
    assert_eq!(store.alarms(), model.alarms());
    for revision in 1..=model.revision() {
        // A compacted revision can be hashed if its own compaction is remembered, as it was before that.
        match store.hash_kv(revision) {
            Ok(hash) => {
                assert_eq!(hash.hash, model.hash(revision, hash.compact_revision), "hash of revision {revision}");
                assert!(revision <= model.compacted() || hash.compact_revision == model.compacted());
            }
            Err(error) => {
                assert_eq!(refusal(&error), Refusal::Compacted);
                assert!(revision < model.compacted(), "revision {revision} can be hashed");
            }
        }
    }
    for revision in model.compacted().max(1)..=model.revision() {
        check_range(store, model, &RangeQuery { revision, ..everything() });
    }
    assert_eq!(
        store.hash_kv(0).expect("the newest revision can be hashed").hash,
        model.hash(model.revision(), model.compacted())
    );
}
