//! Copies of the store where the disk has little room: snapshots and defragmentations, by the server and offline, are refused before they
//! begin, with how much they need and how much there is; two at once do not count on the same free bytes.

use std::fs;
use std::path::Path;
use std::process::Command;

use kv_proto::etcdserverpb as pb;
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::maintenance_client::MaintenanceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::harness::disk::{free_bytes, leave_free, on_a_disk_at, server_on_a_disk};
use crate::harness::{Kind, Server};

const DISK_BYTES: u64 = 256 << 20;
const VALUE_BYTES: usize = 32 << 10;

/// Together 16 MB.
const PUTS: usize = 500;

async fn fill(server: &Server) {
    let mut kv = KvClient::new(server.channel());
    for number in 0..PUTS {
        let key = format!("{number:08}").into();
        let put = pb::PutRequest { key, value: vec![number as u8; VALUE_BYTES].into(), ..pb::PutRequest::default() };
        kv.put(put).await.expect("there is room for puts");
    }
    // Stores what is in the log only.
    MaintenanceClient::new(server.channel()).hash(pb::HashRequest {}).await.expect("the store is read");
}

/// Returns how much the copy was said to need and how much to be free.
fn said(text: &str) -> [u64; 2] {
    let words: Vec<_> = text.split(' ').collect();
    let before = |word: &str| {
        let at = words.iter().position(|found| found.trim_matches(',') == word);
        at.and_then(|at| words[at - 1].parse().ok()).unwrap_or_else(|| panic!("no number before {word:?}: {text}"))
    };
    assert!(text.contains("the copy needs "), "{text}");
    [before("bytes"), before("are")]
}

fn check_refusal(text: &str) {
    let [needed, free] = said(text);
    assert!(needed > (PUTS * VALUE_BYTES) as u64 && needed < 2 * (PUTS * VALUE_BYTES) as u64, "{text}");
    assert!(free < needed, "{text}");
}

async fn snapshot(server: &Server) -> Result<tonic::Streaming<pb::SnapshotResponse>, Status> {
    // On a connection of its own: what is not read of one would hold up the others.
    let mut client: MaintenanceClient<Channel> = MaintenanceClient::new(server.channel());
    Ok(client.snapshot(pb::SnapshotRequest {}).await?.into_inner())
}

fn names(disk: &Path) -> Vec<String> {
    let entries = fs::read_dir(disk).expect("the disk can be listed");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn two_snapshots_do_not_count_on_the_same_room() {
    let (server, disk) = server_on_a_disk(DISK_BYTES, &["--quota-backend-bytes=-1"]);
    fill(&server).await;
    let filler = leave_free(&disk, (PUTS * VALUE_BYTES * 3 / 2) as u64);
    let before = names(&disk);
    let both = tokio::join!(snapshot(&server), snapshot(&server));
    let (mut taken, refused) = match both {
        (Ok(taken), Err(refused)) | (Err(refused), Ok(taken)) => (taken, refused),
        both => panic!("room for one: {both:?}"),
    };
    assert_eq!(refused.code(), Code::ResourceExhausted);
    check_refusal(refused.message());

    // A defragmentation has no room beside it either, and takes none away.
    let mut maintenance = MaintenanceClient::new(server.channel());
    let free = free_bytes(&disk);
    let refused = maintenance.defragment(pb::DefragmentRequest {}).await.expect_err("no room");
    check_refusal(refused.message());
    assert_eq!(names(&disk), before);
    assert!(free_bytes(&disk) + (1 << 20) > free, "{free} bytes were free, and now {}", free_bytes(&disk));

    // Who had room gets everything, and gives it back.
    let mut sent = 0;
    while let Some(message) = taken.message().await.expect("the snapshot goes on") {
        sent += message.blob.len();
    }
    assert!(sent > PUTS * VALUE_BYTES, "{sent}");
    drop(taken);
    maintenance.defragment(pb::DefragmentRequest {}).await.expect("there is room now");
    fs::remove_file(filler).expect("the filler can be removed");
    assert!(snapshot(&server).await.is_ok());
}

#[tokio::test]
async fn offline_copies_are_refused_by_size_too() {
    let mut server = Server::start(Kind::Kvd);
    fill(&server).await;
    server.stop();
    let data = server.data_directory();
    let place = tempfile::tempdir().expect("a temporary directory");
    let run = |bytes: u64, line: &str| {
        // The data is on the disk too; the tool takes the place of the shell.
        let script = format!(
            "cp -r '{}' '{}/data' && exec \"$0\" {line} --data-dir '{1}/data'",
            data.display(),
            place.path().display()
        );
        let on_disk = on_a_disk_at(place.path(), bytes);
        let mut command = Command::new(&on_disk[0]);
        command.args(&on_disk[1..]).args(["sh", "-c", &script]).arg(Kind::Kvd.offline_tool());
        let output = command.output().expect("unshare runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    let data_bytes: u64 = ["", "log"]
        .into_iter()
        .flat_map(|part| fs::read_dir(data.join(part)).expect("a directory"))
        .map(|entry| entry.expect("an entry").metadata().expect("a file").len())
        .sum();

    let little = data_bytes + (4 << 20);
    for line in ["defrag", "snapshot save place.db"] {
        let line = line.replace("place.db", &format!("'{}/a.db'", place.path().display()));
        let (found, text) = run(little, &line);
        assert_eq!(found, Some(1), "{line}: {text}");
        check_refusal(&text);
        let (found, text) = run(little + 4 * (PUTS * VALUE_BYTES) as u64, &line);
        assert_eq!(found, Some(0), "{line}: {text}");
    }
}
