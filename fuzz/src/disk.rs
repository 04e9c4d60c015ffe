//! What a start finds in the data directory: segments of the log, the store file.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use kv_log::{Entry, Log, Options, Payload, Position, Reader, Salt, SyncMode};
use kv_store::{DirLock, LmdbFile, LogPosition, Put, Store, StoreOptions};
use tempfile::TempDir;

/// The name of a segment's file, which says nothing of what is in it.
const SLOT: &str = "slot-0000000001.log";

/// What a segment of these sizes holds is small enough to be changed everywhere.
const SEGMENT_BYTES: u64 = 32 << 10;

fn log_options() -> Options {
    Options {
        segment_bytes: SEGMENT_BYTES,
        first_segment_bytes: SEGMENT_BYTES,
        sync: SyncMode::Never,
        ..Options::new(Salt::seeded(1))
    }
}

pub(crate) fn logs() -> Vec<Vec<u8>> {
    let dir = TempDir::new().expect("a temporary directory");
    let log = Log::open(dir.path(), log_options()).expect("a new log");
    for index in 1..=3 {
        let payload = match index {
            2 => Payload::Command(vec![b'c'; 5000].into()),
            _ => Payload::Blank,
        };
        let entry = Entry { position: Position { term: 1, index }, payload };
        let (sender, receiver) = std::sync::mpsc::channel();
        log.append(vec![entry], move |result| sender.send(result).expect("the test waits"));
        receiver.recv().expect("the log answers").expect("the entry is written");
    }
    drop(log);
    files(dir.path())
}

pub(crate) fn log(input: &[u8]) {
    let dir = TempDir::new().expect("a temporary directory");
    fs::write(dir.path().join(SLOT), input).expect("write the segment");
    if let Ok(reader) = Reader::open(dir.path()) {
        let read = reader.entries(0).take_while(Result::is_ok).count();
        assert!(read <= input.len(), "there is no entry without bytes");
    }
    // A log that writes cuts what is torn; what it then shows a reader shows too.
    let Ok(log) = Log::open(dir.path(), log_options()) else { return };
    let last = log.state().last;
    drop(log);
    let reader = Reader::open(dir.path()).expect("what was opened for writing can be read");
    let mut entries = reader.entries(0);
    let newest = entries.by_ref().map(|entry| entry.expect("what was recovered can be read").position).last();
    assert!(newest.is_none() || newest == last, "{newest:?} is read and {last:?} is the last");
}

pub(crate) fn store_files() -> Vec<Vec<u8>> {
    let dir = TempDir::new().expect("a temporary directory");
    let options = StoreOptions::default();
    let lock = Arc::new(DirLock::create(dir.path()).expect("a new directory"));
    let store = Store::open_or_create(lock, options).expect("a new store");
    for index in 1..=40 {
        let mut entry = store.begin_entry(LogPosition { term: 1, index }, 1_700_000_000_000);
        let value = vec![b'v'; 40 * index as usize];
        let put = Put { key: format!("key{}", index % 7).into(), value: value.into(), ..Put::default() };
        let outcome = entry.apply(&kv_store::Command::Put(put).encode(), false).expect("our own command decodes");
        outcome.expect("a valid put");
        entry.finish();
    }
    store.checkpoint().expect("the store is written");
    drop(store);
    files(dir.path()).into_iter().filter(|file| file.len() > SEGMENT_BYTES as usize).collect()
}

pub(crate) fn store_file(input: &[u8]) {
    let dir = TempDir::new().expect("a temporary directory");
    let path = dir.path().join("store-0000000001.mdb");
    fs::write(&path, input).expect("write the store file");
    let Ok(file) = LmdbFile::open(&path) else { return };
    if file.check_length().is_ok() {
        let _ = file.check();
    }
}

fn files(dir: &Path) -> Vec<Vec<u8>> {
    let mut names: Vec<_> =
        fs::read_dir(dir).expect("the directory is there").map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    names.into_iter().filter_map(|name| fs::read(name).ok()).filter(|bytes| !bytes.is_empty()).collect()
}
