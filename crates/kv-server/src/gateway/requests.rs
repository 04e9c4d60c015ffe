//! A request's body of JSON values, one after the other, as messages of gRPC while they come.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use http_body_util::combinators::UnsyncBoxBody;
use prost_reflect::MessageDescriptor;
use tonic::Status;

use super::json::{self, Ends};

/// JSON as it comes from a client.
pub(super) type Text = UnsyncBoxBody<Bytes, Status>;

/// Reads messages from JSON.
#[derive(Debug)]
pub(super) struct JsonRequests {
    body: Text,
    descriptor: MessageDescriptor,
    /// What has come and is no whole value yet.
    come: BytesMut,
    ends: Ends,
    bytes_max: usize,
    ended: bool,
}

impl JsonRequests {
    pub(super) fn new(body: Text, descriptor: MessageDescriptor, bytes_max: usize) -> Self {
        Self { body, descriptor, come: BytesMut::new(), ends: Ends::default(), bytes_max, ended: false }
    }

    /// Takes the next value from what has come, if it is whole.
    fn take(&mut self) -> Option<Bytes> {
        let Some(end) = self.ends.next(&self.come) else {
            self.ended |= self.come.len() > self.bytes_max;
            return None;
        };
        let value = self.come.split_to(end);
        match json::read(&self.descriptor, &value) {
            Ok(message) => Some(message),
            Err(error) => {
                // As etcd's gateway does: what cannot be read ends the requests, not the answers to those before.
                tracing::debug!(error = %error, "a request to the gateway cannot be read");
                self.ended = true;
                None
            }
        }
    }
}

impl Body for JsonRequests {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        loop {
            if this.ended {
                return Poll::Ready(None);
            }
            if let Some(message) = this.take() {
                return Poll::Ready(Some(Ok(Frame::data(message))));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                None => this.ended = true,
                Some(Err(status)) => return Poll::Ready(Some(Err(status))),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        this.come.extend_from_slice(&data);
                    }
                }
            }
        }
    }
}
