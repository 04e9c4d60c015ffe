//! HTTP/2 by hand, for what no client library would send.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::Server;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long a server may take for a frame.
const FRAME_WITHIN: Duration = Duration::from_secs(30);

/// The kinds of frames.
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
}

/// The flag of SETTINGS and PING.
pub(crate) const ACK: u8 = 1;
/// The flag of HEADERS and DATA.
pub(crate) const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn new(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Frame {
        Frame { kind, flags, stream, payload: payload.to_vec() }
    }

    /// Returns the headers that begin a gRPC call.
    pub(crate) fn call(stream: u32, path: &str) -> Frame {
        let mut block = Vec::new();
        for (name, value) in [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", "localhost"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        ] {
            // Literals that no table remembers; all are short.
            block.push(0);
            for text in [name, value] {
                block.push(u8::try_from(text.len()).expect("a short text"));
                block.extend_from_slice(text.as_bytes());
            }
        }
        Frame { kind: kind::HEADERS, flags: END_HEADERS, stream, payload: block }
    }

    /// Returns a message of a call.
    pub(crate) fn message(stream: u32, flags: u8, message: &[u8]) -> Frame {
        let length = u32::try_from(message.len()).expect("a short message").to_be_bytes();
        Frame { kind: kind::DATA, flags, stream, payload: [&[0], &length[..], message].concat() }
    }

    pub(crate) fn ping() -> Frame {
        Frame::new(kind::PING, 0, 0, b"eight by")
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let length = u32::try_from(self.payload.len()).expect("a short frame").to_be_bytes();
        [&length[1..], &[self.kind, self.flags], &self.stream.to_be_bytes(), &self.payload].concat()
    }

    /// Returns the number that begins the payload at `at`.
    pub(crate) fn number(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.payload[at..at + 4].try_into().expect("four bytes"))
    }
}

/// A connection that has begun, with default settings.
#[derive(Debug)]
pub(crate) struct RawConnection {
    stream: TcpStream,
    /// What the server has set: names and values.
    settings: Vec<(u16, u32)>,
}

impl RawConnection {
    pub(crate) fn open(server: &Server) -> RawConnection {
        let stream = TcpStream::connect(server.endpoint()).expect("connect");
        stream.set_read_timeout(Some(FRAME_WITHIN)).expect("set a time limit");
        stream.set_nodelay(true).expect("send at once");
        let mut connection = RawConnection { stream, settings: Vec::new() };
        connection.send_bytes(PREFACE);
        connection.send(&[Frame::new(kind::SETTINGS, 0, 0, &[])]);
        let settings = connection.read_one_of(&[kind::SETTINGS]).expect("the server begins");
        while connection.read_one_of(&[kind::SETTINGS]).expect("settings are acknowledged").flags & ACK == 0 {}
        connection.send(&[Frame::new(kind::SETTINGS, ACK, 0, &[])]);
        connection.settings = settings.payload.chunks(6).map(setting).collect();
        connection
    }

    /// Returns what the server has set, if it has.
    pub(crate) fn setting(&self, name: u16) -> Option<u32> {
        self.settings.iter().find(|(set, _)| *set == name).map(|(_, value)| *value)
    }

    pub(crate) fn send(&mut self, frames: &[Frame]) {
        self.send_bytes(&frames.iter().flat_map(Frame::encode).collect::<Vec<_>>());
    }

    /// Sends; a server that has closed the connection is no failure.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Returns the next frame, or nothing where the connection is over.
    ///
    /// # Panics
    ///
    /// When the server neither sends nor closes in time.
    pub(crate) fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.fill(&mut head)?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        self.fill(&mut payload)?;
        let stream = u32::from_be_bytes(head[5..].try_into().expect("four bytes"));
        Some(Frame { kind: head[3], flags: head[4], stream, payload })
    }

    /// Returns the next frame of one of the kinds, passing over others; nothing where the connection is over.
    pub(crate) fn read_one_of(&mut self, kinds: &[u8]) -> Option<Frame> {
        loop {
            let frame = self.read()?;
            if kinds.contains(&frame.kind) {
                return Some(frame);
            }
        }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Option<()> {
        match self.stream.read_exact(buffer) {
            Ok(()) => Some(()),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("no frame within {FRAME_WITHIN:?}"),
            Err(_) => None,
        }
    }
}

fn setting(bytes: &[u8]) -> (u16, u32) {
    let (name, value) = bytes.split_at(2);
    (u16::from_be_bytes(name.try_into().expect("two bytes")), u32::from_be_bytes(value.try_into().expect("four bytes")))
}
