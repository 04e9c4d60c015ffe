//! Cutting the power loses nothing that kvd acknowledged, and nothing it left behind keeps it from starting.
//!
//! kvd runs under a recorder of every write and sync. For every moment at which something became durable or an answer
//! arrived, the test builds each directory the disk could have held then (all, none, each or some of the writes that no
//! sync had covered yet, down to torn sectors), opens it, and compares the state with the history: it must be exactly
//! that of some revision, and of none older than the newest acknowledged. So a covering sync precedes every answer, and
//! every loss of unsynced writes is survived. With `--unsafe-no-fsync` the same checks must fail.

mod disk;
mod trace;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::maintenance_client::MaintenanceClient;
use kv_proto::etcdserverpb::{CompactionRequest, DefragmentRequest, PutRequest};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep};
use tonic::transport::Channel;

use crate::harness::{Kind, Random, Server, Tool};
use disk::{Image, Loss, Recording};
use trace::Moment;

/// Puts of one client, one after another.
const LONE_PUTS: usize = 60;
/// Clients that put at the same time, and puts of each.
const CLIENTS: usize = 8;
const PUTS_PER_CLIENT: usize = 10;
/// Keys; there are fewer than puts, so that compaction has something to delete.
const KEYS: usize = 40;
/// Longer than the time between two checkpoints.
const CHECKPOINT_WITHIN: Duration = Duration::from_millis(300);
/// Every so many images the offline tool checks every record too.
const CHECK_EVERY: usize = 20;

/// One acknowledged put and when its answer arrived.
#[derive(Debug, Clone)]
struct Acknowledged {
    moment: Moment,
    revision: i64,
    key: Bytes,
    value: Bytes,
}

/// What was wrong with one image.
type Violation = String;

#[tokio::test]
async fn no_power_cut_loses_an_acknowledged_put() {
    let (images, violations) = cut(&[]).await;
    println!("{images} directories after a power cut, every one opened and complete");
    assert!(images > 100, "only {images} directories were tried");
    assert!(
        violations.is_empty(),
        "{} of {images}:\n{}",
        violations.len(),
        violations[..violations.len().min(5)].join("\n\n")
    );
}

/// The test sees a missing sync: without syncs it finds acknowledged puts lost.
#[tokio::test]
async fn without_syncs_a_power_cut_loses_acknowledged_puts() {
    let (images, violations) = cut(&["--unsafe-no-fsync"]).await;
    assert!(
        violations.iter().any(|violation| violation.contains("acknowledged")),
        "nothing lost in {images} directories"
    );
}

/// Records two runs of a server, the second on what the first left, and tries every loss of both.
async fn cut(flags: &[&str]) -> (usize, Vec<Violation>) {
    let scratch = tempfile::tempdir().expect("make a directory");
    let record = scratch.path().join("first");
    let mut server = Server::start_under(&trace::recorder(&record), Kind::Kvd, flags);
    let root = server.data_directory();
    let mut history = work(&server, &[]).await;
    let pid = server.pid();
    server.stop();
    let first = Recording::new(&root, Image::default(), &trace::read(&record, pid, &root));
    let (mut images, mut violations) = try_losses(&first, &root, &history, scratch.path());
    if !violations.is_empty() {
        return (images, violations);
    }

    // A start on an existing directory recovers, opens a new segment and recycles old ones.
    let before = Image::of(&root).expect("read what the first run left");
    let record = scratch.path().join("second");
    server.wrap_next_start(&trace::recorder(&record));
    server.start_again();
    history.extend(work(&server, &history).await);
    let pid = server.pid();
    server.kill();
    let second = Recording::new(&root, before, &trace::read(&record, pid, &root));
    let (more_images, more_violations) = try_losses(&second, &root, &history, scratch.path());
    images += more_images;
    violations.extend(more_violations);
    (images, violations)
}

/// Puts, alone and at the same time, across checkpoints, a compaction and a defragmentation.
async fn work(server: &Server, before: &[Acknowledged]) -> Vec<Acknowledged> {
    let mut history = Vec::new();
    for number in 0..LONE_PUTS {
        history.push(put(server.channel(), before.len() + number).await);
        if number % 20 == 19 {
            sleep(CHECKPOINT_WITHIN).await;
        }
    }
    let revision = history.last().expect("there were puts").revision;
    let mut kv = KvClient::new(server.channel());
    kv.compact(CompactionRequest { revision, physical: true }).await.expect("compact");
    MaintenanceClient::new(server.channel()).defragment(DefragmentRequest {}).await.expect("defragment");
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let channel = server.channel();
        let first = before.len() + LONE_PUTS + client * PUTS_PER_CLIENT;
        clients.spawn(async move {
            let mut history = Vec::new();
            for number in first..first + PUTS_PER_CLIENT {
                history.push(put(channel.clone(), number).await);
            }
            history
        });
    }
    history.extend(clients.join_all().await.into_iter().flatten());
    sleep(CHECKPOINT_WITHIN).await;
    history.push(put(server.channel(), before.len() + history.len()).await);
    history
}

async fn put(channel: Channel, number: usize) -> Acknowledged {
    let key = Bytes::from(format!("key {}", number % KEYS));
    let value = Bytes::from(format!("value {number}"));
    let request = PutRequest { key: key.clone(), value: value.clone(), ..PutRequest::default() };
    let answer = KvClient::new(channel).put(request).await.expect("put").into_inner();
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs_f64();
    Acknowledged { moment, revision: answer.header.expect("an answer has a header").revision, key, value }
}

/// Builds and opens every directory that a power cut during `recording` could have left.
fn try_losses(recording: &Recording, root: &Path, history: &[Acknowledged], scratch: &Path) -> (usize, Vec<Violation>) {
    let (changes, never_durable) = recording.counts();
    let moments: Vec<Moment> = history.iter().map(|put| put.moment).collect();
    let mut losses = recording.losses(&moments, &mut Random::new(11));
    // One directory can be left at several moments; at the last of them most was acknowledged.
    let mut seen: HashSet<Loss> = HashSet::new();
    losses.reverse();
    losses.retain(|(_, loss)| seen.insert(loss.clone()));
    losses.reverse();
    println!("{changes} changes recorded, {never_durable} never made durable; {} directories", losses.len());

    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let violations = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|worker| {
                let share = losses.iter().enumerate().skip(worker).step_by(workers);
                let directory = scratch.join(format!("image-{worker}"));
                scope.spawn(move || try_share(recording, share, root, history, &directory))
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a worker does not panic")).collect()
    });
    (losses.len(), violations)
}

/// Builds and opens one worker's share of the directories, one after another, as `directory`.
fn try_share<'a>(
    recording: &Recording,
    share: impl Iterator<Item = (usize, &'a (Moment, Loss))>,
    root: &Path,
    history: &[Acknowledged],
    directory: &Path,
) -> Vec<Violation> {
    let mut base = (0, recording.before());
    let mut violations = Vec::new();
    for (number, (moment, loss)) in share {
        let acknowledged = history.iter().filter(|put| put.moment <= *moment).map(|put| put.revision).max();
        let there = recording.image(&mut base, loss).write(root, directory).expect("write an image");
        let thorough = number.is_multiple_of(CHECK_EVERY);
        if let Err(violation) = open(directory, there, history, acknowledged.unwrap_or(1), thorough) {
            violations.push(format!("{violation}\nlost: {:#?}", recording.lost(loss, *moment)));
        }
        if there {
            fs::remove_dir_all(directory).expect("remove an image");
        }
    }
    violations
}

/// Opens one directory and compares what it holds with the history.
fn open(
    directory: &Path,
    there: bool,
    history: &[Acknowledged],
    acknowledged: i64,
    thorough: bool,
) -> Result<(), Violation> {
    let tool = Tool::offline(Kind::Kvd);
    let path = directory.to_str().expect("the test's path is text");
    let output = tool.run(&["get", "", "--prefix", "--data-dir", path, "-w", "json"]);
    if output.status != 0 {
        // A server that was cut off while it made its directory has acknowledged nothing, and must start on what is there.
        if acknowledged > 1 {
            return Err(format!("revision {acknowledged} was acknowledged, opening fails: {output:?}"));
        }
        return if there { Server::start_on(Kind::Kvd, directory).map(drop) } else { Ok(()) };
    }
    let answer: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}: {output:?}"))?;
    let revision = answer["header"]["revision"].as_i64().unwrap_or(1);
    if revision < acknowledged {
        return Err(format!("revision {acknowledged} was acknowledged, the directory holds {revision}"));
    }
    let mut expected: HashMap<&Bytes, (i64, &Bytes)> = HashMap::new();
    let by_revision: BTreeMap<i64, &Acknowledged> = history.iter().map(|put| (put.revision, put)).collect();
    for (at, put) in by_revision.range(..=revision) {
        expected.insert(&put.key, (*at, &put.value));
    }
    let expected: BTreeMap<String, (i64, String)> =
        expected.iter().map(|(key, (at, value))| (base64(key), (*at, base64(value)))).collect();
    let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
    let held: BTreeMap<String, (i64, String)> = answer["kvs"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|kv| (text(&kv["key"]), (kv["mod_revision"].as_i64().unwrap_or_default(), text(&kv["value"]))))
        .collect();
    if held != expected {
        return Err(format!("not the state of revision {revision}: {held:?}, expected {expected:?}"));
    }
    if thorough {
        let output = tool.run(&["check", "--data-dir", path]);
        if output.status != 0 {
            return Err(format!("kvutl check: {output:?}"));
        }
    }
    Ok(())
}

/// Standard base64, as the tools write bytes in JSON.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) & 63;
            text.push(if digit <= chunk.len() { DIGITS[index as usize] as char } else { '=' });
        }
    }
    text
}
