//! One connection from its first byte to its last: HTTP/1 or HTTP/2, whichever the client begins with.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::Sleep;

use crate::authority::Named;
use crate::config::Config;
use crate::front::Front;
use crate::origin::Origin;
use crate::pings::{Calls, Counted};
use crate::router;
use crate::slow;

/// A client that has not begun a request line or HTTP/2's preface by then holds a connection for nothing.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// What HTTP/2 begins with; every request of HTTP/1.1 is longer.
const PREFACE_BYTES: usize = 24;

/// Streams a client may open and give up before the server has looked at them. A client that cancels a hundred
/// watches at once is in its rights; one that does nothing else is cut off.
const PENDING_RESETS_MAX: usize = 1000;

/// What connections are given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    max_concurrent_streams: u32,
    keepalive_interval: Option<Duration>,
    keepalive_timeout: Duration,
    ping_min_time: Duration,
}

impl Options {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            max_concurrent_streams: config.max_concurrent_streams,
            keepalive_interval: Some(config.grpc_keepalive_interval).filter(|interval| !interval.is_zero()),
            keepalive_timeout: config.grpc_keepalive_timeout,
            ping_min_time: config.grpc_keepalive_min_time,
        }
    }
}

/// Serves a connection until the client leaves, or `drain` says to finish what is under way.
pub(crate) async fn run<S>(
    stream: S,
    front: Arc<Front>,
    origin: Origin,
    options: Options,
    mut drain: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HANDSHAKE_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(options.max_concurrent_streams)
        .max_pending_accept_reset_streams(PENDING_RESETS_MAX)
        .keep_alive_interval(options.keepalive_interval)
        .keep_alive_timeout(options.keepalive_timeout);
    let calls = Calls::default();
    let stream = Counted::new(Named::new(Handshake::new(stream)), options.ping_min_time, &calls);
    let service = hyper::service::service_fn(move |request| {
        let (open, answer) = (calls.open(), router::call(&front, &origin, request));
        let answer = slow::serving(origin.remote, answer);
        async move { answer.await.map(|answer| answer.map(|body| body.holding(open))) }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let drained = async {
        // The value must not be held: it is a lock. An error means that the server is gone.
        drop(drain.wait_for(|draining| *draining).await);
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = drained => None,
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        connection.as_mut().graceful_shutdown();
        connection.await
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "connection ended");
    }
}

/// Ends a connection whose client does not begin in time.
struct Handshake<S> {
    stream: S,
    /// Gone once enough was read.
    deadline: Option<Pin<Box<Sleep>>>,
    read: usize,
}

impl<S> Handshake<S> {
    fn new(stream: S) -> Self {
        Self { stream, deadline: Some(Box::pin(tokio::time::sleep(HANDSHAKE_TIMEOUT))), read: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Handshake<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let Some(deadline) = &mut this.deadline else {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        };
        if deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.read += buffer.filled().len() - before;
        if this.read >= PREFACE_BYTES {
            this.deadline = None;
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Handshake<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
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
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_cut_off_and_an_idle_one_is_not() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut server = Handshake::new(server);
        client.write_all(b"PRI * HTTP").await.unwrap();
        let mut buffer = [0; 64];
        assert_eq!(server.read(&mut buffer).await.unwrap(), 10);
        assert_eq!(server.read(&mut buffer).await.unwrap_err().kind(), io::ErrorKind::TimedOut);

        let (mut client, server) = tokio::io::duplex(64);
        let mut server = Handshake::new(server);
        client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        server.read_exact(&mut buffer[..24]).await.unwrap();
        tokio::time::sleep(100 * HANDSHAKE_TIMEOUT).await;
        client.write_all(b"x").await.unwrap();
        assert_eq!(server.read(&mut buffer).await.unwrap(), 1);
    }
}
