//! Drives a server of the etcd API: clients on connections, each with one operation under way at a time, recorded.
//!
//! All clients run on the calling thread, within one set of local tasks, so that one core of load is one core of load.

mod keys;
mod operation;
mod pace;
mod recorded;
mod watchers;
mod wire;

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::time::Instant;

use tokio::task::JoinSet;
use tonic::Status;

use crate::BenchError;
use operation::Caller;
use watchers::Watchers;

use keys::Chooser;
pub(crate) use keys::{Distribution, KeySpace, Order, Random, key};
pub(crate) use operation::Operation;
use pace::Pace;
pub(crate) use pace::Until;
pub(crate) use recorded::{Recorded, empty_histogram};
use recorded::{Recorder, thread_cpu};
pub(crate) use wire::{Connection, Method, PREFIX_BYTES, framed};

/// A load runs for this part of its turn before it is measured.
pub(crate) const WARM_UP: f64 = 0.3;

/// What clients do.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) operation: Operation,
    /// Operations under way at once.
    pub(crate) clients: usize,
    /// Connections that the clients share.
    pub(crate) connections: usize,
    pub(crate) keys: KeySpace,
    pub(crate) distribution: Distribution,
    /// Operations due a second; `None` if each client begins when it has its last answer.
    pub(crate) rate: Option<f64>,
    /// Watchers on keys that nobody writes.
    pub(crate) idle_watchers: u64,
    /// What clients ask for follows from this number.
    pub(crate) seed: u64,
}

/// Clients that are connected and ready.
#[derive(Debug)]
pub(crate) struct Session {
    load: Load,
    callers: Vec<Caller>,
    shared: Rc<Shared>,
    /// Of a load that is about watching.
    watchers: Option<Watchers>,
    // Their streams end when they are dropped.
    _idle: Option<Watchers>,
}

/// What all clients of a load have in common.
#[derive(Debug)]
struct Shared {
    server: String,
    operation: Operation,
    keys: KeySpace,
    chooser: Chooser,
    recorder: Rc<Recorder>,
    /// What the stamps in values count from.
    epoch: Instant,
    /// The next of the keys that are written once each.
    unfilled: Cell<u64>,
}

impl Session {
    /// Connects, and creates what the load needs before it begins: watchers, leases.
    pub(crate) async fn open(server: &str, urls: &[String], load: Load) -> Result<Session, BenchError> {
        load.keys.check()?;
        let failed = |request| BenchError::request(server, request);
        let mut connections = Vec::new();
        for url in urls.iter().cycle().take(load.connections.max(urls.len())) {
            connections.push(Connection::open(url).await.map_err(failed("connecting"))?);
        }
        let recorder = Rc::new(Recorder::default());
        let epoch = Instant::now();
        let watchers = match load.operation {
            Operation::Watch { watchers } => {
                let opened = Watchers::on_all_keys(watchers, &load, urls, Rc::clone(&recorder), epoch).await;
                Some(opened.map_err(failed("watching"))?)
            }
            _ => None,
        };
        let idle = match load.idle_watchers {
            0 => None,
            count => Some(Watchers::idle(count, &load, urls).await.map_err(failed("watching"))?),
        };
        let shared = Rc::new(Shared {
            server: server.to_owned(),
            operation: load.operation,
            keys: load.keys.clone(),
            chooser: Chooser::new(load.keys.keys, load.distribution),
            recorder,
            epoch,
            unfilled: Cell::new(0),
        });
        let mut callers = Vec::new();
        for (number, connection) in (0..load.clients as u64).zip(connections.iter().cycle()) {
            let random = Random(load.seed.wrapping_mul(1_000_003).wrapping_add(number));
            callers.push(Caller::new(connection.clone(), random, number, load.clients as u64));
        }
        let mut setup = JoinSet::new();
        for mut caller in callers {
            let shared = Rc::clone(&shared);
            setup.spawn_local(async move { caller.prepare(&shared).await.map(|()| caller) });
        }
        let callers = joined(setup).await?;
        Ok(Session { load, callers, shared, watchers, _idle: idle })
    }

    /// Runs the load and returns what was recorded. May be called again; the clients go on where they were.
    pub(crate) async fn drive(&mut self, until: Until) -> Result<Recorded, BenchError> {
        drop(self.shared.recorder.take());
        let (start, cpu) = (Instant::now(), thread_cpu());
        let pace = Rc::new(Pace::start(until, self.load.rate)?);
        let mut tasks = JoinSet::new();
        for mut caller in self.callers.drain(..) {
            let (shared, pace) = (Rc::clone(&self.shared), Rc::clone(&pace));
            tasks.spawn_local(async move { caller.run(&shared, &pace).await.map(|()| caller) });
        }
        self.callers = joined(tasks).await?;
        if let Some(watchers) = &self.watchers {
            let expected = pace.begun() * watchers.count();
            watchers.wait_for(expected).await.map_err(|status| self.shared.failed("watch", status))?;
            let noted = self.shared.recorder.operations();
            self.shared.check("watch", noted, expected, "events")?;
        }
        let mut recorded = self.shared.recorder.take();
        recorded.elapsed = start.elapsed();
        recorded.clients_cpu = thread_cpu().saturating_sub(cpu);
        recorded.overdue = pace.overdue();
        Ok(recorded)
    }

    /// Returns what tells how many operations the present drive has noted so far.
    pub(crate) fn progress(&self) -> impl Fn() -> u64 + 'static {
        let recorder = Rc::clone(&self.shared.recorder);
        move || recorder.operations()
    }
}

impl Shared {
    fn failed(&self, request: &'static str, status: Status) -> BenchError {
        BenchError::request(&self.server, request)(status)
    }

    /// Fails unless so many things were answered.
    fn check(&self, request: &'static str, got: u64, expected: u64, things: &str) -> Result<(), BenchError> {
        if got == expected {
            return Ok(());
        }
        let (server, got, expected) = (self.server.clone(), format!("{got} {things}"), expected.to_string());
        Err(BenchError::WrongAnswer { server, request, got, expected })
    }
}

/// Waits for all tasks; the first failure ends the others.
async fn joined<T: fmt::Debug + 'static>(mut tasks: JoinSet<Result<T, BenchError>>) -> Result<Vec<T>, BenchError> {
    let mut done = Vec::with_capacity(tasks.len());
    while let Some(result) = tasks.join_next().await {
        done.push(result.expect("a client does not panic")?);
    }
    Ok(done)
}
