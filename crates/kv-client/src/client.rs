//! The client: several endpoints, one in use at a time, and what happens to a call when that one fails.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use kv_proto::ApiError;
use kv_proto::etcdserverpb::AuthenticateRequest;
use prost::Message;
use tokio::time::Instant;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use crate::dial::{ConnectError, Dialer};
use crate::endpoint::Security;
use crate::greeting::{Greeting, UNPOISONED};
use crate::place::{Place, find_connect_error};
use crate::{Credentials, Deadline, Endpoint, Error, Options, TlsOptions};

/// Whether a call may be sent again when it is not known what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// It only reads.
    Always,
    /// It changes something, so only if it cannot have reached a server.
    Unsent,
}

/// Attempts after which a server's "not now" is taken for an answer.
const ATTEMPTS_MAX: usize = 100;

/// Pause after the first time that all endpoints were tried in vain; it doubles each time.
const BACKOFF: Duration = Duration::from_millis(25);

/// The longest such pause, after which a server that has come back is found.
const BACKOFF_MAX: Duration = Duration::from_millis(400);

const MAX_REQUEST_BYTES: usize = 2 * 1024 * 1024;

/// A client of one cluster. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: Options,
    places: Vec<Place>,
    /// The endpoint in use.
    current: Mutex<usize>,
    token: Mutex<Option<AsciiMetadataValue>>,
    /// How often all endpoints were tried in vain since the last success.
    rounds: AtomicU32,
}

impl Client {
    /// Makes a client and, if there are credentials with a password, authenticates. Nothing else connects until the
    /// first call.
    ///
    /// # Errors
    ///
    /// Fails if an endpoint or the TLS options cannot be used, or if the server refuses the credentials. A server that
    /// has no authentication accepts everybody.
    pub async fn connect(
        endpoints: impl IntoIterator<Item = impl AsRef<str>>,
        options: Options,
    ) -> Result<Client, Error> {
        let endpoints: Vec<Endpoint> =
            endpoints.into_iter().map(|text| text.as_ref().parse()).collect::<Result<_, _>>()?;
        if endpoints.is_empty() {
            return Err(Error::NoEndpoints);
        }
        let given = options.tls.as_ref().map(TlsOptions::config).transpose()?.map(Arc::new);
        let mut places = Vec::new();
        for endpoint in endpoints {
            let config = match (endpoint.security, &given) {
                (Security::None, _) | (Security::Optional, None) => None,
                (_, Some(config)) => Some(Arc::clone(config)),
                (Security::Required, None) => Some(Arc::new(TlsOptions::default().config()?)),
            };
            let server_name = options.tls.as_ref().and_then(|tls| tls.server_name.clone());
            let tls = config.map(|config| (config, server_name.unwrap_or_else(|| endpoint.server_name())));
            let dialer = Dialer {
                endpoint,
                tls,
                timeout: options.dial_timeout,
                greeting: Greeting::default(),
                certificate_end: Arc::default(),
                trace: options.trace,
            };
            places.push(Place { dialer, channel: Mutex::default(), failure: Mutex::default() });
        }
        let shared =
            Shared { options, places, current: Mutex::default(), token: Mutex::default(), rounds: AtomicU32::new(0) };
        let client = Client { shared: Arc::new(shared) };
        client.obtain_token().await?;
        Ok(client)
    }

    /// Returns until when the certificate of the server in use is valid, once there was a connection with TLS.
    pub fn certificate_end(&self) -> Option<SystemTime> {
        let end = &self.dialer().certificate_end;
        *end.lock().expect(UNPOISONED)
    }

    pub(crate) fn receive_max(&self) -> usize {
        match self.shared.options.max_receive_bytes {
            0 => i32::MAX as usize,
            limit => limit,
        }
    }

    /// Returns the endpoint in use.
    pub(crate) fn current(&self) -> usize {
        *self.shared.current.lock().expect(UNPOISONED)
    }

    /// Returns what connections to the endpoint in use are made of.
    pub(crate) fn dialer(&self) -> &Dialer {
        &self.shared.places[self.current()].dialer
    }

    /// Exchanges the password for a token. Boxed, because this is a call, and a call whose token is stale does this.
    fn obtain_token(&self) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + '_>> {
        Box::pin(async move {
            let token = match &self.shared.options.credentials {
                None => return Ok(()),
                Some(Credentials::Token(token)) => token.clone(),
                // Whom the server cannot ask for a password has none.
                Some(Credentials::User { name, password }) if name.is_empty() || password.is_empty() => return Ok(()),
                Some(Credentials::User { name, password }) => {
                    let request = AuthenticateRequest { name: name.clone(), password: password.clone() };
                    let limit = self.shared.options.dial_timeout;
                    let deadline = if limit.is_zero() { Deadline::NEVER } else { Deadline::after(limit) };
                    match self.authenticate(request, deadline).await {
                        Ok(response) => response.token,
                        Err(Error::Api(ApiError::AuthNotEnabled)) => return Ok(()),
                        Err(error) => return Err(error),
                    }
                }
            };
            let token = AsciiMetadataValue::try_from(token).map_err(|_| Error::Api(ApiError::InvalidAuthToken))?;
            *self.shared.token.lock().expect(UNPOISONED) = Some(token);
            Ok(())
        })
    }

    pub(crate) async fn call<Q, A, F>(
        &self,
        name: &str,
        retry: Retry,
        request: Q,
        deadline: Deadline,
        rpc: impl Fn(Channel, Request<Q>) -> F + Send,
    ) -> Result<A, Error>
    where
        Q: Message + Clone,
        F: Future<Output = Result<Response<A>, Status>> + Send,
    {
        let limit = match self.shared.options.max_request_bytes {
            0 => MAX_REQUEST_BYTES,
            limit => limit,
        };
        let size = request.encoded_len();
        if size > limit {
            return Err(Error::message_too_large(size, limit));
        }
        match deadline.limit(self.attempts(name, retry, request, deadline, rpc)).await {
            Some(result) => result,
            None => Err(self.deadline_exceeded()),
        }
    }

    async fn attempts<Q, A, F>(
        &self,
        name: &str,
        retry: Retry,
        request: Q,
        deadline: Deadline,
        rpc: impl Fn(Channel, Request<Q>) -> F + Send,
    ) -> Result<A, Error>
    where
        Q: Message + Clone,
        F: Future<Output = Result<Response<A>, Status>> + Send,
    {
        let mut attempt = 0;
        let mut token_is_fresh = false;
        loop {
            let (index, channel) = self.channel(deadline).await;
            let mut message = Request::new(request.clone());
            self.add_metadata(&mut message);
            if let Some(remaining) = deadline.remaining() {
                message.set_timeout(remaining);
            }
            self.trace(index, &format!("call {name}"));
            let status = match self.unless_lost(index, retry, rpc(channel, message)).await {
                Some(Ok(response)) => {
                    self.has_succeeded();
                    return Ok(response.into_inner());
                }
                Some(Err(status)) => status,
                None => {
                    self.go_on(index).await;
                    continue;
                }
            };
            self.trace(index, &format!("{name} failed: {status}"));
            if deadline.0.is_some() && (is_reset_as_cancelled(&status) || has_timed_out(&status)) {
                return Err(self.deadline_exceeded());
            }
            match self.judge(index, &status) {
                Verdict::Unsent => {}
                Verdict::Unavailable if retry == Retry::Always && attempt < ATTEMPTS_MAX => {}
                Verdict::Unavailable | Verdict::Answer => {
                    let error = self.error(deadline, &status).of_change(retry == Retry::Unsent);
                    if self.token_is_stale(&error) && !token_is_fresh {
                        token_is_fresh = true;
                        self.obtain_token().await?;
                        continue;
                    }
                    return Err(error);
                }
            }
            attempt += 1;
            self.go_on(index).await;
        }
    }

    /// Waits for an answer. A read gives up on a server that is lost where there are others, and there is nothing then. Whether a
    /// change was made can only be told by the server that has it.
    pub(crate) async fn unless_lost<T>(&self, index: usize, retry: Retry, call: impl Future<Output = T>) -> Option<T> {
        let Shared { options, places, .. } = &*self.shared;
        if retry == Retry::Unsent || places.len() == 1 || options.dial_timeout.is_zero() {
            return Some(call.await);
        }
        tokio::select! {
            answer = call => Some(answer),
            failure = Box::pin(places[index].lost(options)) => {
                self.forget(index, Some(failure));
                None
            }
        }
    }

    /// Forgets a connection that is of no use any more, so that the next call makes another one.
    pub(crate) fn forget(&self, index: usize, failure: Option<ConnectError>) {
        let place = &self.shared.places[index];
        *place.channel.lock().expect(UNPOISONED) = None;
        *place.failure.lock().expect(UNPOISONED) = failure;
    }

    /// Returns a connection, however long it takes. Dropping the future is safe.
    pub(crate) async fn channel(&self, deadline: Deadline) -> (usize, Channel) {
        let started = Instant::now();
        let patience = self.shared.options.dial_timeout.max(Duration::from_secs(1));
        let mut noticed = deadline.0.is_some();
        loop {
            let index = self.current();
            let place = &self.shared.places[index];
            let known = place.channel.lock().expect(UNPOISONED).clone();
            if let Some(channel) = known {
                return (index, channel);
            }
            match Box::pin(place.open(&self.shared.options)).await {
                Ok(channel) => {
                    *place.channel.lock().expect(UNPOISONED) = Some(channel.clone());
                    return (index, channel);
                }
                Err(error) => {
                    if !noticed && started.elapsed() >= patience {
                        noticed = true;
                        if let Some(notice) = self.shared.options.notice {
                            notice(&format!("still trying; {error}"));
                        }
                    }
                    *place.failure.lock().expect(UNPOISONED) = Some(error);
                    self.go_on(index).await;
                }
            }
        }
    }

    /// Says what a failed call means for trying again, and forgets a connection that is of no use.
    pub(crate) fn judge(&self, index: usize, status: &Status) -> Verdict {
        let place = &self.shared.places[index];
        let made_here = std::error::Error::source(status).is_some();
        if !made_here {
            return if status.code() == Code::Unavailable { Verdict::Unavailable } else { Verdict::Answer };
        }
        *place.channel.lock().expect(UNPOISONED) = None;
        let mut failure = place.failure.lock().expect(UNPOISONED);
        *failure = find_connect_error(status).or_else(|| place.dialer.judge(failure.as_ref()));
        if failure.is_some() { Verdict::Unsent } else { Verdict::Unavailable }
    }

    /// Goes on to the next endpoint, with a pause when all have been tried.
    pub(crate) async fn go_on(&self, failed: usize) {
        let count = self.shared.places.len();
        let next = (failed + 1) % count;
        {
            let mut current = self.shared.current.lock().expect(UNPOISONED);
            if *current == failed {
                *current = next;
            }
        }
        if next == 0 {
            let rounds = self.shared.rounds.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(BACKOFF_MAX.min(BACKOFF * 2_u32.saturating_pow(rounds.min(8)))).await;
        }
    }

    /// Notes that the endpoint in use serves.
    pub(crate) fn has_succeeded(&self) {
        self.shared.rounds.store(0, Ordering::Relaxed);
    }

    pub(crate) fn add_metadata<T>(&self, request: &mut Request<T>) {
        let metadata = request.metadata_mut();
        metadata.insert("client-api-version", AsciiMetadataValue::from_static("3.7"));
        if let Some(token) = self.shared.token.lock().expect(UNPOISONED).clone() {
            metadata.insert("token", token);
        }
    }

    fn token_is_stale(&self, error: &Error) -> bool {
        matches!(self.shared.options.credentials, Some(Credentials::User { .. }))
            && matches!(error.api(), Some(ApiError::InvalidAuthToken | ApiError::AuthOldRevision))
    }

    pub(crate) fn error(&self, deadline: Deadline, status: &Status) -> Error {
        if deadline.has_passed() && matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) {
            return self.deadline_exceeded();
        }
        Error::from_status(status)
    }

    pub(crate) fn deadline_exceeded(&self) -> Error {
        let is_connected = |place: &Place| place.channel.lock().expect(UNPOISONED).is_some();
        let places = &self.shared.places;
        if is_connected(&places[self.current()]) {
            // It was the answer that took too long.
            return Error::DeadlineExceeded { failures: Vec::new() };
        }
        let unreachable = places.iter().filter(|place| !is_connected(place));
        let failures = unreachable.filter_map(|place| place.failure.lock().expect(UNPOISONED).clone()).collect();
        Error::DeadlineExceeded { failures }
    }

    fn trace(&self, index: usize, text: &str) {
        if let Some(trace) = self.shared.options.trace {
            trace(&format!("{}: {text}", self.shared.places[index].dialer.endpoint));
        }
    }
}

/// Says whether the server gave the call up without an answer. It does so when the time is over that the call came with, which
/// may be a moment before our own clock says so; the connection is as good as before.
fn is_reset_as_cancelled(status: &Status) -> bool {
    std::iter::successors(std::error::Error::source(status), |error| error.source())
        .filter_map(|error| error.downcast_ref::<h2::Error>())
        .any(|error| error.is_remote() && error.reason() == Some(h2::Reason::CANCEL))
}

/// Says whether the time that a call came with was over on this side.
fn has_timed_out(status: &Status) -> bool {
    std::iter::successors(std::error::Error::source(status), |error| error.source())
        .any(<dyn std::error::Error>::is::<tonic::TimeoutExpired>)
}

/// What a failed call means for trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It cannot have reached a server.
    Unsent,
    /// The server may have got it.
    Unavailable,
    /// This is the server's answer.
    Answer,
}

#[cfg(test)]
mod tests {
    use kv_proto::etcdserverpb::RangeRequest;

    use super::*;

    #[test]
    fn calls_may_run_on_any_thread() {
        fn check(_: impl Send) {}
        let client = async {
            let client = Client::connect(["a:1"], Options::default()).await?;
            client.range(RangeRequest::default(), Deadline::NEVER).await?;
            client.watch().next().await
        };
        check(client);
    }
}
