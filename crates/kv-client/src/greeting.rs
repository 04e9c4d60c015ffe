//! How the other side of a connection begins, which tells what it speaks.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio_rustls::rustls;

/// The length of what every frame of HTTP/2 begins with.
const FRAME_HEAD_LENGTH: usize = 9;

/// Why a lock of this crate can be had.
pub(crate) const UNPOISONED: &str = "nothing panics while it is held";

/// The first bytes that came over a connection. They tell what the other side speaks, and whether it can have executed
/// a request: a server of HTTP/2 sends its settings before anything else.
#[derive(Debug, Clone, Default)]
pub(crate) struct Greeting(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    beginning: Mutex<Beginning>,
    /// Told when more is known.
    news: Notify,
}

#[derive(Debug, Default)]
struct Beginning {
    bytes: Vec<u8>,
    /// Why the other side broke off an encrypted connection. In TLS 1.3 a server refuses a client's certificate, or the
    /// lack of one, only after the handshake.
    refusal: Option<String>,
    /// Whether no more can come.
    ended: bool,
}

/// What somebody speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
    Tls,
    Other,
}

impl Greeting {
    /// Enough for the first lines of an answer in HTTP/1.
    const LENGTH: usize = 128;

    pub(crate) fn clear(&self) {
        *self.lock() = Beginning::default();
    }

    fn add(&self, bytes: &[u8]) {
        {
            let known = &mut self.lock().bytes;
            let missing = Greeting::LENGTH - known.len();
            if missing == 0 {
                return;
            }
            known.extend_from_slice(&bytes[..bytes.len().min(missing)]);
        }
        self.0.news.notify_waiters();
    }

    fn note_failure(&self, error: &io::Error) {
        let refusal = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(refusal) = refusal {
            self.lock().refusal = Some(refusal.to_string());
        }
        self.note_end();
    }

    fn note_end(&self) {
        self.lock().ended = true;
        self.0.news.notify_waiters();
    }

    /// Waits until so much has come that it can be told what the other side speaks, or no more can come.
    pub(crate) async fn complete(&self) {
        loop {
            let news = self.0.news.notified();
            tokio::pin!(news);
            // From here on nothing is missed.
            news.as_mut().enable();
            if self.is_complete() {
                return;
            }
            news.await;
        }
    }

    fn is_complete(&self) -> bool {
        {
            let beginning = self.lock();
            if beginning.ended || beginning.bytes.len() >= FRAME_HEAD_LENGTH {
                return true;
            }
        }
        self.kind() == Some(Protocol::Tls)
    }

    pub(crate) fn refusal(&self) -> Option<String> {
        self.lock().refusal.clone()
    }

    pub(crate) fn kind(&self) -> Option<Protocol> {
        match self.lock().bytes.as_slice() {
            [] => None,
            // What servers in Go tell those who do not begin with TLS.
            [b'H', b'T', b'T', b'P', text @ ..] if text.windows(5).any(|word| word == b"HTTPS") => Some(Protocol::Tls),
            [b'H', b'T', b'T', b'P', ..] => Some(Protocol::Http1),
            // An alert or a handshake record of version 3.
            [0x15 | 0x16, 3, ..] => Some(Protocol::Tls),
            // A frame of type SETTINGS on stream 0.
            [_, _, _, 4, _, 0, 0, 0, 0, ..] => Some(Protocol::Http2),
            _ => Some(Protocol::Other),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Beginning> {
        self.0.beginning.lock().expect(UNPOISONED)
    }
}

/// A byte stream in both directions.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that notes how the other side begins.
pub(crate) struct Connection {
    pub(crate) stream: Box<dyn Stream>,
    pub(crate) greeting: Greeting,
}

impl Connection {
    fn noted<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &result {
            self.greeting.note_failure(error);
        }
        result
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        match &buffer.filled()[before..] {
            [] if result.is_ready() && buffer.remaining() > 0 => self.greeting.note_end(),
            read => self.greeting.add(read),
        }
        self.noted(result)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(context);
        self.noted(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(context);
        self.noted(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.noted(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_protocol() {
        for (bytes, kind) in [
            (&b""[..], None),
            (b"HTTP/1.1 400 Bad Request", Some(Protocol::Http1)),
            (b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.", Some(Protocol::Tls)),
            (b"\x15\x03\x01\x00\x02\x02\x46", Some(Protocol::Tls)),
            (b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00", Some(Protocol::Http2)),
            (b"SSH-2.0-OpenSSH", Some(Protocol::Other)),
        ] {
            let greeting = Greeting::default();
            for byte in bytes {
                greeting.add(&[*byte]);
            }
            assert_eq!(greeting.kind(), kind, "{bytes:?}");
        }
    }

    #[tokio::test]
    async fn a_greeting_is_complete_when_it_tells_something_or_nothing_more_comes() {
        let waits = async |greeting: &Greeting| {
            tokio::select! {
                biased;
                () = greeting.complete() => false,
                () = tokio::task::yield_now() => true,
            }
        };
        let [frame, alert, ended] = [&b"\0\0\x06\x04\0\0\0\0\0"[..], b"\x15\x03\x01", b"HTTP"];
        for bytes in [frame, alert, ended] {
            let greeting = Greeting::default();
            assert!(waits(&greeting).await);
            greeting.add(bytes);
            if bytes == ended {
                assert!(waits(&greeting).await);
                greeting.note_end();
            }
            assert!(!waits(&greeting).await, "{bytes:?}");
        }
    }

    #[test]
    fn a_refusal_after_the_handshake_is_kept() {
        let greeting = Greeting::default();
        greeting.note_failure(&io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(greeting.refusal(), None);
        let refusal = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        greeting.note_failure(&io::Error::new(io::ErrorKind::InvalidData, refusal));
        assert_eq!(greeting.refusal().as_deref(), Some("received fatal alert: CertificateRequired"));
    }
}
