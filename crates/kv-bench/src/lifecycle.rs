//! A server between loads: until it rests; killed and started again; rid of its history.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::{CompactionRequest, RangeRequest};
use tonic::Status;
use tonic::transport::Endpoint;

use crate::BenchError;
use crate::process::Process;

/// A server rests when it uses less than this part of a core for this long, or is not waited for any longer.
const RESTING_SHARE: f64 = 0.03;
const RESTING: Duration = Duration::from_secs(1);
const RESTS_WITHIN: Duration = Duration::from_secs(60);
/// How long a restart may take, and how often the server is asked.
const RESTARTED_WITHIN: Duration = Duration::from_secs(120);
const ASKED_EVERY: Duration = Duration::from_millis(1);

/// Waits until the server has nothing left to do in the background.
pub(crate) async fn rest(server: &Process) -> Result<(), BenchError> {
    let began = Instant::now();
    loop {
        let before = server.cpu_time()?;
        tokio::time::sleep(RESTING).await;
        let used = server.cpu_time()?.saturating_sub(before);
        if used.as_secs_f64() < RESTING_SHARE * RESTING.as_secs_f64() || began.elapsed() > RESTS_WITHIN {
            return Ok(());
        }
    }
}

/// Kills the server and starts it again; returns how long it took until a key was read, which must be there.
pub(crate) async fn restart(server: &mut Process, key: Bytes) -> Result<Duration, BenchError> {
    let began = Instant::now();
    server.kill_and_restart()?;
    loop {
        let request = RangeRequest { key: key.clone(), ..RangeRequest::default() };
        // A fresh connection each time, because one that failed waits before it tries again.
        let channel = Endpoint::from_shared(server.url()).expect("the URL is made of an address").connect_lazy();
        match KvClient::new(channel).range(request).await {
            Ok(answer) if answer.get_ref().kvs.len() == 1 => return Ok(began.elapsed()),
            Ok(answer) => {
                let (got, server) = (format!("{} keys", answer.get_ref().kvs.len()), server.name().to_owned());
                return Err(BenchError::WrongAnswer { server, request: "get", got, expected: "1 key".to_owned() });
            }
            Err(_) if began.elapsed() < RESTARTED_WITHIN => {}
            Err(status) => {
                let log = format!("{}\nlast answer: {}", server.log_tail(), status.message());
                return Err(BenchError::NotReady { server: server.name().to_owned(), waited: RESTARTED_WITHIN, log });
            }
        }
        server.check_alive()?;
        tokio::time::sleep(ASKED_EVERY).await;
    }
}

/// Gives up everything but the newest versions, and returns when it is deleted.
pub(crate) async fn compact(url: String) -> Result<(), Status> {
    let endpoint = Endpoint::from_shared(url).map_err(|error| Status::invalid_argument(error.to_string()))?;
    let mut client = KvClient::new(endpoint.connect_lazy());
    let newest = client.range(RangeRequest { key: "absent".into(), ..RangeRequest::default() }).await?.into_inner();
    let revision = newest.header.map_or(0, |header| header.revision);
    client.compact(CompactionRequest { revision, physical: true }).await.map(drop)
}
