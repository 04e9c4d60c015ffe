//! `kv-bench stall`: how long upkeep holds up a reader and a writer.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::maintenance_client::MaintenanceClient;
use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::{
    CompactionRequest, DefragmentRequest, PutRequest, RangeRequest, RequestOp, SnapshotRequest, TxnRequest,
};
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::BenchError;
use crate::driver::{Random, key};
use crate::probe::{EVERY, Probe, Probed};
use crate::process::Process;
use crate::ready::wait_until_ready;
use crate::servers::ServerArgs;

/// Bytes of every value.
const VALUE_BYTES: usize = 1024;
/// Puts in one loading transaction.
const LOAD_TXN_PUTS: u64 = 128;
/// Keys that the writing probe overwrites.
const WRITTEN_KEYS: u64 = 1000;
/// How long nothing but the probes runs, and how long they go on behind each piece of upkeep.
const QUIET: Duration = Duration::from_secs(3);
const AFTER: Duration = Duration::from_millis(500);
/// No upkeep takes longer.
const CALL_TIMEOUT: Duration = Duration::from_secs(600);

const EXAMPLES: &str = "\
Examples:
  flags='--data-dir {dir} --listen-client-urls {client_url} --advertise-client-urls {client_url}'
  kv-bench stall --ours \"kvd $flags\" --megabytes 100";

/// Measure how long compaction, a snapshot and defragmentation hold up a reader and a writer
///
/// Starts the servers one after the other, pinned to one core, with the clients on another; fills each; then reads and
/// writes once every millisecond while the store is copied to a snapshot, compacted and defragmented. Requests that were
/// due while one waited count as having waited too, and so do those that the server refuses in the end. Commands are as for compare.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct StallArgs {
    #[command(flatten)]
    servers: ServerArgs,
    /// Megabytes of values; one in three is overwritten once
    #[arg(long, value_name = "MEGABYTES", default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..))]
    megabytes: u64,
}

/// Measures and prints.
pub(crate) fn run(args: &StallArgs) -> Result<(), BenchError> {
    let rows = args.servers.measure(&async |server: &mut Process| measure(server, args.megabytes).await)?;
    let report = Report { megabytes: args.megabytes, rows: rows.into_iter().flatten().collect() };
    print!("{report}");
    Ok(())
}

/// What is done to a store.
#[derive(Debug, Clone, Copy)]
enum Upkeep {
    Nothing,
    Snapshot,
    Compaction,
    Defragmentation,
}

impl Upkeep {
    const ALL: [Upkeep; 4] = [Upkeep::Nothing, Upkeep::Snapshot, Upkeep::Compaction, Upkeep::Defragmentation];

    fn name(self) -> &'static str {
        match self {
            Upkeep::Nothing => "nothing",
            Upkeep::Snapshot => "snapshot",
            Upkeep::Compaction => "compaction",
            Upkeep::Defragmentation => "defragmentation",
        }
    }
}

async fn measure(server: &mut Process, megabytes: u64) -> Result<Vec<Row>, BenchError> {
    measure_each(server, megabytes, &Upkeep::ALL).await
}

/// Returns the longest wait of a read or a write while a filled store is defragmented.
pub(crate) async fn of_defragmentation(server: &mut Process, megabytes: u64) -> Result<Duration, BenchError> {
    let rows = measure_each(server, megabytes, &[Upkeep::Defragmentation]).await?;
    let longest = rows.iter().map(|row| row.reads.latencies.max().max(row.writes.latencies.max())).max();
    Ok(Duration::from_nanos(longest.unwrap_or(0)))
}

async fn measure_each(server: &mut Process, megabytes: u64, what: &[Upkeep]) -> Result<Vec<Row>, BenchError> {
    let puts = megabytes * 1_000_000 / VALUE_BYTES as u64;
    let keys = puts * 3 / 4;
    wait_until_ready(server).await?;
    let endpoint = Endpoint::from_shared(server.url()).expect("the URL is made of an address").tcp_nodelay(true);
    // Each on a connection of its own, so that one never waits for the bytes of another.
    let [loading, reading, writing, upkeep] = std::array::from_fn(|_| endpoint.connect_lazy());
    let name = server.name().to_owned();
    let failed = |request| BenchError::request(&name, request);
    eprintln!("{name}: writing {megabytes} MB");
    let revision = load(loading, puts, keys).await.map_err(failed("loading"))?;

    let mut rows = Vec::new();
    for &what in what {
        eprintln!("{name}: {}", what.name());
        let reader = reader(reading.clone(), keys);
        let writer = writer(writing.clone());
        let began = Instant::now();
        let done = tokio::time::timeout(CALL_TIMEOUT, do_upkeep(upkeep.clone(), what, revision)).await;
        done.unwrap_or_else(|_| Err(Status::deadline_exceeded("it takes too long"))).map_err(failed(what.name()))?;
        let took = began.elapsed();
        tokio::time::sleep(AFTER).await;
        let reads = reader.stop().await;
        let writes = writer.stop().await;
        rows.push(Row { server: name.clone(), what, took, reads, writes });
    }
    server.check_alive()?;
    Ok(rows)
}

/// Writes every key, then a part of them again; returns the newest revision.
async fn load(channel: Channel, puts: u64, keys: u64) -> Result<i64, Status> {
    let mut client = KvClient::new(channel);
    let mut revision = 0;
    for first in (0..puts).step_by(LOAD_TXN_PUTS as usize) {
        let success = (first..puts.min(first + LOAD_TXN_PUTS))
            .map(|number| PutRequest { key: key(number % keys), value: value(number), ..PutRequest::default() })
            .map(|put| RequestOp { request: Some(Request::RequestPut(put)) })
            .collect();
        let answer = client.txn(TxnRequest { success, ..TxnRequest::default() }).await?.into_inner();
        revision = answer.header.map_or(revision, |header| header.revision);
    }
    Ok(revision)
}

async fn do_upkeep(channel: Channel, what: Upkeep, revision: i64) -> Result<(), Status> {
    match what {
        Upkeep::Nothing => tokio::time::sleep(QUIET).await,
        Upkeep::Snapshot => {
            let mut stream = MaintenanceClient::new(channel).snapshot(SnapshotRequest {}).await?.into_inner();
            while stream.message().await?.is_some() {}
        }
        Upkeep::Compaction => {
            KvClient::new(channel).compact(CompactionRequest { revision, physical: true }).await?;
        }
        Upkeep::Defragmentation => {
            MaintenanceClient::new(channel).defragment(DefragmentRequest {}).await?;
        }
    }
    Ok(())
}

fn reader(channel: Channel, keys: u64) -> Probe {
    let random = Rc::new(RefCell::new(Random(1)));
    Probe::start(move || {
        let mut client = KvClient::new(channel.clone());
        let request = RangeRequest { key: key(random.borrow_mut().below(keys)), ..RangeRequest::default() };
        async move { client.range(request).await.map(drop) }
    })
}

fn writer(channel: Channel) -> Probe {
    let random = Rc::new(RefCell::new(Random(2)));
    Probe::start(move || {
        let mut client = KvClient::new(channel.clone());
        let number = random.borrow_mut().next();
        let request = PutRequest { key: key(number % WRITTEN_KEYS), value: value(number), ..PutRequest::default() };
        async move { client.put(request).await.map(drop) }
    })
}

/// A value that does not compress to nothing.
fn value(stamp: u64) -> Bytes {
    let mut random = Random(stamp);
    (0..VALUE_BYTES / 8).flat_map(|_| random.next().to_be_bytes()).collect::<Vec<u8>>().into()
}

/// What was measured.
#[derive(Debug)]
struct Report {
    megabytes: u64,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    server: String,
    what: Upkeep,
    took: Duration,
    reads: Probed,
    writes: Probed,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_header([
            "during",
            "server",
            "took s",
            "read p99.9 ms",
            "read max ms",
            "write p99.9 ms",
            "write max ms",
            "failed",
        ]);
        let milliseconds = |nanoseconds: u64| format!("{:.1}", nanoseconds as f64 / 1e6);
        for what in Upkeep::ALL {
            for row in self.rows.iter().filter(|row| row.what.name() == what.name()) {
                table.add_row([
                    what.name().to_owned(),
                    row.server.clone(),
                    format!("{:.1}", row.took.as_secs_f64()),
                    milliseconds(row.reads.latencies.value_at_quantile(0.999)),
                    milliseconds(row.reads.latencies.max()),
                    milliseconds(row.writes.latencies.value_at_quantile(0.999)),
                    milliseconds(row.writes.latencies.max()),
                    (row.reads.failures + row.writes.failures).to_string(),
                ]);
            }
        }
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let every = EVERY.as_millis();
        writeln!(
            formatter,
            "a read and a put every {every} ms; store of {} MB, values of {VALUE_BYTES} B",
            self.megabytes
        )?;
        writeln!(formatter, "{table}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::empty_histogram;

    #[test]
    fn rows_stand_by_what_was_done() {
        let row = |server: &str, what, nanoseconds| {
            let mut latencies = empty_histogram();
            latencies.saturating_record(nanoseconds);
            let took = Duration::from_millis(1500);
            let probed = Probed { latencies, failures: 0 };
            Row { server: server.to_owned(), what, took, reads: probed.clone(), writes: probed }
        };
        let rows = vec![
            row("peer", Upkeep::Nothing, 500_000),
            row("peer", Upkeep::Defragmentation, 3_600_000_000),
            row("ours", Upkeep::Nothing, 400_000),
            row("ours", Upkeep::Defragmentation, 9_000_000),
        ];
        let text = Report { megabytes: 500, rows }.to_string();
        let lines: Vec<_> = text.lines().filter(|line| line.contains("peer") || line.contains("ours")).collect();
        assert!(lines[0].contains("nothing") && lines[1].contains("ours") && lines[2].contains("3600"), "{text}");
    }
}
