//! The hub against a model that tries every watcher, and against threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use proptest::prelude::*;

use super::{Ready, WatchHub, WatchStream, WatcherId};
use crate::KeyRange;

/// A stream that counts how often it is woken.
struct Listener {
    stream: WatchStream,
    woken: Arc<AtomicU64>,
}

impl Listener {
    fn open(hub: &WatchHub) -> Self {
        let woken = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&woken);
        let wake = move || {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        Self { stream: hub.open(Arc::new(wake)), woken }
    }

    fn woken(&self) -> u64 {
        self.woken.load(Ordering::Relaxed)
    }

    fn take(&self) -> Ready {
        let mut ready = self.stream.take_ready();
        ready.watchers.sort_unstable();
        ready
    }
}

fn notify(hub: &WatchHub, revision: i64, keys: &[&str]) {
    hub.notify(revision, keys.iter().map(|key| key.as_bytes()));
}

#[test]
fn a_watcher_is_ready_from_its_first_change_on() {
    let hub = WatchHub::new(5);
    let listener = Listener::open(&hub);
    let (one, first) = listener.stream.add(&KeyRange::new("b", ""));
    let (some, _) = listener.stream.add(&KeyRange::prefix(b"b"));
    assert_eq!(first, 5);
    notify(&hub, 6, &["a", "c"]);
    assert_eq!((listener.woken(), listener.stream.idle_through()), (0, Some(6)));
    notify(&hub, 7, &["ba"]);
    notify(&hub, 8, &["b", "ba"]);
    assert_eq!((listener.woken(), listener.stream.idle_through()), (1, None));
    assert_eq!(listener.take(), Ready { watchers: vec![(one, 8), (some, 7)], through: 8 });
    assert_eq!(listener.take(), Ready { watchers: vec![], through: 8 });
    notify(&hub, 9, &["b"]);
    assert_eq!(listener.woken(), 2);
    assert_eq!(listener.take(), Ready { watchers: vec![(one, 9), (some, 9)], through: 9 });
}

#[test]
fn the_first_watcher_learns_of_revisions_nobody_watched() {
    let hub = WatchHub::new(1);
    notify(&hub, 2, &["a"]);
    notify(&hub, 3, &["a"]);
    let listener = Listener::open(&hub);
    let (first, revision) = listener.stream.add(&KeyRange::all());
    assert_eq!(revision, 3);
    assert!(listener.stream.remove(first));
    assert!(!listener.stream.remove(first));
    notify(&hub, 4, &["a"]);
    assert_eq!(listener.stream.add(&KeyRange::all()).1, 4);
}

#[test]
fn a_stream_cannot_remove_the_watcher_of_another() {
    let hub = WatchHub::new(1);
    let (mine, other) = (Listener::open(&hub), Listener::open(&hub));
    let (watcher, _) = mine.stream.add(&KeyRange::all());
    assert!(!other.stream.remove(watcher));
    assert_eq!((hub.watcher_len(), hub.stream_len()), (1, 2));
    drop(mine);
    assert_eq!((hub.watcher_len(), hub.stream_len()), (0, 1));
}

#[derive(Debug, Clone)]
enum Step {
    Open,
    /// The numbers choose among what is open.
    Close(usize),
    Add(usize, KeyRange),
    Remove(usize),
    Notify(Vec<Vec<u8>>),
    Take(usize),
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0..3u8, 1..3)
}

fn range() -> impl Strategy<Value = KeyRange> {
    prop_oneof![
        1 => Just(KeyRange::all()),
        5 => key().prop_map(|key| KeyRange::new(key, "")),
        2 => key().prop_map(|key| KeyRange::prefix(&key)),
        2 => (key(), key()).prop_map(|(start, end)| KeyRange::new(start, end)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let any = any::<usize>;
    prop_oneof![
        2 => Just(Step::Open),
        1 => any().prop_map(Step::Close),
        8 => (any(), range()).prop_map(|(stream, range)| Step::Add(stream, range)),
        4 => any().prop_map(Step::Remove),
        10 => prop::collection::vec(key(), 1..4).prop_map(Step::Notify),
        6 => any().prop_map(Step::Take),
    ]
}

/// A stream of the model: its watchers with the first change not yet taken.
struct Modelled {
    listener: Listener,
    watchers: BTreeMap<WatcherId, (KeyRange, Option<i64>)>,
    woken: u64,
}

proptest! {
    #[test]
    fn the_hub_agrees_with_the_model(steps in prop::collection::vec(step(), 1..200)) {
        let hub = WatchHub::new(1);
        let mut streams: Vec<Modelled> = Vec::new();
        let mut revision = 1;
        for step in steps {
            let count = streams.len();
            let choose = |number: usize| number.checked_rem(count);
            match step {
                Step::Open => {
                    streams.push(Modelled { listener: Listener::open(&hub), watchers: BTreeMap::new(), woken: 0 });
                }
                Step::Close(number) => {
                    choose(number).map(|index| streams.swap_remove(index));
                }
                Step::Add(number, range) => {
                    let Some(index) = choose(number) else { continue };
                    let (id, read_through) = streams[index].listener.stream.add(&range);
                    assert_eq!(read_through, revision);
                    assert_eq!(streams[index].watchers.insert(id, (range, None)), None);
                }
                Step::Remove(number) => {
                    let Some(index) = choose(number) else { continue };
                    let stream = &mut streams[index];
                    let Some(nth) = number.checked_rem(stream.watchers.len()) else { continue };
                    let id = *stream.watchers.keys().nth(nth).expect("the remainder of the length");
                    stream.watchers.remove(&id);
                    assert!(stream.listener.stream.remove(id));
                }
                Step::Notify(keys) => {
                    revision += 1;
                    hub.notify(revision, keys.iter().map(Vec::as_slice));
                    for stream in &mut streams {
                        let was_idle = stream.watchers.values().all(|(_, first)| first.is_none());
                        for (range, first) in stream.watchers.values_mut() {
                            if keys.iter().any(|key| range.contains(key)) {
                                first.get_or_insert(revision);
                            }
                        }
                        let is_idle = stream.watchers.values().all(|(_, first)| first.is_none());
                        stream.woken += u64::from(was_idle && !is_idle);
                    }
                }
                Step::Take(number) => {
                    let Some(index) = choose(number) else { continue };
                    let stream = &mut streams[index];
                    let taken = stream.listener.take();
                    let expected: Vec<_> =
                        stream.watchers.iter_mut().filter_map(|(id, (_, first))| Some((*id, first.take()?))).collect();
                    assert_eq!(taken.watchers, expected);
                    if !stream.watchers.is_empty() {
                        assert_eq!(taken.through, revision);
                    }
                }
            }
            for stream in &streams {
                assert_eq!(stream.listener.woken(), stream.woken);
                let idle = stream.watchers.values().all(|(_, first)| first.is_none());
                assert_eq!(stream.listener.stream.idle_through().is_some(), idle);
            }
            assert_eq!(hub.watcher_len(), streams.iter().map(|stream| stream.watchers.len()).sum::<usize>());
        }
        drop(streams);
        let matcher = hub.shared.matcher.lock();
        assert_eq!((matcher.groups.len(), matcher.watchers.len(), matcher.streams.len()), (0, 0, 0));
        assert!(matcher.keys.is_empty());
    }
}

/// The steps of `notify`, with a registration between them.
#[test]
fn a_watcher_that_comes_in_the_middle_of_a_notification_knows_the_revision() {
    let hub = WatchHub::new(1);
    let listener = Listener::open(&hub);
    assert!(!hub.shared.announce(2), "nobody watches");
    let (first, told) = listener.stream.add(&KeyRange::all());
    assert_eq!(told, 2);

    assert!(hub.shared.announce(3), "somebody watches");
    listener.stream.remove(first);
    let (second, told) = listener.stream.add(&KeyRange::all());
    assert_eq!(told, 3);
    assert!(hub.shared.match_keys(3, [&b"k"[..]]).is_empty(), "what a watcher was told is not notified");
    assert_eq!(listener.take(), Ready { watchers: vec![], through: 3 });

    assert!(hub.shared.announce(4));
    assert_eq!((listener.stream.idle_through(), listener.stream.add(&KeyRange::all()).1), (Some(3), 3));
    assert_eq!(hub.shared.match_keys(4, [&b"k"[..]]).len(), 1);
    assert_eq!(listener.take().watchers.first(), Some(&(second, 4)));
}

/// Every revision changes the key that all watch, so a watcher must see each revision behind the one it was told
/// at registration exactly once. A lost wake-up hangs the test, a missed or doubled revision fails it.
fn check_with_threads(stays: &[i64], last: i64) {
    let hub = Arc::new(WatchHub::new(1));
    let published = Arc::new(AtomicI64::new(1));
    let done = Arc::new(AtomicBool::new(false));
    let started = Arc::new(Barrier::new(stays.len() + 1));
    let watch = |stay: i64| {
        let (hub, published, done) = (Arc::clone(&hub), Arc::clone(&published), Arc::clone(&done));
        let started = Arc::clone(&started);
        thread::spawn(move || {
            let this = thread::current();
            let stream = hub.open(Arc::new(move || this.unpark()));
            started.wait();
            while !done.load(Ordering::Acquire) {
                let (watcher, told) = stream.add(&KeyRange::new("k", ""));
                assert!(told <= published.load(Ordering::Acquire), "what is told can be read");
                let mut next = told + 1;
                let until = (told + stay).min(last);
                while next <= until {
                    let ready = stream.take_ready();
                    assert!(ready.through <= published.load(Ordering::Acquire));
                    for (ready_watcher, from) in &ready.watchers {
                        assert_eq!((*ready_watcher, *from), (watcher, next));
                        next = ready.through + 1;
                    }
                    assert_eq!(next, ready.through + 1, "nothing is left out up to where the stream is told");
                    if ready.watchers.is_empty() {
                        thread::park();
                    }
                }
                stream.remove(watcher);
            }
        })
    };
    let watchers: Vec<_> = stays.iter().copied().map(watch).collect();
    started.wait();
    for revision in 2..=last {
        published.store(revision, Ordering::Release);
        hub.notify(revision, [&b"other"[..], b"k"]);
    }
    done.store(true, Ordering::Release);
    for watcher in watchers {
        watcher.join().expect("a watcher's assertions hold");
    }
    assert_eq!((hub.watcher_len(), hub.stream_len()), (0, 0));
}

/// Often nobody watches, so that changes skip the lock.
#[test]
fn one_watcher_that_comes_and_goes_misses_and_doubles_no_change() {
    check_with_threads(&[1], 200_000);
}

#[test]
fn watchers_that_come_and_go_miss_and_double_no_change() {
    check_with_threads(&[1, 1, 7, 100], 50_000);
}
