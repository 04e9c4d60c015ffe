//! Who is told of which change: the hub between the thread that applies changes and the watch streams.
//!
//! The hub carries no events. A watcher is idle until a change matches it; then it is ready from that
//! revision on, and its stream is woken. The stream takes its ready watchers when it gets to it,
//! and reads the events itself. So a slow stream costs a few bytes and delays nobody, and a change
//! costs nothing for a watcher that is ready already.
//!
//! ```text
//! revision           7        8        9                 10
//! matches            a        b        a                 b
//! ready              a:7      a:7 b:8  a:7 b:8   —       b:10
//! the stream takes                             a from 7, b from 8, through 9
//! ```
//!
//! A stream keeps for each watcher the revision to read next, and the one to read until. A watcher that is behind
//! reads on; one that has caught up and is ready again reads on from the revision it is ready from, if
//! that is greater, until [`Ready::through`].
//!
//! Invariants, all under one lock:
//! - `matched` is a revision such that every later change will be matched against every watcher there is,
//!   and every earlier one was, if the watcher was there. A new watcher is told this revision; its stream reads
//!   what came before from history.
//! - `matched` is never above the newest revision that can be read, because a change is published first.
//! - A watcher is either idle, in the list of its group, or ready, in the list of its stream.
//! - A stream was woken since its list of ready watchers became non-empty.
//!
//! Where no watcher is registered, a change takes no lock. Registering must then not miss a change that is being
//! notified: [`WatchHub::notify`] first stores its revision and then looks for watchers, registration
//! first counts the watcher and then reads the revision. One of the two sees the other.

mod intervals;
mod slab;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::KeyRange;
use intervals::{End, Interval, Intervals};
use slab::Slab;

/// How a stream learns that it has ready watchers.
pub trait Wake: Send + Sync {
    /// Makes the stream call [`WatchStream::take_ready`] soon. Called by the thread that applies changes, so
    /// it must not block.
    fn wake(&self);
}

impl<F: Fn() + Send + Sync> Wake for F {
    fn wake(&self) {
        self();
    }
}

/// Matches changes against the watchers of all streams.
#[derive(Debug)]
pub struct WatchHub {
    shared: Arc<Shared>,
}

/// The watchers of one connection, which is woken for all of them together. Dropping it removes them.
#[derive(Debug)]
pub struct WatchStream {
    shared: Arc<Shared>,
    id: usize,
}

/// A watcher, as long as it is registered; the number is used again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatcherId(usize);

/// The watchers of a stream that have something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Each with the first revision since it was last taken that has an event for it.
    pub watchers: Vec<(WatcherId, i64)>,
    /// Of every later change the stream will be told anew.
    pub through: i64,
}

#[derive(Debug)]
struct Shared {
    /// The newest revision given to `notify`.
    notified: AtomicI64,
    /// How many watchers are registered.
    registered: AtomicUsize,
    matcher: Mutex<Matcher>,
}

#[derive(Debug)]
struct Matcher {
    matched: i64,
    keys: HashMap<Bytes, usize>,
    intervals: Intervals,
    groups: Slab<Group>,
    watchers: Slab<Watcher>,
    streams: Slab<Stream>,
}

/// The watchers of the same keys. There may be thousands, as each node of a cluster watches the same prefixes.
#[derive(Debug)]
struct Group {
    place: Place,
    members: usize,
    idle: Vec<usize>,
}

#[derive(Debug, Clone)]
enum Place {
    Key(Bytes),
    Interval(Interval),
}

#[derive(Debug)]
struct Watcher {
    group: usize,
    stream: usize,
    state: State,
}

/// Where a watcher is listed, so that it can be taken out of the list.
#[derive(Debug, Clone, Copy)]
enum State {
    Idle { index: usize },
    Ready { index: usize },
}

struct Stream {
    wake: Arc<dyn Wake>,
    watchers: BTreeSet<usize>,
    ready: Vec<(WatcherId, i64)>,
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wake: _, watchers, ready } = self;
        formatter.debug_struct("Stream").field("watchers", watchers).field("ready", ready).finish_non_exhaustive()
    }
}

impl WatchHub {
    /// Returns a hub without watchers for a store whose newest revision is `revision`.
    pub fn new(revision: i64) -> Self {
        let matcher = Matcher {
            matched: revision,
            keys: HashMap::new(),
            intervals: Intervals::default(),
            groups: Slab::default(),
            watchers: Slab::default(),
            streams: Slab::default(),
        };
        let shared = Shared {
            notified: AtomicI64::new(revision),
            registered: AtomicUsize::new(0),
            matcher: Mutex::new(matcher),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Opens a stream. It is woken once when it gets ready watchers, and not again before it has taken them.
    pub fn open(&self, wake: Arc<dyn Wake>) -> WatchStream {
        let stream = Stream { wake, watchers: BTreeSet::new(), ready: Vec::new() };
        let id = self.shared.matcher.lock().streams.insert(stream);
        WatchStream { shared: Arc::clone(&self.shared), id }
    }

    /// Tells of the keys changed at `revision`, which readers can see already. Revisions come in order, from
    /// one thread at a time.
    ///
    /// Costs two atomic operations where nobody watches; `keys` is not looked at then.
    pub fn notify<'a>(&self, revision: i64, keys: impl IntoIterator<Item = &'a [u8]>) {
        if self.shared.announce(revision) {
            for wake in self.shared.match_keys(revision, keys) {
                wake.wake();
            }
        }
    }

    /// Returns the number of watchers.
    pub fn watcher_len(&self) -> usize {
        self.shared.registered.load(SeqCst)
    }

    /// Returns the number of streams.
    pub fn stream_len(&self) -> usize {
        self.shared.matcher.lock().streams.len()
    }
}

impl Shared {
    /// Makes a revision known to whoever registers from now on. Returns whether somebody has registered before.
    fn announce(&self, revision: i64) -> bool {
        self.notified.store(revision, SeqCst);
        self.registered.load(SeqCst) > 0
    }

    /// Marks the watchers of `keys` and returns who is to be woken, outside of the lock.
    fn match_keys<'a>(&self, revision: i64, keys: impl IntoIterator<Item = &'a [u8]>) -> Vec<Arc<dyn Wake>> {
        let mut woken = Vec::new();
        let mut matcher = self.matcher.lock();
        // Else all watchers there are came after the revision was announced, and know it.
        if revision > matcher.matched {
            for key in keys {
                matcher.mark(key, revision, &mut woken);
            }
            matcher.matched = revision;
        }
        woken
    }
}

impl WatchStream {
    /// Adds a watcher of `range` and returns the revision up to which it must read history itself: the stream is
    /// told of every change after it, and of none before.
    pub fn add(&self, range: &KeyRange) -> (WatcherId, i64) {
        let mut matcher = self.shared.matcher.lock();
        let id = matcher.add(self.id, range);
        if self.shared.registered.fetch_add(1, SeqCst) == 0 {
            // Changes were not matched while nobody watched.
            matcher.matched = self.shared.notified.load(SeqCst);
        }
        (WatcherId(id), matcher.matched)
    }

    /// Removes a watcher of this stream. Returns whether there was one.
    pub fn remove(&self, watcher: WatcherId) -> bool {
        let mut matcher = self.shared.matcher.lock();
        let found = matcher.watchers.get(watcher.0).is_some_and(|found| found.stream == self.id);
        if found {
            matcher.remove(watcher.0);
            matcher.streams[self.id].watchers.remove(&watcher.0);
            self.shared.registered.fetch_sub(1, SeqCst);
        }
        found
    }

    /// Takes the watchers that have become ready. They become ready again with the next change that matches after
    /// [`Ready::through`].
    ///
    /// A stream that has read further already is told again of what it knows.
    pub fn take_ready(&self) -> Ready {
        let mut matcher = self.shared.matcher.lock();
        let watchers = matcher.take_ready(self.id);
        Ready { watchers, through: matcher.matched }
    }

    /// Returns a revision up to which no watcher of this stream has an event that is not taken, or `None` if some have.
    ///
    /// It is the newest revision, but for one that is being notified just now.
    pub fn idle_through(&self) -> Option<i64> {
        let matcher = self.shared.matcher.lock();
        matcher.streams[self.id].ready.is_empty().then_some(matcher.matched)
    }
}

impl Drop for WatchStream {
    fn drop(&mut self) {
        let mut matcher = self.shared.matcher.lock();
        let watchers = mem::take(&mut matcher.streams[self.id].watchers);
        self.shared.registered.fetch_sub(watchers.len(), SeqCst);
        for watcher in watchers {
            matcher.remove(watcher);
        }
        matcher.streams.remove(self.id);
    }
}

impl Matcher {
    fn mark(&mut self, key: &[u8], revision: i64, woken: &mut Vec<Arc<dyn Wake>>) {
        let Self { keys, intervals, groups, watchers, streams, .. } = self;
        let mut mark_group = |group: usize| {
            for watcher in groups[group].idle.drain(..) {
                let Watcher { stream, state, .. } = &mut watchers[watcher];
                let stream = &mut streams[*stream];
                if stream.ready.is_empty() {
                    woken.push(Arc::clone(&stream.wake));
                }
                *state = State::Ready { index: stream.ready.len() };
                stream.ready.push((WatcherId(watcher), revision));
            }
        };
        if !keys.is_empty()
            && let Some(group) = keys.get(key)
        {
            mark_group(*group);
        }
        intervals.each_containing(key, &mut mark_group);
    }

    fn add(&mut self, stream: usize, range: &KeyRange) -> usize {
        let group = self.group_of(range);
        let group_entry = &mut self.groups[group];
        let state = State::Idle { index: group_entry.idle.len() };
        let watcher = self.watchers.insert(Watcher { group, stream, state });
        group_entry.members += 1;
        group_entry.idle.push(watcher);
        self.streams[stream].watchers.insert(watcher);
        watcher
    }

    fn group_of(&mut self, range: &KeyRange) -> usize {
        let place = Place::of(range);
        let known = match &place {
            Place::Key(key) => self.keys.get(key).copied(),
            Place::Interval(interval) => self.intervals.get(interval),
        };
        if let Some(group) = known {
            return group;
        }
        let group = self.groups.insert(Group { place: place.clone(), members: 0, idle: Vec::new() });
        match place {
            Place::Key(key) => drop(self.keys.insert(key, group)),
            Place::Interval(interval) => self.intervals.insert(interval, group),
        }
        group
    }

    /// Removes a watcher, but from its stream's set of watchers.
    fn remove(&mut self, watcher: usize) {
        let Watcher { group, stream, state } = self.watchers.remove(watcher);
        let group_entry = &mut self.groups[group];
        match state {
            State::Idle { index } => {
                group_entry.idle.swap_remove(index);
                if let Some(moved) = group_entry.idle.get(index) {
                    self.watchers[*moved].state = State::Idle { index };
                }
            }
            State::Ready { index } => {
                let ready = &mut self.streams[stream].ready;
                ready.swap_remove(index);
                if let Some((moved, _)) = ready.get(index) {
                    self.watchers[moved.0].state = State::Ready { index };
                }
            }
        }
        group_entry.members -= 1;
        if group_entry.members == 0 {
            match self.groups.remove(group).place {
                Place::Key(key) => drop(self.keys.remove(&key)),
                Place::Interval(interval) => self.intervals.remove(&interval),
            }
        }
    }

    fn take_ready(&mut self, stream: usize) -> Vec<(WatcherId, i64)> {
        let ready = mem::take(&mut self.streams[stream].ready);
        for (watcher, _) in &ready {
            let Watcher { group, state, .. } = &mut self.watchers[watcher.0];
            let idle = &mut self.groups[*group].idle;
            *state = State::Idle { index: idle.len() };
            idle.push(watcher.0);
        }
        ready
    }
}

impl Place {
    /// Copies the keys, which else would keep the request's whole buffer.
    fn of(range: &KeyRange) -> Self {
        let copy = |key: &Bytes| Bytes::copy_from_slice(key);
        match range {
            KeyRange::Key(key) => Self::Key(copy(key)),
            KeyRange::From(start) => Self::Interval(Interval { start: copy(start), end: End::Never }),
            KeyRange::Between(start, end) => {
                Self::Interval(Interval { start: copy(start), end: End::Before(copy(end)) })
            }
        }
    }
}

#[cfg(test)]
mod tests;
