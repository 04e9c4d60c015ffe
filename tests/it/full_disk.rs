//! A disk fills up under load and is freed: puts are refused meanwhile, reads go on, nothing that was acknowledged is lost,
//! and writing resumes by itself.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::lease_client::LeaseClient;
use kv_proto::etcdserverpb::maintenance_client::MaintenanceClient;
use kv_proto::etcdserverpb::{
    CompactionRequest, DefragmentRequest, DeleteRangeRequest, LeaseGrantRequest, LeaseKeepAliveRequest, PutRequest,
    RangeRequest,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::harness::disk::{free_bytes, leave_free, on_a_disk_at, server_on_a_disk, take};
use crate::harness::{Kind, Server};

/// The size of the disk.
const DISK_BYTES: u64 = 64 << 20;

/// What something else takes of it at first.
const FILLER_BYTES: usize = 32 << 20;

const VALUE_BYTES: usize = 32 << 10;

/// How long it may take until puts go on after there is room.
const PATIENCE: Duration = Duration::from_secs(30);

fn value(number: usize) -> Vec<u8> {
    let mut value = vec![number as u8; VALUE_BYTES];
    value[..8].copy_from_slice(&number.to_le_bytes());
    value
}

async fn put(kv: &mut KvClient<Channel>, number: usize) -> Result<(), Status> {
    let put = PutRequest { key: format!("{number:08}").into(), value: value(number).into(), ..PutRequest::default() };
    kv.put(put).await.map(drop)
}

/// Puts until one is refused; returns how many there are then.
async fn fill(kv: &mut KvClient<Channel>, from: usize) -> usize {
    let mut number = from;
    loop {
        match put(kv, number).await {
            Ok(()) => number += 1,
            Err(refusal) => {
                assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal}");
                assert_eq!(refusal.message(), "etcdserver: mvcc: database space exceeded");
                return number;
            }
        }
        assert!(number - from < DISK_BYTES as usize / VALUE_BYTES, "more than fits was taken");
    }
}

async fn check(kv: &mut KvClient<Channel>, numbers: impl Iterator<Item = usize>) {
    for number in numbers {
        let read = RangeRequest { key: format!("{number:08}").into(), ..RangeRequest::default() };
        let pairs = kv.range(read).await.expect("reads go on").into_inner().kvs;
        assert!(pairs.len() == 1 && pairs[0].value == value(number), "put {number} is lost or changed");
    }
}

#[tokio::test]
async fn a_disk_that_fills_up_and_is_freed_loses_nothing_and_writing_resumes() {
    let (server, disk) = server_on_a_disk(DISK_BYTES, &[]);
    let filler = disk.join("filler");
    fs::write(&filler, vec![1; FILLER_BYTES]).expect("the disk can be reached");
    let mut kv = KvClient::new(server.channel());

    let written = fill(&mut kv, 0).await;
    assert!(written > 50, "{written} puts");
    // At once: nobody waits for room.
    let began = Instant::now();
    put(&mut kv, written).await.expect_err("still refused");
    assert!(began.elapsed() < Duration::from_secs(2));
    let health = server.http_get("/health");
    assert!(health.contains("\"reason\":\"DISK FULL: "), "{health}");
    check(&mut kv, 0..written).await;
    let delete = DeleteRangeRequest { key: format!("{:08}", 0).into(), ..DeleteRangeRequest::default() };
    assert_eq!(kv.delete_range(delete).await.expect("deletes go on").into_inner().deleted, 1);

    fs::remove_file(filler).expect("the filler can be removed");
    let took = wait_for_room(&mut kv, written).await;
    println!("{written} puts, then a full disk; they went on {took:?} after there was room");
    wait_until_healthy(&server).await;
    check(&mut kv, 1..=written).await;
    fill(&mut kv, written + 1).await;
    check(&mut kv, 1..=written).await;
}

/// Renews a lease until the sender is dropped.
fn keep_alive(mut leases: LeaseClient<Channel>, id: i64) -> mpsc::Sender<LeaseKeepAliveRequest> {
    let (renewals, stream) = mpsc::channel(1);
    let renewing = renewals.downgrade();
    tokio::spawn(async move {
        let mut answers = leases.lease_keep_alive(ReceiverStream::new(stream)).await?.into_inner();
        loop {
            let Some(renewals) = renewing.upgrade() else { return Ok::<_, Status>(()) };
            let _ = renewals.send(LeaseKeepAliveRequest { id }).await;
            drop(renewals);
            answers.message().await?;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    renewals
}

async fn is_there(kv: &mut KvClient<Channel>, key: &str) -> bool {
    let read = RangeRequest { key: key.to_owned().into(), ..RangeRequest::default() };
    kv.range(read).await.expect("reads go on").into_inner().count == 1
}

/// The log's files that are complete.
fn segments(disk: &Path) -> usize {
    let names = fs::read_dir(disk.join("log")).expect("the log can be listed");
    names
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|end| end == "log")))
        .count()
}

/// Waits until the server says that its disk is full in a certain way.
async fn wait_until_full(server: &Server, reason: &str) {
    let began = Instant::now();
    while !server.http_get("/health").contains(&format!("\"reason\":\"DISK FULL: {reason}")) {
        assert!(began.elapsed() < PATIENCE, "{}", server.http_get("/health"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn wait_until_healthy(server: &Server) {
    let began = Instant::now();
    while !server.http_get("/health").contains("\"health\":\"true\"") {
        assert!(began.elapsed() < PATIENCE, "{}", server.http_get("/health"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Leaves no room on a disk but what the log has, and puts one after the other, so that there is a checkpoint long before that is
/// used up.
async fn fill_until_a_checkpoint(server: &Server, disk: &Path, kv: &mut KvClient<Channel>) -> usize {
    let filler = leave_free(disk, 0);
    let mut written = 0;
    loop {
        // The log goes on to give up segments. What is given back once the disk is full is left alone.
        let free = free_bytes(disk);
        if server.http_get("/health").contains("\"reason\":\"DISK FULL: ") {
            break;
        }
        take(&filler, free);
        assert!(written < 64, "nothing finds out that the disk is full");
        match put(kv, written).await {
            Ok(()) => written += 1,
            Err(refusal) => assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal}"),
        }
        tokio::time::sleep(Duration::from_millis(120)).await;
    }
    assert_eq!(fill(kv, written).await, written, "puts are refused at once");
    written
}

/// Waits until the log has made its next segment.
async fn wait_for_segments(disk: &Path) {
    let began = Instant::now();
    while segments(disk) < 2 {
        assert!(began.elapsed() < PATIENCE, "no segment is made beforehand");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Puts until one is taken.
async fn wait_for_room(kv: &mut KvClient<Channel>, number: usize) -> Duration {
    let began = Instant::now();
    while let Err(refusal) = put(kv, number).await {
        assert!(began.elapsed() < PATIENCE, "{refusal}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    began.elapsed()
}

const ONLY_DELETES: &str = "room for deletes and compactions only";

/// The log has room made beforehand, so that it is a checkpoint that finds none. What is kept for that is given back; where even
/// that is gone, deletes use up what the log has, and leases end nevertheless.
#[tokio::test]
async fn a_checkpoint_that_finds_no_room_stops_puts_and_nothing_else() {
    let (server, disk) = server_on_a_disk(DISK_BYTES, &[]);
    let (mut kv, mut leases) = (KvClient::new(server.channel()), LeaseClient::new(server.channel()));
    let grant = LeaseGrantRequest { ttl: 2, ..LeaseGrantRequest::default() };
    let lease = leases.lease_grant(grant).await.expect("a lease").into_inner().id;
    let alive = keep_alive(leases, lease);
    let attached = PutRequest { key: "leased".into(), lease, ..PutRequest::default() };
    kv.put(attached).await.expect("there is room");
    wait_for_segments(&disk).await;
    let written = fill_until_a_checkpoint(&server, &disk, &mut kv).await;
    // The checkpoint has got what was kept, and there is still no room for puts.
    wait_until_full(&server, ONLY_DELETES).await;
    check(&mut kv, 0..written).await;

    let filler = leave_free(&disk, 0);
    // What deletes nothing takes room in the log all the same.
    let mut deletes = 0;
    while !server.http_get("/health").contains("no room for the log") {
        assert!(deletes < 16, "the log is longer than it can be");
        let delete = DeleteRangeRequest { key: vec![b'x'; 900_000].into(), ..DeleteRangeRequest::default() };
        kv.delete_range(delete).await.expect("deletes go on");
        take(&filler, free_bytes(&disk));
        deletes += 1;
    }
    assert!(is_there(&mut kv, "leased").await, "the lease is renewed");
    drop(alive);
    let began = Instant::now();
    while is_there(&mut kv, "leased").await {
        assert!(began.elapsed() < PATIENCE, "the lease does not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    put(&mut kv, written).await.expect_err("the disk is full as before");

    fs::remove_file(filler).expect("the filler can be removed");
    let took = wait_for_room(&mut kv, written).await;
    println!("{written} puts and {deletes} deletes on a full disk; puts went on {took:?} after there was room");
    check(&mut kv, 0..=written).await;
}

/// Nobody makes room elsewhere: deleting, compacting and defragmenting does.
#[tokio::test]
async fn a_full_disk_is_cured_by_deleting() {
    let (server, disk) = server_on_a_disk(4 * DISK_BYTES, &[]);
    let mut kv = KvClient::new(server.channel());
    for number in 0..600 {
        put(&mut kv, number).await.expect("there is room");
    }
    fill_until_a_checkpoint(&server, &disk, &mut kv).await;
    let everything = DeleteRangeRequest { key: "0".into(), range_end: "1".into(), ..DeleteRangeRequest::default() };
    let deleted = kv.delete_range(everything).await.expect("deletes go on").into_inner();
    assert!(deleted.deleted >= 600, "{deleted:?}");
    let revision = deleted.header.expect("a header").revision;
    kv.compact(CompactionRequest { revision, physical: true }).await.expect("compactions go on");
    let mut maintenance = MaintenanceClient::new(server.channel());
    let began = Instant::now();
    // Until what is kept is given back and all of that is stored.
    while let Err(refusal) = maintenance.defragment(DefragmentRequest {}).await {
        assert!(began.elapsed() < PATIENCE, "{refusal}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let took = wait_for_room(&mut kv, 1).await;
    println!("puts went on {took:?} after the defragmentation");
    wait_until_healthy(&server).await;
    check(&mut kv, 1..=1).await;
}

/// Without what is kept there would be no room for the segment of the log that every start begins.
#[test]
fn a_server_starts_on_a_full_disk() {
    let place = tempfile::tempdir().expect("a temporary directory");
    starts_on_a_full_disk(place.path(), place.path(), "");
}

/// The same where only the log's disk is full.
#[test]
fn a_server_starts_on_a_full_disk_of_its_log() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let disk = place.path().join("disk");
    fs::create_dir(&disk).expect("make a directory");
    starts_on_a_full_disk(place.path(), &disk, "--wal-dir disk/wal");
}

/// Starts a server in a directory when a disk that it writes to, mounted there or in it, is full.
fn starts_on_a_full_disk(place: &Path, disk: &Path, flags: &str) {
    let script = r#"
        cd "$1"; kvd=$2; kvctl=$3; disk=$4; flags=$5
        start() {
            rm -f ready
            $kvd --data-dir data $flags --listen-client-urls http://127.0.0.1:0 --ready-file ready 2>>log & server=$!
            while [ ! -s ready ]; do kill -0 $server || { cat log; exit 9; }; sleep 0.05; done
            export KVCTL_ENDPOINTS=$(cat ready)
        }
        start
        $kvctl put a 1
        kill -9 $server; wait $server
        touch ready log
        fallocate -l $(($(stat -f -c '%a * %S' "$disk") - 8192)) "$disk/filler"
        start
        $kvctl get a
        $kvctl put a 2
        $kvctl del a
        rm "$disk/filler"
        until $kvctl put a 3 2>/dev/null; do sleep 0.1; done
        kill $server; wait $server
    "#;
    let on_disk = on_a_disk_at(disk, DISK_BYTES);
    let mut command = Command::new(&on_disk[0]);
    command.args(&on_disk[1..]).args(["timeout", "60", "sh", "-c", script, "sh"]);
    command.arg(place).args([Kind::Kvd.server(), Kind::Kvd.client_tool()]).arg(disk).arg(flags);
    let output = command.output().expect("unshare runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let refusal = "Error: etcdserver: mvcc: database space exceeded";
    let known = ["OK", "a", "1", refusal];
    let lines: Vec<_> = said.lines().filter(|line| known.contains(line)).collect();
    // What was written to standard error comes last.
    assert_eq!(lines, ["OK", "a", "1", "1", "OK", refusal], "{said}");
}

/// Every start begins a segment of the log: where that has no room the server says so, and leaves everything as it was.
#[test]
fn a_start_without_room_is_refused_with_what_is_needed() {
    let mut server = Server::start(Kind::Kvd);
    server.stop();
    let data = server.data_directory();
    let place = tempfile::tempdir().expect("a temporary directory");
    let disk = place.path().display();
    // What is free is taken, but for half a segment; then the copy must be as it was.
    let script = format!(
        "cp -r '{}' '{disk}/data' && rm '{disk}'/data/log/* && cp -r '{disk}/data' '{disk}/before' && \
         fallocate -l $(($(stat -f -c '%a * %S' '{disk}') - 524288)) '{disk}/filler' && \
         \"$0\" --data-dir '{disk}/data' --listen-client-urls http://127.0.0.1:0; status=$?; \
         rm '{disk}'/data/LOCK '{disk}'/before/LOCK; diff -r '{disk}/data' '{disk}/before' && exit $status",
        data.display()
    );
    let on_disk = on_a_disk_at(place.path(), DISK_BYTES);
    let mut command = Command::new(&on_disk[0]);
    command.args(&on_disk[1..]).args(["sh", "-c", &script]).arg(Kind::Kvd.server());
    let output = command.output().expect("unshare runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("no space for a new log segment of 1048576 bytes in "), "{text}");
    assert_eq!(output.status.code(), Some(1), "{text}{}", String::from_utf8_lossy(&output.stdout));
}
