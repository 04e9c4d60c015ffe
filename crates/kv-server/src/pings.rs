//! Cuts off clients that ping too often, as `--grpc-keepalive-min-time` says and as grpc-go does it.
//!
//! A ping costs next to nothing, but a thousand clients that send one each second keep a server from ever being idle.
//! So a ping is a strike if it comes too soon after the one before and the server has said nothing in between: clients
//! measure the line when they receive something. After more than two strikes the client is told why, by a frame that
//! grpc's libraries understand as "half as often", and the connection ends.
//!
//! The HTTP/2 implementation answers pings itself and tells nobody. So the frames are followed here as their bytes pass:
//! for each the nine bytes of its head are looked at, and the rest is skipped.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http2::{FRAME_HEADER_BYTES, PREFACE, TYPE_DATA, TYPE_HEADERS, TYPE_PING};

/// Pings that come too soon and are forgiven.
const STRIKES_MAX: u32 = 2;

/// How far apart pings must be when no call is open: grpc-go's way to say never.
const IDLE_MIN_TIME: Duration = Duration::from_secs(2 * 60 * 60);

/// What stands for no configured time, as in grpc-go.
const DEFAULT_MIN_TIME: Duration = Duration::from_secs(5 * 60);

const FLAG_ACK: u8 = 1;

/// The frame GOAWAY with the code `ENHANCE_YOUR_CALM`, in the words that grpc's clients look for. Any stream may have been
/// worked on.
const GOAWAY: &[u8] = b"\0\0\x16\x07\0\0\0\0\0\x7f\xff\xff\xff\0\0\0\x0btoo_many_pings";

/// The calls of a connection that are open.
#[derive(Debug, Default)]
pub(crate) struct Calls(Arc<()>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenCall {
    _held: Arc<()>,
}

impl Calls {
    pub(crate) fn open(&self) -> OpenCall {
        OpenCall { _held: Arc::clone(&self.0) }
    }
}

/// A connection whose pings are counted.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    stream: S,
    /// None for a connection that does not speak HTTP/2.
    watch: Option<Watch>,
}

#[derive(Debug)]
struct Watch {
    /// How much of the preface has come.
    preface: usize,
    received: Frames,
    sent: Frames,
    /// Held by the connection itself, and by each open call.
    calls: Weak<()>,
    patience: Patience,
}

impl<S> Counted<S> {
    /// Wraps a connection; `calls` are those that it serves.
    pub(crate) fn new(stream: S, min_time: Duration, calls: &Calls) -> Self {
        let watch = Watch {
            preface: 0,
            received: Frames::default(),
            sent: Frames::default(),
            calls: Arc::downgrade(&calls.0),
            patience: Patience::new(min_time),
        };
        Self { stream, watch: Some(watch) }
    }

    /// Follows what was written.
    fn wrote<'a>(&mut self, slices: impl IntoIterator<Item = &'a [u8]>, mut written: usize) {
        let Some(watch) = &mut self.watch else { return };
        for slice in slices {
            let piece = &slice[..slice.len().min(written)];
            written -= piece.len();
            let patience = &mut watch.patience;
            watch.sent.follow(piece, |kind, _| patience.said |= matches!(kind, TYPE_DATA | TYPE_HEADERS));
        }
    }
}

impl Watch {
    /// Follows what was read. None for what is not HTTP/2, else whether there were too many pings.
    fn read(&mut self, mut piece: &[u8]) -> Option<bool> {
        if self.preface < PREFACE.len() {
            let common = piece.len().min(PREFACE.len() - self.preface);
            if piece[..common] != PREFACE[self.preface..self.preface + common] {
                return None;
            }
            self.preface += common;
            piece = &piece[common..];
        }
        let mut too_many = false;
        let Self { received, patience, calls, .. } = self;
        received.follow(piece, |kind, flags| {
            if kind == TYPE_PING && flags & FLAG_ACK == 0 {
                too_many |= patience.is_lost(calls.strong_count() > 1, Instant::now());
            }
        });
        Some(too_many)
    }
}

/// Follows frames through pieces that may be cut anywhere.
#[derive(Debug, Default)]
struct Frames {
    head: [u8; FRAME_HEADER_BYTES],
    filled: usize,
    skip: usize,
}

impl Frames {
    /// Takes the next piece and calls `begin` with the type and the flags of each frame whose head ends in it.
    fn follow(&mut self, mut piece: &[u8], mut begin: impl FnMut(u8, u8)) {
        while !piece.is_empty() {
            if self.skip > 0 {
                let skip = self.skip.min(piece.len());
                self.skip -= skip;
                piece = &piece[skip..];
                continue;
            }
            let take = (FRAME_HEADER_BYTES - self.filled).min(piece.len());
            self.head[self.filled..self.filled + take].copy_from_slice(&piece[..take]);
            self.filled += take;
            piece = &piece[take..];
            if self.filled == FRAME_HEADER_BYTES {
                let [a, b, c, kind, flags, ..] = self.head;
                self.filled = 0;
                self.skip = u32::from_be_bytes([0, a, b, c]) as usize;
                begin(kind, flags);
            }
        }
    }

    fn is_between(&self) -> bool {
        self.filled == 0 && self.skip == 0
    }
}

/// What a client may still do.
#[derive(Debug)]
struct Patience {
    min_time: Duration,
    strikes: u32,
    last: Option<Instant>,
    /// The server has sent headers or data since the last ping.
    said: bool,
}

impl Patience {
    fn new(min_time: Duration) -> Self {
        let min_time = if min_time.is_zero() { DEFAULT_MIN_TIME } else { min_time };
        Self { min_time, strikes: 0, last: None, said: false }
    }

    /// Judges a ping.
    fn is_lost(&mut self, calls_open: bool, now: Instant) -> bool {
        let before = self.last.replace(now);
        if std::mem::take(&mut self.said) {
            self.strikes = 0;
            return false;
        }
        let min_time = if calls_open { self.min_time } else { IDLE_MIN_TIME };
        if before.is_some_and(|before| now.duration_since(before) < min_time) {
            self.strikes += 1;
        }
        self.strikes > STRIKES_MAX
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(context, buffer);
        let Some(watch) = &mut this.watch else { return polled };
        match watch.read(&buffer.filled()[before..]) {
            Some(false) => polled,
            None => {
                this.watch = None;
                polled
            }
            Some(true) => {
                // Inside a frame of somebody else there is no place for it. Nor is there a second attempt: who does not read
                // is not told.
                if watch.sent.is_between() {
                    let _ = Pin::new(&mut this.stream).poll_write(context, GOAWAY);
                    let _ = Pin::new(&mut this.stream).poll_flush(context);
                }
                Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "too many pings")))
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(written)) = polled {
            self.wrote([bytes], written);
        }
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        if let Poll::Ready(Ok(written)) = polled {
            self.wrote(slices.iter().map(|slice| &**slice), written);
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const MIN_TIME: Duration = Duration::from_secs(5);
    const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0pingping";
    const PONG: &[u8] = b"\0\0\x08\x06\x01\0\0\0\0pingping";

    #[test]
    fn pings_far_enough_apart_are_never_too_many() {
        let mut patience = Patience::new(MIN_TIME);
        let start = Instant::now();
        assert!((0..100).all(|ping| !patience.is_lost(true, start + ping * MIN_TIME)));
        let mut soon = |calls_open, seconds| patience.is_lost(calls_open, start + Duration::from_secs(seconds));
        assert!(!soon(true, 500) && !soon(true, 504) && !soon(true, 508), "two strikes are forgiven");
        assert!(soon(true, 512));
    }

    #[test]
    fn without_a_call_pings_must_be_hours_apart() {
        let mut patience = Patience::new(MIN_TIME);
        let start = Instant::now();
        let lost: Vec<_> = (0..5).map(|hour| patience.is_lost(false, start + hour * IDLE_MIN_TIME / 2)).collect();
        assert_eq!(lost, [false, false, false, true, true]);
    }

    #[test]
    fn what_the_server_says_makes_good() {
        let mut patience = Patience::new(MIN_TIME);
        let start = Instant::now();
        for _ in 0..10 {
            assert!((0..3).all(|_| !patience.is_lost(true, start)));
            patience.said = true;
        }
    }

    #[test]
    fn no_time_is_five_minutes() {
        let mut patience = Patience::new(Duration::ZERO);
        let start = Instant::now();
        let lost: Vec<_> = (0..4).map(|ping| patience.is_lost(true, start + ping * Duration::from_secs(299))).collect();
        assert_eq!(lost, [false, false, false, true]);
    }

    fn counted() -> (DuplexStream, Counted<DuplexStream>, Calls) {
        let (client, server) = duplex(1 << 16);
        let calls = Calls::default();
        (client, Counted::new(server, MIN_TIME, &calls), calls)
    }

    async fn read_all(server: &mut Counted<DuplexStream>, bytes: usize) -> io::Result<()> {
        let mut buffer = vec![0; bytes];
        server.read_exact(&mut buffer).await.map(drop)
    }

    #[tokio::test]
    async fn pings_are_found_wherever_the_pieces_are_cut() {
        let settings = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x01";
        // Data that looks like pings, and answers to pings of the server.
        let data = [b"\0\0\x11\0\0\0\0\0\x01", PING].concat();
        let good = [PREFACE, settings, &data, &data, &data, &data, PONG, PONG, PONG, PONG, PING, PING, PING].concat();
        for piece_bytes in [1, 2, 7, 9, 17, 1000] {
            let (mut client, mut server, _calls) = counted();
            for piece in good.chunks(piece_bytes) {
                client.write_all(piece).await.unwrap();
                read_all(&mut server, piece.len()).await.unwrap();
            }
            client.write_all(PING).await.unwrap();
            let error = read_all(&mut server, PING.len()).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
            drop(server);
            let mut told = Vec::new();
            client.read_to_end(&mut told).await.unwrap();
            assert_eq!(told, GOAWAY, "pieces of {piece_bytes}");
        }
    }

    #[tokio::test]
    async fn nothing_is_said_in_the_middle_of_a_frame() {
        let (mut client, mut server, _calls) = counted();
        server.write_all(b"\0\0\x02\0\0\0\0\0\x01a").await.unwrap();
        client.write_all(&[PREFACE, PING, PING, PING, PING, PING].concat()).await.unwrap();
        read_all(&mut server, PREFACE.len() + 5 * PING.len()).await.unwrap_err();
        drop(server);
        let mut told = Vec::new();
        client.read_to_end(&mut told).await.unwrap();
        assert_eq!(told, b"\0\0\x02\0\0\0\0\0\x01a");
    }

    #[tokio::test]
    async fn http_1_is_not_looked_at() {
        let (mut client, mut server, _calls) = counted();
        let body = [b"PRI /nothing HTTP/1.1\r\n\r\n".as_slice(), PING, PING, PING, PING, PING].concat();
        client.write_all(&body).await.unwrap();
        read_all(&mut server, body.len()).await.unwrap();
        assert!(server.watch.is_none());
    }
}
