//! Keeping a lease alive: renewals on a stream, which is opened again where a connection breaks.

use std::time::Duration;

use kv_proto::etcdserverpb::lease_client::LeaseClient;
use kv_proto::etcdserverpb::{LeaseKeepAliveRequest, LeaseKeepAliveResponse};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::metadata::AsciiMetadataValue;
use tonic::{Code, Request, Status, Streaming};

use crate::client::Verdict;
use crate::{Client, Deadline, Error};

/// A renewal is asked for when this part of the lease's time has passed.
const RENEWED_AFTER: u32 = 3;

/// Renewals of one lease.
#[derive(Debug)]
pub struct KeepAlive {
    client: Client,
    id: i64,
    stream: Option<Stream>,
    /// When the next renewal is due.
    due: Instant,
    /// When the lease ends for all that is known here.
    ends: Option<Instant>,
    /// How long an answer may take before the server is given up, so that there is as much time left for another one; for ever until
    /// it is known how long the lease lasts.
    patience: Option<Duration>,
}

#[derive(Debug)]
struct Stream {
    /// The endpoint that serves it.
    endpoint: usize,
    requests: mpsc::UnboundedSender<LeaseKeepAliveRequest>,
    answers: Streaming<LeaseKeepAliveResponse>,
    /// When the renewal was asked for that is not answered yet.
    asked: Option<Instant>,
}

impl Client {
    /// Begins to keep a lease alive. Nothing is sent before [`KeepAlive::next`] or [`KeepAlive::renew`].
    pub fn keep_alive(&self, id: i64) -> KeepAlive {
        KeepAlive { client: self.clone(), id, stream: None, due: Instant::now(), ends: None, patience: None }
    }
}

impl KeepAlive {
    /// Waits until a third of the lease's time has passed, the first time not at all, and renews it. Nothing is returned
    /// once the lease is gone, or so much time has passed without an answer that it may be. Dropping the future is safe.
    ///
    /// # Errors
    ///
    /// Fails if the server refuses for good.
    pub async fn next(&mut self) -> Result<Option<LeaseKeepAliveResponse>, Error> {
        sleep_until(self.due).await;
        let answer = match self.ends {
            None => self.renew().await?,
            Some(ends) => match timeout_at(ends, self.renew()).await {
                Ok(answer) => answer?,
                Err(_) => return Ok(None),
            },
        };
        Ok((answer.ttl > 0).then_some(answer))
    }

    /// Renews the lease now, however long it takes to find a server that does. The time to live in the answer is zero
    /// if there is no such lease.
    ///
    /// # Errors
    ///
    /// As [`KeepAlive::next`].
    pub async fn renew(&mut self) -> Result<LeaseKeepAliveResponse, Error> {
        loop {
            let stream = match &mut self.stream {
                Some(stream) => stream,
                None => match open(&self.client, self.id).await {
                    Ok(stream) => self.stream.insert(stream),
                    Err((endpoint, status)) => {
                        self.give_up(endpoint, &status).await?;
                        continue;
                    }
                },
            };
            let asked = *stream.asked.get_or_insert_with(|| {
                // A stream that has broken takes nothing, and its end says so.
                let _ = stream.requests.send(LeaseKeepAliveRequest { id: self.id });
                Instant::now()
            });
            let endpoint = stream.endpoint;
            let answer = match self.patience {
                Some(patience) => timeout_at(asked + patience, stream.answers.message()).await,
                None => Ok(stream.answers.message().await),
            };
            let Ok(answer) = answer else {
                // To ask twice does no harm.
                self.stream = None;
                self.client.forget(endpoint, None);
                self.client.go_on(endpoint).await;
                continue;
            };
            match answer {
                Ok(Some(answer)) => {
                    stream.asked = None;
                    self.client.has_succeeded();
                    let ttl = Duration::from_secs(u64::try_from(answer.ttl).unwrap_or(0));
                    // The server began to count after it was asked.
                    self.due = asked + ttl / RENEWED_AFTER;
                    self.ends = Some(asked + ttl);
                    self.patience = Some(ttl / RENEWED_AFTER);
                    return Ok(answer);
                }
                // A server that shuts down ends its streams.
                Ok(None) => {
                    self.stream = None;
                    self.client.go_on(endpoint).await;
                }
                Err(status) => self.give_up(endpoint, &status).await?,
            }
        }
    }

    /// Forgets the stream, and goes on to another endpoint unless the status is the server's answer.
    async fn give_up(&mut self, endpoint: usize, status: &Status) -> Result<(), Error> {
        self.stream = None;
        let verdict = self.client.judge(endpoint, status);
        if verdict == Verdict::Answer && status.code() != Code::Internal {
            return Err(Error::from_status(status));
        }
        self.client.go_on(endpoint).await;
        Ok(())
    }
}

/// Opens a stream and asks for the first renewal on it: some servers say nothing before they were asked something.
async fn open(client: &Client, id: i64) -> Result<Stream, (usize, Status)> {
    let (endpoint, channel) = client.channel(Deadline::NEVER).await;
    let (requests, receiver) = mpsc::unbounded_channel();
    let asked = Instant::now();
    requests.send(LeaseKeepAliveRequest { id }).expect("the receiver is right here");
    let mut request = Request::new(UnboundedReceiverStream::new(receiver));
    client.add_metadata(&mut request);
    // A member that is cut off from its leader ends the stream, and the next endpoint is tried.
    request.metadata_mut().insert("hasleader", AsciiMetadataValue::from_static("true"));
    let answers = LeaseClient::new(channel).lease_keep_alive(request).await;
    let answers = answers.map_err(|status| (endpoint, status))?.into_inner();
    Ok(Stream { endpoint, requests, answers, asked: Some(asked) })
}
