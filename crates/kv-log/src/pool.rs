//! The files the next segments are written to: made beforehand by a thread of its own, or
//! recycled, so that an append never waits for zero-filling.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::disk::{Disk, SyncMode};
use crate::error::WriteError;
use crate::options::Event;
use crate::shared::Shared;
use crate::slot;

/// How long to wait before trying again whether the disk has room.
pub(crate) const SPACE_RETRY: Duration = Duration::from_secs(1);

/// A file of the log.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

/// How files are made and how many are kept.
pub(crate) struct PoolOptions {
    pub(crate) dir: PathBuf,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) sync: SyncMode,
    /// Only files of this size are kept for recycling.
    pub(crate) segment_bytes: u64,
    pub(crate) spare_segments: usize,
}

pub(crate) struct Pool {
    options: PoolOptions,
    state: Mutex<State>,
    /// Something to do for the thread, or something done by it.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    ready: Vec<Slot>,
    /// The size of a file to make.
    wanted: Option<u64>,
    unneeded: Vec<Slot>,
    /// Why the last file could not be made.
    failure: Option<WriteError>,
    next_number: u64,
    disk_bytes: u64,
    closing: bool,
}

impl State {
    fn lacks_space(&self) -> bool {
        matches!(self.failure, Some(WriteError::NoSpace))
    }
}

impl Pool {
    /// Begins with the files of a directory: those in use count for its size, spare ones are kept or deleted.
    pub(crate) fn new(options: PoolOptions, in_use: &[Slot], spares: Vec<Slot>) -> Pool {
        let all = in_use.iter().chain(&spares);
        let mut state = State {
            next_number: all.clone().filter_map(|slot| slot::number(&slot.path)).max().unwrap_or(0) + 1,
            disk_bytes: all.map(|slot| slot.bytes).sum(),
            ..State::default()
        };
        for spare in spares {
            keep(&mut state, &options, spare);
        }
        Pool { options, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(crate) fn disk_bytes(&self) -> u64 {
        self.state.lock().disk_bytes
    }

    /// Returns a file of at least `bytes_min` for the first segment: a spare one, or a new one made on this thread.
    pub(crate) fn take_or_make(&self, bytes_min: u64) -> io::Result<Slot> {
        let mut state = self.state.lock();
        if let Some(slot) = take_ready(&mut state, bytes_min) {
            return Ok(slot);
        }
        let slot = Slot { path: number_next(&mut state, &self.options.dir), bytes: bytes_min };
        self.options.disk.create(&slot.path, slot.bytes, self.options.sync)?;
        state.disk_bytes += slot.bytes;
        Ok(slot)
    }

    /// Asks for a file to be made, unless one is there.
    pub(crate) fn request(&self, bytes: u64) {
        let mut state = self.state.lock();
        if state.ready.is_empty() && state.wanted.is_none() {
            state.wanted = Some(bytes);
            self.changed.notify_all();
        }
    }

    /// Takes a file of at least `bytes_min`, and waits for one to be made, of `bytes` if that is more. Fails at once
    /// while none can be made; if that is for want of room, the thread tries again on its own.
    pub(crate) fn take(&self, bytes_min: u64, bytes: u64) -> Result<Slot, WriteError> {
        let mut state = self.state.lock();
        loop {
            if let Some(slot) = take_ready(&mut state, bytes_min) {
                return Ok(slot);
            }
            if state.wanted.is_none_or(|wanted| wanted < bytes_min) {
                state.wanted = Some(bytes.max(bytes_min));
                self.changed.notify_all();
            }
            if let Some(failure) = &state.failure {
                return Err(failure.clone());
            }
            self.changed.wait(&mut state);
        }
    }

    /// Takes back files whose segments are no longer needed. Says whether they end a want of room.
    pub(crate) fn recycle(&self, slots: Vec<Slot>) -> bool {
        let mut state = self.state.lock();
        let lacking = state.lacks_space();
        for slot in slots {
            if lacking {
                // Any file is welcome now.
                state.ready.push(slot);
            } else {
                keep(&mut state, &self.options, slot);
            }
        }
        let relieved = lacking && !state.ready.is_empty();
        if relieved {
            state.failure = None;
            state.wanted = None;
        }
        self.changed.notify_all();
        relieved
    }

    /// Ends the thread after what it is doing.
    pub(crate) fn close(&self) {
        self.state.lock().closing = true;
        self.changed.notify_all();
    }

    /// Makes and deletes files until the pool is closed; what is to be deleted is deleted first.
    pub(crate) fn run(&self, shared: &Shared) {
        let mut state = self.state.lock();
        loop {
            if let Some(slot) = state.unneeded.pop() {
                drop(state);
                let removed = self.options.disk.remove(&slot.path);
                if let Err(error) = &removed {
                    tracing::warn!(path = %slot.path.display(), %error, "cannot delete a log file without use");
                }
                state = self.state.lock();
                state.disk_bytes -= if removed.is_ok() { slot.bytes } else { 0 };
            } else if state.closing {
                return;
            } else if let Some(bytes) = state.wanted {
                let path = number_next(&mut state, &self.options.dir);
                drop(state);
                let made = self.options.disk.create(&path, bytes, self.options.sync);
                state = self.state.lock();
                let event = self.made(&mut state, Slot { path, bytes }, made);
                if let Some(event) = event {
                    drop(state);
                    shared.notify(event);
                    // It may be waiting for a purge instead.
                    shared.wake_writer();
                    state = self.state.lock();
                }
                if state.failure.is_some() && !state.closing {
                    self.changed.wait_for(&mut state, SPACE_RETRY);
                }
            } else {
                self.changed.wait(&mut state);
            }
        }
    }

    fn made(&self, state: &mut State, slot: Slot, made: io::Result<()>) -> Option<Event> {
        let lacked = state.lacks_space();
        let event = match made {
            Ok(()) => {
                // What is wanted can have grown meanwhile.
                if state.wanted.is_some_and(|wanted| wanted <= slot.bytes) {
                    state.wanted = None;
                }
                state.disk_bytes += slot.bytes;
                state.ready.push(slot);
                state.failure = None;
                lacked.then_some(Event::SpaceAgain)
            }
            Err(error) => {
                let no_space = is_no_space(&error);
                state.failure = Some(if no_space {
                    WriteError::NoSpace
                } else {
                    WriteError::Io { action: "make", path: slot.path, source: Arc::new(error) }
                });
                (no_space && !lacked).then_some(Event::NoSpace)
            }
        };
        self.changed.notify_all();
        event
    }
}

/// Says whether an error goes away when something is deleted.
pub(crate) fn is_no_space(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn keep(state: &mut State, options: &PoolOptions, slot: Slot) {
    if slot.bytes == options.segment_bytes && state.ready.len() < options.spare_segments {
        state.ready.push(slot);
    } else {
        state.unneeded.push(slot);
    }
}

fn take_ready(state: &mut State, bytes_min: u64) -> Option<Slot> {
    let found = state.ready.iter().position(|slot| slot.bytes >= bytes_min)?;
    Some(state.ready.remove(found))
}

fn number_next(state: &mut State, dir: &Path) -> PathBuf {
    state.next_number += 1;
    slot::path(dir, state.next_number - 1)
}
