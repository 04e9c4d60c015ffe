//! Looks at gRPC's framing as bodies pass: counts messages, and refuses one that is too large before it is held.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use kv_proto::ApiError;
use tonic::{Code, Status};

use crate::metrics::Metrics;
use crate::pings::OpenCall;
use crate::status::status;
use crate::trace::Span;

/// A message is preceded by a flag and its length in four bytes.
const PREFIX_BYTES: usize = 5;

/// Follows the framing through pieces that may be cut anywhere.
#[derive(Debug, Default)]
struct Scanner {
    prefix: [u8; PREFIX_BYTES],
    prefix_filled: usize,
    message_left: usize,
}

impl Scanner {
    /// Takes the next piece and calls `begin` with the length of each message that begins in it.
    fn scan<E>(&mut self, mut piece: &[u8], mut begin: impl FnMut(usize) -> Result<(), E>) -> Result<(), E> {
        while !piece.is_empty() {
            if self.message_left > 0 {
                let skip = self.message_left.min(piece.len());
                self.message_left -= skip;
                piece = &piece[skip..];
                continue;
            }
            let take = (PREFIX_BYTES - self.prefix_filled).min(piece.len());
            self.prefix[self.prefix_filled..self.prefix_filled + take].copy_from_slice(&piece[..take]);
            self.prefix_filled += take;
            piece = &piece[take..];
            if self.prefix_filled == PREFIX_BYTES {
                self.prefix_filled = 0;
                let length = u32::from_be_bytes(self.prefix[1..].try_into().expect("four bytes")) as usize;
                self.message_left = length;
                begin(length)?;
            }
        }
        Ok(())
    }
}

/// Where the messages of a request come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// From the connection, as they are.
    Wire(Incoming),
    /// They are made here, of something else.
    Made(UnsyncBoxBody<Bytes, Status>),
}

impl Body for Source {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.get_mut() {
            // The client is gone; nobody will read the status.
            Self::Wire(body) => {
                Pin::new(body).poll_frame(context).map_err(|error| Status::new(Code::Cancelled, error.to_string()))
            }
            Self::Made(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Wire(body) => body.is_end_stream(),
            Self::Made(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Wire(body) => body.size_hint(),
            Self::Made(body) => body.size_hint(),
        }
    }
}

/// A request's body.
#[derive(Debug)]
pub(crate) struct RequestBody {
    inner: Source,
    scanner: Scanner,
    message_bytes_max: usize,
    method: usize,
    metrics: Arc<Metrics>,
}

impl RequestBody {
    pub(crate) fn new(inner: Source, message_bytes_max: usize, method: usize, metrics: Arc<Metrics>) -> Self {
        Self { inner, scanner: Scanner::default(), message_bytes_max, method, metrics }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let body = self.get_mut();
        let frame = match Pin::new(&mut body.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => frame,
            other => return other,
        };
        if let Some(data) = frame.data_ref() {
            let method = &body.metrics.methods[body.method];
            let limit = body.message_bytes_max;
            body.metrics.grpc_received_bytes.add(data.len() as u64);
            body.scanner.scan(data, |length| {
                method.received.inc();
                if length > limit {
                    let text = format!("grpc: received message larger than max ({length} vs. {limit})");
                    return Err(Status::resource_exhausted(text));
                }
                Ok(())
            })?;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Counts a call once as handled, by its status. A call that is dropped before it has one was cancelled.
#[derive(Debug)]
pub(crate) struct Call {
    method: usize,
    metrics: Arc<Metrics>,
    started: Instant,
    finished: bool,
    /// Where it is traced.
    span: Option<Box<Span>>,
}

impl Call {
    pub(crate) fn start(method: usize, metrics: Arc<Metrics>) -> Self {
        metrics.methods[method].started.inc();
        Self { method, metrics, started: Instant::now(), finished: false, span: None }
    }

    /// Has the span end with the call.
    pub(crate) fn trace(&mut self, span: Span) {
        self.span = Some(Box::new(span));
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    fn finish(&mut self, code: usize) {
        if !self.finished {
            self.finished = true;
            let metrics = &self.metrics.methods[self.method];
            metrics.handled[code.min(metrics.handled.len() - 1)].inc();
            metrics.handling.observe(self.started.elapsed());
        }
    }

    fn finish_with(&mut self, headers: &http::HeaderMap) {
        if let Some(status) = headers.get("grpc-status") {
            let code = status.to_str().ok().and_then(|text| text.parse().ok());
            self.finish(code.unwrap_or(Code::Unknown as usize));
            if let Some(span) = self.span.take() {
                span.end_call(&Status::from_header_map(headers).unwrap_or_else(|| Status::ok("")));
            }
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.finish(Code::Cancelled as usize);
        if let Some(span) = self.span.take() {
            span.end_call(&Status::cancelled("context canceled"));
        }
    }
}

/// Resolves when the server is about to stop.
pub(crate) type Stopping = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A response's body.
pub(crate) struct ResponseBody {
    inner: tonic::body::Body,
    scanner: Scanner,
    call: Option<Call>,
    /// A stream without end is ended by this; everything else is finished first.
    stopping: Option<Stopping>,
    #[expect(dead_code, reason = "says that the call is open, until it is dropped")]
    open: Option<OpenCall>,
}

impl ResponseBody {
    /// Wraps the response of a call; a status in its headers ends the call.
    pub(crate) fn grpc(
        response: http::Response<tonic::body::Body>,
        mut call: Call,
        stopping: Option<Stopping>,
    ) -> http::Response<Self> {
        call.finish_with(response.headers());
        response.map(|inner| Self { inner, scanner: Scanner::default(), call: Some(call), stopping, open: None })
    }

    /// Wraps a body that is not gRPC's.
    pub(crate) fn plain(bytes: Bytes) -> Self {
        let inner = tonic::body::Body::new(http_body_util::Full::new(bytes));
        Self { inner, scanner: Scanner::default(), call: None, stopping: None, open: None }
    }

    /// Keeps the call open as long as the body is there.
    pub(crate) fn holding(self, open: OpenCall) -> Self {
        Self { open: Some(open), ..self }
    }

    /// Wraps a body that is made while it is sent, and is not gRPC's.
    pub(crate) fn streamed(body: impl Body<Data = Bytes, Error = Status> + Send + 'static) -> Self {
        Self {
            inner: tonic::body::Body::new(body),
            scanner: Scanner::default(),
            call: None,
            stopping: None,
            open: None,
        }
    }

    /// Ends a stream that waits for nothing but a client.
    fn poll_stop(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(stopping) = &mut self.stopping else { return Poll::Pending };
        if stopping.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.stopping = None;
        self.inner = tonic::body::Body::empty();
        let mut trailers = http::HeaderMap::new();
        // The text is a constant of the API; it makes a header.
        let _ = status(ApiError::Stopped).add_header(&mut trailers);
        if let Some(call) = &mut self.call {
            call.finish_with(&trailers);
        }
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let body = self.get_mut();
        let polled = Pin::new(&mut body.inner).poll_frame(context);
        if polled.is_pending() {
            return body.poll_stop(context);
        }
        if let (Poll::Ready(Some(Ok(frame))), Some(call)) = (&polled, &mut body.call) {
            if let Some(data) = frame.data_ref() {
                let sent = &call.metrics.methods[call.method].sent;
                call.metrics.grpc_sent_bytes.add(data.len() as u64);
                let Ok(()) = body.scanner.scan(data, |_| {
                    sent.inc();
                    Ok::<(), std::convert::Infallible>(())
                });
            } else if let Some(trailers) = frame.trailers_ref() {
                call.finish_with(trailers);
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_wherever_the_pieces_are_cut() {
        let lengths = [0usize, 1, 5, 300, 0];
        let mut stream = Vec::new();
        for length in lengths {
            stream.push(0);
            stream.extend_from_slice(&(length as u32).to_be_bytes());
            stream.resize(stream.len() + length, 0xff);
        }
        for piece_bytes in 1..stream.len() {
            let mut scanner = Scanner::default();
            let mut found = Vec::new();
            for piece in stream.chunks(piece_bytes) {
                let Ok(()) = scanner.scan(piece, |length| {
                    found.push(length);
                    Ok::<(), std::convert::Infallible>(())
                });
            }
            assert_eq!(found, lengths, "pieces of {piece_bytes}");
        }
    }
}
