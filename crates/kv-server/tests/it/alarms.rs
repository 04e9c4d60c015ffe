//! Alarms, and the quota that raises one.

use kv_proto::ApiError;
use kv_proto::etcdserverpb as pb;
use kv_proto::etcdserverpb::request_op::Request;

use crate::harness::{TestServer, delete, get, op, put, refused};

const RAISE: i32 = 1;
const CLEAR: i32 = 2;
const NO_SPACE: i32 = 1;
const CORRUPT: i32 = 2;

fn request(action: i32, member_id: u64, alarm: i32) -> pb::AlarmRequest {
    pb::AlarmRequest { action, member_id, alarm }
}

fn txn(requests: Vec<Request>) -> pb::TxnRequest {
    pb::TxnRequest { failure: requests.into_iter().map(op).collect(), ..pb::TxnRequest::default() }
}

#[tokio::test]
async fn a_store_that_has_outgrown_its_quota_lets_be_deleted_and_written_again_after_the_cure() {
    let server = TestServer::start_with(|config| config.quota_backend_bytes = 53_248).await;
    let (mut kv, mut maintenance) = (server.kv().await, server.maintenance().await);
    let empty = maintenance.status(pb::StatusRequest {}).await.unwrap().into_inner();
    assert!(empty.db_size <= 32 << 10, "an empty store has {} bytes", empty.db_size);

    let value = "v".repeat(4096);
    let mut written = 0;
    let refusal = loop {
        match kv.put(put("a", &value)).await {
            Ok(_) => written += 1,
            Err(refusal) => break refusal,
        }
    };
    assert!((3..13).contains(&written), "{written} puts");
    refused(Err::<(), _>(refusal), ApiError::NoSpace);

    let listed = maintenance.alarm(request(0, 0, 0)).await.unwrap().into_inner();
    let member_id = listed.header.unwrap().member_id;
    assert_eq!(listed.alarms, [pb::AlarmMember { member_id, alarm: NO_SPACE }]);
    let status = maintenance.status(pb::StatusRequest {}).await.unwrap().into_inner();
    assert_eq!(status.errors, [format!("memberID:{member_id} alarm:NOSPACE")]);
    let health = server.http("GET", "/health").await;
    assert!(health.starts_with("HTTP/1.1 503 "), "{health}");
    assert!(health.ends_with("{\"health\":\"false\",\"reason\":\"ALARM NOSPACE\"}\n"), "{health}");
    assert!(server.http("GET", "/health?exclude=NOSPACE").await.starts_with("HTTP/1.1 200 "));
    let page = server.http("GET", "/metrics").await;
    let alarm = format!("\netcd_debugging_server_alarms{{alarm_type=\"NOSPACE\",server_id=\"{member_id:x}\"}} 1\n");
    assert!(page.contains(&alarm) && page.contains("\netcd_server_quota_backend_bytes 53248\n"));

    // Also what would fit, and what would not be run.
    refused(kv.put(put("b", "")).await, ApiError::NoSpace);
    refused(kv.txn(txn(vec![Request::RequestPut(put("b", ""))])).await, ApiError::NoSpace);
    refused(kv.put(put("", &value)).await, ApiError::NoSpace);
    assert_eq!(kv.range(get("a")).await.unwrap().into_inner().count, 1);
    kv.txn(txn(vec![Request::RequestDeleteRange(delete("b", ""))])).await.unwrap();

    // The alarm is there after a restart too.
    let directory = server.stop().await;
    let server = TestServer::start_in(directory, |config| config.quota_backend_bytes = 53_248).await;
    let (mut kv, mut maintenance) = (server.kv().await, server.maintenance().await);
    refused(kv.put(put("b", "")).await, ApiError::NoSpace);

    let revision = kv.range(get("a")).await.unwrap().into_inner().header.unwrap().revision;
    kv.compact(pb::CompactionRequest { revision, physical: false }).await.unwrap();
    maintenance.defragment(pb::DefragmentRequest {}).await.unwrap();
    let cleared = maintenance.alarm(request(CLEAR, member_id, NO_SPACE)).await.unwrap().into_inner();
    assert_eq!(cleared.alarms, [pb::AlarmMember { member_id, alarm: NO_SPACE }]);
    kv.put(put("b", "")).await.unwrap();
    assert!(server.http("GET", "/health").await.starts_with("HTTP/1.1 200 "));
    server.stop().await;
}

#[tokio::test]
async fn without_a_quota_nothing_is_refused() {
    let server = TestServer::start_with(|config| config.quota_backend_bytes = -1).await;
    let mut kv = server.kv().await;
    for _ in 0..5 {
        kv.put(put("a", &"v".repeat(1 << 20))).await.unwrap();
    }
    assert!(server.http("GET", "/metrics").await.contains("\netcd_server_quota_backend_bytes -1\n"));
    server.stop().await;
}

#[tokio::test]
async fn alarms_are_raised_listed_and_taken_back_by_member_and_kind() {
    let server = TestServer::start().await;
    let mut maintenance = server.maintenance().await;
    let mut ask = async |action, member_id, alarm| {
        let response = maintenance.alarm(request(action, member_id, alarm)).await.unwrap().into_inner();
        response.alarms.into_iter().map(|alarm| (alarm.member_id, alarm.alarm)).collect::<Vec<_>>()
    };
    assert_eq!(ask(RAISE, 5, 0).await, []);
    assert_eq!(ask(RAISE, 5, NO_SPACE).await, [(5, NO_SPACE)]);
    assert_eq!(ask(RAISE, 5, NO_SPACE).await, [(5, NO_SPACE)]);
    assert_eq!(ask(RAISE, 4, CORRUPT).await, [(4, CORRUPT)]);
    assert_eq!(ask(0, 0, 0).await, [(5, NO_SPACE), (4, CORRUPT)]);
    // The member does not count here.
    assert_eq!(ask(0, 9, CORRUPT).await, [(4, CORRUPT)]);
    assert_eq!(ask(CLEAR, 4, NO_SPACE).await, []);
    assert_eq!(ask(CLEAR, 0, 0).await, []);
    assert_eq!(ask(CLEAR, 5, NO_SPACE).await, [(5, NO_SPACE)]);
    assert_eq!(ask(0, 0, 0).await, [(4, CORRUPT)]);
    let unknown = maintenance.alarm(request(7, 0, 0)).await.unwrap_err();
    assert_eq!((unknown.code(), unknown.message()), (tonic::Code::Unknown, "etcdserver: unknown method"));
    server.stop().await;
}

#[tokio::test]
async fn a_damaged_store_is_read_and_not_changed() {
    let server = TestServer::start().await;
    let (mut kv, mut maintenance) = (server.kv().await, server.maintenance().await);
    kv.put(put("a", "1")).await.unwrap();
    maintenance.alarm(request(RAISE, 1, CORRUPT)).await.unwrap();
    refused(kv.put(put("a", "2")).await, ApiError::Corrupt);
    refused(kv.delete_range(delete("a", "")).await, ApiError::Corrupt);
    refused(kv.txn(txn(vec![Request::RequestDeleteRange(delete("a", ""))])).await, ApiError::Corrupt);
    refused(kv.compact(pb::CompactionRequest { revision: 2, physical: false }).await, ApiError::Corrupt);
    assert_eq!(kv.range(get("a")).await.unwrap().into_inner().count, 1);
    kv.txn(txn(vec![Request::RequestRange(get("a"))])).await.unwrap();
    assert!(server.http("GET", "/health").await.ends_with("{\"health\":\"false\",\"reason\":\"ALARM CORRUPT\"}\n"));
    let ready = server.http("GET", "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503 "), "{ready}");
    assert!(ready.contains("[-]data_corruption failed: alarm activated: CORRUPT\n"), "{ready}");
    assert!(server.http("GET", "/livez").await.starts_with("HTTP/1.1 200 "));
    server.stop().await;
}

/// Flips a bit of a value that only reading it shows to be damaged.
fn damage(data_dir: &std::path::Path, value: &str) {
    let file = std::fs::read_dir(data_dir).unwrap().map(|entry| entry.unwrap().path());
    let file = file.filter(|path| path.extension().is_some_and(|extension| extension == "mdb")).last().unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let places: Vec<_> = bytes
        .windows(value.len())
        .enumerate()
        .filter(|(_, bytes)| *bytes == value.as_bytes())
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty(), "the value is in the file");
    for at in places {
        bytes[at + 7] ^= 1;
    }
    std::fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn a_check_from_time_to_time_finds_damage_and_stops_changes() {
    let value = "damage me ".repeat(100);
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    kv.put(put("a", &value)).await.unwrap();
    kv.put(put("b", "1")).await.unwrap();
    let directory = server.stop().await;
    damage(&directory.path().join("data"), &value);

    let often = std::time::Duration::from_millis(20);
    let server = TestServer::start_in(directory, |config| config.corrupt_check_time = often).await;
    let (mut kv, mut maintenance) = (server.kv().await, server.maintenance().await);
    let began = std::time::Instant::now();
    while maintenance.alarm(request(0, 0, CORRUPT)).await.unwrap().into_inner().alarms.is_empty() {
        assert!(began.elapsed() < crate::harness::PATIENCE);
        tokio::time::sleep(often).await;
    }
    refused(kv.put(put("b", "2")).await, ApiError::Corrupt);
    assert_eq!(kv.range(get("b")).await.unwrap().into_inner().count, 1);
    server.stop().await;
}

#[tokio::test]
async fn a_check_at_the_start_lets_a_whole_store_be_served() {
    let server = TestServer::start_with(|config| config.initial_corrupt_check = true).await;
    server.kv().await.put(put("a", "1")).await.unwrap();
    let directory = server.stop().await;
    TestServer::start_in(directory, |config| config.initial_corrupt_check = true).await.stop().await;
}

/// A record that the disk has changed while the server runs is met by the compaction that deletes it.
#[tokio::test]
async fn damage_that_a_compaction_meets_raises_the_alarm() {
    let server = TestServer::start().await;
    let (mut kv, mut maintenance) = (server.kv().await, server.maintenance().await);
    let value = "a value that stands in no other place".repeat(4);
    kv.put(put("a", &value)).await.unwrap();
    kv.put(put("a", "b")).await.unwrap();
    // It waits until everything is in the file.
    maintenance.defragment(pb::DefragmentRequest {}).await.unwrap();
    let store_files = std::fs::read_dir(server.data_dir()).unwrap().map(|entry| entry.unwrap().path());
    let path = store_files.filter(|path| path.extension().is_some_and(|extension| extension == "mdb")).max().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let places: Vec<_> = bytes.windows(value.len()).enumerate().filter(|(_, it)| *it == value.as_bytes()).collect();
    assert!(!places.is_empty(), "the value is in the file");
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    for (place, _) in places {
        std::os::unix::fs::FileExt::write_all_at(&file, b"A", place as u64).unwrap();
    }

    kv.compact(pb::CompactionRequest { revision: 3, physical: false }).await.unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let listed = maintenance.alarm(request(0, 0, 0)).await.unwrap().into_inner();
        if listed.alarms.iter().any(|raised| raised.alarm == CORRUPT) {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "no alarm is raised");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    refused(kv.put(put("c", "d")).await, ApiError::Corrupt);
    assert_eq!(kv.range(get("a")).await.unwrap().into_inner().kvs[0].value, "b");
}
