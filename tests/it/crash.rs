//! Killing a server under load loses nothing that it acknowledged.
//!
//! 64 writers note every acknowledged put with its revision; the server is killed with SIGKILL at some moment, now
//! and then in the middle of compactions and defragmentations (checkpoints run all the time); it starts again on what
//! is left. Then every acknowledged put must stand in the history at its revision, once, and offline reading of the
//! same directory before the start must have said the same, down to the hash of the history.
//!
//! The page cache survives the kill, so this proves nothing about syncs: `power_cut` does. `INTEROP_CRASH_ROUNDS=N`
//! kills N times instead of 20.

use std::collections::{BTreeMap, HashMap};
use std::env;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::maintenance_client::MaintenanceClient;
use kv_proto::etcdserverpb::{CompactionRequest, DefragmentRequest, HashKvRequest, PutRequest, RangeRequest};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tonic::transport::Channel;

use crate::harness::history::history;
use crate::harness::{Kind, Random, Server, Tool};

/// How often the server is killed in an ordinary run.
const ROUNDS: u64 = 20;
const WRITERS: u64 = 64;
/// Keys of one writer, each written again and again.
const KEYS_PER_WRITER: u64 = 20;
/// The load before the kill lasts from this long to four times as long.
const LOAD_MIN_MS: u64 = 100;
/// Acknowledged puts that offline reading is asked for one by one after each kill.
const OFFLINE_SAMPLES: usize = 4;
/// Larger than the whole history.
const MESSAGE_BYTES_MAX: usize = 1 << 30;

/// What goes on beside the writers when the kill comes.
#[derive(Debug, Clone, Copy)]
enum Beside {
    Nothing,
    Compactions,
    Defragmentations,
    Both,
}

/// Acknowledged puts by revision. Each value is written once only.
type Acknowledged = BTreeMap<i64, (Bytes, Bytes)>;

#[tokio::test]
async fn kvd_killed_under_load_keeps_every_acknowledged_put() {
    let rounds = env::var("INTEROP_CRASH_ROUNDS")
        .map_or(ROUNDS, |rounds| rounds.parse().expect("INTEROP_CRASH_ROUNDS is a number"));
    let acknowledged = kill_again_and_again(Kind::Kvd, rounds).await;
    println!("{rounds} kills, {acknowledged} acknowledged puts, none lost");
}

/// The checks themselves are right: etcd passes them.
#[tokio::test]
async fn etcd_keeps_every_acknowledged_put_too() {
    kill_again_and_again(Kind::Etcd37, 4).await;
}

async fn kill_again_and_again(kind: Kind, rounds: u64) -> usize {
    let mut server = Server::start(kind);
    let mut random = Random::new(7);
    let mut acknowledged = Acknowledged::new();
    for round in 0..rounds {
        let beside =
            [Beside::Nothing, Beside::Compactions, Beside::Defragmentations, Beside::Both][(round % 4) as usize];
        let last = acknowledged.last_key_value().map_or(1, |(revision, _)| *revision);
        acknowledged.extend(load_and_kill(&mut server, round, beside, last, &mut random).await);
        let offline = (kind == Kind::Kvd).then(|| read_offline(&server, &acknowledged, &mut random));
        server.start_again();
        check(&server, &acknowledged, &Label { kind, round, beside }).await;
        if let Some(offline) = offline {
            let mut maintenance = MaintenanceClient::new(server.channel());
            let request = HashKvRequest { revision: offline.revision };
            let online = maintenance.hash_kv(request).await.expect("hash the history").into_inner();
            assert_eq!(
                (offline.hash, offline.compact_revision),
                (u64::from(online.hash), online.compact_revision),
                "round {round} ({beside:?}): offline and online hashes differ"
            );
        }
    }
    acknowledged.len()
}

/// Runs the writers for a moment, kills the server in the middle, and returns what it acknowledged.
async fn load_and_kill(
    server: &mut Server,
    round: u64,
    beside: Beside,
    last: i64,
    random: &mut Random,
) -> Acknowledged {
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(server.channel(), round, writer));
    }
    let mut others = JoinSet::new();
    if matches!(beside, Beside::Compactions | Beside::Both) {
        others.spawn(compact(server.channel(), last, Arc::clone(&stop)));
    }
    if matches!(beside, Beside::Defragmentations | Beside::Both) {
        others.spawn(defragment(server.channel(), Arc::clone(&stop)));
    }
    sleep(Duration::from_millis(LOAD_MIN_MS + random.below(3 * LOAD_MIN_MS))).await;
    server.kill();
    stop.store(true, Ordering::Relaxed);
    others.join_all().await;
    writers.join_all().await.into_iter().flatten().collect()
}

/// Puts until the server no longer answers.
async fn write(channel: Channel, round: u64, writer: u64) -> Vec<(i64, (Bytes, Bytes))> {
    let mut client = KvClient::new(channel);
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let key = Bytes::from(format!("writer {writer} key {}", number % KEYS_PER_WRITER));
        let value = Bytes::from(format!("round {round} writer {writer} number {number}"));
        let request = PutRequest { key: key.clone(), value: value.clone(), ..PutRequest::default() };
        let Ok(answer) = client.put(request).await else { break };
        acknowledged.push((answer.into_inner().header.expect("an answer has a header").revision, (key, value)));
    }
    acknowledged
}

/// Compacts again and again to a little behind the newest revision.
async fn compact(channel: Channel, mut revision: i64, stop: Arc<AtomicBool>) {
    let mut client = KvClient::new(channel);
    while !stop.load(Ordering::Relaxed) {
        revision += 100;
        // A revision that is not there yet is tried again; a server that is gone ends this by `stop`.
        if client.compact(CompactionRequest { revision, physical: false }).await.is_err() {
            revision -= 100;
        }
        sleep(Duration::from_millis(10)).await;
    }
}

async fn defragment(channel: Channel, stop: Arc<AtomicBool>) {
    let mut client = MaintenanceClient::new(channel);
    while !stop.load(Ordering::Relaxed) {
        // The kill may come in the middle of it.
        let _ = client.defragment(DefragmentRequest {}).await;
        sleep(Duration::from_millis(10)).await;
    }
}

/// What a failure says about where it happened.
#[derive(Debug)]
struct Label {
    kind: Kind,
    round: u64,
    beside: Beside,
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} round {} (beside: {:?})", self.kind, self.round, self.beside)
    }
}

/// Every acknowledged put stands in the history at its revision, and no put stands there twice.
async fn check(server: &Server, acknowledged: &Acknowledged, label: &Label) {
    let (compacted, current) = bounds(server).await;
    let newest = acknowledged.last_key_value().map_or(1, |(revision, _)| *revision);
    assert!(current >= newest, "{label}: the store is at {current}, a put at {newest} was acknowledged");
    let history = history(server, compacted, current).await;
    let mut seen: HashMap<&Bytes, i64> = HashMap::new();
    for (revision, (_, value)) in &history {
        let before = seen.insert(value, *revision);
        assert!(before.is_none(), "{label}: {value:?} was written at {before:?} and again at {revision}");
    }
    for (revision, put) in acknowledged.range(compacted + 1..) {
        assert_eq!(history.get(revision), Some(put), "{label}: acknowledged at {revision}");
    }
    // Of what is compacted the newest version of each key stays.
    let mut newest_kept: HashMap<&Bytes, (i64, &Bytes)> = HashMap::new();
    for (revision, (key, value)) in acknowledged.range(..=compacted) {
        newest_kept.insert(key, (*revision, value));
    }
    let at_compacted = if compacted > 0 { state(server, compacted).await } else { HashMap::new() };
    for (key, (revision, value)) in newest_kept {
        let (kept_revision, kept_value) = at_compacted.get(key).unwrap_or_else(|| panic!("{label}: {key:?} is gone"));
        assert!(
            *kept_revision > revision || (*kept_revision == revision && kept_value == value),
            "{label}: {key:?} was acknowledged at {revision} with {value:?}, kept is {kept_revision} with {kept_value:?}"
        );
    }
}

/// Returns the compact revision, or 0, and the current one.
async fn bounds(server: &Server) -> (i64, i64) {
    let mut maintenance = MaintenanceClient::new(server.channel());
    let answer = maintenance.hash_kv(HashKvRequest { revision: 0 }).await.expect("hash the history").into_inner();
    (answer.compact_revision.max(0), answer.header.expect("an answer has a header").revision)
}

/// Returns every key with its revision and value as of `revision`.
async fn state(server: &Server, revision: i64) -> HashMap<Bytes, (i64, Bytes)> {
    let mut client = KvClient::new(server.channel()).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let request = RangeRequest {
        key: Bytes::from_static(b"\0"),
        range_end: Bytes::from_static(b"\0"),
        revision,
        ..RangeRequest::default()
    };
    let answer = client.range(request).await.expect("read everything").into_inner();
    answer.kvs.into_iter().map(|kv| (kv.key, (kv.mod_revision, kv.value))).collect()
}

/// What offline reading found.
#[derive(Debug)]
struct Offline {
    hash: u64,
    revision: i64,
    compact_revision: i64,
}

/// Reads the directory the kill left, with no server: the newest acknowledged put and some others at their revisions.
fn read_offline(server: &Server, acknowledged: &Acknowledged, random: &mut Random) -> Offline {
    let tool = Tool::offline(Kind::Kvd);
    let directory = server.data_directory();
    let directory = directory.to_str().expect("the test's path is text");
    let output = tool.run(&["hashkv", "--data-dir", directory, "-w", "json"]);
    assert_eq!(output.status, 0, "kvutl hashkv: {output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{output:?}: {error}"));
    let offline = Offline {
        hash: answer["hash"].as_u64().expect("a hash"),
        revision: answer["hashRevision"].as_i64().expect("a revision"),
        compact_revision: answer["compactRevision"].as_i64().expect("a compact revision"),
    };

    let readable: Vec<_> = acknowledged.range(offline.compact_revision.max(1)..).collect();
    let newest = readable.last().copied();
    let samples = (0..OFFLINE_SAMPLES.min(readable.len())).map(|_| random.pick(&readable));
    for (revision, (key, value)) in samples.chain(newest) {
        let key = std::str::from_utf8(key).expect("keys are text here");
        let output = tool.run(&["get", key, "--data-dir", directory, "--rev", &revision.to_string()]);
        let expected = format!("{key}\n{}\n", value.escape_ascii());
        assert_eq!((output.status, output.text()), (0, expected.as_str()), "kvutl get at {revision}: {output:?}");
    }
    offline
}
