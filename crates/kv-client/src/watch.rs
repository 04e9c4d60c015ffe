//! Watching: any number of watches on one stream, taken up again where they were when a connection breaks.

use std::collections::VecDeque;

use kv_proto::etcdserverpb::watch_client::WatchClient;
use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::etcdserverpb::{WatchCreateRequest, WatchProgressRequest, WatchRequest, WatchResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::metadata::AsciiMetadataValue;
use tonic::{Code, Request, Status, Streaming};

use crate::client::Verdict;
use crate::{Client, Deadline, Error};

/// Names one watch of a [`WatchSession`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WatchKey(usize);

/// Watches that share a stream.
///
/// Every event is delivered once and in order, also when the connection breaks in between: the session then connects
/// again, perhaps to another endpoint, and continues behind the last revision it has seen.
#[derive(Debug)]
pub struct WatchSession {
    client: Client,
    watches: Vec<Watch>,
    stream: Option<Stream>,
    /// Answers that concern several watches, for those that have not seen them yet.
    ready: VecDeque<(WatchKey, WatchResponse)>,
}

#[derive(Debug)]
struct Watch {
    request: WatchCreateRequest,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Requested,
    Active { id: i64 },
    Ended,
}

#[derive(Debug)]
struct Stream {
    /// The endpoint that serves it.
    endpoint: usize,
    requests: mpsc::UnboundedSender<WatchRequest>,
    responses: Streaming<WatchResponse>,
    /// Watches that were asked for and not yet answered. The server answers in order.
    requested: VecDeque<WatchKey>,
}

impl Client {
    /// Begins a session without watches.
    pub fn watch(&self) -> WatchSession {
        WatchSession { client: self.clone(), watches: Vec::new(), stream: None, ready: VecDeque::new() }
    }
}

impl WatchSession {
    /// Adds a watch. Its events come from [`WatchSession::next`].
    pub fn create(&mut self, request: WatchCreateRequest) -> WatchKey {
        let key = WatchKey(self.watches.len());
        if let Some(stream) = &mut self.stream {
            stream.requested.push_back(key);
            send(&stream.requests, RequestUnion::CreateRequest(request.clone()));
        }
        self.watches.push(Watch { request, state: State::Requested });
        key
    }

    /// Asks the server to say up to which revision all watches have seen everything. It answers all watches at once, or
    /// not at all while one of them is behind.
    pub fn request_progress(&mut self) {
        if let Some(stream) = &self.stream {
            send(&stream.requests, RequestUnion::ProgressRequest(WatchProgressRequest {}));
        }
    }

    /// Returns the next answer: events, a notification of progress, or the end of a watch. Dropping the future loses
    /// nothing. Without any watch it never returns.
    ///
    /// # Errors
    ///
    /// Fails if the server refuses the stream for good; all watches have ended then.
    pub async fn next(&mut self) -> Result<(WatchKey, WatchResponse), Error> {
        loop {
            if let Some(response) = self.ready.pop_front() {
                return Ok(response);
            }
            if self.watches.iter().all(|watch| watch.state == State::Ended) {
                std::future::pending::<()>().await;
            }
            let (endpoint, outcome) = match &mut self.stream {
                Some(stream) => (stream.endpoint, stream.responses.message().await),
                None => match self.open().await {
                    Ok(stream) => {
                        self.stream = Some(stream);
                        continue;
                    }
                    Err((endpoint, status)) => (endpoint, Err(status)),
                },
            };
            match outcome {
                Ok(Some(response)) => {
                    self.client.has_succeeded();
                    self.receive(response);
                }
                // A server that shuts down ends its streams.
                Ok(None) => self.reconnect(endpoint).await,
                Err(status) => {
                    let verdict = self.client.judge(endpoint, &status);
                    if verdict == Verdict::Answer && status.code() != Code::Internal {
                        self.watches.iter_mut().for_each(|watch| watch.state = State::Ended);
                        return Err(Error::from_status(&status));
                    }
                    self.reconnect(endpoint).await;
                }
            }
        }
    }

    async fn open(&self) -> Result<Stream, (usize, Status)> {
        let (endpoint, channel) = self.client.channel(Deadline::NEVER).await;
        let (requests, receiver) = mpsc::unbounded_channel();
        let mut requested = VecDeque::new();
        for (index, watch) in self.watches.iter().enumerate() {
            if watch.state != State::Ended {
                requested.push_back(WatchKey(index));
                send(&requests, RequestUnion::CreateRequest(watch.request.clone()));
            }
        }
        let mut request = Request::new(UnboundedReceiverStream::new(receiver));
        self.client.add_metadata(&mut request);
        // A member that is cut off from its leader ends the stream, and the next endpoint is tried.
        request.metadata_mut().insert("hasleader", AsciiMetadataValue::from_static("true"));
        let receive_max = self.client.receive_max();
        let responses = WatchClient::new(channel).max_decoding_message_size(receive_max).watch(request).await;
        let responses = responses.map_err(|status| (endpoint, status))?.into_inner();
        Ok(Stream { endpoint, requests, responses, requested })
    }

    async fn reconnect(&mut self, failed: usize) {
        self.stream = None;
        for watch in &mut self.watches {
            if watch.state != State::Ended {
                watch.state = State::Requested;
            }
        }
        self.client.go_on(failed).await;
    }

    fn receive(&mut self, response: WatchResponse) {
        let stream = self.stream.as_mut().expect("a response comes from a stream");
        if response.created {
            let Some(key) = stream.requested.pop_front() else { return };
            let watch = &mut self.watches[key.0];
            if response.canceled {
                watch.state = State::Ended;
                self.ready.push_back((key, response));
                return;
            }
            watch.state = State::Active { id: response.watch_id };
            watch.has_begun(response.header.map_or(0, |header| header.revision));
            return;
        }
        for (index, watch) in self.watches.iter_mut().enumerate() {
            let State::Active { id } = watch.state else { continue };
            if response.watch_id != ALL_WATCHES && response.watch_id != id {
                continue;
            }
            if response.canceled || response.compact_revision != 0 {
                watch.state = State::Ended;
            } else if let Some(kv) = response.events.last().and_then(|event| event.kv.as_ref()) {
                watch.request.start_revision = kv.mod_revision + 1;
            } else {
                watch.has_seen(response.header.map_or(0, |header| header.revision));
            }
            self.ready.push_back((WatchKey(index), response.clone()));
        }
    }
}

impl Watch {
    /// Notes at which revision a watch of what is to come began.
    fn has_begun(&mut self, revision: i64) {
        if self.request.start_revision == 0 {
            self.has_seen(revision);
        }
    }

    /// Notes that nothing up to a revision is missing.
    fn has_seen(&mut self, revision: i64) {
        if revision > 0 {
            self.request.start_revision = self.request.start_revision.max(revision + 1);
        }
    }
}

/// The watch id of an answer that is meant for every watch of the stream.
const ALL_WATCHES: i64 = -1;

fn send(requests: &mpsc::UnboundedSender<WatchRequest>, request: RequestUnion) {
    // A stream that has broken takes nothing; the watches are asked for again on the next one.
    let _ = requests.send(WatchRequest { request_union: Some(request) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(start_revision: i64, note: fn(&mut Watch), expected: i64) {
        let request = WatchCreateRequest { start_revision, ..WatchCreateRequest::default() };
        let mut watch = Watch { request, state: State::Requested };
        note(&mut watch);
        assert_eq!(watch.request.start_revision, expected);
    }

    #[test]
    fn a_broken_stream_is_continued_behind_what_was_seen() {
        check(0, |watch| watch.has_begun(7), 8);
        check(3, |watch| watch.has_begun(7), 3);
        check(20, |watch| watch.has_begun(7), 20);
        check(3, |watch| watch.has_seen(7), 8);
        check(20, |watch| watch.has_seen(7), 20);
        check(0, |watch| watch.has_begun(0), 0);
    }
}
