//! One size of a store: how it is filled, and what is measured of it.

use std::time::Duration;

use super::report::{Figure, Figures};
use crate::BenchError;
use crate::driver::{Distribution, KeySpace, Load, Operation, Order, Session, Until};
use crate::lifecycle::{compact, rest, restart};
use crate::process::Process;
use crate::ready::wait_until_ready;

/// Puts in one transaction that fills the store: what a server allows by default.
const TXN_PUTS: u64 = 128;
const FILLERS: usize = 4;
/// Keys of one page of a list.
const PAGE: u64 = 500;
/// Watchers that see every event.
const WATCHERS: u64 = 16;
/// Clients of what is short, and of what is long.
const MANY: usize = 64;
const FEW: usize = 16;

/// How much is in a store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) keys: u64,
    pub(super) versions: u64,
}

impl Shape {
    /// Fills a server that was just started, and measures it.
    pub(super) async fn measure(self, server: &mut Process, length: Duration) -> Result<Figures, BenchError> {
        wait_until_ready(server).await?;
        for _ in 0..self.versions {
            self.fill(server).await?;
        }
        rest(server).await?;
        let mut figures = Figures::default();
        figures.insert(Figure::Memory, server.anonymous_bytes()? as f64 / 1e6);
        figures.insert(Figure::Disk, server.disk_bytes()? as f64 / 1e6);
        figures.insert(Figure::Restart, restart(server, KeySpace::of(self.keys).key(0)).await?.as_secs_f64());
        rest(server).await?;

        // After a restart all is read from the file. Before, the smallest store would be answered from what a server keeps of
        // recent changes in memory, and the figures would tell of that.
        let get = Operation::Get { serializable: false };
        let page = Operation::List { limit: PAGE, first_page: false, serializable: false };
        let count = Operation::Count { serializable: false };
        for (figure, operation, clients) in
            [(Figure::Get, get, MANY), (Figure::Page, page, FEW), (Figure::Count, count, FEW)]
        {
            figures.insert(figure, self.cpu(server, operation, clients, length).await?.microseconds);
        }
        let put = self.cpu(server, Operation::Put, MANY, length).await?;
        figures.insert(Figure::Put, put.microseconds);
        let watch = self.cpu(server, Operation::Watch { watchers: WATCHERS }, FEW, length).await?;
        figures.insert(Figure::Watch, watch.microseconds);
        rest(server).await?;

        // An event at each watcher is an operation of that load.
        let stored = self.keys * self.versions + put.operations + watch.operations / WATCHERS;
        figures.insert(Figure::History, compaction_cpu(server).await? / stored as f64);
        // All that is superseded when history is gone is what is written now.
        let since = self.cpu(server, Operation::Put, MANY, length).await?.operations;
        rest(server).await?;
        figures.insert(Figure::Compaction, compaction_cpu(server).await? / since as f64);
        server.check_alive()?;
        Ok(figures)
    }

    async fn fill(self, server: &Process) -> Result<(), BenchError> {
        let operation = Operation::Fill { order: Order::Random, puts_per_txn: TXN_PUTS };
        let mut session = self.session(server, operation, FILLERS).await?;
        session.drive(Until::Count(self.keys.div_ceil(TXN_PUTS))).await.map(drop)
    }

    /// Runs a load and returns what an operation costs the server.
    async fn cpu(
        self,
        server: &Process,
        operation: Operation,
        clients: usize,
        length: Duration,
    ) -> Result<Cost, BenchError> {
        let mut session = self.session(server, operation, clients).await?;
        let before = server.cpu_time()?;
        let operations = session.drive(Until::Elapsed(length)).await?.operations();
        let used = server.cpu_time()?.saturating_sub(before);
        Ok(Cost { microseconds: used.as_secs_f64() * 1e6 / operations as f64, operations })
    }

    async fn session(self, server: &Process, operation: Operation, clients: usize) -> Result<Session, BenchError> {
        let load = Load {
            operation,
            clients,
            connections: clients,
            keys: KeySpace::of(self.keys),
            distribution: Distribution::Uniform,
            rate: None,
            idle_watchers: 0,
            seed: 1,
        };
        Session::open(server.name(), &[server.url()], load).await
    }
}

/// What operations cost the server's processor, each.
struct Cost {
    microseconds: f64,
    operations: u64,
}

/// Gives up everything but the newest versions; returns the microseconds of the server's processor that it took.
async fn compaction_cpu(server: &Process) -> Result<f64, BenchError> {
    let before = server.cpu_time()?;
    compact(server.url()).await.map_err(BenchError::request(server.name(), "compaction"))?;
    Ok(server.cpu_time()?.saturating_sub(before).as_secs_f64() * 1e6)
}
