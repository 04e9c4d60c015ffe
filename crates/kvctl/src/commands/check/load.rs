//! Writes by many clients at the same time, paced, and measured one by one; and what is done about the keys.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use kv_cli::{CliError, ExitStatus, Format, Output, Progress, Quoted, key_range};
use kv_client::{Client, Deadline, Error};
use kv_proto::etcdserverpb::{CompactionRequest, DefragmentRequest, DeleteRangeRequest, PutRequest, RangeRequest};
use tokio::time::Instant;

use super::latency::Latencies;
use crate::commands::held::EndSignals;
use crate::session::{Context, connect, failure};

/// How far behind its pace a load may fall before it gives up the difference, which is more than a timer is late.
const SLACK: Duration = Duration::from_millis(10);

/// The longest time for each of the steps at the end, as in etcdctl.
const STEP_MAX: Duration = Duration::from_secs(30);

/// What is written.
#[derive(Debug, Clone)]
pub(super) struct Load {
    pub(super) prefix: String,
    pub(super) key_bytes: usize,
    pub(super) value_bytes: usize,
    /// Writes that may begin in a second; 0 for as many as possible.
    pub(super) rate: u32,
    /// Writes after which it ends.
    pub(super) writes_max: u64,
    /// Time after which no write begins any more.
    pub(super) duration: Duration,
    /// How long one write may take.
    pub(super) patience: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) latencies: Latencies,
    /// How often each error occurred.
    pub(super) errors: BTreeMap<String, u64>,
    pub(super) took: Duration,
    /// Whether it ended before its time, because the process was told to.
    pub(super) interrupted: bool,
}

impl Measured {
    /// Returns the writes of a second.
    pub(super) fn rate(&self) -> f64 {
        self.latencies.count() as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }

    /// Returns what etcdctl says about errors.
    pub(super) fn error_lines(&self) -> String {
        if self.errors.is_empty() {
            return String::new();
        }
        let lines: String =
            self.errors.iter().map(|(error, count)| format!("FAIL: ERROR({error}) -> {count}\n")).collect();
        format!("FAIL: too many errors\n{lines}")
    }
}

/// Makes the clients, each with a connection of its own, and checks that no key of the prefix is there.
pub(super) async fn clients(context: &Context, count: usize, prefix: &str) -> Result<Vec<Client>, CliError> {
    let endpoints = context.endpoints().await?;
    let options = context.options()?;
    let mut clients = Vec::with_capacity(count);
    for _ in 0..count {
        clients.push(connect(&endpoints, options.clone()).await?);
    }
    let (key, range_end) = key_range(prefix.as_bytes(), None, true, false);
    let first = RangeRequest { key: key.into(), range_end: range_end.into(), limit: 1, ..RangeRequest::default() };
    // With their first request they connect, so that this is not measured.
    let deadline = context.deadline();
    let connecting = clients.iter().map(|client| {
        let (client, first) = (client.clone(), first.clone());
        tokio::spawn(async move { client.range(first, deadline).await })
    });
    for answer in connecting.collect::<Vec<_>>() {
        let answer = answer.await.expect("a request does not panic").map_err(|error| failure(&error))?;
        if !answer.kvs.is_empty() {
            let (quoted, program) = (Quoted(prefix.as_bytes()), context.program);
            let message = format!("prefix {quoted} has keys. Delete with '{program} del --prefix {prefix}' first");
            return Err(CliError::new(ExitStatus::BadInput, message));
        }
    }
    Ok(clients)
}

/// Writes until it is enough, or until the process is told to end.
pub(super) async fn run(clients: &[Client], load: Load, progress: Progress) -> Result<Measured, CliError> {
    let mut signals = EndSignals::new()?;
    let began = Instant::now();
    let work = Arc::new(Work {
        value: vec![0; load.value_bytes].into(),
        hasher: RandomState::new(),
        state: Mutex::new(State { next: began, begun: 0, latencies: Vec::new(), errors: BTreeMap::new() }),
        end: began + load.duration,
        load,
        progress,
    });
    let mut writers = tokio::task::JoinSet::new();
    for client in clients {
        let (client, work) = (client.clone(), Arc::clone(&work));
        writers.spawn(async move { while work.write(&client).await {} });
    }
    let mut interrupted = false;
    loop {
        tokio::select! {
            writer = writers.join_next() => if writer.is_none() { break },
            _ = signals.next() => {
                interrupted = true;
                work.state().begun = u64::MAX;
            }
        }
    }
    let took = began.elapsed();
    let mut state = work.state();
    let (latencies, errors) = (std::mem::take(&mut state.latencies), std::mem::take(&mut state.errors));
    Ok(Measured { latencies: Latencies::new(latencies), errors, took, interrupted })
}

/// What the writers share.
struct Work {
    load: Load,
    value: Bytes,
    hasher: RandomState,
    end: Instant,
    progress: Progress,
    state: Mutex<State>,
}

struct State {
    /// When the next write may begin.
    next: Instant,
    begun: u64,
    latencies: Vec<Duration>,
    errors: BTreeMap<String, u64>,
}

impl Work {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it is held")
    }

    /// Writes once; returns whether there is more to write.
    async fn write(&self, client: &Client) -> bool {
        let Some((number, when)) = self.turn() else { return false };
        tokio::time::sleep_until(when).await;
        let request = PutRequest { key: self.key(number), value: self.value.clone(), ..PutRequest::default() };
        let began = Instant::now();
        let result = client.put(request, Deadline::after(self.load.patience)).await;
        let latency = began.elapsed();
        let mut state = self.state();
        match result {
            Ok(_) => state.latencies.push(latency),
            Err(error) => *state.errors.entry(error.to_string()).or_default() += 1,
        }
        self.progress.set(state.latencies.len() as u64);
        true
    }

    /// Returns the number of the next write and when it begins.
    fn turn(&self) -> Option<(u64, Instant)> {
        let mut state = self.state();
        let now = Instant::now();
        let number = state.begun;
        let when = match self.load.rate {
            0 => now,
            rate => {
                let when = state.next.max(now.checked_sub(SLACK).unwrap_or(now));
                state.next = when + Duration::from_secs(1) / rate;
                when
            }
        };
        if number >= self.load.writes_max || when.max(now) >= self.end {
            return None;
        }
        state.begun += 1;
        Some((number, when))
    }

    /// Makes a key that nobody else has.
    fn key(&self, number: u64) -> Bytes {
        let mut key = vec![0; self.load.key_bytes];
        key[..8].copy_from_slice(&self.hasher.hash_one(number).to_be_bytes());
        [self.load.prefix.as_bytes(), &key].concat().into()
    }
}

/// What is done about the server at the end.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct AfterArgs {
    /// Drop all history at the end
    #[arg(long)]
    auto_compact: bool,

    /// Defragment the servers at the end
    #[arg(long)]
    auto_defrag: bool,
}

/// Deletes the keys and does what was asked for after that.
pub(super) async fn clean_up(
    context: &Context,
    client: &Client,
    prefix: &str,
    after: AfterArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let (key, range_end) = key_range(prefix.as_bytes(), None, true, false);
    let request = DeleteRangeRequest { key: key.into(), range_end: range_end.into(), prev_kv: false };
    // A delete may take long, and a server that is gone is not worth that time.
    let look = RangeRequest { key: request.key.clone(), limit: 1, ..RangeRequest::default() };
    let deleted = match client.range(look, context.deadline()).await {
        Ok(_) => client.delete_range(request, Deadline::after(STEP_MAX)).await,
        Err(error) => Err(error),
    };
    match deleted {
        Ok(deleted) if after.auto_compact => {
            let revision = deleted.header.unwrap_or_default().revision;
            say(output, &format!("Compacting with revision {revision}"))?;
            let request = CompactionRequest { revision, physical: true };
            client.compact(request, Deadline::after(STEP_MAX)).await.map_err(|error| failure(&error))?;
            say(output, &format!("Compacted with revision {revision}"))?;
        }
        Ok(_) => {}
        Err(error) => {
            say(output, &format!("FAIL: Cleanup failed during key deletion: ERROR({error})"))?;
            let program = context.program;
            let left =
                format!("what is left can be deleted with `{program} del --prefix {}`", Quoted(prefix.as_bytes()));
            context.voice().say(&left);
            return Ok(());
        }
    }
    if after.auto_defrag {
        for endpoint in context.endpoints().await? {
            let quoted = Quoted(endpoint.as_bytes()).to_string();
            say(output, &format!("Defragmenting {quoted}"))?;
            defragment(context, &endpoint).await.map_err(|error| failure(&error))?;
            say(output, &format!("Defragmented {quoted}"))?;
        }
    }
    Ok(())
}

async fn defragment(context: &Context, endpoint: &str) -> Result<(), Error> {
    let options = context.options().map_err(|_| Error::NoEndpoints)?;
    let client = Client::connect([endpoint], options).await?;
    client.defragment(DefragmentRequest {}, Deadline::after(STEP_MAX)).await.map(drop)
}

/// Says a line that is not a result, where people or scripts of etcdctl read it.
pub(super) fn say(output: &mut Output, line: &str) -> Result<(), CliError> {
    if !matches!(output.format, Format::JsonLines | Format::Table) {
        writeln!(output, "{line}")?;
        output.flush()?;
    }
    Ok(())
}
