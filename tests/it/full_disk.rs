//! A disk fills up under load and is freed: puts are refused meanwhile, reads go on, nothing that was acknowledged is lost,
//! and writing resumes by itself.

use std::fs;
use std::time::{Duration, Instant};

use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::{DeleteRangeRequest, PutRequest, RangeRequest};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::harness::disk::server_on_a_disk;

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

async fn check(kv: &mut KvClient<Channel>, numbers: std::ops::Range<usize>) {
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
    assert!(written > 100, "{written} puts");
    // At once: nobody waits for room.
    let began = Instant::now();
    put(&mut kv, written).await.expect_err("still refused");
    assert!(began.elapsed() < Duration::from_secs(2));
    let health = server.http_get("/health");
    assert!(health.contains("\"reason\":\"DISK FULL: no room for "), "{health}");
    check(&mut kv, 0..written).await;
    let delete = DeleteRangeRequest { key: format!("{:08}", 0).into(), ..DeleteRangeRequest::default() };
    assert_eq!(kv.delete_range(delete).await.expect("deletes go on").into_inner().deleted, 1);

    fs::remove_file(filler).expect("the filler can be removed");
    let began = Instant::now();
    while let Err(refusal) = put(&mut kv, written).await {
        assert!(began.elapsed() < PATIENCE, "{refusal}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("{written} puts, then a full disk; they went on {:?} after there was room", began.elapsed());
    assert!(server.http_get("/health").contains("\"health\":\"true\""));
    check(&mut kv, 1..written + 1).await;
    fill(&mut kv, written + 1).await;
    check(&mut kv, 1..written + 1).await;
}
