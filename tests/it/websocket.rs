//! Web sockets on the gateway: the same conversations with kvd and with etcd 3.7.1, frame by frame.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::gateway::{masked, token};
use crate::harness::{Kind, Server};

/// What a handshake needs beside its first line.
const USUAL: &[&str] = &[
    "Connection: keep-alive, Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// One step of a conversation.
enum Step {
    /// Sends a message of text.
    Say(&'static str),
    /// Sends a frame of another kind.
    Send(u8, &'static [u8]),
    /// Reads a frame.
    Hear,
    /// Asks for something over plain HTTP.
    Post(&'static str, &'static str),
    /// Reads until the connection ends.
    HearEnd,
}

use Step::{Hear, HearEnd, Post, Say, Send};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;

/// A web socket, as a browser has one.
struct Socket {
    stream: BufReader<TcpStream>,
}

impl Socket {
    /// Shakes hands; returns also what the server said to that.
    fn open(server: &Server, request: &str, headers: &[&str]) -> (Socket, String) {
        let stream = TcpStream::connect(server.address()).expect("connect");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set a time limit");
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let request = format!("{request} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", server.address());
        (&stream).write_all(request.as_bytes()).expect("send the handshake");
        let mut socket = Socket { stream: BufReader::new(stream) };
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            socket.stream.read_line(&mut line).expect("read the answer's head");
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            // The time, and a length that etcd changes by spaces.
            if !line.starts_with("date:") && !line.starts_with("content-length:") {
                head.push(line);
            }
        }
        head[1..].sort_unstable();
        (socket, head.join("\n"))
    }

    fn send(&mut self, kind: u8, payload: &[u8]) {
        // Clients mask what they send; a mask of zeros changes nothing.
        let mut frame = vec![0x80 | kind];
        match payload.len() {
            length @ ..=125 => frame.push(0x80 | length as u8),
            length => {
                // 126: the length is in two more bytes.
                frame.push(0xfe);
                frame.extend((length as u16).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        self.stream.get_mut().write_all(&frame).expect("send a frame");
    }

    /// Returns the next frame, described; nothing when the connection has ended.
    fn hear(&mut self) -> Option<String> {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).ok()?;
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.stream.read_exact(&mut length).ok()?;
                u64::from(u16::from_be_bytes(length))
            }
            127 => {
                let mut length = [0; 8];
                self.stream.read_exact(&mut length).ok()?;
                u64::from_be_bytes(length)
            }
            length => length.into(),
        };
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).ok()?;
        Some(format!("{:#x} {}", head[0], masked(&String::from_utf8_lossy(&payload))))
    }
}

/// Has a conversation, and returns what was heard.
fn converse(server: &Server, request: &str, headers: &[&str], steps: &[Step]) -> Vec<String> {
    let (mut socket, head) = Socket::open(server, request, &[USUAL, headers].concat());
    let mut heard = vec![head];
    for step in steps {
        match step {
            Say(text) => socket.send(TEXT, text.as_bytes()),
            Send(kind, payload) => socket.send(*kind, payload),
            Hear => heard.push(socket.hear().unwrap_or_else(|| "the end".to_owned())),
            Post(path, body) => {
                let mut answer = String::new();
                server.http_post(path, &[], body).read_to_string(&mut answer).expect("read the answer");
                assert!(answer.contains("200 OK"), "{path} {body}: {answer}");
            }
            HearEnd => {
                while let Some(frame) = socket.hear() {
                    heard.push(frame);
                }
                heard.push("the end".to_owned());
            }
        }
    }
    heard
}

fn compare(servers: &[Server; 2], request: &str, headers: &[&str], steps: &[Step]) {
    let [theirs, ours] = servers.each_ref().map(|server| converse(server, request, headers, steps));
    assert_eq!(ours, theirs, "{request} {headers:?}");
}

fn servers() -> [Server; 2] {
    [Kind::Etcd37, Kind::Kvd].map(Server::start)
}

#[test]
fn requests_and_streams_are_answered_as_by_etcd() {
    let servers = servers();
    compare(
        &servers,
        "GET /v3/watch",
        &[],
        &[
            Say(r#"{"create_request":{"key":"Zm9v"}}"#),
            Hear,
            Post("/v3/kv/put", r#"{"key":"Zm9v","value":"YmFy"}"#),
            Hear,
            Send(PING, b"are you there"),
            Hear,
            // A message may hold several requests, and a request may come in several messages.
            Say(r#"{"create_request":{"key":"Zm9v","watch_id":"7"}} {"progress_request":{}}"#),
            Hear,
            Hear,
            Say(r#"{"cancel_request":"#),
            Send(BINARY, br#"{"watch_id":"7"}}"#),
            Hear,
            // Normal closure.
            Send(CLOSE, &[3, 232]),
            HearEnd,
        ],
    );
    compare(&servers, "GET /v3/kv/nothing", &[], &[HearEnd]);
    compare(
        &servers,
        "GET /v3/lease/keepalive",
        &[],
        &[
            Post("/v3/lease/grant", r#"{"ID":"77","TTL":"600"}"#),
            Say(r#"{"ID":"77"}"#),
            Hear,
            Say(r#"{"ID":78}{"ID":"77"}"#),
            Hear,
            Hear,
            Send(CLOSE, &[3, 233]),
            HearEnd,
        ],
    );
}

#[test]
fn a_token_comes_with_the_handshake() {
    let servers = servers();
    let tokens = servers.each_ref().map(token);
    let watch = [Say(r#"{"create_request":{"key":"Zm9v"}}"#), Hear];
    compare(&servers, "GET /v3/watch", &[], &watch);
    compare(&servers, "GET /v3/watch", &["Sec-WebSocket-Protocol: Bearer, nonsense"], &watch);
    compare(&servers, "GET /v3/watch", &["Sec-WebSocket-Protocol: chat"], &watch);
    let [theirs, ours] = [0, 1].map(|at| {
        let token = &tokens[at];
        let by_protocol = format!("Sec-WebSocket-Protocol: Bearer, {token}");
        let by_cookie = format!("Cookie: a=b; token={token}");
        // With a header, as only what is no browser can.
        let by_header = format!("Authorization: {token}");
        [by_protocol, by_cookie, by_header]
            .map(|header| converse(&servers[at], "GET /v3/watch", &[&header], &watch).pop().expect("an answer"))
    });
    assert_eq!(ours, theirs);
    assert_eq!(ours.each_ref().map(|answer| answer.contains("canceled")), [false, false, true], "{ours:?}");
}

/// etcd takes such a request and never answers it: it waits for the end of the request, and with that the connection ends.
#[test]
fn methods_that_answer_once_answer_and_end() {
    let server = Server::start(Kind::Kvd);
    let ask = |path: &str, steps: &[Step]| converse(&server, path, &[], steps).split_off(1).join("\n");
    let put = ask("GET /v3/kv/put", &[Say(r#"{"key":"Zm9v","value":"PGI+"}"#), HearEnd]);
    assert!(put.contains(r#""revision":"2""#) && put.ends_with("\nthe end"), "{put}");
    let range = ask("GET /v3beta/kv/range?method=GET", &[Say(r#"{"key":"#), Say(r#""Zm9v"}"#), HearEnd]);
    assert!(range.contains(r#""value":"PGI+""#) && range.ends_with("\nthe end"), "{range}");
    let refused = ask("GET /v3/kv/range", &[Say(r#"{"key":"Zm9v","revision":"100"}"#), HearEnd]);
    assert!(refused.contains("future revision") && refused.ends_with("\nthe end"), "{refused}");
}

#[test]
fn a_handshake_that_is_none_is_refused_as_by_etcd() {
    let servers = servers();
    let [connection, upgrade, version, key] = USUAL else { panic!("there are four") };
    for (request, headers) in [
        ("POST /v3/watch", vec![*connection, *upgrade, *version, *key]),
        ("GET /v3/watch", vec![*connection, *upgrade, "Sec-WebSocket-Version: 8", *key]),
        ("GET /v3/watch", vec![*connection, *upgrade, *version, "Sec-WebSocket-Key: c2hvcnQ="]),
        ("GET /v3/watch", vec![*connection, *upgrade, *version]),
        // It is a request of HTTP then.
        ("GET /v3/watch", vec![*connection, *version, *key]),
        ("GET /health", vec![*connection, *upgrade, *version, *key]),
        ("OPTIONS /v3/watch", vec![*connection, *upgrade, *version, *key]),
    ] {
        let [theirs, ours] = servers.each_ref().map(|server| Socket::open(server, request, &headers).1);
        assert_eq!(ours, theirs, "{request} {headers:?}");
    }
}
