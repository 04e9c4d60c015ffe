//! Waits for a server to serve.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kv_proto::etcdserverpb::{RangeRequest, RangeResponse};
use tonic::Status;

use crate::BenchError;
use crate::driver::{Connection, Method};
use crate::process::Process;

/// How long a server may take to answer after its start.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How often it is asked, and how long one question may take.
const READY_EVERY: Duration = Duration::from_millis(50);
const ASKED_FOR: Duration = Duration::from_secs(5);
/// A key that nobody writes, so that an empty server stays empty.
const ABSENT_KEY: Bytes = Bytes::from_static(b"kv-bench");

/// Waits until the server answers a linearizable read.
pub(crate) async fn wait_until_ready(server: &mut Process) -> Result<(), BenchError> {
    let start = Instant::now();
    while let Err(status) = ask(&server.url()).await {
        server.check_alive()?;
        if start.elapsed() > READY_WITHIN {
            let log = format!("{}\nlast answer: {}", server.log_tail(), status.message());
            return Err(BenchError::NotReady { server: server.name().to_owned(), waited: READY_WITHIN, log });
        }
        tokio::time::sleep(READY_EVERY).await;
    }
    eprintln!("{} serves after {:.1} s", server.name(), start.elapsed().as_secs_f64());
    Ok(())
}

async fn ask(url: &str) -> Result<(), Status> {
    let answer = async {
        let request = RangeRequest { key: ABSENT_KEY, ..RangeRequest::default() };
        let _: RangeResponse = Connection::open(url).await?.call(Method::Range, &request).await?;
        Ok(())
    };
    tokio::time::timeout(ASKED_FOR, answer).await.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer")))
}
