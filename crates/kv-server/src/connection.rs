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

use crate::authority::Naming;
use crate::config::Config;
use crate::front::Front;
use crate::http2::PREFACE;
use crate::origin::Origin;
use crate::pings::{Calls, Counted};
use crate::read_through::{ReadThrough, Reading};
use crate::router;
use crate::slow;

/// A client that has not begun a request line or HTTP/2's preface by then holds a connection for nothing.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

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
    let (calls, successor) = (Calls::default(), origin.successor.clone());
    let stream = ReadThrough::new(ReadThrough::new(stream, Handshake::begin()), Naming::default());
    let stream = Counted::new(stream, options.ping_min_time, &calls);
    let service = hyper::service::service_fn(move |request| {
        let (open, answer) = (calls.open(), router::call(&front, &origin, request));
        let answer = slow::serving(origin.remote, answer);
        async move { answer.await.map(|answer| answer.map(|body| body.holding(open))) }
    });
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
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
    if let Some(successor) = successor.take() {
        successor.await;
    }
}

/// Ends a connection whose client does not begin in time.
struct Handshake {
    /// Gone once enough was read.
    deadline: Option<Pin<Box<Sleep>>>,
    read: usize,
}

impl Handshake {
    fn begin() -> Self {
        Self { deadline: Some(Box::pin(tokio::time::sleep(HANDSHAKE_TIMEOUT))), read: 0 }
    }
}

impl Reading for Handshake {
    fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(deadline) = &mut self.deadline else {
            return Pin::new(stream).poll_read(context, buffer);
        };
        if deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(stream).poll_read(context, buffer);
        self.read += buffer.filled().len() - before;
        // Every request of HTTP/1.1 is longer than HTTP/2's preface.
        if self.read >= PREFACE.len() {
            self.deadline = None;
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_cut_off_and_an_idle_one_is_not() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut server = ReadThrough::new(server, Handshake::begin());
        client.write_all(b"PRI * HTTP").await.unwrap();
        let mut buffer = [0; 64];
        assert_eq!(server.read(&mut buffer).await.unwrap(), 10);
        assert_eq!(server.read(&mut buffer).await.unwrap_err().kind(), io::ErrorKind::TimedOut);

        let (mut client, server) = tokio::io::duplex(64);
        let mut server = ReadThrough::new(server, Handshake::begin());
        client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        server.read_exact(&mut buffer[..24]).await.unwrap();
        tokio::time::sleep(100 * HANDSHAKE_TIMEOUT).await;
        client.write_all(b"x").await.unwrap();
        assert_eq!(server.read(&mut buffer).await.unwrap(), 1);
    }
}
