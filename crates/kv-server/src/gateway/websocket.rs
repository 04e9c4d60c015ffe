//! Web sockets on the gateway's paths: each message is JSON of a request, each line of the answer a message back.
//!
//! As etcd's proxy does it. A browser can neither set headers nor stream a request's body, so the token comes as a protocol
//! (`Sec-WebSocket-Protocol: Bearer, TOKEN`) or as a cookie, and every path is asked by `POST`, whatever the handshake says.
//! The connection ends with the answer, without a closing frame.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use ring::digest;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::json::Ends;
use super::requests::Text;
use crate::frames::ResponseBody;
use crate::front::Front;
use crate::http as endpoints;
use crate::origin::Origin;
use crate::slow;

/// What a key is hashed with, by RFC 6455.
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The only version there is.
const VERSION: HeaderValue = HeaderValue::from_static("13");

/// Bytes of a key before it was base64.
const KEY_BYTES: usize = 16;

/// The cookie that holds a token.
const TOKEN_COOKIE: &str = "token";

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Says whether a request asks for a web socket.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    has_token(headers, &header::CONNECTION, "upgrade") && has_token(headers, &header::UPGRADE, "websocket")
}

/// Agrees to a web socket, which goes on with the connection when the answer is sent.
pub(super) fn respond(front: &Arc<Front>, origin: &Origin, mut request: Request<Incoming>) -> Response<ResponseBody> {
    let (accept, protocol) = match agree(request.method(), request.headers()) {
        Ok(agreed) => agreed,
        Err(status) => {
            let reason = status.canonical_reason().unwrap_or_default();
            let mut refusal = endpoints::error(status, reason).map(ResponseBody::plain);
            refusal.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, VERSION);
            return refusal;
        }
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let mut asked = Request::post(request.uri().clone()).body(()).expect("the request had this URI");
    if let Some(token) = token(request.headers()) {
        asked.headers_mut().insert(header::AUTHORIZATION, token);
    }
    let front = Arc::clone(front);
    origin.successor.set(Box::pin(slow::serving(origin.remote, async move {
        // Otherwise the client has gone meanwhile.
        if let Ok(upgraded) = upgrade.await {
            serve(front, upgraded, asked).await;
        }
    })));
    let mut response = Response::new(ResponseBody::plain(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(protocol) = protocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    response
}

/// Returns what proves that the request was understood, and the protocol that is spoken, if it has a name.
fn agree(method: &Method, headers: &HeaderMap) -> Result<(HeaderValue, Option<HeaderValue>), StatusCode> {
    if method != Method::GET {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    if !has_token(headers, &header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(StatusCode::BAD_REQUEST);
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    if STANDARD.decode(key).map_or(0, |key| key.len()) != KEY_BYTES {
        return Err(StatusCode::BAD_REQUEST);
    }
    let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(key);
    hash.update(KEY_SUFFIX);
    let accept = HeaderValue::try_from(STANDARD.encode(hash.finish())).expect("base64 makes a header");
    let bearer = first(headers, &header::SEC_WEBSOCKET_PROTOCOL).is_some_and(|protocol| protocol.starts_with("Bearer"));
    Ok((accept, bearer.then(|| HeaderValue::from_static("Bearer"))))
}

/// Returns the header that a client that is no browser would have sent with its token.
fn token(headers: &HeaderMap) -> Option<HeaderValue> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut cookies = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    let cookie = cookies.find(|(name, _)| *name == TOKEN_COOKIE).map(|(_, value)| value.trim_matches('"'));
    if let Some(token) = cookie {
        return HeaderValue::try_from(format!("Bearer {token}")).ok();
    }
    // A protocol that brings none is taken for an empty one, which is wrong.
    let token = first(headers, &header::SEC_WEBSOCKET_PROTOCOL)?.split_once("Bearer,");
    HeaderValue::try_from(token.map_or(String::new(), |(_, token)| format!("Bearer {}", token.trim()))).ok()
}

fn first<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Says whether a word is in a header that holds a list of them.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let lists = headers.get_all(name).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|word| word.trim().eq_ignore_ascii_case(token))
}

/// Speaks with the client until it leaves or the answer is complete.
async fn serve(front: Arc<Front>, upgraded: Upgraded, asked: Request<()>) {
    let bytes_max = super::json_bytes_max(&front);
    let config = WebSocketConfig::default().max_message_size(Some(bytes_max)).max_frame_size(Some(bytes_max));
    let socket: Socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let (messages, requests) = socket.split();
    let (sender, receiver) = mpsc::channel(1);
    tokio::select! {
        answered = answer(front, asked, receiver, messages) => {
            if let Err(error) = answered {
                tracing::debug!(error = %error, "a WebSocket ended before its answer");
            }
        }
        () = read(requests, sender) => {}
    }
}

/// Hands on what the client says. Returns when it has gone.
async fn read(mut requests: SplitStream<Socket>, sender: mpsc::Sender<Bytes>) {
    // A ping or a closing frame is answered while the next message is waited for.
    while let Some(Ok(message)) = requests.next().await {
        if matches!(message, Message::Text(_) | Message::Binary(_)) {
            let mut piece = BytesMut::from(message.into_data().as_ref());
            piece.extend_from_slice(b"\n");
            if sender.send(piece.freeze()).await.is_err() {
                return;
            }
        }
    }
}

/// Answers a request whose body comes in pieces.
async fn answer(
    front: Arc<Front>,
    asked: Request<()>,
    mut pieces: mpsc::Receiver<Bytes>,
    mut messages: SplitSink<Socket, Message>,
) -> Result<(), Error> {
    let body: Text = if super::takes_any_number(asked.uri().path()) {
        let pieces = stream::poll_fn(move |context| pieces.poll_recv(context));
        StreamBody::new(pieces.map(|piece| Ok(Frame::data(piece)))).boxed_unsync()
    } else {
        let Some(value) = front.unless_draining(first_value(&mut pieces, super::json_bytes_max(&front))).await else {
            return Ok(());
        };
        Full::new(value).map_err(|never| match never {}).boxed_unsync()
    };
    let mut body = super::call(&front, asked.map(|()| body)).await.into_body();
    let mut come = BytesMut::new();
    // An error is told in a line.
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        come.extend_from_slice(&data);
        while let Some(end) = come.iter().position(|byte| *byte == b'\n') {
            send(&mut messages, come.split_to(end + 1).split_to(end)).await?;
        }
    }
    send(&mut messages, come).await
}

/// Collects the first value of what comes. What comes behind it is not looked at.
async fn first_value(pieces: &mut mpsc::Receiver<Bytes>, bytes_max: usize) -> Bytes {
    let (mut come, mut ends) = (BytesMut::new(), Ends::default());
    while let Some(piece) = pieces.recv().await {
        come.extend_from_slice(&piece);
        if ends.next(&come).is_some() || come.len() > bytes_max {
            break;
        }
    }
    come.freeze()
}

async fn send(messages: &mut SplitSink<Socket, Message>, line: BytesMut) -> Result<(), Error> {
    match Utf8Bytes::try_from(line.freeze()) {
        Ok(text) if !text.is_empty() => messages.send(Message::Text(text)).await,
        // JSON is text.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_handshake_is_answered_as_the_standard_says() {
        let asked = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        assert!(is_asked_for(&headers(&asked)) && !is_asked_for(&headers(&asked[..1])));
        // The example of RFC 6455.
        let (accept, protocol) = agree(&Method::GET, &headers(&asked)).unwrap();
        assert_eq!((accept.to_str().unwrap(), protocol), ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", None));
        assert_eq!(agree(&Method::POST, &headers(&asked)), Err(StatusCode::METHOD_NOT_ALLOWED));
        assert_eq!(agree(&Method::GET, &headers(&asked[..3])), Err(StatusCode::BAD_REQUEST));
        assert_eq!(agree(&Method::GET, &headers(&[asked[3]])), Err(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn a_token_comes_as_a_protocol_or_as_a_cookie() {
        for (given, expected) in [
            (vec![("sec-websocket-protocol", "Bearer, abc.1")], Some("Bearer abc.1")),
            (vec![("sec-websocket-protocol", "Bearer,abc.1")], Some("Bearer abc.1")),
            (vec![("sec-websocket-protocol", "chat")], Some("")),
            (vec![("cookie", "a=b; token=xyz"), ("sec-websocket-protocol", "Bearer, abc")], Some("Bearer xyz")),
            (vec![], None),
        ] {
            let token = token(&headers(&given));
            assert_eq!(token.as_ref().map(|token| token.to_str().unwrap()), expected);
        }
    }
}
