//! Watches over streams that break.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use kv_client::{Client, Options};
use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::etcdserverpb::watch_server::{Watch, WatchServer};
use kv_proto::etcdserverpb::{ResponseHeader, WatchCreateRequest, WatchRequest, WatchResponse};
use kv_proto::mvccpb::{Event, KeyValue};
use tokio::net::TcpListener;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

type Answer = Result<WatchResponse, Status>;

/// Answers the first request of the n-th stream with the n-th list, and then ends the stream unless it is the last.
#[derive(Debug)]
struct Script {
    streams: Mutex<Vec<Vec<Answer>>>,
    /// The first request of each stream, as it came.
    requests: Arc<Mutex<Vec<WatchCreateRequest>>>,
}

#[tonic::async_trait]
impl Watch for Script {
    type WatchStream = Pin<Box<dyn Stream<Item = Answer> + Send>>;

    async fn watch(&self, request: Request<Streaming<WatchRequest>>) -> Result<Response<Self::WatchStream>, Status> {
        assert_eq!(request.metadata().get("hasleader").unwrap(), "true");
        let mut requests = request.into_inner();
        let first = requests.next().await.unwrap()?.request_union;
        let Some(RequestUnion::CreateRequest(create)) = first else { panic!("{first:?}") };
        self.requests.lock().unwrap().push(create);
        let mut streams = self.streams.lock().unwrap();
        let answers = streams.remove(0);
        let answers = tokio_stream::iter(answers);
        if streams.is_empty() {
            // The stream stays open.
            let (sender, receiver) = tokio::sync::mpsc::channel(1);
            tokio::spawn(async move {
                let _open = sender;
                std::future::pending::<()>().await;
            });
            return Ok(Response::new(Box::pin(answers.chain(ReceiverStream::new(receiver)))));
        }
        Ok(Response::new(Box::pin(answers)))
    }
}

async fn serve(streams: Vec<Vec<Answer>>) -> (String, Arc<Mutex<Vec<WatchCreateRequest>>>) {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let script = Script { streams: Mutex::new(streams), requests: Arc::clone(&requests) };
    let service = TowerToHyperService::new(WatchServer::new(script));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service.clone()));
        }
    });
    (address, requests)
}

fn created(watch_id: i64, revision: i64) -> WatchResponse {
    let header = Some(ResponseHeader { revision, ..ResponseHeader::default() });
    WatchResponse { header, watch_id, created: true, ..WatchResponse::default() }
}

fn event(watch_id: i64, revision: i64) -> WatchResponse {
    let kv = KeyValue { key: "k".into(), mod_revision: revision, ..KeyValue::default() };
    let header = Some(ResponseHeader { revision, ..ResponseHeader::default() });
    let events = vec![Event { r#type: 0, kv: Some(kv), prev_kv: None }];
    WatchResponse { header, watch_id, events, ..WatchResponse::default() }
}

fn progress(revision: i64) -> WatchResponse {
    let header = Some(ResponseHeader { revision, ..ResponseHeader::default() });
    WatchResponse { header, watch_id: -1, ..WatchResponse::default() }
}

/// Watches from `start_revision` and returns the revisions of the first `count` answers, and where each stream began.
async fn watch(streams: Vec<Vec<Answer>>, start_revision: i64, count: usize) -> (Vec<i64>, Vec<i64>) {
    let (address, requests) = serve(streams).await;
    let client = Client::connect([address], Options::default()).await.unwrap();
    let mut session = client.watch();
    session.create(WatchCreateRequest { key: "k".into(), start_revision, ..WatchCreateRequest::default() });
    let mut revisions = Vec::new();
    for _ in 0..count {
        let answer = tokio::time::timeout(Duration::from_secs(10), session.next()).await.expect("an answer comes");
        revisions.push(answer.unwrap().1.header.unwrap().revision);
    }
    let begins = requests.lock().unwrap().iter().map(|request| request.start_revision).collect();
    (revisions, begins)
}

#[tokio::test]
async fn a_broken_stream_is_continued_without_a_gap_or_a_repetition() {
    let streams = vec![
        vec![Ok(created(0, 5)), Ok(event(0, 6)), Ok(event(0, 7)), Err(Status::unavailable("shutting down"))],
        vec![Ok(created(3, 9))],
        vec![Ok(created(0, 9)), Ok(event(0, 8)), Ok(event(0, 9))],
    ];
    let (revisions, begins) = watch(streams, 0, 4).await;
    assert_eq!(revisions, [6, 7, 8, 9]);
    assert_eq!(begins, [0, 8, 8]);
}

#[tokio::test]
async fn progress_counts_as_seen() {
    let streams = vec![vec![Ok(created(0, 5)), Ok(progress(20))], vec![Ok(created(0, 30)), Ok(event(0, 25))]];
    let (revisions, begins) = watch(streams, 3, 2).await;
    assert_eq!(revisions, [20, 25]);
    assert_eq!(begins, [3, 21]);
}

#[tokio::test]
async fn an_answer_for_good_ends_the_session() {
    let (address, _) = serve(vec![vec![Ok(created(0, 5)), Err(Status::permission_denied("no"))], Vec::new()]).await;
    let client = Client::connect([address], Options::default()).await.unwrap();
    let mut session = client.watch();
    session.create(WatchCreateRequest { key: "k".into(), ..WatchCreateRequest::default() });
    let error = session.next().await.unwrap_err();
    assert_eq!(error.to_string(), "rpc error: code = PermissionDenied desc = no");
}
