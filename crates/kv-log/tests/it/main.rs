//! The log through its public interface.

use bytes::Bytes;
use kv_log::{Entry, Log, Options, Payload, Position, Salt};

#[test]
fn appended_entries_are_readable_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path(), Options::new(Salt::seeded(1))).unwrap();
    let entry =
        Entry { position: Position { term: 1, index: 0 }, payload: Payload::Command(Bytes::from_static(b"put")) };
    log.append(vec![entry.clone()], |written| written.unwrap());
    assert_eq!(log.read(0..10, 0).unwrap(), [entry]);
}
