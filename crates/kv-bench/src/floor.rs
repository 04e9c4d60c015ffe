//! `kv-bench floor`: a server that answers puts, reads and transactions at once with constants.
//!
//! What it costs is what HTTP/2 and gRPC cost on the transport that kvd uses, so no store on it can be cheaper.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use clap::Args;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kv_proto::etcdserverpb::{PutResponse, RangeRequest, RangeResponse, ResponseHeader, TxnResponse};
use kv_proto::mvccpb::KeyValue;
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::task::LocalSet;

use crate::BenchError;
use crate::driver::{PREFIX_BYTES, framed};

/// Of the constant keys and values.
const KEY_BYTES: usize = 32;
const VALUE_BYTES: usize = 256;
/// Keys of the longest constant answer.
const KEYS_MAX: usize = 100;

/// Serve constants
#[derive(Debug, Args)]
pub(crate) struct FloorArgs {
    /// Where to listen, as http://ADDRESS:PORT
    #[arg(long, value_name = "URL", value_parser = address)]
    listen_client_urls: SocketAddr,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let address = text.strip_prefix("http://").and_then(|address| address.parse().ok());
    address.ok_or_else(|| "must be of the form http://ADDRESS:PORT".to_owned())
}

/// Serves until it is killed.
pub(crate) fn run(args: &FloorArgs) -> Result<(), BenchError> {
    let runtime =
        runtime::Builder::new_current_thread().enable_all().build().map_err(BenchError::io("start a runtime"))?;
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind(args.listen_client_urls).await.map_err(BenchError::io("listen"))?;
        serve(listener).await
    })
}

async fn serve(listener: TcpListener) -> Result<(), BenchError> {
    let answers = Answers::new();
    loop {
        let (stream, _) = listener.accept().await.map_err(BenchError::io("accept a connection"))?;
        stream.set_nodelay(true).map_err(BenchError::io("set up a connection"))?;
        let answers = answers.clone();
        let service = service_fn(move |request| answer(answers.clone(), request));
        // A client that goes away ends its connection with an error that tells nothing.
        tokio::task::spawn_local(async move {
            let _ = Builder::new(Local).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Starts what a connection needs on this thread.
#[derive(Debug, Clone, Copy)]
struct Local;

impl<F: Future + 'static> hyper::rt::Executor<F> for Local
where
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}

/// Answers with their prefix, ready to be sent.
#[derive(Debug, Clone)]
struct Answers {
    put: Bytes,
    txn: Bytes,
    get: Bytes,
    list: Bytes,
}

impl Answers {
    fn new() -> Answers {
        let header = Some(ResponseHeader { cluster_id: 1, member_id: 1, revision: 1, raft_term: 1 });
        let kv = KeyValue {
            key: vec![b'k'; KEY_BYTES].into(),
            value: vec![b'v'; VALUE_BYTES].into(),
            create_revision: 1,
            mod_revision: 1,
            version: 1,
            lease: 0,
        };
        let range =
            |keys: usize| RangeResponse { header, kvs: vec![kv.clone(); keys], more: keys > 1, count: keys as i64 };
        Answers {
            put: framed(&PutResponse { header, ..PutResponse::default() }),
            txn: framed(&TxnResponse { header, succeeded: true, ..TxnResponse::default() }),
            get: framed(&range(1)),
            list: framed(&range(KEYS_MAX)),
        }
    }
}

async fn answer(
    answers: Answers,
    request: Request<Incoming>,
) -> Result<Response<impl Body<Data = Bytes, Error = Infallible>>, Infallible> {
    let (head, body) = request.into_parts();
    // A request that breaks off is answered to nobody.
    let message = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let (answer, code) = match head.uri.path() {
        "/etcdserverpb.KV/Put" => (answers.put, "0"),
        "/etcdserverpb.KV/Txn" => (answers.txn, "0"),
        "/etcdserverpb.KV/Range" => {
            let request = message.get(PREFIX_BYTES..).map(|message| RangeRequest::decode(message).unwrap_or_default());
            (if request.is_some_and(|request| request.limit > 1) { answers.list } else { answers.get }, "0")
        }
        _ => (Bytes::new(), "12"),
    };
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(code));
    let body = Full::new(answer).with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::{Connection, Distribution, KeySpace, Load, Method, Operation, Session, Until};

    #[tokio::test(flavor = "current_thread")]
    async fn the_clients_take_its_answers_for_a_stores() {
        LocalSet::new()
            .run_until(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
                let url = format!("http://{}", listener.local_addr().expect("it has an address"));
                tokio::task::spawn_local(serve(listener));
                for operation in [
                    Operation::Put,
                    Operation::Get { serializable: false },
                    Operation::List { limit: 100, first_page: true, serializable: false },
                    Operation::Txn,
                ] {
                    let load = Load {
                        operation,
                        clients: 3,
                        connections: 2,
                        keys: KeySpace::of(100),
                        distribution: Distribution::Uniform,
                        rate: None,
                        idle_watchers: 0,
                        seed: 1,
                    };
                    let mut session = Session::open("floor", std::slice::from_ref(&url), load).await.expect("open");
                    let recorded = session.drive(Until::Count(20)).await.expect("drive");
                    assert_eq!(recorded.operations(), 20, "{operation:?}");
                }
                let mut connection = Connection::open(&url).await.expect("connect");
                let unknown = connection.call::<_, PutResponse>(Method::LeaseGrant, &PutResponse::default()).await;
                assert_eq!(unknown.expect_err("it has no leases").code(), tonic::Code::Unimplemented);
            })
            .await;
    }
}
