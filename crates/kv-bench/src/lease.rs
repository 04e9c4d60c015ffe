//! `kv-bench lease`: many leases, renewed and expiring.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::lease_client::LeaseClient;
use kv_proto::etcdserverpb::{LeaseGrantRequest, LeaseKeepAliveRequest, PutRequest, RangeRequest};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::BenchError;
use crate::driver::{Random, key};
use crate::probe::{EVERY, Probe, Probed};
use crate::process::Process;
use crate::ready::wait_until_ready;
use crate::servers::ServerArgs;

/// Requests under way at once, and streams of renewals.
const CALLERS: u64 = 64;
/// The time to live of leases that do not expire during a run, in seconds.
const LONG_TTL: i64 = 100_000;
/// How long renewals are counted.
const RENEWING: Duration = Duration::from_secs(5);
/// How long puts are timed before leases expire.
const QUIET: Duration = Duration::from_secs(3);
/// Leases that are granted in a second at least; what expires together must have been granted before.
const GRANTS_PER_SECOND_MIN: u64 = 2000;
/// How often it is looked whether everything has expired.
const POLL: Duration = Duration::from_millis(100);
/// No server takes longer to end its leases.
const EXPIRED_WITHIN: Duration = Duration::from_secs(600);
/// Keys that the probe overwrites.
const WRITTEN_KEYS: u64 = 1000;

const EXAMPLES: &str = "\
Examples:
  flags='--data-dir {dir} --listen-client-urls {client_url} --advertise-client-urls {client_url}'
  kv-bench lease --ours \"kvd $flags\" --leases 100000 --expiring 10000";

/// Measure grants, renewals and a mass expiry of leases
///
/// Starts the servers one after the other, pinned to one core, with the clients on another. Grants leases, renews them for
/// a few seconds, then lets others, with a key each, expire within one second while a put is timed every millisecond. Commands
/// are as for compare.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct LeaseArgs {
    #[command(flatten)]
    servers: ServerArgs,
    /// Leases that are granted and renewed
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    leases: u64,
    /// Leases that expire together
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    expiring: u64,
}

/// Measures and prints.
pub(crate) fn run(args: &LeaseArgs) -> Result<(), BenchError> {
    let rows = args.servers.measure(&async |server: &mut Process| measure(server, args.leases, args.expiring).await)?;
    let report = Report { leases: args.leases, expiring: args.expiring, rows };
    print!("{report}");
    Ok(())
}

async fn measure(server: &mut Process, leases: u64, expiring: u64) -> Result<Row, BenchError> {
    wait_until_ready(server).await?;
    let endpoint = Endpoint::from_shared(server.url()).expect("the URL is made of an address").tcp_nodelay(true);
    let [loading, writing] = std::array::from_fn(|_| endpoint.connect_lazy());
    let name = server.name().to_owned();
    let failed = |request| BenchError::request(&name, request);
    eprintln!("{name}: granting {leases} leases");
    let began = Instant::now();
    grant(&loading, 1..=leases, || LONG_TTL).await.map_err(failed("granting"))?;
    let grants_per_second = leases as f64 / began.elapsed().as_secs_f64();
    let resident_bytes = server.resident_bytes()?;
    eprintln!("{name}: renewing");
    let renewals_per_second = renew(&loading, leases).await.map_err(failed("renewing"))?;

    eprintln!("{name}: granting {expiring} leases that expire together");
    let horizon = Duration::from_secs(10 + expiring.div_ceil(GRANTS_PER_SECOND_MIN));
    let began = Instant::now();
    let ids = leases + 1..=leases + expiring;
    let ttl = move || horizon.saturating_sub(began.elapsed()).as_secs().max(2) as i64;
    grant(&loading, ids.clone(), ttl).await.map_err(failed("granting"))?;
    attach(&loading, ids).await.map_err(failed("attaching"))?;
    let before = writer(writing.clone());
    tokio::time::sleep(QUIET).await;
    let before = before.stop().await;
    // Whole seconds are granted, so the first end a second early.
    tokio::time::sleep_until((began + horizon.saturating_sub(Duration::from_secs(1))).into()).await;
    eprintln!("{name}: expiring");
    let writes = writer(writing.clone());
    let began = Instant::now();
    while count_attached(&loading).await.map_err(failed("counting"))? > 0 && began.elapsed() < EXPIRED_WITHIN {
        tokio::time::sleep(POLL).await;
    }
    let expired_within = began.elapsed();
    let during = writes.stop().await;
    server.check_alive()?;
    Ok(Row { server: name, grants_per_second, resident_bytes, renewals_per_second, expired_within, before, during })
}

/// Runs `task` for several callers at once, each with its own number.
async fn at_once<F>(task: impl Fn(u64) -> F) -> Result<(), Status>
where
    F: Future<Output = Result<(), Status>> + 'static,
{
    let mut tasks = JoinSet::new();
    for caller in 0..CALLERS {
        tasks.spawn_local(task(caller));
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("a caller does not panic")?;
    }
    Ok(())
}

async fn grant(
    channel: &Channel,
    ids: std::ops::RangeInclusive<u64>,
    ttl: impl Fn() -> i64 + Copy + 'static,
) -> Result<(), Status> {
    at_once(|caller| {
        let (mut client, ids) = (LeaseClient::new(channel.clone()), ids.clone());
        async move {
            for id in ids.skip(caller as usize).step_by(CALLERS as usize) {
                client.lease_grant(LeaseGrantRequest { id: id as i64, ttl: ttl() }).await?;
            }
            Ok(())
        }
    })
    .await
}

/// Renews leases in turn, each stream one at a time; returns how many a second.
async fn renew(channel: &Channel, leases: u64) -> Result<f64, Status> {
    let renewed = Rc::new(Cell::new(0u64));
    let began = Instant::now();
    at_once(|caller| {
        let (mut client, renewed) = (LeaseClient::new(channel.clone()), Rc::clone(&renewed));
        async move {
            let (requests, receiver) = mpsc::channel(1);
            let next = |number: u64| LeaseKeepAliveRequest { id: ((caller + number * CALLERS) % leases + 1) as i64 };
            let mut number = 0;
            // Some servers begin to answer only when they were asked something.
            requests.send(next(number)).await.expect("the receiver is right here");
            let mut answers = client.lease_keep_alive(ReceiverStream::new(receiver)).await?.into_inner();
            while began.elapsed() < RENEWING {
                let answer = answers.message().await?.ok_or_else(|| Status::unknown("the stream has ended"))?;
                if answer.ttl <= 0 {
                    return Err(Status::unknown("a lease is gone"));
                }
                renewed.set(renewed.get() + 1);
                number += 1;
                if requests.send(next(number)).await.is_err() {
                    return Err(Status::unknown("the stream has ended"));
                }
            }
            Ok(())
        }
    })
    .await?;
    Ok(renewed.get() as f64 / began.elapsed().as_secs_f64())
}

/// Puts a key with each lease.
async fn attach(channel: &Channel, ids: std::ops::RangeInclusive<u64>) -> Result<(), Status> {
    at_once(|caller| {
        let (mut client, ids) = (KvClient::new(channel.clone()), ids.clone());
        async move {
            for id in ids.skip(caller as usize).step_by(CALLERS as usize) {
                let key = format!("leased/{id:016x}").into();
                client.put(PutRequest { key, lease: id as i64, ..PutRequest::default() }).await?;
            }
            Ok(())
        }
    })
    .await
}

async fn count_attached(channel: &Channel) -> Result<i64, Status> {
    let request = RangeRequest {
        key: Bytes::from_static(b"leased/"),
        range_end: Bytes::from_static(b"leased0"),
        count_only: true,
        ..RangeRequest::default()
    };
    Ok(KvClient::new(channel.clone()).range(request).await?.into_inner().count)
}

fn writer(channel: Channel) -> Probe {
    let random = Rc::new(RefCell::new(Random(1)));
    Probe::start(move || {
        let mut client = KvClient::new(channel.clone());
        let number = random.borrow_mut().below(WRITTEN_KEYS);
        let request = PutRequest { key: key(number), value: Bytes::from_static(&[7; 256]), ..PutRequest::default() };
        async move { client.put(request).await.map(drop) }
    })
}

/// What was measured.
#[derive(Debug)]
struct Report {
    leases: u64,
    expiring: u64,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    server: String,
    grants_per_second: f64,
    resident_bytes: u64,
    renewals_per_second: f64,
    expired_within: Duration,
    before: Probed,
    during: Probed,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_header([
            "server",
            "grants/s",
            "memory MB",
            "renewals/s",
            "expired in s",
            "put p99 ms before",
            "during",
            "put max ms before",
            "during",
            "puts failed",
        ]);
        let milliseconds = |nanoseconds: u64| format!("{:.1}", nanoseconds as f64 / 1e6);
        for row in &self.rows {
            table.add_row([
                row.server.clone(),
                format!("{:.0}", row.grants_per_second),
                format!("{:.0}", row.resident_bytes as f64 / 1e6),
                format!("{:.0}", row.renewals_per_second),
                format!("{:.1}", row.expired_within.as_secs_f64()),
                milliseconds(row.before.latencies.value_at_quantile(0.99)),
                milliseconds(row.during.latencies.value_at_quantile(0.99)),
                milliseconds(row.before.latencies.max()),
                milliseconds(row.during.latencies.max()),
                (row.before.failures + row.during.failures).to_string(),
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(
            formatter,
            "{} leases granted and renewed by {CALLERS} callers; {} leases with a key each expire in one second; a put every \
             {} ms",
            self.leases,
            self.expiring,
            EVERY.as_millis()
        )?;
        writeln!(formatter, "{table}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::empty_histogram;

    #[test]
    fn a_row_holds_every_figure() {
        let mut during = empty_histogram();
        during.saturating_record(9_000_000);
        let row = Row {
            server: "ours".to_owned(),
            grants_per_second: 12_345.0,
            resident_bytes: 200_000_000,
            renewals_per_second: 54_321.0,
            expired_within: Duration::from_millis(20_500),
            before: Probed { latencies: empty_histogram(), failures: 0 },
            during: Probed { latencies: during, failures: 0 },
        };
        let text = Report { leases: 10, expiring: 5, rows: vec![row] }.to_string();
        for figure in ["12345", "200", "54321", "20.5", "9.0"] {
            assert!(text.contains(figure), "{figure} is not in {text}");
        }
    }
}
