//! Streams that watch a store being written to see every change exactly once.

use std::collections::HashMap;
use std::sync::{Arc, Barrier};
use std::thread;

use kv_store::{
    Command, DeleteRange, EventQuery, KeyRange, LogPosition, Op, Put, RangeQuery, Store, Txn, WatchStream, WatcherId,
};

use crate::harness::{Subject, open};

const ENTRIES: u64 = 1500;

/// A change as a watcher is told it: the revision, the key, whether it was deleted.
type Seen = (i64, Vec<u8>, bool);

/// What a stream keeps of a watcher.
struct Watching {
    range: KeyRange,
    start: i64,
    next: i64,
    until: i64,
    seen: Vec<Seen>,
}

impl Watching {
    /// Reads one batch of events.
    fn read(&mut self, store: &Store) {
        let range = self.range.clone();
        let query = EventQuery { range, from: self.next, no_put: false, no_delete: false, prev_kv: false };
        let batch = store.events(&query).expect("nothing is compacted");
        assert!(batch.next > self.next, "a batch goes on");
        let seen = batch.events.into_iter().map(|event| (event.kv.mod_revision, event.kv.key.to_vec(), event.deleted));
        self.seen.extend(seen);
        self.next = batch.next;
    }
}

fn ranges() -> [KeyRange; 5] {
    [
        KeyRange::new("k3", ""),
        KeyRange::new("k2", "k6"),
        KeyRange::prefix(b"k"),
        KeyRange::new("k7", "\0"),
        KeyRange::new("never", ""),
    ]
}

fn add(stream: &WatchStream, watching: &mut HashMap<WatcherId, Watching>, range: KeyRange, start: Option<i64>) {
    let (id, until) = stream.add(&range);
    let start = start.unwrap_or(until + 1);
    watching.insert(id, Watching { range, start, next: start, until, seen: Vec::new() });
}

/// Watches until revision `last`: from the first revision, from the newest, and from one still to come. Halfway
/// some watchers leave and others come.
fn watch(store: &Store, last: i64) -> Vec<Watching> {
    let this = thread::current();
    let stream = store.watch_hub().open(Arc::new(move || this.unpark()));
    let mut watching = HashMap::new();
    for start in [None, Some(1), Some(last / 2)] {
        for range in ranges() {
            add(&stream, &mut watching, range, start);
        }
    }
    let mut left = Vec::new();
    loop {
        let ready = stream.take_ready();
        for (id, from) in ready.watchers {
            let watcher = watching.get_mut(&id).expect("only own watchers are ready");
            if watcher.next > watcher.until {
                watcher.next = watcher.next.max(from);
            }
            watcher.until = ready.through;
        }
        let mut idle = true;
        for watcher in watching.values_mut().filter(|watcher| watcher.next <= watcher.until) {
            watcher.read(store);
            idle = false;
        }
        if left.is_empty() && store.revision() > last / 2 {
            let leaving: Vec<_> = watching.keys().copied().take(5).collect();
            for id in leaving {
                assert!(stream.remove(id));
                left.extend(watching.remove(&id));
            }
            for range in ranges() {
                add(&stream, &mut watching, range, None);
            }
        }
        if idle {
            if stream.idle_through() == Some(last) {
                break;
            }
            thread::park();
        }
    }
    // Who has left has seen what there was before the revision it would have read next.
    let stayed = watching.into_values().map(|watcher| Watching { next: last + 1, ..watcher });
    left.into_iter().chain(stayed).collect()
}

/// One change a log entry, of eight keys in turn, with deletions and now and then all keys at once.
fn write(store: &Store) {
    for index in 0..ENTRIES {
        let key = format!("k{}", index * 7 % 11 % 8);
        let put = |key: String| Command::Put(Put { key: key.into(), value: "v".into(), ..Put::default() });
        let delete = |range| Command::DeleteRange(DeleteRange { range, prev_kv: false });
        let command = match index % 10 {
            3 => delete(KeyRange::new(key, "")),
            9 => delete(KeyRange::all()),
            _ => put(key),
        };
        let mut entry = store.begin_entry(LogPosition { term: 1, index }, index);
        entry.apply(&command.encode(), false).expect("our own command decodes").expect("a put or a deletion");
        entry.finish();
        if index % 100 == 50 {
            store.checkpoint_all().expect("a checkpoint");
        }
    }
    // A revision that every stream with a watcher of the prefix is told of.
    let last = Put { key: "k0".into(), ..Put::default() };
    let mut entry = store.begin_entry(LogPosition { term: 1, index: ENTRIES }, ENTRIES);
    entry.apply(&Command::Put(last).encode(), false).expect("our own command decodes").expect("a put");
    entry.finish();
}

fn last_revision() -> i64 {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = open(&directory.path().join("data"));
    write(&store);
    store.revision()
}

#[test]
fn streams_see_every_change_once_while_it_is_made() {
    let last = last_revision();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = Arc::new(open(&directory.path().join("data")));
    let started = Arc::new(Barrier::new(4));
    let streams = [(); 3].map(|()| {
        let (store, started) = (Arc::clone(&store), Arc::clone(&started));
        thread::spawn(move || {
            started.wait();
            watch(&store, last)
        })
    });
    started.wait();
    write(&store);
    assert_eq!(store.revision(), last);
    for stream in streams {
        for watcher in stream.join().expect("a stream's assertions hold") {
            let (range, start, end) = (watcher.range.clone(), watcher.start, watcher.next);
            let mut whole = Watching { range, start, next: start, until: end, seen: Vec::new() };
            while whole.next <= last {
                whole.read(&store);
            }
            whole.seen.retain(|(revision, ..)| *revision < end);
            assert!(watcher.seen == whole.seen, "{:?} from {start} before {end}", watcher.range);
        }
    }
    assert_eq!((store.watch_hub().watcher_len(), store.watch_hub().stream_len()), (0, 0));
}

/// A transaction that deletes a key and writes it again makes two changes in one revision. Once that revision is compacted
/// only the newer one is kept, and nobody is told of the other, whether it is deleted yet or not.
#[test]
fn of_the_compacted_revision_only_the_newest_change_of_a_key_is_told() {
    let mut subject = Subject::new();
    let put = |value: &'static str| Put { key: "a".into(), value: value.into(), ..Put::default() };
    let success =
        vec![Op::DeleteRange(DeleteRange { range: KeyRange::new("a", "\0"), prev_kv: false }), Op::Put(put("2"))];
    subject.apply(&[Command::Put(put("1")), Command::Txn(Txn { success, ..Txn::default() })]);
    let told = |subject: &Subject| {
        let query = EventQuery { range: KeyRange::all(), from: 3, no_put: false, no_delete: false, prev_kv: false };
        let events = subject.store().events(&query).expect("the revision is readable").events;
        events.iter().map(|event| event.deleted).collect::<Vec<_>>()
    };
    assert_eq!(told(&subject), [true, false]);
    subject.apply(&[Command::Compact { revision: 3 }]);
    assert_eq!(told(&subject), [false]);
    subject.checkpoint();
    subject.compact(usize::MAX);
    assert_eq!(told(&subject), [false]);
    // etcd 3.7.1 loses the key here: its compaction takes the deletion for the last word of the revision.
    let found = subject.store().range(&RangeQuery::new(KeyRange::Key("a".into()))).expect("the key is readable");
    assert_eq!(found.kvs[0].value, "2");
}
