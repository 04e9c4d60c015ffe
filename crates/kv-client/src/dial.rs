//! Connecting to one endpoint, step by step, so that a failure can say which step it was.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::Endpoint;
use crate::endpoint::Address;
use crate::greeting::{Connection, Greeting, Protocol, Stream};
use crate::moment::certificate_end;

/// A step on the way to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Finding the addresses of a name.
    Resolve,
    /// Reaching the address.
    Connect,
    /// Agreeing on encryption and on who the other is.
    Tls,
    /// Hearing anything at all from the other side.
    Greeting,
    /// Speaking HTTP/2.
    Http2,
}

/// Which step towards an endpoint failed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectError {
    /// The endpoint as it was given.
    pub endpoint: String,
    /// The step that failed.
    pub step: Step,
    /// What the system or the other side said.
    pub reason: String,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConnectError { endpoint, step, reason } = self;
        match step {
            Step::Resolve => write!(formatter, "{endpoint}: cannot find the host's address: {reason}"),
            Step::Connect => write!(formatter, "{endpoint}: cannot connect: {reason}"),
            Step::Tls => write!(formatter, "{endpoint}: TLS failed: {reason}"),
            Step::Greeting => write!(formatter, "{endpoint}: connected, but {reason}"),
            Step::Http2 => write!(formatter, "{endpoint}: connected, but the answer is not HTTP/2: {reason}"),
        }
    }
}

impl std::error::Error for ConnectError {}

/// What connections to one endpoint are made of.
#[derive(Debug, Clone)]
pub(crate) struct Dialer {
    pub(crate) endpoint: Endpoint,
    /// Set if the endpoint is to be reached through TLS, with the name its certificate must have.
    pub(crate) tls: Option<(Arc<ClientConfig>, String)>,
    /// Longest time for all steps together; none if it is zero.
    pub(crate) timeout: Duration,
    pub(crate) greeting: Greeting,
    /// Until when the server's certificate is valid, once there was one.
    pub(crate) certificate_end: Arc<Mutex<Option<SystemTime>>>,
    pub(crate) trace: Option<fn(&str)>,
}

impl Dialer {
    pub(crate) async fn dial(&self) -> Result<TokioIo<Connection>, ConnectError> {
        let step = Mutex::new(Step::Resolve);
        let result = if self.timeout.is_zero() {
            self.steps(&step).await
        } else {
            let steps = tokio::time::timeout(self.timeout, self.steps(&step)).await;
            steps.unwrap_or_else(|_| Err(self.silence(*step.lock().unwrap_or_else(PoisonError::into_inner))))
        };
        if let (Err(error), Some(trace)) = (&result, self.trace) {
            trace(&error.to_string());
        }
        result
    }

    /// Waits for what the other side of a new connection says first. A server of HTTP/2 sends its settings at once, so one that is
    /// silent hangs, and a request would wait for its answer in vain. For `before`, see [`Dialer::judge`].
    ///
    /// # Errors
    ///
    /// Fails if it is not what a server of HTTP/2 says, or does not come in time.
    pub(crate) async fn greeted(&self, began: Instant, before: Option<&ConnectError>) -> Result<(), ConnectError> {
        if self.timeout.is_zero() {
            self.greeting.complete().await;
        } else {
            let heard = tokio::time::timeout_at(began + self.timeout, self.greeting.complete()).await;
            heard.map_err(|_| self.silence(Step::Greeting))?;
        }
        self.judge(before).map_or(Ok(()), Err)
    }

    fn silence(&self, step: Step) -> ConnectError {
        let reason = format!("no answer within {:?}", self.timeout);
        match step {
            Step::Greeting => self.fail(step, format!("there was {reason}")),
            _ => self.fail(step, reason),
        }
    }

    /// Goes the steps, and notes which one it is at.
    async fn steps(&self, at: &Mutex<Step>) -> Result<TokioIo<Connection>, ConnectError> {
        let enter = |step| *at.lock().unwrap_or_else(PoisonError::into_inner) = step;
        self.greeting.clear();
        let stream: Box<dyn Stream> = match &self.endpoint.address {
            Address::Tcp { host, port } => {
                let addresses = self.resolve(host, *port).await?;
                enter(Step::Connect);
                Box::new(self.tcp(addresses, *port).await?)
            }
            Address::Unix(path) => {
                enter(Step::Connect);
                let stream = UnixStream::connect(path).await;
                Box::new(stream.map_err(|error| self.fail(Step::Connect, os_text(&error)))?)
            }
        };
        self.trace("connected");
        enter(Step::Tls);
        let stream = match &self.tls {
            Some((config, name)) => self.encrypt(stream, config, name).await?,
            None => stream,
        };
        Ok(TokioIo::new(Connection { stream, greeting: self.greeting.clone() }))
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, ConnectError> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        let found = tokio::net::lookup_host((host, port)).await;
        let found = found.map_err(|error| self.fail(Step::Resolve, resolve_text(&error)))?;
        Ok(found.map(|address| address.ip()).collect())
    }

    async fn tcp(&self, addresses: Vec<IpAddr>, port: u16) -> Result<TcpStream, ConnectError> {
        let mut failure = self.fail(Step::Resolve, "the name has no address".to_owned());
        for address in addresses {
            self.trace(&format!("connecting to {address} port {port}"));
            match TcpStream::connect((address, port)).await {
                Ok(stream) => {
                    // Without it, a call may wait 40 ms for the acknowledgement of its own beginning.
                    stream.set_nodelay(true).map_err(|error| self.fail(Step::Connect, os_text(&error)))?;
                    return Ok(stream);
                }
                Err(error) => failure = self.fail(Step::Connect, os_text(&error)),
            }
        }
        Err(failure)
    }

    async fn encrypt(
        &self,
        stream: Box<dyn Stream>,
        config: &Arc<ClientConfig>,
        name: &str,
    ) -> Result<Box<dyn Stream>, ConnectError> {
        let server_name = ServerName::try_from(name.to_owned())
            .map_err(|_| self.fail(Step::Tls, format!("`{name}` is no name that a certificate could have")))?;
        // What comes back in clear is kept apart, in case it is not TLS at all.
        let clear = Greeting::default();
        let observed = Connection { stream, greeting: clear.clone() };
        match TlsConnector::from(Arc::clone(config)).connect(server_name, observed).await {
            Ok(stream) => {
                self.trace("TLS established");
                let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
                let end = chain.first().and_then(|certificate| certificate_end(certificate));
                *self.certificate_end.lock().unwrap_or_else(PoisonError::into_inner) = end;
                Ok(Box::new(stream))
            }
            Err(error) => {
                // What the other side sent often says more than the error does.
                let reason = match (clear.kind(), error.kind()) {
                    (Some(Protocol::Http1 | Protocol::Http2 | Protocol::Other), _) => {
                        "the server does not use TLS".to_owned()
                    }
                    (None, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
                        "the server closed the connection; perhaps it does not use TLS".to_owned()
                    }
                    (_, io::ErrorKind::InvalidData) => error.to_string(),
                    _ => os_text(&error),
                };
                Err(self.fail(Step::Tls, reason))
            }
        }
    }

    /// Judges a connection that was made but did not serve a call; nothing if it did speak HTTP/2.
    ///
    /// A server that closes the connection may do so before its first bytes can be read, so `before`, the last judgement,
    /// is kept where there are none.
    pub(crate) fn judge(&self, before: Option<&ConnectError>) -> Option<ConnectError> {
        if let Some(refusal) = self.greeting.refusal() {
            return Some(self.fail(Step::Tls, refusal));
        }
        let reason = match self.greeting.kind() {
            Some(Protocol::Http2) => return None,
            Some(Protocol::Http1) => "the server speaks only HTTP/1",
            Some(Protocol::Tls) => "the server wants TLS",
            Some(Protocol::Other) => "the server speaks something else",
            None if before.is_some_and(|before| matches!(before.step, Step::Tls | Step::Http2)) => {
                return before.cloned();
            }
            None if self.tls.is_none() => "the server closed the connection; perhaps it wants TLS",
            None => "the server closed the connection",
        };
        Some(self.fail(Step::Http2, reason.to_owned()))
    }

    fn fail(&self, step: Step, reason: String) -> ConnectError {
        ConnectError { endpoint: self.endpoint.to_string(), step, reason }
    }

    fn trace(&self, text: &str) {
        if let Some(trace) = self.trace {
            trace(&format!("{}: {text}", self.endpoint));
        }
    }
}

/// Says an error of the system without its number.
pub(crate) fn os_text(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

fn resolve_text(error: &io::Error) -> String {
    let text = os_text(error);
    text.strip_prefix("failed to lookup address information: ").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_name_the_endpoint_and_the_step() {
        let error = ConnectError { endpoint: "a:1".into(), step: Step::Connect, reason: "connection refused".into() };
        assert_eq!(error.to_string(), "a:1: cannot connect: connection refused");
    }
}
