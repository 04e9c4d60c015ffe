//! What lies under the services: limits, metadata, health and reflection.

use kv_proto::ApiError;
use kv_proto::etcdserverpb::RangeRequest;
use kv_proto::etcdserverpb::kv_client::KvClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::transport::Endpoint;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::harness::{TestServer, get, put, refused};

#[tokio::test]
async fn a_message_over_the_limit_is_refused_unread() {
    let server = TestServer::start_with(|config| config.max_request_bytes = 1000).await;
    let mut kv = server.kv().await;
    let status = kv.put(put("a", &"v".repeat(600_000))).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.message(), "grpc: received message larger than max (600007 vs. 525288)");
    kv.put(put("a", "v")).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn services_that_are_not_offered_are_named() {
    let server = TestServer::start().await;
    let elsewhere = format!("{}/elsewhere", server.url).parse().unwrap();
    let status = KvClient::with_origin(server.channel().await, elsewhere).range(get("a")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unimplemented, "unknown service elsewhere/etcdserverpb.KV"));
    server.stop().await;
}

#[tokio::test]
async fn metadata_is_checked_before_the_request() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let mut request: Request<RangeRequest> = Request::new(get("a"));
    request.metadata_mut().insert("hasleader", "true".parse().unwrap());
    request.metadata_mut().insert("client-api-version", "3.7".parse().unwrap());
    kv.range(request).await.unwrap();

    let mut request = Request::new(get("a"));
    let invalid = http::HeaderValue::from_bytes(b"\xff").unwrap();
    let mut headers = http::HeaderMap::new();
    headers.insert("client-api-version", invalid);
    *request.metadata_mut() = tonic::metadata::MetadataMap::from_headers(headers);
    refused(kv.range(request).await, ApiError::InvalidClientApiVersion);
    server.stop().await;
}

#[tokio::test]
async fn the_standard_health_service_knows_the_server_and_nothing_else() {
    let server = TestServer::start().await;
    let mut health = HealthClient::new(server.channel().await);
    let answer = health.check(HealthCheckRequest { service: String::new() }).await.unwrap().into_inner();
    assert_eq!(answer.status(), ServingStatus::Serving);
    let unknown = health.check(HealthCheckRequest { service: "etcdserverpb.KV".to_owned() }).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    server.stop().await;
}

#[tokio::test]
async fn reflection_lists_what_is_served() {
    let server = TestServer::start().await;
    let mut reflection = ServerReflectionClient::new(server.channel().await);
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = reflection.server_reflection_info(tokio_stream::iter([ask])).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(list) = answer else { panic!("{answer:?}") };
    let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    assert!(names.contains(&"etcdserverpb.KV") && names.contains(&"grpc.health.v1.Health"), "{names:?}");
    server.stop().await;
}

/// Makes a frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32).to_be_bytes()[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// Writes a text as headers have it.
fn string(text: &str) -> Vec<u8> {
    [&[text.len() as u8], text.as_bytes()].concat()
}

/// Reads the kind, the flags and the payload of a frame; the server must not reset anything.
async fn next_frame(stream: &mut tokio::net::TcpStream) -> (u8, u8, Vec<u8>) {
    let mut header = [0; 9];
    stream.read_exact(&mut header).await.unwrap();
    let mut payload = vec![0; u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize];
    stream.read_exact(&mut payload).await.unwrap();
    assert!(!matches!(header[3], 3 | 7), "the stream was reset");
    (header[3], header[4], payload)
}

/// curl 7.88 takes a reset right behind an answer for a failure, also one that says that there was none.
#[tokio::test]
async fn an_answer_that_needs_no_body_waits_for_a_short_one() {
    const PING: u8 = 6;
    const ACK: u8 = 1;
    let server = TestServer::start().await;
    let address = server.url.strip_prefix("http://").unwrap();
    for (path, answer) in
        [("/health", "Method Not Allowed\n"), ("/v3/nonsense", "{\"code\":5,\"message\":\"Not Found\"}")]
    {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        // POST and http from the static table; the path written out.
        let block = [vec![0x83, 0x86, 0x44], string(path), vec![0x41], string(address)].concat();
        let begin = [frame(4, 0, 0, &[]), frame(1, 4, 1, &block), frame(PING, 0, 0, &[1; 8])].concat();
        stream.write_all(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), begin].concat()).await.unwrap();
        while !matches!(next_frame(&mut stream).await, (PING, ACK, _)) {}
        stream.write_all(&[frame(0, 1, 1, b"{}"), frame(PING, 0, 0, &[2; 8])].concat()).await.unwrap();
        let (mut answered, mut ponged) = (false, false);
        while !(answered && ponged) {
            match next_frame(&mut stream).await {
                (0, 1, text) => {
                    assert_eq!(String::from_utf8_lossy(&text), answer);
                    answered = true;
                }
                (PING, ACK, _) => ponged = true,
                _ => {}
            }
        }
    }
    server.stop().await;
}

/// etcd's client of release 3.4 names the server by its URL, which HTTP/2 does not allow.
#[tokio::test]
async fn a_client_that_names_the_server_by_its_url_is_served() {
    let server = TestServer::start().await;
    let address = server.url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    // POST and http from the static table; path, authority and content type written out.
    let block = [
        vec![0x83, 0x86, 0x44],
        string("/grpc.health.v1.Health/Check"),
        vec![0x41],
        string(&server.url),
        vec![0x5f],
        string("application/grpc"),
    ]
    .concat();
    let request = [frame(1, 4, 1, &block), frame(0, 1, 1, &[0; 5])].concat();
    stream
        .write_all(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, &[]), request].concat())
        .await
        .unwrap();
    let mut data = None;
    while data.is_none() {
        let (kind, _, payload) = next_frame(&mut stream).await;
        data = (kind == 0).then_some(payload);
    }
    // A message of two bytes: the status SERVING.
    assert_eq!(data.unwrap(), [0, 0, 0, 0, 2, 8, 1]);
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn a_unix_socket_serves_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kvd.sock");
    let url = kv_server::Url::parse(&format!("unix://{}", path.display())).unwrap();
    let server = TestServer::start_with(|config| config.listen_client_urls = vec![url]).await;
    let connector = tower::service_fn({
        let path = path.clone();
        move |_| {
            let path = path.clone();
            async move { tokio::net::UnixStream::connect(path).await.map(hyper_util::rt::TokioIo::new) }
        }
    });
    let channel = Endpoint::from_static("http://ignored").connect_with_connector(connector).await.unwrap();
    let mut kv = KvClient::new(channel);
    kv.put(put("a", "1")).await.unwrap();
    drop(kv);
    server.stop().await;
    assert!(!path.exists());
}
