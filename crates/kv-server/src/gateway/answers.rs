//! Answers of gRPC as JSON: one, or a line for each message of a stream.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use prost_reflect::MessageDescriptor;
use tokio::time::{Instant, Sleep};
use tonic::{Code, Status};

use super::{JSON, json, refuse};
use crate::frames::ResponseBody;

/// The content type of the answer before it was JSON, which grpc-gateway passes on like all metadata.
const INNER_TYPE: (HeaderName, HeaderValue) =
    (HeaderName::from_static("grpc-metadata-content-type"), HeaderValue::from_static("application/grpc"));

/// Turns the answer of a call into one object.
pub(super) async fn unary(
    response: Response<ResponseBody>,
    descriptor: &MessageDescriptor,
) -> Result<Response<ResponseBody>, Status> {
    failure(response.headers())?;
    let collected = response.into_body().collect().await?;
    collected.trailers().map_or(Ok(()), failure)?;
    let mut come = BytesMut::from(collected.to_bytes());
    let answer = json::take_message(descriptor, &mut come)?;
    let answer = answer.ok_or_else(|| Status::internal("the answer ended before its message"))?;
    Ok(typed(ResponseBody::plain(Bytes::from(answer))))
}

/// Turns the answers of a call into lines. It waits for the first, because its status is that of the whole.
///
/// `deadline` ends it, as a client of gRPC would: behind the gateway there is nobody else to do that.
pub(super) async fn stream(
    response: Response<ResponseBody>,
    descriptor: &MessageDescriptor,
    deadline: Option<Instant>,
) -> Response<ResponseBody> {
    if let Err(status) = failure(response.headers()) {
        return failed(&status);
    }
    let deadline = deadline.map(|deadline| Box::pin(tokio::time::sleep_until(deadline)));
    let mut lines = Lines {
        body: response.into_body(),
        descriptor: descriptor.clone(),
        come: BytesMut::new(),
        deadline,
        ended: false,
    };
    match lines.next().await {
        Some(Err(status)) => failed(&status),
        // Of nothing etcd says no type.
        None => Response::new(ResponseBody::streamed(Begun { first: None, lines })),
        Some(Ok(first)) => typed(ResponseBody::streamed(Begun { first: Some(first), lines })),
    }
}

fn typed(body: ResponseBody) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    let (name, value) = INNER_TYPE;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response.headers_mut().insert(name, value);
    response
}

/// Answers with the error of a stream that said nothing else.
fn failed(status: &Status) -> Response<ResponseBody> {
    refuse(status).map(|_| ResponseBody::plain(json::line("error", &json::error(status))))
}

/// Finds the status of a call, wherever it is told.
fn failure(headers: &HeaderMap) -> Result<(), Status> {
    match Status::from_header_map(headers) {
        Some(status) if status.code() != Code::Ok => Err(status),
        _ => Ok(()),
    }
}

/// The lines of a stream.
struct Lines {
    body: ResponseBody,
    descriptor: MessageDescriptor,
    come: BytesMut,
    deadline: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl Lines {
    async fn next(&mut self) -> Option<Result<Bytes, Status>> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// Returns the next line; an error is the last.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Status>>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            match json::take_message(&self.descriptor, &mut self.come) {
                Ok(None) => {}
                Ok(Some(answer)) => return Poll::Ready(Some(Ok(json::line("result", &answer)))),
                Err(status) => return self.fail(status),
            }
            let polled = Pin::new(&mut self.body).poll_frame(context);
            if polled.is_pending()
                && let Some(deadline) = &mut self.deadline
                && deadline.as_mut().poll(context).is_ready()
            {
                return self.fail(Status::deadline_exceeded("context deadline exceeded"));
            }
            match ready!(polled) {
                None => self.ended = true,
                Some(Err(status)) => return self.fail(status),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.come.extend_from_slice(&data),
                    Err(frame) => {
                        if let Some(Err(status)) = frame.trailers_ref().map(failure) {
                            return self.fail(status);
                        }
                    }
                },
            }
        }
    }

    fn fail(&mut self, status: Status) -> Poll<Option<Result<Bytes, Status>>> {
        self.ended = true;
        Poll::Ready(Some(Err(status)))
    }
}

/// A body of lines whose first is there already.
struct Begun {
    first: Option<Bytes>,
    lines: Lines,
}

impl Body for Begun {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        // The status of the response has gone out, so that an error is a line like others.
        let line = ready!(this.lines.poll_next(context));
        let line = line.map(|line| line.unwrap_or_else(|status| json::line("error", &json::error(&status))));
        Poll::Ready(line.map(|line| Ok(Frame::data(line))))
    }
}
