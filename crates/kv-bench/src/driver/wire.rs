//! gRPC as the clients speak it: HTTP/2 without the layers of a general client, so that a core that drives a server can ask
//! for more than a core that serves can answer.

use std::future::poll_fn;
use std::rc::Rc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use h2::client::{Builder, SendRequest};
use h2::{RecvStream, SendStream};
use http::header::{CONTENT_TYPE, TE};
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use prost::Message;
use tokio::net::TcpStream;
use tonic::{Code, Status};

/// Before each message: whether it is compressed, and its length.
pub(crate) const PREFIX_BYTES: usize = 5;
/// What a server may send before it hears that it was read.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;
/// The port of a URL that names none.
const DEFAULT_PORT: u16 = 2379;

/// What is called.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Method {
    Put,
    Range,
    Txn,
    Watch,
    LeaseGrant,
    LeaseKeepAlive,
}

const METHODS: [(Method, &str); 6] = [
    (Method::Put, "/etcdserverpb.KV/Put"),
    (Method::Range, "/etcdserverpb.KV/Range"),
    (Method::Txn, "/etcdserverpb.KV/Txn"),
    (Method::Watch, "/etcdserverpb.Watch/Watch"),
    (Method::LeaseGrant, "/etcdserverpb.Lease/LeaseGrant"),
    (Method::LeaseKeepAlive, "/etcdserverpb.Lease/LeaseKeepAlive"),
];

/// One connection. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    requests: SendRequest<Bytes>,
    /// By method.
    uris: Rc<[Uri]>,
}

impl Connection {
    /// Connects to `http://HOST[:PORT]`. Must be called where local tasks can be started.
    pub(crate) async fn open(url: &str) -> Result<Connection, Status> {
        let unusable = || Status::invalid_argument(format!("`{url}` is not of the form http://HOST[:PORT]"));
        let uri: Uri = url.parse().map_err(|_| unusable())?;
        let parts = uri.into_parts();
        if parts.scheme != Some(Scheme::HTTP) {
            return Err(unusable());
        }
        let authority = parts.authority.ok_or_else(unusable)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let address = (host, authority.port_u16().unwrap_or(DEFAULT_PORT));
        let unreachable = |error: std::io::Error| Status::unavailable(format!("connect to {url}: {error}"));
        let stream = TcpStream::connect(address).await.map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let (requests, connection) = Builder::new()
            .initial_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .enable_push(false)
            .handshake(stream)
            .await
            .map_err(|error| broken(&error))?;
        // Whoever waits for an answer is told when it ends.
        tokio::task::spawn_local(connection);
        let uris = METHODS
            .iter()
            .map(|(_, path)| {
                Uri::builder().scheme(Scheme::HTTP).authority(authority.clone()).path_and_query(*path).build()
            })
            .collect::<Result<_, _>>()
            .map_err(|_| unusable())?;
        Ok(Connection { requests, uris })
    }

    /// Sends one message and returns the one that answers it.
    pub(crate) async fn call<Q: Message, A: Message + Default>(
        &mut self,
        method: Method,
        request: &Q,
    ) -> Result<A, Status> {
        let (mut sending, answer) = self.send_headers(method).await?;
        sending.send_data(framed(request), true).map_err(|error| broken(&error))?;
        let response = answer.await.map_err(|error| broken(&error))?;
        let mut messages = Messages::of(response)?;
        let Some(message) = messages.next_bytes().await? else {
            return Err(Status::internal("the answer has no message"));
        };
        let answer = decoded(message)?;
        match messages.next_bytes().await? {
            None => Ok(answer),
            Some(_) => Err(Status::internal("the answer has a second message")),
        }
    }

    /// Opens a stream with its first message, which some servers wait for before they answer at all.
    pub(crate) async fn stream<Q: Message>(
        &mut self,
        method: Method,
        first: &Q,
    ) -> Result<(Requests, Messages), Status> {
        let (mut sending, answer) = self.send_headers(method).await?;
        sending.send_data(framed(first), false).map_err(|error| broken(&error))?;
        let response = answer.await.map_err(|error| broken(&error))?;
        Ok((Requests(sending), Messages::of(response)?))
    }

    async fn send_headers(
        &mut self,
        method: Method,
    ) -> Result<(SendStream<Bytes>, h2::client::ResponseFuture), Status> {
        poll_fn(|context| self.requests.poll_ready(context)).await.map_err(|error| broken(&error))?;
        let mut request = Request::new(());
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.uris[method as usize].clone();
        *request.version_mut() = http::Version::HTTP_2;
        let headers = request.headers_mut();
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        let (answer, sending) = self.requests.send_request(request, false).map_err(|error| broken(&error))?;
        Ok((sending, answer))
    }
}

/// The sending half of a stream. The server sees its end when it is dropped.
#[derive(Debug)]
pub(crate) struct Requests(SendStream<Bytes>);

impl Requests {
    pub(crate) fn send<Q: Message>(&mut self, request: &Q) -> Result<(), Status> {
        self.0.send_data(framed(request), false).map_err(|error| broken(&error))
    }
}

/// The messages of an answer.
#[derive(Debug)]
pub(crate) struct Messages {
    body: RecvStream,
    /// What has arrived and was not taken yet.
    arrived: BytesMut,
}

impl Messages {
    fn of(response: Response<RecvStream>) -> Result<Messages, Status> {
        if response.status() != StatusCode::OK {
            return Err(Status::unavailable(format!("HTTP status {}", response.status())));
        }
        check_status(response.headers())?;
        Ok(Messages { body: response.into_body(), arrived: BytesMut::new() })
    }

    /// Returns the next message; `None` when the answer has ended well.
    pub(crate) async fn next<A: Message + Default>(&mut self) -> Result<Option<A>, Status> {
        self.next_bytes().await?.map(decoded).transpose()
    }

    async fn next_bytes(&mut self) -> Result<Option<Bytes>, Status> {
        loop {
            if let Some(length) = message_length(&self.arrived)
                && self.arrived.len() >= PREFIX_BYTES + length
            {
                self.arrived.advance(PREFIX_BYTES);
                return Ok(Some(self.arrived.split_to(length).freeze()));
            }
            let Some(piece) = self.body.data().await else {
                let trailers = self.body.trailers().await.map_err(|error| broken(&error))?;
                check_status(&trailers.unwrap_or_default())?;
                let cut_off = Status::internal("the answer ends in the middle of a message");
                return if self.arrived.is_empty() { Ok(None) } else { Err(cut_off) };
            };
            let piece = piece.map_err(|error| broken(&error))?;
            self.body.flow_control().release_capacity(piece.len()).map_err(|error| broken(&error))?;
            // Most often a piece is one message, which then needs no copy.
            if self.arrived.is_empty() && message_length(&piece) == Some(piece.len().saturating_sub(PREFIX_BYTES)) {
                return Ok(Some(piece.slice(PREFIX_BYTES..)));
            }
            self.arrived.extend_from_slice(&piece);
        }
    }
}

fn message_length(bytes: &[u8]) -> Option<usize> {
    let prefix: &[u8; PREFIX_BYTES] = bytes.first_chunk()?;
    Some(u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize)
}

/// Returns a message as it is sent.
pub(crate) fn framed<Q: Message>(message: &Q) -> Bytes {
    let length = message.encoded_len();
    let mut bytes = BytesMut::with_capacity(PREFIX_BYTES + length);
    bytes.put_u8(0);
    bytes.put_u32(length as u32);
    message.encode_raw(&mut bytes);
    bytes.freeze()
}

fn decoded<A: Message + Default>(message: Bytes) -> Result<A, Status> {
    A::decode(message).map_err(|error| Status::internal(format!("the answer cannot be decoded: {error}")))
}

fn check_status(headers: &HeaderMap) -> Result<(), Status> {
    match Status::from_header_map(headers) {
        Some(status) if status.code() != Code::Ok => Err(status),
        _ => Ok(()),
    }
}

fn broken(error: &h2::Error) -> Status {
    Status::unavailable(format!("the connection failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_stands_at_its_own_place() {
        for (place, (method, path)) in METHODS.iter().enumerate() {
            assert_eq!(*method as usize, place, "{path}");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn only_plain_urls_are_connected_to() {
        for url in ["https://127.0.0.1:1", "127.0.0.1:1", "", "http://"] {
            let status = Connection::open(url).await.expect_err("it is refused");
            assert_eq!(status.message(), format!("`{url}` is not of the form http://HOST[:PORT]"));
        }
    }
}
