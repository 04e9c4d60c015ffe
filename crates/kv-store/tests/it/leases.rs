//! A lease with many keys, as a reader meets it beside the thread that applies commands.

use std::sync::Barrier;
use std::thread;

use bytes::Bytes;
use kv_store::{Command, LogPosition, Op, Put, Store, Txn};

use crate::harness::open;

const KEYS: usize = 5000;

fn apply(store: &Store, index: u64, command: &Command) {
    let mut entry = store.begin_entry(LogPosition { term: 1, index }, 0);
    entry.apply(&command.encode(), true).expect("a command").expect("it can be run");
    entry.finish();
}

/// Keys are attached by one transaction and deleted by a revocation, while somebody looks all the time: there are none,
/// or all, or there is no lease.
#[test]
fn nobody_finds_a_lease_with_a_part_of_its_keys() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = open(&directory.path().join("data"));
    apply(&store, 0, &Command::LeaseGrant { id: 7, ttl: 60 });
    let put = |number| Op::Put(Put { key: Bytes::from(format!("{number}")), lease: 7, ..Put::default() });
    let attach = Command::Txn(Txn { success: (0..KEYS).map(put).collect(), ..Txn::default() });
    let begin = Barrier::new(2);
    let seen = thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut seen = vec![Some(0)];
            begin.wait();
            while let Some(last) = *seen.last().expect("it begins with one") {
                let count = store.lease_keys(7).map(|keys| keys.len());
                if count != Some(last) {
                    seen.push(count);
                }
            }
            seen
        });
        begin.wait();
        apply(&store, 1, &attach);
        apply(&store, 2, &Command::LeaseRevoke { id: 7 });
        watching.join().expect("the watching thread ends well")
    });
    // It may have missed what was there for a moment only.
    assert!([&[Some(0), Some(KEYS), None][..], &[Some(0), None]].contains(&&seen[..]), "{seen:?}");
}
