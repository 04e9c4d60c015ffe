//! A file does not grow with the number of writes: keys are overwritten again and again while history is given up
//! automatically, and the size of the file is printed as it goes.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::maintenance_client::MaintenanceClient;
use kv_proto::etcdserverpb::{PutRequest, StatusRequest, StatusResponse};
use tonic::transport::Channel;

use crate::harness::{Kind, Server};

/// How many puts there are at once.
const WRITERS: u64 = 64;

/// How large each value is.
const VALUE_BYTES: usize = 256;

/// Each key is overwritten so often.
const OVERWRITES_PER_KEY: u64 = 50;

/// How often the size is printed.
const PRINT_EVERY: Duration = Duration::from_secs(1);

async fn status(channel: Channel) -> StatusResponse {
    MaintenanceClient::new(channel).status(StatusRequest {}).await.expect("the server answers").into_inner()
}

/// `INTEROP_OVERWRITES` says how many puts there are, to a fiftieth as many keys.
#[tokio::test]
async fn a_file_under_overwrites_and_automatic_compaction_stays_bounded() {
    let overwrites = env::var("INTEROP_OVERWRITES").map_or(20_000, |text| text.parse().expect("a number of puts"));
    let keys = overwrites / OVERWRITES_PER_KEY;
    let server = Server::start_with(Kind::Kvd, &["--auto-compaction-retention=1s"]);
    let written = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (mut kv, written) = (KvClient::new(server.channel()), Arc::clone(&written));
            tokio::spawn(async move {
                loop {
                    let number = written.fetch_add(1, Ordering::Relaxed);
                    if number >= overwrites {
                        return;
                    }
                    let key = format!("key {:08}", number % keys).into();
                    let put =
                        PutRequest { key, value: vec![number as u8; VALUE_BYTES].into(), ..PutRequest::default() };
                    kv.put(put).await.expect("puts go on");
                }
            })
        })
        .collect();
    let began = Instant::now();
    let mut sizes = Vec::new();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        tokio::time::sleep(PRINT_EVERY).await;
        let status = status(server.channel()).await;
        println!(
            "{:5.1} s {:9} puts {:12} B file {:12} B used",
            began.elapsed().as_secs_f64(),
            written.load(Ordering::Relaxed).min(overwrites),
            status.db_size,
            status.db_size_in_use
        );
        sizes.push(status.db_size);
    }
    for writer in writers {
        writer.await.expect("a writer ends well");
    }
    // What is live, and the history of a few seconds; all of it would be as much as was written.
    let largest = sizes.into_iter().max().unwrap_or_default();
    let whole = (overwrites as usize * VALUE_BYTES) as i64;
    assert!(overwrites < 1_000_000 || largest < whole / 2, "the file had {largest} bytes of {whole} written");
    assert!(server.log().contains("completed auto periodic compaction"), "nothing was compacted");
}
