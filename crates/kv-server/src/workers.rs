//! Threads that serve connections, each with a runtime of its own.
//!
//! A runtime that several threads share costs 15 to 20 % more per request on the same cores. So there is one thread
//! a core, and a connection stays on the thread that had the fewest when it came.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Long reads of the connections of one thread that run at once. More of them wait: they would only slow each other
/// down, and each holds its answer in memory.
const BLOCKING_THREADS: usize = 8;

/// The threads.
#[derive(Debug)]
pub(crate) struct Workers {
    workers: Vec<Worker>,
}

#[derive(Debug)]
struct Worker {
    handle: Handle,
    connections: Arc<AtomicUsize>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// A connection's share of its thread's load.
#[derive(Debug)]
struct Load(Arc<AtomicUsize>);

impl Drop for Load {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workers {
    /// Starts `count` threads.
    pub(crate) fn start(count: usize) -> io::Result<Self> {
        let workers = (0..count).map(Worker::start).collect::<io::Result<_>>()?;
        Ok(Self { workers })
    }

    /// Returns the runtime of the only thread, or nothing where there are several.
    ///
    /// With one core there is nothing to gain from a thread of its own for anybody else.
    pub(crate) fn only_runtime(&self) -> Option<Handle> {
        match self.workers.as_slice() {
            [only] => Some(only.handle.clone()),
            _ => None,
        }
    }

    /// Runs a connection on the thread that has the fewest. `make` is called there, so that what it makes belongs
    /// to that thread's runtime.
    pub(crate) fn spawn<F>(&self, make: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let load = |worker: &&Worker| worker.connections.load(Ordering::Relaxed);
        let worker = self.workers.iter().min_by_key(load).expect("there is at least one worker");
        worker.connections.fetch_add(1, Ordering::Relaxed);
        let load = Load(Arc::clone(&worker.connections));
        worker.handle.spawn(async move {
            let _load = load;
            make().await;
        });
    }

    /// Ends the threads, dropping whatever still runs on them.
    pub(crate) fn stop(self) {
        let (stops, threads): (Vec<_>, Vec<_>) =
            self.workers.into_iter().map(|worker| (worker.stop, worker.thread)).unzip();
        drop(stops);
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread that serves connections panicked");
            }
        }
    }
}

impl Worker {
    fn start(index: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(BLOCKING_THREADS).build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name(format!("grpc-{index}")).spawn(move || {
            // Ends when the sender is dropped: nothing is ever sent.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { handle, connections: Arc::default(), stop, thread })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn connections_spread_over_the_threads_and_go_with_them() {
        let workers = Workers::start(2).unwrap();
        let (names, received) = mpsc::channel();
        for _ in 0..2 {
            let names = names.clone();
            workers.spawn(move || async move {
                names.send(std::thread::current().name().unwrap().to_owned()).unwrap();
                std::future::pending::<()>().await;
            });
        }
        drop(names);
        let distinct: HashSet<_> = received.iter().take(2).collect();
        assert_eq!(distinct.len(), 2);
        workers.stop();
    }
}
